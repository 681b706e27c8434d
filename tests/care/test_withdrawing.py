"""A monitor withdraws a value: it stays, struck; what rested on it is judged by what remains."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from django.db import connection

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.arriving import Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.care.vitals.models import Device, Observation
from sojourn.care.vitals.withdrawing import TakenBack
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import adopt_everything, to_dosing
from tests.conftest import Cast

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def send(at: datetime, *withdrawn: TakenBack, peer: str = "10.0.0.4:1", **values: float) -> None:
    found = tuple(Value(code, value, "%" if code == "spo2" else "/min", at) for code, value in values.items())
    raw = uuid.uuid4().bytes
    arrival = Arrival(raw, raw, at, peer, ("serial:W1",), sent_at=at, values=found, withdrawn=withdrawn)
    with connection.cursor() as cursor:
        take_messages(cursor.cursor, [arrival], at)


def test_a_withdrawn_value_is_struck_and_its_alarm_judged_by_what_remains(clinic: Cast):
    adopt_everything(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        stage = to_dosing(clinic, at=NOW)
        device = Device.objects.create(clinic=clinic.clinic, name="W1", key="serial:W1", added_at=NOW)
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id, now=NOW)
        send(after(1), spo2=97, hr=70)
        send(after(2), spo2=79, hr=71)
        assert AlarmState.objects.get(rule_id="spo2.low").phase == "raised"
        # from a line that is in doubt nothing is taken back
        send(after(3), TakenBack("spo2", after(2)), peer="10.0.0.66:1")
        assert CurrentVital.objects.get(encounter_id=stage.id, code="spo2").value == 79
        send(after(40), hr=71)
        send(after(41), TakenBack("spo2", after(2), 78), hr=72)  # another value of that moment is not meant
        assert CurrentVital.objects.get(encounter_id=stage.id, code="spo2").value == 79
        send(after(42), TakenBack("spo2", after(2), wrong=True), hr=72)
        # over; until somebody has seen it, it may stay on the board as withdrawn
        assert AlarmState.objects.get(rule_id="spo2.low").phase in ("quiet", "recovered")
        assert CurrentVital.objects.get(encounter_id=stage.id, code="spo2").value == 97
        rows = Observation.objects.filter(encounter_id=stage.id, code="spo2", method="monitor").order_by("id")
        assert [(each.value, each.status, each.doubt) for each in rows] == [
            (97, "final", ""), (79, "final", ""), (79, "withdrawn", "wrong"),
        ]  # fmt: skip
        assert rows[2].supersedes_id == rows[1].pk
        # once; and the last that remains leaves no value
        send(after(43), TakenBack("spo2", after(2)))
        send(after(44), TakenBack("spo2", after(1)))
        assert (
            CurrentVital.objects.get(encounter_id=stage.id, code="spo2").value == 98
        )  # what was typed before the dose
