"""Which value of a vital sign is shown: one choice for the board, the session's page, the record and the guards.

Several readings may answer one question: the heart rate of the ECG and the pulse of the oximeter, the cuff and the
arterial line, a reading that is believed and one that is not. The rule, in words:

1. A believed reading goes before a doubted one. A pressure is doubted when either of its halves is.
2. Of equally believed ones the newest is shown. A moment that lies ahead of now counts as now.
3. Of one moment the code that stands first in its tile is shown.
4. A pressure is one measurement: the diastolic is of the same source and the same moment as the systolic, or missing.
   A mean is shown, as a mean, where it came alone.
5. A sensor that says it has no value ("no-value") has none: a half without one is missing, and nothing else is shown of
   a reading without one.
6. While an alarm about one source of a tile is open, that source is shown, unless its reading is stale or has no value:
   the figure and the alarm beside it speak of one thing.

The browser makes the same choice in ``frontend/src/board/current.ts``; the cases of
``tests/golden/current_vital.json`` hold both. Seconds throughout, on any one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from sojourn.clinical import units
from sojourn.clinical.vitals import BREATHING, DIASTOLIC, MEAN, NO_VALUE, PULSE, SYSTOLIC

# Codes that are read together, the first of which must be there: one code, or systolic and diastolic.
CodeGroup = tuple[str, ...]

# What answers one question, the preferred source first.
TILES: Final[Mapping[str, tuple[CodeGroup, ...]]] = MappingProxyType(
    {
        "hr": tuple((code,) for code in PULSE),
        "bp": (*zip(SYSTOLIC, DIASTOLIC, strict=True), *((code,) for code in MEAN)),
        "spo2": (("spo2",),),
        "rr": tuple((code,) for code in BREATHING),
        "etco2": (("etco2",),),
    }
)


class SignalReading(NamedTuple):
    """One value in its vital sign's unit. ``at``: seconds; ``quality_flag``: why it is not believed, or ""."""

    code: str
    value: float
    at: float
    quality_flag: str = ""


@dataclass(frozen=True, slots=True)
class DisplayedVital:
    """The reading that is shown. ``values`` has a place for each of ``codes``; None where that half is missing."""

    codes: CodeGroup
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
    groups: Iterable[CodeGroup],
    readings: Iterable[SignalReading],
    now: float,
    stale_after_s: Callable[[str], float],
    alarmed: str = "",
) -> DisplayedVital | None:
    """The reading of ``groups`` (the preferred first) that is shown; None where nothing was read.

    ``stale_after_s``: by the code that leads a group, the age in seconds after which a reading is stale. ``alarmed``:
    the code of which the tile's open alarm speaks, or "".
    """
    known, groups = list(readings), list(groups)
    if alarmed and alarmed not in MEAN:  # the mean's own pressure says more than the mean
        spoken_of = _chosen([group for group in groups if alarmed in group], known, now, stale_after_s)
        if spoken_of is not None and not spoken_of.stale and spoken_of.quality_flag != NO_VALUE:
            return spoken_of
    return _chosen(groups, known, now, stale_after_s)


def _chosen(
    groups: Sequence[CodeGroup], known: Sequence[SignalReading], now: float, stale_after_s: Callable[[str], float]
) -> DisplayedVital | None:
    at_moment = {(each.code, each.at): each for each in known}
    found = [
        (first, tuple(at_moment.get((code, first.at)) for code in group[1:]), group)
        for group in groups
        for first in known
        if first.code == group[0]
    ]
    if not found:
        return None
    # Of equals max keeps the first, and the groups come in the order of preference.
    first, others, group = max(found, key=lambda each: (not _flag(each[0], each[1]), min(each[0].at, now)))
    age_s = max(0.0, now - first.at)
    return DisplayedVital(
        codes=group,
        values=tuple(_value(each) for each in (first, *others)),
        at=first.at,
        age_s=age_s,
        quality_flag=_flag(first, others),
        stale=age_s > stale_after_s(first.code),
    )


def _value(part: SignalReading | None) -> float | None:
    return None if part is None or part.quality_flag == NO_VALUE else part.value


def _flag(first: SignalReading, others: Iterable[SignalReading | None]) -> str:
    """Why a measurement is not believed: the first reason of its parts, or "". A half that has no value is missing."""
    halves = (each.quality_flag for each in others if each and each.quality_flag != NO_VALUE)
    return first.quality_flag or next((each for each in halves if each), "")


def rounded(value: float, places: int) -> Decimal:
    """A reading as a person reads it: a half goes up, as people round, and as the browser does."""
    return units.rounded(Decimal(repr(float(value))), places)
