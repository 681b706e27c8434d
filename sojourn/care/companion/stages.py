"""Where a patient is and what they can do today, from what exists: no stage is ever set by hand. Pure.

Facts and now go in; the stage, one thing to do, and the rest come out. Things are codes: words and addresses are the
affair of whoever shows them. The rules are written down in decision 0043. A day here is the clinic's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from sojourn.care.coordination.arrival import is_the_day, may_take_back
from sojourn.clinical.protocol import State

Stage = Literal[
    "invited", "intake", "deciding", "agreed", "planned", "waiting", "week_before", "day", "arriving", "session",
    "first_evening", "window", "between", "after_series", "staying_well", "paused", "declined", "ended",
]  # fmt: skip
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

Thing = Literal[
    "intake", "agreements", "answer", "sheet", "message", "times", "ride_home", "here", "take_back", "quiet_screen",
    "place", "visits", "plan", "progress", "read", "ask",
]  # fmt: skip

Station = Literal["consultation", "plan", "preparation", "sessions", "integration", "follow_up"]
STATIONS: Final[tuple[Station, ...]] = get_args(Station)

WEEK: Final = timedelta(days=7)
# How long after a dose the days after it last, unless the next session comes first. Ours, until a clinic has adopted a
# rule of integration (issue 22); the row AC080 of the collected facts gives 7 to 14 days, for the duration of an effect
# and not of any plasticity, and AC070 forbids to tell it to patients. So it is shown to nobody as a number.
WINDOW: Final = timedelta(days=14)

Answer = Literal["", "accept", "accept_with_conditions", "defer", "decline"]
_YES: Final = frozenset(("accept", "accept_with_conditions"))


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that was not cancelled, with where its session stands.

    ``is_running``: its patient is in a session now. ``dosed_at``: when its first dose began, None without one;
    ``over_at``: when the session ended, None where nobody ended it. ``here_at``: since when the patient says that they
    are here. ``has_no_ride``: nobody is named who brings them home, or who is named cannot.
    """

    id: int
    begins: datetime
    ends: datetime
    course_id: int = 0
    state: State = State.PLANNED
    is_running: bool = False
    dosed_at: datetime | None = None
    over_at: datetime | None = None
    here_at: datetime | None = None
    has_no_ride: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A course of treatment: the newest that runs, else the newest there was."""

    id: int
    planned_sessions: int
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the record holds of one patient. ``visits``: earliest first. ``answered_at``: when the clinic gave its
    newest ``answer``. ``agreements``: how many wait for a signature, None where none was asked for."""

    zone: ZoneInfo
    is_begun: bool = False
    is_sent: bool = False
    answer: Answer = ""
    answered_at: datetime | None = None
    agreements: int | None = None
    course: Course | None = None
    visits: tuple[Visit, ...] = ()
    sheets: int = 0
    unread: int = 0

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    @property
    def sessions_done(self) -> int:
        """In how many sessions of the course a dose was given, without the one that runs."""
        of = self.course.id if self.course is not None else None
        return sum(each.course_id == of and each.dosed_at is not None and not each.is_running for each in self.visits)

    @property
    def was_dosed(self) -> bool:
        return any(each.dosed_at is not None for each in self.visits)


@dataclass(frozen=True, slots=True)
class Today:
    """``main`` is the one thing to do, ``rest`` what else there is, in its order. ``visit``: the session that runs,
    else the one that comes next. ``rests``: a dose is with the patient, and nothing is asked of them."""

    stage: Stage
    main: Thing
    rest: tuple[Thing, ...]
    visit: Visit | None = None
    rests: bool = False


# What is offered at each stage: the first that there is, is the main thing.
_OFFERED: Final[Mapping[Stage, tuple[Thing, ...]]] = {
    "invited": ("intake", "agreements", "sheet", "message", "read", "ask", "place"),
    "intake": ("intake", "agreements", "sheet", "message", "read", "ask", "place"),
    "deciding": ("agreements", "sheet", "message", "answer", "read", "ask", "place"),
    "agreed": ("sheet", "message", "read", "answer", "ask", "place"),
    "planned": ("agreements", "sheet", "message", "times", "plan", "read", "ask", "place"),
    "waiting": ("agreements", "sheet", "message", "visits", "plan", "read", "ask", "place"),
    "week_before": ("agreements", "ride_home", "sheet", "message", "read", "place", "visits", "ask"),
    "day": ("here", "agreements", "ride_home", "sheet", "message", "place", "visits", "read", "ask"),
    "arriving": ("agreements", "sheet", "read", "ride_home", "take_back", "message", "place"),
    "session": ("quiet_screen", "agreements", "sheet", "message", "place"),
    "first_evening": ("read", "ask", "message", "agreements", "sheet", "place"),
    "window": ("agreements", "ride_home", "sheet", "message", "read", "visits", "progress", "ask", "place"),
    "between": ("agreements", "ride_home", "sheet", "message", "visits", "progress", "read", "ask", "place"),
    "after_series": ("agreements", "sheet", "message", "progress", "read", "ask", "place"),
    "staying_well": ("agreements", "sheet", "message", "progress", "read", "ask", "place"),
    "paused": ("agreements", "answer", "sheet", "message", "times", "ask", "progress", "read", "place"),
    "declined": ("answer", "message", "sheet", "read", "here", "ask", "place"),
    "ended": ("message", "agreements", "sheet", "ask", "progress", "read", "place"),
}
# What is kept from somebody with whom a dose is: it can wait, and it counts for nothing now.
_WAITS: Final = frozenset(("agreements", "sheet", "message", "place"))


def today(facts: Facts, now: datetime) -> Today:
    """The stage, the one thing to do and the rest. Facts that nobody thought of still have a stage."""
    stage, visit = stage_of(facts, now), _visit(facts, now)
    rests = visit is not None and visit.is_running and visit.dosed_at is not None
    there = _there(facts, visit, now)
    main, *rest = (each for each in _OFFERED[stage] if each in there and not (rests and each in _WAITS))
    return Today(stage, main, tuple(rest), visit, rests)


def stage_of(facts: Facts, now: datetime) -> Stage:
    """Where the patient is. What is now comes before what was decided, and that before what was planned."""
    visit = _visit(facts, now)
    if visit is not None and visit.is_running:
        return "session"
    if _days_since_dose(facts, now) == 0:
        return "first_evening"
    if facts.answer == "decline":
        return "declined"
    if visit is not None and is_the_day(visit.begins, visit.ends, now, facts.zone):
        return "arriving" if visit.here_at is not None else "day"
    return _on_another_day(facts, visit, now)


def _on_another_day(facts: Facts, visit: Visit | None, now: datetime) -> Stage:
    if facts.answer == "defer":
        return "paused"
    if _is_in_window(facts, now):
        return "window"
    return _before_a_visit(facts, visit, now) if visit is not None else _without_a_visit(facts)


def _visit(facts: Facts, now: datetime) -> Visit | None:
    """The session that runs, else the next appointment whose session nobody has opened."""
    running = [each for each in facts.visits if each.is_running]
    ahead = (each for each in facts.visits if each.state is State.PLANNED and now < each.ends)
    return running[-1] if running else next(ahead, None)


def _days_since_dose(facts: Facts, now: datetime) -> int | None:
    """How many of the clinic's days ago the last session with a dose ended; None without one. A session that went on
    over midnight is of the day on which its patient left."""
    ends = [each.over_at or each.dosed_at for each in facts.visits if each.dosed_at is not None and not each.is_running]
    last = max((each for each in ends if each is not None), default=None)
    return None if last is None else (facts.day_of(now) - facts.day_of(last)).days


def _is_in_window(facts: Facts, now: datetime) -> bool:
    days = _days_since_dose(facts, now)
    return days is not None and 0 < days <= WINDOW.days


def _before_a_visit(facts: Facts, visit: Visit, now: datetime) -> Stage:
    if facts.day_of(visit.begins) - facts.day_of(now) <= WEEK:
        return "week_before"
    return "between" if facts.sessions_done else "waiting"


def _without_a_visit(facts: Facts) -> Stage:
    course = facts.course
    if course is None or _is_asked_anew(facts, course):
        return _before_a_course(facts)
    is_whole = facts.sessions_done > 0 and facts.sessions_done >= course.planned_sessions
    if course.ended_on is not None:
        return "staying_well" if is_whole else "ended"
    if not facts.sessions_done:
        return "planned"
    return "after_series" if is_whole else "paused"


def _is_asked_anew(facts: Facts, course: Course) -> bool:
    """Whether the clinic has said yes since the last course ended: another one is on its way. (What is put off or no
    was told before.)"""
    if course.ended_on is None or facts.answered_at is None:
        return False
    return facts.day_of(facts.answered_at) > course.ended_on


def _before_a_course(facts: Facts) -> Stage:
    """Nothing is planned yet: how far the telling and the deciding have come, on both sides."""
    if facts.answer in _YES:
        return "agreed" if facts.agreements == 0 else "deciding"
    if facts.is_sent:
        return "deciding"
    return "intake" if facts.is_begun else "invited"


def _there(facts: Facts, visit: Visit | None, now: datetime) -> frozenset[Thing]:
    """What can be done at all: what is open, and what is always there."""
    is_ahead = visit is not None and not visit.is_running
    open_: dict[Thing, bool] = {
        "agreements": bool(facts.agreements),
        "answer": bool(facts.answer) and not (facts.answer in _YES and facts.course is not None),
        "sheet": facts.sheets > 0,
        "message": facts.unread > 0,
        "ride_home": False, "here": False, "take_back": False, "quiet_screen": not is_ahead and visit is not None,
    }  # fmt: skip
    if visit is not None and is_ahead:
        is_today = is_the_day(visit.begins, visit.ends, now, facts.zone)
        is_soon = facts.day_of(visit.begins) - facts.day_of(now) <= WEEK
        open_["ride_home"] = visit.has_no_ride and is_soon and now < visit.begins
        open_["here"] = is_today and visit.here_at is None
        open_["take_back"] = visit.here_at is not None and may_take_back(visit.here_at, now)
    always = set(get_args(Thing)) - set(open_)
    return frozenset(always | {each for each, is_open in open_.items() if is_open})


# ---------------------------------------------------------------- the path

_AT: Final[Mapping[Stage, Station]] = {
    "invited": "consultation", "intake": "consultation", "deciding": "consultation", "declined": "consultation",
    "agreed": "plan", "planned": "plan",
    "waiting": "preparation", "week_before": "preparation",
    "day": "sessions", "arriving": "sessions", "session": "sessions", "between": "sessions",
    "first_evening": "integration", "window": "integration", "after_series": "integration",
    "staying_well": "follow_up", "ended": "follow_up",
    "paused": "sessions",
}  # fmt: skip


def station_of(stage: Stage, facts: Facts) -> Station:
    """At which station of the path a stage is. Between two sessions of a course that is the sessions' own; somebody
    whose answer is put off before a first session is still at the first talk."""
    if stage == "paused" and not facts.was_dosed:
        return "consultation"
    under_way = facts.course is not None and 0 < facts.sessions_done < facts.course.planned_sessions
    if under_way and stage in ("first_evening", "window", "week_before"):
        return "sessions"
    return _AT[stage]


def standings(at: Station) -> Iterator[tuple[Station, Literal["done", "now", "ahead"]]]:
    """Every station in its order, with whether it lies behind, is now, or ahead."""
    here = STATIONS.index(at)
    for number, station in enumerate(STATIONS):
        yield station, "done" if number < here else "now" if number == here else "ahead"
