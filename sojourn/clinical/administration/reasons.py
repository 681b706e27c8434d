"""Why a step cannot be recorded, and what does not add up: codes, with their sentences in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from sojourn.clinical import units
from sojourn.clinical.dosing.quantities import trimmed
from sojourn.clinical.units import Quantity


@dataclass(frozen=True, slots=True)
class ChartingReason:
    """A code for programs, and a sentence for people: ``template`` is a message id whose places ``values`` fill."""

    code: str
    values: Mapping[str, str]

    @property
    def template(self) -> str:
        """The sentence in English, with the places for the values."""
        return TEXTS[self.code]

    def __str__(self) -> str:
        return self.template % self.values


def because(code: str, **values: Fraction | Decimal | str) -> ChartingReason:
    """The reason with its numbers as text, to hundredths."""
    return ChartingReason(code, {name: each if isinstance(each, str) else shown(each) for name, each in values.items()})


def hundredths(mg: Fraction) -> Decimal:
    """Milligrams as a record says them: to 0.01, a half away from zero."""
    return Quantity(mg, units.MG).rounded(2)


def shown(value: Fraction | Decimal) -> str:
    return trimmed(hundredths(Fraction(value)))


TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # A step that cannot have happened so.
        "no-start": "The dose has not been started.",
        "before-start": "Start the dose first.",
        "started-twice": "The dose has already been started.",
        "out-of-order": "This time is before the last step that was recorded.",
        "after-end": "The dose has already ended.",
        "in-the-future": "This time is still in the future.",
        "time-without-zone": "The time has no time zone.",
        "step-changed": "This step was already recorded with other values.",
        "planned-not-positive": "A dose is more than nothing.",
        "rate-missing": "Enter the rate of the pump.",
        "rate-not-positive": "A rate is above zero. To stop the flow, pause the dose.",
        "rate-without-pump": "This dose is not given by a pump, so it has no rate.",
        "rate-while-paused": "The dose is paused. Resume it at the new rate instead.",
        "rate-for-another-bag": (
            "%(rate)s mL/h from this bag (%(bag)s mg/mL) is %(have)s mg/h; %(wanted)s mg/h is expected."
        ),
        "resume-without-pause": "The dose is not paused.",
        "bag-missing": "Enter the concentration in the bag and its volume.",
        "part-from-pump": "This dose runs by a pump. Record what is given by hand as a dose of its own.",
        "part-not-positive": "What is given is more than nothing.",
        "fraction-impossible": "The fraction that was taken is between none and all of it.",
        "reading-missing": "Enter either what is left or what has been given.",
        "reading-negative": "A reading is never below zero.",
        "reading-without-volume": "Without concentration and volume, enter the milligrams given.",
        "remaining-above-volume": "%(left)s mL cannot be left of %(volume)s mL.",
        "reading-without-time": "The dose has not run yet, so nothing can have been given.",
        # What has to be asked.
        "ask-syringe": "How much is left in the syringe?",
        "ask-spray": "How many devices were used, and was each one used up?",
        "ask-mouth": "How much was taken, and how much was spat out or kept back?",
        # What was given does not agree with what was charted.
        "counted-above-computed": (
            "The pump says %(counted)s mg were given; by rate and minutes it is %(computed)s mg, %(by)s mg less."
        ),
        "counted-below-computed": (
            "The pump says %(counted)s mg were given; by rate and minutes it is %(computed)s mg, %(by)s mg more."
        ),
        "given-while-paused": (
            "The dose was paused, but %(counted)s mg were given; without the pause times it is %(computed)s mg."
        ),
        "asked-differs": "%(counted)s mg are stated as given; %(computed)s mg were charted.",
        "part-while-paused": "%(mg)s mg were given while the dose was paused.",
        "count-fell": "An earlier reading was higher than the last one. The last one counts.",
        "count-above-bag": "The reading says %(counted)s mL were given; the bag held %(volume)s mL.",
        "given-above-planned": "%(given)s mg were given; %(planned)s mg were planned.",
        "ended-below-planned": "Ended as planned, but %(given)s of %(planned)s mg were given.",
        "end-not-charted": "The bag is empty, but the end of the dose is not recorded.",
        "pause-not-ended": "The dose is still paused: it was neither resumed nor stopped.",
        # Waste.
        "waste-unwitnessed": "No second person has witnessed the waste of %(mg)s mg.",
        "waste-same-person": "The same person wasted and witnessed %(mg)s mg.",
        "waste-by-nobody": "It is not recorded who wasted %(mg)s mg.",
        "waste-not-positive": "A waste of %(mg)s mg is not possible.",
        "waste-in-future": "The waste of %(mg)s mg is dated in the future.",
        "waste-changed": "One waste was recorded twice with different values.",
        "waste-recorded-twice": "The waste of %(mg)s mg seems to be recorded twice.",
        "wasted-above-drawn": "%(wasted)s mg wasted is more than the %(drawn)s mg that were drawn up.",
        "wasted-above-remaining": "%(wasted)s mg wasted is more than the %(left)s mg that were left.",
        # The sum.
        "drawn-missing": "How much was drawn up is not recorded.",
        "drawn-not-positive": "What is drawn up is more than nothing.",
        "drawn-below-planned": "%(drawn)s mg were drawn up; %(planned)s mg were planned.",
        "bag-above-drawn": "By its concentration and volume the bag holds %(bag)s mg; %(drawn)s mg were drawn up.",
        "given-above-drawn": "%(given)s mg were given; %(drawn)s mg were drawn up.",
        "remaining-negative": "What remains is never below zero.",
        "remaining-above-rest": "%(left)s mg remain, but only %(rest)s mg can be left.",
        "finer-than-hundredths": "Enter milligrams with no more than two decimals.",
        "milligrams-missing": "%(mg)s mg are not accounted for.",
    }
)
