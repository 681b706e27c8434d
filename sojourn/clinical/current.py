"""Which value of a vital sign is shown: one choice for the board, the session's page, the record and the guards.

Several readings may answer one question: the heart rate of the ECG and the pulse of the oximeter, the cuff and the
arterial line, a reading that is believed and one that is not. The rule, in words:

1. A believed reading goes before a doubted one. A pressure is doubted when either of its halves is.
2. Of equally believed ones the newest is shown. A moment that lies ahead of now counts as now.
3. Of one moment the code that stands first in its tile is shown.
4. A pressure is one measurement: the diastolic is of the same source and the same moment as the systolic, or missing.

The browser makes the same choice in ``frontend/src/board/current.ts``; the cases of
``tests/golden/current_vital.json`` hold both. Seconds throughout, on any one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from sojourn.clinical.vitals import DIASTOLIC, PULSE, SYSTOLIC

# Codes that are read together, the first of which must be there: one code, or systolic and diastolic.
Group = tuple[str, ...]

# What answers one question, the preferred source first.
TILES: Final[Mapping[str, tuple[Group, ...]]] = MappingProxyType(
    {
        "hr": tuple((code,) for code in PULSE),
        "bp": tuple(zip(SYSTOLIC, DIASTOLIC, strict=True)),
        "spo2": (("spo2",),),
        "rr": (("rr",),),
    }
)


class SignalReading(NamedTuple):
    """One value in its vital sign's unit. ``at``: seconds; ``quality_flag``: why it is not believed, or ""."""

    code: str
    value: float
    at: float
    quality_flag: str = ""


@dataclass(frozen=True, slots=True)
class CurrentVital:
    """The reading that is shown. ``values`` has a place for each of ``codes``; None where that half is missing."""

    codes: Group
    values: tuple[float | None, ...]
    at: float
    age_s: float
    quality_flag: str
    stale: bool

    @property
    def code(self) -> str:
        """The code that leads the group."""
        return self.codes[0]


def current_vital(
    groups: Iterable[Group], readings: Iterable[SignalReading], now: float, stale_after_s: Callable[[str], float]
) -> CurrentVital | None:
    """The reading of ``groups`` (the preferred first) that is shown; None where nothing was read.

    ``stale_after_s``: by the code that leads a group, the age in seconds after which a reading is stale.
    """
    known = list(readings)
    found = [
        _measurement(group, reading, known, now, stale_after_s(reading.code))
        for group in groups
        for reading in known
        if reading.code == group[0]
    ]
    # Of equals max keeps the first, and the groups come in the order of preference.
    return max(found, key=lambda each: (not each.quality_flag, min(each.at, now)), default=None)


def _measurement(
    group: Group, first: SignalReading, known: Iterable[SignalReading], now: float, stale_after_s: float
) -> CurrentVital:
    """What was read of ``group`` at the moment of its first code."""
    together = {each.code: each for each in known if each.at == first.at} | {first.code: first}
    parts = [together.get(code) for code in group]
    age_s = max(0.0, now - first.at)
    return CurrentVital(
        codes=group,
        values=tuple(part.value if part else None for part in parts),
        at=first.at,
        age_s=age_s,
        quality_flag=next((part.quality_flag for part in parts if part and part.quality_flag), ""),
        stale=age_s > stale_after_s,
    )


def rounded(value: float, places: int) -> Decimal:
    """A reading as a person reads it: a half goes up, as people round, and as the browser does."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
