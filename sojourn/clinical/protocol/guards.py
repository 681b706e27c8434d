"""May this step be taken? Every guard answers with all of its reasons, never with the first one only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from sojourn.clinical.protocol.protocol import Override, Protocol
from sojourn.clinical.protocol.states import BY_NAME, State
from sojourn.clinical.recovery.pressure import outside
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC

CheckResult = Literal["passed", "failed"]


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest unflagged value of a vital sign and its age in minutes."""

    value: float
    age_minutes: float


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the guards may ask, gathered by the caller at one moment. None means: not recorded."""

    state: State
    protocol_adopted: bool = False
    checks: Mapping[str, CheckResult] = field(default_factory=dict)  # answered items, checklist and discharge
    latest: Mapping[str, Latest] = field(default_factory=dict)
    baseline: Mapping[str, float] = field(default_factory=dict)
    pressure_rising: bool | None = None
    open_high_alarms: tuple[str, ...] = ()  # titles, for the reason
    dose_ordered: bool = False  # drug, route, amount, lot and giver are recorded
    second_checked: bool = False
    dose_given: bool = False
    minutes_since_dose_end: float | None = None
    padss: int | None = None
    aldrete: int | None = None
    escort_named: bool = False
    escort_present: bool = False
    reason: str = ""
    minutes_since_appointment: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step may not be taken. ``text`` is a message id with {names} that ``values`` fill."""

    code: str
    text: str
    override: Override
    values: Mapping[str, str | float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.values)


@dataclass(frozen=True, slots=True)
class Passed:
    """The step may be taken; ``overridden`` are the reasons that a prescriber has set aside."""

    target: State
    overridden: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The step may not be taken. ``overridable`` is true when a prescriber could set every reason aside."""

    reasons: tuple[Reason, ...]

    @property
    def overridable(self) -> bool:
        """No reason stands that nobody may set aside."""
        return all(each.override == "prescriber" for each in self.reasons)


Guard = Callable[[Facts, Protocol], Iterator[Reason]]


def guard(
    transition: str, facts: Facts, protocol: Protocol, overrides: frozenset[str] = frozenset()
) -> Passed | Refused:
    """May ``transition`` be taken? ``overrides``: codes that a prescriber sets aside with a signed reason.

    An unknown transition raises KeyError: that is a fault of the program, not of the session.
    """
    step = BY_NAME[transition]
    if facts.state not in step.origins:
        return Refused(
            (
                Reason(
                    *("wrong-state", "This step does not follow from where the session is now.", "never"),
                    {"state": facts.state.value, "transition": transition},
                ),
            )
        )
    found: dict[str, Reason] = {}
    for name in step.guards:
        for reason in GUARDS[name](facts, protocol):
            found.setdefault(reason.code, reason)
    standing = tuple(each for each in found.values() if each.override == "never" or each.code not in overrides)
    if standing:
        return Refused(standing)
    return Passed(step.target, tuple(found.values()))


def _adopted(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.protocol_adopted and not protocol.rule.acts_without_adoption:
        text = "A prescriber of this clinic has not adopted the protocol yet."
        yield Reason("protocol-not-adopted", text, "never", {"protocol": protocol.id})


def _checklist(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    for item in protocol.checklist:
        answer = facts.checks.get(item.id)
        if answer is None and item.vitals and all(code in facts.latest for code in item.vitals):
            continue
        if answer is None:
            values = {"item": item.label}
            yield Reason(f"check-missing:{item.id}", "Not checked yet: {item}.", item.override, values)
        elif answer == "failed":
            values = {"item": item.label}
            yield Reason(f"check-failed:{item.id}", "Did not pass: {item}.", item.override, values)


def _newest(facts: Facts, codes: tuple[str, ...]) -> Latest | None:
    known = [facts.latest[code] for code in codes if code in facts.latest]
    return min(known, key=lambda each: each.age_minutes) if known else None


def _baseline(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    for codes, name in ((SYSTOLIC, "systolic"), (DIASTOLIC, "diastolic")):
        if not any(code in facts.baseline for code in codes):
            text = "The patient's own blood pressure before the dose is not recorded."
            yield Reason(f"baseline-missing:{name}", text, "never")


def _hold(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    for codes, name in ((SYSTOLIC, "systolic"), (DIASTOLIC, "diastolic")):
        newest, limit = _newest(facts, codes), protocol.number(f"hold_{name}")
        if newest is not None and newest.value > limit:
            yield Reason(
                f"hold:{name}",
                "The blood pressure is {value:g} mmHg; above {limit:g} mmHg the dose waits.",
                "prescriber",
                {"value": newest.value, "limit": limit},
            )


def _fresh_vitals(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    oldest_allowed = protocol.number("vitals_max_age")
    for codes, name in ((SYSTOLIC, "blood pressure"), (("spo2",), "oxygen saturation")):
        newest = _newest(facts, codes)
        if newest is None:
            yield Reason(f"vitals-missing:{codes[0]}", "There is no {vital} reading.", "never", {"vital": name})
        elif newest.age_minutes > oldest_allowed:
            yield Reason(
                f"vitals-old:{codes[0]}",
                "The last {vital} reading is {age:.0f} minutes old; it may be {limit:g}.",
                "prescriber",
                {"vital": name, "age": newest.age_minutes, "limit": oldest_allowed},
            )


def _no_high_alarm(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if facts.open_high_alarms:
        yield Reason(
            "high-alarm-open",
            "A high-priority alarm is open: {alarms}.",
            "prescriber",
            {"alarms": ", ".join(facts.open_high_alarms)},
        )


def _dose_ordered(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.dose_ordered:
        yield Reason("dose-not-recorded", "Drug, route, amount and lot are not all recorded.", "never")


def _second_check(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.second_checked:
        text = "A second person has not checked the dose."
        yield Reason("second-check-missing", text, "prescriber")


def _dose_given(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.dose_given:
        yield Reason("no-dose-given", "No dose is recorded as given.", "never")


def _no_dose_given(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if facts.dose_given:
        text = "A dose was given: the patient is observed before leaving."
        yield Reason("dose-was-given", text, "never")


def _observed_long_enough(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    since, wanted = facts.minutes_since_dose_end, protocol.number("min_observation")
    if since is None:
        yield Reason("dose-end-unknown", "The end of the dose is not recorded.", "never")
    elif since < wanted:
        yield Reason(
            "observation-too-short",
            "{left:.0f} of {wanted:g} minutes of observation are still to come.",
            "prescriber",
            {"left": wanted - since, "wanted": wanted},
        )


def _discharge(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    yield from _discharge_readings(facts, protocol)
    for item in protocol.discharge:
        answer = facts.checks.get(item.id)
        if answer != "passed":
            code = "check-failed" if answer == "failed" else "check-missing"
            text = "Did not pass: {item}." if answer == "failed" else "Not checked yet: {item}."
            yield Reason(f"{code}:{item.id}", text, item.override, {"item": item.label})
    padss, aldrete = protocol.number("padss_at_least"), protocol.number("aldrete_at_least")
    if facts.padss is None and facts.aldrete is None:
        yield Reason("score-missing", "Neither PADSS nor Aldrete has been scored.", "prescriber")
    elif (facts.padss or 0) < padss and (facts.aldrete or 0) < aldrete:
        yield Reason(
            "score-too-low",
            "PADSS has not reached {padss:g}, nor Aldrete {aldrete:g}.",
            "prescriber",
            {"padss": padss, "aldrete": aldrete},
        )


def _discharge_readings(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    within = protocol.number("bp_within")
    for codes, name in ((SYSTOLIC, "systolic"), (DIASTOLIC, "diastolic")):
        pairs = [
            (facts.latest[code].age_minutes, facts.baseline[code], facts.latest[code].value)
            for code in codes
            if code in facts.latest and code in facts.baseline
        ]
        if not pairs:
            text = "The {name} pressure cannot be compared with the time before the dose."
            yield Reason(f"bp-unknown:{name}", text, "prescriber", {"name": name})
            continue
        _, before, now = min(pairs)
        if outside(before, now, within):
            yield Reason(
                f"bp-outside:{name}",
                "The {name} pressure is {now:g}, more than {within:g} % from {before:g} before the dose.",
                "prescriber",
                {"name": name, "now": now, "before": before, "within": within},
            )
    if facts.pressure_rising:
        yield Reason("bp-rising", "The blood pressure is still rising.", "prescriber")
    for code, parameter, name in (
        ("spo2", "spo2_at_least", "Oxygen saturation"),
        ("moaas", "moaas_at_least", "MOAA/S"),
    ):
        limit = protocol.number(parameter)
        known = facts.latest.get(code)
        if known is None:
            yield Reason(f"missing:{code}", "{name} is not recorded.", "never", {"name": name})
        elif code == "spo2" and facts.baseline.get("spo2", limit) < limit:
            if known.value < facts.baseline["spo2"]:  # "94 % on air or baseline"
                yield _low(code, name, known.value, facts.baseline["spo2"])
        elif known.value < limit:
            yield _low(code, name, known.value, limit)


def _low(code: str, name: str, value: float, limit: float) -> Reason:
    return Reason(
        f"low:{code}",
        "{name} is {value:g}; it must be at least {limit:g}.",
        "prescriber",
        {"name": name, "value": value, "limit": limit},
    )


def _escort(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.escort_named:
        yield Reason("escort-not-named", "No responsible adult is named to take the patient home.", "prescriber")
    elif not facts.escort_present:
        yield Reason("escort-not-here", "The responsible adult has not come yet.", "prescriber")


def _reason(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if not facts.reason.strip():
        yield Reason("reason-missing", "Say why.", "never")


def _appointment_passed(facts: Facts, protocol: Protocol) -> Iterator[Reason]:
    if facts.minutes_since_appointment is None or facts.minutes_since_appointment < 0:
        yield Reason("appointment-ahead", "The time of the appointment has not come yet.", "never")


GUARDS: Final[Mapping[str, Guard]] = MappingProxyType(
    {
        "adopted": _adopted,
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
