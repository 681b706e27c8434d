"""Flags: what waits for a clinician, who has taken it, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.measures import queries as measures
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.measures.queries import scale
from sojourn.care.patients import queries as patients
from sojourn.care.safety import actions, queries
from sojourn.care.safety.models import Flag, FlagAnswerKind
from sojourn.care.safety.queries import StandingFlag
from sojourn.clinical.scales import say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients import closed

_WORDS = {
    queries.OPEN: (gettext_lazy("nobody has taken this"), "wait"),
    FlagAnswerKind.SEEN.value: (gettext_lazy("taken"), "active"),
    FlagAnswerKind.CONTACTED.value: (gettext_lazy("patient contacted"), "active"),
    FlagAnswerKind.CLOSED.value: (gettext_lazy("closed"), "done"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. A withheld one does not say whose it is."""

    url: str
    kind: str
    name: str
    raised_at: datetime
    word: str
    look: str
    owner: str


def _row(flag: StandingFlag, withheld: bool) -> Row:
    word, look = _WORDS[flag.state]
    return Row(
        url=reverse("console:flag", args=[flag.id]),
        kind=str(flag.kind.label),
        name=_("Restricted record") if withheld else flag.patient.name,
        raised_at=flag.raised_at,
        word=str(word),
        look=look,
        owner=str(flag.owner) if flag.owner else "",
    )


@allowed("flag.read")
@require_GET
def flags(request: HttpRequest) -> HttpResponse:
    """Everything that is not closed; the newest closed ones with ``?closed=1``."""
    asked = cast(Request, request)
    with_closed = request.GET.get("closed") == "1"
    found = queries.closed_flags() if with_closed else queries.open_flags()
    hidden = patients.withheld(asked.asker, [flag.patient for flag in found], timezone.now())
    context = {"rows": [_row(flag, flag.patient.pk in hidden) for flag in found], "closed": with_closed}
    return render(request, "console/flags/flags.html", context)


class AnswerForm(forms.Form):
    """One answer to a flag. ``after`` is the newest answer that was on the page."""

    kind = forms.ChoiceField(choices=FlagAnswerKind.choices, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("What you found, what you did, what comes next. Needed to close."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to the question that raised the flag, as given; a changed one shows."""

    at: datetime
    words: str


def _said(flag: StandingFlag) -> tuple[str, list[Said]]:
    """The question and every answer to it. Two queries."""
    row = QuestionnaireResponse.objects.filter(pk=flag.response_id).first() if flag.response_id else None
    if row is None:
        return "", []
    definition, language = scale(row.scale_id), translation.get_language() or "en"
    items = {link_id: definition.item(link_id) for link_id in definition.safety_items}
    given = [
        Said(
            answer.answered_at,
            next(
                (
                    say(option.text, language)
                    for option in items[answer.link_id].options
                    if option.value == answer.value
                ),
                _("left out"),
            ),
        )
        for answer in measures.every_answer(row.pk, items)
    ]
    return " / ".join(say(item.text, language) for item in items.values()), given


def _page(request: Request, flag: StandingFlag, form: AnswerForm, status: int = 200) -> HttpResponse:
    asker = request.asker
    word, look = _WORDS[flag.state]
    question, said = _said(flag)
    may = asker.may("flag.answer") and not flag.closed
    mine = flag.owner is not None and flag.owner.pk == asker.membership_id
    context = {
        "flag": flag,
        "kind": flag.kind.label,
        "name": flag.patient.name,
        "patient": flag.patient,
        "patient_url": address("console:patient", flag.patient.pk),
        "measures_url": address("console:measures", flag.patient.pk) if asker.may("measure.read") else "",
        "question": question,
        "said": said,
        "word": word,
        "look": look,
        "owner": flag.owner,
        "mine": mine,
        "may_take": may and not mine,
        "may_answer": may and not flag.waiting,
        "form": form,
        "answers": [(row, FlagAnswerKind(row.kind).label) for row in flag.answers],
    }
    return render(request, "console/flags/flag.html", context, status=status)


@allowed("flag.read")
@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, flag_id: int) -> HttpResponse:
    """One flag: what was said, who has it, what to do."""
    asked = cast(Request, request)
    try:
        found = queries.flag(flag_id)
    except Flag.DoesNotExist:
        raise Http404 from None
    if gate := closed(asked, found.patient):
        return gate
    if request.method != "POST":
        return _page(asked, found, AnswerForm(initial={"after": found.newest_id}))
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(asked, found, form, 422)
    try:
        actions.answer_flag(
            by=asked.asker,
            flag_id=found.id,
            kind=form.cleaned_data["kind"],
            note=form.cleaned_data["note"],
            after=form.cleaned_data["after"],
        )
    except Refused as refused:
        again = AnswerForm({**request.POST.dict(), "after": found.newest_id or ""})
        again.is_valid()
        for number, reason in enumerate(refused.reasons):
            code = refused.codes[number] if number < len(refused.codes) else ""
            again.add_error("note" if code == "note_missing" else None, str(reason))
        return _page(asked, found, again, 409)
    return redirect("console:flag", found.id)


urlpatterns = [
    path("flags/", flags, name="flags"),
    path("flags/<int:flag_id>/", flag, name="flag"),
]
