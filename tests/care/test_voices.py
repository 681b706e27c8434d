"""Stories and views: shown is what their writer said yes to and nothing else, and taken back it is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from sojourn.care.patients.models import Patient
from sojourn.care.reading import consent_words, voice_actions, voice_queries
from sojourn.care.reading.changes import changes
from sojourn.care.reading.consent_words import SHOWN_FOR
from sojourn.care.reading.marks import Kind, marks, without
from sojourn.care.reading.models import Voice, VoiceStep, VoiceText
from sojourn.care.reading.voice_queries import hash_of
from sojourn.care.safety.models import Flag
from sojourn.config.demo.clinic_settings import demo_maker
from sojourn.config.demo.scenario import note_made
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
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


def shown(clinic: Cast, now: datetime = NOW) -> list[str]:
    with acting_as(system_actor(clinic.clinic.pk)):
        return [each.text for each in voice_queries.shown_voices("en", now)]


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
        voice_actions.agree(by=by, text_hash=hash_of("I have seen many people."), now=NOW)
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


def invent(clinic: Cast) -> None:
    """Everybody of the clinic is invented."""
    with acting_as(system_actor(clinic.clinic.pk)):
        people = list(clinic_rows(Membership).values_list("person_id", flat=True))
    Person.objects.filter(pk__in=people).update(demo=True)


def declare_demo(clinic: Cast) -> None:
    """As the demo does when it makes a clinic."""
    with acting_as(demo_maker(system_actor(clinic.clinic.pk, "Demo"))) as by:
        note_made(by=by, clinic=clinic.clinic, seed=1, scale=1)


@pytest.mark.django_db
def test_an_invented_person_tells_nothing_in_a_real_clinic(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    invent(clinic)
    with pytest.raises(ActionRefused) as refused:
        send(clinic, patient)
    assert refused.value.codes == ("demo",)
    with acting_as(by), pytest.raises(DatabaseError, match="real clinic"), transaction.atomic():
        Voice.objects.create(
            clinic=clinic.clinic, kind="story", writer_id=by.membership_id, patient=patient, language="en", begun_at=NOW
        )


@pytest.mark.django_db
def test_a_clinic_with_a_real_person_in_it_cannot_be_declared_a_demo(clinic: Cast, patient: Patient):
    """Not even by whoever makes the demo: so nothing invented can be shown beside what is real."""
    actor_for(clinic, patient)
    with pytest.raises(DatabaseError, match="no demo"), transaction.atomic():
        declare_demo(clinic)
    voice = send(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        assert not voice_queries.of_the_demo(clinic.clinic.pk)
        assert not clinic_rows(Voice).get(pk=voice.pk).invented


@pytest.mark.django_db
def test_in_the_demo_the_database_marks_every_voice_and_it_is_shown_where_the_demo_runs(
    clinic: Cast, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    actor_for(clinic, patient)
    invent(clinic)
    declare_demo(clinic)
    monkeypatch.setattr(settings, "DEMO", True)
    voice = shown_story(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        assert clinic_rows(Voice).get(pk=voice.pk).invented
    monkeypatch.setattr(settings, "DEMO", False)
    assert shown(clinic) == []


@pytest.mark.django_db
@pytest.mark.parametrize("demo", [True, False])
def test_no_program_can_say_otherwise(clinic: Cast, patient: Patient, demo: bool):
    """Whatever is written into the row, the database asks where it is written; and nothing changes it afterwards."""
    by = actor_for(clinic, patient)
    if demo:
        invent(clinic)
        declare_demo(clinic)
    with acting_as(by):
        voice = Voice.objects.create(
            clinic=clinic.clinic, kind="story", writer_id=by.membership_id, patient=patient, language="en",
            begun_at=NOW, invented=not demo,
        )  # fmt: skip
        assert clinic_rows(Voice).get(pk=voice.pk).invented is demo
        with pytest.raises(DatabaseError), transaction.atomic():
            clinic_rows(Voice).filter(pk=voice.pk).update(invented=not demo)


# ---------------------------------------------------------------- what was said before the yes, and how long it lasts


@pytest.mark.django_db
def test_a_yes_lasts_for_a_year_and_can_be_said_again(clinic: Cast, patient: Patient):
    shown_story(clinic, patient)
    last_day, after = NOW + SHOWN_FOR - timedelta(seconds=1), NOW + SHOWN_FOR
    assert [shown(clinic, at) for at in (last_day, after)] == [[EDITED], []]
    with acting_as(actor_for(clinic, patient)) as by:
        own = voice_queries.own_voice(by.member)
        assert own is not None
        assert (own.shown_until, own.is_over(last_day), own.is_over(after)) == (after, False, True)
        with pytest.raises(Overtaken):
            voice_actions.agree(by=by, text_hash=hash_of(TEXT), now=after)
        voice_actions.agree(by=by, text_hash=hash_of(EDITED), now=after)
    assert shown(clinic, after) == [EDITED]


@pytest.mark.django_db
def test_each_sending_and_each_yes_keeps_what_was_said_before_it(clinic: Cast, patient: Patient):
    voice = shown_story(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        steps = clinic_rows(VoiceStep).filter(voice=voice).order_by("id")
        assert [(each.kind, each.told) for each in steps] == [
            ("sent", consent_words.VERSION), ("proposed", ""), ("agreed", consent_words.VERSION),
        ]  # fmt: skip


def test_what_is_said_has_a_version():
    """Whoever changes a sentence gives it a new version and writes it down here, beside the old one."""
    said = "\n".join(map(str, (*consent_words.STORY, "--", *consent_words.VIEW)))
    assert (consent_words.VERSION, sha256(said.encode()).hexdigest()[:12]) in {("2026-11-30", "e8eee4a1326f")}
    assert f"{SHOWN_FOR.days // 365} year" == "1 year"
    assert sum("for one year" in str(each) for each in (*consent_words.STORY, *consent_words.VIEW)) == 2


# ---------------------------------------------------------------- help for the moderator


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("and then grace came", "known", "grace"),
        ("write to alma@example.org please", "mail", "alma@example.org"),
        ("call +1 303 555 0142 for me", "phone", "+1 303 555 0142"),
        ("I live at 12 Mercer Street now", "address", "12 Mercer Street"),
        ("vivo en la calle Mayor 12 ahora", "address", "calle Mayor 12"),
        ("on March 3, 2024 it began", "date", "March 3, 2024"),
        ("el 3 de marzo de 2024 empezó", "date", "3 de marzo de 2024"),
        ("since 2019 I sleep", "date", "2019"),
        ("at Mercy hospital they said", "work", "at Mercy hospital"),
        ("I told Veronica about it", "capital", "Veronica"),
        ("my town, Salt Lake, is small", "capital", "Salt Lake"),
        ("in Denver it was cold", "known", "Denver"),
        ("I live by the harbor light clinic", "known", "harbor light clinic"),
        ("on Mercer Street, near the shop", "capital", "Mercer Street"),
        ("and Grace Kelly came too", "known", "Grace Kelly"),
    ],
)
def test_what_could_tell_is_marked(text: str, kind: str, found: str):
    places = ["Harbor Light Clinic", "418 Juniper Street", "Denver"]
    marked = [(each.kind, text[each.start : each.end]) for each in marks(text, ["Grace Lindqvist"], places)]
    assert (kind, found) in marked


def test_ordinary_words_are_not_marked_and_nothing_is_changed():
    text = "It helped. There was light in it. Then I slept, and I was well for 4 weeks."
    assert marks(text, ["Al Reyes"], ["Harbor Light Clinic"]) == []


def test_a_word_in_brackets_takes_the_place_of_what_was_marked_and_of_nothing_else():
    text = "Grace called me on +1 303 555 0142, and Veronica came. It helped."
    instead: dict[Kind, str] = {"known": "[a name]", "phone": "[a number]"}
    assert without(text, marks(text, ["Grace"]), instead) == (
        "[a name] called me on [a number], and Veronica came. It helped."
    )


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Grace was kind.", "The nurse was kind.", [("out", "Grace "), ("in", "The nurse "), ("kept", "was kind.")]),
        ("It helped.", "It helped.", [("kept", "It helped.")]),
        ("One two three", "One three", [("kept", "One "), ("out", "two "), ("kept", "three")]),
    ],
)
def test_what_was_changed_is_shown_word_by_word(before: str, after: str, shown: list[tuple[str, str]]):
    found = changes(before, after)
    assert [(each.kind, each.text) for each in found] == shown
    assert "".join(each.text for each in found if each.kind != "in") == before
    assert "".join(each.text for each in found if each.kind != "out") == after


@pytest.mark.django_db
def test_the_names_that_the_clinic_knows_are_the_patients_and_the_staffs(clinic: Cast, patient: Patient):
    voice = send(clinic, patient)
    with acting_as(clinic.actor("nurse")):
        known = voice_queries.names_known(voice)
    assert "Alma Reyes" in known.people
    assert clinic.members["prescriber"].name in known.people
    assert clinic.clinic.name in known.places
