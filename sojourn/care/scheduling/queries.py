"""Chairs, hours, free time, series, and the appointments with all that hangs on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject, Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import hours, proposing
from sojourn.care.scheduling.models import (
    Appointment,
    AppointmentStatus,
    Attendance,
    BookingRules,
    CalendarFeed,
    Chair,
    EscortAnswer,
    EscortLink,
    HoursOnDay,
    Offer,
    PreferredTimes,
    ReminderPreference,
    Room,
    WaitingEntry,
    WorkingHours,
)
from sojourn.foundation.accounts.asker import Asker, as_asker, set_asker
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.queries import house
from sojourn.foundation.accounts.refused import Refused

ATTENDING = ("nurse", "therapist", "prescriber")
SEARCHED_DAYS = 28  # how far beyond the longest spacing a series is looked for
MOST_DAYS = 400


def chairs(*, with_retired: bool = False) -> list[Chair]:
    """The clinic's chairs by name, with their rooms. One query."""
    rows = Chair.objects.select_related("room").order_by(Lower("name"), "id")
    return list(rows if with_retired else rows.filter(in_use=True))


def rooms() -> list[Room]:
    """The clinic's rooms by name. One query."""
    return list(Room.objects.order_by(Lower("name"), "id"))


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day from its first to the next day's first moment, aware: 23 or 25 hours when the clocks change."""
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment that the clinic's clock shows as ``at`` on ``day``; the first one where it shows it twice.

    Refused (no-such-time) where the clocks go forward over it.
    """
    local = datetime.combine(day, at.replace(second=0, microsecond=0), zone)
    there = local.astimezone(ZoneInfo("UTC")).astimezone(zone)
    if there.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Refused(
            _("%(time)s does not exist on that day: the clocks go forward. Choose another time.")
            % {"time": at.strftime("%H:%M")},
            codes=("no-such-time",),
        )
    return local


def appointments() -> QuerySet[Appointment]:
    """Every appointment with patient, chair, course and companion; and with the session's row, which the treatment
    room hangs on it, so that asking for it costs nothing. A query set, for others to narrow."""
    return Appointment.objects.select_related("patient", "chair", "care_plan", "companion", "encounter")


def on_day(day: date, zone: ZoneInfo, *, with_cancelled: bool = False) -> list[Appointment]:
    """The appointments that touch a day, by their beginning, with patient, chair, course and companion. One query."""
    rows = appointments().filter(during__overlap=day_bounds(day, zone))
    if not with_cancelled:
        rows = rows.filter(status=AppointmentStatus.BOOKED)
    return list(rows.order_by("during", "chair__name"))


def between(first: date, last: date, zone: ZoneInfo) -> list[Appointment]:
    """The booked appointments that begin from one day to another, in order. One query."""
    span = (day_bounds(first, zone)[0], day_bounds(last, zone)[1])
    rows = appointments().filter(during__startswith__gte=span[0], during__startswith__lt=span[1])
    return list(rows.filter(status=AppointmentStatus.BOOKED).order_by("during", "chair__name"))


def ahead(now: datetime, until: datetime) -> list[Appointment]:
    """The booked appointments that begin between two moments, in order. One query."""
    rows = appointments().filter(during__startswith__gt=now, during__startswith__lt=until)
    return list(rows.filter(status=AppointmentStatus.BOOKED).order_by("during", "chair__name"))


def of_patient(patient_id: int) -> list[Appointment]:
    """All appointments of a patient, the latest first, with their chairs and companions. One query."""
    return list(appointments().filter(patient_id=patient_id).order_by("-during"))


def by_id(appointment_id: int) -> Appointment:
    """The appointment with all that a page shows of it; raises Appointment.DoesNotExist."""
    return appointments().get(pk=appointment_id)


def without_companion(rows: Collection[Appointment]) -> list[Appointment]:
    """Those for whom nobody is named who brings the patient home, or only somebody who no longer does."""
    return [a for a in rows if a.companion is None or a.companion.ended_at is not None]


def in_the_way(
    *, chair_id: int, patient_id: int, from_at: datetime, until_at: datetime,
    held_until: datetime | None = None, other_than: int | None = None,
) -> list[Appointment]:  # fmt: skip
    """What is booked for this patient in that time, or for this chair until ``held_until``."""
    hers = Q(patient_id=patient_id, during__overlap=(from_at, until_at))
    rows = _held(appointments()).filter(
        Q(chair_id=chair_id, held__overlap=(from_at, held_until or until_at)) | hers,
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
    """The numbers that act now, with who decided them where the asker may see it. One query."""
    decider = Membership.objects.filter(pk=OuterRef("decided_by_id")).values("name")[:1]
    row = (
        BookingRules.objects.annotate(decider=Subquery(decider))
        .order_by("-id")
        .values_list(
            "chairs_per_nurse", "turnover_minutes", "remind_hours", "head_start_minutes", "decided_at", "decider"
        )
        .first()
    )
    if row is None:
        return Rules()
    return Rules(row[0], row[1], tuple(row[2]), row[3], row[4], row[5] or "")


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
    version = plan_queries.in_force(course.pk)
    over = version.over_min if version is not None else None
    spacing = None
    if version is not None and version.min_days is not None and version.max_days is not None:
        spacing = (version.min_days, version.max_days)
    return CourseNumbers(plan_queries.proposed_minutes(course.protocol_id, course.clinic_id, over), spacing)


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
    no_day, no_weekday = Value(None, models.DateField()), Value(None, models.PositiveSmallIntegerField())
    ordinary = WorkingHours.objects.annotate(no_day=no_day).values_list(
        "member_id", "weekday", "no_day", "begins", "ends"
    )
    exceptions = HoursOnDay.objects.annotate(no_weekday=no_weekday).values_list(
        "member_id", "no_weekday", "on", "begins", "ends"
    )
    if first is not None and last is not None:
        exceptions = exceptions.filter(on__range=(first, last))
    rows: Iterable[tuple[Any, ...]] = ordinary.order_by().union(exceptions.order_by(), all=True)
    for member_id, weekday, on, begins, ends in sorted(
        rows, key=lambda row: (row[1] is None, row[1] or 0, str(row[3]))
    ):
        stretch = () if begins is None or ends is None else ((begins, ends),)
        if on is None:
            weeks.setdefault(member_id, {}).setdefault(weekday, []).extend(stretch)
        else:
            unlike.setdefault(member_id, {})[on] = stretch
    found = {}
    for who in {*weeks, *unlike}:
        week = {day: tuple(each) for day, each in weeks.get(who, {}).items()}
        said = bool(week)
        found[who] = Times(
            week if said or who is not None else {day: tuple(each) for day, each in hours.ASSUMED.items()},
            unlike.get(who, {}),
            said,
        )
    return found


def exceptions_from(day: date, *, member_id: int | None = None) -> list[HoursOnDay]:
    """The days unlike the week from ``day`` on, of one person or of the clinic. One query."""
    return list(HoursOnDay.objects.filter(member_id=member_id, on__gte=day).order_by("on"))


def closed_days(first: date, last: date) -> frozenset[date]:
    """The days on which the clinic is closed unlike its week. One query."""
    rows = HoursOnDay.objects.filter(member=None, begins=None, on__range=(first, last))
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
    """Who can attend an appointment: nurses, therapists and prescribers at work in the clinic, by name. One query."""
    return list(
        Membership.objects.filter(role__in=ATTENDING, ended_at=None, patient_id=None, unconfirmed_since=None).order_by(
            "role", "name", "id"
        )
    )


def nurses_at_work(begins: datetime, ends: datetime, zone: ZoneInfo) -> list[Membership]:
    """The nurses who work for all of that time, those with the fewest appointments in it first. Three queries."""
    first = begins.astimezone(zone).date()
    days = hours.days_between(first, ends.astimezone(zone).date())
    said = times(first, days[-1])
    clinic = said[None]
    loads: dict[int, int] = {}
    for member_id in Attendance.objects.filter(active=True, during__overlap=(begins, ends)).values_list(
        "member_id", flat=True
    ):
        loads[member_id] = loads.get(member_id, 0) + 1

    def works(member: Membership) -> bool:
        theirs = said.get(member.pk)
        if theirs is None or (not theirs.said and not theirs.exceptions):
            return True
        week = theirs.week if theirs.said else clinic.week
        return proposing.covers(hours.spans(days, week, {**clinic.exceptions, **theirs.exceptions}, zone), begins, ends)

    nurses = [member for member in attending_staff() if member.role == "nurse" and works(member)]
    return sorted(nurses, key=lambda member: (loads.get(member.pk, 0), member.pk))


def attendances(appointment_ids: Iterable[int]) -> dict[int, list[Attendance]]:
    """Who attends each appointment, with names. One query."""
    found: dict[int, list[Attendance]] = {}
    rows = Attendance.objects.filter(appointment_id__in=list(appointment_ids), active=True).select_related("member")
    for row in rows.order_by("role", "member__name"):
        found.setdefault(row.appointment_id, []).append(row)
    return found


# ---------------------------------------------------------------- free time


@dataclass(frozen=True, slots=True)
class FreeTime:
    """What is free from one day to another. ``assumed_hours``: the clinic has not said when it is open."""

    zone: ZoneInfo
    chairs: tuple[proposing.Free, ...]
    nurses: tuple[proposing.Free, ...] | None
    therapists: tuple[proposing.Free, ...]
    names: dict[int, str]
    chair_names: dict[int, str]
    rules: Rules
    assumed_hours: bool

    def slots(
        self,
        minutes: int,
        *,
        now: datetime,
        chair_id: int | None = None,
        therapist_id: int | None = None,
        patient_busy: Collection[proposing.Span] = (),
    ) -> list[proposing.Slot]:
        """The times at which somebody can begin, a therapist among those who attend where one is named."""
        return proposing.slots(
            [each for each in self.chairs if chair_id is None or each.id == chair_id],
            minutes=minutes,
            turnover=self.rules.turnover_minutes,
            nurses=self.nurses,
            therapists=None if therapist_id is None else [t for t in self.therapists if t.id == therapist_id],
            patient_busy=list(patient_busy),
            not_before=now,
        )


def free_time(
    first: date,
    last: date,
    zone: ZoneInfo,
    staff: Sequence[Membership] | None = None,
    own: Rules | None = None,
    seats: Mapping[int, str] | None = None,
) -> FreeTime:
    """Chairs and people, and when they are free, from ``first`` to ``last``. Five queries whatever the time; one less
    for each of ``staff``, ``own`` rules and ``seats`` (chairs in use, id to name) that is known already."""
    days = hours.days_between(first, last)
    begins, ends = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    own, said = own or rules(), times(first, last)
    clinic = said[None]
    open_ = hours.spans(days, clinic.week, clinic.exceptions, zone)
    taken: dict[int, list[proposing.Span]] = {}
    loads: dict[int, list[proposing.Span]] = {}
    attend = Attendance.objects.filter(appointment_id=OuterRef("pk"), active=True).values("member_id")
    for chair_id, held, during, members in (
        _held(Appointment.objects.all())
        .filter(status=AppointmentStatus.BOOKED, held__overlap=(begins, ends))
        .annotate(members=ArraySubquery(attend))
        .values_list("chair_id", "held", "during", "members")
    ):
        taken.setdefault(chair_id, []).append((held.lower, held.upper))
        for member_id in members:
            loads.setdefault(member_id, []).append((during.lower, during.upper))
    people = attending_staff() if staff is None else staff
    all_chairs = {each.pk: each.name for each in chairs()} if seats is None else dict(seats)

    def at_work(member: Membership) -> tuple[proposing.Span, ...]:
        theirs = said.get(member.pk)
        if theirs is None:
            return open_
        week = theirs.week if theirs.said else clinic.week
        return proposing.intersect(hours.spans(days, week, {**clinic.exceptions, **theirs.exceptions}, zone), open_)

    def free(role: str, at_once: int) -> tuple[proposing.Free, ...]:
        return tuple(
            proposing.Free(each.pk, proposing.spare(at_work(each), loads.get(each.pk, []), at_once))
            for each in people
            if each.role == role
        )

    return FreeTime(
        zone,
        tuple(proposing.Free(each, proposing.subtract(open_, taken.get(each, []))) for each in all_chairs),
        None if own.chairs_per_nurse is None else free("nurse", own.chairs_per_nurse),
        free("therapist", 1),
        {each.pk: each.name for each in people},
        all_chairs,
        own,
        not clinic.said,
    )


def _held(rows: QuerySet[Appointment]) -> QuerySet[Any]:
    """Appointments with ``held``: how long each keeps its chair."""
    return rows.annotate(
        held=Func(F("during"), F("turnover_minutes"), function="booking_held", output_field=DateTimeRangeField())
    )


def alternatives(
    *, at: datetime, minutes: int, patient_id: int, zone: ZoneInfo, now: datetime, limit: int = 4
) -> list[proposing.Slot]:
    """The nearest free times around ``at``, for a patient who did not get it. Six queries."""
    day = at.astimezone(zone).date()
    first = max(day - timedelta(days=1), now.astimezone(zone).date())
    found = free_time(first, max(first, day + timedelta(days=4)), zone)
    busy = [(row.during.lower, row.during.upper) for row in _ahead(patient_id, now)]
    slots = found.slots(minutes, now=now, patient_busy=busy)
    near = sorted(slots, key=lambda slot: (abs(slot.begins - at), slot))
    apart: list[proposing.Slot] = []
    for slot in near:
        if all(abs(slot.begins - other.begins) >= timedelta(minutes=30) for other in apart):
            apart.append(slot)
    return sorted(apart[:limit])


def _ahead(patient_id: int, now: datetime) -> list[Appointment]:
    return list(
        Appointment.objects.filter(
            patient_id=patient_id, status=AppointmentStatus.BOOKED, during__endswith__gt=now
        ).order_by("during")
    )


# ---------------------------------------------------------------- series


@dataclass(frozen=True, slots=True)
class SeriesStanding:
    """Where a course's series stands: sessions held or begun, those ahead, and how many are still to be booked."""

    course: CarePlan
    done: int
    last_on: date | None
    ahead: tuple[Appointment, ...]

    @property
    def open(self) -> int:
        return max(0, self.course.planned_sessions - self.done - len(self.ahead))


def series_of(course: CarePlan, zone: ZoneInfo, now: datetime) -> SeriesStanding:
    """The booked appointments of a course, past and ahead. One query. A session that was missed still counts as one
    of those before: whether it is made good is the prescriber's to say, by planning one more."""
    return _series(course, zone, now, _in_series(Q(care_plan=course, status=AppointmentStatus.BOOKED)))


def _in_series(wanted: Q) -> list[Any]:
    return list(
        Appointment.objects.filter(wanted)
        .select_related("chair", "companion")
        .annotate(begun=Q(encounter__isnull=False))
        .order_by("during")
    )


def _series(course: CarePlan, zone: ZoneInfo, now: datetime, rows: Sequence[Any]) -> SeriesStanding:
    ahead = tuple(row for row in rows if row.during.lower > now and not row.begun)
    before = [row for row in rows if row not in ahead]
    last = before[-1].during.lower.astimezone(zone).date() if before else None
    return SeriesStanding(course, len(before), last, ahead)


def stated_times(patient_id: int) -> PreferredTimes | None:
    """What the patient said last about when they can come. One query."""
    return PreferredTimes.objects.filter(patient_id=patient_id).order_by("-id").first()


def wish_of(stated: PreferredTimes | None) -> proposing.Wish:
    if stated is None:
        return proposing.Wish()
    return proposing.Wish(frozenset(stated.weekdays), frozenset(stated.parts), frozenset(stated.cannot))


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody beside the patient who may bring them home."""

    pk: int
    name: str
    relationship: str
    brings_home: bool


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """A course with all that a series of it is made from, but the calendar."""

    course: CarePlan
    numbers: CourseNumbers
    stated: PreferredTimes | None
    rules: Rules
    people: tuple[Beside, ...]
    seats: Mapping[int, str]


def series_file(course_id: int, at: datetime) -> SeriesFile:
    """The course with its patient, the version in force, the wishes, the house's numbers and chairs, and the people
    beside the patient, all by one statement; and the protocol. Two queries. The rules come without who decided them.
    Raises CarePlan.DoesNotExist."""
    version = plan_queries.in_force_here(OuterRef("pk"), at)
    stated = PreferredTimes.objects.filter(patient_id=OuterRef("patient_id")).order_by("-id")
    people = RelatedPerson.objects.filter(patient_id=OuterRef("patient_id"), ended_at=None)
    own = BookingRules.objects.order_by("-id")
    course: Any = (
        CarePlan.objects.select_related("patient")
        .annotate(
            in_version=Subquery(version.values(json=_json("min_days", "max_days", "over_min"))[:1]),
            in_wish=Subquery(stated.values(json=_json("weekdays", "parts", "cannot"))[:1]),
            in_rules=Subquery(
                own.values(json=_json("chairs_per_nurse", "turnover_minutes", "remind_hours", "head_start_minutes"))[:1]
            ),
            in_people=ArraySubquery(
                people.order_by("-brings_home", "name", "id").values(
                    json=JSONObject(pk="pk", name="name", relationship="relationship", brings_home="brings_home")
                )
            ),
            in_chairs=ArraySubquery(
                Chair.objects.filter(in_use=True).order_by(Lower("name"), "id").values(json=_json("id", "name"))
            ),
        )
        .get(pk=course_id)
    )
    numbers, wish, rule = course.in_version or {}, course.in_wish, course.in_rules
    least, most, over = numbers.get("min_days"), numbers.get("max_days"), numbers.get("over_min")
    minutes = plan_queries.proposed_minutes(
        course.protocol_id, course.clinic_id, None if over is None else Decimal(str(over))
    )
    return SeriesFile(
        course=course,
        numbers=CourseNumbers(minutes, None if least is None or most is None else (least, most)),
        stated=None
        if wish is None
        else PreferredTimes(
            patient_id=course.patient_id, weekdays=wish["weekdays"], parts=wish["parts"],
            cannot=[date.fromisoformat(each) for each in wish["cannot"]],
        ),
        rules=Rules()
        if rule is None
        else Rules(**{**rule, "remind_hours": tuple(rule["remind_hours"])}),
        people=tuple(Beside(**each) for each in course.in_people),
        seats={each["id"]: each["name"] for each in course.in_chairs},
    )  # fmt: skip


def _json(*names: str) -> JSONObject:
    return JSONObject(**{name: name for name in names})


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with what it was made from."""

    answer: proposing.Proposal | proposing.NoSeries
    standing: SeriesStanding
    free: FreeTime
    shape: proposing.SeriesShape
    minutes: int
    stated: PreferredTimes | None


def propose_series(
    course: CarePlan,
    *,
    min_days: int,
    max_days: int,
    earliest: date,
    minutes: int,
    zone: ZoneInfo,
    now: datetime,
    weekdays: frozenset[int] = frozenset(),
    therapist_id: int | None = None,
    holding: Sequence[proposing.Slot] = (),
    leaving: Collection[int] = (),
    staff: Sequence[Membership] | None = None,
    known: SeriesFile | None = None,
) -> Proposed:
    """What is left of a course's series, in one step: sessions that stand are kept where the spacing allows it, the
    others placed. The same call repairs a series after a cancellation: the time that was given up is proposed again
    only where no other is left. Eight queries; four less where ``staff`` and the course's file are ``known`` already.

    ``holding`` are times that were chosen but not booked yet: they are kept like those that stand, as number -1, -2 and
    so on; ``leaving`` are appointments that have been chosen to move and so stand no longer.
    """
    found = _in_series(
        Q(care_plan=course, status=AppointmentStatus.BOOKED) | Q(patient_id=course.patient_id, during__endswith__gt=now)
    )
    rows = [row for row in found if row.status == AppointmentStatus.BOOKED]
    given_up = [(row.during.lower, row.during.upper) for row in found if row.status == AppointmentStatus.CANCELLED]
    standing = _series(course, zone, now, [row for row in rows if row.care_plan_id == course.pk])
    shape = proposing.SeriesShape(len(standing.ahead) + standing.open, min_days, max_days, earliest, weekdays)
    stated = stated_times(course.patient_id) if known is None else known.stated
    latest_standing = max((a.during.lower.astimezone(zone).date() for a in standing.ahead), default=earliest)
    last = max(earliest, latest_standing) + timedelta(days=min(MOST_DAYS, shape.sessions * max_days + SEARCHED_DAYS))
    first = max(earliest, now.astimezone(zone).date())
    if known is None:
        free = free_time(first, last, zone, staff)
    else:
        free = free_time(first, last, zone, staff, known.rules, known.seats)
    of_series = {row.pk for row in standing.ahead}
    busy = [(row.during.lower, row.during.upper) for row in rows if row.during.upper > now and row.pk not in of_series]
    for away in ([*busy, *given_up], busy) if given_up else (busy,):
        answer = proposing.propose(
            shape,
            free.slots(minutes, now=now, therapist_id=therapist_id, patient_busy=away),
            zone,
            after=standing.last_on,
            standing=[
                *(proposing.Standing(row.pk, row.during.lower) for row in standing.ahead if row.pk not in leaving),
                *(proposing.Standing(-1 - number, slot.begins) for number, slot in enumerate(holding)),
            ],
            wish=wish_of(stated),
        )
        if isinstance(answer, proposing.Proposal):
            break
    return Proposed(answer, standing, free, shape, minutes, stated)


# ---------------------------------------------------------------- the way home


class WayHome(models.TextChoices):
    """Where the way home of one session stands."""

    CONFIRMED = "confirmed", gettext_lazy("confirmed")
    ASKED = "asked", gettext_lazy("not confirmed")
    DECLINED = "declined", gettext_lazy("declined")
    UNASKED = "unasked", gettext_lazy("not asked yet")
    NOBODY = "nobody", gettext_lazy("nobody named")


@dataclass(frozen=True, slots=True)
class Way:
    """Who brings a patient home from one appointment and what they said. ``said_by``: a member of the clinic who wrote
    the answer down for them, else "". ``reachable``: the person has an e-mail address to which a link can go."""

    state: WayHome
    person: RelatedPerson | None
    answered_at: datetime | None = None
    note: str = ""
    asked_at: datetime | None = None
    said_by: str = ""

    @property
    def reachable(self) -> bool:
        return self.person is not None and bool(self.person.email)


def ways_home(rows: Iterable[Appointment]) -> dict[int, Way]:
    """The way home of each appointment, by its id. The appointments come with their companions. Two queries, or none.

    An answer counts for the beginning it was given for: whoever confirmed Tuesday has not confirmed Thursday.
    """
    wanted = list(rows)
    ids = [row.pk for row in wanted if row.companion_id is not None]
    answers: dict[tuple[int, int], EscortAnswer] = {}
    sent: dict[tuple[int, int], datetime] = {}
    if ids:
        for answer in EscortAnswer.objects.filter(appointment_id__in=ids).select_related("written_by").order_by("id"):
            answers[answer.appointment_id, answer.person_id] = answer
        for link in EscortLink.objects.filter(appointment_id__in=ids).order_by("id"):
            sent[link.appointment_id, link.person_id] = link.sent_at
    return {row.pk: _way(row, answers, sent) for row in wanted}


def _way(row: Appointment, answers: dict[tuple[int, int], EscortAnswer], sent: dict[tuple[int, int], datetime]) -> Way:
    person = row.companion
    if person is None or person.ended_at is not None:
        return Way(WayHome.NOBODY, None)
    key = (row.pk, person.pk)
    answer, asked_at = answers.get(key), sent.get(key)
    if answer is None or answer.starts_at != row.during.lower:
        return Way(WayHome.ASKED if asked_at else WayHome.UNASKED, person, asked_at=asked_at)
    state = WayHome.CONFIRMED if answer.comes else WayHome.DECLINED
    writer = answer.written_by.name if answer.written_by is not None else ""
    return Way(state, person, answer.answered_at, answer.note, asked_at, writer)


def way_home(appointment_id: int) -> Way:
    """The way home of one appointment. Three queries. Raises Appointment.DoesNotExist."""
    row = Appointment.objects.select_related("companion").get(pk=appointment_id)
    return ways_home([row])[row.pk]


# ---------------------------------------------------------------- waiting, reminding, feeds


def waiting() -> list[WaitingEntry]:
    """Who would come earlier, those who wait longest first, with patient and course. One query."""
    rows = WaitingEntry.objects.filter(left_at=None, care_plan__ended_on=None).select_related("patient", "care_plan")
    return list(rows.order_by("joined_at", "id"))


def spacing_of(course: CarePlan) -> tuple[int, int] | None:
    """The fewest and the most days from one session to the next that the course's signed plan says; None where it
    does not. One query."""
    version = plan_queries.in_force(course.pk)
    if version is None or version.min_days is None or version.max_days is None:
        return None
    return version.min_days, version.max_days


def waits_of(patient_id: int) -> list[WaitingEntry]:
    """Where this patient waits for an earlier time. One query."""
    return list(WaitingEntry.objects.filter(patient_id=patient_id, left_at=None))


def open_offers(patient_id: int, now: datetime) -> list[Offer]:
    """The earlier times that a patient can take now. One query."""
    return list(
        Offer.objects.filter(patient_id=patient_id, answer="", opens_at__lte=now, during__startswith__gt=now)
        .select_related("chair")
        .order_by("during")
    )


def offers_by_time(now: datetime) -> list[Offer]:
    """The offers of the times still ahead, by time and order, with patients. One query."""
    return list(
        Offer.objects.filter(during__startswith__gt=now).select_related("patient", "chair").order_by("during", "id")
    )


def reminder_preference(patient_id: int) -> ReminderPreference | None:
    """How a patient wants to be reminded; None where nothing was said. One query."""
    return ReminderPreference.objects.filter(patient_id=patient_id).first()


def feed_of(member_id: int) -> CalendarFeed | None:
    """The calendar feed that a person has open. One query."""
    return CalendarFeed.objects.filter(member_id=member_id, ended_at=None).first()


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
    with as_asker(Asker(token_hash=token_hash)):
        row = CalendarFeed.objects.filter(token_hash=token_hash, ended_at=None).first()
        if row is None:
            return None
        set_asker(house(row.clinic_id))
        if not Membership.objects.filter(pk=row.member_id, ended_at=None).exists():
            return None
        clinic = Clinic.objects.get(pk=row.clinic_id)
        rows = Appointment.objects.filter(during__endswith__gt=now - timedelta(days=30)).select_related("chair")
        if row.patient_id is not None:
            rows = rows.filter(patient_id=row.patient_id)
        else:
            mine = Attendance.objects.filter(member_id=row.member_id, active=True)
            rows = rows.filter(pk__in=mine.values("appointment_id"), status=AppointmentStatus.BOOKED)
        entries = tuple(
            FeedEntry(
                each.pk, each.during.lower, each.during.upper, each.version, each.booked_at,
                each.status == AppointmentStatus.CANCELLED, each.chair.name,
            )
            for each in rows.order_by("during")
        )  # fmt: skip
        return Feed(clinic, entries, row.patient_id is None)


@dataclass(frozen=True, slots=True)
class EscortView:
    """What a companion's link opens."""

    link: EscortLink
    appointment: Appointment
    person: RelatedPerson
    given_name: str
    clinic: Clinic
    way: Way
    begun: bool

    def standing(self, now: datetime) -> str:
        """What the link is worth: open; over (the session has begun: reading only); replaced, expired, cancelled,
        other (somebody else brings the patient home)."""
        if self.appointment.status != AppointmentStatus.BOOKED:
            return "cancelled"
        if self.way.person is None:
            return "other"
        if self.link.ended_at is not None:
            return "replaced"
        if now >= self.link.expires_at:
            return "expired"
        return "over" if self.begun or now >= self.appointment.during.lower else "open"


def escort_view(token_hash: str) -> EscortView | None:
    """The link, its appointment and its clinic; None for an unknown token. The token opens its own row, and what
    stands behind it is asked as the patient's own companion: nothing of anybody else. Seven queries."""
    with as_asker(Asker(token_hash=token_hash)):
        link = EscortLink.objects.filter(token_hash=token_hash).first()
        if link is None:
            return None
        set_asker(Asker(clinic_id=link.clinic_id, patient_id=link.patient_id, role="guest"))
        row = (
            Appointment.objects.select_related("patient", "companion")
            .annotate(begun=Q(encounter__isnull=False))
            .get(pk=link.appointment_id)
        )
        person = RelatedPerson.objects.get(pk=link.person_id)
        way = ways_home([row])[row.pk] if row.companion_id == person.pk else Way(WayHome.NOBODY, None)
        clinic = Clinic.objects.get(pk=link.clinic_id)
        return EscortView(link, row, person, row.patient.given_name, clinic, way, bool(row.begun))


def offer_by(token_hash: str) -> tuple[Offer, Clinic] | None:
    """The offer that a link opens, and its clinic. Two queries."""
    with as_asker(Asker(token_hash=token_hash)):
        offer = Offer.objects.filter(token_hash=token_hash).first()
        if offer is None:
            return None
        set_asker(Asker(clinic_id=offer.clinic_id, patient_id=offer.patient_id, role="guest"))
        return offer, Clinic.objects.get(pk=offer.clinic_id)
