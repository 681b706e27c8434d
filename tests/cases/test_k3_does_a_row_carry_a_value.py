"""K3: which rows carry a value: order rows, withdrawals, questionable values, bounds, commas, training."""

from __future__ import annotations

import pytest

pytest.importorskip("tests.cases.monitored", reason="the monitor at a chair comes with the cases of alarms")

from tests.cases.monitored import Monitored, monitored, port, row

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("flags", ["QUES", "EARLY", "L~QUES", "BUSY"])
def test_a_questionable_value_raises(monitored: Monitored, flags: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, flags=flags))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


@pytest.mark.parametrize("flags", ["QUES", "EARLY"])
def test_a_questionable_value_clears_nothing(monitored: Monitored, flags: str):
    monitored.send(spo2=79)
    for _ in range(3):
        monitored.send(row("spo2", 98, flags=flags))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


def test_a_bound_that_lies_wholly_beyond_a_limit_counts_as_beyond_it(monitored: Monitored):
    monitored.send(spo2=97)
    monitored.send(row("spo2", "<50"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_a_bound_clears_nothing(monitored: Monitored):
    monitored.send(spo2=79)
    for _ in range(3):
        monitored.send(row("spo2", ">95"))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize("status", ["D", "W"])
def test_a_withdrawn_value_raises_nothing_and_is_not_shown(monitored: Monitored, status: str):
    """Posted as wrong, perhaps on the wrong patient: it was charted, with a high alarm."""
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, status=status))
    assert monitored.alarms() == {}
    assert monitored.figure("spo2").value != "79"


@pytest.mark.parametrize("value", ["1,024", "0,79,1", "^60^-^79"])
def test_what_may_be_two_numbers_is_none(monitored: Monitored, value: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", value))
    assert monitored.alarms() == {}
    assert monitored.figure("spo2").value == "97"


def test_an_order_row_is_no_value_in_a_dialect_that_does_not_say_so(monitored: Monitored):
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, status="O"))
    assert monitored.alarms() == {}


@pytest.mark.parametrize("processing", ["T", "D"])
def test_training_neither_raises_nor_clears(monitored: Monitored, processing: str):
    monitored.send(row("spo2", 79), processing=processing)
    assert monitored.alarms() == {}
    monitored.send(spo2=79)
    monitored.send(row("spo2", 98), processing=processing)
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize("flags", ["INV", "DEMO", "TEST"])
def test_what_is_marked_as_none_neither_raises_nor_clears(monitored: Monitored, flags: str):
    monitored.send(row("spo2", 79, flags=flags))
    assert monitored.alarms() == {}
    monitored.send(spo2=79)
    monitored.send(row("spo2", 98, flags=flags))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize("value", ["-100", "32767", "8388607", "-1", "---", "NaN", "INF"])
def test_a_probe_that_is_off_empties_its_tile_at_once(monitored: Monitored, value: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", value))
    assert monitored.figure("spo2").value != "97"
    assert monitored.alarms() == {}
