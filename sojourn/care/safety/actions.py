"""Answer a questionnaire with an eye on danger, and answer the flags that this raises.

Interfaces use ``answer_measure`` and ``complete_measure``, never the bare actions of the measures room: an
alarming answer and its flag are one transaction. The database holds the same at completion (migration 0003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.measures import actions as measures
from sojourn.care.measures import queries as measured
from sojourn.care.measures.models import Answer, QuestionnaireResponse
from sojourn.care.measures.queries import scale
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag, FlagAnswer, FlagAnswerKind, FlagKind, FlagSource, Severity
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.clinical.scales import Number
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.audit.actions import record


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer. ``alarming``: the person should be shown help now, before anything else."""

    answer: Answer
    alarming: bool


@transaction.atomic
def answer_measure(
    *, by: Asker, response_id: int, link_id: str, value: int | None, now: datetime | None = None
) -> Answered:
    """Answer one question. An alarming answer raises a flag at once, even if the rest is never answered."""
    now = now or timezone.now()
    row = measures.answer(by=by, response_id=response_id, link_id=link_id, value=value, now=now)
    response = row.response
    alarming = scale(response.scale_id).safety({link_id: value})
    for item in alarming:
        _raise(by, response, f"{response.scale_id} {item} = {value}", now)
    return Answered(row, bool(alarming))


@transaction.atomic
def complete_measure(*, by: Asker, response_id: int, now: datetime | None = None) -> QuestionnaireResponse:
    """Send the answers. If an alarming one among them has no flag yet, it is raised here."""
    now = now or timezone.now()
    response = measures.complete(by=by, response_id=response_id, now=now)
    if response.safety_positive:
        given = measured.answers_of([response.pk]).get(response.pk, {})
        for item in scale(response.scale_id).safety(given):  # said as at its answer, so that it is no news
            _raise(by, response, f"{response.scale_id} {item} = {given[item]}", now)
    return response


@transaction.atomic
def enter_paper(
    *,
    by: Asker,
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
    by.must("measure.enter")
    now = now or timezone.now()
    if filled_in_at > now:
        raise Refused(_("The time on the form lies in the future."), codes=("future",))
    Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    same = QuestionnaireResponse.objects.filter(
        patient_id=patient_id,
        scale_id=scale_id,
        completed_at__gt=filled_in_at - timedelta(minutes=1),
        completed_at__lt=filled_in_at + timedelta(minutes=1),
    )
    if same.exists():
        raise Refused(_("A form of this questionnaire is entered for that time already."), codes=("entered",))
    waiting = [each for each in measured.open_requests(patient_id) if each.scale_id == scale_id]
    response = measures.start_response(
        by=by,
        request_id=waiting[0].id if waiting else None,
        scale_id=scale_id,
        patient_id=patient_id,
        now=filled_in_at,
    )
    asked = {item.link_id for item in scale(scale_id).asked(answers)}
    for link_id, value in answers.items():
        if link_id in asked or value is not None:
            measures.answer(by=by, response_id=response.pk, link_id=link_id, value=value, now=filled_in_at)
    response = measures.complete(by=by, response_id=response.pk, now=filled_in_at)
    if response.safety_positive:
        items = scale(scale_id).safety(answers)
        _raise(by, response, ", ".join(f"{scale_id} {item} = {answers[item]}" for item in items), now)
    return response


@transaction.atomic
def enter_score(
    *,
    by: Asker,
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
    response = measures.enter_score(
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
    if response.safety_positive:
        given = dict(answers or {})
        items = scale(scale_id).safety(given)
        _raise(by, response, ", ".join(f"{scale_id} {item} = {given[item]}" for item in items), now)
    return response


def _raise(by: Asker, response: QuestionnaireResponse, detail: str, now: datetime) -> Flag:
    """Raise the flag of a response, once."""
    return raise_flag(
        by=by,
        patient_id=response.patient_id,
        kind=FlagKind.SUICIDAL_THOUGHTS,
        severity=Severity.URGENT,
        source=FlagSource.ANSWER,
        about=f"response:{response.pk}",
        detail=detail,
        now=now,
    )


_STEPS: dict[str | None, tuple[FlagAnswerKind, ...]] = {
    None: (FlagAnswerKind.SEEN,),
    FlagAnswerKind.SEEN: (FlagAnswerKind.SEEN, FlagAnswerKind.CONTACTED, FlagAnswerKind.CLOSED),
    FlagAnswerKind.CONTACTED: (FlagAnswerKind.SEEN, FlagAnswerKind.CONTACTED, FlagAnswerKind.CLOSED),
    FlagAnswerKind.CLOSED: (),
}


@transaction.atomic
def answer_flag(
    *,
    by: Asker,
    flag_id: int,
    kind: str,
    note: str = "",
    after: int | None,
    now: datetime | None = None,
) -> FlagAnswer:
    """Say what is done about a flag: "seen" (I am taking this), "contacted", "closed" (needs a note).

    ``after`` is the id of the newest answer that the asker saw, None for none: whoever was slower is told so.
    """
    by.must("flag.answer")
    assert by.membership_id is not None
    flag = Flag.objects.get(pk=flag_id)
    Patient.objects.select_for_update(no_key=True).get(pk=flag.patient_id)
    newest = flag.answers.select_related("by").order_by("-id").first()
    reopened = newest is not None and newest.reopened_by.exists()
    if (newest.pk if newest is not None else None) != after:
        assert newest is not None
        raise Overtaken(
            _("%(name)s answered this a moment ago: %(what)s. Look first; nothing of yours was written.")
            % {"name": newest.by, "what": FlagAnswerKind(newest.kind).label},
            codes=("overtaken",),
        )
    if kind not in FlagAnswerKind.values:
        raise Refused(_("Choose one of the answers shown."), codes=("unknown_answer",))
    state = newest.kind if newest is not None and not reopened else None
    allowed = _STEPS[state]
    if state == FlagAnswerKind.CLOSED:
        raise Refused(_("This flag is closed."), codes=("closed",))
    if kind not in allowed:
        raise Refused(_("Somebody must take this flag before anything else."), codes=("take_first",))
    if kind == FlagAnswerKind.SEEN and state is not None and _owner_id(flag) == by.membership_id:
        raise Refused(_("You have taken this flag already."), codes=("taken",))
    note = note.strip()
    if kind == FlagAnswerKind.CLOSED and not note:
        raise Refused(_("Write what was found and done before closing."), codes=("note_missing",))
    row = FlagAnswer.objects.create(
        clinic_id=flag.clinic_id,
        patient_id=flag.patient_id,
        flag=flag,
        kind=kind,
        note=note,
        at=now or timezone.now(),
        by_id=by.membership_id,
    )
    record(by, "flag.answered", flag, kind=kind)
    return row


def _owner_id(flag: Flag) -> int | None:
    taken = flag.answers.filter(kind=FlagAnswerKind.SEEN).order_by("-id").first()
    return taken.by_id if taken is not None else None
