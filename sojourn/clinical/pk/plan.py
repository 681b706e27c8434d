"""The infusion that reaches a target, within what a pump can do. A calculation, not an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf

import numpy as np

from .model import Model
from .people import Dose, Person
from .questions import peak
from .refusal import N_, ModelRefused, RefusalReason
from .simulation import Simulated, simulate


@dataclass(frozen=True, slots=True)
class Pump:
    """What the pump can do. ``rate_step_mg_per_min`` 0 means any rate."""

    most_mg_per_min: float = inf
    most_bolus_mg: float = 0.0
    rate_step_mg_per_min: float = 0.0

    def rate(self, wanted: float) -> float:
        """The nearest rate that the pump can run, never above the one wanted or allowed."""
        allowed = min(max(wanted, 0.0), self.most_mg_per_min)
        step = self.rate_step_mg_per_min
        return floor(allowed / step + 1e-9) * step if step > 0 else allowed


@dataclass(frozen=True)
class Plan:
    """Doses, and what is expected of them."""

    doses: tuple[Dose, ...]
    reaches_target: bool
    expected: Simulated
    peak_ng_per_ml: float
    peak_at_min: float
    total_mg: float
    limited_by: tuple[str, ...]


def plan_peak(
    model: Model, person: Person, target_ng_per_ml: float, duration_min: float, pump: Pump | None = None
) -> Plan:
    """One steady infusion whose peak is the target; below it where the pump cannot."""
    pump = pump or Pump()
    _above_zero(target_ng_per_ml, "the target")
    _above_zero(duration_min, "the duration")
    unit = peak(simulate(model, person, [Dose(model.drug, "iv", duration_min, duration_min=duration_min)]))
    wanted = target_ng_per_ml / unit.ng_per_ml.item()
    rate = pump.rate(wanted)
    if rate <= 0:
        raise ModelRefused(RefusalReason.OUT_OF_REACH, N_("the pump cannot run as slowly as this target asks"))
    doses = (Dose(model.drug, "iv", rate * duration_min, duration_min=duration_min),)
    return _plan(model, person, doses, target_ng_per_ml, rate >= wanted * (1 - 1e-9), _reasons(pump, wanted))


def plan_plateau(
    model: Model,
    person: Person,
    target_ng_per_ml: float,
    until_min: float,
    pump: Pump | None = None,
    step_min: float = 5.0,
) -> Plan:
    """A bolus (as far as allowed) and a rate per step that bring the concentration to the target and hold it.

    Each step's rate is the one that ends the step at the target, given all that went before: exact by
    superposition, as what one unit of rate adds by the end of its step is known.
    """
    pump = pump or Pump()
    _above_zero(target_ng_per_ml, "the target")
    _above_zero(until_min, "the duration")
    _above_zero(step_min, "the step")
    drug = model.drug
    one = simulate(model, person, [Dose(drug, "iv", 1.0)])
    per_mg = one.concentration([0.0], [model.main])[model.main].item()
    bolus = min(target_ng_per_ml / per_mg, pump.most_bolus_mg)
    doses: list[Dose] = [Dose(drug, "iv", bolus)] if bolus > 0 else []
    count = int(np.ceil(until_min / step_min - 1e-9))
    limited: dict[str, None] = {}
    reached = True
    for k in range(count):
        start = k * step_min
        length = min(step_min, until_min - start)
        end = start + length
        before = _value(model, person, doses, end) if doses else 0.0
        added = _value(model, person, [Dose(drug, "iv", length, start, length)], end)
        wanted = (target_ng_per_ml - before) / added
        rate = pump.rate(wanted)
        limited.update(dict.fromkeys(_reasons(pump, wanted)))
        if rate > 0:
            doses.append(Dose(drug, "iv", rate * length, start, length))
        reached = wanted <= pump.most_mg_per_min * (1 + 1e-9)
    if not doses:
        raise ModelRefused(RefusalReason.OUT_OF_REACH, N_("the pump cannot run as slowly as this target asks"))
    return _plan(model, person, tuple(doses), target_ng_per_ml, reached, tuple(limited))


def _value(model: Model, person: Person, doses: Sequence[Dose], at: float) -> float:
    return float(simulate(model, person, doses).concentration([at], [model.main])[model.main].item())


def _plan(
    model: Model,
    person: Person,
    doses: tuple[Dose, ...],
    target: float,
    reached: bool,
    limited: tuple[str, ...],
) -> Plan:
    expected = simulate(model, person, doses)
    top = peak(expected)
    return Plan(
        doses,
        reached,
        expected,
        top.ng_per_ml.item(),
        top.at_min.item(),
        sum(dose.mg for dose in doses),
        limited,
    )


def _reasons(pump: Pump, wanted: float) -> tuple[str, ...]:
    if wanted > pump.most_mg_per_min:
        return (f"the pump gives at most {pump.most_mg_per_min:g} mg/min",)
    return ()


def _above_zero(value: float, name: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be above zero"), name=name)
