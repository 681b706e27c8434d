"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(
            label=_("Own questionnaires"),
            name="console:own_scales",
            icon="clipboard-list",
            order=150,
            may=("measure.define",),
        ),
    ),
    belongs={"response": "console:patients"},
)
