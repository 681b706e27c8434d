"""Two at once: while one has done its work and not committed, the other waits for it, and sees what it did.

Each of these was red with the lock taken out of the second one's declaration.
"""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from threading import Event
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from sojourn.care.coordination import feed_actions, reminder_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination.models import EscortAnswer, EscortLink, Offer, OfferAnswer, Reminder, WaitingEntry
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions, placing, series_actions
from sojourn.care.scheduling.models import Appointment, Chair, WorkingHours
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.receipts import taking
from sojourn.foundation.receipts.arriving import Arrival
from sojourn.foundation.receipts.models import Receipt
from tests.care.booked import asked, escorted, patient_actor, waiting_patients
from tests.care.test_booking import NOW, TEN, book, chair, course, move
from tests.conftest import Cast

Act = tuple[Actor, Callable[[], object]]
PATIENCE = 30  # seconds


def waits(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)", [backend])
        return bool(cursor.fetchone()[0])


class Meeting:
    """Two who act at once. The second begins when the first has acted, or has come to where it calls ``halfway``; the
    first goes on once the second waits or is over."""

    def __init__(self) -> None:
        self._here, self._over = Event(), Event()
        self._backends: list[int] = []

    def halfway(self) -> None:
        if not self._here.is_set():
            self._let_the_other()

    def of(self, first: Act, second: Act) -> str:
        """What came of the second."""
        with ThreadPoolExecutor(2) as pool:
            began, answered = pool.submit(self._first, *first), pool.submit(self._second, *second)
            began.result()
            return answered.result()

    def _let_the_other(self) -> None:
        self._here.set()
        until = clocks.monotonic() + PATIENCE
        while clocks.monotonic() < until and not self._over.is_set() and not any(map(waits, self._backends)):
            clocks.sleep(0.01)

    def _first(self, by: Actor, act: Callable[[], object]) -> None:
        try:
            with acting_as(by):
                act()
                self._let_the_other()
        finally:
            self._here.set()
            connection.close()

    def _second(self, by: Actor, act: Callable[[], object]) -> str:
        try:
            self._here.wait(PATIENCE)
            with acting_as(by), connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._backends.append(cursor.fetchone()[0])
                act()
            return "done"
        except ActionRefused as refused:
            return refused.codes[0]
        finally:
            self._over.set()
            connection.close()


def at_once(first: Act, second: Act) -> str:
    """``second`` begins when ``first`` has acted, which commits once ``second`` waits or is over. What came of it."""
    return Meeting().of(first, second)


# ---------------------------------------------------------------- chairs, hours, appointments


@dataclass(frozen=True, slots=True)
class Scene:
    """Ana is booked at ten into the first chair; the second is free."""

    clinic: Cast
    ana: CarePlan
    one: Chair
    two: Chair
    standing: Appointment

    @property
    def desk(self) -> Actor:
        return self.clinic.actor("front_desk")


@pytest.fixture
def scene(lasting: Cast) -> Scene:
    with acting_as(lasting.actor("front_desk")):
        ana, one, two = course(lasting, "Ana"), chair(lasting), chair(lasting, "Chair 2")
        return Scene(lasting, ana, one, two, book(lasting, ana, one))


NEXT_DAY = TEN + timedelta(days=1)


def books(scene: Scene, staff: Sequence[int] = ()) -> object:
    return book(scene.clinic, scene.ana, scene.two, at=NEXT_DAY, staff=staff)


def moves(scene: Scene, staff: Sequence[int] | None = None) -> object:
    return scheduling_actions.reschedule(
        by=scene.desk, appointment_id=scene.standing.pk, version=1, chair_id=scene.two.pk, starts_at=NEXT_DAY,
        minutes=120, staff=staff, now=NOW,
    )  # fmt: skip


def cancels(scene: Scene) -> object:
    return scheduling_actions.cancel(by=scene.desk, appointment_id=scene.standing.pk, version=1, because="ill", now=NOW)


def books_a_series(scene: Scene, staff: Sequence[int] = ()) -> object:
    wanted = [series_actions.Wanted(NEXT_DAY, 120, scene.two.pk, tuple(staff))]
    return series_actions.book_series(by=scene.desk, care_plan_id=scene.ana.pk, wanted=wanted, now=NOW)


def moves_a_series(scene: Scene) -> object:
    wanted = [series_actions.Wanted(NEXT_DAY, 120, scene.two.pk, moves=scene.standing.pk, version=1)]
    return series_actions.book_series(by=scene.desk, care_plan_id=scene.ana.pk, wanted=wanted, now=NOW)


def retires(scene: Scene) -> object:
    return scheduling_actions.edit_chair(
        by=scene.clinic.actor("clinic_admin"), chair_id=scene.two.pk, name="Chair 2", in_use=False, now=NOW
    )


@pytest.mark.parametrize("act", [books, books_a_series])
def test_a_course_that_ends_meanwhile_is_not_booked(scene: Scene, act: Callable[[Scene], object]):
    prescriber = scene.clinic.actor("prescriber")
    end = lambda: plan_actions.end(  # noqa: E731
        by=prescriber, course_id=scene.ana.pk, ended_on=date(2026, 3, 2), now=NOW
    )
    assert at_once((prescriber, end), (scene.desk, lambda: act(scene))) == "course-ended"


@pytest.mark.parametrize("act", [books, moves, books_a_series, moves_a_series])
def test_a_chair_that_goes_out_of_use_meanwhile_is_not_booked(scene: Scene, act: Callable[[Scene], object]):
    admin = scene.clinic.actor("clinic_admin")
    assert at_once((admin, lambda: retires(scene)), (scene.desk, lambda: act(scene))) == "chair-out-of-use"


def test_a_chair_that_is_booked_meanwhile_stays_in_use(scene: Scene):
    admin = scene.clinic.actor("clinic_admin")
    assert at_once((scene.desk, lambda: books(scene)), (admin, lambda: retires(scene))) == "still-booked"


@pytest.mark.parametrize("act", [moves, cancels, moves_a_series])
def test_an_appointment_whose_session_begins_meanwhile_stays(scene: Scene, act: Callable[[Scene], object]):
    def begins() -> None:
        row = Appointment.objects.select_for_update().get(pk=scene.standing.pk)
        scheduling_actions.hand_to_session(row, NOW)

    assert at_once((scene.clinic.actor("nurse"), begins), (scene.desk, lambda: act(scene))) == "session-begun"


def halfway_through_the_staff(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of two pauses when one of its staff is booked and the other is not."""
    add = placing._add_attendance

    def one_after_the_other(appointment: Appointment, member: Membership) -> bool:
        added = add(appointment, member)
        meeting.halfway()
        return added

    monkeypatch.setattr(placing, "_add_attendance", one_after_the_other)


@pytest.mark.parametrize("act", [books, moves, books_a_series])
def test_two_who_want_the_same_staff_never_wait_for_each_other_in_a_ring(
    scene: Scene, act: Callable[..., object], monkeypatch: pytest.MonkeyPatch
):
    staff = [scene.clinic.members[role].pk for role in ("therapist", "prescriber")]
    with acting_as(scene.desk):
        bo = course(scene.clinic, "Bo")
    meeting = Meeting()
    halfway_through_the_staff(meeting, monkeypatch)
    other = lambda: book(scene.clinic, bo, scene.one, at=NEXT_DAY, staff=staff[::-1])  # noqa: E731
    assert meeting.of((scene.desk, lambda: act(scene, staff)), (scene.desk, other)) == "staff-taken"


def test_a_week_that_is_stated_twice_is_there_once(lasting: Cast):
    admin = lasting.actor("clinic_admin")
    state = lambda: clinic_settings_actions.set_week(by=admin, week={0: [(time(8), time(18))]})  # noqa: E731
    assert at_once((admin, state), (admin, state)) == "done"
    with acting_as(admin):
        assert WorkingHours.objects.count() == 1


def test_a_day_is_taken_back_once(lasting: Cast):
    admin = lasting.actor("clinic_admin")
    with acting_as(admin):
        clinic_settings_actions.set_day(by=admin, on=date(2026, 3, 10))
    take_back = lambda: clinic_settings_actions.unset_day(by=admin, on=date(2026, 3, 10))  # noqa: E731
    assert at_once((admin, take_back), (admin, take_back)) == "done"
    with acting_as(admin):
        assert AuditEvent.objects.filter(action="hours.day_unset").count() == 1


# ---------------------------------------------------------------- an earlier time


@dataclass(frozen=True, slots=True)
class Offered:
    """Ann and Ben wait, in this order; the time that came free is offered to both, and open to both."""

    clinic: Cast
    ann: Offer
    ben: Offer
    anns: Appointment

    def patient(self, offer: Offer, number: int) -> Actor:
        with acting_as(self.clinic.actor("front_desk")):
            return patient_actor(self.clinic, offer.patient_id, number)


LATER = NOW + timedelta(hours=1)


@pytest.fixture
def offered(lasting: Cast) -> Offered:
    desk = lasting.actor("front_desk")
    with acting_as(desk):
        first = book(lasting, course(lasting, "Ana"), chair(lasting))
        (_ann, anns), _ben = waiting_patients(lasting, 2)
        scheduling_actions.cancel(by=desk, appointment_id=first.pk, version=1, because="ill", now=NOW)
        ann, ben = Offer.objects.order_by("id")
        return Offered(lasting, ann, ben, anns)


def accepts(by: Actor, offer: Offer) -> Act:
    return by, lambda: waiting_actions.accept(by=by, offer_id=offer.pk, now=LATER)


def declines(by: Actor, offer: Offer) -> Act:
    return by, lambda: waiting_actions.decline(by=by, offer_id=offer.pk, now=LATER)


def tells(offered: Offered, offer: Offer) -> Act:
    by = reminder_actions.sender(offered.clinic.clinic.pk)
    return by, lambda: waiting_actions.tell(by=by, offer_id=offer.pk, now=LATER)


def answer_of(offered: Offered, offer: Offer) -> str:
    with acting_as(offered.clinic.actor("front_desk")):
        return Offer.objects.get(pk=offer.pk).answer


def test_of_two_who_take_one_time_one_gets_it(offered: Offered):
    ann, ben = offered.patient(offered.ann, 1), offered.patient(offered.ben, 2)
    assert at_once(accepts(ann, offered.ann), accepts(ben, offered.ben)) == "gone"


def test_whoever_takes_a_time_and_whoever_books_never_wait_for_each_other_in_a_ring(
    offered: Offered, monkeypatch: pytest.MonkeyPatch
):
    desk, ann = offered.clinic.actor("front_desk"), offered.patient(offered.ann, 1)
    staff = [offered.clinic.members[role].pk for role in ("prescriber", "therapist")]
    with acting_as(desk):
        move(offered.clinic, offered.anns, offered.anns.chair, at=offered.anns.during.lower, staff=staff)
        di, third = course(offered.clinic, "Di"), chair(offered.clinic, "Chair 3")
    meeting = Meeting()
    halfway_through_the_staff(meeting, monkeypatch)
    other = lambda: book(offered.clinic, di, third, staff=staff[::-1])  # noqa: E731
    assert meeting.of(accepts(ann, offered.ann), (desk, other)) == "staff-taken"


def test_what_one_lets_go_meanwhile_is_not_called_gone(offered: Offered):
    ann, ben = offered.patient(offered.ann, 1), offered.patient(offered.ben, 2)
    assert at_once(declines(ben, offered.ben), accepts(ann, offered.ann)) == "done"
    assert answer_of(offered, offered.ben) == OfferAnswer.DECLINED


def test_what_somebody_took_meanwhile_is_not_let_go(offered: Offered):
    ann, ben = offered.patient(offered.ann, 1), offered.patient(offered.ben, 2)
    assert at_once(accepts(ann, offered.ann), declines(ben, offered.ben)) == "gone"


def test_nobody_is_told_of_a_time_that_is_taken_meanwhile(offered: Offered):
    ann = offered.patient(offered.ann, 1)
    assert at_once(accepts(ann, offered.ann), tells(offered, offered.ben)) == "done"
    with acting_as(offered.clinic.actor("front_desk")):
        assert not AuditEvent.objects.filter(action="waiting.offered").exists()


def test_one_offer_is_told_once(offered: Offered):
    assert at_once(tells(offered, offered.ann), tells(offered, offered.ann)) == "done"
    with acting_as(offered.clinic.actor("front_desk")):
        assert AuditEvent.objects.filter(action="waiting.offered").count() == 1


def test_an_offer_for_a_session_that_begins_meanwhile_moves_nothing(offered: Offered):
    def begins() -> None:
        scheduling_actions.hand_to_session(Appointment.objects.select_for_update().get(pk=offered.anns.pk), NOW)

    ann = offered.patient(offered.ann, 1)
    assert at_once((offered.clinic.actor("nurse"), begins), accepts(ann, offered.ann)) == "nothing-to-move"


def test_an_offer_in_a_chair_that_goes_out_of_use_meanwhile_is_gone(offered: Offered):
    admin = offered.clinic.actor("clinic_admin")
    retire = lambda: scheduling_actions.edit_chair(  # noqa: E731
        by=admin, chair_id=offered.ann.chair_id, name="Chair 1", in_use=False, now=NOW
    )
    ann = offered.patient(offered.ann, 1)
    assert at_once((admin, retire), accepts(ann, offered.ann)) == "gone"


def test_whoever_leaves_the_list_meanwhile_is_offered_nothing(lasting: Cast):
    desk = lasting.actor("front_desk")
    with acting_as(desk):
        first = book(lasting, course(lasting, "Ana"), chair(lasting))
        ((ann, _anns),) = waiting_patients(lasting, 1)
    cancel = lambda: scheduling_actions.cancel(  # noqa: E731
        by=desk, appointment_id=first.pk, version=1, because="ill", now=NOW
    )
    leave = lambda: waiting_actions.leave(by=desk, care_plan_id=ann.pk, now=NOW)  # noqa: E731
    assert at_once((desk, cancel), (desk, leave)) == "done"
    with acting_as(desk):
        assert not Offer.objects.filter(answer="").exists()


def test_a_course_waits_once(scene: Scene):
    join = lambda: waiting_actions.join(by=scene.desk, care_plan_id=scene.ana.pk, now=NOW)  # noqa: E731
    assert at_once((scene.desk, join), (scene.desk, join)) == "done"
    with acting_as(scene.desk):
        assert WaitingEntry.objects.count() == 1


# ---------------------------------------------------------------- feeds, reminders, the ride home


def test_a_feed_is_open_once_and_ended_once(lasting: Cast):
    nurse = lasting.actor("nurse")
    opens = lambda: feed_actions.open_feed(by=nurse, now=NOW)  # noqa: E731
    closes = lambda: feed_actions.close_feed(by=nurse, now=NOW)  # noqa: E731
    assert at_once((nurse, opens), (nurse, opens)) == "done"
    assert at_once((nurse, closes), (nurse, closes)) == "done"
    with acting_as(nurse):
        assert AuditEvent.objects.filter(action="feed.closed").count() == 1


def test_a_time_that_moves_while_its_patient_chooses_how_to_be_reminded_keeps_its_reminders(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    with acting_as(scene.desk):
        ana = patient_actor(scene.clinic, scene.ana.patient_id)
    meeting, plan, later = Meeting(), reminder_actions.plan, TEN + timedelta(days=7)

    def plan_late(appointment: Appointment, zone: ZoneInfo, now: datetime) -> list[Reminder]:
        meeting.halfway()
        return plan(appointment, zone, now)

    monkeypatch.setattr(reminder_actions, "plan", plan_late)
    prefer = lambda: reminder_actions.prefer(  # noqa: E731
        by=ana, zone="America/Denver", channel="email", quiet_from=time(21), quiet_until=time(8), now=NOW
    )
    moves_it = lambda: move(scene.clinic, scene.standing, scene.two, at=later)  # noqa: E731
    assert meeting.of((ana, prefer), (scene.desk, moves_it)) == "done"
    with acting_as(scene.desk):
        assert set(Reminder.objects.filter(dropped_at=None).values_list("starts_at", flat=True)) == {later}


@dataclass(frozen=True, slots=True)
class Ride:
    clinic: Cast
    visit: Appointment
    luis: RelatedPerson

    @property
    def desk(self) -> Actor:
        return self.clinic.actor("front_desk")

    @property
    def patient(self) -> Actor:
        with acting_as(self.desk):
            return patient_actor(self.clinic, self.visit.patient_id)

    @property
    def house(self) -> Actor:
        return reminder_actions.sender(self.clinic.clinic.pk)


@pytest.fixture
def ride(lasting: Cast) -> Ride:
    with acting_as(lasting.actor("front_desk")):
        return Ride(lasting, *escorted(lasting))


def test_the_escort_holds_one_link(ride: Ride):
    ask = lambda: ride_home_actions.ask(by=ride.desk, appointment_id=ride.visit.pk, now=NOW)  # noqa: E731
    assert at_once((ride.desk, ask), (ride.desk, ask)) == "done"
    with acting_as(ride.desk):
        assert EscortLink.objects.filter(ended_at=None).count() == 1


def test_the_escort_is_asked_by_itself_once(ride: Ride):
    ask = lambda: ride_home_actions.ask_in_time(  # noqa: E731
        by=ride.house, appointment_id=ride.visit.pk, person_id=ride.luis.pk, now=NOW
    )
    assert at_once((ride.house, ask), (ride.house, ask)) == "done"
    with acting_as(ride.desk):
        assert EscortLink.objects.count() == 1


def test_what_is_answered_twice_is_one_answer(ride: Ride):
    with acting_as(ride.desk):
        luis = asked(ride.clinic, ride.visit)
    by_link = lambda: ride_home_actions.answer(by=luis, comes=True, now=NOW)  # noqa: E731
    by_phone = lambda: ride_home_actions.write_answer(  # noqa: E731
        by=ride.desk, appointment_id=ride.visit.pk, comes=True, now=NOW
    )
    assert at_once((luis, by_link), (luis, by_link)) == "done"
    assert at_once((luis, by_link), (ride.desk, by_phone)) == "done"
    with acting_as(ride.desk):
        assert EscortAnswer.objects.count() == 1


def test_a_fresh_link_is_mailed_once(ride: Ride):
    with acting_as(ride.desk):
        luis = asked(ride.clinic, ride.visit)
    again = lambda: ride_home_actions.renew(by=luis, now=NOW + timedelta(minutes=20))  # noqa: E731
    assert at_once((luis, again), (luis, again)) == "done"
    with acting_as(ride.desk):
        assert EscortLink.objects.count() == 2


def test_whoever_is_named_meanwhile_is_not_overwritten_by_the_desk(ride: Ride):
    ana = ride.patient
    bring = lambda: ride_home_actions.bring(  # noqa: E731
        by=ana, appointment_id=ride.visit.pk, name="Mai", email="mai@example.org", now=NOW
    )
    move = lambda: scheduling_actions.reschedule(  # noqa: E731
        by=ride.desk, appointment_id=ride.visit.pk, version=1, chair_id=ride.visit.chair_id,
        starts_at=TEN + timedelta(hours=3), minutes=120, escort_id=ride.luis.pk, now=NOW,
    )  # fmt: skip
    assert at_once((ana, bring), (ride.desk, move)) == "overtaken"


def test_what_is_said_on_the_phone_is_of_whoever_is_named_meanwhile(ride: Ride):
    ana = ride.patient
    bring = lambda: ride_home_actions.bring(  # noqa: E731
        by=ana, appointment_id=ride.visit.pk, name="Mai", email="mai@example.org", now=NOW
    )
    write = lambda: ride_home_actions.write_answer(  # noqa: E731
        by=ride.desk, appointment_id=ride.visit.pk, comes=True, now=NOW
    )
    assert at_once((ana, bring), (ride.desk, write)) == "done"
    with acting_as(ride.desk):
        assert EscortAnswer.objects.get().person.name == "Mai"


def test_whoever_is_named_twice_is_one_person_and_asked_once(ride: Ride):
    ana = ride.patient
    bring = lambda: ride_home_actions.bring(  # noqa: E731
        by=ana, appointment_id=ride.visit.pk, name="Mai", email="mai@example.org", now=NOW
    )
    assert at_once((ana, bring), (ana, bring)) == "done"
    with acting_as(ride.desk):
        mai = RelatedPerson.objects.get(name="Mai")
        assert AuditEvent.objects.filter(action="way_home.named").count() == 1
    back = lambda: ride_home_actions.name_escort(  # noqa: E731
        by=ana, appointment_id=ride.visit.pk, person_id=ride.luis.pk, now=NOW
    )
    assert at_once((ana, back), (ana, back)) == "done"
    with acting_as(ride.desk):
        assert AuditEvent.objects.filter(action="way_home.named").count() == 2
        assert mai.created_at == NOW


# ---------------------------------------------------------------- what a device sends twice


def test_one_entry_that_comes_twice_at_once_is_taken_once(lasting: Cast):
    """Two tabs, or a phone that gave up waiting: the second waits for the first, and gets its receipt."""
    with acting_as(lasting.actor("prescriber")):
        plan = course(lasting)
    with acting_as(lasting.actor("front_desk")):
        patient = patient_actor(lasting, plan.patient_id)
    arrival, done, receipts = Arrival(uuid4(), "message.write", NOW, NOW, NOW), list[str](), list[Receipt | None]()

    def take() -> None:
        receipts.append(taking.take(arrival, patient, lambda: done.append("once") or "/today/"))

    assert at_once((patient, take), (patient, take)) == "done"
    assert done == ["once"]
    first, second = receipts
    assert first == second is not None
