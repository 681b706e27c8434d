"""A booking beside others: other chairs, patients, people and days, and what was cancelled or given up."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest

from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions, proposing, series_actions, series_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, Attendance, Chair
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.scope import CourseScope, PatientScope
from tests.care.booked import another, refused
from tests.care.test_booking import DENVER, NOW, TEN, book, chair, course, move
from tests.care.way import signed_version
from tests.conftest import Cast

DAY: Final = date(2026, 3, 4)
CANCELLED: Final = {"status": "cancelled", "cancelled_at": NOW}


def clock(hours: float) -> datetime:
    """An hour of the day by the clinic's clock."""
    return datetime(2026, 3, 4, 7, tzinfo=UTC) + timedelta(hours=hours)


def lay(plan: CarePlan, where: Chair, begins: float, ends: float, **more: Any) -> Appointment:
    """An appointment from one hour of the day to another."""
    return Appointment.objects.create(
        clinic_id=plan.clinic_id, patient_id=plan.patient_id, care_plan=plan, chair=where,
        during=(clock(begins), clock(ends)), booked_at=NOW, booked_by_id=plan.created_by_id, **more,
    )  # fmt: skip


def attends(who: Membership, visit: Appointment, *, active: bool = True) -> None:
    Attendance.objects.create(
        clinic_id=visit.clinic_id, patient_id=visit.patient_id, appointment=visit, member=who, role=who.role,
        during=visit.during, active=active,
    )  # fmt: skip


@pytest.mark.alone
def test_appointments_are_told_by_when_they_are_and_whose(desk: Cast):
    one, window = chair(desk), chair(desk, "Window")
    ana, bea = course(desk), course(desk, "Bea")
    own, beside = lay(ana, one, 10, 13), lay(bea, window, 10, 12)
    in_the_chair, elsewhere = lay(bea, one, 13, 14), lay(ana, window, 14, 15)
    behind, later = lay(bea, one, 15, 16), lay(ana, window, 16, 17)
    lay(ana, window, 13, 15, **CANCELLED)
    lay(bea, one, 13, 15, **CANCELLED)

    def in_the_way(**more: Any) -> list[Appointment]:
        """Of Ana's own appointment, moved to twelve o'clock in its chair."""
        return scheduling_queries.in_the_way(
            chair_id=one.pk, of=PatientScope(ana.patient_id), from_at=clock(12), until_at=clock(15),
            other_than=own.pk, **more,
        )  # fmt: skip

    assert in_the_way() == [in_the_chair, elsewhere]
    assert in_the_way(held_until=clock(15.25)) == [in_the_chair, elsewhere, behind]

    lay(bea, window, -1, 1)  # from the evening before
    midnight = lay(ana, one, 0, 1)
    lay(ana, one, 24, 25)
    that_day = [midnight, beside, own, in_the_chair, elsewhere, behind, later]
    assert scheduling_queries.between(DAY, DAY, DENVER) == that_day
    assert scheduling_queries.ahead(clock(13), clock(16)) == [elsewhere, behind]


def test_everybodys_hours_are_stated_for_themselves(clinic: Cast):
    by, whole = clinic.actor("clinic_admin"), None
    nurse, therapist = clinic.members["nurse"].pk, clinic.members["therapist"].pk

    def week(who: int | None, weekday: int) -> None:
        clinic_settings_actions.set_week(by=by, member_id=who, week={weekday: [(time(8), time(12))]})

    def unlike(day: int, who: int | None = None, **hours: time) -> None:
        clinic_settings_actions.set_day(by=by, member_id=who, on=date(2026, 3, day), **hours)

    def days(found: Any) -> list[int]:
        return sorted(each.day for each in found)

    with acting_as(by):
        for who in (whole, nurse, therapist):
            week(who, 0)
        week(whole, 1)
        week(nurse, 2)
        stated = scheduling_queries.times()
        assert {who: list(stated[who].week) for who in (whole, nurse, therapist)} == {
            whole: [1], nurse: [2], therapist: [0],
        }  # fmt: skip
        for day in (3, 4, 6):
            unlike(day)
        unlike(5, begins=time(9), ends=time(12))
        unlike(5, nurse)
        first, last = date(2026, 3, 4), date(2026, 3, 5)
        assert days(scheduling_queries.closed_days(first, last)) == [4]
        assert days(scheduling_queries.times(first, last)[whole].exceptions) == [4, 5]
        clinic_settings_actions.unset_day(by=by, on=date(2026, 3, 4))
        assert days(each.on for each in scheduling_queries.exceptions_from(last)) == [5, 6]
        assert days(each.on for each in scheduling_queries.exceptions_from(first - timedelta(days=1))) == [3, 5, 6]
        assert days(each.on for each in scheduling_queries.exceptions_from(first, member_id=nurse)) == [5]


def test_an_empty_chair_goes_out_of_use_whatever_others_have(desk: Cast):
    by, one, window = desk.actor("clinic_admin"), chair(desk), chair(desk, "Window")
    ana = course(desk)
    lay(ana, one, 10, 13)
    lay(ana, window, 8, 9)
    lay(ana, window, 14, 15, **CANCELLED)
    scheduling_actions.add_room(by=by, name="Garden")
    away = {"by": by, "chair_id": window.pk, "name": "Window", "in_use": False, "now": clock(9)}
    assert refused(lambda: scheduling_actions.edit_chair(room_id=0, **away)) == ("room-unknown",)
    assert not scheduling_actions.edit_chair(**away).in_use


# ---------------------------------------------------------------- who attends


@pytest.mark.alone
def test_whoever_attends_stays_with_the_appointment_that_moves(desk: Cast):
    one, window = chair(desk), chair(desk, "Window")
    moved, stays = lay(course(desk), one, 10, 12), lay(course(desk, "Bea"), window, 10, 12)
    attends(another(desk, "therapist", "Tom"), moved, active=False)
    attends(desk.members["therapist"], moved)
    attends(desk.members["prescriber"], stays)
    move(desk, moved, one, at=TEN + timedelta(days=1))
    found = scheduling_queries.attendances([moved.pk, stays.pk])
    assert {which: [row.member for row in rows] for which, rows in found.items()} == {
        moved.pk: [desk.members["therapist"]], stays.pk: [desk.members["prescriber"]],
    }  # fmt: skip


@pytest.mark.alone
def test_the_nurse_with_the_fewest_patients_at_that_time_comes_first(desk: Cast):
    one, window, door = chair(desk), chair(desk, "Window"), chair(desk, "Door")
    ana, bea = course(desk), course(desk, "Bea")
    first, second = desk.members["nurse"], another(desk, "nurse", "Nadia")
    attends(first, lay(ana, one, 10, 12))
    for begins in (14, 16):
        attends(second, lay(ana, one, begins, begins + 1))
    for where in (window, door):
        attends(second, lay(bea, where, 10, 12, **CANCELLED), active=False)
    assert scheduling_queries.nurses_at_work(clock(10), clock(12), DENVER) == [second, first]


def test_the_rules_name_who_decided_them(clinic: Cast):
    for role in ("clinic_admin", "prescriber"):
        by = clinic.actor(role)
        with acting_as(by):
            clinic_settings_actions.decide_rules(
                by=by, chairs_per_nurse=None, turnover_minutes=0, remind_hours=(), head_start_minutes=30, now=NOW
            )
            assert scheduling_queries.rules().decided_by == clinic.members[role].name


def test_the_escort_is_whom_the_desk_chose_and_still_there(desk: Cast):
    by, ana, one = desk.actor("front_desk"), course(desk), chair(desk)
    luis, eva = (
        patients_actions.add_person(by=by, patient_id=ana.patient_id, name=name, phone="1") for name in ("Luis", "Eva")
    )
    assert book(desk, ana, one, escort_id=eva.pk).escort == eva
    patients_actions.end_person(by=by, person_id=luis.pk)
    gone = lambda: book(desk, ana, one, at=TEN + timedelta(days=1), escort_id=luis.pk)  # noqa: E731
    assert refused(gone) == ("not-beside-patient",)


# ---------------------------------------------------------------- series


def spans(of: int, found: Any) -> list[tuple[int, int]]:
    """When somebody or something is free on the day, in hours of the clinic's clock."""
    return next(
        [(begins.astimezone(DENVER).hour, ends.astimezone(DENVER).hour) for begins, ends in each.spans]
        for each in found
        if each.id == of
    )


@pytest.mark.alone
def test_a_time_is_free_unless_somebody_is_there(desk: Cast):
    one, window = chair(desk), chair(desk, "Window")
    ana, therapist = course(desk), desk.members["therapist"]
    visit = lay(ana, one, 10, 13)
    attends(therapist, visit, active=False)
    attends(desk.members["prescriber"], visit)
    attends(therapist, lay(ana, window, 15, 16))
    lay(ana, one, 14, 15, **CANCELLED)
    found = series_queries.free_time(DAY, DAY, DENVER)  # eight to six, as is assumed
    assert spans(one.pk, found.chairs) == [(8, 10), (13, 18)]
    assert spans(therapist.pk, found.therapists) == [(8, 15), (16, 18)]


@pytest.mark.alone
def test_a_series_knows_its_own_course_and_patient(desk: Cast):
    one, window = chair(desk), chair(desk, "Window")
    by, away = desk.actor("front_desk"), chair(desk, "Attic")
    scheduling_actions.edit_chair(by=desk.actor("clinic_admin"), chair_id=away.pk, name="Attic", in_use=False)
    ana, bea = course(desk), course(desk, "Bea")
    other = signed_version(desk, bea.patient, at=NOW, min_days=5, max_days=9).care_plan
    assert other is not None
    for plan, weekday in ((ana, 2), (bea, 4)):
        series_actions.state_times(by=by, patient_id=plan.patient_id, weekdays=[weekday], now=NOW)
    file = series_queries.series_file(CourseScope(ana.pk), NOW)
    assert (file.numbers.spacing, list(file.seats.values())) == ((1, 7), ["Chair 1", "Window"])
    assert file.stated is not None
    assert file.stated.weekdays == [2]

    hers = lay(bea, window, 8, 18)
    found = series_queries.propose_series(
        ana, min_days=1, max_days=7, earliest=DAY, minutes=120, zone=DENVER, now=NOW, known=file
    )
    assert isinstance(found.answer, proposing.Proposal)
    assert found.answer.sessions[0].begins == clock(8)  # another patient's day is not theirs

    lay(ana, one, 10, 12)
    lay(ana, one, 14, 15, **CANCELLED)
    standing = series_queries.series_of(ana, DENVER, clock(13))
    assert (standing.done, standing.last_on, standing.ahead) == (1, DAY, ())

    wanted = [series_actions.Wanted(TEN, 120, one.pk, moves=hers.pk, version=hers.version)]
    with pytest.raises(Appointment.DoesNotExist):
        series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted, now=NOW)
    assert list(series_actions._chairs(by, {"wanted": wanted})) == [one]  # it waits for nobody else's
    assert list(series_actions._moving(by, {"wanted": wanted})) == [hers]
