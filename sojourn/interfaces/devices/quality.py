"""What OBX-11 and OBX-8 say about a row: whether it carries a value, and whether the value is doubted.

Two tables, each entry decided. The rule above both: doubt is not silence. A doubted value may raise an alarm, never
clears one and never counts as present; what carries no value neither raises nor clears.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Meaning = Literal["value", "correction", "withdrawn", "repeats", "no_value", "refused"]


@dataclass(frozen=True, slots=True)
class Status:
    """What one letter of OBX-11 means for a row. `reason` names it where the row gives no plain value."""

    meaning: Meaning
    reason: str = ""


VALUE: Final = Status("value")

# HL7 v2.9 table 0085, complete, with what each letter makes of a row that carries a number.
STATUSES: Final = MappingProxyType({
    "": VALUE,  # before v2.3, and in many bedside monitors since
    "F": VALUE,  # final
    "R": VALUE,  # entered, not verified: how IHE PCD sends what a monitor measures
    "P": VALUE,  # preliminary
    "S": VALUE,  # partial
    "B": VALUE,  # appended report
    "V": VALUE,  # verified
    "C": Status("correction"),  # replaces a final result
    "A": Status("correction"),  # amended: replaces what was sent
    "U": Status("repeats"),  # turned final without sending the result again
    "D": Status("withdrawn", "deleted"),
    "W": Status("withdrawn", "wrong"),  # posted as wrong, perhaps on the wrong patient
    "X": Status("no_value", "cannot_obtain"),
    "I": Status("no_value", "pending"),
    "N": Status("no_value", "not_asked"),
    "O": Status("refused", "status_order"),  # order detail only; a dialect may say that its maker means a value
})  # fmt: skip
UNKNOWN_STATUS: Final = Status("value", "status")  # no letter of the table: kept, and doubted


def status_of(text: str) -> tuple[str, Status]:
    """OBX-11 in capitals without what stands beside it, and what it means."""
    letter = text.strip().partition("^")[0].strip().upper()[:8]
    return letter, STATUSES.get(letter, UNKNOWN_STATUS)


# OBX-8 as IHE PCD TF-2 writes the state of a measurement (ISO/IEEE 11073 MeasurementStatus), and table 0078.
NO_VALID_VALUE: Final = MappingProxyType({
    "INV": "invalid", "NAV": "cannot_obtain", "CAL": "calibrating", "TEST": "test", "DEMO": "test",
})  # fmt: skip
QUESTIONABLE: Final = MappingProxyType({
    "QUES": "questionable",
    "EARLY": "early",  # an early indication, before the measurement has settled
    "BUSY": "ongoing",  # the measurement goes on
    "QCF": "questionable",  # quality control failed
    "IND": "questionable",  # indeterminate
    "E": "questionable",  # equivocal
    "AC": "questionable",  # interfering substances: only laboratories send these two
    "TOX": "questionable",
})  # fmt: skip
OFF_SCALE: Final = MappingProxyType({"<": "<", ">": ">"})  # below or above what the instrument can show

# Why a reading is doubted: the word that is stored with it.
DOUBTS: Final = ("questionable", "early", "ongoing", "bound", "rate", "status")


@dataclass(frozen=True, slots=True)
class Flags:
    """What the flags of one row say together."""

    absent: str = ""  # why the row carries no value, or ""
    doubt: str = ""
    comparator: str = ""


PLAIN: Final = Flags()


def flags_of(flags: tuple[str, ...]) -> Flags:
    """The gravest that OBX-8 says: no value before doubt, doubt before nothing."""
    words = [flag.upper() for flag in flags]
    return Flags(
        next((NO_VALID_VALUE[w] for w in words if w in NO_VALID_VALUE), ""),
        next((QUESTIONABLE[w] for w in words if w in QUESTIONABLE), ""),
        next((OFF_SCALE[w] for w in words if w in OFF_SCALE), ""),
    )


RATES: Final = frozenset({"hr", "pr", "rr"})


def rate_doubt(code: str, value: float) -> str:
    """ "rate" for a number of beats or breaths a minute that no count gives: 0 is none, the least beside it is 1."""
    return "rate" if 0 < value < 1 and code in RATES else ""
