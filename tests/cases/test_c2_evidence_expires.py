"""C2: evidence expires; what is too old is asked again, and what it found stays found until somebody has looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import eligibility
from sojourn.clinical.eligibility import VOCABULARY, Fact, assess, current, known, reasons_today
from sojourn.clinical.rules import Loosened, Rule, RuleInvalid, parse_rule, tighten
from sojourn.foundation.rulebook import released_rulebook
from tests.stated import as_stated

TODAY = date(2026, 12, 2)
TWO_YEARS = TODAY - timedelta(days=730)
RULES = tuple(eligibility.read(as_stated(each)) for each in released_rulebook().of_kind("eligibility"))
EVIDENCE = tuple(eligibility.evidence.read(each) for each in released_rulebook().of_kind("evidence"))
LIMITS = {name: (each.id, int(each.days)) for each in EVIDENCE for name in each.facts}


def told(on: date, **values: Any) -> tuple[Fact, ...]:
    return tuple(Fact(name, value, on, "clinician") for name, value in values.items())


def look(*facts: Fact, stage: Any = "treatment", drug: str = "ketamine", evidence: Any = EVIDENCE) -> Any:
    everything = known(*facts)
    expired = current(everything, evidence, TODAY)[1]
    names = frozenset(each.name for each in expired)
    found = assess(everything, RULES, drug=drug, stage=stage, today=TODAY, expired=names)
    return everything, found, expired


def codes(*facts: Fact, **more: Any) -> dict[str, str]:
    everything, found, expired = look(*facts, stage="session", **more)
    reasons = reasons_today(found, facts=everything, expired=expired).reasons
    return {each.code: each.override for each in reasons}


def test_a_pregnancy_test_of_two_years_ago_is_asked_again():
    """C2: a pregnancy test two years old counts no more (evidence.pregnancy_test: convention, adopted)."""
    could = told(TODAY, can_become_pregnant=True, pregnant=False, planning_pregnancy=False)
    _, found, expired = look(*could, *told(TWO_YEARS, pregnancy_test="negative"))
    assert [(each.name, each.on, each.rule_id) for each in expired] == [
        ("pregnancy_test", TWO_YEARS, "evidence.pregnancy_test")
    ]
    assert "pregnancy_test" in {each.fact for each in found.missing}
    assert codes(*could, *told(TWO_YEARS, pregnancy_test="negative"))["expired:pregnancy_test"] == "prescriber"
    assert "expired:pregnancy_test" not in codes(*could, *told(TODAY, pregnancy_test="negative"))


def test_a_test_that_nobody_asks_for_holds_no_dose():
    """C2: who cannot become pregnant is asked for no test, however old the last one is."""
    cannot = told(TODAY, can_become_pregnant=False)
    assert "expired:pregnancy_test" not in codes(*cannot, *told(TWO_YEARS, pregnancy_test="negative"))


def test_a_blood_pressure_of_two_years_ago_is_asked_again():
    """C2: a blood pressure two years old counts no more (evidence.blood_pressure: convention, adopted)."""
    _, found, expired = look(*told(TWO_YEARS, sbp=118.0, dbp=76.0))
    assert [each.name for each in expired] == ["sbp", "dbp"]
    assert {"sbp", "dbp"} <= {each.fact for each in found.missing}
    fresh = look(*told(TODAY, sbp=118.0, dbp=76.0))
    assert fresh[2] == ()
    assert not {"sbp", "dbp"} & {each.fact for each in fresh[1].missing}


def test_before_a_dose_an_old_pressure_is_said_once_as_not_measured_today():
    """C2: a value that counts only on its day is asked as such, not twice."""
    found = codes(*told(TWO_YEARS, sbp=118.0, dbp=76.0))
    assert found["not-asked:sbp"] == "prescriber"
    assert "expired:sbp" not in found


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"pregnancy_test": "positive"}, "CI-PREGNANCY"), ({"qtc_ms": 520.0}, "RC-QTC"),
        ({"alt": 600.0}, "RC-LAB-LIVER"), ({"psychosis_active": True}, "CI-PSYCHOSIS"),
        ({"suicide_risk": "high"}, "RC-SUICIDE-HIGH"), ({"sbp": 190.0, "dbp": 110.0}, "RC-HTN-BASE"),
    ],
)  # fmt: skip
def test_what_was_found_stays_found_and_is_asked_again(facts: dict[str, Any], rule: str):
    """C2: age takes no block away: a positive test that is too old is no negative one."""
    _, found, expired = look(*told(TWO_YEARS, **facts))
    assert rule in {each.rule_id for each in found.findings}
    assert {each.name for each in expired} == set(facts)
    again = look(*told(TWO_YEARS, **facts), *told(TODAY, alt_uln=41.0, **{name: _reassuring(name) for name in facts}))
    assert rule not in {each.rule_id for each in again[1].findings}


def _reassuring(name: str) -> Any:
    return {
        "pregnancy_test": "negative", "qtc_ms": 410.0, "alt": 20.0, "psychosis_active": False, "suicide_risk": "low",
        "sbp": 120.0, "dbp": 78.0,
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_a_fact_counts_to_the_last_day_of_its_limit(name: str):
    """C2: exactly as old as the limit counts; one day more does not; one day less allowed, it does not either."""
    rule_id, days = LIMITS[name]
    value = {"yes_no": False, "number": VOCABULARY[name].high, "choice": (*VOCABULARY[name].choices, "")[0]}
    at = told(TODAY - timedelta(days=days), **{name: value[VOCABULARY[name].kind]})
    over = told(TODAY - timedelta(days=days + 1), **{name: value[VOCABULARY[name].kind]})
    assert current(known(*at), EVIDENCE, TODAY)[1] == ()
    kept, expired = current(known(*over), EVIDENCE, TODAY)
    assert name not in kept
    assert [(each.rule_id, each.limit_days, each.rule_hash) for each in expired] == [
        (rule_id, days, released_rulebook().rule(rule_id).hash)
    ]
    stricter = tighten(released_rulebook().rule(rule_id), {"days": days - 1})
    assert isinstance(stricter, Rule)
    assert [each.name for each in current(known(*at), (eligibility.evidence.read(stricter),), TODAY)[1]] == [name]


@pytest.mark.parametrize("rule", EVIDENCE, ids=lambda each: each.id)
def test_no_age_acts_before_a_prescriber_has_adopted_it(rule: Any):
    """C2: no source says how old evidence may be, so every number is a convention and waits."""
    assert rule.rule.verification == "convention"
    waiting = (replace(rule, adopted=False),)
    facts = known(*told(date(2000, 1, 1), **{rule.facts[0]: _any(rule.facts[0])}))
    assert current(facts, waiting, TODAY) == (facts, ())
    assert isinstance(tighten(rule.rule, {"days": rule.days + 1}), Loosened)


def _any(name: str) -> Any:
    word = VOCABULARY[name]
    return {"yes_no": True, "number": word.low, "choice": (*word.choices, "")[0], "day": TODAY}[word.kind]


def test_of_two_rules_for_one_fact_the_strictest_speaks():
    """C2: a clinic that adopts two ages for one fact works by the shorter."""
    longer = replace(EVIDENCE[0], facts=("suicide_risk",), days=90.0)
    (expired,) = current(known(*told(TODAY - timedelta(days=100), suicide_risk="low")), (longer, *EVIDENCE), TODAY)[1]
    assert expired.rule_id == "evidence.suicide_risk"
    assert (expired.name, expired.on, expired.label) == (
        "suicide_risk",
        TODAY - timedelta(days=100),
        "Acute suicide risk",
    )


def test_of_two_rules_with_one_age_the_first_by_name_speaks():
    rules = [replace(EVIDENCE[0], rule=replace(EVIDENCE[0].rule, id=each), facts=("sbp",)) for each in ("b", "a")]
    for given_rules in (rules, rules[::-1]):
        (expired,) = current(known(*told(date(2000, 1, 1), sbp=120)), given_rules, TODAY)[1]
        assert expired.rule_id == "a"


AGES = st.integers(0, 1000).map(lambda days: TODAY - timedelta(days=days))
NUMBERS_AND_WORDS = [each for each in VOCABULARY.values() if each.kind != "day"]


@given(st.dictionaries(st.sampled_from([each.name for each in NUMBERS_AND_WORDS]), AGES, max_size=12), st.data())
def test_age_only_ever_adds_questions(ages: dict[str, date], data: st.DataObject):
    """C2: whatever is too old, no finding goes and nothing that was asked is asked no more."""
    facts = [
        Fact(name, data.draw(st.sampled_from(_values(name))), on, "clinician") for name, on in ages.items()
    ]  # fmt: skip
    for stage in ("treatment", "session"):
        _, with_age, _ = look(*facts, stage=stage)
        _, without, _ = look(*facts, stage=stage, evidence=())
        assert with_age.findings == without.findings
        asked, before = ({each.fact for each in found.missing} for found in (with_age, without))
        assert before <= asked


def _values(name: str) -> list[Any]:
    word = VOCABULARY[name]
    return {"yes_no": [True, False], "choice": list(word.choices), "number": [word.low, word.high]}[word.kind]


def test_evidence_may_count_on_its_own_day_alone():
    """C2: no day at all is as short as an age can be."""
    fresh, old = (known(*told(TODAY - timedelta(days=days), sbp=120)) for days in (0, 1))
    rule = eligibility.evidence.read(rule_with({"facts": ["sbp"]}, {"days": (0, "d", "lower")}))
    assert [len(current(facts, (rule,), TODAY)[1]) for facts in (fresh, old)] == [0, 1]


@pytest.mark.parametrize(
    ("fixed", "parameters", "says"),
    [
        ({"facts": []}, {"days": (28, "d", "lower")}, "facts cannot be"),
        ({"facts": ["luck"]}, {"days": (28, "d", "lower")}, "facts cannot be"),
        ({"facts": ["sbp"]}, {}, "one number"),
        ({"facts": ["sbp"]}, {"days": (28, "h", "lower")}, "days cannot be"),
        ({"facts": ["sbp"]}, {"days": (-1, "d", "lower")}, "days cannot be"),
        ({"facts": ["sbp"]}, {"days": (28, "d", "higher")}, "would loosen"),
        ({"facts": ["sbp"], "drugs": ["ketamine"]}, {"days": (28, "d", "lower")}, "not a part"),
    ],
)
def test_what_is_no_rule_of_evidence_is_refused(fixed: Any, parameters: Any, says: str):
    """C2: reading proves that a clinic can only shorten the days."""
    with pytest.raises(RuleInvalid, match=says):
        eligibility.evidence.read(rule_with(fixed, parameters))


def test_a_rule_of_another_kind_says_nothing_of_evidence():
    with pytest.raises(RuleInvalid, match="a rule of kind eligibility says nothing"):
        eligibility.evidence.read(rule_with({"facts": ["sbp"]}, {"days": (28, "d", "lower")}, "eligibility"))


def rule_with(fixed: Any, parameters: Any, kind: str = "evidence") -> Rule:
    return parse_rule(
        {
            "id": "x", "version": 1, "kind": kind, "title": "x", "statement": "x", "sources": ["x"],
            "verification": "convention", "effective_from": TODAY, "fixed": fixed,
            "parameters": {
                name: {"value": value, "unit": unit, "tighten": way} for name, (value, unit, way) in parameters.items()
            },
        }
    )  # fmt: skip
