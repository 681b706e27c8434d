"""The day by chair: a table of quarter hours, and one list a chair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from sojourn.care.coordination.queries import RideHome
from sojourn.care.encounter.queries import SessionRow
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Chair
from sojourn.clinical.protocol import FINAL
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import page_local
from sojourn.interfaces.console.scheduling.ride_home import ride_word
from sojourn.interfaces.shared.states import Word, state_word

STEP = timedelta(minutes=15)
_OPENS, _CLOSES = time(8), time(18)


def clock_words(at: datetime) -> str:
    return formats.date_format(page_local(at), "H:i")


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of one chair's day: an appointment, or free time. ``rows`` are quarter hours."""

    rows: int
    span: str  # 09:00 to 11:00
    title: str = ""
    url: str = ""
    word: Word | None = None
    ahead: bool = True
    ride: Word | None = None
    staff: str = ""
    here: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A row of the table: a quarter of an hour, and the stretches that begin in it, one a chair or none."""

    label: str
    on_the_hour: bool
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class ChairDay:
    """One chair's day, in order; for narrow screens."""

    name: str
    cells: tuple[Cell, ...]


def _window(day: date, zone: ZoneInfo, rows: Sequence[SessionRow]) -> tuple[datetime, datetime]:
    """The hours to show: the usual ones, and whatever is booked beside them. Aware, in UTC, whole hours."""
    first, last = scheduling_queries.day_bounds(day, zone)
    begins = datetime.combine(day, _OPENS, zone).astimezone(UTC)
    ends = datetime.combine(day, _CLOSES, zone).astimezone(UTC)
    for row in rows:
        begins = min(begins, row.appointment.during.lower.astimezone(UTC))
        ends = max(ends, row.appointment.during.upper.astimezone(UTC))
    begins = begins.replace(minute=0, second=0, microsecond=0)
    if ends.minute or ends.second:
        ends = ends.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return max(begins, first.astimezone(UTC)), min(ends, last.astimezone(UTC))


def _stretches(
    day: date, chair: Chair, rows: Sequence[SessionRow], begins: datetime, ends: datetime, actor: Actor,
    hidden: frozenset[int], now: datetime, rides: Mapping[int, RideHome], staff: Mapping[int, str],
) -> list[tuple[int, Cell]]:  # fmt: skip
    """One chair's day without gaps: (the quarter that it begins in, stretch). Elapsed time, so that a day on which
    the clocks change is as long as it is."""
    quarters = (ends - begins) // STEP
    found: list[tuple[int, Cell]] = []
    at = 0

    def free(until: int) -> None:
        if until <= at:
            return
        since = begins + at * STEP
        over = begins + until * STEP
        local = page_local(since)
        ahead = over > now and actor.may("appointment.book")
        query = urlencode({"day": day.isoformat(), "time": local.strftime("%H:%M"), "chair": str(chair.pk)})
        url = f"{reverse('console:appointment_book')}?{query}" if ahead else ""
        found.append((at, Cell(until - at, f"{clock_words(since)}–{clock_words(over)}", url=url, ahead=ahead)))

    for row in rows:
        appointment = row.appointment
        first = max(at, (appointment.during.lower - begins) // STEP)
        last = max(first + 1, -(-(appointment.during.upper - begins) // STEP))
        free(first)
        secret = appointment.patient_id in hidden
        ride = rides.get(appointment.pk)
        shown = ride is not None and not secret and row.state not in FINAL
        found.append((
            first,
            Cell(
                last - first,
                f"{clock_words(appointment.during.lower)}–{clock_words(appointment.during.upper)}",
                title=_("Restricted record") if secret else appointment.patient.name,
                url=reverse("console:appointment", args=[appointment.pk]),
                word=state_word(row.state, clinical=actor.may("session.read")),
                ride=ride_word(ride) if shown and ride is not None else None,
                staff=staff.get(appointment.pk, ""),
                here=None if secret else row.here_at,
            ),
        ))  # fmt: skip
        at = last
    free(quarters)
    return found


def timeline(
    day: date, zone: ZoneInfo, chairs: Sequence[Chair], rows: Sequence[SessionRow], actor: Actor,
    hidden: frozenset[int], now: datetime, rides: Mapping[int, RideHome] | None = None,
    staff: Mapping[int, str] | None = None,
) -> tuple[list[Quarter], list[ChairDay]]:  # fmt: skip
    """The day as a table of quarter hours by chairs, and as one list a chair."""
    begins, ends = _window(day, zone, rows)
    booked: dict[int, list[SessionRow]] = {chair.pk: [] for chair in chairs}
    for row in rows:
        booked.setdefault(row.appointment.chair_id, []).append(row)
    columns = [
        _stretches(day, chair, booked[chair.pk], begins, ends, actor, hidden, now, rides or {}, staff or {})
        for chair in chairs
    ]
    lists = [
        ChairDay(chair.name, tuple(cell for _at, cell in column)) for chair, column in zip(chairs, columns, strict=True)
    ]
    return _quarters(begins, columns), lists


def _quarters(begins: datetime, columns: Sequence[Sequence[tuple[int, Cell]]]) -> list[Quarter]:
    """The rows of the table."""
    starting = [dict(column) for column in columns]
    found = []
    for number in range(max((at + cell.rows for column in columns for at, cell in column), default=0)):
        local = page_local(begins + number * STEP)
        on_the_hour = local.minute == 0
        label = formats.date_format(local, "H:i") if on_the_hour else ""
        found.append(Quarter(label, on_the_hour, tuple(column.get(number) for column in starting)))
    return found
