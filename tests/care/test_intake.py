"""An intake told in pieces: nothing typed is lost, unsure is never no, two pages do not overwrite each other."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import NOT_ASKED, BadIntakeForm, StatedAnswer, intake_form, read, source
from sojourn.care.intake.models import ClinicalFact, Goal, IntakeAnswer, IntakeSubmission, MedicationStatement
from sojourn.care.intake.typed import told_of
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
YES, NO, UNSURE = StatedAnswer("told", True), StatedAnswer("told", False), StatedAnswer("unsure")


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, sex="female")


def say(
    clinic: Cast, patient: Patient, question: str, told: StatedAnswer, *, role: str = "", **more: object
) -> IntakeAnswer:
    by = clinic.actor(role) if role else actor_for(clinic, patient)
    with acting_as(by):
        more = {"seen": None, "now": NOW} | more
        return intake_actions.answer(by=by, patient_id=patient.pk, question_id=question, told=told, **more)


def facts(clinic: Cast, patient: Patient, day: date = TODAY):
    with acting_as(clinic.actor("nurse")):
        return intake_queries.facts(patient, day)


def line(clinic: Cast, patient: Patient, of: str, **values: object):
    by = actor_for(clinic, patient)
    with acting_as(by):
        return intake_actions.say_line(by=by, patient_id=patient.pk, of=of, now=NOW, **values)


def medicine(clinic: Cast, patient: Patient, name: str, **values: object):
    return line(clinic, patient, "medicines", **({"name": name, "current": True, "stopped_on": None} | values))


# ---------------------------------------------------------------- the intake


def test_every_fact_that_a_patient_can_tell_is_asked_once():
    told = [name for question in intake_form().questions for name in question.facts]
    assert len(told) == len(set(told))
    assert set(told) | NOT_ASKED == set(VOCABULARY)
    assert not set(told) & NOT_ASKED


def test_every_question_says_why():
    assert all(len(question.why) > 20 for question in intake_form().questions)


@pytest.mark.parametrize(
    ("found", "put", "said"),
    [
        ('fact = "hypertension"', 'fact = "bad_mood"', "no fact"),
        ('fact = "pregnant"', 'fact = "hypertension"', "another question tells"),
        ('of = "high_blood_pressure"', 'of = "pregnant"', "not asked before"),
        ('why = "The dose of this medicine goes by body weight."', 'why = " "', "why"),
        ('on = "will_drive"', 'on = "nowhere"', "not asked"),
        ("hypertension_uncontrolled = false", 'hypertension_uncontrolled = "low"', "not-yes-or-no"),
    ],
)
def test_an_intake_form_that_contradicts_itself_is_refused(found: str, put: str, said: str):
    assert found in source()
    with pytest.raises(BadIntakeForm, match=said):
        read(source().replace(found, put, 1))


# ---------------------------------------------------------------- answers and facts


def test_the_record_the_patient_and_the_clinician_tell_facts(clinic: Cast, patient: Patient):
    say(clinic, patient, "high_blood_pressure", YES)
    say(clinic, patient, "blood_pressure_control", StatedAnswer("told", "high"))
    say(clinic, patient, "weight", StatedAnswer("told", {"typed": "154.3", "unit": "lb", "number": 69.99}))
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name="sbp", value=132.0, on=TODAY, now=NOW)
    known = facts(clinic, patient)
    assert (known["age_years"].value, known["age_years"].told_by) == (41, "record")
    assert known["sex"].value == "female"
    assert (known["hypertension"].value, known["hypertension"].told_by) == (True, "patient")
    assert known["hypertension_uncontrolled"].value is True
    assert known["weight_kg"].value == 69.99
    assert (known["sbp"].value, known["sbp"].told_by) == (132, "clinician")
    assert "pregnant" not in known


def test_unsure_and_skipped_tell_nothing_even_after_a_yes(clinic: Cast, patient: Patient):
    first = say(clinic, patient, "bipolar", YES)
    assert facts(clinic, patient)["bipolar"].value is True
    second = say(clinic, patient, "bipolar", UNSURE, seen=first.pk)
    say(clinic, patient, "mania_now", NO)
    assert "bipolar" not in facts(clinic, patient)
    say(clinic, patient, "bipolar", StatedAnswer("skipped"), seen=second.pk)
    assert "bipolar" not in facts(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        kept = [each.told.standing for each in intake_queries.history(PatientScope(patient.pk), "bipolar")]
    assert kept == ["skipped", "unsure", "told"]


def test_a_checklist_tells_no_of_what_was_not_ticked_unless_the_rest_is_unsure(clinic: Cast, patient: Patient):
    first = say(clinic, patient, "vessels", StatedAnswer("told", {"yes": ["avm"], "rest_unsure": False}))
    known = facts(clinic, patient)
    assert (known["arteriovenous_malformation"].value, known["aneurysm"].value) == (True, False)
    say(clinic, patient, "vessels", StatedAnswer("told", {"yes": ["avm"], "rest_unsure": True}), seen=first.pk)
    known = facts(clinic, patient)
    assert known["arteriovenous_malformation"].value is True
    assert "aneurysm" not in known


def test_none_of_these_is_said_and_never_assumed(clinic: Cast, patient: Patient):
    say(clinic, patient, "vessels", told_of(intake_form().by_id["vessels"], {"press": ["none"]}))
    assert facts(clinic, patient)["aneurysm"].value is False
    say(clinic, patient, "brain_ever", told_of(intake_form().by_id["brain_ever"], {"rest_unsure": ["1"]}))
    assert "seizures" not in facts(clinic, patient)


def test_what_no_longer_applies_is_kept_but_tells_nothing(clinic: Cast, patient: Patient):
    gate = say(clinic, patient, "can_become_pregnant", YES)
    say(clinic, patient, "pregnant", YES)
    assert facts(clinic, patient)["pregnant"].value is True
    say(clinic, patient, "can_become_pregnant", NO, seen=gate.pk)
    known = facts(clinic, patient)
    assert known["can_become_pregnant"].value is False
    assert "pregnant" not in known
    with acting_as(clinic.actor("nurse")):
        assert IntakeAnswer.objects.filter(patient=patient, question_id="pregnant").exists()


def test_the_newest_of_each_fact_counts_and_a_clinicians_word_on_the_same_day(clinic: Cast, patient: Patient):
    nurse = clinic.actor("nurse")
    weight = StatedAnswer("told", {"typed": "80", "unit": "kg", "number": 80.0})
    say(clinic, patient, "weight", weight)
    with acting_as(nurse):
        entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name="weight_kg", value=78.5, on=TODAY, now=NOW)
    assert facts(clinic, patient)["weight_kg"].value == 78.5
    with acting_as(nurse):
        entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name="weight_kg", value=60.0,
                           on=TODAY - timedelta(days=400), sure=True, now=NOW)  # fmt: skip
    assert facts(clinic, patient)["weight_kg"].value == 78.5


def test_facts_take_few_questions_of_the_database(clinic: Cast, patient: Patient, django_assert_num_queries):
    say(clinic, patient, "bipolar", YES)
    with acting_as(clinic.actor("nurse")), django_assert_num_queries(3):
        intake_queries.facts(patient, TODAY)


# ---------------------------------------------------------------- two pages, twice pressed


def test_two_pages_do_not_overwrite_each_other(clinic: Cast, patient: Patient):
    first = say(clinic, patient, "bipolar", NO)
    say(clinic, patient, "bipolar", YES, seen=first.pk)  # the phone
    with pytest.raises(Overtaken) as caught:
        say(clinic, patient, "bipolar", UNSURE, seen=first.pk)  # the older page of the laptop
    assert caught.value.codes == ("overtaken",)
    assert facts(clinic, patient)["bipolar"].value is True


def test_the_same_answer_again_changes_nothing(clinic: Cast, patient: Patient):
    first = say(clinic, patient, "bipolar", YES)
    assert say(clinic, patient, "bipolar", YES).pk == first.pk
    with acting_as(clinic.actor("clinic_admin")):
        assert AuditEvent.objects.filter(action="intake.answered").count() == 1


# ---------------------------------------------------------------- contradictions and slips


def test_pregnancy_is_asked_of_everybody_and_never_assumed_from_sex(clinic: Cast):
    man = make_patient(clinic, "Ben", sex="male")
    assert "can_become_pregnant" in [each.id for each in intake_form().shown({}, "male")]
    with pytest.raises(ActionRefused) as caught:
        say(clinic, man, "can_become_pregnant", YES)
    assert caught.value.codes == ("contradiction:pregnancy-and-sex",)
    row = say(clinic, man, "can_become_pregnant", YES, confirmed=frozenset({"pregnancy-and-sex"}))
    assert row.confirmed == ["pregnancy-and-sex"]
    assert facts(clinic, man)["can_become_pregnant"].value is True
    assert facts(clinic, man)["sex"].value == "male"


def test_what_was_confirmed_without_a_contradiction_is_not_written_down(clinic: Cast, patient: Patient):
    assert say(clinic, patient, "bipolar", YES, confirmed=frozenset({"pregnancy-and-sex"})).confirmed == []


@pytest.mark.parametrize(
    ("question", "fields", "code"),
    [
        ("weight", {"value": ["700"], "unit": ["kg"]}, "implausible"),
        ("weight", {"value": ["12"], "unit": ["lb"]}, "implausible"),
        ("weight", {"value": ["seventy"], "unit": ["kg"]}, "not-a-number"),
        ("weight", {"value": ["70"], "unit": ["stone"]}, "unit"),
        ("weight", {"value": ["NaN"], "unit": ["kg"]}, "not-a-number"),
        ("height", {"value": ["170"], "unit": ["ft"]}, "feet"),
        ("height", {"value": ["5 7"], "unit": ["cm"]}, "not-a-number"),
        ("heart_event_day", {"value": ["2 March 2030"]}, "future"),
        ("heart_event_day", {"value": ["2 March 1950"]}, "before-birth"),
        ("heart_event_day", {"value": ["03/04/2025"]}, "two-days"),
        ("heart_event_day", {"value": ["some time ago"]}, "unreadable"),
        ("bipolar", {"value": ["maybe"]}, "not-a-choice"),
        ("bipolar", {}, "nothing"),
        ("heart_now", {"value": ["dragons"]}, "not-a-choice"),
        ("heart_now", {}, "nothing"),
        ("heart_now", {"value": ["rhythm"], "press": ["none"]}, "both"),
        ("why_now", {"value": ["x" * 4001]}, "too-long"),
        ("will_drive", {"value": ["yes"]}, "contradiction:escort-and-driving"),
    ],
)
def test_a_slip_is_said_at_once_and_nothing_is_written(clinic: Cast, patient: Patient, question, fields, code):
    say(clinic, patient, "escort", YES)
    with pytest.raises(ActionRefused) as caught:
        say(clinic, patient, question, told_of(intake_form().by_id[question], fields))
    assert caught.value.codes == (code,)
    with acting_as(clinic.actor("nurse")):
        assert not IntakeAnswer.objects.filter(patient=patient, question_id=question).exists()


@pytest.mark.parametrize(
    ("typed", "unit", "cm"),
    [
        ("5 7", "ft", 170.18),
        ("5'7\"", "ft", 170.18),
        ("5 ft 7 in", "ft", 170.18),
        ("6", "ft", 182.88),
        ("172,5", "cm", 172.5),
    ],
)
def test_heights_as_people_write_them(typed: str, unit: str, cm: float):
    told = told_of(intake_form().by_id["height"], {"value": [typed], "unit": [unit]})
    assert (told.value["number"], told.value["typed"]) == (cm, typed)


def test_a_pound_is_its_definition():
    told = told_of(intake_form().by_id["weight"], {"value": ["200"], "unit": ["lb"]})
    assert told.value["number"] == 90.72  # 200 x 0.45359237


def test_unsure_is_possible_at_every_question():
    for question in intake_form().questions:
        assert told_of(question, {"press": ["unsure"], "value": ["whatever"]}) == UNSURE


# ---------------------------------------------------------------- lists


def test_a_medicine_in_free_text_is_kept_as_said_and_marked_not_checked(clinic: Cast, patient: Patient):
    medicine(clinic, patient, "Grandmother's  heart drops", dose="ten drops")
    medicine(clinic, patient, "Zoloft 50 mg")
    with acting_as(clinic.actor("nurse")):
        found = {each.name: each for each in intake_queries.medicines(PatientScope(patient.pk))}
    drops, zoloft = found["Grandmother's heart drops"], found["Zoloft 50 mg"]
    assert (drops.ingredient, drops.rxcui, drops.checked, drops.dose) == (None, None, False, "ten drops")
    assert (zoloft.ingredient, zoloft.rxcui, zoloft.checked) == ("Sertraline", "36437", True)  # facts/interactions.csv


def test_a_person_may_say_that_none_of_the_found_names_fits(clinic: Cast, patient: Patient):
    medicine(clinic, patient, "Zoloft", ingredient="")
    with acting_as(clinic.actor("nurse")):
        assert intake_queries.medicines(PatientScope(patient.pk))[0].checked is False


def test_a_line_is_changed_removed_and_never_lost(clinic: Cast, patient: Patient):
    first = medicine(clinic, patient, "Lithium", dose="300 mg")
    second = medicine(clinic, patient, "Lithium", dose="600 mg", line=first.line, seen=first.pk)
    with pytest.raises(Overtaken):
        medicine(clinic, patient, "Lithium", dose="900 mg", line=first.line, seen=first.pk)
    by = actor_for(clinic, patient)
    with acting_as(by):
        assert [each.dose for each in intake_queries.medicines(PatientScope(patient.pk))] == ["600 mg"]
        intake_actions.remove_line(by=by, patient_id=patient.pk, of="medicines", line=first.line)
        intake_actions.remove_line(by=by, patient_id=patient.pk, of="medicines", line=first.line)
        assert intake_queries.medicines(PatientScope(patient.pk)) == ()
        rows = MedicationStatement.objects.filter(line=second.line).order_by("id")
        assert [(row.dose, row.removed) for row in rows] == [("300 mg", False), ("600 mg", False), ("600 mg", True)]


def test_a_double_press_adds_one_line(clinic: Cast, patient: Patient):
    for _ in range(2):
        medicine(clinic, patient, "Lithium", dose="300 mg")
        line(clinic, patient, "goals", text="Sleep through")
    with acting_as(clinic.actor("nurse")):
        assert len(intake_queries.medicines(PatientScope(patient.pk))) == 1
        assert [each.text for each in intake_queries.goals(PatientScope(patient.pk))] == ["Sleep through"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": "  "}, "name-missing"),
        ({"name": "Lithium", "current": True, "stopped_on": date(2026, 1, 1)}, "stopped-and-current"),
        ({"name": "Lithium", "current": False, "stopped_on": date(2027, 1, 1)}, "future"),
        ({"name": "Lithium", "current": False, "stopped_on": date(1970, 1, 1)}, "before-birth"),
        ({"name": "x" * 201}, "too-long"),
        ({"name": "Prozac 20 mg", "current": False}, "contradiction:still-current"),
    ],
)
def test_what_cannot_be_of_a_medicine(clinic: Cast, patient: Patient, values, code):
    medicine(clinic, patient, "Fluoxetine")
    with pytest.raises(ActionRefused) as caught:
        medicine(clinic, patient, **values)
    assert caught.value.codes == (code,)


def test_a_past_medicine_that_is_taken_again_can_be_confirmed(clinic: Cast, patient: Patient):
    medicine(clinic, patient, "Fluoxetine")
    medicine(clinic, patient, "Prozac", current=False, sure=True)
    with acting_as(clinic.actor("nurse")):
        assert [each.current for each in intake_queries.medicines(PatientScope(patient.pk))] == [True, False]


def test_none_is_refused_while_something_stands_on_the_list(clinic: Cast, patient: Patient):
    line(clinic, patient, "allergies", substance="Penicillin", reaction="rash")
    with pytest.raises(ActionRefused) as caught:
        say(clinic, patient, "allergies", StatedAnswer("told", "none"))
    assert caught.value.codes == ("lines-there",)


def test_previous_treatments_carry_dose_duration_outcome_and_adequacy(clinic: Cast, patient: Patient):
    line(clinic, patient, "treatments", kind="medicine", name="Sertraline", dose="200 mg", duration="3 months",
         outcome="not", long_enough=True)  # fmt: skip
    line(clinic, patient, "treatments", kind="talk", name="CBT", duration="a year", outcome="partly", long_enough=None)
    with acting_as(clinic.actor("nurse")):
        first, second = intake_queries.previous_treatments(PatientScope(patient.pk))
    assert (first.drug, first.dose, first.duration, first.outcome, first.adequate) == (
        "Sertraline", "200 mg", "3 months", "not", True)  # fmt: skip
    assert (first.ingredient, second.ingredient, second.adequate) == ("Sertraline", None, None)


def test_the_support_person_joins_the_people_beside_the_patient(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    with acting_as(by):
        for _ in range(2):
            intake_actions.name_person(by=by, patient_id=patient.pk, name="Luis Reyes", phone="555 0199")
        with pytest.raises(ActionRefused) as caught:
            intake_actions.name_person(by=by, patient_id=patient.pk, name="Nobody")
        assert caught.value.codes == ("no-way-to-reach",)
        person = RelatedPerson.objects.get(patient=patient)
        assert (person.name, person.brings_home) == ("Luis Reyes", True)


# ---------------------------------------------------------------- who may


def test_another_patient_is_not_there_and_another_clinic_neither(clinic: Cast, other_clinic: Cast, patient: Patient):
    stranger, foreigner = make_patient(clinic, "Ben"), make_patient(other_clinic, "Cleo")
    said = medicine(clinic, patient, "Lithium")
    for cast, other in ((clinic, stranger), (other_clinic, foreigner)):
        by = actor_for(cast, other)
        with acting_as(by):
            with pytest.raises(Patient.DoesNotExist):
                intake_actions.answer(by=by, patient_id=patient.pk, question_id="bipolar", told=YES, seen=None)
            with pytest.raises(MedicationStatement.DoesNotExist):
                intake_actions.remove_line(by=by, patient_id=other.pk, of="medicines", line=said.line)
            assert intake_queries.medicines(PatientScope(patient.pk)) == ()
            assert intake_queries.answers(PatientScope(patient.pk)) == {}


def test_who_sees_everybody_speaks_of_one_patient_one_line_one_person(clinic: Cast, patient: Patient):
    ben, nurse, luis = make_patient(clinic, "Ben"), clinic.actor("nurse"), {"name": "Luis Reyes", "phone": "555 0199"}

    def say_all(of: Patient):
        here = {"by": nurse, "patient_id": of.pk}
        answered = intake_actions.answer(**here, question_id="bipolar", told=YES, seen=None)
        named = intake_actions.name_person(**here, **luis)
        said = [intake_actions.say_line(**here, of="goals", text=each) for each in ("To sleep", "To read")]
        return [answered, named, *said]

    with acting_as(nurse):
        _answer, theirs, their_goal, _goal = say_all(ben)
        _answer, person, goal, _goal = ours = say_all(patient)
        assert {each.patient_id for each in ours} == {patient.pk}
        here = {"by": nurse, "patient_id": patient.pk}
        intake_actions.say_line(**here, of="goals", line=goal.line, seen=goal.pk, text="To sleep long")
        intake_actions.remove_line(**here, of="goals", line=goal.line)
        assert [each.text for each in intake_queries.goals(PatientScope(patient.pk))] == ["To read"]
        for change, more in ((intake_actions.say_line, {"seen": their_goal.pk, "text": "X"}),
                             (intake_actions.remove_line, {})):  # fmt: skip
            with pytest.raises(Goal.DoesNotExist):
                change(**here, of="goals", line=their_goal.line, **more)
        intake_actions.name_person(**here, name="Eva", phone="555 0100")
        with pytest.raises(RelatedPerson.DoesNotExist):
            intake_actions.end_person(**here, person_id=theirs.pk)
        intake_actions.end_person(**here, person_id=person.pk)
        assert intake_actions.name_person(**here, **luis).pk != person.pk
        for each in people_of(PatientScope(patient.pk)):
            intake_actions.end_person(**here, person_id=each.pk)
        nobody = StatedAnswer("told", "none")
        assert intake_actions.answer(**here, question_id="people", told=nobody, seen=None).value == "none"


def test_what_staff_write_down_for_the_patient_is_marked(clinic: Cast, patient: Patient):
    assert say(clinic, patient, "bipolar", YES, role="nurse").on_behalf is True
    assert say(clinic, patient, "mania_now", NO).on_behalf is False


def test_rows_are_never_changed(clinic: Cast, patient: Patient):
    row = say(clinic, patient, "bipolar", YES)
    with acting_as(clinic.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        IntakeAnswer.objects.filter(pk=row.pk).update(value=False)
    assert connection.needs_rollback is False


# ---------------------------------------------------------------- sending


def send(clinic: Cast, patient: Patient) -> IntakeSubmission:
    by = actor_for(clinic, patient)
    with acting_as(by):
        return intake_actions.send(by=by, patient_id=patient.pk, now=NOW)


def test_sent_twice_unchanged_is_sent_once_and_changes_are_shown(clinic: Cast, patient: Patient):
    with pytest.raises(ActionRefused) as caught:
        send(clinic, patient)
    assert caught.value.codes == ("nothing-said",)
    said = say(clinic, patient, "bipolar", NO)
    lithium = medicine(clinic, patient, "Lithium", dose="300 mg")
    first = send(clinic, patient)
    assert send(clinic, patient).pk == first.pk
    say(clinic, patient, "bipolar", YES, seen=said.pk)
    medicine(clinic, patient, "Lithium", dose="600 mg", line=lithium.line, seen=lithium.pk)
    line(clinic, patient, "goals", text="Walk the dog")
    second = send(clinic, patient)
    assert second.pk != first.pk
    assert second.content_hash != first.content_hash
    found = intake_queries.changes(first.content, second.content)
    assert [(each.of, each.was is None, each.now is None) for each in found] == [
        ("answers", False, False), ("medicines", False, False), ("goals", True, False)]  # fmt: skip
    assert (found[1].was["dose"], found[1].now["dose"]) == ("300 mg", "600 mg")


# ---------------------------------------------------------------- clinicians and laboratories


@pytest.mark.parametrize(
    ("name", "value", "on", "code"),
    [
        ("sbp", 1200.0, TODAY, "implausible"),
        ("weight_kg", 700.0, TODAY, "implausible"),
        ("sbp", "high", TODAY, "not-a-number"),
        ("ecg", "odd", TODAY, "not-a-choice"),
        ("bipolar", "yes", TODAY, "not-yes-or-no"),
        ("sbp", 120.0, TODAY + timedelta(days=1), "future"),
        ("sbp", 120.0, date(1950, 1, 1), "before-birth"),
        ("cv_event_on", date(2027, 1, 1), TODAY, "future"),
        ("mood", 5.0, TODAY, "unknown-fact"),
        ("age_years", 5.0, TODAY, "of-the-record"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(clinic: Cast, patient: Patient, name, value, on, code):
    nurse = clinic.actor("nurse")
    with acting_as(nurse), pytest.raises(ActionRefused) as caught:
        entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name=name, value=value, on=on, now=NOW)
    assert caught.value.codes == (code,)


def test_an_entry_in_error_is_taken_back_and_stays_readable(clinic: Cast, patient: Patient):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        old = entry_actions.enter_fact(
            by=nurse, patient_id=patient.pk, name="egfr", value=90.0, on=date(2026, 2, 1), now=NOW
        )
        new = entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name="egfr", value=19.0, on=TODAY, now=NOW)
        assert (
            entry_actions.enter_fact(by=nurse, patient_id=patient.pk, name="egfr", value=19.0, on=TODAY, now=NOW) == new
        )
        with pytest.raises(ActionRefused):
            entry_actions.retract_fact(by=nurse, fact_id=new.pk, reason=" ")
        taken = entry_actions.retract_fact(by=nurse, fact_id=new.pk, reason="another patient's result")
        assert entry_actions.retract_fact(by=nurse, fact_id=new.pk, reason="again") == taken
        assert [each.retracted for each in intake_queries.entered_facts(PatientScope(patient.pk))] == [False, True]
        assert [each.kind for each in intake_queries.timeline(PatientScope(patient.pk))] == ["retracted", "fact"]
    assert facts(clinic, patient)["egfr"].value == 90
    assert old.value == 90.0


def test_the_same_fact_is_of_one_day_by_one_teller_and_stands(clinic: Cast, patient: Patient):
    nurse = clinic.actor("nurse")
    here = {"by": nurse, "patient_id": patient.pk, "now": NOW}

    def enter(value: float, on: date = TODAY) -> ClinicalFact:
        return entry_actions.enter_fact(**here, name="egfr", value=value, on=on)

    def strike(fact: ClinicalFact) -> ClinicalFact:
        return entry_actions.retract_fact(by=nurse, fact_id=fact.pk, reason="A slip", now=NOW)

    with acting_as(nurse):
        wrong, before, right = enter(19.0), enter(90.0, TODAY - timedelta(days=1)), enter(90.0)
        assert right != before
        assert entry_actions.enter_fact(**here, name="sbp", value=90.0, on=TODAY).name == "sbp"
        struck = strike(wrong)
        with pytest.raises(ClinicalFact.DoesNotExist):
            strike(struck)
        assert enter(90.0) == right
        strike(right)
        assert enter(90.0) != right
        taken = entry_actions.import_facts(**here, text=f"name,value,unit,date\negfr,90,mL/min/{{1.73_m2}},{TODAY}")
        assert (len(taken.taken), taken.known) == (1, 0)


CSV = """name,value,unit,date
ALT,23,U/L,2026-02-20
egfr,"88",mL/min/{1.73_m2},2026-02-20
weight_kg,176.4,[lb_av],2026-02-20
pregnancy_test,negative,,2026-02-20
"""


def pressed(*subjects: str, born: str = "", comparator: str = "") -> dict[str, object]:
    """A bundle of one systolic pressure for each subject, with a Patient where ``born`` is told."""
    more = {"comparator": comparator} if comparator else {}
    found = [
        {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-02-20T09:30:00Z",
         "subject": {"reference": subject}, "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
         "valueQuantity": {"value": 128, "code": "mm[Hg]", **more}}
        for subject in subjects
    ]  # fmt: skip
    people = [{"resourceType": "Patient", "birthDate": born}] if born else []
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in (*people, *found)]}


def test_a_csv_of_results_is_taken_once(clinic: Cast, patient: Patient):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        first = entry_actions.import_facts(by=nurse, patient_id=patient.pk, text=CSV, source_note="Lab North", now=NOW)
        again = entry_actions.import_facts(by=nurse, patient_id=patient.pk, text=CSV, now=NOW)
    assert (len(first.taken), first.known, len(again.taken), again.known) == (4, 0, 0, 4)
    known = facts(clinic, patient)
    assert (known["alt"].value, known["alt"].told_by, known["alt"].on) == (23, "imported", date(2026, 2, 20))
    assert known["weight_kg"].value == pytest.approx(80.0137, abs=0.001)
    assert known["pregnancy_test"].value == "negative"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name,value,unit,date\nbilirubin,0.9,mg/dL,2026-02-20", "unit"),
        ("name,value,unit,date\nalt,23,,2026-02-20", "unit"),
        ("name,value,unit,date\nalt,<5,U/L,2026-02-20", "bound"),
        ("name,value,unit,date\nferritin,23,ug/L,2026-02-20", "unknown-fact"),
        ("name,value,unit,date\nalt,23,U/L,yesterday", "unreadable"),
        ("name,value,unit,date\nsbp,1200,mm[Hg],2026-02-20", "implausible"),
        ("what,ever\n1,2", "unreadable"),
        ("", "unreadable"),
        ("{not json", "unreadable"),
        ('{"resourceType":"Bundle","entry":{"a":1}}', "unreadable"),
        ('{"a":' * 100_000, "unreadable"),
        ('name,value,unit,date\nalt,"' + "9" * 200_000, "unreadable"),
        (json.dumps({"resourceType": "Observation", "status": "preliminary"}), "not-final"),
        (json.dumps({"resourceType": "Observation", "status": "final",
                     "code": {"coding": [{"system": "http://loinc.org", "code": "1742-6"}]}}), "unknown-fact"),
        (json.dumps({"resourceType": "Observation", "status": "final"}), "unreadable"),
        (json.dumps({"resourceType": "Observation", "status": "final", "component": 5}), "unreadable"),
        (json.dumps(pressed("Patient/1", "Patient/2")), "another-patient"),
        (json.dumps(pressed("Patient/1", born="1951-02-03")), "another-patient"),
        (json.dumps(pressed("Patient/1", comparator="<")), "bound"),
        (json.dumps(pressed(*["Patient/1"] * 501)), "too-long"),
    ],
)  # fmt: skip
def test_an_import_is_taken_whole_or_not_at_all(clinic: Cast, patient: Patient, text: str, code: str):
    nurse = clinic.actor("nurse")
    good = "\nast,20,U/L,2026-02-20" if text.startswith("name") else ""
    with acting_as(nurse):
        with pytest.raises(ActionRefused) as caught:
            entry_actions.import_facts(by=nurse, patient_id=patient.pk, text=text + good, now=NOW)
        assert code in caught.value.codes
        assert not ClinicalFact.objects.filter(patient=patient).exists()


def test_a_fhir_bundle_of_somebody_born_on_that_day(clinic: Cast, patient: Patient):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        text = json.dumps(pressed("Patient/1", born=patient.birth_date.isoformat()[:7]))
        entry_actions.import_facts(by=nurse, patient_id=patient.pk, text=text, now=NOW)
    assert facts(clinic, patient)["sbp"].value == 128


def test_a_fhir_bundle_of_a_blood_pressure(clinic: Cast, patient: Patient):
    bundle = {"resourceType": "Bundle", "entry": [
        {"resource": {"resourceType": "Patient"}},
        {"resource": {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-02-20T09:30:00Z",
            "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
            "component": [
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
                 "valueQuantity": {"value": 128, "unit": "mmHg", "code": "mm[Hg]"}},
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]},
                 "valueQuantity": {"value": 82, "unit": "mmHg"}}]}}]}  # fmt: skip
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        entry_actions.import_facts(by=nurse, patient_id=patient.pk, text=json.dumps(bundle), now=NOW)
    known = facts(clinic, patient)
    assert (known["sbp"].value, known["dbp"].value, known["dbp"].on) == (128, 82, date(2026, 2, 20))


# ---------------------------------------------------------------- a law


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=300).filter(lambda t: t.strip()),
    name=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=60),
)
def test_what_was_typed_is_always_readable_back(clinic: Cast, patient: Patient, text: str, name: str):
    question = intake_form().by_id["why_now"]
    told = told_of(question, {"value": [text]})
    with acting_as(clinic.actor("nurse")):
        before = intake_queries.answers(PatientScope(patient.pk)).get("why_now")
    row = say(clinic, patient, "why_now", told, seen=before.id if before else None)
    said = medicine(clinic, patient, name, line=None)
    goal = line(clinic, patient, "goals", text=text)
    with acting_as(clinic.actor("nurse")):
        history = [each.told.value for each in intake_queries.history(PatientScope(patient.pk), "why_now")]
        assert text.strip() in history
        assert row.value == text.strip()
        assert name in {each.name for each in intake_queries.medicines(PatientScope(patient.pk))}
        assert text.strip() in {each.text for each in intake_queries.goals(PatientScope(patient.pk))}
        assert (said.name, goal.text) == (name, text.strip())


def test_a_line_of_nobody_is_not_there(clinic: Cast, patient: Patient):
    with pytest.raises(MedicationStatement.DoesNotExist):
        medicine(clinic, patient, "Lithium", line=uuid4())
