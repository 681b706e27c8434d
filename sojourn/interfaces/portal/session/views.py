"""The altered-state screen, and what lets it and Help now work without a connection."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from sojourn.care.encounter import announcing
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.models import Encounter
from sojourn.care.safety.asking_actions import ask_for_help
from sojourn.care.session import actions as session_actions
from sojourn.care.session import calls, withdrawal_actions
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.access import Request, public
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.help.views import ANYBODYS
from sojourn.interfaces.portal.pages import TO_KEEP, OwnPage, for_the_device, own_page, show
from sojourn.interfaces.portal.session.forms import PressForm
from sojourn.interfaces.shared.pages import FORM, POST

# Kept on the device: these and the two pages, nothing that tells of a person.
STATIC = ("built/app.css", "built/app.js", "built/portal.js", "built/theme.js", "built/icons.svg",
          "built/fonts/next.woff2", "built/fonts/mono.woff2", "ui/mark.svg")  # fmt: skip


@own_page("own.read", methods=(*FORM, "HEAD"))
@ensure_csrf_cookie
def here(request: Request, scope: OwnPage) -> HttpResponse:
    """The altered-state screen. Sending it calls for help: the clinic's session board shows it.

    It says what has become of the call, and nothing that is not so: outside a session it leads to who can be called,
    and what is pressed there, as on a screen that stayed open, tells the clinic as the button beside the lines does.
    ``said`` is what became of a "Stop" that was pressed without script.
    """
    said = request.GET.get("said", "")
    if request.method == "POST":
        by_script = "text/html" not in request.headers.get("Accept", "")
        if not call_somebody(scope):
            target = tell_clinic(scope, PressForm(request.POST))
            return JsonResponse({"go": target}, status=409) if by_script else redirect(target)
        if by_script:
            return HttpResponse(status=204)
        return redirect(f"{reverse('portal:here')}?called=1")
    found = None if for_the_device(request) else calls.at_the_patient(scope, scope.now)
    return show(
        request,
        "portal/session/here.html",
        {
            "call_url": reverse("portal:here"),
            "alone": found is None and not for_the_device(request),
            "call": found.call if found else None,
            "ask_key": uuid4(),
            "said": said,
            **ANYBODYS,
        },
        nav=False,
    )


def _running(patient_id: int) -> Encounter | None:
    return PatientScope(patient_id).within(encounter_queries.running()).order_by("-opened_at").first()


def call_somebody(scope: OwnPage) -> bool:
    """Raise the call in the session that runs; False where none does."""
    running = _running(scope.patient_id)
    if running is None:
        return False
    try:
        session_actions.patient_calls(by=scope.actor, encounter_id=running.pk)
    except ActionRefused:
        return False
    announcing.announce(running)  # the board hears it at the commit, not at its next look
    return True


def tell_clinic(scope: OwnPage, form: PressForm) -> str:
    """Nothing runs here in which somebody could be called: the clinic is told by a flag. The page to go to."""
    ask_for_help(by=scope.actor, patient_id=scope.patient_id, form=form.sent_key)
    return f"{reverse('portal:help_asked')}?told=1"


@own_page("own.read", methods=POST)
def stop(request: Request, scope: OwnPage) -> HttpResponse:
    """The patient wants the medicine to stop. The page has asked once; this does it, and somebody comes."""
    by_script = "text/html" not in request.headers.get("Accept", "")
    said = _stop(scope)
    if not said:
        target = reverse("portal:help")
        return JsonResponse({"go": target}, status=409) if by_script else redirect(target)
    return JsonResponse({"said": said}) if by_script else redirect(f"{reverse('portal:here')}?said={said}")


def _stop(scope: OwnPage) -> str:
    """Say no for the patient: "stop". Where nothing runs any more somebody is called all the same, "over"; "" where
    there is no session."""
    try:
        withdrawal_actions.say_no(by=scope.actor, patient_id=scope.patient_id)
        return "stop"
    except ActionRefused:
        session = _running(scope.patient_id)
    if session is None or not call_somebody(scope):
        return ""
    # Stopped a moment ago is no reason to say that nothing runs: the pump obeys only a hand.
    return "stop" if session.state == State.STOPPED_EARLY else "over"  # type: ignore[attr-defined]


@public
@require_GET
def manifest(request: Request) -> HttpResponse:
    """The web app's description: it can be put on the phone's first screen."""
    return JsonResponse(
        {
            "id": "/today/",
            "name": "Sojourn",
            "short_name": "Sojourn",
            "description": _("Your way through treatment, one day at a time."),
            "lang": translation.get_language() or "en",
            "start_url": reverse("portal:today"),
            "scope": reverse("portal:today"),
            "display": "standalone",
            "background_color": "#f8f5ee",
            "theme_color": "#3f3a86",
            "icons": [
                {"src": static("ui/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
                *(_icon(f"built/mark-{size}.png", size) for size in (192, 512)),
                _icon("built/mark-maskable-512.png", 512, "maskable"),
            ],
            "shortcuts": [{"name": _("Help now"), "url": reverse("portal:help")}],
        },
        content_type="application/manifest+json",
    )


def _icon(name: str, size: int, purpose: str = "any") -> dict[str, str]:
    return {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


@public
@require_GET
def service_worker(request: Request) -> HttpResponse:
    """The script that keeps help and the altered-state screen on the device, and a page for every other one."""
    files = [static(name) for name in STATIC]
    pages, instead = [reverse("portal:help"), reverse("portal:here")], reverse("portal:offline")
    version = hashlib.sha256("\n".join((*files, *pages, instead, static("built/worker.js"), "5")).encode()).hexdigest()[
        :12
    ]
    kept = {"files": files, "pages": [*pages, instead], "instead": instead, "version": version,
            "asked": reverse("portal:help_asked"), "to_keep": TO_KEEP, "worker": static("built/worker.js"),
            "longest_ms": settings.SESSION_IDLE_S["patient"] * 1000,
            "later": [static("built/danger.js"), static("built/charts.js")]}  # fmt: skip
    text = render_to_string("portal/sw.js", kept)
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")
