"""C2: rules of the day are asked on the day; the checklist is their voice; of two answers the stricter holds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import eligibility
from sojourn.clinical.eligibility import (
    VOCABULARY,
    Assessment,
    EligibilityRule,
    Fact,
    Today,
    assess,
    conditions,
    current,
    fingerprint,
    item_override,
    known,
    override_of,
    reasons_today,
    signature,
    stricter,
)
from sojourn.clinical.eligibility.assessment import Missing
from sojourn.clinical.eligibility.fingerprints import digest
from sojourn.clinical.eligibility.today import OVERRIDES
from sojourn.clinical.interactions import Interaction, check, written
from sojourn.clinical.interactions import read as read_interaction
from sojourn.clinical.protocol.protocol import READ_AS, Measured, facts_of_the_day
from sojourn.clinical.protocol.protocol import read as read_protocol
from sojourn.clinical.rules import RuleInvalid, parse_rule
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.medicines import medicine
from tests.stated import as_stated

TODAY = date(2026, 12, 2)
RULES = tuple(eligibility.read(as_stated(each)) for each in released_rulebook().of_kind("eligibility"))
EVIDENCE = tuple(eligibility.evidence.read(each) for each in released_rulebook().of_kind("evidence"))
PROTOCOLS = released_rulebook().protocols()
BY_ID = {each.id: each for each in RULES}
WELL = dict.fromkeys(("fasting", "escort", "no_driving", "allergies", "intoxication"), "passed")
READINGS = {
    "nibp_sys": Measured(122, TODAY), "nibp_dia": Measured(78, TODAY), "spo2": Measured(98, TODAY),
    "hr": Measured(66, TODAY), "rr": Measured(14, TODAY), "temp": Measured(36.7, TODAY),
    "etco2": Measured(38, TODAY), "moaas": Measured(5, TODAY),
}  # fmt: skip


def answered(protocol: str = "iv_racemic_40min", **checks: str) -> tuple[Fact, ...]:
    return facts_of_the_day(released_rulebook().protocol(protocol), {**WELL, **checks}, READINGS, TODAY)


def before_a_dose(
    *facts: Fact, drug: str = "ketamine", rules: tuple[EligibilityRule, ...] = RULES
) -> tuple[eligibility.Facts, Assessment, tuple[eligibility.Expired, ...]]:
    everything = known(*facts)
    expired = current(everything, EVIDENCE, TODAY)[1]
    names = frozenset(each.name for each in expired)
    found = assess(everything, rules, drug=drug, stage="session", today=TODAY, expired=names)
    return everything, found, expired


def today(*facts: Fact, drug: str = "ketamine", rules: tuple[EligibilityRule, ...] = RULES, **more: Any) -> Today:
    everything, found, expired = before_a_dose(*facts, drug=drug, rules=rules)
    return reasons_today(found, facts=everything, expired=expired, **more)


def codes(found: Today) -> dict[str, str]:
    return {each.code: each.override for each in found.reasons}


def told(on: date = TODAY, **values: Any) -> tuple[Fact, ...]:
    return tuple(Fact(name, value, on, "clinician") for name, value in values.items())


# ---------------------------------------------------------------- what the checklist and the readings tell


@pytest.mark.parametrize("protocol", [each.id for each in PROTOCOLS])
@pytest.mark.parametrize(
    ("item", "code", "override", "source"),
    [
        ("intoxication", "rule:RC-INTOX", "two", "PMC10812090"),  # blocks the session of that day
        ("escort", "rule:RC-ESCORT", "two", "Spravato US PI"),
        ("no_driving", "rule:RC-ESCORT", "two", "Spravato US PI"),
        ("allergies", "allergy", "never", ""),
    ],
)
def test_a_failed_item_is_the_rule_speaking(protocol: str, item: str, code: str, override: str, source: str):
    """C2: intoxicated, no escort, means to drive, allergy: the failed item is the rule speaking."""
    drug = released_rulebook().protocol(protocol).drug
    assert codes(today(*answered(protocol), drug=drug)) == {}
    found = today(*answered(protocol, **{item: "failed"}), drug=drug)
    assert codes(found) == {code: override}
    (reason,) = found.reasons
    assert any(source in each for each in released_rulebook().rule(reason.rule_id).sources)
    assert reason.hash == released_rulebook().rule(reason.rule_id).hash


@pytest.mark.parametrize("protocol", [each.id for each in PROTOCOLS])
def test_not_fasted_waits_for_a_prescriber_by_the_rule_of_the_drug(protocol: str):
    """C2: Ketalar 2.1 for ketamine, the Spravato leaflet (2 hours, 30 minutes, 1 hour) for esketamine."""
    drug = released_rulebook().protocol(protocol).drug
    rule = "RC-NPO-ESK" if drug == "esketamine" else "RC-NPO"
    assert codes(today(*answered(protocol, fasting="failed"), drug=drug)) == {f"rule:{rule}": "prescriber"}


@pytest.mark.parametrize("item", ["fasting", "escort", "no_driving", "intoxication"])
def test_an_item_that_nobody_answered_is_asked(item: str):
    """C2: what an adopted rule counts only today is asked today."""
    checks = {name: answer for name, answer in WELL.items() if name != item}
    facts = facts_of_the_day(released_rulebook().protocol("im"), checks, READINGS, TODAY)
    (bound,) = [
        each.answers.fact for each in released_rulebook().protocol("im").checklist if each.id == item and each.answers
    ]
    assert codes(today(*facts)) == {f"not-asked:{bound}": "prescriber"}


@pytest.mark.parametrize("name", ["intoxicated_today", "escort", "will_drive", "fasted"])
def test_what_was_said_yesterday_is_asked_again(name: str):
    """C2: every freshness "of the day" acts."""
    good = {"intoxicated_today": False, "escort": True, "will_drive": False, "fasted": True}
    others = [each for each in answered() if each.name != name]
    yesterday = told(TODAY - timedelta(days=1), **{name: good[name]})
    assert codes(today(*others, *yesterday)) == {f"not-asked:{name}": "prescriber"}


def test_a_pressure_of_two_years_ago_is_measured_again():
    """C2: RC-HTN-BASE counts only the pressure of that day."""
    old = {**READINGS, "nibp_sys": Measured(118, TODAY - timedelta(days=730)), "nibp_dia": Measured(76, TODAY)}
    found = today(*facts_of_the_day(released_rulebook().protocol("iv_racemic_40min"), WELL, old, TODAY))
    assert codes(found) == {"not-asked:sbp": "prescriber"}


def test_a_tick_erases_no_allergy():
    """C2: a passed item never takes a recorded allergy away."""
    allergic = told(TODAY - timedelta(days=400), allergy_ketamine=True)
    found = today(*allergic, *answered(allergies="passed"))
    assert codes(found) == {"allergy": "never"}
    assert [each.on for each in found.reasons[0].because] == [TODAY - timedelta(days=400)]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.id)
def test_what_each_item_is_bound_to_was_reviewed(protocol: Any):
    """C2: An item is bound to a fact only where its answer says exactly that.

    Not bound: pregnancy ("excluded or not possible" would erase a recorded pregnancy, and "not excluded" is none),
    suicide_risk (passed says that it was asked, not what was answered), consent (a failed one is no lack of capacity),
    medicines, identity, weight, emergency and staff (no fact), and what readings answer.
    """
    bound = {each.id: each.answers for each in protocol.checklist if each.answers is not None}
    assert {name: (each.fact, each.passed, each.failed) for name, each in bound.items()} == {
        "fasting": ("fasted", True, False),
        "escort": ("escort", True, False),
        "no_driving": ("will_drive", False, True),
        "intoxication": ("intoxicated_today", False, True),
        "allergies": ("allergy_ketamine", None, True),
    }
    assert {each.id for each in protocol.checklist} - set(bound) == {
        "identity", "consent", "pregnancy", "medicines", "suicide_risk", "weight", "blood_pressure", "saturation",
        "emergency", "staff",
    }  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        {"fact": "luck", "passed": True}, {"fact": "fasted"}, {"fact": "fasted", "passed": "yes"},
        {"fact": "sbp", "passed": 120.0}, {"fact": "fasted", "passed": True, "maybe": False},
    ],
)  # fmt: skip
def test_a_binding_that_cannot_be_is_refused(answers: dict[str, Any]):
    """C2: an item can only be bound to a value of the vocabulary."""
    rule = released_rulebook().rule("im")
    data: dict[str, Any] = {
        "id": "x", "version": 1, "kind": "protocol", "title": "x", "statement": "x", "sources": ["x"],
        "verification": "convention", "effective_from": TODAY,
        "parameters": {
            name: {"value": each.value, "unit": each.unit, "tighten": each.tighten}
            for name, each in rule.parameters.items()
        },
        "fixed": {**rule.fixed, "checklist": [{**rule.fact("checklist")[0], "answers": answers}]},
    }  # fmt: skip
    with pytest.raises(RuleInvalid):
        read_protocol(parse_rule(data))


def test_readings_are_told_as_the_facts_that_rules_read():
    """C2: the newest believed readings are facts of the day."""
    named = {each.name: each.value for each in answered()}
    assert {name: named[name] for name in READ_AS} == {
        "sbp": 122, "dbp": 78, "heart_rate": 66, "spo2": 98, "respiratory_rate": 14, "temperature": 36.7,
        "etco2": 38, "moaas": 5,
    }  # fmt: skip


def test_of_two_ways_to_measure_the_newer_day_is_told_and_on_one_day_the_cuff():
    """C2: one pressure is told, not two."""
    yesterday = TODAY - timedelta(days=1)
    newer = {"nibp_sys": Measured(120, yesterday), "art_sys": Measured(150, TODAY)}
    same = {"nibp_sys": Measured(120, TODAY), "art_sys": Measured(150, TODAY)}
    for given_readings, wanted in ((newer, 150), (same, 120)):
        (fact,) = facts_of_the_day(released_rulebook().protocol("im"), {}, given_readings, TODAY)
        assert (fact.name, fact.value, fact.on) == ("sbp", wanted, TODAY)


@pytest.mark.parametrize(("name", "codes_of"), READ_AS.items())
def test_no_believed_reading_is_too_grave_to_be_read(name: str, codes_of: tuple[str, ...]):
    """C2: The vocabulary holds every value that a plausibility rule believes."""
    for code in codes_of:
        for version in (
            each for (rule, _), each in released_rulebook().versions.items() if rule == f"plausible.{code}"
        ):
            for bound in ("low", "high"):
                assert VOCABULARY[name].fault(version.number(bound)) is None


# ---------------------------------------------------------------- recorded events, each read for both drugs

DAY_OF_EVENT = TODAY - timedelta(days=21)


@pytest.mark.parametrize("drug", eligibility.DRUGS)
@pytest.mark.parametrize(
    ("facts", "rule", "override", "source"),
    [
        # Spravato EU SmPC 4.3: not within six weeks; for ketamine derived from it.
        ({"cv_event": True, "cv_event_on": DAY_OF_EVENT}, "CI-MI-6W", "two", "Spravato EU SmPC 4.3"),
        # Without the laboratory's upper limit nothing can be judged, and nothing passes in silence.
        ({"alt": 600.0}, "RC-LAB-LIVER", "prescriber", "Three times the upper limit"),
        ({"ast": 20.0}, "RC-LAB-LIVER", "prescriber", "Three times the upper limit"),
        # Above 1000 U/L whatever the limit: FDA guidance, facts/lab_limits.csv.
        ({"alt": 1001.0}, "RC-LAB-LIVER", "prescriber", "Above 1000 U/L"),
        # Three times the upper limit stops: convention of the fact base, facts/lab_limits.csv.
        ({"alt": 123.0, "alt_uln": 41.0}, "RC-LAB-LIVER", "prescriber", "Three times the upper limit"),
        # Above eight times: FDA stopping rule, recalled, facts/lab_limits.csv.
        ({"alt": 600.0, "alt_uln": 41.0}, "RC-LAB-LIVER", "two", "stopping rule"),
        # Hy's law: FDA 2009 guidance, facts/lab_limits.csv.
        ({"alt": 123.0, "alt_uln": 41.0, "bilirubin": 60.0, "bilirubin_uln": 21.0}, "RC-LAB-LIVER", "two", "Hy's law"),
        # No limit was found in any source: a prescriber states it (here 15).
        ({"egfr": 10.0}, "RC-EGFR", "prescriber", "No numeric limit was found"),
        # 500 ms: usual stop limit, facts/lab_limits.csv, from knowledge.
        ({"qtc_ms": 520.0}, "RC-QTC", "prescriber", "500 ms"),
        # 91 or less: 3 points of NEWS2, facts/holds.csv.
        ({"spo2": 86.0}, "RC-SPO2-LOW", "prescriber", "NEWS2"),
        # C-SSRS screener, moderate: facts/README.md.
        ({"suicide_risk": "moderate"}, "RC-SUICIDE-MODERATE", "prescriber", "C-SSRS"),
        ({"suicide_risk": "high"}, "RC-SUICIDE-HIGH", "prescriber", "Spravato US PI"),
        ({"sbp": 88.0}, "RC-SBP-LOW", "prescriber", "NEWS2"),
        ({"heart_rate": 30.0}, "RC-HEART-RATE", "prescriber", "NEWS2"),
        ({"heart_rate": 0.0}, "RC-HEART-RATE", "prescriber", "NEWS2"),
        ({"respiratory_rate": 5.0}, "RC-BREATHING", "prescriber", "NEWS2"),
        ({"temperature": 40.0}, "RC-TEMPERATURE", "prescriber", "NEWS2"),
        ({"hyperthyroidism": True}, "RC-THYROID", "prescriber", "older Ketalar/Ketamine SmPC"),
        ({"bp_rise_hazard": True}, "CI-BP-HAZARD", "two", "Ketalar PI s.4"),
    ],
    ids=str,
)  # fmt: skip
def test_a_recorded_event_stands_before_a_dose(facts: dict[str, Any], rule: str, override: str, source: str, drug: str):
    """C2: a recorded event that no rule reads is a fault: each has its rule for both drugs."""
    protocol = "in_esketamine" if drug == "esketamine" else "iv_racemic_40min"
    found = today(*[each for each in answered(protocol) if each.name not in facts], *told(**facts), drug=drug)
    speaking = f"{rule}.{drug}" if f"{rule}.{drug}" in BY_ID and drug == "ketamine" else rule
    assert codes(found)[f"rule:{speaking}"] == override
    assert any(source in each for each in released_rulebook().rule(speaking).sources)


@pytest.mark.parametrize("drug", eligibility.DRUGS)
@pytest.mark.parametrize(("days", "rule_speaks"), [(21, True), (42, True), (43, False)])
def test_six_weeks_are_forty_two_days(days: int, rule_speaks: bool, drug: str):
    """C2: Spravato EU SmPC 4.3: within six weeks."""
    event = told(cv_event=True, cv_event_on=TODAY - timedelta(days=days))
    found = today(*answered("in_esketamine" if drug == "esketamine" else "im"), *event, drug=drug)
    assert any(each.code.startswith("rule:CI-MI-6W") for each in found.reasons) is rule_speaks


def test_the_six_weeks_act_by_themselves_for_esketamine_alone():
    """C2: read in the label of esketamine; for ketamine derived, and so adopted first."""
    assert released_rulebook().rule("CI-MI-6W").acts_without_adoption
    assert not released_rulebook().rule("CI-MI-6W.ketamine").acts_without_adoption


@pytest.mark.parametrize("drug", eligibility.DRUGS)
@pytest.mark.parametrize("fact", ["porphyria", "hyperthyroidism", "thyroid_replacement_unstable", "cv_event"])
def test_these_are_read_for_both_drugs(fact: str, drug: str):
    """C2: porphyria, the thyroid and a cardiovascular event are read for both drugs."""
    found = assess(known(*told(**{fact: True})), RULES, drug=drug, stage="treatment", today=TODAY)
    assert any(each.name == fact for finding in found.findings for each in finding.because)


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.id)
def test_a_rule_of_one_drug_says_why_or_has_its_like_for_the_other(rule: EligibilityRule):
    """C2: a rule that speaks of one drug says why, or has its like for the other."""
    if set(rule.drugs) == set(eligibility.DRUGS):
        return
    (drug,) = rule.drugs
    (other,) = set(eligibility.DRUGS) - {drug}
    stem = rule.id.split(".")[0]
    like = any(each.id.split(".")[0] == stem and other in each.drugs for each in RULES)
    assert like or f"For {drug} alone" in rule.rule.fixed.get("note", "")


# ---------------------------------------------------------------- pregnancy


@pytest.mark.parametrize("drug", eligibility.DRUGS)
@pytest.mark.parametrize("sex", ["male", "female", "other", None])
def test_could_become_pregnant_outranks_the_sex_in_the_record(sex: str | None, drug: str):
    """C2: CI-PREGNANCY: the test is asked of everybody who says so (Spravato US PI: embryo-fetal toxicity)."""
    facts = known(*told(can_become_pregnant=True, **({"sex": sex} if sex else {})))
    found = assess(facts, RULES, drug=drug, stage="session", today=TODAY)
    asked = {each.fact for each in found.missing if "CI-PREGNANCY" in each.rule_ids}
    assert asked == {"pregnant", "pregnancy_test", "planning_pregnancy"}


@pytest.mark.parametrize("facts", [{"sex": "male"}, {"sex": "male", "can_become_pregnant": False}])
def test_nobody_else_is_asked_for_a_test(facts: dict[str, Any]):
    """C2: who cannot become pregnant is asked for no test."""
    found = assess(known(*told(**facts)), RULES, drug="ketamine", stage="session", today=TODAY)
    assert not [each for each in found.missing if "CI-PREGNANCY" in each.rule_ids]


# ---------------------------------------------------------------- every fact is read, and has an age

# Facts that no rule compares, each with what reads it instead. Reviewed.
READ_ELSEWHERE = {
    "sex": "says whether pregnancy and breast-feeding are asked (CI-PREGNANCY, CI-LACTATION: moot)",
    "can_become_pregnant": "says whether a test is asked (CI-PREGNANCY: moot, asked_anyway)",
    "hypertension": "RC-HTN-UNCONTROLLED asks whether it is under control, unless there is none (moot)",
    "liver_disease": "CI-HEPATIC-SEVERE and RC-HEPATIC-MOD ask for its class (moot, wants)",
    "weight_kg": "doses per kg (dose.weight, dose.weight_age)",
    "height_cm": "the body of the pharmacokinetic models and the body mass index",
    "consciousness": "NEWS2",
    "on_oxygen": "NEWS2",
}
# Minutes that only the label of esketamine names; for ketamine "fasted" is asked.
ESKETAMINE_ALONE = {"food_min", "liquid_min", "nasal_drug_min"}


@pytest.mark.parametrize("drug", eligibility.DRUGS)
@pytest.mark.parametrize("name", VOCABULARY)
def test_every_fact_is_read_by_a_rule_or_has_a_reviewed_reason(name: str, drug: str):
    """C2: A recorded event that no rule reads is a fault."""
    readers = [
        each.id
        for each in RULES
        if drug in each.drugs and any(name in conditions.names(grade.when) for grade in each.grades)
    ]
    excused = name in READ_ELSEWHERE or (drug == "ketamine" and name in ESKETAMINE_ALONE)
    assert bool(readers) is not excused, f"{name}: {readers or 'nothing reads it'}"


@pytest.mark.parametrize("name", READ_ELSEWHERE)
def test_the_reviewed_reasons_are_true(name: str):
    """C2: what the table says of a fact is so."""
    by_condition = {
        fact
        for each in RULES
        for part in (each.moot, each.asked_anyway, *(want.when for want in each.wants))
        if part is not None
        for fact in conditions.names(part)
    }
    news2 = {"consciousness", "on_oxygen"}
    doses = {"weight_kg", "height_cm"}
    assert name in by_condition | news2 | doses


@pytest.mark.parametrize("name", [each.name for each in VOCABULARY.values() if each.kind == "yes_no"])
def test_every_yes_or_no_that_is_recorded_makes_a_finding_or_a_question(name: str):
    """C2: For both drugs, before a dose: the value that is not reassuring is never silent."""
    grave = name not in {"fasted", "escort"}  # the two where "no" is the grave answer
    for drug in eligibility.DRUGS:
        if drug == "esketamine" and name == "fasted":
            continue  # read by RC-NPO-ESK: see test_not_fasted_waits_for_a_prescriber_by_the_rule_of_the_drug
        found = assess(known(*told(**{name: grave})), RULES, drug=drug, stage="session", today=TODAY)
        speaks = any(each.name == name for finding in found.findings for each in finding.because)
        assert speaks or name in READ_ELSEWHERE


LASTING = {
    "age_years": "of the record, worked out for the day",
    "sex": "of the record",
    "weight_kg": "dose.weight_age says how old a weight may be",
    "height_cm": "does not change in an adult",
    "cv_event_on": "a day, compared with today",
    "antidepressant_trials_failed": "a count of the past",
    **dict.fromkeys(
        (
            "allergy_ketamine", "aneurysm", "arteriovenous_malformation", "intracerebral_haemorrhage",
            "hypertensive_encephalopathy", "psychosis_history", "bipolar", "substance_use_disorder_history",
            "ketamine_misuse", "porphyria",
        ),
        "a history, an allergy or a malformation",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VOCABULARY)
def test_every_fact_expires_is_of_the_day_or_lasts_for_a_reviewed_reason(name: str):
    """C2: evidence expires, unless it lasts."""
    of_the_day = {fact for each in RULES for fact in each.of_the_day}
    ages = {fact for each in EVIDENCE for fact in each.facts}
    assert (name in of_the_day | ages) is not (name in LASTING)


# ---------------------------------------------------------------- who may pass


def test_never_before_two_before_one():
    """C2: never is stricter than two signatures, two are stricter than one."""
    assert stricter("prescriber", "two") == stricter("two", "prescriber") == "two"
    assert stricter("never", "two") == stricter("prescriber", "never") == "never"


@given(st.sampled_from(OVERRIDES), st.sampled_from(OVERRIDES), st.sampled_from(OVERRIDES))
def test_the_stricter_is_a_least_upper_bound(one: Any, two: Any, three: Any):
    """C2: the stricter of several is the same in whatever order they come."""
    assert stricter(one, two) == stricter(two, one)
    assert stricter(one, stricter(two, three)) == stricter(stricter(one, two), three)
    assert stricter(one, one) == one
    assert OVERRIDES.index(stricter(one, two)) <= OVERRIDES.index(one)


BOUND = [
    (protocol, item, rule)
    for protocol in PROTOCOLS
    for item in protocol.checklist
    if item.answers is not None
    for rule in RULES
    if protocol.drug in rule.drugs and item.answers.fact in rule.asks
]


@pytest.mark.parametrize(
    ("protocol", "item", "rule"), BOUND, ids=[f"{one.id}-{item.id}-{rule.id}" for one, item, rule in BOUND]
)
def test_where_checklist_and_rule_disagree_the_stricter_holds(protocol: Any, item: Any, rule: EligibilityRule):
    """C2: every item of every protocol with every rule of the same fact."""
    facts = known(Fact(item.answers.fact, item.answers.failed, TODAY, "clinician"))
    found = assess(facts, (rule,), drug=protocol.drug, stage="session", today=TODAY)
    (finding,) = found.findings
    by_rule = override_of(finding)
    assert by_rule is not None
    reasons = reasons_today(found, facts=facts).reasons
    held = item_override(item.override, item.answers.fact, reasons)
    assert held == stricter(item.override, by_rule)
    assert OVERRIDES.index(held) <= min(OVERRIDES.index(item.override), OVERRIDES.index(by_rule))


def test_every_bound_item_has_a_rule_for_its_drug():
    """C2: no item tells a fact that no rule of its drug asks for."""
    assert {(one.id, item.id) for one, item, _ in BOUND} == {
        (one.id, item.id) for one in PROTOCOLS for item in one.checklist if item.answers is not None
    }


# ---------------------------------------------------------------- adoption, signatures, what was accepted


def test_allergy_and_capacity_act_whatever_the_adoption():
    """C2: No number is in them, and the issue says that they are never passed."""
    waiting = tuple(replace(each, adopted=False) for each in RULES)
    found = today(*answered(), *told(allergy_ketamine=True, lacks_capacity=True), rules=waiting)
    assert codes(found) == {"allergy": "never", "capacity": "never"}
    without = reasons_today(Assessment((), ()), facts=known(*told(allergy_ketamine=True, lacks_capacity=True)))
    assert codes(without) == {"allergy": "never", "capacity": "never"}
    assert {(each.rule_id, each.version) for each in without.reasons} == {("", 0)}


def test_what_nobody_adopted_stands_before_no_dose():
    """C2: a rule that nobody has adopted is shown, and stops nothing."""
    waiting = tuple(replace(each, adopted=False) for each in RULES)
    found = today(*answered(intoxication="failed", fasting="failed", escort="failed"), rules=waiting)
    assert found == Today((), (), ())


def test_two_signatures_set_a_block_aside_and_never_what_is_never_overridden():
    """C2: a block needs the two signatures of decision 0018."""
    facts = (*answered(), *told(mania_current=True, lacks_capacity=True))
    _everything, found, _expired = before_a_dose(*facts)
    every = {fingerprint(each) for each in found.findings}
    after = today(*facts, overridden=every)
    assert codes(after) == {"capacity": "never"}
    assert [each.code for each in after.set_aside] == ["rule:CI-MANIA"]
    other = today(*answered(), *told(psychosis_active=True), overridden=every)
    assert codes(other) == {"rule:CI-PSYCHOSIS": "two"}, "an override is of one finding"


def test_two_signatures_for_a_block_pass_no_hold():
    """C2: a hold is passed by one signed reason on the day, not by an override."""
    facts = (*answered(), *told(hyperthyroidism=True))
    _everything, found, _expired = before_a_dose(*facts)
    after = today(*facts, overridden={fingerprint(each) for each in found.findings})
    assert codes(after) == {"rule:RC-THYROID": "prescriber"}


def test_a_hold_that_was_accepted_stands_no_more_unless_it_changed():
    """C2: a hold seen when the decision was signed is accepted; another value is not."""
    facts = (*answered(), *told(TODAY - timedelta(days=3), qtc_ms=520.0))
    _everything, found, _expired = before_a_dose(*facts)
    seen = {fingerprint(each) for each in found.findings}
    after = today(*facts, accepted=seen)
    assert (codes(after), [each.code for each in after.accepted]) == ({}, ["rule:RC-QTC"])
    longer = today(*answered(), *told(qtc_ms=530.0), accepted=seen)
    assert codes(longer) == {"rule:RC-QTC": "prescriber"}


def test_a_hold_of_the_day_and_an_urgent_review_are_never_accepted_beforehand():
    """C2: what is of the day is decided on the day."""
    facts = (*answered(fasting="failed"), *told(suicide_risk="high"))
    _everything, found, _expired = before_a_dose(*facts)
    after = today(*facts, accepted={fingerprint(each) for each in found.findings})
    assert codes(after) == {"rule:RC-NPO": "prescriber", "rule:RC-SUICIDE-HIGH": "prescriber"}
    assert after.accepted == ()


@pytest.mark.parametrize(
    ("action", "never", "adopted", "override"),
    [
        ("block", False, True, "two"), ("block", True, True, "never"), ("hold", False, True, "prescriber"),
        ("hold", True, True, "never"), ("monitor", True, True, None), ("monitor", False, True, None),
        ("block", True, False, None), ("urgent_review", False, True, "prescriber"),
    ],
)  # fmt: skip
def test_who_may_pass_a_finding(action: Any, never: bool, adopted: bool, override: str | None):
    """C2: only an action that stands before a dose can be passed, or never be."""
    facts = known(*told(mania_current=True))
    (found,) = assess(facts, RULES, drug="ketamine", stage="treatment", today=TODAY).findings
    found = replace(found, action=action, never_overridden=never, adopted=adopted)
    assert eligibility.override_of(found) == override


def test_what_is_not_asked_today_is_said_by_the_rule_that_wants_it_of_the_day():
    """C2: neither by another that asks for it, nor by one that nobody has adopted."""
    of_the_day = BY_ID["RC-HTN-BASE"]
    others = (replace(of_the_day, of_the_day=frozenset()), replace(of_the_day, adopted=False))
    named = [replace(each, rule=replace(each.rule, id=str(at))) for at, each in enumerate((*others, of_the_day))]
    missing = Missing("sbp", (), (), "relative", adopted=True, of_the_day=True, rules=tuple(named))
    assert [each.rule_id for each in reasons_today(Assessment((), (missing,)), facts={}).reasons] == ["2"]


def test_the_strictest_come_first():
    """C2: the reasons come from the strictest."""
    facts = (*answered(fasting="failed", escort="failed"), *told(lacks_capacity=True))
    overrides = [each.override for each in today(*facts).reasons]
    assert overrides == sorted(overrides, key=OVERRIDES.index)
    assert overrides[0] == "never"


def test_what_was_signed_is_found_again_by_the_same_letters_in_any_order():
    """The digest is kept with signatures: the canonical JSON, letters as they are, keys in order."""
    plain = '{"a":1,"b":"é"}'
    assert digest({"b": "é", "a": 1}) == hashlib.sha256(plain.encode()).hexdigest()


SIGNATURE = signature.read(released_rulebook().of_kind(signature.KIND)[0])


@pytest.mark.parametrize(
    ("fact", "adopted", "needs"),
    [
        ({"mania_current": True}, True, ()), ({"mania_current": True}, False, ()),  # a block has its two signatures
        ({"seizures": True}, True, ("reason", "clearance")), ({"seizures": True}, False, ()),
        ({"suicide_risk": "high"}, True, ("reason", "seen")),
    ],
)  # fmt: skip
def test_what_an_acceptance_must_say_of_a_finding(fact: dict[str, Any], adopted: bool, needs: tuple[str, ...]):
    rules = tuple(replace(each, adopted=adopted) for each in RULES)
    found = assess(known(*told(**fact)), rules, drug="ketamine", stage="treatment", today=TODAY)
    assert SIGNATURE.of(found.findings[0]) == needs


@pytest.mark.parametrize(("level", "adopted", "needs"), [("major", True, True), ("major", False, False)])
def test_what_an_acceptance_must_say_of_an_interaction(level: str, adopted: bool, needs: bool):
    assert SIGNATURE.of_interaction(level, adopted=adopted) == (SIGNATURE.by_interaction[level] if needs else ())
    assert SIGNATURE.by_interaction[level]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"by_action": {"dance": ["reason"]}}, "by_action knows no dance"),
        ({"by_severity": {"relative": ["luck"]}}, "cannot ask for"), ({"unknown": ["luck"]}, "cannot ask for"),
    ],
)  # fmt: skip
def test_a_table_of_signatures_that_cannot_be_is_refused(changed: dict[str, Any], says: str):
    (rule,) = released_rulebook().of_kind(signature.KIND)
    with pytest.raises(RuleInvalid, match=says):
        signature.read(replace(rule, fixed={**rule.fixed, **changed}))
    with pytest.raises(RuleInvalid, match="says nothing of a signature"):
        signature.read(replace(rule, kind="evidence"))


# ---------------------------------------------------------------- medicines since the decision

INTERACTIONS = tuple(read_interaction(each) for each in released_rulebook().of_kind("interaction"))


def interactions(*names: str, adopted: bool = True) -> list[Interaction]:
    rules = [replace(each, adopted=adopted) for each in INTERACTIONS]
    outcomes = check([medicine(name) for name in names], rules, drug="ketamine", route="iv")
    return [each for each in outcomes if isinstance(each, Interaction)]


def basis(found: list[Interaction]) -> list[dict[str, Any]]:
    return [
        {"medicine": each.medicine.name, "rule_id": each.rule_id, "severity": each.severity, "adopted": each.adopted}
        for each in found
    ]


def test_a_new_major_interaction_waits_for_a_prescriber():
    """C2: Diazepam beside ketamine: major (Ketalar 7.3)."""
    now = interactions("Diazepam")
    assert {each.severity for each in now} == {"major"}
    found = eligibility.interactions_today(now, [])
    assert {(each.code, each.override, each.medicines) for each in found.reasons} == {
        (f"interaction:{each.rule_id}", "prescriber", ("Diazepam",)) for each in now
    }
    assert found.notices == ()


def test_what_was_seen_at_the_decision_is_not_new():
    """C2: the interactions of the decision are not asked again."""
    now = interactions("Diazepam", "Lithium", "Lamotrigine")
    assert eligibility.interactions_today(now, basis(now)) == eligibility.MedicinesToday((), ())


def test_what_did_not_act_then_and_acts_now_is_new():
    """C2: a rule adopted since acts on an old decision."""
    then = basis(interactions("Diazepam", adopted=False))
    assert eligibility.interactions_today(interactions("Diazepam"), then).reasons
    quiet = eligibility.interactions_today(interactions("Diazepam", adopted=False), [])
    assert quiet.reasons == ()
    assert quiet.notices, "a rule that nobody adopted is shown, and stops nothing"


@pytest.mark.parametrize(
    ("then", "changed", "new"), [("minor", "", True), ("major", "", False), ("major", "Diazepam", True)]
)
def test_what_acts_more_gravely_now_or_at_another_dose_is_new(then: str, changed: str, new: bool):
    now = interactions("Diazepam")
    before = [{**each, "severity": then} for each in basis(now)]
    assert bool(eligibility.interactions_today(now, before, changed=[changed]).reasons) is new


def test_two_versions_of_a_rule_and_two_medicines_of_it_are_one_notice():
    """The first of the rule speaks; new medicines of which no rule speaks are a notice of their own."""
    now = interactions("Lamotrigine", adopted=False)
    later = [replace(each, medicine=medicine("Lithium"), version=each.version + 1) for each in now]
    found = eligibility.interactions_today(
        [*now, *later], [], unmentioned=[medicine("Metformin"), medicine("Aspirin")], listed_at_decision=["Aspirin"]
    )
    assert [(each.code, each.version, each.medicines) for each in found.notices] == [
        *((f"interaction:{each.rule_id}", each.version, ("Lamotrigine", "Lithium")) for each in now),
        ("no-statement", 0, ("Metformin",)),
    ]


def test_a_new_interaction_that_is_not_major_is_a_notice():
    """C2: lesser new interactions are said, and stop nothing."""
    now = [each for each in interactions("Lamotrigine") if each.severity != "major"]
    assert now
    found = eligibility.interactions_today(now, [])
    assert found.reasons == ()
    assert {each.medicines for each in found.notices} == {("Lamotrigine",)}


def test_new_medicines_in_free_text_are_said():
    """C2: a new medicine that nobody could look up is said."""
    tea, drops = written("Grandmother's tea"), written("Blue drops")
    found = eligibility.interactions_today([], [], not_checked=[tea, drops], not_checked_at_decision=["Blue drops"])
    assert [(each.code, each.medicines) for each in found.notices] == [("not-checked", ("Grandmother's tea",))]
