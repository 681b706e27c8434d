"""P4: Help now is one tap away on every page there is, with the numbers of the clinic that the device belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.config import errors
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Invitation
from sojourn.foundation.accounts.queries import system_actor
from tests.care.people import make_patient
from tests.cases.test_p1_lines_of_the_place import body, tapped, words
from tests.conftest import Cast
from tests.interfaces.test_escort import asked

HELP = 'href="/today/help/"'


def invited(cast: Cast) -> str:
    """The path of an invitation's link."""
    by = cast.actor("nurse")
    with acting_as(by):
        sent = accounts_actions.invite(by=by, email="new@mail.example", name="Ana", role="patient", patient_id=71)
    return "/" + sent.link.split("/", 3)[3]


def run_out(cast: Cast) -> str:
    """The path of a link that has run out."""
    link = invited(cast)
    with acting_as(system_actor(cast.clinic.pk)):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    return link


# ---------------------------------------------------------------- one tap away

STRANGERS: dict[str, Callable[[Cast], tuple[str, int]]] = {
    "sign-in": lambda _cast: ("/accounts/login/", 200),
    "reset": lambda _cast: ("/accounts/password/reset/", 200),
    "reset sent": lambda _cast: ("/accounts/password/reset/done/", 200),
    "reset link": lambda _cast: ("/accounts/password/reset/key/1-set-password/", 200),
    "invitation": lambda cast: (invited(cast), 200),
    "invitation that ran out": lambda cast: (run_out(cast), 410),
    "invitation that is none": lambda _cast: ("/invitation/abcdefgh/", 404),
    "nothing here": lambda _cast: ("/nothing/here/", 404),
    "support person": lambda cast: (asked(cast)[1], 200),
    "support person, no link": lambda _cast: ("/ride-home/abcdefgh/", 404),
}


@pytest.mark.parametrize("page", STRANGERS)
def test_whoever_is_not_signed_in_finds_help(clinic: Cast, page: str):
    path, status = STRANGERS[page](clinic)
    answer = Client().get(path)
    assert answer.status_code == status
    assert HELP in body(answer)


def test_whoever_has_just_signed_out_finds_help(clinic: Cast):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    client.get("/today/")
    answer = client.post("/accounts/logout/", follow=True)
    assert HELP in body(answer)
    assert "tel:+13035550100" in tapped(body(client.get("/today/help/")))  # the clinic's own, still


@pytest.mark.parametrize("role", ["nurse", "prescriber", "front_desk", "clinic_admin", "auditor"])
def test_the_console_leads_to_help_too(clinic: Cast, role: str):
    client = clinic.client(role)
    assert HELP in body(client.get("/clinic/"))
    page = client.get("/today/help/")
    assert page.status_code == 200
    assert reverse("console:home") in body(page)


def test_every_page_of_the_portal_leads_to_help(clinic: Cast):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    for name in ("today", "visits", "progress", "messages", "record", "intake", "agreements", "medicine", "here"):
        page = client.get(reverse(f"portal:{name}"), follow=True)
        assert HELP in body(page), name


def test_pages_that_are_not_open_to_somebody_lead_to_help(clinic: Cast):
    answer = clinic.client("auditor").get("/clinic/chairs/")
    assert answer.status_code == 403
    assert HELP in body(answer)


# ---------------------------------------------------------------- and with the right numbers


@pytest.mark.parametrize("address", ["/today/here/stop/", "/today/visits/sooner/"])
def test_an_address_that_only_takes_what_is_sent_leads_to_help(clinic: Cast, address: str):
    """Loaded again or opened by its link it was an empty page."""
    make_patient(clinic, "Ana")
    page = clinic.client("Ana").get(address, headers={"accept": "text/html", "accept-language": "es"})
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert 'href="/today/help/"' in page.text
    assert "No hay nada en esta dirección" in page.text


def test_the_invitation_lets_the_device_know_the_clinics_numbers(clinic: Cast):
    client = Client()
    assert "tel:+13035550100" not in tapped(body(client.get("/today/help/")))
    client.get(invited(clinic))
    assert "tel:+13035550100" in tapped(body(client.get("/today/help/")))


def test_the_support_person_has_the_clinics_number_and_words_for_worry(clinic: Cast):
    client = Client()
    page = body(client.get(asked(clinic)[1]))
    assert "Are you worried about somebody?" in page
    assert {"tel:911", "tel:988", "tel:+13035550100"} <= set(tapped(page))
    assert "tel:+13035550100" in tapped(body(client.get("/today/help/")))


def test_a_page_that_broke_carries_the_numbers_itself(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    client.raise_request_exception = False

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("sojourn.interfaces.portal.progress.views.show", broken)
    answer = client.get("/today/progress/")
    assert answer.status_code == 500
    assert HELP in body(answer)
    assert tapped(body(answer))[:2] == ["tel:911", "tel:988"]
    assert "tel:+13035550100" in tapped(body(answer))


def test_a_page_that_broke_asks_nothing_of_the_database(clinic: Cast, rf: object, django_assert_num_queries):
    request = rf.get("/")  # type: ignore[attr-defined]
    request.clinic = Clinic(pk=clinic.clinic.pk, name="North", jurisdiction="ES", phone="+34 91 555 01 00")
    with django_assert_num_queries(0):
        page = body(errors.server_error(request))
    assert tapped(page) == ["tel:112", "tel:024", "tel:900525100", "tel:+34915550100"]


def test_what_stays_on_the_device_names_nobody_and_keeps_the_clinics_lines(clinic: Cast):
    patient = make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    for path in ("/today/help/", "/today/offline/"):
        page = body(client.get(path))
        assert tapped(page)[:3] == ["tel:911", "tel:988", "sms:988"]
        assert "tel:+13035550100" in tapped(page)
        for name in (patient.given_name, patient.family_name, patient.record_number):
            assert name not in page
    assert re.search(r'const INSTEAD = "/today/offline/"', body(client.get("/today/sw.js")))


def test_a_page_of_help_stays_light(clinic: Cast):
    make_patient(clinic, "Alma")
    page = body(clinic.client("Alma").get("/today/help/"))
    assert len(page.encode()) < 60_000
    assert "More lines" in words(page)
