"""The clinic's evidence: what waits for an editor, one entry, and what is decided about it."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.library import evidence_actions, queries
from sojourn.foundation.library.models import DecisionKind, EvidenceDecision, EvidenceEntry
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.library.forms import ApproveForm, EndForm, EntryForm, NarrowForm
from sojourn.interfaces.console.library.presenters import entry_page, state_words
from sojourn.interfaces.shared.pages import (
    FORM,
    POST,
    ClinicPage,
    clinic_page,
    error_list,
    form_action,
    opens,
    require_valid,
    sent,
)

FIELDS: Final = {
    "no-title": "title", "no-doi": "doi", "no-pmid": "pmid", "no-null": "null", "known": "title",
    **{f"too-long-{name}": name for name in evidence_actions.TEXTS},
}  # fmt: skip


@clinic_page("library.edit")
def every(request: Request, scope: ClinicPage) -> HttpResponse:
    """The clinic's entries in one state, those that wait first."""
    told = read(NarrowForm(request.GET))
    state = told["state"] if told["state"] in queries.STATES else queries.STATES[0]
    language = (get_language() or "en")[:2]
    context = {
        "states": [(each, state_words(each), each == state) for each in queries.STATES],
        "text": told["q"],
        "found": queries.entries_in(state, told["q"], language),
    }
    return render(request, "console/library/evidence.html", context)


@clinic_page("library.edit", methods=FORM)
def new(request: Request, scope: ClinicPage) -> HttpResponse:
    """Propose an entry."""

    def act(form: EntryForm) -> HttpResponse:
        made = evidence_actions.propose(by=scope.actor, values=form.cleaned_data)
        messages.success(request, _("Kept. Readers see it once it is approved."))
        return redirect("console:library_entry", made.number)

    def show(form: EntryForm, status: int) -> HttpResponse:
        return render(request, "console/library/entry_new.html", {"form": form}, status=status)

    return form_action(EntryForm(sent(request)), act, show, fields=FIELDS)


History = tuple[list[EvidenceEntry], list[EvidenceDecision]]


def _history(_scope: ClinicPage, evidence_id: int) -> History:
    return queries.history(evidence_id)


@clinic_page("library.edit", methods=FORM)
@opens(_history)
def entry(request: Request, scope: ClinicPage, found: History) -> HttpResponse:
    """An entry: what it says, what was decided, and a form to write it anew."""
    newest = found[0][0]

    def act(form: EntryForm) -> HttpResponse:
        seen = form.cleaned_data["seen"] or 0
        evidence_actions.revise(by=scope.actor, number=newest.number, seen=seen, values=form.cleaned_data)
        messages.success(request, _("Kept. Readers see it once it is approved."))
        return redirect("console:library_entry", newest.number)

    def show(form: EntryForm, status: int) -> HttpResponse:
        return _page(request, scope, found, form, status=status)

    filled = {name: getattr(newest, name) for name in EntryForm.base_fields if name != "seen"}
    return form_action(EntryForm(sent(request), initial=filled), act, show, fields=FIELDS)


def _page(
    request: Request, scope: ClinicPage, found: History, form: EntryForm | None = None, *,
    refused: ActionRefused | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    newest = found[0][0]
    if form is None:
        form = EntryForm(initial={name: getattr(newest, name) for name in EntryForm.base_fields if name != "seen"})
    context = {
        **entry_page(found, scope.now, scope.actor, form),
        "form": form,
        "errors": error_list(refused, "#decide"),
    }
    return render(request, "console/library/entry.html", context, status=status)


@clinic_page("library.edit", methods=POST)
@opens(_history)
def approve(request: Request, scope: ClinicPage, found: History) -> HttpResponse:
    """Let readers rely on the newest version, until a day."""
    number = found[0][0].number
    try:
        told = require_valid(ApproveForm(request.POST)).cleaned_data
        evidence_actions.approve(by=scope.actor, number=number, seen=told["seen"] or 0, review_by=told["review_by"])
    except ActionRefused as refused:
        return _page(request, scope, found, refused=refused, status=409)
    messages.success(request, _("Approved. Readers find it from now on."))
    return redirect("console:library_entry", number)


@clinic_page("library.edit", methods=POST)
@opens(_history)
def end(request: Request, scope: ClinicPage, found: History) -> HttpResponse:
    """Take an entry back, or mark it as retracted by its journal."""
    newest = found[0][0]
    try:
        told = require_valid(EndForm(request.POST)).cleaned_data
        if told["kind"] == DecisionKind.RETRACTED:
            evidence_actions.mark_retracted(by=scope.actor, about=newest.called, reason=told["reason"])
        else:
            evidence_actions.withdraw(by=scope.actor, number=newest.number, reason=told["reason"])
    except ActionRefused as refused:
        return _page(request, scope, found, refused=refused, status=409)
    messages.success(request, _("Noted. Wherever it is cited, this is said."))
    return redirect("console:library_entry", newest.number)
