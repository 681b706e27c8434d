"""Which value is shown, and which alarm is said first: the cases that the browser answers too."""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.clinical.alarms import urgency
from sojourn.clinical.alarms.order import Standing, gravest_of
from sojourn.clinical.current import TILES, SignalReading, current_vital, rounded
from tests.golden import golden

VITAL = golden("current_vital")
LIMITS = VITAL["stale_after_s"].__getitem__
ROUNDED = golden("rounded")["cases"]
ORDER = golden("alarm_order")["cases"]


def test_the_tiles_are_those_of_the_rule() -> None:
    assert {key: [list(group) for group in groups] for key, groups in TILES.items()} == VITAL["tiles"]


@pytest.mark.parametrize("case", VITAL["cases"], ids=lambda case: case["name"])
def test_the_value_that_is_shown(case: dict[str, Any]) -> None:
    readings = [SignalReading(*each) for each in case["readings"]]
    found = current_vital(TILES[case["tile"]], readings, VITAL["now"], LIMITS, case.get("alarmed", ""))
    shown = found and {
        "codes": list(found.codes), "values": list(found.values), "at": found.at, "age_s": found.age_s,
        "quality_flag": found.quality_flag, "stale": found.stale,
    }  # fmt: skip
    assert shown == case["shown"], case["why"]


def test_there_are_cases_of_every_kind() -> None:
    shown = [case["shown"] for case in VITAL["cases"]]
    assert len(shown) >= 30
    assert len({case["name"] for case in VITAL["cases"]}) == len(shown)
    assert any(each is None for each in shown)
    for name, wanted in (("stale", True), ("stale", False), ("age_s", 0)):
        assert any(each and each[name] == wanted for each in shown), name
    assert any(each and None in each["values"] for each in shown)
    assert any(each and each["quality_flag"] for each in shown)


@pytest.mark.parametrize("case", ROUNDED, ids=lambda case: f"{case['value']} to {case['places']}")
def test_a_reading_is_rounded_as_people_round(case: dict[str, Any]) -> None:
    assert str(rounded(case["value"], case["places"])) == case["text"], case["why"]


@pytest.mark.parametrize("case", ORDER, ids=lambda case: case["name"])
def test_the_most_urgent_alarm_is_said_first(case: dict[str, Any]) -> None:
    def key(alarm: list[Any]) -> tuple[Any, ...]:
        rule, code, phase, priority, since = alarm
        return urgency(phase, priority, since, rule, code)

    alarms = list(reversed(case["ordered"]))
    alarms.sort(key=key)
    assert alarms == case["ordered"], case["why"]


def test_of_vital_signs_that_are_shown_as_one_the_gravest_alarm_speaks() -> None:
    """Seen or not, and never one that is over; of equally grave ones the first of the order."""
    seen = Standing("acknowledged", "high", 9.0, "a", "nibp_sys")
    waits = Standing("raised", "medium", 1.0, "b", "nibp_dia")
    other = [Standing("raised", "high", 1.0, "c", "spo2"), Standing("recovered", "high", 1.0, "d", "nibp_sys")]
    codes = ("nibp_sys", "nibp_dia")
    assert gravest_of(codes, [waits, *other, seen], lambda each: each) == seen
    assert gravest_of(codes, [*other, waits, waits._replace(since=None)], lambda each: each) == waits._replace(
        since=None
    )
    assert gravest_of(codes, other, lambda each: each) is None
    assert [urgency("raised", each, 0.0) for each in ("low", "medium", "high", "?")] == [
        (False, False, -rank, True, 0.0, "", "") for rank in (0, 1, 2, 0)
    ]
