"""A dose as people wrote it down: what was prepared, the steps, the waste; and the events that they mean.

The rows of the chart and the lines of a replayed scenario are read by the same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sojourn.clinical.administration.amounts import Delivered
from sojourn.clinical.administration.balance import Balance, DoseBalance, reconcile
from sojourn.clinical.administration.delivering import delivered
from sojourn.clinical.administration.events import (
    Counted,
    End,
    Event,
    Means,
    PartGiven,
    Pause,
    RateChange,
    Resume,
    Start,
    StatedTotal,
    Stop,
    Waste,
)
from sojourn.clinical.administration.history import HistoryRefused

_HUNDREDTH: Final = Decimal("0.01")
_MEANS: Final = {"im": Means.SYRINGE, "sc": Means.SYRINGE, "in": Means.SPRAY}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one person read off the vial and the syringe. Milligrams are base."""

    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    at: datetime
    person_id: int
    by: str
    drawn_mg: Decimal | None = None
    vial: str = ""
    expires_on: date | None = None
    stock_mg_per_ml: Decimal | None = None
    drawn_ml: Decimal | None = None
    total_ml: Decimal | None = None
    over_min: Decimal | None = None
    rate_ml_per_h: Decimal | None = None
    devices: int | None = None
    id: int = 0
    by_id: int = 0


# What two people must have written down alike.
WRITTEN: Final = (
    *("drug", "route", "dose_mg", "expires_on", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min"),
    *("rate_ml_per_h", "devices"),
)


def same_dose(one: Any, other: Any) -> bool:
    """Whether two people wrote down the same of what is on the vial and what was drawn up of it. Each is a Prepared, or
    a row with the same names."""
    alike = all(getattr(one, name) == getattr(other, name) for name in WRITTEN)
    return alike and bool(one.lot.upper() == other.lot.upper())


def two_people(one_id: int | None, other_id: int | None) -> bool:
    """Whether two entries are of two people: a second role is no second pair of eyes."""
    return one_id != other_id


def drawn_mg(dose_mg: Decimal, stock_mg_per_ml: Decimal | None, drawn_ml: Decimal | None) -> Decimal:
    """What was taken out of the vial: by concentration and volume where they are known."""
    if stock_mg_per_ml is None or drawn_ml is None:
        return dose_mg
    return (stock_mg_per_ml * drawn_ml).quantize(_HUNDREDTH)


def rate_of(prepared: Prepared) -> Decimal | None:
    """What the pump is set to; None where the dose is given by hand."""
    if prepared.rate_ml_per_h is not None:
        return prepared.rate_ml_per_h
    volume = prepared.total_ml or prepared.drawn_ml
    if prepared.route != "iv" or volume is None or not prepared.over_min:
        return None
    return (volume / prepared.over_min * 60).quantize(_HUNDREDTH)


def part_of(prepared: Prepared) -> Decimal:
    """What is given at once: one spray device of several, else all of it."""
    return (prepared.dose_mg / (prepared.devices or 1)).quantize(_HUNDREDTH)


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that was begun, as it was prepared. Milligrams are base."""

    id: int
    drug: str
    route: str
    dose_mg: Decimal
    drawn_mg: Decimal | None
    duration_min: Decimal
    lot: str
    vial: str
    stock_mg_per_ml: Decimal | None
    total_ml: Decimal | None
    rate_ml_per_h: Decimal | None
    devices: int | None
    started_at: datetime
    by: str
    checked_by: str
    note: str

    @property
    def by_pump(self) -> bool:
        return self.rate_ml_per_h is not None

    @property
    def means(self) -> Means:
        """How it gets in."""
        if self.by_pump:
            return Means.PUMP
        return Means.SYRINGE if self.route == "iv" else _MEANS.get(self.route, Means.MOUTH)

    @property
    def mg_per_ml(self) -> Fraction | None:
        """What a millilitre of the bag or the syringe holds; exact, also where no decimal says it."""
        if self.total_ml:
            return Fraction(self.drawn_mg or self.dose_mg) / Fraction(self.total_ml)
        return None if self.stock_mg_per_ml is None else Fraction(self.stock_mg_per_ml)


@dataclass(frozen=True, slots=True)
class DoseStep:
    """One row of what happened to a dose."""

    id: int
    dose_id: int
    kind: str
    rate_ml_per_h: Decimal | None
    remaining_ml: Decimal | None
    mg: Decimal | None
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Wasted:
    """A waste and who witnessed it; ``witness`` and ``witness_id`` are empty while nobody has."""

    id: int
    mg: Decimal
    how: str
    at: datetime
    by: str
    by_person_id: int
    witness: str
    witness_person_id: int | None
    witnessed_at: datetime | None


def waste_fault(mg: Decimal) -> str:
    """Why so much cannot be written down as thrown away ("not-positive", "too-fine"), or ""."""
    if mg <= 0:
        return "not-positive"
    return "too-fine" if mg != mg.quantize(_HUNDREDTH) else ""


# What a step of a dose that is under way is charted as.
KINDS: Final = {
    "pause": "pause", "resume": "resume", "lower_rate": "rate", "raise_rate": "rate", "give_part": "part",
    "end_dose": "end", "stop_early": "stop", "say_no": "stop",
}  # fmt: skip
_STOPS: Final = frozenset(("end_dose", "stop_early", "say_no"))
_SETS_A_RATE: Final = frozenset(("resume", "lower_rate", "raise_rate"))


def rate_fault(transition: str, rate: Decimal | None, running: Decimal | None) -> str:
    """Why a pump cannot be set so ("rate-missing", "no-pump", "not-lower", "not-higher"), or "". Whoever lowers a rate
    is asked nothing, so what is called lower must be lower."""
    if transition not in ("lower_rate", "raise_rate"):
        return ""
    if rate is None or rate <= 0:
        return "rate-missing"
    if running is None:
        return "no-pump"
    if transition == "lower_rate":
        return "not-lower" if rate >= running else ""
    return "not-higher" if rate <= running else ""


def _parts_given(steps: Sequence[DoseStep]) -> Decimal:
    return sum((each.mg for each in steps if each.kind == "part" and each.mg is not None), Decimal(0))


def part_fault(dose: Dose | None, steps: Sequence[DoseStep], part_mg: Decimal | None) -> str:
    """Why no further part can be given ("no-part", "part-not-positive", "part-too-much"), or "". A part that is more
    than what is left of the prepared dose is none of it."""
    if dose is None or dose.by_pump:
        return "no-part"
    left = dose.dose_mg - _parts_given(steps)
    if left <= 0:
        return "no-part"
    wanted = part_now(steps) if part_mg is None else part_mg
    if wanted is not None and wanted <= 0:
        return "part-not-positive"
    # Sprays of equal size are rounded to a hundredth each.
    return "part-too-much" if wanted is not None and wanted > left + _HUNDREDTH * (dose.devices or 1) else ""


def charts_of(
    transition: str,
    steps: Sequence[DoseStep],
    *,
    rate_ml_per_h: Decimal | None = None,
    remaining_ml: Decimal | None = None,
    part_mg: Decimal | None = None,
    given_mg: Decimal | None = None,
) -> tuple[tuple[str, dict[str, Decimal | None]], ...]:
    """What a step of a dose under way is charted as: kinds with their values, in order. What nobody said anew (a rate,
    a part) is as it was before; ``given_mg`` is what a person says was given in all, where the dose stops."""
    values: dict[str, Decimal | None] = {"remaining_ml": remaining_ml}
    if transition in _SETS_A_RATE:
        values["rate_ml_per_h"] = rate_ml_per_h or rate_now(steps)
    elif transition == "give_part":
        values["mg"] = part_mg or part_now(steps)
    charted = ((KINDS[transition], values),)
    if transition in _STOPS and given_mg is not None:
        return (("asked", {"mg": given_mg}), *charted)
    return charted


def rate_now(steps: Sequence[DoseStep]) -> Decimal | None:
    """What the pump was last set to; None where the dose is given by hand."""
    return next((each.rate_ml_per_h for each in reversed(steps) if each.rate_ml_per_h is not None), None)


def part_now(steps: Sequence[DoseStep]) -> Decimal | None:
    """What one part of the dose holds: a spray device."""
    return next((each.mg for each in steps if each.kind == "part"), None)


def events_of(dose: Dose, steps: Sequence[DoseStep], ended_at: datetime | None) -> tuple[Event, ...]:
    """The events of a dose in order. One of an earlier version has none: it is then taken to have run evenly over its
    minutes until ``ended_at``, which is what is known of it."""
    own = [each for each in steps if each.dose_id == dose.id]
    if not own:
        return _evenly(dose, ended_at)
    return tuple(event for each in own for event in _events(dose, each))


def _events(dose: Dose, step: DoseStep) -> tuple[Event, ...]:
    key, rate = str(step.id), None if step.rate_ml_per_h is None else Fraction(step.rate_ml_per_h)
    found: list[Event] = []
    match step.kind:
        case "start":
            concentration = dose.mg_per_ml if dose.by_pump else None
            volume = Fraction(dose.dose_mg) / concentration if concentration else None
            found.append(
                Start(id=key, at=step.at, means=dose.means, planned_mg=Fraction(dose.dose_mg), ml_per_h=rate,
                      mg_per_ml=concentration, volume_ml=volume)
            )  # fmt: skip
        case "rate":
            assert rate is not None
            found.append(RateChange(id=key, at=step.at, ml_per_h=rate))
        case "pause":
            found.append(Pause(id=key, at=step.at))
        case "resume":
            found.append(Resume(id=key, at=step.at, ml_per_h=rate))
        case "part":
            assert step.mg is not None
            found.append(PartGiven(id=key, at=step.at, mg=Fraction(step.mg)))
        case "asked":
            assert step.mg is not None
            found.append(StatedTotal(id=key, at=step.at, given_mg=Fraction(step.mg)))
        case "stop":
            found.append(Stop(id=key, at=step.at))
        case "end":
            found.append(End(id=key, at=step.at))
    if step.remaining_ml is not None:
        found.append(Counted(id=f"{key}c", at=step.at, remaining_ml=Fraction(step.remaining_ml)))
    return tuple(found)


def _evenly(dose: Dose, ended_at: datetime | None) -> tuple[Event, ...]:
    planned, minutes = Fraction(dose.dose_mg), Fraction(dose.duration_min)
    if minutes <= 0:
        start = Start(id="start", at=dose.started_at, means=Means.SYRINGE, planned_mg=planned)
        return start, PartGiven(id="part", at=dose.started_at, mg=planned)
    start = Start(
        id="start", at=dose.started_at, means=Means.PUMP, planned_mg=planned, ml_per_h=planned / minutes * 60,
        mg_per_ml=Fraction(1), volume_ml=planned,
    )  # fmt: skip
    whole = dose.started_at + timedelta(minutes=float(minutes))
    if ended_at is None:
        return (start,)
    return start, (End(id="end", at=ended_at) if ended_at >= whole else Stop(id="stop", at=ended_at))


def went_in(
    dose: Dose, steps: Sequence[DoseStep], now: datetime, ended_at: datetime | None = None, *, agree_percent: float
) -> Delivered | HistoryRefused:
    """What went in until ``now``. ``agree_percent`` of the dose: how closely figures must agree (rule dose.chair)."""
    tolerance = Fraction(dose.dose_mg) * Fraction(str(agree_percent)) / 100
    return delivered(events_of(dose, steps, ended_at), now=now, tolerance_mg=tolerance)


def ran_minutes(found: Delivered) -> Fraction:
    """For how long the pump ran so far, pauses not counted."""
    spans = (each.until - each.since for each in found.segments)
    return sum((Fraction(each // timedelta(microseconds=1), 60_000_000) for each in spans), Fraction(0))


def balance(found: Delivered, dose: Dose, wasted: Sequence[Wasted]) -> Balance:
    """Drawn, given, wasted and what is not accounted for. A waste that nobody has witnessed is named as such, and the
    dose is not complete before somebody has."""
    return reconcile(
        drawn_mg=Fraction(dose.drawn_mg if dose.drawn_mg is not None else dose.dose_mg),
        delivered=found,
        wasted=[
            Waste(
                id=str(each.id), at=each.at, mg=Fraction(each.mg), by=str(each.by_person_id),
                witness="" if each.witness_person_id is None else str(each.witness_person_id),
            )
            for each in wasted
        ],
        remaining_mg=None,
    )  # fmt: skip


def line(found: Delivered, dose: Dose, wasted: Sequence[Wasted]) -> DoseBalance:
    """Planned, given, wasted: the one line of page, record, PDF, figure and curve."""
    return DoseBalance.of(balance(found, dose, wasted))
