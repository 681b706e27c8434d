"""What the rules about a patient hold: eligibility and its evidence, interactions, signatures, dangers, places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical import eligibility, interactions, jurisdictions, raising
from sojourn.clinical.eligibility.assessment import STAGES
from sojourn.clinical.rule_kinds.kind import DRUG, FACT, ROUTE, SEVERE, Kind, Number, code_of_place, plain
from sojourn.clinical.rules import Rule
from sojourn.clinical.shapes import Shape, any_text, anything, by, day, flag, some, table, text, word

_LEVEL: Final = word(interactions.LEVELS)


_CLASSES: Final = by(text, some(text), least=0)


def _interaction(rule: Rule) -> Iterator[str]:
    routes, by_route = rule.fact("routes"), rule.fixed.get("severity_by_route", {})
    yield from (f"severity_by_route: {each} is no route of the rule" for each in by_route if each not in routes)
    for each in rule.examples:
        yield from _CLASSES(f"example {each.title!r}: groups", each.given.get("groups", {}))


_NEEDS: Final = some(word(eligibility.signature.NEEDS))
_FACT_BASE: Final = table(
    {"severity": text, "action": text, "verification": text}, {"id": text, "table": text}
)  # as the fact base says it, which knows other words
_KNOWN_SO: Final = {"drug", "stage", "facts", "days_ago", "told_days_ago", "stated"}
_FOUND_SO: Final = ("finding", "action", "because", "missing", "refused")


def _condition(place: str, value: Any) -> Iterator[str]:
    """What a condition is made of; its words and numbers are read by ``conditions.read``."""
    if not isinstance(value, Mapping):
        yield f"{place} must be a table"
        return
    for key, each in value.items():
        shape = _PARTS.get(key, anything)
        yield from shape(f"{place}.{key}", each)


_PARTS: Final[Mapping[str, Shape]] = {
    "all": some(_condition), "any": some(_condition), "not": _condition, "in": some(anything),
}  # fmt: skip


def _eligibility(rule: Rule) -> Iterator[str]:
    fact_base = rule.fact("fact_base")
    if ("id" in fact_base) == ("table" in fact_base):
        yield "fact_base names its row by id or by table"


_GRADE: Final = table({"severity": text, "action": text, "advice": text, "when": _condition})
_WANT: Final = table({"facts": some(FACT)}, {"when": _condition})


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        raising.KIND: Kind(
            plain(
                any_answer=SEVERE, facts=by(FACT, by(any_text, SEVERE)), checks=by(text, SEVERE),
                answers=by(text, by(text, SEVERE)),
            ),
            {}, ("fact", "value", "check", "passed", "scale", "items", "answered"), ("severity",), raising.read,
        ),
        eligibility.signature.KIND: Kind(
            plain(
                unknown=_NEEDS, not_checked=_NEEDS, by_action=by(text, _NEEDS), by_severity=by(text, _NEEDS),
                by_interaction=by(text, _NEEDS),
            ),
            {}, ("severity", "action", "adopted", "interaction", "unknown"), ("needs",), eligibility.signature.read,
        ),
        eligibility.KIND: Kind(
            table(
                {
                    "category": text, "drugs": some(DRUG), "stages": some(word(STAGES)),
                    "fact_base": _FACT_BASE, "grades": some(_GRADE),
                },
                {
                    "never_overridden": flag, "note": text, "moot": _condition, "asked_anyway": _condition,
                    "wants": some(_WANT), "only_where_known": flag, "of_the_day": some(FACT),
                },
            ),
            None, _KNOWN_SO, _FOUND_SO, eligibility.read, _eligibility, open=True,
        ),
        eligibility.evidence.KIND: Kind(
            table({"facts": some(FACT)}, {"fact_base": _FACT_BASE, "note": text}), {"days": Number(("d",), "lower")},
            ("facts", "told_days_ago"), ("expired",), eligibility.evidence.read,
        ),
        interactions.KIND: Kind(
            table(
                {
                    "class": text, "drugs": some(DRUG), "routes": some(ROUTE), "severity": _LEVEL,
                    "mechanism": text, "effect": text, "evidence": text, "action": text,
                    "fact_base": plain(agent=text, severity=text, verification=text),
                },
                {
                    "medicines": some(text), "groups": some(text), "except": some(text), "except_groups": some(text),
                    "severity_by_route": by(ROUTE, _LEVEL),
                },
            ),
            {}, ("medicines", "route", "written", "drug", "groups"), ("found", "severity", "not_checked"),
            interactions.read, _interaction,
        ),
        jurisdictions.KIND: Kind(
            table(
                {"code": code_of_place, "as_of": day, **dict.fromkeys(jurisdictions.TEXTS, text)},
                {"ends": some(plain(what=text, on=day)), "proposed": flag},
            ),
            {"review_after": Number(("d",), "lower")}, ("on",), ("stale",), jurisdictions.read,
        ),
    }
)  # fmt: skip
