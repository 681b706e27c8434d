"""Described patients, each with what the rules must say and the source that says it; then the laws.

The expectations are those of the fact base (facts/rules.json): condition, severity, action, source. The severity and
action words of the fact base are kept in each rule (``fact_base``) and quoted here where they decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import eligibility, worked
from sojourn.clinical.eligibility import SEVERITIES, VOCABULARY, Fact, assess, known, read
from sojourn.clinical.eligibility.conditions import (
    All,
    AnyOf,
    Compares,
    Is,
    Known,
    Multiple,
    Not,
    Unstated,
    Verdict,
    evaluate_rules,
    names,
)
from sojourn.clinical.rules import Example, Parameter, Rule, RuleInvalid, parse_rule, tighten
from sojourn.foundation.rulebook import released_rulebook
from tests.stated import as_stated

TODAY = date(2026, 12, 1)
RULES = tuple(read(as_stated(each)) for each in released_rulebook().of_kind("eligibility"))
BY_ID = {each.id: each for each in RULES}

# Sources, as the fact base names them.
SPRAVATO = "Spravato US PI"
KETALAR = "Ketalar"
COHEN = "Cohen SP et al. Reg Anesth Pain Med 2018"
TRIAL = "PMC10812090 Table 1 (RCT exclusion list"
TORONTO = "Toronto Ketamine Clinic referral criteria"
SMPC = "Spravato EU SmPC"
PEREZ = "Perez-Ruixo 2021"
KETANEST = "Ketanest S leaflet, Germany"
NEWS2 = "NEWS2 (Royal College of Physicians 2017)"


def told(on: date = TODAY, **values: Any) -> eligibility.Facts:
    return known(*(Fact(name, value, on, "clinician") for name, value in values.items()))


# A healthy adult with everything asked and nothing found.
NOTHING: dict[str, Any] = {
    **{name: False for name, word in VOCABULARY.items() if word.kind == "yes_no"},
    "fasted": True, "escort": True, "age_years": 42, "sex": "female", "sbp": 122, "dbp": 78, "nyha": "none",
    "alt": 20, "ast": 20, "alp": 70, "ggt": 20, "ecg": "normal", "suicide_risk": "low", "pregnancy_test": "negative",
    "antidepressant_trials_failed": 3, "food_min": 300, "liquid_min": 120, "nasal_drug_min": 600,
    "spo2": 98, "heart_rate": 68, "respiratory_rate": 14, "temperature": 36.8, "qtc_ms": 410, "egfr": 95,
    "bilirubin": 9, "alt_uln": 41, "ast_uln": 40, "alp_uln": 129, "ggt_uln": 60, "bilirubin_uln": 21,
}  # fmt: skip


@dataclass
class Patient:
    """``has`` is what differs from a healthy adult; ``expect`` rule -> (severity, action); ``says`` rule -> source."""

    story: str
    has: dict[str, Any]
    expect: dict[str, tuple[str, str]]
    says: str = ""
    drug: str = "ketamine"
    stage: str = "treatment"
    unknown: set[str] = field(default_factory=set)


PATIENTS = [
    Patient("A 42-year-old with depression after three antidepressants, well otherwise", {}, {}),
    Patient(
        "She went stiff with hives when given ketamine in an emergency room",
        {"allergy_ketamine": True}, {"CI-HYPERSENS.ketamine": ("absolute", "block")}, "Ketalar PI s.4",
    ),
    Patient(
        "The same reaction, and the clinic thinks of the nasal spray instead",
        {"allergy_ketamine": True}, {"CI-HYPERSENS.esketamine": ("absolute", "block")}, SPRAVATO, drug="esketamine",
    ),
    Patient(
        "A man of 58 with an abdominal aortic aneurysm under watch, asks for esketamine",
        {"age_years": 58, "sex": "male", "aneurysm": True},
        {"CI-ANEURYSM.esketamine": ("absolute", "block")}, SPRAVATO, drug="esketamine",
    ),
    Patient(
        "The same man, for an infusion of ketamine: treated as absolute as well",
        {"age_years": 58, "sex": "male", "aneurysm": True}, {"CI-ANEURYSM.ketamine": ("absolute", "block")}, SPRAVATO,
    ),
    Patient(
        "A woman whose cerebral arteriovenous malformation was found by chance",
        {"arteriovenous_malformation": True}, {"CI-ANEURYSM.esketamine": ("absolute", "block")}, SPRAVATO,
        drug="esketamine",
    ),
    Patient(
        "He bled into the brain eight years ago and walks well again",
        {"intracerebral_haemorrhage": True}, {"CI-ICH.esketamine": ("absolute", "block")}, SPRAVATO, drug="esketamine",
    ),
    Patient(
        "An aortic dissection, repaired last year: a rise in pressure would be a hazard",
        {"bp_rise_hazard": True}, {"CI-BP-HAZARD": ("absolute", "block")}, "Ketalar PI s.4",
    ),
    Patient(
        "Chest pain on the stairs, more often each week",
        {"unstable_angina": True}, {"CI-CV-UNCONTROLLED": ("absolute", "block")}, COHEN,
    ),
    Patient(
        "Swollen legs and breathless at night: decompensated heart failure, NYHA IV",
        {"heart_failure_decompensated": True, "nyha": "IV"},
        {"CI-CV-UNCONTROLLED": ("absolute", "block"), "RC-ARRHYTHMIA": ("relative", "specialist_review")}, COHEN,
    ),
    Patient(
        "A heart attack exactly six weeks ago, before esketamine",
        {"cv_event": True, "cv_event_on": TODAY - timedelta(days=42)},
        {"CI-MI-6W": ("absolute", "block"), "RC-CV-EVENT": ("relative", "specialist_review")}, SMPC,
        drug="esketamine",
    ),
    Patient(
        "A heart attack forty-three days ago, before esketamine",
        {"cv_event": True, "cv_event_on": TODAY - timedelta(days=43)},
        {"RC-CV-EVENT": ("relative", "specialist_review")}, KETANEST, drug="esketamine",
    ),
    Patient(
        "A heart attack two weeks ago, before racemic ketamine: treated as the European label of esketamine does",
        {"cv_event": True, "cv_event_on": TODAY - timedelta(days=14)},
        {"CI-MI-6W.ketamine": ("absolute", "block"), "RC-CV-EVENT": ("relative", "specialist_review")}, SMPC,
    ),
    Patient(
        "A heart attack years ago, nobody knows the day",
        {"cv_event": True}, {"RC-CV-EVENT": ("relative-high", "hold")}, KETANEST, unknown={"cv_event_on"},
    ),
    Patient(
        "Grey in the face: 88 over 50, a pulse of 38, 26 breaths a minute, 34.6 °C, a saturation of 86 %",
        {"sbp": 88, "dbp": 50, "heart_rate": 38, "respiratory_rate": 26, "temperature": 34.6, "spo2": 86},
        {
            "RC-SBP-LOW": ("relative", "hold"), "RC-HEART-RATE": ("relative", "hold"),
            "RC-BREATHING": ("relative", "hold"), "RC-TEMPERATURE": ("relative", "hold"),
            "RC-SPO2-LOW": ("relative", "hold"),
        }, NEWS2, stage="session",
    ),
    Patient("A QTc of 520 ms", {"qtc_ms": 520}, {"RC-QTC": ("relative-high", "hold")}, "usual stop limit"),
    Patient(
        "An ECG that somebody called abnormal", {"ecg": "abnormal"}, {"RC-QTC": ("relative", "specialist_review")},
    ),
    Patient("An ALT of 600, the limit is 41", {"alt": 600}, {"RC-LAB-LIVER": ("absolute", "block")}, "stopping rule"),
    Patient(
        "An ALT of 130, the limit is 41", {"alt": 130}, {"RC-LAB-LIVER": ("relative-high", "hold")},
        "Three times the upper limit",
    ),
    Patient(
        "An ALT of 90 before a trial's drug", {"alt": 90},
        {"RC-LAB-LIVER-TRIAL": ("relative", "specialist_review")}, "esketamine trials", drug="esketamine",
    ),
    Patient(
        "Yellow eyes: ALT 130 with bilirubin 80", {"alt": 130, "bilirubin": 80},
        {"RC-LAB-LIVER": ("absolute", "block")}, "Hy's law",
    ),
    Patient(
        "An eGFR of 10 where a prescriber has stated 15", {"kidney_disease": True, "egfr": 10},
        {"RC-EGFR": ("relative-high", "hold"), "RC-KIDNEY": ("caution", "monitor")}, "No numeric limit",
        drug="esketamine",
    ),
    Patient(
        "Thoughts of suicide with a method, no plan", {"suicide_risk": "moderate"},
        {"RC-SUICIDE-MODERATE": ("caution", "hold")}, "C-SSRS screener",
    ),
    Patient(
        "Pressure 152 over 84 in the chair",
        {"sbp": 152, "dbp": 84}, {"RC-HTN-BASE": ("relative", "hold")}, SPRAVATO, stage="session",
    ),
    Patient(
        "A capnograph shows 52 mmHg before the dose",
        {"etco2": 52}, {"RC-ETCO2": ("relative", "hold")}, "Deitch 2010", stage="session",
    ),
    Patient(
        "Answers only to a loud voice, a second tablet is due",
        {"moaas": 3}, {"RC-SEDATED": ("relative", "hold")}, "iv_racemic_defaults", stage="session",
    ),
    Patient("Pressure exactly 140 over 90 in the chair", {"sbp": 140, "dbp": 90}, {}, stage="session"),
    Patient(
        "Her general practitioner writes of uncontrolled hypertension",
        {"hypertension": True, "hypertension_uncontrolled": True},
        {"RC-HTN-UNCONTROLLED": ("absolute", "block")}, TRIAL,
    ),
    Patient(
        "Atrial fibrillation with a fast rate that he feels",
        {"arrhythmia": True}, {"RC-ARRHYTHMIA": ("relative", "specialist_review")}, TRIAL,
    ),
    Patient(
        "A transient ischaemic attack last spring",
        {"stroke_or_tia": True}, {"RC-STROKE-TIA": ("relative-high", "specialist_review")}, TRIAL,
    ),
    Patient(
        "Glaucoma that nobody treats",
        {"glaucoma_untreated": True}, {"RC-ICP": ("relative-high", "block_unless_specialist")}, COHEN,
    ),
    Patient(
        "A student who hears voices this month",
        {"age_years": 22, "psychosis_active": True, "psychosis_history": True},
        {"CI-PSYCHOSIS": ("absolute", "block")}, COHEN,
    ),
    Patient(
        "Schizophrenia twenty years ago, none since",
        {"psychosis_history": True}, {"CI-PSYCHOSIS": ("relative-high", "specialist_review")}, TORONTO,
    ),
    Patient(
        "Sleeps two hours, spends, talks without a stop: manic now, bipolar I",
        {"mania_current": True, "bipolar": True},
        {"CI-MANIA": ("absolute", "block"), "RC-BIPOLAR": ("relative", "monitor")}, TRIAL,
    ),
    Patient(
        "Bipolar II, depressed, on lithium",
        {"bipolar": True}, {"RC-BIPOLAR": ("relative", "monitor")}, TORONTO,
    ),
    Patient(
        "Half a bottle of spirits each day",
        {"substance_use_disorder_active": True},
        {"CI-SUD-ACTIVE": ("relative-high", "block_unless_specialist")}, COHEN,
    ),
    Patient(
        "Used ketamine at parties years ago",
        {"ketamine_misuse": True}, {"RC-SUD-HX": ("relative", "monitor")}, SPRAVATO,
    ),
    Patient(
        "Comes to the session smelling of wine",
        {"intoxicated_today": True}, {"RC-INTOX": ("absolute", "block")}, TRIAL, stage="session",
    ),
    Patient(
        "Was drunk on the day of the assessment: that blocks a session, not a candidacy",
        {"intoxicated_today": True}, {},
    ),
    Patient(
        "His daughter says that he forgets her name",
        {"age_years": 64, "dementia_or_delirium": True},
        {"RC-DELIRIUM": ("relative-high", "specialist_review")}, TORONTO,
    ),
    Patient(
        "Epilepsy, the last seizure a year ago",
        {"seizures": True}, {"RC-SEIZURE": ("relative", "specialist_review")}, "tonic-clonic movements",
    ),
    Patient(
        "Cirrhosis, Child-Pugh C",
        {"liver_disease": True, "child_pugh": "C"}, {"CI-HEPATIC-SEVERE": ("absolute", "block")}, COHEN,
    ),
    Patient(
        "Cirrhosis, Child-Pugh B, before esketamine",
        {"liver_disease": True, "child_pugh": "B"}, {"RC-HEPATIC-MOD": ("relative", "monitor")},
        "reference.medscape.com esketamine: higher AUC and half-life", drug="esketamine",
    ),
    Patient(
        "Raised liver enzymes after a summer of paracetamol",
        {"liver_enzymes_abnormal": True}, {"RC-LFT": ("relative", "monitor")}, KETALAR,
    ),
    Patient(
        "Bladder ruined by years of street ketamine",
        {"ketamine_uropathy": True, "ketamine_misuse": True},
        {"RC-UROPATHY": ("relative-high", "block"), "RC-SUD-HX": ("relative", "monitor")}, KETALAR,
    ),
    Patient(
        "Blood in the urine that nobody has explained",
        {"haematuria": True}, {"RC-UROPATHY": ("relative-high", "specialist_review")}, KETALAR,
    ),
    Patient(
        "Eight weeks pregnant, the test is positive",
        {"can_become_pregnant": True, "pregnant": True, "pregnancy_test": "positive"},
        {"CI-PREGNANCY": ("absolute", "block_unless_specialist")}, SPRAVATO,
    ),
    Patient(
        "Hopes for a child next year",
        {"can_become_pregnant": True, "planning_pregnancy": True},
        {"CI-PREGNANCY": ("absolute", "block_unless_specialist")}, TRIAL,
    ),
    Patient(
        "Breast-feeds a baby of four months",
        {"breast_feeding": True}, {"CI-LACTATION": ("relative-high", "block_unless_specialist")}, SPRAVATO,
    ),
    Patient(
        "Seventeen, brought by his parents",
        {"age_years": 17, "sex": "male"}, {"RC-AGE-MIN": ("absolute", "block_unless_specialist")}, SPRAVATO,
    ),
    Patient("Eighteen last week", {"age_years": 18, "sex": "male"}, {}),
    Patient("Sixty-four", {"age_years": 64}, {}),
    Patient("Sixty-five today", {"age_years": 65}, {"RC-AGE-65": ("caution", "monitor")}, PEREZ),
    Patient(
        "Trembling and losing weight: an overactive thyroid",
        {"hyperthyroidism": True}, {"RC-THYROID": ("relative", "hold")}, "older Ketalar/Ketamine SmPC",
    ),
    Patient(
        "Acute intermittent porphyria in the family and in her",
        {"porphyria": True}, {"RC-PORPHYRIA": ("relative", "specialist_review")}, "UK ketamine SmPC",
    ),
    Patient(
        "Severe sleep apnoea, will not wear the mask",
        {"sleep_apnoea_untreated": True}, {"RC-RESP": ("relative", "monitor")}, SPRAVATO,
    ),
    Patient(
        "Had breakfast before the infusion",
        {"fasted": False}, {"RC-NPO": ("caution", "hold")}, KETALAR, stage="session",
    ),
    Patient(
        "Ate an hour before the nasal spray, and used her steroid spray ten minutes ago",
        {"food_min": 60, "nasal_drug_min": 10}, {"RC-NPO-ESK": ("caution", "hold")}, "Spravato EU package leaflet",
        drug="esketamine", stage="session",
    ),
    Patient(
        "Came by car and means to drive home",
        {"escort": False, "will_drive": True}, {"RC-ESCORT": ("absolute", "block")}, SPRAVATO, stage="session",
    ),
    Patient(
        "Cannot say back what the treatment is",
        {"lacks_capacity": True}, {"RC-CONSENT": ("absolute", "block")}, TORONTO,
    ),
    Patient(
        "Has a plan to die and the means at home: no contraindication, but somebody must see him today",
        {"suicide_risk": "high"}, {"RC-SUICIDE-HIGH": ("caution", "urgent_review")}, SPRAVATO,
    ),
    Patient(
        "One antidepressant for three weeks, then nothing",
        {"antidepressant_trials_failed": 1}, {"RC-TRD": ("indication", "document")}, SPRAVATO,
    ),
    Patient(
        "Nobody has measured the pressure, and she says nothing of the bladder",
        {}, {}, unknown={"sbp", "dbp", "urinary_symptoms", "haematuria", "cystitis", "recurrent_uti"},
    ),
    Patient(
        "Could become pregnant, no test was made",
        {"can_become_pregnant": True}, {}, unknown={"pregnancy_test"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.story)
def test_described_patient(patient: Patient):
    facts = told(**{name: value for name, value in {**NOTHING, **patient.has}.items() if name not in patient.unknown})
    found = assess(facts, RULES, drug=patient.drug, stage=patient.stage, today=TODAY)  # type: ignore[arg-type]
    assert {each.rule_id: (each.severity, each.action) for each in found.findings} == patient.expect
    assert {each.fact for each in found.missing} == patient.unknown
    if patient.says:
        # The source of the gravest, or of the urgent one that comes first.
        assert any(patient.says in source for source in found.findings[0].sources)
    for each in found.findings:
        changed = {name for name in patient.has if name in BY_ID[each.rule_id].asks}
        assert {fact.name for fact in each.because} <= changed | set(NOTHING)
        assert {fact.name for fact in each.because} & changed


# Rules that somebody wrote from a source of their own: their worked examples prove them (docs/how-to).
ADDED = {each.id for each in RULES if each.rule.fact("fact_base").get("id") == "none"}


def test_there_are_at_least_thirty_and_every_rule_has_one():
    assert len(PATIENTS) >= 30
    assert {rule_id for each in PATIENTS for rule_id in each.expect} >= set(BY_ID) - {"CI-ICH.ketamine"} - ADDED
    assert {each.drug for each in PATIENTS} == set(eligibility.DRUGS)
    assert worked.run(BY_ID["CI-ICH.ketamine"].rule) == ()


# ---------------------------------------------------------------- the fact base


def test_all_thirty_six_entries_of_the_fact_base_are_rules():
    of_the_base = [each for each in RULES if "id" in each.rule.fact("fact_base") and each.id not in ADDED]
    entries = {each.rule.fact("fact_base")["id"] for each in of_the_base}
    assert len(entries) == 36
    assert {each.id.split(".")[0] for each in of_the_base} == entries
    assert len(of_the_base) == 40  # four entries speak differently of the two drugs


def test_the_other_rules_name_their_table_and_wait_for_adoption():
    """What came from the newer tables (holds, laboratory limits) has no source as a limit for ketamine."""
    others = [each for each in RULES if "id" not in each.rule.fact("fact_base")]
    assert {each.id for each in others} == {
        "RC-CV-EVENT", "RC-SBP-LOW", "RC-SPO2-LOW", "RC-HEART-RATE", "RC-BREATHING", "RC-TEMPERATURE", "RC-QTC",
        "RC-LAB-LIVER", "RC-LAB-LIVER-TRIAL", "RC-KIDNEY", "RC-EGFR", "RC-SUICIDE-MODERATE",
        "RC-ETCO2", "RC-SEDATED",
    }  # fmt: skip
    assert all(each.rule.fact("fact_base")["table"] for each in others)
    assert not any(each.rule.acts_without_adoption for each in others)


# Read since in another table of the fact base, which says so.
READ_SINCE = {"CI-MI-6W": "read: preparation.csv", "RC-NPO-ESK": "second-hand: preparation.csv"}
WEAK = (("recalled", "recalled"), ("second-hand", "second-hand"), ("summary", "second-hand"))


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.id)
def test_no_mark_is_firmer_than_the_words_of_the_fact_base(rule):
    if "." in rule.id:
        return  # split by drug, each with a mark of its own
    said = rule.rule.fact("fact_base")["verification"]
    assert said.startswith(READ_SINCE.get(rule.id, said))
    weakest = next((mark for word, mark in WEAK if word in said), "verified")
    order = ("verified", "second-hand", "derived", "convention", "recalled")
    assert order.index(rule.rule.verification) >= order.index(weakest)


def test_what_the_esketamine_label_says_is_verified_for_esketamine_alone():
    for name in ("CI-HYPERSENS", "CI-ANEURYSM", "CI-ICH"):
        assert BY_ID[f"{name}.esketamine"].rule.acts_without_adoption
        assert not BY_ID[f"{name}.ketamine"].rule.acts_without_adoption


@pytest.mark.parametrize(
    ("rule", "parameter", "value"),
    [  # facts/rules.json, threshold
        ("CI-MI-6W", "days", 42), ("RC-HTN-BASE", "systolic", 140), ("RC-HTN-BASE", "diastolic", 90),
        ("RC-AGE-65", "age", 65), ("RC-AGE-MIN", "age", 18), ("RC-NPO-ESK", "food", 120),
        ("RC-NPO-ESK", "liquid", 30), ("RC-NPO-ESK", "nasal", 60), ("RC-TRD", "trials", 2),
    ],
)  # fmt: skip
def test_thresholds_are_those_of_the_fact_base(rule, parameter, value):
    assert released_rulebook().rule(rule).number(parameter) == value


def test_only_two_are_never_overridden():
    never = {each.id for each in RULES if each.never_overridden}
    assert never == {"CI-HYPERSENS.ketamine", "CI-HYPERSENS.esketamine", "RC-CONSENT"}


# ---------------------------------------------------------------- adoption, order, age of a fact


def test_what_nobody_has_adopted_is_shown_and_never_blocks():
    rules = tuple(replace(each, adopted=False) for each in RULES)
    found = assess(told(**NOTHING | {"mania_current": True}), rules, drug="ketamine", stage="treatment", today=TODAY)
    assert [each.rule_id for each in found.not_adopted] == ["CI-MANIA"]
    assert found.acting == found.blocking == ()
    adopted = assess(told(**NOTHING | {"mania_current": True}), RULES, drug="ketamine", stage="treatment", today=TODAY)
    assert [each.rule_id for each in adopted.blocking] == ["CI-MANIA"]


def test_urgent_first_then_from_the_gravest():
    facts = told(
        **NOTHING
        | {"suicide_risk": "high", "age_years": 70, "mania_current": True, "seizures": True, "stroke_or_tia": True}
    )
    found = assess(facts, RULES, drug="ketamine", stage="treatment", today=TODAY)
    assert [each.rule_id for each in found.findings] == [
        "RC-SUICIDE-HIGH", "CI-MANIA", "RC-STROKE-TIA", "RC-SEIZURE", "RC-AGE-65",
    ]  # fmt: skip


def test_before_a_dose_only_today_counts_for_the_pressure():
    yesterday = told(TODAY - timedelta(days=1), **NOTHING | {"sbp": 190})
    session = assess(yesterday, RULES, drug="ketamine", stage="session", today=TODAY)
    assert {"sbp", "dbp", "fasted", "intoxicated_today"} <= {each.fact for each in session.missing}
    assert "RC-HTN-BASE" not in {each.rule_id for each in session.findings}
    course = assess(yesterday, RULES, drug="ketamine", stage="treatment", today=TODAY)
    assert "RC-HTN-BASE" in {each.rule_id for each in course.findings}


def test_nothing_told_is_nothing_found_and_everything_missing():
    for drug in eligibility.DRUGS:
        found = assess({}, RULES, drug=drug, stage="treatment", today=TODAY)
        assert found.findings == ()
        asked = {each.fact for each in found.missing}
        assert {"sbp", "alt", "pregnancy_test", "psychosis_active", "suicide_risk"} <= asked
        for each in found.missing:
            assert each.rule_ids
            assert each.why
            assert each.label
        weights = [SEVERITIES.index(each.severity) for each in found.missing]
        assert weights == sorted(weights)


# ---------------------------------------------------------------- laws


def value_of(word: eligibility.Word) -> st.SearchStrategy[Any]:
    match word.kind:
        case "yes_no":
            return st.booleans()
        case "choice":
            return st.sampled_from(word.choices)
        case "day":
            return st.dates(TODAY - timedelta(days=900), TODAY)
        case _:
            near = [p.value + step for r in RULES for p in r.rule.parameters.values() for step in (-1, 0, 1)]
            inside = [each for each in near if word.fault(each) is None]
            return st.one_of(st.floats(word.low, word.high), *([st.sampled_from(inside)] if inside else []))


FACTS = st.fixed_dictionaries({}, optional={name: value_of(word) for name, word in VOCABULARY.items()})
DRUG, STAGE = st.sampled_from(eligibility.DRUGS), st.sampled_from(("treatment", "session"))


def weight(found: eligibility.Assessment) -> dict[str, int]:
    return {each.rule_id: SEVERITIES.index(each.severity) for each in found.findings}


@given(FACTS, DRUG, STAGE, st.randoms(use_true_random=False))
def test_the_order_of_facts_and_of_rules_is_irrelevant(values, drug, stage, random):
    names, rules = list(values), list(RULES)
    one = assess(told(**values), RULES, drug=drug, stage=stage, today=TODAY)
    random.shuffle(names)
    random.shuffle(rules)
    other = assess(told(**{name: values[name] for name in names}), rules, drug=drug, stage=stage, today=TODAY)
    assert one == other


@given(FACTS, DRUG, STAGE, st.sampled_from(sorted(VOCABULARY)), st.data())
def test_a_fact_that_a_rule_does_not_ask_for_changes_nothing_in_it(values, drug, stage, name, data):
    rules = [
        each
        for each in RULES
        if name not in each.asks
        and all(part is None or name not in eligibility_names(part) for part in (each.moot, each.asked_anyway))
    ]
    with_it = {**values, name: data.draw(value_of(VOCABULARY[name]))}
    without = {each: value for each, value in values.items() if each != name}
    assert assess(told(**with_it), rules, drug=drug, stage=stage, today=TODAY) == assess(
        told(**without), rules, drug=drug, stage=stage, today=TODAY
    )


def eligibility_names(condition: Any) -> tuple[str, ...]:
    from sojourn.clinical.eligibility import conditions

    return conditions.names(condition)


@given(FACTS, DRUG, STAGE, st.sampled_from(sorted(VOCABULARY)))
def test_absent_is_never_no(values, drug, stage, name):
    """Taking a fact away never makes a finding: it may only turn what was found, or cleared, into a question."""
    less = {each: value for each, value in values.items() if each != name}
    whole = weight(assess(told(**values), RULES, drug=drug, stage=stage, today=TODAY))
    after = assess(told(**less), RULES, drug=drug, stage=stage, today=TODAY)
    gone = set(whole) - set(weight(after))
    for rule_id in gone:
        rule = BY_ID[rule_id]
        open_now = {each.fact for each in after.missing if rule_id in each.rule_ids}
        silent = rule.moot is not None or rule.only_where_known
        assert name in open_now or silent
    new = {rule_id for rule_id in weight(after) if rule_id not in whole}
    assert not new


@given(st.sampled_from([each for each in RULES if each.rule.parameters]), st.data())
def test_tightening_never_loses_a_finding(rule, data):
    """Whatever stricter numbers a clinic takes, everybody who had a finding has it still, and none is milder."""
    changes = {}
    for name, each in rule.rule.parameters.items():
        step = data.draw(st.floats(0, 500))
        changes[name] = max(0, each.value - step) if each.tighten == "lower" else each.value + step
    tighter = tighten(rule.rule, changes)
    assert isinstance(tighter, Rule)
    values = data.draw(FACTS)
    for drug in rule.drugs:
        for stage in rule.stages:
            before = weight(assess(told(**values), (rule,), drug=drug, stage=stage, today=TODAY))
            after = weight(assess(told(**values), (read(tighter),), drug=drug, stage=stage, today=TODAY))
            for rule_id, severity in before.items():
                assert after[rule_id] <= severity


@given(st.sampled_from([each for each in RULES if each.rule.parameters]), st.data())
def test_no_loosening_is_ever_taken(rule, data):
    name = data.draw(st.sampled_from(sorted(rule.rule.parameters)))
    each = rule.rule.parameters[name]
    step = data.draw(st.floats(0.001, 500))
    looser = each.value + step if each.tighten == "lower" else each.value - step
    assert not isinstance(tighten(rule.rule, {name: looser}), Rule)


@pytest.mark.parametrize(("age", "rule"), [(17.999, "RC-AGE-MIN"), (18, None), (64.999, None), (65, "RC-AGE-65")])
@pytest.mark.parametrize("drug", eligibility.DRUGS)
def test_age_boundaries(age, rule, drug):
    found = assess(told(**NOTHING | {"age_years": age}), RULES, drug=drug, stage="treatment", today=TODAY)
    assert [each.rule_id for each in found.findings] == ([rule] if rule else [])


# Outside of these a number is a slip of the pen; no clinical limits, but a convention of the house. Reviewed.
BOUNDS = {
    "age_years": (0, 130), "weight_kg": (20, 350), "height_cm": (80, 250), "sbp": (0, 300), "dbp": (0, 250),
    "heart_rate": (0, 300), "respiratory_rate": (0, 80), "spo2": (1, 100), "etco2": (0, 150), "moaas": (0, 5),
    "temperature": (25, 45), "bilirubin": (0, 1500), "bilirubin_uln": (1, 200), "egfr": (0, 250),
    "qtc_ms": (200, 800), "antidepressant_trials_failed": (0, 60),
    **dict.fromkeys(("alt", "ast", "alp", "ggt"), (0, 20_000)),
    **dict.fromkeys(("alt_uln", "ast_uln", "alp_uln", "ggt_uln"), (1, 1000)),
    **dict.fromkeys(("food_min", "liquid_min", "nasal_drug_min"), (0, 7 * 24 * 60)),  # a week
}  # fmt: skip


@pytest.mark.parametrize("name", [each.name for each in VOCABULARY.values() if each.kind == "number"])
def test_a_number_is_taken_up_to_its_bounds_and_none_beyond(name):
    low, high = BOUNDS[name]
    found = [VOCABULARY[name].fault(each) for each in (low - 0.1, low, high, high + 0.1)]
    assert found == ["implausible", None, None, "implausible"]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "fault"),
    [
        ("pregnant", [True, False], ["yes", 1, None], "not-yes-or-no"),
        ("cv_event_on", [TODAY], [datetime(2026, 12, 1, tzinfo=UTC), "2026-12-01", None], "not-a-day"),
        ("nyha", ["none", "IV"], ["V", None, 4], "not-a-choice"),
        ("sbp", [120, 120.5], [True, "120", None, float("nan"), float("inf")], "not-a-number"),
    ],
)
def test_what_a_fact_cannot_be_is_named(name, right, wrong, fault):
    assert [VOCABULARY[name].fault(each) for each in right] == [None] * len(right)
    assert [VOCABULARY[name].fault(each) for each in wrong] == [fault] * len(wrong)


# ---------------------------------------------------------------- what is no rule


def rule_with(when: Any, **more: Any) -> Rule:
    return parse_rule(
        {
            "id": "x", "version": 1, "kind": more.pop("kind", "eligibility"), "title": "x", "statement": "x",
            "sources": ["x"], "verification": "convention", "effective_from": TODAY,
            "parameters": more.pop("parameters", {}),
            "fixed": {
                "category": "x", "drugs": ["ketamine"], "stages": ["treatment"],
                "grades": [{"severity": "absolute", "action": "block", "advice": "x", "when": when}], **more,
            },
        }
    )  # fmt: skip


def number(unit: str, way: str) -> dict[str, Any]:
    return {"p": {"value": 10, "unit": unit, "tighten": way}}


@pytest.mark.parametrize(
    ("when", "more", "says"),
    [
        ({"fact": "luck", "is": True}, {}, "no condition"),
        ({"fact": "pregnant", "is": "yes"}, {}, "cannot be"),
        ({"fact": "sbp", "above": 140}, {}, "numbers are never written"),
        ({"fact": "sbp", "above": "p"}, {"parameters": number("kPa", "lower")}, "in kPa"),
        ({"fact": "sbp", "above": "p"}, {"parameters": number("mm[Hg]", "higher")}, "would loosen"),
        ({"fact": "sbp", "below": "p"}, {"parameters": number("mm[Hg]", "lower")}, "would loosen"),
        ({"not": {"fact": "sbp", "above": "p"}}, {"parameters": number("mm[Hg]", "lower")}, "would loosen"),
        ({"fact": "cv_event_on", "within_days": "p"}, {"parameters": number("d", "lower")}, "would loosen"),
        ({"fact": "cv_event_on", "above": "p"}, {"parameters": number("d", "lower")}, "cannot be compared"),
        ({"fact": "pregnant", "is": True}, {"parameters": number("d", "lower")}, "compared with nothing"),
        ({"all": []}, {}, "needs a list"),
        ({"fact": "pregnant", "is": True, "or": 1}, {}, "no condition"),
        ({"any": []}, {}, "needs a list"),
        ({"any": {"fact": "pregnant", "is": True}}, {}, "needs a list"),
        ("pregnant", {}, "is no condition"),
        ({"fact": "pregnant"}, {}, "no condition"),
        ({"fact": "sbp", "like": 120}, {}, "is no comparison"),
        ({"fact": "sbp", "within_days": "p"}, {"parameters": number("mm[Hg]", "higher")}, "cannot be compared"),
        ({"fact": "sbp", "is": 120}, {}, "cannot be"),
        ({"fact": "nyha", "in": []}, {}, "cannot be"),
        ({"fact": "nyha", "in": ["I", "V"]}, {}, "cannot be"),
        ({"known": "luck"}, {}, "is no fact"),
        ({"unstated": "luck"}, {}, "no number of the rule"),
        ({"fact": "alt", "above": "p", "of": "alt_uln"}, {"parameters": number("1", "lower")}, "no condition"),
        ({"fact": "alt", "above_times": "p", "of": "luck"}, {"parameters": number("1", "lower")}, "is no fact"),
        ({"fact": "alt", "above_times": "p", "of": "bilirubin"}, {"parameters": number("1", "lower")}, "a multiple"),
        ({"fact": "pregnant", "above_times": "p", "of": "bipolar"}, {"parameters": number("1", "lower")}, "a multiple"),
        ({"fact": "alt", "above_times": "p", "of": "alt_uln"}, {"parameters": number("U/L", "lower")}, "in U/L"),
        ({"fact": "alt", "above_times": "p", "of": "alt_uln"}, {"parameters": number("1", "higher")}, "would loosen"),
        (
            {"not": {"fact": "alt", "above_times": "p", "of": "alt_uln"}},
            {"parameters": number("1", "lower")},
            "would loosen",
        ),
        ({"fact": "pregnant", "is": True}, {"kind": "evidence"}, "says nothing about eligibility"),
        ({"fact": "pregnant", "is": True}, {"grades": []}, "no grades"),
        ({"fact": "pregnant", "is": True}, {"drugs": []}, "drugs cannot be"),
        ({"fact": "pregnant", "is": True}, {"stages": ["supper"]}, "stages cannot be"),
        ({"fact": "pregnant", "is": True}, {"of_the_day": ["luck"]}, "of_the_day cannot be"),
        ({"fact": "pregnant", "is": True}, {"wants": [{"facts": []}]}, "wants cannot be"),
        ({"fact": "pregnant", "is": True}, {"asked_anyway": {"known": "sbp"}}, "asked_anyway without moot"),
        (
            {"fact": "alt", "above_times": "p", "of": "alt_uln"},
            {
                "parameters": number("1", "lower"),
                "moot": {"any": [{"known": "sbp"}, {"fact": "alt", "above_times": "p", "of": "alt_uln"}]},
            },
            "hang on a number",
        ),
        *(
            ({}, {"grades": [{"severity": "absolute", "action": "block", "advice": "x", **wrong}]}, says)
            for wrong, says in (
                ({"action": "dance"}, "action cannot be"),
                ({"advice": " "}, "needs advice"),
                ({"advice": 1}, "needs advice"),
                ({}, "None is no condition"),
            )
        ),
        ({"fact": "pregnant", "is": True}, {"colour": 1}, "not a part"),
        ({"fact": "pregnant", "is": True}, {"of_the_day": ["sbp"]}, "not asked"),
        ({"fact": "pregnant", "is": True}, {"drugs": ["aspirin"]}, "drugs"),
        (
            {"fact": "pregnant", "is": True},
            {
                "grades": [
                    {"severity": "bad", "action": "block", "advice": "x", "when": {"fact": "bipolar", "is": True}}
                ]
            },
            "severity",
        ),
    ],
)
def test_a_wrong_condition_is_refused_when_it_is_read(when, more, says):
    with pytest.raises(RuleInvalid, match=says):
        read(rule_with(when, **more))


def test_a_rule_acts_and_may_be_overridden_and_asks_for_its_facts_unless_it_says_otherwise():
    rule = read(
        rule_with(
            {"all": [{"fact": "pregnant", "is": True}, {"fact": "sbp", "above": "p"}]},
            parameters=number("mm[Hg]", "lower"),
        )
    )
    assert (rule.adopted, rule.never_overridden, rule.only_where_known) == (True, False, False)
    assert (rule.of_the_day, rule.moot, rule.asked_anyway, rule.wants) == (frozenset(), None, None, ())
    assert rule.asks == ("pregnant", "sbp")
    said = read(rule_with({"known": "sbp"}, never_overridden=True, only_where_known=True), adopted=False)
    assert (said.adopted, said.never_overridden, said.only_where_known) == (False, True, True)


# ---------------------------------------------------------------- what a condition makes of what was told

TIMES = {"p": Parameter("p", 3.0, "1", "lower", None, "convention", "")}
PREGNANT, BIPOLAR = Is("pregnant", (True,)), Is("bipolar", (True,))


@pytest.mark.parametrize(
    ("condition", "facts", "holds", "because", "missing"),
    [
        *(
            (Multiple("alt", relation, "p", "alt_uln"), {"alt": value, "alt_uln": 41}, holds, ("alt", "alt_uln"), ())
            for relation, value, holds in (
                ("at_least", 122.9, False), ("at_least", 123, True), ("above", 123, False), ("above", 123.1, True),
            )
        ),
        (Multiple("alt", "above", "p", "alt_uln"), {"alt": 130}, None, (), ("alt_uln",)),
        (Multiple("alt", "above", "p", "alt_uln"), {"alt_uln": 41}, None, (), ("alt",)),
        (Multiple("alt", "above", "p", "alt_uln"), {}, None, (), ("alt",)),
        (Multiple("alt", "above", "open", "alt_uln"), {"alt": 130, "alt_uln": 41}, None, (), ()),
        (Compares("alt", "above", "open"), {"alt": 130}, None, ("alt",), ()),
        (Known("alt"), {}, False, (), ()), (Known("alt"), {"alt": 3}, True, ("alt",), ()),
        (Unstated("p"), {}, False, (), ()), (Unstated("open"), {}, True, (), ()),
        (Not(PREGNANT), {}, None, (), ("pregnant",)), (Not(PREGNANT), {"pregnant": False}, True, ("pregnant",), ()),
        (Not(PREGNANT), {"pregnant": True}, False, ("pregnant",), ()),
        (All((PREGNANT, BIPOLAR)), {"pregnant": False}, False, ("pregnant",), ()),
        (All((PREGNANT, BIPOLAR)), {"pregnant": True}, None, (), ("bipolar",)),
        (All((PREGNANT, BIPOLAR)), {"pregnant": True, "bipolar": True}, True, ("pregnant", "bipolar"), ()),
        (AnyOf((PREGNANT, BIPOLAR)), {"pregnant": True}, True, ("pregnant",), ()),
        (AnyOf((PREGNANT, BIPOLAR)), {"pregnant": False}, None, (), ("bipolar",)),
        (AnyOf((PREGNANT, BIPOLAR)), {"pregnant": False, "bipolar": False}, False, ("pregnant", "bipolar"), ()),
    ],
)  # fmt: skip
def test_a_condition_holds_does_not_or_stays_open(condition, facts, holds, because, missing):
    assert evaluate_rules(condition, told(**facts), TIMES, TODAY) == Verdict(holds, because, missing)


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, None)])
def test_a_fact_of_the_day_is_open_when_it_was_told_before(days, holds):
    facts = told(TODAY - timedelta(days=days), pregnant=True)
    assert evaluate_rules(PREGNANT, facts, {}, TODAY, {"pregnant"}).holds is holds


def test_a_condition_names_each_of_its_facts_once():
    parts = (
        Not(BIPOLAR),
        Multiple("alt", "above", "p", "alt_uln"),
        Unstated("p"),
        Known("alt"),
        Compares("sbp", "", ""),
    )
    assert names(AnyOf((All(parts), PREGNANT, BIPOLAR))) == ("bipolar", "alt", "alt_uln", "sbp", "pregnant")


def test_of_a_fact_the_newest_is_known_and_of_one_day_the_last_that_was_told():
    days = (TODAY, TODAY - timedelta(days=1), TODAY, TODAY - timedelta(days=2))
    facts = [Fact("sbp", 120 + number, day, "clinician") for number, day in enumerate(days)]
    assert known(*facts)["sbp"].value == 122


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"weight_kgx": 40}, "Thin: weight_kgx is not a fact that we know of"),
        ({"weight_kg": "little"}, "Thin: weight_kg: 'little' is not-a-number"),
    ],
)
def test_an_example_with_a_slip_is_named_by_its_rule(facts, says):
    """It is told as every other fault of the book, instead of ending the check."""
    example = Example("Thin", {"facts": facts}, {"finding": "none"})
    rule = replace(rule_with({"fact": "seizures", "is": True}), examples=(example,))
    assert worked.run(rule) == (f"x: {says}",)


def test_a_negated_number_may_tighten_the_other_way():
    rule = read(rule_with({"not": {"fact": "spo2", "at_least": "p"}}, parameters=number("%", "higher")))
    found = assess(told(spo2=50), (rule,), drug="ketamine", stage="treatment", today=TODAY)
    assert found.findings == ()  # 50 is at least 10
    tighter = tighten(rule.rule, {"p": 95})
    assert isinstance(tighter, Rule)
    assert assess(told(spo2=94), (read(tighter),), drug="ketamine", stage="treatment", today=TODAY).findings


@pytest.mark.parametrize("rule", released_rulebook().of_kind("eligibility"), ids=lambda each: each.id)
def test_every_rule_shows_a_finding_a_clean_bill_and_the_unknown(rule):
    assert worked.run(rule) == ()
    outcomes = [example.expect["finding"] for example in rule.examples]
    assert "none" in outcomes
    assert set(outcomes) - {"none"}
    asks = any(example.expect.get("missing") for example in rule.examples)
    assert asks is not bool(rule.fixed.get("only_where_known", False))
