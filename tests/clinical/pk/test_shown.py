"""What the pages show of the models, worked by hand on a body of one compartment (V 10 L)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log

import numpy as np
import pytest

from sojourn.clinical import pk
from sojourn.clinical.pk import Dose, Person, shown
from sojourn.clinical.pk.given import Schedule
from sojourn.clinical.pk.model import Model, parse_model

from .test_models import ADULT, INFUSION, MINIMAL

BOLUS = Dose("ketamine", "iv", 10)


def body(per_min: float) -> Model:
    """What leaves it at this rate."""
    clearance = {"value": 10 * per_min, "unit": "L/min"}
    return parse_model({**MINIMAL, "parameters": {**MINIMAL["parameters"], "CL": clearance}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("ends", "last", "step", "after"),
    [
        ([], 240, 5, ()),
        ([0.0, 40.0], 240, 5, (40, 41, 42, 43, 45, 48, 52)),
        ([60.5], 240.5, 5, (60.5, 61.5, 62.5, 63.5, 65.5, 68.5, 72.5)),
        ([300.0], 480, 5, (300, 301, 302, 303, 305, 308, 312)),
        ([301.0, 0.5], 481, 15, (301, 302, 303, 304, 306, 309, 313, 0.5, 1.5, 2.5, 3.5, 5.5, 8.5, 12.5)),
    ],
)
def test_a_curve_is_drawn_where_it_bends(ends: list[float], last: float, step: int, after: tuple[float, ...]) -> None:
    wanted = {*range(11), *range(12, 61, 2), *range(60, int(last) + 1, step), last, *after}
    assert pk.instants(ends) == tuple(sorted(wanted))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, 5), (7, 5), (8, 10), (68, 70), (113, 115), (119, 120), (123, 120), (134, 120), (136, 150), (166, 180)],
)
def test_a_time_is_said_as_exactly_as_the_models_know_it(minutes: float, said: int) -> None:
    assert pk.about(minutes) == said


@pytest.mark.parametrize(
    ("little_min", "last_min"),
    [(20, 180), (180.5, 180), (181.5, 240), (719, 720), (2000, 720)],
)
def test_the_shape_of_a_bolus(little_min: float, last_min: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth is left when kt = ln 10, a half when kt = ln 2; drawn until little is left, 3 to 12 hours."""
    per_min = log(10) / little_min
    monkeypatch.setattr(shown, "model_for", lambda _drug, _route: body(per_min))
    found = pk.shape([BOLUS], 40)
    assert found is not None
    assert (found.top_min, found.last_min) == (0, last_min)
    assert (found.half_min, found.little_min) == pytest.approx((log(2) / per_min, little_min))
    assert found.times == pytest.approx(np.linspace(0, last_min, 161))
    assert found.parts == pytest.approx(np.exp(-per_min * np.array(found.times)))


def test_a_shape_has_its_top_and_every_edge_among_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "model_for", lambda _drug, _route: body(0.1))
    found = pk.shape([Dose("ketamine", "iv", 10, 1.1, 2.2), Dose("ketamine", "iv", 20, 3.3, 4.4)], 40)
    assert found is not None
    assert found.top_min == pytest.approx(7.7)
    assert {1.1, 1.1 + 2.2, 3.3, 3.3 + 4.4, found.top_min} <= set(found.times)
    assert found.parts[found.times.index(found.top_min)] == pytest.approx(1)


def test_which_model_is_asked() -> None:
    found, wanted = pk.model_for("ketamine", "iv"), pk.load("kamp")  # recommended, and not the first
    assert (found, pk.leading([pk.load("domino"), wanted])) == (wanted, wanted)
    assert pk.leading([pk.load("domino"), pk.load("clements")]) == pk.load("domino")
    assert pk.model_for("ketamine", "im") is None
    assert pk.shape([Dose("ketamine", "im", 10)], 40) is None
    assert pk.shape(INFUSION, 17) is None  # made for adults
    assert pk.shape(INFUSION, 18) is not None
    taken, refused = pk.accepting(INFUSION, ADULT)
    assert [model.id.split("_")[0] for model in taken] == ["clements", "domino", "kamp"]
    assert refused == []
    taken, refused = pk.accepting([Dose("esketamine", "iv", 10), Dose("esketamine", "in", 28)], ADULT)
    assert taken == []
    assert [why.reason.name for why in refused] == ["WRONG_ROUTE", "MISSING_COVARIATE", "WRONG_ROUTE"]


@pytest.mark.parametrize(("minute", "last"), [(-5.0, 240.0), (100.1, 240.0), (180.5, 240.5), (500.0, 560.0)])
def test_beside_a_session_it_is_looked_ahead(minute: float, last: float) -> None:
    first = datetime(2026, 3, 3, 8, tzinfo=UTC)
    running = Schedule(first, (BOLUS,), (Dose("ketamine", "iv", 5, 10.25, 20),))
    one, other = body(0.1), parse_model({**MINIMAL, "id": "y", "recommended": True})
    found = pk.beside(running, Person(), [one, other], first + timedelta(minutes=minute))
    assert (found.lead, found.minute, found.last) == (other, minute, last)
    assert (found.times[found.here], found.times[found.soon]) == (minute, minute + 30)
    assert set(found.times) == {*(last * k / 96 for k in range(97)), minute, minute + 30, 0.0, 10.25, 30.25}
    assert set(found.span.curves) == {"x", "y"}
    assert found.standing.given_mg == pytest.approx(0 if minute < 0 else 15)
    assert found.standing.now_ng_per_ml["ketamine"] == pytest.approx(found.span.curves["y"][found.here])


def test_where_a_session_stands_by_hand() -> None:
    """k 0.1/min; 10 mg in 10 L are 1000 ng/mL."""
    one, two = body(0.1), [BOLUS, Dose("ketamine", "iv", 10, 20)]
    now = pk.so_far(one, ADULT, two, 5, level_ng_per_ml=100)
    assert (now.given_mg, now.still_to_come_mg, now.peak_ahead) == (10, 10, True)
    assert now.now_ng_per_ml["ketamine"] == pytest.approx(1000 * exp(-0.5))
    assert (now.next_peak_at_min, now.next_peak_ng_per_ml) == pytest.approx((20, 1000 + 1000 * exp(-2)))
    assert now.below_from_min == pytest.approx(20 + 10 * log(10 + 10 * exp(-2)))
    then = pk.so_far(one, ADULT, two, 20)
    assert (then.given_mg, then.still_to_come_mg, then.peak_ahead, then.below_from_min) == (20, 0, False, None)
    assert (then.next_peak_at_min, then.next_peak_ng_per_ml) == pytest.approx((20, 1000 + 1000 * exp(-2)))
    running = pk.so_far(one, ADULT, [Dose("ketamine", "iv", 10, 5, 10)], 7.5)
    assert (running.given_mg, running.still_to_come_mg) == (2.5, 7.5)
    for early, given in ((4.9, 0), (5, 0), (15, 10), (16, 10)):
        assert pk.so_far(one, ADULT, [Dose("ketamine", "iv", 10, 5, 10)], early).given_mg == given
