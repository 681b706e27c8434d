"""What monitors sent that could not be used, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import InboundMessage

_UNKNOWN = re.compile(r"unknown monitor (?P<key>.{1,120}?); kept, not charted", re.S)
_KIND = re.compile(r"(?P<kind>[a-z_]{3,24}): (?P<reason>.+)", re.S)

# What the reader's kinds of fault mean (interfaces/devices names them; the console does not know that folder).
KINDS: dict[str, StrPromise] = {
    "empty": gettext_lazy("An empty message came in."),
    "no_header": gettext_lazy("The message does not begin with its header (MSH)."),
    "no_type": gettext_lazy("The header does not say what kind of message it is."),
    "separators": gettext_lazy("The header names no usable separators."),
    "unsupported_type": gettext_lazy("Another kind of message than results (ORU^R01) came in."),
    "batch": gettext_lazy("A batch file without any message came in."),
    "query": gettext_lazy("A monitor asked for its patient on a line that may not ask."),
    "several_messages": gettext_lazy("Two messages came in one frame."),
    "several_patients": gettext_lazy("One message speaks of several patients."),
    "several_beds": gettext_lazy("One message speaks of several beds."),
    "too_many": gettext_lazy("One message holds too many values."),
    "garbage": gettext_lazy("Bytes came in that are no message."),
    "truncated": gettext_lazy("A message broke off before its end."),
    "unframed": gettext_lazy("A message came without its frame."),
    "oversize": gettext_lazy("A message is too long."),
    "reader_failed": gettext_lazy("Sojourn could not read a message. The bytes were kept."),
}
_SENTENCES: tuple[tuple[str, StrPromise], ...] = (
    ("unknown monitor", gettext_lazy("A monitor that the clinic does not know sent this.")),
    (
        "the message does not say which monitor sent it",
        gettext_lazy("The message does not say which monitor sent it. Set an identifier on the monitor."),
    ),
    (
        "the monitor names another patient",
        gettext_lazy("The monitor names another patient than the session it is on. Look at the name on the monitor."),
    ),
)


@dataclass(frozen=True, slots=True)
class FaultLine:
    """Messages with one fault from one sender."""

    words: str
    detail: str
    peer: str
    count: int
    newest_at: datetime
    url: str


def fault_words(fault: str) -> tuple[str, str]:
    """A fault as a sentence for people, and what else it says."""
    for begin, words in _SENTENCES:
        if fault.startswith(begin):
            found = _UNKNOWN.match(fault)
            return str(words), found["key"] if found else ""
    kind = _KIND.fullmatch(fault)
    if kind is not None and kind["kind"] in KINDS:
        return str(KINDS[kind["kind"]]), kind["reason"]
    return fault, ""


def fault_lines(faults: Iterable[InboundMessage]) -> list[FaultLine]:
    """One line for each fault and sender (without the port, which changes), the newest first."""
    found: dict[tuple[str, str], list[InboundMessage]] = {}
    for each in faults:
        found.setdefault((each.fault, each.peer.rpartition(":")[0] or each.peer), []).append(each)
    lines = []
    for (fault, peer), ones in found.items():
        words, detail = fault_words(fault)
        newest = max(ones, key=lambda each: each.received_at)
        url = reverse("console:monitor_message", args=[newest.pk])
        lines.append(FaultLine(words, detail, peer, len(ones), newest.received_at, url))
    return sorted(lines, key=lambda line: line.newest_at, reverse=True)


def refused_lines(senders: Iterable[vitals_queries.Sender]) -> list[FaultLine]:
    """What could not be read or belongs to no monitor of ours, by kind and sender. (What an upgrade has listed without
    a reason was used when it came.)"""
    lines = []
    for each in senders:
        if not each.stranger.reason:
            continue
        row, newest = each.stranger, each.newest_message_id
        words, detail = fault_words(row.reason)
        url = reverse("console:stranger_message", args=[newest]) if newest else ""
        lines.append(FaultLine(words, detail, row.host, row.count, row.last_at, url))
    return lines
