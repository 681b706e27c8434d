"""The patients' pages: who sees what, nothing typed is lost, and few queries."""

from __future__ import annotations

import html
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import BreakGlass, Invitation, Membership, Person
from sojourn.foundation.audit.models import AuditEvent
from tests.care.way import signed_course
from tests.clock import now_here, today
from tests.conftest import Cast

FORM = {
    "given_name": "Ana", "family_name": "Ruiz", "birth_date": "12 March 1980", "sex": "female", "language": "en",
    "phone": "", "email": "", "record_number": "1001", "proposed": "1001",
}  # fmt: skip


def add(clinic: Cast, given="Ana", family="Ruiz", restricted=False, **more) -> Patient:
    with acting_as(clinic.actor("prescriber")):
        return patients_actions.add(
            by=clinic.actor("prescriber"), given_name=given, family_name=family, birth_date=date(1980, 3, 12),
            restricted=restricted, another_person=True, **more,
        )  # fmt: skip


def begin(clinic: Cast, patient: Patient) -> CarePlan:
    return signed_course(clinic, patient, dose_mg=Decimal("37.5"), at=now_here() - timedelta(days=3))


def body(response) -> str:
    return html.unescape(response.content.decode())


def audited(clinic: Cast, action: str) -> list[AuditEvent]:
    with acting_as(clinic.actor("auditor")):
        return list(AuditEvent.objects.filter(action=action).order_by("seq"))


@pytest.mark.alone
def test_a_front_desk_makes_a_record(clinic: Cast):
    client = clinic.client("front_desk")
    assert 'value="1001"' in body(client.get(reverse("console:patient_add")))
    answer = client.post(reverse("console:patient_add"), FORM)
    with acting_as(clinic.actor("front_desk")):
        patient = Patient.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("console:patient", args=[patient.pk])
    assert (patient.birth_date, patient.record_number) == (date(1980, 3, 12), "1001")


@pytest.mark.alone
def test_a_proposed_number_that_was_taken_meanwhile_becomes_the_next(clinic: Cast):
    add(clinic, "Bo", record_number="1001")
    clinic.client("nurse").post(reverse("console:patient_add"), FORM)
    with acting_as(clinic.actor("nurse")):
        assert Patient.objects.get(given_name="Ana").record_number == "1002"


def test_a_chosen_number_that_is_taken_is_told(clinic: Cast):
    add(clinic, "Bo", record_number="77")
    answer = clinic.client("nurse").post(reverse("console:patient_add"), FORM | {"record_number": "77"})
    assert answer.status_code == 409
    assert "77 belongs to another record" in body(answer)
    assert 'value="Ana"' in body(answer)


@pytest.mark.alone
def test_a_duplicate_is_shown_with_its_link_before_saving(clinic: Cast):
    twin = add(clinic, "ANA", "Rúiz")
    client = clinic.client("nurse")
    answer = client.post(reverse("console:patient_add"), FORM)
    assert answer.status_code == 409
    assert reverse("console:patient", args=[twin.pk]) in body(answer)
    assert client.post(reverse("console:patient_add"), FORM | {"another_person": "on"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert Patient.objects.count() == 2


def test_a_restricted_twin_is_not_described(clinic: Cast):
    add(clinic, restricted=True, record_number="SECRET-9")
    answer = clinic.client("nurse").post(reverse("console:patient_add"), FORM)
    assert answer.status_code == 409
    assert "A restricted record" in body(answer)
    assert "SECRET-9" not in body(answer)


@pytest.mark.parametrize("written", ["12/03/1980", "yesterday", "1980-02-30"])
def test_a_day_that_is_not_clear_is_asked_for_again(clinic: Cast, written: str):
    answer = clinic.client("nurse").post(reverse("console:patient_add"), FORM | {"birth_date": written})
    assert answer.status_code == 422
    assert f'value="{written}"' in body(answer)


def test_a_birth_in_the_future_is_told_beside_the_field(clinic: Cast):
    tomorrow = today() + timedelta(days=2)
    answer = clinic.client("nurse").post(reverse("console:patient_add"), FORM | {"birth_date": tomorrow.isoformat()})
    assert answer.status_code == 409
    assert 'href="#id_birth_date"' in body(answer)


def test_the_list_finds_and_pages(clinic: Cast):
    for number in range(30):
        add(clinic, f"Given{number:02d}", "Péralta")
    add(clinic, "Zoe", "Other")
    client = clinic.client("front_desk")
    first = body(client.get(reverse("console:patients"), {"q": "peralta"}))
    assert 'hx-target="#results" hx-swap="innerHTML"' in first  # the box must outlive its content
    assert "30 records, 1 to 25 shown" in first
    assert "Other, Zoe" not in first
    assert "page=2" in first
    second = body(client.get(reverse("console:patients"), {"q": "peralta", "page": "2"}))
    assert "Péralta, Given29" in second
    assert "Nothing matches “xyz”" in body(client.get(reverse("console:patients"), {"q": "xyz"}))


def test_htmx_gets_the_rows_only(clinic: Cast):
    add(clinic)
    answer = clinic.client("nurse").get(reverse("console:patients"), {"q": "ana"}, headers={"HX-Request": "true"})
    assert "<html" not in body(answer)
    assert "Ruiz, Ana" in body(answer)
    assert "HX-Request" in answer["Vary"]


@pytest.mark.alone
def test_an_empty_clinic_says_what_will_appear(clinic: Cast):
    assert "The patients of the clinic appear here" in body(clinic.client("nurse").get(reverse("console:patients")))


def test_the_desk_sees_who_and_when_but_nothing_clinical(clinic: Cast):
    patient = add(clinic, phone="555 0199")
    begin(clinic, patient)
    page = body(clinic.client("front_desk").get(reverse("console:patient", args=[patient.pk])))
    assert "Ana Ruiz" in page
    assert "555 0199" in page
    for secret in ("Major depressive", "37.5", "First series", "Questionnaires", "Protocol"):
        assert secret not in page
    page = body(clinic.client("nurse").get(reverse("console:patient", args=[patient.pk])))
    assert "Major depressive disorder" in page
    assert "37.5" in page


def test_opening_the_record_is_audited_once(clinic: Cast):
    patient = add(clinic)
    client = clinic.client("nurse")
    client.get(reverse("console:patient", args=[patient.pk]))
    client.get(reverse("console:patient_measures", args=[patient.pk]), headers={"HX-Request": "true"})
    rows = audited(clinic, "patient.opened")
    assert [(row.patient_id, row.detail) for row in rows] == [(patient.pk, {"part": "clinical"})]
    clinic.client("front_desk").get(reverse("console:patient", args=[patient.pk]))
    assert audited(clinic, "patient.opened")[1].detail == {"part": "identity"}


def test_a_restricted_record_leads_to_the_glass(clinic: Cast):
    patient = add(clinic, "Eva", "Stern", restricted=True, record_number="SECRET-9")
    gate = reverse("console:restricted", args=[patient.pk])
    for role in ("nurse", "therapist", "front_desk"):
        client = clinic.client(role)
        assert client.get(reverse("console:patient", args=[patient.pk])).url.startswith(f"{gate}?next=")
        found = body(client.get(reverse("console:patients"), {"q": "eva stern"}))
        assert "A restricted record" in found
        assert "Stern, Eva" not in found
        assert patient.record_number not in found
        assert gate in found
    assert clinic.client("nurse").get(reverse("console:patient_edit", args=[patient.pk])).url.startswith(gate)
    assert clinic.client("nurse").get(reverse("console:patient_access", args=[patient.pk])).url.startswith(gate)
    assert not audited(clinic, "patient.opened")
    with acting_as(clinic.actor("nurse")):
        BreakGlass.objects.create(
            clinic=clinic.clinic, membership=clinic.members["nurse"], patient_id=patient.pk, reason="Emergency",
            opened_at=timezone.now(), until_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip
    assert clinic.client("nurse").get(reverse("console:patient", args=[patient.pk])).status_code == 200
    assert clinic.client("prescriber").get(reverse("console:patient", args=[patient.pk])).status_code == 200


def change(client, patient: Patient, page: str, **typed):
    before = page.split('name="before" value="')[1].split('"', maxsplit=1)[0]
    version = page.split('name="version" value="')[1].split('"', maxsplit=1)[0]
    values = {
        "given_name": "Ana", "family_name": "Ruiz", "birth_date": "1980-03-12", "sex": "unknown", "language": "en",
        "phone": "", "email": "", "record_number": patient.record_number, "version": version, "before": before,
    } | typed  # fmt: skip
    return client.post(reverse("console:patient_edit", args=[patient.pk]), values)


def test_two_who_change_the_same_record_lose_nothing(clinic: Cast):
    patient = add(clinic)
    nurse, desk = clinic.client("nurse"), clinic.client("front_desk")
    address = reverse("console:patient_edit", args=[patient.pk])
    seen_by_nurse, seen_by_desk = body(nurse.get(address)), body(desk.get(address))
    assert change(desk, patient, seen_by_desk, phone="555 1111", email="ana@example.org").status_code == 302
    answer = change(nurse, patient, seen_by_nurse, phone="555 2222", given_name="Ana María")
    page = body(answer)
    assert answer.status_code == 409
    assert f"{clinic.members['front_desk'].name} saved this record while you were writing" in page
    assert "555 1111" in page  # what the other saved
    assert 'value="555 2222"' in page  # what was typed stays in the form
    assert 'value="Ana María"' in page
    assert 'value="ana@example.org"' in page  # untouched fields take the other's value
    with acting_as(clinic.actor("nurse")):
        patient.refresh_from_db()
        assert patient.phone == "555 1111"
    again = change(nurse, patient, page, phone="555 2222", given_name="Ana María", email="ana@example.org")
    assert again.status_code == 302
    with acting_as(clinic.actor("nurse")):
        patient.refresh_from_db()
        assert (patient.phone, patient.given_name, patient.email) == ("555 2222", "Ana María", "ana@example.org")


def test_an_error_on_an_old_page_does_not_hide_the_others_change(clinic: Cast):
    """A first post with a fault keeps the version that was seen, so that the next one is still compared with it."""
    patient = add(clinic)
    nurse = clinic.client("nurse")
    seen = body(nurse.get(reverse("console:patient_edit", args=[patient.pk])))
    with acting_as(clinic.actor("front_desk")):
        patients_actions.edit(
            by=clinic.actor("front_desk"), patient_id=patient.pk, version=1, record_number="", phone="555 1111"
        )
    faulty = change(nurse, patient, seen, email="not an address")
    assert faulty.status_code == 422
    assert change(nurse, patient, body(faulty), email="a@example.org").status_code == 409


def test_a_prescriber_restricts_a_record_and_a_nurse_cannot(clinic: Cast):
    patient = add(clinic)
    nurse, prescriber = clinic.client("nurse"), clinic.client("prescriber")
    address = reverse("console:patient_edit", args=[patient.pk])
    change(nurse, patient, body(nurse.get(address)), restricted="on")
    with acting_as(clinic.actor("nurse")):
        patient.refresh_from_db()
        assert not patient.restricted
    change(prescriber, patient, body(prescriber.get(address)), restricted="on")
    with acting_as(clinic.actor("nurse")):
        patient.refresh_from_db()
        assert patient.restricted


@pytest.mark.alone
def test_people_beside_the_patient(clinic: Cast):
    patient = add(clinic)
    client = clinic.client("front_desk")
    missing = client.post(reverse("console:person_add", args=[patient.pk]), {"name": "Luis Ruiz"})
    assert missing.status_code == 409
    assert 'href="#id_phone"' in body(missing)
    client.post(
        reverse("console:person_add", args=[patient.pk]), {"name": "Luis Ruiz", "phone": "1", "brings_home": "on"}
    )
    with acting_as(clinic.actor("front_desk")):
        person = RelatedPerson.objects.get()
    client.post(reverse("console:person_edit", args=[person.pk]), {"name": "Luis Ruiz Gil", "phone": "1"})
    assert "Luis Ruiz Gil" in body(client.get(reverse("console:patient", args=[patient.pk])))
    client.post(reverse("console:person_end", args=[person.pk]))
    assert "Luis Ruiz Gil" not in body(client.get(reverse("console:patient", args=[patient.pk])))
    assert client.get(reverse("console:person_end", args=[person.pk])).status_code == 405


@pytest.mark.alone
def test_the_patient_is_invited_once(clinic: Cast, mailoutbox):
    patient = add(clinic, email="ana@example.org")
    client = clinic.client("front_desk")
    address = reverse("console:patient_access", args=[patient.pk])
    assert 'value="ana@example.org"' in body(client.get(address))
    assert client.post(address, {"email": "ana@example.org"}).status_code == 302
    again = client.post(address, {"email": "ana@example.org"})
    assert again.status_code == 409
    with acting_as(clinic.actor("front_desk")):
        invitation = Invitation.objects.get()
        assert (invitation.patient_id, invitation.role, invitation.email) == (patient.pk, "patient", "ana@example.org")
    assert "the link waits to be used" in body(client.get(address))
    page = reverse("console:patient", args=[patient.pk])
    assert "Invite to the portal" in body(client.get(page))
    with acting_as(clinic.actor("front_desk")):
        person = Person.objects.create_user("ana@example.org", None)
        Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=patient.pk
        )  # fmt: skip
    assert "Invite to the portal" not in body(client.get(page))
    assert f'href="{address}"' in body(client.get(page))


ROLES = ("prescriber", "nurse", "therapist", "front_desk", "clinic_admin", "auditor")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("patients", {"prescriber", "nurse", "therapist", "front_desk"}),
        ("patient_add", {"prescriber", "nurse", "front_desk"}),
        ("patient", {"prescriber", "nurse", "therapist", "front_desk"}),
        ("patient_edit", {"prescriber", "nurse", "front_desk"}),
        ("patient_measures", {"prescriber", "nurse", "therapist"}),
        ("person_add", {"prescriber", "nurse", "front_desk"}),
        ("patient_access", {"prescriber", "nurse", "front_desk"}),
    ],
)
def test_who_may_open_what(clinic: Cast, other_clinic: Cast, name: str, allowed: set[str]):
    patient = add(clinic)
    args = [] if name in {"patients", "patient_add"} else [patient.pk]
    opened = {
        role for role in ROLES if clinic.client(role).get(reverse(f"console:{name}", args=args)).status_code == 200
    }
    assert opened == allowed
    if args:
        for role in allowed:
            assert other_clinic.client(role).get(reverse(f"console:{name}", args=args)).status_code == 404


def test_courses_end(clinic: Cast):
    patient = add(clinic)
    course = begin(clinic, patient)
    client = clinic.client("prescriber")
    end = reverse("console:course_end", args=[course.pk])
    assert "End the course" in body(client.get(end))
    assert client.post(end, {"ended_on": (today() + timedelta(days=2)).isoformat()}).status_code == 409
    assert client.post(end, {"ended_on": today().isoformat()}).status_code == 302
    assert client.post(end, {"ended_on": today().isoformat()}).status_code == 409


MOST_QUERIES = 25  # a page that nothing polls


@pytest.mark.alone
def test_pages_stay_within_twenty_five_queries(clinic: Cast):
    patient = add(clinic)
    course = begin(clinic, patient)
    with acting_as(clinic.actor("clinic_admin")):
        chair = scheduling_actions.add_chair(by=clinic.actor("clinic_admin"), name="Chair 1")
    with acting_as(clinic.actor("nurse")):
        start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
        for number in range(5):
            scheduling_actions.book(
                by=clinic.actor("nurse"), care_plan_id=course.pk, chair_id=chair.pk,
                starts_at=start + timedelta(days=number), minutes=120,
            )  # fmt: skip
        for number in range(3):
            patients_actions.add_person(by=clinic.actor("nurse"), patient_id=patient.pk, name=f"P{number}", phone="1")
        for appointment in Appointment.objects.all()[:3]:
            encounter = Encounter.objects.create(
                clinic=clinic.clinic, patient=patient, care_plan=course, appointment=appointment, chair=chair,
                protocol_id="im", protocol_version="1", protocol_hash="0" * 64, opened_at=timezone.now(),
            )  # fmt: skip
            scheduling_actions.hand_to_session(appointment, encounter.opened_at)
            SessionState.objects.create(
                clinic=clinic.clinic, patient=patient, encounter=encounter, seq=1, state="arrived", at=timezone.now()
            )
        Patient.objects.update(restricted=True)
        BreakGlass.objects.create(
            clinic=clinic.clinic, membership=clinic.members["nurse"], patient_id=patient.pk, reason="Emergency",
            opened_at=timezone.now(), until_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip
    client = clinic.client("nurse")
    pages = [
        reverse("console:patients"), reverse("console:patients") + "?q=ana",
        reverse("console:patient", args=[patient.pk]), reverse("console:patient_edit", args=[patient.pk]),
        reverse("console:patient_measures", args=[patient.pk]),
        reverse("console:patient_access", args=[patient.pk]), reverse("console:patient_add"),
    ]  # fmt: skip
    for page in pages:
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(page).status_code == 200
        spoken = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(spoken) <= MOST_QUERIES, f"{page}: {len(spoken)}\n" + "\n".join(spoken)
