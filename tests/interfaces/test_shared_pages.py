"""What every page of one patient asks before its view, in which order, and what a form that acts answers."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.foundation.accounts.actor import acting_as
from tests.conftest import Cast


def add(clinic: Cast, *, restricted: bool = False) -> Patient:
    by = clinic.actor("prescriber")
    with acting_as(by):
        return patients_actions.add(
            by=by, given_name="Ana", family_name="Ruiz", birth_date=date(1980, 3, 12), restricted=restricted
        )


def beside(clinic: Cast, patient: Patient) -> RelatedPerson:
    by = clinic.actor("prescriber")
    with acting_as(by):
        return patients_actions.add_person(by=by, patient_id=patient.pk, name="Leo Ruiz", phone="+1 303 555 0100")


def test_who_may_open_it_is_asked_first(clinic: Cast):
    """Then whether it is read or sent, then whether there is such a patient, then whether the record is restricted."""
    secret, unknown = add(clinic, restricted=True), 999_999
    ask = "console:ask_measure"  # sent only
    assert clinic.client("auditor").get(reverse(ask, args=[unknown])).status_code == 403
    assert clinic.client("nurse").get(reverse(ask, args=[unknown])).status_code == 405
    assert clinic.client("nurse").post(reverse(ask, args=[unknown])).status_code == 404
    answer = clinic.client("nurse").post(reverse(ask, args=[secret.pk]))
    assert (answer.status_code, answer["Location"]) == (302, f"/clinic/patients/{secret.pk}/restricted/")


def test_what_the_clinic_has_is_looked_for_last(clinic: Cast, other_clinic: Cast):
    """Who may, then the method, then whether this clinic has it: another clinic's is not there."""
    admin = other_clinic.actor("clinic_admin")
    with acting_as(admin):
        theirs = reverse("console:chair", args=[scheduling_actions.add_chair(by=admin, name="Chair 9").pk])
    assert other_clinic.client("clinic_admin").get(theirs).status_code == 200
    assert clinic.client("auditor").get(theirs).status_code == 403
    assert clinic.client("clinic_admin").put(theirs).status_code == 405
    assert clinic.client("clinic_admin").get(theirs).status_code == 404


def test_a_restricted_record_leads_back_to_what_was_asked_for(clinic: Cast):
    secret = add(clinic, restricted=True)
    page = reverse("console:measures", args=[secret.pk])
    answer = clinic.client("nurse").get(f"{page}?a=1")
    assert answer.status_code == 302
    assert (
        answer["Location"]
        == f"/clinic/patients/{secret.pk}/restricted/?next=%2Fclinic%2Fpatients%2F{secret.pk}%2Fmeasures%2F%3Fa%3D1"
    )
    assert clinic.client("prescriber").get(page).status_code == 200


def test_what_belongs_to_a_restricted_record_is_as_closed_as_the_record(clinic: Cast):
    secret = add(clinic, restricted=True)
    page = reverse("console:person_edit", args=[beside(clinic, secret).pk])
    assert clinic.client("nurse").get(page)["Location"].startswith(f"/clinic/patients/{secret.pk}/restricted/")
    assert clinic.client("nurse").get(reverse("console:person_edit", args=[999_999])).status_code == 404


def test_a_form_acts_where_it_is_whole(clinic: Cast):
    patient = add(clinic)
    page, client = reverse("console:person_add", args=[patient.pk]), clinic.client("front_desk")
    assert client.get(page).status_code == 200
    assert client.post(page, {}).status_code == 422  # nothing at all was sent, and the name is asked for
    refused = client.post(page, {"name": "Leo Ruiz", "brings_home": "on"})  # no way to reach him: the action's own word
    assert refused.status_code == 409
    assert refused.context["form"].errors["phone"]
    assert client.post(page, {"name": "Leo Ruiz", "phone": "+1 303 555 0100"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert RelatedPerson.objects.get(patient=patient).name == "Leo Ruiz"
