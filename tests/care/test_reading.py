"""Questions on what one reads: nobody is kept with what comes without a name, danger is read, and one answer holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, models, transaction

from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.patients.models import Patient
from sojourn.care.reading import actions as reading_actions
from sojourn.care.reading import queries as reading_queries
from sojourn.care.reading.actions import Passage
from sojourn.care.reading.models import Clarity, ReaderQuestion
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.library.article import library
from sojourn.foundation.scope import PatientScope, clinic_rows
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast, make_clinic

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DANGER = "I am going to kill myself tonight"
SAFE = Passage(library()["is-it-safe"]["en"], 1)


def ask(clinic: Cast, text: str = "Does it hurt?", key: UUID | None = None, on: date = DAY) -> ReaderQuestion:
    with acting_as(reading_actions.listener(clinic.clinic.pk)) as by:
        return reading_actions.ask_nameless(by=by, passage=SAFE, text=text, key=key or uuid4(), today=on)


def say(clinic: Cast, clear: bool, word: str = "", part: int = 1, paragraph: str = "") -> Clarity | None:
    with acting_as(reading_actions.listener(clinic.clinic.pk)) as by:
        return reading_actions.say_clarity(
            by=by, passage=Passage(SAFE.article, part), clear=clear, word=word, today=DAY, paragraph=paragraph
        )


def publish(clinic: Cast, asked: ReaderQuestion, text: str, seen: int = 0) -> int:
    with acting_as(clinic.actor("nurse")) as by:
        return reading_actions.publish_answer(
            by=by, reader_question_id=asked.pk, seen=seen, question_text="Does the drip hurt?", text=text, now=NOW
        ).pk


def published(clinic: Cast) -> list[tuple[str, str, str]]:
    with acting_as(system_actor(clinic.clinic.pk)):
        rows = reading_queries.published_answers("is-it-safe", "en")
        return [(each.question_text, each.text, each.role) for each in rows]


# ---------------------------------------------------------------- without a name


@pytest.mark.parametrize("model", [ReaderQuestion, Clarity])
def test_no_table_of_readers_can_hold_a_person_or_a_moment(model: type[models.Model]):
    kinds = {field.name: type(field) for field in model._meta.concrete_fields}
    related = {field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)}
    assert related == {"clinic"}
    assert models.DateTimeField not in kinds.values()
    assert not {"ip", "address", "agent", "session", "email", "name"} & kinds.keys()


@pytest.mark.django_db
def test_the_audit_keeps_that_it_came_and_neither_who_nor_what(clinic: Cast):
    asked = ask(clinic, "My name is Nadia and I live in Boulder")
    said = say(clinic, False, "Nadia")
    with acting_as(clinic.actor("clinic_admin")):
        rows = list(clinic_rows(AuditEvent).filter(action__in=["reading.asked", "reading.said"]).order_by("id"))
    assert said is not None
    assert [
        (each.person_id, each.name, each.role, each.patient_id, each.entity, each.entity_id, each.detail)
        for each in rows
    ] == [(None, "Sojourn", "house", None, "", None, {})] * 2
    assert asked.text == "My name is Nadia and I live in Boulder"


@pytest.mark.django_db
def test_a_form_sent_twice_is_one_question_and_nobody_else_may_ask_so(clinic: Cast):
    key = uuid4()
    assert ask(clinic, key=key).pk == ask(clinic, "Something else", key=key).pk
    with acting_as(clinic.actor("nurse")) as by, pytest.raises(NotAllowed):
        reading_actions.ask_nameless(by=by, passage=SAFE, text="x", key=uuid4(), today=DAY)


@pytest.mark.django_db
def test_a_day_has_a_limit_and_danger_is_kept_beyond_it(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading_actions, "QUESTIONS_A_DAY", 2)
    monkeypatch.setattr(reading_actions, "DANGERS_A_DAY", 3)
    ask(clinic)
    ask(clinic)
    with pytest.raises(ActionRefused) as refused:
        ask(clinic)
    assert refused.value.codes == ("full",)
    assert ask(clinic, DANGER).danger == "suicidal_thoughts"
    with pytest.raises(ActionRefused):
        ask(clinic, DANGER)
    assert ask(clinic, on=date(2026, 3, 3)).danger == ""  # the next day begins anew
    other = make_clinic("other")
    assert ask(other).danger == ""  # and another clinic has a day of its own


@pytest.mark.django_db
def test_more_than_a_day_has_of_clear_or_not_is_thanked_and_not_kept(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading_actions, "CLARITIES_A_DAY", 1)
    assert say(clinic, True) is not None
    assert say(clinic, True) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "code"), [("  \r\n ", "nothing"), ("x" * 1501, "too-long")])
def test_what_is_no_question_is_refused(clinic: Cast, text: str, code: str):
    with pytest.raises(ActionRefused) as refused:
        ask(clinic, text)
    assert refused.value.codes == (code,)


@pytest.mark.django_db
def test_words_of_danger_are_not_turned_away_for_their_length(clinic: Cast):
    assert ask(clinic, "x " * 900 + DANGER).danger == "suicidal_thoughts"


@pytest.mark.django_db
def test_danger_comes_first_to_the_clinic(clinic: Cast):
    ask(clinic, "First")
    ask(clinic, DANGER)
    with acting_as(clinic.actor("nurse")):
        waiting = reading_queries.waiting_questions()
        assert [each.question.text for each in waiting] == [DANGER, "First"]
        assert reading_queries.waiting_question_count() == 2


# ---------------------------------------------------------------- a patient's own care team


@pytest.mark.django_db
def test_a_patients_question_is_a_message_that_names_the_article(clinic: Cast):
    patient = make_patient(clinic)
    with acting_as(actor_for(clinic, patient)) as by:
        reading_actions.ask_team(by=by, patient_id=patient.pk, passage=SAFE, text="Is it?", key=uuid4())
        (message,) = messaging_queries.thread(PatientScope(patient.pk)).messages
    assert message.body == f"About “{SAFE.article.title}”, “{SAFE.heading}”:\n\nIs it?"
    assert flags(clinic, patient) == []


@pytest.mark.django_db
def test_only_the_patients_own_words_are_read_for_danger(clinic: Cast):
    """The title of an article speaks of suicide; whoever asks about it need not."""
    patient, about = make_patient(clinic), Passage(library()["suicide-and-ketamine"]["en"], 0)
    with acting_as(actor_for(clinic, patient)) as by:
        reading_actions.ask_team(by=by, patient_id=patient.pk, passage=about, text="How many?", key=uuid4())
        assert flags(clinic, patient) == []
        reading_actions.ask_team(by=by, patient_id=patient.pk, passage=about, text=DANGER, key=uuid4())
    assert flags(clinic, patient) == ["suicidal_thoughts"]


def flags(clinic: Cast, patient: Patient) -> list[str]:
    with acting_as(clinic.actor("nurse")):
        return [each.kind for each in PatientScope(patient.pk).rows(Flag)]


# ---------------------------------------------------------------- the clinic answers


@pytest.mark.django_db
def test_an_answer_is_published_by_role_replaced_and_taken_back(clinic: Cast):
    asked = ask(clinic)
    assert published(clinic) == []
    first = publish(clinic, asked, "A little.")
    assert published(clinic) == [("Does the drip hurt?", "A little.", "nurse")]
    second = publish(clinic, asked, "A little, at the beginning.", seen=first)
    assert published(clinic) == [("Does the drip hurt?", "A little, at the beginning.", "nurse")]
    with acting_as(clinic.actor("nurse")) as by:
        assert reading_queries.waiting_questions() == []
        assert [each.published for each in reading_queries.decided_questions()] == [True]
        reading_actions.take_back(by=by, reader_question_id=asked.pk, seen=second)
        assert [each.question.pk for each in reading_queries.waiting_questions()] == [asked.pk]
    assert published(clinic) == []


@pytest.mark.django_db
def test_a_question_says_what_was_decided_of_it_and_of_no_other(clinic: Cast):
    first, second = ask(clinic), ask(clinic, "How long does it take?")
    publish(clinic, second, "An hour.")
    with acting_as(clinic.actor("prescriber")):
        assert reading_queries.asked(first.pk).newest is None
        assert reading_queries.asked(second.pk).newest.text == "An hour."


@pytest.mark.django_db
def test_a_question_set_aside_is_never_shown_and_says_why(clinic: Cast):
    asked = ask(clinic)
    with acting_as(clinic.actor("therapist")) as by:
        with pytest.raises(ActionRefused) as refused:
            reading_actions.set_aside(by=by, reader_question_id=asked.pk, seen=0, reason=" ")
        assert refused.value.codes == ("no-reason",)
        reading_actions.set_aside(by=by, reader_question_id=asked.pk, seen=0, reason="Not about treatment")
        (decided,) = reading_queries.decided_questions()
        assert decided.newest is not None
        assert (decided.published, decided.newest.reason) == (False, "Not about treatment")
    assert published(clinic) == []


@pytest.mark.django_db
def test_whoever_has_not_seen_a_colleagues_decision_is_told(clinic: Cast):
    asked = ask(clinic)
    publish(clinic, asked, "A little.")
    with pytest.raises(Overtaken):
        publish(clinic, asked, "Not at all.")
    assert [text for _question, text, _role in published(clinic)] == ["A little."]


@pytest.mark.django_db
def test_another_clinic_and_a_patient_see_no_question(clinic: Cast):
    asked, other, patient = ask(clinic), make_clinic("other"), make_patient(clinic)
    publish(clinic, asked, "A little.")
    say(clinic, False, "Too long")
    assert published(other) == []
    for by in (other.actor("nurse"), actor_for(clinic, patient)):
        with acting_as(by):
            assert not clinic_rows(ReaderQuestion).exists()
            assert not clinic_rows(Clarity).exists()
            assert reading_queries.published_answers("is-it-safe", "en") == []


@pytest.mark.django_db
def test_nothing_of_it_is_ever_changed(clinic: Cast):
    asked = ask(clinic)
    with acting_as(clinic.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        clinic_rows(ReaderQuestion).filter(pk=asked.pk).update(text="Other words")


def test_a_reader_points_at_a_paragraph_by_its_first_words():
    openings = SAFE.openings
    assert len(openings) == len(set(openings)) > 1
    assert all(0 < len(each) <= reading_actions.OPENING for each in openings)
    sentences = " ".join(each.text for each in SAFE.article.sections[1].sentences)
    assert all(each.removesuffix("…") in sentences for each in openings)
    assert Passage(SAFE.article, 99).openings == ()


@pytest.mark.django_db
def test_the_editor_sees_which_paragraph_was_not_clear_and_what_is_asked_most_first(clinic: Cast):
    first, second = SAFE.openings[:2]
    say(clinic, False, paragraph=first)
    say(clinic, False, paragraph=second)
    said = say(clinic, False, paragraph=second)
    assert said is not None
    assert said.paragraph == second
    other = say(clinic, False, part=2, paragraph="My name is Nadia")  # nobody's words stand there but the article's
    assert other is not None
    assert other.paragraph == ""
    for _number in range(2):
        with acting_as(reading_actions.listener(clinic.clinic.pk)) as by:
            about = Passage(SAFE.article, 3)
            reading_actions.ask_nameless(by=by, passage=about, text="Why?", key=uuid4(), today=DAY)
    with acting_as(clinic.actor("clinic_admin")):
        found = reading_queries.clarity_by_part()
    assert [(each.part, each.unclear, each.asked) for each in found] == [(1, 3, 0), (3, 0, 2), (2, 1, 0)]
    assert found[0].paragraphs == ((second, 2), (first, 1))


@pytest.mark.django_db
def test_the_editor_sees_the_parts_that_were_not_clear_first(clinic: Cast):
    say(clinic, True, part=1)
    say(clinic, False, "What is  NMDA?", part=2)
    say(clinic, False, DANGER, part=2)
    with acting_as(clinic.actor("clinic_admin")):
        first, second = reading_queries.clarity_by_part()
    assert (first.part, first.clear, first.unclear) == (2, 0, 2)
    assert [(each.word, each.danger) for each in first.words] == [(DANGER, "suicidal_thoughts"), ("What is NMDA?", "")]
    assert (second.part, second.clear, second.unclear) == (1, 1, 0)
