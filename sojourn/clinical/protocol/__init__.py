"""The session: its states, the guards between them, its protocol and its schedule of checks."""

from sojourn.clinical.protocol.floors import HARD_FLOOR, Floors, HardFloor, floors_of, known_of, read_floor
from sojourn.clinical.protocol.guards import GuardFacts, GuardReason, Latest, Passed, StepRefusal, guard
from sojourn.clinical.protocol.protocol import Item, Measured, Protocol, facts_of_the_day, read
from sojourn.clinical.protocol.schedule import Due, Point, next_check_due
from sojourn.clinical.protocol.states import (
    BY_NAME,
    DOSE_STEP,
    FINAL,
    PRESENT,
    TRANSITIONS,
    UNDER_WAY,
    State,
    Transition,
    allowed,
)

__all__ = [
    "BY_NAME",
    "DOSE_STEP",
    "FINAL",
    "HARD_FLOOR",
    "PRESENT",
    "TRANSITIONS",
    "UNDER_WAY",
    "Due",
    "Floors",
    "GuardFacts",
    "GuardReason",
    "HardFloor",
    "Item",
    "Latest",
    "Measured",
    "Passed",
    "Point",
    "Protocol",
    "State",
    "StepRefusal",
    "Transition",
    "allowed",
    "facts_of_the_day",
    "floors_of",
    "guard",
    "known_of",
    "next_check_due",
    "read",
    "read_floor",
]
