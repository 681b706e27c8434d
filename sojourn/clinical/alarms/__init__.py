"""Alarms: one small state machine for each rule and signal. See machine.py for its laws."""

from sojourn.clinical.alarms.again import Heard, PutRight, Withdrawal, put_right, withdraw
from sojourn.clinical.alarms.machine import acknowledge, awaited, eased, judge, start, worse
from sojourn.clinical.alarms.model import (
    AlarmRule,
    Easing,
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
from sojourn.clinical.alarms.order import rank, urgency
from sojourn.clinical.alarms.prepare import ESCALATION, KINDS, SILENCE, escalation, prepare, speaks_of

__all__ = [
    "ESCALATION",
    "KINDS",
    "SILENCE",
    "AlarmRule",
    "Easing",
    "Event",
    "Happening",
    "Heard",
    "Judgement",
    "Level",
    "NothingToAcknowledge",
    "Phase",
    "Priority",
    "PutRight",
    "Reading",
    "Reason",
    "State",
    "Why",
    "Withdrawal",
    "acknowledge",
    "awaited",
    "eased",
    "escalation",
    "judge",
    "prepare",
    "put_right",
    "rank",
    "speaks_of",
    "start",
    "urgency",
    "withdraw",
    "worse",
]
