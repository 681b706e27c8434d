"""Our calendar feeds, read by an independent reader (icalendar): what a patient's calendar program will see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.care.coordination.icalendar import Event, calendar

TEN = datetime(2026, 3, 9, 10, tzinfo=ZoneInfo("America/Denver"))
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200)


def read(*events: Event, name: str = "Harbor") -> list[icalendar.Event]:
    found = icalendar.Calendar.from_ical(calendar(name, events))
    assert not found.errors
    return list(found.walk("VEVENT"))


def event(**more: object) -> Event:
    return Event(
        **({"uid": "1@sojourn", "begins": TEN, "ends": TEN + timedelta(hours=2), "stamped": TEN, "summary": "x"} | more)
    )


def test_an_appointment_is_read_as_it_was_meant():
    (found,) = read(event(summary="Appointment, Harbor", location="Pier 1; door\nleft", sequence=3))
    assert not found.errors
    assert (str(found["summary"]), str(found["location"])) == ("Appointment, Harbor", "Pier 1; door\nleft")
    assert found["dtstart"].dt == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert found["dtend"].dt - found["dtstart"].dt == timedelta(hours=2)
    assert (found["sequence"], str(found["status"]), str(found["uid"])) == (3, "CONFIRMED", "1@sojourn")


def test_a_cancelled_one_is_read_as_cancelled():
    first, second = read(event(), event(uid="2@sojourn", cancelled=True))
    assert [str(each["status"]) for each in (first, second)] == ["CONFIRMED", "CANCELLED"]


@settings(max_examples=50)
@given(WORDS, WORDS)
def test_whatever_is_written_is_read_and_adds_no_event(summary: str, location: str):
    (found,) = read(event(summary=summary, location=location or "x"))
    assert str(found["summary"]) == summary
    assert str(found["location"]) == (location or "x")
