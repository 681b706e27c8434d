"""Flags: what waits for a clinician, who has taken it, and what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag, FlagAnswer, FlagAnswerKind, FlagKind
from sojourn.foundation.accounts.models import Membership

OPEN = "open"


@dataclass(frozen=True, slots=True)
class StandingFlag:
    """A flag with where it stands: "open" (nobody has taken it), "seen", "contacted" or "closed"."""

    id: int
    kind: FlagKind
    raised_at: datetime
    patient: Patient
    response_id: int | None
    state: str
    owner: Membership | None
    answers: tuple[FlagAnswer, ...]

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
    answers = tuple(flag.answers.all())
    taken = [row for row in answers if row.kind == FlagAnswerKind.SEEN]
    return StandingFlag(
        id=flag.pk,
        kind=FlagKind(flag.kind),
        raised_at=flag.raised_at,
        patient=flag.patient,
        response_id=flag.response_id,
        state=answers[-1].kind if answers else OPEN,
        owner=taken[-1].by if taken else None,
        answers=answers,
    )


def _flags() -> QuerySet[Flag]:
    answers = FlagAnswer.objects.select_related("by").order_by("id")
    return Flag.objects.select_related("patient").prefetch_related(Prefetch("answers", answers))


def _closed() -> Exists:
    return Exists(FlagAnswer.objects.filter(flag=OuterRef("pk"), kind=FlagAnswerKind.CLOSED))


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
    """The clinic's flags that are not closed, those nobody has taken first, then by age. Two queries."""
    found = [_standing(flag) for flag in _flags().filter(~_closed()).order_by("raised_at", "id")]
    return sorted(found, key=lambda flag: not flag.waiting)


def closed_flags(limit: int = 50) -> list[StandingFlag]:
    """The newest flags that were closed. Two queries."""
    return [_standing(flag) for flag in _flags().filter(_closed()).order_by("-raised_at", "-id")[:limit]]


def flag(flag_id: int) -> StandingFlag:
    """One flag. Two queries. Raises Flag.DoesNotExist."""
    return _standing(_flags().get(pk=flag_id))


def flags_of(patient_id: int) -> list[StandingFlag]:
    """Every flag of a patient, newest first. Two queries."""
    return [_standing(row) for row in _flags().filter(patient_id=patient_id).order_by("-raised_at", "-id")]


def open_count() -> int:
    """How many flags of the clinic are not closed. One query."""
    return Flag.objects.filter(~_closed()).count()


def flagged(patient_ids: Iterable[int]) -> set[int]:
    """Those of the patients who have a flag that is not closed. One query."""
    return set(Flag.objects.filter(~_closed(), patient_id__in=list(patient_ids)).values_list("patient_id", flat=True))
