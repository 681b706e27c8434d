"""The drawing of a record, on paper and on the page: two pictures of all that it can draw, and its ticks."""

from __future__ import annotations

from math import pi, sin
from pathlib import Path
from typing import Any

import pytest

from sojourn.foundation.printing.figure import (
    NARROW,
    PAGE,
    Figure,
    FigureLine,
    Mark,
    Panel,
    Span,
    nice_ticks,
    svg,
)  # fmt: skip
from tests.pictures import drawn_as_before

PICTURES = Path(__file__).with_name("figures")
# On wide paper ten seconds are one unit here, so that signs can stand exactly as near as they may, and nearer.
BEGINS, ENDS = 1000, 6720
EVERYTHING = Figure(
    BEGINS, ENDS,
    panels=[
        Panel("Pulse", "/min", [
            FigureLine("Pulse <&>", [(1000, 60), (1120, 64), (1241, 66), (3000, 71.5), (3060, 70)], gap=120),
            FigureLine("Breathing", [(1000 + 140 * each, 60.5 + 9 * sin(each * pi / 20)) for each in range(41)]),
        ], crossed=[(2500, 95)]),
        Panel("Pressure", "mmHg", [
            FigureLine("Systolic", [(1000, 122), (1900, 128), (2800, 150), (3700, 131)]),
            FigureLine("Diastolic", [(1000, 76), (2800, 88), (3700, 80), (4600, 79)]),
        ], height=96, bars=True),
        Panel("Saturation", "%", [FigureLine("SpO2", [(1000 + 140 * each, 97) for each in range(40)])], span=8,
              height=80),
        Panel("Nothing was measured", "", [FigureLine("", [])]),
        Panel("Amount", "mg", [
            FigureLine(name, [(1000, -2.0), (4000, -2.0 + each)]) for each, name in enumerate("abcde")
        ], height=80.5, bars=True),
    ],
    ticks=[(1000 + 900 * each, f"{15 * each} min") for each in range(5)],
    spans=[
        Span(2000, 2300, "Ketamine 35 mg", parts=[(2000, 2100), (2105, 2110), (2200, 2300)]),
        Span(2920, None, "touches"), Span(2921, 4400, "does not"), Span(6600, 6700, "at the end"),
        Span(4405, 4500, "after a long one"), Span(4399, 4600, "beside it"),
    ],
    marks=[
        Mark(1500, "1"), Mark(1670, "2", "dose"), Mark(1671, "3", "high"), Mark(1680, "4", "medium"),
        Mark(1690, "5", "low"), Mark(1700, "6"), Mark(1842, "7"), Mark(1900, "8"), Mark(5000, "9", "dose"),
    ],
)  # fmt: skip
FIVE = Figure(
    0, 0, [Panel("Pulse", "/min", [FigureLine("Pulse", [(0, 0.5)])], span=4)],
    ticks=[(0, "9:00"), (1, "9:15"), (2, "9:30"), (3, "9:45")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "figure", "how"),
    [
        ("wide", EVERYTHING, {"font": "Libertinus Serif"}),
        ("narrow", EVERYTHING, {"font": "inherit", "palette": PAGE, "width": NARROW, "label": 'All "of" it'}),
        ("one_moment", FIVE, {"font": "inherit", "width": NARROW}),
        ("wide_from", FIVE, {"font": "inherit", "width": 500}),
    ],
)
def test_it_draws_as_it_did(name: str, figure: Figure, how: dict[str, Any]):
    drawn_as_before(PICTURES / f"{name}.svg", svg(figure, **how))


@pytest.mark.parametrize(
    ("low", "high", "about", "ticks"),
    [
        (61, 94, 4, [60, 70, 80, 90, 100]),
        (96, 96, 4, [95, 95.5, 96, 96.5, 97]),
        (88, 100, 4, [85, 90, 95, 100]),
        (0.2, 0.9, 4, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 4, 4, [0, 1, 2, 3, 4]),
        (0, 8, 4, [0, 2, 4, 6, 8]),
        (0, 20, 4, [0, 5, 10, 15, 20]),
        (0, 21, 4, [0, 10, 20, 30]),
    ],
)
def test_ticks_are_round_and_hold_the_values(low: float, high: float, about: int, ticks: list[float]):
    assert nice_ticks(low, high, about) == ticks
