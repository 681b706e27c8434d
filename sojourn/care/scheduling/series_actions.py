"""Book a whole series, or repair one, in one step: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from sojourn.care.patients import not_now
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import placing
from sojourn.care.scheduling.models import Appointment, Chair, PreferredTimes
from sojourn.care.scheduling.proposing import PARTS
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, NoLock, action, either, row, rows
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day, local
from sojourn.foundation.scope import AppointmentScope, CourseScope, clinic_rows, one_row, rows_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """One session of a series as it was chosen. ``moves``: the appointment that goes there, with the version that was
    seen; None books a new one."""

    starts_at: datetime
    minutes: int
    chair_id: int
    staff: tuple[int, ...] = ()
    moves: int | None = None
    version: int | None = None


class SeriesTaken(ActionRefused):
    """Some of the chosen times are no longer free; nothing was booked. ``taken`` are their places in the series."""

    def __init__(self, *reasons: str, codes: Sequence[str], taken: Sequence[int]) -> None:
        super().__init__(*reasons, codes=codes)
        self.taken = tuple(taken)


def _chairs(_by: Actor, asked: Arguments) -> QuerySet[Chair]:
    return clinic_rows(Chair).filter(pk__in={each.chair_id for each in asked["wanted"]})


def _moving(_by: Actor, asked: Arguments) -> QuerySet[Appointment]:
    return rows_of(Appointment, AppointmentScope, {each.moves for each in asked["wanted"] if each.moves is not None})


@action(
    "appointment.book",
    locks=(
        placing.BOOKING,
        rows(Chair, "wanted", where=_chairs),
        rows(Appointment, "wanted", where=_moving),
        row(CarePlan, "care_plan_id"),
    ),
    audit="series.booked",
)
def book_series(
    *,
    by: Actor,
    care_plan_id: int,
    wanted: Sequence[Wanted],
    escort_id: int | None = None,
    now: datetime | None = None,
) -> list[Appointment]:
    """Book the new sessions of a series and move those that move: all of it, or nothing.

    Refused: nothing-wanted, same-day, course-ended; SeriesTaken names each time that somebody took meanwhile (or that
    is refused for another reason), so that only those are chosen anew.
    """
    now = now or timezone.now()
    if not wanted:
        raise ActionRefused(_("There is nothing to book."), codes=("nothing-wanted",))
    if len({clinic_day(each.starts_at, by) for each in wanted}) < len(wanted):
        raise ActionRefused(
            _("Two sessions lie on the same day. Choose another time for one of them."), codes=("same-day",)
        )
    course = one_row(CarePlan, care_plan_id).get()
    if course.ended_on is not None:
        raise ActionRefused(_("This course has ended. Sign a new plan first."), codes=("course-ended",))
    booked = _all_or_nothing(by, course, wanted, escort_id, now)
    record(
        by, "series.booked", course, appointments=[row.pk for row in booked],
        moved=sum(each.moves is not None for each in wanted),
    )  # fmt: skip
    return booked


def _all_or_nothing(
    by: Actor, course: CarePlan, wanted: Sequence[Wanted], escort_id: int | None, now: datetime
) -> list[Appointment]:
    """Each is tried, so that everything that was taken meanwhile is named at once. Refused: SeriesTaken."""
    booked: list[Appointment] = []
    refusals: dict[int, ActionRefused] = {}
    with transaction.atomic():
        for number, each in enumerate(wanted):
            try:
                with transaction.atomic():
                    booked.append(_one(by, course, each, escort_id, now))
            except ActionRefused as refused:
                refusals[number] = refused
        if refusals:
            raise SeriesTaken(
                *(_named(by, wanted[number], refused) for number, refused in refusals.items()),
                _("Nothing was booked. The other times are kept below; choose these anew."),
                codes=list(dict.fromkeys(code for refused in refusals.values() for code in refused.codes)),
                taken=list(refusals),
            )
    return booked


def _named(by: Actor, each: Wanted, refused: ActionRefused) -> str:
    when = formats.date_format(local(each.starts_at, by), _("l j F Y, H:i"))
    return f"{when}: {' '.join(str(reason) for reason in refused.reasons)}"


def _one(by: Actor, course: CarePlan, each: Wanted, escort_id: int | None, now: datetime) -> Appointment:
    if each.moves is None:
        return placing.insert_appointment(
            by=by, course=course, chair_id=each.chair_id, starts_at=each.starts_at, minutes=each.minutes,
            escort_id=escort_id, staff=each.staff, outside_hours=False, now=now,
        )  # fmt: skip
    standing = CourseScope(course.pk).rows(Appointment).get(pk=each.moves)
    return placing.move_appointment(
        by=by, appointment_id=standing.pk, version=each.version, chair_id=each.chair_id, starts_at=each.starts_at,
        minutes=each.minutes, escort_id=placing.escort_still(standing), staff=each.staff or None,
        outside_hours=False, now=now,
    )[0]  # fmt: skip


@action(
    either("own.visits", "appointment.book"),
    locks=NoLock("each statement is a row of its own, and the newest acts"),
    audit="times.stated",
)
def state_times(
    *,
    by: Actor,
    patient_id: int,
    weekdays: Sequence[int] = (),
    parts: Sequence[str] = (),
    cannot: Sequence[date] = (),
    now: datetime | None = None,
) -> PreferredTimes:
    """When the patient can come: by the patient, or written down for them. Empty means any. Refused: unknown-times,
    too-many-days, not-now."""
    if by.patient_id is not None:
        patient_id = by.patient_id
    not_now.must_be_later(by=by, at=now or timezone.now())
    if not set(weekdays) <= set(range(7)) or not set(parts) <= set(PARTS):
        raise ActionRefused(_("Choose from the days and times that are shown."), codes=("unknown-times",))
    if len(set(cannot)) > 60:
        raise ActionRefused(_("Name at most 60 days on which you cannot come."), codes=("too-many-days",))
    row = PreferredTimes.objects.create(
        clinic_id=by.own_clinic_id,
        patient_id=patient_id,
        weekdays=sorted(set(weekdays)),
        parts=[part for part in PARTS if part in parts],
        cannot=sorted(set(cannot)),
        stated_at=now or timezone.now(),
        stated_by_id=by.member,
    )
    record(by, "times.stated", row)
    return row
