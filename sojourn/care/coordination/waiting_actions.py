"""The waiting list: who would come earlier, and what happens when a time comes free."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import Offer, OfferAnswer, WaitingEntry
from sojourn.care.patients import not_now
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import placing, series_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus, Chair
from sojourn.foundation import jobs
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import LINK, Arguments, NoLock, action, either, part, row, rows, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import CourseScope, PatientScope, clinic_rows, one_row, rows_of

SOONEST = timedelta(hours=2)  # a time that begins sooner helps nobody who waits at home


@action(either("own.visits", "appointment.book"), locks=row(CarePlan, "care_plan_id"), audit="waiting.joined")
def join(*, by: Actor, care_plan_id: int, now: datetime | None = None) -> WaitingEntry:
    """Wait for an earlier time: the patient, or the desk for them. Waiting already, the same row is returned.

    Refused: course-ended, nothing-ahead (there is nothing that could come earlier), not-now.
    """
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    course = one_row(CarePlan, care_plan_id).get()
    if course.ended_on is not None:
        raise ActionRefused(_("This course has ended. Sign a new plan first."), codes=("course-ended",))
    waiting = CourseScope(course.pk).rows(WaitingEntry).filter(left_at=None).first()
    if waiting is not None:
        return unchanged(waiting)
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


# A time is offered in its turn: whoever leaves meanwhile is not offered one a moment later.
@action(either("own.visits", "appointment.book"), locks=placing.BOOKING, audit="waiting.left")
def leave(*, by: Actor, care_plan_id: int, now: datetime | None = None) -> None:
    """Wait no longer, and let go of what is offered. Leaving twice changes nothing."""
    now = now or timezone.now()
    entry = CourseScope(care_plan_id).rows(WaitingEntry).filter(left_at=None).first()
    if entry is None:
        unchanged(None)
        return
    entry.left_at = now
    entry.save(update_fields=["left_at"])
    entry.offers.filter(answer="").update(answer=OfferAnswer.DECLINED, answered_at=now)
    record(by, "waiting.left", entry)


def _to_move(course: CarePlan, after: datetime) -> Appointment | None:
    """The next appointment of a course after a moment, which an earlier time would replace."""
    return (
        CourseScope(course.pk)
        .rows(Appointment)
        .filter(status=AppointmentStatus.BOOKED, during__startswith__gt=after, session_opened_at=None)
        .order_by("during")
        .first()
    )


def offer(left: Appointment, during: DateTimeTZRange, chair_id: int, now: datetime) -> list[Offer]:
    """Offer a freed time to everybody on the list whom it would help, in the order of waiting. A part of booking.

    Whoever waits longest hears first; each next one ``head_start_minutes`` later, if it is still free.
    """
    if during.lower < now + SOONEST:
        return []
    zone = left.clinic.zone
    offers: list[Offer] = []
    head_start = timedelta(minutes=scheduling_queries.rules().head_start_minutes)
    for entry in coordination_queries.waiting():
        if entry.care_plan_id == left.care_plan_id or not _helps(entry, during, zone):
            continue
        wish = series_queries.wish_of(series_queries.stated_times(PatientScope(entry.patient_id)))
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
        for row in CourseScope(entry.care_plan.pk)
        .rows(Appointment)
        .filter(status=AppointmentStatus.BOOKED)
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
        chair_id=offer_.chair_id, of=PatientScope(0), from_at=offer_.during.lower, until_at=offer_.during.upper
    )


@action("reminder.send", locks=row(Offer, "offer_id"), audit=("waiting.offered", "waiting.gone"))
def tell(*, by: Actor, offer_id: int, now: datetime | None = None) -> bool:
    """Send the letter of one offer, once, if the time is still free; whether it went. ``by`` is the system actor."""
    now = now or timezone.now()
    found = one_row(Offer, offer_id).select_related("patient").get()
    if found.told_at is not None or found.answer:
        return unchanged(False)
    if found.during.lower <= now or not _free(found):
        found.answer, found.answered_at = OfferAnswer.GONE, now
        found.save(update_fields=["answer", "answered_at"])
        record(by, "waiting.gone", found)
        return False
    token = secrets.token_urlsafe(32)
    found.token_hash, found.told_at = hash_of(token), now
    found.save(update_fields=["token_hash", "told_at"])
    _letter("offer", found, address(Page.EARLIER_TIME, token))
    record(by, "waiting.offered", found)
    return True


def _letter(template: str, told: Offer, link: str = "") -> None:
    patient, clinic = told.patient, told.clinic
    if not patient.email:
        return
    language = patient.language or clinic.language
    with translation.override(language):
        when = formats.date_format(told.during.lower.astimezone(clinic.zone), _("l j F Y, H:i"))
    letters.post(
        letters.write(
            patient.email, template, language,
            name=patient.given_name, clinic=clinic.name, phone=clinic.phone, when=when, link=link,
        )
    )  # fmt: skip


# ---------------------------------------------------------------- what is answered to an offer


def _own(by: Actor, offer_id: int) -> Offer:
    """An offer to the patient who is signed in."""
    return PatientScope(by.patient_id or 0).rows(Offer).get(pk=offer_id)


def _of_link(by: Actor) -> Offer:
    """The offer that a link opens. Refused: unknown."""
    found = coordination_queries.offer_by(by.token_hash)
    if found is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    return found[0]


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


def _same_time(_by: Actor, asked: Arguments) -> QuerySet[Offer]:
    """Every offer of the time: whoever answers another one, or is told of it, waits, and is not overwritten."""
    return clinic_rows(Offer).filter(freed_id__in=one_row(Offer, asked["offer_id"]).values("freed_id"))


def _its_chair(_by: Actor, asked: Arguments) -> QuerySet[Chair]:
    return clinic_rows(Chair).filter(pk__in=one_row(Offer, asked["offer_id"]).values("chair_id"))


def _of_the_course(_by: Actor, asked: Arguments) -> QuerySet[Appointment]:
    """Among them what the time could replace."""
    course = one_row(Offer, asked["offer_id"]).values("entry__care_plan_id")
    return rows_of(Appointment, CourseScope, course)


@dataclass(frozen=True, slots=True)
class Taken:
    """The appointment that an offer became. ``before``: it had been taken already."""

    appointment: Appointment
    before: bool


@part(
    locks=(
        placing.BOOKING,
        rows(Offer, "offer_id", where=_same_time),
        rows(Chair, "offer_id", where=_its_chair),
        rows(Appointment, "offer_id", where=_of_the_course),
    ),
    audit="waiting.accepted",
)
def take(*, by: Actor, offer_id: int, now: datetime) -> Taken:
    """Move the patient's appointment to the time that was offered. Refused as ``accept`` is."""
    found = one_row(Offer, offer_id).select_related("patient", "entry__care_plan").get()
    if not_now.dosed_since(PatientScope(found.patient_id), found.clinic, now) is not None:
        raise ActionRefused(not_now.words(), codes=(not_now.CODE,))
    if found.answer == OfferAnswer.ACCEPTED:
        return unchanged(Taken(_taken_before(found), before=True))
    _must_be_open(found, now)
    moves = _to_move(found.entry.care_plan, found.during.lower)
    if moves is None or found.entry.left_at is not None:
        raise ActionRefused(
            _("You have no later appointment that this time could replace."), codes=("nothing-to-move",)
        )
    try:
        taken, _was = placing.move_appointment(
            by=by, appointment_id=moves.pk, version=None, chair_id=found.chair_id, starts_at=found.during.lower,
            minutes=int((moves.during.upper - moves.during.lower) / timedelta(minutes=1)),
            escort_id=placing.escort_still(moves), staff=None, outside_hours=True, now=now,
        )  # fmt: skip
    except ActionRefused as refused:
        raise _gone() from refused
    _settle(found, now)
    record(by, "waiting.accepted", found, appointment=taken.pk)
    return Taken(taken, before=False)


def _take_as_the_desk(by: Actor, offer: Offer, now: datetime) -> Appointment:
    """With the clinic's own eyes, since who is free is not the patient's to see; only this offer is acted on."""
    desk = Actor(
        clinic_id=offer.clinic_id, role="patient", name=by.name, person_id=by.person_id,
        membership_id=by.membership_id,
    )  # fmt: skip
    with acting_as(desk):
        taken = take(by=desk, offer_id=offer.pk, now=now)
    return unchanged(taken.appointment) if taken.before else taken.appointment


_IN_ITS_PART = NoLock("the part that answers the offer holds it")


@action("own.visits", locks=_IN_ITS_PART, through=(take,))
def accept(*, by: Actor, offer_id: int, now: datetime | None = None) -> Appointment:
    """Take an earlier time: the first who does gets it, and the others hear kindly.

    Taking it twice returns the same appointment. Refused: gone, declined, nothing-to-move, not-now (by whichever door:
    the link too is in the patient's hand); accepted (it was taken, and then moved or cancelled).
    """
    return _take_as_the_desk(by, _own(by, offer_id), now or timezone.now())


@action(LINK, locks=_IN_ITS_PART, through=(take,))
def accept_by_link(*, by: Actor, now: datetime | None = None) -> Appointment:
    """``accept`` by the link of the letter. Refused as it is, and: unknown."""
    return _take_as_the_desk(by, _of_link(by), now or timezone.now())


def _taken_before(accepted: Offer) -> Appointment:
    """The appointment that this offer became. Refused: accepted (it was moved or cancelled since)."""
    taken = (
        CourseScope(accepted.entry.care_plan.pk)
        .rows(Appointment)
        .filter(during__startswith=accepted.during.lower, status=AppointmentStatus.BOOKED)
        .first()
    )
    if taken is None:
        raise _taken_already()
    return taken


def _must_be_open(found: Offer, now: datetime) -> None:
    """Refused: declined, gone."""
    if found.answer == OfferAnswer.DECLINED:
        raise ActionRefused(_("You let this time go."), codes=("declined",))
    if found.answer == OfferAnswer.GONE or found.during.lower <= now or found.opens_at > now:
        raise _gone()


def _settle(taken: Offer, now: datetime) -> None:
    """The offer is taken: whoever took it waits no longer, and whoever was told of the same time hears that it went."""
    taken.answer, taken.answered_at = OfferAnswer.ACCEPTED, now
    taken.save(update_fields=["answer", "answered_at"])
    one_row(WaitingEntry, taken.entry_id).update(left_at=now)
    taken.entry.offers.filter(answer="").update(answer=OfferAnswer.DECLINED, answered_at=now)
    same = clinic_rows(Offer).filter(freed_id=taken.freed_id, during=taken.during, answer="")
    for other in same.select_related("patient", "clinic"):
        other.answer, other.answered_at = OfferAnswer.GONE, now
        other.save(update_fields=["answer", "answered_at"])
        if other.told_at is not None:
            _letter("offer_gone", other)


@dataclass(frozen=True, slots=True)
class LetGo:
    """An offer that was let go. ``before``: it had been let go already."""

    offer: Offer
    before: bool


@part(locks=row(Offer, "offer_id"), audit="waiting.declined")
def let_go(*, by: Actor, offer_id: int, now: datetime) -> LetGo:
    """Nobody takes that offer. Refused: gone, accepted."""
    found = one_row(Offer, offer_id).get()
    if found.answer == OfferAnswer.GONE:
        raise _gone()
    if found.answer == OfferAnswer.ACCEPTED:
        raise _taken_already()
    if found.answer:
        return unchanged(LetGo(found, before=True))
    found.answer, found.answered_at = OfferAnswer.DECLINED, now
    found.save(update_fields=["answer", "answered_at"])
    record(by, "waiting.declined", found)
    return LetGo(found, before=False)


def _declined(let: LetGo) -> Offer:
    return unchanged(let.offer) if let.before else let.offer


@action("own.visits", locks=_IN_ITS_PART, through=(let_go,))
def decline(*, by: Actor, offer_id: int, now: datetime | None = None) -> Offer:
    """Let an offered time go; the place on the list stays. Refused: gone, accepted."""
    return _declined(let_go(by=by, offer_id=_own(by, offer_id).pk, now=now or timezone.now()))


@action(LINK, locks=_IN_ITS_PART, through=(let_go,))
def decline_by_link(*, by: Actor, now: datetime | None = None) -> Offer:
    """``decline`` by the link of the letter. Refused as it is, and: unknown."""
    offered = _of_link(by)
    patient = Actor(clinic_id=offered.clinic_id, patient_id=offered.patient_id, role="patient", name=by.name)
    with acting_as(patient):
        let = let_go(by=patient, offer_id=offered.pk, now=now or timezone.now())
    return _declined(let)
