"""Recovery: what an item gives, which totals count, how low a saturation may be and when one signs again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sojourn.clinical import recovery
from sojourn.clinical.recovery import AS_BEFORE, NOTHING_ADOPTED, Points, RecoveryScore, Scored, Totals
from sojourn.clinical.rules import Rule, RuleInvalid, parse_rule

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
# An item of 0 to 2 that may be as before, and one of 0 or 1 that gives 1 where it does not apply.
MOVES = {
    "id": "moves",
    "label": "Moves",
    "anchors": {"0": "No", "2": "Well", "1": "A little"},
    "as_before": "As before",
}
DRINKS = {"id": "drinks", "label": "Drinks", "anchors": {"1": "Yes", "0": "No"}, "spare_points": 1}


def rule(kind: str, fixed: dict[str, Any], **parameters: tuple[float, str]) -> Rule:
    return parse_rule(
        {
            "id": "x", "version": 1, "kind": kind, "title": "t", "statement": "s", "sources": ["a paper"],
            "verification": "convention", "effective_from": date(2026, 11, 30), "fixed": fixed,
            "parameters": {
                name: {"label": name, "value": value, "unit": unit, "tighten": "higher"}
                for name, (value, unit) in parameters.items()
            },
        }
    )  # fmt: skip


def scale(maximum: int = 3, **parameters: tuple[float, str]) -> recovery.RecoveryScale:
    return recovery.read(rule("score.recovery", {"items": [MOVES, DRINKS], "maximum": maximum}, **parameters))


@pytest.mark.parametrize(
    ("moves", "drinks", "total", "reached"),
    [
        (2, 1, 3, True), (1, 1, 2, True), (1, 0, 1, False), (0, 0, 0, False), (AS_BEFORE, 0, 2, True),
        (0, None, 1, False), (1, None, 2, True),
    ],
)  # fmt: skip
def test_a_score_is_the_sum_of_its_items(moves: Points, drinks: Points, total: int, reached: bool):
    found = scale(threshold=(2, "{score}")).score({"moves": moves, "drinks": drinks})
    assert isinstance(found, RecoveryScore)
    assert (found.total, found.maximum, found.reached) == (total, 3, reached)
    assert sum(found.parts.values()) == total
    assert found.not_applicable == (("drinks",) if drinks is None else ())
    assert found.as_before == (("moves",) if moves == AS_BEFORE else ())


def test_without_a_threshold_none_is_reached():
    found = scale().score({"moves": 2, "drinks": 1})
    assert isinstance(found, RecoveryScore)
    assert not found.reached


@pytest.mark.parametrize(
    ("answers", "reasons"),
    [
        ({}, ("missing:moves", "missing:drinks")),
        ({"moves": 3, "drinks": -1}, ("no-such-answer:moves", "no-such-answer:drinks")),
        ({"moves": True, "drinks": 0, "b": 1, "a": 1}, ("no-such-item:a", "no-such-item:b", "no-such-answer:moves")),
        ({"moves": None, "drinks": AS_BEFORE}, ("always-applies:moves", "never-as-before:drinks")),
    ],
)
def test_an_answer_that_cannot_be_is_refused(answers: dict[str, Points], reasons: tuple[str, ...]):
    assert scale().score(answers) == recovery.RecoveryScoreRefusal(reasons)


def test_a_scale_is_read_as_it_is_written():
    moves, drinks = scale().items
    assert [(each.points, each.text) for each in moves.anchors] == [(2, "Well"), (1, "A little"), (0, "No")]
    assert (moves.full_points, moves.spare_points, moves.as_before, moves.before_reads) == (2, None, "As before", ())
    assert (drinks.full_points, drinks.spare_points, drinks.as_before) == (1, 1, "")
    with pytest.raises(RuleInvalid, match="sum to 3"):
        scale(maximum=4)
    with pytest.raises(RuleInvalid, match="is no score"):
        recovery.read(rule("recovery.order", {"items": [MOVES, DRINKS], "maximum": 3}))


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("", Totals()),
        ("p5", Totals(5)),
        ("a7 a8", Totals(None, 8)),
        ("a7 p5", Totals(5, 7, 7)),
        ("p5 a7", Totals(5, 7)),
        ("a7 p4 a8 p5 a9", Totals(5, 9, 8)),
        ("a7 x1 p4", Totals(4, 7, 7)),
    ],
)
def test_the_newest_of_each_scale_counts(said: str, counts: Totals):
    """In the order in which they were recorded, whatever their clocks say; all from the first moment on."""
    names = {"p": recovery.PADSS, "a": recovery.ALDRETE, "x": "moaas"}
    rows = [Scored(names[each[0]], int(each[1:]), NOON) for each in said.split()]
    assert recovery.counted(rows, NOON) == counts
    assert recovery.counted(rows, NOON + timedelta(seconds=1)) == Totals()
    assert recovery.counted(rows, None) == Totals()


def test_what_leaving_asks_for_is_what_the_rules_say():
    order = rule("recovery.order", {"routes": ["iv", "im"]})
    floor = rule("recovery.floor", {"routes": ["in"]}, spo2=(88, "%"))
    assert recovery.read_leaving([order, floor], "im") == recovery.Leaving(aldrete_first=True, saturation_floor=88)
    assert recovery.read_leaving([floor], "in") == recovery.Leaving(saturation_floor=88)
    assert recovery.read_leaving([order], "in") == recovery.read_leaving([], "iv") == NOTHING_ADOPTED
    assert not NOTHING_ADOPTED.aldrete_first


@pytest.mark.parametrize(
    ("before", "floor", "lowest"),
    [
        (None, 88, 92),
        (90, None, 92),
        (90, 88, 90),
        (88, 88, 88),
        (87, 88, 88),
        (92, 88, 92),
        (95, 88, 92),
        (90, 93, 92),
    ],
)
def test_how_low_a_saturation_may_be(before: float | None, floor: float | None, lowest: float):
    """The protocol's 92, or the own of before where that is lower, down to the floor and never below it."""
    assert recovery.lowest_saturation(92, before, floor) == lowest


@pytest.mark.parametrize(
    ("before", "now", "percent"), [(80, 120, 50), (120, 80, -100 / 3), (0.5, 0.5, 0), (100, 130.1, 30.1)]
)
def test_a_change_is_in_percent_of_before(before: float, now: float, percent: float):
    assert float(recovery.change_percent(before, now)) == pytest.approx(percent)
    assert not recovery.outside(before, now, abs(percent) + 1e-9)
    assert percent == 0 or recovery.outside(before, now, abs(percent) - 1e-9)


def test_a_change_of_exactly_so_much_is_inside():
    assert not recovery.outside(100, 130.1, 30.1)
    for before in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="above zero"):
            recovery.change_percent(before, 100)


@pytest.mark.parametrize("hour", [1, 6, 23])
def test_one_signs_from_the_hour_of_the_next_day_by_the_clinics_clock(hour: int):
    denver = ZoneInfo("America/Denver")
    for at in (0, 23):  # also after a dose past midnight it is the day after
        dose = datetime(2026, 11, 30, at, 59, tzinfo=denver)
        assert recovery.signs_from(rule(recovery.SIGNING, {}, hour=(hour, "h")), dose) == datetime(
            2026, 12, 1, hour, tzinfo=denver
        )


@pytest.mark.parametrize("hour", [0, 24, 6.5])
def test_what_is_no_hour_is_refused(hour: float):
    with pytest.raises(RuleInvalid, match=f"{hour:g} is no hour"):
        recovery.signs_from(rule(recovery.SIGNING, {}, hour=(hour, "h")), NOON)
