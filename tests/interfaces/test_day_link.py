"""The page that the link of a day opens: no sign-in, no name, one device; the patient's and the clinic's side of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from sojourn.care.coordination.models import DayLink
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actor import acting_as
from tests.browser import clean
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served
from tests.interfaces.test_calendar_pages import day_ahead
from tests.interfaces.test_console_day import body, book, chair, course
from tests.interfaces.test_escort import letters
from tests.interfaces.test_portal import helped, signed_in

__all__ = ["helped"]  # a fixture
EARLIER = "An earlier word about my brother"


@pytest.fixture
def visit(helped: Cast) -> Appointment:
    """Tomorrow's, of a patient who has written before."""
    ana = course(helped, given="Marisol")
    one = book(helped, ana, chair(helped), day_ahead(1))
    with acting_as(helped.actor("nurse")) as by:
        Patient.objects.filter(pk=ana.patient_id).update(email="marisol@example.org")
        Communication.objects.create(
            clinic=helped.clinic, patient_id=ana.patient_id, body=EARLIER, from_patient=True, sent_at=timezone.now(),
            sent_by_id=by.member, sender_name="Marisol", typed_key="5f6d6a0e-4b60-4d4e-9f5b-0a4e9f6c1a11",
        )  # fmt: skip
        _around(one, hours=20)
    return one


def _around(visit: Appointment, hours: float) -> None:
    """The appointment begins in so many hours, whatever the day of the week."""
    begins = timezone.now() + timedelta(hours=hours)
    Appointment.objects.filter(pk=visit.pk).update(during=(begins, begins + timedelta(hours=2)))


def link_of(cast: Cast, visit: Appointment) -> str:
    """The front desk sends it; the path in the letter."""
    answer = cast.client("front_desk").post(reverse("console:day_link", args=[visit.pk]))
    assert answer.status_code == 302
    letter = letters()[-1]
    assert letter.to == "marisol@example.org"
    assert not re.search(r"Marisol|Ruiz|ketamine|session", letter.text + letter.subject, re.IGNORECASE)
    found = re.search(r"/day/[^/\s]+/", letter.text)
    assert found is not None
    return found[0]


def opened(cast: Cast, visit: Appointment) -> tuple[Client, str]:
    phone, link = Client(), link_of(cast, visit)
    phone.post(link, {"do": "open"})
    return phone, link


def test_reading_the_link_opens_it_nowhere(helped: Cast, visit: Appointment):
    link = link_of(helped, visit)
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(link).status_code == 200
    assert "Open it on this device" in body(Client().get(link))
    with acting_as(helped.actor("nurse")):
        assert DayLink.objects.get(appointment=visit).opened_at is None


@pytest.mark.parametrize(("hours", "title"), [(30, "Getting ready"), (-1, "Today"), (-4, "Afterwards")])
def test_the_page_says_no_name_no_drug_and_no_earlier_word(helped: Cast, visit: Appointment, hours: int, title: str):
    with acting_as(helped.actor("nurse")):
        _around(visit, hours)
    phone, link = opened(helped, visit)
    answer = phone.get(link)
    page = body(answer)
    assert f">{title}<" in page
    assert not re.search(r"Marisol|Ruiz|ketamine|depress|dose|brother", page, re.IGNORECASE)
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]
    assert reverse("portal:help") in page
    assert ("Do not drive" in page) is (hours == -4)


def test_it_opens_on_one_device(helped: Cast, visit: Appointment):
    phone, link = opened(helped, visit)
    stranger = Client()
    for answer in (stranger.get(link), stranger.post(link, {"do": "open"})):
        assert answer.status_code == 410
        assert "another device" in body(answer)
        assert "When and where" not in body(answer)
    assert "When and where" in body(phone.get(link))
    cookie = phone.cookies["day_device"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (link, True, "Lax")


def test_what_is_written_goes_to_the_clinic_and_is_not_read_back(helped: Cast, visit: Appointment):
    phone, link = opened(helped, visit)
    answer = phone.post(link, {"do": "write", "body": "I saw a wide river", "key": ""}, follow=True)
    assert "The clinic has it" in body(answer)
    assert "Sent from this link: 1 time" in body(answer)
    assert "river" not in body(phone.get(link))
    thread = body(helped.client("nurse").get(reverse("console:thread", args=[visit.patient_id])))
    assert "I saw a wide river" in thread
    assert "by link, not signed in" in thread
    own = body(signed_in(helped, visit.patient).get("/today/messages/"))
    assert "I saw a wide river" in own
    assert "by link, not signed in" in own


def test_words_of_danger_show_help_and_raise_a_flag(helped: Cast, visit: Appointment):
    phone, link = opened(helped, visit)
    answer = phone.post(link, {"do": "write", "body": "I will kill myself tonight"}, follow=True)
    assert "You do not have to carry this alone" in body(answer)
    assert "988" in body(answer)
    with acting_as(helped.actor("prescriber")):
        assert Flag.objects.get(patient_id=visit.patient_id).kind == "suicidal_thoughts"


def test_what_can_be_kept_no_more_is_given_back_and_heard(helped: Cast, visit: Appointment):
    phone, link = opened(helped, visit)
    with acting_as(helped.actor("nurse")):
        _around(visit, -80)
    answer = phone.post(link, {"do": "write", "body": "I will kill myself tonight"})
    assert answer.status_code == 410
    page = body(answer)
    assert "What you wrote was not sent" in page
    assert "I will kill myself tonight" in page
    assert "You do not have to carry this alone" in page
    with acting_as(helped.actor("prescriber")):
        assert Flag.objects.filter(patient_id=visit.patient_id).count() == 1
        assert Communication.objects.filter(patient_id=visit.patient_id).count() == 1


@pytest.mark.parametrize(("text", "says"), [("", "Write a message first"), ("x" * 8001, "A message can have 8000")])
def test_what_is_refused_stands_in_the_form_again(helped: Cast, visit: Appointment, text: str, says: str):
    phone, link = opened(helped, visit)
    answer = phone.post(link, {"do": "write", "body": text})
    assert answer.status_code == 409
    assert says in body(answer)
    assert f">{text}</textarea>" in body(answer)


def test_an_unknown_link_opens_nothing(helped: Cast):
    assert Client().get("/day/nothing/").status_code == 404
    assert Client().post("/day/nothing/", {"do": "write", "body": "I will kill myself"}).status_code == 404


def test_the_patient_sends_it_to_themselves_and_takes_it_back(helped: Cast, visit: Appointment):
    client, page = signed_in(helped, visit.patient), reverse("portal:visits_day_link")
    assert "Send me the link by e-mail" in body(client.get(page))
    change = reverse("portal:visit_day_link", args=[visit.pk])
    assert client.post(change)["Location"] == page
    assert "sent, and not opened yet" in body(client.get(page))
    link = re.search(r"/day/[^/\s]+/", letters()[-1].text)[0]  # type: ignore[index]
    Client().post(link, {"do": "open"})
    assert "open on one device" in body(client.get(page))
    client.post(change, {"do": "end"})
    assert Client().get(link).status_code == 410
    assert "Send me the link by e-mail" in body(client.get(page))


def test_a_patient_without_an_address_or_a_visit_is_told(helped: Cast, visit: Appointment):
    with acting_as(helped.actor("nurse")):
        Patient.objects.filter(pk=visit.patient_id).update(email="")
    client = signed_in(helped, visit.patient)
    answer = client.post(reverse("portal:visit_day_link", args=[visit.pk]))
    assert answer.status_code == 409
    assert "no e-mail address" in body(answer)
    with acting_as(helped.actor("nurse")):
        _around(visit, -90)
    assert "No visit is booked" in body(client.get(reverse("portal:visits_day_link")))


def test_the_clinic_sees_where_the_link_stands(helped: Cast, visit: Appointment):
    page = reverse("console:appointment", args=[visit.pk])
    nurse = helped.client("nurse")
    assert "Send the link" in body(nurse.get(page))
    opened(helped, visit)
    assert "open on one device" in body(nurse.get(page))
    nurse.post(reverse("console:day_link", args=[visit.pk]), {"do": "end"})
    assert "open on one device" not in body(nurse.get(page))
    assert "Take the link back" not in body(helped.client("therapist").get(page))


@pytest.fixture
def address(helped: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_on_a_phone_and_at_a_desk(browser: Browser, helped: Cast, visit: Appointment, address: str, width: int):
    with one_at_a_time:
        link = link_of(helped, visit)
    context = browser.new_context(viewport={"width": width, "height": 812}, base_url=address, reduced_motion="reduce")
    page = context.new_page()
    page.goto(link)
    clean(page, f"the link of a day, not opened, {width}")
    page.get_by_role("button", name="Open it on this device").click()
    expect(page.get_by_role("heading", name="Getting ready")).to_be_visible()
    for mood in ("light", "dark"):
        page.emulate_media(color_scheme=mood)  # type: ignore[arg-type]
        clean(page, f"the page of a day, {width}, {mood}")
    page.get_by_label("Your words").fill("The birds were loud")
    page.get_by_role("button", name="Send to the clinic").click()
    expect(page.get_by_text("The clinic has it")).to_be_visible()
    expect(page.get_by_label("Your words")).to_have_value("")
    clean(page, f"the page of a day, written, {width}")
    context.close()
