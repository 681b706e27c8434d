"""What is over: for a furnished patient and their clinic one more row of everything, which counts no more.

Each is a copy of what stands, and ended: withdrawn, struck, retired, answered, of another day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

from django.db import models

from sojourn.care.alarms.models import AlarmState
from sojourn.care.candidacy.models import ClearanceStruck
from sojourn.care.consent.models import ConsentReply
from sojourn.care.coordination.models import Offer, WaitingEntry
from sojourn.care.intake.models import AllergyIntolerance
from sojourn.care.messaging.models import Communication, CommunicationMark
from sojourn.care.safety.models import FlagAnswer
from sojourn.care.scheduling.models import Attendance
from sojourn.care.session.models import EnteredInError, GivenMedicine
from sojourn.care.vitals.models import HeldReading, PatientConfirmed, PostedWrong
from sojourn.foundation.accounts.models import BreakGlass, Membership, Person
from tests.furnished import Furnished

M = TypeVar("M", bound=models.Model)


def again(row: M, **changes: Any) -> M:
    """A second row like this one, but for ``changes`` and what may not be there twice."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    for field in row._meta.concrete_fields:
        if field.unique and not field.primary_key and not field.is_relation:
            values[field.attname] = uuid4() if isinstance(field, models.UUIDField) else f"{uuid4().hex:0>64}"
    return type(row)._default_manager.create(**{**values, **changes})


def of(model: type[M], rows: Furnished) -> M:
    return model._default_manager.filter(patient_id=rows.running.patient.pk).order_by("id")[0]


def _course(rows: Furnished, now: datetime) -> None:
    again(rows.running.appointment.care_plan, ended_on=(now - timedelta(days=1)).date())


def _appointment(rows: Furnished, now: datetime) -> None:
    visit = rows.running.appointment
    again(
        visit, status="cancelled", during=(now + timedelta(days=1), now + timedelta(days=1, hours=2)),
        cancelled_at=now, cancelled_by=rows.cast.members["nurse"], session_opened_at=None,
    )  # fmt: skip


def _attendance(rows: Furnished, now: datetime) -> None:
    again(of(Attendance, rows), member_id=rows.cast.members["therapist"].pk, role="therapist", active=False)


def _person(rows: Furnished, now: datetime) -> None:
    again(rows.escort, emergency_contact=True, ended_at=now)


def _request(rows: Furnished, now: datetime) -> None:
    again(rows.request, withdrawn_at=now)


def _form(rows: Furnished, now: datetime) -> None:
    again(rows.flag.response, completed_at=None)


def _fact(rows: Furnished, now: datetime) -> None:
    weight = again(rows.fact, name="weight_kg", value=99)
    again(weight, retracts_id=weight.pk)


def _clearance(rows: Furnished, now: datetime) -> None:
    ClearanceStruck.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, clearance=again(rows.clearance), reason="Wrong patient",
        struck_at=now, struck_by=rows.cast.members["nurse"], striker_name="N",
    )  # fmt: skip


def _line(rows: Furnished, now: datetime) -> None:
    again(again(of(AllergyIntolerance, rows), line=uuid4(), substance="Latex"), removed=True)


def _draft(rows: Furnished, now: datetime) -> None:
    again(rows.plan, number=rows.plan.number + 1, discarded_at=now, discarded_by=rows.cast.members["nurse"])


def _offer_answered(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), answer="declined", answered_at=now)


def _offer_past(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), during=(now - timedelta(hours=3), now - timedelta(hours=1)))


def _offer_to_come(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), opens_at=now + timedelta(hours=1))


def _wait(rows: Furnished, now: datetime) -> None:
    again(of(WaitingEntry, rows), left_at=now)


def _invitation(rows: Furnished, now: datetime) -> None:
    again(rows.invitation, withdrawn_at=now)
    again(rows.patients_invitation, accepted_at=now, patient_id=rows.running.patient.pk)


def _member(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("left@two.example")
    Membership.objects.create(clinic=rows.cast.clinic, person=person, role="nurse", name="Left", ended_at=now)


def _unconfirmed(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("new@two.example")
    Membership.objects.create(clinic=rows.cast.clinic, person=person, role="nurse", name="New", unconfirmed_since=now)


def _account(rows: Furnished, now: datetime) -> None:
    again(rows.people[1], ended_at=now)


def _flag(rows: Furnished, now: datetime) -> None:
    closed = again(rows.flag, about=f"closed:{uuid4()}", response_id=None)
    FlagAnswer.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, flag=closed, kind="closed", outcome="safe", note="Seen.",
        at=now, by=rows.cast.members["nurse"], by_name="N",
    )  # fmt: skip


def _monitor(rows: Furnished, now: datetime) -> None:
    again(rows.device, name="Old", key="OLD", retired_at=now)


def _held(rows: Furnished, now: datetime) -> None:
    again(of(HeldReading, rows), identifier="78")
    PatientConfirmed.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, device=rows.put_on, encounter_id=rows.running.id,
        identifier="78", at=now, by=rows.cast.members["nurse"],
    )  # fmt: skip


def _posted(rows: Furnished, now: datetime) -> None:
    again(of(PostedWrong, rows), answer="this", answered_at=now, answered_by=rows.cast.members["nurse"])


def _chair(rows: Furnished, now: datetime) -> None:
    again(rows.running.appointment.chair, name="Old chair", in_use=False)


def _question(rows: Furnished, now: datetime) -> None:
    ConsentReply.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, question=again(rows.question, text="When?"), text="Soon",
        replied_at=now, replied_by=rows.cast.members["nurse"], replier_name="N",
    )  # fmt: skip


def _opened(rows: Furnished, now: datetime) -> None:
    again(of(BreakGlass, rows), until_at=now - timedelta(hours=1))


def _struck(rows: Furnished, now: datetime) -> None:
    medicine = again(of(GivenMedicine, rows), name="Ketalar", ingredient="ketamine")
    waste = again(rows.waste)
    for kind, row_id in (("medicine", medicine.pk), ("waste", waste.pk)):
        EnteredInError.objects.create(
            clinic=rows.cast.clinic, patient=rows.running.patient, encounter_id=rows.running.id, of=kind, row_id=row_id,
            reason="Wrong patient", at=now, by=rows.cast.members["nurse"],
        )  # fmt: skip


def _alarm(rows: Furnished, now: datetime) -> None:
    again(of(AlarmState, rows), rule_id="alarm.hr", phase="quiet", priority="")


def _settled(rows: Furnished, now: datetime) -> None:
    message = again(of(Communication, rows), from_patient=False, typed_key=uuid4())
    CommunicationMark.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, upto=message, kind="read", at=now,
        by=rows.cast.members["nurse"],
    )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a course that ended": _course,
    "an appointment that was cancelled": _appointment,
    "an attendance that was given up": _attendance,
    "a person who is beside the patient no more": _person,
    "a questionnaire that was withdrawn": _request,
    "a questionnaire that was begun": _form,
    "a fact that was taken back": _fact,
    "a clearance that was struck": _clearance,
    "a line that was removed": _line,
    "a draft that was thrown away": _draft,
    "an offer that was declined": _offer_answered,
    "an offer of a time that is past": _offer_past,
    "an offer that others have first": _offer_to_come,
    "a wait that was left": _wait,
    "invitations that were withdrawn or taken up": _invitation,
    "a member who left": _member,
    "a member whom nobody has confirmed": _unconfirmed,
    "an account that ended": _account,
    "a flag that was closed": _flag,
    "a monitor that was retired": _monitor,
    "a held value of a number that was confirmed": _held,
    "a value taken back that was answered for": _posted,
    "a chair out of use": _chair,
    "a question that was answered": _question,
    "a restricted record that was opened before": _opened,
    "entries that were struck": _struck,
    "an alarm that is quiet": _alarm,
    "a message that was read": _settled,
}
