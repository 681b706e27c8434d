"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(label=_("Hours"), name="console:hours", icon="clock", order=110, may=("hours.manage",)),
        NavigationItem(
            label=_("Clinic and lines"), name="console:place", icon="phone", order=120, may=("clinic.read",)
        ),
        NavigationItem(label=_("Staff"), name="console:staff", icon="user-check", order=130, may=("staff.manage",)),
    ),
)
