"""What the tests of pages share: plain names of assets (nothing has been collected and hashed), and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Its loop runs in this thread, beside which Django would refuse to ask the database."""
    from playwright.sync_api import sync_playwright

    from tests.browser import launch_options

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def _nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def _plain_assets(settings: Any, _nowhere: Path) -> None:
    settings.STATIC_ROOT = _nowhere
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
