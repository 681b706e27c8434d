"""Which rows of a session count: of each condition by which they are picked, a row lies here on its other side.

Beside the session that is asked about, the same nurse treats somebody else in the same minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from sojourn.care.alarms.models import CurrentVital
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.chart import queries as chart_queries
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import current_state, running, sessions_on, with_states
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan.models import PlanVersion
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling.queries import day_bounds
from sojourn.care.session import actions as session_actions
from sojourn.care.session import (
    live,
    medicine_actions,
    reading_actions,
    snapshot,
    strike_actions,
    waste_actions,
    weighing_actions,
)
from sojourn.care.session.lines import given_to
from sojourn.care.session.models import EnteredInError, MedicationAdministration, RecordSignature
from sojourn.care.session.queries import dosed_before, doses_since, strikes_of, unsigned
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import DeviceAssociation, Observation
from sojourn.clinical import recovery
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.queries import ids_of
from sojourn.foundation.scope import CourseScope, PatientScope, SessionScope, clinic_rows
from tests.care.ending import end_session
from tests.care.stage import PROTOCOL, Stage, adopt_everything, arrive, begin_dose, set_stage, to_dosing
from tests.care.test_session_borders import code_of
from tests.clock import DENVER, today
from tests.conftest import Cast
from tests.over.copies import again
from tests.written import declared

MINUTE, WHY = timedelta(minutes=1), "Read off the neighbour's monitor"
Two = tuple[Stage, Stage]


@pytest.fixture
def two(clinic: Cast) -> Two:
    """A dose that runs for a quarter of an hour; and another patient's, which was stopped before it began."""
    adopt_everything(clinic)
    now = timezone.now()
    with acting_as(clinic.actor("nurse")):
        theirs = to_dosing(clinic, at=now - 30 * MINUTE, number=5)
        theirs.step("stop_early", reason="Nausea", now=now - 20 * MINUTE)
        ours = set_stage(clinic, at=now - 16 * MINUTE)
        arrive(ours, now - 16 * MINUTE)
        begin_dose(ours, now - 15 * MINUTE)
        return ours, theirs


@pytest.fixture
def nurse(two: Two) -> Iterator[Actor]:
    with acting_as(two[0].cast.actor("nurse")) as by:
        yield by


def strike(by: Actor, stage: Stage, of: str, row_id: int) -> EnteredInError:
    return strike_actions.strike(by=by, encounter_id=stage.id, of=of, row_id=row_id, reason=WHY)


def lay_strike(stage: Stage, of: str, row_id: int) -> EnteredInError:
    return EnteredInError.objects.create(
        clinic=stage.cast.clinic, patient=stage.patient, encounter_id=stage.id, of=of, row_id=row_id, reason=WHY,
        at=timezone.now(), by=stage.cast.members["nurse"],
    )  # fmt: skip


# ---------------------------------------------------------------- what an action finds before it writes


def test_an_answer_failed_by_the_newest_that_stands_of_its_item_and_session(two: Two, nurse: Actor):
    ours, theirs = two

    def answer(stage: Stage, item: str, passed: bool) -> Any:
        return session_actions.check(by=nurse, encounter_id=stage.id, item_id=item, passed=passed)

    answer(theirs, "fasting", False)
    answer(ours, "escort", False)
    assert code_of(lambda: answer(ours, "fasting", True)) == ""
    wrong = answer(ours, "fasting", False)
    assert code_of(lambda: answer(ours, "fasting", True)) == "note-missing"
    strike(nurse, ours, "check", wrong.pk)
    assert code_of(lambda: answer(ours, "fasting", True)) == ""

    first = answer(ours, "suicide_risk", False)
    session_actions.check(by=nurse, encounter_id=theirs.id, item_id="suicide_risk", passed=True, note="None today")
    answer(ours, "fasting", True)
    answer(ours, "suicide_risk", False)
    assert [each.about for each in PatientScope(ours.patient.pk).rows(Flag)] == [f"check:{first.pk}"]


def test_an_allergy_is_written_down_also_by_who_may_enter_no_facts(two: Two, nurse: Actor):
    """It stands in the session; the patient's facts are left to who may."""
    ours, _theirs = two
    checks = replace(nurse, permissions=frozenset({"session.check"}))
    session_actions.check(by=checks, encounter_id=ours.id, item_id="allergies", passed=False)
    assert snapshot.load(SessionScope(ours.id), timezone.now()).answers["allergies"] == "failed"
    assert not PatientScope(ours.patient.pk).rows(ClinicalFact).filter(name="allergy_ketamine").exists()


def test_a_tap_is_the_same_by_the_same_person_in_the_same_session_after_what_was_shown(two: Two, nurse: Actor):
    ours, theirs = two

    def nausea(stage: Stage = ours, by: Actor = nurse, **more: Any) -> Any:
        return session_actions.note_event(by=by, encounter_id=stage.id, kind="nausea", **more)

    their_first, first = nausea(theirs), nausea()
    for number in (their_first.pk, 0):
        assert code_of(lambda number=number: nausea(about_id=number, effect="better")) == "unknown-event"
    second = nausea(since=first.pk)
    third = nausea(by=ours.cast.actor("prescriber"), since=first.pk)
    nausea(theirs, since=third.pk)
    fourth = nausea(since=third.pk)
    noted = [each.id for each in snapshot.load(SessionScope(ours.id), timezone.now()).events]
    assert noted == [each.pk for each in (first, second, third, fourth)]
    assert nausea(since=third.pk) == fourth

    for number in (their_first.pk, 0):
        assert code_of(lambda number=number: strike(nurse, ours, "event", number)) == "unknown-row"
    assert strike(nurse, ours, "event", second.pk).row_id == second.pk
    patient = replace(nurse, patient_id=ours.patient.pk, permissions=frozenset({"own.read"}))
    session_actions.patient_calls(by=patient, encounter_id=ours.id)
    with connection.cursor() as cursor:
        cursor.execute(*live.sessions_query([ours.id]))
        glance = live.glance_of(cursor.fetchone(), (), timezone.now())
    assert [each.kind for each in glance.calls] == ["patient_calls"]


def test_a_companion_is_one_of_the_patients_own_people_of_now(two: Two, nurse: Actor):
    ours, theirs = two
    their_own = theirs.appointment.escort_id
    person = RelatedPerson(
        clinic=ours.cast.clinic, patient=ours.patient, name="Eva", created_at=timezone.now(), ended_at=timezone.now()
    )
    person.save(force_insert=True)

    def name(number: int | None) -> None:
        session_actions.name_escort(by=nurse, encounter_id=ours.id, related_person_id=number)

    for number in (person.pk, their_own, 0):
        assert code_of(lambda number=number: name(number)) == "unknown-person"
    friend = again(person, ended_at=None)
    name(friend.pk)
    for stage, escort in ((ours, friend.pk), (theirs, their_own)):
        stage.appointment.refresh_from_db()
        assert stage.appointment.escort_id == escort


def test_what_is_sent_twice_is_one_row_and_another_form_another(two: Two, nurse: Actor):
    ours, theirs = two

    def waste(stage: Stage, key: UUID) -> Any:
        return waste_actions.waste(by=nurse, encounter_id=stage.id, mg=Decimal(1), key=key)

    def give(stage: Stage, key: UUID) -> Any:
        return medicine_actions.give_medicine(
            by=nurse, encounter_id=stage.id, key=key, name="Ondansetron", amount=Decimal(4), unit="mg", route="iv"
        )

    for write in (waste, give):
        key, other = uuid4(), uuid4()
        first, second = write(ours, key), write(ours, other)
        assert first != second
        assert write(ours, other) == second
        with pytest.raises(IntegrityError), transaction.atomic():  # and never another session's
            write(theirs, key)
    pressed = [reading_actions.read_off(by=nurse, encounter_id=ours.id, remaining_ml=Decimal(31)) for _ in range(2)]
    assert pressed[0] == pressed[1]


# ---------------------------------------------------------------- what a strike takes with it


def test_with_one_half_of_a_pressure_goes_what_was_typed_with_it(two: Two, nurse: Actor):
    ours, theirs = two
    at, other = timezone.now() - 5 * MINUTE, ours.cast.members["prescriber"].pk
    ours.vitals(at - MINUTE, nibp_sys=118, nibp_dia=74)
    ours.vitals(at, nibp_sys=122, nibp_dia=78, spo2=97)
    rows = SessionScope(ours.id).rows(Observation)
    high, low = (rows.get(code=code, effective_at=at) for code in ("nibp_sys", "nibp_dia"))
    again(low, effective_at=at - 2 * MINUTE)
    again(low, received_at=at + MINUTE)
    again(low, by_id=other)
    again(low, method="monitor")
    again(low, encounter_id=theirs.id, patient_id=theirs.patient.pk)
    gone = lay_strike(ours, "reading", again(low).pk)
    lay_strike(ours, "event", rows.get(code="nibp_sys", value=118).pk)  # another table's number
    strike(nurse, ours, "reading", high.pk)
    struck = clinic_rows(EnteredInError).filter(of="reading").exclude(pk=gone.pk)
    assert {each.row_id for each in struck} == {high.pk, low.pk}
    now = SessionScope(ours.id).rows(CurrentVital).get(code="nibp_sys")
    assert (now.value, now.baseline) == (118, 124)  # 124 at the checks, a minute after the arrival
    assert [each.row_id for each in strikes_of("reading", high.pk)] == [high.pk]
    assert not strikes_of("check", high.pk).exists()


def test_with_a_weight_of_the_checklist_goes_the_fact_that_it_brought(two: Two, nurse: Actor):
    ours, theirs = two
    answer = weighing_actions.weigh(by=nurse, encounter_id=ours.id, kg=Decimal(71), sure=True)
    fact = PatientScope(ours.patient.pk).rows(ClinicalFact).get(name="weight_kg", entered_at=answer.at)
    older = again(fact, entered_at=answer.at - MINUTE)
    others = [
        older,
        again(fact, retracts_id=older.pk, value=None),
        again(fact, entered_at=answer.at - 2 * MINUTE),
        again(fact, name="height_cm", value=170),
        again(fact, entered_by_id=ours.cast.members["prescriber"].pk),
        again(fact, patient_id=theirs.patient.pk),
    ]
    strike(nurse, ours, "check", answer.pk)
    gone = clinic_rows(ClinicalFact).filter(retracts__in=[fact.pk, *(each.pk for each in others)])
    assert {each.retracts_id for each in gone} == {fact.pk, older.pk}


def test_what_ends_with_a_session_is_what_was_open_in_it(two: Two, nurse: Actor):
    ours, _theirs = two
    now, before = timezone.now(), timezone.now() - 10 * MINUTE
    with acting_as(ours.cast.actor("clinic_admin")) as admin:
        monitors = [vitals_actions.add_device(by=admin, name=each, key=each) for each in ("M1", "M2", "M3")]
    worn = [
        vitals_actions.put_on(by=nurse, device_id=each.pk, encounter_id=stage.id, now=before)
        for each, stage in zip(monitors[:2], two, strict=True)
    ]
    taken_off = again(worn[0], device_id=monitors[2].pk, until_at=before, until_by_id=nurse.membership_id)
    end_session(by=nurse, encounter=ours.encounter, now=now)
    ends = [clinic_rows(DeviceAssociation).get(pk=each.pk).until_at for each in (*worn, taken_off)]
    assert ends == [now, None, before]


# ---------------------------------------------------------------- what a query finds


def test_where_a_session_stands_is_its_own_newest_state(two: Two, nurse: Actor):
    """The other has entered more states; it left, and its record waits for a signature as long as nobody gave one."""
    ours, theirs = two
    opened = theirs.encounter.opened_at
    of, course = PatientScope(ours.patient.pk), ours.appointment.care_plan_id
    now = timezone.now()
    again(
        of.rows(MedicationAdministration).get()
    )  # as release 0.1.0 wrote one, which runs until the session is past it
    went_in = snapshot.load(SessionScope(ours.id), now).went_in
    assert [each.delivered for each in given_to(of, now)] == [each.delivered for each in went_in]
    for seq, state in ((8, "observing"), (9, "left")):
        SessionState.objects.create(
            clinic=ours.cast.clinic, patient=theirs.patient, encounter_id=theirs.id, seq=seq, state=state, at=now,
            by=ours.cast.members["nurse"],
        )  # fmt: skip
    assert current_state(SessionScope(ours.id)).state == "dosing"
    assert {each.pk: each.state for each in running() if each.pk in (ours.id, theirs.id)} == {ours.id: "dosing"}
    for stage in two:
        stage.appointment.refresh_from_db()
    assert [each.state.value for each in with_states([each.appointment for each in two])] == ["dosing", "left"]
    assert [each.pk for each in unsigned(opened)] == [theirs.id]
    assert unsigned(opened + timedelta(seconds=1)) == []
    RecordSignature.objects.create(
        clinic=ours.cast.clinic, patient=theirs.patient, encounter_id=theirs.id, content_hash="f" * 64, at=now,
        by=ours.cast.members["nurse"],
    )  # fmt: skip
    assert unsigned(opened) == []

    assert [each.over for each in doses_since(of, opened, but=0)] == [False, False]
    assert doses_since(of, opened, but=ours.id) == []
    found = [dosed_before(of, plan, but=but) for plan, but in ((course, 0), (0, 0), (course, ours.id))]
    assert [(each.sessions, each.last_at is None) for each in found] == [(1, False), (0, False), (0, True)]


def test_a_day_has_what_is_booked_from_its_first_minute_to_its_last(clinic: Cast):
    day, booked, by = today() + timedelta(days=30), set_stage(clinic).appointment, clinic.members["nurse"]
    first, after = day_bounds(day, DENVER)

    def book(at: datetime, **more: Any) -> int:
        return again(booked, during=(at, at + MINUTE), **more).pk

    with acting_as(clinic.actor("nurse")):
        book(first - MINUTE)
        book(after)
        book(first + 5 * MINUTE, status="cancelled", cancelled_at=timezone.now(), cancelled_by_id=by.pk)
        wanted = [book(first), book(after - MINUTE)]
        assert [each.appointment.pk for each in sessions_on(day, DENVER)] == wanted


def test_a_signal_says_who_typed_the_value_that_is_shown_and_a_check_what_somebody_did(two: Two, nurse: Actor):
    ours, theirs = two
    at, prescriber = timezone.now() - 5 * MINUTE, ours.cast.actor("prescriber")
    ours.vitals(at, spo2=97)
    vitals_actions.take_readings(by=prescriber, encounter_id=ours.id, values={"hr": 71}, measured_at=at, now=at)
    shown = SessionScope(ours.id).rows(Observation).get(code="spo2", effective_at=at)
    others: dict[str, Any] = {"by_id": prescriber.membership_id}
    again(shown, effective_at=at - MINUTE, **others)
    again(shown, code="rr", **others)
    again(shown, encounter_id=theirs.id, patient_id=theirs.patient.pk, **others)
    lay_strike(ours, "reading", again(shown, **others).pk)
    of_monitor: dict[str, Any] = {"method": "monitor", "by_id": None, "effective_at": at + MINUTE}
    for code in ("spo2", "nibp_sys"):
        again(shown, code=code, **of_monitor)
    session = snapshot.load(SessionScope(ours.id), timezone.now())
    assert [session.newest[code].by for code in ("spo2", "hr")] == [nurse.name, prescriber.name]
    # Somebody looked: values that a person typed, and pressures.
    assert {each.code for each in session.measured if each.at == at} == {"spo2", "hr", "rr"}
    assert [each.code for each in session.measured if each.at > at] == ["nibp_sys"]


def test_what_is_read_for_a_session_is_its_own(two: Two, nurse: Actor):
    """Also where what is read too much would come into no answer."""
    ours, _theirs = two
    now = timezone.now()
    ours.vitals(now - MINUTE, spo2=97, nibp_sys=122, nibp_dia=78)
    with connection.cursor() as cursor:
        for query in (live.trends_query([ours.id], now), live.checks_query([ours.id])):
            cursor.execute(*query)
            assert {row[0] for row in cursor.fetchall()} == {ours.id}
    session = snapshot.load_many([ours.id], now, chart_queries._beside())[ours.id]
    assert {each["rule_id"] for each in session._adoption} <= {PROTOCOL, *ids_of(*recovery.KINDS)}
    patient, course = PatientScope(ours.patient.pk), CourseScope(ours.appointment.care_plan_id)
    for name, own in (
        ("record_decisions", patient.rows(CandidacyDecision)),
        ("record_agreements", patient.rows(Consent)),
        ("record_versions", course.rows(PlanVersion)),
        ("record_measures", patient.rows(QuestionnaireResponse)),
    ):
        assert {each["id"] for each in getattr(session.encounter, name)} == set(own.values_list("pk", flat=True))
    acted = {ours.cast.members[role].pk for role in ("nurse", "prescriber")}
    assert set(chart_queries._people([session], [])) == acted


# ---------------------------------------------------------------- the record


def test_a_record_has_the_order_of_its_own_course_at_its_own_dose(two: Two, nurse: Actor):
    """What the first signature after it set aside: not what one before it did, nor one of another course."""
    ours, theirs = two
    for stage, number, signed_ago, sessions in ((ours, 2, 18, 4), (theirs, 2, 6, 3), (ours, 3, 2, 5)):
        version = CourseScope(stage.appointment.care_plan_id).rows(PlanVersion).get(number=1)
        signed_at = timezone.now() - signed_ago * MINUTE
        again(version, number=number, signed_at=signed_at, before={"planned_sessions": sessions})
    assert chart_queries.session_record(SessionScope(ours.id)).plan.planned_sessions == 5


def test_a_signature_is_in_the_audit_of_its_own_session_and_patient(two: Two, nurse: Actor):
    ours, theirs = two
    signed = RecordSignature.objects.create(
        clinic=ours.cast.clinic, patient=ours.patient, encounter_id=ours.id, content_hash="f" * 64, at=timezone.now(),
        by=ours.cast.members["nurse"],
    )  # fmt: skip
    for session, patient, known in (
        (theirs.id, ours.patient.pk, False),
        (ours.id, theirs.patient.pk, False),
        (ours.id, ours.patient.pk, True),
    ):
        with declared("session.signed"):
            encounter = Encounter(pk=session, patient_id=patient)
            record(nurse, "session.signed", encounter, content_hash=signed.content_hash)
        (found,) = chart_queries.session_record(SessionScope(ours.id)).signatures
        assert found.in_audit is known
