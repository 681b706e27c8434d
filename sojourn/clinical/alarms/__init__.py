"""Alarms: one small state machine for each rule and signal. See machine.py for its laws."""

from sojourn.clinical.alarms.machine import acknowledge, judge, start
from sojourn.clinical.alarms.model import (
    AlarmRule,
    Event,
    Happening,
    Judgement,
    Level,
    NothingToAcknowledge,
    Phase,
    Priority,
    Reading,
    Reason,
    State,
    Why,
)
from sojourn.clinical.alarms.prepare import KINDS, prepare

__all__ = [
    "KINDS",
    "AlarmRule",
    "Event",
    "Happening",
    "Judgement",
    "Level",
    "NothingToAcknowledge",
    "Phase",
    "Priority",
    "Reading",
    "Reason",
    "State",
    "Why",
    "acknowledge",
    "judge",
    "prepare",
    "start",
]
