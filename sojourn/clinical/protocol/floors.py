"""The hard floors of a clinic: values of the moment beyond which no dose goes in, whoever signs.

Anything short of them is a hold, which one prescriber passes with a signed reason. The floors ship without a number
(``Rule.open``): no source says where nobody may be judged by their own baseline any more, so a prescriber of each
clinic states it, and until then no dose is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.vitals import vital

HARD_FLOOR: Final = "session.hard_floor"


@dataclass(frozen=True, slots=True)
class HardFloor:
    """No dose below ``at_least`` or above ``at_most``, in the unit of the vital sign; None where that side has no
    limit. ``codes`` answer one question, the preferred first."""

    rule: Rule
    codes: tuple[str, ...]
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Floors:
    """The hard floors of a clinic: those that were stated, and the titles of those that nobody has, by vital sign."""

    stated: tuple[HardFloor, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What a source says of such a value, to be read by whoever states the number. It decides nothing."""

    says: str
    source: str


def read_floor(rule: Rule) -> HardFloor:
    """The floor of a rule whose numbers have been stated; raises RuleInvalid."""
    if rule.kind != HARD_FLOOR:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no {HARD_FLOOR}")
    if rule.open:
        raise RuleInvalid(f"{rule.id}: nobody has stated {', '.join(rule.open)}")
    codes = tuple(str(code) for code in rule.fact("vitals"))
    wanted = vital(codes[0]).unit.code
    if wrong := [each.name for each in rule.parameters.values() if each.unit != wanted]:
        raise RuleInvalid(f"{rule.id}: {', '.join(wrong)} is not in {wanted}")
    return HardFloor(rule, codes, rule.optional("at_least"), rule.optional("at_most"))


def floors_of(rules: Iterable[tuple[Rule, Rule | None]]) -> Floors:
    """The floors among some rules, each as released and as it acts in a clinic (None: it does not). Raises
    RuleInvalid."""
    own = [(released, acting) for released, acting in rules if released.kind == HARD_FLOOR]
    return Floors(
        tuple(read_floor(acting) for _released, acting in own if acting is not None),
        MappingProxyType({released.fact("vitals")[0]: released.title for released, acting in own if acting is None}),
    )


def known_of(rule: Rule) -> tuple[Known, ...]:
    """What sources say of the values that a rule without a number is about."""
    return tuple(Known(str(each["says"]), str(each["source"])) for each in rule.fixed.get("known", ()))
