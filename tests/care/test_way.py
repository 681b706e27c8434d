"""The quick way of the tests is a way that the product would have let somebody walk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Model
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import content_hash as decision_hash
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import Consent, ConsentCountersignature, ConsentRequest
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.dose import content_hash, protocol_way
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import standings
from sojourn.foundation.scope import CourseScope, PatientScope
from tests.care import consents
from tests.care.adopting import typed_each
from tests.care.open_eyes import reasoned
from tests.care.people import make_patient
from tests.care.stage import adopt_everything
from tests.care.way import AGREED, BEYOND, IV, accepted, agreed, plan_values, signed_course, signed_version
from tests.clock import day_of
from tests.conftest import Cast

# A dose for each protocol. By mouth and into the muscle 0.5 mg/kg is outside of what was studied: signed with a reason.
DOSES = {
    IV: Decimal(35), "im": Decimal(35), "sc": Decimal(35), "oral": Decimal(70), "in_racemic": Decimal(50),
    "in_esketamine": Decimal(56), "sl": Decimal(100),
}  # fmt: skip


@pytest.mark.parametrize("adopted", [False, True])
@pytest.mark.parametrize("protocol_id", DOSES)
def test_everything_stands_that_a_dose_asks_for(clinic: Cast, protocol_id: str, adopted: bool):
    if adopted:
        adopt_everything(clinic)
    patient, now = make_patient(clinic), timezone.now()
    route, drug = protocol_way(protocol_id)
    course = signed_course(clinic, patient, protocol_id=protocol_id, dose_mg=DOSES[protocol_id], at=now)
    with acting_as(clinic.actor("prescriber")):
        version = plan_queries.in_force(CourseScope(course.pk), now)
        assert version is not None
        assert version.content_hash == content_hash(version)
        assert plan_queries.standing_check(plan_queries.version(version.pk)) is not None
        assert (course.dose_mg, course.protocol_id) == (DOSES[protocol_id], protocol_id)
        may = candidacy_queries.standing(PatientScope(patient.pk), drug=drug, route=route)
        assert may.may_treat
        assert may.decision is not None
        assert may.decision.content_hash == decision_hash(may.decision)
        assert consent_queries.standing(PatientScope(patient.pk), route=route, drug=drug).valid
        assert gates.gates(PatientScope(patient.pk), route, drug).open
        assert may.decision.decided_at < version.signed_at <= now


def test_it_stands_at_any_time_of_a_test(clinic: Cast):
    at = datetime(2026, 3, 2, 16, tzinfo=UTC)
    course = signed_course(clinic, make_patient(clinic), at=at)
    with acting_as(clinic.actor("prescriber")):
        assert plan_queries.in_force(CourseScope(course.pk), at) is not None
        assert consent_queries.standing(
            PatientScope(course.patient_id), route="iv", drug="ketamine", on=day_of(at)
        ).valid


OWN = {"id", "patient", "nonce", "signed_name", "consent", "care_plan", "version", "content_hash"}  # of one patient


def rows(model: type[Model], patient: Patient) -> list[dict]:
    found = model._default_manager.filter(patient=patient).order_by("id")
    return [{k: v for k, v in model_to_dict(each).items() if k not in OWN} for each in found]


def by_the_actions(clinic: Cast, patient: Patient, protocol_id: str, dose_mg: Decimal, now: datetime) -> None:
    """The same way, walked step by step through what the product does."""
    by, nurse = clinic.actor("prescriber"), clinic.actor("nurse")
    route, drug = protocol_way(protocol_id)
    with acting_as(by):
        found = candidacy_queries.assessment(PatientScope(patient.pk), drug, day_of(now), route=route)
        candidacy_actions.decide(
            by=by, patient_id=patient.pk, answer=reasoned(found), seen=found.seen(None), now=now
        )  # fmt: skip
    consents.agree(clinic, patient, route, drug, now=now)
    with acting_as(by):
        version = plan_actions.draft(by=by, patient_id=patient.pk, now=now)
        values = plan_values(protocol_id, dose_mg, now)
        version = plan_actions.save_draft(by=by, version_id=version.pk, seen=version.revision, values=values, now=now)
        amount = version.per_kg if version.per_kg is not None else version.fixed_mg
        assert amount is not None
        plan_actions.double_check(by=nurse, version_id=version.pk, weight_kg=version.weight_kg, amount=amount, now=now)
        fresh = plan_queries.version(version.pk)
        plan_actions.sign(by=by, version_id=version.pk, seen_hash=content_hash(fresh), beyond_reason=BEYOND, now=now)


@pytest.mark.parametrize("protocol_id", DOSES)
def test_its_rows_are_those_that_the_actions_write(clinic: Cast, protocol_id: str):
    """Row by row: but for who it is about, the quick rows and those of the actions are the same."""
    adopt_everything(clinic)
    walked, quick, now = make_patient(clinic, "Walked"), make_patient(clinic, "Quick"), timezone.now()
    route, drug = protocol_way(protocol_id)
    by_the_actions(clinic, walked, protocol_id, DOSES[protocol_id], now)
    accepted(clinic, quick, drug=drug, route=route, at=now)
    agreed(clinic, quick, drug=drug, route=route, at=now)
    signed_version(clinic, quick, protocol_id=protocol_id, dose_mg=DOSES[protocol_id], at=now)
    with acting_as(clinic.actor("prescriber")):
        for model in (
            CandidacyDecision, ConsentRequest, Consent, ConsentCountersignature, PlanVersion, DoubleCheck, CarePlan,
        ):  # fmt: skip
            assert rows(model, quick) == rows(model, walked), model
            assert rows(model, quick), model
        assert {each.signed_name for each in Consent.objects.filter(patient=quick)} == {quick.name}


def test_nothing_of_it_stands_before_it_was_done(clinic: Cast):
    now = timezone.now()
    course = signed_course(clinic, make_patient(clinic), at=now)
    with acting_as(clinic.actor("prescriber")):
        before = (now - AGREED - timedelta(days=1)).date()
        assert not consent_queries.standing(
            PatientScope(course.patient_id), route="iv", drug="ketamine", on=before
        ).valid
        assert plan_queries.in_force(CourseScope(course.pk), now - AGREED) is None


def test_it_stands_in_its_own_clinic_alone(clinic: Cast, other_clinic: Cast):
    course = signed_course(clinic, make_patient(clinic), at=timezone.now())
    with acting_as(other_clinic.actor("prescriber")):
        assert plan_queries.in_force(CourseScope(course.pk)) is None


def test_adopting_everything_writes_what_the_action_writes(clinic: Cast, other_clinic: Cast):
    adopt_everything(clinic)
    by = other_clinic.actor("prescriber")
    with acting_as(by):
        waiting = {each.newest.id: each.newest.hash for each in standings(other_clinic.clinic.pk) if each.waits}
        rulebook_actions.adopt_set(by=by, shown=waiting, signature=by.name, parameters=typed_each(waiting))
    quick, slow = (_adopted_in(each) for each in (clinic, other_clinic))
    assert quick == slow
    assert len(quick[0]) > 100
    assert len(quick[1]) == 1


def _adopted_in(cast: Cast) -> tuple[list[dict], list[tuple]]:
    """The adoptions of a clinic and their audit, without what is another in every clinic."""
    own = {"id", "clinic_id", "adopted_at", "adopted_by_id"}
    with acting_as(cast.actor("clinic_admin")):
        rows = RuleAdoption.objects.filter(clinic=cast.clinic).order_by("rule_id")
        found = [{name: value for name, value in row.items() if name not in own} for row in rows.values()]
        assert {each.adopted_by_id for each in rows} == {cast.members["prescriber"].pk}
        audit = AuditEvent.objects.filter(clinic_id=cast.clinic.pk, action="rule.adopt_set")
        said = [
            (each.role, each.entity, each.detail["n"], sorted(rule["id"] for rule in each.detail["rules"]),
             sorted(map(str, each.detail["rules"])), each.detail["signature"].removesuffix(cast.clinic.slug))
            for each in audit
        ]  # fmt: skip
    return found, said


def test_a_client_is_signed_in_as_by_a_sign_in(clinic: Cast):
    slow = Client()
    slow.force_login(clinic.members["nurse"].person)
    said = dict(slow.session.items()) | {"second_factor": True, "membership": clinic.members["nurse"].pk}
    assert dict(clinic.client("nurse").session.items()) == said
