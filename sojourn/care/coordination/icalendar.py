"""Appointments as an iCalendar stream (RFC 5545). Times are in UTC, so no zone need be described and none can go stale.

A calendar is read by phones, watches and whoever looks over a shoulder: an appointment says that it is one, and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_FOLD = 75  # octets in a line, without its end


@dataclass(frozen=True, slots=True)
class Event:
    """``uid`` never changes for the same appointment; ``sequence`` grows with every change."""

    uid: str
    begins: datetime
    ends: datetime
    stamped: datetime
    summary: str
    location: str = ""
    sequence: int = 0
    cancelled: bool = False


def escape(text: str) -> str:
    """A TEXT value (3.3.11): backslash, semicolon, comma and line breaks escaped; other control characters dropped."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return "".join(letter for letter in text if (letter >= " " and letter != "\x7f") or letter == "\t")


def fold(line: str) -> str:
    """A content line folded to 75 octets (3.1), never inside a character."""
    parts: list[str] = []
    part, size, limit = "", 0, _FOLD
    for letter in line:
        width = len(letter.encode())
        if size + width > limit:
            parts.append(part)
            part, size, limit = "", 0, _FOLD - 1  # the space that begins a continuation counts
        part += letter
        size += width
    parts.append(part)
    return "\r\n ".join(parts)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def calendar(name: str, events: Iterable[Event]) -> str:
    """The whole stream, lines ended by CRLF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Sojourn//Appointments//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{escape(event.uid)}",
            f"DTSTAMP:{_utc(event.stamped)}",
            f"DTSTART:{_utc(event.begins)}",
            f"DTEND:{_utc(event.ends)}",
            f"SUMMARY:{escape(event.summary)}",
            *([f"LOCATION:{escape(event.location)}"] if event.location else []),
            f"SEQUENCE:{event.sequence}",
            f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
            "CLASS:PRIVATE",
            "TRANSP:OPAQUE",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(fold(line) + "\r\n" for line in lines)
