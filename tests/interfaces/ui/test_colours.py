"""Text is legible in both moods: 7:1 where patients read, 4.5:1 anywhere, 3:1 for edges and lines (WCAG 2.2)."""

import json

import pytest

from sojourn.foundation.ui.build import FRONTEND
from tests.interfaces.ui.colour import contrast

TOKENS = json.loads((FRONTEND / "src" / "tokens.json").read_text())
PORTAL_TEXT = [
    ("base-content", "base-100"), ("base-content", "base-200"), ("base-content", "sheet"), ("base-content", "wash"),
    ("soft", "base-100"), ("soft", "sheet"), ("soft", "wash"), ("soft", "base-200"), ("soft", "dusk"), ("soft", "glow"),
    ("base-content", "dusk"), ("base-content", "glow"), ("primary", "base-100"), ("primary", "sheet"),
    ("primary-content", "primary"), ("secondary-content", "secondary"), ("info-content", "info"),
    ("neutral-content", "neutral"), ("error", "base-100"), ("error", "sheet"), ("error-content", "error"),
]  # fmt: skip
ANY_TEXT = [
    ("alarm-high-content", "alarm-high"), ("alarm-medium-content", "alarm-medium"),
    ("alarm-low-content", "alarm-low"), ("alarm-high-ink", "sheet"), ("alarm-medium-ink", "sheet"),
    ("alarm-low-ink", "sheet"), ("chart-1", "base-100"), ("chart-2", "base-100"), ("chart-3", "base-100"),
    ("chart-4", "base-100"), ("chart-1", "sheet"), ("chart-2", "sheet"), ("primary", "secondary"), ("primary", "wash"),
]  # fmt: skip
EDGES = [("edge", "base-100"), ("edge", "sheet"), ("primary", "base-300"), ("alarm-high", "alarm-high-content")]


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("oklch(0% 0 0)", "oklch(100% 0 0)") == pytest.approx(21, abs=0.01)


@pytest.mark.parametrize("mood", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [(*pair, 7.0) for pair in PORTAL_TEXT] + [(*pair, 4.5) for pair in ANY_TEXT] + [(*pair, 3.0) for pair in EDGES],
)
def test_contrast(mood: str, text: str, ground: str, least: float) -> None:
    tokens = TOKENS[mood]
    assert contrast(tokens[f"color-{text}"], tokens[f"color-{ground}"]) >= least


def test_both_moods_have_the_same_colours() -> None:
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()
