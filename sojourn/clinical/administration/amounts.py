"""What was given of one dose: the segments and parts that went in, where the dose is, and what does not agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from sojourn.clinical.administration.events import Start
from sojourn.clinical.administration.reasons import ChartingReason


class Method(StrEnum):
    """Where the milligrams come from."""

    COMPUTED = "computed"  # pump rates and minutes
    COUNTED = "counted"  # read off the pump or the syringe; what ran after the reading is computed
    ASKED = "asked"  # a person says so


class Phase(StrEnum):
    """Where the dose is. ``EMPTY``: the volume is in and nobody has recorded the end."""

    RUNNING = "running"
    PAUSED = "paused"
    EMPTY = "empty"
    STOPPED = "stopped"
    ENDED = "ended"


OVER = frozenset((Phase.EMPTY, Phase.STOPPED, Phase.ENDED))


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which the pump ran at one rate, and what went in. Times are UTC, to the microsecond."""

    since: datetime
    until: datetime
    ml_per_h: Fraction
    mg_per_h: Fraction
    ml: Fraction
    mg: Fraction


@dataclass(frozen=True, slots=True)
class GivenAmount:
    """What was given at once. UTC."""

    at: datetime
    mg: Fraction


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The newest reading and what was computed (or charted) until then. The record says the counted value."""

    at: datetime
    computed_mg: Fraction
    counted_mg: Fraction


@dataclass(frozen=True, slots=True)
class Delivered:
    """One dose until ``until``. ``computed_mg`` is what rates and minutes (or charted parts) alone would say.

    ``ahead`` is what would still run in at the present rate; ``needs`` what a person must be asked, and as long as it
    is not empty ``given_mg`` is only what was charted. ``given_ml`` is None where no concentration is known.
    """

    start: Start
    until: datetime
    phase: Phase
    method: Method
    given_mg: Fraction
    given_ml: Fraction | None
    computed_mg: Fraction
    segments: tuple[Segment, ...]
    parts: tuple[GivenAmount, ...]
    ahead: Segment | None
    ended_at: datetime | None  # when a person recorded the stop or the end
    emptied_at: datetime | None
    paused: timedelta
    disagreement: Disagreement | None
    needs: tuple[ChartingReason, ...]
    discrepancies: tuple[ChartingReason, ...]

    @property
    def planned_mg(self) -> Fraction:
        return self.start.planned_mg

    @property
    def over(self) -> bool:
        """Whether nothing more goes in."""
        return self.phase in OVER

    @property
    def would_end_at(self) -> datetime | None:
        """When the bag is empty at the present rate; None where nothing runs."""
        return self.ahead.until if self.ahead else None

    @property
    def last_given_at(self) -> datetime | None:
        """The end of the last part that was given; None where nothing was."""
        ends = (*(each.until for each in self.segments), *(each.at for each in self.parts))
        return max(ends, default=None)

    @property
    def observation_from(self) -> datetime | None:
        """Where the observation clock starts: the last part given, once the dose is over.

        As long as it is not known what was given, the moment when the dose was ended. None: not over, or nothing
        given.
        """
        if not self.over:
            return None
        return self.ended_at if self.needs else self.last_given_at
