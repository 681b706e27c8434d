"""D4: an answer about danger raises the same flag whatever the instrument, as gravely as the rule says.

A wish to be dead, told in the C-SSRS screener, raised nothing; the same words in item 9 of the PHQ-9 raised a flag.
"""

from __future__ import annotations

from typing import Any

import pytest

from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from tests.care.people import make_patient
from tests.clock import now_here
from tests.conftest import Cast


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def paper(cast: Cast, patient: Patient, scale_id: str, **answers: str) -> Any:
    typed = {f"item-{name.removeprefix('q')}": value for name, value in answers.items()}
    now = now_here()
    at = {"filled_on": f"{now:%Y-%m-%d}", "filled_at": "00:00"}
    return cast.client("nurse").post(f"/clinic/patients/{patient.pk}/measures/{scale_id}/paper/", at | typed)


SAID: list[tuple[str, dict[str, str], str]] = [
    # question 1 alone is low risk, 3 moderate, 4 high (facts/instruments.json, C-SSRS screener, triage)
    ("c-ssrs-screener", {"q1": "1", "q2": "0", "q6": "0"}, "soon"),
    ("c-ssrs-screener", {"q1": "1", "q2": "1", "q3": "1", "q4": "0", "q5": "0", "q6": "0"}, "urgent"),
    ("c-ssrs-screener", {"q1": "0", "q2": "1", "q3": "0", "q4": "1", "q5": "0", "q6": "0"}, "emergency"),
    ("c-ssrs-screener", {"q1": "0", "q2": "0", "q6": "1", "q6r": "1"}, "emergency"),
    ("c-ssrs-screener", {"q1": "0", "q2": "0", "q6": "1", "q6r": "0"}, "urgent"),
    ("c-ssrs-screener", {"q1": "0", "q2": "0", "q6": "0"}, ""),
    ("phq-9", {**{f"q{n}": "0" for n in range(1, 9)}, "q9": "1"}, "urgent"),
    ("phq-9", {f"q{n}": "0" for n in range(1, 10)}, ""),
]


@pytest.mark.parametrize(("scale_id", "answers", "severity"), SAID)
def test_each_raises_one_flag_as_grave_as_it_is(
    clinic: Cast, patient: Patient, scale_id: str, answers: dict[str, str], severity: str
):
    """D4: entered from paper through the page: one flag, of the gravest of its answers, and the nurse is led to it."""
    answer = paper(clinic, patient, scale_id, **answers)
    assert answer.status_code == 302, answer.content[:400]
    with acting_as(clinic.actor("nurse")):
        found = [(each.kind, each.severity, each.source) for each in Flag.objects.filter(patient=patient)]
    assert found == ([("suicidal_thoughts", severity, "answer")] if severity else [])
    assert ("/clinic/flags/" in answer["Location"]) is bool(severity)
