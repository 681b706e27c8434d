"""Chairs, hours, the clinic's own numbers, and the appointments with all that hangs on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.scheduling import hours, proposing
from sojourn.care.scheduling.models import (
    Appointment,
    AppointmentStatus,
    Attendance,
    BookingRules,
    Chair,
    HoursOnDay,
    Room,
    WorkingHours,
)
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import AppointmentScope, CourseScope, MemberScope, PatientScope, clinic_rows, rows_of

Stated = TypeVar("Stated", WorkingHours, HoursOnDay)
ATTENDING = ("nurse", "therapist", "prescriber")


def chairs(*, with_retired: bool = False) -> list[Chair]:
    """The clinic's chairs by name, with their rooms. One query."""
    rows = clinic_rows(Chair).select_related("room").order_by(Lower("name"), "id")
    return list(rows if with_retired else rows.filter(in_use=True))


def rooms() -> list[Room]:
    """The clinic's rooms by name. One query."""
    return list(clinic_rows(Room).order_by(Lower("name"), "id"))


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day from its first to the next day's first moment, aware: 23 or 25 hours when the clocks change."""
    return days_bounds(day, day, zone)


def days_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The same of several days."""
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment that the clinic's clock shows as ``at`` on ``day``; the first one where it shows it twice.

    Refused (no-such-time) where the clocks go forward over it.
    """
    local = datetime.combine(day, at.replace(second=0, microsecond=0), zone)
    there = local.astimezone(ZoneInfo("UTC")).astimezone(zone)
    if there.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ActionRefused(
            _("%(time)s does not exist on that day: the clocks go forward. Choose another time.")
            % {"time": at.strftime("%H:%M")},
            codes=("no-such-time",),
        )
    return local


def appointments() -> QuerySet[Appointment]:
    """Every appointment with patient, chair, course and escort. A query set, for others to narrow."""
    return clinic_rows(Appointment).select_related("patient", "chair", "care_plan", "escort")


def on_day(day: date, zone: ZoneInfo, *, with_cancelled: bool = False) -> list[Appointment]:
    """The appointments that touch a day, by their beginning, with patient, chair, course and escort. One query."""
    rows = appointments().filter(during__overlap=day_bounds(day, zone))
    if not with_cancelled:
        rows = rows.filter(status=AppointmentStatus.BOOKED)
    return list(rows.order_by("during", "chair__name"))


def between(first: date, last: date, zone: ZoneInfo) -> list[Appointment]:
    """The booked appointments that begin from one day to another, in order. One query."""
    begins, ends = days_bounds(first, last, zone)
    rows = appointments().filter(during__startswith__gte=begins, during__startswith__lt=ends)
    return list(rows.filter(status=AppointmentStatus.BOOKED).order_by("during", "chair__name"))


def ahead(now: datetime, until: datetime) -> list[Appointment]:
    """The booked appointments that begin between two moments, in order. One query."""
    rows = appointments().filter(during__startswith__gt=now, during__startswith__lt=until)
    return list(rows.filter(status=AppointmentStatus.BOOKED).order_by("during", "chair__name"))


def of_patient(of: PatientScope) -> list[Appointment]:
    """All appointments of a patient, the latest first, with their chairs and escorts. One query."""
    return list(of.within(appointments()).order_by("-during"))


def by_id(appointment_id: int) -> Appointment:
    """The appointment with all that a page shows of it; raises Appointment.DoesNotExist."""
    return appointments().get(pk=appointment_id)


def without_escort(rows: Collection[Appointment]) -> list[Appointment]:
    """Those for whom nobody is named who brings the patient home, or only somebody who no longer does."""
    return [a for a in rows if a.escort is None or a.escort.ended_at is not None]


def in_the_way(
    *, chair_id: int, of: PatientScope, from_at: datetime, until_at: datetime,
    held_until: datetime | None = None, other_than: int | None = None,
) -> list[Appointment]:  # fmt: skip
    """What is booked for this patient in that time, or for this chair until ``held_until``."""
    own = of.rows(Appointment).filter(during__overlap=(from_at, until_at)).values("pk")
    rows = with_held(appointments()).filter(
        Q(chair_id=chair_id, held__overlap=(from_at, held_until or until_at)) | Q(pk__in=own),
        status=AppointmentStatus.BOOKED,
    )
    return list((rows.exclude(pk=other_than) if other_than else rows).order_by("during"))


# ---------------------------------------------------------------- the clinic's own numbers and hours

DEFAULT_REMIND_HOURS = (72, 24)  # three days and one day before: our own choice, the clinic changes it


@dataclass(frozen=True, slots=True)
class Rules:
    """The clinic's own numbers. ``chairs_per_nurse`` None: nobody has adopted one, and no nurse need be named."""

    chairs_per_nurse: int | None = None
    turnover_minutes: int = 0
    remind_hours: tuple[int, ...] = DEFAULT_REMIND_HOURS
    head_start_minutes: int = 30
    decided_at: datetime | None = None
    decided_by: str = ""


def rules() -> Rules:
    """The numbers that act now, with who decided them where the actor may see it. One query."""
    decider = rows_of(Membership, MemberScope, OuterRef("decided_by_id")).values("name")[:1]
    row = (
        clinic_rows(BookingRules)
        .annotate(decider=Subquery(decider))
        .order_by("-id")
        .values_list(
            "chairs_per_nurse", "turnover_minutes", "remind_hours", "head_start_minutes", "decided_at", "decider"
        )
        .first()
    )
    if row is None:
        return Rules()
    at_once, turnover, remind_hours, head_start, at, by = row
    return Rules(at_once, turnover, tuple(remind_hours), head_start, at, by or "")


def session_minutes(course: CarePlan) -> int | None:
    """How long a patient is in the chair: the dose, as long as the plan says, and the observation after it, with the
    clinic's stricter numbers where it has adopted the protocol; None for an unknown protocol. Two queries."""
    return numbers_of(course).minutes


@dataclass(frozen=True, slots=True)
class CourseNumbers:
    """What a course says about time: minutes in the chair, and the fewest and most days between two sessions."""

    minutes: int | None
    spacing: tuple[int, int] | None


def numbers_of(course: CarePlan) -> CourseNumbers:
    """Both, from the signed plan and the protocol. Two queries."""
    version = plan_queries.in_force(CourseScope(course.pk))
    over = version.over_min if version is not None else None
    minutes = plan_queries.proposed_minutes(course.protocol_id, course.clinic_id, over)
    return CourseNumbers(minutes, _spacing(version))


@dataclass(frozen=True, slots=True)
class Times:
    """Ordinary week and exceptions of the clinic or of one person. ``said``: somebody has stated the week."""

    week: dict[int, tuple[hours.Stretch, ...]]
    exceptions: dict[date, tuple[hours.Stretch, ...]]
    said: bool


def times(first: date | None = None, last: date | None = None) -> dict[int | None, Times]:
    """Everybody's hours by membership, the clinic's own under None (always there). Exceptions from ``first`` to
    ``last`` only. One query."""
    weeks: dict[int | None, dict[int, list[hours.Stretch]]] = {None: {}}
    unlike: dict[int | None, dict[date, tuple[hours.Stretch, ...]]] = {None: {}}
    for member_id, weekday, on, begins, ends in _stated_hours(first, last):
        stretch = () if begins is None or ends is None else ((begins, ends),)
        if on is None:
            weeks.setdefault(member_id, {}).setdefault(weekday, []).extend(stretch)
        else:
            unlike.setdefault(member_id, {})[on] = stretch
    return {who: _times_of(who, weeks.get(who, {}), unlike.get(who, {})) for who in {*weeks, *unlike}}


def _stated_hours(first: date | None, last: date | None) -> list[tuple[Any, ...]]:
    """Membership, weekday, day, beginning and end of every stretch: ordinary ones by weekday, exceptions by day."""
    no_day, no_weekday = Value(None, models.DateField()), Value(None, models.PositiveSmallIntegerField())
    ordinary = (
        clinic_rows(WorkingHours)
        .annotate(no_day=no_day)
        .values_list("member_id", "weekday", "no_day", "begins", "ends")
    )
    exceptions = (
        clinic_rows(HoursOnDay)
        .annotate(no_weekday=no_weekday)
        .values_list("member_id", "no_weekday", "on", "begins", "ends")
    )
    if first is not None and last is not None:
        exceptions = exceptions.filter(on__range=(first, last))
    return list(ordinary.order_by().union(exceptions.order_by(), all=True).order_by("begins"))


def _times_of(
    who: int | None, week: dict[int, list[hours.Stretch]], unlike: dict[date, tuple[hours.Stretch, ...]]
) -> Times:
    """One person's hours, or the clinic's, for which a week is assumed until it has said its own."""
    shown: hours.Week = week if week or who is not None else hours.ASSUMED
    return Times({day: tuple(each) for day, each in shown.items()}, unlike, bool(week))


def hours_of(member_id: int | None, model: type[Stated]) -> QuerySet[Stated]:
    """What was stated of the hours of one person; of the clinic's where nobody is named."""
    return clinic_rows(model).filter(member=None) if member_id is None else MemberScope(member_id).rows(model)


def exceptions_from(day: date, *, member_id: int | None = None) -> list[HoursOnDay]:
    """The days unlike the week from ``day`` on, of one person or of the clinic. One query."""
    return list(hours_of(member_id, HoursOnDay).filter(on__gte=day).order_by("on"))


def closed_days(first: date, last: date) -> frozenset[date]:
    """The days on which the clinic is closed unlike its week. One query."""
    rows = clinic_rows(HoursOnDay).filter(member=None, begins=None, on__range=(first, last))
    return frozenset(rows.values_list("on", flat=True))


def is_open(times_: dict[int | None, Times], begins: datetime, ends: datetime, zone: ZoneInfo) -> bool:
    """Whether the clinic is open for all of that time. True while the clinic has not said when it is."""
    clinic = times_[None]
    first, last = begins.astimezone(zone).date(), ends.astimezone(zone).date()
    if not clinic.said:
        return not any(day in clinic.exceptions and not clinic.exceptions[day] for day in (first, last))
    open_ = hours.spans(hours.days_between(first, last), clinic.week, clinic.exceptions, zone)
    return proposing.covers(open_, begins, ends)


def attending_staff() -> list[Membership]:
    """Who can attend an appointment: nurses, therapists and prescribers at work in the clinic, by name. What whoever
    asks is in another clinic they may see, and it attends nothing here. One query."""
    return list(
        clinic_rows(Membership)
        .filter(clinic_id=current_actor().clinic_id or 0, role__in=ATTENDING, ended_at=None, unconfirmed_since=None)
        .order_by("role", "name", "id")
    )


def nurses_at_work(begins: datetime, ends: datetime, zone: ZoneInfo) -> list[Membership]:
    """The nurses who work for all of that time, those with the fewest appointments in it first. Three queries."""
    first = begins.astimezone(zone).date()
    days = hours.days_between(first, ends.astimezone(zone).date())
    said = times(first, days[-1])
    clinic = said[None]
    attended = clinic_rows(Attendance).filter(active=True, during__overlap=(begins, ends))
    loads = Counter(attended.values_list("member_id", flat=True))

    def works(member: Membership) -> bool:
        theirs = said.get(member.pk)
        if theirs is None or (not theirs.said and not theirs.exceptions):
            return True
        week = theirs.week if theirs.said else clinic.week
        return proposing.covers(hours.spans(days, week, {**clinic.exceptions, **theirs.exceptions}, zone), begins, ends)

    nurses = [member for member in attending_staff() if member.role == "nurse" and works(member)]
    return sorted(nurses, key=lambda member: (loads[member.pk], member.pk))


def attendances(appointment_ids: Iterable[int]) -> dict[int, list[Attendance]]:
    """Who attends each appointment, with names. One query."""
    found: dict[int, list[Attendance]] = {}
    rows = rows_of(Attendance, AppointmentScope, appointment_ids).filter(active=True).select_related("member")
    for row in rows.order_by("role", "member__name"):
        found.setdefault(row.appointment_id, []).append(row)
    return found


# ---------------------------------------------------------------- time that is held


def with_held(rows: QuerySet[Appointment]) -> QuerySet[Any]:
    """Appointments with ``held``: how long each keeps its chair."""
    return rows.annotate(
        held=Func(F("during"), F("turnover_minutes"), function="booking_held", output_field=DateTimeRangeField())
    )


def spacing_of(course: CarePlan) -> tuple[int, int] | None:
    """The fewest and the most days from one session to the next that the course's signed plan says; None where it
    does not. One query."""
    return _spacing(plan_queries.in_force(CourseScope(course.pk)))


def _spacing(version: PlanVersion | None) -> tuple[int, int] | None:
    if version is None or version.min_days is None or version.max_days is None:
        return None
    return version.min_days, version.max_days
