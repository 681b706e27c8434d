"""Who waits for an answer, by risk: the threads whose words raised a flag first, each with the line to read first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.messaging.models import Communication
from sojourn.care.messaging.queries import Waiting
from sojourn.care.patients.models import Patient
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import RANKS, FlagKind, Severity
from sojourn.care.safety.queries import StandingFlag
from sojourn.foundation.scope import PatientScope, rows_of

_MESSAGE: Final = "message"
FIRST_LINE: Final = 140  # characters shown of a line


@dataclass(frozen=True, slots=True)
class WaitingThread:
    """A patient who waits. ``severity`` and ``kind``: of the gravest open flag about the patient, None where none is
    open. ``first_line``: of the message that raised it, else of the newest."""

    waiting: Waiting
    severity: Severity | None
    kind: FlagKind | None
    first_line: str

    @property
    def patient(self) -> Patient:
        return self.waiting.patient


def waiting_by_risk(*, flags_seen: bool, limit: int = 200) -> list[WaitingThread]:
    """Who waits for an answer of the clinic: the gravest open flag first, then the longest wait. Six queries.

    Whoever may not see flags (``flags_seen``) is told only of those that a message raised, which they can read.
    """
    threads, gravest = messaging_queries.waiting(limit), _gravest_by_patient(of_messages=not flags_seen)
    lines = _first_lines([each.patient.pk for each in threads], gravest)
    found = [_thread(each, gravest.get(each.patient.pk), lines.get(each.patient.pk, "")) for each in threads]
    return sorted(found, key=lambda each: RANKS.index(each.severity) if each.severity is not None else len(RANKS))


def _thread(waiting: Waiting, flag: StandingFlag | None, line: str) -> WaitingThread:
    return WaitingThread(waiting, flag.severity if flag else None, flag.kind if flag else None, line)


def _gravest_by_patient(*, of_messages: bool) -> dict[int, StandingFlag]:
    """The gravest open flag about each patient; of two as grave the newer."""
    found: dict[int, StandingFlag] = {}
    for flag in sorted(safety_queries.open_flags(), key=lambda each: (-RANKS.index(each.severity), each.raised_at)):
        if not of_messages or _message_of(flag) is not None:
            found[flag.patient.pk] = flag
    return found


def _first_lines(patient_ids: list[int], gravest: dict[int, StandingFlag]) -> dict[int, str]:
    """The first line of one message of each of those who wait, and so wrote last: of that which raised the gravest
    flag, else of the newest."""
    rows = rows_of(Communication, PatientScope, patient_ids)
    newest = {row.patient_id: row.body for row in rows.order_by("patient_id", "-id").distinct("patient_id")}
    alarming = {patient_id: _message_of(flag) for patient_id, flag in gravest.items()}
    for row in rows.filter(pk__in=[each for each in alarming.values() if each]):
        newest[row.patient_id] = row.body
    return {patient_id: _line(body) for patient_id, body in newest.items()}


def _message_of(flag: StandingFlag) -> int | None:
    room, _, number = flag.about.partition(":")
    return int(number) if room == _MESSAGE and number.isdecimal() else None


def _line(body: str) -> str:
    line = next(filter(None, (each.strip() for each in body.splitlines())), "")
    return line if len(line) <= FIRST_LINE else line[: FIRST_LINE - 1].rstrip() + "…"
