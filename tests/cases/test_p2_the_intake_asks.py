"""P2: "Yes" to voices does not lead on to the next question; the intake asks about suicide, whom to call, access needs.

Each answer is a tap on the patient's form. What it must raise is the case's: voices their own kind of flag, commands to
harm oneself both kinds; how grave each answer is, intake_form.toml states as a convention of ours.
"""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import intake_form
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.safety.models import FlagKind, FlagSource, Severity
from sojourn.care.safety.queries import open_flags
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope
from tests.care.people import make_patient
from tests.conftest import Cast

INTAKE = "/today/intake/"
OFFER = "/today/help/sent/"
VOICES, THOUGHTS, HARM = FlagKind.VOICES, FlagKind.SUICIDAL_THOUGHTS, FlagKind.SELF_HARM


def body(page: Any) -> str:
    return html.unescape(str(page.content.decode()))


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    return make_patient(clinic, "Ana")


@pytest.fixture
def phone(clinic: Cast, ana: Patient) -> Client:
    client = clinic.client("Ana")
    client.get("/today/help/")
    return client


def tap(client: Client, question: str, *value: str, **fields: str) -> Any:
    return client.post(f"{INTAKE}{question}/", {"seen": "", "value": list(value), **fields})


def raised(cast: Cast) -> dict[FlagKind, Severity]:
    with acting_as(cast.actor("nurse")):
        found = open_flags()
    assert all(each.source == FlagSource.ANSWER for each in found)
    assert len({each.kind for each in found}) == len(found)
    return {each.kind: each.severity for each in found}


@pytest.mark.alone
@pytest.mark.parametrize(
    ("question", "value", "kinds"),
    [
        ("psychosis_now", "yes", {VOICES: Severity.URGENT}),
        ("voices_tell", "self", {VOICES: Severity.EMERGENCY, THOUGHTS: Severity.EMERGENCY}),
        ("voices_tell", "others", {VOICES: Severity.EMERGENCY}),
        ("suicide_thoughts", "yes", {THOUGHTS: Severity.URGENT}),
        ("suicide_plan", "yes", {THOUGHTS: Severity.EMERGENCY}),
        ("suicide_attempt", "lately", {THOUGHTS: Severity.URGENT}),
        ("self_harm", "yes", {HARM: Severity.URGENT}),
    ],
)
def test_a_yes_offers_help_and_raises_its_own_flag(
    clinic: Cast, phone: Client, question: str, value: str, kinds: dict[FlagKind, Severity]
):
    answer = tap(phone, question, value)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{OFFER}?next=%2Ftoday%2Fintake%2F")
    page = body(phone.get(answer["Location"]))
    assert "You do not have to carry this alone" in page
    assert "Nobody has read it yet" in page
    assert raised(clinic) == kinds
    tap(phone, question, value)  # the second of two taps
    assert raised(clinic) == kinds


@pytest.mark.alone
@pytest.mark.parametrize(
    ("question", "kind"), [("psychosis_now", VOICES), ("suicide_thoughts", THOUGHTS), ("self_harm", HARM)]
)
def test_not_sure_is_not_silence(clinic: Cast, phone: Client, question: str, kind: FlagKind):
    """Doubt is seen by a clinician soon; it stops nobody in their intake."""
    answer = phone.post(f"{INTAKE}{question}/", {"seen": "", "press": "unsure"})
    assert answer["Location"].startswith(INTAKE)
    assert raised(clinic) == {kind: Severity.SOON}


@pytest.mark.alone
@pytest.mark.parametrize("value", ["no", "skip"])
def test_no_and_skipped_raise_nothing(clinic: Cast, phone: Client, value: str):
    for question in ("psychosis_now", "suicide_thoughts", "self_harm"):
        fields = {"press": "skip"} if value == "skip" else {"value": value}
        answer = phone.post(f"{INTAKE}{question}/", {"seen": "", **fields})
        assert answer["Location"].startswith(INTAKE)
    assert tap(phone, "suicide_attempt", "before")["Location"].startswith(INTAKE)
    assert phone.post(f"{INTAKE}voices_tell/", {"seen": "", "press": "none"})["Location"].startswith(INTAKE)
    assert raised(clinic) == {}


@pytest.mark.alone
def test_a_yes_after_a_no_and_a_graver_answer_are_heard(clinic: Cast, phone: Client):
    tap(phone, "suicide_thoughts", "no")
    seen = phone.get(f"{INTAKE}suicide_thoughts/")
    number = body(seen).split('name="seen" value="')[1].split('"')[0]
    phone.post(f"{INTAKE}suicide_thoughts/", {"seen": number, "value": "yes"})
    assert raised(clinic) == {THOUGHTS: Severity.URGENT}


def test_what_voices_say_is_asked_after_a_yes_and_after_not_sure(clinic: Cast, ana: Patient, phone: Client):
    for answer, follows in (({"value": "no"}, False), ({"press": "unsure"}, True)):
        seen = body(phone.get(f"{INTAKE}psychosis_now/")).split('name="seen" value="')[1].split('"')[0]
        phone.post(f"{INTAKE}psychosis_now/", {"seen": seen, **answer})
        with acting_as(clinic.actor("nurse")):
            told = {name: each.told for name, each in intake_queries.answers(PatientScope(ana.pk)).items()}
        assert ("voices_tell" in [each.id for each in intake_form().shown(told, "unknown")]) == follows


@pytest.mark.alone
def test_what_staff_write_down_for_a_patient_is_heard_too(clinic: Cast, ana: Patient):
    """Whoever types an intake in from paper may be no clinician, and the flag needs an owner all the same."""
    desk = clinic.client("nurse")
    desk.get("/clinic/")
    page = reverse("console:intake_question", args=[ana.pk, "psychosis_now"])
    assert desk.post(page, {"seen": "", "value": "yes"}).status_code == 302
    assert raised(clinic) == {VOICES: Severity.URGENT}


def test_every_sign_of_danger_is_of_a_kind_that_a_flag_has():
    signs = [sign for question in intake_form().questions for sign in question.danger]
    assert signs
    for sign in signs:
        assert sign.kind in FlagKind.values
        assert sign.severity in Severity.values
    for question in intake_form().questions:
        words = {"yes", "no", "unsure", "skipped", *(each.id for each in question.choices)}
        assert all(sign.on <= words for sign in question.danger)


# ---------------------------------------------------------------- whom to call, and what one needs


@pytest.mark.alone
@pytest.mark.parametrize(
    ("language", "calls", "needs"),
    [
        ("en", "may be called in an emergency", ("An interpreter", "Room for a wheelchair")),
        ("es", "se le puede llamar en una emergencia", ("Un intérprete", "Espacio para una silla de ruedas")),
    ],
)
def test_staff_see_whom_to_call_and_what_the_patient_needs(
    clinic: Cast, ana: Patient, phone: Client, language: str, calls: str, needs: tuple[str, ...]
):
    phone.post(
        f"{INTAKE}people/add/",
        {"name": "Luis", "relationship": "brother", "phone": "555 0100", "emergency_contact": "on"},
    )
    with acting_as(clinic.actor("nurse")):
        luis = RelatedPerson.objects.get()
    assert (luis.emergency_contact, luis.brings_home) == (True, False)
    tap(phone, "access_needs", "interpreter", "wheelchair")
    assert "access_words" in body(phone.get(f"{INTAKE}access_words/"))
    tap(phone, "access_words", "Mixtec, please")
    for role in ("front_desk", "nurse"):
        desk = clinic.client(role)
        desk.cookies["django_language"] = language
        desk.get("/clinic/")
        page = body(desk.get(reverse("console:patient", args=[ana.pk])))
        for words in ("555 0100", calls, *needs, "Mixtec, please"):
            assert words in page
    intake_page = body(clinic.client("nurse").get(reverse("console:intake", args=[ana.pk])))
    assert "Luis" in intake_page
    assert "may be called in an emergency" in intake_page


@pytest.mark.alone
def test_staff_name_somebody_to_call_by_hand(clinic: Cast, ana: Patient):
    desk = clinic.client("nurse")
    desk.get("/clinic/")
    add = reverse("console:person_add", args=[ana.pk])
    desk.post(add, {"name": "Luis", "phone": "555 0100", "emergency_contact": "on"})
    with acting_as(clinic.actor("nurse")):
        luis = RelatedPerson.objects.get()
    assert luis.emergency_contact
    desk.post(reverse("console:person_edit", args=[luis.pk]), {"name": "Luis", "phone": "555 0101"})
    with acting_as(clinic.actor("nurse")):
        luis.refresh_from_db()
    assert not luis.emergency_contact
