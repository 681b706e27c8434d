"""C3: a dose waits where a signal is below or above its hold, whether or not the clinic has adopted its alarms.

Limits: NEWS2's gravest bands (facts/news2.json), Deitch 2010 and Holton 2016 (facts/holds.csv); as holds a convention.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.clinical.alarms import ESCALATION, KINDS
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage
from tests.conftest import Cast

WELL = {"nibp_sys": 124, "nibp_dia": 78, "spo2": 98, "hr": 71, "rr": 14}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "clinical" / "holds.md"

# What start_dose let pass, and the holds that it must meet.
HELD = [
    ({"nibp_sys": 75, "nibp_dia": 40}, {"rule:RC-SBP-LOW"}),
    ({"nibp_sys": 90, "nibp_dia": 60}, {"rule:RC-SBP-LOW"}),
    ({"hr": 30}, {"rule:RC-HEART-RATE"}),
    ({"hr": 131}, {"rule:RC-HEART-RATE"}),
    ({"spo2": 84}, {"rule:RC-SPO2-LOW"}),
    ({"spo2": 91}, {"rule:RC-SPO2-LOW"}),
    ({"hr": 160, "rr": 5, "moaas": 2}, {"rule:RC-HEART-RATE", "rule:RC-BREATHING", "rule:RC-SEDATED"}),
    ({"rr": 25}, {"rule:RC-BREATHING"}),
    ({"co2_rr": 8}, {"rule:RC-BREATHING"}),
    ({"temp": 34.9}, {"rule:RC-TEMPERATURE"}),
    ({"temp": 39.1}, {"rule:RC-TEMPERATURE"}),
    ({"etco2": 34}, {"rule:RC-ETCO2"}),
    ({"etco2": 50}, {"rule:RC-ETCO2"}),
]


def ready(cast: Cast, at: datetime) -> Stage:
    """A session in which nothing is left to do but start the dose."""
    stage = set_stage(cast, at=at)
    arrive(stage, at)
    pass_checks(stage, at)
    check_dose(stage, at)
    return stage


def refused(stage: Stage, now: datetime) -> set[str]:
    with pytest.raises(ActionRefused) as found:
        stage.step("start_dose", now=now)
    assert current_state(SessionScope(stage.id)).state == "checked"
    return set(found.value.codes)


@pytest.mark.parametrize(("values", "holds"), HELD)
def test_the_dose_waits(clinic: Cast, values: dict[str, float], holds: set[str]):
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        now = at + timedelta(minutes=2)
        stage.vitals(now, **{**WELL, **values})
        assert holds <= refused(stage, now)


@pytest.mark.parametrize(
    "values",
    [
        {"nibp_sys": 91, "nibp_dia": 60}, {"hr": 41}, {"hr": 130}, {"spo2": 92}, {"rr": 9}, {"rr": 24},
        {"temp": 35.1}, {"temp": 39.0}, {"etco2": 35}, {"etco2": 49}, {"moaas": 4},
    ],
)  # fmt: skip
def test_on_the_other_side_of_each_hold_it_begins(clinic: Cast, values: dict[str, float]):
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        now = at + timedelta(minutes=2)
        stage.vitals(now, **{**WELL, **values})
        stage.step("start_dose", now=now)
        assert current_state(SessionScope(stage.id)).state == "dosing"


@pytest.mark.parametrize(("values", "holds"), HELD)
def test_it_waits_where_nobody_has_decided_about_the_alarms(clinic: Cast, values: dict[str, float], holds: set[str]):
    waiting = [each.id for each in released_rulebook().of_kind(*KINDS, ESCALATION)]
    adopt_everything(clinic, but=waiting)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        now = at + timedelta(minutes=2)
        stage.vitals(now, **{**WELL, **values})
        assert {"alarms-not-adopted", *holds} <= refused(stage, now)


def test_a_clinic_that_adopted_all_alarms_but_a_new_one_waits(clinic: Cast):
    """Arrival, checks and values go on."""
    adopt_everything(clinic, but=["bp.systolic.low"])
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        stage.vitals(at + timedelta(minutes=2), **WELL)
        assert refused(stage, at + timedelta(minutes=2)) == {"alarms-not-adopted"}


def test_one_prescriber_passes_a_hold_with_a_signed_reason(clinic: Cast):
    """An athlete at a pulse of 40."""
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        now = at + timedelta(minutes=2)
        stage.vitals(now, **{**WELL, "hr": 40})
        assert refused(stage, now) == {"rule:RC-HEART-RATE", "high-alarm-open"}
    page = clinic.client("prescriber").get(reverse("console:session", args=[stage.id])).content.decode()
    assert "Pulse is very slow or very fast" in page
    with acting_as(clinic.actor("prescriber")):
        stage.step(
            "start_dose", role="prescriber", now=now, overrides=frozenset({"rule:RC-HEART-RATE", "high-alarm-open"}),
            reason="Runs marathons; 40 at rest for years.",
        )  # fmt: skip
        assert current_state(SessionScope(stage.id)).state == "dosing"


def test_a_newer_pulse_of_the_oximeter_outweighs_an_older_count(clinic: Cast):
    """Of one day the heart rate stood for the pulse, however old it was."""
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        stage.vitals(at + timedelta(minutes=1), **WELL)
        stage.vitals(at + timedelta(minutes=2), pr=140)
        assert "rule:RC-HEART-RATE" in refused(stage, at + timedelta(minutes=2))


def test_a_doubted_value_holds_and_never_frees(clinic: Cast):
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        stage = ready(clinic, at)
        stage.vitals(at + timedelta(minutes=1), **{**WELL, "hr": 350})
        assert "high-alarm-open" in refused(stage, at + timedelta(minutes=1))


def test_the_page_of_holds_says_what_the_rules_say():
    rows = [line.split("|")[2:5] for line in PAGE.read_text("utf-8").splitlines() if "RC-" in line and "|" in line]
    assert len(rows) == 8
    for below, above, rules in rows:
        for words, name in zip((below, above), rules.split(";"), strict=True):
            if "RC-" in name:
                rule_id, _dot, parameter = name.strip().partition(".")
                first = re.search(r"[0-9]+(\.[0-9])?", words)
                assert first is not None
                assert float(first[0]) == released_rulebook().rule(rule_id).number(parameter), name
