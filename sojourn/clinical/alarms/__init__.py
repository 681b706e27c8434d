"""Alarms: one small state machine for each rule and signal. See machine.py for its laws."""

from sojourn.clinical.alarms.again import Heard, PutRight, put_right
from sojourn.clinical.alarms.machine import acknowledge, awaited, judge, start
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
from sojourn.clinical.alarms.order import rank, urgency
from sojourn.clinical.alarms.prepare import (
    ESCALATION,
    FAULT,
    KINDS,
    MONITOR_SIGNAL,
    SILENCE,
    escalation,
    prepare,
    speaks_of,
)

__all__ = [
    "ESCALATION",
    "FAULT",
    "KINDS",
    "MONITOR_SIGNAL",
    "SILENCE",
    "AlarmRule",
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
    "acknowledge",
    "awaited",
    "escalation",
    "judge",
    "prepare",
    "put_right",
    "rank",
    "speaks_of",
    "start",
    "urgency",
]
