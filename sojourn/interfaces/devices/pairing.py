"""Which pressures belong together: the systolic, diastolic and mean of one measurement, and no others.

Pairs are never made of what merely came last: a systolic whose diastolic failed stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

PRESSURES: Final = frozenset({"nibp_sys", "nibp_dia", "nibp_map", "art_sys", "art_dia", "art_map"})

Pressure = tuple[int, str, datetime | None, str, str, int]  # place, code, time in UTC, sub-id, device, OBR group
_Measured = tuple[str, str, datetime | int]  # site, device, time or group


def measurements(pressures: Iterable[Pressure]) -> dict[int, str]:
    """For each place a text that only the pressures of the same measurement share, over all messages of a device.

    One measurement is of one site of one device at one time. Where the same pressure stands there twice, the sub-ids
    tell the measurements apart.
    """
    together: dict[_Measured, list[Pressure]] = {}
    for pressure in pressures:
        _, code, at, _, device, group = pressure
        together.setdefault((code[: code.index("_")], device, at or group), []).append(pressure)
    found: dict[int, str] = {}
    for (site, device, when), rows in together.items():
        moment = f"group {when}" if isinstance(when, int) else when.isoformat()
        name = f"{site} {moment} {device}".rstrip()
        twice = len({row[1] for row in rows}) < len(rows)
        for row in rows:
            found[row[0]] = f"{name} {_channel(row[3])}" if twice else name
    return found


def _channel(sub_id: str) -> str:
    """The channel of a containment tree (1.13.2 of 1.13.2.1), else the sub-id whole."""
    parts = sub_id.split(".")
    return ".".join(parts[:3])[:30] if len(parts) > 3 else sub_id[:30]
