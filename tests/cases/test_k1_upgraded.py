"""K1: a database of an older version is brought up to date: what was registered under a name that is too wide now,
or is spelled otherwise now, is offered by one press, loses nothing, and goes on to chart and to alarm.

The older version's rows are written as it wrote them; what it read of a message is that of main before issue 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.urls import reverse

from sojourn.care.vitals.models import Device, InboundMessage, Observation, Stranger
from sojourn.care.vitals.widening import list_wide_keys
from sojourn.foundation.accounts.asker import as_asker
from tests.cases.bedside import Bedside, bedside, spo2
from tests.cases.owner import as_owner, old_message

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
    nurse = bedside.cast.asker("nurse")
    with as_owner() as cursor:
        raw = said(bedside, older, 97).replace("\n", "\r").encode()
        old_message(cursor, device, raw, bedside.clock.at)
        list_wide_keys(cursor)
    with as_asker(nurse):
        stranger = Stranger.objects.get(clinic_id=clinic, name=older.now)
        kept = InboundMessage.objects.count()
        charted = Observation.objects.count()
    page = bedside.page("monitors")
    assert older.now in page
    assert "This is M1" in page
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
    with as_asker(nurse):
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
