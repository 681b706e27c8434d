"""Stories and views: shown is what their writer said yes to and nothing else, and taken back it is gone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from sojourn.care.patients.models import Patient
from sojourn.care.reading import voice_actions, voice_queries
from sojourn.care.reading.marks import marks
from sojourn.care.reading.models import Voice, VoiceText
from sojourn.care.reading.voice_queries import hash_of
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope, clinic_rows
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast, make_clinic

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TEXT = "Grace was kind. It helped for a month, and then it did not."
EDITED = "The nurse was kind. It helped for a month, and then it did not."


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def send(clinic: Cast, patient: Patient, text: str = TEXT) -> Voice:
    with acting_as(actor_for(clinic, patient)) as by:
        return voice_actions.send_voice(by=by, language="en", text=text, agreed=True, now=NOW)


def propose(clinic: Cast, voice: Voice, text: str = EDITED) -> None:
    with acting_as(clinic.actor("nurse")) as by:
        seen = voice_queries.one_voice(voice.pk).seen
        voice_actions.propose(by=by, voice_id=voice.pk, seen=seen, text=text, now=NOW)


def agree(clinic: Cast, patient: Patient, text: str = EDITED) -> None:
    with acting_as(actor_for(clinic, patient)) as by:
        voice_actions.agree(by=by, text_hash=hash_of(text), now=NOW)


def shown(clinic: Cast) -> list[str]:
    with acting_as(system_actor(clinic.clinic.pk)):
        return [each.text for each in voice_queries.shown_voices("en")]


def shown_story(clinic: Cast, patient: Patient) -> Voice:
    voice = send(clinic, patient)
    propose(clinic, voice)
    agree(clinic, patient)
    assert shown(clinic) == [EDITED]
    return voice


# ---------------------------------------------------------------- yes to exactly that text


@pytest.mark.django_db
def test_nothing_is_shown_before_the_writer_said_yes(clinic: Cast, patient: Patient):
    voice = send(clinic, patient)
    assert shown(clinic) == []
    propose(clinic, voice)
    assert shown(clinic) == []
    agree(clinic, patient)
    assert shown(clinic) == [EDITED]


@pytest.mark.django_db
def test_yes_to_another_wording_is_no_yes(clinic: Cast, patient: Patient):
    voice = send(clinic, patient)
    with pytest.raises(Overtaken):
        agree(clinic, patient, TEXT)  # nobody has proposed anything
    propose(clinic, voice)
    propose(clinic, voice, "It helped.")
    with pytest.raises(Overtaken):
        agree(clinic, patient)
    assert shown(clinic) == []
    agree(clinic, patient, "It helped.")
    assert shown(clinic) == ["It helped."]


@pytest.mark.django_db
def test_a_wording_that_is_changed_behind_a_yes_is_not_shown(clinic: Cast, patient: Patient):
    voice = shown_story(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        clinic_rows(VoiceText).filter(voice=voice).update(text="It cured me.")
    assert shown(clinic) == []


@pytest.mark.django_db
def test_it_is_not_sent_without_having_read_what_happens(clinic: Cast, patient: Patient):
    with acting_as(actor_for(clinic, patient)) as by, pytest.raises(ActionRefused) as refused:
        voice_actions.send_voice(by=by, language="en", text=TEXT, agreed=False)
    assert refused.value.codes == ("not-agreed",)


@pytest.mark.django_db
def test_a_draft_is_its_writers_alone(clinic: Cast, patient: Patient):
    with acting_as(actor_for(clinic, patient)) as by:
        voice = voice_actions.save_draft(by=by, language="en", text=TEXT)
        own = voice_queries.own_voice(by.member)
        assert own is not None
        assert (own.state, own.text) == ("draft", TEXT)
    with acting_as(clinic.actor("nurse")):
        assert voice_queries.sent_voices() == []
        with pytest.raises(Voice.DoesNotExist):
            voice_queries.one_voice(voice.pk)
    with acting_as(actor_for(clinic, make_patient(clinic, "Bruno"))):
        assert not clinic_rows(Voice).exists()
        assert not clinic_rows(VoiceText).exists()


@pytest.mark.django_db
def test_nobody_moderates_their_own_view(clinic: Cast):
    with acting_as(clinic.actor("nurse")) as by:
        voice = voice_actions.send_voice(by=by, language="en", text="I have seen 40 people.", agreed=True)
        seen = voice_queries.one_voice(voice.pk).seen
        with pytest.raises(ActionRefused) as refused:
            voice_actions.propose(by=by, voice_id=voice.pk, seen=seen, text="I have seen 40 people.")
    assert refused.value.codes == ("own",)
    with acting_as(clinic.actor("therapist")) as by:
        voice_actions.propose(by=by, voice_id=voice.pk, seen=seen, text="I have seen many people.")
    with acting_as(clinic.actor("nurse")) as by:
        voice_actions.agree(by=by, text_hash=hash_of("I have seen many people."))
    assert shown(clinic) == ["I have seen many people."]


@pytest.mark.django_db
def test_given_back_with_a_reason_it_can_be_written_anew(clinic: Cast, patient: Patient):
    voice = send(clinic, patient)
    with acting_as(clinic.actor("nurse")) as by:
        seen = voice_queries.one_voice(voice.pk).seen
        voice_actions.set_voice_aside(by=by, voice_id=voice.pk, seen=seen, reason="It tells of your sister")
    assert send(clinic, patient, "Without her.").pk == voice.pk
    with acting_as(clinic.actor("nurse")):
        assert [(each.state, each.text) for each in voice_queries.sent_voices()] == [("sent", "Without her.")]


# ---------------------------------------------------------------- taken back


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["writer", "clinic"])
def test_taken_back_it_is_gone_at_once_and_the_audit_keeps_no_word(clinic: Cast, patient: Patient, who: str):
    voice = shown_story(clinic, patient)
    if who == "writer":
        with acting_as(actor_for(clinic, patient)) as by:
            voice_actions.withdraw(by=by)
            voice_actions.withdraw(by=by)  # twice changes nothing
    else:
        with acting_as(clinic.actor("therapist")) as by:
            voice_actions.take_down(by=by, voice_id=voice.pk, seen=voice_queries.one_voice(voice.pk).seen)
    assert shown(clinic) == []
    with acting_as(clinic.actor("clinic_admin")):
        assert not clinic_rows(VoiceText).exists()
        rows = clinic_rows(AuditEvent).filter(action__startswith="voice.").order_by("id")
        last = "voice.withdrawn" if who == "writer" else "voice.taken_down"
        assert [each.action for each in rows] == ["voice.sent", "voice.proposed", "voice.agreed", last]
        assert all("kind" not in str(each.detail) and "month" not in str(each.detail) for each in rows)


@pytest.mark.django_db
def test_a_taken_back_story_can_be_followed_by_another(clinic: Cast, patient: Patient):
    voice = shown_story(clinic, patient)
    with acting_as(actor_for(clinic, patient)) as by:
        voice_actions.withdraw(by=by)
    assert send(clinic, patient, "Another.").pk != voice.pk


@pytest.mark.django_db
def test_another_clinic_shows_nothing_of_it(clinic: Cast, patient: Patient):
    shown_story(clinic, patient)
    assert shown(make_clinic("other")) == []


# ---------------------------------------------------------------- danger, and invented examples


@pytest.mark.django_db
def test_words_of_danger_in_a_story_raise_a_flag_also_in_a_draft(clinic: Cast, patient: Patient):
    with acting_as(actor_for(clinic, patient)) as by:
        voice_actions.save_draft(by=by, language="en", text="I am going to kill myself tonight")
    with acting_as(clinic.actor("nurse")):
        assert [each.kind for each in PatientScope(patient.pk).rows(Flag)] == ["suicidal_thoughts"]


def invent(clinic: Cast, patient: Patient) -> None:
    Person.objects.filter(pk=actor_for(clinic, patient).person_id).update(demo=True)


@pytest.mark.django_db
def test_an_invented_example_cannot_be_written_in_a_real_clinic(clinic: Cast, patient: Patient):
    invent(clinic, patient)
    assert not settings.DEMO
    with pytest.raises(ActionRefused) as refused:
        send(clinic, patient)
    assert refused.value.codes == ("demo",)


@pytest.mark.django_db
def test_the_database_marks_what_is_invented_and_a_real_clinic_never_shows_it(
    clinic: Cast, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    invent(clinic, patient)
    monkeypatch.setattr(settings, "DEMO", True)
    voice = shown_story(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        assert clinic_rows(Voice).get(pk=voice.pk).invented
    monkeypatch.setattr(settings, "DEMO", False)
    assert shown(clinic) == []


@pytest.mark.django_db
@pytest.mark.parametrize("said", [True, False])
def test_no_program_can_say_otherwise(clinic: Cast, patient: Patient, said: bool):
    """Whatever is written into the row, the database asks who writes; and nothing changes it afterwards."""
    if not said:
        invent(clinic, patient)
    by = actor_for(clinic, patient)
    with acting_as(by):
        voice = Voice.objects.create(
            clinic=clinic.clinic, kind="story", writer_id=by.membership_id, patient=patient, language="en",
            begun_at=NOW, invented=said,
        )  # fmt: skip
        assert clinic_rows(Voice).get(pk=voice.pk).invented is not said
        with pytest.raises(DatabaseError), transaction.atomic():
            clinic_rows(Voice).filter(pk=voice.pk).update(invented=said)


# ---------------------------------------------------------------- help for the moderator


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("and then grace came", "known", "grace"),
        ("write to alma@example.org please", "mail", "alma@example.org"),
        ("call +1 303 555 0142 for me", "phone", "+1 303 555 0142"),
        ("I live at 418 Juniper Street now", "address", "418 Juniper Street"),
        ("vivo en la calle Mayor 12 ahora", "address", "calle Mayor 12"),
        ("on March 3, 2024 it began", "date", "March 3, 2024"),
        ("el 3 de marzo de 2024 empezó", "date", "3 de marzo de 2024"),
        ("since 2019 I sleep", "date", "2019"),
        ("at Mercy hospital they said", "work", "at Mercy hospital"),
        ("I told Veronica about it", "capital", "Veronica"),
        ("my town, Salt Lake, is small", "capital", "Salt Lake"),
    ],
)
def test_what_could_tell_is_marked(text: str, kind: str, found: str):
    marked = [(each.kind, text[each.start : each.end]) for each in marks(text, ["Grace Lindqvist"])]
    assert (kind, found) in marked


def test_ordinary_words_are_not_marked_and_nothing_is_changed():
    assert marks("It helped. Then I slept, and I was well for 4 weeks.", ["Al Reyes"]) == []


@pytest.mark.django_db
def test_the_names_that_the_clinic_knows_are_the_patients_and_the_staffs(clinic: Cast, patient: Patient):
    voice = send(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        names = voice_queries.names_known(voice)
    assert "Alma Reyes" in names
    assert clinic.members["prescriber"].name in names
