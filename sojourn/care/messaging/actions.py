"""Write to the clinic, answer a patient, and say that nothing more is needed."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.messaging.models import Communication, CommunicationMark, MarkKind
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import NoLock, action, either, part, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import PatientScope, one_row

LONGEST: Final = 8000


def _text(body: str) -> str:
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise ActionRefused(_("Write a message first."), codes=("nothing",))
    if len(text) > LONGEST:
        raise ActionRefused(
            _("A message can have %(most)d characters. Yours has %(n)d. Send it in two parts.")
            % {"most": LONGEST, "n": len(text)},
            codes=("too-long",),
        )
    return text


@action(either("own.answer", "message.write"), locks=row(Patient, "patient_id"), audit="message.written")
def write(
    *, by: Actor, patient_id: int, body: str, key: UUID, seen: int | None = None, now: datetime | None = None
) -> Communication:
    """Write one message into a patient's thread. A patient writes to the clinic; staff answer, and the patient gets
    an e-mail that says only that a message waits.

    ``key`` comes with the empty form: the same key again returns the message that it sent. ``seen`` is the newest
    message on the page of a member of staff. Refused: nothing, too-long; Overtaken ("overtaken") where a colleague
    has answered since.
    """
    from_patient = by.patient_id is not None
    patient = one_row(Patient, patient_id).get()
    before = PatientScope(patient.pk).rows(Communication).filter(typed_key=key).first()
    if before is not None:
        return unchanged(before)
    text = _text(body)
    if not from_patient:
        answered = (
            PatientScope(patient.pk).rows(Communication).filter(from_patient=False, pk__gt=seen or 0).order_by("-id")
        )
        if (newest := answered.first()) is not None:
            raise Overtaken(
                _("%(name)s has answered meanwhile. Look first; what you typed is still here.")
                % {"name": newest.sender_name},
                codes=("overtaken",),
            )
    message = Communication.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, body=text, from_patient=from_patient,
        sent_at=now or timezone.now(),
        sent_by_id=by.member, sender_name=by.name, typed_key=key,
    )  # fmt: skip
    record(by, "message.written", message, from_patient=from_patient)
    if not from_patient and patient.email:
        _tell(patient)
    return message


@part(locks=row(Patient, "patient_id"), audit="message.written_by_link")
def write_by_link(*, by: Actor, patient_id: int, body: str, key: UUID, now: datetime) -> Communication:
    """Keep what was written on the page that a day's link opens: in the patient's thread, and from nobody who had
    signed in. The same key again is the same message. Refused: nothing, too-long."""
    before = PatientScope(patient_id).rows(Communication).filter(typed_key=key).first()
    if before is not None:
        return unchanged(before)
    message = Communication.objects.create(
        clinic_id=by.own_clinic_id, patient_id=patient_id, body=_text(body), from_patient=True, sent_at=now,
        typed_key=key,
    )  # fmt: skip
    record(by, "message.written_by_link", message)
    return message


def _tell(patient: Patient) -> None:
    """One letter that says that a message waits, and nothing of what it says or who it is from but the clinic."""
    clinic = patient.clinic
    link = address(Page.PATIENT_MESSAGES)
    letters.post(
        letters.write(
            patient.email, "message", patient.language or clinic.language, clinic=clinic.name, phone=clinic.phone,
            link=link,
        )
    )  # fmt: skip


def _mark(by: Actor, of: PatientScope, upto: int, kind: MarkKind, now: datetime | None) -> CommunicationMark | None:
    message = of.rows(Communication).get(pk=upto)
    mark, new = message.marks.get_or_create(
        kind=kind,
        defaults={
            "clinic_id": by.own_clinic_id, "patient_id": of.patient_id, "at": now or timezone.now(), "by_id": by.member,
        },
    )  # fmt: skip
    return mark if new else unchanged(None)


@action(
    "own.answer",
    locks=NoLock("the database keeps one mark of a kind for a message, and the second finds it"),
    audit="message.read",
)
def mark_read(*, by: Actor, patient_id: int, upto: int, now: datetime | None = None) -> None:
    """The patient has read the thread up to that message. Twice changes nothing."""
    mark = _mark(by, PatientScope(patient_id), upto, MarkKind.READ, now)
    if mark is not None:
        record(by, "message.read", mark)


@action("message.write", locks=row(Patient, "patient_id"), audit="message.settled")
def settle(*, by: Actor, patient_id: int, upto: int, now: datetime | None = None) -> None:
    """Nothing more is needed up to that message (a call was made, it was a thank-you). Twice changes nothing.

    Overtaken ("overtaken") where the patient has written since.
    """
    newest = messaging_queries.newest_of_patient(PatientScope(patient_id))
    if newest is not None and newest.pk > upto:
        raise Overtaken(_("The patient has written again meanwhile. Read it first."), codes=("overtaken",))
    mark = _mark(by, PatientScope(patient_id), upto, MarkKind.SETTLED, now)
    if mark is not None:
        record(by, "message.settled", mark)
