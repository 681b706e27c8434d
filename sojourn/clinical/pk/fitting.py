"""One person's own parameters from measured concentrations: maximum a posteriori, with its uncertainty.

The population is the prior (deviations normal with the published covariance). A measurement is normal around
the prediction with the assay's variance plus, where the model publishes it, the residual variance that
grows with the prediction. For research and for clinics that measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .body import Bodies, bodies
from .linear import Floats
from .model import Model
from .people import Dose, Person
from .population import Band, bands, covariance
from .refusal import N_, ModelRefused, RefusalReason
from .simulation import simulate


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured plasma concentration with the assay's standard deviation."""

    at_min: float
    ng_per_ml: float
    sd_ng_per_ml: float
    analyte: str | None = None


@dataclass(frozen=True)
class Estimate:
    """A person's most probable deviations, their covariance, and what they mean."""

    model: Model
    person: Person
    doses: tuple[Dose, ...]
    deviations: Floats  # (d,)
    covariance: Floats  # (d, d)
    parameters: dict[str, float]  # minutes, litres, milligrams
    relative_sd: dict[str, float]  # standard deviation on the log (or logit) scale
    predicted_ng_per_ml: Floats
    objective: float  # -2 log posterior, without constants
    converged: bool
    assumptions: tuple[str, ...]

    @property
    def body(self) -> Bodies:
        """The person with the estimated parameters."""
        return bodies(self.model, self.person, self.deviations[None])

    def plausible(self, count: int, seed: int) -> Bodies:
        """People drawn from the posterior (normal around the estimate): what is still possible."""
        root = np.linalg.cholesky(self.covariance + 1e-15 * np.eye(len(self.deviations)))
        normal = np.random.default_rng(seed).standard_normal((count, len(self.deviations)))
        return bodies(self.model, self.person, self.deviations + normal @ root.T)

    def band(self, times_min: ArrayLike, count: int = 500, seed: int = 1, doses: Sequence[Dose] | None = None) -> Band:
        """50 and 90 % bands of this person's curve, for the doses given or others."""
        planned = self.doses if doses is None else doses
        return bands(simulate(self.model, self.plausible(count, seed), planned), times_min)


def fit(model: Model, person: Person, doses: Sequence[Dose], measured: Sequence[Measurement]) -> Estimate:
    """The maximum a posteriori estimate; raises Refused without variability to estimate or without data."""
    if not model.spread:
        raise ModelRefused(
            RefusalReason.NO_VARIABILITY,
            N_("no between-subject variability of %(model)s was retrieved"),
            model=model.title,
        )
    if not measured:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("a fit needs at least one measurement"))
    for each in measured:
        if not (np.isfinite([each.at_min, each.ng_per_ml, each.sd_ng_per_ml]).all() and each.sd_ng_per_ml > 0):
            raise ModelRefused(
                RefusalReason.NOT_A_VALUE, N_("a measurement needs a time, a value and a standard deviation above zero")
            )
    problem = _Problem(model, person, doses, measured)
    eta, objective, converged = _minimise(problem)
    _, hessian = _derivatives(problem, eta)
    spread = np.linalg.inv(hessian / 2.0)
    found = bodies(model, person, eta[None])
    (predicted,) = problem.predict(eta[None])
    return Estimate(
        model=model,
        person=person,
        doses=tuple(doses),
        deviations=eta,
        covariance=(spread + spread.T) / 2.0,
        parameters={name: value.item() for name, value in found.values.items()},
        relative_sd=dict(zip(model.spread, np.sqrt(np.diag(spread)).tolist(), strict=True)),
        predicted_ng_per_ml=predicted,
        objective=objective,
        converged=converged,
        assumptions=simulate(model, found, doses).assumptions,
    )


class _Problem:
    """-2 log posterior of many deviations at once."""

    def __init__(self, model: Model, person: Person, doses: Sequence[Dose], measured: Sequence[Measurement]) -> None:
        self.model, self.person, self.doses = model, person, doses
        self.names = [each.analyte or model.main for each in measured]
        self.rows = [model.analyte(name) for name in self.names]
        residual = [a.residual_proportional for a in model.analytes]
        residual += [a.residual_proportional for a in model.ageing]
        self.proportional = np.array([residual[row] or 0.0 for row in self.rows])
        self.times = np.array([each.at_min for each in measured], dtype=float)
        self.values = np.array([each.ng_per_ml for each in measured], dtype=float)
        self.variance = np.array([each.sd_ng_per_ml for each in measured], dtype=float) ** 2
        self.precision = np.linalg.inv(covariance(model))
        self.width = len(model.spread)

    def predict(self, etas: Floats) -> Floats:
        """(M, measurements) ng/mL for (M, d) deviations."""
        simulated = simulate(self.model, bodies(self.model, self.person, etas), self.doses)
        found = simulated.concentration(self.times, list(dict.fromkeys(self.names)))
        return np.stack([found[name][:, k] for k, name in enumerate(self.names)], axis=1)

    def objective(self, etas: Floats) -> Floats:
        """(M,) -2 log posterior without constants."""
        predicted = self.predict(etas)
        variance = self.variance + (self.proportional * predicted) ** 2
        misfit = ((self.values - predicted) ** 2 / variance + np.log(variance)).sum(axis=1)
        prior = np.einsum("mi,ij,mj->m", etas, self.precision, etas)
        return np.asarray(misfit + prior)


def _derivatives(problem: _Problem, eta: Floats, step: float = 1e-3) -> tuple[Floats, Floats]:
    """Gradient and Hessian by central differences, every evaluation of them in one go."""
    d = problem.width
    eye = np.eye(d) * step
    pairs = [(i, j) for i in range(d) for j in range(i)]
    offsets = [np.zeros(d), *eye, *-eye]
    for i, j in pairs:
        offsets += [eye[i] + eye[j], -eye[i] - eye[j]]
    values = problem.objective(eta + np.array(offsets))
    centre, plus, minus = values[0], values[1 : d + 1], values[d + 1 : 2 * d + 1]
    gradient = (plus - minus) / (2 * step)
    hessian = np.diag((plus - 2 * centre + minus) / step**2)
    for k, (i, j) in enumerate(pairs):
        both = values[2 * d + 1 + 2 * k] + values[2 * d + 2 + 2 * k]
        mixed = (both + 2 * centre - plus[i] - minus[i] - plus[j] - minus[j]) / (2 * step**2)
        hessian[i, j] = hessian[j, i] = mixed
    return gradient, hessian


def _minimise(problem: _Problem) -> tuple[Floats, float, bool]:
    """Newton's method with a ladder of dampings tried at once; always downhill."""
    eta = np.zeros(problem.width)
    best = float(problem.objective(eta[None])[0])
    ladder = np.array([0.0, *(10.0 ** np.arange(-3, 7))])
    for _ in range(60):
        gradient, hessian = _derivatives(problem, eta)
        values, vectors = np.linalg.eigh(hessian)
        curve = np.maximum(np.abs(values), 1e-6)
        along = vectors.T @ gradient
        scale = float(np.median(curve))
        steps = -(vectors @ (along[:, None] / (curve[:, None] + ladder * scale))).T
        steps *= np.minimum(1.0, 2.0 / np.maximum(np.abs(steps).max(axis=1), 1e-300))[:, None]
        tried = problem.objective(eta + steps)
        tried = np.where(np.isfinite(tried), tried, np.inf)
        pick = int(tried.argmin())
        gain = best - float(tried[pick])
        if gain > 0:
            eta, best = eta + steps[pick], float(tried[pick])
        if gain < 1e-10 * max(1.0, abs(best)):
            return eta, best, bool(np.abs(along / curve).max() < 1e-2)
    return eta, best, False
