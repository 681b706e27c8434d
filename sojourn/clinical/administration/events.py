"""What happens to one dose, from its start to its end, and what of it was thrown away.

Milligrams are base; all amounts are exact fractions (``units.exact`` makes one of a decimal as typed). Every event has
the ``id`` of the step that brought it, so that a step that arrives twice is one step, and two equal steps are two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction


class Means(StrEnum):
    """How the dose gets in. Only a pump is computed; for the others a person says what was given."""

    PUMP = "pump"
    SYRINGE = "syringe"  # a push or an injection
    SPRAY = "spray"
    MOUTH = "mouth"  # swallowed, under the tongue, a film


@dataclass(frozen=True, slots=True)
class RateExpected:
    """What the order means in mg/h, and how far the pump's steps and the order's rounding may take it from there."""

    mg_per_h: Fraction
    within_mg_per_h: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpStep:
    """``at`` is aware of its zone; what counts is the instant, never the wall clock."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(PumpStep):
    """The dose begins. ``volume_ml`` is what can be given of the bag or syringe, ``mg_per_ml`` its concentration.

    A concentration that no decimal says (35 mg in 48 mL) is given as the fraction, not rounded.
    """

    means: Means
    planned_mg: Fraction
    ml_per_h: Fraction | None = None
    mg_per_ml: Fraction | None = None
    volume_ml: Fraction | None = None
    expected: RateExpected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange(PumpStep):
    """The pump goes on at another rate."""

    ml_per_h: Fraction
    expected: RateExpected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(PumpStep):
    """Nothing runs from here. Pausing what is paused changes nothing: anybody may always pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(PumpStep):
    """It goes on; a pump at this rate, which is said anew."""

    ml_per_h: Fraction | None = None
    expected: RateExpected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(PumpStep):
    """The dose is stopped before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End(PumpStep):
    """The dose has ended as planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGiven(PumpStep):
    """One device, injection or lozenge of ``mg``; ``fraction`` of it was taken, the rest spat out or kept back."""

    mg: Fraction
    fraction: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(PumpStep):
    """Read off the pump or the syringe: either what is left, or the total that the pump says it gave."""

    remaining_ml: Fraction | None = None
    total_ml: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedTotal(PumpStep):
    """What a person says was given in all until now, where nothing can be read off."""

    given_mg: Fraction


Reading = Counted | StatedTotal
Event = Start | RateChange | Pause | Resume | Stop | End | PartGiven | Counted | StatedTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Milligrams thrown away (or spilled) by one person and witnessed by another; "" where nobody is named."""

    id: str
    at: datetime
    mg: Fraction
    by: str
    witness: str
