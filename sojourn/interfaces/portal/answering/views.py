"""A questionnaire on a phone: one question a screen, saved at each tap, gone on with on any device."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.queries import MeasureSessionPart
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety.not_counted_actions import TOO_LATE, UNDER_A_DOSE, hear
from sojourn.clinical.numbers import NumberRefusal
from sojourn.clinical.scales import Item, say
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.answering.forms import AnswerForm
from sojourn.interfaces.portal.answering.sheet import (
    REVIEW,
    AnswerRow,
    Choice,
    MeasureStep,
    Place,
    Sheet,
    answer_words,
    meant_item,
    part_words,
    reading_language,
    sheet_of,
    url_after,
    url_onward,
)
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session import not_now
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.shared.pages import FORM, opens
from sojourn.interfaces.shared.pages import sent as form_data
from sojourn.interfaces.shared.today.sheets import minutes_for


def _closed(request: Request, sheet: Sheet) -> HttpResponse | None:
    """Where one goes instead when there is nothing to answer any more."""
    if sheet.sent:
        return redirect("portal:sent", sheet.id)
    if sheet.withdrawn:
        return show(request, "portal/answering/withdrawn.html", {"sheet": sheet})
    return None


def _refused(request: Request, sheet: Sheet, refused: ActionRefused) -> HttpResponse:
    return show(request, "portal/answering/refused.html", {"sheet": sheet, "reasons": refused.reasons}, status=409)


def _sheet(scope: OwnPage, request_id: int) -> Sheet:
    return sheet_of(request_id)


def _place(scope: OwnPage, request_id: int, number: int) -> Place:
    return Place(sheet_of(request_id), number)


def _asked_place(scope: OwnPage, request_id: int, number: int) -> Place:
    place = _place(scope, request_id, number)
    if not place.is_asked:
        raise Http404
    return place


def _parts(scope: OwnPage, measure_session_id: int) -> Sequence[MeasureSessionPart]:
    return measures_queries.measure_session(measure_session_id)[1]


@own_page("own.answer")
@waits_under_a_dose()
@opens(_sheet)
def intro(request: Request, scope: OwnPage, sheet: Sheet) -> HttpResponse:
    """What is asked, how long it takes, who sees it."""
    return _closed(request, sheet) or show(
        request,
        "portal/answering/intro.html",
        {
            "sheet": sheet,
            "minutes": minutes_for(sheet.scale),
            "begun": bool(sheet.given),
            "answered": sheet.answered,
            "next_url": url_onward(sheet),
            "safety": bool(sheet.scale.safety_items),
        },
        nav=False,
    )


@own_page("own.answer", methods=FORM)
@opens(_place)
def question(request: Request, scope: OwnPage, place: Place) -> HttpResponse:
    """One question. A tap saves it and goes on; an alarming answer shows help first."""
    sheet, number, form = place.sheet, place.number, AnswerForm(form_data(request))
    if not form.is_bound and not_now.dosed(request):
        return not_now.page(request)
    if form.typed("item"):
        return _take(request, sheet, form, *meant_item(sheet, form.typed("item"), number))
    if not place.is_asked:
        raise Http404
    if form.is_bound:
        return _take(request, sheet, form, sheet.items[number - 1], number)
    return _closed(request, sheet) or _ask(request, sheet, number, request.GET.get("to") == REVIEW)


def _ask(
    request: Request,
    sheet: Sheet,
    number: int,
    to_review: bool,
    errors: tuple[object, ...] = (),
    typed: str | None = None,
) -> HttpResponse:
    item = sheet.items[number - 1]
    language = reading_language()
    chosen = sheet.given.get(item.link_id)
    back = sheet.at(number - 1) if number > 1 else reverse("portal:measure", args=[sheet.id])
    return show(
        request,
        "portal/answering/question.html",
        {
            "sheet": sheet,
            "number": number,
            "stem": say(sheet.scale.stem, language) if item.scored else "",
            "text": say(item.text, language),
            "choices": [
                Choice(option.value, say(option.text, language), key, option.value == chosen)
                for key, option in enumerate(item.options, start=1)
            ],
            "item": item,
            "safety_from": sheet.scale.rule.optional("safety_from") or 1,
            "value": typed if typed is not None else chosen,
            "middle": (item.low + item.high) // 2,
            "left_out": item.link_id in sheet.given and chosen is None,
            "back": reverse("portal:review", args=[sheet.id]) if to_review else back,
            "to_review": to_review,
            "errors": errors,
        },
        nav=False,
        status=409 if errors else 200,
    )


def _take(request: Request, sheet: Sheet, form: AnswerForm, item: Item, number: int) -> HttpResponse:
    to_review, typed = form.typed("to") == REVIEW, form.typed("value")[:20]
    value = form.answer(is_number=item.kind == "number")
    if isinstance(value, NumberRefusal):
        return _ask(request, sheet, number, to_review, (_no_answer(item),), typed)
    try:
        response = measures_actions.start_response(by=request.actor, request_id=sheet.id)
        answered = safety_actions.answer_measure(
            by=request.actor, response_id=response.pk, link_id=item.link_id, value=value
        )
    except ActionRefused as refused:
        if "unknown_answer" in refused.codes:
            return _ask(request, sheet, number, to_review, refused.reasons, typed)
        return _not_counted(request, sheet, item, value, refused)
    if answered.alarming:
        target = reverse("portal:help_first", args=[sheet.id, number])
        return redirect(f"{target}?to={REVIEW}" if to_review else target)
    now = Sheet(sheet.request, response, sheet.scale, {**sheet.given, item.link_id: value})
    return redirect(url_after(now, number, to_review) if item in now.items else url_onward(now))


def _no_answer(item: Item) -> str:
    """What can be answered, where something else was typed."""
    if item.kind != "number":
        return _("Choose one of the answers shown.")
    return _("Enter a whole number from %(low)d to %(high)d.") % {"low": item.low, "high": item.high}


def _not_counted(request: Request, sheet: Sheet, item: Item, value: int | None, refused: ActionRefused) -> HttpResponse:
    """An answer that waits, or comes after the sending. One about danger is heard all the same, with help first."""
    waits, patient_id = not_now.is_it(refused), sheet.request.patient_id
    about = f"not-now:{sheet.id}" if waits else f"too-late:{sheet.id}"
    why = UNDER_A_DOSE if waits else TOO_LATE
    given = {item.link_id: value}
    if hear(by=request.actor, patient_id=patient_id, scale_id=sheet.scale.id, answers=given, about=about, why=why):
        context = {"sheet": sheet, "next_url": reverse("portal:today"), "back": "", "waits": waits, "late": not waits}
        status = not_now.WAITS if waits else 409
        return show(request, "portal/answering/help_first.html", context, nav=False, status=status)
    return not_now.page(request, status=not_now.WAITS) if waits else _refused(request, sheet, refused)


@own_page("own.answer")
@opens(_asked_place)
def help_first(request: Request, scope: OwnPage, place: Place) -> HttpResponse:
    """Help, before the questions go on."""
    sheet, number = place.sheet, place.number
    to_review = request.GET.get("to") == REVIEW
    return show(
        request,
        "portal/answering/help_first.html",
        {
            "sheet": sheet,
            "next_url": url_after(sheet, number, to_review),
            "back": sheet.at(number),
            "heard": heard(scope.patient_id),
        },
        nav=False,
    )


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
@opens(_sheet)
def review(request: Request, scope: OwnPage, sheet: Sheet) -> HttpResponse:
    """All answers at a glance, to change or to send."""
    if request.method == "POST":
        return _send(request, sheet)
    return _closed(request, sheet) or _lines(request, sheet)


def _lines(request: Request, sheet: Sheet, errors: tuple[object, ...] = ()) -> HttpResponse:
    language = reading_language()
    lines = [
        AnswerRow(
            number,
            say(item.text, language),
            answer_words(item, sheet, language),
            item.link_id not in sheet.given,
            f"{sheet.at(number)}?to={REVIEW}",
        )
        for number, item in enumerate(sheet.items, start=1)
    ]
    standing = sheet.standing
    return show(
        request,
        "portal/answering/review.html",
        {
            "sheet": sheet,
            "lines": lines,
            "first_open": sheet.at(standing) if standing else "",
            "first_open_number": standing,
            "errors": errors,
        },
        nav=False,
        status=409 if errors else 200,
    )


def _send(request: Request, sheet: Sheet) -> HttpResponse:
    by = request.actor
    if sheet.sent:
        return redirect("portal:sent", sheet.id)  # the second of two taps
    try:
        response = measures_actions.start_response(by=by, request_id=sheet.id)
        safety_actions.complete_measure(by=by, response_id=response.pk)
    except ActionRefused as refused:
        if any(code.startswith("open:") for code in refused.codes):
            return _lines(request, sheet_of(sheet.id), refused.reasons)
        return _refused(request, sheet, refused)
    return redirect("portal:sent", sheet.id)


@own_page("own.answer")
@opens(_sheet)
def sent(request: Request, scope: OwnPage, sheet: Sheet) -> HttpResponse:
    """Sent: what happens next."""
    if not sheet.sent:
        return redirect("portal:measure", sheet.id)
    assert sheet.response is not None
    return show(
        request,
        "portal/answering/sent.html",
        {
            "sheet": sheet,
            "alarming": sheet.response.safety_positive,
            "without_score": sheet.response.score is None,
            **_next(sheet),
        },
    )


def _next(sheet: Sheet) -> dict[str, object]:
    """What is asked after this one: the rest of the same measure session, else whatever is open. Two queries."""
    waiting = measures_queries.open_requests(PatientScope(sheet.request.patient_id))
    own = sheet.request.measure_session_id
    same = [each for each in waiting if own is not None and each.measure_session_id == own]
    return {"others": (same or waiting)[:1], "session_left": len(same)}


@own_page("own.answer")
@waits_under_a_dose()
@opens(_parts)
def measure_session(request: Request, scope: OwnPage, parts: Sequence[MeasureSessionPart]) -> HttpResponse:
    """Several questionnaires as one: how many, how long, where one stands."""
    ahead = [part for part in parts if not part.done]
    minutes = max(1, round(sum(part.minutes for part in ahead)))
    return show(
        request,
        "portal/answering/measure_session.html",
        {
            "parts": [
                MeasureStep(
                    say(part.scale.title, reading_language()),
                    part_words(part),
                    part.done,
                    bool(ahead) and part is ahead[0],
                )
                for part in parts
            ],
            "n": len(parts),
            "done": len(parts) - len(ahead),
            "minutes": ngettext("about %(n)d minute", "about %(n)d minutes", minutes) % {"n": minutes},
            "begun": any(part.answered for part in parts),
            "next_url": reverse("portal:measure", args=[ahead[0].request_id]) if ahead else "",
            "safety": any(part.scale.safety_items for part in ahead),
        },
        nav=False,
    )
