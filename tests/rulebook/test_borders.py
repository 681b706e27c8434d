"""Every number that something is compared with: one step below it, at it, and one step above.

The expectation is the rule's own word: "above 160 the dose waits" holds at 160 nothing, "at least 92" lets 92 pass. The
limits are read from the released rules, never from what the program answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

from sojourn.clinical import alarms, eligibility
from sojourn.clinical.alarms import Event, Phase, Priority, Reading, acknowledge, evaluate_alarm
from sojourn.clinical.eligibility import conditions
from sojourn.clinical.protocol import GuardFacts, Latest, Passed, Protocol, State, StepRefusal, guard, road
from sojourn.clinical.protocol.compose import answered_before, facts, observing_since, set_aside_before
from sojourn.clinical.protocol.guards import GuardReason, against_floors
from sojourn.clinical.rules import Parameter, Rule, tighten
from sojourn.foundation.rulebook import released_rulebook

BOOK = released_rulebook()
PROTOCOLS = BOOK.protocols()
T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def seconds(number: float) -> datetime:
    return T0 + timedelta(seconds=number)


def good(protocol: Protocol, **changes: object) -> GuardFacts:
    """A session of this protocol in which everything is well."""
    whole = GuardFacts(
        state=State.OBSERVING, protocol_adopted=True,
        checks={each.id: "passed" for each in (*protocol.checklist, *protocol.discharge)},
        latest={"nibp_sys": Latest(100, 1), "nibp_dia": Latest(60, 1), "spo2": Latest(100, 1), "moaas": Latest(5, 1)},
        baseline={"nibp_sys": 100.0, "nibp_dia": 60.0}, dose_ordered=True, second_checked=True, dose_given=True,
        minutes_since_dose_end=10_000, minutes_observing=10_000, padss=10, aldrete=10, escort_named=True,
        escort_present=True, reason="asked to", minutes_since_appointment=15,
    )  # fmt: skip
    return replace(whole, **changes)


def codes(transition: str, told: GuardFacts, protocol: Protocol) -> set[str]:
    found = guard(transition, told, protocol)
    return {each.code for each in found.reasons} if isinstance(found, StepRefusal) else set()


def reading(protocol: Protocol, code: str, value: float, age: float = 1) -> dict[str, Latest]:
    return {**good(protocol).latest, code: Latest(value, age)}


each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.id)
below_at_above = pytest.mark.parametrize("step", [-1, 0, 1])


# --- what a session is held to ---


@each_protocol
@below_at_above
@pytest.mark.parametrize(("name", "code"), [("systolic", "nibp_sys"), ("diastolic", "nibp_dia")])
def test_the_dose_waits_above_the_hold_and_not_at_it(protocol, step, name, code):
    value = protocol.number(f"hold_{name}") + step
    told = good(protocol, state=State.CHECKED, latest=reading(protocol, code, value))
    assert (f"hold:{name}" in codes("start_dose", told, protocol)) is (step > 0)


@each_protocol
@below_at_above
def test_a_reading_may_be_as_old_as_the_limit(protocol, step):
    age = protocol.number("vitals_max_age") + step
    told = good(protocol, state=State.CHECKED, latest=reading(protocol, "spo2", 98, age))
    assert ("vitals-old:spo2" in codes("start_dose", told, protocol)) is (step > 0)


@each_protocol
@below_at_above
def test_the_observation_lasts_at_least_as_long_as_is_said(protocol, step):
    told = good(protocol, minutes_since_dose_end=protocol.number("min_observation") + step)
    assert ("observation-too-short" in codes("find_ready", told, protocol)) is (step < 0)


@each_protocol
@below_at_above
@pytest.mark.parametrize("code", ["spo2", "moaas"])
def test_a_value_at_its_least_is_enough(protocol, step, code):
    told = good(protocol, latest=reading(protocol, code, protocol.number(f"{code}_at_least") + step))
    assert (f"low:{code}" in codes("find_ready", told, protocol)) is (step < 0)


@each_protocol
@below_at_above
@pytest.mark.parametrize("scale", ["padss", "aldrete"])
def test_a_score_at_its_least_is_enough(protocol, step, scale):
    told = good(protocol, **{scale: int(protocol.number(f"{scale}_at_least")) + step})
    assert (f"score-too-low:{scale}" in codes("find_ready", told, protocol)) is (step < 0)


@each_protocol
@below_at_above
@pytest.mark.parametrize("side", [-1, 1])
def test_a_pressure_exactly_so_far_from_before_is_within(protocol, step, side):
    """``bp_within`` per cent of a pressure of 100 are so many mmHg."""
    value = 100 + side * (protocol.number("bp_within") + step)
    told = good(protocol, latest=reading(protocol, "nibp_sys", value))
    assert ("bp-outside:systolic" in codes("find_ready", told, protocol)) is (step > 0)


@pytest.mark.parametrize(("minutes", "ahead"), [(-1, True), (-1 / 60, True), (0, False), (1, False)])
def test_an_appointment_has_passed_from_its_minute_on(minutes, ahead):
    protocol = PROTOCOLS[0]
    told = good(protocol, state=State.PLANNED, minutes_since_appointment=minutes)
    assert ("appointment-ahead" in codes("did_not_attend", told, protocol)) is ahead


def test_without_an_appointment_nobody_stayed_away():
    told = good(PROTOCOLS[0], state=State.PLANNED, minutes_since_appointment=None)
    assert codes("did_not_attend", told, PROTOCOLS[0]) == {"appointment-ahead"}


@pytest.mark.parametrize(("age", "of_before"), [(29, False), (30, False), (31, False), (31.01, True), (32, True)])
def test_alertness_counts_from_the_minute_in_which_the_observation_began(age, of_before):
    """A clock is typed without seconds: the minute before the beginning is the beginning's own."""
    protocol = PROTOCOLS[0]
    told = good(protocol, minutes_observing=30, latest=reading(protocol, "moaas", 5, age))
    assert ("missing:moaas" in codes("find_ready", told, protocol)) is of_before


def gathered(**changes: object) -> GuardFacts:
    told: dict[str, object] = {
        "state": State.ARRIVED, "now": T0, "protocol_adopted": True, "answers": {}, "newest": {}, "systolic": (),
        "open_high_alarms": (), "dose_ordered": True, "second_checked": True, "dose_given": False,
        "dose_ended_at": None, "answered": (), "observing_since": None, "escort_named": True, "escort_present": True,
    }  # fmt: skip
    return facts(**{**told, **changes})


class Answer(NamedTuple):
    item_id: str
    value: str
    at: datetime


class Taken:
    """A believed reading of one moment."""

    def __init__(self, at: datetime, value: float = 98.0) -> None:
        self.at, self.value, self.doubt, self.baseline = at, value, "", None


@pytest.mark.parametrize(("minutes", "before"), [(-1, True), (0, False), (1, False)])
def test_a_reading_of_the_moment_of_arrival_is_of_this_visit(minutes, before):
    newest = {"spo2": Taken(T0 - timedelta(minutes=10) + timedelta(minutes=minutes))}
    told = gathered(newest=newest, arrived_at=T0 - timedelta(minutes=10))
    assert told.latest["spo2"].before_arrival is before
    assert told.latest["spo2"].age_minutes == 10 - minutes


def test_a_reading_from_ahead_is_of_now():
    assert gathered(newest={"spo2": Taken(seconds(60))}).latest["spo2"].age_minutes == 0


@pytest.mark.parametrize(("minutes", "before"), [(-1, True), (0, False), (1, False)])
def test_an_answer_of_the_beginning_of_an_observation_is_of_it(minutes, before):
    told = [Answer("calm", "", T0 - timedelta(hours=1)), Answer("calm", "", T0 + timedelta(minutes=minutes))]
    assert (answered_before(told, T0) == {"calm"}) is before  # the newest of an item
    assert answered_before(told, None) == set()


@pytest.mark.parametrize(
    ("pressures", "rising"),
    [
        ((120, 121, 122), True), ((130, 120, 121, 122), True), ((120, 121, 121), False), ((120, 120, 121), False),
        ((121, 122), None),
    ],
)  # fmt: skip
def test_a_pressure_rises_only_where_each_is_above_the_one_before(pressures, rising):
    assert gathered(systolic=pressures).pressure_rising is rising


@pytest.mark.parametrize(("minutes", "stays"), [(-1, True), (0, True), (1, False)])
def test_a_signature_lasts_until_the_item_is_answered_again(minutes, stays):
    found = set_aside_before([(T0, {"check-failed:fasting"})], {"fasting": T0 + timedelta(minutes=minutes)})
    assert found == (frozenset({"check-failed:fasting"}) if stays else frozenset())


def test_the_newest_entry_into_observation_counts():
    entered = [(T0, State.OBSERVING), (seconds(60), State.READY_TO_LEAVE), (seconds(120), State.OBSERVING)]
    assert observing_since(entered) == seconds(120)


def test_a_signature_is_bound_to_the_numbers_that_were_read_and_to_nothing_that_passes():
    """The binding is kept, so that what was signed before an update is signed after it."""
    hold = GuardReason("hold", "", "prescriber", {"value": 170.0, "limit": 160.0, "age": 3})
    assert hold.key == "hold#32f4fe87444d"
    assert replace(hold, values={**hold.values, "age": 4}).key == hold.key
    assert replace(hold, values={**hold.values, "value": 171.0}).key != hold.key


@pytest.mark.parametrize(("field", "step"), [("open_high_alarms", "find_ready"), ("alarms_waiting", "start_dose")])
def test_of_several_alarms_the_first_is_named_and_all_are_counted(field, step):
    state = State.OBSERVING if step == "find_ready" else State.CHECKED
    for titles in (("Apnoea",), ("Apnoea", "Bradycardia"), ("Apnoea", "Bradycardia", "Silence")):
        found = guard(step, good(PROTOCOLS[0], state=state, **{field: titles}), PROTOCOLS[0])
        assert isinstance(found, StepRefusal)
        (said,) = found.reasons
        assert ("Apnoea" in str(said), "Silence" in str(said)) == (True, False)
        assert (str(len(titles)) in str(said)) is (len(titles) > 1)


def test_what_is_still_to_come_of_an_observation_is_said_in_whole_minutes():
    protocol = PROTOCOLS[0]
    found = guard(
        "find_ready", good(protocol, minutes_since_dose_end=protocol.number("min_observation") - 1.5), protocol
    )
    assert isinstance(found, StepRefusal)
    assert [each.values["left"] for each in found.reasons] == [2]


# --- what a person marked as failed ---


@each_protocol
@pytest.mark.parametrize("transition", ["complete_checks", "start_dose"])
def test_no_reading_speaks_for_an_item_that_a_person_marked_as_failed(protocol, transition):
    """Every item of the checklist, those that readings answer among them, with all readings there and good."""
    state = State.ARRIVED if transition == "complete_checks" else State.CHECKED
    for item in protocol.checklist:
        told = good(protocol, state=state, checks={**good(protocol).checks, item.id: "failed"})
        assert codes(transition, told, protocol) == {f"check-failed:{item.id}"}


@each_protocol
@pytest.mark.parametrize("transition", ["find_ready", "leave"])
def test_no_score_speaks_for_a_criterion_that_a_person_marked_as_failed(protocol, transition):
    state = State.OBSERVING if transition == "find_ready" else State.READY_TO_LEAVE
    for item in protocol.discharge:
        told = good(protocol, state=state, checks={**good(protocol).checks, item.id: "failed"})
        assert codes(transition, told, protocol) == {f"check-failed:{item.id}"}
        old = replace(told, from_before=frozenset({item.id}))
        assert codes(transition, old, protocol) == {f"check-missing:{item.id}"}


@each_protocol
def test_an_item_without_an_answer_is_measured_only_by_all_of_its_readings(protocol):
    measured = [each for each in protocol.checklist if each.vitals]
    for item in measured:
        checks = {name: each for name, each in good(protocol).checks.items() if name != item.id}
        whole = good(protocol, state=State.ARRIVED, checks=checks)
        assert codes("complete_checks", whole, protocol) == set()
        for code in item.vitals:
            for latest in (
                {name: each for name, each in whole.latest.items() if name != code},
                {**whole.latest, code: Latest(whole.latest[code].value, 1, before_arrival=True)},
            ):
                missing = f"check-missing:{item.id}"
                assert missing in codes("complete_checks", replace(whole, latest=latest), protocol)


def test_two_who_read_the_dose_differently_are_no_second_check():
    told = good(PROTOCOLS[0], state=State.CHECKED, entries_differ=True, second_checked=True)
    assert codes("start_dose", told, PROTOCOLS[0]) == {"entries-differ"}


# --- the road to a dose ---


def _plan(**changes: object) -> set[str]:
    plan = replace(road.SignedPlan("ketamine", "iv", planned=6, given=0), **changes)
    papers = road.Papers("ketamine", "iv", (), (), plan)
    return {each.code for each in road.against(papers, TODAY)}


@pytest.mark.parametrize(("given", "expected"), [(5, set()), (6, {"plan-used-up"}), (7, {"plan-used-up"})])
def test_a_plan_of_six_sessions_ends_with_the_sixth(given, expected):
    assert _plan(given=given) == expected


@pytest.mark.parametrize(("given", "expected"), [(2, set()), (3, {"plan-review"}), (4, {"plan-review"})])
def test_a_plan_is_reviewed_after_so_many_sessions(given, expected):
    assert _plan(given=given, review_after=3) == expected


@pytest.mark.parametrize(("days", "review", "ended"), [(-1, True, True), (0, False, True), (1, False, False)])
def test_a_plan_holds_on_the_day_of_its_review_and_not_on_that_of_its_end(days, review, ended):
    day = TODAY + timedelta(days=days)
    assert _plan(review_on=day) == ({"plan-review-day"} if review else set())
    assert _plan(ended_on=day) == ({"plan-ended"} if ended else set())


# --- alarms ---

LIMITS = [
    (rule, ready, level)
    for rule in BOOK.of_kind("alarm.threshold", "alarm.rise")
    for ready in alarms.prepare(rule, None)
    for level in ready.levels
]
BEYOND = {"gt": (False, False, True), "ge": (False, True, True), "lt": (True, False, False), "le": (True, True, False)}


@pytest.mark.parametrize(
    ("rule", "ready", "level"), LIMITS, ids=lambda each: getattr(each, "key", None) or getattr(each, "priority", "")
)
def test_a_limit_is_passed_as_its_comparison_says(rule, ready, level):
    """Without the time that it must last; a rise over a patient's own 100."""
    ready, before = replace(ready, sustained=timedelta(0)), 100.0
    limit = level.limit if ready.relative is None else before + ready.sign * level.limit
    for step, beyond in zip((-0.5, 0, 0.5), BEYOND[rule.fact("comparison")], strict=True):
        found = evaluate_alarm(ready, (Reading(T0, limit + step),), alarms.start(ready, T0), T0, before).state
        passed = found.open and found.priority is not None and found.priority.rank >= level.priority.rank
        assert passed is beyond, limit + step


LASTING = [
    (rule, alarms.prepare(rule, None)[0])
    for rule in BOOK.of_kind("alarm.threshold", "alarm.rise")
    if "sustained" in rule.parameters
]


@pytest.mark.parametrize(("rule", "ready"), LASTING, ids=lambda each: getattr(each, "key", ""))
@below_at_above
def test_an_alarm_that_must_last_is_raised_when_it_has(rule, ready, step):
    number = rule.parameters["sustained"]
    lasts = number.value * {"s": 1, "min": 60}[number.unit] + step
    value = ready.levels[0].limit if ready.relative is None else 100 + ready.sign * ready.levels[0].limit
    value += ready.sign
    begun = evaluate_alarm(ready, (Reading(T0, value),), alarms.start(ready, T0), T0, 100.0).state
    then = evaluate_alarm(ready, (Reading(seconds(lasts), value),), begun, seconds(lasts), 100.0).state
    assert (begun.phase, then.phase is Phase.RAISED) == (Phase.PENDING, step >= 0)


@pytest.mark.parametrize("priority", [each for each in Priority if each.value in BOOK.rule("escalation").parameters])
@below_at_above
def test_an_alarm_escalates_when_its_time_is_over(priority, step):
    rule = BOOK.rule("escalation")
    ready = replace(
        alarms.prepare(BOOK.rule("spo2.low"), rule)[0], levels=(alarms.Level(90.0, priority),), inclusive=False
    )
    raised = evaluate_alarm(ready, (Reading(T0, 80),), alarms.start(ready, T0), T0).state
    waited = evaluate_alarm(ready, (), raised, seconds(rule.number(priority.value) + step)).state
    assert (waited.phase is Phase.ESCALATED) is (step >= 0)


@pytest.mark.parametrize("rule", BOOK.of_kind("alarm.silence"), ids=lambda each: each.id)
@below_at_above
def test_a_signal_is_silent_when_its_time_is_over(rule, step):
    ready, number = alarms.prepare(rule, None)[0], rule.parameters["seconds"]
    waits = number.value * {"s": 1, "min": 60}[number.unit]
    quiet = evaluate_alarm(ready, (Reading(T0, 98),), alarms.start(ready, T0), T0).state
    assert evaluate_alarm(ready, (), quiet, seconds(waits + step)).state.open is (step >= 0)


@below_at_above
def test_a_sign_eases_an_alarm_while_it_is_no_older_than_is_said(step):
    rule = BOOK.rule("heart.no_pulse")
    ready = alarms.prepare(rule, None)[0]
    age = rule.number("eased_within") + step
    assert alarms.eased(ready, {"hr": Reading(T0, 60)}, seconds(age)) is (step <= 0)


SPO2 = alarms.prepare(BOOK.rule("spo2.low"), BOOK.rule("escalation"))[0]


def _seen(value: float) -> alarms.State:
    raised = evaluate_alarm(SPO2, (Reading(T0, value),), alarms.start(SPO2, T0), T0)
    found = acknowledge(SPO2, raised.state, "Nurse", seconds(10))
    assert isinstance(found, alarms.AlarmEvaluation)
    return found.state


@pytest.mark.parametrize("value", [91, 92, 93])
def test_an_equal_reading_after_an_acknowledgement_disturbs_nobody(value):
    """92 was seen (medium: below 94, not below 90): the same again, and one step on either side, is not news."""
    after = evaluate_alarm(SPO2, (Reading(seconds(20), value),), _seen(92), seconds(20))
    assert (after.state.phase, after.state.priority, after.happenings) == (Phase.ACKNOWLEDGED, Priority.MEDIUM, ())
    assert after.state.acknowledged_by == "Nurse"


def test_a_graver_reading_after_an_acknowledgement_calls_again():
    after = evaluate_alarm(SPO2, (Reading(seconds(20), 89),), _seen(92), seconds(20))
    assert (after.state.phase, after.event) == (Phase.RAISED, Event.PRIORITY_RAISED)


def test_a_second_fall_after_an_acknowledgement_is_heard():
    """Grave, seen, less grave, grave again: the second fall is news."""
    better = evaluate_alarm(SPO2, (Reading(seconds(20), 92),), _seen(85), seconds(20))
    assert (better.state.phase, better.event) == (Phase.ACKNOWLEDGED, Event.PRIORITY_LOWERED)
    again = evaluate_alarm(SPO2, (Reading(seconds(30), 85),), better.state, seconds(30))
    assert (again.state.phase, again.event) == (Phase.RAISED, Event.PRIORITY_RAISED)


@pytest.mark.parametrize(("after", "counts"), [(-1, False), (0, False), (1, True)])
def test_only_a_later_reading_clears(after, counts):
    raised = evaluate_alarm(SPO2, (Reading(T0, 85),), alarms.start(SPO2, T0), T0).state
    found = evaluate_alarm(SPO2, (Reading(seconds(after), 98),), raised, seconds(5)).state
    assert (found.phase is Phase.RECOVERED) is counts


# --- floors, plausible values, evidence, conditions ---


@pytest.mark.parametrize("rule", BOOK.of_kind("session.hard_floor"), ids=lambda each: each.id)
@below_at_above
def test_nobody_passes_a_floor_and_at_it_nobody_is_held(rule, step):
    for name, each in rule.open.items():
        limit = ((each.least or 0) + (each.most or 100)) / 2
        other = {
            one: (0.001 + (each.least or 0) if one == "at_least" else each.most) for one in rule.open if one != name
        }
        own = tighten(rule, {**other, name: limit})
        assert isinstance(own, Rule)
        code = str(rule.fact("vitals")[0])
        floors = {"floors": _floors(rule, own), "latest": {code: Latest(limit + step, 0)}}
        found = {each.code for each in against_floors(GuardFacts(State.CHECKED, **floors))}
        stops = step < 0 if name == "at_least" else step > 0
        assert (f"{'below' if name == 'at_least' else 'above'}-floor:{code}" in found) is stops


def _floors(rule: Rule, own: Rule) -> object:
    from sojourn.clinical.protocol import floors_of

    return floors_of([(rule, own)])


@pytest.mark.parametrize("rule", BOOK.of_kind("evidence"), ids=lambda each: each.id)
@below_at_above
def test_a_fact_exactly_as_old_as_its_limit_counts(rule, step):
    name = str(rule.fact("facts")[0])
    word = eligibility.VOCABULARY[name]
    value = {"yes_no": True, "number": word.low, "choice": next(iter(word.choices), "")}.get(word.kind, TODAY)
    told = TODAY - timedelta(days=int(rule.number("days")) + step)
    known = eligibility.known(eligibility.Fact(name, value, told, "clinician"))
    kept, _expired = eligibility.current(known, (eligibility.evidence.read(rule),), TODAY)
    assert (name in kept) is (step <= 0)


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("above", (False, False, True)),
        ("at_least", (False, True, True)),
        ("below", (True, False, False)),
        ("at_most", (True, True, False)),
    ],
)
def test_a_comparison_holds_as_its_word_says(relation, holds):
    number = {"p": Parameter("p", 140.0, "mm[Hg]", "lower", None, "convention", "")}
    for value, expected in zip((139, 140, 141), holds, strict=True):
        known = eligibility.known(eligibility.Fact("sbp", value, TODAY, "clinician"))
        found = conditions.evaluate_rules(conditions.Compares("sbp", relation, "p"), known, number, TODAY)
        assert found.holds is expected


@pytest.mark.parametrize(
    ("relation", "holds"), [("within_days", (True, True, False)), ("days_ago_at_least", (False, True, True))]
)
def test_a_day_is_counted_as_its_word_says(relation, holds):
    number = {"p": Parameter("p", 42.0, "d", "higher", None, "convention", "")}
    for days, expected in zip((41, 42, 43), holds, strict=True):
        told = eligibility.Fact("cv_event_on", TODAY - timedelta(days=days), TODAY, "clinician")
        condition = conditions.Compares("cv_event_on", relation, "p")
        assert conditions.evaluate_rules(condition, eligibility.known(told), number, TODAY).holds is expected


def test_a_good_session_passes():
    for protocol in PROTOCOLS:
        assert isinstance(guard("find_ready", good(protocol), protocol), Passed)
