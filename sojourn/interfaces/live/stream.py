"""Server-sent events: ``/live/board`` for a clinic's running sessions, ``/live/session/<id>`` for one.

The first event is "snapshot" (with trends), then "sessions" as they change and "beat" every second. Every event has
an id; a browser that comes back with Last-Event-ID gets only the readings that it missed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import SimpleCookie
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.sessions.models import Session
from django.db import close_old_connections, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from sojourn.foundation.accounts import queries
from sojourn.foundation.accounts.asker import Asker, as_asker
from sojourn.interfaces.live.hub import Hub, Watcher

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SESSION_PATH = re.compile(r"/live/session/([0-9]{1,18})")
_hub = Hub()


async def close() -> None:
    """End every stream, at the end of the process."""
    await _hub.close()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one stream."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    asker = await sync_to_async(_asker, thread_sensitive=False)(headers.get("cookie", ""))
    if asker is None:
        await _plain(send, 401, "sign in first")
        return
    encounter_id: int | None = None
    if scope["path"] != "/live/board":
        match = _SESSION_PATH.fullmatch(scope["path"])
        if match is None:
            await _plain(send, 404, "no such stream")
            return
        encounter_id = int(match[1])
    if not asker.may("board.watch") or asker.clinic_id is None:
        await _plain(send, 403, "your role does not watch sessions")
        return
    await _stream(asker.clinic_id, encounter_id, _last_id(headers), receive, send)


async def _stream(clinic_id: int, encounter_id: int | None, after: int, receive: Receive, send: Send) -> None:
    watcher = Watcher(clinic_id, encounter_id)
    _hub.watch(watcher)
    closed = asyncio.create_task(_closed(receive))
    try:
        found = await _hub.read(clinic_id, None if encounter_id is None else {encounter_id}, trend_after=after)
        if encounter_id is not None and not found:
            await _plain(send, 404, "no such session")
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        newest = max([after, *(each["newest"] for each in found)])
        snapshot = json.dumps({"resumed": after > 0, "sessions": found}, separators=(",", ":"))
        await _send(send, f"retry: 2000\nid: {newest}\nevent: snapshot\ndata: {snapshot}\n\n")
        while not closed.done():
            waking = asyncio.create_task(watcher.wake.wait())
            await asyncio.wait({waking, closed}, return_when=asyncio.FIRST_COMPLETED)
            waking.cancel()
            watcher.wake.clear()
            if watcher.gone:
                break
            text = ""
            if watcher.pending:
                pending, watcher.pending = watcher.pending, {}
                newest = max(newest, *(_newest(each) for each in pending.values()))
                text = f"id: {newest}\nevent: sessions\ndata: [{','.join(pending.values())}]\n\n"
            if watcher.beat:
                text += f"event: beat\ndata: {watcher.beat}\n\n"
                watcher.beat = ""
            if text and not closed.done():
                await _send(send, text)
        if not closed.done():
            await send({"type": "http.response.body", "body": b""})
    finally:
        _hub.leave(watcher)
        closed.cancel()


_NEWEST = re.compile(r'"newest":([0-9]+)')


def _newest(text: str) -> int:
    found = _NEWEST.search(text)
    return int(found[1]) if found else 0


_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _send(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _closed(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_id(headers: Mapping[str, str]) -> int:
    text = headers.get("last-event-id", "")
    return int(text) if text.isdigit() and len(text) < 19 else 0


async def _plain(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _asker(cookie: str) -> Asker | None:
    """Who sent this session cookie, by the same rules as a page: alive, active, second factor, chosen clinic."""
    close_old_connections()
    morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    if morsel is None:
        return None
    with transaction.atomic():
        row = Session.objects.filter(session_key=morsel.value, expire_date__gt=timezone.now()).first()
        if row is None:
            return None
        data = row.get_decoded()
        person = get_user_model().objects.filter(pk=data.get("_auth_user_id", 0)).first()
        if person is None or data.get("_auth_user_backend") not in settings.AUTHENTICATION_BACKENDS:
            return None
        if not constant_time_compare(data.get("_auth_user_hash", ""), person.get_session_auth_hash()):
            return None
        if load_backend(data["_auth_user_backend"]).get_user(person.pk) is None:
            return None
        with as_asker(Asker(person_id=person.pk)):
            chosen = queries.choose(queries.memberships_of(person.pk), data.get("membership"))
        if chosen is None:
            return None
        if queries.is_staff(chosen.role) and not settings.DEMO and not data.get("second_factor"):
            return None
        return queries.asker_of(chosen)
