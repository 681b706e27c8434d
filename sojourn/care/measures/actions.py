"""Ask for questionnaires, answer them and enter scores.

Interfaces answer and complete through ``sojourn.care.safety.actions``, which raises the flag of an alarming
answer in the same transaction; the database refuses a completed alarming answer without its flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.faults import in_words
from sojourn.care.measures.models import Answer, MeasureRequest, MeasureSession, QuestionnaireResponse, Source
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient
from sojourn.clinical.scales import Number, Scale, Score, ScoreRefusal, say
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, either, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import local
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row


def _scale(scale_id: str) -> Scale:
    try:
        return measures_queries.scale(scale_id)
    except KeyError:
        raise ActionRefused(_("There is no questionnaire of this name."), codes=("unknown_scale",)) from None


def _for_patients(asked: Scale) -> None:
    """Refuse what a patient cannot be asked: there is no text, or somebody else rates it."""
    if not asked.ships_text:
        raise ActionRefused(
            _("%(title)s cannot be asked: %(reason)s")
            % {"title": say(asked.title, _language()), "reason": _(asked.licence.note)},
            codes=("no_text",),
        )
    if asked.rater != "self":
        raise ActionRefused(
            _("%(title)s is rated by a clinician, not by the patient. Enter it.")
            % {"title": say(asked.title, _language())},
            codes=("not_self_rated",),
        )


def _language() -> str:
    return translation.get_language() or "en"


# A patient answers their own; the database shows them no other's. Staff enter what stands on paper.
ANSWERS: Final = either("own.answer", "measure.enter")


def _unsent(response_id: int) -> QuestionnaireResponse:
    """The response while it can still be answered. Refused: completed."""
    response = one_row(QuestionnaireResponse, response_id).get()
    if response.completed_at is not None:
        raise ActionRefused(
            _("These answers have been sent and stay as they are. They can be answered again another time."),
            codes=("completed",),
        )
    return response


@action("measure.request", locks=row(Patient, "patient_id"), audit="measure.requested")
def request_measure(
    *, by: Actor, patient_id: int, scale_id: str, due_at: datetime, now: datetime | None = None
) -> MeasureRequest:
    """Ask a patient to answer a questionnaire by ``due_at``. Refused while the same one is still open."""
    assert by.clinic_id is not None
    asked = _scale(scale_id)
    _for_patients(asked)
    now = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    if due_at < now:
        raise ActionRefused(_("The day by which it is wanted has passed."), codes=("due_in_the_past",))
    waiting = measures_queries.open_requests_of([patient.pk]).get(patient.pk, [])
    for request in waiting:
        if request.scale.family == asked.family:
            raise ActionRefused(
                _("%(title)s is already open for %(name)s, until %(day)s.")
                % {
                    "title": say(asked.title, _language()),
                    "name": patient.name,
                    "day": date_format(local(request.due_at, by), _("j F Y")),
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


def _adopted_battery(indication: str) -> measures_queries.MeasureSet:
    battery = next((each for each in measures_queries.batteries() if each.indication == indication), None)
    if battery is None:
        raise ActionRefused(_("There is no battery for this indication."), codes=("unknown_battery",))
    if not battery.adopted:
        raise ActionRefused(
            _("A prescriber must adopt this battery before it is used: it is a convention, no source says it."),
            codes=("not_adopted",),
        )
    return battery


@action("measure.request", locks=row(Patient, "patient_id"), audit="measure.battery_requested")
def request_battery(
    *, by: Actor, patient_id: int, indication: str, due_at: datetime, now: datetime | None = None
) -> MeasureSession:
    """Ask for everything that an indication begins with, as one sitting. What is open already joins it.

    Refused while no prescriber has adopted the battery, while the same session is open, or where it asks nothing.
    """
    now = now or timezone.now()
    battery = _adopted_battery(indication)
    patient = one_row(Patient, patient_id).get()
    if due_at < now:
        raise ActionRefused(_("The day by which it is wanted has passed."), codes=("due_in_the_past",))
    if not battery.asked:
        raise ActionRefused(_("Nothing in this battery can be asked of the patient."), codes=("nothing_to_ask",))
    waiting = {each.scale.family: each for each in measures_queries.open_requests_of([patient.pk]).get(patient.pk, [])}
    wanted = [each.family for each in battery.asked]
    if all(family in waiting and waiting[family].measure_session_id is not None for family in wanted):
        raise ActionRefused(_("These questionnaires are open already."), codes=("already_open",))
    measure_session = MeasureSession.objects.create(
        clinic_id=by.own_clinic_id,
        patient=patient,
        indication=indication,
        rule_id=battery.rule.id,
        rule_version=battery.rule.version,
        rule_hash=battery.rule.hash,
        due_at=due_at,
        requested_at=now,
        requested_by_id=by.membership_id,
    )
    for asked in battery.asked:
        standing = waiting.get(asked.family)
        _join(measure_session, asked, None if standing is None else standing.id)
    record(by, "measure.battery_requested", measure_session, indication=indication, rule=battery.rule.id)
    return measure_session


def _join(measure_session: MeasureSession, asked: Scale, open_id: int | None) -> None:
    """Ask for a questionnaire in a measure session; one that is open already joins it."""
    if open_id is not None:
        one_row(MeasureRequest, open_id).update(measure_session=measure_session)
        return
    MeasureRequest.objects.create(
        clinic_id=measure_session.clinic_id,
        patient_id=measure_session.patient_id,
        scale_id=asked.id,
        due_at=measure_session.due_at,
        requested_at=measure_session.requested_at,
        requested_by_id=measure_session.requested_by_id,
        measure_session=measure_session,
    )


@action("measure.request", locks=row(MeasureRequest, "request_id"), audit="measure.withdrawn")
def withdraw_request(*, by: Actor, request_id: int, now: datetime | None = None) -> MeasureRequest:
    """Take a request back. Answers given so far are kept; a completed questionnaire is not taken back."""
    request = one_row(MeasureRequest, request_id).get()
    if clinic_rows(QuestionnaireResponse).filter(request=request, completed_at__isnull=False).exists():
        raise ActionRefused(_("This questionnaire has been answered."), codes=("completed",))
    if request.withdrawn_at is not None:
        raise ActionRefused(_("This request was taken back before."), codes=("withdrawn",))
    request.withdrawn_at = now or timezone.now()
    request.save(update_fields=["withdrawn_at"])
    record(by, "measure.withdrawn", request, scale_id=request.scale_id)
    return request


@action(ANSWERS, locks=row(MeasureRequest, "request_id"), audit="measure.started")
def start_response(
    *,
    by: Actor,
    request_id: int | None = None,
    scale_id: str | None = None,
    patient_id: int | None = None,
    now: datetime | None = None,
) -> QuestionnaireResponse:
    """Begin to answer a request, or a questionnaire that nobody asked for (``scale_id``).

    A request that was begun before, on whichever device, is gone on with: the same response comes back.
    ``patient_id`` is for staff who enter a paper form; a patient answers only for themselves.
    """
    assert by.clinic_id is not None
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    request: MeasureRequest | None = None
    if request_id is not None:
        request = one_row(MeasureRequest, request_id).get()
        begun = clinic_rows(QuestionnaireResponse).filter(request=request).first()
        if begun is not None:
            return unchanged(begun)
        if request.withdrawn_at is not None:
            raise ActionRefused(_("The clinic no longer needs these answers."), codes=("withdrawn",))
        scale_id, patient_id = request.scale_id, request.patient_id
    asked = _scale(scale_id or "")
    patient = one_row(Patient, by.patient_id or patient_id).get()
    response = QuestionnaireResponse.objects.create(
        clinic_id=by.clinic_id,
        patient=patient,
        request=request,
        scale_id=asked.id,
        scale_version=str(asked.version),
        scale_hash=asked.hash,
        family=asked.family,
        language=_language(),
        started_at=now,
        source=Source.PATIENT if by.patient_id is not None else Source.PAPER,
        entered_by_id=None if by.patient_id is not None else by.membership_id,
    )
    record(by, "measure.started", response, scale_id=asked.id)
    return response


@action(ANSWERS, locks=row(QuestionnaireResponse, "response_id"), audit="measure.answered")
def answer(*, by: Actor, response_id: int, link_id: str, value: int | None, now: datetime | None = None) -> Answer:
    """Answer one item; None leaves it out on purpose. The newest answer counts; all of them are kept.

    The same answer again changes nothing and returns the row that stands: a tap sent twice is one tap.
    """
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    response = _unsent(response_id)
    asked = _scale(response.scale_id)
    try:
        item = asked.item(link_id)
    except KeyError:
        raise ActionRefused(_("There is no such question."), codes=("unknown_item",)) from None
    if value is not None and not item.accepts(value):
        if item.kind == "number":
            limits = {"low": item.low, "high": item.high}
            raise ActionRefused(_("Enter a whole number from %(low)d to %(high)d.") % limits, codes=("unknown_answer",))
        raise ActionRefused(_("Choose one of the answers shown."), codes=("unknown_answer",))
    newest = response.answers.filter(link_id=link_id).order_by("-id").first()
    if newest is not None and newest.value == value:
        return unchanged(newest)
    given = Answer.objects.create(
        clinic_id=response.clinic_id,
        patient_id=response.patient_id,
        response=response,
        link_id=link_id,
        value=value,
        answered_at=now,
    )
    record(by, "measure.answered", response, link_id=link_id)
    return given


@action(ANSWERS, locks=row(QuestionnaireResponse, "response_id"), audit="measure.completed")
def complete(*, by: Actor, response_id: int, now: datetime | None = None) -> QuestionnaireResponse:
    """Send the answers: score them by the definition as it stands, and freeze them.

    Refused while a question is neither answered nor left out on purpose. Where too much was left out for a
    score, the answers are kept without one.
    """
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    response = _unsent(response_id)
    asked = _scale(response.scale_id)
    given = measures_queries.answers_of([response.pk]).get(response.pk, {})
    now_asked = asked.asked(given)
    still_open = [(place, item) for place, item in enumerate(now_asked, start=1) if item.link_id not in given]
    if still_open:
        raise ActionRefused(
            *(_("Question %(number)d is still open.") % {"number": place} for place, item in still_open),
            codes=tuple(f"open:{item.link_id}" for place, item in still_open),
        )
    _score(response, asked, given)
    response.language = _language()
    response.completed_at = now
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
    _keep(response, asked, asked.score(given))


def _keep(response: QuestionnaireResponse, asked: Scale, result: Score | ScoreRefusal) -> None:
    response.scale_version, response.scale_hash, response.family = str(asked.version), asked.hash, asked.family
    response.safety_positive = bool(result.safety)
    if isinstance(result, ScoreRefusal):
        response.score, response.band = None, ""
        return
    response.score = Decimal(result.total)
    response.band = result.band.code if result.band is not None else ""
    response.parts = {code: float(value) for code, value in result.parts.items()}
    response.findings = list(result.findings)


@action("measure.enter", locks=row(Patient, "patient_id"), audit="measure.entered")
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
    """Enter a score that was worked out on the clinic's own licensed form.

    ``parts``: subscales by code; ``answers``: those of the safety items, which are always wanted; ``rater``: who rated
    it; ``origin``: where it stands. Refused with every reason. Interfaces use ``safety.actions.enter_score``.
    """
    now = now or timezone.now()
    asked = _scale(scale_id)
    if taken_at > now:
        raise ActionRefused(_("The time on the form is in the future."), codes=("future",))
    patient = one_row(Patient, patient_id).get()
    if asked.rater == "self":
        not_now.must_have_been_awake(by=by, of=PatientScope(patient_id), at=taken_at)
    result = asked.enter(total, parts, answers)
    if isinstance(result, ScoreRefusal):
        raise ActionRefused(*(in_words(each, asked) for each in result.reasons), codes=result.reasons)
    if (
        PatientScope(patient.pk)
        .rows(QuestionnaireResponse)
        .filter(family=asked.family, source=Source.ENTERED, completed_at=taken_at)
        .exists()
    ):
        raise ActionRefused(_("A score of this scale is entered for that time already."), codes=("entered",))
    response = QuestionnaireResponse(
        clinic_id=by.own_clinic_id,
        patient=patient,
        scale_id=asked.id,
        language=_language(),
        started_at=taken_at,
        completed_at=taken_at,
        source=Source.ENTERED,
        rater=fitting(QuestionnaireResponse, "rater", rater.strip()),
        origin=fitting(QuestionnaireResponse, "origin", origin.strip()),
        entered_by_id=by.membership_id,
    )
    _keep(response, asked, result)
    response.save()
    Answer.objects.bulk_create(
        Answer(
            clinic_id=by.own_clinic_id,
            patient=patient,
            response=response,
            link_id=link_id,
            value=value,
            answered_at=taken_at,
        )
        for link_id, value in result.answers.items()
    )
    record(by, "measure.entered", response, scale_id=asked.id, safety_positive=response.safety_positive)
    return response
