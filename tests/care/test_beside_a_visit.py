"""Who hears of what: one of two visits, one of two people, one of two times, and the other hears nothing.

Each test lays what is meant beside what is nearly so: ended, cancelled, past, of another visit, of another patient.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from sojourn.care.coordination import feed_actions, reminder_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import CalendarFeed, EscortLink, Offer, Reminder, ReminderPreference, WaitingEntry
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.scope import MemberScope, PatientScope
from tests.care.booked import (
    LATER,
    asked,
    patient_actor,
    queued,
    state,
    with_email,
)
from tests.care.test_booking import NOW, TEN, book, chair, course, move
from tests.conftest import Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def cancel(clinic: Cast, visit: Appointment, now: datetime = NOW) -> None:
    visit.refresh_from_db()
    scheduling_actions.cancel(
        by=clinic.actor("front_desk"), appointment_id=visit.pk, version=visit.version, because="ill", now=now
    )


# ---------------------------------------------------------------- calendar feeds


def test_who_opens_or_closes_a_feed_ends_their_own_and_what_ended_stays_ended(desk: Cast):
    nurse, others = desk.actor("nurse"), MemberScope(desk.members["prescriber"].pk)
    mine, before = MemberScope(nurse.member), coordination_queries.feed_of(others)
    assert before is not None
    assert coordination_queries.feed_of(mine) is None
    with acting_as(nurse):
        opened = [feed_actions.open_feed(by=nurse, now=NOW + n * HOUR).feed for n in range(3)]
    assert coordination_queries.feed_of(mine) == opened[2]
    feed_actions.close_feed(by=nurse, now=NOW + 3 * HOUR)
    ended = dict(mine.rows(CalendarFeed).values_list("pk", "ended_at"))
    assert ended == {each.pk: NOW + n * HOUR for n, each in enumerate(opened, start=1)}
    assert coordination_queries.feed_of(mine) is None
    assert coordination_queries.feed_of(others) == before


def test_a_feed_shows_whom_somebody_still_attends_and_the_last_thirty_days(desk: Cast):
    therapist, ana = desk.actor("therapist"), course(desk)
    one, two, staff = chair(desk), chair(desk, "Chair 2"), [desk.members["therapist"].pk]
    stays = book(desk, ana, one, staff=staff)
    handed_over = book(desk, ana, one, at=TEN + DAY, staff=staff)
    move(desk, handed_over, one, at=TEN + DAY, staff=[])
    fallen = book(desk, ana, two, at=TEN + 2 * DAY, staff=staff)
    cancel(desk, fallen)
    with acting_as(therapist):
        token = hash_of(feed_actions.open_feed(by=therapist, now=NOW).token)

    def shown(at: datetime) -> list[int]:
        feed = coordination_queries.feed_by(token, at)
        assert feed is not None
        assert feed.clinic == desk.clinic
        return [each.id for each in feed.entries]

    last = stays.during.upper + 30 * DAY
    assert (shown(NOW), shown(last - HOUR), shown(last)) == ([stays.pk], [stays.pk], [])


# ---------------------------------------------------------------- reminders


def fallen(*visits: Appointment) -> dict[tuple[int, int], list[datetime | None]]:
    """When the reminders of each visit fell, by its beginning, the earliest reminder first."""
    found: dict[tuple[int, int], list[datetime | None]] = {}
    for row in Reminder.objects.filter(appointment__in=visits).order_by("-hours_before"):
        found.setdefault((row.appointment_id, (row.starts_at - LATER).days), []).append(row.dropped_at)
    return found


def test_the_reminders_of_one_visit_fall_and_those_of_another_and_what_is_over_stay(desk: Cast):
    ana, one = with_email(desk), chair(desk)
    visit, other = book(desk, ana, one, at=LATER), book(desk, ana, one, at=LATER + 7 * DAY)
    with acting_as(reminder_actions.sender(desk.clinic.pk)) as house:
        earliest = Reminder.objects.get(appointment=visit, hours_before=72)
        assert reminder_actions.send(by=house, reminder_id=earliest.pk, now=earliest.due_at)
    visit = move(desk, visit, one, at=LATER + 2 * DAY)
    kept = {(other.pk, 7): [None, None]}
    assert fallen(visit, other) == kept | {(visit.pk, 0): [None, NOW], (visit.pk, 2): [None, None]}
    waiting, me = queued("booking.remind"), patient_actor(desk, ana.patient_id)
    with acting_as(me):
        ride_home_actions.bring(by=me, appointment_id=visit.pk, name="Mai", phone="1", now=NOW + HOUR)
    assert queued("booking.remind") == waiting  # its time is as it was
    assert fallen(visit, other) == kept | {(visit.pk, 0): [None, NOW], (visit.pk, 2): [None, None]}
    cancel(desk, visit, now=NOW + 2 * HOUR)
    gone = NOW + 2 * HOUR
    assert fallen(visit, other) == kept | {(visit.pk, 0): [None, NOW], (visit.pk, 2): [gone, gone]}


def test_who_chooses_how_to_be_reminded_chooses_for_their_own_visits_ahead(desk: Cast):
    ana, bo, one, two = with_email(desk), with_email(desk, "Bo"), chair(desk), chair(desk, "Chair 2")
    past, ahead, off = (book(desk, ana, one, at=TEN + 7 * n * DAY) for n in range(3))
    theirs = book(desk, bo, two, at=LATER)
    cancel(desk, off)
    me, at = patient_actor(desk, ana.patient_id), TEN + DAY
    before = dict(Reminder.objects.filter(appointment=theirs).values_list("pk", "due_at"))
    assert coordination_queries.reminder_preference(PatientScope(ana.patient_id)) is None

    def prefer(channel: str, zone: str) -> ReminderPreference:
        return reminder_actions.prefer(
            by=me, zone=zone, channel=channel, quiet_from=time(20), quiet_until=time(8), now=at
        )

    chosen = prefer("email", "Asia/Tokyo")
    assert coordination_queries.reminder_preference(PatientScope(ana.patient_id)) == chosen
    assert dict(Reminder.objects.filter(appointment=theirs).values_list("pk", "due_at")) == before
    assert fallen(past, ahead, off)[off.pk, 7] == [NOW, NOW]
    prefer("none", "Asia/Tokyo")
    assert fallen(past, ahead, off) == {(past.pk, -7): [None], (ahead.pk, 0): [at, at], (off.pk, 7): [NOW, NOW]}
    assert fallen(theirs) == {(theirs.pk, 0): [None, None]}


# ---------------------------------------------------------------- the ride home


def test_of_two_visits_each_has_its_own_ride_home(desk: Cast):
    ana, one = course(desk), chair(desk)
    luis = patients_actions.add_person(
        by=desk.actor("front_desk"), patient_id=ana.patient_id, name="Luis", phone="1", email="luis@example.org"
    )
    first, second = (book(desk, ana, one, at=TEN + n * DAY, escort_id=luis.pk) for n in range(2))
    by_first, by_second = asked(desk, first), asked(desk, second)

    def says(by: Actor) -> int:
        with acting_as(by):
            return ride_home_actions.answer(by=by, comes=True, now=NOW).pk

    said = says(by_first)
    assert says(by_second) != said
    assert says(by_first) == said  # said twice, of this visit
    asked(desk, second, now=NOW + 2 * HOUR)
    with acting_as(by_first):  # the letter of just now was about the other
        assert ride_home_actions.renew(by=by_first, now=NOW + 2 * HOUR)
    me = patient_actor(desk, ana.patient_id)
    ride_home_actions.bring(by=me, appointment_id=first.pk, name="Mai", phone="2", now=NOW + 3 * HOUR)
    view = coordination_queries.escort_view(by_first.token_hash)
    assert view is not None
    assert (view.appointment, view.person, view.clinic, view.standing(NOW)) == (first, luis, desk.clinic, "other")
    links = EscortLink.objects.filter(appointment__in=(first, second)).order_by("appointment_id", "id")
    assert [each.ended_at for each in links] == [NOW + 2 * HOUR, NOW + 3 * HOUR, NOW + 2 * HOUR, None]
    assert (state(first), state(second)) == (RideHomeState.UNASKED, RideHomeState.CONFIRMED)
    by = desk.actor("front_desk")
    ride_home_actions.write_answer(by=by, appointment_id=first.pk, comes=True, now=NOW + 3 * HOUR)
    assert state(first) == RideHomeState.CONFIRMED  # what Luis had said was not said by Mai


def test_who_is_named_again_is_asked_again_and_who_has_left_is_somebody_new(desk: Cast):
    ana, bo, by = course(desk), course(desk, "Bo"), desk.actor("front_desk")
    mai = {"name": "Mai", "email": "mai@example.org", "phone": ""}
    left, of_another = (patients_actions.add_person(by=by, patient_id=each.patient_id, **mai) for each in (ana, bo))
    patients_actions.end_person(by=by, person_id=left.pk)
    visit, me = book(desk, ana, chair(desk)), patient_actor(desk, ana.patient_id)
    brought = ride_home_actions.bring(by=me, appointment_id=visit.pk, now=NOW, **mai)
    assert brought.escort_id not in (None, left.pk, of_another.pk)
    assert brought.escort.patient_id == ana.patient_id
    asked(desk, visit)
    luis = ride_home_actions.bring(by=me, appointment_id=visit.pk, name="Luis", phone="1", now=NOW)
    assert luis.escort_id != brought.escort_id
    ride_home_actions.bring(by=me, appointment_id=visit.pk, now=NOW, **mai)
    with acting_as(reminder_actions.sender(desk.clinic.pk)) as house:
        again = {"by": house, "appointment_id": visit.pk, "person_id": brought.escort_id, "now": NOW}
        assert [ride_home_actions.ask_in_time(**again) for _ in range(2)] == [True, False]


# ---------------------------------------------------------------- the waiting list


def waits(clinic: Cast, given: str, at: datetime, where: Chair) -> tuple[CarePlan, Actor]:
    """Somebody who has a visit then, and would come earlier."""
    plan = course(clinic, given)
    book(clinic, plan, where, at=at)
    waiting_actions.join(by=clinic.actor("front_desk"), care_plan_id=plan.pk, now=NOW)
    return plan, patient_actor(clinic, plan.patient_id, number=plan.patient_id)


def answers(of: CarePlan) -> dict[tuple[int, int], str]:
    """What became of each time that was offered, by what was freed and in how many days it begins."""
    rows = Offer.objects.filter(patient_id=of.patient_id)
    return {(row.freed_id, (row.during.lower - TEN).days): row.answer for row in rows}


@pytest.mark.alone
def test_one_of_many_times_is_taken_and_one_of_many_visits_moves(desk: Cast):
    one, two, three, spare = (chair(desk, f"Chair {n}") for n in range(4))
    book(desk, course(desk, "Di"), three)  # at the time that will be taken, in another chair
    ana, bo = book(desk, course(desk, "Ana"), one), book(desk, course(desk, "Bo"), two)
    cleo = course(desk, "Cleo")
    begun, off = book(desk, cleo, spare, at=TEN + 6 * DAY), book(desk, cleo, spare, at=TEN + 4 * HOUR)
    cancel(desk, off)
    (ann, by_ann), (ben, by_ben) = (
        waits(desk, name, TEN + 8 * DAY + n * 3 * HOUR, spare) for n, name in enumerate(("Ann", "Ben"))
    )
    moves = book(desk, cleo, spare, at=TEN + 9 * DAY)
    waiting_actions.join(by=desk.actor("front_desk"), care_plan_id=cleo.pk, now=NOW + HOUR)
    by_cleo = patient_actor(desk, cleo.patient_id, number=cleo.patient_id)
    scheduling_actions.hand_to_session(begun, NOW)
    for days in (1, 2):
        ana = move(desk, ana, one, at=TEN + days * DAY)
    cancel(desk, bo)
    every = {(ana.pk, 0): "", (ana.pk, 1): "", (bo.pk, 0): ""}
    assert (answers(ann), answers(ben), answers(cleo)) == (every, every, every)

    offers = {(row.patient_id, row.freed_id, row.during.lower): row.pk for row in Offer.objects.all()}
    later = NOW + 2 * HOUR
    anns, cleos = offers[ann.patient_id, ana.pk, TEN], offers[cleo.patient_id, ana.pk, TEN]
    with acting_as(by_ann):
        waiting_actions.decline(by=by_ann, offer_id=anns, now=later)
    with pytest.raises(Offer.DoesNotExist):
        waiting_actions.accept(by=by_ben, offer_id=cleos, now=later)
    taken = waiting_actions.accept(by=by_cleo, offer_id=cleos, now=later)
    assert (taken.pk, taken.during.lower) == (moves.pk, TEN)
    assert waiting_actions.accept(by=by_cleo, offer_id=cleos, now=later).pk == moves.pk
    assert answers(cleo) == {(ana.pk, 0): "accepted", (ana.pk, 1): "declined", (bo.pk, 0): "declined"}
    assert answers(ann) == every | {(ana.pk, 0): "declined"}
    assert answers(ben) == every | {(ana.pk, 0): "gone"}

    desk_, end = desk.actor("front_desk"), later + HOUR
    waiting_actions.leave(by=desk_, care_plan_id=cleo.pk, now=end)  # she waits no more
    for hours in (0, 1):
        waiting_actions.leave(by=desk_, care_plan_id=ben.pk, now=end + hours * HOUR)
    assert answers(ben) == {(ana.pk, 0): "gone", (ana.pk, 1): "declined", (bo.pk, 0): "declined"}
    assert answers(ann) == every | {(ana.pk, 0): "declined"}
    left = dict(WaitingEntry.objects.values_list("care_plan_id", "left_at"))
    assert left == {ann.pk: None, ben.pk: end, cleo.pk: later}
    before = WaitingEntry.objects.get(care_plan=ben)
    assert waiting_actions.join(by=desk_, care_plan_id=ben.pk, now=end).pk != before.pk
    assert [each.care_plan_id for each in coordination_queries.waiting()] == [ann.pk, ben.pk]
    with acting_as(desk.actor("prescriber")) as prescriber:
        plan_actions.end(by=prescriber, course_id=ann.pk, ended_on=NOW.date(), now=end)
    assert [each.care_plan_id for each in coordination_queries.waiting()] == [ben.pk]
