"""Interactions: a person's medicines and rules in, what they do beside ketamine out. Finding medicines by name."""

from sojourn.clinical.interactions.checking import (
    KIND,
    LEVELS,
    Interaction,
    InteractionRule,
    Level,
    NotChecked,
    Outcome,
    check,
    read,
    unmentioned,
)
from sojourn.clinical.interactions.medicines import (
    TAKEN_BY,
    GroupByRoute,
    Medicine,
    Names,
    exact,
    find,
    fold,
    written,
)
from sojourn.clinical.interactions.prose import by_name, ingredients, recognise, taken, together

__all__ = [
    "KIND",
    "LEVELS",
    "TAKEN_BY",
    "GroupByRoute",
    "Interaction",
    "InteractionRule",
    "Level",
    "Medicine",
    "Names",
    "NotChecked",
    "Outcome",
    "by_name",
    "check",
    "exact",
    "find",
    "fold",
    "ingredients",
    "read",
    "recognise",
    "taken",
    "together",
    "unmentioned",
    "written",
]
