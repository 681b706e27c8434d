"""The lists of the story: a line added, changed, taken off; medicines found by name, and taken out of prose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake import actions, forms, queries
from sojourn.care.intake.story import Question
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.interfaces.portal.intake.views import _seen
from sojourn.interfaces.portal.intake.way import known_question, listed_question, section_of, url_of
from sojourn.interfaces.portal.pages import OwnScope, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.shared.pages import FORM, POST


def _form_page(request: Request, asked: Question, form: Any, *, line: Any = None, status: int = 200, **more: Any
               ) -> HttpResponse:  # fmt: skip
    context = {
        "question": asked,
        "section": section_of(asked),
        "text": _(asked.text),
        "why": _(asked.why),
        "form": form,
        "line": line,
        "back": url_of(asked.id),
        "search_url": reverse("portal:story_search") if asked.of in {"medicines", "treatments"} else "",
    }
    return show(request, "portal/intake/line.html", context | more, nav=False, status=status)


def _save_line(request: Request, asked: Question, form: Any, line: UUID | None) -> Refused | None:
    """Write a line; what the clinic's rules refuse comes back."""
    by = request.asker
    assert by.patient_id is not None
    try:
        if asked.of == "people":
            writing.name_person(by=by, patient_id=by.patient_id, **form.values())
        else:
            writing.say_line(
                by=by, patient_id=by.patient_id, of=asked.of, line=line, seen=_seen(request),
                sure=request.POST.get("sure") == "yes", **form.values(),
            )  # fmt: skip
    except Refused as refused:
        return refused
    return None


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def add(request: Request, scope: OwnScope, topic: str) -> HttpResponse:
    """Add a line to a list."""
    asked = listed_question(topic)
    form = forms.FORMS[asked.of](request.POST or None)
    if request.method != "POST":
        return _form_page(request, asked, form)
    return _written(request, asked, form, None, None)


def _written(request: Request, asked: Question, form: Any, line: UUID | None, row: Any) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, asked, form, line=row, status=422)
    refused = _save_line(request, asked, form, line)
    if refused is None:
        return redirect(url_of(asked.id))
    forms.tell(form, refused)
    doubt = "contradiction:still-current" in refused.codes
    return _form_page(request, asked, form, line=row, status=409, doubt=doubt)


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def line(request: Request, scope: OwnScope, topic: str, line_id: UUID) -> HttpResponse:
    """Change a line of a list, or take it off (``remove``)."""
    asked = listed_question(topic)
    by = request.asker
    if asked.of == "people" or by.patient_id is None:
        raise Http404
    row = next((each for each in queries.lists(by.patient_id).of(asked.of) if each.line == str(line_id)), None)
    if request.method == "POST" and request.POST.get("remove"):
        try:
            actions.remove_line(by=by, patient_id=by.patient_id, of=asked.of, line=line_id)
        except ObjectDoesNotExist:
            raise Http404 from None
        return redirect(url_of(asked.id))
    if row is None:
        raise Http404
    if request.method != "POST":
        return _form_page(request, asked, forms.FORMS[asked.of](initial=forms.initial(asked.of, row)), line=row)
    return _written(request, asked, forms.FORMS[asked.of](request.POST), line_id, row)


@own_page("own.answer", methods=POST)
def person(request: Request, scope: OwnScope, related_person_id: int) -> HttpResponse:
    """Take somebody off the list of those who bring one home."""
    by = request.asker
    try:
        actions.end_person(by=by, patient_id=by.patient_id or 0, person_id=related_person_id)
    except RelatedPerson.DoesNotExist:
        raise Http404 from None
    return redirect(url_of("people"))


@own_page("own.answer")
def search(request: Request, scope: OwnScope) -> HttpResponse:
    """Medicines that what is typed may mean: a fragment of choices."""
    text = request.GET.get("name", "")[:200]
    found = shipped.find(text, 6) if request.GET.get("kind", "medicine") == "medicine" else ()
    return show(request, "portal/intake/found.html", {"found": found, "text": text})


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a pasted list, to be confirmed."""

    number: int
    name: str
    ingredient: str
    choice: str


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def paste(request: Request, scope: OwnScope) -> HttpResponse:
    """A list of medicines written as prose: taken apart, and each piece confirmed by itself."""
    by = request.asker
    assert by.patient_id is not None
    prose = request.POST.get("prose", "")[:8000]
    page = {"prose": prose, "back": url_of("medicines"), "question": known_question("medicines")}
    if request.method != "POST":
        return show(request, "portal/intake/paste.html", page, nav=False)
    confirmed = [name for name in request.POST if name.startswith("piece-")]
    if not confirmed:
        pieces = [
            Piece(number, text, found.name if found is not None else "", "")
            for number, (text, found) in enumerate(shipped.recognise(prose), start=1)
        ]
        if not pieces:
            return show(request, "portal/intake/paste.html", page | {"empty": True}, nav=False, status=409)
        return show(request, "portal/intake/pieces.html", page | {"pieces": pieces}, nav=False)
    return _confirm(request, by, page, len(confirmed))


def _confirm(request: Request, by: Asker, page: Mapping[str, Any], how_many: int) -> HttpResponse:
    """Write the pieces that were confirmed. What stays without a choice is asked again; nothing is dropped."""
    assert by.patient_id is not None
    pieces = [
        Piece(n, request.POST.get(f"piece-{n}", ""), request.POST.get(f"is-{n}", ""), request.POST.get(f"take-{n}", ""))
        for n in range(1, min(how_many, 200) + 1)
    ]
    if any(each.choice not in {"now", "before", "no"} for each in pieces):
        return show(
            request,
            "portal/intake/pieces.html",
            dict(page) | {"pieces": pieces, "open": sum(not each.choice for each in pieces)},
            nav=False,
            status=409,
        )
    for each in pieces:
        if each.choice != "no":
            try:
                writing.say_line(
                    by=by, patient_id=by.patient_id, of="medicines", name=each.name, current=each.choice == "now",
                    stopped_on=None, ingredient=each.ingredient, dose="", how_often="", since="", sure=True,
                )  # fmt: skip
            except Refused as refused:
                told = dict(page) | {"pieces": pieces, "reasons": refused.reasons}
                return show(request, "portal/intake/pieces.html", told, nav=False, status=409)
    return redirect(url_of("medicines"))
