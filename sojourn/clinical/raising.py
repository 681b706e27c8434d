"""What raises a flag beside words and a button, and how gravely: a judged fact, an answer at the chair, an answer in a
questionnaire. The table is a rule; here it is read and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "flag.raising"
SEVERITIES: Final = ("emergency", "urgent", "soon")  # from the gravest


@dataclass(frozen=True, slots=True)
class Raising:
    """The table of one rule. ``facts``: by name and value; ``checks``: by the item of a session that was answered
    against its going on; ``answers``: by scale and item, for every alarming answer else ``any_answer``."""

    facts: Mapping[str, Mapping[str, str]]
    checks: Mapping[str, str]
    answers: Mapping[tuple[str, str], str]
    any_answer: str

    def of_fact(self, name: str, value: object) -> str | None:
        """How grave a fact that a clinician judged is; None where it raises nothing."""
        return self.facts.get(name, {}).get(str(value))

    def of_check(self, item_id: str, *, passed: bool) -> str | None:
        """How grave an answer to an item of a session is; None where it raises nothing."""
        return None if passed else self.checks.get(item_id)

    def more(self, family: str, answers: Mapping[str, int | None]) -> tuple[str, ...]:
        """The items of a scale that raise a flag here by a yes (1 or more), whatever the scale itself names."""
        return tuple(name for name, value in answers.items() if value and (family, name) in self.answers)

    def of_answers(self, family: str, items: Sequence[str]) -> str | None:
        """How grave the alarming answers to some items of a scale are together; None where there are none."""
        found = [self.answers.get((family, each), self.any_answer) for each in items]
        return min(found, key=SEVERITIES.index) if found else None


def read(rule: Rule) -> Raising:
    """The table of a rule of this kind; raises RuleInvalid."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: {rule.kind} says nothing of what raises a flag")
    facts = {str(name): _graded(rule, table) for name, table in rule.fact("facts").items()}
    for name, table in facts.items():
        word = VOCABULARY.get(name)
        if word is None or set(table) - set(word.choices):
            raise RuleInvalid(f"{rule.id}: {name} cannot be {', '.join(table)}")
    answers = {
        (str(scale), str(item)): severity
        for scale, table in rule.fact("answers").items()
        for item, severity in _graded(rule, table).items()
    }
    any_answer = _graded(rule, {"any_answer": rule.fact("any_answer")})["any_answer"]
    return Raising(
        MappingProxyType(facts), MappingProxyType(_graded(rule, rule.fact("checks"))), MappingProxyType(answers),
        any_answer,
    )  # fmt: skip


def _graded(rule: Rule, table: Mapping[str, Any]) -> dict[str, str]:
    for name, severity in table.items():
        if severity not in SEVERITIES:
            raise RuleInvalid(f"{rule.id}: {name}: severity cannot be {severity!r}")
    return {str(name): str(severity) for name, severity in table.items()}
