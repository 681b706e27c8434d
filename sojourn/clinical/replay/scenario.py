"""A scenario as its file says it, read strictly: a word that means nothing here is refused, with its place.

docs/how-to/add-a-scenario.md explains the format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast
from zoneinfo import ZoneInfo

from sojourn.clinical import dosing
from sojourn.clinical.administration.charted import Dose
from sojourn.clinical.eligibility import VOCABULARY, Fact
from sojourn.clinical.protocol import BY_NAME
from sojourn.clinical.protocol.road import Agreement, SignedPlan
from sojourn.clinical.vitals import VITALS

SCHEMA: Final = 1
ROLES: Final = ("nurse", "prescriber", "other")
DOES: Final = (*("reading", "check", "prepare", "step", "acknowledge", "waste", "witness", "withdraw", "note"),)
SAYS: Final = (
    *("state", "due", "missed", "raised", "escalated", "recovered", "refused", "set_aside"),
    *("given_mg", "wasted_mg", "unaccounted_mg"),
)
ALARM_SAYS: Final = ("raised", "escalated", "recovered")
MG_SAYS: Final = ("given_mg", "wasted_mg", "unaccounted_mg")

T = TypeVar("T")
D = TypeVar("D")


class ScenarioInvalid(ValueError):
    """A file is no scenario; the message names the file, the entry and the field."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic: its clock, and what a prescriber has adopted there. ``adopted`` None: every rule."""

    zone: ZoneInfo
    jurisdiction: str
    adopted: tuple[str, ...] | None
    own_numbers: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected line: what is to be so, the rule or law that says so, and where that comes from."""

    says: str  # one of SAYS
    value: Any
    rule: str
    source: str
    why: str
    priority: str = ""
    at: datetime | None = None  # for an alarm: exactly when


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``values`` are those of its kind, typed."""

    at: datetime
    does: str
    by: str
    values: Mapping[str, Any]
    expect: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class EarlierDose:
    """A dose of this person before the session. ``ended_at`` is when it ended or was stopped."""

    dose: Dose
    weight_kg: Decimal | None
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Papers:
    """What was decided, agreed and signed. ``decision``: why the acceptance does not hold; empty where it does."""

    decision: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    plan: SignedPlan | None
    ordered: dosing.Ordered | None
    weight_kg: Decimal | None
    over_min: Decimal | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole session. ``starts_at`` is when the timeline begins, in the clinic's zone."""

    name: str
    title: str
    shows: str
    clinic: Clinic
    people: Mapping[str, str]
    age_years: int
    companion: str
    facts: tuple[Fact, ...]
    papers: Papers
    earlier: tuple[EarlierDose, ...]
    protocol_id: str
    starts_at: datetime
    timeline: tuple[Entry, ...]


# ---------------------------------------------------------------- reading a table strictly


class _Table:
    """A JSON object that is emptied field by field; what is left at the end was not understood."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, dict):
            raise ScenarioInvalid(f"{where}: must be an object {{...}}, not {_shown(data)}")
        self.where, self._left = where, dict(data)

    def need(self, name: str, kind: Callable[[object], T], want: str) -> T:
        if name not in self._left:
            raise ScenarioInvalid(f"{self.where}: {name} is missing")
        return self._take(name, kind, want)

    def may(self, name: str, kind: Callable[[object], T], want: str, default: D) -> T | D:
        return self._take(name, kind, want) if name in self._left else default

    def has(self, name: str) -> bool:
        return name in self._left

    def raw(self, name: str, default: object = None) -> object:
        return self._left.pop(name, default)

    def _take(self, name: str, kind: Callable[[object], T], want: str) -> T:
        value = self._left.pop(name)
        try:
            return kind(value)
        except (TypeError, ValueError, KeyError, ArithmeticError) as wrong:
            if isinstance(wrong, ScenarioInvalid):
                raise
            raise ScenarioInvalid(f"{self.where}: {name} must be {want}, not {_shown(value)}") from None

    def done(self) -> None:
        if self._left:
            raise ScenarioInvalid(f"{self.where}: not understood: {', '.join(sorted(self._left))}")


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _any_text(value: object) -> str:
    return "" if value == "" else _text(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    found = Decimal(value)
    if not found.is_finite():
        raise ValueError
    return found


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _day(value: object) -> date:
    return date.fromisoformat(_text(value))


def _yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _wholes(value: object) -> tuple[int, ...]:
    return tuple(_whole(each) for each in _list(value))


def _one_of(*words: str) -> Callable[[object], str]:
    def among(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return among


def _instant(value: object) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError
    return found


_NUMBER: Final = "a number"
_TEXT: Final = "a text"
_INSTANT: Final = "a time with its zone, such as 2026-12-01T09:00:00-07:00"
_MOMENT: Final = 'a time from the start ("00:12:30") or with its zone ("2026-12-01T09:12:30-07:00")'


# ---------------------------------------------------------------- the file


def read(name: str, text: str) -> Scenario:
    """The scenario of a file's text; raises ScenarioInvalid."""
    try:
        data = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as wrong:
        raise ScenarioInvalid(f"{name}: this is no JSON: {wrong}") from None
    top = _Table(name, data)
    if (schema := top.need("schema", _whole, "a number")) != SCHEMA:
        raise ScenarioInvalid(f"{name}: schema {schema} is not known here; this program reads schema {SCHEMA}")
    title, shows = top.need("title", _text, _TEXT), top.need("shows", _text, "a sentence")
    clinic = _clinic(_Table(f"{name}: clinic", top.raw("clinic", {})))
    starts_at = top.need("starts_at", _instant, _INSTANT).astimezone(clinic.zone)
    today = starts_at.date()
    people = _people(_Table(f"{name}: people", top.raw("people", {})), f"{name}: people")
    patient = _Table(f"{name}: patient", top.raw("patient", {}))
    age = patient.need("age_years", _whole, "whole years")
    companion = patient.may("companion", _any_text, _TEXT, "")
    facts = _facts(f"{name}: patient: facts", patient.raw("facts", {}), today)
    patient.done()
    papers = _papers(_Table(f"{name}: papers", top.raw("papers", {})))
    raw_earlier: list[object] = top.may("earlier_doses", _list, "a list", [])
    earlier = tuple(_earlier(_Table(f"{name}: earlier_doses[{i}]", each)) for i, each in enumerate(raw_earlier))
    protocol_id = top.need("protocol", _text, "the id of a protocol")
    lines = top.need("timeline", _list, "a list of entries")
    top.done()
    reader = _Lines(name, starts_at, people)
    return Scenario(
        name, title, shows, clinic, people, age, companion, facts, papers, earlier, protocol_id, starts_at,
        tuple(reader.entry(number, each) for number, each in enumerate(lines, 1)),
    )  # fmt: skip


def _zone(value: object) -> ZoneInfo:
    return ZoneInfo(_text(value))


def _clinic(table: _Table) -> Clinic:
    zone = table.need("zone", _zone, 'a time zone, such as "America/Denver"')
    jurisdiction = table.need("jurisdiction", _text, 'a country or state, such as "US-CO"')
    adopted = table.need("adopted", lambda value: None if value == "all" else _texts(value), '"all" or a list of rules')
    numbers = table.may("own_numbers", _own_numbers, "for each rule its numbers", {})
    table.done()
    return Clinic(zone, jurisdiction, adopted, MappingProxyType(numbers))


def _own_numbers(value: object) -> dict[str, Mapping[str, float]]:
    if not isinstance(value, dict):
        raise TypeError
    return {rule: {name: float(_number(each)) for name, each in numbers.items()} for rule, numbers in value.items()}


def _people(table: _Table, where: str) -> Mapping[str, str]:
    names = list(table._left)
    if not names:
        raise ScenarioInvalid(f"{where}: name who is there, each with a role: {', '.join(ROLES)}")
    return MappingProxyType({each: table.need(each, _one_of(*ROLES), f"one of {', '.join(ROLES)}") for each in names})


def _facts(where: str, data: object, today: date) -> tuple[Fact, ...]:
    table = _Table(where, data)
    found = []
    for name in list(table._left):
        if name not in VOCABULARY:
            raise ScenarioInvalid(f"{where}: {name} is not a fact that we know of")
        said = table.raw(name)
        on = today
        if isinstance(said, dict):
            inner = _Table(f"{where}: {name}", said)
            said, on = inner.raw("value"), inner.need("on", _day, "a day")
            inner.done()
        value = _fact_value(name, said)
        if fault := VOCABULARY[name].fault(value):
            raise ScenarioInvalid(f"{where}: {name}: {_shown(said)} is {fault}")
        found.append(Fact(name, cast(Any, value), on, "clinician"))
    return tuple(found)


def _fact_value(name: str, said: object) -> object:
    if VOCABULARY[name].kind == "day" and isinstance(said, str):
        return date.fromisoformat(said)
    return float(said) if isinstance(said, Decimal) else said


def _papers(table: _Table) -> Papers:
    decision = table.need("decision", _texts, "a list: why the acceptance does not hold, empty where it does")
    listed = table.need("agreements", _list, "a list of agreements")
    agreements = tuple(_agreement(_Table(f"{table.where}: agreements[{i}]", each)) for i, each in enumerate(listed))
    if not table.has("plan"):
        raise ScenarioInvalid(f"{table.where}: plan is missing; write null where nobody has signed one")
    raw = table.raw("plan")
    table.done()
    if raw is None:
        return Papers(decision, agreements, None, None, None, None)
    return _plan(_Table(f"{table.where}: plan", raw), decision, agreements)


def _agreement(table: _Table) -> Agreement:
    found = Agreement(
        id=table.need("id", _text, _TEXT), title=table.need("title", _text, _TEXT),
        missing=table.may("missing", _any_text, "why it does not hold", ""),
        withdrawn=table.may("withdrawn", _yes_no, "true or false", False),
    )  # fmt: skip
    table.done()
    return found


def _plan(table: _Table, decision: tuple[str, ...], agreements: tuple[Agreement, ...]) -> Papers:
    drug, route = table.need("drug", _text, "a drug"), table.need("route", _text, "a route")
    signed = SignedPlan(
        drug=drug, route=route, planned=table.need("sessions", _whole, "how many"),
        given=table.need("given", _whole, "how many sessions were given before"),
        review_on=table.may("review_on", _day, "a day", None),
        review_after=table.may("review_after", _whole, "how many sessions", None),
        ended_on=table.may("ended_on", _day, "a day", None),
    )  # fmt: skip
    weight = table.may("weight_kg", _number, _NUMBER, None)
    measured_on = table.may("weight_on", _day, "a day", None)
    over = table.may("over_min", _number, _NUMBER, None)
    per_kg, fixed = table.may("per_kg", _number, _NUMBER, None), table.may("fixed_mg", _number, _NUMBER, None)
    if (weight is None) != (measured_on is None):
        raise ScenarioInvalid(f"{table.where}: weight_kg and weight_on go together")
    rounding = dosing.Rounding(
        dosing.Milligrams.of(table.may("round_mg", _number, _NUMBER, Decimal("0.5"))),
        table.may("round_direction", _one_of(*dosing.DIRECTIONS), " or ".join(dosing.DIRECTIONS), "nearest"),
    )
    stock, total = table.may("stock_mg_per_ml", _number, _NUMBER, None), table.may("total_ml", _number, _NUMBER, None)
    order = dosing.Order(
        route=route, drug=drug, rounding=rounding, per_kg=None if per_kg is None else dosing.MgPerKg.of(per_kg),
        fixed=None if fixed is None else dosing.Milligrams.of(fixed),
        weight=None if weight is None or measured_on is None else dosing.Weight(
            dosing.Kilograms.of(weight), measured_on),
        stock=None if stock is None else dosing.MgPerMl.of(stock),
        total=None if total is None else dosing.Millilitres.of(total),
        over=None if over is None else dosing.Minutes.of(over),
    )  # fmt: skip
    dose = dosing.Milligrams.of(table.need("dose_mg", _number, _NUMBER))
    accepted = table.may("signed_beyond", _texts, "the codes that were signed with the plan", ())
    table.done()
    return Papers(decision, agreements, signed, dosing.Ordered(order, dose, accepted), weight, over)


def _earlier(table: _Table) -> EarlierDose:
    started_at = table.need("started_at", _instant, _INSTANT)
    dose = Dose(
        id=0, drug=table.need("drug", _text, "a drug"), route=table.need("route", _text, "a route"),
        dose_mg=table.need("dose_mg", _number, _NUMBER), drawn_mg=None,
        duration_min=table.may("over_min", _number, _NUMBER, Decimal(0)), lot="", vial="", stock_mg_per_ml=None,
        total_ml=None, rate_ml_per_h=None, devices=None, started_at=started_at, by="", checked_by="", note="",
    )  # fmt: skip
    ended = table.may("ended_at", _instant, _INSTANT, started_at + timedelta(minutes=float(dose.duration_min)))
    found = EarlierDose(dose, table.may("weight_kg", _number, _NUMBER, None), ended)
    table.done()
    return found


# ---------------------------------------------------------------- the timeline

_CLOCK: Final = re.compile(r"(\d{2,3}):([0-5]\d):([0-5]\d)")


class _Lines:
    """Reads the entries of one timeline."""

    def __init__(self, name: str, starts_at: datetime, people: Mapping[str, str]) -> None:
        self.name, self.starts_at, self.people = name, starts_at, people
        self.last: datetime | None = None

    def moment(self, value: object) -> datetime:
        """Elapsed time is added on the world's clock; the wall's may be changed in between."""
        found = _CLOCK.fullmatch(_text(value))
        if found is None:
            return _instant(value).astimezone(self.starts_at.tzinfo)
        hours, minutes, seconds = map(int, found.groups())
        elapsed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return _later(self.starts_at, elapsed)

    def person(self, value: object) -> str:
        return _one_of(*self.people)(value)

    def entry(self, number: int, data: object) -> Entry:
        where = f"{self.name}: timeline {number}"
        table = _Table(where, data)
        at = table.need("at", self.moment, _MOMENT)
        does = table.need("does", _one_of(*DOES), f"one of {', '.join(DOES)}")
        table.where = f"{where} ({does})"
        if self.last is not None and at < self.last:
            raise ScenarioInvalid(f"{table.where}: at lies before the entry above it")
        self.last = at
        by = "" if _from_monitor(does, data) else table.need("by", self.person, f"one of {', '.join(self.people)}")
        values = getattr(self, f"_{does}")(table, by)
        expected = table.may("expect", _list, "a list of expected lines", [])
        table.done()
        lines = tuple(self._expected(f"{table.where}: expect {i}", each) for i, each in enumerate(expected, 1))
        return Entry(at, does, by, MappingProxyType(values), lines)

    def _expected(self, where: str, data: object) -> Expected:
        table = _Table(where, data)
        said = [each for each in SAYS if table.has(each)]
        if len(said) != 1:
            raise ScenarioInvalid(f"{where}: say exactly one of {', '.join(SAYS)}")
        says = said[0]
        value = table.need(says, _EXPECTS[says][0], _EXPECTS[says][1])
        priority, at = "", None
        if says in ALARM_SAYS:
            priority = table.may("priority", _one_of("low", "medium", "high"), "low, medium or high", "")
            at = table.may("at", self.moment, _MOMENT, None)
        found = Expected(
            says, value, table.need("rule", _text, "the rule or law that says so"),
            table.need("source", _text, "where that comes from"), table.may("why", _text, "the reckoning", ""),
            priority, at,
        )  # fmt: skip
        table.done()
        if says in MG_SAYS and not found.why:
            raise ScenarioInvalid(f"{where}: why is missing: show how the milligrams were reckoned by hand")
        return found

    # --- what each kind holds ---

    def _reading(self, table: _Table, by: str) -> dict[str, Any]:
        monitor = table.may("from", _one_of("monitor", "person"), "monitor or person", "person") == "monitor"
        vitals = _Table(f"{table.where}: vitals", table.raw("vitals", {}))
        codes = list(vitals._left)
        if not codes:
            raise ScenarioInvalid(f"{table.where}: vitals is missing: at least one value by its code")
        if unknown := [code for code in codes if code not in VITALS]:
            raise ScenarioInvalid(f"{vitals.where}: no vital sign {', '.join(unknown)}; known: {', '.join(VITALS)}")
        values = {code: float(vitals.need(code, _number, _NUMBER)) for code in codes}
        return {"vitals": values, "monitor": monitor}

    def _check(self, table: _Table, by: str) -> dict[str, Any]:
        passed = table.may("passed", _items, "a list of items, or checklist or discharge", ())
        failed = table.may("failed", _items, "a list of items", ())
        scores = {name: table.may(name, _whole, "a whole number", None) for name in ("padss", "aldrete")}
        return {"passed": passed, "failed": failed, "scores": {k: v for k, v in scores.items() if v is not None}}

    def _prepare(self, table: _Table, by: str) -> dict[str, Any]:
        numbers = ("stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h")
        return {
            "drug": table.need("drug", _text, "a drug"), "route": table.need("route", _text, "a route"),
            "dose_mg": table.need("dose_mg", _number, _NUMBER), "lot": table.need("lot", _text, "the lot number"),
            "expires_on": table.may("expires_on", _day, "a day", None),
            "devices": table.may("devices", _whole, "how many", None),
            **{name: table.may(name, _number, _NUMBER, None) for name in numbers},
        }  # fmt: skip

    def _step(self, table: _Table, by: str) -> dict[str, Any]:
        step = table.need("step", _one_of(*BY_NAME), f"one of {', '.join(BY_NAME)}")
        aside = table.may("sets_aside", _texts, "the codes that a prescriber sets aside", ())
        reason = table.may("reason", _text, "why, in words", "")
        if aside and self.people[by] != "prescriber":
            raise ScenarioInvalid(f"{table.where}: sets_aside: only a prescriber does, and {by} is none")
        if aside and not reason:
            raise ScenarioInvalid(f"{table.where}: reason is missing: who sets something aside says why")
        numbers = ("rate_ml_per_h", "remaining_ml", "part_mg", "given_mg")
        pump = {name: table.may(name, _number, _NUMBER, None) for name in numbers}
        return {"step": step, "sets_aside": aside, "reason": reason, "pump": pump}

    def _acknowledge(self, table: _Table, by: str) -> dict[str, Any]:
        return {"alarm": table.need("alarm", _text, "the rule of the alarm")}

    def _waste(self, table: _Table, by: str) -> dict[str, Any]:
        return {"mg": table.need("mg", _number, _NUMBER), "how": table.may("how", _text, _TEXT, "")}

    def _witness(self, table: _Table, by: str) -> dict[str, Any]:
        return {}

    def _withdraw(self, table: _Table, by: str) -> dict[str, Any]:
        return {"agreement": table.need("agreement", _text, "the id of an agreement")}

    def _note(self, table: _Table, by: str) -> dict[str, Any]:
        return {"text": table.need("text", _text, _TEXT)}


def _from_monitor(does: str, data: object) -> bool:
    return does == "reading" and isinstance(data, dict) and data.get("from") == "monitor"


def _later(start: datetime, elapsed: timedelta) -> datetime:
    """So much later by the world's clock, as the wall's clock at that place then shows it."""
    zone = start.tzinfo
    return (start.astimezone(_UTC) + elapsed).astimezone(zone)


_UTC: Final = ZoneInfo("UTC")


def _items(value: object) -> tuple[str, ...]:
    return (str(value),) if value in ("checklist", "discharge") else _texts(value)


def _or_none(kind: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else kind(value)


_CODES: Final = (_texts, "a list of codes")
_ALARM: Final = (_text, "the rule of the alarm")
_MG: Final = (_number, "milligrams")
_EXPECTS: Final[Mapping[str, tuple[Callable[[object], Any], str]]] = MappingProxyType(
    {
        "state": (_text, "a state"),
        "due": (_or_none(_whole), "the minute of the next check, or null"),
        "missed": (_wholes, "a list of minutes"),
        **dict.fromkeys(ALARM_SAYS, _ALARM),
        "refused": _CODES,
        "set_aside": _CODES,
        **dict.fromkeys(MG_SAYS, _MG),
    }
)


def named_rules(scenario: Scenario) -> Sequence[str]:
    """Every rule and law that the expected lines name, each once."""
    return tuple(dict.fromkeys(line.rule for entry in scenario.timeline for line in entry.expect))
