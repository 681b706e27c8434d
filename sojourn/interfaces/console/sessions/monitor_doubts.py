"""What stands against the monitor of a session, and what a nurse can say to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.vitals import faults
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device, PostedWrong, Whose
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.words import clock, vital_name, with_unit


@dataclass(frozen=True, slots=True)
class MonitorDoubt:
    """Something to look at. ``do`` is what the button sends ("" where only looking helps)."""

    device_id: int
    title: str
    words: str
    do: str = ""
    press: str = ""
    address: str = ""
    other_do: str = ""  # a second answer, where there are two
    other_press: str = ""
    upto: int = 0  # the newest of what is asked about


def monitor_doubts(encounter_id: int) -> list[MonitorDoubt]:
    """The doubts about the monitors that are on a session now, and what any monitor took back there. Two queries."""
    return _taken_back(vitals_queries.posted_wrong(SessionScope(encounter_id))) + [
        doubt for device, held in vitals_queries.held(SessionScope(encounter_id)) for doubt in _of(device, held)
    ]


def _taken_back(rows: list[PostedWrong]) -> list[MonitorDoubt]:
    """One question for each monitor."""
    return [_whose(list(ones)) for _device, ones in groupby(sorted(rows, key=_device_of), _device_of)]


def _device_of(row: PostedWrong) -> int:
    return row.device_id


def _whose(rows: list[PostedWrong]) -> MonitorDoubt:
    said = {"monitor": rows[0].device.name, "values": "; ".join(map(_value, rows[:5]))}
    words = _(
        "%(monitor)s took this back as wrong, perhaps another patient's: %(values)s. It is struck. Look whose cables"
        " these are."
    )
    return MonitorDoubt(
        rows[0].device_id, _("The monitor took a value back"), words % said,
        Whose.THIS.value, _("The cables are on this patient"),
        other_do=Whose.OTHER.value, other_press=_("They were on somebody else"), upto=max(each.pk for each in rows),
    )  # fmt: skip


def _value(row: PostedWrong) -> str:
    reading = f"{vital_name(row.code)} {with_unit(row.code, row.value)}"
    return _("%(reading)s at %(time)s") % {"reading": reading, "time": clock(row.measured_at)}


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
