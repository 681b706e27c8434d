"""The waiting list, reminders, feeds and the ride home."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from sojourn.care.coordination import feed_actions, jobs, reminder_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import EscortLink, Offer, Reminder
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, Attendance
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import AppointmentScope, PatientScope
from tests.care.booked import (
    LATER,
    asked,
    escorted,
    letters,
    patient_actor,
    queued,
    refused,
    run_offers,
    send,
    state,
    waiting_patients,
    with_email,
    written_of,
)
from tests.care.test_booking import NOW, TEN, book, chair, course, move
from tests.conftest import Cast

# ---------------------------------------------------------------- the waiting list


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
