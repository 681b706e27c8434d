"""Pages of the gallery without a database: a small urlconf, the product's own headers, a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page

from sojourn.foundation.ui.build import BUILT


@pytest.fixture(autouse=True, scope="package")
def _gallery_alone() -> Iterator[None]:
    """One template engine for every test here: with one each, every component would be compiled anew."""
    assert (BUILT / "app.css").exists(), "Run python -m sojourn.foundation.ui.build first."
    engine = settings.TEMPLATES[0]
    processors = ["django.template.context_processors.request"]
    with override_settings(
        ROOT_URLCONF="tests.interfaces.ui.urls",
        TEMPLATES=[{**engine, "OPTIONS": {**engine["OPTIONS"], "context_processors": processors}}],
        MIDDLEWARE=[
            "sojourn.config.middleware.SecurityHeaders",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
    ):
        yield


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # Playwright's loop runs in this thread while Django renders in another; nothing here touches a database.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    server = LiveServerThread("127.0.0.1", StaticFilesHandler, connections_override={})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; whatever its console complains about fails the test (a broken policy speaks there)."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not [text for text in complaints if "500 (Internal" not in text]
