"""S10: a live stream ends at once when its sign-in ends or becomes somebody else's.

It ran on for up to 60 s after a sign-out or a change of role. Shown with the real web process: a stream is open, the
sign-in behind it ends through the page on which people end it, and a value that comes afterwards is never heard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client
from django.urls import reverse

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from tests.interfaces.test_live import with_reading
from tests.interfaces.web import Chair, Event, Stream, Web, open_clinic, seat, stream
from tests.words import stands_in

AT_ONCE_S = 1.0  # the stream's own look for an ended sign-in comes once a minute; a beat comes every second


@pytest.fixture
def web(web_process: Web) -> Web:
    return web_process.running()


@pytest.fixture(autouse=True)
def _committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def chair() -> Chair:
    return seat(open_clinic("ends"))


def key_of(client: Client) -> str:
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def ends(board: Stream, chair: Chair, change: Callable[[], object]) -> None:
    """The stream ends within a second of the change, and tells nothing of what comes after it."""
    board.next("snapshot")
    chair.send(hr=61)
    board.next("sessions")
    change()
    changed = time.monotonic()
    chair.send(hr=199)
    heard: list[Event] = []
    with pytest.raises(ConnectionError):
        _listen_on(board, heard)
    assert time.monotonic() - changed < AT_ONCE_S
    assert not stands_in("199", str([each.data for each in heard if each.kind == "sessions"]))


def _listen_on(board: Stream, heard: list[Event]) -> None:
    while True:
        heard.append(board.next(timeout=AT_ONCE_S * 10))


def test_a_sign_out_ends_it(web: Web, chair: Chair) -> None:
    client = chair.cast.client("nurse")
    with stream(web, "/live/board", key_of(client)) as board:
        ends(board, chair, lambda: client.post(reverse("account_logout")))
    with stream(web, "/live/board", key_of(client)) as answer:
        assert answer.status == 401


def test_a_sign_out_from_another_device_ends_it(web: Web, chair: Chair) -> None:
    """On the page of one's own devices every other sign-in is ended by one press."""
    here, there = chair.cast.client("nurse"), chair.cast.client("nurse")
    for client in (here, there):
        UserSession.objects.create(
            user=chair.cast.members["nurse"].person, ip="127.0.0.1", session_key=key_of(client)
        )  # fmt: skip
    with (
        stream(web, f"/live/session/{chair.id}", key_of(there)) as page,
        stream(web, "/live/board", key_of(here)) as own,
    ):
        ends(page, chair, lambda: here.post(reverse("usersessions_list")))
        own.next("snapshot")
        chair.send(hr=77)  # whoever pressed goes on
        own.next("sessions", where=with_reading(chair.id, "hr", 77))


def test_an_ended_access_ends_it(web: Web, chair: Chair) -> None:
    nurse = chair.cast.members["nurse"]
    admin = chair.cast.client("clinic_admin")
    with stream(web, "/live/board", key_of(chair.cast.client("nurse"))) as board:
        ends(board, chair, lambda: admin.post(reverse("console:staff_end", args=[nurse.pk])))


def test_another_role_of_ones_own_ends_it(web: Web, chair: Chair) -> None:
    """Who is a nurse and works at the desk as well goes on as the desk, which watches nobody."""
    nurse = chair.cast.members["nurse"]
    with acting_as(chair.cast.actor("clinic_admin")):
        desk = Membership.objects.create(
            clinic=chair.cast.clinic, person=nurse.person, role="front_desk", name="At the desk"
        )
    client = chair.cast.client("nurse")
    with stream(web, "/live/board", key_of(client)) as board:
        ends(board, chair, lambda: client.post(reverse("switch", args=[desk.pk])))
    with stream(web, "/live/board", key_of(client)) as answer:
        assert answer.status == 403


def test_a_changed_password_ends_it(web: Web, chair: Chair) -> None:
    person = chair.cast.members["nurse"].person

    def change() -> None:
        person.set_password("four lamps beside the quiet river")
        person.save()

    with stream(web, "/live/board", key_of(chair.cast.client("nurse"))) as board:
        ends(board, chair, change)


def test_what_does_not_end_a_sign_in_ends_no_stream(web: Web, chair: Chair) -> None:
    """A sign of life, another's sign-out, and a new title leave a stream as it is."""
    client, other = chair.cast.client("nurse"), chair.cast.client("prescriber")
    with stream(web, "/live/board", key_of(client)) as board:
        board.next("snapshot")
        client.post(reverse("still_here"))
        other.post(reverse("account_logout"))
        with acting_as(chair.cast.actor("clinic_admin")):
            member = chair.cast.members["nurse"]
            member.credentials = "RN"
            member.save()
        for value in (72, 73):
            chair.send(hr=value)
            board.next("sessions", where=with_reading(chair.id, "hr", value))
            board.next("beat")
