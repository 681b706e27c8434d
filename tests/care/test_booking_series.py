"""Hours, staff and series."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction

from sojourn.care.patients import actions as patients_actions
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions, proposing, series_actions, series_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, Attendance
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from tests.care.booked import (
    adopt,
    another,
    open_weekdays,
    patient_actor,
    refused,
)
from tests.care.test_booking import DENVER, NOW, TEN, book, chair, course, move
from tests.conftest import Cast

# ---------------------------------------------------------------- hours, turnover, staff

LIMITS = [("chairs_per_nurse", 1, 20), ("turnover", 0, 240), ("head_start", 0, 24 * 60)]


@pytest.mark.parametrize(("number", "least", "most"), LIMITS)
def test_the_clinics_own_numbers_have_limits(clinic: Cast, number: str, least: int, most: int):
    with acting_as(clinic.actor("prescriber")):
        for right in (least, most):
            adopt(clinic, **{number: right})
        for wrong in (least - 1, most + 1):
            assert refused(lambda wrong=wrong: adopt(clinic, **{number: wrong})) == (number.replace("_", "-"),)


def test_at_most_four_reminders_in_thirty_days(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        assert adopt(clinic, remind=(1, 3, 2, 24 * 30)).remind_hours == [24 * 30, 3, 2, 1]
        for hours in ((0,), (24 * 30 + 1,), (1, 2, 3, 4, 5)):
            assert refused(lambda hours=hours: adopt(clinic, remind=hours)) == ("remind-hours",)


def test_the_clinics_hours_and_closed_days_hold(desk: Cast):
    one, ana = chair(desk), course(desk)
    open_weekdays(desk)
    sunday_ten = TEN + timedelta(days=4)  # the clocks go forward that morning
    assert refused(lambda: book(desk, ana, one, at=sunday_ten)) == ("closed",)
    assert refused(lambda: book(desk, ana, one, at=TEN + timedelta(hours=7))) == ("closed",)
    monday_eight = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)  # 08:00 in Denver, after the change
    assert book(desk, ana, one, at=monday_eight).during.lower == monday_eight
    by = desk.actor("clinic_admin")
    clinic_settings_actions.set_day(by=by, on=date(2026, 3, 10), why="Holiday")
    tuesday = monday_eight + timedelta(days=1)
    assert refused(lambda: book(desk, ana, one, at=tuesday)) == ("closed",)
    assert book(desk, ana, one, at=tuesday, outside_hours=True).pk
    clinic_settings_actions.set_day(by=by, on=date(2026, 3, 10), begins=time(8), ends=time(12))
    assert refused(lambda: book(desk, ana, one, at=tuesday + timedelta(hours=3))) == ("closed",)
    bad = {0: [(time(8), time(12)), (time(11), time(13))]}
    assert refused(lambda: clinic_settings_actions.set_week(by=by, week=bad)) == ("hours-overlap",)
    assert refused(lambda: clinic_settings_actions.set_week(by=by, week={0: [(time(9), time(9))]})) == ("hours-order",)


def test_a_chair_is_held_while_it_is_made_ready(desk: Cast):
    one = chair(desk)
    adopt(desk, turnover=15)
    book(desk, course(desk, "Ana"), one)
    early = lambda: book(desk, course(desk, "Bo"), one, at=TEN + timedelta(minutes=130))  # noqa: E731
    assert refused(early) == ("chair-taken",)
    cy = course(desk, "Cy")
    with pytest.raises(ActionRefused) as error:  # she would be done in time, but her chair would not be ready
        book(desk, cy, one, at=TEN - timedelta(minutes=120))
    assert error.value.reasons == ("Chair 1 is taken from 10:00 to 12:15 by Ana Ruiz.",)
    book(desk, course(desk, "Di"), one, at=TEN + timedelta(minutes=135))


@pytest.mark.alone
def test_a_number_acts_only_once_somebody_adopts_it(desk: Cast):
    chairs = [chair(desk, f"Chair {n}") for n in range(3)]
    book(desk, course(desk, "A"), chairs[0])
    assert Attendance.objects.count() == 0  # nobody has said how many a nurse looks after
    adopt(desk, chairs_per_nurse=1)
    assert scheduling_queries.rules().decided_by.startswith("Prescriber")
    second = book(desk, course(desk, "B"), chairs[1])
    assert [row.role for row in scheduling_queries.attendances([second.pk])[second.pk]] == ["nurse"]
    assert refused(lambda: book(desk, course(desk, "C"), chairs[2])) == ("no-nurse",)
    another(desk, "nurse", "Nadia")
    third = book(desk, course(desk, "D"), chairs[2])
    assert scheduling_queries.attendances([third.pk])[third.pk][0].member.name == "Nadia"
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=second.pk, version=1, because="ill", now=NOW)
    assert book(desk, course(desk, "E"), chairs[1]).pk  # the first nurse is free again


@pytest.mark.alone
def test_a_nurse_who_does_not_work_is_not_chosen(desk: Cast):
    adopt(desk, chairs_per_nurse=4)
    nurse, by = desk.members["nurse"].pk, desk.actor("clinic_admin")
    week = {0: [(time(8), time(16))]}  # Mondays; TEN is a Wednesday
    clinic_settings_actions.set_week(by=by, member_id=nurse, week=week)
    one, ana = chair(desk), course(desk)
    assert refused(lambda: book(desk, ana, one)) == ("no-nurse",)
    clinic_settings_actions.set_day(by=by, member_id=nurse, on=date(2026, 3, 4), begins=time(9), ends=time(13))
    moved = book(desk, ana, one)
    assert refused(lambda: move(desk, moved, one, at=TEN + timedelta(hours=2))) == ("no-nurse",)
    assert Attendance.objects.get(active=True).during == Appointment.objects.get().during  # and nothing has changed


@pytest.mark.alone
def test_a_therapist_attends_one_at_a_time_and_follows(desk: Cast):
    one, two = chair(desk), chair(desk, "Chair 2")
    therapist = desk.members["therapist"].pk
    first = book(desk, course(desk, "Ana"), one, staff=[therapist])
    assert refused(lambda: book(desk, course(desk, "Bo"), two, staff=[therapist])) == ("staff-taken",)
    moved = move(desk, first, one, at=TEN + timedelta(hours=3))
    assert Attendance.objects.get(active=True).during.lower == moved.during.lower
    book(desk, course(desk, "Cy"), two, staff=[therapist])
    assert refused(lambda: move(desk, moved, one, at=TEN)) == ("staff-taken",)
    someone = desk.members["front_desk"].pk
    assert refused(lambda: book(desk, course(desk, "Di"), two, at=TEN + timedelta(days=1), staff=[someone])) == (
        "not-staff",
    )


# ---------------------------------------------------------------- many at once


def race(clinic: Cast, attempts: list, at_once: int) -> list[str]:
    gate = threading.Barrier(at_once)
    first = threading.Semaphore(at_once)

    def one(attempt) -> str:
        try:
            with acting_as(clinic.actor("front_desk")):
                connection.ensure_connection()
                if first.acquire(blocking=False):
                    gate.wait(60)
                attempt()
                return "won"
        except ActionRefused as error:
            return error.codes[0]
        except IntegrityError as error:
            names = ("a_nurse_has_room", "one_appointment_a_member", "one_patient_a_chair")
            return "database:" + next(name for name in names if name in str(error))
        finally:
            connection.close()

    with ThreadPoolExecutor(at_once) as pool:
        return sorted(pool.map(one, attempts))


def test_of_a_hundred_who_want_one_chair_one_gets_it(lasting: Cast):
    """A connection for each, and all at the same moment."""
    with acting_as(lasting.actor("front_desk")):
        one = chair(lasting)
        courses = [course(lasting, f"P{n}") for n in range(100)]
    outcome = race(lasting, [lambda c=c: book(lasting, c, one) for c in courses], 100)
    assert outcome == ["chair-taken"] * 99 + ["won"]
    with acting_as(lasting.actor("front_desk")):
        assert Appointment.objects.filter(chair=one, status="booked").count() == 1


def stubborn(clinic: Cast, plan, chair_id: int, member: Membership | None) -> None:
    """Past every check of the code: only the database can refuse."""
    with transaction.atomic():
        row = Appointment.objects.create(
            clinic=clinic.clinic, patient_id=plan.patient_id, care_plan=plan, chair_id=chair_id,
            during=(TEN, TEN + timedelta(hours=2)), booked_at=NOW, booked_by=clinic.members["nurse"],
        )  # fmt: skip
        if member is not None:
            Attendance.objects.create(
                clinic=clinic.clinic, patient_id=plan.patient_id, appointment=row, member=member, role=member.role,
                during=(TEN, TEN + timedelta(hours=2)),
            )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "won", "name"), [("nurse", 3, "a_nurse_has_room"), ("therapist", 1, "one_appointment_a_member")]
)
def test_the_database_itself_keeps_staff_to_their_number(lasting: Cast, role: str, won: int, name: str):
    with acting_as(lasting.actor("front_desk")):
        adopt(lasting, chairs_per_nurse=3)
        chairs = [chair(lasting, f"Chair {n}").pk for n in range(12)]
        courses = [course(lasting, f"P{n}") for n in range(12)]
    member = lasting.members[role]
    tries = [lambda c=c, n=n: stubborn(lasting, c, n, member) for c, n in zip(courses, chairs, strict=True)]
    assert race(lasting, tries, 12) == [f"database:{name}"] * (12 - won) + ["won"] * won


def test_two_series_at_once_never_wait_for_each_other_in_a_ring(lasting: Cast):
    with acting_as(lasting.actor("front_desk")):
        adopt(lasting, chairs_per_nurse=1)
        one, two = chair(lasting), chair(lasting, "Chair 2")
        first, second = course(lasting, "A"), course(lasting, "B")

    def series(plan, chairs):
        wanted = [series_actions.Wanted(TEN + timedelta(days=n), 120, c.pk) for n, c in enumerate(chairs)]
        return lambda: series_actions.book_series(
            by=lasting.actor("front_desk"), care_plan_id=plan.pk, wanted=wanted, now=NOW
        )

    outcome = race(lasting, [series(first, [one, two]), series(second, [two, one])], 2)
    assert outcome == ["no-nurse", "won"]
    with acting_as(lasting.actor("front_desk")):
        assert Appointment.objects.count() == 2  # all of one series, nothing of the other


# ---------------------------------------------------------------- series


def proposed(plan, earliest=date(2026, 3, 4), min_days=2, max_days=4, **more) -> series_queries.Proposed:
    return series_queries.propose_series(
        plan, min_days=min_days, max_days=max_days, earliest=earliest, minutes=120, zone=DENVER, now=NOW, **more
    )


def wanted_of(found: series_queries.Proposed) -> list[series_actions.Wanted]:
    assert isinstance(found.answer, proposing.Proposal)
    versions = {row.pk: row.version for row in found.standing.ahead}
    return [
        series_actions.Wanted(
            each.slot.begins, 120, each.slot.chair_id, tuple(n for n in [each.slot.nurse_id] if n),
            moves=each.appointment_id, version=versions.get(each.appointment_id or 0),
        )
        for each in found.answer.sessions
        if each.slot is not None
    ]  # fmt: skip


def days_of(plan) -> list[int]:
    rows = Appointment.objects.filter(care_plan=plan, status="booked").order_by("during")
    return [row.during.lower.astimezone(DENVER).day for row in rows]


def test_a_series_is_proposed_booked_and_repaired_in_one_step(desk: Cast):
    open_weekdays(desk)
    adopt(desk, chairs_per_nurse=2)
    chair(desk)
    ana, by = course(desk), desk.actor("front_desk")
    found = proposed(ana)
    booked = series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted_of(found), now=NOW)
    # From Wednesday the 4th, two to four days apart, never on a weekend: the earliest such series of six.
    assert days_of(ana) == [4, 6, 9, 11, 13, 16]
    assert all(scheduling_queries.attendances([row.pk])[row.pk][0].role == "nurse" for row in booked)
    assert AuditEvent.objects.filter(action="series.booked").count() == 1
    assert proposed(ana).answer.sessions[0].kind == "kept"
    # Life intervenes: the third falls away, and its day with it.
    scheduling_actions.cancel(by=by, appointment_id=booked[2].pk, version=1, because="ill", now=NOW)
    clinic_settings_actions.set_day(by=desk.actor("clinic_admin"), on=date(2026, 3, 9))
    repair = proposed(ana)
    assert isinstance(repair.answer, proposing.Proposal)
    kinds = [each.kind for each in repair.answer.sessions]
    assert (kinds.count("kept"), kinds.count("moved"), kinds.count("new")) == (4, 1, 1)
    series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted_of(repair), now=NOW)
    days = days_of(ana)
    assert len(days) == 6
    assert all(2 <= later - before <= 4 for before, later in pairwise(days))
    assert 9 not in days


def test_a_repair_offers_the_time_that_was_given_up_only_where_no_other_is_left(desk: Cast):
    open_weekdays(desk)
    chair(desk)
    ana, by = course(desk), desk.actor("front_desk")
    booked = series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted_of(proposed(ana)), now=NOW)
    gone = booked[2].during
    scheduling_actions.cancel(by=by, appointment_id=booked[2].pk, version=1, because="ill", now=NOW)

    def again() -> list[proposing.Slot]:
        return [each.slot for each in proposed(ana).answer.sessions if each.slot is not None]

    (slot,) = again()
    assert slot.begins >= gone.upper or slot.ends <= gone.lower
    # Nothing but that very time is left: better that than no series.
    clinic_settings_actions.set_week(by=desk.actor("clinic_admin"), week={gone.lower.weekday(): [(time(8), time(10))]})
    assert [each.begins for each in again()] == [gone.lower]


def test_the_stated_times_of_the_patient_are_kept(desk: Cast):
    open_weekdays(desk)
    chair(desk)
    ana = course(desk)
    me = patient_actor(desk, ana.patient_id)
    with acting_as(me):
        series_actions.state_times(
            by=me, patient_id=0, weekdays=[1, 3], parts=["afternoon"], cannot=[date(2026, 3, 5)], now=NOW
        )
        assert refused(lambda: series_actions.state_times(by=me, patient_id=0, weekdays=[7])) == ("unknown-times",)
        days = [date(2026, 5, 1) + timedelta(days=n) for n in range(61)]
        assert refused(lambda: series_actions.state_times(by=me, patient_id=0, cannot=days)) == ("too-many-days",)
    found = proposed(ana, max_days=5)
    assert isinstance(found.answer, proposing.Proposal)
    local = [each.begins.astimezone(DENVER) for each in found.answer.sessions]
    assert {each.weekday() for each in local} == {1, 3}
    assert all(12 <= each.hour < 17 for each in local)
    assert local[0].date() == date(2026, 3, 10)


def test_a_escort_who_has_gone_holds_no_series_up(desk: Cast):
    ana, one, by = course(desk), chair(desk), desk.actor("front_desk")
    luis = patients_actions.add_person(by=by, patient_id=ana.patient_id, name="Luis", phone="555")
    standing = book(desk, ana, one, escort_id=luis.pk)
    patients_actions.end_person(by=by, person_id=luis.pk)
    wanted = [series_actions.Wanted(TEN + timedelta(days=1), 120, one.pk, moves=standing.pk, version=1)]
    (moved,) = series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted, now=NOW)
    assert (moved.pk, moved.escort_id) == (standing.pk, None)


def test_all_of_a_series_or_nothing_naming_what_was_taken(desk: Cast):
    one, two = chair(desk), chair(desk, "Chair 2")
    ana, bo, by = course(desk, "Ana"), course(desk, "Bo"), desk.actor("front_desk")
    wanted = [series_actions.Wanted(TEN + timedelta(days=3 * n), 120, one.pk) for n in range(3)]
    book(desk, bo, one, at=TEN + timedelta(days=3))
    with pytest.raises(series_actions.SeriesTaken) as error:
        series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted, now=NOW)
    assert (error.value.taken, error.value.codes) == ((1,), ("chair-taken",))
    assert "Bo Ruiz" in error.value.reasons[0]
    assert not Appointment.objects.filter(care_plan=ana).exists()
    wanted[1] = replace(wanted[1], chair_id=two.pk)
    series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted, now=NOW)
    assert refused(
        lambda: series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=[wanted[0], wanted[0]], now=NOW)
    ) == ("same-day",)
    # A second press of the same form books nothing twice.
    assert refused(lambda: series_actions.book_series(by=by, care_plan_id=ana.pk, wanted=wanted, now=NOW)) == (
        "patient-taken",
    )


@pytest.mark.alone
def test_the_desk_that_comes_too_late_hears_of_other_times(desk: Cast):
    open_weekdays(desk)
    one, ana = chair(desk), course(desk)
    book(desk, course(desk, "Bo"), one)
    near = series_queries.alternatives(at=TEN, minutes=120, of=PatientScope(ana.patient_id), zone=DENVER, now=NOW)
    assert len(near) == 4
    assert all(slot.ends <= TEN or slot.begins >= TEN + timedelta(hours=2) for slot in near)
    assert book(desk, ana, one, at=near[0].begins).pk
