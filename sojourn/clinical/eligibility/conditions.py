"""A small closed language for "when": any, all, not, and one comparison of one fact with a parameter of the rule.

    {all = [{fact = "cv_event", is = true}, {fact = "cv_event_on", within_days = "days"}]}

A number never stands in a condition: it is a named parameter of the rule, so that a clinic can tighten it. What
nobody has told makes a condition neither true nor false. Reading proves that each parameter, when it is tightened,
can only make the condition true for more people.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sojourn.clinical.eligibility.facts import VOCABULARY, Facts, Value
from sojourn.clinical.rules import Parameter, Rule, RuleInvalid, Tighten

# Which way a parameter must go for the comparison to hold more often.
WIDENS: Final[Mapping[str, Tighten]] = {
    "above": "lower",
    "at_least": "lower",
    "below": "higher",
    "at_most": "higher",
    "within_days": "higher",
    "days_ago_at_least": "lower",
}
_DAYS: Final = frozenset(("within_days", "days_ago_at_least"))


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Is:
    """The fact is one of these values."""

    fact: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Compares:
    """The fact stands in this relation to a parameter of the rule."""

    fact: str
    relation: str
    parameter: str


Condition = All | AnyOf | Not | Is | Compares


@dataclass(frozen=True, slots=True)
class Verdict:
    """True, false, or None for "cannot be told". ``because`` names the facts that decide it, ``missing`` the facts
    without which it stays open; both in the order of the condition."""

    holds: bool | None
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def judge(
    condition: Condition,
    facts: Facts,
    parameters: Mapping[str, Parameter],
    today: date,
    only_today: Container[str] = (),
) -> Verdict:
    """Whether a condition holds. Facts named in ``only_today`` count only if they were told today."""
    match condition:
        case All(parts):
            return _several(parts, facts, parameters, today, only_today, decides=False)
        case AnyOf(parts):
            return _several(parts, facts, parameters, today, only_today, decides=True)
        case Not(part):
            inner = judge(part, facts, parameters, today, only_today)
            return Verdict(None if inner.holds is None else not inner.holds, inner.because, inner.missing)
        case Is(name) | Compares(name):
            known = facts.get(name)
            if known is None or (name in only_today and known.on != today):
                return Verdict(None, missing=(name,))
            if isinstance(condition, Is):
                return Verdict(known.value in condition.values, because=(name,))
            limit = parameters[condition.parameter].value
            return Verdict(_relates(known.value, condition.relation, limit, today), because=(name,))


def _several(
    parts: tuple[Condition, ...],
    facts: Facts,
    parameters: Mapping[str, Parameter],
    today: date,
    only_today: Container[str],
    *,
    decides: bool,
) -> Verdict:
    """One part that is ``decides`` settles the whole; else one open part leaves it open."""
    found = [judge(each, facts, parameters, today, only_today) for each in parts]
    deciding = [each for each in found if each.holds is decides]
    if deciding:
        return Verdict(decides, because=_once(name for each in deciding for name in each.because))
    still_open = [each for each in found if each.holds is None]
    if still_open:
        return Verdict(None, missing=_once(name for each in still_open for name in each.missing))
    return Verdict(not decides, because=_once(name for each in found for name in each.because))


def _once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _relates(value: Value, relation: str, limit: float, today: date) -> bool:
    if isinstance(value, date):
        days = (today - value).days
        return days <= limit if relation == "within_days" else days >= limit
    number = float(value)
    match relation:
        case "above":
            return number > limit
        case "at_least":
            return number >= limit
        case "below":
            return number < limit
        case _:
            return number <= limit


def names(condition: Condition) -> tuple[str, ...]:
    """Every fact of a condition, once, in its order."""
    return _once(_names(condition))


def _names(condition: Condition) -> Iterator[str]:
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _names(part)
        case Not(part):
            yield from _names(part)
        case Is(name) | Compares(name):
            yield name


# --- reading ---


def read(rule: Rule, data: Any, *, widening: bool = True) -> Condition:
    """A condition from the plain data of a rule; raises RuleInvalid for a word, value or parameter that cannot be.

    ``widening``: whether the condition, when it holds, makes a finding (and so may only widen when a parameter is
    tightened) or takes one away.
    """
    if not isinstance(data, Mapping):
        raise RuleInvalid(f"{rule.id}: {data!r} is no condition")
    if set(data) == {"all"} or set(data) == {"any"}:
        ((key, parts),) = data.items()
        if not isinstance(parts, tuple | list) or not parts:
            raise RuleInvalid(f"{rule.id}: {key} needs a list of conditions")
        read_parts = tuple(read(rule, each, widening=widening) for each in parts)
        return All(read_parts) if key == "all" else AnyOf(read_parts)
    if set(data) == {"not"}:
        return Not(read(rule, data["not"], widening=not widening))
    return _leaf(rule, data, widening)


def _leaf(rule: Rule, data: Mapping[str, Any], widening: bool) -> Condition:
    name = data.get("fact")
    relation = next((key for key in data if key != "fact"), "")
    word = VOCABULARY.get(str(name))
    if word is None or len(data) != 2:
        raise RuleInvalid(f"{rule.id}: {dict(data)!r} is no condition")
    given = data[relation]
    if relation in ("is", "in"):
        values = tuple(given) if relation == "in" else (given,)
        if not values or word.kind not in ("yes_no", "choice") or any(word.fault(each) for each in values):
            raise RuleInvalid(f"{rule.id}: {word.name} cannot be {given!r}")
        return Is(word.name, values)
    if relation not in WIDENS:
        raise RuleInvalid(f"{rule.id}: {relation!r} is no comparison")
    if word.kind != ("day" if relation in _DAYS else "number"):
        raise RuleInvalid(f"{rule.id}: {word.name} cannot be compared by {relation}")
    parameter = rule.parameters.get(str(given))
    if parameter is None:
        raise RuleInvalid(f"{rule.id}: {given!r} is no parameter of the rule; numbers are never written in conditions")
    if parameter.unit != ("d" if relation in _DAYS else word.unit):
        raise RuleInvalid(f"{rule.id}: {parameter.name} is in {parameter.unit}, {word.name} in {word.unit or 'days'}")
    wanted: Tighten = WIDENS[relation] if widening else _OTHER[WIDENS[relation]]
    if parameter.tighten not in ("fixed", wanted):
        raise RuleInvalid(f"{rule.id}: {parameter.name} would loosen the rule when it goes {parameter.tighten}")
    return Compares(word.name, relation, parameter.name)


_OTHER: Final[Mapping[Tighten, Literal["lower", "higher"]]] = {"lower": "higher", "higher": "lower"}
