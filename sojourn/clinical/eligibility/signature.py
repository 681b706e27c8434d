"""What an acceptance must say of each thing that it is given in spite of: the table is a rule, read and asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args

from sojourn.clinical.eligibility.assessment import ACTIONS, SEVERITIES, Action, Finding, Severity
from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "candidacy.signature"
Need = Literal[
    "reason",  # the prescriber's own, in words
    "clearance",  # a specialist's answer: who, when, which document
    "seen",  # somebody who can act has seen the person since: who, when
]
NEEDS: Final[tuple[Need, ...]] = get_args(Need)
_LEVELS: Final = ("major", "moderate", "minor", "unknown", "none")
W = TypeVar("W", bound=str)


@dataclass(frozen=True, slots=True)
class Signature:
    """The table of one rule."""

    by_action: Mapping[Action, tuple[Need, ...]]
    by_severity: Mapping[Severity, tuple[Need, ...]]
    by_interaction: Mapping[str, tuple[Need, ...]]
    unknown: tuple[Need, ...]
    not_checked: tuple[Need, ...]

    def of(self, finding: Finding) -> tuple[Need, ...]:
        """What an acceptance needs of a finding. What nobody has adopted has no effect; a block that two prescribers
        have set aside has its reason there."""
        if not finding.adopted:
            return ()
        wanted = {*self.by_action.get(finding.action, ()), *self.by_severity.get(finding.severity, ())}
        if finding.blocks:
            wanted.discard("reason")
        return tuple(each for each in NEEDS if each in wanted)

    def of_interaction(self, level: str, *, adopted: bool) -> tuple[Need, ...]:
        """What an acceptance needs of an interaction of a level."""
        return self.by_interaction.get(level, ()) if adopted else ()


def read(rule: Rule) -> Signature:
    """The table of a rule of this kind; raises RuleInvalid."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: {rule.kind} says nothing of a signature")
    return Signature(
        by_action=_table(rule, "by_action", ACTIONS),
        by_severity=_table(rule, "by_severity", SEVERITIES),
        by_interaction=_table(rule, "by_interaction", _LEVELS),
        unknown=_needs(rule, rule.fact("unknown")),
        not_checked=_needs(rule, rule.fact("not_checked")),
    )


def _table(rule: Rule, name: str, known: tuple[W, ...]) -> Mapping[W, tuple[Need, ...]]:
    table = rule.fact(name)
    if odd := sorted(set(table) - set(known)):
        raise RuleInvalid(f"{rule.id}: {name} knows no {', '.join(odd)}")
    return MappingProxyType({each: _needs(rule, table[each]) for each in known if each in table})


def _needs(rule: Rule, data: Any) -> tuple[Need, ...]:
    if any(each not in NEEDS for each in data):
        raise RuleInvalid(f"{rule.id}: a signature cannot ask for {list(data)}")
    return tuple(each for each in NEEDS if each in set(data))
