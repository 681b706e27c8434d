"""What a struck reading leaves behind: the alarm as if it had never come, but for what people saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Heard, Phase, Priority, Reading, State
from sojourn.foundation.rulebook import released_rulebook

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NOW = START + timedelta(hours=1)


LOW: AlarmRule = next(
    each for each in released_rulebook().alarm_rules("iv") if each.rule_id == "spo2.low"
)  # 94 % and 90 %
values = st.lists(st.sampled_from((97, 95, 93, 91, 89, 80)), min_size=1, max_size=8)


def heard(numbers: list[float]) -> list[Heard]:
    times = [START + timedelta(minutes=minute) for minute in range(len(numbers))]
    return [Heard(Reading(at, value), at) for at, value in zip(times, numbers, strict=True)]


def judged(readings: list[Heard]) -> State:
    state = State()
    for each in readings:
        state = alarms.evaluate_alarm(LOW, (each.reading,), state, each.at, None).state
    return state


@given(values, st.data())
def test_an_alarm_is_open_as_if_the_struck_reading_had_never_come(numbers: list[float], data: st.DataObject):
    readings = heard(numbers)
    wrong = data.draw(st.integers(0, len(readings) - 1))
    standing = readings[:wrong] + readings[wrong + 1 :]
    found = alarms.put_right(LOW, judged(readings), standing, NOW)
    never = judged(standing)
    assert found.state.open == never.open
    if never.open:
        assert found.state.priority == never.priority
    assert (found.change == "ended") == (judged(readings).open and not never.open)


@given(values)
def test_where_nothing_was_wrong_nothing_changes(numbers: list[float]):
    readings = heard(numbers)
    before = judged(readings)
    found = alarms.put_right(LOW, before, readings, NOW)
    assert found.change == "none"
    assert (found.state.phase, found.state.priority) == (before.phase, before.priority)


def test_what_somebody_saw_stays_seen_unless_it_turns_out_graver():
    readings = heard([93, 80])
    seen = alarms.acknowledge(LOW, judged(readings), "Nurse", NOW)
    assert isinstance(seen, alarms.AlarmEvaluation)
    lower = alarms.put_right(LOW, seen.state, readings[:1], NOW)
    assert (lower.change, lower.state.phase, lower.state.priority) == ("lowered", Phase.ACKNOWLEDGED, Priority.MEDIUM)
    taken = alarms.acknowledge(LOW, judged(heard([93])), "Nurse", NOW)
    assert isinstance(taken, alarms.AlarmEvaluation)
    graver = alarms.put_right(LOW, taken.state, heard([80]), NOW)
    assert (graver.state.phase, graver.state.priority) == (Phase.RAISED, Priority.HIGH)
    assert graver.state.acknowledged_by is None


def test_without_any_reading_left_there_is_no_alarm():
    found = alarms.put_right(LOW, judged(heard([80])), (), NOW)
    assert (found.change, found.state.phase, found.judgement) == ("ended", Phase.QUIET, None)


def test_an_alarm_that_somebody_took_is_not_raised_again_by_a_strike_of_something_else():
    """80 % was seen and is being treated, 91 % is better; the wrong 97 % after it is struck."""
    readings = heard([80, 91, 97])
    first = judged(readings[:1])
    seen = alarms.acknowledge(LOW, first, "Nurse", START + timedelta(seconds=20))
    assert isinstance(seen, alarms.AlarmEvaluation)
    state = seen.state
    for each in readings[1:2]:
        state = alarms.evaluate_alarm(LOW, (each.reading,), state, each.at, None).state
    assert (state.phase, state.priority) == (Phase.ACKNOWLEDGED, Priority.MEDIUM)
    found = alarms.put_right(LOW, state, readings[:2], NOW)
    assert (found.change, found.state.phase, found.state.priority) == ("none", Phase.ACKNOWLEDGED, Priority.MEDIUM)
    assert found.state.acknowledged_by == "Nurse"
    at_once = alarms.acknowledge(LOW, first, "Nurse", START)  # in the moment of the reading itself
    assert isinstance(at_once, alarms.AlarmEvaluation)
    better = alarms.evaluate_alarm(LOW, (readings[1].reading,), at_once.state, readings[1].at, None).state
    assert alarms.put_right(LOW, better, readings[:2], NOW).change == "none"


def test_what_only_a_wrong_reading_had_cleared_is_raised_and_waits_from_now():
    raised = alarms.put_right(LOW, judged(heard([97])), heard([80]), NOW)
    assert (raised.change, raised.state.since, raised.state.deadline) == (
        "raised",
        NOW,
        NOW + LOW.escalate[Priority.HIGH],
    )
    over = judged(heard([80, 97]))
    assert alarms.put_right(LOW, over, heard([80, 97]), NOW)[:2] == (over, "none")


# ---------------------------------------------------------------- withdrawn by the monitor


def test_a_withdrawn_value_leaves_its_alarm_to_be_seen():
    """Nobody has looked: the alarm is over, and stays as withdrawn by the monitor until a person answers."""
    readings = heard([97, 80])
    raised = judged(readings)
    found = alarms.withdraw(LOW, raised, readings[:1], NOW)
    assert found.happening is not None
    assert (found.happening.event, found.happening.priority) == (alarms.Event.WITHDRAWN, Priority.HIGH)
    assert found.happening.reason.why is alarms.Why.WITHDRAWN_BY_MONITOR
    state = found.found.state
    assert (state.phase, state.unseen) == (Phase.RECOVERED, True)
    answered = alarms.acknowledge(LOW, state, "Nurse", NOW)
    assert isinstance(answered, alarms.AlarmEvaluation)
    assert not answered.state.unseen


def test_an_alarm_that_was_seen_before_its_value_was_withdrawn_waits_again():
    readings = heard([97, 80])
    seen = alarms.acknowledge(LOW, judged(readings), "Nurse", NOW)
    assert isinstance(seen, alarms.AlarmEvaluation)
    assert alarms.withdraw(LOW, seen.state, readings[:1], NOW).found.state.unseen


def test_no_value_left_is_no_value_and_the_alarm_waits():
    found = alarms.withdraw(LOW, judged(heard([80])), [], NOW)
    assert found.found.judgement is None
    assert found.found.state.unseen


def test_what_other_readings_carry_goes_on():
    found = alarms.withdraw(LOW, judged(heard([85, 80])), heard([85]), NOW)
    assert (found.happening, found.found.state.phase) == (None, Phase.ESCALATED)
