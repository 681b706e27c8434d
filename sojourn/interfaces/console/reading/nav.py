"""Where this topic stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.ui.navigation import Nav, NavigationItem

NAV = Nav(
    places=(
        NavigationItem(
            label=_("Readers"), name="console:reader_questions", icon="book-open", order=55, may=("reading.read",)
        ),
    ),
    belongs=dict.fromkeys(("clarity", "voices", "voice", "own"), "console:reader_questions"),
)
