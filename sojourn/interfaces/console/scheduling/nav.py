"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(label=_("Appointments"), name="console:day", icon="calendar", order=40, may=("patient.find",)),
        NavigationItem(
            label=_("Ride home"), name="console:rides_home", icon="car", order=60, may=("appointment.book",)
        ),
        NavigationItem(label=_("Chairs"), name="console:chairs", icon="bed", order=100, may=("chair.manage",)),
    ),
    belongs={"series": "console:day"},
)
