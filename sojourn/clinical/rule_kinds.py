"""What each kind of rule holds: its entries, its numbers with their units, the words of its examples, and its laws.

``faults`` is asked of every rule file when it is read, so that a key which nobody knows, a number without sense and a
reference to nothing are refused by name and never passed over. A new kind is one entry of ``KINDS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from math import inf
from types import MappingProxyType
from typing import Any, Final, Literal

from sojourn.clinical import (
    alarms,
    calls,
    deadlines,
    eligibility,
    interactions,
    jurisdictions,
    protocol,
    raising,
    recovery,
)
from sojourn.clinical.alarms.prepare import RISE, THRESHOLD
from sojourn.clinical.dosing import ceilings
from sojourn.clinical.dosing import rules as doses
from sojourn.clinical.dosing.quantities import DIRECTIONS
from sojourn.clinical.eligibility.assessment import STAGES
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.interactions import checking
from sojourn.clinical.protocol.protocol import KIND as PROTOCOL
from sojourn.clinical.recovery.scores import KIND as RECOVERY
from sojourn.clinical.rules import MARKS, OpenNumber, Parameter, Rule
from sojourn.clinical.shapes import (
    Shape,
    any_text,
    anything,
    by,
    day,
    flag,
    number,
    pair,
    some,
    table,
    text,
    whole,
    word,
)
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS, vital

_ROUTE: Final = word(checking.ROUTES)
_DRUG: Final = word(checking.DRUGS)
_VITAL: Final = word(VITALS)
_PRIORITY: Final = word([each.value for each in alarms.Priority])
_FACT: Final = word(VOCABULARY)
_MARK: Final = word(MARKS)
_LEVEL: Final = word(interactions.LEVELS)
_BASIS: Final = word(("mg/kg", "mg"))
_PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_TIMES: Final = ("s", "min", "h")
_LEAST_AMOUNT: Final = 5e-324  # more than nothing
_WHOLE: Final = 100.0  # per cent


def _code(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or _PLACE.fullmatch(value) is None:
        yield f"{place} is no code of a place"


@dataclass(frozen=True, slots=True)
class Number:
    """What a number of a rule may be: its units, its bounds, and which way a clinic may tighten it ("": never)."""

    units: tuple[str, ...]
    way: Literal["lower", "higher", ""] = ""
    least: float = _LEAST_AMOUNT
    most: float = inf
    optional: bool = False

    def faults(self, found: Parameter | OpenNumber) -> Iterator[str]:
        if found.unit not in self.units:
            yield f"{found.name}: {found.unit} is no unit of it ({', '.join(self.units)})"
        if found.tighten not in ("fixed", self.way):
            yield f"{found.name}: would loosen the rule when it goes {found.tighten}"
        yield from self.out_of_sense(found)

    def out_of_sense(self, found: Parameter | OpenNumber) -> Iterator[str]:
        """Where the number, or how far it may go, lies outside of the bounds."""
        if isinstance(found, OpenNumber):
            if found.least is not None and found.least < 0:
                yield f"{found.name}: least cannot be {found.least:g} {found.unit}"
            return
        for name, value, least in (("", found.value, self.least), (".furthest", found.furthest, 0)):
            if value is not None and not least <= value <= self._most(found.unit):
                yield f"{found.name}{name} cannot be {value:g} {found.unit}"

    def _most(self, unit: str) -> float:
        return min(self.most, _WHOLE) if unit == "%" else self.most


def _may(*units: str, way: Literal["lower", "higher", ""] = "", least: float = _LEAST_AMOUNT) -> Number:
    return Number(units, way, least, optional=True)


Laws = Callable[[Rule], Iterator[str]]


def _no_laws(rule: Rule) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule. ``fixed``: the shape of its entries. ``numbers`` by name; None where the rule names its own, and
    ``read`` proves that each is used. ``open``: whether a number may ship without a value. ``given`` and ``expect``:
    the words of its examples; None where they are the rule's own. ``read`` raises what its reader refuses."""

    fixed: Shape
    numbers: Mapping[str, Number] | None
    given: Collection[str] | None
    expect: Collection[str]
    read: Callable[[Rule], object] = str
    laws: Laws = _no_laws
    open: bool = False


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


# --- alarms ---


def _levels(rule: Rule) -> Iterator[str]:
    """As released, every limit of an alarm can be reached, and is tightened towards caution."""
    rises = rule.fact("comparison") in ("gt", "ge")
    limits = [rule.parameters[each.value] for each in alarms.Priority if each.value in rule.parameters]
    for each in limits:
        if each.tighten not in ("fixed", "lower" if rises else "higher"):
            yield f"{each.name} would loosen the rule when it goes {each.tighten}"
    for milder, graver in pairwise(limits):
        if milder.value == graver.value or (milder.value < graver.value) is not rises:
            yield f"{milder.name} is never passed before {graver.name}"
    yield from _eased(rule)


def _eased(rule: Rule) -> Iterator[str]:
    eased = rule.fixed.get("eased")
    if (eased is None) != ("eased_within" not in rule.parameters):
        yield "eased and eased_within belong together"
    if eased is not None and (stray := [each for each in eased["of"] if each not in rule.fact("vitals")]):
        yield f"eased.of: {', '.join(stray)} is no vital sign of the rule"


def _escalation_rises(rule: Rule) -> Iterator[str]:
    waits = alarms.escalation(rule)
    if not waits:
        yield "it names no priority"
    for milder, graver in pairwise(each for each in alarms.Priority if each in waits):
        if waits[milder] < waits[graver]:
            yield f"{milder} waits less than {graver}"


_LIMIT: Final = Number(tuple({each.unit.code for each in VITALS.values()}), "lower", optional=True)
_ALARM: Final = {"vitals": some(_VITAL), "routes": some(_ROUTE)}
_COMPARED: Final = {**_ALARM, "comparison": word(("gt", "ge", "lt", "le"))}
_SAYS: Final = ("phase", "priority", "events", "why")
_GIVEN: Final = ("readings", "vital", "shown", "until", "baseline")


@dataclass(frozen=True, slots=True)
class _Limit(Number):
    """A limit of an alarm: which way is stricter hangs on its comparison (see ``_levels``), how high on its unit."""

    def faults(self, found: Parameter | OpenNumber) -> Iterator[str]:
        yield from self.out_of_sense(found)


def _limits() -> dict[str, Number]:
    own: dict[str, Number] = {each.value: _Limit((), optional=True) for each in alarms.Priority}
    return own | {"sustained": _may(*_TIMES, way="lower"), "clear_margin": _may(*_LIMIT.units)}


# --- doses ---


def _rises(*names: str) -> Laws:
    """Of those numbers that a rule has, none is below the one before it."""

    def laws(rule: Rule) -> Iterator[str]:
        found = [rule.parameters[name] for name in names if name in rule.parameters]
        yield from (f"{one.name} is above {other.name}" for one, other in pairwise(found) if one.value > other.value)

    return laws


def _apart(low: str, high: str) -> Laws:
    """The second number is above the first."""

    def laws(rule: Rule) -> Iterator[str]:
        if rule.number(low) >= rule.number(high):
            yield f"{high} is not above {low}"

    return laws


def _range(rule: Rule) -> Iterator[str]:
    yield from _rises("low", "usual", "high", "never_from")(rule)
    yield from _rises("shortest", "usual_minutes", "longest")(rule)
    if not {"high", "never_from"} & set(rule.parameters):
        yield "a range names a dose"
    if rule.fixed.get("only_these") and not rule.fixed.get("doses"):
        yield "only_these names its doses"
    if ("shortest" in rule.parameters) != ("longest" in rule.parameters):
        yield "shortest and longest belong together"


def _ceiling(rule: Rule) -> Iterator[str]:
    steps = rule.fixed.get("steps")
    named = ["most"] if steps is None else [each[key] for each in steps for key in ("most", "minutes")]
    yield from (f"{name} stands in no step" for name in rule.parameters if name not in {*named, "cap"})
    yield from (f"{name} stands in two steps" for name in named if named.count(name) > 1)
    if steps is not None:
        for name in (each["minutes"] for each in steps):
            if rule.parameters[name].unit != "min" or rule.number(name) <= 0:
                yield f"{name} is more than nothing, in min"
            if rule.parameters[name].tighten != "higher":
                yield f"{name} may only be raised"
    cap = rule.parameters.get("cap")
    if cap is not None and (cap.unit != "mg" or cap.value <= 0 or cap.tighten != "lower"):
        yield "cap is more than nothing, in mg, and may only be lowered"


_DOSE: Final = ("mg", "mg/kg")
_ROAD: Final = {"route": _ROUTE, "drug": _DRUG}
_REFUSES: Final = ("refused", "overridable")
_ORDER: Final = ("per_kg", "fixed", "weight", "days", "stock", "total", "over", "height")


# --- scores ---


def _bands(name: str, rows: Any, steps: Decimal) -> Iterator[str]:
    """The bands of one observation follow each other without a hole or an overlap, from no end to no end."""
    at: Decimal | None = None
    for number_of, row in enumerate(rows):
        low, high = (None if key not in row else Decimal(repr(row[key])) for key in ("min", "max"))
        first, last = number_of == 0, number_of == len(rows) - 1
        if (low is None) is not first or (high is None) is not last:
            yield f"bands.{name}.{number_of}: only the first band has no min, only the last no max"
        elif (at is not None and low != at + steps) or (low is not None and high is not None and high < low):
            yield f"bands.{name}.{number_of}: a hole or an overlap"
        at = high


def _news2(rule: Rule) -> Iterator[str]:
    bands = rule.fact("bands")
    for name, rows in bands.items():
        steps = Decimal("0.1") if name == "temp" else Decimal(1)
        for oxygen in (True, False) if any("oxygen" in each for each in rows) else (None,):
            yield from _bands(name, [each for each in rows if each.get("oxygen", oxygen) is oxygen], steps)
            yield from _valley(name, [each for each in rows if each.get("oxygen", oxygen) is oxygen])
    yield from _news2_total(rule)


def _valley(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The points fall to those of the best band, which is 0, and rise from there. Neighbours of the same points would
    be one band, but where a band is of those without oxygen."""
    points = [each["score"] for each in rows if each.get("oxygen") is not False]
    best = points.index(min(points))
    wanted = [*sorted({*points[:best]}, reverse=True), 0, *sorted({*points[best + 1 :]} - {0})]
    if points != wanted or any(each["score"] for each in rows if each.get("oxygen") is False):
        yield f"bands.{name}: the points do not fall to 0 and rise from there"


def _news2_total(rule: Rule) -> Iterator[str]:
    bands, risk = rule.fact("bands"), rule.fact("risk")
    most = {name: max(row["score"] for row in rows) for name, rows in bands.items()}
    parts = sum(most[name] for name in _OBSERVED if name != "spo2_scale2") + rule.fact("oxygen")
    if parts + max(rule.fact("consciousness").values()) != rule.fact("max_total"):
        yield "max_total is not what the bands give"
    at = -1
    for name in ("low", "medium", "high"):
        low, high = risk[name]
        if low != at + 1 or high < low:
            yield f"risk.{name}: a hole or an overlap"
        at = high
    if at != rule.fact("max_total"):
        yield "risk does not reach max_total"


_OBSERVED: Final = ("rr", "spo2_scale1", "spo2_scale2", "sbp", "pulse", "temp")
_POINTS: Final = whole(0, 3)
_ROW: Final = table({"score": _POINTS}, {"min": number(0), "max": number(0), "oxygen": flag})


def _points(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.isdecimal():
        yield f"{place} is no number of points"


def _recovery(rule: Rule) -> Iterator[str]:
    items = recovery.read(rule).items
    names = [each.id for each in items]
    yield from (f"items: {name} stands twice" for name in sorted({each for each in names if names.count(each) > 1}))
    for each in items:
        points = {anchor.points for anchor in each.anchors}
        if points != set(range(max(points) + 1)):
            yield f"items.{each.id}: its points have a hole"
        if each.spare_points is not None and each.spare_points not in points:
            yield f"items.{each.id}.spare_points is no points of it"
        if each.before_reads and not each.as_before:
            yield f"items.{each.id}.before_reads without as_before"
    if (rule.optional("threshold") or 0) > rule.fact("maximum"):
        yield "threshold is above the maximum"


# --- the rest ---


def _plausible(rule: Rule) -> Iterator[str]:
    code = rule.fact("vital")
    if rule.id != f"plausible.{code}":
        yield f"vital is {code}, the rule is {rule.id}"
    for each in rule.parameters.values():
        if each.unit != vital(code).unit.code:
            yield f"{each.name}: {each.unit} is not the unit of {code}"
    yield from _apart("low", "high")(rule)


def _floor(rule: Rule) -> Iterator[str]:
    codes = rule.fact("vitals")
    if not rule.open and not rule.parameters:
        yield "a floor has at_least or at_most"
    for each in rule.numbers:
        if {vital(code).unit.code for code in codes} != {each.unit}:
            yield f"{each.name}: {each.unit} is not the unit of {', '.join(codes)}"


def _protocol(rule: Rule) -> Iterator[str]:
    for part in ("checklist", "discharge"):
        for each in rule.fact(part):
            yield from (f"{part}.{each['id']}: {fault}" for fault in _item(part, each))
    if rule.fact("schedule")[-1] < rule.fact("dose_minutes"):
        yield "the schedule ends before the dose"
    yield from _protocol_examples(rule)


def _item(part: str, item: Mapping[str, Any]) -> Iterator[str]:
    if "answers" in item and part == "discharge":
        yield "only the checklist tells facts"
    halves = {*item.get("vitals", ())} & {*SYSTOLIC, *DIASTOLIC}
    if halves and all(halves != {*both} for both in zip(SYSTOLIC, DIASTOLIC, strict=True)):
        yield "vitals: a pressure has two halves"


def _protocol_examples(rule: Rule) -> Iterator[str]:
    """An example speaks of items and vital signs that there are."""
    items = {each["id"] for part in ("checklist", "discharge") for each in rule.fact(part)}
    known = {"checks": items, "answered": items, "latest": VITALS, "baseline": VITALS}
    for example in rule.examples:
        for name in known.keys() & example.given.keys():
            shape = by(word(known[name]), anything, least=0)
            yield from shape(f"example {example.title!r}: {name}", example.given[name])


_ITEM: Final = table(
    {"id": text, "label": text, "override": word(("prescriber", "never")), "source": text, "verification": _MARK},
    {
        "hint": text,
        "vitals": some(_VITAL),
        "answers": table({"fact": _FACT}, {"passed": anything, "failed": anything}),
    },
)
_AT_LEAST: Final = Number(("{score}",), "higher")
_GUARDS: Final = frozenset(
    (*(each.name for each in fields(protocol.GuardFacts)), "transition", "answered", "checked_at", "now")
)


_CLASSES: Final = by(text, some(text), least=0)


def _interaction(rule: Rule) -> Iterator[str]:
    routes, by_route = rule.fact("routes"), rule.fixed.get("severity_by_route", {})
    yield from (f"severity_by_route: {each} is no route of the rule" for each in by_route if each not in routes)
    for each in rule.examples:
        yield from _CLASSES(f"example {each.title!r}: groups", each.given.get("groups", {}))


_NEEDS: Final = some(word(eligibility.signature.NEEDS))
_SEVERE: Final = word(raising.SEVERITIES)
_FACT_BASE: Final = table(
    {"severity": text, "action": text, "verification": text}, {"id": text, "table": text}
)  # as the fact base says it, which knows other words
_KNOWN_SO: Final = {"drug", "stage", "facts", "days_ago", "told_days_ago", "stated"}
_FOUND_SO: Final = ("finding", "action", "because", "missing", "refused")
_COUNT: Final = Number(("{count}",))


def _plain(**entries: Shape) -> Shape:
    return table(entries)


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
_WANT: Final = table({"facts": some(_FACT)}, {"when": _condition})

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        THRESHOLD: Kind(
            table(
                _COMPARED,
                {
                    "drugs": some(_DRUG),
                    "eased": _plain(of=some(_VITAL), by=some(_VITAL), to=_PRIORITY),
                },
            ),
            {**_limits(), "eased_within": _may(*_TIMES, way="lower")},
            _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None), _levels,
        ),
        RISE: Kind(
            table({**_COMPARED, "relative": word(("percent", "absolute"))}, {"drugs": some(_DRUG)}),
            _limits(), _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None), _levels,
        ),
        alarms.SILENCE: Kind(
            table({**_ALARM, "priority": _PRIORITY}, {"drugs": some(_DRUG)}), {"seconds": Number(_TIMES, "lower")},
            _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None),
        ),
        alarms.FAULT: Kind(
            _plain(priority=_PRIORITY), {}, _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None)
        ),
        alarms.ESCALATION: Kind(
            table({"routes": some(_ROUTE)}, {"drugs": some(_DRUG)}),
            {each.value: _may(*_TIMES, way="lower") for each in alarms.Priority},
            ("priority", "waited"), ("phase",), alarms.escalation, _escalation_rises,
        ),
        calls.ESCALATION: Kind(
            _plain(), {"after": Number(_TIMES, "lower")}, ("waited",), ("escalated",), calls.waits_at_most
        ),
        "plausibility": Kind(
            _plain(vital=_VITAL), dict.fromkeys(("low", "high"), Number(_LIMIT.units, least=0)), ("value",),
            ("plausible",), laws=_plausible,
        ),
        "score.news2": Kind(
            _plain(
                max_total=whole(1), min_age_years=whole(1), oxygen=_POINTS, not_for=some(text), caveats=some(text),
                consciousness=table({"A": whole(0, 0), **dict.fromkeys("CVPU", whole(1, 3))}),
                bands=table({name: some(_ROW) for name in _OBSERVED}),
                risk=_plain(low=pair(whole(0)), medium=pair(whole(0)), high=pair(whole(0)), any_single=whole(1, 3)),
            ),
            {}, ("rr", "spo2", "o2", "sbp", "hr", "acvpu", "temp"), ("total", "risk", "refused"), laws=_news2,
        ),
        RECOVERY: Kind(
            table(
                {
                    "maximum": whole(1),
                    "items": some(
                        table(
                            {"id": text, "label": text, "anchors": by(_points, text)},
                            {"spare_points": whole(0), "as_before": text, "before_reads": some(_VITAL)},
                        )
                    ),
                },
                {"derived": text},
            ),
            {"threshold": Number(("{score}",), "higher", optional=True)},
            None, ("total", "reached", "refused"), recovery.read, _recovery,
        ),
        recovery.ORDER: Kind(_plain(routes=some(_ROUTE)), {}, ("route", "scores"), ("refused",)),
        recovery.FLOOR: Kind(
            _plain(), {"spo2": Number(("%",), "higher")}, ("stated", "limit", "before", "now"), ("leaves", "refused"),
            open=True,
        ),
        recovery.SIGNING: Kind(
            _plain(), {"hour": Number(("h",), "higher", 1, 23)}, ("dose", "signs"), ("refused",)
        ),
        raising.KIND: Kind(
            _plain(
                any_answer=_SEVERE, facts=by(_FACT, by(any_text, _SEVERE)), checks=by(text, _SEVERE),
                answers=by(text, by(text, _SEVERE)),
            ),
            {}, ("fact", "value", "check", "passed", "scale", "items", "answered"), ("severity",), raising.read,
        ),
        eligibility.signature.KIND: Kind(
            _plain(
                unknown=_NEEDS, not_checked=_NEEDS, by_action=by(text, _NEEDS), by_severity=by(text, _NEEDS),
                by_interaction=by(text, _NEEDS),
            ),
            {}, ("severity", "action", "adopted", "interaction", "unknown"), ("needs",), eligibility.signature.read,
        ),
        PROTOCOL: Kind(
            _plain(
                **_ROAD, dose_minutes=whole(0), schedule=some(whole(0)), continuous=some(_VITAL),
                checklist=some(_ITEM), discharge=some(_ITEM),
            ),
            {
                "min_observation": Number(("min",), "higher"),
                "vitals_max_age": Number(("min",), "lower"),
                "hold_systolic": Number(("mm[Hg]",), "lower"),
                "hold_diastolic": Number(("mm[Hg]",), "lower"),
                "bp_within": Number(("%",), "lower"),
                "spo2_at_least": Number(("%",), "higher"),
                "moaas_at_least": _AT_LEAST, "padss_at_least": _AT_LEAST, "aldrete_at_least": _AT_LEAST,
            },
            _GUARDS, ("refused", "target", "missed", "next", "done", "told"), protocol.read, _protocol,
        ),
        protocol.HARD_FLOOR: Kind(
            table({"vitals": some(_VITAL)}, {"known": some(_plain(says=text, source=text))}),
            {
                "at_least": Number(_LIMIT.units, "higher", optional=True),
                "at_most": Number(_LIMIT.units, "lower", optional=True),
            },
            ("at_least", "at_most", *VITALS), ("refused",), laws=_floor, open=True,
        ),
        "battery": Kind(
            _plain(indication=text, label=text, scales=some(text)), {}, (), ("indication", "scales")
        ),
        eligibility.KIND: Kind(
            table(
                {
                    "category": text, "drugs": some(_DRUG), "stages": some(word(STAGES)),
                    "fact_base": _FACT_BASE, "grades": some(_GRADE),
                },
                {
                    "never_overridden": flag, "note": text, "moot": _condition, "asked_anyway": _condition,
                    "wants": some(_WANT), "only_where_known": flag, "of_the_day": some(_FACT),
                },
            ),
            None, _KNOWN_SO, _FOUND_SO, eligibility.read, _eligibility, open=True,
        ),
        eligibility.evidence.KIND: Kind(
            table({"facts": some(_FACT)}, {"fact_base": _FACT_BASE, "note": text}), {"days": Number(("d",), "lower")},
            ("facts", "told_days_ago"), ("expired",), eligibility.evidence.read,
        ),
        interactions.KIND: Kind(
            table(
                {
                    "class": text, "drugs": some(_DRUG), "routes": some(_ROUTE), "severity": _LEVEL,
                    "mechanism": text, "effect": text, "evidence": text, "action": text,
                    "fact_base": _plain(agent=text, severity=text, verification=text),
                },
                {
                    "medicines": some(text), "groups": some(text), "except": some(text), "except_groups": some(text),
                    "severity_by_route": by(_ROUTE, _LEVEL),
                },
            ),
            {}, ("medicines", "route", "written", "drug", "groups"), ("found", "severity", "not_checked"),
            interactions.read, _interaction,
        ),
        jurisdictions.KIND: Kind(
            table(
                {"code": _code, "as_of": day, **dict.fromkeys(jurisdictions.TEXTS, text)},
                {"ends": some(_plain(what=text, on=day))},
            ),
            {"review_after": Number(("d",), "lower")}, ("on",), ("stale",), jurisdictions.read,
        ),
        deadlines.KIND: Kind(
            _plain(severity=_SEVERE, clock=word((deadlines.ALWAYS, deadlines.IN_HOURS))),
            dict.fromkeys(("take", "backup", "everybody", "act"), Number(_TIMES, "lower")),
            ("at", "open", "taken"), ("backup", "everybody", "all"), deadlines.read,
        ),
        doses.RANGE: Kind(
            table(
                {**_ROAD, "basis": _BASIS},
                {"doses": some(number(_LEAST_AMOUNT)), "only_these": flag, "device_mg": number(_LEAST_AMOUNT)},
            ),
            {
                "low": _may(*_DOSE, way="higher"), "high": _may(*_DOSE, way="lower"), "usual": _may(*_DOSE),
                "never_from": _may(*_DOSE, way="lower"), "shortest": _may("min", way="higher"),
                "longest": _may("min", way="lower"), "usual_minutes": _may("min"),
            },
            _ORDER, (*_REFUSES, "dose_mg", "draw_ml", "diluent_ml", "mg_per_ml", "ml_per_h"), doses.read_range, _range,
        ),
        ceilings.CEILING: Kind(
            table({**_ROAD, "basis": _BASIS}, {"steps": some(_plain(most=text, minutes=text))}), None, _ORDER,
            (*_REFUSES, "limit_mg", "share"), ceilings.read_ceiling, _ceiling,
        ),
        doses.START: Kind(
            _plain(**_ROAD, jurisdictions=some(_code)),
            {"from_age": Number(("a",), "lower"), "most": Number(("mg",), "lower")},
            ("fixed", "age", "place"), _REFUSES, doses.read_start,
        ),
        doses.SALT: Kind(
            _plain(drugs=some(_DRUG)), {"base": Number(("mg",)), "hydrochloride": Number(("mg",))},
            ("base", "hydrochloride"), ("base", "hydrochloride"), doses.read_salt, _apart("base", "hydrochloride"),
        ),
        doses.CONCENTRATION: Kind(
            _plain(route=_ROUTE), {"below": Number(("mg/mL",), "lower")}, ("mg_per_ml",), _REFUSES,
            doses.read_concentration,
        ),
        doses.PUMP: Kind(
            _plain(), {"low": Number(("mL/h",), "higher"), "high": Number(("mL/h",), "lower")}, ("ml_per_h",),
            _REFUSES, doses.read_pump,
        ),
        doses.WEIGHT: Kind(
            _plain(), {"low": Number(("kg",), "higher"), "high": Number(("kg",), "lower")}, ("weight",), _REFUSES,
            doses.read_plausible, _apart("low", "high"),
        ),
        doses.WEIGHT_AGE: Kind(_plain(), {"days": Number(("d",), "lower")}, ("age",), _REFUSES),
        doses.WEIGHT_CHANGE: Kind(
            _plain(), {"percent": Number(("%",), "lower")}, ("new", "last"), ("asks",), doses.read_weight_change
        ),
        doses.BODY_MASS: Kind(
            _plain(),
            {
                "low": Number(("kg/m2",), "higher"), "high": Number(("kg/m2",), "lower"),
                "reference": Number(("kg/m2",)), "share": Number(("1",)),
            },
            ("weight", "height", "per_kg"), ("notice", "bmi", "adjusted", "dose"), doses.read_body_mass,
        ),
        doses.CHAIR: Kind(
            _plain(),
            {
                "slip": Number(("%",), "higher"), "syringe": Number(("mL",), "lower"),
                "agree": Number(("%",), "lower"),
            },
            ("plan_mg", "dose_mg", "stock", "volume", "total", "over", "rate"), _REFUSES, doses.read_at_the_chair,
        ),
        doses.ROUNDING: Kind(
            _plain(direction=word(DIRECTIONS)), {"step": Number(("mg",))}, ("mg",), ("dose_mg",),
            doses.read_rounding,
        ),
        doses.SERIES: Kind(
            _plain(**_ROAD),
            {"sessions": _COUNT, "min_days": Number(("d",), "higher"), "max_days": Number(("d",))},
            ("sessions",), ("shortest_days", "longest_days"), doses.read_series,
        ),
    }
)  # fmt: skip
