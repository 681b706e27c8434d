"""S1: nobody suppresses a bed's alarms with stamps; a clock that was set is believed only when it goes on saying so.

The same patient is sent twice: with right stamps (the control), and with every normal message stamped a day ahead. The
limits are those of the rules spo2.low (below 90 % stops) and hr.low (below 50 a minute).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sojourn.care.vitals import clock, faults
from sojourn.care.vitals.clock import Clock
from sojourn.care.vitals.models import Device, Observation
from sojourn.foundation.accounts.actor import acting_as
from tests.cases.bedside import Bedside, bedside, heart, listening_too, spo2

__all__ = ["bedside"]

DAY = timedelta(days=1)


def a_dying_patient(bedside: Bedside, number: int, ahead: timedelta) -> tuple[list[tuple[str, float]], list[str]]:
    """Saturation 70 and heart rate 30 each second, and one normal message every 18 s whose stamp is ``ahead``. What the
    alarm did and when, in seconds from the first bad value; and what the chart doubts."""
    stage, _ = bedside.seat(f"bed:P{number}", number=number)
    bed = f"^^P{number}"
    began = bedside.clock.at
    for second in range(75):
        bedside.clock.later(seconds=1)
        if second % 18 == 9:
            bedside.send(spo2(97), heart(72), bed=bed, stamp=bedside.utc(ahead))
        else:
            bedside.send(spo2(70), heart(30), bed=bed)
    happened = [(kind, (at - began).total_seconds()) for kind, at in bedside.events(stage, "spo2.low")]
    with acting_as(bedside.cast.actor("nurse")):
        rows = list(Observation.objects.filter(encounter_id=stage.id, code="spo2", method="monitor").order_by("id"))
    assert all(began <= each.effective_at <= bedside.clock.at for each in rows)  # nothing is charted as of another day
    doubts = [each.doubt for each in rows if each.value == 97]
    return happened, doubts


def test_poisoned_clock_alarm_times_beside_the_controls(bedside: Bedside):
    control, believed = a_dying_patient(bedside, 1, timedelta(0))
    poisoned, doubted = a_dying_patient(bedside, 2, DAY)
    assert control[0] == poisoned[0] == ("raised", 1.0)
    # With right stamps a normal value ends the alarm, and the next bad one raises it a second later.
    assert [at for kind, at in control if kind == "recovered"] == [10.0, 28.0, 46.0, 64.0]
    assert [at for kind, at in control if kind == "raised"] == [1.0, 11.0, 29.0, 47.0, 65.0]
    # With the stamps of tomorrow nothing ends it: the alarm stands from the first second on, and escalates.
    assert [kind for kind, _ in poisoned if kind not in ("raised", "escalated")] == []
    assert [at for kind, at in poisoned if kind == "raised"] == [1.0]
    assert believed == ["", "", "", ""]
    assert doubted == ["clock", "clock", "clock", "clock"]


# By how much the stamp of each second's message is ahead: ten seconds before the saturation falls, and from then on.
YEAR_2099 = datetime(2099, 1, 1, 12, tzinfo=UTC)
POISONS: dict[str, Callable[[int], timedelta | datetime]] = {
    "clean": lambda second: timedelta(0),
    "one message a day ahead": lambda second: DAY if second == -5 else timedelta(0),
    "one message a day behind": lambda second: -DAY if second == -5 else timedelta(0),
    "one message of the year 2099": lambda second: YEAR_2099 if second == -5 else timedelta(0),
    "the hour that comes twice: all an hour behind": lambda second: (
        -timedelta(hours=1) if second >= -5 else timedelta(0)
    ),
    "a day ahead and right in turn": lambda second: DAY if second % 2 else timedelta(0),
    "a day ahead, a day behind in turn": lambda second: DAY if second % 2 else -DAY,
    "all a day ahead, from the first second of the fall": lambda second: DAY if second >= 0 else timedelta(0),
    "every one another year": lambda second: timedelta(days=365 * (2 + second % 7)),
}


def a_fall(bedside: Bedside, number: int, poison: Callable[[int], timedelta | datetime]) -> list[float]:
    """Saturation 97 for ten seconds, then 79 for twenty; at which seconds of the fall the alarm was raised."""
    stage, _ = bedside.seat(f"bed:F{number}", number=number)
    fell = bedside.clock.at + timedelta(seconds=11)
    for second in range(-10, 20):
        bedside.clock.later(seconds=1)
        ahead = poison(second)
        stamp = bedside.utc(ahead) if isinstance(ahead, timedelta) else ahead.strftime("%Y%m%d%H%M%S+0000")
        bedside.send(spo2(97 if second < 0 else 79), bed=f"^^F{number}", stamp=stamp)
    happened = bedside.events(stage, "spo2.low")
    assert [kind for kind, _at in happened if kind == "recovered"] == []
    return [(at - fell).total_seconds() for kind, at in happened if kind == "raised"]


def test_a_fall_alarms_as_soon_as_from_a_clean_monitor(bedside: Bedside):
    """The table of decision 0011: no poisoning makes the alarm later than the control's, and none of them ends it."""
    table = {name: a_fall(bedside, number, poison) for number, (name, poison) in enumerate(POISONS.items(), start=1)}
    assert table["clean"] == [0.0]  # with the first value below the limit of rule spo2.low
    assert {name: seconds for name, seconds in table.items() if seconds != table["clean"]} == {}
    decision = (Path(__file__).parents[2] / "docs" / "decisions").glob("0011-*.md")
    text = next(decision).read_text("utf-8")
    for name, (seconds,) in table.items():
        assert f"| {name} | {seconds:.0f} |" in text


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_was_set_is_believed_after_half_a_minute_and_said(bedside: Bedside, step):
    stage, device = bedside.seat()
    bedside.send(spo2(97))
    for _ in range(40):
        bedside.clock.later(seconds=1)
        bedside.send(spo2(96), stamp=bedside.utc(step))
    assert bedside.alarms(stage)["monitor.clock_moved"][1] == "low"
    with acting_as(bedside.cast.actor("nurse")):
        found = Device.objects.get(pk=device.pk)
        assert found.clock_skew_s == pytest.approx(step.total_seconds(), abs=5)
        assert found.clock_moved_at is not None
        rows = list(Observation.objects.filter(encounter_id=stage.id, code="spo2", method="monitor").order_by("id"))
    assert [each.doubt for each in rows[1:31]] == ["clock"] * 30
    assert {each.doubt for each in rows[32:]} == {""}
    last = rows[-1]  # both times are kept
    assert last.effective_at == bedside.clock.at
    assert last.measured_at == bedside.clock.at + step
    assert "is 1 h" in bedside.page("monitors")


def test_while_it_is_in_doubt_it_may_raise_and_never_clear(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(97))
    bedside.clock.later(seconds=1)
    bedside.send(spo2(78), stamp=bedside.utc(DAY))
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    bedside.clock.later(seconds=1)
    bedside.send(spo2(99), stamp=bedside.utc(DAY))
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")


def test_a_clock_that_agrees_with_nothing_is_said(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(97))
    for number in range(40):
        bedside.clock.later(seconds=1)
        bedside.send(spo2(97), stamp=bedside.utc(timedelta(hours=1 + number % 7)))
    assert bedside.alarms(stage)["monitor.times"] == ("raised", "high")


def test_the_evidence_is_in_the_database_not_in_a_process(bedside: Bedside):
    """Two listeners hear the same monitor in turns; what the one has heard counts for the other."""
    stage, device = bedside.seat()
    bedside.send(spo2(97))
    with listening_too(bedside) as port:
        for number in range(34):
            bedside.clock.later(seconds=1)
            line = bedside.line() if number % 2 else bedside.line_of(port)
            line.send(bedside.message(spo2(96), stamp=bedside.utc(timedelta(hours=1))))
    with acting_as(bedside.cast.actor("nurse")):
        assert Device.objects.get(pk=device.pk).clock_skew_s == pytest.approx(3600, abs=5)
    assert bedside.alarms(stage)["monitor.clock_moved"][1] == "low"


# ---------------------------------------------------------------- the laws of clock.py

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def run(messages: list[tuple[float, float]], known: float | None = 0.0) -> clock.Heard:
    """Messages as (second of arrival, seconds by which the stamp is ahead); what is heard at the last."""
    state = Clock(known)
    heard = clock.Heard(state)
    for second, ahead in messages:
        at = AT + timedelta(seconds=second)
        heard = clock.hear(heard.clock, at + timedelta(seconds=ahead), at)
    return heard


@pytest.mark.parametrize("step", [86_400, 3_600, 300, -300, -3_600, -86_400])
def test_forward_and_backward_are_confirmed_alike(step):
    assert not run([(second, step) for second in range(30)]).settled
    found = run([(second, step) for second in range(31)])
    assert found.settled
    assert found.moved
    assert found.clock == Clock(float(step))


def test_one_right_message_ends_the_doubt_and_its_evidence():
    found = run([(second, 3_600) for second in range(29)] + [(29, 0)] + [(second, 3_600) for second in range(30, 50)])
    assert not found.settled
    assert found.clock.offset_s == 0


def test_messages_that_say_different_things_confirm_nothing():
    found = run([(second, 3_600 + 60 * second) for second in range(90)])
    assert not found.settled
    assert clock.stuck(found.clock, AT + timedelta(seconds=89))


@pytest.mark.parametrize(
    ("ahead", "offset"), [(-10, 0), (-10.5, None), (0, 0), (5, 5), (5.5, None)]
)  # fmt: skip
def test_the_way_makes_a_message_late_never_early(ahead, offset):
    found = run([(1, ahead)])
    assert (found.clock.offset_s if found.settled else None) == offset


@pytest.mark.parametrize(("ahead", "offset"), [(120, 120), (121, None), (-120, -120), (-121, None), (86_400, None)])
def test_the_first_message_is_measured_by_our_own_clock(ahead, offset):
    found = run([(0, ahead)], None)
    assert (found.settled, found.clock.offset_s) == (offset is not None, offset)


@pytest.mark.parametrize(("seconds", "far"), [(120, False), (121, True), (-120, False), (-121, True)])
def test_a_value_is_far_from_its_own_message_beyond_two_minutes(seconds, far):
    then = AT + timedelta(seconds=seconds)
    assert clock.far_from_own(AT, [None, then]) is far
    assert clock.ahead_of_own(AT, then) is (far and then > AT)
    assert not any(
        (clock.far_from_own(AT, [then, AT]), clock.far_from_own(AT, [None]), clock.far_from_own(None, [then]))
    )


@pytest.mark.parametrize(("ahead", "taken_off"), [(None, 0), (5, 0), (-5, 0), (6, 6), (-6, -6)])
def test_the_noise_of_two_clocks_is_left_alone(ahead, taken_off):
    assert clock.on_our_clock(Clock(ahead), AT) == AT - timedelta(seconds=taken_off)
    assert clock.exactly(Clock(ahead), AT) == AT - timedelta(seconds=ahead or 0)


@pytest.mark.parametrize(("second", "stands"), [(129, "line:100 times:125"), (130, "times:130"), (134, "times:130")])
def test_a_fault_stands_for_half_a_minute_and_is_written_every_five_seconds(second, stands):
    assert faults.kept("line:100", ("times",), datetime.fromtimestamp(second, UTC)) == stands
