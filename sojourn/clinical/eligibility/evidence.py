"""Evidence expires: for how many days a fact counts. Facts and rules in, what still counts and what no longer does out.

Only facts about now have such a rule; an aneurysm found ten years ago is found still. Facts carry days, so the
numbers are days. What has expired is asked again. It is never taken for "no", and what it found before it expired
stays found until somebody has looked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from sojourn.clinical.eligibility.facts import VOCABULARY, Fact, Facts
from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "evidence"


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """For how many days some facts count. ``adopted``: it acts in the clinic; otherwise it is only shown."""

    rule: Rule
    facts: tuple[str, ...]
    days: float
    adopted: bool

    @property
    def id(self) -> str:
        return self.rule.id


@dataclass(frozen=True, slots=True)
class Expired:
    """A fact that is too old to count, and the rule that says so. ``fact.on`` is the day it was told or measured."""

    fact: Fact
    limit_days: float
    rule_id: str
    version: int
    rule_hash: str
    title: str  # message ids
    statement: str

    @property
    def name(self) -> str:
        return self.fact.name

    @property
    def on(self) -> date:
        return self.fact.on

    @property
    def label(self) -> str:
        """What the fact is called (message id)."""
        return VOCABULARY[self.fact.name].label


def current(facts: Facts, rules: Iterable[EvidenceRule], today: date) -> tuple[Facts, tuple[Expired, ...]]:
    """The facts that still count on a day, and those that the adopted rules say are too old, in the order of the
    vocabulary. A fact exactly as old as its limit counts. Of several rules for one fact the strictest speaks.
    """
    gone = _too_old(facts, rules, today)
    kept = {name: fact for name, fact in facts.items() if name not in gone}
    return MappingProxyType(kept), tuple(gone[name] for name in VOCABULARY if name in gone)


def _expired(fact: Fact, rule: EvidenceRule) -> Expired:
    said = rule.rule
    return Expired(fact, rule.days, said.id, said.version, said.hash, said.title, said.statement)


# --- reading ---

_FIXED: Final = frozenset(("facts", "fact_base", "note"))


def _too_old(facts: Facts, rules: Iterable[EvidenceRule], today: date) -> dict[str, Expired]:
    gone: dict[str, Expired] = {}
    for rule in sorted((each for each in rules if each.adopted), key=lambda each: (each.days, each.id)):
        for name in rule.facts:
            fact = facts.get(name)
            if fact is not None and name not in gone and (today - fact.on).days > rule.days:
                gone[name] = _expired(fact, rule)
    return gone


def read(rule: Rule, *, adopted: bool = True) -> EvidenceRule:
    """An evidence rule from its data; raises RuleInvalid, naming what is wrong."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: a rule of kind {rule.kind} says nothing about how long evidence counts")
    if extra := sorted(set(rule.fixed) - _FIXED):
        raise RuleInvalid(f"{rule.id}: {', '.join(extra)} is not a part of an evidence rule")
    facts = tuple(str(each) for each in rule.fact("facts"))
    if not facts or any(each not in VOCABULARY for each in facts):
        raise RuleInvalid(f"{rule.id}: facts cannot be {list(facts)}")
    return EvidenceRule(rule=rule, facts=facts, days=_days(rule), adopted=adopted)


def _days(rule: Rule) -> float:
    if set(rule.parameters) != {"days"}:
        raise RuleInvalid(f"{rule.id}: an evidence rule has one number, days")
    days = rule.parameters["days"]
    if days.unit != "d" or days.value < 0:
        raise RuleInvalid(f"{rule.id}: days cannot be {days.value:g} {days.unit}")
    if days.tighten == "higher":
        raise RuleInvalid(f"{rule.id}: days would loosen the rule when it goes higher")
    return days.value
