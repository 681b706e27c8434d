"""The waiting list: who would come earlier, and what happens when a time comes free."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import Offer, OfferAnswer, WaitingEntry
from sojourn.care.patients import not_now
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling import series_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation import jobs
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters

SOONEST = timedelta(hours=2)  # a time that begins sooner helps nobody who waits at home


@transaction.atomic
def join(*, by: Actor, care_plan_id: int, now: datetime | None = None) -> WaitingEntry:
    """Wait for an earlier time: the patient, or the desk for them. Waiting already, the same row is returned.

    Refused: course-ended, nothing-ahead (there is nothing that could come earlier), not-now.
    """
    by.require("own.visits" if by.patient_id is not None else "appointment.book")
    now = now or timezone.now()
    not_now.must_be_later(by=by, patient_id=by.patient_id or 0, at=now)
    course = CarePlan.objects.select_for_update(no_key=True).get(pk=care_plan_id)
    if course.ended_on is not None:
        raise ActionRefused(_("This course has ended. Sign a new plan first."), codes=("course-ended",))
    waiting = WaitingEntry.objects.filter(care_plan=course, left_at=None).first()
    if waiting is not None:
        return waiting
    if not _to_move(course, now):
        raise ActionRefused(_("Nothing is booked yet that could come earlier."), codes=("nothing-ahead",))
    entry = WaitingEntry.objects.create(
        clinic_id=by.own_clinic_id,
        patient_id=course.patient_id,
        care_plan=course,
        joined_at=now,
        joined_by_id=by.member,
    )
    record(by, "waiting.joined", entry)
    return entry


@transaction.atomic
def leave(*, by: Actor, care_plan_id: int, now: datetime | None = None) -> None:
    """Wait no longer, and let go of what is offered. Leaving twice changes nothing."""
    by.require("own.visits" if by.patient_id is not None else "appointment.book")
    now = now or timezone.now()
    entry = WaitingEntry.objects.select_for_update().filter(care_plan_id=care_plan_id, left_at=None).first()
    if entry is not None:
        entry.left_at = now
        entry.save(update_fields=["left_at"])
        entry.offers.filter(answer="").update(answer=OfferAnswer.DECLINED, answered_at=now)
        record(by, "waiting.left", entry)


def _to_move(course: CarePlan, after: datetime) -> Appointment | None:
    """The next appointment of a course after a moment, which an earlier time would replace."""
    return (
        Appointment.objects.filter(
            care_plan=course, status=AppointmentStatus.BOOKED, during__startswith__gt=after, session_opened_at=None
        )
        .order_by("during")
        .first()
    )


def offer(left: Appointment, during: DateTimeTZRange, chair_id: int, now: datetime) -> list[Offer]:
    """Offer a freed time to everybody on the list whom it would help, in the order of waiting. A part of booking.

    Whoever waits longest hears first; each next one ``head_start_minutes`` later, if it is still free.
    """
    if during.lower < now + SOONEST:
        return []
    zone = Clinic.objects.get(pk=left.clinic_id).zone
    offers: list[Offer] = []
    head_start = timedelta(minutes=scheduling_queries.rules().head_start_minutes)
    for entry in coordination_queries.waiting():
        if entry.care_plan_id == left.care_plan_id or not _helps(entry, during, zone):
            continue
        wish = series_queries.wish_of(series_queries.stated_times(entry.patient_id))
        if not wish.fits(during.lower.astimezone(zone)):
            continue
        opens_at = now + len(offers) * head_start
        if opens_at >= during.lower - SOONEST:
            break
        row = Offer.objects.create(
            clinic_id=left.clinic_id, patient_id=entry.patient_id, entry=entry, freed_id=left.pk, chair_id=chair_id,
            during=during, made_at=now, opens_at=opens_at,
        )  # fmt: skip
        jobs.defer("booking.tell_offer", at=opens_at, clinic_id=row.clinic_id, offer_id=row.pk)
        offers.append(row)
    return offers


def _helps(entry: WaitingEntry, during: DateTimeTZRange, zone: ZoneInfo) -> bool:
    """Whether the time is long enough, comes before what the patient has, and keeps the plan's spacing."""
    moves = _to_move(entry.care_plan, during.lower)
    if moves is None or moves.during.upper - moves.during.lower > during.upper - during.lower:
        return False
    spacing = scheduling_queries.spacing_of(entry.care_plan)
    if spacing is None:
        return True
    day = during.lower.astimezone(zone).date()
    others = [
        row.lower.astimezone(zone).date()
        for row in Appointment.objects.filter(care_plan=entry.care_plan, status=AppointmentStatus.BOOKED)
        .exclude(pk=moves.pk)
        .values_list("during", flat=True)
    ]
    return _keeps(spacing, day, others)


def _keeps(spacing: tuple[int, int], day: date, others: Sequence[date]) -> bool:
    """Whether a session on ``day`` keeps the fewest days to the one before and to the one behind, and the most to the
    latter."""
    least, most = spacing
    before = max((each for each in others if each <= day), default=None)
    behind = min((each for each in others if each > day), default=None)
    if before is not None and (day - before).days < least:
        return False
    return behind is None or least <= (behind - day).days <= most


def _free(offer_: Offer) -> bool:
    return not scheduling_queries.in_the_way(
        chair_id=offer_.chair_id, patient_id=0, from_at=offer_.during.lower, until_at=offer_.during.upper
    )


@transaction.atomic
def tell(*, by: Actor, offer_id: int, now: datetime | None = None) -> bool:
    """Send the letter of one offer, once, if the time is still free; whether it went. ``by`` is the system actor."""
    by.require("reminder.send")
    now = now or timezone.now()
    row = Offer.objects.select_for_update(of=("self",)).select_related("patient").get(pk=offer_id)
    if row.told_at is not None or row.answer:
        return False
    if row.during.lower <= now or not _free(row):
        row.answer, row.answered_at = OfferAnswer.GONE, now
        row.save(update_fields=["answer", "answered_at"])
        return False
    token = secrets.token_urlsafe(32)
    row.token_hash, row.told_at = hash_of(token), now
    row.save(update_fields=["token_hash", "told_at"])
    clinic = Clinic.objects.get(pk=row.clinic_id)
    link = address(Page.EARLIER_TIME, token)
    _letter("offer", row, clinic, link)
    record(by, "waiting.offered", row)
    return True


def _letter(template: str, row: Offer, clinic: Clinic, link: str = "") -> None:
    patient = row.patient
    if not patient.email:
        return
    language = patient.language or clinic.language
    with translation.override(language):
        when = formats.date_format(row.during.lower.astimezone(clinic.zone), _("l j F Y, H:i"))
    letters.post(
        letters.write(
            patient.email, template, language,
            name=patient.given_name, clinic=clinic.name, phone=clinic.phone, when=when, link=link,
        )
    )  # fmt: skip


def _found(by: Actor, offer_id: int | None) -> tuple[Offer, Clinic]:
    """The offer that a link or a signed-in patient answers."""
    if by.token_hash:
        found = coordination_queries.offer_by(by.token_hash)
        if found is None:
            raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
        return found
    by.require("own.visits")
    row = Offer.objects.get(pk=offer_id or 0, patient_id=by.patient_id or 0)
    return row, Clinic.objects.get(pk=row.clinic_id)


def _gone() -> ActionRefused:
    return ActionRefused(
        _(
            "Somebody else took this time a little earlier. Your own appointment stays as it is, and you stay on the"
            " list."
        ),
        codes=("gone",),
    )


def _taken_already() -> ActionRefused:
    return ActionRefused(_("You have taken this time already. Call the clinic to change it."), codes=("accepted",))


@transaction.atomic
def accept(*, by: Actor, offer_id: int | None = None, now: datetime | None = None) -> Appointment:
    """Take an earlier time: the first who does gets it, and the others hear kindly. By link or signed in.

    Taking it twice returns the same appointment. Refused: unknown, gone, declined, nothing-to-move, not-now (by
    whichever door: the link too is in the patient's hand); accepted (it was taken, and then moved or cancelled).
    """
    now = now or timezone.now()
    found, clinic = _found(by, offer_id)
    # The clinic's own eyes, since who is free is not the patient's to see; only this offer is acted on.
    desk = Actor(
        clinic_id=found.clinic_id, role="patient", name=by.name, person_id=by.person_id,
        membership_id=by.membership_id, permissions=frozenset({"appointment.book"}),
    )  # fmt: skip
    with acting_as(desk):
        scheduling_actions.one_at_a_time(desk)
        row = (
            Offer.objects.select_for_update(of=("self",)).select_related("patient", "entry__care_plan").get(pk=found.pk)
        )
        if not_now.dosed_since(row.patient_id, clinic, now) is not None:
            raise ActionRefused(not_now.words(), codes=(not_now.CODE,))
        course = row.entry.care_plan
        if row.answer == OfferAnswer.ACCEPTED:
            return _taken_before(row)
        _must_be_open(row, now)
        moves = _to_move(course, row.during.lower)
        if moves is None or row.entry.left_at is not None:
            raise ActionRefused(
                _("You have no later appointment that this time could replace."), codes=("nothing-to-move",)
            )
        minutes = int((moves.during.upper - moves.during.lower) / timedelta(minutes=1))
        try:
            taken, _was = scheduling_actions.move_appointment(
                by=desk, appointment_id=moves.pk, version=None, chair_id=row.chair_id, starts_at=row.during.lower,
                minutes=minutes, escort_id=scheduling_actions.escort_still(moves), staff=None, outside_hours=True,
                now=now,
            )  # fmt: skip
        except ActionRefused as refused:
            raise _gone() from refused
        _settle(row, clinic, now)
        record(desk, "waiting.accepted", row, appointment=taken.pk)
    return taken


def _taken_before(row: Offer) -> Appointment:
    """The appointment that this offer became. Refused: accepted (it was moved or cancelled since)."""
    taken = Appointment.objects.filter(
        care_plan=row.entry.care_plan, during__startswith=row.during.lower, status=AppointmentStatus.BOOKED
    ).first()
    if taken is None:
        raise _taken_already()
    return taken


def _must_be_open(row: Offer, now: datetime) -> None:
    """Refused: declined, gone."""
    if row.answer == OfferAnswer.DECLINED:
        raise ActionRefused(_("You let this time go."), codes=("declined",))
    if row.answer == OfferAnswer.GONE or row.during.lower <= now or row.opens_at > now:
        raise _gone()


def _settle(row: Offer, clinic: Clinic, now: datetime) -> None:
    """The offer is taken: whoever took it waits no longer, and whoever was told of the same time hears that it went."""
    row.answer, row.answered_at = OfferAnswer.ACCEPTED, now
    row.save(update_fields=["answer", "answered_at"])
    WaitingEntry.objects.filter(pk=row.entry_id).update(left_at=now)
    row.entry.offers.filter(answer="").update(answer=OfferAnswer.DECLINED, answered_at=now)
    same = Offer.objects.filter(freed_id=row.freed_id, during=row.during, answer="").exclude(pk=row.pk)
    for other in same.select_related("patient"):
        other.answer, other.answered_at = OfferAnswer.GONE, now
        other.save(update_fields=["answer", "answered_at"])
        if other.told_at is not None:
            _letter("offer_gone", other, clinic)


@transaction.atomic
def decline(*, by: Actor, offer_id: int | None = None, now: datetime | None = None) -> Offer:
    """Let an offered time go; the place on the list stays. Refused: unknown, gone, accepted."""
    found, _clinic = _found(by, offer_id)
    guest = Actor(clinic_id=found.clinic_id, patient_id=found.patient_id, role="patient", name=by.name,
                  person_id=by.person_id)  # fmt: skip
    with acting_as(guest):
        row = Offer.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if row.answer in {OfferAnswer.ACCEPTED, OfferAnswer.GONE}:
            raise _gone() if row.answer == OfferAnswer.GONE else _taken_already()
        if not row.answer:
            row.answer, row.answered_at = OfferAnswer.DECLINED, now or timezone.now()
            row.save(update_fields=["answer", "answered_at"])
            record(guest, "waiting.declined", row)
    return row
