"""What changed between two versions of a rule, part by part, for the person who decides whether to adopt the newer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.clinical.rules import Rule


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not the same. ``before`` or ``after`` is None where the part did not exist."""

    part: str  # "statement", "parameters.days.value", "fixed.grades.1.action" ...
    before: Any
    after: Any


def differences(old: Rule, new: Rule) -> tuple[Difference, ...]:
    """Every part in which two versions differ, in the order of a rule. Worked examples are not compared."""
    return tuple(_differ("", _parts(old), _parts(new)))


def _parts(rule: Rule) -> Mapping[str, Any]:
    return {
        "title": rule.title,
        "statement": rule.statement,
        "verification": rule.verification,
        "effective_from": rule.effective_from,
        "sources": rule.sources,
        "parameters": {
            name: {
                "value": each.value,
                "unit": each.unit,
                "tighten": each.tighten,
                "furthest": each.furthest,
                "verification": each.verification,
            }
            for name, each in rule.parameters.items()
        }
        | {
            name: {
                "unit": each.unit,
                "tighten": each.tighten,
                "least": each.least,
                "most": each.most,
                "verification": each.verification,
            }
            for name, each in rule.open.items()
        },
        "fixed": rule.fixed,
    }


def _differ(where: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differ(f"{where}.{key}" if where else str(key), old.get(key), new.get(key))
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True), 1):
            yield from _differ(f"{where}.{number}", before, after)
    else:
        yield Difference(where, old, new)
