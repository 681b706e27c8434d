"""What each kind of rule holds: its entries, its numbers with their units, the words of its examples, and its laws.

``faults`` is asked of every rule file when it is read, so that a key which nobody knows, a number without sense and a
reference to nothing are refused by name and never passed over. A new kind is one entry of ``KINDS`` in the
module of its topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sojourn.clinical.rule_kinds import alarms, doses, patients, scores, sessions
from sojourn.clinical.rule_kinds.kind import Kind, Number
from sojourn.clinical.rules import OpenNumber, Parameter, Rule

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {**alarms.KINDS, **scores.KINDS, **patients.KINDS, **sessions.KINDS, **doses.KINDS}
)


def faults(rule: Rule) -> tuple[str, ...]:
    """All that is wrong with a rule of its kind; empty when it is sound."""
    kind = KINDS.get(rule.kind)
    if kind is None:
        return (f"{rule.kind} is no kind of rule",)
    found = [*kind.fixed("fixed", rule.fixed), *_of_numbers(kind, rule), *_of_examples(kind, rule)]
    if found:
        return tuple(found)
    try:
        kind.read(rule)
    except (ValueError, LookupError) as wrong:  # RuleInvalid, a unit, a vital sign that nobody knows
        return (str(wrong).removeprefix(f"{rule.id}: "),)
    return tuple(kind.laws(rule))


def _of_numbers(kind: Kind, rule: Rule) -> Iterator[str]:
    if not kind.open:
        yield from (f"{name}.value is missing" for name in rule.open)
    if kind.numbers is None:
        for found in rule.numbers:
            yield from Number((), least=0).out_of_sense(found)
        return
    known: dict[str, Parameter | OpenNumber] = {**rule.parameters, **rule.open}
    yield from (f"{name} is missing" for name, one in kind.numbers.items() if name not in known and not one.optional)
    for name, each in known.items():
        if name in kind.numbers:
            yield from kind.numbers[name].faults(each)
        else:
            yield f"{name} is no number of a rule of kind {rule.kind}"


def _of_examples(kind: Kind, rule: Rule) -> Iterator[str]:
    for each in rule.examples:
        if kind.given is not None:
            yield from (f"example {each.title!r}: given knows no {key}" for key in each.given if key not in kind.given)
        yield from (f"example {each.title!r}: nothing is called {key}" for key in each.expect if key not in kind.expect)
        if not each.expect:
            yield f"example {each.title!r}: nothing is expected"
