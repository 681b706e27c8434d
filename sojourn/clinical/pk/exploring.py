"""The dose explorer's arithmetic: up to four regimens for one person, every model, bands and plain facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .effect import Zone, reference_zones
from .linear import Floats
from .model import Model, available, load
from .people import Dose, Person
from .population import Band, bands, virtual
from .questions import CurveFacts, facts
from .refusal import N_, ModelRefused, RefusalReason
from .simulation import DISCLAIMER, simulate

MOST_REGIMENS = 4
BAND_PEOPLE = 300


@dataclass(frozen=True)
class ModelCurve:
    """What one model expects of one regimen."""

    model: str
    title: str
    source: str
    verification: str
    sampling: str
    concentration_ng_per_ml: dict[str, Floats]  # (T,) per analyte
    facts: CurveFacts
    band: Band | None  # between people; None where the model publishes no variability
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Explored:
    """One regimen: its curves, the range that the models span, and who refused."""

    doses: tuple[Dose, ...]
    curves: tuple[ModelCurve, ...]
    low_ng_per_ml: Floats
    high_ng_per_ml: Floats
    refused: dict[str, str]
    said: tuple[tuple[str, dict[str, str]], ...]  # sentences as (template, values)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences in English; a page translates the templates instead."""
        return tuple(template % values for template, values in self.said)


@dataclass(frozen=True)
class Exploration:
    """The answer to a dose explorer: times shared by everything in it."""

    times_min: Floats
    regimens: tuple[Explored, ...]
    zones: tuple[Zone, ...]
    disclaimer: str


def explore(
    regimens: Sequence[Sequence[Dose]],
    person: Person,
    models: Sequence[Model] | None = None,
    times_min: ArrayLike | None = None,
    level_ng_per_ml: float | None = None,
    seed: int = 1,
) -> Exploration:
    """Curves, bands, facts and sentences for up to four regimens of one person.

    Without ``models``, every model marked for comparison that accepts the person and the doses. A regimen
    that nobody accepts raises Refused with all reasons.
    """
    if not 1 <= len(regimens) <= MOST_REGIMENS:
        raise ModelRefused(
            RefusalReason.NOT_A_VALUE, N_("between one and %(most)s regimens can be compared"), most=MOST_REGIMENS
        )
    if times_min is None:
        ends = [dose.end_min + 180.0 for doses in regimens for dose in doses]
        times = np.linspace(0.0, max([240.0, *ends]), 241)
    else:
        times = np.asarray(times_min, dtype=float)
    chosen = [m for m in map(load, available()) if m.in_model_band] if models is None else list(models)
    explored = tuple(_explore(tuple(doses), person, chosen, times, level_ng_per_ml, seed) for doses in regimens)
    drugs = dict.fromkeys(dose.drug for doses in regimens for dose in doses)
    zones = tuple(zone for drug in drugs for zone in reference_zones(drug))
    return Exploration(times, explored, zones, DISCLAIMER)


def _explore(
    doses: tuple[Dose, ...],
    person: Person,
    models: Sequence[Model],
    times: Floats,
    level: float | None,
    seed: int,
) -> Explored:
    curves = []
    refused: dict[str, str] = {}
    for model in models:
        try:
            simulated = simulate(model, person, doses)
        except ModelRefused as why:
            refused[model.id] = str(why)
            continue
        values = {name: curve for name, (curve,) in simulated.concentration(times).items()}
        (found,) = facts(simulated, None, level, max(float(times[-1]), 1.0))
        band = None
        if model.spread:
            people = virtual(model, person, BAND_PEOPLE, seed)
            band = bands(simulate(model, people, doses), times)
        curves.append(
            ModelCurve(
                model.id,
                model.title,
                model.source,
                model.verification,
                model.sampling,
                values,
                found,
                band,
                simulated.assumptions,
            )
        )
    if not curves:
        raise ModelRefused(
            RefusalReason.UNKNOWN_MODEL, N_("no model answers this: %(why)s"), why="; ".join(refused.values())
        )
    stacked = np.stack([next(iter(curve.concentration_ng_per_ml.values())) for curve in curves])
    return Explored(
        doses, tuple(curves), stacked.min(axis=0), stacked.max(axis=0), refused, tuple(_sentences(curves, level))
    )


def _sentences(curves: Sequence[ModelCurve], level: float | None) -> list[tuple[str, dict[str, str]]]:
    peaks = [curve.facts.peak_ng_per_ml for curve in curves]
    whens = [curve.facts.peak_at_min for curve in curves]
    said = []
    if len(curves) == 1:
        (only,) = curves
        said.append(
            (
                N_("%(model)s expects the highest concentration, %(peak)s ng/mL, after %(when)s minutes."),
                {
                    "model": only.title,
                    "peak": f"{only.facts.peak_ng_per_ml:.0f}",
                    "when": f"{only.facts.peak_at_min:.0f}",
                },
            )
        )
    else:
        said.append(
            (
                N_(
                    "%(count)s models expect the highest concentration between %(low)s and %(high)s ng/mL, "
                    "after %(early)s to %(late)s minutes."
                ),
                {
                    "count": str(len(curves)),
                    "low": f"{min(peaks):.0f}",
                    "high": f"{max(peaks):.0f}",
                    "early": f"{min(whens):.0f}",
                    "late": f"{max(whens):.0f}",
                },
            )
        )
    if any(curve.band is not None for curve in curves):
        said.append((N_("The band holds nine of ten people as the study found them to differ."), {}))
    else:
        said.append((N_("How people differ was not published with these models; people will differ."), {}))
    if level is not None:
        below = [curve.facts.below_from_min or 0.0 for curve in curves]
        said.append(
            (
                N_("It stays below %(level)s ng/mL from minute %(early)s to %(late)s on."),
                {"level": f"{level:g}", "early": f"{min(below):.0f}", "late": f"{max(below):.0f}"},
            )
        )
    return said
