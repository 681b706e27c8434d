"""Your story: one question a screen, saved as one goes, gone on with on any device, sent to the clinic at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake import actions, queries, wording
from sojourn.care.intake.queries import Answered
from sojourn.care.intake.story import Question, story
from sojourn.care.intake.typed import told_of
from sojourn.care.patients.models import Patient
from sojourn.care.patients.queries import people_of
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.danger.listening import help_offer
from sojourn.interfaces.portal.intake.presenters import (
    Entry,
    Said,
    entry_of,
    known_weight,
    list_context,
    person_entry,
    picks,
    said_again,
    typed_value,
    unit_of,
)
from sojourn.interfaces.portal.intake.way import (
    REVIEW,
    Chapter,
    Way,
    known_question,
    section_of,
    url_after,
    url_before,
    url_of,
    way_of,
)
from sojourn.interfaces.portal.pages import OwnScope, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.shared.pages import FORM

_CONTRADICTION = "contradiction:"


# ---------------------------------------------------------------- overview


@own_page("own.answer")
@waits_under_a_dose()
def overview(request: Request, scope: OwnScope) -> HttpResponse:
    """Every section, how far one is, and the way on."""
    way = way_of(request)
    chapters = []
    for section in story().sections:
        own = [each for each in way.shown if each.section == section.id]
        if own:
            first = next((each for each in own if each.id not in way.given), own[0])
            done = sum(each.id in way.given for each in own)
            chapters.append(Chapter(section, done, len(own), url_of(first.id)))
    first_open = way.first_open
    return show(
        request,
        "portal/intake/overview.html",
        {
            "way": way,
            "chapters": chapters,
            "next_url": url_of(first_open.id) if first_open else reverse("portal:story_review"),
            "finished": first_open is None,
            "sent": queries.latest_submission(way.patient.pk),
            "heard": heard(way.patient.pk),
        },
    )


# ---------------------------------------------------------------- one question


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def question(request: Request, scope: OwnScope, topic: str) -> HttpResponse:
    """One question. Each answer is saved by itself, and the next question comes."""
    asked = known_question(topic)
    way = way_of(request)
    to_review = (request.POST.get("to") or request.GET.get("to")) == REVIEW
    if request.method == "POST":
        return _take(request, way, asked, to_review)
    if asked not in way.shown:
        return redirect("portal:story_review" if to_review else "portal:story")
    return _ask(request, way, asked, to_review)


def _seen(request: Request) -> int | None:
    typed = request.POST.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _take(request: Request, way: Way, asked: Question, to_review: bool) -> HttpResponse:
    try:
        told = told_of(asked, dict(request.POST.lists()))
        kept = writing.answer_story(
            by=request.asker,
            patient_id=way.patient.pk,
            question_id=asked.id,
            told=told,
            seen=_seen(request),
            confirmed=frozenset(request.POST.getlist("confirmed")),
        )
    except Refused as refused:
        return _ask(request, way, asked, to_review, refused)
    row = kept.row
    given = dict(way.given) | {
        asked.id: Answered(row.pk, asked.id, told, row.said_at, row.on_behalf, tuple(row.confirmed))
    }
    target = url_after(Way(way.patient, given), asked, to_review)
    return help_offer(target) if kept.alarming else redirect(target)


def _ask(request: Request, way: Way, asked: Question, to_review: bool, refused: Refused | None = None) -> HttpResponse:
    standing = way.given.get(asked.id)
    typed: Mapping[str, Sequence[str]] = dict(request.POST.lists()) if refused else {}
    told = standing.told if standing is not None else None
    overtaken = isinstance(refused, Overtaken)
    doubts = [code.removeprefix(_CONTRADICTION) for code in refused.codes] if refused else []
    in_doubt = bool(refused) and all(code.startswith(_CONTRADICTION) for code in refused.codes) if refused else False
    clinic = request.clinic
    context = {
        "question": asked,
        "section": section_of(asked),
        "text": _(asked.text),
        "hint": _(asked.hint) if asked.hint else "",
        "why": _(asked.why),
        "number": way.number(asked) if asked in way.shown else 1,
        "total": way.total,
        "minutes": way.minutes,
        "seen": standing.id if standing is not None else "",
        "picks": picks(asked, told, typed),
        "rest_unsure": bool(typed.get("rest_unsure"))
        if typed
        else bool(told and isinstance(told.value, dict) and told.value.get("rest_unsure")),
        "typed": typed_value(asked, told, typed),
        "unit": unit_of(asked, told, typed, clinic.jurisdiction if clinic else ""),
        "before": wording.said(asked, told) if told is not None and told.standing != "told" else "",
        "back": url_before(way, asked, to_review),
        "to_review": to_review,
        "reasons": refused.reasons if refused else (),
        "overtaken": wording.said(asked, told) if overtaken else "",
        "in_doubt": in_doubt,
        "doubts": doubts,
        "known_weight": known_weight(way.patient.pk) if asked.fact == queries.WEIGHT else "",
        "again": [(name, value) for name in ("value", "unit", "rest_unsure", "press") for value in typed.get(name, ())],
        "again_words": said_again(asked, typed) if in_doubt or overtaken else "",
    }
    if asked.kind == "list":
        context |= list_context(way.patient.pk, asked)
    return show(request, "portal/intake/question.html", context, nav=False, status=409 if refused else 200)


# ---------------------------------------------------------------- all of it


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def review(request: Request, scope: OwnScope) -> HttpResponse:
    """Everything that was said, to change and to send."""
    reasons: tuple[object, ...] = ()
    if request.method == "POST":
        by = request.asker
        try:
            actions.send(by=by, patient_id=by.patient_id or 0)
            return redirect("portal:story_sent")
        except Patient.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            reasons = refused.reasons
    way = way_of(request)
    everything = queries.lists(way.patient.pk)
    people = people_of(way.patient.pk)
    chapters = []
    for section in story().sections:
        said = []
        for each in way.shown:
            if each.section == section.id:
                standing = way.given.get(each.id)
                lines: tuple[Entry, ...] = ()
                if each.of == "people":
                    lines = tuple(person_entry(one) for one in people)
                elif each.kind == "list":
                    lines = tuple(entry_of(each, one) for one in everything.of(each.of))
                said.append(
                    Said(
                        _(each.text),
                        wording.said(each, standing.told if standing else None),
                        standing is None,
                        standing is not None and standing.told.standing == "unsure",
                        url_of(each.id, to_review=True),
                        lines,
                    )
                )
        if said:
            chapters.append((_(section.title), said))
    first_open = way.first_open
    return show(
        request,
        "portal/intake/review.html",
        {
            "chapters": chapters,
            "first_open": url_of(first_open.id) if first_open else "",
            "left": way.total - way.answered,
            "reasons": reasons,
        },
        nav=False,
        status=409 if reasons else 200,
    )


@own_page("own.answer")
def sent(request: Request, scope: OwnScope) -> HttpResponse:
    """Sent: what happens next."""
    latest = queries.latest_submission(request.asker.patient_id or 0)
    if latest is None:
        return redirect("portal:story")
    return show(request, "portal/intake/sent.html", {"sent": latest})
