"""Messages of monitors on their way into the record: whose they are, when they were, and what their absence means."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import judging
from sojourn.care.alarms.models import AlarmEvent, AlarmState, CurrentVital
from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.arriving import Acknowledgement, Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.care.vitals.models import Device, Observation
from sojourn.care.vitals.watch import sweep_deadlines
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.presenters import RecordView
from tests.care.ending import end_session
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.conftest import Cast

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
KEY = "serial:M1"


@pytest.fixture
def nurse(clinic: Cast) -> Actor:
    adopt_everything(clinic)
    return clinic.actor("nurse")


@pytest.fixture
def stage(clinic: Cast, nurse: Actor) -> Stage:
    """A session in which the dose began just now, with a monitor on."""
    with acting_as(nurse):
        stage = to_dosing(clinic, at=NOW)
        device = Device.objects.create(clinic=clinic.clinic, name="M1", key=KEY, added_at=NOW)
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id, now=NOW)
    return stage


def send(
    at: datetime, clock: datetime | None = None, measured: datetime | None = None, test: bool = False, **values: float
) -> Acknowledgement:
    """A message that arrives ``at``, by a monitor whose clock says ``clock``, of values ``measured`` by that clock."""
    clock = clock or at
    units = {"spo2": "%", "etco2": "mm[Hg]", "nibp_sys": "mm[Hg]", "nibp_dia": "mm[Hg]"}
    found = tuple(Value(code, value, units.get(code, "/min"), measured or clock) for code, value in values.items())
    raw = uuid.uuid4().bytes
    arrival = Arrival(raw, raw, at, "test", (KEY,), sent_at=clock, values=found, test=test)
    with connection.cursor() as cursor:
        (answer,) = take_messages(cursor.cursor, [arrival], at)
    return answer


def watch(at: datetime) -> int:
    with connection.cursor() as cursor:
        return sweep_deadlines(cursor.cursor, at)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def phase(rule_id: str, code: str) -> str:
    row = AlarmState.objects.filter(rule_id=rule_id, code=code).first()
    return row.phase if row else ""


def test_a_dying_patients_saturation_is_believed(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        send(after(1), spo2=22)
        assert phase("spo2.low", "spo2") == "raised"


def test_a_monitor_that_never_says_anything_believable_is_silent(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        for second in range(0, 70, 10):
            send(after(1 + second), etco2=900)  # its first value, and every one after it
        watch(after(62))
        assert phase("silence.continuous", "etco2") == "raised"
        send(after(70), etco2=38)
        assert phase("silence.continuous", "etco2") == "recovered"


def test_what_cannot_be_believed_does_not_break_a_silence(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        send(after(1), spo2=97)
        for second in range(10, 60, 10):
            send(after(second), spo2=0)
            send(after(second + 1), test=True, spo2=97)
        watch(after(62))
        assert phase("silence.continuous", "spo2") == "raised"
        watch(after(63))
        assert AlarmEvent.objects.filter(rule_id="silence.continuous", code="spo2", kind="raised").count() == 1


@pytest.mark.parametrize(("seconds", "shows"), [(30, False), (30.001, True)])
def test_a_value_dated_by_its_arrival_gives_way_for_half_a_minute(seconds: float, shows: bool):
    believed = SimpleNamespace(effective_at=NOW, doubt="")
    one = SimpleNamespace(charted=True, judged_at=NOW, code="spo2", effective_at=NOW + timedelta(seconds=seconds))
    assert judging._shows(one, believed) is shows  # type: ignore[arg-type]


@pytest.mark.alone
def test_a_slow_clocks_readings_are_as_new_as_their_arrival(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        for second in range(1, 4):
            send(after(second), clock=after(second - 100), spo2=97)
        assert CurrentVital.objects.get(code="spo2").effective_at == after(3)


@pytest.mark.alone
def test_a_clock_that_is_set_back_is_measured_anew(stage: Stage, nurse: Actor):
    """Until it is, every reading looks ten minutes old and can change no alarm's mind."""
    with acting_as(nurse):
        send(after(1), clock=after(601), spo2=97)
        for second in range(2, 40):
            send(after(second), clock=after(second), spo2=88)
        assert CurrentVital.objects.get(code="spo2").effective_at == after(39)
        assert phase("spo2.low", "spo2") == "raised"


@pytest.mark.alone
def test_messages_that_were_held_up_do_not_move_the_clock(stage: Stage, nurse: Actor):
    """Five minutes of messages come at once, then as ever."""
    with acting_as(nurse):
        send(after(1), spo2=97)
        for second in range(2, 302, 10):
            send(after(302 + second / 1000), clock=after(second), spo2=97)
        assert Observation.objects.latest("id").effective_at == after(292)
        send(after(303), spo2=96)
        assert CurrentVital.objects.get(code="spo2").effective_at == after(303)


@pytest.mark.alone
def test_a_cuff_of_the_patient_before_is_not_charted(clinic: Cast, stage: Stage, nurse: Actor):
    with acting_as(nurse):
        send(after(60), measured=after(30), nibp_sys=182, nibp_dia=104)
        device = Device.objects.get()
        vitals_actions.take_off(by=nurse, device_id=device.pk, now=after(90))
        other = to_dosing(clinic, at=after(90), number=2)
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=other.id, now=after(120))
        assert send(after(130), measured=after(30), nibp_sys=182, nibp_dia=104, hr=70).ack == "AA"
        assert not Observation.objects.filter(encounter=other.encounter, method="monitor").exists()
        # Measured on the new patient, a moment before the nurse said so.
        send(after(131), measured=after(110), nibp_sys=121, nibp_dia=77)
        assert Observation.objects.get(encounter=other.encounter, method="monitor", code="nibp_sys").value == 121


@pytest.mark.alone
def test_a_message_on_its_way_while_the_monitor_comes_off_awaits_nothing(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        send(after(1), spo2=97)
        vitals_actions.take_off(by=nurse, device_id=Device.objects.get().pk, now=after(2))
        CurrentVital.objects.filter(code="spo2").update(silent_after=after(61))  # as its last batch leaves it
        watch(after(62))
        assert phase("silence.continuous", "spo2") == ""
        assert not CurrentVital.objects.exclude(silent_after=None).exists()


def test_an_alarm_of_a_rule_that_acts_no_longer_can_be_answered_and_ends(clinic: Cast, stage: Stage, nurse: Actor):
    doctor = clinic.actor("prescriber")
    with acting_as(nurse):
        send(after(1), spo2=85)
    with acting_as(doctor):
        rulebook_actions.retire(by=doctor, rule_id="spo2.low", reason="Not here")
    with acting_as(nurse):
        watch(after(300))
        assert phase("spo2.low", "spo2") == "escalated"
        alarms_actions.acknowledge(by=nurse, encounter_id=stage.id, rule_id="spo2.low", code="spo2", now=after(301))
        end_session(encounter=stage.encounter, now=after(302), by=nurse)
        assert phase("spo2.low", "spo2") == "quiet"
        kinds = AlarmEvent.objects.filter(rule_id="spo2.low").order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["raised", "escalated", "acknowledged", "ended"]


@pytest.mark.alone
def test_the_record_says_that_an_alarm_worsened_and_how_it_ended(stage: Stage, nurse: Actor):
    with acting_as(nurse):
        send(after(1), spo2=93)
        send(after(20), spo2=85)
        send(after(30), hr=70)
        watch(after(95))
        vitals_actions.take_off(by=nurse, device_id=Device.objects.get().pk, now=after(120))
        end_session(encounter=stage.encounter, now=after(180), by=nurse)
        record = session_record(SessionScope(stage.id))
        lines = RecordView(record, verify_signature(record)).lines
    told = {each.title: " ".join(each.details) for each in lines if each.kind == "alarm"}
    low = told["Alarm, high: Oxygen saturation is low"]
    assert "Priority raised to high" in low
    assert "Ended with the session" in low
    silence = next(text for title, text in told.items() if "No good value" in title)
    assert "the monitor was taken off" in silence
    assert "ecovered" not in low + silence


@pytest.mark.alone
def test_nothing_is_added_to_a_session_that_is_over(stage: Stage, nurse: Actor, clinic: Cast):
    with acting_as(nurse):
        stage.step("stop_early", reason="Asked to stop", now=after(60))
        stage.step("observe_after_stop", now=after(61))
        end_session(encounter=stage.encounter, now=after(62), by=nurse)
        stage.encounter.states.create(
            clinic=clinic.clinic, patient=stage.patient, seq=90, state="left", at=after(62), by=clinic.members["nurse"]
        )
        with pytest.raises(ActionRefused):
            vitals_actions.put_on(by=nurse, device_id=Device.objects.get().pk, encounter_id=stage.id, now=after(63))
        with pytest.raises(ActionRefused):
            stage.vitals(after(63), spo2=97)
