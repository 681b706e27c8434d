"""Questionnaires: asked, answered and scored, and the flags that an answer raises."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from sojourn.care.measures.models import Answer, MeasureRequest, MeasureSession, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag, FlagAnswer
from sojourn.clinical.scales import Scale, Score, ScoreRefusal
from sojourn.config.demo.cast import Cast
from sojourn.config.demo.walk import Walk
from sojourn.foundation.rulebook.scales import scale


def depression(arc: str, baseline: int, session: int, own: random.Random) -> int:
    """PHQ-9 before the given session, on the arc that this person takes."""
    share = {
        "responds": (1.0, 0.78, 0.6, 0.47, 0.38, 0.32, 0.28), "slowly": (1.0, 0.93, 0.86, 0.77, 0.68, 0.6, 0.55),
        "none": (1.0, 0.97, 0.94, 0.95, 0.92, 0.94, 0.93), "worse": (1.0, 1.02, 1.06, 1.08, 1.1, 1.12, 1.12),
    }[arc or "none"]  # fmt: skip
    wave = own.gauss(0, 1.3) + (1.5 if session > 7 and session % 2 else 0)
    return max(0, min(27, round(baseline * share[min(session, len(share)) - 1] + wave)))


def followed(walk: Walk) -> tuple[str, ...]:
    """What is asked before each session: mood and anxiety, and the scale of the illness."""
    return ("phq-9", "gad-7", "pcl-5") if walk.tale.battery == "ptsd" else ("phq-9", "gad-7")


def _totals(phq: int, own: random.Random) -> dict[str, int]:
    """Totals that go together, for the scales of the demo."""
    return {
        "phq-9": phq, "gad-7": max(0, min(21, round(phq * 0.72 + own.gauss(0, 1.5)))),
        "pcl-5": max(0, min(80, round(phq * 2.6 + own.gauss(0, 3)))), "audit-c": own.choice((0, 0, 1, 1, 2, 3)),
    }  # fmt: skip


def answer_battery(cast: Cast, walk: Walk) -> None:
    """The questionnaires with which an indication begins, as one sitting on the day on which the intake was sent."""
    at = walk.at("sent", timedelta(minutes=25))
    battery = cast.batteries[walk.tale.battery]
    together = MeasureSession.objects.create(
        clinic=cast.clinic, patient=walk.patient, indication=battery.indication, rule_id=battery.rule.id,
        rule_version=battery.rule.version, rule_hash=battery.rule.hash, due_at=at + timedelta(days=3),
        requested_at=walk.at("invited", timedelta(minutes=30)), requested_by=cast.members["nurse"][0],
    )  # fmt: skip
    measure(cast, walk, walk.tale.phq, at, tuple(each.id for each in battery.asked), together)
    cast.write()


def _request(cast: Cast, walk: Walk, scale: Scale, at: datetime, together: MeasureSession | None) -> MeasureRequest:
    return MeasureRequest(
        clinic=cast.clinic, patient=walk.patient, scale_id=scale.id, measure_session=together,
        due_at=together.due_at if together else at + timedelta(days=1),
        requested_at=together.requested_at if together else at - timedelta(days=2),
        requested_by=cast.members["nurse"][0],
    )  # fmt: skip


def _response(request: MeasureRequest, scale: Scale, result: Score, at: datetime) -> QuestionnaireResponse:
    patient = request.patient
    return QuestionnaireResponse(
        clinic=request.clinic, patient=patient, request=request, scale_id=scale.id, scale_version=str(scale.version),
        scale_hash=scale.hash, family=scale.family, language=patient.language, started_at=at - timedelta(minutes=4),
        completed_at=at, score=Decimal(result.total), band=result.band.code if result.band else "",
        safety_positive=bool(result.safety), findings=list(result.findings),
        parts={code: float(value) for code, value in result.parts.items()},
    )  # fmt: skip


def measure(
    cast: Cast, walk: Walk, phq: int, at: datetime, scales: Sequence[str], together: MeasureSession | None = None
) -> None:
    """Asked, answered and scored: every scale of one occasion at once."""
    own, patient = walk.own, walk.patient
    asked = [scale(each) for each in scales]
    given = _given(asked, phq, own)
    requests = [_request(cast, walk, each, at, together) for each in asked]
    results = [_scored(each, answers) for each, answers in zip(asked, given, strict=True)]
    responses = [
        _response(request, each, result, at) for each, request, result in zip(asked, requests, results, strict=True)
    ]
    cast.add(*requests, *responses)
    for response, answers in zip(responses, given, strict=True):
        cast.add(*_answer_rows(response, answers, at))
    for response, answers, result in zip(responses, given, results, strict=True):
        if result.safety:
            _flag(cast, patient, response, result.safety, answers, at, own)


def _given(asked: Sequence[Scale], phq: int, own: random.Random) -> list[dict[str, int | None]]:
    """The answers to each scale, dark thoughts among those of whoever is worst."""
    dark = _darkest(phq, own)
    totals = _totals(phq, own)
    return [_answers(each, totals[each.id], dark if each.id == "phq-9" else None, own) for each in asked]


def _darkest(phq: int, own: random.Random) -> int:
    """The most points for thoughts of death."""
    if phq >= 20 and own.random() < 0.4:
        return 2
    return 1 if phq >= 15 and own.random() < 0.45 else 0


def _answer_rows(response: QuestionnaireResponse, answers: dict[str, int | None], at: datetime) -> Iterator[Answer]:
    for link_id, value in answers.items():
        yield Answer(
            clinic=response.clinic, patient=response.patient, response=response, link_id=link_id, value=value,
            answered_at=at,
        )  # fmt: skip


def _scored(asked: Scale, answers: dict[str, int | None]) -> Score:
    result = asked.score(answers)
    assert not isinstance(result, ScoreRefusal), (asked.id, result)
    return result


def _answers(asked: Scale, total: int, last_at_most: int | None, own: random.Random) -> dict[str, int | None]:
    """``total`` spread over the scored items; the last one (thoughts of death) held at ``last_at_most``."""
    items = [item for item in asked.items if item.scored]
    most = [max(item.values) for item in items]
    if last_at_most is not None:
        most[-1] = last_at_most
    values = dict(zip((item.link_id for item in items), _spread(total, most, own), strict=True))
    given: dict[str, int | None] = {}
    for item in asked.items:  # an item without points says how hard it all makes life
        given[item.link_id] = values.get(item.link_id, min(max(item.values), round(total / 8)))
    return given


def _spread(total: int, most: Sequence[int], own: random.Random) -> list[int]:
    values = [0] * len(most)
    for _ in range(min(total, sum(most))):
        values[own.choice([index for index, value in enumerate(values) if value < most[index]])] += 1
    return values


def _flag(
    cast: Cast, patient: Patient, response: QuestionnaireResponse, items: tuple[str, ...],
    answers: dict[str, int | None], at: datetime, own: random.Random,
) -> None:  # fmt: skip
    flag = Flag(
        clinic=cast.clinic, patient=patient, kind="suicidal_thoughts", raised_at=at, response=response,
        detail=", ".join(f"{response.scale_id} {item} = {answers[item]}" for item in items),
    )  # fmt: skip
    cast.add(flag)
    if timezone.now() - at < timedelta(days=1):
        return  # the newest still wait for somebody
    who = cast.members["therapist"][0] if own.random() < 0.5 else cast.members["prescriber"][0]
    steps = (
        ("seen", "", 25), ("contacted", "Phoned. Passive thoughts, no plan, no means at hand. Partner is at home.", 70),
        ("closed", "Safety plan gone through again together; next visit kept. Will call if it changes.", 95),
    )  # fmt: skip
    cast.add(*(
        FlagAnswer(
            clinic=cast.clinic, patient=patient, flag=flag, kind=kind, note=note, at=at + timedelta(minutes=after),
            by=who, by_name=str(who), outcome="safety_plan" if kind == "closed" else "",
        )
        for kind, note, after in steps
    ))  # fmt: skip


def ask_for(cast: Cast, patient: Patient, due_at: datetime, scales: Sequence[str]) -> None:
    MeasureRequest.objects.bulk_create(
        MeasureRequest(
            clinic=cast.clinic, patient=patient, scale_id=scale_id, due_at=due_at, requested_at=timezone.now(),
            requested_by=cast.members["nurse"][0],
        )
        for scale_id in scales
    )  # fmt: skip
