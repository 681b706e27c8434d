"""Questionnaires: asked, scored and compared over time. Definitions are files beside this package."""

from sojourn.clinical.scales.scale import (
    Band,
    Change,
    Item,
    Option,
    Refusal,
    Scale,
    Score,
    Text,
    parse,
    say,
)

__all__ = ["Band", "Change", "Item", "Option", "Refusal", "Scale", "Score", "Text", "parse", "say"]
