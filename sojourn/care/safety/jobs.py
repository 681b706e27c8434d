"""Telling people of a flag, out of the jobs process. Doing it twice tells nobody twice who is known to be told."""

from __future__ import annotations

from django.db import close_old_connections, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from sojourn.care.safety import telling_actions
from sojourn.care.safety.clocks import teller
from sojourn.foundation.accounts.actor import acting_as

# 4, 16, 64, 256 ... seconds; after the last the watch asks again while the flag is young.
PATIENCE = RetryStrategy(max_attempts=7, exponential_wait=4)


class NotEverybodyTold(Exception):
    """A try failed and left its proof; the queue tries again."""


@app.task(name="safety.tell", queue="safety", retry=PATIENCE)
def tell(clinic_id: int, turn_id: int) -> None:
    """Write down who is to be told of a turn, then tell them one by one, each with its proof."""
    if not connection.in_atomic_block:
        close_old_connections()
    with acting_as(teller(clinic_id)) as by:
        waiting = telling_actions.plan_notices(by=by, turn_id=turn_id)
    failed = []
    for notice_id in waiting:
        with acting_as(teller(clinic_id)) as by:
            if not telling_actions.tell_one(by=by, notice_id=notice_id):
                failed.append(notice_id)
    if failed:
        raise NotEverybodyTold(f"{len(failed)} of {len(waiting)}")
