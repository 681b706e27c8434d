"""Ask for a questionnaire, answer it, and complete it.

Interfaces answer and complete through ``sojourn.care.safety.actions``, which raises the flag of an alarming
answer in the same transaction; the database refuses a completed alarming answer without its flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.measures import queries
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.clinical.scales import Refusal, Scale, say
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.scales import scale


def _scale(scale_id: str) -> Scale:
    try:
        return scale(scale_id)
    except KeyError:
        raise Refused(_("There is no questionnaire of this name."), codes=("unknown_scale",)) from None


def _may_answer(by: Asker) -> None:
    """A patient answers their own; the database shows them no other's. Staff enter what stands on paper."""
    if not by.may("own.answer"):
        by.must("measure.enter")


def _hold(response_id: int) -> QuestionnaireResponse:
    """The response, locked until the commit, so that two tabs answer one after the other."""
    response = QuestionnaireResponse.objects.select_for_update(no_key=True).get(pk=response_id)
    if response.completed_at is not None:
        raise Refused(
            _("These answers have been sent and stay as they are. They can be answered again another time."),
            codes=("completed",),
        )
    return response


@transaction.atomic
def request_measure(
    *, by: Asker, patient_id: int, scale_id: str, due_at: datetime, now: datetime | None = None
) -> MeasureRequest:
    """Ask a patient to answer a questionnaire by ``due_at``. Refused while the same one is still open."""
    by.must("measure.request")
    assert by.clinic_id is not None
    asked = _scale(scale_id)
    now = now or timezone.now()
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    if due_at < now:
        raise Refused(_("The day by which it is wanted has passed."), codes=("due_in_the_past",))
    waiting = queries.open_requests_of([patient.pk]).get(patient.pk, [])
    for request in waiting:
        if request.scale_id == scale_id:
            raise Refused(
                _("%(title)s is already open for %(name)s, until %(day)s.")
                % {
                    "title": say(asked.title, translation.get_language() or "en"),
                    "name": patient.name,
                    "day": date_format(timezone.localtime(request.due_at), "j F Y"),
                },
                codes=("already_open",),
            )
    request_row = MeasureRequest.objects.create(
        clinic_id=by.clinic_id,
        patient=patient,
        scale_id=scale_id,
        due_at=due_at,
        requested_at=now,
        requested_by_id=by.membership_id,
    )
    record(by, "measure.requested", request_row, scale_id=scale_id)
    return request_row


@transaction.atomic
def withdraw_request(*, by: Asker, request_id: int, now: datetime | None = None) -> MeasureRequest:
    """Take a request back. Answers given so far are kept; a completed questionnaire is not taken back."""
    by.must("measure.request")
    row = MeasureRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request_id)
    if QuestionnaireResponse.objects.filter(request=row, completed_at__isnull=False).exists():
        raise Refused(_("This questionnaire has been answered."), codes=("completed",))
    if row.withdrawn_at is not None:
        raise Refused(_("This request was taken back before."), codes=("withdrawn",))
    row.withdrawn_at = now or timezone.now()
    row.save(update_fields=["withdrawn_at"])
    record(by, "measure.withdrawn", row, scale_id=row.scale_id)
    return row


@transaction.atomic
def start_response(
    *,
    by: Asker,
    request_id: int | None = None,
    scale_id: str | None = None,
    patient_id: int | None = None,
    now: datetime | None = None,
) -> QuestionnaireResponse:
    """Begin to answer a request, or a questionnaire that nobody asked for (``scale_id``).

    A request that was begun before, on whichever device, is gone on with: the same response comes back.
    ``patient_id`` is for staff who enter a paper form; a patient answers only for themselves.
    """
    _may_answer(by)
    assert by.clinic_id is not None
    now = now or timezone.now()
    row: MeasureRequest | None = None
    if request_id is not None:
        row = MeasureRequest.objects.select_for_update(no_key=True).get(pk=request_id)
        begun = QuestionnaireResponse.objects.filter(request=row).first()
        if begun is not None:
            return begun
        if row.withdrawn_at is not None:
            raise Refused(_("The clinic no longer needs these answers."), codes=("withdrawn",))
        scale_id, patient_id = row.scale_id, row.patient_id
    asked = _scale(scale_id or "")
    patient = Patient.objects.get(pk=by.patient_id or patient_id or 0)
    response = QuestionnaireResponse.objects.create(
        clinic_id=by.clinic_id,
        patient=patient,
        request=row,
        scale_id=asked.id,
        scale_version=str(asked.version),
        scale_hash=asked.hash,
        language=translation.get_language() or "en",
        started_at=now,
    )
    record(by, "measure.started", response, scale_id=asked.id)
    return response


@transaction.atomic
def answer(*, by: Asker, response_id: int, link_id: str, value: int | None, now: datetime | None = None) -> Answer:
    """Answer one item; None leaves it out on purpose. The newest answer counts; all of them are kept.

    The same answer again changes nothing and returns the row that stands: a tap sent twice is one tap.
    """
    _may_answer(by)
    response = _hold(response_id)
    asked = _scale(response.scale_id)
    try:
        item = asked.item(link_id)
    except KeyError:
        raise Refused(_("There is no such question."), codes=("unknown_item",)) from None
    if value is not None and value not in item.values:
        raise Refused(_("Choose one of the answers shown."), codes=("unknown_answer",))
    newest = response.answers.filter(link_id=link_id).order_by("-id").first()
    if newest is not None and newest.value == value:
        return newest
    row = Answer.objects.create(
        clinic_id=response.clinic_id,
        patient_id=response.patient_id,
        response=response,
        link_id=link_id,
        value=value,
        answered_at=now or timezone.now(),
    )
    record(by, "measure.answered", response, link_id=link_id)
    return row


@transaction.atomic
def complete(*, by: Asker, response_id: int, now: datetime | None = None) -> QuestionnaireResponse:
    """Send the answers: score them by the definition as it stands, and freeze them.

    Refused while a question is neither answered nor left out on purpose. Where too much was left out for a
    score, the answers are kept without one.
    """
    _may_answer(by)
    response = _hold(response_id)
    asked = _scale(response.scale_id)
    given = queries.answers_of([response.pk]).get(response.pk, {})
    still_open = [item for item in asked.items if item.link_id not in given]
    if still_open:
        raise Refused(
            *(_("Question %(number)d is still open.") % {"number": asked.items.index(item) + 1} for item in still_open),
            codes=tuple(f"open:{item.link_id}" for item in still_open),
        )
    _score(response, asked, given)
    response.language = translation.get_language() or response.language
    response.completed_at = now or timezone.now()
    response.save()
    record(
        by,
        "measure.completed",
        response,
        scale_id=asked.id,
        scored=response.score is not None,
        safety_positive=response.safety_positive,
    )
    return response


def _score(response: QuestionnaireResponse, asked: Scale, given: Mapping[str, int | None]) -> None:
    result = asked.score(given)
    response.scale_version, response.scale_hash = str(asked.version), asked.hash
    response.safety_positive = bool(result.safety)
    if isinstance(result, Refusal):
        response.score, response.band = None, ""
    else:
        response.score = Decimal(result.total)
        response.band = result.band.code if result.band is not None else ""
