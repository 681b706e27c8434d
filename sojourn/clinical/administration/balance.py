"""Drawn up = given + wasted + remaining + not accounted for, to 0.01 mg.

How fractions are kept: what people type (drawn, wasted) is whole hundredths of a milligram, anything finer is named.
What was given is exact until here and is rounded once, to hundredths, a half up: that is the record's figure. What is
not accounted for is the difference, to hundredths, with half a hundredth and less taken as the rounding that it is; and
what remains is the rest. So the five figures always sum up, and no figure depends on who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import ROUND_HALF_DOWN, Decimal
from fractions import Fraction

from sojourn.clinical.administration.amounts import Delivered, Method, Phase
from sojourn.clinical.administration.events import Waste
from sojourn.clinical.administration.reasons import ChartingReason, because, hundredths

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the milligrams of one dose are. ``unaccounted_mg`` below zero: more was charted than drawn up.

    As long as the dose runs, what is neither given nor wasted is still in the bag: it remains. Without ``drawn_mg``
    nothing can be summed up, and ``unaccounted_mg`` is None.
    """

    delivered: Delivered
    drawn_mg: Decimal | None
    given_mg: Decimal
    wasted_mg: Decimal
    remaining_mg: Decimal
    unaccounted_mg: Decimal | None
    discrepancies: tuple[ChartingReason, ...]  # the dose's own among them
    complete: bool  # ended by a person, nothing to ask, nothing left, all waste witnessed

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.discrepancies)

    @property
    def still_to_account_mg(self) -> Decimal | None:
        """What remains and what is missing: to be wasted with a witness, or to be found."""
        return None if self.unaccounted_mg is None else self.remaining_mg + self.unaccounted_mg

    @property
    def to_waste_mg(self) -> Decimal:
        """The most that can still be thrown away; nothing where that is not known, or more was charted than drawn."""
        return max(self.still_to_account_mg or Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class NeverGiven:
    """Where the milligrams are of what was drawn up and went into nobody. ``too_much_mg`` was thrown away beyond what
    was drawn up, None where nothing was."""

    wasted_mg: Decimal
    left_mg: Decimal
    too_much_mg: Decimal | None
    complete: bool  # all of it thrown away, and all of that witnessed

    @classmethod
    def of(cls, drawn_mg: Decimal | None, wasted_mg: Sequence[Decimal], *, witnessed: bool) -> NeverGiven:
        """``drawn_mg`` is None where nobody has written down what was drawn up."""
        thrown, drawn = Decimal(sum(wasted_mg)), drawn_mg or Decimal(0)
        return cls(
            wasted_mg=thrown, left_mg=max(drawn - thrown, Decimal(0)),
            too_much_mg=thrown - drawn if drawn_mg is not None and thrown > drawn else None,
            complete=drawn_mg is not None and thrown == drawn and witnessed,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DoseBalance:
    """Planned, given, wasted: the one line of the page, the record, the PDF, the figure and the curve. Hundredths."""

    planned_mg: Decimal
    given_mg: Decimal
    wasted_mg: Decimal
    unaccounted_mg: Decimal | None
    method: Method
    complete: bool

    @classmethod
    def of(cls, balance: Balance) -> DoseBalance:
        found = balance.delivered
        return cls(
            planned_mg=hundredths(found.planned_mg),
            given_mg=balance.given_mg,
            wasted_mg=balance.wasted_mg,
            unaccounted_mg=balance.unaccounted_mg,
            method=found.method,
            complete=balance.complete,
        )


def reconcile(
    *, drawn_mg: Fraction | None, delivered: Delivered, wasted: Sequence[Waste], remaining_mg: Fraction | None
) -> Balance:
    """Where the milligrams are, with everything that does not add up, each by a code of its own.

    ``remaining_mg`` is what is there now, as somebody looked; None where nobody has. Whatever is wrong is named and
    never raised: a wrong entry must not hide the sum.
    """
    wastes = _once(wasted)
    given, thrown = hundredths(delivered.given_mg), _thrown(wastes)
    drawn = hundredths(drawn_mg) if drawn_mg is not None else None
    unaccounted = None if drawn is None else _unaccounted(drawn - given - thrown, remaining_mg, delivered.over)
    remaining = hundredths(remaining_mg or Fraction(0))
    if drawn is not None and unaccounted is not None:
        remaining = drawn - given - thrown - unaccounted
    of_waste = list(_of_waste(wasted, delivered))
    ended = delivered.phase in (Phase.STOPPED, Phase.ENDED)
    settled = ended and not delivered.needs and not of_waste and unaccounted == 0 and remaining == 0
    found = Balance(delivered, drawn, given, thrown, remaining, unaccounted, (), complete=settled)
    discrepancies = (
        *delivered.discrepancies,
        *of_waste,
        *_of_drawn(drawn_mg, found),
        *_of_sum(found, wastes, remaining_mg),
    )
    return replace(found, discrepancies=discrepancies)


def _once(wasted: Sequence[Waste]) -> tuple[Waste, ...]:
    """Each waste once, whatever arrived twice, and only what can have been wasted."""
    first: dict[str, Waste] = {}
    for waste in wasted:
        first.setdefault(waste.id, waste)
    return tuple(each for each in first.values() if each.mg > 0)


def _thrown(wastes: Sequence[Waste]) -> Decimal:
    return hundredths(Fraction(sum(each.mg for each in wastes)))


def _unaccounted(rest: Decimal, remaining_mg: Fraction | None, over: bool) -> Decimal:
    """What is missing of the rest (drawn, less given and wasted)."""
    if remaining_mg is None:
        return rest if over else min(rest, Decimal("0.00"))
    missing = Fraction(rest) - remaining_mg
    exact = Decimal(missing.numerator) / Decimal(missing.denominator)
    return exact.quantize(_HUNDREDTH, rounding=ROUND_HALF_DOWN) + Decimal(0)  # never a negative zero


def _of_waste(wasted: Sequence[Waste], delivered: Delivered) -> Iterator[ChartingReason]:
    first: dict[str, Waste] = {}
    for waste in wasted:
        known = first.setdefault(waste.id, waste)
        if known is waste:
            yield from _of_one_waste(waste, delivered)
        elif known != waste:
            yield because("waste-changed")


def _of_one_waste(waste: Waste, delivered: Delivered) -> Iterator[ChartingReason]:
    by, witness = waste.by.strip(), waste.witness.strip()
    if waste.mg <= 0:
        yield because("waste-not-positive", mg=waste.mg)
    elif not _whole_hundredths(waste.mg):
        yield because("finer-than-hundredths")
    if not by:
        yield because("waste-by-nobody", mg=waste.mg)
    if not witness:
        yield because("waste-unwitnessed", mg=waste.mg)
    elif by == witness:
        yield because("waste-same-person", mg=waste.mg)
    if waste.at.tzinfo is None:
        yield because("time-without-zone")
    elif waste.at.astimezone(UTC) > delivered.until:
        yield because("waste-in-future", mg=waste.mg)


def _of_drawn(drawn_mg: Fraction | None, found: Balance) -> Iterator[ChartingReason]:
    start = found.delivered.start
    if drawn_mg is None:
        yield because("drawn-missing")
    elif drawn_mg <= 0:
        yield because("drawn-not-positive")
    elif not _whole_hundredths(drawn_mg):
        yield because("finer-than-hundredths")
    if drawn_mg is None:
        return
    if hundredths(drawn_mg) < hundredths(start.planned_mg):
        yield because("drawn-below-planned", drawn=drawn_mg, planned=start.planned_mg)
    if start.mg_per_ml is not None and start.volume_ml is not None:
        bag = start.mg_per_ml * start.volume_ml
        if hundredths(bag) > hundredths(drawn_mg):
            yield because("bag-above-drawn", bag=bag, drawn=drawn_mg)


def _of_sum(found: Balance, wastes: Sequence[Waste], remaining_mg: Fraction | None) -> Iterator[ChartingReason]:
    """The first thing that the sum itself says; one loss has one name."""
    if remaining_mg is not None and remaining_mg < 0:
        yield because("remaining-negative")
    drawn, missing = found.drawn_mg, found.unaccounted_mg
    if drawn is None or missing is None:
        return
    left = drawn - found.given_mg
    if left < 0:
        yield because("given-above-drawn", given=found.given_mg, drawn=drawn)
    elif found.wasted_mg > left:
        yield _too_much_wasted(found, drawn, left, wastes)
    elif missing < 0:
        yield because("remaining-above-rest", left=remaining_mg or Fraction(0), rest=left - found.wasted_mg)
    elif missing > 0:
        yield because("milligrams-missing", mg=missing)


def _too_much_wasted(found: Balance, drawn: Decimal, left: Decimal, wastes: Sequence[Waste]) -> ChartingReason:
    """Where one of two equal wastes is exactly what is too much, it was recorded twice."""
    amounts = [hundredths(each.mg) for each in wastes]
    for each in amounts:
        if amounts.count(each) > 1 and found.wasted_mg - left == each:
            return because("waste-recorded-twice", mg=each)
    if found.wasted_mg > drawn:
        return because("wasted-above-drawn", wasted=found.wasted_mg, drawn=drawn)
    return because("wasted-above-remaining", wasted=found.wasted_mg, left=left)


def _whole_hundredths(mg: Fraction) -> bool:
    return (mg * 100).denominator == 1
