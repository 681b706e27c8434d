"""What was really given: from the steps of one dose to milligrams given, wasted, left and missing."""

from sojourn.clinical.administration.amounts import (
    OVER,
    Delivered,
    Disagreement,
    GivenAmount,
    Method,
    Phase,
    Segment,
)
from sojourn.clinical.administration.balance import Balance, DoseBalance, NeverGiven, reconcile
from sojourn.clinical.administration.delivering import delivered
from sojourn.clinical.administration.events import (
    Counted,
    End,
    Event,
    Means,
    PartGiven,
    Pause,
    PumpStep,
    RateChange,
    RateExpected,
    Reading,
    Resume,
    Start,
    StatedTotal,
    Stop,
    Waste,
)
from sojourn.clinical.administration.history import HistoryRefused, accept
from sojourn.clinical.administration.reasons import TEXTS, ChartingReason

__all__ = [
    "OVER",
    "TEXTS",
    "Balance",
    "ChartingReason",
    "Counted",
    "Delivered",
    "Disagreement",
    "DoseBalance",
    "End",
    "Event",
    "GivenAmount",
    "HistoryRefused",
    "Means",
    "Method",
    "NeverGiven",
    "PartGiven",
    "Pause",
    "Phase",
    "PumpStep",
    "RateChange",
    "RateExpected",
    "Reading",
    "Resume",
    "Segment",
    "Start",
    "StatedTotal",
    "Stop",
    "Waste",
    "accept",
    "delivered",
    "reconcile",
]
