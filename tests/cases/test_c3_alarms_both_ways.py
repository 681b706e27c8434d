"""C3: alarms look both ways: low pressure, slow and stopped hearts, breath by capnography, temperature, rises.

Limits: facts/holds.csv and facts/news2.json (NEWS2: systolic 90 or less, pulse 40 or less, breathing 25 or more,
temperature 35.0 or less, 39.1 or more; Deitch 2010: EtCO2 50 or more, no waveform for 15 s; Holton 2016: below 35).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from sojourn.clinical.alarms import prepare
from sojourn.foundation.rulebook import released_rulebook
from tests.cases.monitored import Monitored, monitored, port, row

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("values", "alarm", "priority"),
    [
        ({"nibp_sys": 89, "nibp_dia": 55}, "bp.systolic.low nibp_sys", "high"),
        ({"nibp_sys": 70, "nibp_dia": 40}, "bp.systolic.low nibp_sys", "high"),
        ({"nibp_sys": 50, "nibp_dia": 30}, "bp.systolic.low nibp_sys", "high"),
        ({"nibp_sys": 35, "nibp_dia": 15}, "bp.systolic.low nibp_sys", "high"),  # below what was once plausible
        ({"nibp_map": 60}, "bp.mean.low nibp_map", "high"),
        ({"hr": 30}, "hr.low hr", "high"),
        ({"hr": 10}, "hr.low hr", "high"),
        ({"hr": 0}, "heart.asystole hr", "high"),
        ({"pr": 0}, "heart.no_pulse pr", "high"),
        ({"rr": 25}, "rr.high rr", "medium"),
        ({"rr": 40}, "rr.high rr", "high"),
        ({"co2_rr": 0}, "rr.low co2_rr", "high"),
        ({"etco2": 80}, "etco2.high etco2", "medium"),
        ({"etco2": 34}, "etco2.low etco2", "low"),
        ({"temp": 34}, "temp.low temp", "medium"),
        ({"temp": 40}, "temp.high temp", "medium"),
    ],
)
def test_what_once_raised_nothing_stands_on_the_board(
    monitored: Monitored, values: dict[str, float], alarm: str, priority: str
):
    assert monitored.send(**values) == "AA"
    assert monitored.alarms()[alarm] == ("raised", priority)
    assert monitored.chair().alarm == priority


@pytest.mark.parametrize(
    "values", [{"nibp_sys": 91, "nibp_dia": 60}, {"hr": 50}, {"rr": 24}, {"etco2": 49}, {"temp": 35.1}, {"temp": 39.0}]
)
def test_on_the_other_side_of_each_limit_nothing_is_raised(monitored: Monitored, values: dict[str, float]):
    monitored.send(**values)
    assert monitored.alarms() == {}


def test_no_pulse_at_the_finger_is_medium_while_the_ecg_counts_and_never_a_notice(monitored: Monitored):
    monitored.send(hr=72, pr=0)
    assert monitored.alarms()["heart.no_pulse pr"] == ("raised", "medium")
    chair, figure = monitored.chair(), monitored.figure("hr")
    assert chair.alarm_text == "No pulse found"
    assert (figure.label, figure.value, figure.word) == ("Pulse", "0", "No pulse")
    monitored.send(hr=0, pr=0)
    assert monitored.alarms()["heart.no_pulse pr"] == ("raised", "high")
    assert monitored.alarms()["heart.asystole hr"] == ("raised", "high")


def test_a_stopped_heart_is_said_before_what_has_stood_for_longer(monitored: Monitored):
    monitored.send(spo2=85)
    monitored.send(hr=0)
    assert monitored.chair().alarm_text == "No heartbeat on the ECG"
    assert monitored.chair().alarm_note.endswith("more")


def test_no_breath_for_fifteen_seconds_by_capnography(monitored: Monitored):
    now = datetime.now(UTC)
    for ago in (16, 2):
        monitored.send(etco2=0, at=now - timedelta(seconds=ago))
    assert "breathing.apnoea etco2" not in monitored.alarms()
    monitored.send(etco2=0, at=now - timedelta(seconds=1))
    assert monitored.alarms()["breathing.apnoea etco2"] == ("raised", "high")
    assert monitored.chair().alarm_text == "No breath by capnography"
    assert monitored.figure("etco2").value == "0"


def test_a_typed_pressure_of_75_is_heard_like_a_monitors(monitored: Monitored):
    client = monitored.cast.client("nurse")
    url = reverse("console:session_values", args=[monitored.stage.id])
    client.post(url, {"nibp_sys": "75", "nibp_dia": "40", "seen": "1"})
    assert monitored.alarms()["bp.systolic.low nibp_sys"] == ("raised", "high")
    assert monitored.figure("bp").value == "75/40"


ROUTES = ("iv", "im", "sc", "in", "sl", "oral", "film")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("drug", ["ketamine", "esketamine"])
def test_every_route_has_a_rise_and_looks_down(route: str, drug: str):
    """A rise over the patient's own pressure for nasal, sublingual, oral and film too."""
    found = {each.rule_id for each in released_rulebook().alarm_rules(route, drug)}
    assert {"bp.systolic.rise", "bp.systolic.low", "hr.low", "heart.asystole", "heart.no_pulse", "rr.high"} <= found
    assert {"breathing.apnoea", "etco2.low", "etco2.high", "temp.low", "temp.high", "spo2.low"} <= found


def test_each_new_alarm_waits_for_a_prescriber():
    """Bands of NEWS2 were read; that they are alarms is a convention."""
    for rule_id in ("bp.systolic.low", "bp.mean.low", "hr.low", "heart.asystole", "heart.no_pulse", "rr.high",
                    "breathing.apnoea", "etco2.low", "etco2.high", "temp.low", "temp.high"):  # fmt: skip
        rule = released_rulebook().rule(rule_id)
        assert not rule.acts_without_adoption
        assert rule.sources
        assert prepare(rule, None)


def test_a_withdrawn_probe_is_not_a_pulse(monitored: Monitored):
    """The oximeter says that it has no value: that is no pulse of 0."""
    monitored.send(row("pr", "", status="X"))
    assert monitored.alarms() == {}
