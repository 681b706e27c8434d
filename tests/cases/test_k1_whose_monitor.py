"""K1: a message is charted on the patient whose monitor sent it, and on nobody else.

Sent to the real listener, read from the board. Beds are named by point of care, room, bed and facility together.
"""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from sojourn.care.vitals import whose
from sojourn.care.vitals.models import Device, Stranger
from sojourn.care.vitals.widening import bed_key, list_wide_keys
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from tests.cases.bedside import ELSEWHERE, Bedside, bedside, cuff, heart, spo2
from tests.cases.owner import as_owner, old_message

__all__ = ["bedside"]

# ---------------------------------------------------------------- the table of names

NAMES = (
    # point of care, room, bed, facility -> the key
    (("KETQ", "", "1", ""), "KETQ/1"),
    (("KETQ", "1", "1", ""), "KETQ/1"),  # a room that is the bed says nothing more
    (("KETQ", "2", "1", ""), "KETQ/1;room=2"),
    (("KETQ", "", "1", "NORTH"), "KETQ/1;at=NORTH"),
    (("KETQ", "2", "1", "NORTH"), "KETQ/1;room=2;at=NORTH"),
    (("", "", "BED7", ""), "BED7"),
    (("", "A", "1", ""), "1;room=A"),
    (("A", "", "1", ""), "A/1"),
    (("A/2", "", "1", ""), "A%2F2/1"),  # a ward with a slash is not a ward with a room
    (("KETQ", "2", "", ""), "KETQ/;room=2"),
    (("KETQ", "", "", "NORTH"), ""),  # a ward alone names no bed
    (("", "", "BED-001", "10.0.100.98:1"), "BED-001"),  # Nihon Kohden: an address with a port
    (("", "", "BED-001", "3232241478"), "BED-001"),  # an address as one number
)


@pytest.mark.parametrize(("parts", "value"), NAMES, ids=[value or "nothing" for _, value in NAMES])
def test_a_place_has_one_name(parts, value):
    assert whose.bed_value(*parts) == value


def test_two_long_names_are_two_keys_of_the_greatest_length():
    assert whose.key("bed", "x" * 116) == f"bed:{'x' * 116}"
    found = {whose.key("bed", "x" * 116 + end) for end in "ab"}
    assert [len(each) for each in found] == [120, 120]


@pytest.mark.parametrize(
    ("older", "now"),
    [
        ("ip:10.0.0.7:51000", "ip:10.0.0.7"), ("ip:10.0.0.7", "ip:10.0.0.7"), ("ip:fe80::7", "ip:fe80::7"),
        ("equipment:SN7/460", "equipment:SN7"), ("bed:A:1/2", "bed:A:1/2"),
    ],
)  # fmt: skip
def test_an_older_key_loses_the_port_or_the_channel_alone(older: str, now: str):
    assert whose.as_named_now(older) == now


def test_no_two_places_share_a_name():
    said = ["", "1", "2", "A", "A/1", "A;room=1", "1;at=N", "A%2F1"]
    places = {(ward, room, bed): whose.bed_value(ward, room, bed) for ward in said for room in said for bed in said[1:]}
    by_name: dict[str, set[tuple[str, str, str]]] = {}
    for (ward, room, bed), name in places.items():
        # a ward or a room that is called as its bed is says nothing more
        meant = ("" if ward == bed else ward, "" if room == bed else room, bed)
        by_name.setdefault(name, set()).add(meant)
    assert {name: found for name, found in by_name.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("identifiers", "verdict"),
    [
        (("CA00007",), "same"),
        (("ca-00007",), "same"),
        (("M1", "CA 00007"), "same"),
        (("CA-00008",), "other"),
        (("ca00008",), "other"),
        (("00008",), "other"),
        (("0001",), "nothing"),
        (("expert", "vs"), "nothing"),
        (("JOHN SMITH",), "nothing"),
        (("MRN5733",), "nothing"),  # a number of somebody else's counting
        (("26031200119",), "nothing"),
        (("",), "nothing"),
    ],
)
def test_only_a_number_of_our_own_form_contradicts(identifiers, verdict):
    assert whose.names(identifiers, "CA-00007") == verdict


# ---------------------------------------------------------------- through the socket


def test_bed_one_of_another_room_is_another_monitor(bedside: Bedside):
    stage, _ = bedside.seat("bed:KETQ/1;room=1X")
    assert bedside.send(spo2(97), bed="KETQ^1X^1") == "AA"
    assert bedside.send(spo2(70), heart(30), bed="KETQ^2^1") == "AE"
    assert bedside.charted(stage, "spo2") == [97]
    assert bedside.alarms(stage) == {}
    assert "bed:KETQ/1;room=2" in bedside.page("monitors")


def test_a_key_of_an_older_version_catches_no_other_room(bedside: Bedside):
    stage, _ = bedside.seat("bed:KETQ/1")
    assert bedside.send(spo2(70), bed="KETQ^2^1") == "AE"
    assert bedside.send(spo2(70), bed="KETQ^^1^NORTH") == "AE"
    assert bedside.charted(stage, "spo2") == []
    assert bedside.send(spo2(97), bed="KETQ^^1") == "AA"
    assert bedside.charted(stage, "spo2") == [97]


@pytest.mark.parametrize("bed", ["^^BEDZ", "WARD^3", "^^&10"])
def test_a_gateways_name_catches_no_bed_behind_it(bedside: Bedside, bed):
    stage, _ = bedside.seat("app:QA/LAB")
    other = f"{stage.patient.record_number[:-1]}9"
    assert bedside.send(spo2(70), bed=bed, pid=other) == "AE"
    assert bedside.charted(stage, "spo2") == []
    assert bedside.send(spo2(97), bed="^^") == "AA"  # what names nothing is the gateway's
    assert bedside.charted(stage, "spo2") == [97]


def test_the_first_subcomponent_that_is_there_names_the_bed(bedside: Bedside):
    stage, _ = bedside.seat("bed:10")
    assert bedside.send(spo2(97), bed="^^&10") == "AA"
    assert bedside.charted(stage, "spo2") == [97]


def test_one_monitor_whose_channels_count_behind_a_slash_is_one(bedside: Bedside):
    stage, _ = bedside.seat("equipment:SN77")
    for channel in (460, 461):
        own = spo2(97) + f"||||SN77/{channel}"
        assert bedside.send(own, bed="^^") == "AA"
    assert bedside.charted(stage, "spo2") == [97, 97]


def test_a_monitor_that_names_nothing_is_known_by_its_address(bedside: Bedside):
    stage, _ = bedside.seat("address:127.0.0.1")
    assert bedside.send(spo2(97), bed="^^") == "AA"
    assert bedside.send(spo2(70), bed="^^", host=ELSEWHERE) == "AE"
    assert bedside.send(spo2(70), bed="^^BEDZ") == "AE"
    assert bedside.charted(stage, "spo2") == [97]


def test_two_monitors_that_name_nothing_and_say_the_same_are_two(bedside: Bedside):
    first, _ = bedside.seat("address:127.0.0.1")
    second, _ = bedside.seat("address:127.0.0.2", number=2)
    text = bedside.message(spo2(97), bed="^^")
    assert bedside.line().send(text) == "AA"
    assert bedside.line(ELSEWHERE).send(text) == "AA"  # the same bytes, of another monitor
    assert bedside.line().send(text) == "AA"  # and a resend
    assert (bedside.charted(first, "spo2"), bedside.charted(second, "spo2")) == ([97], [97])


# ---------------------------------------------------------------- the patient in the chair


def other_number(stage) -> str:
    return stage.patient.record_number[:-1] + "9"


def test_another_patients_number_alarms_and_is_charted_only_after_a_nurses_word(bedside: Bedside):
    stage, device = bedside.seat()
    assert bedside.send(spo2(97)) == "AA"
    number = other_number(stage)
    bedside.clock.later(seconds=2)
    assert bedside.send(spo2(78), pid=number) == "AE"
    alarms = bedside.alarms(stage)
    assert alarms["monitor.patient"] == ("raised", "high")
    assert alarms["spo2.low"] == ("raised", "high")
    assert bedside.charted(stage, "spo2") == [97]
    page = bedside.page("session_monitor", stage.id)
    assert "The monitor names another patient" in page
    assert number not in page  # whose number it is, is not ours to show
    address = reverse("console:session_monitor", args=[stage.id])
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    answer = bedside.cast.client("nurse").post(address, {"do": "this_patient", "device": device.pk, "seen": seen[1]})
    assert answer.status_code == 302
    assert bedside.charted(stage, "spo2") == [97, 78]
    bedside.clock.later(seconds=2)
    assert bedside.send(spo2(79), pid=number) == "AA"
    assert bedside.charted(stage, "spo2") == [97, 78, 79]
    with acting_as(bedside.cast.actor("auditor")):
        assert AuditEvent.objects.filter(action="monitor.patient_confirmed").count() == 1


def test_another_patients_good_value_ends_no_alarm(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(78))
    bedside.clock.later(seconds=2)
    assert bedside.send(spo2(98), pid=other_number(stage)) == "AE"
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")


def test_the_patients_own_number_written_otherwise_is_his(bedside: Bedside):
    stage, _ = bedside.seat()
    number = stage.patient.record_number.replace("-", "").lower()
    assert bedside.send(spo2(97), pid=f"M7~{number}") == "AA"
    assert bedside.send(spo2(96), pid="0001||expert^vs") == "AA"
    assert bedside.charted(stage, "spo2") == [97, 96]
    assert bedside.alarms(stage) == {}


# ---------------------------------------------------------------- from an older version


def test_an_upgrade_lists_wide_keys_and_one_press_registers_the_bed(bedside: Bedside):
    """Upgrade of an old var/ with wide keys: the messages that an older version kept say which beds really spoke."""
    stage, device = bedside.seat("bed:KETQ/1")
    bedside.send(spo2(97), bed="KETQ^^1")
    kept = [b"MSH|^~\\&|QA|LAB\rPV1||I|KETQ^%d^1\rZZZ|%d" % (room, number) for number, room in enumerate((1, 2, 2))]
    with as_owner() as cursor:
        for raw in kept:
            old_message(cursor, device, raw, bedside.clock.at)
        assert list_wide_keys(cursor) == 2  # room 1 is called as its bed is: its key has not changed
    page = bedside.page("monitors", role="clinic_admin")
    assert "bed:KETQ/1;room=2" in page
    assert "M1" in page
    with acting_as(bedside.cast.actor("clinic_admin")):
        stranger = Stranger.objects.get(clinic_id=bedside.cast.clinic.pk, name="bed:KETQ/1;room=2")
    press = bedside.cast.client("clinic_admin").post(
        reverse("console:monitor_rekey", args=[device.pk]), {"stranger": stranger.pk}
    )
    assert press.status_code == 302
    with acting_as(bedside.cast.actor("nurse")):
        assert Device.objects.get(pk=device.pk).key == "bed:KETQ/1;room=2"
    bedside.clock.later(seconds=1)
    assert bedside.send(spo2(95), bed="KETQ^2^1") == "AA"
    assert bedside.charted(stage, "spo2") == [97, 95]


def test_the_upgrade_reads_a_kept_message_as_the_reader_does():
    assert bed_key(b"MSH|^~\\&|\rPID|||x\rPV1||I|ICU^7^&10&1^\r") == "bed:ICU/10;room=7"
    assert bed_key(b"MSH|^~\\&|\rPV1||I|ICU^7^3^HOSP^^^\r") == "bed:ICU/3;room=7;at=HOSP"
    assert bed_key(b"MSH|^~\\&|\rPV1||I|^^&10\r") == "bed:10"
    assert bed_key(b"no message") == ""


def test_a_cuff_of_the_bed_next_door_stays_there(bedside: Bedside):
    stage, _ = bedside.seat("bed:KETQ/1")
    assert bedside.send(*cuff(190, 110), bed="KETQ^9^1") == "AE"
    assert bedside.charted(stage, "nibp_sys") == []
