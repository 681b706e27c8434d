"""Why a dose is not simply given, in the words that a nurse would use, and what is said beside a dose that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from sojourn.clinical.rules import Verification

Override = Literal["prescriber", "never"]


@dataclass(frozen=True, slots=True)
class DoseReason:
    """Why a dose is not simply given. ``override`` says whether a prescriber with a reason may all the same.

    ``wording`` names another sentence of TEXTS where one code can be said more exactly.
    """

    code: str
    override: Override
    values: Mapping[str, str]
    rule_id: str = ""
    wording: str = ""

    @property
    def template(self) -> str:
        """The sentence in English, with the places for the values."""
        return TEXTS[self.wording or self.code]

    @property
    def field(self) -> str:
        """What to look at again: the name of a part of ``Drawn``; "" where it is none of them."""
        return FIELDS.get(self.wording or self.code, "")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know beside a dose. It refuses nothing. ``mark`` is the verification mark of its rule."""

    code: str
    values: Mapping[str, str]
    rule_id: str
    mark: Verification

    @property
    def template(self) -> str:
        """The sentence in English, with the places for the values."""
        return TEXTS[self.code]

    @property
    def verified(self) -> bool:
        """Whether its numbers were read in their source."""
        return self.mark == "verified"


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask back before a figure is taken."""

    code: str
    values: Mapping[str, str]
    rule_id: str = ""

    @property
    def template(self) -> str:
        """The sentence in English, with the places for the values."""
        return TEXTS[self.code]


_ORDER: Final = {
    "dose-missing": "Say how much: milligrams for each kilogram, or milligrams.",
    "not-per-kg": "This route is dosed in milligrams, the same for everybody.",
    "not-fixed": "This route is dosed by body weight.",
    "dose-not-positive": "A dose is more than nothing.",
    "rounded-to-nothing": "Rounded to %(step)s mg, nothing is left of %(dose)s mg.",
    "weight-missing": "The weight is missing.",
    "weight-not-positive": "A body weighs more than nothing.",
    "weight-implausible": "%(weight)s kg is not the weight of a person: it must lie from %(low)s to %(high)s kg.",
    "weight-in-future": "The weight is dated in the future.",
    "weight-stale": "The weight is %(days)s days old. Here it may be at most %(limit)s days old: weigh again.",
    "outside-range": "%(dose)s %(unit)s is outside the studied range, %(low)s to %(high)s %(unit)s.",
    "not-a-studied-dose": "%(dose)s %(unit)s is none of the doses that exist: %(doses)s %(unit)s.",
    "no-studied-range": "For this drug by this route no studied range is known here.",
    "another-use": "From %(limit)s %(unit)s it is another use (anaesthesia). That is never a dose here.",
    "rounding-leaves-range": "Rounded up, the dose is above the studied %(high)s %(unit)s. Round down.",
    "outside-minutes": "%(minutes)s minutes lie outside of what was studied, %(low)s to %(high)s minutes.",
    "minutes-not-positive": "An infusion takes more than no time.",
    "minutes-missing": "Enter over how many minutes it runs. A dose into a vein always needs its minutes.",
    "concentration-not-positive": "A concentration is more than nothing.",
    "concentration-not-allowed": "%(have)s mg/mL must be diluted: by this route always below %(limit)s mg/mL.",
    "total-too-small": "%(draw)s mL of the drug do not fit into %(total)s mL.",
    "total-without-stock": "Say the concentration in the vial.",
    "rate-out-of-range": "A pump does not run at %(rate)s mL/h: it runs from %(low)s to %(high)s mL/h.",
    "start-dose": "At %(age)s years the first dose is at most %(most)s mg by the label that applies here.",
}
_CEILINGS: Final = {
    "no-ceiling": (
        "This clinic has adopted no highest dose for this drug by this route. Until a prescriber adopts one, none is"
        " given."
    ),
    "above-ceiling": "%(dose)s mg is more than the highest dose for this drug by this route here, %(limit)s mg.",
    "above-ceiling-minutes": (
        "%(dose)s mg over %(minutes)s minutes is more than the highest dose in that time here, %(limit)s mg."
    ),
    "too-fast": "%(minutes)s minutes is too fast. A dose into a vein takes at least %(low)s minutes here.",
    "above-day": (
        "With what was given in the last 24 hours (%(before)s %% of the day's highest dose) this dose makes"
        " %(after)s %%. The day's highest dose is 100 %%."
    ),
}
_CHAIR: Final = {
    "tenfold": (
        "%(dose)s mg is about ten times off: the plan says %(plan)s mg. Look at the decimal point and type it again."
    ),
    "hundredfold": (
        "%(dose)s mg is about a hundred times off: the plan says %(plan)s mg. Look at the decimal point and type it"
        " again."
    ),
    "thousandfold": (
        "%(dose)s mg is about a thousand times off: the plan says %(plan)s mg. Look at the unit and type it again."
    ),
    "beyond-rounding": (
        "%(dose)s mg is not the dose of the plan, %(plan)s mg. A different dose needs a prescriber's signature."
    ),
    "minutes-shorter": (
        "%(minutes)s minutes is faster than the plan, %(plan)s minutes. A faster infusion needs a prescriber's"
        " signature."
    ),
    "another-drug": "The plan says another drug.",
    "another-route": "The plan says another route.",
    "stock-missing": "Enter the concentration on the vial.",
    "volume-missing": "Enter how many millilitres you drew up.",
    "lot-missing": "Enter the lot number on the vial or the pack.",
    "expiry-missing": "Enter the expiry date.",
    "expired": "It expired on %(day)s. Take another one.",
    "volume-disagrees": "%(volume)s mL of %(stock)s mg/mL contain %(held)s mg, not %(dose)s mg.",
    "devices-missing": "Enter how many spray devices.",
    "devices-disagree": "%(devices)s devices of %(each)s mg contain %(held)s mg, not %(dose)s mg.",
    "rate-disagrees": (
        "At %(rate)s mL/h, %(minutes)s minutes give %(gives)s mL, but there are %(volume)s mL to give."
        " This bag needs %(needs)s mL/h."
    ),
    "rate-not-positive": "A rate is more than nothing. To stop, press Stop.",
    "bag-empty": "There is nothing left in the bag to give.",
}
_BESIDE: Final = {
    "body-mass-high": (
        "Body mass index %(bmi)s. By the adjusted weight of %(adjusted)s kg instead of %(weight)s kg the dose would be"
        " %(dose)s mg."
    ),
    "body-mass-low": "Body mass index %(bmi)s: very light for the height. Check the weight and the dose.",
    "rate-below-pump": "%(rate)s mL/h is slower than a pump runs, %(low)s mL/h. Pause it instead.",
    "pounds": "Pounds? %(new)s kg; the last weight was %(last)s kg, which is %(as_pounds)s pounds.",
    "kilograms": "Was that already in kilograms? It comes to %(new)s kg; the last weight was %(last)s kg.",
    "changed": "%(new)s kg; on %(day)s it was %(last)s kg. That is %(percent)s %% different. Is it right?",
}
TEXTS: Final[Mapping[str, str]] = MappingProxyType({**_ORDER, **_CEILINGS, **_CHAIR, **_BESIDE})

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("dose-missing", "not-per-kg", "not-fixed", "dose-not-positive", "rounded-to-nothing"),
                *("outside-range", "not-a-studied-dose", "no-studied-range", "another-use", "rounding-leaves-range"),
                *("start-dose", "no-ceiling", "above-ceiling", "above-day", "tenfold", "hundredfold"),
                *("thousandfold", "beyond-rounding"),
            ),
            "dose_mg",
        ),
        **dict.fromkeys(
            (
                *("outside-minutes", "minutes-not-positive", "minutes-missing", "above-ceiling-minutes"),
                *("too-fast", "minutes-shorter"),
            ),
            "over",
        ),
        **dict.fromkeys(
            ("weight-missing", "weight-not-positive", "weight-implausible", "weight-in-future", "weight-stale"),
            "weight",
        ),
        **dict.fromkeys(("concentration-not-positive", "total-without-stock", "stock-missing"), "stock"),
        **dict.fromkeys(("concentration-not-allowed", "total-too-small"), "total"),
        **dict.fromkeys(("volume-missing", "volume-disagrees", "bag-empty"), "volume"),
        **dict.fromkeys(("rate-out-of-range", "rate-disagrees", "rate-not-positive"), "rate"),
        **dict.fromkeys(("devices-missing", "devices-disagree"), "devices"),
        **dict.fromkeys(("expiry-missing", "expired"), "expires_on"),
        "another-drug": "drug",
        "another-route": "route",
        "lot-missing": "lot",
    }
)  # fmt: skip
