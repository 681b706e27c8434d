"""P2: a worry of a support person that is pressed twice at the same moment, by two connections, is one flag."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from django.db import connection
from django.utils import timezone

from sojourn.care.safety.models import Flag
from sojourn.care.safety.queries import open_flags
from sojourn.care.safety.writing_actions import worry
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from tests.conftest import Cast
from tests.interfaces.test_escort import asked


def test_two_presses_that_do_not_see_each_other_are_one_flag(lasting: Cast):
    _visit, link = asked(lasting)
    by, both = Actor(token_hash=hash_of(link.rstrip("/").rpartition("/")[2])), Barrier(2)
    first = timezone.now().replace(second=30, microsecond=900_000)

    def press(at: datetime) -> None:
        try:
            with acting_as(by):
                connection.ensure_connection()
                both.wait(30)
                worry(by=by, text="She sounds so empty", now=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:  # the second of the clock ends between the two
        list(people.map(press, (first, first + timedelta(milliseconds=200))))
    with acting_as(lasting.actor("nurse")):
        found: list[Flag] = list(open_flags())
    assert len(found) == 1
