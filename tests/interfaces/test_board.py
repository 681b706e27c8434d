"""The session board: what a nurse reads from two metres, and what one tap does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sojourn.care.monitoring import actions as monitoring
from sojourn.care.monitoring.models import AlarmState, Device, Signal
from sojourn.care.patients.models import Patient
from sojourn.care.treatment import actions as treatment
from sojourn.care.treatment.models import SessionEvent
from sojourn.foundation.accounts.asker import as_asker
from tests.care.stage import Stage, adopt_everything, set_stage, to_dosing
from tests.conftest import Cast

URL = "/clinic/board/"


@pytest.fixture
def stage(clinic: Cast) -> Stage:
    adopt_everything(clinic)
    with as_asker(clinic.asker("nurse")):
        return to_dosing(clinic)


def watched(monkeypatch: pytest.MonkeyPatch, age: timedelta | None) -> None:
    monkeypatch.setattr("sojourn.interfaces.console.board.heartbeat_age", lambda name, now: age)


def page(clinic: Cast, role: str = "nurse", query: str = "") -> str:
    response = clinic.client(role).get(URL + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def data_of(html: str) -> dict[str, Any]:
    _, _, rest = html.partition('<script id="board-data" type="application/json">')
    found: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return found


def body_of(html: str) -> str:
    return html.partition('<script id="board-data"')[0]


def readings(stage: Stage, role: str = "nurse", **values: float) -> None:
    by = stage.cast.asker(role)
    with as_asker(by):
        monitoring.take_readings(by=by, encounter_id=stage.id, values=values)


def test_it_shows_each_running_session_whole(clinic: Cast, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, timedelta(seconds=1))
    html = page(clinic)
    body = body_of(html)
    assert "Chair 1 · Ana R." in body
    assert "Reyes1" not in html  # a wall shows no family name
    assert "SJ-00001" in body  # in the fold that a tap opens
    for text in ("Dose running", "0 min since the dose", "124/78", ">98<", ">71<", ">14<"):
        assert text in body, text
    assert "Watch awake" in body
    data = data_of(html)
    assert [each["id"] for each in data["sessions"]] == [stage.id]
    assert data["cursor"].startswith(f"{stage.id}.")
    assert len(data["sessions"][0]["trend"]) == 5


def test_an_empty_board_says_what_will_appear(clinic: Cast) -> None:
    assert "A chair appears here by itself" in page(clinic)


@pytest.mark.parametrize("role", ["nurse", "prescriber", "therapist"])
def test_who_may_watch(clinic: Cast, role: str) -> None:
    assert clinic.client(role).get(URL).status_code == 200


@pytest.mark.parametrize("role", ["front_desk", "clinic_admin", "auditor"])
def test_who_may_not(clinic: Cast, role: str) -> None:
    assert clinic.client(role).get(URL).status_code == 403


def test_strangers_sign_in_first(client: Any, clinic: Cast) -> None:
    assert client.get(URL).status_code == 302


def test_an_alarm_is_said_by_colour_shape_and_word_and_seen_by_one_tap(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)  # below 90: high (facts/vitals_thresholds.json)
    body = body_of(page(clinic))
    assert 'class="chair is-high"' in body
    assert "Oxygen saturation is low" in body
    assert "shape-high" in body
    assert 'name="alarm" value="spo2.low|spo2"' in body
    url = reverse("console:board_seen", args=[stage.id])
    client = clinic.client("nurse")
    answer = client.post(url, {"alarm": "spo2.low|spo2"}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    with as_asker(clinic.asker("nurse")):
        assert AlarmState.objects.get(rule_id="spo2.low").acknowledged_by_name == clinic.members["nurse"].name
    body = body_of(page(clinic))
    assert f"seen by {clinic.members['nurse'].name}" in body
    assert 'name="alarm"' not in body
    # The second nurse is told who was quicker.
    answer = clinic.client("prescriber").post(url, {"alarm": "spo2.low|spo2"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert clinic.members["nurse"].name in answer.json()["said"]
    # Without a script the page says the same.
    answer = clinic.client("prescriber").post(url, {"alarm": "spo2.low|spo2"})
    assert answer.status_code == 409
    assert clinic.members["nurse"].name in answer.content.decode()


def test_seen_takes_only_what_was_shown(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88, rr=7)
    clinic.client("nurse").post(reverse("console:board_seen", args=[stage.id]), {"alarm": "spo2.low|spo2"})
    with as_asker(clinic.asker("nurse")):
        assert AlarmState.objects.get(rule_id="spo2.low").phase == "acknowledged"
        assert AlarmState.objects.get(rule_id="rr.low").phase == "raised"


def test_an_alarm_that_ended_unseen_is_still_said(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    with as_asker(clinic.asker("nurse")):
        stage.vitals(timezone.now() + timedelta(seconds=1), spo2=97)
    body = body_of(page(clinic))
    assert "It is over, and nobody has seen it" in body
    assert 'class="chair is-high"' not in body
    clinic.client("nurse").post(reverse("console:board_seen", args=[stage.id]), {"alarm": "spo2.low|spo2"})
    assert "It is over" not in body_of(page(clinic))


def test_a_call_is_answered_by_one_tap_and_only_once(clinic: Cast, stage: Stage) -> None:
    with as_asker(clinic.asker("nurse")):
        for _ in range(3):  # pressed three times
            treatment.note_event(by=clinic.asker("nurse"), encounter_id=stage.id, kind="patient_calls")
    assert "Ana needs someone" in body_of(page(clinic))
    url = reverse("console:board_going", args=[stage.id])
    assert clinic.client("therapist").post(url).status_code == 302
    assert clinic.client("nurse").post(url).status_code == 302  # a second tap finds it done
    assert "Ana needs someone" not in body_of(page(clinic))
    with as_asker(clinic.asker("nurse")):
        (answer,) = SessionEvent.objects.filter(kind="call_answered")
        assert answer.by_id == clinic.members["therapist"].pk


def test_a_therapist_sees_alarms_and_is_offered_no_answer(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    assert "Oxygen saturation is low" in body_of(page(clinic, "therapist"))
    assert "data-chair-seen" not in page(clinic, "therapist")
    url = reverse("console:board_seen", args=[stage.id])
    assert clinic.client("therapist").post(url, {"alarm": "spo2.low|spo2"}).status_code == 403


def test_another_clinics_session_does_not_exist(clinic: Cast, other_clinic: Cast, stage: Stage) -> None:
    for name in ("board_seen", "board_going"):
        url = reverse(f"console:{name}", args=[stage.id])
        assert other_clinic.client("nurse").post(url, {"alarm": "spo2.low|spo2"}).status_code == 404
    assert "Chair 1" not in body_of(page(other_clinic))
    assert data_of(page(other_clinic))["sessions"] == []


def test_old_readings_are_crossed_and_say_so(clinic: Cast, stage: Stage) -> None:
    # With a monitor on: 60 seconds for what should come all the time, 15 minutes for the cuff (rules silence.*).
    with as_asker(clinic.asker("nurse")):
        device = Device.objects.create(clinic=clinic.clinic, name="M", key="k", added_at=timezone.now())
        monitoring.put_on(by=clinic.asker("nurse"), device_id=device.pk, encounter_id=stage.id)
        Signal.objects.update(effective_at=timezone.now() - timedelta(seconds=100))
    body = body_of(page(clinic))
    assert body.count("is-stale") == 3
    assert "Old: 1 min ago" in body
    assert ">124/78<" in body.partition('data-vital="bp"')[2][:400]
    with as_asker(clinic.asker("nurse")):
        Signal.objects.update(effective_at=timezone.now() - timedelta(minutes=16))
    assert body_of(page(clinic)).count("is-stale") == 4


def test_values_typed_by_hand_count_as_long_as_the_protocol_says(clinic: Cast, stage: Stage) -> None:
    with as_asker(clinic.asker("nurse")):
        Signal.objects.update(effective_at=timezone.now() - timedelta(minutes=14))
    assert "is-stale" not in body_of(page(clinic))
    assert "No monitor on" in body_of(page(clinic))
    with as_asker(clinic.asker("nurse")):
        Signal.objects.update(effective_at=timezone.now() - timedelta(minutes=16))
    assert body_of(page(clinic)).count("is-stale") == 4


def test_an_implausible_value_is_crossed(clinic: Cast, stage: Stage) -> None:
    readings(stage, hr=999)
    assert "Not believable" in body_of(page(clinic))


@pytest.mark.parametrize("age", [None, timedelta(seconds=42)])
def test_a_sleeping_watch_is_said_loudly(clinic: Cast, age: timedelta | None, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, age)
    body = body_of(page(clinic))
    assert "Alarms of silence are not being watched" in body
    assert "Watch silent" in body
    watched(monkeypatch, timedelta(seconds=2))
    assert "Alarms of silence" not in body_of(page(clinic))


def test_a_monitors_wrong_clock_is_said(clinic: Cast, stage: Stage) -> None:
    with as_asker(clinic.asker("nurse")):
        device = Device.objects.create(
            clinic=clinic.clinic, name="M", key="k", added_at=timezone.now(), clock_skew_s=431.0
        )
        monitoring.put_on(by=clinic.asker("nurse"), device_id=device.pk, encounter_id=stage.id)
    assert "The monitor&#x27;s clock is 7 min ahead" in body_of(page(clinic))


def test_a_restricted_record_shows_figures_and_no_name(clinic: Cast, stage: Stage) -> None:
    with as_asker(clinic.asker("nurse")):
        Patient.objects.filter(pk=stage.patient.pk).update(restricted=True)
    html = page(clinic)
    assert "Restricted record" in html
    assert "Ana" not in html
    assert "SJ-00001" not in html
    assert "124/78" in html
    assert "Ana R." in page(clinic, "prescriber")


def test_the_next_check_is_in_minutes(clinic: Cast) -> None:
    # Schedule 0, 10, 20 ... (fact base, monitoring_schedule).
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with as_asker(clinic.asker("nurse")):
        to_dosing(clinic, at=at)
    assert "Next check in 6 min" in body_of(page(clinic))
    assert "3 min since the dose" in body_of(page(clinic))
    late = timezone.now() - timedelta(minutes=13)
    with as_asker(clinic.asker("nurse")):
        to_dosing(clinic, at=late, number=2)
    assert "Check overdue by 3 min" in body_of(page(clinic))


def test_nine_chairs_come_on_two_pages_and_chair_10_after_chair_9(clinic: Cast) -> None:
    adopt_everything(clinic)
    now = timezone.now()
    with as_asker(clinic.asker("nurse")):
        for number in range(1, 11):
            stage = set_stage(clinic, at=now, number=number)
            treatment.open_session(by=clinic.asker("nurse"), appointment_id=stage.appointment.pk)
    first, second = page(clinic), page(clinic, query="?page=2")
    assert [n for n in range(1, 11) if f"Chair {n} ·" in body_of(first)] == list(range(1, 9))
    assert [n for n in range(1, 11) if f"Chair {n} ·" in body_of(second)] == [9, 10]
    assert len(data_of(first)["others"]) == 2
    assert page(clinic, query="?page=99")
    assert page(clinic, query="?page=x")


def test_it_costs_at_most_twelve_queries(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    client = clinic.client("nurse")
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        client.get(URL)
    said = [each["sql"] for each in queries if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(said) <= 12, "\n".join(each[:120] for each in said)
