"""The ride home: the escort is asked by a link, answers, changes their mind; clinic and patient see it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.coordination import following
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import EscortAnswer, EscortLink
from sojourn.care.coordination.queries import EscortView
from sojourn.care.patients import not_now
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.scheduling import placing
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import LINK, NoLock, action, part, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import AppointmentScope, PatientScope, clinic_rows, one_row

READABLE_AFTER = timedelta(hours=24)  # the page about the evening stays open until the day after the session
NOT_AGAIN_WITHIN = timedelta(minutes=10)  # how soon a link may be asked for again by whoever holds an old one
_APPOINTMENT = row(Appointment, "appointment_id")
_BY_LINK = NoLock("a link does not see the appointment: it is locked where its escort acts")


def _visit(appointment_id: int) -> Appointment:
    return one_row(Appointment, appointment_id).select_related("escort", "patient").get()


def _ahead(appointment_id: int, now: datetime) -> Appointment:
    """The appointment, if its ride home can still be settled. Refused: cancelled, session-begun."""
    visit = _visit(appointment_id)
    if visit.status != AppointmentStatus.BOOKED:
        raise ActionRefused(_("This appointment is cancelled."), codes=("cancelled",))
    if visit.during.lower <= now:
        raise ActionRefused(_("This session has begun."), codes=("session-begun",))
    return visit


def _opened_by(by: Actor) -> tuple[EscortView, Actor]:
    """What the link opens, and the escort who then asks. Refused: unknown."""
    view = coordination_queries.escort_view(by.token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    return view, Actor(
        clinic_id=view.link.clinic_id, patient_id=view.link.patient_id, role="support_person", name=view.person.name
    )


@action("appointment.book", locks=_APPOINTMENT, audit="way_home.asked")
def ask(*, by: Actor, appointment_id: int, now: datetime | None = None) -> EscortLink:
    """Send the escort a link, or a fresh one: the old one stops working. One click chases.

    Refused: nobody-named, no-address, cancelled, session-begun.
    """
    now = now or timezone.now()
    link = _send(_ahead(appointment_id, now), by.name, now)
    record(by, "way_home.asked", link)
    return link


def _send(visit: Appointment, sent_by: str, now: datetime) -> EscortLink:
    person = visit.escort
    if person is None or person.ended_at is not None:
        raise ActionRefused(_("Nobody is named who brings the patient home."), codes=("nobody-named",))
    if not person.email:
        raise ActionRefused(
            _("%(name)s has no e-mail address here. Call them, and write down what they say.") % {"name": person.name},
            codes=("no-address",),
        )
    AppointmentScope(visit.pk).rows(EscortLink).filter(ended_at=None).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    link = EscortLink.objects.create(
        clinic_id=visit.clinic_id,
        patient_id=visit.patient_id,
        appointment=visit,
        person=person,
        starts_at=visit.during.lower,
        token_hash=hash_of(token),
        sent_at=now,
        sent_by_name=sent_by,
        expires_at=visit.during.upper + READABLE_AFTER,
    )
    clinic = visit.clinic
    # An escort has no language here; the patient's is the likeliest.
    language = visit.patient.language or clinic.language
    with translation.override(language):
        when = formats.date_format(visit.during.lower.astimezone(clinic.zone), _("l j F Y, H:i"))
    letters.post(
        letters.write(
            person.email, "ride_home", language,
            name=person.name, given_name=visit.patient.given_name, clinic=clinic.name, phone=clinic.phone, when=when,
            link=address(Page.RIDE_HOME, token),
        )
    )  # fmt: skip
    return link


@action("reminder.send", locks=_APPOINTMENT, audit="way_home.asked")
def ask_in_time(*, by: Actor, appointment_id: int, person_id: int, now: datetime | None = None) -> bool:
    """Ask the escort by itself, once for each beginning, unless they have been asked or have answered; whether a
    letter went. ``by`` is the system actor."""
    now = now or timezone.now()
    visit = _visit(appointment_id)
    if not _to_be_asked(visit, person_id, now):
        return unchanged(False)
    link = _send(visit, "", now)
    record(by, "way_home.asked", link)
    return True


def _to_be_asked(visit: Appointment, person_id: int, now: datetime) -> bool:
    """Whether that person still brings the patient home from what is soon, and has neither been asked nor answered."""
    person, starts_at = visit.escort, visit.during.lower
    if person is None or person.pk != person_id or person.ended_at is not None or not person.email:
        return False
    # What was moved further away has a job of its own, which comes later.
    soon = now < starts_at <= now + following.ASK_BEFORE + timedelta(hours=1)
    if visit.status != AppointmentStatus.BOOKED or not soon:
        return False
    of_this = {"appointment": visit, "person": person, "starts_at": starts_at}
    asked = clinic_rows(EscortLink).filter(**of_this, ended_at=None).exists()
    return not asked and not clinic_rows(EscortAnswer).filter(**of_this).exists()


@dataclass(frozen=True, slots=True)
class Noted:
    """An answer as it stands. ``said_before``: the escort had said the same already."""

    answer: EscortAnswer
    said_before: bool


@part(locks=_APPOINTMENT, audit="way_home.answered")
def note_answer(
    *, by: Actor, appointment_id: int, person: RelatedPerson, comes: bool, note: str, member_id: int | None,
    now: datetime,
) -> Noted:  # fmt: skip
    """Keep what the escort said; the same twice is one. Refused: cancelled, session-begun."""
    visit = _ahead(appointment_id, now)
    note = " ".join(note.split())[:300]
    newest = AppointmentScope(visit.pk).rows(EscortAnswer).filter(person=person).order_by("-id").first()
    if newest is not None and (newest.starts_at, newest.comes, newest.note) == (visit.during.lower, comes, note):
        return unchanged(Noted(newest, said_before=True))
    said = EscortAnswer.objects.create(
        clinic_id=visit.clinic_id, patient_id=visit.patient_id, appointment=visit, person=person,
        starts_at=visit.during.lower, comes=comes, note=note, answered_at=now, written_by_id=member_id,
    )  # fmt: skip
    record(by, "way_home.answered", said, comes=comes)
    return Noted(said, said_before=False)


def _answered(noted: Noted) -> EscortAnswer:
    return unchanged(noted.answer) if noted.said_before else noted.answer


@action(LINK, locks=_BY_LINK, through=(note_answer,))
def answer(*, by: Actor, comes: bool, note: str = "", now: datetime | None = None) -> EscortAnswer:
    """The escort says yes or no, as often as they change their mind, until the session begins. The same answer
    twice is one. ``by`` asks with the link's ``token_hash``.

    Refused: unknown, replaced, expired, cancelled, other, over.
    """
    now = now or timezone.now()
    view, escort = _opened_by(by)
    standing = view.standing(now)
    if standing != "open":
        raise ActionRefused(_("This can no longer be answered here. Call the clinic."), codes=(standing,))
    with acting_as(escort):
        noted = note_answer(
            by=escort, appointment_id=view.appointment.pk, person=view.person, comes=comes, note=note, member_id=None,
            now=now,
        )  # fmt: skip
    return _answered(noted)


@action("appointment.book", locks=_APPOINTMENT, through=(note_answer,))
def write_answer(
    *, by: Actor, appointment_id: int, comes: bool, note: str = "", now: datetime | None = None
) -> EscortAnswer:
    """Write down what the escort said on the phone. Refused: nobody-named, cancelled, session-begun."""
    now = now or timezone.now()
    visit = _ahead(appointment_id, now)
    if visit.escort is None or visit.escort.ended_at is not None:
        raise ActionRefused(_("Nobody is named who brings the patient home."), codes=("nobody-named",))
    noted = note_answer(
        by=by, appointment_id=appointment_id, person=visit.escort, comes=comes, note=note, member_id=by.member, now=now
    )
    return _answered(noted)


@part(locks=_APPOINTMENT, audit="way_home.asked_again")
def send_again(*, by: Actor, appointment_id: int, person: RelatedPerson, now: datetime) -> bool:
    """A fresh link to the address that the clinic knows; whether a letter went."""
    visit = _visit(appointment_id)
    if (
        visit.status != AppointmentStatus.BOOKED
        or visit.escort_id != person.pk
        or now >= visit.during.upper + READABLE_AFTER
        or not person.email
        or AppointmentScope(visit.pk).rows(EscortLink).filter(sent_at__gt=now - NOT_AGAIN_WITHIN).exists()
    ):
        return unchanged(False)
    link = _send(visit, person.name, now)
    record(by, "way_home.asked_again", link)
    return True


@action(LINK, locks=_BY_LINK, through=(send_again,))
def renew(*, by: Actor, now: datetime | None = None) -> bool:
    """Whoever holds an old link asks for a fresh one: it goes to the address that the clinic knows and nowhere else.
    Whether a letter went is for tests; the page does not say. Refused: unknown."""
    view, escort = _opened_by(by)
    with acting_as(escort):
        sent = send_again(by=escort, appointment_id=view.appointment.pk, person=view.person, now=now or timezone.now())
    return sent or unchanged(False)


@action("own.visits", locks=_APPOINTMENT, audit="way_home.named")
def name_escort(*, by: Actor, appointment_id: int, person_id: int, now: datetime | None = None) -> Appointment:
    """The patient says which of the people beside them brings them home from one appointment; they are asked.

    Refused: not-beside-patient, cancelled, session-begun, not-now.
    """
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    visit = _ahead(appointment_id, now)
    person = placing.escort_of(PatientScope(visit.patient_id), person_id)
    if visit.escort_id == person.pk:
        return unchanged(visit)
    AppointmentScope(visit.pk).rows(EscortLink).filter(ended_at=None).update(ended_at=now)
    visit.escort = person
    visit.version += 1
    visit.save(update_fields=["escort", "version"])
    following.remind_and_ask(by=by, appointment=visit, zone=visit.clinic.zone, now=now)
    record(by, "way_home.named", visit)
    return visit


@action("own.visits", locks=_APPOINTMENT, audit="patient.person_added", through=(name_escort,))
def bring(
    *, by: Actor, appointment_id: int, name: str, email: str = "", phone: str = "", relationship: str = "",
    now: datetime | None = None,
) -> Appointment:  # fmt: skip
    """The patient names somebody new, who is put beside them and asked. The same name and address again is the same
    person. Refused: name-missing, no-way-to-reach, bad-email, cancelled, session-begun, not-now."""
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    visit = _ahead(appointment_id, now)
    values = {"name": name, "email": email.lower(), "phone": phone, "relationship": relationship}
    values = {key: " ".join(value.split()) for key, value in values.items()}
    if reasons := _unreachable(values):
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))
    found = {key: values[key] for key in ("name", "email", "phone")}
    known = PatientScope(visit.patient_id).rows(RelatedPerson).filter(**found, ended_at=None).first()
    person = known or RelatedPerson.objects.create(
        clinic_id=by.own_clinic_id, patient_id=visit.patient_id, brings_home=True, created_at=now,
        **{key: value[:60] if key == "relationship" else value[:120] for key, value in values.items()},
    )  # fmt: skip
    named = name_escort(by=by, appointment_id=appointment_id, person_id=person.pk, now=now)
    if known is not None:
        return unchanged(named)  # nobody new; who was put beside the patient stands in the row of naming
    record(by, "patient.person_added", person)
    return named


def _unreachable(values: Mapping[str, str]) -> dict[str, str]:
    """Why the clinic could not reach somebody who is named so, by code."""
    reasons: dict[str, str] = {}
    if not values["name"]:
        reasons["name-missing"] = _("Write the person's name.")
    if not values["email"] and not values["phone"]:
        reasons["no-way-to-reach"] = _("Write a phone number or an e-mail address, so that the person can be reached.")
    if values["email"]:
        try:
            validate_email(values["email"])
        except ValidationError:
            reasons["bad-email"] = _("Write the e-mail address again: letters cannot go to this one.")
    return reasons
