"""What a rule is: a clinical statement with its numbers, its sources and how far it has been checked.

A rule is data. It acts by itself only when somebody has read it in a source; every other mark waits until
a prescriber of the clinic adopts it. A clinic may change a number only towards caution, never away from it;
each parameter says which way that is.

Where no source gives a number that could stand for everybody, the rule ships without one (``Rule.open``): whoever
adopts it states the number, and until then nothing acts and nothing can be read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args

Verification = Literal["verified", "second-hand", "derived", "convention", "recalled"]
Tighten = Literal["lower", "higher", "fixed"]

Table = Mapping[str, Any]  # as a file holds it
# From the firmest to the weakest: a rule is worth no more than its weakest number.
MARKS: Final[tuple[Verification, ...]] = get_args(Verification)
# What decides how much goes into a body is always a prescriber's decision, also where the number was read in a source.
_ALWAYS_ADOPTED: Final = frozenset({"dose.ceiling"})
# What nobody has read anywhere: whoever adopts it types it, so that no number acts that nobody looked at.
_TYPED: Final[frozenset[Verification]] = frozenset(("convention", "recalled"))
_DIRECTIONS: Final[tuple[Tighten, ...]] = get_args(Tighten)
_EXACT: Final = 2**53  # below it every whole number is a float

W = TypeVar("W", bound=str)


class RuleInvalid(ValueError):
    """A rule file says something that cannot be a rule; the message names the rule and what is wrong."""


def weakest(marks: Sequence[Verification]) -> Verification:
    """The weakest of some marks."""
    return max(marks, key=MARKS.index)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a rule. ``tighten`` says which way is stricter; ``furthest`` how far a clinic may go."""

    name: str
    value: float
    unit: str  # UCUM
    tighten: Tighten
    furthest: float | None
    verification: Verification
    label: str

    def loosened_by(self, value: float) -> str | None:
        """Why a clinic may not set this value, or None if it may."""
        if not isfinite(value) or value < 0 <= self.value:
            return f"{self.name}: {value} is no number that this can be"
        if value == self.value:
            return None
        if self.tighten == "fixed":
            return f"{self.name}: {self.value:g} {self.unit} cannot be changed"
        stricter = value < self.value if self.tighten == "lower" else value > self.value
        if not stricter:
            return f"{self.name}: may only be {self.tighten} than {self.value:g} {self.unit}, not {value:g}"
        if self.furthest is not None:
            past = value < self.furthest if self.tighten == "lower" else value > self.furthest
            if past:
                return f"{self.name}: {value:g} goes beyond {self.furthest:g} {self.unit}"
        return None


@dataclass(frozen=True, slots=True)
class OpenNumber:
    """A number that ships without a value: whoever adopts the rule states it. ``tighten`` says which way is stricter
    afterwards; ``least`` and ``most`` bound what can be stated, None where nothing honest can be said."""

    name: str
    unit: str  # UCUM
    tighten: Tighten
    least: float | None
    most: float | None
    verification: Verification
    label: str

    def refused(self, value: float) -> str | None:
        """Why this value may not be stated, or None if it may. Nothing is no limit: it would count as stated, and stop
        nobody."""
        if not isfinite(value) or value == 0:
            return f"{self.name}: {value:g} is no number that this can be"
        if self.least is not None and value < self.least:
            return f"{self.name}: {value:g} is below {self.least:g} {self.unit}"
        if self.most is not None and value > self.most:
            return f"{self.name}: {value:g} is above {self.most:g} {self.unit}"
        return None

    def stated(self, value: float) -> Parameter:
        """The number as somebody has stated it."""
        furthest = self.least if self.tighten == "lower" else self.most
        return Parameter(self.name, float(value), self.unit, self.tighten, furthest, self.verification, self.label)


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what goes in and what must come out, in the words of the rule's kind."""

    title: str
    given: Table
    expect: Table


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. ``hash`` is of the released content; tightening does not change it. ``open`` are the
    numbers that nobody has stated yet: once stated they are parameters like any other."""

    id: str
    version: int
    kind: str
    title: str
    statement: str
    sources: tuple[str, ...]
    verification: Verification
    effective_from: date
    parameters: Mapping[str, Parameter]
    fixed: Table
    examples: tuple[Example, ...]
    hash: str
    tightened: bool = False
    open: Mapping[str, OpenNumber] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def acts_without_adoption(self) -> bool:
        """True only for what has been read in a source, is no ceiling and has its numbers; everything else a
        prescriber must adopt."""
        return self.verification == "verified" and self.kind not in _ALWAYS_ADOPTED and not self.open

    @property
    def loosened_by_two(self) -> bool:
        """Of a rule as released: what a clinic has adopted of it is loosened again only by two prescribers. A ceiling,
        and what has no default, so that nobody's own number is undone by one."""
        return self.kind in _ALWAYS_ADOPTED or bool(self.open)

    @property
    def numbers(self) -> tuple[Parameter | OpenNumber, ...]:
        """Every number, those last that nobody has stated."""
        return (*self.parameters.values(), *self.open.values())

    @property
    def typed(self) -> tuple[Parameter | OpenNumber, ...]:
        """Of a rule as released: the numbers that whoever adopts it types one by one."""
        return tuple(each for each in self.numbers if each.name in self.open or each.verification in _TYPED)

    def number(self, name: str) -> float:
        """The value of a parameter that this kind of rule must have; raises RuleInvalid."""
        try:
            return self.parameters[name].value
        except KeyError:
            raise RuleInvalid(f"{self.id}: parameter {name} is missing") from None

    def optional(self, name: str) -> float | None:
        """The value of a parameter, or None where the rule has none."""
        found = self.parameters.get(name)
        return None if found is None else found.value

    def fact(self, name: str) -> Any:
        """A fixed entry that this kind of rule must have; raises RuleInvalid."""
        try:
            return self.fixed[name]
        except KeyError:
            raise RuleInvalid(f"{self.id}: {name} is missing") from None


@dataclass(frozen=True, slots=True)
class Loosened:
    """A change was refused; every reason at once."""

    rule_id: str
    reasons: tuple[str, ...]


def tighten(rule: Rule, changes: Mapping[str, float]) -> Rule | Loosened:
    """The rule with a clinic's own numbers, or why not. Nothing is ever loosened or half applied.

    A number without a value is stated here; one that is not stays open, and the rule cannot act.
    """
    reasons: list[str] = []
    parameters, still_open = dict(rule.parameters), dict(rule.open)
    for name, value in sorted(changes.items()):
        if (why := _not_set(rule, name, value)) is not None:
            reasons.append(why)
        elif (unstated := still_open.pop(name, None)) is not None:
            parameters[name] = unstated.stated(value)
        else:
            parameters[name] = replace(rule.parameters[name], value=float(value))
    if reasons:
        return Loosened(rule.id, tuple(reasons))
    tightened = any(parameters[name].value != each.value for name, each in rule.parameters.items())
    if not tightened and len(still_open) == len(rule.open):
        return rule
    return replace(
        rule, parameters=MappingProxyType(parameters), open=MappingProxyType(still_open), tightened=tightened
    )


def _not_set(rule: Rule, name: str, value: object) -> str | None:
    """Why a clinic may not set this number of a rule to this value, or None if it may."""
    known = rule.parameters.get(name) or rule.open.get(name)
    if known is None:
        return f"{name}: {rule.id} has no such parameter"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name}: {value!r} is no number"
    return known.loosened_by(value) if isinstance(known, Parameter) else known.refused(value)


def loosens(was: Rule, wanted: Rule) -> bool:
    """Whether a rule would allow anything that the same rule with other numbers did not, number by number. What cannot
    be compared counts as loosened."""
    if was.fixed != wanted.fixed or set(was.parameters) != set(wanted.parameters):
        return True
    return any(
        each.value < was.parameters[name].value if each.tighten == "higher" else each.value > was.parameters[name].value
        for name, each in wanted.parameters.items()
    )


# --- reading a rule from plain data (a parsed TOML table) ---

_RULE_KEYS: Final = frozenset(
    (
        *("id", "version", "kind", "title", "statement", "sources", "verification", "effective_from"),
        *("parameters", "fixed", "examples"),
    )
)
_WITHIN: Final[Mapping[str, type]] = MappingProxyType({"parameters": dict, "fixed": dict, "examples": list})
_EXAMPLE_KEYS: Final = frozenset(("title", "given", "expect"))
_PARAMETER_KEYS: Final = frozenset(("value", "unit", "tighten", "furthest", "verification", "label"))
_OPEN_KEYS: Final = frozenset(("least", "most", "unit", "tighten", "verification", "label"))


def _plain(value: object) -> object:
    """TOML values as JSON has them, for a hash that no spelling of the file can change."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < _EXACT else value
    return value


def content_hash(data: Table) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no spaces, numbers as floats) of a rule's content."""
    plain = _plain(data)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def one_of(word: object, known: Sequence[W]) -> W:
    """A word as one of those that are known; raises RuleInvalid."""
    for each in known:
        if each == word:
            return each
    raise RuleInvalid(f"{word} is none of {', '.join(known)}")


def frozen(value: Any) -> Any:
    """The same data, read-only all the way down."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(each) for key, each in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    return value


def parse_rule(data: Table) -> Rule:
    """One rule from a table; raises RuleInvalid with all that is wrong."""
    if not isinstance(data, Mapping):
        raise RuleInvalid(f"{data!r} is no rule")
    identity = data.get("id", "?")
    wrong = [*_faults(data), *_endless(data)]
    if wrong:
        raise RuleInvalid(f"{identity}: " + "; ".join(wrong))
    mark = one_of(data["verification"], MARKS)
    parameters, unstated = _numbers(data, mark)
    marks = [*(each.verification for each in parameters.values()), *(each.verification for each in unstated.values())]
    low = weakest([mark, *marks])
    if low != mark:
        raise RuleInvalid(f"{identity}: marked {mark}, but a parameter is only {low}")
    return Rule(
        id=str(data["id"]),
        version=int(data["version"]),
        kind=str(data["kind"]),
        title=str(data["title"]),
        statement=str(data["statement"]),
        sources=tuple(str(each) for each in data["sources"]),
        verification=mark,
        effective_from=data["effective_from"],
        parameters=MappingProxyType(parameters),
        open=MappingProxyType(unstated),
        fixed=frozen(data.get("fixed", {})),
        examples=tuple(
            Example(str(each["title"]), frozen(each.get("given", {})), frozen(each["expect"]))
            for each in data.get("examples", [])
        ),
        hash=content_hash(data),
    )


def _numbers(data: Table, mark: Verification) -> tuple[dict[str, Parameter], dict[str, OpenNumber]]:
    """The numbers of a rule: with a value, and those that a clinic must state."""
    tables = dict(data.get("parameters", {}))
    return (
        {name: _parameter(name, table, mark) for name, table in tables.items() if "value" in table},
        {name: _open_number(name, table, mark) for name, table in tables.items() if "value" not in table},
    )


def _faults(data: Table) -> Iterator[str]:
    yield from (f"{key} must be a text" for key in ("id", "kind", "title", "statement") if not _is_text(data.get(key)))
    if not _is_version(data.get("version")):
        yield "version must be a whole number from 1"
    if type(data.get("effective_from")) is not date:
        yield "effective_from must be a day"
    if data.get("verification") not in MARKS:
        yield f"verification must be one of {', '.join(MARKS)}"
    sources = data.get("sources")
    if not isinstance(sources, list) or not sources or not all(map(_is_text, sources)):
        yield "sources must name at least one source, or say that it is a convention"
    elif len(set(sources)) != len(sources):
        yield "sources: one stands twice"
    yield from (f"{key} is not a part of a rule" for key in sorted(set(data) - _RULE_KEYS))
    misshapen = [key for key, kind in _WITHIN.items() if not isinstance(data.get(key, kind()), kind)]
    yield from (f"{key} must be a {'list' if key == 'examples' else 'table'}" for key in misshapen)
    if not misshapen:
        yield from _faults_within(data)


def _endless(value: Any, place: str = "") -> Iterator[str]:
    """Where a number stands that is none, or has no end."""
    if isinstance(value, float) and not isfinite(value):
        yield f"{place}: {value} is no number"
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _endless(each, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _endless(each, f"{place}.{at}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_version(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _faults_within(data: Table) -> Iterator[str]:
    for name, table in dict(data.get("parameters", {})).items():
        yield from _parameter_faults(name, table)
    examples = data.get("examples", [])
    for at, each in enumerate(examples):
        yield from _example_faults(each)
        if examples.index(each) != at:
            yield f"example {at} stands twice"


def _example_faults(data: Any) -> Iterator[str]:
    if not isinstance(data, dict) or not _is_text(data.get("title")):
        yield "an example needs a title"
        return
    title = data["title"]
    yield from (f"example {title!r}: {key} is not a part of it" for key in sorted(set(data) - _EXAMPLE_KEYS))
    if not isinstance(data.get("expect"), dict) or not isinstance(data.get("given", {}), dict):
        yield f"example {title!r}: given and expect are tables, and something is expected"


def _parameter_faults(name: str, table: Any) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"{name} must be a table"
        return
    numbers = ("value", "furthest", "least", "most")
    yield from (f"{name}: {key} must be a number" for key in numbers if key in table and not _is_number(table[key]))
    yield from _kind_faults(name, table)
    if not _is_text(table.get("unit")):
        yield f"{name}: unit is missing"
    if not _is_text(table.get("label", name)):
        yield f"{name}: label must be a text"
    if table.get("tighten") not in _DIRECTIONS:
        yield f"{name}: tighten must be one of {', '.join(_DIRECTIONS)}"
    if table.get("verification", MARKS[0]) not in MARKS:
        yield f"{name}: verification must be one of {', '.join(MARKS)}"
    yield from _bound_faults(name, table)


def _bound_faults(name: str, table: Table) -> Iterator[str]:
    """How far a clinic may go lies on the stricter side, and what it may state between two bounds."""
    value, furthest, least, most = (
        table[key] if _is_number(table.get(key)) else None for key in ("value", "furthest", "least", "most")
    )
    if value is not None and furthest is not None:
        stricter = {"lower": furthest <= value, "higher": furthest >= value}
        if not stricter.get(str(table.get("tighten"))):
            yield f"{name}: furthest lies on the side of less caution"
    if least is not None and most is not None and least >= most:
        yield f"{name}: most is not above least"


def _kind_faults(name: str, table: Table) -> Iterator[str]:
    """What cannot be of a parameter, or of a number that ships without a value."""
    if "value" in table:
        yield from (f"{name}: {key} is not a part of a parameter" for key in sorted(set(table) - _PARAMETER_KEYS))
        return
    if table.get("tighten") == "fixed":
        yield f"{name}: what a clinic states cannot be fixed"
    for key in sorted(set(table) - _OPEN_KEYS):
        yield f"{name}: {key} is not a part of a number without a value"


def _parameter(name: str, table: Table, inherited: Verification) -> Parameter:
    furthest = table.get("furthest")
    return Parameter(
        name=name,
        value=float(table["value"]),
        unit=str(table["unit"]),
        tighten=one_of(table["tighten"], _DIRECTIONS),
        furthest=None if furthest is None else float(furthest),
        verification=one_of(table.get("verification", inherited), MARKS),
        label=str(table.get("label", name.replace("_", " "))),
    )


def _open_number(name: str, table: Table, inherited: Verification) -> OpenNumber:
    least, most = table.get("least"), table.get("most")
    return OpenNumber(
        name=name,
        unit=str(table["unit"]),
        tighten=one_of(table["tighten"], _DIRECTIONS),
        least=None if least is None else float(least),
        most=None if most is None else float(most),
        verification=one_of(table.get("verification", inherited), MARKS),
        label=str(table.get("label", name.replace("_", " "))),
    )
