"""Ask about what one reads, say whether a part was clear, and read what others asked.

Everybody may, before any sign-in. What is sent without a name is kept by the program in the clinic whose library it is,
and never by whoever sent it.
"""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from sojourn.care.reading import actions as reading_actions
from sojourn.care.reading import queries as reading_queries
from sojourn.care.reading import voice_queries
from sojourn.care.reading.actions import Passage
from sojourn.care.reading.models import VoiceKind
from sojourn.care.reading.voice_queries import OneVoice
from sojourn.foundation.accounts.access import public, with_actor
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.library.pictures import hundreds
from sojourn.foundation.library.queries import retracted
from sojourn.interfaces.portal.library import pictures
from sojourn.interfaces.portal.library.frames import as_reader, clinic_at, language, show
from sojourn.interfaces.portal.reading.forms import AskForm, ClearForm
from sojourn.interfaces.portal.reading.passages import article_address, passage_of
from sojourn.interfaces.portal.reading.presenters import answered, in_short
from sojourn.interfaces.shared.pages import FORM

SENT = ("team", "clinic")
BESIDE = "infusions-mcinnes"  # the hundred people beside whom a voice stands


@public
@never_cache
@require_http_methods([*FORM, "HEAD"])
def ask(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A question about a part: a patient's to their care team, or anybody's to the clinic without a name."""
    passage, clinic = passage_of(request, slug), clinic_at(request)
    form, refused = AskForm(request.POST if request.method == "POST" else None), None
    if form.is_bound and clinic is not None:
        try:
            return _asked(request, passage, clinic, form)
        except ActionRefused as wrong:
            if not form.to_team and reading_queries.needs_help(form.typed):
                return _help_first(request, passage, kept=False)
            refused = wrong
    sent = request.GET.get("sent", "")
    return show(
        request,
        "portal/reading/ask.html",
        {
            "passage": passage,
            "back": article_address(passage),
            "here": _here("reading:ask", passage),
            "may_ask_team": _may_ask_team(request),
            "sent": sent if sent in SENT else "",
            "typed": form.typed,
            # A key for each form: by one key a question without a name would lead to the message of whoever asked both.
            "team_key": form.sent_key if form.to_team else uuid4(),
            "clinic_key": uuid4() if form.to_team else form.sent_key,
            "to_team": form.to_team,
            "reasons": refused.reasons if refused is not None else (),
            "errors": [{"href": f"#{_field(form)}", "text": each} for each in (refused.reasons if refused else ())],
        },
        status=409 if refused is not None else 200,
    )


def _may_ask_team(request: HttpRequest) -> bool:
    actor = with_actor(request).actor
    return actor.patient_id is not None and actor.may("own.answer")


def _field(form: AskForm) -> str:
    return "text" if form.to_team else "nameless"


def _here(name: str, passage: Passage) -> str:
    return f"{reverse(name, args=[passage.article.slug])}?part={passage.part}"


def _asked(request: HttpRequest, passage: Passage, clinic: Clinic, form: AskForm) -> HttpResponseBase:
    actor = with_actor(request).actor
    if form.to_team and actor.patient_id is not None:
        reading_actions.ask_team(
            by=actor, patient_id=actor.patient_id, passage=passage, text=form.typed, key=form.sent_key
        )
        return redirect(f"{_here('reading:ask', passage)}&sent=team")
    with acting_as(reading_actions.listener(clinic.pk)) as by:
        asked = reading_actions.ask_nameless(
            by=by, passage=passage, text=form.typed, key=form.sent_key, today=clinic_today(clinic)
        )
    if asked.danger:
        return _help_first(request, passage, kept=True)
    return redirect(f"{_here('reading:ask', passage)}&sent=clinic")


def _help_first(request: HttpRequest, passage: Passage, *, kept: bool) -> HttpResponse:
    """Nobody can answer whoever has no name: the page itself shows help."""
    context = {"back": article_address(passage), "kept": kept}
    return show(request, "portal/reading/help_first.html", context)


@public
@never_cache
@require_http_methods([*FORM, "HEAD"])
def clear(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Whether a part was clear. Within the article it opens in its place; without a script it is a page. Whoever says
    no may say of which paragraph, and what would have helped."""
    passage, clinic = passage_of(request, slug), clinic_at(request)
    sent = request.POST if request.method == "POST" else None
    form = ClearForm(sent, part=passage.part, openings=passage.openings)
    said, danger = False, False
    if clinic is not None and form.is_bound:
        danger = reading_queries.needs_help(str(form.data.get("word", "")))
        if form.is_valid():
            with acting_as(reading_actions.listener(clinic.pk)) as by:
                reading_actions.say_clarity(
                    by=by, passage=passage, clear=form.cleaned_data["clear"] == "yes", word=form.cleaned_data["word"],
                    paragraph=form.cleaned_data["paragraph"], today=clinic_today(clinic),
                )  # fmt: skip
            said = True
    context = {
        "passage": passage,
        "clear_clinic": clinic,
        "form": form,
        "no": "no" in request.GET or form.is_bound,
        "said": said,
        "danger": danger,
        "back": article_address(passage),
        "here": _here("reading:clear", passage),
    }
    status = 422 if form.is_bound and not said else 200
    if with_actor(request).htmx:
        return render(request, "portal/reading/clear_form.html", context, status=status)
    return show(request, "portal/reading/clear.html", context, status=status)


@public
@require_safe
def answers(request: HttpRequest, slug: str) -> HttpResponse:
    """What readers asked about an article and the clinic answered."""
    passage, clinic = passage_of(request, slug), clinic_at(request)
    found = []
    if clinic is not None:
        with acting_as(system_actor(clinic.pk)):
            found = reading_queries.published_answers(slug, passage.article.language)
    context = {"passage": passage, "answers": [answered(each, passage.article) for each in found],
               "back": article_address(passage)}  # fmt: skip
    if with_actor(request).htmx:
        return render(request, "portal/reading/answer_list.html", context)
    return show(request, "portal/reading/answers.html", context)


@public
@never_cache
@require_safe
@gzip_page
def voices(request: HttpRequest) -> HttpResponse:
    """Stories and views that are shown, each as one person's experience, beside the hundred people. Nothing of it stays
    on a device: what was withdrawn must be gone there too."""
    clinic, found = clinic_at(request), list[OneVoice]()
    if clinic is not None:
        with acting_as(system_actor(clinic.pk)):
            found = voice_queries.shown_voices(language())
    many = hundreds()[BESIDE]
    with as_reader(request):
        gone = retracted(each.id for each in many.rows)
    context = {
        "stories": [each for each in found if each.voice.kind == VoiceKind.STORY],
        "views": [each for each in found if each.voice.kind == VoiceKind.VIEW],
        "hundred": pictures.hundred(many, language(), gone),
        "in_short": in_short(many),
        "may_tell": _may_ask_team(request),
    }
    return show(request, "portal/reading/voices.html", context)
