"""How a list of medicines stood at any time: rows in memory, as the intake writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sojourn.care.intake.medicine_history import MedicineHistory
from sojourn.care.intake.models import MedicationStatement
from sojourn.foundation.accounts import actor as actors
from tests.clock import DENVER

BEGIN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_denver() -> Iterator[None]:
    """A day is the clinic's of whoever asks, also where no database is asked."""
    token = actors._asking.set(actors.Actor(clinic_id=1, time_zone=DENVER.key))
    yield
    actors._asking.reset(token)


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


def row(line: int, number: int, name: str = "Lorazepam", **more: Any) -> MedicationStatement:
    fields = {"name": name, "ingredient": name, "dose": "1 mg", "current": True, **more}
    return MedicationStatement(line=UUID(int=line), said_at=day(number), **fields)


def history(*rows: MedicationStatement) -> MedicineHistory:
    return MedicineHistory(rows)


def changes(found: MedicineHistory, number: int) -> list[tuple[str, str]]:
    return [(each.what, each.taken.name) for each in found.since(day(number))]


def test_the_list_as_it_stood_at_a_time():
    found = history(row(1, 0), row(2, 3, "Sertraline"), row(1, 5, dose="2 mg"))
    assert [each.name for each in found.taken(day(-1))] == []
    assert [(each.name, each.dose) for each in found.taken(day(1))] == [("Lorazepam", "1 mg")]
    assert [(each.name, each.dose) for each in found.taken()] == [("Lorazepam", "2 mg"), ("Sertraline", "1 mg")]


def test_begun_changed_and_stopped():
    found = history(
        row(1, 0), row(2, 0, "Sertraline"), row(3, 0, "Codeine"),
        row(1, 5, dose="2 mg"), row(2, 6, "Sertraline", current=False), row(3, 6, "Codeine", removed=True),
        row(4, 7, "Temazepam"),
    )  # fmt: skip
    assert changes(found, 1) == [
        ("begun", "Temazepam"), ("changed", "Lorazepam"), ("stopped", "Sertraline"), ("stopped", "Codeine"),
    ]  # fmt: skip
    assert changes(found, 7) == []


def test_what_was_changed_and_changed_back_is_no_change():
    found = history(row(1, 0), row(1, 3, dose="2 mg"), row(1, 4, dose="1  MG"))
    assert changes(found, 1) == []


def test_how_it_is_taken_is_a_change():
    found = history(row(1, 0, "Prednisolone"), row(1, 3, "Prednisolone", route="nose"))
    assert changes(found, 1) == [("changed", "Prednisolone")]


def test_what_was_told_as_stopped_from_the_beginning_was_never_taken():
    assert changes(history(row(1, 3, current=False)), 1) == []


def test_every_change_is_said_once_after_the_last_moment_that_it_followed():
    found = history(row(1, 2, "Codeine"), row(2, 6, "Temazepam"), row(3, 10, "Zopiclone"))
    said = found.since_each({"decision": day(1), "plan": day(4), "dose": day(8)})
    assert [(each.after, [one.taken.name for one in each.changes]) for each in said] == [
        ("dose", ["Zopiclone"]), ("plan", ["Temazepam"]), ("decision", ["Codeine"]),
    ]  # fmt: skip
    assert found.since_each({"decision": None, "plan": None, "dose": None}) == ()
