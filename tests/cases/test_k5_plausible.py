"""K5: a rate is 0 or at least 1; what lies between is doubt, and doubt starts the clock of "no good value" at once.

The rule above all cases of monitors.md: what is questionable may raise an alarm, never clears one, and never counts as
present; what says nothing of a patient (sentinels, training, demo) does neither.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sojourn.care.alarms.models import CurrentVital
from sojourn.foundation.accounts.actor import acting_as
from tests.cases.monitored import Monitored, monitored, port, row
from tests.words import stands_in

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def deadline_of(monitored: Monitored, code: str) -> datetime:
    """When the clock of "no good value" of a vital sign ends."""
    with acting_as(monitored.cast.actor("nurse")):
        found = CurrentVital.objects.get(encounter_id=monitored.stage.id, code=code).silent_after
    assert found is not None
    return found


def test_a_part_of_a_breath_is_no_breathing_rate(monitored: Monitored):
    """It became "Breathing rate 0", with a high alarm."""
    assert monitored.send(row("rr", 0.000000273)) == "AA"
    assert monitored.alarms() == {}
    figure = monitored.figure("rr")
    assert (figure.word, figure.stale) == ("Not believable", True)


def test_the_clock_of_no_good_value_runs_from_the_first_doubt(monitored: Monitored):
    monitored.send(row("rr", 0.000000273))
    monitored.send(row("rr", 0.5))
    monitored.watch(soon(59))
    assert monitored.alarms() == {}
    deadline = deadline_of(monitored, "rr")
    monitored.send(row("rr", 0.5))  # the monitor goes on speaking, and moves nothing by it
    assert deadline_of(monitored, "rr") == deadline
    monitored.watch(deadline)
    assert monitored.alarms()["silence.continuous rr"] == ("raised", "medium")
    assert monitored.chair().alarm_text == "No good value comes"  # not: the monitor is silent
    assert monitored.figure("rr").word == "No value"


def test_a_monitor_that_says_nothing_is_called_silent(monitored: Monitored):
    monitored.send(rr=14)
    monitored.watch(soon(61))
    assert monitored.chair().alarm_text == "The monitor is silent"


@pytest.mark.parametrize("value", [0, 1, 14])
def test_zero_and_one_are_rates(monitored: Monitored, value: int):
    monitored.send(rr=value)
    assert monitored.figure("rr").value == str(value)
    assert not monitored.figure("rr").stale


@pytest.mark.parametrize(
    ("code", "value"), [("hr", 0.4), ("pr", 0.999), ("co2_rr", 0.01), ("spo2", -1), ("nibp_sys", -5)]
)
def test_what_nobody_can_have_neither_raises_nor_clears(monitored: Monitored, code: str, value: float):
    monitored.send(row(code, value))
    assert monitored.alarms() == {}


def test_an_implausible_value_raises_and_does_not_clear(monitored: Monitored):
    """Doubt is not silence: a heart rate of 320 cannot be believed, and is heard."""
    monitored.send(hr=320)
    assert monitored.alarms()["hr.high hr"] == ("raised", "high")
    assert monitored.figure("hr").stale
    monitored.send(hr=150)
    monitored.send(row("hr", -80))
    assert monitored.alarms()["hr.high hr"] == ("raised", "high")
    monitored.send(hr=80)
    assert monitored.alarms()["hr.high hr"][0] == "recovered"


def test_training_neither_raises_nor_clears(monitored: Monitored):
    monitored.send(processing="T", spo2=70)
    assert monitored.alarms() == {}
    monitored.send(spo2=85)
    monitored.send(processing="T", spo2=99)
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_demo_values_neither_raise_nor_clear(monitored: Monitored):
    monitored.send(spo2=85)
    monitored.send(row("spo2", 99, flags="DEMO"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_a_probe_that_comes_off_empties_its_tile_and_starts_its_clock(monitored: Monitored):
    """K6: the last value stood until the silence limit."""
    monitored.send(spo2=97)
    assert monitored.figure("spo2").value == "97"
    monitored.send(row("spo2", "", status="X"))
    figure = monitored.figure("spo2")
    assert (figure.value, figure.word) == ("–", "No value")
    assert not stands_in("97", monitored.session_page().partition("EtCO")[0].partition("Saturation")[2][:200])
    for _ in range(3):
        monitored.send(row("spo2", "", status="X"))
    monitored.watch(soon(61))
    assert monitored.alarms()["silence.continuous spo2"] == ("raised", "medium")


def test_a_probe_that_was_never_on_starts_its_clock_too(monitored: Monitored):
    monitored.send(row("pr", "", status="X"))
    monitored.watch(soon(61))
    assert monitored.alarms()["silence.continuous pr"] == ("raised", "medium")


def test_a_value_that_is_gone_clears_no_alarm(monitored: Monitored):
    monitored.send(spo2=82)
    monitored.send(row("spo2", "", status="X"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    monitored.send(spo2=97)
    assert monitored.alarms()["spo2.low spo2"][0] == "recovered"


def test_a_failed_cuff_leaves_no_old_pressure(monitored: Monitored):
    monitored.send(nibp_sys=124, nibp_dia=78)
    monitored.send(row("nibp_sys", "", status="X"), row("nibp_dia", "", status="X"))
    assert monitored.figure("bp").value == "–"


def test_a_systolic_below_forty_is_believed(monitored: Monitored):
    monitored.send(nibp_sys=38, nibp_dia=22)
    assert monitored.alarms()["bp.systolic.low nibp_sys"] == ("raised", "high")
    assert not monitored.figure("bp").stale
    with acting_as(monitored.cast.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=monitored.stage.id, code="nibp_sys").doubt == ""
