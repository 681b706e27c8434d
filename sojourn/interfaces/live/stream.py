"""Server-sent events: ``/live/board`` for a clinic's running sessions, ``/live/session/<id>`` for one, and
``/live/here`` for the patient in one, who hears nothing but what becomes of their call.

The first event is "snapshot" (with trends), then "sessions" as they change and "beat" every second. An event's id
says which readings the browser has; coming back with it (Last-Event-ID, or ``?after=``) brings only those that it
missed. A stream ends when its sign-in does, or when whoever signed in is somebody else by role or clinic: at once, for
the database says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.db import close_old_connections, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from sojourn.care.session import calls, live
from sojourn.care.session.live import cursor_of, cursor_text
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.live.hub import Hub, Watcher

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SESSION_PATH = re.compile(r"/live/session/([0-9]{1,18})")
# How often an open stream asks again whether its sign-in still stands, also where nothing was said: nobody notifies of
# a sign-in that nobody has used for too long.
_ASK_AGAIN_S = 60.0
# With more sessions than this the id of an event is long; it then goes out once a second only.
_ID_EVERY_EVENT = 100
_HERE = "/live/here"
_hub = Hub()


async def close() -> None:
    """End every stream, at the end of the process."""
    await _hub.close()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one stream: 401 to strangers, 403 to roles that do not watch, 404 to what is not the clinic's."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    cookie = headers.get("cookie", "")
    try:
        watcher, actor, own = await _admit(scope, cookie)
    except _TurnedAway as why:
        await _plain(send, why.status, why.text)
        return
    _hub.watch(watcher)
    watcher.doubt()  # the sign-in may have ended between the asking and the watching, and nobody heard it
    closed = asyncio.create_task(_closed(receive, watcher))
    try:
        await _stream(watcher, actor, cookie, {} if own else _seen(scope, headers), send, _Told(own))
    finally:
        _hub.leave(watcher)
        closed.cancel()


class _TurnedAway(Exception):
    """A stream is not opened; the HTTP status and the words say why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


async def _admit(scope: Message, cookie: str) -> tuple[Watcher, Actor, bool]:
    """Who watches what, and whether it is the patient's own session. Raises _TurnedAway."""
    actor = await _signed_in(cookie)
    own, encounter_id = _stream_of(scope["path"])
    if not _may(actor, own) or actor.clinic_id is None:
        raise _TurnedAway(403, "your role does not watch sessions")
    if own:
        encounter_id = await sync_to_async(_session_of, thread_sensitive=False)(actor)
        if encounter_id is None:  # an answer after which a browser does not ask again by itself
            raise _TurnedAway(204, "")
    if scope["method"] != "GET":  # a page that was refused asks so whether it is still signed in
        raise _TurnedAway(405, "only GET")
    names = accounts_queries.sign_in_names(_key(cookie), actor.person_id)
    return Watcher(actor.clinic_id, encounter_id, names), actor, own


async def _signed_in(cookie: str) -> Actor:
    try:
        actor = await _who(cookie)
    except DatabaseError as error:
        raise _TurnedAway(503, "the database does not answer; try again") from error
    if actor is None:
        raise _TurnedAway(401, "sign in first")
    return actor


def _stream_of(path: str) -> tuple[bool, int | None]:
    """Whether a path asks for the patient's own session, and the session that it names; the board names none."""
    match = _SESSION_PATH.fullmatch(path)
    if match is None and path not in ("/live/board", _HERE):
        raise _TurnedAway(404, "no such stream")
    return path == _HERE, None if match is None else int(match[1])


def _may(actor: Actor, own: bool) -> bool:
    return actor.patient_id is not None and actor.may("own.read") if own else actor.may("board.watch")


def _session_of(actor: Actor) -> int | None:
    """The running session of the patient who asks."""
    assert actor.patient_id is not None
    with transaction.atomic(), acting_as(actor):
        found = calls.at_the_patient(PatientScope(actor.patient_id), timezone.now())
    return None if found is None else found.encounter_id


@dataclass(frozen=True, slots=True)
class _Told:
    """In which words a stream tells: everything for the clinic, for a patient (``own``) their call alone."""

    own: bool

    def opening(self, found: str, seen: Mapping[int, int], cursor: str) -> str:
        if self.own:
            return f"retry: 2000\n{_call_event(found)}"
        snapshot = f'{{"resumed":{"true" if seen else "false"},"sessions":{found}}}'
        return f"retry: 2000\nid: {cursor}\nevent: snapshot\ndata: {snapshot}\n\n"

    def waiting(self, watcher: Watcher) -> str:
        if not self.own:
            return _waiting(watcher)
        sessions, beat = watcher.take(), watcher.beat
        watcher.beat = ""
        return (_call_event(sessions) if sessions else "") + ("event: beat\ndata: {}\n\n" if beat else "")


def _call_event(sessions: str) -> str:
    """What a patient hears of their session."""
    (session,) = json.loads(sessions)
    call = session["call"]
    if (
        call is not None
        and call[0] == calls.CallState.COMING
        and time.time() - call[2] > calls.SAID_FOR.total_seconds()
    ):
        call = None
    found = {"running": session["state"] in live.RUNNING, "call": call}
    return f"event: call\ndata: {json.dumps(found, separators=(',', ':'))}\n\n"


async def _stream(
    watcher: Watcher, actor: Actor, cookie: str, seen: Mapping[int, int], send: Send, told: _Told
) -> None:
    try:
        found = await _hub.open(watcher, seen)
    except (psycopg.Error, OSError, TimeoutError):
        await _plain(send, 503, "the database does not answer; try again")
        return
    if watcher.encounter_id is not None and not watcher.seen:
        await _plain(send, 404, "no such session")
        return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await _send(send, told.opening(found, seen, cursor_text(watcher.seen)))
    asked = time.monotonic()
    while True:
        await watcher.wake.wait()
        watcher.wake.clear()
        if watcher.gone:
            break
        if watcher.doubted or time.monotonic() - asked > _ASK_AGAIN_S:
            asked, watcher.doubted = time.monotonic(), False
            if not await _still(actor, cookie, told.own):
                break
        text = told.waiting(watcher)
        if text:
            await _send(send, text)
    with contextlib.suppress(Exception):  # a browser that has gone needs no farewell
        await send({"type": "http.response.body", "body": b""})


def _waiting(watcher: Watcher) -> str:
    """The events that wait for a watcher, as they go over the wire."""
    sessions, beat = watcher.take(), watcher.beat
    watcher.beat = ""
    few = len(watcher.seen) <= _ID_EVERY_EVENT
    text = ""
    if sessions:
        number = f"id: {cursor_text(watcher.seen)}\n" if few else ""
        text = f"{number}event: sessions\ndata: {sessions}\n\n"
    if beat:
        number = "" if few else f"id: {cursor_text(watcher.seen)}\n"
        text += f"{number}event: beat\ndata: {beat}\n\n"
    return text


async def _still(actor: Actor, cookie: str, own: bool) -> bool:
    """Whether the sign-in behind a stream stands as it did. A database that is away is no reason to end it."""
    try:
        now = await _who(cookie)
    except DatabaseError:
        return True
    if now is None or not _may(now, own):
        return False
    return (now.clinic_id, now.role, now.patient_id) == (actor.clinic_id, actor.role, actor.patient_id)


_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _send(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _closed(receive: Receive, watcher: Watcher) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.gone = True
    watcher.wake.set()


def _seen(scope: Message, headers: Mapping[str, str]) -> dict[int, int]:
    """What the browser has already: from its header, or from the address when the page itself comes back."""
    after = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    return cursor_of(headers.get("last-event-id") or after)


async def _plain(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _key(cookie: str) -> str:
    """The session's key in a cookie header; "" where there is none."""
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


async def _who(cookie: str) -> Actor | None:
    return await sync_to_async(_actor, thread_sensitive=False)(cookie)


def _actor(cookie: str) -> Actor | None:
    """Who sent this session cookie, by the same rules as a page: alive, not idle, active, second factor, chosen
    clinic. Asking is not a sign of life: a stream goes on by itself."""
    close_old_connections()
    key = _key(cookie)
    if not key:
        return None
    with transaction.atomic():
        row = Session.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
        data = {} if row is None else row.get_decoded()
        person_id = _person(data)
        if person_id is None:
            return None
        with acting_as(Actor(person_id=person_id)):
            chosen = accounts_queries.choose(accounts_queries.memberships_of(person_id), data.get("membership"))
        if chosen is None:
            return None
        lacks_factor = accounts_queries.is_staff(chosen.role) and not settings.DEMO and not data.get("second_factor")
        return None if lacks_factor else accounts_queries.actor_of(chosen)


def _person(data: Mapping[str, Any]) -> int | None:
    """Who a session's data says is signed in, where that still holds."""
    idle_s = data.get("idle_s", max(settings.SESSION_IDLE_S.values()))
    if time.time() - data.get("seen", time.time()) > idle_s:
        return None
    backend = data.get("_auth_user_backend", "")
    person = get_user_model().objects.filter(pk=data.get("_auth_user_id", 0)).first()
    if person is None or backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    if not constant_time_compare(data.get("_auth_user_hash", ""), person.get_session_auth_hash()):
        return None
    return None if load_backend(backend).get_user(person.pk) is None else person.pk
