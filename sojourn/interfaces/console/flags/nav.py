"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(label=_("Flags"), name="console:flags", icon="flag", order=70, may=("flag.read",)),
        NavigationItem(
            label=_("Who is told"), name="console:duty", icon="shield-alert", order=80, may=("duty.manage",)
        ),
    ),
)
