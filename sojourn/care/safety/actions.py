"""Answer a questionnaire with an eye on danger; the flags that this raises are answered beside it.

Interfaces use ``answer_measure`` and ``complete_measure``, never the bare actions of the measures room: an
alarming answer and its flag are one transaction. The database holds the same at completion (migration 0003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import Answer, QuestionnaireResponse
from sojourn.care.measures.queries import scale
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient
from sojourn.care.safety import gravity
from sojourn.care.safety.answering_actions import answer_flag, note_reading
from sojourn.care.safety.models import Flag, FlagKind, FlagSource, Severity
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.clinical.scales import Number
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, either, row
from sojourn.foundation.scope import PatientScope

__all__ = [
    "Answered",
    "answer_flag",
    "answer_measure",
    "complete_measure",
    "enter_paper",
    "enter_score",
    "note_reading",
    "raise_flag",
]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer. ``alarming``: the person should be shown help now, before anything else."""

    answer: Answer
    alarming: bool


@action(
    either("own.answer", "measure.enter"),
    locks=NoLock("the questionnaire is locked where it is answered, and a flag where it is raised"),
    through=(measures_actions.answer, raise_flag),
)
def answer_measure(
    *, by: Actor, response_id: int, link_id: str, value: int | None, now: datetime | None = None
) -> Answered:
    """Answer one question. An alarming answer raises a flag at once, even if the rest is never answered."""
    now = now or timezone.now()
    given = measures_actions.answer(by=by, response_id=response_id, link_id=link_id, value=value, now=now)
    response = given.response
    alarming = gravity.alarming(scale(response.scale_id), {link_id: value})
    for item in alarming:
        _raise(by, response, [item], f"{response.scale_id} {item} = {value}", now)
    return Answered(given, bool(alarming))


@action(
    either("own.answer", "measure.enter"),
    locks=NoLock("the questionnaire is locked where it is completed, and a flag where it is raised"),
    through=(measures_actions.complete, raise_flag),
)
def complete_measure(*, by: Actor, response_id: int, now: datetime | None = None) -> QuestionnaireResponse:
    """Send the answers. If an alarming one among them has no flag yet, it is raised here."""
    now = now or timezone.now()
    response = measures_actions.complete(by=by, response_id=response_id, now=now)
    asked = scale(response.scale_id)
    given = measures_queries.answers_of([response.pk]).get(response.pk, {}) if gravity.may_alarm(asked) else {}
    for item in gravity.alarming(asked, given):  # said as at its answer, so that it is no news
        _raise(by, response, [item], f"{response.scale_id} {item} = {given[item]}", now)
    return response


@action(
    "measure.enter",
    locks=row(Patient, "patient_id"),
    through=(measures_actions.start_response, measures_actions.answer, measures_actions.complete, raise_flag),
)
def enter_paper(
    *,
    by: Actor,
    patient_id: int,
    scale_id: str,
    answers: Mapping[str, int | None],
    filled_in_at: datetime,
    now: datetime | None = None,
) -> QuestionnaireResponse:
    """Enter a form that the patient filled in on paper; it also answers the request that is open for it.

    ``answers`` by link id, None for what was left out. The response bears the time on the paper; the audit
    and a flag bear the time of entry.
    """
    now = now or timezone.now()
    if filled_in_at > now:
        raise ActionRefused(_("The time on the form is in the future."), codes=("future",))
    if scale(scale_id).rater == "self":
        not_now.must_have_been_awake(by=by, of=PatientScope(patient_id), at=filled_in_at)
    _must_be_new(PatientScope(patient_id), scale_id, filled_in_at)
    waiting = measures_queries.open_requests(PatientScope(patient_id))
    response = measures_actions.start_response(
        by=by,
        request_id=next((each.id for each in waiting if each.scale_id == scale_id), None),
        scale_id=scale_id,
        patient_id=patient_id,
        now=filled_in_at,
    )
    _answer_all(by, response, answers, filled_in_at)
    response = measures_actions.complete(by=by, response_id=response.pk, now=filled_in_at)
    if items := gravity.alarming(scale(scale_id), answers):
        _raise(by, response, items, ", ".join(f"{scale_id} {item} = {answers[item]}" for item in items), now)
    return response


def _must_be_new(of: PatientScope, scale_id: str, filled_in_at: datetime) -> None:
    """Refused (entered) where that form of that minute is there already."""
    same = of.rows(QuestionnaireResponse).filter(
        scale_id=scale_id,
        completed_at__gt=filled_in_at - timedelta(minutes=1),
        completed_at__lt=filled_in_at + timedelta(minutes=1),
    )
    if same.exists():
        raise ActionRefused(_("A form of this questionnaire is entered for that time already."), codes=("entered",))


def _answer_all(
    by: Actor, response: QuestionnaireResponse, answers: Mapping[str, int | None], filled_in_at: datetime
) -> None:
    """Every answer that is asked, and what was answered although it is not."""
    asked = {item.link_id for item in scale(response.scale_id).asked(answers)}
    for link_id, value in answers.items():
        if link_id in asked or value is not None:
            measures_actions.answer(by=by, response_id=response.pk, link_id=link_id, value=value, now=filled_in_at)


@action(
    "measure.enter",
    locks=NoLock("the patient is locked where the score is kept"),
    through=(measures_actions.enter_score, raise_flag),
)
def enter_score(
    *,
    by: Actor,
    patient_id: int,
    scale_id: str,
    total: Number | None,
    parts: Mapping[str, Number] | None = None,
    answers: Mapping[str, int | None] | None = None,
    taken_at: datetime,
    rater: str = "",
    origin: str = "",
    now: datetime | None = None,
) -> QuestionnaireResponse:
    """Enter a score from the clinic's own licensed form; an alarming safety item raises its flag in the same breath."""
    now = now or timezone.now()
    response = measures_actions.enter_score(
        by=by,
        patient_id=patient_id,
        scale_id=scale_id,
        total=total,
        parts=parts,
        answers=answers,
        taken_at=taken_at,
        rater=rater,
        origin=origin,
        now=now,
    )
    given = dict(answers or {})
    if items := gravity.alarming(scale(scale_id), given):
        _raise(by, response, items, ", ".join(f"{scale_id} {item} = {given[item]}" for item in items), now)
    return response


def _raise(
    by: Actor, response: QuestionnaireResponse, items: Sequence[str], detail: str, now: datetime
) -> Flag:  # fmt: skip
    """Raise the flag of a response, once."""
    return raise_flag(
        by=by,
        patient_id=response.patient_id,
        kind=FlagKind.SUICIDAL_THOUGHTS,
        severity=Severity(gravity.table().of_answers(scale(response.scale_id).family, items) or Severity.URGENT),
        source=FlagSource.ANSWER,
        about=f"response:{response.pk}",
        detail=detail,
        now=now,
    )
