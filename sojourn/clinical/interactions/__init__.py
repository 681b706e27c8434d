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
from sojourn.clinical.interactions.medicines import Medicine, Names, exact, find, fold, recognise, written

__all__ = [
    "KIND",
    "LEVELS",
    "Interaction",
    "InteractionRule",
    "Level",
    "Medicine",
    "Names",
    "NotChecked",
    "Outcome",
    "check",
    "exact",
    "find",
    "fold",
    "read",
    "recognise",
    "unmentioned",
    "written",
]
