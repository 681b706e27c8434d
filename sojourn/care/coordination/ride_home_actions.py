"""The ride home: the escort is asked by a link, answers, changes their mind; clinic and patient see it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.coordination import following
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import EscortAnswer, EscortLink
from sojourn.care.patients import not_now
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters

READABLE_AFTER = timedelta(hours=24)  # the page about the evening stays open until the day after the session
NOT_AGAIN_WITHIN = timedelta(minutes=10)  # how soon a link may be asked for again by whoever holds an old one


def _ahead(appointment_id: int, now: datetime) -> Appointment:
    """The appointment, locked, if its ride home can still be settled."""
    row = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related("escort", "patient").get(
        pk=appointment_id
    )  # fmt: skip
    if row.status != AppointmentStatus.BOOKED:
        raise ActionRefused(_("This appointment is cancelled."), codes=("cancelled",))
    if row.during.lower <= now:
        raise ActionRefused(_("This session has begun."), codes=("session-begun",))
    return row


@transaction.atomic
def ask(*, by: Actor, appointment_id: int, now: datetime | None = None) -> EscortLink:
    """Send the escort a link, or a fresh one: the old one stops working. One click chases.

    Refused: nobody-named, no-address, cancelled, session-begun.
    """
    by.require("appointment.book")
    now = now or timezone.now()
    row = _ahead(appointment_id, now)
    link = _send(row, by.name, now)
    record(by, "way_home.asked", link)
    return link


def _send(row: Appointment, sent_by: str, now: datetime) -> EscortLink:
    person = row.escort
    if person is None or person.ended_at is not None:
        raise ActionRefused(_("Nobody is named who brings the patient home."), codes=("nobody-named",))
    if not person.email:
        raise ActionRefused(
            _("%(name)s has no e-mail address here. Call them, and write down what they say.") % {"name": person.name},
            codes=("no-address",),
        )
    EscortLink.objects.filter(appointment=row, ended_at=None).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    link = EscortLink.objects.create(
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        appointment=row,
        person=person,
        starts_at=row.during.lower,
        token_hash=hash_of(token),
        sent_at=now,
        sent_by_name=sent_by,
        expires_at=row.during.upper + READABLE_AFTER,
    )
    clinic = Clinic.objects.get(pk=row.clinic_id)
    # An escort has no language here; the patient's is the likeliest.
    language = row.patient.language or clinic.language
    with translation.override(language):
        when = formats.date_format(row.during.lower.astimezone(clinic.zone), _("l j F Y, H:i"))
    letters.post(
        letters.write(
            person.email, "ride_home", language,
            name=person.name, given_name=row.patient.given_name, clinic=clinic.name, phone=clinic.phone, when=when,
            link=address(Page.RIDE_HOME, token),
        )
    )  # fmt: skip
    return link


@transaction.atomic
def ask_in_time(*, by: Actor, appointment_id: int, person_id: int, now: datetime | None = None) -> bool:
    """Ask the escort by itself, once for each beginning, unless they have been asked or have answered; whether a
    letter went. ``by`` is the system actor."""
    by.require("reminder.send")
    now = now or timezone.now()
    row = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related("escort", "patient").get(
        pk=appointment_id
    )  # fmt: skip
    if not _to_be_asked(row, person_id, now):
        return False
    link = _send(row, "", now)
    record(by, "way_home.asked", link)
    return True


def _to_be_asked(row: Appointment, person_id: int, now: datetime) -> bool:
    """Whether that person still brings the patient home from what is soon, and has neither been asked nor answered."""
    person, starts_at = row.escort, row.during.lower
    if person is None or person.pk != person_id or person.ended_at is not None or not person.email:
        return False
    # What was moved further away has a job of its own, which comes later.
    soon = now < starts_at <= now + following.ASK_BEFORE + timedelta(hours=1)
    if row.status != AppointmentStatus.BOOKED or not soon:
        return False
    of_this = {"appointment": row, "person": person, "starts_at": starts_at}
    asked = EscortLink.objects.filter(**of_this, ended_at=None).exists()
    return not asked and not EscortAnswer.objects.filter(**of_this).exists()


@transaction.atomic
def answer(*, by: Actor, comes: bool, note: str = "", now: datetime | None = None) -> EscortAnswer:
    """The escort says yes or no, as often as they change their mind, until the session begins. The same answer
    twice is one. ``by`` asks with the link's ``token_hash``.

    Refused: unknown, replaced, expired, cancelled, other, over.
    """
    now = now or timezone.now()
    view = coordination_queries.escort_view(by.token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    standing = view.standing(now)
    if standing != "open":
        raise ActionRefused(_("This can no longer be answered here. Call the clinic."), codes=(standing,))
    guest = Actor(
        clinic_id=view.link.clinic_id, patient_id=view.link.patient_id, role="support_person", name=view.person.name
    )
    with acting_as(guest):
        return _note(guest, view.appointment.pk, view.person, comes, note, None, now)


def _note(
    by: Actor, appointment_id: int, person: RelatedPerson, comes: bool, note: str, member_id: int | None, now: datetime
) -> EscortAnswer:
    row = _ahead(appointment_id, now)
    note = " ".join(note.split())[:300]
    newest = EscortAnswer.objects.filter(appointment=row, person=person).order_by("-id").first()
    if newest is not None and (newest.starts_at, newest.comes, newest.note) == (row.during.lower, comes, note):
        return newest
    said = EscortAnswer.objects.create(
        clinic_id=row.clinic_id, patient_id=row.patient_id, appointment=row, person=person,
        starts_at=row.during.lower, comes=comes, note=note, answered_at=now, written_by_id=member_id,
    )  # fmt: skip
    record(by, "way_home.answered", said, comes=comes)
    return said


@transaction.atomic
def write_answer(
    *, by: Actor, appointment_id: int, comes: bool, note: str = "", now: datetime | None = None
) -> EscortAnswer:
    """Write down what the escort said on the phone. Refused: nobody-named, cancelled, session-begun."""
    by.require("appointment.book")
    now = now or timezone.now()
    row = _ahead(appointment_id, now)
    if row.escort is None or row.escort.ended_at is not None:
        raise ActionRefused(_("Nobody is named who brings the patient home."), codes=("nobody-named",))
    return _note(by, appointment_id, row.escort, comes, note, by.member, now)


@transaction.atomic
def renew(*, by: Actor, now: datetime | None = None) -> bool:
    """Whoever holds an old link asks for a fresh one: it goes to the address that the clinic knows and nowhere else.
    Whether a letter went is for tests; the page does not say. Refused: unknown."""
    now = now or timezone.now()
    view = coordination_queries.escort_view(by.token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    guest = Actor(
        clinic_id=view.link.clinic_id, patient_id=view.link.patient_id, role="support_person", name=view.person.name
    )
    with acting_as(guest):
        row = (
            Appointment.objects.select_for_update(of=("self",), no_key=True)
            .select_related("escort", "patient")
            .get(pk=view.appointment.pk)
        )
        if (
            row.status != AppointmentStatus.BOOKED
            or row.escort_id != view.person.pk
            or now >= row.during.upper + READABLE_AFTER
            or not view.person.email
            or EscortLink.objects.filter(appointment=row, sent_at__gt=now - NOT_AGAIN_WITHIN).exists()
        ):
            return False
        link = _send(row, view.person.name, now)
        record(guest, "way_home.asked_again", link)
    return True


@transaction.atomic
def name_escort(*, by: Actor, appointment_id: int, person_id: int, now: datetime | None = None) -> Appointment:
    """The patient says which of the people beside them brings them home from one appointment; they are asked.

    Refused: not-beside-patient, cancelled, session-begun, not-now.
    """
    by.require("own.visits")
    now = now or timezone.now()
    not_now.must_be_later(by=by, patient_id=by.patient_id or 0, at=now)
    row = _ahead(appointment_id, now)
    person = scheduling_actions.escort_of(row.patient_id, person_id)
    if row.escort_id == person.pk:
        return row
    EscortLink.objects.filter(appointment=row, ended_at=None).update(ended_at=now)
    row.escort = person
    row.version += 1
    row.save(update_fields=["escort", "version"])
    record(by, "way_home.named", row)
    following.remind_and_ask(by=by, appointment=row, zone=Clinic.objects.get(pk=row.clinic_id).zone, now=now)
    return row


@transaction.atomic
def bring(
    *, by: Actor, appointment_id: int, name: str, email: str = "", phone: str = "", relationship: str = "",
    now: datetime | None = None,
) -> Appointment:  # fmt: skip
    """The patient names somebody new, who is put beside them and asked. The same name and address again is the same
    person. Refused: name-missing, no-way-to-reach, bad-email, cancelled, session-begun, not-now."""
    by.require("own.visits")
    now = now or timezone.now()
    not_now.must_be_later(by=by, patient_id=by.patient_id or 0, at=now)
    row = _ahead(appointment_id, now)
    values = {"name": name, "email": email.lower(), "phone": phone, "relationship": relationship}
    values = {key: " ".join(value.split()) for key, value in values.items()}
    if reasons := _unreachable(values):
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))
    found = {key: values[key] for key in ("name", "email", "phone")}
    person = RelatedPerson.objects.filter(patient_id=row.patient_id, **found, ended_at=None).first()
    if person is None:
        person = RelatedPerson.objects.create(
            clinic_id=by.own_clinic_id, patient_id=row.patient_id, brings_home=True, created_at=now,
            **{key: value[:60] if key == "relationship" else value[:120] for key, value in values.items()},
        )  # fmt: skip
    return name_escort(by=by, appointment_id=appointment_id, person_id=person.pk, now=now)


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
