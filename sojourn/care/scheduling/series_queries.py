"""Free time, and series of sessions that fit into it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject, Lower

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.scheduling import hours, proposing
from sojourn.care.scheduling.models import (
    Appointment,
    AppointmentStatus,
    Attendance,
    BookingRules,
    Chair,
    PreferredTimes,
)
from sojourn.care.scheduling.queries import (
    CourseNumbers,
    Rules,
    attending_staff,
    chairs,
    days_bounds,
    rules,
    times,
    with_held,
)
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.scope import AppointmentScope, CourseScope, PatientScope, clinic_rows, one_row, rows_of

SEARCHED_DAYS = 28  # how far beyond the longest spacing a series is looked for
MOST_DAYS = 400


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
    begins, ends = days_bounds(first, last, zone)
    own, said = own or rules(), times(first, last)
    clinic = said[None]
    open_ = hours.spans(days, clinic.week, clinic.exceptions, zone)
    taken: dict[int, list[proposing.Span]] = {}
    loads: dict[int, list[proposing.Span]] = {}
    attend = rows_of(Attendance, AppointmentScope, OuterRef("pk")).filter(active=True).values("member_id")
    for chair_id, held, during, members in (
        with_held(clinic_rows(Appointment))
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


def alternatives(
    *, at: datetime, minutes: int, of: PatientScope, zone: ZoneInfo, now: datetime, limit: int = 4
) -> list[proposing.Slot]:
    """The nearest free times around ``at``, for a patient who did not get it. Six queries."""
    day = at.astimezone(zone).date()
    first = max(day - timedelta(days=1), now.astimezone(zone).date())
    found = free_time(first, max(first, day + timedelta(days=4)), zone)
    busy = [(row.during.lower, row.during.upper) for row in _ahead(of, now)]
    slots = found.slots(minutes, now=now, patient_busy=busy)
    near = sorted(slots, key=lambda slot: (abs(slot.begins - at), slot))
    apart: list[proposing.Slot] = []
    for slot in near:
        if all(abs(slot.begins - other.begins) >= timedelta(minutes=30) for other in apart):
            apart.append(slot)
    return sorted(apart[:limit])


def _ahead(of: PatientScope, now: datetime) -> list[Appointment]:
    return list(
        of.rows(Appointment).filter(status=AppointmentStatus.BOOKED, during__endswith__gt=now).order_by("during")
    )


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
    booked = _in_order(CourseScope(course.pk)).filter(status=AppointmentStatus.BOOKED)
    return _series(course, zone, now, list(booked))


def _in_order(of: CourseScope | PatientScope) -> QuerySet[Any]:
    return of.rows(Appointment).select_related("chair", "escort").order_by("during")


def _series(course: CarePlan, zone: ZoneInfo, now: datetime, rows: Sequence[Any]) -> SeriesStanding:
    ahead = tuple(row for row in rows if row.during.lower > now and row.session_opened_at is None)
    before = [row for row in rows if row not in ahead]
    last = max((row.during.lower.astimezone(zone).date() for row in before), default=None)
    return SeriesStanding(course, len(before), last, ahead)


def stated_times(of: PatientScope) -> PreferredTimes | None:
    """What the patient said last about when they can come. One query."""
    return of.rows(PreferredTimes).order_by("-id").first()


def wish_of(stated: PreferredTimes | None) -> proposing.Wish:
    if stated is None:
        return proposing.Wish()
    return proposing.Wish(frozenset(stated.weekdays), frozenset(stated.parts), frozenset(stated.cannot))


@dataclass(frozen=True, slots=True)
class PossibleEscort:
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
    people: tuple[PossibleEscort, ...]
    seats: Mapping[int, str]

    @property
    def patient(self) -> Patient:
        return self.course.patient


def series_file(of: CourseScope, at: datetime) -> SeriesFile:
    """The course with its patient, the version in force, the wishes, the house's numbers and chairs, and the people
    beside the patient, all by one statement; and the protocol. Two queries. The rules come without who decided them.
    Raises CarePlan.DoesNotExist."""
    version = plan_queries.in_force_among(rows_of(PlanVersion, CourseScope, OuterRef("pk")), at)
    stated = rows_of(PreferredTimes, PatientScope, OuterRef("patient_id")).order_by("-id")
    people = rows_of(RelatedPerson, PatientScope, OuterRef("patient_id")).filter(ended_at=None)
    own = clinic_rows(BookingRules).order_by("-id")
    course: Any = (
        one_row(CarePlan, of.care_plan_id)
        .select_related("patient")
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
                clinic_rows(Chair).filter(in_use=True).order_by(Lower("name"), "id").values(json=_json("id", "name"))
            ),
        )
        .get()
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
        people=tuple(PossibleEscort(**each) for each in course.in_people),
        seats={each["id"]: each["name"] for each in course.in_chairs},
    )  # fmt: skip


def _json(*names: str) -> JSONObject:
    return JSONObject(**{name: name for name in names})


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with what it was made from."""

    answer: proposing.Proposal | proposing.SeriesRefusal
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
    of = PatientScope(course.patient_id)
    found = list(_in_order(of))
    of_course = [row for row in found if row.status == AppointmentStatus.BOOKED and row.care_plan_id == course.pk]
    standing = _series(course, zone, now, of_course)
    shape = proposing.SeriesShape(len(standing.ahead) + standing.open, min_days, max_days, earliest, weekdays)
    first, last = _searched(standing, shape, zone, now)
    if known is None:
        stated, free = stated_times(of), free_time(first, last, zone, staff)
    else:
        stated, free = known.stated, free_time(first, last, zone, staff, known.rules, known.seats)
    stays = [
        *(proposing.KeptAppointment(row.pk, row.during.lower) for row in standing.ahead if row.pk not in leaving),
        *(proposing.KeptAppointment(-number, slot.begins) for number, slot in enumerate(holding, start=1)),
    ]
    for away in _times_away(found, standing, now):
        slots = free.slots(minutes, now=now, therapist_id=therapist_id, patient_busy=away)
        answer = proposing.propose(shape, slots, zone, after=standing.last_on, standing=stays, wish=wish_of(stated))
        if isinstance(answer, proposing.Proposal):
            break
    return Proposed(answer, standing, free, shape, minutes, stated)


def _searched(
    standing: SeriesStanding, shape: proposing.SeriesShape, zone: ZoneInfo, now: datetime
) -> tuple[date, date]:
    """The days among which a series is looked for."""
    earliest = shape.earliest
    latest = max((a.during.lower.astimezone(zone).date() for a in standing.ahead), default=earliest)
    far = timedelta(days=min(MOST_DAYS, shape.sessions * shape.max_days + SEARCHED_DAYS))
    return max(earliest, now.astimezone(zone).date()), max(earliest, latest) + far


def _times_away(found: Sequence[Appointment], standing: SeriesStanding, now: datetime) -> list[list[proposing.Span]]:
    """When the patient cannot come, in the order in which it is tried: what else is booked together with what was given
    up, then without it."""
    of_series = {row.pk for row in standing.ahead}
    still = [row for row in found if row.during.upper > now and row.pk not in of_series]
    busy = [_span(row) for row in still if row.status == AppointmentStatus.BOOKED]
    given_up = [_span(row) for row in still if row.status == AppointmentStatus.CANCELLED]
    return [[*busy, *given_up], busy] if given_up else [busy]


def _span(row: Appointment) -> proposing.Span:
    return row.during.lower, row.during.upper
