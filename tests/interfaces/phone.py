"""A phone before a live page: Chromium on a server that shares the test's own transaction.

Requests take turns, since they share one connection. Static files come from the finders.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_one_at_a_time = threading.Lock()


class _InTurn(StaticFilesHandler):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        with _one_at_a_time:
            return super().__call__(environ, start_response)


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server on the test's connection."""
    connection = connections["default"]
    connection.inc_thread_sharing()
    monkeypatch.setattr(connection, "close", lambda: None)  # the server's threads end with closing theirs
    server = LiveServerThread("127.0.0.1", _InTurn, connections_override={"default": connection})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()
        connection.dec_thread_sharing()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Its loop runs in this thread, beside which Django would refuse to ask the database."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def sign_in(context: BrowserContext, address: str, client: Client) -> None:
    """Hand the browser the session of a signed-in test client."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": address}])
