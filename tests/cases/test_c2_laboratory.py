"""C2: a laboratory's value is judged by that laboratory's own upper limit, typed or from a report; never in silence.

The multiples are those of the fact base, lab_limits.csv: three times (convention, recalled) with bilirubin twice (FDA
2009, second-hand), eight times (FDA stopping rule, recalled), twice (esketamine trials, recalled), 1000 U/L (FDA,
quoted, second-hand), QTc 450 ms (NCT02228239) and 500 ms (recalled). For eGFR, TSH and potassium no number was found.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from sojourn.care.intake.models import ClinicalFact
from sojourn.care.patients.models import Patient
from sojourn.clinical import eligibility
from sojourn.clinical.eligibility import VOCABULARY, Fact, assess, conditions, known
from sojourn.clinical.eligibility.facts import UPPER_LIMIT
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import released_rulebook
from tests.care.people import make_patient
from tests.care.stage import adopt_everything
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.test_candidacy_pages import body, page_of

TODAY = date(2026, 12, 2)
LIVER = ("alt", "ast", "alp", "ggt", "bilirubin")
JUDGED = "This value cannot be judged without the laboratory's upper limit."


def found(rule_id: str, stage: str = "session", **values: Any) -> tuple[str, str] | None:
    """What one rule finds: severity and action."""
    facts = known(*(Fact(name, value, TODAY, "imported") for name, value in values.items()))
    rule = eligibility.read(released_rulebook().rule(rule_id))
    got = assess(facts, (rule,), drug="esketamine", stage=stage, today=TODAY).findings  # type: ignore[arg-type]
    return (got[0].severity, got[0].action) if got else None


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    adopt_everything(clinic)
    return make_patient(clinic, sex="female", birth_date=date(1980, 5, 5))


# ---------------------------------------------------------------- the numbers


@pytest.mark.parametrize(
    ("rule_id", "number", "value", "unit", "mark"),
    [
        ("RC-LAB-LIVER", "times", 3, "1", "recalled"), ("RC-LAB-LIVER", "bilirubin_with", 2, "1", "second-hand"),
        ("RC-LAB-LIVER", "stops", 8, "1", "recalled"),
        ("RC-LAB-LIVER", "whatever_the_limit", 1000, "U/L", "second-hand"),
        ("RC-LAB-LIVER-TRIAL", "times", 2, "1", "recalled"),
        ("RC-QTC", "stop", 500, "ms", "recalled"), ("RC-QTC", "review", 450, "ms", "second-hand"),
    ],
)  # fmt: skip
def test_each_number_is_that_of_the_table(rule_id: str, number: str, value: float, unit: str, mark: str):
    """C2: threshold, unit and mark, and none acts before a prescriber has adopted it."""
    rule = released_rulebook().rule(rule_id)
    known_as = rule.parameters[number]
    assert (known_as.value, known_as.unit, known_as.verification) == (value, unit, mark)
    assert not rule.acts_without_adoption


def test_where_no_source_has_a_number_none_is_proposed():
    """C2: eGFR ships open; for TSH and potassium there is no rule that could name one."""
    rule = released_rulebook().rule("RC-EGFR")
    assert (dict(rule.parameters), set(rule.open)) == ({}, {"egfr"})
    assert not {"tsh", "potassium"} & set(VOCABULARY)
    assert found("RC-EGFR", egfr=10.0) == ("caution", "document"), "a question, until somebody states a number"


@pytest.mark.parametrize("name", LIVER)
def test_the_same_value_is_judged_by_its_own_laboratory(name: str):
    """C2: 150 of 41 is more than three times, of 55 it is not."""
    assert found("RC-LAB-LIVER", **{name: 150.0, name + UPPER_LIMIT: 41.0}) == ("relative-high", "hold")
    assert found("RC-LAB-LIVER", **{name: 150.0, name + UPPER_LIMIT: 55.0}) is None


@pytest.mark.parametrize("value", [1.0, 20.0, 600.0])
@pytest.mark.parametrize("name", LIVER)
def test_without_the_upper_limit_nothing_is_judged_and_nothing_is_silent(name: str, value: float):
    """C2: not one value of the panel passes unread."""
    assert found("RC-LAB-LIVER", **{name: value}) == ("relative", "hold")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"alt": 122.9, "alt_uln": 41.0}, None), ({"alt": 123.0, "alt_uln": 41.0}, ("relative-high", "hold")),
        ({"alt": 328.0, "alt_uln": 41.0}, ("relative-high", "hold")),
        ({"alt": 328.1, "alt_uln": 41.0}, ("absolute", "block")),
        ({"ast": 123.0, "ast_uln": 41.0, "bilirubin": 42.0, "bilirubin_uln": 21.0}, ("relative-high", "hold")),
        ({"ast": 123.0, "ast_uln": 41.0, "bilirubin": 42.1, "bilirubin_uln": 21.0}, ("absolute", "block")),
        ({"alt": 0.3, "alt_uln": 0.1}, ("relative-high", "hold")),  # three times a tenth, in decimals
    ],
)  # fmt: skip
def test_on_each_side_of_each_multiple(values: dict[str, float], expected: tuple[str, str] | None):
    """C2: at three times, above eight, and Hy's law above twice; exactly, as the numbers are written."""
    if values.get("alt_uln") == 0.1:
        rule = eligibility.read(released_rulebook().rule("RC-LAB-LIVER"))
        facts = {name: Fact(name, value, TODAY, "imported") for name, value in values.items()}
        assert conditions.evaluate_rules(rule.grades[2].when, facts, rule.rule.parameters, TODAY).holds
        return
    assert found("RC-LAB-LIVER", **values) == expected


@pytest.mark.parametrize("name", LIVER)
def test_the_upper_limit_of_an_older_report_judges_no_newer_value(name: str):
    """C2: 150 without a limit, and a limit of 100 from a report of two years ago: that is another laboratory's."""
    rule = eligibility.read(released_rulebook().rule("RC-LAB-LIVER"))

    def judged(limit_on: date) -> list[str]:
        limit = Fact(name + UPPER_LIMIT, 100.0, limit_on, "imported")
        facts = known(Fact(name, 150.0, TODAY, "imported"), limit)
        return [each.advice for each in assess(facts, (rule,), drug="ketamine", stage="session", today=TODAY).findings]

    assert judged(TODAY) == []
    assert [each.startswith(JUDGED) for each in judged(TODAY.replace(year=2024))] == [True]


# ---------------------------------------------------------------- through the door


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_typed_value_without_its_limit_says_so_and_the_limit_is_asked_beside_it(clinic: Cast, ana: Patient):
    """C2: ALT 600 was silent; now the page asks for the limit, and judges once it is there."""
    nurse, day = clinic.client("nurse"), today().isoformat()
    assert nurse.post(page_of(ana, "facts/"), {"panel": "liver", "alt": "600", "observed_on": day}).status_code == 302
    page = text_of(body(nurse.get(page_of(ana))))
    assert JUDGED in page
    assert "ALT, the laboratory's upper limit" in page
    nurse.post(page_of(ana, "facts/"), {"panel": "liver", "alt_uln": "41", "observed_on": day})
    page = text_of(body(nurse.get(page_of(ana))))
    assert JUDGED not in page
    assert "Do not treat until a liver specialist has found the cause." in page


@pytest.mark.alone
def test_a_report_brings_the_limit_in_a_column_of_its_own(clinic: Cast, ana: Patient):
    """C2: CSV with upper_limit; a line without one says nothing of it."""
    nurse, day = clinic.client("nurse"), today().isoformat()
    report = f"name,value,unit,date,upper_limit\nalt,150,U/L,{day},41\nast,30,U/L,{day},\n"
    assert nurse.post(page_of(ana, "report/"), {"report": report, "source_note": "Lab North"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        rows = dict(ClinicalFact.objects.values_list("name", "value"))
    assert rows == {"alt": 150.0, "alt_uln": 41.0, "ast": 30.0}
    assert "No dose until the cause is known." in text_of(body(nurse.get(page_of(ana))))


@pytest.mark.alone
def test_a_limit_that_cannot_be_is_refused_with_its_line(clinic: Cast, ana: Patient):
    """C2: nothing of a report is taken where one limit cannot be read."""
    nurse, day = clinic.client("nurse"), today().isoformat()
    report = f"name,value,unit,date,upper_limit\nalt,150,U/L,{day},many\negfr,88,mL/min/{{1.73_m2}},{day},90\n"
    answer = nurse.post(page_of(ana, "report/"), {"report": report, "source_note": "Lab North"})
    assert answer.status_code == 409
    assert "“many” is not a number." in body(answer)
    with acting_as(clinic.actor("nurse")):
        assert not ClinicalFact.objects.exists()
