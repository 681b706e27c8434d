"""NEWS2, the National Early Warning Score of the Royal College of Physicians (2017), from its rule's tables.

It never replaces the alarms of a ketamine session: the caveats travel with every result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any, Final, Literal

from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import rounded

_WHOLE = 100.0  # per cent: no part is more than the whole

# The fact of the vocabulary that tells each of its observations.
FACTS: Final[Mapping[str, str]] = {
    "rr": "respiratory_rate", "spo2": "spo2", "oxygen": "on_oxygen", "sbp": "sbp", "pulse": "heart_rate",
    "consciousness": "consciousness", "temp": "temperature",
}  # fmt: skip

Consciousness = Literal["A", "C", "V", "P", "U"]


class Risk(StrEnum):
    """The class of clinical risk that the total gives."""

    LOW = "low"
    LOW_MEDIUM = "low-medium"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Observations:
    """What NEWS2 asks for; None is missing. Units: /min, %, mmHg, degrees Celsius."""

    rr: float | None
    spo2: float | None
    oxygen: bool | None
    sbp: float | None
    pulse: float | None
    consciousness: Consciousness | None
    temp: float | None
    age_years: float | None = None
    pregnant: bool = False
    target_88_92: bool = False  # hypercapnic failure, scale 2, authorised by a competent clinician


@dataclass(frozen=True, slots=True)
class News2:
    """The total, its parts by name, the risk class, and what to keep in mind."""

    total: int
    parts: Mapping[str, int]
    risk: Risk
    caveats: tuple[str, ...]
    rule_id: str
    version: int


@dataclass(frozen=True, slots=True)
class News2Refusal:
    """Refusal: NEWS2 is never guessed from a part of its observations."""

    reasons: tuple[str, ...]  # "missing:rr", "not-a-number:temp", "under-age", "pregnancy"


def score(rule: Rule, seen: Observations) -> News2 | News2Refusal:
    """The score, or every reason why there is none."""
    numbers = {"rr": seen.rr, "spo2": seen.spo2, "sbp": seen.sbp, "pulse": seen.pulse, "temp": seen.temp}
    reasons = tuple(_against(rule, seen, numbers))
    if reasons or seen.consciousness is None:
        return News2Refusal(reasons)

    bands = rule.fact("bands")
    parts: dict[str, int] = {}
    for name, value in numbers.items():
        assert value is not None
        table = name
        if name == "spo2":
            table = "spo2_scale2" if seen.target_88_92 else "spo2_scale1"
        parts[name] = band(bands[table], value, oxygen=bool(seen.oxygen), places=1 if name == "temp" else 0)
    parts["oxygen"] = int(rule.fact("oxygen")) if seen.oxygen else 0
    parts["consciousness"] = int(rule.fact("consciousness")[seen.consciousness])
    total = sum(parts.values())
    return News2(total, parts, _risk(rule, total, parts), rule.fact("caveats"), rule.id, rule.version)


def _against(rule: Rule, seen: Observations, numbers: Mapping[str, float | None]) -> Iterator[str]:
    yield from (f"missing:{name}" for name, value in numbers.items() if value is None)
    for name, value in numbers.items():
        if value is not None and not (isfinite(value) and value >= 0):
            yield f"not-a-number:{name}"
    if seen.spo2 is not None and seen.spo2 > _WHOLE:
        yield "not-a-number:spo2"
    yield from _against_person(rule, seen)


def _against_person(rule: Rule, seen: Observations) -> Iterator[str]:
    if seen.oxygen is None:
        yield "missing:oxygen"
    if seen.consciousness is None:
        yield "missing:consciousness"
    if seen.age_years is not None and seen.age_years < rule.fact("min_age_years"):
        yield "under-age"
    if seen.pregnant:
        yield "pregnancy"


def band(table: Sequence[Mapping[str, Any]], value: float, *, oxygen: bool, places: int) -> int:
    """The points of one observation, rounded first as the chart is read (temperature to 0.1)."""
    shown = rounded(Decimal(repr(value)), places)
    for row in table:
        if "oxygen" in row and row["oxygen"] != oxygen:
            continue
        low, high = row.get("min"), row.get("max")
        if (low is None or shown >= Decimal(repr(low))) and (high is None or shown <= Decimal(repr(high))):
            return int(row["score"])
    raise RuleInvalid(f"news2: no band for {value}")


def _risk(rule: Rule, total: int, parts: Mapping[str, int]) -> Risk:
    classes = rule.fact("risk")
    if total >= classes["high"][0]:
        return Risk.HIGH
    if total >= classes["medium"][0]:
        return Risk.MEDIUM
    if max(parts.values()) >= classes["any_single"]:
        return Risk.LOW_MEDIUM
    return Risk.LOW
