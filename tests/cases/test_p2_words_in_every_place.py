"""P2: "I am going to kill myself tonight" is heard wherever a patient can write it, and help is offered at once.

Each place is tried by the form that a patient sends, in English and in Spanish. What was written is kept, one flag is
raised and no second by a second press, the help of item 9 comes before the next page, and the patient reads who has
read it. The sentences are those of the case.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django import forms
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.consent.models import Consent, ConsentQuestion, ConsentWithdrawal
from sojourn.care.coordination.models import EscortAnswer
from sojourn.care.intake.models import IntakeAnswer
from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.safety.actions import answer_flag
from sojourn.care.safety.models import Flag, FlagKind, FlagSource
from sojourn.care.safety.queries import open_flags
from sojourn.care.safety.writing_actions import WRITTEN, worry
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.interfaces.portal.danger.listening import NOT_READ
from tests.care import consents
from tests.care.people import make_patient
from tests.cases.written import INTERFACES, ROOT, Written, calls, texts_of
from tests.conftest import Cast
from tests.interfaces.test_calendar_pages import day_ahead, patient_client
from tests.interfaces.test_console_day import book, chair, course
from tests.interfaces.test_day_link import opened as opened_day
from tests.interfaces.test_day_link import visit
from tests.interfaces.test_escort import asked
from tests.interfaces.test_portal import grade, helped, prose

__all__ = ["helped", "visit"]  # fixtures
WORDS: Final = {"en": "I am going to kill myself tonight", "es": "Voy a matarme esta noche"}
OFFER: Final = "/today/help/sent/"
TITLE: Final = {"en": "You do not have to carry this alone", "es": "No tiene que cargar con esto a solas"}
LANGUAGES: Final = pytest.mark.parametrize("language", ["en", "es"])


def body(page: Any) -> str:
    return html.unescape(str(page.content.decode()))


def flags(cast: Cast) -> list[Any]:
    with acting_as(cast.actor("nurse")):
        return open_flags()


@dataclass
class Phone:
    """A patient at their phone, in one language."""

    cast: Cast
    client: Client
    language: str

    @property
    def words(self) -> str:
        return WORDS[self.language]

    def offered(self, answer: Any) -> str:
        """Where one goes on to after the offer of help, which must have come."""
        assert answer.status_code == 302, body(answer)
        address = urlsplit(answer["Location"])
        assert address.path == OFFER
        page = body(self.client.get(answer["Location"]))
        assert TITLE[self.language] in page
        then = parse_qs(address.query)["next"][0]
        assert f'href="{then}"' in page
        return then

    def one_flag(self, source: FlagSource = FlagSource.WORDS) -> Any:
        (flag,) = flags(self.cast)
        assert (flag.kind, flag.source) == (FlagKind.SUICIDAL_THOUGHTS, source)
        return flag


def at(cast: Cast, client: Client, language: str) -> Phone:
    client.cookies["django_language"] = language
    client.get("/today/help/")
    return Phone(cast, client, language)


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    return make_patient(clinic, "Ana")


@pytest.fixture
def phone(clinic: Cast, ana: Patient, language: str) -> Phone:
    return at(clinic, clinic.client("Ana"), language)


# ---------------------------------------------------------------- every place


@pytest.mark.alone
@LANGUAGES
def test_a_message(phone: Phone):
    fields = {"key": str(uuid4()), "body": f"Hello.\n{phone.words}"}
    assert phone.offered(phone.client.post("/today/messages/", fields)) == "/today/messages/"
    phone.client.post("/today/messages/", fields)  # the second of two taps
    with acting_as(phone.cast.actor("nurse")):
        row = Communication.objects.get()
    assert row.body == fields["body"]
    assert phone.one_flag().about == f"message:{row.pk}"


@pytest.mark.alone
@LANGUAGES
def test_a_free_answer_of_the_intake(phone: Phone):
    answer = phone.client.post("/today/intake/why_now/", {"seen": "", "value": phone.words})
    assert phone.offered(answer) == "/today/intake/psychosis/"
    with acting_as(phone.cast.actor("nurse")):
        row = IntakeAnswer.objects.get(question_id="why_now")
    assert row.value == phone.words
    assert phone.one_flag().about == f"story:why_now:{row.pk}"


_LINE: Final[dict[str, dict[str, str]]] = {
    "medicines": {"name": "sertraline", "current": "yes"},
    "allergies": {"substance": "peanuts"},
    "treatments": {"kind": "talk", "name": "talks", "outcome": "unsure", "long_enough": "unsure"},
    "goals": {},
    "concerns": {},
}


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize(("of", "name"), [(of, name) for of, names in WRITTEN.items() for name in names])
def test_a_line_of_a_list(phone: Phone, of: str, name: str):
    answer = phone.client.post(f"/today/intake/{of}/add/", {**_LINE[of], name: phone.words})
    assert phone.offered(answer) == f"/today/intake/{of}/"
    assert phone.one_flag().about.startswith(f"story:{of}:")


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize("name", ["name", "relationship", "phone"])
def test_a_person_beside_oneself(phone: Phone, name: str):
    fields = {"name": "Luis", "phone": "555 0100", "brings_home": "on", name: phone.words}
    assert phone.offered(phone.client.post("/today/intake/people/add/", fields)) == "/today/intake/people/"
    with acting_as(phone.cast.actor("nurse")):
        assert phone.one_flag().about == f"person:{RelatedPerson.objects.get().pk}"


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize("name", ["name", "relationship", "phone"])
def test_who_brings_one_home(clinic: Cast, language: str, name: str):
    plan = course(clinic)
    visit = book(clinic, plan, chair(clinic), day_ahead(3))
    phone = at(clinic, patient_client(clinic, plan), language)
    fields = {"who": "new", "name": "Luis", "phone": "555 0100", name: phone.words}
    assert phone.offered(phone.client.post(f"/today/visits/{visit.pk}/ride-home/", fields)) == "/today/visits/"
    assert phone.one_flag().about.startswith("person:")


@pytest.mark.alone
@LANGUAGES
def test_a_question_about_an_agreement(clinic: Cast, ana: Patient, language: str):
    consents.adopt_texts(clinic)
    consents.ask(clinic, ana)
    phone = at(clinic, clinic.client("Ana"), language)
    page = "/today/agreements/read/driving/1/"
    assert phone.offered(phone.client.post(page, {"question": phone.words})) == f"{page}#questions"
    phone.client.post(page, {"question": phone.words})
    with acting_as(clinic.actor("nurse")):
        assert phone.one_flag().about == f"consent_question:{ConsentQuestion.objects.get().pk}"


@pytest.mark.alone
@LANGUAGES
def test_a_signature_and_a_withdrawal(clinic: Cast, ana: Patient, language: str):
    consents.adopt_texts(clinic)
    consents.ask(clinic, ana)
    phone = at(clinic, clinic.client("Ana"), language)
    sign = "/today/agreements/read/driving/sign/"
    token = re.search(r'name="token" value="([^"]*)"', body(phone.client.get(sign)))[1]  # type: ignore[index]
    fields = {"token": token, "how": "type", "signed_name": phone.words, "statement": ["no_driving", "escort"]}
    copy = phone.offered(phone.client.post(sign, fields))
    with acting_as(clinic.actor("nurse")):
        consent = Consent.objects.get()
    assert phone.one_flag().about == f"consent:{consent.pk}"
    assert phone.offered(phone.client.post(f"{copy}withdraw/", {"reason": phone.words})) == copy
    with acting_as(clinic.actor("nurse")):
        withdrawal = ConsentWithdrawal.objects.get()
        assert Flag.objects.filter(about=f"withdrawal:{withdrawal.pk}").count() == 1
    assert withdrawal.reason == phone.words


@pytest.mark.alone
@LANGUAGES
def test_the_note_and_the_worry_of_a_support_person(clinic: Cast, language: str):
    """Whose danger a note tells of, a clinician must ask: it is a worry, never words of the patient."""
    _visit, link = asked(clinic)
    guest = Client()
    guest.cookies["django_language"] = language
    assert guest.post(link, {"answer": "yes", "note": WORDS[language]}).status_code == 302
    (flag,) = flags(clinic)
    assert (flag.kind, flag.source) == (FlagKind.WORRIED, FlagSource.SUPPORT_PERSON)
    with acting_as(clinic.actor("nurse")):
        assert EscortAnswer.objects.get().note == WORDS[language]
    told = guest.post(link, {"do": "worry", "worry": "She sounds so empty"})
    assert told.status_code == 302
    assert {"en": "The clinic has been told", "es": "Se avisó a la clínica"}[language] in body(
        guest.get(told["Location"])
    )
    worries = [each for each in flags(clinic) if "She sounds so empty" in each.detail]
    assert [each.kind for each in worries] == [FlagKind.WORRIED]
    assert guest.post(link, {"do": "worry", "worry": ""}).status_code == 422


@pytest.mark.alone
@LANGUAGES
def test_what_is_written_by_the_link_of_a_day(helped: Cast, visit: Appointment, language: str):
    """Whoever holds the patient's phone is taken for the patient."""
    guest, link = opened_day(helped, visit)
    guest.cookies["django_language"] = language
    answer = guest.post(link, {"do": "write", "body": WORDS[language]}, follow=True)
    assert TITLE[language] in body(answer)
    (flag,) = flags(helped)
    assert (flag.kind, flag.source) == (FlagKind.SUICIDAL_THOUGHTS, FlagSource.WORDS)
    too_long = guest.post(link, {"do": "write", "body": f"{WORDS[language]} {'x' * 8000}"})
    assert too_long.status_code == 409
    assert TITLE[language] in body(too_long)
    assert len(flags(helped)) == 2


@pytest.mark.alone
@pytest.mark.parametrize(("later_s", "number"), [(1, 1), (59, 1), (61, 2)])
def test_a_worry_pressed_twice_within_a_minute_is_one(clinic: Cast, later_s: int, number: int):
    """Also where the minute of the clock ends between the two."""
    _visit, link = asked(clinic)
    by = Actor(token_hash=hash_of(link.rstrip("/").rpartition("/")[2]))
    first = timezone.now().replace(second=59, microsecond=900_000)
    with acting_as(by):
        for at in (first, first + timedelta(seconds=later_s)):
            worry(by=by, text="She sounds so empty", now=at)
    assert len(flags(clinic)) == number


@pytest.mark.alone
@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("yes", "She says she does not want to live anymore"),
        ("no", "He told me he is going to kill himself tonight"),
        ("yes", "Ana has been cutting herself again"),
        ("no", "Dice que ya no quiere vivir"),
        ("yes", "Mi hermano habla de suicidarse"),
        ("no", "Creo que se va a matar esta noche"),
    ],
)
def test_what_a_support_person_says_of_the_patient(clinic: Cast, answer: str, note: str):
    """In a patient's own intake another's words are no danger of theirs; here they are the whole of it."""
    _visit, link = asked(clinic)
    assert Client().post(link, {"answer": answer, "note": note}).status_code == 302
    (flag,) = flags(clinic)
    assert (flag.kind, flag.source) == (FlagKind.WORRIED, FlagSource.SUPPORT_PERSON)
    assert note in flag.detail


@pytest.mark.alone
@pytest.mark.parametrize(
    "note",
    [
        "I come by bus", "She is dying to see you", "Her dog died last year", "My phone is dead, call my wife",
        "Vengo en autobús", "Se corta el pelo mañana", "Me mata el tráfico", "Le hace daño la leche",
    ],
)  # fmt: skip
def test_an_everyday_note_of_a_support_person_raises_nothing(clinic: Cast, note: str):
    _visit, link = asked(clinic)
    assert Client().post(link, {"answer": "yes", "note": note}).status_code == 302
    assert flags(clinic) == []


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize(
    ("form", "field"), [({"answer": "yes"}, "note"), ({"answer": ""}, "note"), ({"do": "worry"}, "worry")]
)
def test_what_a_support_person_sends_and_is_not_kept(clinic: Cast, language: str, form: dict[str, str], field: str):
    """Too long, or neither yes nor no: the form is asked for again, and its words are heard, the danger in front."""
    _visit, link = asked(clinic)
    words = f"{'too long ' * 40}{WORDS[language]}" if form.get("answer") != "" else WORDS[language]
    for _again in range(2):
        assert Client().post(link, {**form, field: words}).status_code == 422
    (flag,) = flags(clinic)
    assert flag.kind == FlagKind.WORRIED
    assert {"en": "kill myself", "es": "matarme"}[language] in flag.detail


@pytest.mark.alone
@LANGUAGES
def test_a_voice_that_commands_is_a_voice_and_a_thought_of_suicide(phone: Phone):
    words = {"en": "The voices tell me to kill myself", "es": "Las voces me dicen que me mate"}[phone.language]
    phone.offered(phone.client.post("/today/messages/", {"key": str(uuid4()), "body": words}))
    assert {each.kind for each in flags(phone.cast)} == {FlagKind.VOICES, FlagKind.SUICIDAL_THOUGHTS}
    assert len({each.about for each in flags(phone.cast)}) == 1


# ---------------------------------------------------------------- what is not kept is heard all the same


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("/today/visits/times/", "cannot"),
        ("/today/intake/weight/", "value"),
        ("/today/intake/heart_event_day/", "value"),
        ("/today/intake/people/add/", "email"),
        ("/today/intake/paste/", "prose"),
    ],
)
def test_a_form_that_cannot_be_kept(phone: Phone, page: str, name: str):
    answer = phone.client.post(page, {"seen": "", "unit": "kg", name: phone.words})
    assert answer.status_code in {200, 409, 422}
    shown = body(answer)
    assert TITLE[phone.language] in shown
    assert f'href="{OFFER}"' in shown
    assert phone.words in shown  # and what was typed is still there
    phone.client.post(page, {"seen": "", "unit": "kg", name: phone.words})
    assert phone.one_flag().about.startswith("unkept:portal:")


@pytest.mark.alone
@LANGUAGES
@pytest.mark.parametrize(
    ("page", "name", "more"),
    [("ask", "text", {"to": "team"}), ("ask", "text", {"to": "clinic"}), ("clear", "word", {"clear": "no"})],
    ids=["to the team", "without a name", "not clear"],
)
def test_what_is_said_of_an_article(phone: Phone, page: str, name: str, more: dict[str, str]):
    """To the team, without a name, and where something was not clear: whoever is signed in is heard."""
    phone.client.post(f"/library/is-it-safe/{page}/?part=1", {"key": str(uuid4()), name: phone.words, **more})
    phone.one_flag()


@pytest.mark.alone
@LANGUAGES
def test_a_message_that_is_too_long(phone: Phone):
    answer = phone.client.post("/today/messages/", {"key": str(uuid4()), "body": phone.words + " x" * 5000})
    assert answer.status_code == 409
    assert phone.words in body(answer)
    phone.one_flag()


@pytest.mark.alone
@LANGUAGES
def test_a_piece_of_a_list_that_is_thrown_away(phone: Phone):
    fields = {"piece-1": phone.words, "is-1": "", "take-1": "no", "prose": ""}
    phone.offered(phone.client.post("/today/intake/paste/", fields))
    phone.one_flag()


@pytest.mark.alone
def test_a_form_of_another_site_raises_nothing(clinic: Cast, ana: Patient):
    """Whoever wrote it, it was not the patient."""
    forged = Client(enforce_csrf_checks=True)
    forged.cookies.update(clinic.client("Ana").cookies)
    assert forged.post("/today/messages/", {"body": WORDS["en"]}).status_code == 403
    assert flags(clinic) == []


@pytest.mark.alone
@LANGUAGES
def test_an_everyday_message_leads_on_as_ever(phone: Phone):
    words = {"en": "May I eat before the visit?", "es": "¿Puedo comer antes de la visita?"}[phone.language]
    answer = phone.client.post("/today/messages/", {"key": str(uuid4()), "body": words})
    assert answer["Location"] == "/today/messages/"
    assert flags(phone.cast) == []


@pytest.mark.alone
def test_what_staff_write_is_no_word_of_the_patient(clinic: Cast, ana: Patient):
    desk = clinic.client("nurse")
    desk.get("/clinic/")
    thread = reverse("console:thread", args=[ana.pk])
    assert desk.post(thread, {"key": str(uuid4()), "seen": "0", "body": WORDS["en"]}).status_code == 302
    assert flags(clinic) == []


# ---------------------------------------------------------------- no place is forgotten

# Parameters of what a patient's pages call that hold no words of anybody, and why.
NO_WORDS: Final = {
    "coordination.reminder_actions.prefer zone": "one of a list",
    "coordination.reminder_actions.prefer channel": "one of a list",
    "scheduling.series_actions.state_times parts": "one of a list; the days that one cannot come are read as days",
    "consent.actions.drawing_fault path": "the strokes of a signature",
    "intake.actions.remove_line of": "one of a list",
    "coordination.day_link_actions.open_here device": "made by the page",
    "measures.actions.start_response scale_id": "one of a list",
    "reading.actions.say_clarity paragraph": "one of a list",
    "safety.actions.answer_measure link_id": "one of a list; its answer is a number",
    "safety.not_counted_actions.hear scale_id": "one of a list",
    "safety.not_counted_actions.hear answers": "numbers",
    "safety.not_counted_actions.hear about": "the number of a request",
    "safety.not_counted_actions.hear why": "a reason of ours",
    "safety.words_actions.heed_unkept texts": "the door itself",
    "safety.words_actions.heed_unkept where": "the name of a page",
    "safety.writing_actions.answer_intake question_id": "one of a list",
    "safety.writing_actions.answer_intake confirmed": "what the page asked back",
    "safety.writing_actions.ask_question document_id": "one of a list",
    "safety.writing_actions.ask_question section_id": "one of a list",
    "safety.writing_actions.bring email": "an address, refused where it is none; a form that is refused is read",
    "safety.writing_actions.name_person email": "an address, refused where it is none; a form that is refused is read",
    "safety.writing_actions.say_line of": "one of a list",
    "safety.writing_actions.sign token": "made by the page",
    "safety.writing_actions.sign given": "the strokes of a signature, and what is chosen from a list",
    "safety.writing_actions.worry_of about": "the name of a row",
    "safety.writing_actions.write_by_link device": "what the page gave the browser",
    "session.withdrawal_actions.say_no reason": "the patient's button sends none",
}
# Those that hold words, each with its test above.
SHOWN: Final = {
    "reading.actions.ask_team text": test_what_is_said_of_an_article,
    "reading.actions.ask_nameless text": test_what_is_said_of_an_article,
    "reading.actions.say_clarity word": test_what_is_said_of_an_article,
    "safety.writing_actions.write_message body": test_a_message,
    "safety.writing_actions.answer_intake told": test_a_free_answer_of_the_intake,
    "safety.writing_actions.say_line values": test_a_line_of_a_list,
    "safety.writing_actions.name_person name": test_a_person_beside_oneself,
    "safety.writing_actions.name_person relationship": test_a_person_beside_oneself,
    "safety.writing_actions.name_person phone": test_a_person_beside_oneself,
    "safety.writing_actions.bring name": test_who_brings_one_home,
    "safety.writing_actions.bring relationship": test_who_brings_one_home,
    "safety.writing_actions.bring phone": test_who_brings_one_home,
    "safety.writing_actions.ask_question text": test_a_question_about_an_agreement,
    "safety.writing_actions.sign signed_name": test_a_signature_and_a_withdrawal,
    "session.withdrawal_actions.withdraw_consent reason": test_a_signature_and_a_withdrawal,
    "safety.writing_actions.answer_ride_home note": test_the_note_and_the_worry_of_a_support_person,
    "safety.writing_actions.worry_of text": test_the_note_and_the_worry_of_a_support_person,
    "safety.writing_actions.write_by_link body": test_what_is_written_by_the_link_of_a_day,
    "safety.writing_actions.heed_by_link text": test_what_is_written_by_the_link_of_a_day,
    "safety.writing_actions.worry text": test_the_note_and_the_worry_of_a_support_person,
}


def test_every_text_that_a_patients_page_hands_on_is_read_or_said_to_need_it_not():
    """Mechanical: a new page, action or parameter that takes words must be read, and shown here, or named above."""
    found = {f"{each.action} {each.parameter}" for action in calls() for each in texts_of(action)}
    assert found == NO_WORDS.keys() | SHOWN.keys()
    assert "safety.writing_actions.write_message body" in found  # the search finds something at all


def test_the_search_finds_a_page_that_goes_round_the_door():
    """``messaging.write`` straight from a page would be found as a text that nobody named."""
    assert texts_of(messaging_actions.write) == [Written("messaging.actions.write", "body")]


def _fields() -> Iterator[str]:
    """The name of every field that a page of patients or support persons reads or shows for typing."""
    for interface in INTERFACES:
        for path in (ROOT / "interfaces" / interface).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Attribute(attr="POST")), args=[ast.Constant(value=str(name)), *_]
                    ):
                        yield name
        for path in (ROOT / "interfaces" / interface).rglob("*.html"):
            yield from re.findall(r'<(?:textarea|input)[^>]*\bname="(\w+)"', path.read_text(encoding="utf-8"))
    for form in _forms():
        yield from form.base_fields


def test_no_field_for_words_is_among_those_that_are_not_read():
    """The middleware reads every field of every form of a patient, but those named with their reason."""
    typed = {name for form in _forms() for name, each in form.base_fields.items() if isinstance(each, forms.CharField)}
    assert {"name", "cannot", "text"} <= typed
    assert not typed & NOT_READ.keys()
    assert {"body", "prose", "question", "reason", "signed_name", "value"} <= set(_fields()) - NOT_READ.keys()
    assert all(reason for reason in NOT_READ.values())
    order = settings.MIDDLEWARE
    assert order.index("sojourn.config.middleware.WhoAsks") < order.index(
        "sojourn.interfaces.portal.danger.listening.Listening"
    )


def _forms(kind: type[forms.Form] = forms.Form) -> Iterator[type[forms.Form]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith(
            (
                "sojourn.interfaces.portal",
                "sojourn.interfaces.escort",
                "sojourn.interfaces.shared",
                "sojourn.care.intake",
            )
        ):
            yield each
        yield from _forms(each)


# Templates with a field in which nobody is told beforehand, and why.
NOT_TOLD: Final = {
    "agreements/sign.html": "one's own name",
    "answering/question.html": "a number or a choice; what is asked and who reads it stands on the page before",
    "visits/reminders.html": "chosen from a list, and the time of day",
    "visits/feed.html": "the page shows an address",
    "day.html": "what could not be sent is given back there, to be copied; the page to write on says it",
    "reading/nameless.html": "says so itself: nobody can write back there",
    "library/search.html": "words that are looked for; nothing of them is kept",
}
_TYPED: Final = re.compile(r'<textarea|<input[^>]*type="text"|<c-field :field=|class="input"')


def _page(template: Path) -> str:
    """The page's own folder, or none where the interface has one page, and the name."""
    return f"{template.parent.parent.name}/{template.name}" if template.parent.name == "templates" else template.name


def test_before_any_writing_it_is_said_what_is_looked_for_and_who_reads_it():
    found = {}
    for interface in INTERFACES:
        for path in (ROOT / "interfaces" / interface).rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            if _TYPED.search(text):
                found[_page(path)] = re.search(rf'include "{interface}/(danger/)?words_read.html"', text) is not None
    assert {"messages/messages.html", "intake/question.html", "intake/line.html", "ride_home.html"} <= found.keys()
    assert {name for name, told in found.items() if not told} <= NOT_TOLD.keys()


@LANGUAGES
@pytest.mark.parametrize(
    "page", ["messages/", "intake/", "intake/why_now/", "intake/goals/add/", "intake/paste/", "visits/times/"]
)
def test_it_is_said_on_the_page(phone: Phone, page: str):
    words = {"en": "looks for words of danger", "es": "busca palabras de peligro"}[phone.language]
    assert words in body(phone.client.get(f"/today/{page}"))


# ---------------------------------------------------------------- who has read it


@pytest.mark.alone
@LANGUAGES
def test_the_patient_reads_who_has_read_it_where_they_wrote_it(phone: Phone):
    phone.client.post("/today/messages/", {"key": str(uuid4()), "body": phone.words})
    nobody = {"en": "Nobody has read it yet", "es": "Todavía no lo ha leído nadie"}[phone.language]
    places = (OFFER, "/today/messages/", "/today/intake/", "/today/")
    for place in places:
        assert nobody in body(phone.client.get(place)), place
    (flag,) = flags(phone.cast)
    by = phone.cast.actor("nurse")
    with acting_as(by):
        answer_flag(by=by, flag_id=flag.id, kind="seen", after=flag.newest_id)
    read_it = {"en": "has read it", "es": "lo ha leído"}[phone.language]
    for place in places:
        page = body(phone.client.get(place))
        assert nobody not in page
        assert read_it in page


# ---------------------------------------------------------------- the clinic's list


def test_the_list_of_messages_begins_with_the_danger_and_shows_its_first_line(clinic: Cast, ana: Patient):
    ben = make_patient(clinic, "Ben")
    patients = {"Ben": (ben, "When is my visit?"), "Ana": (ana, f"\n{WORDS['en']}\nGoodbye")}
    for name, (_patient, words) in patients.items():
        client = clinic.client(name)
        client.get("/today/help/")
        client.post("/today/messages/", {"key": str(uuid4()), "body": words})
    client = clinic.client("Ana")
    client.post("/today/messages/", {"key": str(uuid4()), "body": "Sorry to bother you"})
    for role, says in (("nurse", str(FlagKind.SUICIDAL_THOUGHTS.label)), ("front_desk", "Read this first")):
        desk = clinic.client(role)
        desk.get("/clinic/")
        page = body(desk.get("/clinic/messages/"))
        rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
        assert "Ana Reyes" in rows[0]  # though Ben waits longer
        assert WORDS["en"] in rows[0]  # the line that matters, not the newest
        assert says in rows[0]
        assert "Ben Reyes" in rows[1]
        assert "When is my visit?" in rows[1]
        assert says not in rows[1]


def test_the_offer_of_help_leads_nowhere_else_and_is_read_with_ease(clinic: Cast, ana: Patient):
    client = clinic.client("Ana")
    client.get("/today/help/")
    for then in ("https://example.org/", "//example.org/", "javascript:alert(1)", ""):
        page = body(client.get(OFFER, {"next": then})).split("<main")[1].split("</main>")[0]
        assert "example.org" not in page
        assert "javascript:" not in page
        assert 'href="/today/"' in page
    client.post("/today/messages/", {"key": str(uuid4()), "body": WORDS["en"]})
    text = prose(client.get(OFFER, {"next": "/today/messages/"}).content.decode())
    assert "Your words are sent" in text
    assert grade(text) <= 8
