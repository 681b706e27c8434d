"""How people and models differ: virtual populations, bands over them, and bands over models.

Nothing is averaged over models: a band shows where the models lie, because no source says how to weigh them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .body import Bodies, bodies
from .linear import Floats
from .model import Model, available, load
from .people import Dose, Person
from .refusal import N_, ModelRefused, RefusalReason
from .simulation import Simulated, simulate


@dataclass(frozen=True)
class Band:
    """Quantiles over people at each instant, ng/mL: half of them lie in the 50 % band, nine of ten in the 90 %."""

    times_min: Floats
    median: Floats
    low50: Floats
    high50: Floats
    low90: Floats
    high90: Floats
    people: int


@dataclass(frozen=True)
class ModelBand:
    """What each model expects of the same typical person, and the range that they span, ng/mL."""

    times_min: Floats
    curves: dict[str, Floats]
    low: Floats
    high: Floats
    refused: dict[str, ModelRefused]
    sources: dict[str, str]
    assumptions: tuple[str, ...]


def covariance(model: Model) -> Floats:
    """The published covariance (d, d) of deviations, in the order of ``model.spread``.

    Between-occasion variance is added to between-person variance: one session of a new person.
    """
    order = {name: k for k, name in enumerate(model.spread)}
    matrix = np.diag([model.parameters[name].spread for name in order])
    for one, two, value in model.correlated:
        matrix[order[one], order[two]] = matrix[order[two], order[one]] = value
    return matrix


def virtual(model: Model, people: Person | Sequence[Person], count: int, seed: int) -> Bodies:
    """``count`` virtual people with the published variability; the same seed gives the same people.

    With one person they all share that person's covariates; otherwise there must be ``count`` persons.
    Raises Refused for a model without published variability.
    """
    if not model.spread:
        raise ModelRefused(
            RefusalReason.NO_VARIABILITY,
            N_("no between-subject variability of %(model)s was retrieved"),
            model=model.title,
        )
    if count < 1:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be above zero"), name="count")
    root = np.linalg.cholesky(covariance(model))
    normal = np.random.default_rng(seed).standard_normal((count, len(model.spread)))
    return bodies(model, people, normal @ root.T)


def bands(simulated: Simulated, times_min: ArrayLike, analyte: str | None = None) -> Band:
    """Quantiles of a virtual population's concentrations."""
    name = simulated.model.main if analyte is None else analyte
    values = simulated.concentration(times_min, [name])[name]
    low90, low50, median, high50, high90 = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    times = np.asarray(times_min, dtype=float)
    return Band(times, median, low50, high50, low90, high90, len(values))


def between_models(
    person: Person, doses: Sequence[Dose], times_min: ArrayLike, models: Sequence[Model] | None = None
) -> ModelBand:
    """The typical curve of every model that accepts this person and these doses.

    Without ``models``, those marked for comparison. Raises Refused where not a single one accepts.
    """
    times = np.asarray(times_min, dtype=float)
    chosen = [m for m in map(load, available()) if m.in_model_band] if models is None else list(models)
    curves: dict[str, Floats] = {}
    refused: dict[str, ModelRefused] = {}
    sources: dict[str, str] = {}
    notes: dict[str, None] = {}
    for model in chosen:
        try:
            simulated = simulate(model, person, doses)
        except ModelRefused as refusal:
            refused[model.id] = refusal
            continue
        (curves[model.id],) = simulated.concentration(times, [model.main])[model.main]
        sources[model.id] = model.source
        notes.update(dict.fromkeys(simulated.assumptions))
    if not curves:
        raise ModelRefused(
            RefusalReason.UNKNOWN_MODEL,
            N_("no model answers this: %(why)s"),
            why="; ".join(str(each) for each in refused.values()),
        )
    stacked = np.stack(list(curves.values()))
    return ModelBand(times, curves, stacked.min(axis=0), stacked.max(axis=0), refused, sources, tuple(notes))
