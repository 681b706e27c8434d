"""People as a model sees them: one value per person and parameter, and the system that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .linear import Floats, Linear
from .model import Model, Parameter
from .people import Person
from .refusal import N_, ModelRefused, RefusalReason

NG_PER_ML = 1000.0  # 1 mg/L


@dataclass(frozen=True)
class Bodies:
    """N people under one model. ``values`` holds (N,) per parameter, in minutes, litres and milligrams.

    ``deviations`` (N, d) are each person's departures from typical, in the order of ``model.spread``.
    """

    model: Model
    values: Mapping[str, Floats]
    deviations: Floats
    assumptions: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.deviations)

    @cached_property
    def system(self) -> Linear:
        """The linear system of these people; its outputs are the model's analytes in ng/mL."""
        return Linear(self.rates(), self.readings())

    def rates(self) -> Floats:
        """dA/dt = rates @ A for the amounts in mg: (N, n, n), per minute."""
        places = {name: k for k, name in enumerate(self.model.compartments)}
        rates = np.zeros((self.count, len(places), len(places)))
        for flow in self.model.flows:
            source = places[flow.source]
            if flow.rate is not None:
                speed = self.values[flow.rate]
            elif flow.clearance is not None:
                speed = self.values[flow.clearance] / self.values[self.model.volumes[flow.source]]
            else:
                assert flow.mean_time is not None
                speed = flow.stages / self.values[flow.mean_time]
            rates[:, source, source] -= speed
            if flow.to is not None:
                arriving = speed if flow.fraction is None else speed * self.values[flow.fraction]
                rates[:, places[flow.to], source] += arriving
        return rates

    def readings(self) -> Floats:
        """Concentrations in ng/mL from amounts in mg: (N, analytes, n)."""
        places = {name: k for k, name in enumerate(self.model.compartments)}
        outputs = np.zeros((self.count, len(self.model.analytes), len(places)))
        for row, analyte in enumerate(self.model.analytes):
            volume = self.values[self.model.volumes[analyte.compartment]]
            outputs[:, row, places[analyte.compartment]] = NG_PER_ML * analyte.molar_ratio / volume
        return outputs


def bodies(model: Model, people: Person | Sequence[Person], deviations: ArrayLike | None = None) -> Bodies:
    """People as the model sees them; raises Refused for anyone whom it does not describe.

    ``deviations`` (N, d) moves people away from typical; with one person and many rows, all rows are that
    person. Without it everyone is typical for their covariates.
    """
    everyone = [people] if isinstance(people, Person) else list(people)
    notes: dict[str, None] = {}
    for person in everyone:
        notes.update(dict.fromkeys(model.accept(person)))
    width = len(model.spread)
    if deviations is None:
        moved = np.zeros((len(everyone), width))
    else:
        moved = np.atleast_2d(np.asarray(deviations, dtype=float))
    if moved.shape[1] != width or len(everyone) not in (1, len(moved)):
        raise ModelRefused(
            RefusalReason.NOT_A_VALUE,
            N_("deviations must have one row per person and %(width)s columns"),
            width=width,
        )
    if not np.isfinite(moved).all():
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s is not a number"), name="a deviation")
    known = {name: np.array([_known(person, name) for person in everyone], dtype=float) for name in model.covariates}
    column = {name: k for k, name in enumerate(model.spread)}
    values = {
        name: _value(each, known, moved[:, column[name]] if name in column else None, len(moved))
        for name, each in model.parameters.items()
    }
    return Bodies(model, values, moved, (*model.assumptions, *notes))


def _known(person: Person, name: str) -> float:
    value = person.covariate(name)
    assert value is not None  # model.accept has refused otherwise
    return value


def _value(each: Parameter, known: Mapping[str, Floats], eta: Floats | None, count: int) -> Floats:
    value = np.full(1, each.value)
    for name, over, power in each.scale:
        value = value * (known[name] / over) ** power
    for name, above, adds in each.slopes:
        value = value + adds * np.maximum(known[name] - above, 0.0)
    if eta is not None:
        if each.logit:
            odds = value / (1.0 - value) * np.exp(eta)
            value = odds / (1.0 + odds)
        else:
            value = value * np.exp(eta)
    for name, times in each.factors:
        value = value * np.where(known[name] > 0, times, 1.0)
    if each.ceiling is not None:
        value = np.minimum(value, each.ceiling)
    return value if len(value) == count else np.full(count, value[0])
