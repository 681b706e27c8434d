"""The calendar stream: lines, folding and escaping as RFC 5545 asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sojourn.care.coordination.icalendar import Event, calendar, escape, fold

TEN = datetime(2026, 3, 9, 10, tzinfo=ZoneInfo("America/Denver"))
LONG_LINE = 75


def unfold(text: str) -> str:
    return text.replace("\r\n ", "")


def unescape(text: str) -> str:
    out, letters = [], iter(text)
    for letter in letters:
        out.append({"n": "\n", "N": "\n"}.get(following := next(letters), following) if letter == "\\" else letter)
    return "".join(out)


def event(**more) -> Event:
    given_ = {"uid": "1@sojourn", "begins": TEN, "ends": TEN + timedelta(hours=2), "stamped": TEN, "summary": "x"}
    return Event(**(given_ | more))


def test_an_appointment_in_a_calendar():
    text = calendar("Harbor", [event(summary="Appointment, Harbor", location="Pier 1; door\nleft", sequence=3)])
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    for line in (
        "VERSION:2.0", "DTSTART:20260309T160000Z", "DTEND:20260309T180000Z", "SUMMARY:Appointment\\, Harbor",
        "LOCATION:Pier 1\\; door\\nleft", "SEQUENCE:3", "STATUS:CONFIRMED", "UID:1@sojourn", "CLASS:PRIVATE",
    ):  # fmt: skip
        assert line in lines
    assert "STATUS:CANCELLED" in calendar("Harbor", [event(cancelled=True)])


@given(st.text())
def test_text_comes_back_as_it_was(text: str):
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in plain if letter in "\n\t" or (letter >= " " and letter != "\x7f"))
    assert unescape(escape(text)) == kept
    assert "\n" not in escape(text)


@given(st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=32), max_size=400))
def test_no_line_is_longer_than_75_octets_and_no_letter_is_cut(text: str):
    folded = fold(text)
    assert unfold(folded) == text.replace("\r\n ", "")
    assert all(len(line.encode()) <= LONG_LINE for line in folded.split("\r\n"))


@given(st.text(max_size=200), st.text(max_size=200))
def test_nobody_writes_lines_into_a_calendar(summary: str, location: str):
    text = unfold(calendar("Harbor", [event(summary=summary, location=location)]))
    names = [line.split(":")[0].split(";")[0] for line in text.split("\r\n")]
    assert names.count("BEGIN") == names.count("END") == 2
    assert names.count("DTSTART") == 1
    assert all(name.replace("-", "").isupper() for name in names if name)


def test_times_are_utc_so_that_every_calendar_reads_them_alike():
    winter = event(begins=datetime(2026, 3, 7, 10, tzinfo=ZoneInfo("America/Denver")))
    assert "DTSTART:20260307T170000Z" in calendar("Harbor", [winter])
    assert datetime(2026, 3, 7, 17, tzinfo=UTC) == winter.begins
