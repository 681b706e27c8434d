"""How many questions a page puts to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_AROUND = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """No more than ``number`` statements within the block; the marks of transactions do not count."""
    with CaptureQueriesContext(connection) as captured:
        yield
    said = [query["sql"] for query in captured if not query["sql"].startswith(_AROUND)]
    assert len(said) <= number, f"{len(said)} statements:\n" + "\n".join(sql[:160] for sql in said)
