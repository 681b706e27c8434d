"""The vital signs that a session watches: one short code each, the same everywhere.

``label`` and ``short`` are stable English message ids; the web layer translates them. LOINC codes are those
of the fact base (hl7.md, news2.json); where it has none there is none here. What counts as plausible is a
convention and therefore a rule (kind "plausibility"), not a number in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from sojourn.clinical.rules import Rule
from sojourn.clinical.units import CEL, MMHG, PER_MIN, PERCENT, SCORE, Unit


class UnknownVital(KeyError):
    """No vital sign has this code."""


@dataclass(frozen=True, slots=True)
class Vital:
    """One vital sign. ``places``: decimals that a person reads; ``score``: a rating given by a person."""

    code: str
    label: str
    short: str
    unit: Unit
    loinc: str | None = None
    mdc: int | None = None
    places: int = 0
    score: bool = False


_ALL: Final = (
    Vital("hr", "Heart rate", "HR", PER_MIN, "8867-4", 147842),
    Vital("pr", "Pulse rate from the oximeter", "PR", PER_MIN, "8889-8", 149530),
    Vital("spo2", "Oxygen saturation", "SpO₂", PERCENT, "59408-5", 150456),
    Vital("rr", "Breathing rate", "RR", PER_MIN, "9279-1", 151562),
    Vital("nibp_sys", "Systolic blood pressure, cuff", "NIBP sys", MMHG, "8480-6", 150021),
    Vital("nibp_dia", "Diastolic blood pressure, cuff", "NIBP dia", MMHG, "8462-4", 150022),
    Vital("nibp_map", "Mean blood pressure, cuff", "NIBP mean", MMHG, "8478-0", 150023),
    Vital("art_sys", "Systolic blood pressure, arterial line", "ART sys", MMHG),
    Vital("art_dia", "Diastolic blood pressure, arterial line", "ART dia", MMHG),
    Vital("art_map", "Mean blood pressure, arterial line", "ART mean", MMHG),
    Vital("temp", "Body temperature", "Temp", CEL, "8310-5", 150344, places=1),
    Vital("etco2", "End-tidal carbon dioxide", "EtCO₂", MMHG, None, 151708),
    Vital("moaas", "Sedation (MOAA/S)", "MOAA/S", SCORE, score=True),
    Vital("pain", "Pain, 0 to 10", "Pain", SCORE, score=True),
    Vital("nausea", "Nausea, 0 to 10", "Nausea", SCORE, score=True),
    Vital("cadss6", "Dissociation (CADSS-6 total)", "CADSS-6", SCORE, score=True),
)

VITALS: Final = MappingProxyType({each.code: each for each in _ALL})

# Readings that answer the same question by another route; the first is preferred on a screen.
PULSE: Final = ("hr", "pr")
SYSTOLIC: Final = ("nibp_sys", "art_sys")
DIASTOLIC: Final = ("nibp_dia", "art_dia")


def vital(code: str) -> Vital:
    """The vital sign with this code; raises UnknownVital."""
    try:
        return VITALS[code]
    except KeyError:
        raise UnknownVital(code) from None


@dataclass(frozen=True, slots=True)
class Plausible:
    """The value lies within what a living person and a working sensor can show."""


@dataclass(frozen=True, slots=True)
class Implausible:
    """The value is kept, flagged, and neither raises nor clears an alarm."""

    rule_id: str
    version: int
    value: float
    low: float
    high: float


_PLAUSIBLE: Final = Plausible()


def plausibility(rule: Rule, value: float) -> Plausible | Implausible:
    """Judges a value, in the vital sign's own unit, by the plausibility rule of that vital sign."""
    low, high = rule.number("low"), rule.number("high")
    if low <= value <= high:  # false for what is no number
        return _PLAUSIBLE
    return Implausible(rule.id, rule.version, value, low, high)


PressureFault = Literal["not-below"]


def pressure_fault(systolic: float, diastolic: float) -> PressureFault | None:
    """Why two numbers cannot be one blood pressure: "not-below" where the diastolic is not below the systolic (80/120
    was most likely written the wrong way round). None where nothing is wrong. By definition: the diastolic is the
    lowest pressure between two beats. Both in one unit."""
    return "not-below" if diastolic >= systolic else None
