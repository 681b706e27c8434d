"""The session's states, its guards with all their reasons, and its schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.protocol import (
    BY_NAME,
    FINAL,
    TRANSITIONS,
    UNDER_WAY,
    GuardFacts,
    GuardReason,
    Latest,
    Passed,
    State,
    StepRefusal,
    allowed,
    guard,
    next_check_due,
    road,
)
from sojourn.clinical.protocol.guards import GUARDS
from sojourn.foundation.rulebook import released_rulebook

IV = released_rulebook().protocol("iv_racemic_40min")
IN = released_rulebook().protocol("in_esketamine")
PASSED = {each.id: "passed" for each in (*IV.checklist, *IV.discharge)}
BASELINE = {"nibp_sys": 120.0, "nibp_dia": 80.0, "spo2": 98.0}
NOW = {
    "nibp_sys": Latest(124, 3),
    "nibp_dia": Latest(82, 3),
    "spo2": Latest(98, 0.1),
    "moaas": Latest(5, 2),
}
GOOD = GuardFacts(
    state=State.PLANNED,
    protocol_adopted=True,
    checks=PASSED,
    latest=NOW,
    baseline=BASELINE,
    dose_ordered=True,
    second_checked=True,
    dose_given=True,
    minutes_since_dose_end=80,
    padss=9,
    escort_named=True,
    escort_present=True,
    reason="asked to",
    minutes_since_appointment=15,
)


def codes(transition: str, facts: GuardFacts, protocol=IV, **kwargs) -> set[str]:
    found = guard(transition, facts, protocol, **kwargs)
    return {each.code for each in found.reasons} if isinstance(found, StepRefusal) else set()


def at(state: State, **changes: object) -> GuardFacts:
    return replace(GOOD, state=state, **changes)


def test_the_straight_way():
    state, way = State.PLANNED, ("arrive", "complete_checks", "start_dose", "end_dose", "find_ready", "leave")
    for name in way:
        found = guard(name, at(state), IV)
        assert isinstance(found, Passed), found
        state = found.target
    assert state is State.LEFT


@given(st.sampled_from(State), st.sampled_from(TRANSITIONS))
def test_a_step_is_refused_unless_the_table_has_it(state, transition):
    found = guard(transition.name, at(state), IV)
    if transition in allowed(state):
        assert not (isinstance(found, StepRefusal) and found.reasons[0].code == "wrong-state")
    else:
        assert isinstance(found, StepRefusal)
        assert [each.code for each in found.reasons] == ["wrong-state"]
        assert not found.overridable


def test_the_table_is_whole():
    assert {name for each in TRANSITIONS for name in each.guards} == set(GUARDS)
    assert len(BY_NAME) == len(TRANSITIONS)
    assert {state for state in State if not allowed(state)} == FINAL
    reached = {State.PLANNED}
    for _ in State:
        reached |= {each.target for each in TRANSITIONS if set(each.origins) & reached}
    assert reached == set(State)


def test_a_patient_who_had_a_dose_never_leaves_unobserved():
    to_left = {each.name for each in TRANSITIONS if each.target is State.LEFT}
    assert to_left == {"leave", "leave_without_dose"}
    stopped = at(State.STOPPED_EARLY, dose_given=True)
    assert codes("leave_without_dose", stopped) == {"dose-was-given"}
    assert not guard("leave_without_dose", stopped, IV).overridable
    assert isinstance(guard("observe_after_stop", stopped, IV), Passed)
    assert codes("observe_after_stop", replace(stopped, dose_given=False)) == {"no-dose-given"}


def test_all_reasons_come_at_once():
    bare = GuardFacts(state=State.ARRIVED)
    found = codes("complete_checks", bare)
    assert found == {
        "protocol-not-adopted",
        "baseline-missing:systolic",
        "baseline-missing:diastolic",
        *(f"check-missing:{each.id}" for each in IV.checklist),
    }


def test_a_measured_check_answers_itself():
    without = {name: answer for name, answer in PASSED.items() if name not in ("blood_pressure", "saturation")}
    assert codes("complete_checks", at(State.ARRIVED, checks=without)) == set()
    assert codes("complete_checks", at(State.ARRIVED, checks=without, latest={})) == {
        "check-missing:blood_pressure",
        "check-missing:saturation",
    }


def test_a_failed_check_names_itself_and_who_may_override():
    found = guard("complete_checks", at(State.ARRIVED, checks={**PASSED, "fasting": "failed", "consent": "failed"}), IV)
    assert isinstance(found, StepRefusal)
    assert {each.code: each.override for each in found.reasons} == {
        "check-failed:fasting": "prescriber",
        "check-failed:consent": "never",
    }
    assert not found.overridable
    assert str(found.reasons[0]).startswith("Did not pass: ")


@pytest.mark.parametrize(
    ("protocol", "value", "held"),
    # facts/vitals_thresholds.json: IV baseline hold above 160/100, esketamine above 140/90
    [(IV, 160, False), (IV, 161, True), (IN, 140, False), (IN, 141, True)],
)
def test_the_dose_waits_above_the_hold_limit(protocol, value, held):
    facts = at(State.CHECKED, latest={**NOW, "nibp_sys": Latest(value, 1)})
    assert codes("start_dose", facts, protocol) == ({"hold:systolic"} if held else set())


def test_a_prescriber_may_set_a_hold_aside_but_not_a_missing_dose_record():
    facts = at(State.CHECKED, latest={**NOW, "nibp_sys": Latest(170, 1)}, dose_ordered=False)
    everything = frozenset({"hold:systolic", "dose-not-recorded"})
    assert codes("start_dose", facts, overrides=everything) == {"dose-not-recorded"}
    found = guard("start_dose", replace(facts, dose_ordered=True), IV, everything)
    assert isinstance(found, Passed)
    assert [each.code for each in found.overridden] == ["hold:systolic"]


def test_old_or_missing_readings_are_no_readings():
    old = {**NOW, "nibp_sys": Latest(120, 15.5), "spo2": Latest(98, 16)}
    assert codes("start_dose", at(State.CHECKED, latest=old)) == {"vitals-old:nibp_sys", "vitals-old:spo2"}
    assert codes("start_dose", at(State.CHECKED, latest={})) == {"vitals-missing:nibp_sys", "vitals-missing:spo2"}


def test_an_arterial_line_answers_as_well_as_a_cuff():
    line = {"art_sys": Latest(122, 0), "art_dia": Latest(79, 0), "spo2": Latest(98, 0), "moaas": Latest(5, 0)}
    own = {"art_sys": 120.0, "art_dia": 80.0}
    assert codes("find_ready", at(State.OBSERVING, latest=line, baseline=own)) == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"minutes_since_dose_end": 79.9}, {"observation-too-short"}),
        ({"minutes_since_dose_end": None}, {"dose-end-unknown"}),
        ({"latest": {**NOW, "nibp_sys": Latest(145, 1)}}, {"bp-outside:systolic"}),
        ({"latest": {**NOW, "nibp_sys": Latest(144, 1)}}, set()),
        ({"latest": {**NOW, "nibp_dia": Latest(63, 1)}}, {"bp-outside:diastolic"}),
        ({"baseline": {}}, {"bp-unknown:systolic", "bp-unknown:diastolic"}),
        ({"pressure_rising": True}, {"bp-rising"}),
        ({"latest": {**NOW, "spo2": Latest(93, 1)}}, {"low:spo2"}),
        ({"latest": {**NOW, "spo2": Latest(92, 1)}, "baseline": {**BASELINE, "spo2": 92.0}}, {"low:spo2"}),
        ({"latest": {**NOW, "spo2": Latest(91, 1)}, "baseline": {**BASELINE, "spo2": 92.0}}, {"low:spo2"}),
        ({"latest": {**NOW, "moaas": Latest(4, 1)}}, {"low:moaas"}),
        ({"latest": {k: v for k, v in NOW.items() if k != "moaas"}}, {"missing:moaas"}),
        ({"padss": None}, {"score-missing:padss"}),
        ({"padss": 8}, {"score-too-low:padss"}),
        ({"padss": 8, "aldrete": 9}, {"score-too-low:padss"}),
        ({"padss": 9, "aldrete": 9}, set()),
        ({"padss": 9, "aldrete": 8}, {"score-too-low:aldrete"}),
        ({"padss": None, "aldrete": 8}, {"score-missing:padss", "score-too-low:aldrete"}),
        ({"checks": {**PASSED, "no_crisis": "failed"}}, {"check-failed:no_crisis"}),
        ({"checks": {**PASSED, "walks": None}}, {"check-missing:walks"}),
        ({"open_high_alarms": ("Breathing is slow",)}, {"high-alarm-open"}),
    ],
)
def test_ready_to_leave(changes, expected):
    assert codes("find_ready", at(State.OBSERVING, **changes)) == expected


def test_nobody_leaves_alone():
    assert codes("leave", at(State.READY_TO_LEAVE, escort_named=False)) == {"escort-not-named"}
    assert codes("leave", at(State.READY_TO_LEAVE, escort_present=False)) == {"escort-not-here"}


def test_ending_otherwise_wants_a_reason_and_the_hour():
    assert codes("stop_early", at(State.CHECKED, reason="  ")) == {"reason-missing"}
    assert codes("stop_early", at(State.DOSING, reason="")) == set()  # a running dose is stopped first, explained later
    assert codes("stop_early", at(State.PAUSED, reason="")) == set()
    assert codes("cancel", at(State.PLANNED, reason="")) == {"reason-missing"}
    assert codes("did_not_attend", at(State.PLANNED, minutes_since_appointment=-1)) == {"appointment-ahead"}


# ---------------------------------------------------------------- the road to a dose

NEVER, TWO, ONE = (GuardReason(f"r:{each}", "because", each) for each in ("never", "two", "prescriber"))
LETS_IN = ("start_dose", "resume", "raise_rate", "give_part")
LETS_LESS_IN = ("pause", "lower_rate", "stop_early", "say_no", "end_dose")
WORST = {
    "protocol_adopted": False, "checks": {}, "latest": {}, "baseline": {}, "open_high_alarms": ("Saturation is low",),
    "road": (NEVER,), "alarms_waiting": ("Saturation is low",), "dose_against": (NEVER,), "reason": "",
}  # fmt: skip


@pytest.mark.parametrize("name", LETS_IN)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"road": (NEVER,)}, "r:never"),
        ({"dose_against": (ONE,)}, "r:prescriber"),
        ({"alarms_waiting": ("Saturation is low",)}, "alarms-not-adopted"),
        ({"protocol_adopted": False}, "protocol-not-adopted"),
        ({"checks": {**PASSED, "identity": "failed"}}, "check-failed:identity"),
        ({"latest": {**NOW, "nibp_sys": Latest(161, 1)}}, "hold:systolic"),
        ({"latest": {**NOW, "spo2": Latest(98, 16)}}, "vitals-old:spo2"),
        ({"open_high_alarms": ("Saturation is low",)}, "high-alarm-open"),
        ({"baseline": {}}, "baseline-missing:systolic"),
    ],
)
def test_every_step_that_lets_milligrams_in_asks_everything_anew(name, changes, expected):
    assert expected in codes(name, at(BY_NAME[name].origins[0], **changes))
    assert codes(name, at(BY_NAME[name].origins[0])) == set()


@pytest.mark.parametrize("name", LETS_LESS_IN)
@pytest.mark.parametrize("state", UNDER_WAY)
def test_nothing_ever_refuses_less(name, state):
    if state in BY_NAME[name].origins:
        assert isinstance(guard(name, at(state, **WORST), IV), Passed)


def test_the_patient_may_say_no_from_the_arrival_to_the_last_milligram():
    for state in (State.ARRIVED, State.CHECKED, State.DOSING, State.PAUSED):
        assert isinstance(guard("say_no", at(state, **WORST), IV), Passed)


def test_arriving_asks_nothing():
    assert isinstance(guard("arrive", at(State.PLANNED, **WORST), IV), Passed)


def test_only_what_one_prescriber_may_pass_is_set_aside_here():
    facts = at(State.CHECKED, road=(NEVER, TWO, ONE))
    everything = frozenset(("r:never", "r:two", "r:prescriber"))
    assert codes("start_dose", facts, overrides=everything) == {"r:never", "r:two"}
    passed = guard("start_dose", replace(facts, road=(ONE,)), IV, frozenset(("r:prescriber",)))
    assert isinstance(passed, Passed)
    assert [each.code for each in passed.overridden] == ["r:prescriber"]


def test_of_two_voices_the_stricter_counts():
    """Where the checklist and a rule speak by one code and differ on who may pass it."""
    mild, strict = GuardReason("same", "because", "prescriber"), GuardReason("same", "because", "two")
    for order in ((mild, strict), (strict, mild)):
        found = guard("start_dose", at(State.CHECKED, road=order), IV, frozenset(("same",)))
        assert isinstance(found, StepRefusal)
        assert [each.override for each in found.reasons] == ["two"]


TODAY = date(2026, 11, 29)
PLAN = road.SignedPlan("ketamine", "iv", planned=6, given=2)
UNSIGNED = road.Agreement("treatment", "Treatment", "not signed")
WITHDRAWN = road.Agreement("treatment", "Treatment", "taken back", withdrawn=True)
PAPERS = road.Papers(
    "ketamine", "iv", decision=(), agreements=(road.Agreement("treatment", "Treatment", ""),), plan=PLAN
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"decision": ("No prescriber has decided.",)}, [("decision:0", "never")]),
        ({"agreements": (road.Agreement("treatment", "Treatment", "not signed"),)}, [("agreement:treatment", "never")]),
        (
            {"agreements": (road.Agreement("treatment", "Treatment", "x", withdrawn=True),)},
            [("consent-withdrawn:treatment", "never")],
        ),
        ({"plan": None}, [("plan-missing", "never")]),
        ({"plan": replace(PLAN, route="im")}, [("plan-other", "never")]),
        ({"plan": replace(PLAN, given=6)}, [("plan-used-up", "never")]),
        ({"plan": replace(PLAN, ended_on=TODAY)}, [("plan-ended", "never")]),
        ({"plan": replace(PLAN, review_after=2)}, [("plan-review", "prescriber")]),
        ({"plan": replace(PLAN, review_after=3)}, []),
        ({"plan": replace(PLAN, review_on=TODAY - timedelta(days=1))}, [("plan-review-day", "prescriber")]),
        ({"plan": replace(PLAN, review_on=TODAY)}, []),
    ],
)
def test_what_must_be_signed_before_a_dose(changes, expected):
    assert [(each.code, each.override) for each in road.against(replace(PAPERS, **changes), TODAY)] == expected


@given(st.sampled_from(TRANSITIONS), st.sampled_from([IV, IN]))
def test_every_reason_can_be_said(transition, protocol):
    found = guard(transition.name, GuardFacts(state=transition.origins[0]), protocol)
    if isinstance(found, StepRefusal):
        assert all(str(each) and "{" not in str(each) for each in found.reasons)


def test_an_unknown_step_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        guard("fly", GOOD, IV)


# --- the schedule ---

T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def due(done: list[float], now: float, schedule=(0, 10, 20, 30, 40, 60)):
    times = [T0 + timedelta(minutes=each) for each in done]
    found = next_check_due(schedule, T0, times, T0 + timedelta(minutes=now))
    next_minute = None if found.next is None else found.next.minute
    return next_minute, [each.minute for each in found.done], [each.minute for each in found.missed]


@pytest.mark.parametrize(
    ("done", "now", "expected"),
    [
        ([], -5, (0, [], [])),
        ([-3], 0, (10, [0], [])),  # the check before the dose is the check at 0
        ([0, 9], 9, (20, [0, 10], [])),
        ([0, 12], 12, (20, [0, 10], [])),
        ([0], 14.9, (10, [0], [])),
        ([0], 15, (20, [0], [10])),  # nearer to 20 than to 10
        ([0, 15], 15, (30, [0, 20], [10])),
        ([0, 10, 11, 12], 12, (20, [0, 10], [])),
        ([0, 10, 20, 30, 40], 500, (60, [0, 10, 20, 30, 40], [])),  # the last one stays due
        ([0, 10, 20, 30, 40, 61], 61, (None, [0, 10, 20, 30, 40, 60], [])),
        ([0, 30], 10, (10, [0], [])),  # what is later than now does not count
    ],
)
def test_next_check(done, now, expected):
    assert due(done, now) == expected


def test_how_late():
    found = next_check_due((0, 10), T0, [T0], T0 + timedelta(minutes=13))
    assert found.overdue_by == timedelta(minutes=3)
    early = next_check_due((0, 10), T0, [T0], T0 + timedelta(minutes=7))
    assert early.overdue_by == timedelta(0)


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=10, unique=True).map(sorted),
    st.lists(st.floats(-10, 250), max_size=12),
    st.floats(-10, 250),
    st.randoms(),
)
def test_every_point_is_done_missed_or_to_come(schedule, done, now, random):
    times = [T0 + timedelta(minutes=each) for each in done]
    moment = T0 + timedelta(minutes=now)
    found = next_check_due(schedule, T0, times, moment)
    random.shuffle(times)
    assert next_check_due(schedule, T0, times + times, moment) == found
    told = [each.minute for each in (*found.done, *found.missed)]
    assert len(set(told)) == len(told)
    rest = [each for each in schedule if each not in told]
    assert (found.next is None and not rest) or (found.next is not None and found.next.minute == rest[0])
    assert all(each.minute < rest[0] for each in found.missed) if rest else True


def test_every_reason_is_known_to_the_translators():
    from sojourn.clinical.protocol.guards import TEXTS
    from sojourn.foundation.rulebook.messages import messages

    told = messages()
    assert set(TEXTS.values()) <= set(told)
    assert {each.label for each in (*IV.checklist, *IN.discharge)} <= set(told)
    assert "" not in told
    worst = GuardFacts(state=State.OBSERVING, open_high_alarms=("Breathing is slow", "Sedation is deep"))
    found = guard("find_ready", worst, IV)
    assert isinstance(found, StepRefusal)
    for each in found.reasons:
        assert each.text in told
        assert all(value in told for value in each.values.values() if isinstance(value, str))
    alarm = next(each for each in found.reasons if each.code == "high-alarm-open")
    assert str(alarm) == "2 high-priority alarms are open, the first: Breathing is slow."


def test_a_systolic_alone_never_lifts_the_hold_of_the_last_diastolic():
    """A later line that brings no diastolic says nothing of it: 120 mmHg is above the hold of 100 (facts, IV)."""
    read = {**NOW, "nibp_dia": Latest(120, 9), "nibp_sys": Latest(150, 9), "art_sys": Latest(124, 1)}
    assert codes("start_dose", at(State.CHECKED, latest=read)) == {"hold:diastolic"}


def test_of_two_pressures_the_newest_holds_and_at_one_moment_the_cuff():
    def held(cuff: tuple[float, float], line: tuple[float, float]) -> set[str]:
        return codes(
            "start_dose", at(State.CHECKED, latest={**NOW, "nibp_sys": Latest(*cuff), "art_sys": Latest(*line)})
        )

    assert held((124, 3), (170, 1)) == {"hold:systolic"}
    assert held((170, 3), (124, 1)) == set()
    assert held((170, 1), (124, 1)) == {"hold:systolic"}
    assert held((124, 1), (170, 1)) == set()
