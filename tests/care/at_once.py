"""Two connections, as two requests have them: the one that was first is held before its commit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction


def meanwhile(first: Callable[[], None], then: Callable[[], None]) -> BaseException | None:
    """``then`` begins once ``first`` is written, waits until it is committed, and raises what is returned."""

    def on_its_own() -> None:
        try:
            then()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first()
            second = thread.submit(on_its_own)
            with pytest.raises(TimeoutError):
                second.result(timeout=1)
        return second.exception()
