"""The vital signs that a session watches: one short code each, the same everywhere.

``label`` and ``short`` are stable English message ids; the web layer translates them. LOINC codes are those
of the fact base (hl7.md, news2.json); where it has none there is none here. What counts as plausible is a
convention and therefore a rule (kind "plausibility"), not a number in this file.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    Vital("co2_rr", "Breathing rate by capnography", "RR (CO₂)", PER_MIN, None, 151594),
    Vital("moaas", "Sedation (MOAA/S)", "MOAA/S", SCORE, score=True),
    Vital("pain", "Pain, 0 to 10", "Pain", SCORE, score=True),
    Vital("nausea", "Nausea, 0 to 10", "Nausea", SCORE, score=True),
    Vital("cadss6", "Dissociation (CADSS-6 total)", "CADSS-6", SCORE, score=True),
)

VITALS: Final = MappingProxyType({each.code: each for each in _ALL})

# Readings that answer the same question by another route; the first is preferred on a screen.
PULSE: Final = ("hr", "pr")
BREATHING: Final = ("co2_rr", "rr")
SYSTOLIC: Final = ("nibp_sys", "art_sys")
DIASTOLIC: Final = ("nibp_dia", "art_dia")
MEAN: Final = ("nibp_map", "art_map")

# A vital sign that is another one when it is measured so: the breaths that a capnograph counts.
_BY_METHOD: Final = MappingProxyType({("rr", "capnography"): "co2_rr"})


def vital(code: str) -> Vital:
    """The vital sign with this code; raises UnknownVital."""
    try:
        return VITALS[code]
    except KeyError:
        raise UnknownVital(code) from None


def measured_by(code: str, method: str) -> str:
    """The code of a vital sign that was measured by ``method`` (a dialect's word: "capnography", "impedance")."""
    return _BY_METHOD.get((code, method), code)


# --- doubt ---

# A sensor says that it has no value now: the probe is off. Its last value stands for nothing any more.
NO_VALUE: Final = "no-value"
# What cannot be the number of anybody: below zero, or a part of one beat or breath a minute.
IMPOSSIBLE: Final = "impossible"
# Words of doubt under which a number says nothing of this patient: it neither raises an alarm nor clears one. Under
# every other word it may raise one; under none it clears one or counts as present.
VOID: Final = frozenset((NO_VALUE, IMPOSSIBLE, "rate", "test", "demo", "unit"))


# Words of doubt of a limit that came in the place of a value, by how the monitor wrote it.
LIMITS: Final = MappingProxyType({"<": "below", "<=": "at-most", ">": "above", ">=": "at-least"})
_WRITTEN: Final = MappingProxyType({word: comparator for comparator, word in LIMITS.items()})

# Words of doubt under which nobody knows when a value was measured.
UNDATED: Final = frozenset(("time", "clock"))


def void(doubt: str) -> bool:
    """Whether a number that is doubted for this reason says nothing at all of the patient."""
    return doubt in VOID


def limit_of(doubt: str) -> str:
    """How a limit was written that came in the place of a value ("<"), "" where a value came."""
    return _WRITTEN.get(doubt, "")


def impossible(code: str, value: float) -> bool:
    """Whether a value, in its vital sign's unit, is the number of nobody, by definition: none is below zero, and what
    is counted in a minute is 0 or at least 1."""
    return value < 0 or (vital(code).unit is PER_MIN and 0 < value < 1)


@dataclass(frozen=True, slots=True)
class Plausible:
    """The value lies within what a living person and a working sensor can show."""


@dataclass(frozen=True, slots=True)
class Implausible:
    """The value is kept and doubted: it may raise an alarm, clears none, and does not count as present."""

    rule_id: str
    version: int
    value: float
    low: float
    high: float


_PLAUSIBLE: Final = Plausible()


def plausibility(rule: Rule, value: float) -> Plausible | Implausible:
    """Judges a value, in the vital sign's own unit, by the plausibility rule of that vital sign."""
    low, high = rule.number("low"), rule.number("high")
    if low <= value <= high and not impossible(str(rule.fact("vital")), value):  # false for what is no number
        return _PLAUSIBLE
    return Implausible(rule.id, rule.version, value, low, high)


def doubt_of(rule: Rule, code: str, value: float) -> str:
    """Why a value cannot be believed by itself, "" where it can: IMPOSSIBLE, or outside of what is plausible."""
    if isinstance(plausibility(rule, value), Plausible):
        return ""
    return IMPOSSIBLE if impossible(code, value) else "implausible"


def pressure_parts(codes: Iterable[str]) -> bool:
    """Whether these codes are the halves of one pressure: then they are asked as one measurement."""
    return set(codes) in [{upper, lower} for upper, lower in zip(SYSTOLIC, DIASTOLIC, strict=True)]


PressureFault = Literal["not-below"]


def pressure_fault(systolic: float, diastolic: float) -> PressureFault | None:
    """Why two numbers cannot be one blood pressure: "not-below" where the diastolic is not below the systolic (80/120
    was most likely written the wrong way round). None where nothing is wrong. By definition: the diastolic is the
    lowest pressure between two beats. Both in one unit."""
    return "not-below" if diastolic >= systolic else None
