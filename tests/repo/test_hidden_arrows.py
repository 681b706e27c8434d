"""Arrows upward that import-linter cannot see: through the ORM's names for "whoever refers to me", through SQL, and
by a model's name in a text.

``Encounter.appointment`` hangs ``encounter`` on every appointment: code of a lower room that says
``appointment.encounter`` or ``filter(encounter__isnull=True)`` knows the room above it, although it imports nothing.
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps

from sojourn.foundation.scope import Scope
from tests.repo.test_repository import ROOT, tracked

# What a lower room may know of a higher one, and why: "file what".
KNOWN: Final[dict[str, str]] = {
    f"sojourn/foundation/scope.py {each.label}": "whose row a scope is, by the one name that needs no import"
    for each in Scope.__subclasses__()
}

# Calls in which a keyword or a text is the name of a relation.
NAMING: Final = {
    "getattr", "hasattr", "setattr", "attrgetter",
    "filter", "exclude", "get", "annotate", "aggregate", "alias", "prefetch_related", "select_related", "values",
    "values_list", "order_by", "only", "defer", "distinct", "update", "latest", "earliest", "Q", "F", "OuterRef",
    "Prefetch", "Count", "Max", "Min", "Sum", "ArrayAgg", "get_or_create", "update_or_create",
}  # fmt: skip


@cache
def floors() -> dict[str, int]:
    """Every room of the foundation and of care, from the lowest up."""
    read = configparser.ConfigParser()
    read.read(ROOT / ".importlinter")
    rooms = []
    for storey, contract in (("foundation", "foundation"), ("care", "rooms")):
        layers = read[f"importlinter:contract:{contract}"]["layers"].split()
        rooms += [f"sojourn.{storey}.{room}" for room in reversed(layers)]
    return {room: floor for floor, room in enumerate(rooms)}


def floor_of(module: str) -> int | None:
    return floors().get(".".join(module.split(".")[:3]))


@dataclass(frozen=True)
class Arrow:
    """A name that a model of ``above`` hangs on a model of ``on``."""

    above: int
    on: int


def _house_models() -> list[tuple[type, int]]:
    found = [(model, floor_of(model.__module__)) for model in apps.get_models()]
    return [(model, floor) for model, floor in found if floor is not None]


@cache
def arrows() -> dict[str, list[Arrow]]:
    """Each name by which a model can be left for one of a higher room."""
    found: dict[str, list[Arrow]] = {}
    for model, on in _house_models():
        for relation in model._meta.related_objects:  # type: ignore[attr-defined]
            above = floor_of(relation.related_model.__module__)
            if above is not None and above > on and not relation.hidden:
                for name in {relation.get_accessor_name(), relation.name}:
                    found.setdefault(name, []).append(Arrow(above, on))
    return found


@cache
def own_names() -> dict[str, int]:
    """Names that mean something downward or within a room as well, and the lowest room in which they do."""
    found: dict[str, int] = {}
    for model, floor in _house_models():
        upward = {name for name, each in arrows().items() if any(arrow.on == floor for arrow in each)}
        for field in model._meta.get_fields():  # type: ignore[attr-defined]
            name = field.get_accessor_name() if field.auto_created and not field.concrete else field.name
            if name not in upward:
                found[name] = min(floor, found.get(name, floor))
    return found


def goes_up(name: str, floor: int) -> bool:
    if own_names().get(name, floor + 1) <= floor:
        return False
    return any(arrow.on <= floor < arrow.above for arrow in arrows().get(name, ()))


def _words(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in NAMING:
        return
    for keyword in call.keywords:
        yield keyword.arg or ""
    for given in call.args:
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield given.value.lstrip("-")


def by_relation(source: str, floor: int) -> Iterator[tuple[int, str]]:
    """Where a room of that floor follows a relation upward: as an attribute, or in the words of a query."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and goes_up(node.attr, floor):
            yield node.lineno, f".{node.attr}"
        elif isinstance(node, ast.Call):
            for words in _words(node):
                if any(goes_up(part, floor) for part in words.split("__")):
                    yield node.lineno, words


@cache
def _above(floor: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Tables and dotted names of the models above a floor."""
    models = [model._meta for model, each in _house_models() if each > floor]  # type: ignore[attr-defined]
    tables = "|".join(sorted(meta.db_table for meta in models)) or "(?!)"
    labels = "|".join(sorted(meta.label for meta in models)) or "(?!)"
    return re.compile(rf"\b({tables})\b"), re.compile(rf"({labels})", re.IGNORECASE)


@cache
def _permissions() -> set[str]:
    """What a role may do is called after what it does it to: ``session.discharge``."""
    return set(re.findall(r'"([a-z_.]+)"', (ROOT / "sojourn/foundation/accounts/roles.toml").read_text()))


def by_word(source: str, floor: int) -> Iterator[tuple[int, str]]:
    """Where a room of that floor names a table or a model of a higher one in a text."""
    tables, labels = _above(floor)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in tables.findall(node.value):
                yield node.lineno, found
            if labels.fullmatch(node.value) and node.value not in _permissions():
                yield node.lineno, node.value


def _lower_rooms() -> Iterator[tuple[Path, int]]:
    for path in tracked(".py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        floor = floor_of(module)
        if floor is not None and "migrations" not in path.parts:
            yield path, floor


def test_no_room_knows_a_higher_one_without_importing_it():
    found = {
        f"{path.relative_to(ROOT)} {what}"
        for path, floor in _lower_rooms()
        for search in (by_relation, by_word)
        for _line, what in search(path.read_text(encoding="utf-8"), floor)
    }
    assert found == KNOWN.keys()


@pytest.mark.parametrize(
    "text",
    [
        "row.encounter",
        "Appointment.objects.filter(encounter__isnull=True)",
        "Attendance.objects.exclude(appointment__encounter=None)",
        'Appointment.objects.select_related("patient", "encounter")',
        'Appointment.objects.order_by("-encounter__opened_at")',
        "Q(reminders=None)",
        "patient.flags.count()",
        'hasattr(row, "encounter")',
    ],
)
def test_an_arrow_by_a_relation_is_found(text: str):
    assert list(by_relation(text, floors()["sojourn.care.scheduling"]))
    assert not list(by_relation(text, floors()["sojourn.care.session"]))


@pytest.mark.parametrize("text", ['"SELECT id FROM booking_reminder"', 'apps.get_model("coordination.Reminder")'])
def test_an_arrow_by_a_word_is_found(text: str):
    assert list(by_word(text, floors()["sojourn.care.scheduling"]))
    assert not list(by_word(text, floors()["sojourn.care.coordination"]))
