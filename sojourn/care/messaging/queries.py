"""Threads: what was written, who waits for an answer, and what a patient has not read yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from sojourn.care.messaging.models import Communication, CommunicationMark, MarkKind
from sojourn.care.patients.models import Patient
from sojourn.foundation.scope import PatientScope, clinic_rows, rows_of


@dataclass(frozen=True, slots=True)
class Thread:
    """A patient's thread, oldest message first. ``waiting``: the patient has written and nobody has answered."""

    patient_id: int
    messages: tuple[Communication, ...]
    waiting_since: datetime | None
    unread: int
    settled: CommunicationMark | None

    @property
    def waiting(self) -> bool:
        return self.waiting_since is not None

    @property
    def newest_id(self) -> int | None:
        return self.messages[-1].pk if self.messages else None


def _open(rows: Sequence[Communication], settled: Iterable[CommunicationMark]) -> list[Communication]:
    """What the patient wrote since the clinic last wrote, or settled it."""
    dealt = max([row.pk for row in rows if not row.from_patient] + [mark.upto_id for mark in settled], default=0)
    return [row for row in rows if row.from_patient and row.pk > dealt]


def thread(of: PatientScope, limit: int = 200) -> Thread:
    """The newest messages of a thread. Two queries."""
    rows = tuple(of.rows(Communication).order_by("-id")[:limit])[::-1]
    marks = list(of.rows(CommunicationMark).order_by("upto_id"))
    settled = [mark for mark in marks if mark.kind == MarkKind.SETTLED]
    read = max((mark.upto_id for mark in marks if mark.kind == MarkKind.READ), default=0)
    open_ones = _open(rows, settled)
    return Thread(
        patient_id=of.patient_id,
        messages=rows,
        waiting_since=open_ones[0].sent_at if open_ones else None,
        unread=sum(not row.from_patient and row.pk > read for row in rows),
        settled=settled[-1] if settled else None,
    )


def newest_of_patient(of: PatientScope) -> Communication | None:
    """The patient's own newest message. One query."""
    return of.rows(Communication).filter(from_patient=True).order_by("-id").first()


def unread(among: QuerySet[Communication]) -> QuerySet[Communication]:
    """Those of ``among`` that the clinic wrote and the patient has not opened."""
    read = (
        rows_of(CommunicationMark, PatientScope, OuterRef("patient_id"))
        .filter(kind=MarkKind.READ)
        .order_by("-upto_id")
        .values("upto_id")[:1]
    )
    return among.filter(from_patient=False, pk__gt=Coalesce(Subquery(read), 0))


def unread_count(of: PatientScope) -> int:
    """How many messages of the clinic the patient has not opened. One query."""
    return unread(of.rows(Communication)).count()


def by_link_since(of: PatientScope, since: datetime) -> list[datetime]:
    """When something came by the link of a day since then, earliest first; never what it says. One query."""
    rows = of.rows(Communication).filter(from_patient=True, sent_by=None, sent_at__gte=since)
    return list(rows.order_by("id").values_list("sent_at", flat=True))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A patient who has written and waits. ``messages``: how many of theirs are open."""

    patient: Patient
    since: datetime
    messages: int


def _open_ones() -> QuerySet[Communication]:
    """The messages of patients after which nobody has answered or settled the thread: whatever stands behind the
    clinic's newest is the patient's."""
    answered = (
        rows_of(Communication, PatientScope, OuterRef("patient_id"))
        .filter(from_patient=False)
        .order_by("-id")
        .values("id")[:1]
    )
    settled = (
        rows_of(CommunicationMark, PatientScope, OuterRef("patient_id"))
        .filter(kind=MarkKind.SETTLED)
        .order_by("-upto_id")
        .values("upto_id")[:1]
    )
    dealt = Greatest(Coalesce(Subquery(answered), 0), Coalesce(Subquery(settled), 0))
    return clinic_rows(Communication).filter(pk__gt=dealt)


def waiting(limit: int = 200) -> list[Waiting]:
    """Who waits for an answer of the clinic, the longest first. Two queries."""
    open_by: dict[int, list[datetime]] = {}
    for patient_id, sent_at in _open_ones().order_by("id").values_list("patient_id", "sent_at"):
        open_by.setdefault(patient_id, []).append(sent_at)
    first = sorted(open_by, key=lambda patient_id: open_by[patient_id][0])[:limit]
    people = clinic_rows(Patient).in_bulk(first)
    return [Waiting(people[each], open_by[each][0], len(open_by[each])) for each in first if each in people]


def waiting_count() -> int:
    """How many patients wait for an answer. One query."""
    return _open_ones().values("patient_id").distinct().count()


@dataclass(frozen=True, slots=True)
class Recent:
    """A thread that was written in lately, with its newest message."""

    patient: Patient
    newest: Communication


def recent(limit: int = 50) -> list[Recent]:
    """The threads that were written in last, newest first, those who wait among them. One query."""
    newest = clinic_rows(Communication).values("patient_id").annotate(newest=Max("id")).values("newest")
    rows = clinic_rows(Communication).select_related("patient").filter(pk__in=newest).order_by("-id")[:limit]
    return [Recent(row.patient, row) for row in rows]
