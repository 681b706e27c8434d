"""A small closed language for "when": any, all, not, and one comparison of one fact with a parameter of the rule.

    {all = [{fact = "cv_event", is = true}, {fact = "cv_event_on", within_days = "days"}]}

A number never stands in a condition: it is a named parameter of the rule, so that a clinic can tighten it. What
nobody has told makes a condition neither true nor false. Reading proves that each parameter, when it is tightened,
can only make the condition true for more people.

A laboratory's value is compared with a multiple of that laboratory's own upper limit, which is a fact like the value:

    {fact = "alt", at_least_times = "times", of = "alt_uln"}

``{known = "alt"}`` asks whether a fact was told at all, ``{unstated = "egfr"}`` whether a number that ships without a
value is still unstated; both are true or false, never open.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from sojourn.clinical.eligibility.facts import VOCABULARY, Facts, Value, Word
from sojourn.clinical.rules import OpenNumber, Parameter, Rule, RuleInvalid, Tighten
from sojourn.clinical.units import exact

# Which way a parameter must go for the comparison to hold more often.
WIDENS: Final[Mapping[str, Tighten]] = {
    "above": "lower",
    "at_least": "lower",
    "below": "higher",
    "at_most": "higher",
    "within_days": "higher",
    "days_ago_at_least": "lower",
}
# Compared with a multiple of another fact.
TIMES: Final[Mapping[str, str]] = {"above_times": "above", "at_least_times": "at_least"}
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


@dataclass(frozen=True, slots=True)
class Multiple:
    """The fact stands in this relation ("above", "at_least") to so many times another fact of the same unit."""

    fact: str
    relation: str
    parameter: str
    of: str


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody has told the fact."""

    fact: str


@dataclass(frozen=True, slots=True)
class Unstated:
    """Nobody has stated this number of the rule, which ships without one."""

    parameter: str


Condition = All | AnyOf | Not | Is | Compares | Multiple | Known | Unstated


@dataclass(frozen=True, slots=True)
class Verdict:
    """True, false, or None for "cannot be told". ``because`` names the facts that decide it, ``missing`` the facts
    without which it stays open; both in the order of the condition."""

    holds: bool | None
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def evaluate_rules(
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
            inner = evaluate_rules(part, facts, parameters, today, only_today)
            return Verdict(None if inner.holds is None else not inner.holds, inner.because, inner.missing)
        case Is(name) | Compares(name):
            known = facts.get(name)
            if known is None or (name in only_today and known.on != today):
                return Verdict(None, missing=(name,))
            return Verdict(_of_value(condition, known.value, parameters, today), because=(name,))
        case _:
            return _of_what_is_told(condition, facts, parameters)


def _of_value(condition: Is | Compares, value: Value, parameters: Mapping[str, Parameter], today: date) -> bool | None:
    """Whether a fact that was told meets its condition; None while nobody has stated the number."""
    if isinstance(condition, Is):
        return value in condition.values
    number = parameters.get(condition.parameter)
    return None if number is None else _relates(value, condition.relation, number.value, today)


def _of_what_is_told(
    condition: Multiple | Known | Unstated, facts: Facts, parameters: Mapping[str, Parameter]
) -> Verdict:
    match condition:
        case Known(name):
            return Verdict(name in facts, because=(name,) if name in facts else ())
        case Unstated(parameter):
            return Verdict(parameter not in parameters)
        case Multiple():
            return _multiple(condition, facts, parameters)


def _multiple(condition: Multiple, facts: Facts, parameters: Mapping[str, Parameter]) -> Verdict:
    """Without the value nothing is asked about its limit; exactly, as the numbers are written."""
    name, of = condition.fact, condition.of
    if name not in facts or of not in facts:
        return Verdict(None, missing=(name if name not in facts else of,))
    number = parameters.get(condition.parameter)
    if number is None:
        return Verdict(None)
    limit = _figure(facts[of].value) * exact(number.value)
    return Verdict(_holds(condition.relation, _figure(facts[name].value), limit), because=(name, of))


def _figure(value: Value) -> Fraction:
    """A fact of kind "number", exactly as it is written."""
    assert not isinstance(value, str | date)
    return exact(float(value))


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
    found = [evaluate_rules(each, facts, parameters, today, only_today) for each in parts]
    deciding = [each for each in found if each.holds is decides]
    if deciding:
        return Verdict(decides, because=_because(deciding))
    still_open = [each for each in found if each.holds is None]
    if still_open:
        return Verdict(None, missing=_once(name for each in still_open for name in each.missing))
    return Verdict(not decides, because=_because(found))


def _because(found: list[Verdict]) -> tuple[str, ...]:
    return _once(name for each in found for name in each.because)


def _once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _relates(value: Value, relation: str, limit: float, today: date) -> bool:
    if isinstance(value, date):
        days = (today - value).days
        return days <= limit if relation == "within_days" else days >= limit
    return _holds(relation, float(value), limit)


def _holds(relation: str, number: float | Fraction, limit: float | Fraction) -> bool:
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
        case Is(name) | Compares(name) | Known(name):
            yield name
        case Multiple(name, of=of):
            yield from (name, of)
        case Unstated():
            return


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
        return _read_several(rule, key, parts, widening)
    if set(data) == {"not"}:
        return Not(read(rule, data["not"], widening=not widening))
    if set(data) == {"known"}:
        return Known(_word(rule, data["known"]).name)
    if set(data) == {"unstated"}:
        return Unstated(_shipped_without(rule, data["unstated"]))
    if "of" in data:
        return _multiple_of(rule, data, widening)
    return _leaf(rule, data, widening)


def _word(rule: Rule, name: object) -> Word:
    word = VOCABULARY.get(str(name))
    if word is None:
        raise RuleInvalid(f"{rule.id}: {name!r} is no fact")
    return word


def _shipped_without(rule: Rule, name: object) -> str:
    if str(name) not in {*rule.open, *rule.parameters}:
        raise RuleInvalid(f"{rule.id}: {name!r} is no number of the rule")
    return str(name)


def _multiple_of(rule: Rule, data: Mapping[str, Any], widening: bool) -> Multiple:
    relation = next((key for key in data if key in TIMES), "")
    if set(data) != {"fact", relation, "of"}:
        raise RuleInvalid(f"{rule.id}: {dict(data)!r} is no condition")
    word, of = _word(rule, data["fact"]), _word(rule, data["of"])
    if word.kind != "number" or (of.kind, of.unit) != (word.kind, word.unit):
        raise RuleInvalid(f"{rule.id}: {word.name} cannot be a multiple of {of.name}")
    number = _number(rule, data[relation], "1", TIMES[relation], widening)
    return Multiple(word.name, TIMES[relation], number.name, of.name)


def _number(rule: Rule, name: object, unit: str, relation: str, widening: bool) -> Parameter | OpenNumber:
    """The number of the rule that a condition names, in this unit, and such that tightening it widens the finding."""
    found = rule.parameters.get(str(name)) or rule.open.get(str(name))
    if found is None:
        raise RuleInvalid(f"{rule.id}: {name!r} is no parameter of the rule; numbers are never written in conditions")
    if found.unit != unit:
        raise RuleInvalid(f"{rule.id}: {found.name} is in {found.unit}, and is compared in {unit}")
    wanted: Tighten = WIDENS[relation] if widening else _OTHER[WIDENS[relation]]
    if found.tighten not in ("fixed", wanted):
        raise RuleInvalid(f"{rule.id}: {found.name} would loosen the rule when it goes {found.tighten}")
    return found


def _read_several(rule: Rule, key: str, parts: Any, widening: bool) -> Condition:
    if not isinstance(parts, tuple | list) or not parts:
        raise RuleInvalid(f"{rule.id}: {key} needs a list of conditions")
    read_parts = tuple(read(rule, each, widening=widening) for each in parts)
    return All(read_parts) if key == "all" else AnyOf(read_parts)


def _leaf(rule: Rule, data: Mapping[str, Any], widening: bool) -> Condition:
    name = data.get("fact")
    relation = next((key for key in data if key != "fact"), "")
    word = VOCABULARY.get(str(name))
    if word is None or len(data) != 2:
        raise RuleInvalid(f"{rule.id}: {dict(data)!r} is no condition")
    given = data[relation]
    if relation in ("is", "in"):
        return _is(rule, word, tuple(given) if relation == "in" else (given,), given)
    if relation not in WIDENS:
        raise RuleInvalid(f"{rule.id}: {relation!r} is no comparison")
    return _compares(rule, word, relation, given, widening)


def _compares(rule: Rule, word: Word, relation: str, given: Any, widening: bool) -> Compares:
    kind, unit = ("day", "d") if relation in _DAYS else ("number", word.unit)
    if word.kind != kind:
        raise RuleInvalid(f"{rule.id}: {word.name} cannot be compared by {relation}")
    return Compares(word.name, relation, _number(rule, given, unit, relation, widening).name)


def _is(rule: Rule, word: Word, values: tuple[Value, ...], given: object) -> Is:
    if not values or word.kind not in ("yes_no", "choice") or any(word.fault(each) for each in values):
        raise RuleInvalid(f"{rule.id}: {word.name} cannot be {given!r}")
    return Is(word.name, values)


_OTHER: Final[Mapping[Tighten, Literal["lower", "higher"]]] = {"lower": "higher", "higher": "lower"}
