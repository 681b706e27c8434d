"""The escort's link: reading changes nothing, yes and no do, an old link reveals nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import ride_home_actions
from sojourn.care.coordination.models import EscortAnswer, EscortLink, Offer
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.mail.letters import unseal
from sojourn.foundation.scope import AppointmentScope
from tests.conftest import Cast
from tests.interfaces.test_calendar_pages import day_ahead, escort
from tests.interfaces.test_console_day import body, book, chair, course


def letters() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'sealed' FROM procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id")
        return [unseal(sealed) for (sealed,) in cursor.fetchall()]


def asked(clinic: Cast) -> tuple[Appointment, str]:
    """An appointment whose escort was asked, and the path of the link in the letter."""
    ana = course(clinic)
    first = book(clinic, ana, chair(clinic), day_ahead(3), escort_id=escort(clinic, ana).pk)
    with acting_as(clinic.actor("front_desk")) as by:
        ride_home_actions.ask(by=by, appointment_id=first.pk)
    found = re.search(r"/ride-home/[^/\s]+/", letters()[-1].text)
    assert found is not None
    return first, found[0]


def state(clinic: Cast, appointment: Appointment) -> RideHomeState:
    with acting_as(clinic.actor("nurse")):
        return coordination_queries.ride_home(AppointmentScope(appointment.pk)).state


def test_opening_the_link_changes_nothing(clinic: Cast):
    first, link = asked(clinic)
    for method in ("get", "head"):
        answer = getattr(Client(), method)(link)
        assert answer.status_code == 200
    assert state(clinic, first) == RideHomeState.ASKED
    page = body(Client().get(link))
    assert "Ana" in page
    assert "Ruiz" not in page
    assert "must not drive until tomorrow, after a good night's sleep" in page
    assert "Denver (M" in page  # the clock that is meant
    assert not re.search(r"ketamine|depress|dose|treatment", page, re.IGNORECASE)
    answer = Client().get(link)
    assert answer["Referrer-Policy"] == "same-origin"  # the address is a secret: no other site hears it
    assert "no-store" in answer["Cache-Control"]


def test_a_link_of_an_older_letter_still_answers(clinic: Cast):
    first, link = asked(clinic)
    older, guest = link.replace("/ride-home/", "/way-home/"), Client()
    assert older != link
    assert "Ana" in body(guest.get(older))
    answer = guest.post(older, {"answer": "yes", "note": ""})
    assert (answer.status_code, answer["Location"]) == (302, link)
    assert state(clinic, first) == RideHomeState.CONFIRMED


@pytest.mark.alone
def test_yes_no_and_yes_again(clinic: Cast):
    first, link = asked(clinic)
    guest = Client()
    assert guest.post(link, {"answer": "yes", "note": "by bus"}).status_code == 302
    assert state(clinic, first) == RideHomeState.CONFIRMED
    page = body(guest.get(link))
    assert "You said yes" in page
    assert "by bus" in page
    assert guest.post(link, {"answer": "no"}).status_code == 302
    assert state(clinic, first) == RideHomeState.DECLINED
    assert guest.post(link, {"answer": "maybe"}).status_code == 422
    assert guest.post(link, {"answer": "yes", "note": "x" * 301}).status_code == 422
    with acting_as(clinic.actor("nurse")):
        assert EscortAnswer.objects.count() == 2
    day = body(clinic.client("nurse").get(reverse("console:day"), {"day": day_ahead(3).date().isoformat()}))
    assert "ride home declined" in day


def test_a_replaced_link_reveals_nothing_and_mails_the_known_address(clinic: Cast):
    first, old = asked(clinic)
    with acting_as(clinic.actor("front_desk")) as by:
        ride_home_actions.ask(by=by, appointment_id=first.pk)
        EscortLink.objects.filter(appointment=first).update(sent_at=timezone.now() - timedelta(hours=1))
    answer = Client().get(old)
    assert answer.status_code == 410
    page = body(answer)
    assert "This link no longer works" in page
    assert not re.search(r"Ana|Luis|luis@|\d\d:\d\d", page.split("<main")[1].split("</main>")[0])
    assert Client().post(old, {"answer": "yes"}).status_code == 410
    assert state(clinic, first) == RideHomeState.ASKED
    before = len(letters())
    said = body(Client().post(old, {"do": "renew"}))
    assert "to the address that the clinic knows" in said
    assert [letter.to for letter in letters()[before:]] == ["luis@example.org"]
    again = body(Client().post(old, {"do": "renew"}))  # pressed twice: the same words, no second letter
    assert "to the address that the clinic knows" in again
    assert len(letters()) == before + 1


@pytest.mark.alone
def test_a_cancelled_visit_closes_the_link_and_says_the_same(clinic: Cast):
    first, link = asked(clinic)
    with acting_as(clinic.actor("nurse")) as by:
        scheduling_actions.cancel(by=by, appointment_id=first.pk, version=1, because="ill")
    answer = Client().get(link)
    assert answer.status_code == 410
    assert "Ana" not in body(answer).split("<main")[1].split("</main>")[0]
    before = len(letters())
    assert "If this visit is still ahead" in body(Client().post(link, {"do": "renew"}))
    assert len(letters()) == before


def test_an_expired_link_and_a_begun_session(clinic: Cast):
    first, link = asked(clinic)
    with acting_as(clinic.actor("nurse")):
        EscortLink.objects.filter(appointment=first).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert Client().get(link).status_code == 410
    with acting_as(clinic.actor("nurse")):
        EscortLink.objects.filter(appointment=first).update(expires_at=timezone.now() + timedelta(days=1))
        now = timezone.now()
        Appointment.objects.filter(pk=first.pk).update(during=(now - timedelta(hours=1), now + timedelta(hours=1)))
    page = Client().get(link)
    assert page.status_code == 200  # what holds tonight can still be read
    assert "The appointment has begun" in body(page)
    assert Client().post(link, {"answer": "yes"}).status_code == 409


@pytest.mark.parametrize("token", ["x", "../../clinic", "0" * 64, "%00", "ä"])
def test_a_link_that_is_none_opens_nothing(clinic: Cast, token: str):
    assert Client().get(reverse("escort:ride_home", args=[token.replace("/", "-")])).status_code in {400, 404}
    assert Client().post(reverse("escort:earlier", args=["x"]), {"answer": "yes"}).status_code == 404


def test_the_links_own_page_forbids_forged_forms(clinic: Cast):
    _first, link = asked(clinic)
    assert Client(enforce_csrf_checks=True).post(link, {"answer": "yes"}).status_code == 403


def test_a_signed_in_stranger_sees_no_more_than_the_link(clinic: Cast, other_clinic: Cast):
    first, link = asked(clinic)
    client = other_clinic.client("nurse")
    assert client.post(link, {"answer": "yes"}).status_code == 302
    assert state(clinic, first) == RideHomeState.CONFIRMED


@pytest.mark.alone
def test_an_earlier_time_by_its_link(clinic: Cast):
    from sojourn.care.coordination import reminder_actions, waiting_actions
    from sojourn.care.patients import actions as patients_actions

    ana, bo, one = course(clinic, "Ana"), course(clinic, "Bo"), chair(clinic)
    early, late = book(clinic, bo, one, day_ahead(2)), book(clinic, ana, one, day_ahead(9))
    with acting_as(clinic.actor("nurse")) as by:
        patients_actions.edit(by=by, patient_id=ana.patient_id, version=1, record_number="", email="ana@example.org")
        waiting_actions.join(by=by, care_plan_id=ana.pk)
        scheduling_actions.cancel(by=by, appointment_id=early.pk, version=1, because="ill")
        offer = Offer.objects.get()
    with acting_as(reminder_actions.sender(clinic.clinic.pk)) as house:
        assert waiting_actions.tell(by=house, offer_id=offer.pk)
    found = re.search(r"/earlier/[^/\s]+/", letters()[-1].text)
    assert found is not None
    link, guest = found[0], Client()
    assert "Do you want to come earlier?" in body(guest.get(link))
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.get(pk=late.pk).during == late.during
    assert guest.post(link, {"answer": "yes"}).status_code == 302
    assert "The time is yours" in body(guest.get(link))
    assert guest.post(link, {"answer": "no"}).status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.get(pk=late.pk).during.lower == early.during.lower
