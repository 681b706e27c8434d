"""Writing to the clinic: nothing twice, nothing lost, nobody forgotten, and letters that say nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import PatientScope
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, email="alma@example.org")


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[letters.Letter]:
    sent: list[letters.Letter] = []
    monkeypatch.setattr(letters, "post", sent.append)
    return sent


def write(clinic: Cast, patient: Patient, body: str, role: str = "", minutes: int = 0, **more: object) -> Communication:
    by = clinic.actor(role) if role else actor_for(clinic, patient)
    with acting_as(by):
        more = {"key": uuid4(), "seen": 10**15 if role else None} | more
        return messaging_actions.write(
            by=by, patient_id=patient.pk, body=body, now=NOW + timedelta(minutes=minutes), **more
        )


def test_a_patient_writes_and_staff_answer(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    write(clinic, patient, "May I eat\r\nbefore?  <b>")
    with acting_as(clinic.actor("nurse")):
        assert messaging_queries.thread(PatientScope(patient.pk)).waiting_since == NOW
        assert [(each.patient.pk, each.messages) for each in messaging_queries.waiting()] == [(patient.pk, 1)]
        assert messaging_queries.waiting_count() == 1
    assert posted == []
    write(clinic, patient, "No, from midnight on.", "nurse", 5)
    with acting_as(clinic.actor("nurse")):
        thread = messaging_queries.thread(PatientScope(patient.pk))
        assert not thread.waiting
        assert messaging_queries.waiting() == []
        assert [each.body for each in thread.messages] == ["May I eat\nbefore?  <b>", "No, from midnight on."]
    with acting_as(actor_for(clinic, patient)) as by:
        assert messaging_queries.unread_count(PatientScope(patient.pk)) == 1
        assert (
            messaging_queries.thread(PatientScope(patient.pk)).messages[1].sender_name
        )  # though a patient sees no member of staff
        assert messaging_queries.thread(PatientScope(patient.pk)).unread == 1
        messaging_actions.mark_read(by=by, patient_id=patient.pk, upto=thread.messages[1].pk)
        messaging_actions.mark_read(by=by, patient_id=patient.pk, upto=thread.messages[1].pk)
        assert messaging_queries.unread_count(PatientScope(patient.pk)) == 0
        assert messaging_queries.thread(PatientScope(patient.pk)).unread == 0


def test_the_letter_says_only_that_a_message_waits(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    write(clinic, patient, "Your ketamine plan is ready, Alma.", "prescriber")
    (letter,) = posted
    whole = f"{letter.subject} {letter.text} {letter.html}"
    assert letter.to == "alma@example.org"
    assert "/today/messages/" in whole
    for secret in ("ketamine", "plan", "Alma", "Reyes", "Prescriber"):
        assert secret.lower() not in whole.lower()


def test_the_same_form_sent_twice_is_one_message(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    key = uuid4()
    first = write(clinic, patient, "Hello", key=key)
    assert write(clinic, patient, "Hello", key=key).pk == first.pk
    answer = uuid4()
    write(clinic, patient, "Good day", "nurse", key=answer)
    write(clinic, patient, "Good day", "nurse", key=answer)
    assert len(posted) == 1
    with acting_as(clinic.actor("nurse")):
        assert len(messaging_queries.thread(PatientScope(patient.pk)).messages) == 2


def test_two_who_answer_at_once_do_not_answer_twice(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    asked = write(clinic, patient, "Hello")
    write(clinic, patient, "Good day", "nurse", seen=asked.pk)
    with pytest.raises(Overtaken):
        write(clinic, patient, "Good morning", "front_desk", seen=asked.pk)


@pytest.mark.alone
def test_who_waits_longest_comes_first(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    ben, cleo = make_patient(clinic, "Ben"), make_patient(clinic, "Cleo")
    write(clinic, ben, "first", minutes=1)
    write(clinic, patient, "second", minutes=2)
    write(clinic, cleo, "third", minutes=3)
    write(clinic, ben, "again", minutes=4)
    with acting_as(clinic.actor("front_desk")) as by:
        assert [(each.patient.given_name, each.messages) for each in messaging_queries.waiting()] == [
            ("Ben", 2), ("Alma", 1), ("Cleo", 1)]  # fmt: skip
        messaging_actions.settle(
            by=by, patient_id=patient.pk, upto=messaging_queries.thread(PatientScope(patient.pk)).messages[-1].pk
        )
        assert [each.patient.given_name for each in messaging_queries.waiting()] == ["Ben", "Cleo"]
        assert [each.patient.given_name for each in messaging_queries.recent()] == ["Ben", "Cleo", "Alma"]
    yet = write(clinic, patient, "and yet", minutes=6)
    with acting_as(clinic.actor("front_desk")) as by:
        assert [each.patient.given_name for each in messaging_queries.waiting()] == ["Ben", "Cleo", "Alma"]
        assert [each.patient.given_name for each in messaging_queries.waiting(limit=2)] == ["Ben", "Cleo"]
        messaging_actions.settle(by=by, patient_id=patient.pk, upto=yet.pk)  # a second time
        assert [each.patient.given_name for each in messaging_queries.waiting()] == ["Ben", "Cleo"]


def test_what_was_read_twice_is_read(clinic: Cast, patient: Patient, posted: list[letters.Letter]):
    seen = write(clinic, patient, "Hello").pk
    for number in (1, 2):
        answer = write(clinic, patient, f"Answer {number}", "nurse", seen=seen)
        with acting_as(actor_for(clinic, patient)) as by:
            assert messaging_queries.unread_count(PatientScope(patient.pk)) == 1
            messaging_actions.mark_read(by=by, patient_id=patient.pk, upto=answer.pk)
            assert messaging_queries.unread_count(PatientScope(patient.pk)) == 0
            thread = messaging_queries.thread(PatientScope(patient.pk))
            assert (thread.unread, thread.newest_id) == (0, answer.pk)
        seen = answer.pk


def test_what_came_meanwhile_is_not_settled_unread(clinic: Cast, patient: Patient):
    first = write(clinic, patient, "Thank you")
    write(clinic, patient, "One more thing", minutes=1)
    with acting_as(clinic.actor("nurse")) as by, pytest.raises(Overtaken):
        messaging_actions.settle(by=by, patient_id=patient.pk, upto=first.pk)


def test_what_is_written_read_and_settled_with_one_moves_nobody_elses_thread(clinic: Cast, patient: Patient):
    alma, ben, nurse, form = patient, make_patient(clinic, "Ben"), clinic.actor("nurse"), uuid4()
    first, also = write(clinic, alma, "Hello"), write(clinic, ben, "Good day")
    write(clinic, ben, "Answered", "nurse", seen=also.pk, key=form)
    write(clinic, alma, "Are you there?")
    answer = write(clinic, alma, "Yes", "nurse", seen=first.pk, key=form)  # neither her words nor Ben's answer is one
    assert answer.body == "Yes"
    write(clinic, alma, "And well", "nurse", seen=answer.pk)
    again = write(clinic, alma, "Thank you")
    last = write(clinic, ben, "Anything else?", "nurse")
    with acting_as(actor_for(clinic, ben)) as by:
        messaging_actions.mark_read(by=by, patient_id=ben.pk, upto=last.pk)
    theirs = write(clinic, ben, "No")
    with acting_as(nurse):
        messaging_actions.settle(by=nurse, patient_id=ben.pk, upto=theirs.pk)
        with pytest.raises(Communication.DoesNotExist):
            messaging_actions.settle(by=nurse, patient_id=alma.pk, upto=theirs.pk)
        assert [each.patient.pk for each in messaging_queries.waiting()] == [alma.pk]
        thread = messaging_queries.thread(PatientScope(alma.pk))
        assert (thread.waiting, thread.unread, thread.settled) == (True, 2, None)
        messaging_actions.settle(by=nurse, patient_id=alma.pk, upto=again.pk)
        assert messaging_queries.unread_count(PatientScope(alma.pk)) == 2  # settled, and still unread
    with acting_as(actor_for(clinic, alma)) as by:
        once_more = write(clinic, alma, "One more thing")
        messaging_actions.mark_read(by=by, patient_id=alma.pk, upto=once_more.pk)
    with acting_as(nurse):
        assert [each.patient.pk for each in messaging_queries.waiting()] == [
            alma.pk
        ]  # read by the patient is no answer


@pytest.mark.parametrize(("body", "code"), [("", "nothing"), (" \n ", "nothing"), ("x" * 8001, "too-long")])
def test_what_cannot_be_sent(clinic: Cast, patient: Patient, body: str, code: str):
    with pytest.raises(ActionRefused) as caught:
        write(clinic, patient, body)
    assert caught.value.codes == (code,)


def test_others_see_and_write_nothing(clinic: Cast, other_clinic: Cast, patient: Patient):
    said = write(clinic, patient, "Mine alone")
    ben = make_patient(clinic, "Ben")
    for by in (actor_for(clinic, ben), other_clinic.actor("nurse")):
        with acting_as(by):
            assert messaging_queries.thread(PatientScope(patient.pk)).messages == ()
            with pytest.raises(Patient.DoesNotExist):
                messaging_actions.write(by=by, patient_id=patient.pk, body="x", key=uuid4())
    with acting_as(clinic.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        Communication.objects.filter(pk=said.pk).update(body="changed")
