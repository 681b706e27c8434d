"""A protocol: what is checked before, watched during and asked for after a session. A rule with structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from sojourn.clinical.eligibility.facts import VOCABULARY, Fact, Value
from sojourn.clinical.rules import MARKS, Rule, RuleInvalid, Verification, one_of
from sojourn.clinical.vitals import BREATHING, DIASTOLIC, PULSE, SYSTOLIC, VITALS

KIND: Final = "protocol"
Override = Literal["prescriber", "two", "never"]
_OF_ITEMS: Final[tuple[Override, ...]] = ("prescriber", "never")


@dataclass(frozen=True, slots=True)
class Answers:
    """The fact that an item's answer tells. None: that answer tells nothing (a tick never erases an allergy)."""

    fact: str
    passed: Value | None
    failed: Value | None

    def told(self, answer: str) -> Value | None:
        """The value that an answer ("passed", "failed") tells, or None."""
        return {"passed": self.passed, "failed": self.failed}.get(answer)


class Measured(NamedTuple):
    """The newest believed reading of a vital sign, in its own unit, the clinic's day on which it was taken, and when
    (seconds on any clock): of two sources the newer counts."""

    value: float
    on: date
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to check, before the dose or before leaving. ``vitals``: readings that answer it."""

    id: str
    label: str  # message id
    hint: str
    override: Override
    vitals: tuple[str, ...]
    source: str
    verification: Verification
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol read from its rule; the numbers stay in the rule, so that a clinic can tighten them."""

    rule: Rule
    route: str
    drug: str
    dose_minutes: int
    schedule: tuple[int, ...]  # minutes from the start of the dose
    continuous: tuple[str, ...]  # vital signs that should come all the time
    checklist: tuple[Item, ...]
    discharge: tuple[Item, ...]

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    def number(self, name: str) -> float:
        """A parameter of the protocol; raises RuleInvalid."""
        return self.rule.number(name)


REQUIRED: Final = (
    *("min_observation", "vitals_max_age", "hold_systolic", "hold_diastolic"),
    *("bp_within", "spo2_at_least", "moaas_at_least", "padss_at_least", "aldrete_at_least"),
)


def read(rule: Rule) -> Protocol:
    """The protocol that a rule of kind "protocol" describes; raises RuleInvalid."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no protocol")
    for name in REQUIRED:
        rule.number(name)
    schedule = _schedule(rule)
    continuous = tuple(str(each) for each in rule.fact("continuous"))
    items = tuple(_item(rule, each) for each in rule.fact("checklist"))
    discharge = tuple(_item(rule, each) for each in rule.fact("discharge"))
    if any(len({each.id for each in group}) != len(group) for group in (items, discharge)):
        raise RuleInvalid(f"{rule.id}: an item stands twice")
    asked = chain(continuous, *(each.vitals for each in (*items, *discharge)))
    if unknown := next((code for code in asked if code not in VITALS), None):
        raise RuleInvalid(f"{rule.id}: no vital sign {unknown}")
    return Protocol(
        rule=rule,
        route=str(rule.fact("route")),
        drug=str(rule.fact("drug")),
        dose_minutes=int(rule.fact("dose_minutes")),
        schedule=schedule,
        continuous=continuous,
        checklist=items,
        discharge=discharge,
    )


def _schedule(rule: Rule) -> tuple[int, ...]:
    schedule = tuple(int(each) for each in rule.fact("schedule"))
    if not schedule or list(schedule) != sorted(set(schedule)) or schedule[0] < 0:
        raise RuleInvalid(f"{rule.id}: the schedule must rise from 0 or later")
    return schedule


def _item(rule: Rule, table: Mapping[str, Any]) -> Item:
    try:
        identity, label, override = str(table["id"]), str(table["label"]), str(table["override"])
        source, mark = str(table["source"]), table["verification"]
    except KeyError as missing:
        raise RuleInvalid(f"{rule.id}: an item without {missing}") from None
    if override not in _OF_ITEMS or mark not in MARKS:
        raise RuleInvalid(f"{rule.id}: {identity}: override or verification is wrong")
    return Item(
        id=identity,
        label=label,
        hint=str(table.get("hint", "")),
        override=one_of(override, _OF_ITEMS),
        vitals=tuple(str(each) for each in table.get("vitals", ())),
        source=source,
        verification=mark,
        answers=_answers(rule, identity, table["answers"]) if "answers" in table else None,
    )


def _answers(rule: Rule, identity: str, table: Mapping[str, Any]) -> Answers:
    word = VOCABULARY.get(str(table.get("fact")))
    told = {key: value for key, value in table.items() if key != "fact"}
    if word is None or not told or set(told) - {"passed", "failed"}:
        raise RuleInvalid(f"{rule.id}: {identity}: answers cannot be {dict(table)!r}")
    if word.kind not in ("yes_no", "choice") or any(word.fault(each) for each in told.values()):
        raise RuleInvalid(f"{rule.id}: {identity}: {word.name} cannot be {told!r}")
    return Answers(word.name, told.get("passed"), told.get("failed"))


# --- what the checklist and the readings tell ---

# Which readings tell which fact; of readings of the same moment, the first named.
READ_AS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sbp": SYSTOLIC,
        "dbp": DIASTOLIC,
        "heart_rate": PULSE,
        "spo2": ("spo2",),
        "respiratory_rate": BREATHING,
        "etco2": ("etco2",),
        "moaas": ("moaas",),
        "temperature": ("temp",),
    }
)


def facts_of_the_day(
    protocol: Protocol, checks: Mapping[str, str], vitals: Mapping[str, Measured], today: date
) -> tuple[Fact, ...]:
    """What the checklist and the newest believed readings tell the rules, as a clinician's word.

    ``checks``: item id -> "passed" or "failed", answered in this session; such an answer is of ``today``, a reading
    is of its own day. An item that is not answered, or whose answer is bound to nothing, tells nothing. Raises
    ValueError for a reading that the vocabulary cannot hold (its bounds are wider than what counts as plausible).
    """
    told = [
        Fact(item.answers.fact, value, today, "clinician")
        for item in protocol.checklist
        if item.answers is not None and (value := item.answers.told(checks.get(item.id, ""))) is not None
    ]
    return (*told, *_readings(vitals))


def _readings(vitals: Mapping[str, Measured]) -> tuple[Fact, ...]:
    found: list[Fact] = []
    for name, codes in READ_AS.items():
        known = [vitals[code] for code in codes if code in vitals]
        if known:
            newest = max(known, key=lambda each: (each.on, each.at))
            if fault := VOCABULARY[name].fault(newest.value):
                raise ValueError(f"{name}: {newest.value!r} is {fault}")
            found.append(Fact(name, float(newest.value), newest.on, "clinician"))
    return tuple(found)
