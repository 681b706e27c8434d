"""C2: the same rules through the door of candidacy, before a course and before a dose, and what has expired."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sojourn.care.candidacy import judging
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.queries import Assessed
from sojourn.care.intake import queries as intake_queries
from sojourn.care.patients.models import Patient
from sojourn.clinical.eligibility import Fact, Today, known, reasons_today
from sojourn.clinical.protocol.protocol import Measured, facts_of_the_day
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.scope import PatientScope
from tests.care.people import make_patient
from tests.care.stage import adopt_everything
from tests.care.test_candidacy import adopt, decide, know, stands
from tests.conftest import Cast

NOW = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
TODAY = date(2026, 12, 2)
TWO_YEARS = TODAY - timedelta(days=730)
WELL = {
    "fasting": "passed", "escort": "passed", "no_driving": "passed", "allergies": "passed", "intoxication": "passed",
}  # fmt: skip
READINGS = {"nibp_sys": Measured(122, TODAY), "nibp_dia": Measured(78, TODAY), "spo2": Measured(98, TODAY)}
WAYS = [("ketamine", "iv", "iv_racemic_40min"), ("esketamine", "in", "in_esketamine")]


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, sex="female", birth_date=date(1980, 5, 5))


def before_a_dose(
    clinic: Cast, patient: Patient, way: tuple[str, str, str] = WAYS[0], readings: Any = READINGS, **checks: str
) -> Assessed:
    """What the dose step asks: the patient's facts with those of the day, from the clinic's rules."""
    drug, route, protocol = way
    day = facts_of_the_day(released_rulebook().protocol(protocol), {**WELL, **checks}, readings, TODAY)
    with acting_as(clinic.actor("prescriber")):
        facts = known(*intake_queries.facts(patient, TODAY).values(), *day)
        rules = candidacy_queries.rules(clinic.clinic.pk)
        return candidacy_queries.assess(patient, facts, (), rules, drug=drug, route=route, on=TODAY, stage="session")


def today(assessed: Assessed, **more: Any) -> Today:
    return reasons_today(assessed.assessment, facts=assessed.facts, expired=assessed.expired, **more)


def codes(assessed: Assessed, **more: Any) -> dict[str, str]:
    return {each.code: each.override for each in today(assessed, **more).reasons}


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each[0])
@pytest.mark.parametrize(
    ("item", "rule", "override"),
    [
        ("intoxication", "RC-INTOX", "two"),  # trial exclusion, read: acts without adoption
        ("escort", "RC-ESCORT", "two"),  # Spravato US PI, read: acts without adoption
        ("no_driving", "RC-ESCORT", "two"),
    ],
)
def test_the_day_is_asked_of_a_clinic_that_adopted_nothing(
    clinic: Cast, patient: Patient, item: str, rule: str, override: str, way: tuple[str, str, str]
):
    """C2: intoxicated today, no escort, means to drive: these block before a dose (RC-INTOX, RC-ESCORT: verified)."""
    assert codes(before_a_dose(clinic, patient, way)) == {}
    assert codes(before_a_dose(clinic, patient, way, **{item: "failed"})) == {f"rule:{rule}": override}


def test_not_fasted_waits_in_a_clinic_that_adopted_nothing(clinic: Cast, patient: Patient):
    """C2: not fasted holds ketamine by its label (Ketalar 2.1, RC-NPO); esketamine once RC-NPO-ESK is adopted."""
    assert codes(before_a_dose(clinic, patient, fasting="failed")) == {"rule:RC-NPO": "prescriber"}
    assert codes(before_a_dose(clinic, patient, WAYS[1], fasting="failed")) == {}
    adopt(clinic, "RC-NPO-ESK")
    found = before_a_dose(clinic, patient, WAYS[1], fasting="failed")
    assert codes(found) == {"rule:RC-NPO-ESK": "prescriber"}


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each[0])
def test_a_heart_attack_three_weeks_ago_blocks_both_drugs(clinic: Cast, patient: Patient, way: tuple[str, str, str]):
    """C2: within six weeks (Spravato EU SmPC 4.3) for esketamine by itself, for ketamine once adopted."""
    know(clinic, patient, cv_event=True, cv_event_on=TODAY - timedelta(days=21))
    rule = "CI-MI-6W" if way[0] == "esketamine" else "CI-MI-6W.ketamine"
    assert (f"rule:{rule}" in codes(before_a_dose(clinic, patient, way))) is (way[0] == "esketamine")
    adopt_everything(clinic)
    assert codes(before_a_dose(clinic, patient, way))[f"rule:{rule}"] == "two"


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each[0])
@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"alt": 600.0}, "RC-LAB-LIVER"),  # three times the limit: convention of the fact base
        ({"egfr": 10.0}, "RC-EGFR"),  # no source has a limit: a prescriber states it
        ({"qtc_ms": 520.0}, "RC-QTC"),  # 500 ms: usual stop limit, from memory
        ({"suicide_risk": "moderate"}, "RC-SUICIDE-MODERATE"),  # C-SSRS screener: second-hand
    ],
)
def test_a_recorded_event_is_read_once_its_rule_is_adopted(
    clinic: Cast, patient: Patient, facts: dict[str, Any], rule: str, way: tuple[str, str, str]
):
    """C2: ALT 600, eGFR 10, QTc 520 and moderate suicide risk each have a rule; none acts before its adoption."""
    know(clinic, patient, **facts)
    found = before_a_dose(clinic, patient, way)
    assert rule in {each.rule_id for each in found.assessment.not_adopted}
    assert f"rule:{rule}" not in codes(found)
    adopt(clinic, rule)
    assert codes(before_a_dose(clinic, patient, way))[f"rule:{rule}"] == "prescriber"


@pytest.mark.parametrize("way", WAYS, ids=lambda each: each[0])
def test_an_event_without_its_day_waits(clinic: Cast, patient: Patient, way: tuple[str, str, str]):
    """C2: it may have been within six weeks (Spravato EU SmPC 4.3); that it waits is a convention, adopted.
    With its day of long ago it is written down."""
    know(clinic, patient, cv_event=True)
    adopt_everything(clinic)
    assert codes(before_a_dose(clinic, patient, way)) == {"rule:RC-CV-EVENT": "prescriber"}
    know(clinic, patient, cv_event_on=TODAY - timedelta(days=400))
    assert codes(before_a_dose(clinic, patient, way)) == {}


def test_a_saturation_of_86_is_read(clinic: Cast, patient: Patient):
    """C2: saturation 86 waits for a prescriber (91 or less: 3 points of NEWS2; as a hold a convention, adopted)."""
    low = {**READINGS, "spo2": Measured(86, TODAY)}
    assert codes(before_a_dose(clinic, patient, readings=low)) == {}
    adopt(clinic, "RC-SPO2-LOW")
    assert codes(before_a_dose(clinic, patient, readings=low)) == {"rule:RC-SPO2-LOW": "prescriber"}


@pytest.mark.parametrize("sex", ["male", "unknown"])
def test_could_become_pregnant_outranks_the_sex_of_the_record(clinic: Cast, sex: str):
    """C2: who could become pregnant is asked for a test whatever the record says (CI-PREGNANCY, Spravato US PI)."""
    ana = make_patient(clinic, sex=sex)
    know(clinic, ana, can_become_pregnant=True)
    with acting_as(clinic.actor("prescriber")):
        found = candidacy_queries.assessment(PatientScope(ana.pk), "ketamine", TODAY, route="iv")
    assert "pregnancy_test" in {each.fact for each in found.missing if each.adopted}


def test_what_is_too_old_is_missing_and_said_with_its_day(clinic: Cast, patient: Patient):
    """C2: a pregnancy test and a blood pressure two years old count no more, once the clinic adopted their ages."""
    know(clinic, patient, on=TWO_YEARS, sbp=118.0, dbp=76.0, pregnancy_test="negative")
    know(clinic, patient, can_become_pregnant=True, pregnant=False, planning_pregnancy=False)

    def look() -> Assessed:
        with acting_as(clinic.actor("prescriber")):
            return candidacy_queries.assessment(PatientScope(patient.pk), "ketamine", TODAY, route="iv")

    before = look()
    assert before.expired == ()
    assert not {"sbp", "dbp", "pregnancy_test"} & {each.fact for each in before.missing}
    adopt(clinic, "evidence.blood_pressure")
    adopt(clinic, "evidence.pregnancy_test")
    after = look()
    assert [(each.name, each.on, each.limit_days) for each in after.expired] == [
        ("sbp", TWO_YEARS, 28), ("dbp", TWO_YEARS, 28), ("pregnancy_test", TWO_YEARS, 28),
    ]  # fmt: skip
    assert {"sbp", "dbp", "pregnancy_test"} <= {each.fact for each in after.missing}
    assert codes(before_a_dose(clinic, patient))["expired:pregnancy_test"] == "prescriber"


def test_an_age_never_ends_an_acceptance_and_stands_in_its_basis(clinic: Cast, patient: Patient):
    """C2: what expires after a decision is asked before the dose; the decision itself still stands."""
    know(clinic, patient, on=TWO_YEARS, pregnancy_test="negative")
    know(clinic, patient, can_become_pregnant=True)
    adopt(clinic, "evidence.pregnancy_test")
    row = decide(clinic, patient)
    assert [(each["fact"]["name"], each["fact"]["on"]) for each in row.basis["expired"]] == [
        ("pregnancy_test", TWO_YEARS.isoformat())
    ]
    stamp = {each["id"]: each for each in row.basis["rules"]}
    assert stamp["evidence.pregnancy_test"]["adopted"] is True
    assert stamp["evidence.ecg"]["adopted"] is False
    assert stands(clinic, patient).may_treat


def test_a_hold_that_the_prescriber_saw_and_accepted_is_not_asked_again(clinic: Cast, patient: Patient):
    """C2: a hold seen when the decision was signed stands no more; another value of it does."""
    adopt(clinic, "RC-QTC")
    know(clinic, patient, on=TODAY - timedelta(days=1), qtc_ms=520.0)
    row = decide(clinic, patient)
    seen = judging.accepted(row.basis["findings"])
    found = before_a_dose(clinic, patient)
    assert codes(found, accepted=seen) == {}
    assert [each.code for each in today(found, accepted=seen).accepted] == ["rule:RC-QTC"]
    know(clinic, patient, qtc_ms=560.0)
    assert codes(before_a_dose(clinic, patient), accepted=seen) == {"rule:RC-QTC": "prescriber"}


def test_a_clinic_that_adopted_everything_gives_a_well_patient_a_dose(clinic: Cast, patient: Patient):
    """C2: with every rule adopted nothing stands before a well patient who was asked and measured today."""
    adopt_everything(clinic)
    know(clinic, patient, can_become_pregnant=False)
    for way in WAYS:
        assert codes(before_a_dose(clinic, patient, way)) == {}


def test_a_fact_of_the_day_is_a_clinicians_word(clinic: Cast, patient: Patient):
    """C2: the facts of the day carry who told them and when, as every other fact."""
    found = before_a_dose(clinic, patient)
    assert found.facts["escort"] == Fact("escort", True, TODAY, "clinician")
    assert found.stage == "session"
