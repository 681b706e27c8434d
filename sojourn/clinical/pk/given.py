"""What was really given, as the schedule that the models take. What was planned is nowhere asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from .people import Dose

if TYPE_CHECKING:
    from sojourn.clinical.administration import Delivered, Segment

# As charts and protocols write a route, where the models write it otherwise.
_ROUTES: Final = {"oral": "po", "iv_racemic": "iv"}


@dataclass(frozen=True, slots=True)
class Given:
    """One administration: its drug, its route as charted, and what of it went in."""

    drug: str
    route: str
    delivered: Delivered


@dataclass(frozen=True, slots=True)
class Schedule:
    """Doses in minutes from ``first_at``, the start of the first administration (UTC).

    ``doses`` went in; ``ahead`` is what would still go in, were every pump to run on at its present rate. Together
    they are what ``so_far`` takes. Both may be empty: nothing went in.
    """

    first_at: datetime
    doses: tuple[Dose, ...]
    ahead: tuple[Dose, ...]


def model_route(route: str) -> str:
    """A charted route as the models write it."""
    return _ROUTES.get(route, route)


def given_schedule(administrations: Sequence[Given]) -> Schedule:
    """The schedule of everything that was given; at least one administration. Raises Refused for an unknown route."""
    first = min(_started_at(each) for each in administrations)
    doses = [dose for each in administrations for dose in _doses(each, first)]
    ahead = [dose for each in administrations for dose in _ahead(each, first)]
    return Schedule(first, tuple(sorted(doses, key=_start)), tuple(sorted(ahead, key=_start)))


def _started_at(each: Given) -> datetime:
    started: datetime = each.delivered.start.at
    return started


def _start(dose: Dose) -> float:
    return dose.start_min


def _doses(each: Given, first: datetime) -> Iterator[Dose]:
    yield from _ran(each, each.delivered.segments, first)
    for part in each.delivered.parts:
        yield Dose(each.drug, model_route(each.route), float(part.mg), _minutes(first, part.at))


def _ahead(each: Given, first: datetime) -> Iterator[Dose]:
    if each.delivered.ahead is not None:
        yield from _ran(each, [each.delivered.ahead], first)


def _ran(each: Given, segments: Iterable[Segment], first: datetime) -> Iterator[Dose]:
    for segment in segments:
        length = _minutes(segment.since, segment.until)
        yield Dose(each.drug, model_route(each.route), float(segment.mg), _minutes(first, segment.since), length)


def _minutes(since: datetime, until: datetime) -> float:
    return (until - since) / timedelta(minutes=1)
