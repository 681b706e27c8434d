"""D6: a wrong entry is struck as entered in error, seen, not gone; what counted it is judged again.

The limits are those of the rules spo2.low (94 % alerts, below 90 % stops) and bp.systolic.high (above 180 mmHg).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent, AlarmState, CurrentVital
from sojourn.care.chart.queries import content_hash, session_record
from sojourn.care.intake import entry_actions
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.session import actions as session_actions
from sojourn.care.session import medicine_actions, strike_actions
from sojourn.care.session.live import read
from sojourn.care.session.models import CheckResult, EnteredInError, GivenMedicine, SessionEvent
from sojourn.care.session.snapshot import load
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.arriving import Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.care.vitals.models import Device, Observation
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.clock import today
from tests.conftest import Cast

BEGAN = timedelta(minutes=20)
WHY = "Read off the neighbour's monitor"


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def running(clinic: Cast) -> Stage:
    """A dose that has run for twenty minutes; every value was well before it."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        return to_dosing(clinic, at=timezone.now() - BEGAN)


def typed(stage: Stage, minutes_ago: float, **values: float) -> None:
    """A nurse types values that she measured so many minutes ago, at that moment."""
    with acting_as(stage.cast.actor("nurse")):
        stage.vitals(timezone.now() - timedelta(minutes=minutes_ago), **values)


def reading(stage: Stage, code: str, value: float) -> Observation:
    with acting_as(stage.cast.actor("nurse")):
        return Observation.objects.filter(encounter_id=stage.id, code=code, value=value).latest("id")


def strike(stage: Stage, of: str, row_id: int, reason: str = WHY, role: str = "nurse") -> Any:
    address = reverse("console:session_strike", args=[stage.id, of, row_id])
    return stage.cast.client(role).post(address, {"reason": reason})


def phase(stage: Stage, rule_id: str, code: str) -> str:
    with acting_as(stage.cast.actor("nurse")):
        row = AlarmState.objects.filter(encounter_id=stage.id, rule_id=rule_id, code=code).first()
    return row.phase if row else ""


def entries(stage: Stage) -> str:
    return body(stage.cast.client("nurse").get(reverse("console:session_entries", args=[stage.id])))


def struck_on(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<s>.*?</s>", page)]


# ---------------------------------------------------------------- a reading


def test_a_struck_reading_lets_its_alarm_end_and_the_newest_value_moves_back(running: Stage, clinic: Cast):
    typed(running, 5, spo2=97)
    typed(running, 4, spo2=79)
    assert phase(running, "spo2.low", "spo2") == "raised"
    page = body(clinic.client("nurse").get(reverse("console:session", args=[running.id])))
    assert "Oxygen saturation 79 %" in page
    wrong = reading(running, "spo2", 79)
    assert strike(running, "reading", wrong.pk).status_code == 302
    assert phase(running, "spo2.low", "spo2") == "quiet"
    with acting_as(clinic.actor("nurse")):
        now = CurrentVital.objects.get(encounter_id=running.id, code="spo2")
        assert now.value == 97
        assert now.effective_at == reading(running, "spo2", 97).effective_at
        ended = AlarmEvent.objects.get(encounter_id=running.id, rule_id="spo2.low", kind="ended")
        assert (ended.note, ended.by_id) == ("entered in error", clinic.members["nurse"].pk)
        snapshot = load(SessionScope(running.id), timezone.now())
        assert [each.value for each in snapshot.measured if each.code == "spo2"][-1] == 97
        assert not snapshot.alarms
    page = body(clinic.client("nurse").get(reverse("console:session", args=[running.id])))
    live = page[page.index('id="live"') :]
    assert "97<span" in live
    assert "79<span" not in live
    assert "Oxygen saturation" not in live  # no alarm is shown any more
    # Seen, not gone: struck, with who, why.
    text = entries(running)
    assert "Oxygen saturation 79 %" in struck_on(text)
    assert WHY in text
    assert clinic.members["nurse"].name in text


def test_the_record_shows_the_struck_reading_and_why_the_alarm_ended(running: Stage, clinic: Cast):
    typed(running, 5, spo2=97)
    typed(running, 4, spo2=79)
    with acting_as(clinic.actor("nurse")):
        before = content_hash(session_record(SessionScope(running.id)))
    strike(running, "reading", reading(running, "spo2", 79).pk)
    text = body(clinic.client("prescriber").get(reverse("console:record", args=[running.id])))
    assert f"entered in error, struck by {clinic.members['nurse'].name}" in text
    assert WHY in text
    assert "struck the reading as entered in error" in text
    with acting_as(clinic.actor("nurse")):
        record = session_record(SessionScope(running.id))
        assert content_hash(record) != before
        assert [each.value for each in record.series["spo2"] if not each.counts] == [79]


def test_an_alarm_that_another_reading_upholds_stands_with_what_it_says(running: Stage):
    """93 % alerts (medium), a wrong 79 % makes it high: struck, it is medium again and still open."""
    typed(running, 6, spo2=93)
    typed(running, 4, spo2=79)
    strike(running, "reading", reading(running, "spo2", 79).pk)
    with acting_as(running.cast.actor("nurse")):
        row = AlarmState.objects.get(encounter_id=running.id, rule_id="spo2.low")
        assert (row.phase, row.priority, row.value) == ("raised", "medium", 93)


def test_a_wrong_reading_that_cleared_an_alarm_does_not_clear_it(running: Stage):
    typed(running, 6, spo2=88)
    typed(running, 4, spo2=98)
    assert phase(running, "spo2.low", "spo2") == "recovered"
    strike(running, "reading", reading(running, "spo2", 98).pk)
    with acting_as(running.cast.actor("nurse")):
        row = AlarmState.objects.get(encounter_id=running.id, rule_id="spo2.low")
        assert (row.phase, row.priority, row.value) == ("raised", "high", 88)
        assert row.deadline_at is not None  # it waits for somebody again
        assert CurrentVital.objects.get(encounter_id=running.id, code="spo2").value == 88


def test_an_older_wrong_reading_leaves_the_newest_alone(running: Stage):
    typed(running, 6, spo2=79)
    typed(running, 4, spo2=97)
    strike(running, "reading", reading(running, "spo2", 79).pk)
    with acting_as(running.cast.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=running.id, code="spo2").value == 97
    assert phase(running, "spo2.low", "spo2") == "quiet"  # nobody need look at what never was


def test_the_only_reading_of_a_vital_sign_leaves_none(running: Stage):
    typed(running, 4, temp=41.5)
    strike(running, "reading", reading(running, "temp", 41.5).pk)
    with acting_as(running.cast.actor("nurse")):
        assert not CurrentVital.objects.filter(encounter_id=running.id, code="temp").exists()
        assert "temp" not in load(SessionScope(running.id), timezone.now()).newest
    typed(running, 1, temp=36.6)  # and the next one is the newest again
    with acting_as(running.cast.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=running.id, code="temp").value == 36.6


def test_a_struck_baseline_is_the_one_before_it(clinic: Cast):
    """The patient's own pressure before the dose was a slip of the pen: what was measured before it counts again."""
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=30)
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic, at=at)
    first = reading(stage, "nibp_sys", 124)
    with acting_as(clinic.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=stage.id, code="nibp_sys").baseline == 124
    strike(stage, "reading", first.pk)
    with acting_as(clinic.actor("nurse")):
        assert not CurrentVital.objects.filter(encounter_id=stage.id, code="nibp_sys").exists()


def test_a_struck_pressure_is_no_check_that_was_made(running: Stage):
    typed(running, 5, nibp_sys=122, nibp_dia=76)
    upper, lower = reading(running, "nibp_sys", 122), reading(running, "nibp_dia", 76)
    with acting_as(running.cast.actor("nurse")), connection.cursor() as cursor:
        before = read(cursor, [running.id], timezone.now())[0]
    strike(running, "reading", upper.pk)
    with acting_as(running.cast.actor("nurse")):  # a pressure is one measurement: the other half goes with it
        assert set(EnteredInError.objects.values_list("row_id", flat=True)) == {upper.pk, lower.pk}
    with acting_as(running.cast.actor("nurse")), connection.cursor() as cursor:
        after = read(cursor, [running.id], timezone.now())[0]
    assert {point[2] for point in before["trend"] if point[1] == "nibp_sys"} == {122}
    assert not [point for point in after["trend"] if point[1] == "nibp_sys"]
    assert after["due"][0] <= before["due"][0]


def test_what_a_monitor_sent_is_not_struck(running: Stage, clinic: Cast):
    at = timezone.now()
    with acting_as(clinic.actor("nurse")):
        device = Device.objects.create(clinic=clinic.clinic, name="M1", key="serial:M1", added_at=at)
        vitals_actions.put_on(by=clinic.actor("nurse"), device_id=device.pk, encounter_id=running.id, now=at)
        raw = uuid4().bytes
        arrival = Arrival(
            raw, raw, at, "test", ("serial:M1",), sent_at=at, values=(Value("spo2", 79, "%", at),), test=False
        )
        with connection.cursor() as cursor:
            take_messages(cursor.cursor, [arrival], at)
    row = reading(running, "spo2", 79)
    assert f"/reading/{row.pk}/" not in entries(running)
    assert strike(running, "reading", row.pk).status_code == 404
    with acting_as(clinic.actor("nurse")), pytest.raises(ActionRefused) as caught:
        strike_actions.strike(
            by=clinic.actor("nurse"), encounter_id=running.id, of="reading", row_id=row.pk, reason=WHY
        )  # fmt: skip
    assert caught.value.codes == ("monitor",)


# ---------------------------------------------------------------- checks, events, medicines


def test_a_struck_answer_counts_no_more_and_the_one_before_it_does(running: Stage, clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        wrong = session_actions.check(by=by, encounter_id=running.id, item_id="consent", passed=False)
        assert load(SessionScope(running.id), timezone.now()).answers["consent"] == "failed"
    assert strike(running, "check", wrong.pk).status_code == 302
    with acting_as(by):
        assert load(SessionScope(running.id), timezone.now()).answers["consent"] == "passed"
    assert WHY in entries(running)
    text = body(clinic.client("prescriber").get(reverse("console:record", args=[running.id])))
    assert f"entered in error, struck by {by.name}" in text


def made_event(stage: Stage) -> int:
    by = stage.cast.actor("nurse")
    return session_actions.note_event(by=by, encounter_id=stage.id, kind="nausea", note="twice").pk


def made_medicine(stage: Stage) -> int:
    row = medicine_actions.give_medicine(
        by=stage.cast.actor("nurse"), encounter_id=stage.id, name="Ondansetron", amount=Decimal(4), unit="mg",
        route="iv", key=uuid4(),
    )  # fmt: skip
    return row.pk


MADE: dict[str, Callable[[Stage], int]] = {"event": made_event, "medicine": made_medicine}


@pytest.mark.alone
@pytest.mark.parametrize("of", MADE)
def test_an_event_and_a_medicine_are_struck_and_stay_readable(running: Stage, clinic: Cast, of: str):
    with acting_as(clinic.actor("nurse")):
        number = MADE[of](running)
    assert strike(running, of, number).status_code == 302
    with acting_as(clinic.actor("nurse")):
        snapshot = load(SessionScope(running.id), timezone.now())
        assert not snapshot.events
        assert not snapshot.by_hand
        assert [(each.of, each.strike.reason) for each in snapshot.struck] == [(of, WHY)]
        assert SessionEvent.objects.count() + GivenMedicine.objects.count() == 1  # the row is still there
    text = entries(running)
    assert {"event": "Nausea", "medicine": "Ondansetron"}[of] in " ".join(struck_on(text))


def test_a_patients_call_is_never_struck(running: Stage, clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        call = SessionEvent.objects.create(
            clinic=clinic.clinic, patient=running.patient, encounter_id=running.id, kind="patient_calls",
            at=timezone.now(), recorded_at=timezone.now(), by=clinic.members["nurse"],
        )  # fmt: skip
        with pytest.raises(ActionRefused) as caught:
            strike_actions.strike(by=by, encounter_id=running.id, of="event", row_id=call.pk, reason=WHY)
        assert caught.value.codes == ("call",)
        assert load(SessionScope(running.id), timezone.now()).call is not None


def test_a_strike_needs_a_reason_comes_once_and_not_from_outside(running: Stage, clinic: Cast, other_clinic: Cast):
    typed(running, 4, spo2=79)
    row = reading(running, "spo2", 79)
    answer = strike(running, "reading", row.pk, reason=" ")
    assert answer.status_code == 422
    assert phase(running, "spo2.low", "spo2") == "raised"
    strike(running, "reading", row.pk)
    assert strike(running, "reading", row.pk).status_code == 302  # the second press of one button
    with acting_as(clinic.actor("nurse")):
        assert EnteredInError.objects.count() == 1
    foreign = other_clinic.client("nurse").post(
        reverse("console:session_strike", args=[running.id, "reading", row.pk]), {"reason": WHY}
    )
    assert foreign.status_code == 404
    assert strike(running, "reading", row.pk, role="front_desk").status_code == 403


def test_a_signed_record_is_not_struck_any_more(running: Stage, clinic: Cast):
    typed(running, 4, spo2=96)
    row = reading(running, "spo2", 96)
    by = clinic.actor("prescriber")
    with acting_as(by):
        running.step("stop_early", reason="The patient wants to go home")
        running.step("observe_after_stop") if False else None
        from sojourn.care.session.models import RecordSignature

        RecordSignature.objects.create(
            clinic=clinic.clinic, patient=running.patient, encounter_id=running.id, content_hash="x" * 64,
            at=timezone.now(), by=clinic.members["prescriber"],
        )  # fmt: skip
        with pytest.raises(ActionRefused) as caught:
            strike_actions.strike(by=by, encounter_id=running.id, of="reading", row_id=row.pk, reason=WHY)
    assert "signed" in caught.value.codes


# ---------------------------------------------------------------- facts


def test_a_struck_fact_stays_readable_with_who_when_and_why(clinic: Cast, running: Stage):
    by = clinic.actor("nurse")
    with acting_as(by):
        fact = entry_actions.enter_fact(by=by, patient_id=running.patient.pk, name="egfr", value=12.0, on=today())
    page = reverse("console:candidacy", args=[running.patient.pk])
    door = reverse("console:fact_strike", args=[fact.pk])
    client = clinic.client("nurse")
    assert door in body(client.get(page))
    assert client.post(door, {"reason": ""}).status_code == 409
    assert client.post(door, {"reason": "Another patient's laboratory"}).status_code == 302
    text = body(client.get(page))
    assert any("eGFR: 12" in each for each in struck_on(text))
    assert f"Another patient's laboratory · {by.name}" in text
    assert door not in text
    with acting_as(by):
        assert ClinicalFact.objects.filter(name="egfr").count() == 2  # the fact and what takes it back


def test_rows_are_only_added(running: Stage, clinic: Cast):
    typed(running, 4, spo2=79)
    with acting_as(clinic.actor("nurse")):
        kept = Observation.objects.filter(encounter_id=running.id).count(), CheckResult.objects.count()
    strike(running, "reading", reading(running, "spo2", 79).pk)
    with acting_as(clinic.actor("nurse")):
        assert (Observation.objects.filter(encounter_id=running.id).count(), CheckResult.objects.count()) == kept


def test_time_of_the_strike_is_now(running: Stage, clinic: Cast):
    typed(running, 4, spo2=79)
    before = timezone.now()
    strike(running, "reading", reading(running, "spo2", 79).pk)
    with acting_as(clinic.actor("nurse")):
        at: datetime = EnteredInError.objects.get().at
    assert before <= at <= timezone.now()
