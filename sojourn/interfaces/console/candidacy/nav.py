"""Where this topic stands in the navigation."""

from __future__ import annotations

from sojourn.foundation.ui.navigation import Nav

NAV = Nav(
    belongs={"candidacies": "console:patients"},
)
