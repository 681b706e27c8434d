"""Asking about what one reads, and what the clinic makes of it, page by page."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import escape

from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.reading import consent_words, voice_actions
from sojourn.care.reading import queries as reading_queries
from sojourn.care.reading.actions import Passage
from sojourn.care.reading.models import Clarity, ReaderQuestion
from sojourn.care.reading.voice_queries import hash_of
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.library.article import library
from sojourn.foundation.scope import PatientScope, clinic_rows
from sojourn.interfaces.help.remembering import CLINIC_COOKIE, _signer
from tests.care.people import actor_for, make_patient
from tests.care.test_voices import declare_demo, invent, propose
from tests.conftest import Cast

ASK = "/library/is-it-safe/ask/?part=1"
CLEAR = "/library/is-it-safe/clear/?part=1"
ANSWERS = "/library/is-it-safe/answers/"
SAFE = Passage(library()["is-it-safe"]["en"], 1)
DANGER = "I am going to kill myself tonight"


@pytest.fixture
def stranger(clinic: Cast) -> Client:
    """Somebody whose device knows the clinic by its link."""
    client = Client()
    client.cookies[CLINIC_COOKIE] = _signer.sign(str(clinic.clinic.pk))
    return client


def ask(client: Client, text: str, to: str = "clinic") -> object:
    return client.post(ASK, {"key": str(uuid4()), "to": to, "text": text})


def kept(clinic: Cast) -> list[ReaderQuestion]:
    with acting_as(clinic.actor("nurse")):
        return list(clinic_rows(ReaderQuestion).order_by("id"))


@pytest.mark.django_db
def test_a_stranger_whose_clinic_nobody_knows_is_told_the_way(clinic: Cast):
    page = Client().get(ASK)
    assert page.status_code == 200
    assert "This page does not know your clinic" in page.text
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    ask(Client(), "Why?")
    assert kept(clinic) == []


@pytest.mark.django_db
def test_a_stranger_asks_without_a_name(clinic: Cast, stranger: Client):
    page = stranger.get(ASK).text
    assert "We keep no name and no address" in page
    assert "Ask your care team" not in page
    answer = ask(stranger, "Does it hurt?")
    assert (answer.status_code, answer["Location"]) == (302, f"{ASK}&sent=clinic")  # type: ignore[attr-defined, index]
    assert "Your question has arrived" in stranger.get(f"{ASK}&sent=clinic").text
    (asked,) = kept(clinic)
    assert (asked.slug, asked.part, asked.language, asked.text) == ("is-it-safe", 1, "en", "Does it hurt?")


@pytest.mark.django_db
def test_words_of_danger_without_a_name_are_answered_by_the_page(clinic: Cast, stranger: Client):
    page = ask(stranger, DANGER).text  # type: ignore[attr-defined]
    assert "You do not have to carry this alone" in page
    assert 'href="tel:988"' in page
    assert "the clinic sees that it came" in page
    nurse = clinic.client("nurse")
    assert "Words of danger" in nurse.get("/clinic/readers/").text
    assert "1 question of a reader waits" in nurse.get("/clinic/readers/waiting/").text


@pytest.mark.django_db
def test_what_is_refused_is_said_and_kept_in_its_field(stranger: Client):
    page = ask(stranger, "x" * 1501)
    assert page.status_code == 409  # type: ignore[attr-defined]
    assert "x" * 1501 in page.text  # type: ignore[attr-defined]
    assert 'href="#nameless"' in page.text  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_patient_asks_their_care_team(clinic: Cast):
    patient, client = make_patient(clinic), clinic.client("Alma")
    page = client.get(ASK).text
    assert "Ask your care team" in page
    assert "your care team is told that they are from you" in page
    answer = ask(client, "Is it for me?", to="team")
    assert answer["Location"] == f"{ASK}&sent=team"  # type: ignore[index]
    with acting_as(clinic.actor("nurse")):
        (message,) = messaging_queries.thread(PatientScope(patient.pk)).messages
    assert message.body.startswith("About “")
    assert message.body.endswith("Is it for me?")
    assert kept(clinic) == []


@pytest.mark.django_db
def test_a_signed_in_patient_in_danger_is_found_whichever_way_they_ask(clinic: Cast):
    """As the page says before: the one exception to no name."""
    patient, client = make_patient(clinic), clinic.client("Alma")
    ask(client, DANGER)
    with acting_as(clinic.actor("nurse")):
        assert [each.kind for each in PatientScope(patient.pk).rows(Flag)] == ["suicidal_thoughts"]


@pytest.mark.django_db
def test_a_patient_without_a_name_is_in_no_thread(clinic: Cast):
    patient, client = make_patient(clinic), clinic.client("Alma")
    ask(client, "Is it for me?")
    with acting_as(clinic.actor("nurse")):
        assert messaging_queries.thread(PatientScope(patient.pk)).messages == ()
    assert [each.text for each in kept(clinic)] == ["Is it for me?"]


@pytest.mark.django_db
def test_clear_or_not_opens_in_its_place_and_is_thanked(clinic: Cast, stranger: Client):
    part = stranger.get(CLEAR, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "<textarea" not in part  # whoever says yes is asked nothing more
    assert "<html" in stranger.get(CLEAR).text
    no = stranger.get(f"{CLEAR}&no=1").text
    assert f'<option value="{escape(SAFE.openings[1])}">' in no
    told = {"clear": "no", "word": "What is NMDA?", "paragraph": SAFE.openings[1]}
    said = stranger.post(CLEAR, told, headers={"HX-Request": "true"})
    assert "Thank you" in said.text
    assert stranger.post(CLEAR, {"word": "?"}).status_code == 422
    danger = stranger.post(CLEAR, {"clear": "no", "word": DANGER}).text
    assert 'href="tel:988"' in danger
    with acting_as(clinic.actor("nurse")):
        assert [(each.clear, each.word, each.paragraph) for each in clinic_rows(Clarity).order_by("id")] == [
            (False, "What is NMDA?", SAFE.openings[1]), (False, DANGER, ""),
        ]  # fmt: skip
    page = clinic.client("clinic_admin").get("/clinic/readers/clarity/").text
    assert "What is NMDA?" in page
    assert escape(SAFE.openings[1]) in page


@pytest.mark.django_db
def test_the_clinic_answers_and_everybody_reads_it_without_a_name(clinic: Cast, stranger: Client):
    ask(stranger, "I am Nadia. Does it hurt?")
    nurse, (asked,) = clinic.client("nurse"), kept(clinic)
    address = f"/clinic/readers/{asked.pk}/"
    assert "I am Nadia" in nurse.get(address).text
    assert nurse.post(address, {"do": "publish", "question_text": "Does it hurt?", "text": ""}).status_code == 409
    answer = nurse.post(address, {"do": "publish", "question_text": "Does it hurt?", "text": "A little."})
    assert answer.status_code == 302
    page = stranger.get(ANSWERS).text
    assert "Does it hurt?" in page
    assert "A little." in page
    assert "Nadia" not in page
    assert clinic.members["nurse"].name not in page
    part = stranger.get(ANSWERS, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "A little." in part
    seen = re.search(r'name="seen" value="(\d+)"', nurse.get(address).text)
    assert seen is not None
    assert nurse.post(address, {"do": "back", "seen": seen[1]}).status_code == 302
    assert "A little." not in stranger.get(ANSWERS).text


@pytest.mark.django_db
def test_a_question_is_set_aside_with_a_reason(clinic: Cast, stranger: Client):
    ask(stranger, "Who will win on Sunday?")
    nurse, (asked,) = clinic.client("nurse"), kept(clinic)
    address = f"/clinic/readers/{asked.pk}/"
    assert nurse.post(address, {"do": "aside"}).status_code == 409
    assert nurse.post(address, {"do": "aside", "reason": "Not about treatment"}).status_code == 302
    assert "Not about treatment" in nurse.get(address).text
    with acting_as(clinic.actor("nurse")):
        assert reading_queries.waiting_question_count() == 0


@pytest.mark.django_db
def test_an_administrator_reads_and_does_not_answer(clinic: Cast, stranger: Client):
    ask(stranger, "Why?")
    (asked,) = kept(clinic)
    admin = clinic.client("clinic_admin")
    assert "Publish question and answer" not in admin.get(f"/clinic/readers/{asked.pk}/").text
    told = {"do": "publish", "question_text": "Why?", "text": "So."}
    assert admin.post(f"/clinic/readers/{asked.pk}/", told).status_code == 403


# ---------------------------------------------------------------- voices


def tell(clinic: Cast, **more: str) -> Client:
    client = clinic.client("Alma")
    client.post("/today/story/", {"do": "send", "agreed": "yes", "text": "I told Veronica. It helped.", **more})
    return client


def hashed(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def sent_voice(clinic: Cast) -> str:
    """The moderator's page of the only voice."""
    found = re.search(r'href="(/clinic/voices/\d+/)"', clinic.client("nurse").get("/clinic/voices/").text)
    assert found is not None
    return found[1]


@pytest.mark.django_db
def test_help_marks_and_changes_nothing(clinic: Cast):
    make_patient(clinic)
    tell(clinic)
    page = clinic.client("nurse").get(sent_voice(clinic)).text
    assert '<mark title="a word with a capital">Veronica</mark>' in page
    assert "I told Veronica. It helped.</textarea>" in page  # the moderator decides
    told = {"do": "help", "text": "I told Veronica. It helped."}
    helped = clinic.client("nurse").post(sent_voice(clinic), told)
    assert "I told [a name or place]. It helped.</textarea>" in helped.text
    assert "I told Veronica. It helped.</textarea>" in clinic.client("nurse").get(sent_voice(clinic)).text
    assert "Alma" not in page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.django_db
def test_the_writer_sees_the_wording_and_only_their_yes_shows_it(clinic: Cast, stranger: Client):
    make_patient(clinic)
    client, address, nurse = tell(clinic), sent_voice(clinic), clinic.client("nurse")
    seen = re.search(r'name="seen" value="(\d+)"', nurse.get(address).text)
    assert seen is not None
    answer = nurse.post(address, {"do": "propose", "text": "I told a friend. It helped.", "seen": seen[1]})
    assert answer.status_code == 302
    page = client.get("/today/story/").text
    assert "I told a friend. It helped." in page
    assert '<span class="sr-only">taken out: </span>Veronica. </del>' in page
    assert '<span class="sr-only">put in: </span>a friend. </ins>' in page
    assert "I told a friend" not in stranger.get("/library/voices/").text
    assert client.post("/today/story/", {"do": "agree", "seen": "0" * 64}).status_code == 409
    assert client.post("/today/story/", {"do": "agree", "seen": hashed(page)}).status_code == 302
    shown = stranger.get("/library/voices/")
    assert "I told a friend. It helped." in shown.text
    assert "One person’s experience" in shown.text
    card = shown.text.partition("data-voice-card")[2].partition("</li>")[0]
    assert (
        "54 are much better, 38 a little better or the same, 8 worse." in card
    )  # of the study that the picture names: OC001, 53.6 %
    assert 'href="#one-hundred"' in card
    assert "/library/evidence/OC001/" in shown.text
    assert shown.text.count('<g class="is-') == 200  # drawn large, and once for all that stand beside a story
    assert "Veronica" not in shown.text
    assert "no-store" in shown["Cache-Control"]  # no device keeps what could be withdrawn
    client.post("/today/story/", {"do": "withdraw"})
    assert "I told a friend" not in stranger.get("/library/voices/").text
    assert "its text is deleted" in nurse.get(address).text
    assert "I told a friend" not in nurse.get(address).text


@pytest.mark.django_db
def test_the_writer_is_helped_before_it_is_sent_and_nothing_is_changed(clinic: Cast):
    make_patient(clinic)
    client = clinic.client("Alma")
    client.post("/today/story/", {"do": "save", "text": "I told Veronica on March 3, 2024."})
    page = client.get("/today/story/").text
    assert '<b class="break-words">Veronica</b>: a word with a capital' in page
    assert '<b class="break-words">March 3, 2024</b>: a date' in page
    assert "I told Veronica on March 3, 2024.</textarea>" in page


@pytest.mark.django_db
def test_the_writer_reads_what_happens_with_it_before_it_is_sent(clinic: Cast):
    make_patient(clinic)
    page = clinic.client("Alma").get("/today/story/").text
    view = clinic.client("nurse").get("/clinic/voices/mine/").text
    assert all(escape(str(each)) in page for each in consent_words.STORY)
    assert all(escape(str(each)) in view for each in consent_words.VIEW)


@pytest.mark.django_db
def test_a_professionals_view_stands_apart_from_the_stories(clinic: Cast, stranger: Client):
    view = clinic.client("therapist")
    view.post("/clinic/voices/mine/", {"do": "send", "agreed": "yes", "text": "I see those who come back."})
    address, nurse = sent_voice(clinic), clinic.client("nurse")
    seen = re.search(r'name="seen" value="(\d+)"', nurse.get(address).text)
    assert seen is not None
    nurse.post(address, {"do": "propose", "text": "I see those who come back.", "seen": seen[1]})
    view.post("/clinic/voices/mine/", {"do": "agree", "seen": hashed(view.get("/clinic/voices/mine/").text)})
    stories, _, views = stranger.get("/library/voices/").text.partition('id="views"')
    assert "I see those who come back." in views
    assert "The view of one professional" in views
    assert "I see those who come back." not in stories
    assert clinic.members["therapist"].name not in views


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "Invented example"), ("es", "Ejemplo inventado")])
def test_an_invented_example_says_so_on_its_card(
    clinic: Cast, stranger: Client, monkeypatch: pytest.MonkeyPatch, language: str, words: str
):
    patient = make_patient(clinic)
    by = actor_for(clinic, patient)
    invent(clinic)
    declare_demo(clinic)
    monkeypatch.setattr(settings, "DEMO", True)
    with acting_as(by):
        voice = voice_actions.send_voice(by=by, language=language, text="So it was.", agreed=True)
    propose(clinic, voice, "So it was.")
    with acting_as(by):
        voice_actions.agree(by=by, text_hash=hash_of("So it was."))
    stranger.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    card = stranger.get("/library/voices/").text.partition("data-voice-card")[2].partition("</li>")[0]
    assert words in card
    assert "So it was." in card
    monkeypatch.setattr(settings, "DEMO", False)
    assert "So it was." not in stranger.get("/library/voices/").text


@pytest.mark.django_db
def test_words_of_danger_in_a_story_lead_to_help(clinic: Cast):
    patient, client = make_patient(clinic), clinic.client("Alma")
    answer = client.post("/today/story/", {"do": "save", "text": DANGER})
    assert answer["Location"].startswith("/today/help/")
    with acting_as(clinic.actor("nurse")):
        assert [each.kind for each in PatientScope(patient.pk).rows(Flag)] == ["suicidal_thoughts"]
