"""What stands against the monitor of a session, and what a nurse can say to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.vitals import faults
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device


@dataclass(frozen=True, slots=True)
class MonitorDoubt:
    """Something to look at. ``do`` is what the button sends ("" where only looking helps)."""

    device_id: int
    title: str
    words: str
    do: str = ""
    press: str = ""
    address: str = ""


def monitor_doubts(encounter_id: int) -> list[MonitorDoubt]:
    """The doubts about the monitors that are on a session now. Two queries."""
    held = vitals_queries.held(encounter_id)
    return [
        doubt
        for each in vitals_queries.monitors_on([encounter_id]).get(encounter_id, [])
        for doubt in _of(each.device, held.get(each.device.pk, 0))
    ]


def _of(device: Device, held: int) -> list[MonitorDoubt]:
    found = []
    standing = faults.standing(device.faults)
    if held:
        words = ngettext(
            "%(n)d value is waiting: its messages carry another patient's number. Look at the name on the monitor.",
            "%(n)d values are waiting: its messages carry another patient's number. Look at the name on the monitor.",
            held,
        )
        found.append(MonitorDoubt(
            device.pk, _("The monitor names another patient"),
            words % {"n": held} + " " + _("They raise alarms already; they are charted when you say whose they are."),
            "this_patient", _("This is my patient: chart them"),
        ))  # fmt: skip
    if device.other_address:
        said = {"other": device.other_address, "address": device.address}
        found.append(MonitorDoubt(
            device.pk, _("Another address speaks for this monitor"),
            _("Messages in its name come from %(other)s; it was heard from %(address)s before. Until somebody confirms"
              " it, they may raise alarms and end none.") % said,
            "line", _("It was moved: it speaks from %(other)s now") % said, device.other_address,
        ))  # fmt: skip
    if faults.TIMES in standing:
        words = _("Its values may raise alarms, and end none. Look at the patient, then at the clock of the monitor.")
        found.append(MonitorDoubt(device.pk, _("This monitor's times cannot be used"), words))
    return found
