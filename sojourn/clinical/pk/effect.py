"""Published ranges beside the curves: at what concentrations effects were seen, how much a route delivers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sojourn.clinical.shapes import Shape

from .layout import BIOAVAILABILITY, ZONES, rising
from .refusal import N_, ModelRefused, RefusalReason


@dataclass(frozen=True, slots=True)
class Zone:
    """A range of plasma concentrations at which an effect was described. A reference, not a target."""

    effect: str
    low_ng_per_ml: float
    high_ng_per_ml: float
    drug: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Bioavailability:
    """What fraction of a dose reaches the blood by a route, with the range that the source gives."""

    drug: str
    route: str
    form: str
    f: float
    source: str
    verification: str
    low: float | None = None
    high: float | None = None
    kind: str = ""
    n: int | None = None


@dataclass(frozen=True, slots=True)
class EqualDose:
    """The dose that gives the same exposure by another route, by one published bioavailability."""

    by: Bioavailability
    mg: float
    least_mg: float | None
    most_mg: float | None


class FactsInvalid(ValueError):
    """A file of facts that cannot be one; the message names the file, the row and what is wrong."""


def parse_zones(data: Any) -> tuple[Zone, ...]:
    """The zones of a parsed file; raises FactsInvalid."""
    rows = _rows("zones.toml", data, ZONES, "zones", ("low_ng_per_ml", "high_ng_per_ml"))
    return tuple(Zone(**each) for each in rows)


def parse_bioavailability(data: Any) -> tuple[Bioavailability, ...]:
    """The rows of a parsed file; raises FactsInvalid."""
    rows = _rows("bioavailability.toml", data, BIOAVAILABILITY, "rows", ("low", "f"), ("f", "high"))
    for at, each in enumerate(rows):
        if not ("low" in each) == ("high" in each) == ("kind" in each):
            raise FactsInvalid(f"bioavailability.toml.rows.{at}: low, high and kind belong together")
    return tuple(Bioavailability(**each) for each in rows)


def _rows(file: str, data: Any, shape: Shape, part: str, *rise: tuple[str, str]) -> list[Any]:
    wrong = [*shape(file, data)]
    if not wrong:
        places = [(f"{file}.{part}.{at}", each) for at, each in enumerate(data[part])]
        wrong = [fault for place, each in places for pair in rise for fault in rising(place, each, *pair)]
    if wrong:
        raise FactsInvalid("; ".join(wrong))
    return list(data[part])


def _file(name: str) -> Any:
    return tomllib.loads(files(__package__).joinpath("facts", f"{name}.toml").read_text("utf-8"))


@cache
def reference_zones(drug: str = "ketamine") -> tuple[Zone, ...]:
    """Published concentration-effect ranges of a drug; empty where none was found."""
    return tuple(each for each in parse_zones(_file("zones")) if each.drug == drug)


@cache
def bioavailability(drug: str, route: str | None = None) -> tuple[Bioavailability, ...]:
    """Every published bioavailability of a drug; several per route, for they differ."""
    rows = parse_bioavailability(_file("bioavailability"))
    return tuple(row for row in rows if row.drug == drug and route in (None, row.route))


def equal_exposure(drug: str, iv_mg: float, route: str) -> tuple[EqualDose, ...]:
    """Doses by ``route`` with the exposure (AUC) of an intravenous dose: one per published source.

    Equal exposure is not equal effect: peaks and metabolites differ. Raises Refused where nothing is known.
    """
    if not iv_mg > 0:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be above zero"), name="mg")
    if route == "iv":
        return ()
    rows = bioavailability(drug, route)
    if not rows:
        raise ModelRefused(
            RefusalReason.WRONG_ROUTE,
            N_("no bioavailability of %(drug)s by route %(route)s was found"),
            drug=drug,
            route=route,
        )
    return tuple(
        EqualDose(
            row,
            iv_mg / row.f,
            None if row.high is None else iv_mg / row.high,
            None if row.low is None else iv_mg / row.low,
        )
        for row in rows
    )
