"""A patient's own story: written, sent, read as it will be shown, agreed to, and taken back with one press."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.reading import consent_words, voice_queries
from sojourn.care.reading.changes import changes
from sojourn.care.reading.models import Voice
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.portal.danger import heard
from sojourn.interfaces.portal.library.frames import language
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.pages import FORM, sent
from sojourn.interfaces.shared.voice_forms import VoiceForm, act_on_own
from sojourn.interfaces.shared.voice_marks import Marker


@own_page("own.answer", methods=FORM)
def story(request: Request, scope: OwnPage) -> HttpResponse:
    """Where the story stands, and what its writer can do with it."""
    form, reasons = VoiceForm(sent(request)), tuple[object, ...]()
    if form.is_bound and form.is_valid():
        try:
            act_on_own(scope.actor, form, language())
            return redirect("portal:story")
        except Voice.DoesNotExist:
            reasons = (_("There is no story of yours. It was taken back."),)
        except ActionRefused as refused:
            reasons = refused.reasons
    own = voice_queries.own_voice(scope.actor.member)
    return show(
        request,
        "portal/reading/story.html",
        {
            "own": own,
            "state": own.state if own is not None else "draft",
            "is_open": own is None or own.is_open,
            "is_over": own is not None and own.is_over(timezone.now()),
            "consent_words": consent_words.STORY,
            "found": Marker.of(own.voice).found(own.writers) if own is not None and own.is_open else (),
            "changes": changes(own.writers, own.text) if own is not None else (),
            "form": form,
            "typed": form.typed if form.is_bound else (own.writers if own is not None else ""),
            "reasons": reasons,
            "errors": [{"href": "#text", "text": each} for each in reasons],
            "heard": heard.heard(scope.patient_id),
        },
        active="library",
        status=409 if reasons else 200,
    )
