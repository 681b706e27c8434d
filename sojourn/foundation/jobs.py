"""Jobs by the names of their tasks: whoever leaves something for later need not know the room that will do it.

A job is a row of the same database, written in the running transaction: no action without its job, no job without its
action. The name is a contract with jobs that wait in a queue already, so a task that moves to another room keeps it.
``tests/repo/test_jobs.py`` holds every call to a task of that name with those parameters.
"""

from __future__ import annotations

from datetime import datetime

from procrastinate.contrib.django import app


def defer(task: str, /, *, at: datetime | None = None, once: str | None = None, **parameters: str | int) -> None:
    """Leave a job for the task of that name, for ``at`` (aware) or for the moment after the commit.

    ``once``: while a job with the same word waits, procrastinate raises AlreadyEnqueued. Raises procrastinate's
    TaskNotFound where no room has such a task.
    """
    app.configure_task(task, allow_unknown=False, schedule_at=at, queueing_lock=once).defer(**parameters)
