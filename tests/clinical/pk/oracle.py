"""A second implementation to agree with: SciPy's matrix exponential and integrator, one person at a time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from sojourn.clinical.pk.linear import DoseInput


def exponential(matrix: np.ndarray) -> np.ndarray:
    """SciPy's matrix exponential, kept on its general way.

    For triangular matrices SciPy 1.17 takes a short cut that loses half the digits where roots lie close
    together (two stages 1e-12 apart come out 5e-6 wrong); turned by a rotation no matrix is triangular.
    """
    turn = _turn(len(matrix))
    return np.asarray(turn.T @ expm(turn @ matrix @ turn.T) @ turn)


@cache
def _turn(size: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]


def by_exponential(rates: np.ndarray, pours: Sequence[DoseInput], times: Sequence[float]) -> np.ndarray:
    """Amounts (n, T) by superposing matrix exponentials; an infusion is one more compartment that feeds."""
    size = len(rates)
    passed = cache(lambda minutes: exponential(rates * minutes))  # many pours end equally long ago

    @cache
    def poured(compartment: int, minutes: float) -> np.ndarray:
        """What an infusion of 1 per minute leaves at its end."""
        fed = np.zeros((size + 1, size + 1))
        fed[:size, :size] = rates
        fed[compartment, size] = 1.0
        return exponential(fed * minutes)[:size, size]

    columns = []
    for at in times:
        amounts = np.zeros(size)
        for pour in pours:
            amount, start, duration = float(pour.amount), float(pour.start), float(pour.duration)
            if at < start:
                continue
            if duration == 0:
                amounts += passed(at - start)[:, pour.compartment] * amount
                continue
            end = min(at, start + duration)
            amounts += passed(at - end) @ poured(pour.compartment, end - start) * (amount / duration)
        columns.append(amounts)
    return np.array(columns).T


def by_integration(rates: np.ndarray, pours: Sequence[DoseInput], times: Sequence[float]) -> np.ndarray:
    """Amounts (n, T) by Dormand and Prince's 8th-order method, restarted wherever an input changes or a time is asked
    for: between its own steps it interpolates, and that is worse than its tolerance."""
    changes = {float(p.start) for p in pours} | {float(p.start) + float(p.duration) for p in pours}
    edges = sorted({0.0, *changes, *times, max(times) + 1.0})
    amounts = np.zeros(len(rates))
    found = {}
    for begin, end in itertools.pairwise(edges):
        inflow = np.zeros(len(rates))
        for pour in pours:
            start, duration = float(pour.start), float(pour.duration)
            if duration == 0 and start == begin:
                amounts[pour.compartment] += float(pour.amount)
            elif duration > 0 and start <= begin < start + duration:
                inflow[pour.compartment] += float(pour.amount) / duration
        found[begin] = amounts.copy()
        solved = solve_ivp(
            lambda _, y, i=inflow: rates @ y + i, (begin, end), amounts, method="DOP853", rtol=1e-12, atol=1e-12
        )
        amounts = solved.y[:, -1].copy()
    return np.array([found[t] for t in times]).T
