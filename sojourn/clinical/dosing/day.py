"""The day's ceiling: over any 24 hours the parts that doses are of their own ceilings add up to no more than one.

Milligrams by different routes, and of different drugs, cannot be added; parts of their ceilings can. That they may add
up to one is a convention (facts/dose_ceilings.csv: no source read gives a limit for a day).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sojourn.clinical.dosing.quantities import Kilograms, Milligrams, Minutes
from sojourn.clinical.dosing.reasons import DoseReason
from sojourn.clinical.dosing.rules import DoseRules

WHOLE: Final = Fraction(1)
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Given:
    """What went in of a dose. ``over`` are the minutes for which it was set to run, also where it was stopped early.

    Of the last 24 hours are the doses that had not ended 24 hours ago.
    """

    drug: str
    route: str
    dose: Milligrams
    weight: Kilograms | None = None
    over: Minutes | None = None


def share(given: Given, rules: DoseRules) -> Fraction:
    """Which part of the day's ceiling a dose takes: a whole day where its own ceiling is not known."""
    if given.dose.nothing:
        return Fraction(0)
    ceiling = rules.ceiling_of(given.route, given.drug)
    found = None if ceiling is None else ceiling.share(given.dose, given.weight, given.over)
    return WHOLE if found is None else found


def day_share(given: Iterable[Given], rules: DoseRules) -> Fraction:
    """Which part of the day's ceiling some doses take together; more than one is too much. Exact."""
    return sum((share(each, rules) for each in given), Fraction(0))


def day_reasons(now: Given, before: Sequence[Given], rules: DoseRules) -> Iterator[DoseReason]:
    """Whether a dose fits into the day beside what was given before. A dose that alone is above its ceiling is said
    there."""
    ceiling = rules.ceiling_of(now.route, now.drug)
    had = day_share(before, rules)
    if ceiling is None or had == 0:
        return
    after = had + share(now, rules)
    if after > WHOLE:
        values = {"before": _whole_percent(had), "after": _whole_percent(after)}
        yield DoseReason("above-day", "never", values, ceiling.rule.id)


def _whole_percent(part: Fraction) -> str:
    return str(-(-part * _PERCENT // 1))  # upwards: 100.4 is more than 100
