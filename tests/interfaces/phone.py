"""A phone before a live page: Chromium on a server that shares the test's own transaction.

Requests take turns, since they share one connection. Static files come from the finders, kept by the browser as long
as a clinic's server lets it.
"""

from __future__ import annotations

import contextlib
import mimetypes
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import BrowserContext, Page

from tests.browser import faults

one_at_a_time = threading.Lock()  # taken by each request, and by a test that asks the database while pages load


@cache
def _asset(name: str) -> tuple[bytes, str] | None:
    """A static file and its kind, read once."""
    found = finders.find(name)
    if not isinstance(found, str):
        return None
    return Path(found).read_bytes(), mimetypes.guess_type(found)[0] or "application/octet-stream"


class _InTurn:
    """A turn ends with the answer's end: closing it looks at the connection once more. Files need no turn."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if (path := environ["PATH_INFO"]).startswith(settings.STATIC_URL):
            return self._file(path.removeprefix(settings.STATIC_URL), start_response)
        with one_at_a_time:
            answer = self.application(environ, start_response)
            try:
                return list(answer)
            finally:
                answer.close()

    def _file(self, name: str, start_response: Any) -> list[bytes]:
        asset = _asset(unquote(name))
        if asset is None:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        content, kind = asset
        kept = f"max-age={settings.WHITENOISE_MAX_AGE}"
        start_response(
            "200 OK", [("Content-Type", kind), ("Content-Length", str(len(content))), ("Cache-Control", kept)]
        )
        return [content]


class _Server(ThreadedWSGIServer):
    """A browser keeps its connections open; this server hangs up when it goes, so that none is left to find."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self in _cut:
            self.shutdown_request(request)
            return
        self.lines.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        super().close_request(request)
        self.lines.discard(request)

    def hang_up(self, seconds: float = 10) -> None:
        """Each line's own thread closes it."""
        for line in list(self.lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + seconds
        while self.lines and time.monotonic() < deadline:
            time.sleep(0.01)


class _ServerThread(LiveServerThread):
    server_class = _Server


_running: set[_Server] = set()
_cut: set[_Server] = set()


def cut(context: BrowserContext) -> None:
    """There is no network: for the browser's pages, and for its worker. One that was started since has not heard from
    Playwright that it is offline."""
    context.set_offline(True)
    _cut.update(_running)
    for each in _running:
        each.hang_up()


def mend(context: BrowserContext) -> None:
    """The network is back."""
    _cut.clear()
    context.set_offline(False)


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server on the test's connection."""
    connection = connections["default"]
    connection.inc_thread_sharing()
    monkeypatch.setattr(connection, "close", lambda: None)  # the server's threads end with closing theirs
    server = _ServerThread("127.0.0.1", _InTurn, connections_override={"default": connection})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    _running.add(server.httpd)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        _running.clear()
        _cut.clear()
        server.terminate()
        server.httpd.hang_up()
        connection.dec_thread_sharing()


def sign_in(context: BrowserContext, address: str, client: Client) -> None:
    """Hand the browser the session of a signed-in test client."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": address}])


def in_the_device(store: str, ask: str = "count") -> str:
    """An expression for a page: what a store of the patient's own database in this browser answers."""
    return (
        "new Promise((done) => { const opening = indexedDB.open('sojourn-outbox'); opening.onsuccess = () => {"
        f" const asked = opening.result.transaction('{store}').objectStore('{store}').{ask}();"
        " asked.onsuccess = () => { opening.result.close(); done(asked.result); }; }; })"
    )


def looked_over(page: Page, name: str, path: str, *screens: tuple[int, str]) -> list[str]:
    """What axe objects to, and what is wider than the screen, in each width and mood: loaded once, in the first."""
    found: list[str] = []
    for width, mood in screens:
        page.set_viewport_size({"width": width, "height": 812})
        page.emulate_media(color_scheme=mood, reduced_motion="reduce")  # type: ignore[arg-type]
        if (width, mood) == screens[0]:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, name
        found += faults(page, f"{name}-{width}-{mood}")
    return found
