"""Chairs and appointments: nobody is booked twice, whoever is quicker."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from sojourn.care.encounter.models import Encounter
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import hooks
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from tests.care.way import signed_course
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
TEN = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)  # 10:00 in Denver, in winter
DENVER = ZoneInfo("America/Denver")


def course(clinic: Cast, given="Ana", restricted=False) -> CarePlan:
    who = patients_actions.add(
        by=clinic.actor("prescriber"), given_name=given, family_name="Ruiz", birth_date=date(1980, 3, 12),
        restricted=restricted, now=NOW,
    )  # fmt: skip
    return signed_course(clinic, who, at=NOW)


def chair(clinic: Cast, name="Chair 1") -> Chair:
    return scheduling_actions.add_chair(by=clinic.actor("clinic_admin"), name=name)


def book(clinic: Cast, plan_: CarePlan, chair_: Chair, at=TEN, minutes=120, role="front_desk", **more) -> Appointment:
    return scheduling_actions.book(
        by=clinic.actor(role),
        care_plan_id=plan_.pk,
        chair_id=chair_.pk,
        starts_at=at,
        minutes=minutes,
        now=NOW,
        **more,
    )


def move(clinic: Cast, appointment: Appointment, chair_: Chair, at=TEN, minutes=120, **more) -> Appointment:
    more.setdefault("version", appointment.version)
    return scheduling_actions.reschedule(
        by=clinic.actor("front_desk"), appointment_id=appointment.pk, chair_id=chair_.pk, starts_at=at,
        minutes=minutes, now=NOW, **more,
    )  # fmt: skip


@pytest.mark.alone
def test_chairs_have_names_and_go_out_of_use(desk: Cast):
    first = chair(desk, " Chair   1 ")
    assert first.name == "Chair 1"
    with pytest.raises(ActionRefused) as refused:
        chair(desk, "Chair 1")
    assert refused.value.codes == ("name-taken",)
    other = chair(desk, "Window")
    with pytest.raises(ActionRefused):
        scheduling_actions.edit_chair(by=desk.actor("clinic_admin"), chair_id=other.pk, name="Chair 1", in_use=True)
    scheduling_actions.edit_chair(by=desk.actor("clinic_admin"), chair_id=other.pk, name="Garden", in_use=False)
    assert [c.name for c in scheduling_queries.chairs()] == ["Chair 1"]
    assert [c.name for c in scheduling_queries.chairs(with_retired=True)] == ["Chair 1", "Garden"]


def test_a_booked_chair_stays_in_use(desk: Cast):
    one = chair(desk)
    book(desk, course(desk), one)
    with pytest.raises(ActionRefused) as refused:
        scheduling_actions.edit_chair(
            by=desk.actor("clinic_admin"), chair_id=one.pk, name="Chair 1", in_use=False, now=NOW
        )
    assert refused.value.codes == ("still-booked",)
    scheduling_actions.edit_chair(
        by=desk.actor("clinic_admin"),
        chair_id=one.pk,
        name="Chair 1",
        in_use=False,
        now=TEN + timedelta(hours=3),
    )
    with pytest.raises(ActionRefused) as refused:
        book(desk, course(desk, "Bo"), one, at=TEN + timedelta(days=1))
    assert refused.value.codes == ("chair-out-of-use",)


def test_an_overlap_names_the_chair_and_who_has_it(desk: Cast):
    one = chair(desk)
    book(desk, course(desk, "Ana"), one)
    with pytest.raises(ActionRefused) as refused:
        book(desk, course(desk, "Bo"), one, at=TEN + timedelta(minutes=119))
    assert refused.value.codes == ("chair-taken",)
    assert refused.value.reasons == ("Chair 1 is taken from 10:00 to 12:00 by Ana Ruiz.",)


def test_the_same_patient_cannot_sit_in_two_chairs(desk: Cast):
    ana = course(desk, "Ana")
    book(desk, ana, chair(desk))
    with pytest.raises(ActionRefused) as refused:
        book(desk, ana, chair(desk, "Chair 2"), at=TEN - timedelta(minutes=10), minutes=11)
    assert refused.value.codes == ("patient-taken",)
    assert "Ana Ruiz" in refused.value.reasons[0]
    assert "Chair 1" in refused.value.reasons[0]


def test_a_conflict_does_not_name_a_restricted_patient(desk: Cast):
    one = chair(desk)
    book(desk, course(desk, "Eva", restricted=True), one)
    with pytest.raises(ActionRefused) as refused:
        book(desk, course(desk, "Bo"), one)
    assert refused.value.reasons == ("Chair 1 is taken from 10:00 to 12:00.",)


def test_one_may_follow_the_other_without_a_gap(desk: Cast):
    one = chair(desk)
    book(desk, course(desk, "Ana"), one)
    book(desk, course(desk, "Bo"), one, at=TEN + timedelta(minutes=120))
    book(desk, course(desk, "Cy"), one, at=TEN - timedelta(minutes=60), minutes=60)
    assert [a.patient.given_name for a in scheduling_queries.on_day(date(2026, 3, 4), DENVER)] == ["Cy", "Ana", "Bo"]


def test_a_cancelled_time_is_free_again(desk: Cast):
    one, ana = chair(desk), course(desk, "Ana")
    first = book(desk, ana, one)
    with pytest.raises(ActionRefused) as refused:
        scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because=" ")
    assert refused.value.codes == ("reason-missing",)
    gone = scheduling_actions.cancel(
        by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="Patient is ill", now=NOW
    )
    assert (gone.status, gone.cancelled_because, gone.cancelled_at) == ("cancelled", "Patient is ill", NOW)
    book(desk, ana, one)
    with pytest.raises(ActionRefused) as refused:
        scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=2, because="again")
    assert refused.value.codes == ("cancelled",)
    audited = AuditEvent.objects.get(action="appointment.cancelled")
    assert "ill" not in str(audited.detail)


def test_moving_keeps_the_appointment_and_refuses_as_booking_does(desk: Cast):
    one, two = chair(desk), chair(desk, "Chair 2")
    ana, bo = course(desk, "Ana"), course(desk, "Bo")
    first = book(desk, ana, one)
    other = book(desk, bo, two)
    moved = move(desk, first, one, at=TEN + timedelta(minutes=30))
    assert (moved.pk, moved.version, moved.during.lower) == (first.pk, 2, TEN + timedelta(minutes=30))
    with pytest.raises(ActionRefused) as refused:
        move(desk, moved, two)
    assert refused.value.codes == ("chair-taken",)
    assert "Bo Ruiz" in refused.value.reasons[0]
    with pytest.raises(Overtaken):
        move(desk, other, two, version=7)


def test_a_session_that_has_begun_stays_where_it_is(desk: Cast):
    one = chair(desk)
    first = book(desk, course(desk), one)
    Encounter.objects.create(
        clinic=desk.clinic, patient=first.patient, care_plan=first.care_plan, appointment=first, chair=one,
        protocol_id="iv_racemic_40min", protocol_version="1", protocol_hash="0" * 64, opened_at=TEN,
    )  # fmt: skip
    scheduling_actions.hand_to_session(first, TEN)
    for attempt in (
        lambda: move(desk, first, one, at=TEN + timedelta(hours=3)),
        lambda: scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="x"),
    ):
        with pytest.raises(ActionRefused) as refused:
            attempt()
        assert refused.value.codes == ("session-begun",)


def test_what_follows_is_told_once_and_by_whom_it_was_done(desk: Cast, monkeypatch: pytest.MonkeyPatch):
    told: list[tuple[str, object]] = []

    def follow(**what: object) -> None:
        told.append((str(what["appointment"]), what["by"]))

    for hook in (hooks.on_booked, hooks.on_cancelled, hooks.on_slot_released):
        monkeypatch.setattr(hook, "_followers", [])
        hook.register(follow)
        hook.register(follow)
    first = book(desk, course(desk), chair(desk))
    assert told == [(str(first), desk.actor("front_desk"))]
    scheduling_actions.cancel(by=desk.actor("front_desk"), appointment_id=first.pk, version=1, because="ill", now=NOW)
    assert len(told) == 3  # cancelled, and its time released


@pytest.mark.alone
def test_what_must_follow_and_cannot_undoes_the_booking(desk: Cast, monkeypatch: pytest.MonkeyPatch):
    def refuse(**what: object) -> None:
        raise ActionRefused("no", codes=("no",))

    monkeypatch.setattr(hooks.on_booked, "_followers", [refuse])
    one, plan_ = chair(desk), course(desk)
    with pytest.raises(ActionRefused):
        book(desk, plan_, one)
    assert not Appointment.objects.exists()
    assert not AuditEvent.objects.filter(action="appointment.booked").exists()


@pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
def test_a_senseless_length_is_refused(desk: Cast, minutes: int):
    with pytest.raises(ActionRefused) as refused:
        book(desk, course(desk), chair(desk), minutes=minutes)
    assert refused.value.codes == ("length",)


@pytest.mark.parametrize("minutes", [1, 24 * 60])
def test_an_appointment_lasts_a_minute_to_a_day(desk: Cast, minutes: int):
    during = book(desk, course(desk), chair(desk), minutes=minutes).during
    assert during.upper - during.lower == timedelta(minutes=minutes)


def test_yesterday_is_over_but_this_morning_may_be_written_down(desk: Cast):
    one, ana = chair(desk), course(desk)
    with pytest.raises(ActionRefused) as refused:
        book(desk, ana, one, at=NOW - timedelta(days=1))
    assert refused.value.codes == ("day-has-passed",)
    book(desk, ana, one, at=NOW - timedelta(hours=2))


def test_the_day_that_has_passed_is_the_clinics(desk: Cast):
    """At 19:00 in Denver it is tomorrow in UTC, and this morning is still today."""
    by, evening = desk.actor("front_desk"), TEN + timedelta(hours=9)
    booked = scheduling_actions.book(
        by=by, care_plan_id=course(desk).pk, chair_id=chair(desk).pk, starts_at=TEN, minutes=120, now=evening
    )
    assert booked.during.lower == TEN


def test_an_ended_course_is_not_booked(desk: Cast):
    ana = course(desk)
    plan_actions.end(by=desk.actor("prescriber"), course_id=ana.pk, ended_on=date(2026, 3, 2), now=NOW)
    with pytest.raises(ActionRefused) as refused:
        book(desk, ana, chair(desk))
    assert refused.value.codes == ("course-ended",)


def test_the_escort_is_one_of_the_patients_own_people(desk: Cast):
    ana, bo, one = course(desk, "Ana"), course(desk, "Bo"), chair(desk)
    by = desk.actor("front_desk")
    hers = patients_actions.add_person(by=by, patient_id=ana.patient_id, name="Luis", phone="1")
    his = patients_actions.add_person(by=by, patient_id=bo.patient_id, name="Max", phone="2")
    with pytest.raises(ActionRefused) as refused:
        book(desk, ana, one, escort_id=his.pk)
    assert refused.value.codes == ("not-beside-patient",)
    appointment = book(desk, ana, one, escort_id=hers.pk)
    assert scheduling_queries.without_escort([scheduling_queries.by_id(appointment.pk)]) == []
    patients_actions.end_person(by=by, person_id=hers.pk)
    assert len(scheduling_queries.without_escort([scheduling_queries.by_id(appointment.pk)])) == 1


def test_another_clinics_chair_and_course_do_not_exist(desk: Cast, other_clinic: Cast):
    with acting_as(other_clinic.actor("front_desk")):
        theirs, their_chair = course(other_clinic), chair(other_clinic)
    mine, my_chair = course(desk), chair(desk)
    with pytest.raises(Chair.DoesNotExist):
        book(desk, mine, their_chair)
    with pytest.raises(CarePlan.DoesNotExist):
        book(desk, theirs, my_chair)


# Denver, 2026: the clocks go forward on 8 March at 02:00 and back on 1 November at 02:00.
def test_a_day_has_23_24_or_25_hours():
    def hours(day: date) -> float:
        start, end = scheduling_queries.day_bounds(day, DENVER)
        return (end.astimezone(UTC) - start.astimezone(UTC)) / timedelta(hours=1)

    assert [hours(d) for d in (date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1))] == [24, 23, 25]


def test_an_hour_that_the_clocks_skip_cannot_be_booked():
    with pytest.raises(ActionRefused) as refused:
        scheduling_queries.moment(date(2026, 3, 8), time(2, 30), DENVER)
    assert refused.value.codes == ("no-such-time",)
    assert scheduling_queries.moment(date(2026, 3, 8), time(3, 0), DENVER).astimezone(UTC).hour == 9
    assert scheduling_queries.moment(date(2026, 3, 7), time(3, 0), DENVER).astimezone(UTC).hour == 10
    twice = scheduling_queries.moment(date(2026, 11, 1), time(1, 30), DENVER).astimezone(UTC)
    assert twice == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)


def test_a_day_holds_what_touches_it_in_the_clinics_zone(desk: Cast):
    late = datetime(2026, 3, 8, 4, 30, tzinfo=UTC)  # 21:30 on the 7th in Denver
    early = datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 00:00 on the 8th
    one = chair(desk)
    book(desk, course(desk, "Late"), one, at=late, minutes=150)
    book(desk, course(desk, "Early"), one, at=early, minutes=30)
    names = lambda day: [a.patient.given_name for a in scheduling_queries.on_day(day, DENVER)]  # noqa: E731
    assert names(date(2026, 3, 7)) == ["Late"]
    assert names(date(2026, 3, 8)) == ["Early"]


def race(clinic: Cast, attempts: list) -> list[str]:
    """Run the attempts at one moment, each on its own connection; what each came to."""
    gate = threading.Barrier(len(attempts))

    def one(attempt) -> str:
        try:
            with acting_as(clinic.actor("front_desk")):
                connection.ensure_connection()
                gate.wait(30)
                attempt()
                return "won"
        except ActionRefused as refused:
            return refused.codes[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return sorted(pool.map(one, attempts))


def test_of_twenty_who_want_one_chair_at_one_time_one_gets_it(lasting: Cast):
    with acting_as(lasting.actor("front_desk")):
        one = chair(lasting)
        courses = [course(lasting, f"P{n}") for n in range(20)]
    outcome = race(lasting, [lambda c=c: book(lasting, c, one) for c in courses])
    assert outcome == ["chair-taken"] * 19 + ["won"]
    with acting_as(lasting.actor("front_desk")):
        assert Appointment.objects.filter(chair=one).count() == 1


def test_of_ten_chairs_that_want_one_patient_one_gets_them(lasting: Cast):
    with acting_as(lasting.actor("front_desk")):
        chairs = [chair(lasting, f"Chair {n}") for n in range(10)]
        ana = course(lasting)
    outcome = race(lasting, [lambda c=c: book(lasting, ana, c) for c in chairs])
    assert outcome == ["patient-taken"] * 9 + ["won"]


def test_two_who_swap_chairs_at_once_never_lock_each_other_out(lasting: Cast):
    with acting_as(lasting.actor("front_desk")):
        one, two = chair(lasting), chair(lasting, "Chair 2")
        first, second = book(lasting, course(lasting, "A"), one), book(lasting, course(lasting, "B"), two)
    outcome = race(lasting, [lambda: move(lasting, first, two), lambda: move(lasting, second, one)])
    assert outcome == ["chair-taken", "chair-taken"]
