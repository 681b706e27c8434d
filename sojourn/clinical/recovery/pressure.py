"""Is a pressure back near the patient's own?"""

from __future__ import annotations

from fractions import Fraction

from sojourn.clinical.units import exact


def change_percent(before: float, now: float) -> Fraction:
    """The exact change from ``before`` in percent of it; raises ValueError for a baseline not above zero."""
    if not before > 0:
        raise ValueError("a baseline must be above zero")
    first = exact(before)
    return (exact(now) - first) / first * 100


def outside(before: float, now: float, percent: float) -> bool:
    """True when ``now`` lies more than ``percent`` above or below ``before``; exactly on it is inside."""
    return abs(change_percent(before, now)) > exact(percent)
