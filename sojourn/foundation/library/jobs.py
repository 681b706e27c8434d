"""Reading files of citations, out of the jobs process, a slice a job."""

from __future__ import annotations

from django.db import close_old_connections, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.library import import_actions

PATIENCE = RetryStrategy(max_attempts=7, exponential_wait=4)


@app.task(name="library.import", queue="library", retry=PATIENCE)
def take_slice(clinic_id: int, import_id: int) -> None:
    """Take the next records of a file, and leave the next job. Taken twice, the second goes on after the first."""
    if not connection.in_atomic_block:
        close_old_connections()
    with acting_as(import_actions.importer(clinic_id)) as by:
        import_actions.take_slice(by=by, import_id=import_id)
