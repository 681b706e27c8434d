"""The highest dose of a drug by a route. No reason and no signature passes it.

Into a vein the minutes decide as much as the milligrams: 1 mg/kg over 40 minutes was studied against depression, the
same as a push is anaesthesia. So a ceiling may have steps: so much from so many minutes on, less below.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal

from sojourn.clinical.dosing.quantities import Kilograms, Milligrams, Minutes
from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import exact

CEILING: Final = "dose.ceiling"
Basis = Literal["mg/kg", "mg"]


@dataclass(frozen=True, slots=True)
class CeilingStep:
    """At most ``most`` (mg/kg or mg, as the ceiling's basis says) in a dose that takes at least ``minutes``."""

    most: Fraction
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class DoseCeiling:
    """The highest dose of a drug by a route. ``steps`` rise with the minutes; where time does not matter there is one,
    from no minutes on. ``cap`` is milligrams that nobody gets more of, whatever the weight."""

    rule: Rule
    route: str
    drug: str
    basis: Basis
    steps: tuple[CeilingStep, ...]
    cap: Milligrams | None

    @property
    def by_minutes(self) -> bool:
        """Whether the time that a dose takes matters."""
        return "steps" in self.rule.fixed

    @property
    def shortest(self) -> Minutes:
        """The shortest time that a dose may take."""
        return min(each.minutes for each in self.steps)

    def most(self, minutes: Minutes) -> Fraction | None:
        """The most of the basis in a dose that takes so long; None where it is too short for any.

        A shorter dose is never allowed more than a longer one, whatever a clinic has tightened.
        """
        reached = [number for number, each in enumerate(self.steps) if each.minutes <= minutes]
        return self._effective(max(reached)) if reached else None

    def _effective(self, number: int) -> Fraction:
        return min(each.most for each in self.steps[number:])

    def limit(self, weight: Kilograms | None, over: Minutes | None) -> Milligrams | None:
        """The most milligrams for a person in a time (None: at once). None where the time is too short for any dose, or
        the weight is not known that it needs."""
        found = self.most(over or Minutes(Fraction(0)))
        return None if found is None else self._milligrams(found, weight)

    def strictest(self, weight: Kilograms | None) -> Milligrams | None:
        """The most milligrams in the shortest time that is allowed at all; None without the weight that it needs."""
        return self._milligrams(self._effective(0), weight)

    def paces(self, weight: Kilograms | None) -> tuple[tuple[Milligrams, Minutes], ...]:
        """Each step as milligrams for a person and the minutes in which they may go in; empty without the weight."""
        found = []
        for number, each in enumerate(self.steps):
            most = self._milligrams(self._effective(number), weight)
            if most is not None:
                found.append((most, each.minutes))
        return tuple(found)

    def _milligrams(self, most: Fraction, weight: Kilograms | None) -> Milligrams | None:
        found = Milligrams(most)
        if self.basis == "mg/kg":
            if weight is None or weight.nothing:
                return None
            found = Milligrams(most * weight.value)
        return found if self.cap is None else min(found, self.cap)

    def share(self, dose: Milligrams, weight: Kilograms | None, over: Minutes | None) -> Fraction | None:
        """Which part of the ceiling a dose is. One that went in faster than any may is measured by the shortest time
        that is allowed. None without the weight that it needs."""
        limit = self.limit(weight, over) or self.strictest(weight)
        return None if limit is None else dose.value / limit.value


def read_ceiling(rule: Rule) -> DoseCeiling:
    """The ceiling of a rule of kind "dose.ceiling"; raises RuleInvalid.

    Its numbers: ``most``, or two for each step, which ``fixed.steps`` names as ``{most = ..., minutes = ...}``; and
    perhaps ``cap``, milligrams.
    """
    basis = rule.fact("basis")
    if rule.kind != CEILING or basis not in ("mg/kg", "mg"):
        raise RuleInvalid(f"{rule.id}: the basis of a ceiling is mg/kg or mg")
    steps = _steps(rule, basis)
    if loose := [each.name for each in rule.parameters.values() if each.furthest is None or each.furthest <= 0]:
        raise RuleInvalid(f"{rule.id}: {', '.join(loose)} must say how far a clinic may go")
    cap = rule.optional("cap")
    return DoseCeiling(
        rule, str(rule.fact("route")), str(rule.fact("drug")), basis, steps, None if cap is None else Milligrams.of(cap)
    )


def _steps(rule: Rule, basis: Basis) -> tuple[CeilingStep, ...]:
    named = rule.fixed.get("steps")
    if named is None:
        return (CeilingStep(_most(rule, "most", basis), Minutes(Fraction(0))),)
    steps = tuple(
        CeilingStep(_most(rule, str(each["most"]), basis), Minutes.of(rule.number(str(each["minutes"]))))
        for each in named
    )
    if not steps or (not rule.tightened and not _rise(steps)):
        raise RuleInvalid(f"{rule.id}: the steps of a ceiling rise, in minutes and in dose")
    return steps


def _most(rule: Rule, name: str, basis: str) -> Fraction:
    found = exact(rule.number(name))
    if rule.parameters[name].unit != basis or found <= 0:
        raise RuleInvalid(f"{rule.id}: {name} is more than nothing, in {basis}")
    if rule.parameters[name].tighten != "lower":
        raise RuleInvalid(f"{rule.id}: {name} may only be lowered")
    return found


def _rise(steps: tuple[CeilingStep, ...]) -> bool:
    return all(one.minutes < other.minutes and one.most <= other.most for one, other in pairwise(steps))
