"""A metabolite whose clearance rises with time (Flint 2017), still in closed form.

``dN/dt = k C(t) - a (1 + s t) N`` is linear but not constant. Its kernel is
``exp(-a((t - u) + s (t² - u²) / 2))``; against an exponential of the parent the integral is Dawson's
function, so no step size enters here either. Time runs from the first dose, as published.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .body import NG_PER_ML
from .linear import Floats

if TYPE_CHECKING:
    from .body import Bodies
    from .model import Ageing
    from .people import Dose


def dawson(x: Floats) -> Floats:
    """Dawson's function exp(-x²) ∫ exp(u²) du by Rybicki's sum, right to the last few digits.

    Rybicki GB, Computers in Physics 1989;3:85: sampling at odd multiples of h has error exp(-(π/2h)²).
    """
    h = 0.2
    centre = 2.0 * np.round(x / (2.0 * h))  # the even integer next to x / h
    near = x - centre * h
    total = np.zeros_like(x)
    for k in range(-35, 36, 2):
        n = centre + k
        total += np.exp(-((near - k * h) ** 2)) / n
    return np.asarray(total / np.sqrt(np.pi))


def ageing_values(people: Bodies, own: Ageing, doses: Sequence[Dose], times: Floats) -> Floats:
    """(N, T) ng/mL of the metabolite at the given minutes, of intravenous doses."""
    first = min(dose.start_min for dose in doses)
    clock = np.broadcast_to(times, (people.count, times.shape[-1])) - first
    place = people.model.compartments.index(own.fed_by)
    speed = people.values[own.through] / people.values[people.model.volumes[own.fed_by]]
    speed_out = people.values[own.clearance] / people.values[own.volume]
    parent = people.system
    # the parent's amount is a sum of exponentials per piece; read it as one extra output
    readings = np.eye(len(people.model.compartments))[None, [place]].repeat(people.count, axis=0)
    from .linear import DoseInput, Linear

    pours = [DoseInput(place, dose.mg, dose.start_min - first, dose.duration_min) for dose in doses]
    pieces = Linear(parent.rates, readings).respond(pours).exponentials(0)
    rise = people.values[own.rise]
    curve = _Kernel(speed_out, rise)
    amount = np.zeros(people.count)
    result = np.zeros(clock.shape)
    for number, (start, terms) in enumerate(pieces):
        end = pieces[number + 1][0] if number + 1 < len(pieces) else None
        inside = (clock >= start) & ((clock < end) if end is not None else True)
        at = np.where(inside, clock, start)
        value = curve.carried(amount[:, None], start, at) + speed[:, None] * curve.fed(terms, start, at)
        result = np.where(inside, value, result)
        if end is not None:
            last = np.full((people.count, 1), end)
            amount = (curve.carried(amount[:, None], start, last) + speed[:, None] * curve.fed(terms, start, last))[
                :, 0
            ]
    return np.maximum(NG_PER_ML * result / people.values[own.volume][:, None], 0.0)


class _Kernel:
    """exp(-(Φ(t) - Φ(u))) with Φ' = a (1 + s t), and its integral against exponentials."""

    def __init__(self, a: Floats, s: Floats) -> None:
        self.a = a[:, None]
        self.s = s[:, None]

    def _between(self, start: float, t: Floats) -> Floats:
        return self.a * (t - start) * (1.0 + self.s * (t + start) / 2.0)

    def carried(self, amount: Floats, start: float, t: Floats) -> Floats:
        """What was there at ``start`` and is still there at t."""
        return amount * np.exp(-self._between(start, t))

    def fed(self, terms: Sequence[tuple[Floats, Floats]], start: float, t: Floats) -> Floats:
        """What arrived since ``start`` as sum of weight * exp(rate (u - start)), and is still there."""
        width = np.sqrt(self.a * self.s / 2.0)
        total = np.zeros(t.shape)
        for rate, weight in terms:
            turn = (self.a + rate[:, None]) / (self.a * self.s)
            late, soon = width * (t + turn), width * (start + turn)
            total = total + weight[:, None] / width * (
                np.exp(rate[:, None] * (t - start)) * dawson(late)
                - np.exp(-self._between(start, t)) * dawson(np.broadcast_to(soon, late.shape))
            )
        return total
