"""Flags: what waits for a clinician, who has taken it, and what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import (
    RANKS,
    Flag,
    FlagAnswer,
    FlagAnswerKind,
    FlagKind,
    FlagReport,
    FlagSource,
    Severity,
)
from sojourn.foundation.accounts.models import Membership

OPEN = "open"
# Where a patient knows that they said something, and is owed an answer.
_OWN_WORDS = frozenset((FlagSource.ANSWER, FlagSource.WORDS, FlagSource.BUTTON))


@dataclass(frozen=True, slots=True)
class StandingFlag:
    """A flag with where it stands: "open" (nobody has taken it), "seen", "contacted" or "closed"."""

    id: int
    kind: FlagKind
    severity: Severity
    source: FlagSource
    about: str
    detail: str
    raised_at: datetime
    patient: Patient
    response_id: int | None
    state: str
    owner: Membership | None
    answers: tuple[FlagAnswer, ...]
    reports: tuple[FlagReport, ...]

    @property
    def waiting(self) -> bool:
        """Nobody has taken it yet."""
        return self.state == OPEN

    @property
    def closed(self) -> bool:
        return self.state == FlagAnswerKind.CLOSED

    @property
    def newest_id(self) -> int | None:
        """The id of the newest answer, to be handed back with the next one."""
        return self.answers[-1].pk if self.answers else None


def _standing(flag: Flag) -> StandingFlag:
    answers, reports = tuple(flag.answers.all()), tuple(flag.reports.all())
    reopened = bool(answers) and any(each.reopens_id == answers[-1].pk for each in reports)
    taken = [] if reopened else [row for row in answers if row.kind == FlagAnswerKind.SEEN]
    gravest = min((flag, *reports), key=lambda each: RANKS.index(Severity(each.severity)))
    return StandingFlag(
        id=flag.pk,
        kind=FlagKind(flag.kind),
        severity=Severity(gravest.severity),
        source=FlagSource(gravest.source),
        about=flag.about,
        detail=gravest.detail,
        raised_at=flag.raised_at,
        patient=flag.patient,
        response_id=flag.response_id,
        state=answers[-1].kind if answers and not reopened else OPEN,
        owner=taken[-1].by if taken else None,
        answers=answers,
        reports=reports,
    )


def _flags() -> QuerySet[Flag]:
    answers = FlagAnswer.objects.select_related("by").order_by("id")
    reports = FlagReport.objects.order_by("id")
    return Flag.objects.select_related("patient").prefetch_related(
        Prefetch("answers", answers), Prefetch("reports", reports)
    )


def _closed() -> Exists:
    """Closed, and not opened again by a report."""
    closings = FlagAnswer.objects.filter(flag=OuterRef("pk"), kind=FlagAnswerKind.CLOSED)
    return Exists(closings.filter(reopened_by=None))


@dataclass(frozen=True, slots=True)
class Brief:
    """An open flag without its answers: whose, what, and whether nobody has taken it."""

    id: int
    kind: FlagKind
    patient: Patient
    waiting: bool


def open_in_brief() -> list[Brief]:
    """Every flag that is not closed, in the order of ``open_flags``, for a page that shows no answers. One query."""
    answered = Exists(FlagAnswer.objects.filter(flag=OuterRef("pk")))
    rows = Flag.objects.filter(~_closed()).select_related("patient").annotate(answered=answered)
    found = [
        Brief(row.pk, FlagKind(row.kind), row.patient, not row.answered) for row in rows.order_by("raised_at", "id")
    ]
    return sorted(found, key=lambda flag: not flag.waiting)


def open_flags() -> list[StandingFlag]:
    """The clinic's flags that are not closed, those nobody has taken first, then by age. Three queries."""
    found = [_standing(flag) for flag in _flags().filter(~_closed()).order_by("raised_at", "id")]
    return sorted(found, key=lambda flag: not flag.waiting)


def closed_flags(limit: int = 50) -> list[StandingFlag]:
    """The newest flags that were closed. Three queries."""
    return [_standing(flag) for flag in _flags().filter(_closed()).order_by("-raised_at", "-id")[:limit]]


def flag(flag_id: int) -> StandingFlag:
    """One flag. Three queries. Raises Flag.DoesNotExist."""
    return _standing(_flags().get(pk=flag_id))


def flags_of(patient_id: int) -> list[StandingFlag]:
    """Every flag of a patient, newest first. Three queries."""
    return [_standing(row) for row in _flags().filter(patient_id=patient_id).order_by("-raised_at", "-id")]


@dataclass(frozen=True, slots=True)
class WordBack:
    """What a patient may be told about the flag that their own words raised. Every name stands in the rows, since a
    patient sees no membership but their own.

    ``state``: "raised" (nobody has read it), "read", "taken", "contacted" or "closed". ``who`` and ``at`` say by whom
    and when, where somebody has. ``next_at``: until when it will have been answered; None where no deadline acts.
    ``everybody``: every clinical member of the clinic has been told, since nobody answered or nobody is named.
    ``reads_at``: when the clinic reads next; None where it is open now or where its hours are not stated.
    """

    state: str
    raised_at: datetime
    who: str = ""
    at: datetime | None = None
    next_at: datetime | None = None
    everybody: bool = False
    reads_at: datetime | None = None


def word_back(patient_id: int, now: datetime) -> WordBack | None:
    """What has become of the newest flag about a patient that they raised themselves; None where there is none."""
    found = next((each for each in flags_of(patient_id) if each.source in _OWN_WORDS), None)
    if found is None:
        return None
    newest = found.answers[-1] if found.answers and not found.waiting else None
    state = {"seen": "taken"}.get(found.state, found.state) if newest is not None else "raised"
    return WordBack(state=state, raised_at=found.raised_at, at=newest.at if newest is not None else None)


def open_with(patient_id: int, kind: FlagKind, detail: str) -> bool:
    """Whether a flag of that kind with these words is open about a patient. One query."""
    said = Q(detail=detail) | Q(reports__detail=detail)
    return Flag.objects.filter(~_closed(), said, patient_id=patient_id, kind=kind).exists()


def open_count() -> int:
    """How many flags of the clinic are not closed. One query."""
    return Flag.objects.filter(~_closed()).count()


def flagged(patient_ids: Iterable[int]) -> set[int]:
    """Those of the patients who have a flag that is not closed. One query."""
    return set(Flag.objects.filter(~_closed(), patient_id__in=list(patient_ids)).values_list("patient_id", flat=True))
