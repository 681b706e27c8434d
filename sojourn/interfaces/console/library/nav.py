"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(label=_("Library"), name="console:library", icon="file-text", order=165, may=("library.edit",)),
    ),
)
