"""The figure of curves: two pictures of all that it can draw, and its ticks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sojourn.clinical.pk.figure import Figure, Line, _ticks, svg
from tests.pictures import drawn_as_before

PICTURES = Path(__file__).with_name("figures")
TIMES = np.array([0.0, 10.0, 60.0, 120.0])
FALLING = np.array([0.0, 190.0, 60.0, 20.0])
EVERYTHING = Figure(
    title="Ketamine & <others>",
    lines=[
        Line("with a band", TIMES, FALLING, FALLING * 0.5, FALLING * 1.25),
        Line("half a band", TIMES, FALLING * 0.75, None, FALLING),
        *(Line(f"<{name}>", TIMES, FALLING * 0.5) for name in "cde"),
    ],
    zones=[("low", 40, 100), ("high & on", 100, 900), ("thin", 150, 150.1), ("too high", 238 * 1.05, 300)],
    doses=[
        (0, 0, "at once"), (30, 70, "an infusion"), (110, 500, "goes on"), (120, 130, "at the end"),
        (121, 122, "after it"),
    ],
    points=[(10, 180), (60, 238)],
    note="Typical & so on.",
)  # fmt: skip
NOTHING = Figure("Nothing", [Line("flat", np.array([0.0, 9.0]), np.zeros(2))], size=(400, 300))


@pytest.mark.parametrize(("name", "figure"), [("everything", EVERYTHING), ("nothing", NOTHING)])
def test_it_draws_as_it_did(name: str, figure: Figure) -> None:
    drawn_as_before(PICTURES / f"{name}.svg", svg(figure))


@pytest.mark.parametrize(
    ("most", "time", "ticks"),
    [
        (0.0, False, [0]),
        (-1.0, True, [0]),
        *(
            (9 * step, True, [each * step for each in range(10)])
            for step in (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)
        ),
        (9.1, True, [0, 2, 4, 6, 8]),
        (240, True, list(range(0, 241, 30))),
        (9 * 1441, True, list(range(0, 9 * 1441 + 1, 1441))),
        (6, False, list(range(7))),
        (6.1, False, [0, 2, 4, 6]),
        (12.1, False, [0, 2.5, 5, 7.5, 10]),
        (30.1, False, [0, 10, 20, 30]),
        (0.6, False, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
    ],
)
def test_ticks_are_round_and_few(most: float, time: bool, ticks: list[float]) -> None:
    assert _ticks(most, time) == pytest.approx(ticks)
