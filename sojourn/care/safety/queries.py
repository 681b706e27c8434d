"""Flags: what waits for a clinician, who has taken it, by when, who was told, and what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from sojourn.care.patients.models import Patient
from sojourn.care.safety.clocks import open_hours, teller
from sojourn.care.safety.duty_queries import answers_flags
from sojourn.care.safety.models import (
    RANKS,
    Flag,
    FlagAnswer,
    FlagAnswerKind,
    FlagClock,
    FlagKind,
    FlagNotice,
    FlagNoticeTry,
    FlagReading,
    FlagReport,
    FlagSource,
    FlagTurn,
    Purpose,
    Reach,
    Severity,
)
from sojourn.clinical.deadlines import next_open
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.scope import FlagScope, PatientScope, clinic_rows, rows_of

OPEN: Final = "open"
TAKEN: Final = FlagAnswerKind.SEEN.value
# Where a patient knows that they said something, and is owed an answer.
_OWN_WORDS: Final = frozenset((FlagSource.ANSWER, FlagSource.WORDS, FlagSource.BUTTON))
# How long a patient is still told of a flag that was closed.
_TOLD_AFTER_CLOSING: Final = timedelta(days=7)


@dataclass(frozen=True)
class StandingFlag:
    """A flag with where it stands: "open" (nobody has it), "seen", "contacted" or "closed".

    It is open as well where whoever took it has left, where it was handed over and not taken, and where a graver
    report came since. ``owner`` has it; ``asked`` is who was asked last to take it.
    """

    row: Flag
    answers: tuple[FlagAnswer, ...]
    reports: tuple[FlagReport, ...]
    clocks: tuple[FlagClock, ...]
    turns: tuple[FlagTurn, ...]

    @property
    def id(self) -> int:
        return self.row.pk

    @property
    def kind(self) -> FlagKind:
        return FlagKind(self.row.kind)

    @cached_property
    def gravest(self) -> Flag | FlagReport:
        """What was said most gravely, first."""
        said: list[Flag | FlagReport] = [self.row, *self.reports]
        return min(said, key=lambda each: RANKS.index(Severity(each.severity)))

    @property
    def severity(self) -> Severity:
        return Severity(self.gravest.severity)

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return RANKS.index(self.severity)

    @property
    def source(self) -> FlagSource:
        return FlagSource(self.gravest.source)

    @property
    def about(self) -> str:
        return self.row.about

    @property
    def detail(self) -> str:
        return self.gravest.detail

    @property
    def raised_at(self) -> datetime:
        return self.row.raised_at

    @property
    def waited(self) -> Flag | FlagReport | None:
        """What was said first of all that waited on a device for a network; None where nothing did. It has when it was
        written, by our clock (``written_at``) and by the device's (``device_at``)."""
        said: list[Flag | FlagReport] = [self.row, *self.reports]
        return next((each for each in said if each.written_at is not None), None)

    @property
    def patient(self) -> Patient:
        return self.row.patient

    @property
    def response_id(self) -> int | None:
        return self.row.response_id

    @property
    def newest_id(self) -> int | None:
        """The id of the newest answer, to be handed back with the next one."""
        return None if self.newest is None else self.newest.pk

    @property
    def newest(self) -> FlagAnswer | None:
        """The newest answer."""
        return self.answers[-1] if self.answers else None

    @cached_property
    def reopened(self) -> bool:
        """A report came after the newest answer that makes it worth nothing."""
        return any(each.reopens_id == self.newest_id for each in self.reports if each.reopens_id is not None)

    @cached_property
    def taker(self) -> Membership | None:
        """Who took it last, whether they still work here or not; None where nobody has it."""
        if self.newest is None or self.reopened or self.newest.kind == FlagAnswerKind.HANDED:
            return None
        return next((each.by for each in reversed(self.answers) if each.kind == FlagAnswerKind.SEEN), None)

    @property
    def owner(self) -> Membership | None:
        """Who has it, and can answer it."""
        return self.taker if self.taker is not None and answers_flags(self.taker) else None

    @property
    def closed(self) -> bool:
        return self.newest is not None and self.newest.kind == FlagAnswerKind.CLOSED and not self.reopened

    @property
    def state(self) -> str:
        if self.closed:
            return FlagAnswerKind.CLOSED.value
        return OPEN if self.owner is None else self.answers[-1].kind

    @property
    def waiting(self) -> bool:
        """Nobody has it."""
        return self.state == OPEN

    @property
    def _clock(self) -> FlagClock | None:
        return self.clocks[-1] if self.clocks else None

    @property
    def asked(self) -> Membership | None:
        """Who was asked last to take it, and can."""
        asked = self._clock.asked if self._clock is not None else None
        return asked if asked is not None and answers_flags(asked) else None

    @property
    def due_at(self) -> datetime | None:
        """By when it must be taken, or the patient reached; None where nothing is due or no deadline is adopted."""
        wanted = {OPEN: Purpose.TAKE, TAKEN: Purpose.ACT}.get(self.state)
        clock = self._clock
        return clock.backup_at if clock is not None and clock.purpose == wanted else None

    @property
    def reach(self) -> Reach | None:
        """The widest circle that was told since the newest clock began."""
        told = [Reach(each.reach) for each in self.turns if self._clock is not None and each.clock_id == self._clock.pk]
        return max(told, key=list(Reach).index, default=None)


def _standing(flag: Flag) -> StandingFlag:
    return StandingFlag(
        flag, tuple(flag.answers.all()), tuple(flag.reports.all()), tuple(flag.clocks.all()), tuple(flag.turns.all())
    )


def _flags() -> QuerySet[Flag]:
    return (
        clinic_rows(Flag)
        .select_related("patient")
        .prefetch_related(
            Prefetch("answers", clinic_rows(FlagAnswer).select_related("by", "to").order_by("id")),
            Prefetch("reports", clinic_rows(FlagReport).order_by("id")),
            Prefetch("clocks", clinic_rows(FlagClock).select_related("asked").order_by("id")),
            Prefetch("turns", clinic_rows(FlagTurn).order_by("id")),
        )
    )


def _closed() -> Exists:
    """Closed, and not opened again by a report."""
    closings = rows_of(FlagAnswer, FlagScope, OuterRef("pk")).filter(kind=FlagAnswerKind.CLOSED)
    return Exists(closings.filter(reopened_by=None))


def open_flags() -> list[StandingFlag]:
    """The clinic's flags that are not closed: the gravest first, then those nobody has, then by age. Five queries."""
    found = [_standing(flag) for flag in _flags().filter(~_closed()).order_by("raised_at", "id")]
    return sorted(found, key=lambda flag: (flag.rank, not flag.waiting))


def closed_flags(limit: int = 50) -> list[StandingFlag]:
    """The newest flags that were closed. Five queries."""
    return [_standing(flag) for flag in _flags().filter(_closed()).order_by("-raised_at", "-id")[:limit]]


def flag(of: FlagScope) -> StandingFlag:
    """One flag. Five queries. Raises Flag.DoesNotExist."""
    return _standing(of.within(_flags()).get())


def flags_of(of: PatientScope) -> list[StandingFlag]:
    """Every flag of a patient, newest first. Five queries."""
    return [_standing(row) for row in of.within(_flags()).order_by("-raised_at", "-id")]


def readings(of: FlagScope) -> list[FlagReading]:
    """Who has opened a flag, the first first. One query."""
    return list(of.rows(FlagReading).order_by("id"))


def notices(of: FlagScope) -> list[FlagNotice]:
    """Who was told of a flag, by what, with every try as ``proofs``, the newest first. Two queries."""
    tries = Prefetch("tries", clinic_rows(FlagNoticeTry).order_by("id"), to_attr="proofs")
    rows = of.rows(FlagNotice).select_related("member", "turn").prefetch_related(tries)
    return list(rows.order_by("-turn_id", "id"))


@dataclass(frozen=True, slots=True)
class WordBack:
    """What a patient may be told about the newest flag that they raised themselves.

    ``state``: "raised" (nobody has read it), "read", "taken", "contacted" or "closed"; ``who`` and ``at`` say by whom
    and when ("" where the row is older than names in it). ``next_at``: by when somebody must have taken it or reached
    them; None where that has passed, or no deadline is adopted. ``everybody``: every clinical member has been told,
    since nobody answered or nobody is named. ``reads_at``: when the clinic opens next; None where it is open now or
    has not stated its hours. ``asked``: they asked for somebody and said nothing; ``raised_at`` is then the newest
    press.
    """

    state: str
    raised_at: datetime
    who: str = ""
    at: datetime | None = None
    next_at: datetime | None = None
    everybody: bool = False
    reads_at: datetime | None = None
    asked: bool = False


def _ahead(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None


def word_back(of: PatientScope, now: datetime) -> WordBack | None:
    """What has become of the newest flag that a patient raised themselves, of an open one before any that is closed;
    None where there is none, or where it was closed a week ago. The patient may ask: what the answer hangs on is read
    as the system actor. Eight queries, or one."""
    own = of.rows(Flag).filter(source__in=_OWN_WORDS).annotate(closed=_closed())
    row = own.order_by("closed", "-raised_at", "-id").first()
    if row is None:
        return None
    with acting_as(teller(row.clinic_id)):
        found = flag(FlagScope(row.pk))
        if found.closed and found.answers[-1].at < now - _TOLD_AFTER_CLOSING:
            return None
        opens = next_open(now, open_hours(row.clinic, now) or ())
        read = readings(FlagScope(row.pk)) if found.waiting else []
    state, who, at = _what_became(found, read)
    due, asked = found.due_at, found.kind is FlagKind.ASKED_FOR_HELP
    return WordBack(
        state=state,
        raised_at=found.reports[-1].at if asked and found.reports else found.raised_at,
        who=who,
        at=at,
        next_at=_ahead(due, now),
        everybody=found.waiting and found.reach == Reach.ALL,
        reads_at=opens if state in ("raised", "read") else None,
        asked=asked,
    )


def _what_became(found: StandingFlag, read: list[FlagReading]) -> tuple[str, str, datetime | None]:
    if not found.waiting:
        newest = found.answers[-1]
        return ("taken" if found.state == TAKEN else found.state), newest.by_name, newest.at
    since = found.reports[-1].at if found.reopened else found.raised_at
    reading = next((each for each in reversed(read) if each.at >= since), None)
    return ("read", reading.member_name, reading.at) if reading is not None else ("raised", "", None)


def open_with(of: PatientScope, kind: FlagKind, detail: str) -> bool:
    """Whether a flag of that kind with these words is open about a patient. One query."""
    said = Q(detail=detail) | Q(reports__detail=detail)
    return of.rows(Flag).filter(~_closed(), said, kind=kind).exists()


def open_count() -> int:
    """How many flags of the clinic are not closed. One query."""
    return clinic_rows(Flag).filter(~_closed()).count()


def still_open(of: PatientScope) -> QuerySet[Flag]:
    """The flags of a patient that are not closed."""
    return of.rows(Flag).filter(~_closed())


def flagged(patient_ids: Iterable[int]) -> set[int]:
    """Those of the patients who have a flag that is not closed. One query."""
    return set(rows_of(Flag, PatientScope, patient_ids).filter(~_closed()).values_list("patient_id", flat=True))
