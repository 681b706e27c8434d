"""Stories and views before they are shown, with help that marks what could tell who wrote them; and one's own view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sojourn.care.reading import consent_words, voice_actions, voice_queries
from sojourn.care.reading.changes import changes
from sojourn.care.reading.models import Voice
from sojourn.care.reading.queries import needs_help
from sojourn.care.reading.voice_queries import OneVoice
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.library.article import LANGUAGES
from sojourn.interfaces.console.reading.forms import ModerateForm
from sojourn.interfaces.console.reading.presenters import voice_row
from sojourn.interfaces.shared.pages import FORM, ClinicPage, clinic_page, error_list, form_action, opens, sent
from sojourn.interfaces.shared.voice_forms import VoiceForm, act_on_own
from sojourn.interfaces.shared.voice_marks import Marker


@allowed("voice.moderate")
@require_GET
def voices(request: HttpRequest) -> HttpResponse:
    """What was sent: those that wait for somebody to read them first."""
    return render(
        request,
        "console/reading/voices.html",
        {"rows": [voice_row(each) for each in voice_queries.sent_voices()]},
    )


def _sent(_scope: ClinicPage, voice_id: int) -> OneVoice:
    return voice_queries.one_voice(voice_id)


@clinic_page("voice.moderate", methods=FORM)
@opens(_sent)
def voice(request: Request, scope: ClinicPage, found: OneVoice) -> HttpResponse:
    """One of them: propose a wording, give it back, or take it down. Who wrote it is not said. "help" fills the form
    with words in the place of what was marked, and keeps nothing."""
    marker = Marker.of(found.voice)

    def act(form: ModerateForm) -> HttpResponse:
        _moderate(scope.actor, found.voice.pk, form)
        return redirect("console:voices")

    def show(form: ModerateForm, status: int) -> HttpResponse:
        context = {
            "found": found,
            "row": voice_row(found),
            "form": form,
            "pieces": marker.marked(found.writers),
            "changes": changes(found.writers, found.text),
            "left": marker.found(found.text),
            "danger": needs_help(found.writers),
            "waits": found.state in voice_actions.WAITING,
            "own": found.voice.writer_id == scope.actor.membership_id,
        }
        return render(request, "console/reading/voice.html", context, status=status)

    form = ModerateForm(sent(request), initial={"text": found.text, "seen": found.seen})
    if form.is_bound and form.data.get("do") == "help":
        told = {
            "text": marker.without(form.data.get("text", "")),
            "seen": form.data.get("seen"),
            "reason": form.data.get("reason"),
        }
        return show(ModerateForm(initial=told), 200)
    return form_action(form, act, show, fields={"nothing": "text", "too-long": "text", "no-reason": "reason"})


def _moderate(by: Actor, voice_id: int, form: ModerateForm) -> None:
    told, seen = form.cleaned_data, form.cleaned_data["seen"] or 0
    if told["do"] == "aside":
        voice_actions.set_voice_aside(by=by, voice_id=voice_id, seen=seen, reason=told["reason"])
    elif told["do"] == "down":
        voice_actions.take_down(by=by, voice_id=voice_id, seen=seen)
    else:
        voice_actions.propose(by=by, voice_id=voice_id, seen=seen, text=told["text"])


@clinic_page("voice.write", methods=FORM)
def own_view(request: Request, scope: ClinicPage) -> HttpResponse:
    """One's own view as a professional."""
    form, refused = VoiceForm(sent(request)), None
    if form.is_bound and form.is_valid():
        try:
            act_on_own(scope.actor, form, _language())
            return redirect("console:own_view")
        except Voice.DoesNotExist:
            refused = ActionRefused(_("There is no view of yours. It was taken back."))
        except ActionRefused as wrong:
            refused = wrong
    own = voice_queries.own_voice(scope.actor.member)
    context = {
        "own": own,
        "state": own.state if own is not None else "draft",
        "is_open": own is None or own.is_open,
        "typed": form.typed if form.is_bound else (own.writers if own is not None else ""),
        "errors": error_list(refused, "#text"),
        "consent_words": consent_words.VIEW,
        "is_over": own is not None and own.is_over(timezone.now()),
        "changes": changes(own.writers, own.text) if own is not None else (),
        "found": Marker.of(own.voice).found(own.writers) if own is not None and own.is_open else (),
    }
    return render(request, "console/reading/own_view.html", context, status=409 if refused else 200)


def _language() -> str:
    spoken = (get_language() or LANGUAGES[0])[:2]
    return spoken if spoken in LANGUAGES else LANGUAGES[0]
