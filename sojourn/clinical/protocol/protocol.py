"""A protocol: what is checked before, watched during and asked for after a session. A rule with structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from sojourn.clinical.rules import MARKS, Rule, RuleInvalid, Verification
from sojourn.clinical.vitals import VITALS

KIND: Final = "protocol"
Override = Literal["prescriber", "two", "never"]


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
    schedule = tuple(int(each) for each in rule.fact("schedule"))
    if not schedule or list(schedule) != sorted(set(schedule)) or schedule[0] < 0:
        raise RuleInvalid(f"{rule.id}: the schedule must rise from 0 or later")
    continuous = tuple(str(each) for each in rule.fact("continuous"))
    items = tuple(_item(rule, each) for each in rule.fact("checklist"))
    discharge = tuple(_item(rule, each) for each in rule.fact("discharge"))
    for group in (items, discharge):
        if len({each.id for each in group}) != len(group):
            raise RuleInvalid(f"{rule.id}: an item stands twice")
    for code in (*continuous, *(code for each in (*items, *discharge) for code in each.vitals)):
        if code not in VITALS:
            raise RuleInvalid(f"{rule.id}: no vital sign {code}")
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


def _item(rule: Rule, table: Mapping[str, Any]) -> Item:
    try:
        identity, label, override = str(table["id"]), str(table["label"]), str(table["override"])
        source, mark = str(table["source"]), table["verification"]
    except KeyError as missing:
        raise RuleInvalid(f"{rule.id}: an item without {missing}") from None
    if override not in ("prescriber", "never") or mark not in MARKS:
        raise RuleInvalid(f"{rule.id}: {identity}: override or verification is wrong")
    return Item(
        id=identity,
        label=label,
        hint=str(table.get("hint", "")),
        override=cast(Override, override),
        vitals=tuple(str(each) for each in table.get("vitals", ())),
        source=source,
        verification=mark,
    )
