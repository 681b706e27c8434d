"""What an expected line may rest on beside the rules of the rulebook; and a rule loosened by one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from sojourn.clinical import dosing
from sojourn.clinical.eligibility.today import ALWAYS
from sojourn.clinical.protocol import BY_NAME, guards, road
from sojourn.clinical.rules import OpenNumber, Parameter, Rule
from sojourn.clinical.units import exact

# Laws that are code and no number of a rule: "guards.plan-missing", "states.start_dose".
LAWS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "guards": frozenset((*guards.TEXTS, *road.TEXTS)),  # why a step is refused
        "dosing": frozenset(dosing.TEXTS),  # why a dose is
        "today": frozenset((*ALWAYS.values(), "not-asked", "expired")),  # what stands before a dose without a number
        "states": frozenset(BY_NAME),  # from where to where a step leads
        "pump": frozenset(("rate-missing", "no-pump", "not-lower", "not-higher")),  # what is called less must be less
        # milligrams: by pump rates and minutes, by the volume that was read off, by the parts that were given, and
        # drawn = given + wasted + left + not accounted for
        "administration": frozenset(("rates-and-minutes", "counted", "parts", "balance")),
        "schedule": frozenset(("nearest-point",)),  # which point a check belongs to
        "checks": frozenset(("two-people",)),  # a second role of one person is no second pair of eyes
        "clock": frozenset(("elapsed-time",)),  # minutes that went by, whatever the clock on the wall shows
    }
)

# The smallest change of a number that a clinician would make, by its unit (UCUM). A convention: for the limits of the
# rulebook one of the last digit in which they are spoken of.
_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "min": "1", "s": "1", "h": "1", "d": "1", "a": "1", "mm[Hg]": "1", "%": "1", "/min": "1", "{score}": "1",
        "{count}": "1", "Cel": "0.1", "mg": "0.5", "mg/kg": "0.05", "mg/mL": "1", "mL": "0.01", "mL/h": "1",
        "kg": "1", "kg/m2": "1", "ms": "10", "U/L": "1", "umol/L": "1", "mL/min/{1.73_m2}": "1", "1": "0.05",
    }
)  # fmt: skip


class CannotLoosen(ValueError):
    """A number that has no loose side, or whose step nobody has defined."""


def step_of(parameter: Parameter | OpenNumber) -> float:
    """One step of a number, away from caution: above zero where it goes up. Raises CannotLoosen."""
    if parameter.tighten == "fixed":
        raise CannotLoosen(f"{parameter.name} is fixed: neither side of it is the loose one")
    if parameter.unit not in _STEPS:
        raise CannotLoosen(f"{parameter.name}: no step is defined for {parameter.unit}")
    step = float(_STEPS[parameter.unit])
    return step if parameter.tighten == "lower" else -step


def loosened(rule: Rule, name: str) -> Rule:
    """The rule with one number a step away from caution; of a protocol also "schedule", each point of which, but that
    at the start, comes a minute later. Raises CannotLoosen."""
    if name == "schedule" and name in rule.fixed:
        later = tuple(point + 1 if point else point for point in rule.fixed[name])
        return replace(rule, fixed=MappingProxyType({**rule.fixed, name: later}))
    if name not in rule.parameters:
        raise CannotLoosen(f"{rule.id} has no number {name}")
    known = rule.parameters[name]
    value = exact(str(known.value)) + exact(str(step_of(known)))
    changed = {**rule.parameters, name: replace(known, value=float(value))}
    return replace(rule, parameters=MappingProxyType(changed))
