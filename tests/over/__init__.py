"""What is over, or not meant: for a furnished patient and their clinic one more row of everything, which counts not.

Each is a copy of what stands, and ended: withdrawn, struck, retired, answered, of another day. ``OVER`` says how it is
laid down, a file for each room; ``TELLS`` which answers tell of it all the same: histories, the record, lists of
everything there ever was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.furnished import Furnished
from tests.over import (
    accounts,
    alarms,
    candidacy,
    consent,
    coordination,
    intake,
    measures,
    messaging,
    patients,
    plan,
    safety,
    scheduling,
    session,
    vitals,
)

_ROOMS: Final = (
    accounts,
    alarms,
    candidacy,
    consent,
    coordination,
    intake,
    measures,
    messaging,
    patients,
    plan,
    safety,
    scheduling,
    session,
    vitals,
)
OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    what: end for room in _ROOMS for what, end in room.OVER.items()
}
TELLS: Final[dict[str, set[str]]] = {what: names for room in _ROOMS for what, names in room.TELLS.items()}
