"""What was asked, what was answered, and how it moves over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet

from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.clinical.scales import Band, Change, Scale
from sojourn.foundation.rulebook.scales import scale


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A questionnaire that waits for the patient. ``answered`` of ``questions`` are done (or left out)."""

    id: int
    patient_id: int
    scale_id: str
    due_at: datetime
    requested_at: datetime
    response_id: int | None
    answered: int

    @property
    def scale(self) -> Scale:
        return scale(self.scale_id)

    @property
    def questions(self) -> int:
        return len(self.scale.items)

    @property
    def started(self) -> bool:
        return self.answered > 0


@dataclass(frozen=True, slots=True)
class Scored:
    """A completed questionnaire. ``total`` is None where too much was left out for a score."""

    response_id: int
    patient_id: int
    scale_id: str
    scale_version: str
    at: datetime
    total: int | None
    band_code: str
    safety_positive: bool

    @property
    def scale(self) -> Scale:
        return scale(self.scale_id)

    @property
    def band(self) -> Band | None:
        return next((band for band in self.scale.bands if band.code == self.band_code), None)


@dataclass(frozen=True)
class Trend:
    """One questionnaire over time, oldest first, and the score that the others are compared with."""

    scale: Scale
    points: tuple[Scored, ...]
    baseline: Scored | None

    @cached_property
    def scored(self) -> tuple[Scored, ...]:
        return tuple(point for point in self.points if point.total is not None)

    @property
    def newest(self) -> Scored | None:
        """The newest that has a score."""
        return self.scored[-1] if self.scored else None

    def change(self, point: Scored) -> Change | None:
        """From the baseline to ``point``; None for the baseline, what came before it, and without a score."""
        if self.baseline is None or point.at <= self.baseline.at:
            return None
        if point.total is None or self.baseline.total is None:
            return None
        return self.scale.change_of_totals(self.baseline.total, point.total)


def _scored(row: QuestionnaireResponse) -> Scored:
    assert row.completed_at is not None
    return Scored(
        response_id=row.pk,
        patient_id=row.patient_id,
        scale_id=row.scale_id,
        scale_version=row.scale_version,
        at=row.completed_at,
        total=None if row.score is None else int(row.score),
        band_code=row.band,
        safety_positive=row.safety_positive,
    )


def _completed() -> QuerySet[QuestionnaireResponse]:
    return QuestionnaireResponse.objects.filter(completed_at__isnull=False)


def latest(patient_id: int) -> list[Scored]:
    """The newest completed response to each questionnaire. One query."""
    return latest_of([patient_id]).get(patient_id, [])


def latest_of(patient_ids: Iterable[int]) -> dict[int, list[Scored]]:
    """The same for many patients, by patient. One query."""
    rows = (
        _completed()
        .filter(patient_id__in=list(patient_ids))
        .order_by("patient_id", "scale_id", "-completed_at", "-id")
        .distinct("patient_id", "scale_id")
    )
    found: dict[int, list[Scored]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(_scored(row))
    return found


def trends(patient_id: int, *, first_dose_at: datetime | None = None) -> list[Trend]:
    """Every questionnaire that the patient has completed, over time, by scale id. One query.

    The baseline is the last score before ``first_dose_at``; without one, the first score.
    """
    rows: dict[str, list[Scored]] = {}
    for row in _completed().filter(patient_id=patient_id).order_by("completed_at", "id"):
        rows.setdefault(row.scale_id, []).append(_scored(row))
    return [
        Trend(scale(scale_id), tuple(points), _baseline(points, first_dose_at))
        for scale_id, points in sorted(rows.items())
    ]


def trend(patient_id: int, scale_id: str, *, first_dose_at: datetime | None = None) -> Trend:
    """One questionnaire over time. One query. Raises KeyError for an unknown scale."""
    points = [
        _scored(row)
        for row in _completed().filter(patient_id=patient_id, scale_id=scale_id).order_by("completed_at", "id")
    ]
    return Trend(scale(scale_id), tuple(points), _baseline(points, first_dose_at))


def _baseline(points: Iterable[Scored], first_dose_at: datetime | None) -> Scored | None:
    scored = [point for point in points if point.total is not None]
    before = [point for point in scored if first_dose_at is not None and point.at <= first_dose_at]
    if before:
        return before[-1]
    return scored[0] if scored else None


def open_requests(patient_id: int) -> list[OpenRequest]:
    """What waits for the patient's answers, the one wanted first first. Two queries."""
    return open_requests_of([patient_id]).get(patient_id, [])


def open_requests_of(patient_ids: Iterable[int]) -> dict[int, list[OpenRequest]]:
    """The same for many patients, by patient. Two queries."""
    requests = list(
        MeasureRequest.objects.select_related("response")
        .filter(patient_id__in=list(patient_ids), withdrawn_at=None)
        .exclude(response__completed_at__isnull=False)
        .order_by("due_at", "id")
    )
    begun = {row.pk: response.pk for row in requests if (response := _response_of(row)) is not None}
    given = answers_of(begun.values()) if begun else {}
    found: dict[int, list[OpenRequest]] = {}
    for row in requests:
        response_id = begun.get(row.pk)
        found.setdefault(row.patient_id, []).append(
            OpenRequest(
                id=row.pk,
                patient_id=row.patient_id,
                scale_id=row.scale_id,
                due_at=row.due_at,
                requested_at=row.requested_at,
                response_id=response_id,
                answered=len(given.get(response_id, {})) if response_id else 0,
            )
        )
    return found


def _response_of(row: MeasureRequest) -> QuestionnaireResponse | None:
    return getattr(row, "response", None)


def answers_of(response_ids: Iterable[int]) -> dict[int, dict[str, int | None]]:
    """The answers that count (the newest of each item), by response and link id. One query."""
    rows = (
        Answer.objects.filter(response_id__in=list(response_ids))
        .order_by("response_id", "link_id", "-id")
        .distinct("response_id", "link_id")
    )
    found: dict[int, dict[str, int | None]] = {}
    for row in rows:
        found.setdefault(row.response_id, {})[row.link_id] = row.value
    return found


def every_answer(response_id: int, link_ids: Iterable[str]) -> list[Answer]:
    """All answers ever given to some items of a response, oldest first: a changed one shows. One query."""
    return list(Answer.objects.filter(response_id=response_id, link_id__in=list(link_ids)).order_by("id"))


def request_of(request_id: int) -> tuple[MeasureRequest, QuestionnaireResponse | None]:
    """A request with its response, begun or not. One query. Raises MeasureRequest.DoesNotExist."""
    row = MeasureRequest.objects.select_related("response").get(pk=request_id)
    return row, _response_of(row)


def standing(given: Mapping[str, int | None], asked: Scale) -> int | None:
    """The number (from 1) of the first question without an answer; None when all have one."""
    for number, item in enumerate(asked.items, start=1):
        if item.link_id not in given:
            return number
    return None
