"""Facts out of a laboratory's text: a CSV of name,value,unit,date, or a FHIR R4 Bundle of Observations.

A unit is converted only where our own table of units knows both; otherwise it must be the unit of the fact. LOINC
codes are those of our vital signs; a laboratory's own codes are refused by name rather than guessed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from django.utils.translation import gettext as _

from sojourn.clinical.eligibility.facts import UPPER_LIMIT, VOCABULARY, Value, Word
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.clinical.units import UnitError, code_of, convert, spelled
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.ui.numbers import number_words

COLUMNS: Final = ("name", "value", "unit", "date")
UPPER: Final = "upper_limit"  # a column that may be there: the laboratory's own upper limit, in the same unit
LOINC: Final = "http://loinc.org"
_OF_VITAL: Final = {
    "hr": "heart_rate", "spo2": "spo2", "rr": "respiratory_rate", "nibp_sys": "sbp", "nibp_dia": "dbp",
    "temp": "temperature",
}  # fmt: skip
BY_LOINC: Final[Mapping[str, str]] = {
    str(VITALS[code].loinc): name for code, name in _OF_VITAL.items() if VITALS[code].loinc
}
_DONE: Final = {"final", "amended", "corrected"}
_YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False, "sí": True, "si": True}
MOST_ROWS: Final = 500
_LONGEST: Final = 20  # figures of a number


@dataclass(frozen=True, slots=True)
class ImportedValue:
    name: str
    value: Value
    on: date


def read(text: str, birth_date: date) -> Iterator[tuple[str, ImportedValue | ActionRefused]]:
    """Each line or entry with where it stands ("Line 3"), read or refused. A bundle that names a patient must name one
    who was born on that day."""
    plain = text.strip().removeprefix("\ufeff").strip()
    try:
        yield from (_bundle(plain, birth_date) if plain.startswith("{") else _csv(plain))
    except csv.Error:
        yield _("The text"), _refuse(_("This cannot be read as CSV: a field does not end."), "unreadable")


def _refuse(words: str, code: str) -> ActionRefused:
    return ActionRefused(words, codes=(code,))


def _too_many() -> ActionRefused:
    return _refuse(_("No more than %(n)d lines at a time.") % {"n": MOST_ROWS}, "too-long")


def _delimiter(first: str) -> str:
    return ";" if ";" in first and "," not in first else ","


def _csv(text: str) -> Iterator[tuple[str, ImportedValue | ActionRefused]]:
    """Where a comma is the decimal mark, spreadsheets put semicolons between the fields; the first line says so."""
    rows = csv.DictReader(StringIO(text), delimiter=_delimiter(text.partition("\n")[0]))
    heads = [str(each).strip().lower() for each in rows.fieldnames or ()]
    if not set(COLUMNS) <= set(heads):
        words = _("The first line must name the columns: %(columns)s.") % {"columns": ",".join(COLUMNS)}
        yield _("Line 1"), _refuse(words, "unreadable")
        return
    rows.fieldnames = heads
    for number, row in enumerate(rows, start=2):
        where = _("Line %(n)d") % {"n": number}
        if number > MOST_ROWS:
            yield where, _too_many()
            return
        cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        if None in row:  # what stands behind the last column
            yield where, _refuse(_("This line has more fields than the first line names."), "unreadable")
        elif any(cells.values()):
            yield where, _caught(cells)
        if limit := str(row.get(UPPER) or "").strip():
            yield where, _caught({**cells, "name": cells["name"] + UPPER_LIMIT, "value": limit})


def _caught(cells: Mapping[str, str]) -> ImportedValue | ActionRefused:
    try:
        return _row(cells["name"], cells["value"], cells["unit"], cells["date"])
    except ActionRefused as refused:
        return refused


def _row(name: str, value: str, unit: str, day: str) -> ImportedValue:
    word = _word(name)
    return ImportedValue(word.name, read_value(word, value, unit), _day(day))


def _word(name: str) -> Word:
    word = VOCABULARY.get(name.strip().lower().replace(" ", "_"))
    if word is None:
        raise _refuse(_("“%(name)s” is not a fact that we know of.") % {"name": name}, "unknown-fact")
    return word


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        words = _("“%(text)s” is not a day. Write it like 2026-03-12.") % {"text": text}
        raise _refuse(words, "unreadable") from None


def read_value(word: Word, text: str, unit: str = "") -> Value:
    """A value as typed, in the unit of the fact. Refused: unit, not-yes-or-no, unreadable, and what the one reader of
    numbers refuses."""
    if word.kind == "number":
        value = read_amount(text, unit)
        if isinstance(value, NumberRefusal):
            raise _refuse(f"{_(word.label)}: {number_words(value)}", value.why)
        return _in_unit(word, value, unit)
    if word.kind == "yes_no":
        if text.strip().lower() not in _YES_NO:
            raise _refuse(_("“%(text)s” is neither yes nor no.") % {"text": text}, "not-yes-or-no")
        return _YES_NO[text.strip().lower()]
    return _day(text) if word.kind == "day" else text.strip()


def _in_unit(word: Word, value: Decimal, unit: str) -> float:
    given = spelled(unit)
    if not given and word.unit not in {"", "{count}"}:
        words = _("%(label)s needs its unit: %(unit)s.") % {"label": _(word.label), "unit": word.unit}
        raise _refuse(words, "unit")
    if not given or code_of(given) == code_of(word.unit):
        return float(value)
    try:
        return float(convert(value, given, word.unit))
    except UnitError:
        words = _("%(label)s is taken in %(unit)s, not in %(given)s.") % {
            "label": _(word.label), "unit": word.unit, "given": unit,
        }  # fmt: skip
        raise _refuse(words, "unit") from None


# ---------------------------------------------------------------- FHIR


def _bundle(text: str, birth_date: date) -> Iterator[tuple[str, ImportedValue | ActionRefused]]:
    try:
        raw = json.loads(text, parse_float=Decimal)
        json.dumps(raw, ensure_ascii=False, default=str).encode()  # half a character could not be shown in a reason
    except (ValueError, RecursionError):
        yield _("The text"), _refuse(_("This is not whole JSON."), "unreadable")
        return
    entries = raw.get("entry", []) if raw.get("resourceType") == "Bundle" else [{"resource": raw}]
    if not isinstance(entries, list):
        yield _("The text"), _refuse(_("The entries of this bundle cannot be read."), "unreadable")
        return
    resources = [entry.get("resource") if isinstance(entry, dict) else None for entry in entries]
    if stranger := _stranger(resources, birth_date):
        yield _("The text"), _refuse(stranger, "another-patient")
        return
    for number, resource in enumerate(resources, start=1):
        where = _("Entry %(n)d") % {"n": number}
        if number > MOST_ROWS:
            yield where, _too_many()
            return
        for each in _of_type([resource], "Observation"):  # a bundle carries its patient and its laboratory too
            yield from ((where, found) for found in _observation(each))


def _of_type(resources: list[Any], kind: str) -> Iterator[dict[str, Any]]:
    return (each for each in resources if isinstance(each, dict) and each.get("resourceType") == kind)


def _stranger(resources: list[Any], birth_date: date) -> str:
    """Why these resources are not, or not only, this patient's; "" where nothing says so."""
    born = [each.get("birthDate") for each in _of_type(resources, "Patient")]
    if any(isinstance(day, str) and day and not birth_date.isoformat().startswith(day) for day in born):
        return _("This is somebody else's: the date of birth in it is not the patient's.")
    subjects = [each.get("subject") for each in _of_type(resources, "Observation")]
    people = {str(each.get("reference")) for each in subjects if isinstance(each, dict) and each.get("reference")}
    return _("This speaks of more than one patient.") if len(born) > 1 or len(people) > 1 else ""


def _observation(resource: Mapping[str, Any]) -> Iterator[ImportedValue | ActionRefused]:
    if resource.get("status") not in _DONE:
        yield _refuse(_("This observation is not final."), "not-final")
        return
    day = str(resource.get("effectiveDateTime") or resource.get("issued") or "")
    parts = resource.get("component")
    for part in parts if isinstance(parts, list) and parts else (resource,):
        try:
            yield _measured(part, day)
        except ActionRefused as refused:
            yield refused
        except (AttributeError, KeyError, TypeError):
            yield _refuse(_("This observation cannot be read."), "unreadable")


def _measured(part: Mapping[str, Any], day: str) -> ImportedValue:
    codings = part["code"].get("coding", [])
    name = next((BY_LOINC[each["code"]] for each in codings
                 if each.get("system") == LOINC and each.get("code") in BY_LOINC), None)  # fmt: skip
    if name is None:
        codes = ", ".join(str(each.get("code")) for each in codings) or str(part["code"].get("text", ""))
        raise _refuse(
            _("The code %(code)s is not one that we can place. Enter it by hand, or as CSV.") % {"code": codes},
            "unknown-fact",
        )
    quantity = part["valueQuantity"]
    unit = str(quantity.get("code") or quantity.get("unit") or "")
    return ImportedValue(name, _in_unit(VOCABULARY[name], _counted(quantity), unit), _day(day))


def _counted(quantity: Mapping[str, Any]) -> Decimal:
    """The number of a FHIR Quantity. JSON has its own grammar of numbers: the point alone, no thousands; a number in
    quotes is none. "Less than 5" is not 5."""
    value, bound = quantity["value"], quantity.get("comparator")
    if bound:
        raise _refuse(number_words(NumberRefusal("bound", f"{bound}{value}")), "bound")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or len(str(value)) > _LONGEST:
        raise _refuse(number_words(NumberRefusal("not-a-number", str(value)[:_LONGEST])), "not-a-number")
    return Decimal(value)
