"""K8: two measurements are never shown as one; of two probes the worse counts, on the board as in the alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.care.session.snapshot import load
from sojourn.care.vitals import actions as vitals_actions
from sojourn.clinical.vitals import pressure_parts
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.presenters import RecordView
from tests.care.stage import adopt_everything, arrive, set_stage
from tests.cases.monitored import Monitored, monitored, port, row
from tests.conftest import Cast

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


def record_of(monitored: Monitored) -> RecordView:
    with acting_as(monitored.cast.actor("nurse")):
        record = session_record(SessionScope(monitored.stage.id))
        return RecordView(record, verify_signature(record))


def test_a_systolic_alone_takes_no_diastolic_of_the_measurement_before(monitored: Monitored):
    """It showed 158/80 with the 80 of the measurement before."""
    now = datetime.now(UTC)
    monitored.send(nibp_sys=124, nibp_dia=80, at=now - timedelta(seconds=30))
    monitored.send(row("nibp_sys", 158), row("nibp_dia", "", status="X"))
    assert monitored.figure("bp").value == "158/–"
    assert "158/–" in monitored.session_page()
    assert "158/80" not in monitored.session_page()
    cells = [cell for line in record_of(monitored).vitals for cell in line.cells]
    assert any("158/–" in cell for cell in cells)
    assert not any("158/80" in cell for cell in cells)


def test_a_systolic_alone_is_alone_without_a_word_about_the_other_half(monitored: Monitored):
    now = datetime.now(UTC)
    monitored.send(nibp_sys=124, nibp_dia=80, at=now - timedelta(seconds=30))
    monitored.send(nibp_sys=158)
    assert monitored.figure("bp").value == "158/–"


def test_a_mean_alone_is_shown_as_a_mean(monitored: Monitored):
    now = datetime.now(UTC)
    monitored.send(nibp_sys=124, nibp_dia=80, nibp_map=95, at=now - timedelta(seconds=30))
    assert (monitored.figure("bp").label, monitored.figure("bp").value) == ("Pressure", "124/80")
    monitored.send(nibp_map=71)
    assert (monitored.figure("bp").label, monitored.figure("bp").value) == ("Mean pressure", "71")
    assert "Mean pressure" in monitored.session_page()
    shown = record_of(monitored)
    assert "Mean pressure" in [name for name, _unit in shown.vitals_columns]


@pytest.mark.parametrize("values", [(82, 97), (97, 82)])
def test_of_two_probes_a_second_apart_the_worse_counts(monitored: Monitored, values: tuple[int, int]):
    now = datetime.now(UTC)
    for number, value in enumerate(values):
        at = now - timedelta(seconds=3 - number)
        monitored.send(row("spo2", value, site=f"1.{number}.1.150456"), at=at)
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    figure = monitored.figure("spo2")
    assert (figure.value, figure.alarm) == ("82", "high")


def test_two_probes_in_one_message(monitored: Monitored):
    monitored.send(row("spo2", 82, site="1.1.1.150456"), row("spo2", 97, site="1.2.1.150456"))
    assert monitored.figure("spo2").value == "82"
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_the_worse_probe_recovers_by_its_own_value(monitored: Monitored):
    one, other = "1.1.1.150456", "1.2.1.150456"
    monitored.send(row("spo2", 82, site=one))
    monitored.send(row("spo2", 97, site=other))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    monitored.send(row("spo2", 96, site=one))
    assert monitored.alarms()["spo2.low spo2"][0] == "recovered"
    assert monitored.figure("spo2").value == "96"


def test_one_probe_that_gets_better_is_better(monitored: Monitored):
    monitored.send(spo2=82)
    monitored.send(spo2=97)
    assert monitored.alarms()["spo2.low spo2"][0] == "recovered"
    assert monitored.figure("spo2").value == "97"


def test_a_typed_value_does_not_silence_a_worse_one_of_the_monitor(monitored: Monitored):
    monitored.send(spo2=82)
    nurse = monitored.cast.actor("nurse")
    with acting_as(nurse):
        vitals_actions.take_readings(by=nurse, encounter_id=monitored.stage.id, values={"spo2": 98})
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    assert monitored.figure("spo2").value == "82"


def test_how_breaths_are_counted_is_said(monitored: Monitored):
    monitored.send(row("impedance_rr", 14))
    assert monitored.figure("rr").label == "Breathing, impedance"
    monitored.send(row("impedance_rr", 14), row("co2_rr", 12))
    assert (monitored.figure("rr").label, monitored.figure("rr").value) == ("Breathing, CO₂", "12")
    monitored.send(row("co2_rr", "", status="X"), row("impedance_rr", 15))
    assert (monitored.figure("rr").label, monitored.figure("rr").value) == ("Breathing, impedance", "15")


def test_chest_that_moves_without_breath_is_no_breath(monitored: Monitored):
    monitored.send(row("impedance_rr", 14), row("co2_rr", 0))
    assert monitored.alarms()["rr.low co2_rr"] == ("raised", "high")
    assert (monitored.figure("rr").label, monitored.figure("rr").value) == ("Breathing, CO₂", "0")


def test_two_halves_of_two_measurements_complete_no_check(clinic: Cast):
    """The checklist took a systolic of now and a diastolic of five minutes ago for one pressure."""
    adopt_everything(clinic)
    at = datetime.now(UTC) - timedelta(minutes=10)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=at)
        arrive(stage, at)
        stage.vitals(at + timedelta(minutes=1), nibp_sys=124, nibp_dia=80)
        stage.vitals(at + timedelta(minutes=6), nibp_sys=138)
        now = at + timedelta(minutes=7)
        asked = {each.code for each in load(SessionScope(stage.id), now).standing("complete_checks")}
        asked_for = [
            item.id for item in load(SessionScope(stage.id), now).protocol.checklist if pressure_parts(item.vitals)
        ]
    assert asked_for
    assert {f"check-missing:{each}" for each in asked_for} <= asked
    page = clinic.client("nurse").get(reverse("console:session", args=[stage.id])).content.decode()
    assert "138/80" not in page
