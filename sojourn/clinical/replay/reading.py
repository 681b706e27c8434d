"""Reads a scenario of a file's text. docs/how-to/add-a-scenario.md explains the format, and a test holds it to that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast
from zoneinfo import ZoneInfo

from sojourn.clinical import dosing
from sojourn.clinical.administration.charted import Dose
from sojourn.clinical.eligibility import VOCABULARY, Fact
from sojourn.clinical.interactions.checking import DRUGS, ROUTES
from sojourn.clinical.protocol import BY_NAME, State
from sojourn.clinical.protocol.road import Agreement, SignedPlan
from sojourn.clinical.recovery import AS_BEFORE, SCALES, Points
from sojourn.clinical.replay.scenario import (
    ALARM_SAYS,
    DOES,
    MG_SAYS,
    ROLES,
    SAYS,
    SCHEMA,
    Clinic,
    EarlierDose,
    Expected,
    Papers,
    Scenario,
    ScenarioEntry,
)
from sojourn.clinical.replay.tables import (
    A_MOMENT,
    A_NUMBER,
    A_TEXT,
    ABOVE_NOTHING,
    AN_INSTANT,
    ScenarioInvalid,
    Table,
    any_text,
    at_least_one,
    counted,
    counts,
    day,
    each_once,
    filled,
    instant,
    list_of,
    not_negative,
    number,
    one_of,
    place,
    positive,
    shown,
    text_of,
    texts,
    whole,
    yes_no,
)
from sojourn.clinical.vitals import VITALS

T = TypeVar("T")


def read(name: str, text: str) -> Scenario:
    """The scenario of a file's text; raises ScenarioInvalid."""
    try:
        data = json.loads(text, parse_float=Decimal, object_pairs_hook=each_once)
    except ValueError as wrong:
        raise ScenarioInvalid(f"{name}: this is no JSON: {wrong}") from None
    top = Table(name, data)
    if (schema := top.need("schema", whole, "a number")) != SCHEMA:
        raise ScenarioInvalid(f"{name}: schema {schema} is not known here; this program reads schema {SCHEMA}")
    title, shows = top.need("title", text_of, A_TEXT), top.need("shows", text_of, "a sentence")
    clinic = _clinic(Table(f"{name}: clinic", top.raw("clinic", {})))
    starts_at = top.need("starts_at", instant, AN_INSTANT).astimezone(clinic.zone)
    today = starts_at.date()
    people = _people(Table(f"{name}: people", top.raw("people", {})), f"{name}: people")
    patient = Table(f"{name}: patient", top.raw("patient", {}))
    age = patient.need("age_years", counted, "whole years")
    escort = patient.may("escort", any_text, A_TEXT, "")
    facts = _facts(f"{name}: patient: facts", patient.raw("facts", {}), today)
    patient.done()
    papers = _papers(Table(f"{name}: papers", top.raw("papers", {})))
    raw_earlier: list[object] = top.may("earlier_doses", list_of, "a list", [])
    earlier = tuple(_earlier(Table(f"{name}: earlier_doses[{i}]", each)) for i, each in enumerate(raw_earlier))
    protocol_id = top.need("protocol", text_of, "the id of a protocol")
    lines = top.need("timeline", filled, "a list of entries")
    top.done()
    reader = _Lines(name, starts_at, people, tuple(each.id for each in papers.agreements))
    return Scenario(
        name, title, shows, clinic, people, age, escort, facts, papers, earlier, protocol_id, starts_at,
        tuple(reader.entry(number, each) for number, each in enumerate(lines, 1)),
    )  # fmt: skip


def _zone(value: object) -> ZoneInfo:
    return ZoneInfo(text_of(value))


def _clinic(table: Table) -> Clinic:
    zone = table.need("zone", _zone, 'a time zone, such as "America/Denver"')
    jurisdiction = table.need("jurisdiction", place, 'a country or state, such as "US-CO"')
    adopted = table.need("adopted", lambda value: None if value == "all" else texts(value), '"all" or a list of rules')
    numbers = table.may("own_numbers", _own_numbers, "for each rule its numbers", {})
    table.done()
    return Clinic(zone, jurisdiction, adopted, MappingProxyType(numbers))


def _own_numbers(value: object) -> dict[str, Mapping[str, float]]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise TypeError
    return {rule: {name: float(number(each)) for name, each in numbers.items()} for rule, numbers in value.items()}


def _people(table: Table, where: str) -> Mapping[str, str]:
    names = list(table.names)
    if not names:
        raise ScenarioInvalid(f"{where}: name who is there, each with a role: {', '.join(ROLES)}")
    return MappingProxyType({each: table.need(each, one_of(*ROLES), f"one of {', '.join(ROLES)}") for each in names})


def _facts(where: str, data: object, today: date) -> tuple[Fact, ...]:
    table = Table(where, data)
    found = []
    for name in list(table.names):
        if name not in VOCABULARY:
            raise ScenarioInvalid(f"{where}: {name} is not a fact that we know of")
        said = table.raw(name)
        on = today
        if isinstance(said, dict):
            inner = Table(f"{where}: {name}", said)
            said, on = inner.raw("value"), inner.need("on", day, "a day")
            inner.done()
        try:
            value = _fact_value(name, said)
        except ValueError:
            raise ScenarioInvalid(f"{where}: {name} must be a day, not {shown(said)}") from None
        if fault := VOCABULARY[name].fault(value):
            raise ScenarioInvalid(f"{where}: {name}: {shown(said)} is {fault}")
        found.append(Fact(name, cast(Any, value), on, "clinician"))
    return tuple(found)


def _fact_value(name: str, said: object) -> object:
    if VOCABULARY[name].kind == "day" and isinstance(said, str):
        return date.fromisoformat(said)
    return float(said) if isinstance(said, Decimal) else said


def _papers(table: Table) -> Papers:
    decision = table.need("decision", texts, "a list: why the acceptance does not hold, empty where it does")
    listed = table.need("agreements", list_of, "a list of agreements")
    agreements = tuple(_agreement(Table(f"{table.where}: agreements[{i}]", each)) for i, each in enumerate(listed))
    if len({each.id for each in agreements}) != len(agreements):
        raise ScenarioInvalid(f"{table.where}: agreements: each stands once")
    if not table.has("plan"):
        raise ScenarioInvalid(f"{table.where}: plan is missing; write null where nobody has signed one")
    raw = table.raw("plan")
    table.done()
    if raw is None:
        return Papers(decision, agreements, None, None, None, None)
    return _plan(Table(f"{table.where}: plan", raw), decision, agreements)


def _agreement(table: Table) -> Agreement:
    found = Agreement(
        id=table.need("id", text_of, A_TEXT), title=table.need("title", text_of, A_TEXT),
        missing=table.may("missing", any_text, "why it does not hold", ""),
        withdrawn=table.may("withdrawn", yes_no, "true or false", False),
    )  # fmt: skip
    table.done()
    return found


def _plan(table: Table, decision: tuple[str, ...], agreements: tuple[Agreement, ...]) -> Papers:
    drug, route = _drug(table), _route(table)
    signed = SignedPlan(
        drug=drug, route=route, planned=table.need("sessions", at_least_one, "how many"),
        given=table.need("given", counted, "how many sessions were given before"),
        review_on=table.may("review_on", day, "a day", None),
        review_after=table.may("review_after", at_least_one, "how many sessions", None),
        ended_on=table.may("ended_on", day, "a day", None),
    )  # fmt: skip
    weight = table.may("weight_kg", positive, ABOVE_NOTHING, None)
    measured_on = table.may("weight_on", day, "a day", None)
    over = table.may("over_min", positive, ABOVE_NOTHING, None)
    per_kg, fixed = (table.may(each, positive, ABOVE_NOTHING, None) for each in ("per_kg", "fixed_mg"))
    if (weight is None) != (measured_on is None):
        raise ScenarioInvalid(f"{table.where}: weight_kg and weight_on go together")
    rounding = dosing.Rounding(
        dosing.Milligrams.of(table.may("round_mg", positive, ABOVE_NOTHING, Decimal("0.5"))),
        table.may("round_direction", one_of(*dosing.DIRECTIONS), " or ".join(dosing.DIRECTIONS), "nearest"),
    )
    stock, total = (table.may(each, positive, ABOVE_NOTHING, None) for each in ("stock_mg_per_ml", "total_ml"))
    order = dosing.Order(
        route=route, drug=drug, rounding=rounding, per_kg=None if per_kg is None else dosing.MgPerKg.of(per_kg),
        fixed=None if fixed is None else dosing.Milligrams.of(fixed),
        weight=None if weight is None or measured_on is None else dosing.Weight(
            dosing.Kilograms.of(weight), measured_on),
        stock=None if stock is None else dosing.MgPerMl.of(stock),
        total=None if total is None else dosing.Millilitres.of(total),
        over=None if over is None else dosing.Minutes.of(over),
    )  # fmt: skip
    dose = dosing.Milligrams.of(table.need("dose_mg", positive, ABOVE_NOTHING))
    accepted = table.may("signed_beyond", texts, "the codes that were signed with the plan", ())
    table.done()
    return Papers(decision, agreements, signed, dosing.Ordered(order, dose, accepted), weight, over)


def _drug(table: Table) -> str:
    return table.need("drug", one_of(*DRUGS), f"one of {', '.join(DRUGS)}")


def _route(table: Table) -> str:
    return table.need("route", one_of(*ROUTES), f"one of {', '.join(ROUTES)}")


def _earlier(table: Table) -> EarlierDose:
    started_at = table.need("started_at", instant, AN_INSTANT)
    dose = Dose(
        id=0, drug=_drug(table), route=_route(table),
        dose_mg=table.need("dose_mg", positive, ABOVE_NOTHING), drawn_mg=None,
        duration_min=table.may("over_min", not_negative, A_NUMBER, Decimal(0)), lot="", vial="", stock_mg_per_ml=None,
        total_ml=None, rate_ml_per_h=None, devices=None, started_at=started_at, by="", checked_by="", note="",
    )  # fmt: skip
    ended = table.may("ended_at", instant, AN_INSTANT, started_at + timedelta(minutes=float(dose.duration_min)))
    found = EarlierDose(dose, table.may("weight_kg", positive, ABOVE_NOTHING, None), ended)
    table.done()
    return found


# ---------------------------------------------------------------- the timeline

_AN_AGREEMENT: Final = "the id of one of the agreements"
_CLOCK: Final = re.compile(r"(\d{2,3}):([0-5]\d):([0-5]\d)")


class _Lines:
    """Reads the entries of one timeline."""

    def __init__(self, name: str, starts_at: datetime, people: Mapping[str, str], agreements: tuple[str, ...]) -> None:
        self.name, self.starts_at, self.people, self.agreements = name, starts_at, people, agreements
        self.last: datetime | None = None

    def moment(self, value: object) -> datetime:
        """Elapsed time is added on the world's clock; the wall's may be changed in between."""
        found = _CLOCK.fullmatch(text_of(value))
        if found is None:
            return instant(value).astimezone(self.starts_at.tzinfo)
        hours, minutes, seconds = map(int, found.groups())
        elapsed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return _later(self.starts_at, elapsed)

    def person(self, value: object) -> str:
        return one_of(*self.people)(value)

    def entry(self, number: int, data: object) -> ScenarioEntry:
        where = f"{self.name}: timeline {number}"
        table = Table(where, data)
        at = table.need("at", self.moment, A_MOMENT)
        does = table.need("does", one_of(*DOES), f"one of {', '.join(DOES)}")
        table.where = f"{where} ({does})"
        if self.last is not None and at.astimezone(_UTC) < self.last.astimezone(_UTC):
            raise ScenarioInvalid(f"{table.where}: at lies before the entry above it")
        self.last = at
        by = "" if _from_monitor(does, data) else table.need("by", self.person, f"one of {', '.join(self.people)}")
        values = getattr(self, f"_{does}")(table, by)
        expected = table.may("expect", list_of, "a list of expected lines", [])
        table.done()
        lines = tuple(self._expected(f"{table.where}: expect {i}", each) for i, each in enumerate(expected, 1))
        return ScenarioEntry(at, does, by, MappingProxyType(values), lines)

    def _expected(self, where: str, data: object) -> Expected:
        table = Table(where, data)
        said = [each for each in SAYS if table.has(each)]
        if len(said) != 1:
            raise ScenarioInvalid(f"{where}: say exactly one of {', '.join(SAYS)}")
        says = said[0]
        value = table.need(says, _EXPECTS[says][0], _EXPECTS[says][1])
        priority, at = "", None
        if says in ALARM_SAYS:
            priority = table.may("priority", one_of("low", "medium", "high"), "low, medium or high", "")
            at = table.may("at", self.moment, A_MOMENT, None)
        found = Expected(
            says, value, table.need("rule", text_of, "the rule or law that says so"),
            table.need("source", text_of, "where that comes from"), table.may("why", text_of, "the reckoning", ""),
            priority, at,
        )  # fmt: skip
        table.done()
        if says in MG_SAYS and not found.why:
            raise ScenarioInvalid(f"{where}: why is missing: show how the milligrams were reckoned by hand")
        return found

    # --- what each kind holds ---

    def _reading(self, table: Table, by: str) -> dict[str, Any]:
        monitor = table.may("from", one_of("monitor", "person"), "monitor or person", "person") == "monitor"
        vitals = Table(f"{table.where}: vitals", table.raw("vitals", {}))
        codes = list(vitals.names)
        if not codes:
            raise ScenarioInvalid(f"{table.where}: vitals is missing: at least one value by its code")
        if unknown := [code for code in codes if code not in VITALS]:
            raise ScenarioInvalid(f"{vitals.where}: no vital sign {', '.join(unknown)}; known: {', '.join(VITALS)}")
        values = {code: float(vitals.need(code, number, A_NUMBER)) for code in codes}
        return {"vitals": values, "monitor": monitor}

    def _check(self, table: Table, by: str) -> dict[str, Any]:
        passed = table.may("passed", _items, "a list of items, or checklist or discharge", ())
        failed = table.may("failed", _items, "a list of items", ())
        scores = {name: table.may(name, _score, _A_SCORE, None) for name in SCALES}
        return {"passed": passed, "failed": failed, "scores": {k: v for k, v in scores.items() if v is not None}}

    def _prepare(self, table: Table, by: str) -> dict[str, Any]:
        numbers = ("stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h")
        return {
            "drug": _drug(table), "route": _route(table),
            "dose_mg": table.need("dose_mg", number, A_NUMBER), "lot": table.need("lot", text_of, "the lot number"),
            "expires_on": table.may("expires_on", day, "a day", None),
            "devices": table.may("devices", whole, "how many", None),
            **{name: table.may(name, number, A_NUMBER, None) for name in numbers},
        }  # fmt: skip

    def _step(self, table: Table, by: str) -> dict[str, Any]:
        step = table.need("step", one_of(*BY_NAME), f"one of {', '.join(BY_NAME)}")
        aside = table.may("sets_aside", texts, "the codes that a prescriber sets aside", ())
        reason = table.may("reason", text_of, "why, in words", "")
        if aside and self.people[by] != "prescriber":
            raise ScenarioInvalid(f"{table.where}: sets_aside: only a prescriber does, and {by} is none")
        if aside and not reason:
            raise ScenarioInvalid(f"{table.where}: reason is missing: who sets something aside says why")
        numbers = ("rate_ml_per_h", "remaining_ml", "part_mg", "given_mg")
        pump = {name: table.may(name, number, A_NUMBER, None) for name in numbers}
        return {"step": step, "sets_aside": aside, "reason": reason, "pump": pump}

    def _acknowledge(self, table: Table, by: str) -> dict[str, Any]:
        return {"alarm": table.need("alarm", text_of, "the rule of the alarm")}

    def _waste(self, table: Table, by: str) -> dict[str, Any]:
        return {"mg": table.need("mg", number, A_NUMBER), "how": table.may("how", text_of, A_TEXT, "")}

    def _witness(self, table: Table, by: str) -> dict[str, Any]:
        return {}

    def _agree(self, table: Table, by: str) -> dict[str, Any]:
        return {"agreement": table.need("agreement", one_of(*self.agreements), _AN_AGREEMENT)}

    def _withdraw(self, table: Table, by: str) -> dict[str, Any]:
        return {"agreement": table.need("agreement", one_of(*self.agreements), _AN_AGREEMENT)}

    def _note(self, table: Table, by: str) -> dict[str, Any]:
        return {"text": table.need("text", text_of, A_TEXT)}


def _from_monitor(does: str, data: object) -> bool:
    return does == "reading" and isinstance(data, dict) and data.get("from") == "monitor"


def _later(start: datetime, elapsed: timedelta) -> datetime:
    """So much later by the world's clock, as the wall's clock at that place then shows it."""
    zone = start.tzinfo
    return (start.astimezone(_UTC) + elapsed).astimezone(zone)


_UTC: Final = ZoneInfo("UTC")


def _items(value: object) -> tuple[str, ...]:
    return (str(value),) if value in ("checklist", "discharge") else texts(value)


_A_SCORE: Final = 'a total, or points by item ("as-before", or null where it does not apply)'


def _score(value: object) -> int | dict[str, Points]:
    """A total; or the answers by item, which the rule adds up."""
    if not isinstance(value, dict):
        return counted(value)
    return {str(item): AS_BEFORE if said == AS_BEFORE else _or_none(counted)(said) for item, said in value.items()}


def _or_none(kind: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else kind(value)


STATES: Final = tuple(each.value for each in State)
_CODES: Final = (texts, "a list of codes, each once")
_ALARM: Final = (text_of, "the rule of the alarm")
_MG: Final = (number, "milligrams")
_EXPECTS: Final[Mapping[str, tuple[Callable[[object], Any], str]]] = MappingProxyType(
    {
        "state": (one_of(*STATES), f"one of {', '.join(STATES)}"),
        "due": (_or_none(counted), "the minute of the next check, or null"),
        "missed": (counts, "a list of minutes"),
        **dict.fromkeys(ALARM_SAYS, _ALARM),
        "refused": _CODES,
        "set_aside": _CODES,
        **dict.fromkeys(MG_SAYS, (not_negative, "milligrams")),
        "unaccounted_mg": _MG,  # below nothing: more was charted than drawn up
    }
)
