"""What concentration a dose is expected to give: the explorer beside a course, its figure, the session's overlay.

The curves come from ``sojourn.clinical.pk`` at the server (docs/decisions/0103): one truth, no twin in the browser.
Nothing here is written to the record, and nothing here holds a step of a session back.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from sojourn.care.intake.weight_queries import newest_weight
from sojourn.care.patients import actions as patients_actions
from sojourn.clinical.protocol import PRESENT
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.printing import setting
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.concentration.expected import overlay_of
from sojourn.interfaces.console.concentration.forms import proposed
from sojourn.interfaces.console.concentration.paper import document
from sojourn.interfaces.console.concentration.presenters import ExplorerForm, read_asked
from sojourn.interfaces.console.concentration.words import disclaimer
from sojourn.interfaces.console.patients.weights import weight_words
from sojourn.interfaces.console.sessions.minute import strip_alone
from sojourn.interfaces.shared.days import years_words
from sojourn.interfaces.shared.pages import GET, PatientPage, patient_page
from sojourn.interfaces.shared.sessions import SessionPage, session_page

OVERLAY_COOKIE = "expected_concentration"
_COOKIE_S = 365 * 24 * 3600


@patient_page("pk.explore")
def explorer(request: Request, scope: PatientPage) -> HttpResponse:
    """The dose explorer; for htmx the answer alone; as JSON only what moves with a slider."""
    patient = scope.patient
    if request.headers.get("Accept") == "application/json":
        return _moving(read_asked(request.GET.dict(), patient))
    live = bool(request.htmx) and not request.htmx.history_restore_request
    known = None
    if request.GET:
        found = read_asked(request.GET.dict(), patient)
    else:
        known = newest_weight(PatientScope(patient.pk))
        found = read_asked(proposed(patient, known.kg if known else None), patient)
    if not live:
        patients_actions.open_record(by=scope.actor, patient=patient, part="clinical")
    context = {
        "patient": patient,
        "name": patient.name,
        "years": years_words(patient),
        "asked": found,
        "answer": found.answer,
        "errors": [{"href": "", "text": text} for text in found.problems],
        "known_weight": weight_words(known),
        "disclaimer": disclaimer(),
        "pdf_url": _pdf_url(patient.pk, found),
        "live": live,
    }
    name = "console/concentration/answer.html" if live else "console/concentration/explorer.html"
    response = render(request, name, context, status=422 if found.invalid else 200)
    response["Vary"] = "HX-Request, Accept"
    return response


def _moving(found: ExplorerForm) -> JsonResponse:
    """The picture and its sentences, for explorer.ts while a value moves; 422 where something typed is wrong."""
    answer = found.answer
    chart = answer.chart.as_json() if answer and answer.chart else None
    said = {each.letter: each.said for each in answer.answered} if answer else {}
    short = answer.short if answer else ""
    return JsonResponse({"chart": chart, "said": said, "short": short}, status=422 if found.invalid else 200)


def _pdf_url(patient_id: int, found: ExplorerForm) -> str:
    """The address of this very answer on paper; "" where there is none."""
    if found.answer is None or found.answer.chart is None:
        return ""
    kept = {name: str(value) for name, value in found.who.data.items() if value}
    return f"{reverse('console:concentration_pdf', args=[patient_id])}?{urlencode(kept)}"


# ---------------------------------------------------------------- on paper


@patient_page("pk.explore")
def explorer_pdf(request: Request, scope: PatientPage) -> HttpResponse:
    """The explorer's answer as a PDF for the chart; without one, the way back to the explorer."""
    patient = scope.patient
    found = read_asked(request.GET.dict(), patient)
    if found.answer is None or found.answer.chart is None:
        query = request.GET.urlencode()
        return redirect(reverse("console:concentration", args=[patient.pk]) + (f"?{query}" if query else ""))
    patients_actions.open_record(by=scope.actor, patient=patient, part="clinical")
    data = setting.pdf(document(scope.clinic, patient, found, found.answer))
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="concentration-{patient.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@session_page("pk.explore", methods=GET, leads_back=True)
def overlay(request: Request, scope: SessionPage) -> HttpResponse:
    """The expected concentration of a session now and next. A picture beside the care; it holds nothing back."""
    picture = scope.session
    live, wish = bool(request.htmx), request.GET.get("show", "")
    shown = wish != "off" if wish else request.COOKIES.get(OVERLAY_COOKIE) != "off"
    context: dict[str, Any] = {
        **strip_alone(request, picture), "patient": scope.patient, "shown": shown,
        "disclaimer": disclaimer(),
        "polls": picture.state in PRESENT, "session_url": reverse("console:session", args=[picture.id]),
    }  # fmt: skip
    if shown:
        context |= overlay_of(request, picture)
    if wish and not live:
        response: HttpResponse = redirect("console:session", picture.id)
    else:
        name = "console/concentration/overlay.html" if live else "console/concentration/session.html"
        response = render(request, name, context)
    if wish:
        response.set_cookie(
            OVERLAY_COOKIE, "on" if shown else "off", max_age=_COOKIE_S, httponly=True, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
    return response
