"""May this step be taken? Every guard answers with all of its reasons, never with the first one only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from types import MappingProxyType
from typing import Final, Literal

from sojourn.clinical.current import SignalReading, current_vital
from sojourn.clinical.protocol.floors import Floors, HardFloor
from sojourn.clinical.protocol.protocol import Item, Override, Protocol
from sojourn.clinical.protocol.states import BY_NAME, UNDER_WAY, State
from sojourn.clinical.recovery.counting import ALDRETE, PADSS, SCALES, Totals
from sojourn.clinical.recovery.leaving import NOTHING_ADOPTED, Leaving, lowest_saturation
from sojourn.clinical.recovery.pressure import outside
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, pressure_parts, vital

CheckResult = Literal["passed", "failed"]

# What grows with every minute and changes nothing about what is signed for.
PASSING: Final = frozenset(("age", "left"))


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest unflagged value of a vital sign, its age in minutes, and whether it was measured before the patient
    arrived: then it answers no item of the checklist."""

    value: float
    age_minutes: float
    before_arrival: bool = False


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """All that the guards may ask, gathered by the caller at one moment. None means: not recorded."""

    state: State
    protocol_adopted: bool = False
    checks: Mapping[str, CheckResult] = field(default_factory=dict)  # answered items, checklist and discharge
    latest: Mapping[str, Latest] = field(default_factory=dict)
    baseline: Mapping[str, float] = field(default_factory=dict)
    pressure_rising: bool | None = None
    open_high_alarms: tuple[str, ...] = ()  # titles, for the reason
    road: tuple[GuardReason, ...] = ()  # what stands against any dose today: see road.py
    alarms_waiting: tuple[str, ...] = ()  # titles of alarm rules about which nobody has decided
    floors: Floors = field(default_factory=Floors)  # what nobody passes
    dose_against: tuple[GuardReason, ...] = ()  # what the dosing rules say against this dose
    set_aside_before: frozenset[str] = frozenset()  # signed earlier in this session, and nothing has changed since
    dose_ordered: bool = False  # drug, route, amount, lot and giver are recorded
    second_checked: bool = False
    entries_differ: bool = False  # two people read the dose differently, and two have not agreed since
    dose_given: bool = False
    minutes_since_dose_end: float | None = None
    minutes_observing: float | None = None  # since the present observation began
    from_before: frozenset[str] = frozenset()  # items that were answered before it: they say nothing about now
    padss: int | None = None  # of the present observation, as the two below
    aldrete: int | None = None
    aldrete_before_padss: int | None = None  # see recovery.Totals
    leaving: Leaving = NOTHING_ADOPTED
    escort_named: bool = False
    escort_present: bool = False
    reason: str = ""
    minutes_since_appointment: float | None = None

    @property
    def scores(self) -> Totals:
        """The scores that count."""
        return Totals(self.padss, self.aldrete, self.aldrete_before_padss)


@dataclass(frozen=True, slots=True)
class GuardReason:
    """Why a step may not be taken. ``text`` is a message id with {names} that ``values`` fill.

    Values that are words are message ids themselves.
    """

    code: str
    text: str
    override: Override
    values: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What a signature that sets it aside is bound to: the code with the numbers that were read. A reason with
        other numbers is another."""
        read = sorted((name, str(value)) for name, value in self.values.items() if name not in PASSING)
        return f"{self.code}#{hashlib.sha256(repr(read).encode()).hexdigest()[:12]}"

    def __str__(self) -> str:
        return self.text.format(**self.values)


@dataclass(frozen=True, slots=True)
class Passed:
    """The step may be taken; ``overridden`` are the reasons that a prescriber has set aside."""

    target: State
    overridden: tuple[GuardReason, ...] = ()


@dataclass(frozen=True, slots=True)
class StepRefusal:
    """The step may not be taken. ``overridable`` is true when a prescriber could set every reason aside."""

    reasons: tuple[GuardReason, ...]

    @property
    def overridable(self) -> bool:
        """No reason stands that a prescriber alone could not set aside."""
        return all(each.override == "prescriber" for each in self.reasons)


# From the strictest: nobody, two prescribers by their signatures on the page of candidacy, one prescriber here.
STRICTNESS: Final[tuple[Override, ...]] = ("never", "two", "prescriber")

Guard = Callable[[GuardFacts, Protocol], Iterator[GuardReason]]


def guard(
    transition: str, facts: GuardFacts, protocol: Protocol, overrides: frozenset[str] = frozenset()
) -> Passed | StepRefusal:
    """May ``transition`` be taken? ``overrides``: keys (``Reason.key``) that a prescriber sets aside with a signed
    reason; a bare code sets its reason aside whatever its numbers.

    An unknown transition raises KeyError: that is a fault of the program, not of the session.
    """
    step = BY_NAME[transition]
    if facts.state not in step.origins:
        return StepRefusal((_because("wrong-state", "never", state=facts.state.value, transition=transition),))
    found: dict[str, GuardReason] = {}
    for name in step.guards:
        for reason in GUARDS[name](facts, protocol):
            known = found.get(reason.code)
            if known is None or STRICTNESS.index(reason.override) < STRICTNESS.index(known.override):
                found[reason.code] = reason
    signed = overrides | facts.set_aside_before
    standing = tuple(
        each for each in found.values() if each.override != "prescriber" or signed.isdisjoint((each.code, each.key))
    )
    if standing:
        return StepRefusal(standing)
    return Passed(step.target, tuple(found.values()))


# Every reason in words, by the part of its code before the colon; message ids for the translators.
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wrong-state": "This step does not follow from where the session is now.",
        "protocol-not-adopted": "A prescriber of this clinic has not adopted the protocol yet.",
        "check-missing": "Not checked yet: {item}.",
        "check-failed": "Did not pass: {item}.",
        "baseline-missing": "The patient's own blood pressure before the dose is not recorded.",
        "hold": "The blood pressure is {value:g} mmHg; above {limit:g} mmHg the dose waits.",
        "vitals-missing": "There is no reading: {vital}.",
        "vitals-old": "The last reading is {age:.0f} minutes old and may be {limit:g}: {vital}.",
        "high-alarm-open": "A high-priority alarm is open: {alarm}.",
        "high-alarms-open": "{count} high-priority alarms are open, the first: {alarm}.",
        "dose-not-recorded": "Drug, route, amount and lot are not all recorded.",
        "second-check-missing": "A second person has not checked the dose.",
        "entries-differ": "Two people read this dose differently. Two people must read it again, and agree.",
        "no-dose-given": "No dose is recorded as given.",
        "dose-was-given": "A dose was given: the patient is observed before leaving.",
        "dose-end-unknown": "The end of the dose is not recorded.",
        "observation-too-short": "{left:.0f} of {wanted:g} minutes of observation are still to come.",
        "score-missing": "Not scored in this observation: {score}.",
        "score-too-low": "{score} is {value:g} and must be at least {limit:g}.",
        "aldrete-first": "Aldrete has to reach {limit:g} before PADSS is scored.",
        "bp-unknown": "The pressure cannot be compared with the time before the dose: {vital}.",
        "bp-outside": "{vital}: now {now:g}, before the dose {before:g}; more than {within:g} % apart.",
        "bp-rising": "The blood pressure is still rising.",
        "missing": "Not recorded: {vital}.",
        "missing-now": "Not recorded in this observation: {vital}.",
        "low": "{vital} is {value:g} and must be at least {limit:g}.",
        "low-before": (
            "{vital} is {value:g}, and was {before:g} before the dose. Below {limit:g} a prescriber decides, because "
            "nobody has adopted how low it may be for leaving."
        ),
        "escort-not-named": "No responsible adult is named to take the patient home.",
        "escort-not-here": "The responsible adult has not arrived yet.",
        "reason-missing": "Say why.",
        "alarms-not-adopted": "No prescriber has decided about the alarm: {alarm}.",
        "alarms-not-adopted-yet": "No prescriber has decided about {count} alarms, the first: {alarm}.",
        "floor-not-stated": "No prescriber has stated the limit that nobody passes: {floor}.",
        "below-floor": "{vital} is {value:g} {unit}. Below {limit:g} this clinic gives no dose, whoever signs.",
        "above-floor": "{vital} is {value:g} {unit}. Above {limit:g} this clinic gives no dose, whoever signs.",
        "appointment-ahead": "It is not yet time for the appointment.",
    }
)


def _because(code: str, override: Override, **values: str | float) -> GuardReason:
    return GuardReason(code, TEXTS[code.partition(":")[0]], override, values)


def _name(code: str) -> str:
    return vital(code).label


def _adopted(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if not facts.protocol_adopted and not protocol.rule.acts_without_adoption:
        yield _because("protocol-not-adopted", "never", protocol=protocol.id)


def _checklist(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    for item in protocol.checklist:
        answer = facts.checks.get(item.id)
        if answer is None and item.vitals and _measured_together(facts, item.vitals):
            continue
        if answer != "passed":
            yield _unanswered(item, answer)


def _measured_together(facts: GuardFacts, codes: tuple[str, ...]) -> bool:
    """Whether all of an item was measured here; a pressure in one measurement."""
    found = [facts.latest.get(code) for code in codes]
    ages = {each.age_minutes for each in found if each is not None}
    return all(_measured_here(each) for each in found) and (len(ages) == 1 or not pressure_parts(codes))


def _measured_here(latest: Latest | None) -> bool:
    return latest is not None and not latest.before_arrival


def _unanswered(item: Item, answer: CheckResult | None) -> GuardReason:
    stem = "check-missing" if answer is None else "check-failed"
    return _because(f"{stem}:{item.id}", item.override, item=item.label)


def _shown(facts: GuardFacts, codes: tuple[str, ...]) -> str | None:
    """The code that answers a question now.

    Each half of a pressure is asked by itself: a systolic alone, however new, never lifts the hold of the
    last diastolic.
    """
    known = [SignalReading(code, each.value, -60 * each.age_minutes) for code, each in facts.latest.items()]
    shown = current_vital([(code,) for code in codes], known, 0, lambda code: inf)
    return shown.code if shown else None


_PRESSURES: Final = (("systolic", SYSTOLIC), ("diastolic", DIASTOLIC))


def _baseline(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    for name, codes in _PRESSURES:
        if not any(code in facts.baseline for code in codes):
            yield _because(f"baseline-missing:{name}", "never")


def _hold(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    for name, codes in _PRESSURES:
        shown, limit = _shown(facts, codes), protocol.number(f"hold_{name}")
        if shown is not None and facts.latest[shown].value > limit:
            yield _because(f"hold:{name}", "prescriber", value=facts.latest[shown].value, limit=limit)


def _fresh_vitals(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    limit = protocol.number("vitals_max_age")
    for codes in (SYSTOLIC, ("spo2",)):
        shown, name = _shown(facts, codes), _name(codes[0])
        if shown is None:
            yield _because(f"vitals-missing:{codes[0]}", "never", vital=name)
        elif (age := facts.latest[shown].age_minutes) > limit:
            yield _because(f"vitals-old:{codes[0]}", "prescriber", vital=name, age=ceil(age), limit=limit)


def _no_high_alarm(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    open_now = facts.open_high_alarms
    if open_now:
        text = TEXTS["high-alarm-open" if len(open_now) == 1 else "high-alarms-open"]
        values: dict[str, str | float] = {"alarm": open_now[0], "count": len(open_now)}
        yield GuardReason("high-alarm-open", text, "prescriber", values)


def _road(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    yield from facts.road


def _alarms(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    waiting = facts.alarms_waiting
    if waiting:
        text = TEXTS["alarms-not-adopted" if len(waiting) == 1 else "alarms-not-adopted-yet"]
        yield GuardReason("alarms-not-adopted", text, "never", {"alarm": waiting[0], "count": len(waiting)})


def _floors(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    yield from against_floors(facts)


def against_floors(facts: GuardFacts) -> Iterator[GuardReason]:
    """What nobody passes. Where there is no reading the guard of fresh vitals speaks."""
    for code, title in facts.floors.waiting.items():
        yield _because(f"floor-not-stated:{code}", "never", floor=title)
    for floor in facts.floors.stated:
        shown = _shown(facts, floor.codes)
        if shown is not None:
            yield from _beyond(floor, facts.latest[shown].value)


def _beyond(floor: HardFloor, value: float) -> Iterator[GuardReason]:
    sign = vital(floor.codes[0])
    said: dict[str, str | float] = {"vital": sign.label, "value": value, "unit": sign.unit.display}
    if floor.at_least is not None and value < floor.at_least:
        yield _because(f"below-floor:{sign.code}", "never", **said, limit=floor.at_least)
    if floor.at_most is not None and value > floor.at_most:
        yield _because(f"above-floor:{sign.code}", "never", **said, limit=floor.at_most)


def _dose(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    yield from facts.dose_against


def _dose_ordered(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if not facts.dose_ordered and not facts.entries_differ:
        yield _because("dose-not-recorded", "never")


def _second_check(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if facts.entries_differ:
        yield _because("entries-differ", "never")
    elif not facts.second_checked:
        yield _because("second-check-missing", "prescriber")


def _dose_given(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if not facts.dose_given:
        yield _because("no-dose-given", "never")


def _no_dose_given(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if facts.dose_given:
        yield _because("dose-was-given", "never")


def _observed_long_enough(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    since, wanted = facts.minutes_since_dose_end, protocol.number("min_observation")
    if since is None:
        yield _because("dose-end-unknown", "never")
    elif since < wanted:
        yield _because("observation-too-short", "prescriber", left=ceil(wanted - since), wanted=wanted)


def _discharge(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    yield from _discharge_pressures(facts, protocol)
    yield from _discharge_saturation(facts, protocol)
    yield from _discharge_alertness(facts, protocol)
    for item in protocol.discharge:
        answer = None if item.id in facts.from_before else facts.checks.get(item.id)
        if answer != "passed":
            yield _unanswered(item, answer)
    yield from _discharge_scores(facts, protocol)


SCORE_NAMES: Final[Mapping[str, str]] = MappingProxyType({ALDRETE: "Aldrete score", PADSS: "PADSS"})


def _discharge_scores(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    limits = {name: protocol.number(f"{name}_at_least") for name in SCALES}
    yield from against_scores(facts.scores, facts.leaving, limits)


def against_scores(totals: Totals, leaving: Leaving, limits: Mapping[str, float]) -> Iterator[GuardReason]:
    """Every score that is recorded reaches its threshold; PADSS always is, and Aldrete where the clinic asks for it
    first. No score makes up for another."""
    recorded = {ALDRETE: totals.aldrete, PADSS: totals.padss}
    needed = (ALDRETE, PADSS) if leaving.aldrete_first else (PADSS,)
    for name, total in recorded.items():
        limit, named = limits[name], SCORE_NAMES[name]
        if total is not None and total < limit:
            yield _because(f"score-too-low:{name}", "prescriber", score=named, value=total, limit=limit)
        elif total is None and name in needed:
            yield _because(f"score-missing:{name}", "prescriber", score=named)
    if leaving.aldrete_first and None not in recorded.values():
        yield from _out_of_order(totals.aldrete_before_padss, limits[ALDRETE])


def _out_of_order(first: int | None, limit: float) -> Iterator[GuardReason]:
    if first is None or first < limit:
        yield _because("aldrete-first", "prescriber", limit=limit)


def _comparable(facts: GuardFacts, codes: tuple[str, ...], max_age: float) -> str | None:
    """The pressure that can be compared with the time before the dose. An old one does not stand in for a newer one
    that was measured in another way and has no like of before."""
    own = _shown(facts, tuple(code for code in codes if facts.baseline.get(code, 0) > 0))
    if own is None or (facts.latest[own].age_minutes > max_age and _shown(facts, codes) != own):
        return None
    return own


def _discharge_pressures(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    within = protocol.number("bp_within")
    for name, codes in _PRESSURES:
        shown = _comparable(facts, codes, protocol.number("vitals_max_age"))
        if shown is None:
            yield _because(f"bp-unknown:{name}", "prescriber", vital=_name(codes[0]))
            continue
        before, now = facts.baseline[shown], facts.latest[shown].value
        if outside(before, now, within):
            yield _because(
                f"bp-outside:{name}", "prescriber", vital=_name(codes[0]), now=now, before=before, within=within
            )
    if facts.pressure_rising:
        yield _because("bp-rising", "prescriber")


def _discharge_saturation(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    """At the protocol's number, or at the patient's own of before the dose, down to the floor that a prescriber has
    adopted. Without that floor their own excuses nothing by itself: a prescriber signs."""
    code, limit, known = "spo2", protocol.number("spo2_at_least"), facts.latest.get("spo2")
    before, floor = facts.baseline.get(code), facts.leaving.saturation_floor
    if known is None:
        yield _because(f"missing:{code}", "never", vital=_name(code))
        return
    values: dict[str, str | float] = {"vital": _name(code), "value": known.value}
    if known.value >= lowest_saturation(limit, before, floor):
        return
    if floor is None and before is not None and before <= known.value:
        text = TEXTS["low-before"]
        yield GuardReason(f"low:{code}", text, "prescriber", {**values, "before": before, "limit": limit})
    else:
        yield _because(f"low:{code}", "prescriber", **values, limit=lowest_saturation(limit, before, floor))


# A clock is typed without seconds: a reading of the minute in which the dose ended is of the observation.
_A_MINUTE: Final = 1.0


def _discharge_alertness(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    """MOAA/S of the present observation: how awake somebody was before or during the dose says nothing about now."""
    code, known, since = "moaas", facts.latest.get("moaas"), facts.minutes_observing
    limit = protocol.number("moaas_at_least")
    if known is None:
        yield _because(f"missing:{code}", "never", vital=_name(code))
    elif since is not None and known.age_minutes > since + _A_MINUTE:
        yield GuardReason(f"missing:{code}", TEXTS["missing-now"], "never", {"vital": _name(code)})
    elif known.value < limit:
        yield _because(f"low:{code}", "prescriber", vital=_name(code), value=known.value, limit=limit)


def _escort(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if not facts.escort_named:
        yield _because("escort-not-named", "prescriber")
    elif not facts.escort_present:
        yield _because("escort-not-here", "prescriber")


def _reason(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if not facts.reason.strip():
        yield _because("reason-missing", "never")


def _reason_unless_dosing(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    """Who stops a running dose stops it now; why can be written afterwards."""
    if facts.state not in UNDER_WAY:
        yield from _reason(facts, protocol)


def _appointment_passed(facts: GuardFacts, protocol: Protocol) -> Iterator[GuardReason]:
    if facts.minutes_since_appointment is None or facts.minutes_since_appointment < 0:
        yield _because("appointment-ahead", "never")


GUARDS: Final[Mapping[str, Guard]] = MappingProxyType(
    {
        "adopted": _adopted,
        "road": _road,
        "alarms": _alarms,
        "floors": _floors,
        "dose": _dose,
        "reason_unless_dosing": _reason_unless_dosing,
        "checklist": _checklist,
        "baseline": _baseline,
        "hold": _hold,
        "fresh_vitals": _fresh_vitals,
        "no_high_alarm": _no_high_alarm,
        "dose_ordered": _dose_ordered,
        "second_check": _second_check,
        "dose_given": _dose_given,
        "no_dose_given": _no_dose_given,
        "observed_long_enough": _observed_long_enough,
        "discharge": _discharge,
        "escort": _escort,
        "reason": _reason,
        "appointment_passed": _appointment_passed,
    }
)
