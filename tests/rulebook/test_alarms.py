"""The alarm machine: the worked life of one alarm, and the laws of machine.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.clinical.alarms import (
    AlarmEvaluation,
    AlarmRule,
    Easing,
    Event,
    Level,
    NothingToAcknowledge,
    Phase,
    Priority,
    Reading,
    State,
    Why,
    acknowledge,
    awaited,
    eased,
    evaluate_alarm,
    prepare,
    start,
    worse,
)
from sojourn.clinical.rules import Rule, RuleInvalid, tighten
from sojourn.foundation.rulebook import released_rulebook

T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def ready(rule_id: str, vital: str | None = None, **changes: object) -> AlarmRule:
    found = [
        each for route in ("iv", "in") for each in released_rulebook().alarm_rules(route) if each.rule_id == rule_id
    ]
    return replace(next(each for each in found if vital in (None, each.vital)), **changes)


SPO2 = ready("spo2.low")
RISE = ready("bp.systolic.rise")
SILENCE = ready("silence.continuous", "spo2")
TOO_HIGH = replace(SPO2, sign=1, levels=(Level(100.0, Priority.HIGH),))
PULSELESS = replace(SPO2, rule_id="pulse", vital="pr", levels=(Level(1.0, Priority.HIGH),))


def play(rule: AlarmRule, *pairs: tuple[float, float], baseline: float | None = None, state: State | None = None):
    """Judges readings one by one as they arrive; the last judgement and every event."""
    state = start(rule, T0) if state is None else state
    events: list[Event] = []
    last: AlarmEvaluation | None = None
    for seconds, value in pairs:
        last = evaluate_alarm(rule, (Reading(at(seconds), value),), state, at(seconds), baseline)
        state = last.state
        events += [each.event for each in last.happenings]
    assert last is not None
    return last, events


def test_the_life_of_a_desaturation():
    last, events = play(SPO2, (0, 97), (1, 93), (2, 92), (3, 89))
    assert events == [Event.RAISED, Event.PRIORITY_RAISED]
    assert last.state.priority is HIGH
    assert last.state.since == at(1)
    seen = acknowledge(SPO2, last.state, "nurse Ana", at(10))
    assert isinstance(seen, AlarmEvaluation)
    assert (seen.event, seen.state.phase, seen.deadline) == (Event.ACKNOWLEDGED, Phase.ACKNOWLEDGED, None)
    better, events = play(SPO2, (11, 92), state=seen.state)
    assert events == [Event.PRIORITY_LOWERED]
    assert better.state.acknowledged_by == "nurse Ana"
    graver, events = play(SPO2, (12, 88), state=better.state)
    assert events == [Event.PRIORITY_RAISED]
    assert (graver.state.phase, graver.state.acknowledged_by) == (Phase.RAISED, None)
    well, events = play(SPO2, (20, 96), (21, 97), state=graver.state)
    assert events == [Event.RECOVERED]
    assert well.state.phase is Phase.RECOVERED
    assert well.state.unseen
    again, events = play(SPO2, (30, 93), state=well.state)
    assert events == [Event.RAISED]
    assert again.state.since == at(30)


def test_a_judgement_says_which_rule_and_which_numbers():
    last, _ = play(SPO2, (0, 89))
    (reason,) = last.reasons
    assert last.set_off == reason
    assert (reason.why, reason.rule_id, reason.version) == (Why.BEYOND_LIMIT, "spo2.low", 2)
    assert (reason.value, reason.limit) == (89, 90)
    quiet, _ = play(SPO2, (0, 97))
    assert quiet.reasons == (quiet.set_off,)
    assert [(each.why, each.value, each.limit) for each in quiet.reasons] == [(Why.WITHIN_LIMITS, 97, 94)]


def test_an_unacknowledged_high_alarm_stays_high_until_somebody_sees_it():
    last, events = play(SPO2, (0, 88), (1, 92))
    assert events == [Event.RAISED]
    assert last.state.priority is HIGH


def test_it_escalates_only_when_nobody_has_answered_in_time():
    last, _ = play(SPO2, (0, 89))
    assert last.deadline == at(60)
    assert evaluate_alarm(SPO2, (), last.state, at(59)).event is None
    late = evaluate_alarm(SPO2, (), last.state, at(60))
    assert (late.event, late.state.phase, late.changed) == (Event.ESCALATED, Phase.ESCALATED, True)
    assert ([each.limit for each in late.reasons], late.set_off) == ([60], None)  # after a minute; only time passed
    assert evaluate_alarm(SPO2, (), late.state, at(600)).event is None
    with_reading = evaluate_alarm(SPO2, (Reading(at(61), 88),), last.state, at(61))
    assert with_reading.event is Event.ESCALATED
    seen = acknowledge(SPO2, last.state, "A", at(5))
    assert isinstance(seen, AlarmEvaluation)
    assert (seen.changed, seen.state.phase, seen.set_off) == (True, Phase.ACKNOWLEDGED, None)
    assert play(SPO2, (20, 88), state=seen.state)[1] == []  # no worse and no better
    assert evaluate_alarm(SPO2, (), seen.state, at(600)).event is None
    assert isinstance(acknowledge(SPO2, late.state, "A", at(90)), AlarmEvaluation)


def test_getting_worse_never_buys_time():
    last, _ = play(SPO2, (0, 93))
    assert last.deadline == at(180)
    worse, _ = play(SPO2, (170, 89), state=last.state)
    assert worse.deadline == at(180)
    soon, _ = play(SPO2, (5, 89), state=last.state)
    assert soon.deadline == at(65)


def test_there_is_nothing_to_acknowledge_twice():
    assert acknowledge(SPO2, State(), "A", T0) == NothingToAcknowledge(Phase.QUIET, None, None)
    last, _ = play(SPO2, (0, 89))
    seen = acknowledge(SPO2, last.state, "A", at(1))
    assert isinstance(seen, AlarmEvaluation)
    assert acknowledge(SPO2, seen.state, "B", at(2)) == NothingToAcknowledge(Phase.ACKNOWLEDGED, "A", at(1))
    well, _ = play(SPO2, (0, 89), (1, 97))
    after = acknowledge(SPO2, well.state, "A", at(2))
    assert isinstance(after, AlarmEvaluation)
    assert (after.state.phase, after.state.unseen) == (Phase.RECOVERED, False)


@pytest.mark.parametrize(
    "reading", [Reading(at(5), 99, True), Reading(at(5), float("nan")), Reading(at(5), float("inf"))]
)
def test_a_flagged_reading_clears_nothing(reading: Reading):
    last, _ = play(SPO2, (0, 89))
    same = evaluate_alarm(SPO2, (reading,), last.state, at(5))
    assert same.state == last.state
    assert same.why is Why.FLAGGED


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_raises_nothing(number: float):
    assert evaluate_alarm(SPO2, (Reading(at(5), number),), State(), at(5)).state == State()
    assert evaluate_alarm(SPO2, (Reading(at(5), number, True),), State(), at(5)).state == State()


def test_doubt_is_not_silence():
    """A questionable 82 raises; a questionable 92 does not lessen it, and no questionable 99 ends it."""
    raised = evaluate_alarm(SPO2, (Reading(at(5), 82, True),), State(), at(5))
    assert (raised.state.phase, raised.state.priority) == (Phase.RAISED, Priority.HIGH)
    seen = acknowledge(SPO2, raised.state, "A", at(6))
    assert isinstance(seen, AlarmEvaluation)
    for value in (92, 99):
        assert evaluate_alarm(SPO2, (Reading(at(7), value, True),), seen.state, at(7)).state == seen.state
    assert evaluate_alarm(SPO2, (Reading(at(8), 99),), seen.state, at(8)).state.phase is Phase.RECOVERED


def test_a_doubted_value_makes_an_open_alarm_graver():
    medium, _ = play(SPO2, (0, 93))
    graver = evaluate_alarm(SPO2, (Reading(at(5), 85, True),), medium.state, at(5))
    assert (graver.event, graver.state.priority) == (Event.PRIORITY_RAISED, Priority.HIGH)


@pytest.mark.parametrize(
    ("batch", "phase"),
    [
        (
            (Reading(at(5), 97), Reading(at(5), 82, True)),
            Phase.RAISED,
        ),  # of one instant the worse counts, doubted or not
        (
            (Reading(at(5), 97), Reading(at(5), 95, True)),
            Phase.RECOVERED,
        ),  # a doubted value within limits counts nothing
        ((Reading(at(5), 97), Reading(at(5), float("nan"), True)), Phase.RECOVERED),
    ],
)
def test_a_believed_and_a_doubted_value_of_one_instant(batch, phase):
    open_, _ = play(SPO2, (0, 89))
    for each in (batch, batch[::-1]):
        assert evaluate_alarm(SPO2, each, open_.state, at(5)).state.phase is phase


def test_what_another_sign_shows_eases_an_alarm_while_it_is_new():
    """No pulse at the finger is high, and medium while the ECG shows a rate; never nothing."""
    rule = replace(PULSELESS, easing=Easing(("hr",), timedelta(seconds=15), Priority.MEDIUM))
    for others, priority in (
        ({}, Priority.HIGH),
        ({"hr": Reading(at(0), 72)}, Priority.MEDIUM),
        ({"hr": Reading(at(-15), 72)}, Priority.MEDIUM),
        ({"hr": Reading(at(-16), 72)}, Priority.HIGH),  # too old
        ({"hr": Reading(at(0), 0)}, Priority.HIGH),  # no rate
        ({"hr": Reading(at(0), 1)}, Priority.MEDIUM),
        ({"hr": Reading(at(0), 72, True)}, Priority.HIGH),  # not believed
    ):
        found = evaluate_alarm(rule, (Reading(at(0), 0),), State(), at(0), eased=eased(rule, others, at(0)))
        assert found.state.priority is priority, others


def test_an_eased_alarm_grows_when_nothing_eases_it_any_more():
    rule = replace(PULSELESS, easing=Easing(("hr",), timedelta(seconds=15), Priority.MEDIUM))
    mild = evaluate_alarm(rule, (Reading(at(0), 0),), State(), at(0), eased=True)
    grave = evaluate_alarm(rule, (Reading(at(1), 0),), mild.state, at(1))
    assert (grave.event, grave.state.priority) == (Event.PRIORITY_RAISED, Priority.HIGH)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (82, 97, True),  # beyond a limit
        (97, 82, False),
        (89, 93, True),  # beyond a graver limit
        (95, 99, False),  # both within limits
        (97, 97, False),
        (80, 104, True),  # ten beyond one limit, four beyond another as grave
        (88, 106, False),
    ],
)
def test_the_worse_of_two_probes(one, other, expected):
    rules = (replace(SPO2, levels=(Level(94, MEDIUM), Level(90, HIGH))), TOO_HIGH, SILENCE)
    assert worse(rules, one, other) is expected


def test_without_a_rule_no_probe_is_worse():
    assert not worse((SILENCE,), 40, 97)
    assert not worse((RISE,), 150, 120)  # nor without what it rose from
    assert worse((RISE,), 150, 120, 120)
    assert worse((replace(SPO2, inclusive=True, levels=(Level(94, LOW),)),), 94, 97)  # the mildest, on its limit


@pytest.mark.parametrize(
    ("rule", "said", "value", "priority"),
    [
        (SPO2, "<", 90, HIGH), (SPO2, "<=", 90, MEDIUM), (SPO2, "<", 94, MEDIUM), (SPO2, "<=", 94, None),
        (SPO2, ">", 80, None), (TOO_HIGH, ">", 100, HIGH), (TOO_HIGH, ">=", 100, None), (TOO_HIGH, "<", 110, None),
    ],
)  # fmt: skip
def test_a_limit_raises_what_all_that_it_allows_would_raise(rule, said, value, priority):
    """Less than 90 is beyond 90, whatever it is; 90 or less is so for the milder limit alone."""
    found = evaluate_alarm(rule, (Reading(at(0), value, True, said),), State(), at(0))
    assert found.state.priority is priority


@pytest.mark.parametrize(
    ("stored", "silent_after", "came", "heard", "expected"),
    [
        (None, None, True, True, (None, at(70))),
        (None, None, True, False, (None, at(70))),  # it speaks from its first message on, believed or not
        (None, at(11), True, True, (None, at(70))),
        (State(), at(11), True, False, (None, at(11))),
        (None, at(10), True, True, (State(deadline=at(10)), at(70))),  # silent by now: judged
        (None, None, False, True, (State(), at(70))),  # typed by a person
        (None, at(9), False, False, (None, at(9))),
        (State(Phase.RAISED, deadline=at(5)), at(3), True, True, (State(Phase.RAISED, deadline=at(5)), at(70))),
        (State(Phase.RAISED), None, True, False, (None, None)),
    ],
)
def test_what_a_silence_is_judged_by(stored, silent_after, came, heard, expected):
    assert awaited(timedelta(seconds=60), stored, silent_after, at(10), came=came, heard=heard) == expected


def test_what_comes_of_several_readings_is_what_the_last_left():
    well = evaluate_alarm(SPO2, (Reading(at(0), 97), Reading(at(1), 98)), State(), at(1))
    assert (well.state.newest_at, well.changed) == (at(1), False)
    doubted = (Reading(at(0), float("nan")), Reading(at(0), 97, True))
    assert evaluate_alarm(SPO2, doubted, State(), at(0)).value == 97  # what is no number is the last to be taken
    risen = (Reading(at(0), 130), Reading(at(0), 150, True))
    assert evaluate_alarm(RISE, risen, State(), at(0), 120).state.phase is Phase.PENDING
    raised = play(SPO2, (0, 88))[0].state
    again = evaluate_alarm(SPO2, (Reading(at(1), 88, True),), raised, at(1))
    assert (again.state, again.why) == (raised, Why.FLAGGED)  # as grave as before


def test_an_older_reading_changes_nothing():
    last, _ = play(SPO2, (10, 89))
    older = evaluate_alarm(SPO2, (Reading(at(9), 99),), last.state, at(11))
    assert (older.state, older.why, older.changed) == (last.state, Why.OUT_OF_ORDER, False)


def test_at_the_same_instant_the_worse_value_counts():
    for pair in ((97.0, 88.0), (88.0, 97.0)):
        last, _ = play(SPO2, (0, pair[0]), (0, pair[1]))
        assert (last.state.phase, last.state.priority) == (Phase.RAISED, HIGH)


def test_a_clock_that_ran_ahead_does_not_deafen_the_alarm():
    ahead = evaluate_alarm(SPO2, (Reading(at(3600), 97),), State(), at(0))
    assert ahead.state.newest_at == at(0)
    assert play(SPO2, (1, 88), state=ahead.state)[1] == [Event.RAISED]


def test_a_rise_must_last():
    waiting, events = play(RISE, (0, 150), baseline=120)
    assert (waiting.state.phase, events, waiting.deadline) == (Phase.PENDING, [], at(300))
    assert waiting.changed
    assert not play(RISE, (100, 151), baseline=120, state=waiting.state)[0].changed
    assert evaluate_alarm(RISE, (), waiting.state, at(400), 120).state.phase is Phase.PENDING  # no reading, no finding
    assert play(RISE, (300, 144), baseline=120, state=waiting.state)[1] == [Event.RAISED]
    fell, events = play(RISE, (200, 143), baseline=120, state=waiting.state)
    assert (fell.state.phase, events) == (Phase.QUIET, [])
    raised, _ = play(RISE, (300, 144), baseline=120, state=waiting.state)
    anew, _ = play(RISE, (400, 120), (500, 150), baseline=120, state=raised.state)
    assert (anew.state.phase, anew.deadline) == (Phase.PENDING, at(800))


def test_a_clear_margin_holds_the_alarm_only_where_a_rule_says_so():
    held = replace(SPO2, clear_margin=2.0)
    assert play(SPO2, (0, 93), (1, 94))[1] == [Event.RAISED, Event.RECOVERED]
    assert play(held, (0, 93), (1, 94), (2, 95.9))[1] == [Event.RAISED]
    assert play(held, (0, 93), (1, 96))[1] == [Event.RAISED, Event.RECOVERED]


def test_silence_is_heard_and_so_is_its_end():
    quiet, events = play(SILENCE, (0, 97), (1, 97))
    assert (quiet.deadline, events, quiet.changed) == (at(61), [], False)
    assert evaluate_alarm(SILENCE, (), quiet.state, at(60)).event is None
    silent = evaluate_alarm(SILENCE, (), quiet.state, at(61))
    assert (silent.event, silent.state.priority, silent.why) == (Event.RAISED, MEDIUM, Why.SILENT)
    assert silent.deadline == at(61 + 180)
    flagged = evaluate_alarm(SILENCE, (Reading(at(70), 0, True),), silent.state, at(70))
    assert flagged.state == silent.state
    back, events = play(SILENCE, (80, 97), state=silent.state)
    assert (events, back.deadline) == ([Event.RECOVERED], at(140))
    assert evaluate_alarm(SILENCE, (), silent.state, at(300)).event is Event.ESCALATED


def test_a_signal_that_never_came_is_silent_too():
    assert evaluate_alarm(SILENCE, (), start(SILENCE, T0), at(60)).event is Event.RAISED
    begun = evaluate_alarm(SILENCE, (), State(), T0)
    assert (begun.deadline, begun.changed) == (at(60), True)


def test_a_gap_that_nobody_judged_still_enters_the_record():
    quiet, _ = play(SILENCE, (0, 97))
    back = evaluate_alarm(SILENCE, (Reading(at(100), 97),), quiet.state, at(100))
    assert [(each.event, each.at) for each in back.happenings] == [
        (Event.RAISED, at(60)),
        (Event.RECOVERED, at(100)),
    ]
    assert back.event is Event.RECOVERED
    assert back.set_off is not None
    assert back.set_off.why is Why.HEARD_AGAIN


def test_two_watchers_raise_a_silence_once():
    quiet, _ = play(SILENCE, (0, 97))
    first = evaluate_alarm(SILENCE, (), quiet.state, at(61))
    assert evaluate_alarm(SILENCE, (), first.state, at(61.5)).happenings == ()


# --- laws ---

values = st.one_of(st.integers(80, 100).map(float), st.sampled_from([float("nan"), float("inf"), -100.0]))
readings = st.builds(Reading, st.integers(0, 30).map(at), values, st.booleans())
batches = st.lists(readings, min_size=1, max_size=8)
held_states = st.lists(st.tuples(st.integers(0, 20), st.integers(85, 99)), max_size=6).map(
    lambda pairs: play(SPO2, *((float(s), float(v)) for s, v in sorted(pairs)))[0].state if pairs else State()
)


@given(batches, held_states, st.data())
def test_order_and_repetition_do_not_matter(batch, state, data):
    mixed = data.draw(st.permutations(batch + data.draw(st.lists(st.sampled_from(batch), max_size=4))))
    one, other = evaluate_alarm(SPO2, batch, state, at(40)), evaluate_alarm(SPO2, mixed, state, at(40))
    assert one.state == other.state
    assert one.happenings == other.happenings


@pytest.mark.parametrize("believed", [False, True])
def test_of_two_equal_values_of_one_instant_the_believed_one_counts(believed):
    """An alarm of 88 %, and at 20 s the monitor says 92 % twice, once with a doubt: the believed one lessens it."""
    held = play(SPO2, (0, 88))[0].state
    seen = acknowledge(SPO2, held, "nurse Ana", at(10))
    assert isinstance(seen, AlarmEvaluation)
    pair = (Reading(at(20), 92, not believed), Reading(at(20), 92, believed))
    found = evaluate_alarm(SPO2, pair, seen.state, at(20))
    alone = evaluate_alarm(SPO2, (Reading(at(20), 92),), seen.state, at(20))
    assert (found.state, found.happenings) == (alone.state, alone.happenings)
    assert found.event is Event.PRIORITY_LOWERED


@given(batches, held_states)
def test_judging_twice_changes_nothing_more(batch, state):
    once = evaluate_alarm(SPO2, batch, state, at(40))
    assert evaluate_alarm(SPO2, batch, once.state, at(40)).happenings == ()
    assert evaluate_alarm(SPO2, batch, once.state, at(40)).state == once.state


@given(st.lists(readings, min_size=1, max_size=8), held_states, st.integers(0, 8))
def test_one_batch_or_two_end_in_the_same_state(batch, state, cut):
    batch = sorted(batch, key=lambda each: each.measured_at)
    times = [each.measured_at for each in batch]
    if 0 < cut < len(batch) and times[cut - 1] == times[cut]:
        return  # an instant torn apart by two batches may end and begin an episode at once
    whole = evaluate_alarm(SPO2, batch, state, at(40))
    between = evaluate_alarm(SPO2, batch[:cut], state, at(40)).state
    assert evaluate_alarm(SPO2, batch[cut:], between, at(40)).state == whole.state


@given(batches, held_states)
def test_flagged_readings_never_lessen_anything(batch, state):
    flagged = [each._replace(flagged=True) for each in batch]
    found = evaluate_alarm(SPO2, flagged, state, at(0))
    assert rank(found.state) >= rank(state)
    assert {each.event for each in found.happenings} <= {Event.RAISED, Event.PRIORITY_RAISED, Event.ESCALATED}
    if state.open:
        assert found.state.acknowledged_at == state.acknowledged_at or rank(found.state) > rank(state)


@given(readings, held_states)
def test_the_short_way_says_what_the_long_way_says(reading, state):
    """Two equal readings take the long way, one of them the short one."""
    assert evaluate_alarm(SPO2, (reading,), state, at(40)) == evaluate_alarm(SPO2, (reading, reading), state, at(40))


def rank(state: State) -> int:
    return -1 if not state.open or state.priority is None else state.priority.rank


@given(st.integers(60, 100), st.integers(60, 100))
def test_a_graver_value_never_gives_a_lesser_alarm(one, other):
    graver, milder = min(one, other), max(one, other)
    assert rank(play(SPO2, (0, graver))[0].state) >= rank(play(SPO2, (0, milder))[0].state)


def tightened(rule: Rule, data: st.DataObject) -> Rule:
    changes = {}
    for each in rule.parameters.values():
        if each.tighten != "fixed":
            low, high = sorted((each.value, each.furthest if each.furthest is not None else each.value))
            changes[each.name] = data.draw(st.floats(low, high))
    own = tighten(rule, changes)
    assert isinstance(own, Rule)
    return own


ALARMS = released_rulebook().of_kind("alarm.threshold", "alarm.rise")
PAIRS = st.lists(
    st.tuples(st.integers(0, 1200), st.integers(0, 250)), min_size=1, max_size=6, unique_by=lambda pair: pair[0]
)


@pytest.mark.parametrize("rule", ALARMS, ids=lambda rule: rule.id)
@settings(max_examples=50)  # for each of ten rules
@given(data=st.data(), pairs=PAIRS)
def test_a_tightened_rule_alarms_whenever_the_released_one_does(rule, data, pairs):
    both = [prepare(each, None)[0] for each in (rule, tightened(rule, data))]
    states = [start(each, T0) for each in both]
    for seconds, value in sorted(pairs):
        reading = (Reading(at(seconds), float(value)),)
        states = [
            evaluate_alarm(each, reading, state, at(seconds), 100.0).state
            for each, state in zip(both, states, strict=True)
        ]
        assert rank(states[1]) >= rank(states[0])


@given(held_states)
def test_a_state_survives_its_json(state):
    assert State.from_json(json.loads(json.dumps(state.as_json()))) == state
    assert State.from_json({}) == State()


def test_the_machine_keeps_nothing_to_itself():
    first = play(SPO2, (0, 89), (1, 95))[0]
    assert play(SPO2, (0, 89), (1, 95))[0] == first


# --- preparing ---


def test_a_limit_in_another_unit_is_converted():
    rule = released_rulebook().rule("bp.systolic.high")
    kpa = replace(rule.parameters["high"], value=24.0, unit="kPa")
    changed = replace(rule, parameters={"high": kpa})
    assert prepare(changed, None)[0].levels[0].limit == pytest.approx(180.0153, abs=0.001)
    with pytest.raises(RuleInvalid, match="frequency"):
        prepare(replace(rule, parameters={"high": replace(kpa, unit="/min")}), None)


def test_a_mild_limit_behind_a_grave_one_falls_away():
    own = tighten(released_rulebook().rule("spo2.low"), {"high": 96})
    assert isinstance(own, Rule)
    assert prepare(own, None)[0].levels == (Level(96, HIGH),)
    both = tighten(released_rulebook().rule("spo2.low"), {"high": 96, "medium": 98})
    assert isinstance(both, Rule)
    assert prepare(both, None)[0].levels == (Level(98, MEDIUM), Level(96, HIGH))


def test_what_is_no_alarm_is_refused():
    with pytest.raises(RuleInvalid):
        prepare(released_rulebook().rule("padss"), None)
    with pytest.raises(RuleInvalid):
        prepare(released_rulebook().rule("spo2.low"), released_rulebook().rule("padss"))


@pytest.mark.slow
def test_judging_is_cheap():
    """Under 5 microseconds when nothing changes; the best of several rounds, for the machine is shared."""
    from timeit import repeat

    state, recent, now = play(SPO2, (0, 97))[0].state, (Reading(at(1), 97.0),), at(1)
    best = min(repeat(lambda: evaluate_alarm(SPO2, recent, state, now), number=5000, repeat=9)) / 5000
    assert best < 5e-6
