"""P3: a page says whose it is by an opaque name; nothing of it may be kept, or sent as somebody else's."""

from __future__ import annotations

import re

import pytest
from django.contrib.messages.storage.base import Message as Toast
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from sojourn.care.messaging.models import Communication
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.page_owner import COOKIE, RECEIVED, page_owner
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.repo.test_repository import tracked

OWNER = re.compile(r'<html [^>]*data-owner="([0-9a-f]*)"')


def owner_on(page: str) -> str | None:
    found = OWNER.search(page)
    return found[1] if found else None


def test_a_page_names_its_owner_without_telling_who_it_is(clinic: Cast):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    answer = client.get("/today/")
    owner = owner_on(answer.content.decode())
    member = clinic.members["Alma"]
    assert owner == page_owner(member.person_id, member.pk) == client.cookies[COOKIE].value
    assert re.fullmatch("[0-9a-f]{32}", owner)
    assert owner_on(client.get("/today/").content.decode()) == owner


def test_two_people_and_two_memberships_never_share_a_name():
    names = [page_owner(person, member) for person in (1, 11, 111) for member in (None, 1, 11, 111)]
    assert len(set(names)) == len(names)
    assert page_owner(None, None) == page_owner(None, 5) == ""


@pytest.mark.parametrize("path", ["/today/help/", "/today/here/"])
def test_a_page_that_stays_on_the_device_is_nobodys(clinic: Cast, path: str):
    make_patient(clinic, "Alma")
    page = clinic.client("Alma").get(path).content.decode()
    assert "data-owner" not in page
    assert "Alma" not in page


def test_the_sign_in_is_nobodys_and_sweeps_everything(clinic: Cast, client: Client):
    assert owner_on(client.get(reverse("account_login")).content.decode()) == ""


@pytest.mark.parametrize("path", ["/clinic/patients/", "/clinic/rules/", "/today/messages/"])
def test_the_door_keeps_no_typed_words_for_whoever_signs_in_next(db: None, client: Client, path: str):
    """P3: a search for a name stood in the address of the sign-in page, and was shown to the next person there."""
    where = client.get(path, {"q": "Quintanilla"})["Location"]
    assert where.endswith(f"?next={path}")


def test_no_field_asks_the_browser_for_what_was_typed_before():
    """P3: autocomplete="name" on one field outdoes "off" on its form: the signature offered the last patient's name."""
    known = {"off", "username", "new-password", "current-password", "one-time-code"}
    pages = [each for each in tracked(".html", ".py") if "/gallery" not in str(each) and "sojourn/" in str(each)]
    asked = {
        (page.name, value)
        for page in pages
        for value in re.findall(r"""autocomplete["']?[=:] ?["']([a-z -]+)""", page.read_text(encoding="utf-8"))
    }
    assert {each for each in asked if each[1] not in known} == set()
    assert ("sign.html", "off") in asked


def test_a_sign_out_takes_the_name_back_and_the_pages_that_the_browser_holds(clinic: Cast):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    client.get("/today/")
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.cookies[COOKIE].value == ""


def test_a_sign_in_that_ended_by_itself_does_the_same(clinic: Cast):
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    client.get("/today/")
    session = client.session
    session["since"] = 0
    session.save()
    answer = client.get("/today/messages/")
    assert answer.status_code == 302
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.cookies[COOKIE].value == ""


@pytest.mark.parametrize("path", ["/today/", "/today/messages/", "/today/intake/", "/today/help/", "/today/here/"])
def test_no_page_of_a_patient_may_be_stored(clinic: Cast, path: str):
    make_patient(clinic, "Alma")
    assert "no-store" in clinic.client("Alma").get(path).headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/clinic/", "/clinic/patients/", "/clinic/patients/new/", "/clinic/messages/"])
def test_no_page_of_the_clinic_may_be_stored(clinic: Cast, path: str):
    assert "no-store" in clinic.client("nurse").get(path).headers["Cache-Control"]


@pytest.mark.alone
def test_what_a_page_of_another_sends_is_refused_and_nothing_is_done(clinic: Cast):
    make_patient(clinic, "Alma")
    make_patient(clinic, "Bruno")
    of_alma = page_owner(clinic.members["Alma"].person_id, clinic.members["Alma"].pk)
    body = {"body": "of Alma", "key": "00000000-0000-4000-8000-000000000000"}
    refused = clinic.client("Bruno").post("/today/messages/", body, headers={"x-page-owner": of_alma})
    assert refused.status_code == 412
    with acting_as(clinic.actor("nurse")):
        assert not Communication.objects.exists()
    taken = clinic.client("Alma").post("/today/messages/", body, headers={"x-page-owner": of_alma})
    assert taken.status_code in {302, 200, 422}


def test_what_was_to_be_said_to_one_is_not_said_to_the_next(clinic: Cast):
    """A word waits in a cookie of the browser until a page shows it."""
    make_patient(clinic, "Alma")
    make_patient(clinic, "Bruno")
    alma, bruno = clinic.client("Alma"), clinic.client("Bruno")
    alma.get("/today/")
    value = CookieStorage(HttpRequest())._encode([Toast(25, "Alma, your visit is moved")])
    bruno.cookies["messages"] = value
    bruno.cookies[COOKIE] = alma.cookies[COOKIE].value
    assert "Alma, your visit" not in bruno.get("/today/").content.decode()
    bruno.cookies["messages"] = value
    assert "Alma, your visit" in bruno.get("/today/").content.decode()  # the cookie is Bruno's own by now


def test_a_form_is_receipted_once_it_was_read(clinic: Cast):
    """The browser keeps what was typed until then: after a refusal of the page itself nothing says that it arrived."""
    make_patient(clinic, "Alma")
    client = clinic.client("Alma")
    client.get("/today/")
    body = {"body": "of Alma", "key": "00000000-0000-4000-8000-000000000000", "draft_number": "1795974836-7"}
    assert client.post("/today/nowhere/", body).status_code == 404
    assert RECEIVED not in client.cookies
    client.post("/today/messages/", body | {"draft_number": "x;y"})
    assert RECEIVED not in client.cookies
    client.post("/today/messages/", body)
    assert client.cookies[RECEIVED].value == "1795974836-7"


def test_the_link_of_a_support_person_keeps_nothing_and_names_nobody(clinic: Cast, client: Client):
    """A stranger's page is nobody's: what the device kept of a patient is swept by it, and nothing typed is kept."""
    answer = client.get("/ride-home/not-a-link/")
    assert answer.status_code == 404
    assert owner_on(answer.content.decode()) == ""
    assert "no-store" in answer.headers["Cache-Control"]
