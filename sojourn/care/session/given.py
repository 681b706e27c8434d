"""What was really given: the rows of a dose, read as the events that clinical.administration computes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sojourn.clinical import administration
from sojourn.clinical.administration import (
    Asked,
    Balance,
    Counted,
    Delivered,
    End,
    Event,
    HistoryRefused,
    Line,
    Means,
    PartGiven,
    Pause,
    RateChange,
    Resume,
    Start,
    Stop,
)
from sojourn.foundation.rulebook.load import book

AGREEMENT: Final = "dose.chair"  # how closely figures must agree
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
            found.append(Asked(id=key, at=step.at, given_mg=Fraction(step.mg)))
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


def delivered(
    dose: Dose, steps: Sequence[DoseStep], now: datetime, ended_at: datetime | None = None
) -> Delivered | HistoryRefused:
    """What went in until ``now``."""
    tolerance = Fraction(dose.dose_mg) * Fraction(str(book().rule(AGREEMENT).number("agree"))) / 100
    return administration.delivered(events_of(dose, steps, ended_at), now=now, tolerance_mg=tolerance)


def balance(found: Delivered, dose: Dose, wasted: Sequence[Wasted]) -> Balance:
    """Drawn, given, wasted and what is not accounted for. Only a witnessed waste counts as one."""
    return administration.reconcile(
        drawn_mg=Fraction(dose.drawn_mg if dose.drawn_mg is not None else dose.dose_mg),
        delivered=found,
        wasted=[
            administration.Waste(
                id=str(each.id), at=each.at, mg=Fraction(each.mg), by=str(each.by_person_id),
                witness="" if each.witness_person_id is None else str(each.witness_person_id),
            )
            for each in wasted
        ],
        remaining_mg=None,
    )  # fmt: skip


def line(found: Delivered, dose: Dose, wasted: Sequence[Wasted]) -> Line:
    """Planned, given, wasted: the one line of page, record, PDF, figure and curve."""
    return Line.of(balance(found, dose, wasted))
