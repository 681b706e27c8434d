"""Two act in one session at once: the second waits, and sees what the first has done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections, transaction

from sojourn.care.alarms.models import CurrentVital
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.vitals import actions as vitals_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import Overtaken
from sojourn.foundation.scope import SessionScope
from tests.care.at_once import meanwhile
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.care.test_chart import monitor_says
from tests.conftest import make_clinic


@pytest.fixture
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """A dose runs, in rows that are committed."""
    with django_db_blocker.unblock():
        cast = make_clinic(f"monitored-{time.time_ns()}")
        adopt_everything(cast)
        with acting_as(cast.actor("nurse")):
            found = to_dosing(cast, at=datetime.now(UTC))
        yield found
        connections.close_all()


def on(stage: Stage, key: str) -> int:
    """One more monitor is on the patient; which."""
    admin, nurse = stage.cast.actor("clinic_admin"), stage.cast.actor("nurse")
    with acting_as(admin):
        device = vitals_actions.add_device(by=admin, name=key, key=f"bed:{key}")
    with acting_as(nurse):
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id)
    return device.pk


def take_off(stage: Stage, device_id: int) -> None:
    nurse = stage.cast.actor("nurse")
    with acting_as(nurse):
        vitals_actions.take_off(by=nurse, device_id=device_id)


def test_of_two_that_are_taken_off_at_once_one_is_the_last(stage: Stage):
    one, other = on(stage, "One"), on(stage, "Other")
    awaited = CurrentVital.objects.filter(encounter=stage.encounter).exclude(silent_after=None)
    with acting_as(stage.cast.actor("nurse")):
        CurrentVital.objects.filter(encounter=stage.encounter, code="spo2").update(silent_after=datetime.now(UTC))
        assert awaited.exists()
    assert meanwhile(lambda: take_off(stage, one), lambda: take_off(stage, other)) is None
    with acting_as(stage.cast.actor("nurse")):
        assert not awaited.exists()


def test_a_page_that_compares_what_it_showed_holds_the_session(stage: Stage):
    def compare(seen: int | None) -> None:
        with acting_as(stage.cast.actor("nurse")), transaction.atomic():
            encounter_actions.lock_session(SessionScope(stage.id), seen)

    def go_on() -> None:
        with acting_as(stage.cast.actor("nurse")):
            stage.step("pause")

    with acting_as(stage.cast.actor("nurse")):
        seen = encounter_queries.current_state(SessionScope(stage.id)).seq
    assert meanwhile(lambda: compare(seen), lambda: compare(seen)) is None
    assert isinstance(meanwhile(go_on, lambda: compare(seen)), Overtaken)


def test_two_writers_of_readings_judge_one_session_one_after_the_other(stage: Stage):
    """Of other signals, so that no row makes the second wait: what a session's alarms say is judged in turns."""
    device, now = on(stage, "Two"), datetime.now(UTC)

    def says(**values: float) -> Callable[[], None]:
        def say() -> None:
            with acting_as(stage.cast.actor("nurse")):
                monitor_says(stage, device, now, **values)

        return say

    assert meanwhile(says(hr=70), says(spo2=98)) is None
