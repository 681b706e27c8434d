"""A value that its monitor takes back: what remains is judged anew, and the alarm stays until a person answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import store
from sojourn.care.alarms.models import AlarmEvent, AlarmState
from sojourn.care.alarms.rejudging import judge_withdrawn
from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.clinical.alarms import Heard, Reading
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.presenters import RecordView
from tests.care.stage import Stage
from tests.care.test_monitoring import after, nurse, send, stage
from tests.conftest import Cast
from tests.interfaces.conftest import _nowhere, _plain_assets

__all__ = ["_nowhere", "_plain_assets", "nurse", "stage"]

NOW = after(60)


def withdraw(stage: Stage, *standing: tuple[float, float]) -> None:
    """What the monitor withdrew is struck; ``standing`` are the saturations that remain, as (seconds, value)."""
    assert stage.encounter is not None
    heard = [Heard(Reading(after(seconds), value), after(seconds)) for seconds, value in standing]
    with connection.cursor() as cursor:
        store.lock(cursor.cursor, [stage.id])
        session = store.session_of(stage.encounter)
        judge_withdrawn(cursor.cursor, session=session, code="spo2", standing=heard, now=NOW)


def test_its_alarm_is_over_and_waits_for_an_answer(clinic: Cast, stage: Stage, nurse: Actor) -> None:
    with acting_as(nurse):
        send(after(1), spo2=97)
        send(after(20), spo2=82)
        withdraw(stage, (1, 97))
        row = AlarmState.objects.get(rule_id="spo2.low")
        assert (row.phase, row.why, row.acknowledged_at) == ("recovered", "withdrawn-by-monitor", None)
        kinds = AlarmEvent.objects.filter(rule_id="spo2.low").order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["raised", "withdrawn"]
    page = clinic.client("nurse").get(reverse("console:board")).content.decode()
    assert "Withdrawn by the monitor, and nobody has seen it" in page
    with acting_as(nurse):
        alarms_actions.acknowledge(by=nurse, encounter_id=stage.id, rule_id="spo2.low", code="spo2", now=NOW)
    page = clinic.client("nurse").get(reverse("console:board")).content.decode().partition("board-data")[0]
    assert "Withdrawn by the monitor, and nobody has seen it" not in page
    with acting_as(nurse):
        record = session_record(SessionScope(stage.id))
        lines = " ".join(" ".join(each.details) for each in RecordView(record, verify_signature(record)).lines)
    assert "Its value was withdrawn by the monitor at" in lines


def test_an_alarm_that_others_carry_goes_on(stage: Stage, nurse: Actor) -> None:
    with acting_as(nurse):
        send(after(1), spo2=92)
        send(after(20), spo2=82)
        withdraw(stage, (1, 92))
        row = AlarmState.objects.get(rule_id="spo2.low")
        assert (row.phase in ("raised", "escalated"), row.priority) == (True, "medium")


@pytest.mark.parametrize("standing", [(), ((1, 97),)])
def test_an_alarm_that_was_seen_waits_again(
    stage: Stage, nurse: Actor, standing: tuple[tuple[float, float], ...]
) -> None:
    with acting_as(nurse):
        send(after(1), spo2=97)
        send(after(20), spo2=82)
        alarms_actions.acknowledge(
            by=nurse, encounter_id=stage.id, rule_id="spo2.low", code="spo2", now=after(30) + timedelta(seconds=1)
        )
        withdraw(stage, *standing)
        assert AlarmState.objects.get(rule_id="spo2.low").acknowledged_at is None
