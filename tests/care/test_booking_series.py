"""Hours, staff, series, the waiting list, reminders, feeds and the ride home."""

from __future__ import annotations

import re
import threading
import time as clocks
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from sojourn.care.coordination import feed_actions, jobs, reminder_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import EscortLink, Offer, Reminder
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.patients import actions as patients_actions
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions, proposing, series_actions, series_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, Attendance
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.mail.letters import unseal
from sojourn.foundation.scope import AppointmentScope, PatientScope
from tests.care.test_booking import DENVER, NOW, TEN, book, chair, course, move
from tests.conftest import Cast, make_clinic


@pytest.fixture
def desk(clinic: Cast) -> Iterator[Cast]:
    with acting_as(clinic.actor("front_desk")):
        yield clinic


@pytest.fixture
def lasting(django_db_setup: None, django_db_blocker) -> Iterator[Cast]:
    with django_db_blocker.unblock():
        yield make_clinic(f"lasting-{clocks.time_ns()}")
        connections.close_all()


def another(clinic: Cast, role: str, name: str) -> Membership:
    person = Person.objects.create_user(f"{name}@{clinic.clinic.slug}.example", None)
    return Membership.objects.create(clinic=clinic.clinic, person=person, role=role, name=name)


def patient_actor(clinic: Cast, patient_id: int, number: int = 1) -> Actor:
    person = Person.objects.create_user(f"patient{number}@{clinic.clinic.slug}.example", None)
    member = Membership.objects.create(
        clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=patient_id
    )
    return actor_of(member)


def adopt(clinic: Cast, chairs_per_nurse: int | None = None, turnover=0, remind=(72, 24), head_start=30):
    return clinic_settings_actions.decide_rules(
        by=clinic.actor("prescriber"), chairs_per_nurse=chairs_per_nurse, turnover_minutes=turnover,
        remind_hours=remind, head_start_minutes=head_start, now=NOW,
    )  # fmt: skip


def open_weekdays(clinic: Cast, begins=time(8), ends=time(18)) -> None:
    by = clinic.actor("clinic_admin")
    clinic_settings_actions.set_week(by=by, week={day: [(begins, ends)] for day in range(5)})


def refused(attempt) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as error:
        attempt()
    return error.value.codes


def letters() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'sealed' FROM procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id")
        return [unseal(sealed) for (sealed,) in cursor.fetchall()]


def written_of(verb: str) -> list[tuple[str, int | None]]:
    """Who did it, and of whom, as the audit reads it."""
    return list(AuditEvent.objects.filter(action=verb).order_by("seq").values_list("name", "patient_id"))


def queued(task: str) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [at for (at,) in cursor.fetchall()]


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


# ---------------------------------------------------------------- the waiting list


def waiting_patients(clinic: Cast, n: int) -> list[tuple]:
    out = []
    spare = chair(clinic, "Spare")
    for number in range(n):
        plan = course(clinic, f"W{number}")
        by = clinic.actor("front_desk")
        patients_actions.edit(
            by=by, patient_id=plan.patient_id, version=1, record_number="", email=f"w{number}@example.org", now=NOW
        )
        later = book(clinic, plan, spare, at=TEN + timedelta(days=7, hours=3 * number))
        waiting_actions.join(by=by, care_plan_id=plan.pk, now=NOW + timedelta(minutes=number))
        out.append((plan, later))
    return out


def run_offers(clinic: Cast, now: datetime) -> None:
    by = reminder_actions.sender(clinic.clinic.pk)
    with acting_as(by):
        for offer in Offer.objects.order_by("id"):
            if offer.opens_at <= now:
                waiting_actions.tell(by=by, offer_id=offer.pk, now=now)


@pytest.mark.alone
def test_a_freed_time_goes_to_who_says_yes_first(desk: Cast):
    one = chair(desk)
    first = book(desk, course(desk, "Ana"), one)
    (ann, anns), (ben, bens) = waiting_patients(desk, 2)
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="ill", now=NOW)
    offers = list(Offer.objects.order_by("id"))
    assert [row.patient_id for row in offers] == [ann.patient_id, ben.patient_id]
    assert [row.opens_at - NOW for row in offers] == [timedelta(0), timedelta(minutes=30)]
    assert queued("booking.tell_offer") == [NOW, NOW + timedelta(minutes=30)]
    later = NOW + timedelta(hours=1)
    run_offers(desk, later)
    run_offers(desk, later)
    tokens = [re.search(r"/earlier/([^/\s]+)/", letter.text)[1] for letter in letters()]  # type: ignore[index]
    assert len(tokens) == 2
    holders = [Actor(token_hash=hash_of(token)) for token in tokens]
    assert "depression" not in str(letters()).lower()
    with acting_as(holders[1]):
        taken = waiting_actions.accept_by_link(by=holders[1], now=later)
        again = waiting_actions.accept_by_link(by=holders[1], now=later)
    assert (taken.pk, again.pk, taken.during.lower) == (bens.pk, bens.pk, TEN)
    with acting_as(holders[0]):
        assert refused(lambda: waiting_actions.accept_by_link(by=holders[0], now=later)) == ("gone",)
    assert Appointment.objects.get(pk=anns.pk).during == anns.during
    told = letters()[2]
    assert told.to == "w0@example.org"
    assert "stays as it is" in told.text
    assert [entry.patient_id for entry in coordination_queries.waiting()] == [ann.patient_id]  # Ann stays on the list
    # and Ben's old time came free for her in its turn, but it is no earlier than hers
    assert Offer.objects.filter(freed_id=bens.pk).count() == 0


@pytest.mark.alone
def test_a_time_that_the_desk_gave_away_is_gone_kindly(desk: Cast):
    one = chair(desk)
    first = book(desk, course(desk, "Ana"), one)
    ((ann, anns),) = waiting_patients(desk, 1)
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="ill", now=NOW)
    me = patient_actor(desk, ann.patient_id)
    offer = Offer.objects.get()
    book(desk, course(desk, "Di"), one)
    with acting_as(me):
        assert [row.pk for row in coordination_queries.open_offers(PatientScope(ann.patient_id), NOW)] == [offer.pk]
        assert refused(lambda: waiting_actions.accept(by=me, offer_id=offer.pk, now=NOW)) == ("gone",)
    run_offers(desk, NOW + timedelta(minutes=1))
    assert letters() == []
    assert written_of("waiting.gone") == [("Sojourn", ann.patient_id)]
    assert Appointment.objects.get(pk=anns.pk).version == 1


def test_whoever_leaves_the_list_hears_of_no_time_any_more(desk: Cast):
    first = book(desk, course(desk, "Ana"), chair(desk))
    ((ann, _anns),) = waiting_patients(desk, 1)
    by = desk.actor("front_desk")
    scheduling_actions.cancel(by=by, appointment_id=first.pk, version=1, because="ill", now=NOW)
    me = patient_actor(desk, ann.patient_id)
    with acting_as(me):
        waiting_actions.leave(by=me, care_plan_id=ann.pk, now=NOW)
    run_offers(desk, NOW + timedelta(minutes=1))
    assert letters() == []
    with acting_as(me):
        offer = Offer.objects.get()
        assert refused(lambda: waiting_actions.accept(by=me, offer_id=offer.pk, now=NOW)) == ("declined",)


@pytest.mark.alone
def test_a_time_that_was_taken_and_then_cancelled_is_said(desk: Cast):
    first = book(desk, course(desk, "Ana"), chair(desk))
    ((ann, anns),) = waiting_patients(desk, 1)
    by = desk.actor("front_desk")
    scheduling_actions.cancel(by=by, appointment_id=first.pk, version=1, because="ill", now=NOW)
    me, offer = patient_actor(desk, ann.patient_id), Offer.objects.get()
    with acting_as(me):
        waiting_actions.accept(by=me, offer_id=offer.pk, now=NOW)
    scheduling_actions.cancel(by=by, appointment_id=anns.pk, version=2, because="ill", now=NOW)
    with acting_as(me):
        assert refused(lambda: waiting_actions.accept(by=me, offer_id=offer.pk, now=NOW)) == ("accepted",)


@pytest.mark.alone
def test_another_patients_offer_is_not_there(desk: Cast):
    first = book(desk, course(desk, "Ana"), chair(desk))
    waiting_patients(desk, 1)
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="ill", now=NOW)
    stranger = patient_actor(desk, first.patient_id)
    offer = Offer.objects.get()
    for answer in (waiting_actions.accept, waiting_actions.decline):
        with acting_as(stranger), pytest.raises(Offer.DoesNotExist):
            answer(by=stranger, offer_id=offer.pk, now=NOW)


# ---------------------------------------------------------------- reminders


def with_email(clinic: Cast, given="Ana"):
    plan = course(clinic, given)
    patients_actions.edit(
        by=clinic.actor("front_desk"), patient_id=plan.patient_id, version=1, record_number="",
        email=f"{given.lower()}@example.org", now=NOW,
    )  # fmt: skip
    return plan


def send(clinic: Cast, now: datetime) -> int:
    by = reminder_actions.sender(clinic.clinic.pk)
    with acting_as(by):
        ids = list(Reminder.objects.order_by("id").values_list("pk", flat=True))
        return sum(reminder_actions.send(by=by, reminder_id=each, now=now) for each in ids)


LATER = TEN + timedelta(days=7)  # Wednesday 11 March, 11:00 in Denver: the clocks have changed since NOW


@pytest.mark.alone
def test_a_reminder_goes_once_and_says_nothing_of_why(desk: Cast):
    book(desk, with_email(desk), chair(desk), at=LATER)
    assert queued("booking.remind") == [row.due_at for row in Reminder.objects.order_by("id")]
    due = LATER - timedelta(hours=24)
    assert send(desk, due - timedelta(minutes=1)) == 1  # three days before
    assert send(desk, due) == 1
    assert send(desk, due + timedelta(minutes=5)) == 0
    written = letters()
    assert len(written) == 2
    assert "11:00" in written[0].text
    assert not re.search(r"ketamine|depress|session|treat|dose", str(written), re.IGNORECASE)


@pytest.mark.alone
def test_a_cancelled_or_moved_appointment_is_not_reminded_of(desk: Cast):
    one, ana = chair(desk), with_email(desk)
    first = book(desk, ana, one, at=LATER)
    moved = move(desk, first, one, at=LATER + timedelta(days=2))
    assert Reminder.objects.filter(dropped_at=None).count() == 2
    assert send(desk, LATER - timedelta(hours=2)) == 1  # of the new time, three days before it
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=moved.pk, version=2, because="ill", now=NOW)
    assert send(desk, LATER + timedelta(days=1)) == 0
    # A row that nobody dropped would still see that the appointment is cancelled.
    Reminder.objects.filter(sent_at=None).update(dropped_at=None)
    assert send(desk, LATER + timedelta(days=1)) == 0
    assert written_of("reminder.dropped") == [("Sojourn", ana.patient_id)] * 3  # two of the old time, one of the new


@pytest.mark.alone
def test_the_patients_own_clock_and_quiet_hours(desk: Cast):
    ana, one = with_email(desk), chair(desk)
    book(desk, ana, one, at=LATER)
    me = patient_actor(desk, ana.patient_id)
    with acting_as(me):
        bad = lambda zone, way: refused(  # noqa: E731
            lambda: reminder_actions.prefer(
                by=me, zone=zone, channel=way, quiet_from=time(20), quiet_until=time(8), now=NOW
            )
        )
        assert bad("Mars/Base", "email") == ("zone-unknown",)
        assert bad("../etc/passwd", "email") == ("zone-unknown",)
        assert bad("Asia/Tokyo", "sms") == ("no-text-messages",)
        reminder_actions.prefer(
            by=me, zone="Asia/Tokyo", channel="email", quiet_from=time(20), quiet_until=time(8), now=NOW
        )
    tokyo = ZoneInfo("Asia/Tokyo")
    due = [row.due_at.astimezone(tokyo) for row in Reminder.objects.filter(dropped_at=None).order_by("due_at")]
    # It begins at two in the night of the 12th in Tokyo: each day before, in the evening before quiet begins.
    assert [(each.day, each.hour, each.minute) for each in due] == [(8, 19, 59), (10, 19, 59)]
    # The house was away and wakes at midnight in Tokyo: it waits until eight.
    midnight = datetime(2026, 3, 11, 0, 30, tzinfo=tokyo)
    assert send(desk, midnight) == 0
    assert written_of("reminder.put_off") == [("Sojourn", ana.patient_id)] * 2
    assert send(desk, datetime(2026, 3, 11, 8, 0, tzinfo=tokyo)) == 2
    assert "Asia/Tokyo" in letters()[0].text
    with acting_as(me):
        reminder_actions.prefer(
            by=me, zone="Asia/Tokyo", channel="none", quiet_from=time(20), quiet_until=time(8), now=NOW
        )
    book(desk, ana, one, at=LATER + timedelta(days=7))
    assert Reminder.objects.filter(starts_at=LATER + timedelta(days=7)).count() == 0


def test_ten_workers_send_one_reminder_once(lasting: Cast):
    with acting_as(lasting.actor("front_desk")):
        book(lasting, with_email(lasting), chair(lasting), at=LATER)
        reminder = Reminder.objects.order_by("due_at")[0]
    by = reminder_actions.sender(lasting.clinic.pk)

    def once(_: int) -> bool:
        try:
            with acting_as(by):
                return reminder_actions.send(by=by, reminder_id=reminder.pk, now=reminder.due_at)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(once, range(10))) == [False] * 9 + [True]


# ---------------------------------------------------------------- calendar feeds


def test_a_feed_opens_one_persons_times_until_it_is_ended(desk: Cast):
    one, ana = chair(desk), course(desk, "Ana")
    mine = book(desk, ana, one)
    book(desk, course(desk, "Bo"), chair(desk, "Chair 2"), staff=[desk.members["therapist"].pk])
    me, therapist = patient_actor(desk, ana.patient_id), desk.actor("therapist")
    with acting_as(me):
        opened = feed_actions.open_feed(by=me, now=NOW)
    with acting_as(therapist):
        theirs = feed_actions.open_feed(by=therapist, now=NOW)
    feed = coordination_queries.feed_by(hash_of(opened.token), NOW)
    assert feed is not None
    assert [each.id for each in feed.entries] == [mine.pk]
    other = coordination_queries.feed_by(hash_of(theirs.token), NOW)
    assert other is not None
    assert len(other.entries) == 1
    assert mine.pk not in {each.id for each in other.entries}
    with acting_as(me):
        again = feed_actions.open_feed(by=me, now=NOW)
    assert coordination_queries.feed_by(hash_of(opened.token), NOW) is None
    with acting_as(me):
        feed_actions.close_feed(by=me, now=NOW)
    assert coordination_queries.feed_by(hash_of(again.token), NOW) is None
    Membership.objects.filter(pk=therapist.member).update(ended_at=NOW)
    assert coordination_queries.feed_by(hash_of(theirs.token), NOW) is None


# ---------------------------------------------------------------- the ride home


def escorted(clinic: Cast, at=TEN, email="luis@example.org"):
    ana = course(clinic)
    luis = patients_actions.add_person(
        by=clinic.actor("front_desk"), patient_id=ana.patient_id, name="Luis", phone="1", email=email
    )
    return book(clinic, ana, chair(clinic), at=at, escort_id=luis.pk), luis


def asked(clinic: Cast, appointment, now=NOW) -> Actor:
    ride_home_actions.ask(by=clinic.actor("front_desk"), appointment_id=appointment.pk, now=now)
    return Actor(token_hash=hash_of(re.search(r"/ride-home/([^/\s]+)/", letters()[-1].text)[1]))  # type: ignore[index]


def state(appointment) -> RideHomeState:
    return coordination_queries.ride_home(AppointmentScope(appointment.pk)).state


def test_the_escort_says_yes_and_changes_their_mind(desk: Cast):
    session, _luis = escorted(desk)
    assert state(session) == RideHomeState.UNASKED
    luis = asked(desk, session)
    assert state(session) == RideHomeState.ASKED
    with acting_as(luis):
        view = coordination_queries.escort_view(luis.token_hash)
        assert view is not None
        assert view.given_name == "Ana"
        first = ride_home_actions.answer(by=luis, comes=True, note=" by  bus ", now=NOW)
        assert ride_home_actions.answer(by=luis, comes=True, note="by bus", now=NOW).pk == first.pk
    assert (state(session), coordination_queries.ride_home(AppointmentScope(session.pk)).note) == (
        RideHomeState.CONFIRMED,
        "by bus",
    )
    with acting_as(luis):
        ride_home_actions.answer(by=luis, comes=False, now=NOW)
    assert state(session) == RideHomeState.DECLINED
    with acting_as(luis):
        assert refused(lambda: ride_home_actions.answer(by=luis, comes=True, now=TEN)) == ("over",)
    written = letters()[0]
    assert not re.search(r"ketamine|depress|session|treat|dose", str(written), re.IGNORECASE)
    assert [row.name for row in AuditEvent.objects.filter(action="way_home.answered")] == ["Luis", "Luis"]


def test_who_confirmed_tuesday_has_not_confirmed_thursday(desk: Cast):
    session, luis = escorted(desk)
    by = asked(desk, session)
    with acting_as(by):
        ride_home_actions.answer(by=by, comes=True, now=NOW)
    moved = move(desk, session, session.chair, at=TEN + timedelta(days=1), escort_id=luis.pk)
    assert state(moved) == RideHomeState.ASKED
    house = reminder_actions.sender(desk.clinic.pk)
    with acting_as(house):
        assert ride_home_actions.ask_in_time(by=house, appointment_id=moved.pk, person_id=luis.pk, now=NOW)
        assert not ride_home_actions.ask_in_time(by=house, appointment_id=moved.pk, person_id=luis.pk, now=NOW)
    assert len(letters()) == 2
    with acting_as(by):  # the first letter's link was replaced
        assert refused(lambda: ride_home_actions.answer(by=by, comes=True, now=NOW)) == ("replaced",)


def test_an_old_link_mails_a_fresh_one_to_the_known_address_only(desk: Cast):
    session, _luis = escorted(desk)
    old = asked(desk, session)
    asked(desk, session, now=NOW + timedelta(minutes=1))
    with acting_as(old):
        assert ride_home_actions.renew(by=old, now=NOW + timedelta(minutes=5)) is False  # one was sent just now
        assert ride_home_actions.renew(by=old, now=NOW + timedelta(minutes=12)) is True
    assert [letter.to for letter in letters()] == ["luis@example.org"] * 3
    assert EscortLink.objects.filter(appointment=session, ended_at=None).count() == 1
    with acting_as(Actor(token_hash="0" * 64)):
        assert coordination_queries.escort_view("0" * 64) is None
        assert EscortLink.objects.count() == 0


def test_a_link_opens_its_own_patient_and_nobody_else(desk: Cast):
    session, _luis = escorted(desk)
    book(desk, course(desk, "Bo"), chair(desk, "Chair 2"))
    luis = asked(desk, session)
    with acting_as(luis):
        assert EscortLink.objects.count() == 1
        assert Appointment.objects.count() == 0  # the token opens its one row
    guest = Actor(clinic_id=desk.clinic.pk, patient_id=session.patient_id, role="guest")
    with acting_as(guest):
        assert [row.pk for row in Appointment.objects.all()] == [session.pk]


def test_the_clinic_writes_down_what_was_said_on_the_phone(desk: Cast):
    session, _luis = escorted(desk, email="")
    by = desk.actor("front_desk")
    assert refused(lambda: ride_home_actions.ask(by=by, appointment_id=session.pk, now=NOW)) == ("no-address",)
    ride_home_actions.write_answer(by=by, appointment_id=session.pk, comes=True, now=NOW)
    way = coordination_queries.ride_home(AppointmentScope(session.pk))
    assert (way.state, way.said_by.split()[0]) == (RideHomeState.CONFIRMED, "Front")
    scheduling_actions.cancel(by=by, appointment_id=session.pk, version=1, because="ill", now=NOW)
    assert refused(lambda: ride_home_actions.ask(by=by, appointment_id=session.pk, now=NOW)) == ("cancelled",)


def test_the_patient_names_somebody_else(desk: Cast):
    session, luis = escorted(desk)
    old = asked(desk, session)
    me = patient_actor(desk, session.patient_id)
    with acting_as(me):
        mai = ride_home_actions.bring(by=me, appointment_id=session.pk, name="Mai", email="MAI@example.org", now=NOW)
        assert mai.escort.name == "Mai"
        ride_home_actions.bring(by=me, appointment_id=session.pk, name="Mai", email="mai@example.org", now=NOW)
        assert refused(
            lambda: ride_home_actions.bring(by=me, appointment_id=session.pk, name="Mo", email="nonsense", now=NOW)
        ) == ("bad-email",)
        assert refused(
            lambda: ride_home_actions.name_escort(by=me, appointment_id=session.pk, person_id=0, now=NOW)
        ) == ("not-beside-patient",)
    assert written_of("patient.person_added")[1:] == [("Ana", session.patient_id)]  # the desk added Luis before
    assert written_of("way_home.named") == [("Ana", session.patient_id)]
    assert state(session) == RideHomeState.UNASKED
    assert len(queued("booking.ask_companion")) == 2
    with acting_as(old):
        assert refused(lambda: ride_home_actions.answer(by=old, comes=True, now=NOW)) == ("other",)
    with acting_as(me):
        ride_home_actions.name_escort(by=me, appointment_id=session.pk, person_id=luis.pk, now=NOW)
    assert coordination_queries.ride_home(AppointmentScope(session.pk)).person == luis


def test_a_patient_assigns_no_staff(desk: Cast):
    session, _luis = escorted(desk)
    me = patient_actor(desk, session.patient_id)
    with acting_as(me), pytest.raises(DatabaseError), transaction.atomic():
        Attendance.objects.create(
            clinic=desk.clinic, patient_id=session.patient_id, appointment=session, member=desk.members["nurse"],
            role="nurse", during=session.during,
        )  # fmt: skip


def test_the_jobs_ask_as_the_system(desk: Cast):
    session, luis = escorted(desk, at=datetime.now(UTC) + timedelta(days=2))
    with acting_as(Actor()):
        jobs.ask_escort(clinic_id=desk.clinic.pk, appointment_id=session.pk, person_id=luis.pk)
    assert state(session) == RideHomeState.ASKED
