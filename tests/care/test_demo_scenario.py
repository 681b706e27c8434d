"""The demo's people: every date after the one it rests on, nothing that cannot be, and the same for a seed."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentCountersignature, ConsentQuestion, ConsentRequest
from sojourn.care.coordination.models import EscortAnswer, EscortLink, WaitingEntry
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import running
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.models import ClinicalFact, IntakeAnswer, IntakeSubmission, MedicationStatement
from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan import gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.care.reading import queries as reading_queries
from sojourn.care.reading import voice_queries
from sojourn.care.reading.models import Voice
from sojourn.care.scheduling.models import Appointment, BookingRules, WorkingHours
from sojourn.care.session import event_kinds, given, medicine_actions, road, snapshot, step_actions
from sojourn.care.session.models import DoseEvent, GivenMedicine, MedicationAdministration, SessionEvent, Waste
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.care.vitals.models import Device
from sojourn.clinical.administration import Delivered
from sojourn.clinical.protocol import State
from sojourn.config.demo import MONITOR_BED, clinic_settings, people, scenario, today
from sojourn.config.demo.cast import load_cast
from sojourn.config.demo.walk import STEPS
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Invitation, Membership
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.clock import clinic_day, clinic_today, local
from sojourn.foundation.scope import PatientScope, SessionScope, clinic_rows
from tests import postgres_server

CLINICS = [each.slug for each in people.CLINICS]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clinics(django_db_setup: None, django_db_blocker) -> Iterator[dict[str, int]]:
    """Both clinics of the demo: those of the kept house, else loaded once for this file and rolled back after it."""
    with django_db_blocker.unblock(), postgres_server.demo_database() as loaded, transaction.atomic():
        for demo in () if loaded else people.CLINICS:
            scenario.make_clinic(demo, scale=1, seed=1)
            today.set_stage(demo)
        yield {demo.slug: today._clinic_id(demo) for demo in people.CLINICS}
        transaction.set_rollback(True)


@pytest.fixture(params=CLINICS)
def clinic(request, clinics: dict[str, int]) -> Iterator[Clinic]:
    """One of them, seen as its house."""
    with acting_as(system_actor(clinics[request.param])):
        found = Clinic.objects.get(slug=request.param)
        yield found


def times(rows, name: str) -> dict[int, datetime]:
    """The first of each patient."""
    found: dict[int, datetime] = {}
    for patient_id, at in rows.order_by(name).values_list("patient_id", name):
        found.setdefault(patient_id, at)
    return found


def test_every_step_comes_after_the_one_it_rests_on(clinic: Clinic):
    way = [
        {each.pk: each.created_at for each in Patient.objects.all()},
        times(Invitation.objects.exclude(patient_id=None), "sent_at"),
        times(IntakeAnswer.objects, "said_at"),
        times(IntakeSubmission.objects, "said_at"),
        times(ClinicalFact.objects.filter(name="sbp"), "entered_at"),
        times(CandidacyDecision.objects, "decided_at"),
        times(ConsentRequest.objects, "requested_at"),
        times(Consent.objects, "signed_at"),
        times(ConsentCountersignature.objects, "signed_at"),
        times(PlanVersion.objects, "drafted_at"),
        times(DoubleCheck.objects, "checked_at"),
        times(PlanVersion.objects.exclude(signed_at=None), "signed_at"),
        times(Encounter.objects, "opened_at"),
    ]
    assert all(way)
    for patient_id in way[0]:
        reached = [step[patient_id] for step in way if patient_id in step]
        assert reached == sorted(reached), patient_id
        assert reached[-1] <= timezone.now()
    for earlier, later in pairwise(way[1:]):
        if later is not way[4]:  # a consultation may still lack a blood pressure
            assert set(later) <= set(earlier)


def test_nobody_is_treated_without_intake_decision_agreement_and_plan(clinic: Clinic):
    treated = set(Encounter.objects.values_list("patient_id", flat=True))
    assert treated
    for version in PlanVersion.objects.exclude(signed_at=None).select_related("patient"):
        on = clinic_day(version.signed_at, clinic)
        decision = CandidacyDecision.objects.filter(patient=version.patient).latest("id")
        assert decision.kind in ("accept", "accept_with_conditions")
        assert decision.decided_at < version.signed_at
        assert consent_queries.standing(
            PatientScope(version.patient_id), route=version.route, drug=version.drug, on=on
        ).valid
        assert version.checks.exists()
        assert version.dosed_by_id not in version.checks.values_list("checked_by_id", flat=True)
        treated.discard(version.patient_id)
    assert not treated


def test_no_dose_and_no_booking_precedes_what_it_rests_on(clinic: Clinic):
    """Decision, agreements with counter-signatures, check by another person, signed plan; then bookings and doses."""
    decided = times(CandidacyDecision.objects.filter(kind__startswith="accept"), "decided_at")
    agreed: dict[int, dict[str, datetime]] = {}
    for row in ConsentCountersignature.objects.select_related("consent"):
        agreed.setdefault(row.patient_id, {})[row.consent.document_id] = max(row.signed_at, row.consent.signed_at)
    needed = {each.id for each in texts.newest().values() if each.needed_for("iv")}
    planned: dict[int, datetime] = {}
    for version in PlanVersion.objects.exclude(signed_at=None).order_by("-signed_at").prefetch_related("checks"):
        planned[version.care_plan_id] = version.signed_at
        check = plan_queries.standing_check(version)
        assert check is not None
        assert check.checked_at < version.signed_at
        assert check.checked_by_id != version.dosed_by_id
        assert plan_queries.unchanged(version)
    assert set(CarePlan.objects.values_list("id", flat=True)) == set(planned)
    rested = [(row.patient_id, row.care_plan_id, row.booked_at) for row in Appointment.objects.all()]
    given = MedicationAdministration.objects.select_related("encounter")
    rested += [(row.patient_id, row.encounter.care_plan_id, row.started_at) for row in given]
    assert len(rested) > len(planned)
    for patient_id, course_id, at in rested:
        assert decided[patient_id] < planned[course_id] < at
        assert needed <= set(agreed[patient_id])
        assert all(agreed[patient_id][each] < planned[course_id] for each in needed)


def test_nothing_is_missing_for_the_next_dose_of_anybody_who_is_booked(clinic: Clinic):
    for course in CarePlan.objects.filter(appointments__status="booked", appointments__encounter=None).distinct():
        assert gates.before_dose(course) == ()
    assert not plan_queries.without_signed_plan().exists()


def test_who_is_in_a_running_course_may_still_be_treated(clinic: Clinic):
    for course in CarePlan.objects.filter(ended_on=None):
        assert candidacy_queries.standing(PatientScope(course.patient_id), drug="ketamine", route="iv").may_treat
        assert consent_queries.standing(PatientScope(course.patient_id), route="iv", drug="ketamine").valid


def test_every_dose_is_that_of_the_plan_in_force_then(clinic: Clinic):
    given = MedicationAdministration.objects.select_related("encounter")
    assert given.exists()
    for dose in given:
        version = (
            PlanVersion.objects.filter(care_plan_id=dose.encounter.care_plan_id, signed_at__lt=dose.started_at)
            .order_by("-signed_at")
            .first()
        )
        assert version is not None
        assert version.dose_mg == dose.dose_mg
        assert abs(version.dose_mg - version.weight_kg * version.per_kg) <= version.round_mg / 2  # to the nearest step
        assert 0 <= (clinic_day(version.signed_at, clinic) - version.weight_on).days <= 30


def test_nothing_that_cannot_be(clinic: Clinic):
    now = timezone.now()
    for patient in Patient.objects.all():
        facts = {name: each.value for name, each in intake_queries.facts(patient, clinic_day(now, clinic)).items()}
        if patient.sex == "male":
            assert not any(facts.get(name) for name in ("can_become_pregnant", "pregnant", "breast_feeding"))
            assert "pregnancy_test" not in facts
        assert 18 <= facts["age_years"] <= 90
        if CarePlan.objects.filter(patient=patient).exists():
            assert 16 < facts["weight_kg"] / (facts["height_cm"] / 100) ** 2 < 40
            assert facts["sbp"] <= 140  # above it the rulebook waits (RC-HTN-BASE)
        failed = [
            each for each in intake_queries.previous_treatments(PatientScope(patient.pk)) if each.kind == "medicine"
        ]
        if "antidepressant_trials_failed" in facts:
            assert facts["antidepressant_trials_failed"] == len(failed)
            current = {each.name for each in intake_queries.medicines(PatientScope(patient.pk))}
            assert not current & {each.drug for each in failed}
    assert not AlarmEvent.objects.filter(rule_id__startswith="silence.").exists()  # every chart is without a gap
    assert not Appointment.objects.filter(booked_at__gt=now).exists()
    assert not QuestionnaireResponse.objects.filter(completed_at__gt=now).exists()


def test_each_stage_of_the_way_has_somebody(clinic: Clinic):
    agreed = set(Consent.objects.values_list("patient_id", flat=True))
    signed = set(ConsentCountersignature.objects.values_list("patient_id", flat=True))
    begun = set(IntakeAnswer.objects.values_list("patient_id", flat=True))
    sent = set(IntakeSubmission.objects.values_list("patient_id", flat=True))
    kinds = set(CandidacyDecision.objects.values_list("kind", flat=True))
    assert Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now()).exists()
    assert begun - sent
    assert sent - set(CandidacyDecision.objects.values_list("patient_id", flat=True))
    assert {"accept", "defer"} <= kinds
    assert ConsentQuestion.objects.filter(replies=None).exists()
    assert PlanVersion.objects.filter(signed_at=None, checks=None).exists()
    assert PlanVersion.objects.filter(number=2).exclude(change_reason="").exists()
    assert EscortAnswer.objects.filter(comes=True).exists()
    assert WorkingHours.objects.filter(member=None).exists()
    assert BookingRules.objects.latest("id").chairs_per_nurse
    assert WaitingEntry.objects.filter(left_at=None).exists()
    if clinic.slug == "harbor-light":
        second = PlanVersion.objects.filter(number=2).exclude(change_reason="")
        assert any(each.per_kg != each.care_plan.versions.get(number=1).per_kg for each in second)
        assert agreed - signed
        assert {"decline", "accept_with_conditions"} <= kinds
        assert EscortAnswer.objects.filter(comes=False).exists()
        takes = MedicationStatement.objects.filter(name="Lorazepam").values_list("patient_id", flat=True)
        assert MedicationStatement.objects.filter(name="Sertraline", patient__in=takes).exists()
        last = Communication.objects.order_by("patient_id", "-id").distinct("patient_id")
        assert any(each.from_patient for each in last)


def test_the_signed_in_patient_has_something_to_do_and_to_look_at(clinics: dict[str, int]):
    for demo in people.CLINICS:
        with acting_as(system_actor(clinics[demo.slug])):
            member = Membership.objects.get(person__email=f"patient@{demo.domain}")
            mine = {"patient_id": member.patient_id}
            open_ones = MeasureRequest.objects.filter(**mine, withdrawn_at=None, response=None)
            assert open_ones.exists()
            ahead = Appointment.objects.filter(
                **mine, status="booked", during__startswith__gt=timezone.now() + timedelta(hours=12)
            )
            assert ahead.exists()
            assert not EscortAnswer.objects.filter(appointment__in=ahead).exists()
            assert EscortLink.objects.filter(appointment__in=ahead).exists() or not RelatedPerson.objects.filter(
                **mine
            ).exclude(email="")
            assert Encounter.objects.filter(**mine).count() >= 4
            assert PlanVersion.objects.filter(**mine).exclude(signed_at=None).exists()


def test_the_two_clinics_know_nothing_of_each_other(clinics: dict[str, int]):
    emails: list[set[str]] = []
    for slug in CLINICS:
        with acting_as(system_actor(clinics[slug])):
            assert set(Patient.objects.values_list("clinic__slug", flat=True)) == {slug}
            assert set(PlanVersion.objects.values_list("clinic__slug", flat=True)) == {slug}
            emails.append(set(Patient.objects.exclude(email="").values_list("email", flat=True)))
    assert not emails[0] & emails[1]


# ---------------------------------------------------------------- the hour in the chair


@dataclass(frozen=True)
class Lived:
    """A dose of the demo with its session as it reads now."""

    row: MedicationAdministration
    session: SessionSnapshot

    @property
    def left(self) -> bool:
        return self.session.state is State.LEFT


def doses_of_demo() -> list[Lived]:
    rows = MedicationAdministration.objects.select_related("encounter", "plan_version", "given_by", "checked_by")
    return [Lived(row, snapshot.load(SessionScope(row.encounter_id), timezone.now())) for row in rows.order_by("id")]


def test_what_went_in_is_known_of_every_dose(clinic: Clinic):
    """The steps can have happened so, in order; whoever left has nothing unaccounted for and nothing to ask."""
    kinds: set[str] = set()
    for dose in doses_of_demo():
        steps = dose.session.steps
        assert steps[0].kind == "start"
        assert steps[0].at == dose.row.started_at
        assert [each.at for each in steps] == sorted(each.at for each in steps)
        assert all(dose.session.encounter.opened_at < each.at <= timezone.now() for each in steps)
        found = dose.session.delivered
        assert isinstance(found, Delivered), found
        kinds |= {each.kind for each in steps}
        if dose.left:
            assert steps[-1].kind in {"end", "stop"}
            assert dose.session.line is not None
            assert dose.session.line.complete, dose.session.line
            assert dose.session.line.unaccounted_mg == 0
            assert given.balance(found, dose.session.dose, dose.session.wasted).discrepancies == ()  # type: ignore[arg-type]
    assert {"start", "pause", "resume", "rate", "end"} <= kinds
    assert DoseEvent.objects.exclude(remaining_ml=None).exists()
    if clinic.slug == "harbor-light":
        waste = Waste.objects.select_related("witness", "by", "witness__by").get()
        assert waste.witness.by.person_id != waste.by.person_id
        assert SessionEvent.objects.filter(encounter=waste.encounter, kind=event_kinds.WHY_STOPPED).exists()


def test_two_people_read_the_same_off_the_vial_of_every_dose(clinic: Clinic):
    for dose in doses_of_demo():
        row = dose.row
        assert row.given_by.person_id != row.checked_by.person_id
        prepared, checked = dose.session.ready_dose or (None, None)
        assert prepared is not None
        assert checked is not None
        assert {prepared.person_id, checked.person_id} == {row.given_by.person_id, row.checked_by.person_id}
        assert prepared.at < checked.at == row.checked_at < row.started_at
        assert row.expires_on is not None
        assert row.expires_on > clinic_day(row.started_at, clinic)
        assert row.stock_mg_per_ml is not None
        assert prepared.drawn_ml is not None
        assert row.stock_mg_per_ml * prepared.drawn_ml == row.drawn_mg == row.dose_mg  # nothing too much is drawn up
        for name in ("lot", "expires_on", "stock_mg_per_ml", "total_ml", "rate_ml_per_h", "dose_mg"):
            assert getattr(row, name) == getattr(prepared, name), name
        assert row.rate_ml_per_h is not None
        assert row.total_ml == row.rate_ml_per_h * row.duration_min / 60


def test_the_road_was_free_at_every_dose(clinic: Clinic, monkeypatch: pytest.MonkeyPatch):
    """Decision, agreements, plan, rules and ceilings, asked of the engine with what was known at that moment."""
    moment: list[datetime] = []
    doses_since, weights = road.session_queries.doses_since, road.weight_queries.weights

    def facts(of: PatientScope):
        with_times = of.rows(ClinicalFact).filter(entered_at__lte=moment[0])
        return intake_queries.entered_of(with_times.order_by("observed_on", "id"))

    def since(of: PatientScope, at: datetime, *, but: int):
        return [each for each in doses_since(of, at, but=but) if each.dose.started_at < moment[0]]

    def dosed(of: PatientScope, care_plan_id: int, *, but: int) -> road.session_queries.DosedBefore:
        rows = of.rows(MedicationAdministration).filter(started_at__lt=moment[0])
        rows = rows.exclude(encounter_id=but)
        last = rows.order_by("-started_at").values_list("started_at", flat=True).first()
        return road.session_queries.DosedBefore(rows.filter(encounter__care_plan_id=care_plan_id).count(), last)

    monkeypatch.setattr(road.session_queries, "doses_since", since)
    monkeypatch.setattr(road.session_queries, "dosed_before", dosed)

    def weighed(of: PatientScope):
        return [each for each in weights(of) if each.on <= clinic_day(moment[0], clinic)]

    monkeypatch.setattr(road.weight_queries, "weights", weighed)
    monkeypatch.setattr(road.intake_queries, "entered_facts", facts)
    against: dict[str, list[int]] = {}
    for row in MedicationAdministration.objects.order_by("id"):
        moment[:] = [row.started_at]
        session = snapshot.load(SessionScope(row.encounter_id), row.started_at)
        if any(each.on > session.today for each in session.measured_now.values()):
            continue  # it runs over midnight: what was read before the dose is not the newest any more
        found = road.stands_against(session, "start_dose")
        for each in (*found.road, *found.dose):
            against.setdefault(each.code, []).append(row.pk)
        assert found.alarms_waiting == ()
        assert found.version is not None
        assert found.version.pk == row.plan_version_id
        basis = next(each.basis for each in session.states if each.state is State.DOSING)
        assert {**basis, "rules": []} == {**found.basis, "rules": []}
        assert basis["rules"]
    assert against == {}


def test_nothing_is_noted_that_has_no_word(clinic: Clinic):
    events = list(SessionEvent.objects.select_related("about", "encounter"))
    assert {each.kind for each in events} <= set(event_kinds.KINDS)
    discomforts = [each for each in events if each.grade]
    assert discomforts
    assert {each.kind for each in discomforts} <= {each.code for each in event_kinds.chosen(lambda kind: kind.grades)}
    assert {each.grade for each in discomforts} <= set(event_kinds.GRADES)
    assert all(each.measure for each in discomforts)
    asked = [each for each in events if each.about is not None]
    assert asked
    for each in asked:
        assert each.effect in event_kinds.EFFECTS
        assert each.about.at < each.at <= timezone.now()
        assert each.about.encounter_id == each.encounter_id
    by_hand = GivenMedicine.objects.all()
    assert by_hand.exists()
    assert {each.route for each in by_hand} <= set(medicine_actions.ROUTES)
    assert all(each.amount is None for each in by_hand)  # none is invented


def test_whoever_was_given_a_dose_was_weighed_that_day(clinic: Clinic):
    for dose in doses_of_demo():
        days = {clinic_day(at, clinic) for at in (dose.row.encounter.opened_at, dose.row.started_at)}  # over midnight
        weighed = ClinicalFact.objects.filter(
            patient_id=dose.row.patient_id, name="weight_kg", observed_on__in=days, entered_at__lt=dose.row.started_at
        ).order_by("id")
        fact = weighed.last()
        assert fact is not None
        assert dose.session.checks["weight"].value == f"{fact.value:.1f} kg"
        assert dose.row.plan_version is not None
        assert abs(Decimal(str(fact.value)) / dose.row.plan_version.weight_kg - 1) < Decimal("0.1")


def test_sessions_of_the_past_lie_within_the_hours_of_the_clinic(clinic: Clinic):
    hours = {each.weekday for each in WorkingHours.objects.filter(member=None)}
    today_of_clinic = clinic_today(clinic)
    past = [
        each for each in doses_of_demo() if clinic_day(each.row.started_at, clinic) < today_of_clinic - timedelta(1)
    ]
    assert past
    for dose in past:
        first, last = local(dose.session.encounter.opened_at, clinic), local(dose.session.current.at, clinic)
        assert first.weekday() in hours
        assert clinic_settings.OPEN[0] <= first.time() < last.time() <= clinic_settings.OPEN[1]
        assert dose.session.dose_ended_at is not None
        ready = next(each.at for each in dose.session.states if each.state is State.READY_TO_LEAVE)
        assert ready - dose.session.dose_ended_at >= timedelta(minutes=dose.session.protocol.number("min_observation"))


def test_the_running_session_shows_its_pump_and_the_waiting_one_its_scale(clinics: dict[str, int]):
    for demo in people.CLINICS:
        with acting_as(system_actor(clinics[demo.slug])):
            now = timezone.now()
            found = [snapshot.load(SessionScope(each.pk), now) for each in running()]
            dosing = next(each for each in found if each.state is State.DOSING)
            assert isinstance(dosing.delivered, Delivered)
            assert dosing.rate_ml_per_h
            assert 0 < dosing.delivered.given_mg < dosing.delivered.planned_mg
            assert dosing.delivered.would_end_at is not None
            assert dosing.delivered.would_end_at > now
            waits = next(each for each in found if each.state is State.ARRIVED)
            assert waits.checks["weight"].value
            against = road.stands_against(waits, "start_dose")
            assert all(each.code.startswith("not-asked:") for each in against.road)  # the rest of the checklist


@pytest.mark.parametrize("step", ["", "pause", "end_dose"])
def test_a_session_left_over_from_an_earlier_run_is_brought_to_its_end(
    clinics: dict[str, int], step: str, monkeypatch: pytest.MonkeyPatch
):
    demo, now, real = people.HARBOR, timezone.now(), timezone.now
    with transaction.atomic():
        with acting_as(system_actor(clinics[demo.slug])):
            old = next(each.pk for each in running() if snapshot.load(SessionScope(each.pk), now).state is State.DOSING)
            if step:
                nurse = load_cast(demo).actor("nurse")
                step_actions.advance_session(by=nurse, encounter_id=old, transition=step)
        monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=5))
        today.set_stage(demo)
        with acting_as(system_actor(clinics[demo.slug])):
            left = snapshot.load(SessionScope(old), timezone.now())
            assert left.state is State.LEFT
            assert left.line is not None
            assert left.line.unaccounted_mg == (0 if step != "end_dose" else left.line.planned_mg - left.line.given_mg)
            assert left.line.complete == (step != "end_dose")  # ended by hand long before: it says what is missing
            fresh = next(
                each.pk
                for each in running()
                if snapshot.load(SessionScope(each.pk), timezone.now()).state is State.DOSING
            )
            against = road.stands_against(snapshot.load(SessionScope(fresh), timezone.now()), "start_dose")
            assert (against.road, against.dose) == ((), ())
        transaction.set_rollback(True)


def digest(clinic_id: int) -> str:
    """What was invented, without numbers that the database gives and moments that hang on the clock."""
    with acting_as(system_actor(clinic_id)):
        kept = [
            list(Patient.objects.order_by("record_number").values_list("record_number", "given_name", "birth_date")),
            list(IntakeAnswer.objects.order_by("id").values_list("question_id", "value")),
            list(ClinicalFact.objects.order_by("id").values_list("name", "value", "observed_on")),
            list(CandidacyDecision.objects.order_by("id").values_list("kind", "explanation")),
            list(PlanVersion.objects.order_by("id").values_list("number", "dose_mg", "indication", "starts_on")),
            list(QuestionnaireResponse.objects.order_by("id").values_list("scale_id", "score")),
            list(Encounter.objects.order_by("id").values_list("patient__record_number", "chair__name", "opened_at")),
        ]
    return hashlib.sha256(json.dumps(kept, default=str).encode()).hexdigest()


@pytest.mark.django_db
def test_the_same_seed_invents_the_same_people(django_db_blocker):
    found, small = [], replace(people.ALBORADA, patients=3)
    for seed in (1, 1, 2):
        with transaction.atomic():
            scenario.make_clinic(small, scale=1, seed=seed)
            found.append(digest(today._clinic_id(small)))
            transaction.set_rollback(True)
    assert found[0] == found[1] != found[2]


@pytest.mark.django_db
def test_a_house_made_by_an_earlier_version_starts(monkeypatch: pytest.MonkeyPatch):
    """Nothing of the way to a plan in it, and nobody to put on stage: what the clinic decides is added, once."""
    from sojourn.config import demo

    with monkeypatch.context() as before:
        before.setattr(scenario, "furnish_clinic", lambda cast: None)
        for each in people.CLINICS:
            scenario.make_clinic(each, scale=0, seed=1)
    demo.load(lambda _: None)
    demo.load(lambda _: None)
    for each in people.CLINICS:
        with acting_as(system_actor(today._clinic_id(each))):
            assert BookingRules.objects.count() == 1
            assert consent_queries.available_documents(Clinic.objects.get(slug=each.slug)).text(
                "treatment", "iv", each.language
            )
            assert not Patient.objects.exists()


def test_every_voice_is_marked_as_invented_and_stands_in_both_languages(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settings, "DEMO", True)
    for language in ("en", "es"):
        shown = voice_queries.shown_voices(language)
        assert {each.voice.kind for each in shown} == {"story", "view"}
    assert all(each.invented for each in clinic_rows(Voice))
    assert {each.state for each in voice_queries.sent_voices()} == {"sent", "proposed", "agreed"}
    monkeypatch.setattr(settings, "DEMO", False)
    assert voice_queries.shown_voices("en") == []


def test_readers_have_asked_and_said_what_was_not_clear(clinic: Clinic):
    waiting, decided = reading_queries.waiting_questions(), reading_queries.decided_questions()
    assert len(waiting) >= 2
    assert {each.published for each in decided} == {True, False}
    assert not any(each.question.danger for each in (*waiting, *decided))
    first, *others = reading_queries.clarity_by_part()
    assert first.unclear + first.asked >= max(each.unclear + each.asked for each in others)
    assert first.words
    assert first.paragraphs


def test_the_virtual_monitor_is_one_clinics(clinics: dict[str, int]):
    """Both clinics have a bed of its name on one port: where its address does not tell them apart, it is nobody's, and
    the demo's running session shows no value."""
    addresses = []
    for demo in people.CLINICS:
        with acting_as(system_actor(clinics[demo.slug], "Demo")):
            today._line_of_monitor(demo, load_cast(demo))
            addresses.append(Device.objects.get(key=f"bed:{MONITOR_BED}").address)
    assert addresses == [today.MONITOR_ADDRESS, ""]


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("ahead", range(2, 6))
def test_whoever_is_planned_was_signed_before_today_and_comes_on_a_working_day(weekday: int, ahead: int):
    """On whatever day the demo is made: on a Monday, a first session on the next one would be signed this evening."""
    begun = date(2026, 11, 30) + timedelta(days=weekday)
    drawn = random.Random()
    drawn.randint = lambda _least, _most: ahead  # type: ignore[method-assign]
    day = scenario._begins("planned", "", begun, drawn, signed_in=False)
    assert begun < day < begun + timedelta(days=STEPS["signed"][0])
    assert day.weekday() < 5
