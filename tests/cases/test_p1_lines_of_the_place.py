"""P1: a clinic that is no demo has emergency and crisis lines from its first minute, and its own telephone before it
invites anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.clinical import lines
from sojourn.config import installation
from sojourn.foundation.accounts import place_actions
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic, LineCheck
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook.jurisdictions import of_code
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.placed import DETAILS

PLACE = "console:place"


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def own(page: str) -> str:
    """What somebody sees at once: without the lines that are kept aside for other countries."""
    return re.sub(r"<template.*?</template>|<option.*?</option>", "", page, flags=re.DOTALL)


def tapped(page: str) -> list[str]:
    return re.findall(r'href="((?:tel|sms):[^"]+)"', own(page).replace("&amp;", "&"))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", own(page)).split())


@pytest.fixture
def fresh(db: None) -> Callable[[str], Client]:
    """A clinic made by ``sojourn init`` in a place; a client whose device has belonged to it, and nobody signed in."""

    def made(place: str) -> Client:
        link = installation.first_clinic(
            name=f"Fresh {place}", time_zone="UTC", jurisdiction=place,
            admin_email=f"admin@fresh-{place.lower()}.example", admin_name="Ada Admin",
        )  # fmt: skip
        client = Client()
        assert client.get("/" + link.split("/", 3)[3]).status_code == 200  # the invitation, nobody signed in
        return client

    return made


def in_spanish(client: Client) -> Client:
    client.cookies["django_language"] = "es"
    return client


# ---------------------------------------------------------------- a fresh installation


@pytest.mark.parametrize(
    ("place", "english", "spanish"),
    [
        ("US-CO", ["tel:911", "tel:988", "sms:988"], ["tel:911", "tel:988", "sms:988?&body=AYUDA"]),
        ("ES", ["tel:112", "tel:024", "tel:900525100"], ["tel:112", "tel:024"]),
        ("MX", ["tel:911", "tel:8009112000"], ["tel:911", "tel:8009112000"]),
    ],
)
def test_a_fresh_installation_shows_the_lines_of_its_place(
    fresh: Callable[[str], Client], place: str, english: list[str], spanish: list[str]
):
    client = fresh(place)
    assert tapped(body(client.get("/today/help/")))[: len(english)] == english
    page = body(in_spanish(client).get("/today/help/"))
    assert tapped(page)[: len(spanish)] == spanish
    assert "¿Está en peligro en este momento?" in page
    if place == "US-CO":
        assert "oprima 2" in words(page)  # in words, never dialled


def test_no_page_of_law_is_invented_for_a_country_that_has_lines(fresh: Callable[[str], Client]):
    assert lines.of("CL", "es").emergency
    assert of_code("CL") == ()
    page = body(in_spanish(fresh("CL")).get("/today/help/"))
    assert tapped(page)[:3] == ["tel:131", "tel:133", "tel:6003607777"]
    assert 'data-copy="*4141"' in page  # no telephone dials a star from a link
    assert "con el asterisco" in words(page)


def test_a_country_of_which_nothing_was_collected_is_not_left_empty(fresh: Callable[[str], Client]):
    page = body(fresh("KE").get("/today/help/"))
    assert "call your local emergency number" in words(page)
    assert "https://findahelpline.com/" in own(page)


def test_a_stranger_without_a_clinic_is_not_left_empty(db: None):
    page = body(Client().get("/today/help/"))
    assert "call your local emergency number" in words(page)
    assert "Where are you?" in words(page)
    chosen = body(Client().get("/today/help/", {"where": "ES"}))
    assert tapped(chosen)[:2] == ["tel:112", "tel:024"]


def test_the_chosen_country_comes_first_and_the_clinics_stays(fresh: Callable[[str], Client]):
    client = fresh("US-CO")
    page = body(client.get("/today/help/", {"where": "MX"}))
    taps = tapped(page)
    assert taps[:2] == ["tel:911", "tel:8009112000"]
    assert taps.index("tel:988") > taps.index("tel:8009112000")
    assert "Where your clinic is: United States" in words(page)
    for nonsense in ("<script>", "XX", "'", "us-co", " "):
        assert client.get("/today/help/", {"where": nonsense}).status_code == 200


# ---------------------------------------------------------------- after a positive item 9


def test_the_page_after_an_alarming_answer_is_never_empty(clinic: Cast):
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(phone="", address="", phone_hours="")
    patient = make_patient(clinic, "Alma")
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        asked = measures_actions.request_measure(
            by=nurse, patient_id=patient.pk, scale_id="phq-9", due_at=timezone.now() + timedelta(days=1)
        )
    client = clinic.client("Alma")
    answer = client.post(reverse("portal:question", args=[asked.pk, 9]), {"value": "1"})
    page = body(client.get(answer["Location"]))
    assert "You do not have to carry this alone" in page
    assert tapped(page)[:3] == ["tel:911", "tel:988", "sms:988"]


# ---------------------------------------------------------------- the clinic's own telephone, and who dialled the lines


@pytest.fixture
def bare(clinic: Cast) -> Cast:
    """A clinic as ``sojourn init`` leaves it, in Mexico."""
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(phone="", address="", phone_hours="", jurisdiction="MX")
        clinic.clinic.refresh_from_db()
    return clinic


def invite(cast: Cast, patient_id: int) -> int:
    answer = cast.client("nurse").post(reverse("console:patient_access", args=[patient_id]), {"email": "a@b.example"})
    return int(answer.status_code)


def test_nobody_is_invited_before_telephone_and_lines_stand(bare: Cast):
    patient = make_patient(bare, "Alma")
    with acting_as(system_actor(bare.clinic.pk)):
        member = bare.members.pop("Alma")
        member.ended_at = member.since_at
        member.save(update_fields=["ended_at"])
    before = bare.client("nurse").get(reverse("console:patient_access", args=[patient.pk]))
    assert reverse(PLACE) in body(before)
    assert 'name="email"' not in body(before)
    assert invite(bare, patient.pk) == 409
    admin = bare.client("clinic_admin")
    assert "No patient can be invited yet" in body(admin.get(reverse(PLACE)))
    assert "No patient can be invited yet" in body(bare.client("nurse").get(reverse("console:home")))
    assert bare.client("nurse").post(reverse(PLACE), DETAILS).status_code == 403
    assert admin.post(reverse(PLACE), DETAILS).status_code == 302
    assert invite(bare, patient.pk) == 409
    for line_id, number in (("mx-911", "911"), ("mx-vida", "800 911 2000")):
        answer = admin.post(reverse("console:place_line", args=[line_id]), {"number": number, "works": "yes"})
        assert answer.status_code == 302
    assert "patients can be invited" in body(admin.get(reverse(PLACE)))
    assert invite(bare, patient.pk) == 302


def test_who_dialled_and_when_is_kept_and_seen_by_the_staff(bare: Cast):
    nurse = bare.client("nurse")
    url = reverse("console:place_line", args=["mx-vida"])
    nurse.post(url, {"number": "800 911 2000", "works": "no", "note": "it rang for ten minutes"})
    page = words(body(bare.client("front_desk").get(reverse(PLACE))))
    assert "Not right" in page
    assert "it rang for ten minutes" in page
    assert bare.members["nurse"].name in page
    assert "Second-hand: not read on the service's own page" in page.replace("&#x27;", "'")
    assert "Not confirmed" in page
    with acting_as(system_actor(bare.clinic.pk)):
        row = LineCheck.objects.get(line_id="mx-vida")
        assert (row.works, row.checked_by_id) == (False, bare.members["nurse"].pk)
        assert AuditEvent.objects.filter(action="clinic.line_checked").count() == 1


def test_a_line_that_did_not_work_follows_with_a_note_and_is_never_hidden(bare: Cast):
    make_patient(bare, "Alma")
    patient = bare.client("Alma")
    assert tapped(body(patient.get("/today/help/")))[:2] == ["tel:911", "tel:8009112000"]
    by: Actor = bare.actor("nurse")
    with acting_as(by):
        place_actions.check_line(by=by, line_id="mx-vida", number="800 911 2000", works=False, note="dead")
    page = body(patient.get("/today/help/"))
    assert tapped(page)[:2] == ["tel:911", "tel:+525552598121"]
    assert "tel:8009112000" in tapped(page)
    assert "The clinic could not reach it on" in words(page)


def test_lines_are_shown_whatever_their_mark_and_before_anybody_confirmed_them(bare: Cast):
    assert {each.mark for each in lines.of("MX", "es").first} == {"second-hand"}
    with acting_as(system_actor(bare.clinic.pk)):
        assert not LineCheck.objects.filter(line_id="mx-vida").exists()
    make_patient(bare, "Alma")
    assert "tel:8009112000" in tapped(body(bare.client("Alma").get("/today/help/")))


@pytest.mark.parametrize("typed", [{"phone": "abc"}, {"phone": ""}, {"address": ""}, {"phone_hours": ""}])
def test_a_telephone_that_is_none_is_asked_for_again(bare: Cast, typed: dict[str, str]):
    answer = bare.client("clinic_admin").post(reverse(PLACE), dict(DETAILS) | typed)
    assert answer.status_code in {409, 422}
    with acting_as(system_actor(bare.clinic.pk)):
        assert Clinic.objects.get(pk=bare.clinic.pk).phone == ""


def test_details_given_to_init_are_kept_by_the_rules_of_the_page(db: None):
    with pytest.raises(installation.CannotPrepare, match="not a telephone number"):
        installation.first_clinic(
            name="Slip", time_zone="UTC", jurisdiction="ES", admin_email="a@slip.example", admin_name="A",
            details={"phone": "abc", "address": "1 Calle", "phone_hours": "L-V"},
        )  # fmt: skip
    link = installation.first_clinic(
        name="Clara", time_zone="UTC", jurisdiction="ES", admin_email="a@clara.example", admin_name="A",
        details={"phone": "+34 91 555 01 00", "address": "1 Calle Mayor", "phone_hours": "L-V 9-17"},
    )  # fmt: skip
    client = Client()
    client.get("/" + link.split("/", 3)[3])
    page = body(client.get("/today/help/"))
    assert "tel:+34915550100" in tapped(page)
    assert "L-V 9-17" in page


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Madrid", "ES"),
        ("America/Tijuana", "MX"),
        ("America/Denver", "US"),
        ("UTC", "US"),
        ("Asia/Calcutta", "IN"),
    ],
)
def test_a_clinic_that_does_not_say_where_it_is_gets_the_lines_of_its_clock(zone: str, country: str):
    assert installation.country_by_clock(zone) == country


def test_the_hours_of_the_telephone_are_read_in_both_languages(bare: Cast):
    typed = dict(DETAILS) | {"phone_hours": "Monday, 9 to 5", "phone_hours_other": "lunes, de 9 a 5"}
    assert bare.client("clinic_admin").post(reverse(PLACE), typed).status_code == 302
    make_patient(bare, "Alma")
    patient = bare.client("Alma")
    assert "Monday, 9 to 5" in words(body(patient.get("/today/help/")))
    spanish = words(body(in_spanish(patient).get("/today/help/")))
    assert "lunes, de 9 a 5" in spanish
    assert "Monday" not in spanish


def test_init_says_which_lines_patients_will_be_shown():
    assert installation.lines_of("ES") == [
        "Emergency: 112", "024 suicide line: 024", "Samaritans in Spain: 900 525 100",
    ]  # fmt: skip
    assert "the administrator writes its emergency number" in installation.lines_of("KE")[0]
