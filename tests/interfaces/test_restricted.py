"""A restricted record behind its door: no page of the clinic opens it, or names it, to who may not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from sojourn.care.intake import actions as intake
from sojourn.care.measures import actions as measures
from sojourn.care.messaging import actions as messaging
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.foundation.accounts.asker import as_asker
from tests.care.stage import adopt_everything
from tests.conftest import Cast
from tests.interfaces.test_matrix import BOUND, PAGES, House, enrol

SECRETS = ("Quetzal", "Xolotl", "Tezca")
ROLES = ("nurse", "therapist", "front_desk")
DOOR = "/restricted/"
# Whoever watches answers an alarm of anybody: the board names nobody, and an alarm does not wait at a door.
ALARMS = "clinic/board/"


@pytest.fixture
def house(clinic: Cast) -> House:
    """A clinic in which every row of a patient belongs to a restricted one."""
    adopt_everything(clinic)
    house = House(clinic, 1, "")
    for stage in (house.booked, house.running):
        with as_asker(clinic.asker("prescriber")):
            Patient.objects.filter(pk=stage.patient.pk).update(given_name=SECRETS[0], family_name=SECRETS[1])
            RelatedPerson.objects.filter(patient=stage.patient).update(name=f"{SECRETS[2]} {SECRETS[1]}")
            stage.patient.refresh_from_db()
    enrol(house)
    for make, _bound in BOUND.values():
        make(house)
    by = house.patient_asker
    with as_asker(by):
        messaging.write(by=by, patient_id=by.patient_id, body="Xolotl asks", key=uuid4())
        intake.send(by=by, patient_id=by.patient_id)
    nurse = clinic.asker("nurse")
    with as_asker(nurse):
        measures.enter_score(
            by=nurse, patient_id=house.running.patient.pk, scale_id="isi", total=15, taken_at=timezone.now()
        )
    with as_asker(clinic.asker("prescriber")):
        Patient.objects.update(restricted=True)
    return house


def wrong_with(page: Any, address: str, answer: Any, role: str) -> str:
    if answer.status_code in {403, 404, 405}:
        return ""
    said = answer.content.decode(errors="ignore")
    named = [each for each in SECRETS if each in said]
    if named:
        return f"{role} {address} names {named}"
    of_patient = any(name in BOUND and BOUND[name][1] for name in page.parameters)
    if of_patient and DOOR not in address and not page.route.startswith(ALARMS) and not (
        answer.status_code == 302 and DOOR in answer["Location"]
    ):  # fmt: skip
        return f"{role} {address} answers {answer.status_code}"
    return ""


def test_no_page_opens_or_names_it(clinic: Cast, house: House):
    faults = []
    for role in ROLES:
        client = clinic.client(role)
        for page in PAGES:
            if not page.route.startswith("clinic/") or not page.may(role):
                continue
            address = page.address(house)
            for ask in (client.get, client.post):
                if fault := wrong_with(page, address, ask(address), f"{role} {ask.__name__}"):
                    faults.append(fault)
    assert not faults, "\n".join(faults)
    door = clinic.client("prescriber").get(f"/clinic/patients/{house.running.patient.pk}/").content.decode()
    assert "Quetzal" in door, "the prescriber opens it"
    assert "Restricted record" in clinic.client("nurse").get("/clinic/messages/").content.decode()
