"""The waiting list and its offers, reminders, the ride home, who is here, calendar feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, When
from django.utils.translation import gettext_lazy

from sojourn.care.coordination import day_link
from sojourn.care.coordination.models import (
    ArrivalNotice,
    CalendarFeed,
    DayLink,
    EscortAnswer,
    EscortLink,
    Offer,
    ReminderPreference,
    WaitingEntry,
)
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.scheduling.models import Appointment, AppointmentStatus, Attendance
from sojourn.foundation.accounts.actor import Actor, acting_as, set_actor
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.scope import AppointmentScope, MemberScope, PatientScope, clinic_rows, one_row, rows_of


class RideHomeState(models.TextChoices):
    """Where the ride home of one session stands."""

    CONFIRMED = "confirmed", gettext_lazy("confirmed")
    ASKED = "asked", gettext_lazy("not confirmed")
    DECLINED = "declined", gettext_lazy("declined")
    UNASKED = "unasked", gettext_lazy("not asked yet")
    NOBODY = "nobody", gettext_lazy("nobody named")


@dataclass(frozen=True, slots=True)
class RideHome:
    """Who brings a patient home from one appointment and what they said. ``said_by``: a member of the clinic who wrote
    the answer down for them, else "". ``reachable``: the person has an e-mail address to which a link can go."""

    state: RideHomeState
    person: RelatedPerson | None
    answered_at: datetime | None = None
    note: str = ""
    asked_at: datetime | None = None
    said_by: str = ""

    @property
    def reachable(self) -> bool:
        return self.person is not None and bool(self.person.email)


def rides_home(rows: Iterable[Appointment]) -> dict[int, RideHome]:
    """The ride home of each appointment, by its id. The appointments come with their escorts. Two queries, or none.

    An answer counts for the beginning it was given for: whoever confirmed Tuesday has not confirmed Thursday.
    """
    wanted = list(rows)
    ids = [row.pk for row in wanted if row.escort_id is not None]
    answers: dict[tuple[int, int], EscortAnswer] = {}
    sent: dict[tuple[int, int], datetime] = {}
    if ids:
        for answer in rows_of(EscortAnswer, AppointmentScope, ids).select_related("written_by").order_by("id"):
            answers[answer.appointment_id, answer.person_id] = answer
        for link in rows_of(EscortLink, AppointmentScope, ids).order_by("id"):
            sent[link.appointment_id, link.person_id] = link.sent_at
    return {row.pk: _ride(row, answers, sent) for row in wanted}


def _ride(
    row: Appointment, answers: dict[tuple[int, int], EscortAnswer], sent: dict[tuple[int, int], datetime]
) -> RideHome:
    person = row.escort
    if person is None or person.ended_at is not None:
        return RideHome(RideHomeState.NOBODY, None)
    key = (row.pk, person.pk)
    answer, asked_at = answers.get(key), sent.get(key)
    if answer is None or answer.starts_at != row.during.lower:
        return RideHome(RideHomeState.ASKED if asked_at else RideHomeState.UNASKED, person, asked_at=asked_at)
    state = RideHomeState.CONFIRMED if answer.comes else RideHomeState.DECLINED
    writer = answer.written_by.name if answer.written_by is not None else ""
    return RideHome(state, person, answer.answered_at, answer.note, asked_at, writer)


def ride_home(of: AppointmentScope) -> RideHome:
    """The ride home of one appointment. Three queries. Raises Appointment.DoesNotExist."""
    row = one_row(Appointment, of.appointment_id).select_related("escort").get()
    return rides_home([row])[row.pk]


def said_of(of: AppointmentScope, starts_at: datetime) -> ArrivalNotice | None:
    """The patient's own word that they are here for an appointment at its beginning; None where nothing stands, or it
    was taken back. One query."""
    newest = of.rows(ArrivalNotice).filter(starts_at=starts_at).order_by("-id").first()
    return newest if newest is not None and newest.is_here else None


def here_at() -> Subquery:
    """For a query of appointments: since when the patient of each says that they are here for it at its beginning."""
    notices = rows_of(ArrivalNotice, AppointmentScope, OuterRef("pk")).filter(starts_at=OuterRef("during__startswith"))
    return Subquery(notices.order_by("-id").values(at=Case(When(is_here=True, then=F("said_at"))))[:1])


def waiting() -> list[WaitingEntry]:
    """Who would come earlier, those who wait longest first, with patient and course. One query."""
    rows = (
        clinic_rows(WaitingEntry).filter(left_at=None, care_plan__ended_on=None).select_related("patient", "care_plan")
    )
    return list(rows.order_by("joined_at", "id"))


def waits_of(of: PatientScope) -> list[WaitingEntry]:
    """Where this patient waits for an earlier time. One query."""
    return list(of.rows(WaitingEntry).filter(left_at=None))


def open_offers(of: PatientScope, now: datetime) -> list[Offer]:
    """The earlier times that a patient can take now. One query."""
    return list(
        of.rows(Offer)
        .filter(answer="", opens_at__lte=now, during__startswith__gt=now)
        .select_related("chair")
        .order_by("during")
    )


def offers_by_time(now: datetime) -> list[Offer]:
    """The offers of the times still ahead, by time and order, with patients. One query."""
    return list(
        clinic_rows(Offer)
        .filter(during__startswith__gt=now)
        .select_related("patient", "chair")
        .order_by("during", "id")
    )


def reminder_preference(of: PatientScope) -> ReminderPreference | None:
    """How a patient wants to be reminded; None where nothing was said. One query."""
    return of.rows(ReminderPreference).first()


def feed_of(of: MemberScope) -> CalendarFeed | None:
    """The calendar feed that a person has open. One query."""
    return of.rows(CalendarFeed).filter(ended_at=None).first()


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One appointment as a calendar may show it: nothing of why."""

    id: int
    begins: datetime
    ends: datetime
    version: int
    booked_at: datetime
    cancelled: bool
    chair: str


@dataclass(frozen=True, slots=True)
class Feed:
    clinic: Clinic
    entries: tuple[FeedEntry, ...]
    staff: bool


def feed_by(token_hash: str, now: datetime) -> Feed | None:
    """What a secret calendar address shows, from 30 days back. None where it is unknown, ended, or its owner left.

    Row-level security opens the one row to the token; the rest is asked as the owner. Four queries.
    """
    with acting_as(Actor(token_hash=token_hash)):
        row = clinic_rows(CalendarFeed).filter(token_hash=token_hash, ended_at=None).first()
        if row is None:
            return None
        set_actor(system_actor(row.clinic_id))
        if not one_row(Membership, row.member_id).filter(ended_at=None).exists():
            return None
        rows = clinic_rows(Appointment).filter(during__endswith__gt=now - timedelta(days=30)).select_related("chair")
        if row.patient_id is not None:
            rows = PatientScope(row.patient_id).within(rows)
        else:
            mine = MemberScope(row.member_id).rows(Attendance).filter(active=True)
            rows = rows.filter(pk__in=mine.values("appointment_id"))
        entries = tuple(
            FeedEntry(
                each.pk, each.during.lower, each.during.upper, each.version, each.booked_at,
                each.status == AppointmentStatus.CANCELLED, each.chair.name,
            )
            for each in rows.order_by("during")
        )  # fmt: skip
        return Feed(row.clinic, entries, row.patient_id is None)


@dataclass(frozen=True, slots=True)
class EscortView:
    """What an escort's link opens."""

    link: EscortLink
    appointment: Appointment
    person: RelatedPerson
    given_name: str
    clinic: Clinic
    ride: RideHome
    begun: bool

    def standing(self, now: datetime) -> str:
        """What the link is worth: open; over (the session has begun: reading only); replaced, expired, cancelled,
        other (somebody else brings the patient home)."""
        if self.appointment.status != AppointmentStatus.BOOKED:
            return "cancelled"
        if self.ride.person is None:
            return "other"
        if self.link.ended_at is not None:
            return "replaced"
        if now >= self.link.expires_at:
            return "expired"
        return "over" if self.begun or now >= self.appointment.during.lower else "open"


def escort_view(token_hash: str) -> EscortView | None:
    """The link, its appointment and its clinic; None for an unknown token. The token opens its own row, and what
    stands behind it is asked as the patient's own escort: nothing of anybody else. Seven queries."""
    with acting_as(Actor(token_hash=token_hash)):
        link = clinic_rows(EscortLink).filter(token_hash=token_hash).first()
        if link is None:
            return None
        set_actor(Actor(clinic_id=link.clinic_id, patient_id=link.patient_id, role="guest"))
        row = one_row(Appointment, link.appointment_id).select_related("patient", "escort").get()
        person = one_row(RelatedPerson, link.person_id).get()
        ride = rides_home([row])[row.pk] if row.escort_id == person.pk else RideHome(RideHomeState.NOBODY, None)
        return EscortView(
            link, row, person, row.patient.given_name, link.clinic, ride, row.session_opened_at is not None
        )


@dataclass(frozen=True, slots=True)
class DayView:
    """What the link of a day opens. ``ride``: whether the ride home is settled."""

    link: DayLink
    appointment: Appointment
    clinic: Clinic
    ride: RideHome

    def standing(self, device: str, now: datetime) -> day_link.Standing:
        """What the link is worth on a device, by the hash of what it was given ("" for none)."""
        during = self.appointment.during
        return day_link.standing(
            booked=self.appointment.status == AppointmentStatus.BOOKED, begins=during.lower, ends=during.upper,
            ended=self.link.ended_at is not None, device=device, opened_by=self.link.device_hash, now=now,
        )  # fmt: skip


def day_view(token_hash: str) -> DayView | None:
    """The link of a day, its appointment and its clinic; None for an unknown token. Five queries."""
    with acting_as(Actor(token_hash=token_hash)):
        link = clinic_rows(DayLink).filter(token_hash=token_hash).first()
        if link is None:
            return None
        set_actor(Actor(clinic_id=link.clinic_id, patient_id=link.patient_id, role="guest"))
        row = one_row(Appointment, link.appointment_id).select_related("escort").get()
        return DayView(link, row, link.clinic, rides_home([row])[row.pk])


def day_links(of: PatientScope) -> dict[int, DayLink]:
    """The link that opens, or waits to be opened, of each appointment that has one. One query."""
    return {each.appointment_id: each for each in of.rows(DayLink).filter(ended_at=None)}


def offer_by(token_hash: str) -> tuple[Offer, Clinic] | None:
    """The offer that a link opens, and its clinic. Two queries."""
    with acting_as(Actor(token_hash=token_hash)):
        offer = clinic_rows(Offer).filter(token_hash=token_hash).first()
        if offer is None:
            return None
        set_actor(Actor(clinic_id=offer.clinic_id, patient_id=offer.patient_id, role="guest"))
        return offer, offer.clinic
