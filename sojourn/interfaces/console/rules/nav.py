"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(NavigationItem(label=_("Rules"), name="console:rules", icon="scale", order=160, may=("rules.read",)),),
)
