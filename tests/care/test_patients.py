"""Patients: made, found, changed without losing anybody's work, and withheld where restricted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import DoseStart, Leaving, Patient
from sojourn.care.patients.not_now import dosed_since
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.models import BreakGlass, Membership, Person
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


def add(clinic: Cast, given="Ana", family="Ruiz", born=date(1980, 3, 12), role="front_desk", **more) -> Patient:
    more.setdefault("another_person", True)
    return patients_actions.add(
        by=clinic.actor(role), given_name=given, family_name=family, birth_date=born, now=NOW, **more
    )


def found(clinic: Cast, text: str, role="front_desk") -> list[str]:
    return [p.name for p in patients_queries.find(text, actor=clinic.actor(role), now=NOW)]


@pytest.mark.alone
def test_a_record_gets_the_next_number_of_its_kind(clinic: Cast):
    with acting_as(clinic.actor("front_desk")):
        assert add(clinic).record_number == "1001"
        assert add(clinic).record_number == "1002"
        add(clinic, record_number="MX-0099")
        assert add(clinic).record_number == "MX-0100"
        add(clinic, record_number="odd")
        assert add(clinic).record_number == "MX-0101"


def test_a_number_is_free_in_another_clinic_and_taken_in_this_one(clinic: Cast, other_clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        add(clinic, record_number="7", role="nurse")
        with pytest.raises(ActionRefused) as refused:
            add(clinic, record_number=" 7 ", role="nurse")
        assert refused.value.codes == ("record-number-taken",)
    with acting_as(other_clinic.actor("nurse")):
        assert add(other_clinic, record_number="7", role="nurse").record_number == "7"


@pytest.mark.parametrize(
    ("born", "code"),
    [
        (date(2026, 3, 3), "born-in-future"),
        (date(1896, 3, 1), "born-too-long-ago"),
    ],
)
def test_an_impossible_birth_is_refused(clinic: Cast, born: date, code: str):
    with acting_as(clinic.actor("nurse")), pytest.raises(ActionRefused) as refused:
        add(clinic, born=born, role="nurse")
    assert refused.value.codes == (code,)


def test_the_edges_of_a_birth_are_accepted(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        add(clinic, born=date(2026, 3, 2), role="nurse")
        add(clinic, born=date(1896, 3, 2), role="nurse")


def test_a_likely_duplicate_is_asked_about_once(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        add(clinic, "José", "Núñez Ortega", date(1971, 5, 9))
        with pytest.raises(ActionRefused) as refused:
            add(clinic, "JOSE", "Nunez-Ortega", date(1971, 5, 9), another_person=False)
        assert refused.value.codes == ("possible-duplicate",)
        add(clinic, "JOSE", "Nunez-Ortega", date(1971, 5, 9), another_person=True)
        add(clinic, "José", "Núñez Ortega", date(1971, 5, 10), another_person=False)
        alone = add(clinic, "Zoe", "Quill", date(1971, 5, 9), another_person=False)  # born on the same day
        assert edit(clinic, alone, 1, given_name="Zoé").given_name == "Zoé"  # nobody is their own duplicate


def test_each_writes_one_audit_row_without_the_name(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        patient = add(clinic, role="nurse")
        row = AuditEvent.objects.get()
        assert (row.action, row.patient_id) == ("patient.added", patient.pk)
        assert "Ruiz" not in str(row.detail)


def test_roles_without_the_permission_are_turned_away(clinic: Cast):
    for role in ("therapist", "clinic_admin", "auditor"):
        with acting_as(clinic.actor(role)), pytest.raises(NotAllowed):
            add(clinic, role=role)
    with acting_as(clinic.actor("nurse")), pytest.raises(NotAllowed):
        add(clinic, role="nurse", restricted=True)


@pytest.mark.parametrize(
    "text",
    [
        "garcia", "GARCÍA", "maria garcia", "García-López María", "lopez", "ma ga", "José",
        "1980-03-12", "12/03/1980", "3/12/1980", "12.3.1980", "12-03-1980", "12 March 1980", "12th of March 1980",
        "March 12, 1980", "12 mar 1980", "12 de marzo de 1980", "12/03/80", "garcia 12.3.1980", "12 March 1980, maria",
        "R-17", "r-17",
    ],
)  # fmt: skip
def test_one_box_finds_by_name_birth_or_number(clinic: Cast, text: str):
    with acting_as(clinic.actor("front_desk")):
        add(clinic, "María José", "García-López", date(1980, 3, 12), record_number="R-17")
        add(clinic, "Peter", "Brown", date(1951, 1, 30), record_number="R-18")
        assert found(clinic, text) == ["María José García-López"]


@pytest.mark.parametrize(
    ("stored", "sought"),
    [
        ("O'Brien", "obrien"), ("O’Brien", "o'brien"), ("Łukasiewicz", "lukasiewicz"), ("Sørensen", "sorensen"),
        ("Weiß", "weiss"), ("Çelik", "celik"), ("Đoković", "dokovic"), ("Иванова", "ИВАНОВА"), ("Nguyễn", "nguyen"),
        ("Åse Æbelø", "aebelo"), ("Ng", "ng"),
    ],
)  # fmt: skip
def test_names_of_many_tongues_are_found(clinic: Cast, stored: str, sought: str):
    with acting_as(clinic.actor("front_desk")):
        add(clinic, "Kim", stored)
        add(clinic, "Other", "Person")
        assert found(clinic, sought) == [f"Kim {stored}"]


@pytest.mark.parametrize("text", ["smith", "13/13/1980", "1980-02-31", "%", "_", "garcia smith", "12 Marchember 1980"])
def test_what_is_not_there_is_not_found(clinic: Cast, text: str):
    with acting_as(clinic.actor("front_desk")):
        add(clinic, "María", "García")
        assert found(clinic, text) == []


@pytest.mark.alone
def test_an_empty_search_lists_everybody_by_family_name(clinic: Cast):
    with acting_as(clinic.actor("front_desk")):
        for given, family in (("Z", "Zorn"), ("B", "Öst"), ("A", "Olsen"), ("C", "Ostrava")):
            add(clinic, given, family)
        assert found(clinic, "  ") == ["A Olsen", "B Öst", "C Ostrava", "Z Zorn"]


def test_a_search_stays_in_its_clinic(clinic: Cast, other_clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        add(clinic, role="nurse")
    with acting_as(other_clinic.actor("nurse")):
        assert found(other_clinic, "ruiz", "nurse") == []


def test_twelve_slash_three_means_two_days():
    assert days_in("12/03/1980")[0] == [date(1980, 3, 12), date(1980, 12, 3)]
    assert days_in("12.03.1980")[0] == [date(1980, 3, 12)]
    assert days_in("25/12/1980")[0] == [date(1980, 12, 25)]
    assert days_in("R-1980") == ([], "R-1980")


@pytest.mark.alone
def test_a_restricted_record_answers_only_to_its_full_name_or_number(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        patient = add(clinic, "Eva", "Stern", role="prescriber", restricted=True, record_number="77")
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        assert found(clinic, "", "nurse") == []
        assert found(clinic, "ste", "nurse") == []
        assert found(clinic, "1980-03-12", "nurse") == []
        assert found(clinic, "stern eva", "nurse") == ["Eva Stern"]
        assert found(clinic, "77", "nurse") == ["Eva Stern"]
        assert patients_queries.withheld(nurse, [patient], NOW) == {patient.pk}
        BreakGlass.objects.create(
            clinic=clinic.clinic, membership=clinic.members["nurse"], patient_id=patient.pk, reason="Collapse",
            opened_at=NOW, until_at=NOW + timedelta(hours=1),
        )  # fmt: skip
        assert patients_queries.withheld(nurse, [patient], NOW) == frozenset()
        assert found(clinic, "ste", "nurse") == ["Eva Stern"]
        assert patients_queries.withheld(nurse, [patient], NOW + timedelta(hours=1)) == {patient.pk}
        assert patients_queries.withheld(clinic.actor("therapist"), [patient], NOW) == {patient.pk}
    with acting_as(clinic.actor("prescriber")):
        assert found(clinic, "ste", "prescriber") == ["Eva Stern"]


def test_a_record_is_shown_as_its_own_glass_and_its_own_account_say(clinic: Cast):
    """Not as another's glass, one that is shut again, or one of another record; nor as an account that has ended,
    another's, or that of whoever supports the patient."""
    with acting_as(clinic.actor("prescriber")):
        patient, other = (add(clinic, role="prescriber", restricted=True) for _each in range(2))
    nurse, of = clinic.actor("nurse"), PatientScope(patient.pk)

    def opened(member: str, whose: Patient, until_at: datetime) -> None:
        BreakGlass.objects.create(
            clinic=clinic.clinic, membership=clinic.members[member], patient_id=whose.pk, reason="Collapse",
            opened_at=NOW - timedelta(hours=1), until_at=until_at,
        )  # fmt: skip

    def joined(role: str, whose: Patient, ended_at: datetime | None = None) -> None:
        person = Person.objects.create_user(f"{role}.{whose.pk}.{ended_at is None}@home.example")
        Membership.objects.create(
            clinic=clinic.clinic, person=person, role=role, name="X", patient_id=whose.pk, ended_at=ended_at
        )

    with acting_as(nurse):
        opened("nurse", patient, NOW)
        opened("nurse", other, NOW + timedelta(hours=1))
        opened("therapist", patient, NOW + timedelta(hours=1))
        joined("patient", patient, NOW)
        joined("patient", other)
        joined("support_person", patient)
        assert patients_queries.record_for(nurse, of, NOW) == patients_queries.Record(patient, True, False)
        opened("nurse", patient, NOW + timedelta(hours=1))
        joined("patient", patient)
        assert patients_queries.record_for(nurse, of, NOW) == patients_queries.Record(patient, False, True)


def test_a_dose_is_with_a_patient_until_they_leave_after_it(clinic: Cast):
    """Not until they left after the one before, until somebody else leaves, nor before it was started."""
    with acting_as(clinic.actor("front_desk")):
        patient, other = add(clinic), add(clinic)
    of, hour = PatientScope(patient.pk), timedelta(hours=1)
    with acting_as(clinic.actor("nurse")):
        for at in (NOW - 48 * hour, NOW):
            DoseStart.objects.create(clinic=clinic.clinic, patient=patient, at=at)
        for who, at in ((patient, NOW - 45 * hour), (other, NOW + hour), (patient, NOW + 3 * hour)):
            Leaving.objects.create(clinic=clinic.clinic, patient=who, at=at)
        told = [dosed_since(of, clinic.clinic, NOW + n * hour) for n in (-1, 0, 2, 3)]
    assert told == [None, NOW, NOW, None]


def edit(clinic: Cast, patient: Patient, version: int, role="nurse", **values) -> Patient:
    return patients_actions.edit(
        by=clinic.actor(role), patient_id=patient.pk, version=version, record_number=patient.record_number, now=NOW,
        **values,
    )  # fmt: skip


def test_the_second_to_save_is_told_and_overwrites_nothing(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        patient = add(clinic, role="nurse")
        edit(clinic, patient, 1, phone="555 1")
        with pytest.raises(Overtaken):
            edit(clinic, patient, 1, phone="555 2")
        patient.refresh_from_db()
        assert (patient.phone, patient.version) == ("555 1", 2)
        assert AuditEvent.objects.filter(action="patient.edited").get().detail == {"fields": ["phone"]}


def test_saving_without_a_change_changes_nothing(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        patient = add(clinic, role="nurse")
        assert edit(clinic, patient, 1, phone="").version == 1
        assert not AuditEvent.objects.filter(action="patient.edited").exists()


def test_a_new_name_is_found_at_once(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        patient = add(clinic, role="nurse")
        edit(clinic, patient, 1, family_name="Ibáñez")
        assert found(clinic, "ibanez", "nurse") == ["Ana Ibáñez"]
        assert found(clinic, "ruiz", "nurse") == []


def test_only_a_prescriber_restricts_a_record(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        add(clinic, role="prescriber", restricted=True)
    with acting_as(clinic.actor("nurse")):
        patient = add(clinic, role="nurse")
        with pytest.raises(NotAllowed):
            edit(clinic, patient, 1, restricted=True)
    with acting_as(clinic.actor("prescriber")):
        assert edit(clinic, patient, 1, role="prescriber", restricted=True).restricted


def test_people_beside_the_patient_come_change_and_go(clinic: Cast):
    by = clinic.actor("front_desk")
    with acting_as(by):
        patient = add(clinic)
        with pytest.raises(ActionRefused) as refused:
            patients_actions.add_person(by=by, patient_id=patient.pk, name=" ")
        assert set(refused.value.codes) == {"name-missing", "no-way-to-reach"}
        person = patients_actions.add_person(by=by, patient_id=patient.pk, name="Luis Ruiz", phone="555")
        changed = patients_actions.edit_person(
            by=by, person_id=person.pk, name="Luis Ruiz", relationship="brother", phone="555", email="",
            brings_home=False,
        )  # fmt: skip
        assert (changed.relationship, changed.brings_home) == ("brother", False)
        assert patients_queries.emergency_contacts(PatientScope(patient.pk)) == []  # nobody said that he may be called
        patients_actions.end_person(by=by, person_id=person.pk, now=NOW)
        patients_actions.end_person(by=by, person_id=person.pk, now=NOW + timedelta(days=1))
        assert patients_queries.people_of(PatientScope(patient.pk)) == []
        assert [p.ended_at for p in patients_queries.people_of(PatientScope(patient.pk), with_ended=True)] == [NOW]
        with pytest.raises(ActionRefused):
            patients_actions.edit_person(
                by=by, person_id=person.pk, name="X", relationship="", phone="1", email="", brings_home=True
            )
        actions_done = AuditEvent.objects.order_by("seq").values_list("action", flat=True)
        assert list(actions_done) == [
            "patient.added", "patient.person_added", "patient.person_edited", "patient.person_ended",
        ]  # fmt: skip


def test_desks_that_save_at_once_get_different_numbers(lasting: Cast):
    def one(n: int) -> str:
        try:
            with acting_as(lasting.actor("front_desk")):
                return add(lasting, given=f"N{n}").record_number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(one, range(16)))
    assert sorted(numbers) == [str(1001 + n) for n in range(16)]
