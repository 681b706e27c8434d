"""K7: what was answered AE is decided anew when it is sent again, by whose monitor it was then, and is charted once.

Sent to the real listener, read from the board.
"""

from __future__ import annotations

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import claiming_actions
from sojourn.care.vitals.models import Device, MessageDecision
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import to_dosing
from tests.cases.bedside import Bedside, bedside, spo2

__all__ = ["bedside"]


def test_an_unknown_monitor_that_was_added_since(bedside: Bedside):
    nurse = bedside.cast.actor("nurse")
    with acting_as(nurse):
        stage = to_dosing(bedside.cast, at=bedside.clock.at)
    bedside.clock.later(seconds=10)
    text = bedside.message(spo2(91), bed="^^NEW1")
    assert bedside.line().send(text) == "AE"
    bedside.clock.later(seconds=20)
    with acting_as(nurse):
        device = vitals_actions.add_device(by=nurse, name="New", key="bed:NEW1", now=bedside.clock.at)
    assert bedside.line().send(text) == "AA"  # it is known, and on nobody: kept
    bedside.put_on(device, stage)
    later = bedside.message(spo2(92), bed="^^NEW1")
    assert bedside.line().send(later) == "AA"
    for _ in range(3):
        assert bedside.line().send(later) == "AA"
    assert bedside.charted(stage, "spo2") == [92]


def test_a_message_of_before_the_nurses_press_is_charted_once_when_it_comes_again(bedside: Bedside):
    nurse = bedside.cast.actor("nurse")
    with acting_as(nurse):
        stage = to_dosing(bedside.cast, at=bedside.clock.at)
    bedside.clock.later(seconds=10)
    text = bedside.message(spo2(91), bed="^^NEW2")
    measured = bedside.clock.at
    assert bedside.line().send(text) == "AE"
    bedside.clock.later(seconds=20)
    with acting_as(nurse):
        device = vitals_actions.add_device(by=nurse, name="New", key="bed:NEW2", now=bedside.clock.at)
    bedside.put_on(device, stage)
    for _ in range(3):
        bedside.clock.later(seconds=5)
        assert bedside.line().send(text) == "AA"
    assert bedside.charted(stage, "spo2") == [91]
    assert bedside.board(stage)["signals"]["spo2"][1] == measured.timestamp()


def test_it_goes_to_whose_monitor_it_was_never_to_who_sits_there_now(bedside: Bedside):
    first, device = bedside.seat("bed:OLD1")
    other = first.patient.record_number[:-1] + "9"
    bedside.send(spo2(97), bed="^^OLD1")
    bedside.clock.later(seconds=2)
    text = bedside.message(spo2(77), bed="^^OLD1", pid=other)
    assert bedside.line().send(text) == "AE"
    bedside.clock.later(seconds=10)
    bedside.take_off(device)
    with acting_as(bedside.cast.actor("nurse")):
        second = to_dosing(bedside.cast, at=bedside.clock.at, number=2)
    bedside.put_on(device, second)
    bedside.clock.later(seconds=5)
    assert bedside.line().send(text) == "AA"  # the line is free again
    assert bedside.charted(second, "spo2") == []
    assert bedside.charted(first, "spo2") == [97]
    assert bedside.alarms(second) == {}


def test_what_was_on_its_way_when_the_monitor_moved_is_the_first_patients(bedside: Bedside):
    first, device = bedside.seat("bed:OLD2")
    bedside.send(spo2(97), bed="^^OLD2")
    bedside.clock.later(seconds=2)
    text = bedside.message(spo2(88), bed="^^OLD2")
    bedside.clock.later(seconds=10)
    bedside.take_off(device)
    with acting_as(bedside.cast.actor("nurse")):
        second = to_dosing(bedside.cast, at=bedside.clock.at, number=2)
    bedside.put_on(device, second)
    bedside.clock.later(seconds=5)
    assert bedside.line().send(text) == "AA"
    assert bedside.charted(first, "spo2") == [97, 88]
    assert bedside.charted(second, "spo2") == []


def test_another_patient_stays_another_patient_until_a_nurse_says_so(bedside: Bedside):
    stage, device = bedside.seat("bed:OLD3")
    bedside.send(spo2(97), bed="^^OLD3")
    bedside.clock.later(seconds=2)
    text = bedside.message(spo2(93), bed="^^OLD3", pid=stage.patient.record_number[:-1] + "9")
    assert bedside.line().send(text) == "AE"
    assert bedside.line().send(text) == "AE"
    nurse = bedside.cast.actor("nurse")
    with acting_as(nurse):
        claiming_actions.confirm_patient(by=nurse, device_id=device.pk, encounter_id=stage.id, now=bedside.clock.at)
    for _ in range(2):
        assert bedside.line().send(text) == "AA"
    assert bedside.charted(stage, "spo2") == [97, 93]
    with acting_as(nurse):
        assert MessageDecision.objects.filter(clinic_id=bedside.cast.clinic.pk).count() == 1
        assert Device.objects.get().faults == ""
