"""A process says that it lives, for itself alone."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from sojourn.foundation.heartbeat.actions import stamp_heartbeat
from sojourn.foundation.heartbeat.models import Heartbeat
from sojourn.foundation.heartbeat.queries import heartbeat_age


def test_each_process_is_as_old_as_its_own_sign_of_life(db: None):
    now, ages = timezone.now(), {"first": timedelta(seconds=3), "second": timedelta(minutes=9)}
    for name, age in ages.items():
        Heartbeat.objects.create(name=name, at=now - age)
    assert {name: heartbeat_age(name, now) for name in ages} == ages
    assert heartbeat_age("third", now) is None


def test_a_sign_of_life_takes_the_place_of_the_one_before(db: None):
    now = timezone.now()
    with connection.cursor() as cursor:
        stamp_heartbeat(cursor, "watch", now - timedelta(minutes=1), {"waiting": 3})  # type: ignore[arg-type]
        assert Heartbeat.objects.get(name="watch").detail == {"waiting": 3}
        stamp_heartbeat(cursor, "watch", now)  # type: ignore[arg-type]
    assert Heartbeat.objects.get(name="watch").detail == {}
    assert heartbeat_age("watch", now) == timedelta(0)
