"""K1: a database of an older version is brought up to date: what was registered under a name that is too wide now,
or is spelled otherwise now, is offered by one press, loses nothing, and goes on to chart and to alarm.

The older version's rows are written as it wrote them; what it read of a message is that of main before issue 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.urls import reverse

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device, InboundMessage, Observation, Stranger
from sojourn.care.vitals.widening import learn_shared_lines, list_wide_keys
from sojourn.foundation.accounts.actor import acting_as
from tests.cases.bedside import HERE, Bedside, bedside, spo2
from tests.cases.owner import as_owner, old_message
from tests.conftest import make_clinic

__all__ = ["bedside"]


@dataclass(frozen=True)
class Older:
    """A key as the older version wrote it, and what its monitor sends: MSH-3, PV1-3, OBX-18."""

    key: str
    app: str
    bed: str
    equipment: str
    now: str


OLDER = {
    "a bed with a room, without facility": Older("bed:KETQ/1", "QA", "KETQ^2^1", "", "bed:KETQ/1;room=2"),
    "a bed with a facility": Older("bed:KETQ/1", "QA", "KETQ^^1^NORTH", "", "bed:KETQ/1;at=NORTH"),
    "a gateway in front of a bed": Older("app:GWU/HUB", "GWU|HUB", "^^BEDZ", "", "bed:BEDZ"),
    "an address with its port": Older(
        "ip:10.37.0.201:1", "NIHON KOHDEN|NIHON KOHDEN", "^^N1^10.37.0.201:1", "", "ip:10.37.0.201"
    ),
    "a channel of a device": Older("equipment:SN77/460", "QA", "^^", "SN77/460", "equipment:SN77"),
}  # fmt: skip


def said(bedside: Bedside, older: Older, value: float) -> str:
    app, _, facility = older.app.partition("|")
    text = bedside.message(spo2(value) + (f"||||{older.equipment}" if older.equipment else ""), bed=older.bed)
    return text.replace("|QA|LAB|", f"|{app}|{facility or 'LAB'}|")


@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER)
def test_an_older_key_is_offered_by_one_press_and_goes_on_to_chart_and_alarm(bedside: Bedside, older: Older):
    clinic = bedside.cast.clinic.pk
    stage, device = bedside.seat(older.key)
    nurse = bedside.cast.actor("nurse")
    with as_owner() as cursor:
        raw = said(bedside, older, 97).replace("\n", "\r").encode()
        old_message(cursor, device, raw, bedside.clock.at)
        list_wide_keys(cursor)
    with acting_as(nurse):
        stranger = Stranger.objects.get(clinic_id=clinic, name=older.now)
        kept = InboundMessage.objects.count()
        charted = Observation.objects.count()
    page = bedside.page("monitors")
    assert older.now in page
    assert "This is M1" in page
    assert "There are none" in page  # what was used when it came is no message that could not be used
    # until somebody has pressed it nothing is charted by a name that fits others too, and the monitor is told so
    bedside.clock.later(seconds=1)
    waits = said(bedside, older, 96)
    assert bedside.line().send(waits) == "AE"
    assert bedside.charted(stage, "spo2") == []
    press = bedside.cast.client("nurse").post(
        reverse("console:monitor_rekey", args=[device.pk]), {"stranger": stranger.pk}
    )
    assert press.status_code == 302
    bedside.clock.later(seconds=1)
    assert bedside.line().send(waits) == "AA"  # what it had to wait with is not lost
    bedside.clock.later(seconds=1)
    assert bedside.line().send(said(bedside, older, 79)) == "AA"
    assert bedside.charted(stage, "spo2") == [96, 79]
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    with acting_as(nurse):
        found = Device.objects.get()
        assert (found.pk, found.key, found.name) == (device.pk, older.now, "M1")
        assert InboundMessage.objects.count() >= kept
        assert Observation.objects.count() == charted + 2
    assert "This is M1" not in bedside.page("monitors")


@pytest.mark.parametrize(("key", "bed", "app"), [("bed:KETQ/1", "KETQ^^1", "QA"), ("app:GWV/HUB", "^^", "GWV|HUB")])
def test_a_key_that_was_close_enough_needs_nobody(bedside: Bedside, key: str, bed: str, app: str):
    stage, device = bedside.seat(key)
    older = Older(key, app, bed, "", key)
    with as_owner() as cursor:
        old_message(cursor, device, said(bedside, older, 97).replace("\n", "\r").encode(), bedside.clock.at)
        list_wide_keys(cursor)
    assert "This is M1" not in bedside.page("monitors")
    bedside.clock.later(seconds=1)
    assert bedside.line().send(said(bedside, older, 79)) == "AA"
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")


def test_a_name_that_two_clinics_have_does_not_fall_silent_by_the_upgrade(bedside: Bedside):
    """Both call a monitor BED-1 and share a port; the older version did not know from where it speaks."""
    other = make_clinic(f"other-{bedside.clock.at:%H%M%S%f}")
    key = f"bed:TWIN{bedside.cast.clinic.pk}"
    bed = f"^^{key[4:]}"
    stage, device = bedside.seat(key)
    with acting_as(other.actor("clinic_admin")):
        twin = vitals_actions.add_device(by=other.actor("clinic_admin"), name="Twin", key=key)
    assert bedside.send(spo2(97), bed=bed, shared=True) == "AE"
    with as_owner() as cursor:
        raw = bedside.message(spo2(97), bed=bed).replace("\n", "\r").encode()
        old_message(cursor, device, raw, bedside.clock.at, peer=f"{HERE}:50123")
        assert learn_shared_lines(cursor) >= 1
    bedside.clock.later(seconds=1)
    assert bedside.send(spo2(79), bed=bed, shared=True) == "AA"
    assert bedside.charted(stage, "spo2") == [79]
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    with acting_as(other.actor("nurse")):
        assert Device.objects.get(pk=twin.pk).address == ""
