"""C7: somebody who never drinks is not asked how many drinks. AUDIT manual (WHO/MSD/MSB/01.6a, 2001): "Never" to the
first question skips the questions about drinking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.clinical.scales import ScoreRefusal
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook.scales import scale
from tests.care.people import make_patient
from tests.conftest import Cast


def test_a_never_drinker_is_asked_one_question_and_scores_nothing():
    audit = scale("audit-c")
    assert [each.link_id for each in audit.asked({})] == ["1"]
    assert [each.link_id for each in audit.asked({"1": 0})] == ["1"]
    for often in (1, 2, 3, 4):
        assert [each.link_id for each in audit.asked({"1": often})] == ["1", "2", "3"]
    found = audit.score({"1": 0})
    assert not isinstance(found, ScoreRefusal)
    assert found.total == 0
    assert isinstance(audit.score({"1": 1}), ScoreRefusal)  # a drinker's three questions are all needed


@pytest.mark.alone
def test_the_phone_goes_from_never_to_the_end(clinic: Cast):
    patient = make_patient(clinic, "Alma")
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        due = timezone.now() + timedelta(days=2)
        request = measures_actions.request_measure(by=nurse, patient_id=patient.pk, scale_id="audit-c", due_at=due)
    phone, at = clinic.client("Alma"), f"/today/measures/{request.pk}/"
    assert "How often do you have a drink" in phone.get(f"{at}1/").text
    answered = phone.post(f"{at}1/", {"value": "0"})
    assert answered.status_code == 302
    assert "How many drinks" not in phone.get(answered["Location"]).text
    assert phone.post(f"{at}review/").status_code == 302
    with acting_as(nurse):
        assert QuestionnaireResponse.objects.get().score == 0
