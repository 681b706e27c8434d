"""What people entered in a session, and the way to strike an entry as entered in error: seen, not gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from sojourn.care.session import strike_actions
from sojourn.care.session.calls import KINDS as _CALLS
from sojourn.care.session.event_kinds import event_word, strength_word
from sojourn.care.session.rows import ByHand, Check, ItemAnswer, Measured, Noted, Strike, WasteRow
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical.current import rounded
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.monitors.doubt_words import doubt_words
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.answer_words import answer_word
from sojourn.interfaces.console.sessions.forms import ReasonForm
from sojourn.interfaces.console.sessions.frame import common, refusal, status
from sojourn.interfaces.shared.pages import opens
from sojourn.interfaces.shared.sessions import FORM, SessionPage, session_page


@dataclass(frozen=True, slots=True)
class EnteredValue:
    """Something that a person entered. ``early``: measured before the patient arrived. ``url``: where it is struck, ""
    where it cannot be."""

    of: str
    id: int
    at: datetime
    words: str
    detail: str
    by: str
    early: bool
    strike: Strike | None
    url: str


def entries(picture: Picture, actor: Any) -> list[EnteredValue]:
    """Everything that people entered in a session and that can be struck, struck or not, the newest first. No query."""
    found = [_entry(picture, of, each, None, actor) for of, each in _standing(picture)]
    found += [_entry(picture, each.of, each.what, each.strike, actor) for each in picture.struck]
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)


def _standing(picture: Picture) -> list[tuple[str, Any]]:
    return [
        *(("reading", each) for each in picture.measured if each.method == "typed"),
        *(("check", each) for each in picture.answered),
        *(("event", each) for each in picture.events if each.kind not in _CALLS),
        *(("medicine", each) for each in picture.by_hand),
        *(("waste", each) for each in picture.wasted),
    ]


def _entry(picture: Picture, of: str, what: Any, strike: Strike | None, actor: Any) -> EnteredValue:
    number, at, words, detail, by = _told(picture, what)
    may = strike is None and actor.may(strike_actions.PERMISSIONS[of])
    url = reverse("console:session_strike", args=[picture.id, of, number]) if may else ""
    return EnteredValue(of, number, at, words, detail, by, picture.before_arrival(at), strike, url)


def _told(
    picture: Picture, what: Measured | ItemAnswer | Noted | ByHand | WasteRow
) -> tuple[int, datetime, str, str, str]:
    """Number, time, words, details and by whom."""
    if isinstance(what, Measured):
        return what.id, what.at, reading_words(what), doubt_words(what.doubt) if what.doubt else "", what.by
    if isinstance(what, ItemAnswer):
        return what.check.id, what.check.at, _answer_words(picture, what), what.check.note, what.check.by
    if isinstance(what, Noted):
        words = filter(None, (event_word(what.kind), strength_word(what.grade, what.amount, what.unit)))
        return what.id, what.at, ", ".join(words), what.note, what.by
    if isinstance(what, WasteRow):
        return what.id, what.at, *session_presenters.waste_words(what), what.by
    amount = "" if what.amount is None else f"{number_format(what.amount.normalize())} {what.unit}"
    return what.id, what.given_at, f"{what.name} {amount}".strip(), what.note, what.by


def reading_words(what: Measured) -> str:
    """A reading with its name and its unit."""
    vital = VITALS[what.code]
    value = number_format(rounded(what.value, vital.places), vital.places)
    return f"{_(vital.label)} {value} {vital.unit.display}".rstrip()


def _answer_words(picture: Picture, answer: ItemAnswer) -> str:
    row: Check = answer.check
    item = session_presenters.item_row(picture, answer.item_id)
    label = item.label if item else {"padss": _("PADSS"), "aldrete": _("Aldrete score")}.get(answer.item_id, "")
    return f"{label}: {row.value or answer_word(answer.item_id, row.outcome == 'passed')}"


@session_page("session.read")
def listed(request: Request, scope: SessionPage) -> HttpResponse:
    """What people entered, with the way to strike it."""
    context = {**common(request, scope.session), "entries": entries(scope.session, scope.actor)}
    return render(request, "console/sessions/entries.html", context)


def _entered(scope: SessionPage, of: str, row_id: int) -> EnteredValue:
    found = next((e for e in entries(scope.session, scope.actor) if (e.of, e.id) == (of, row_id)), None)
    if found is None:
        raise Http404
    return found


@session_page("session.observe", methods=FORM)
@opens(_entered)
def strike(request: Request, scope: SessionPage, found: EnteredValue) -> HttpResponse:
    """Strike one entry, with the reason. Struck already: back to the list."""
    picture = scope.session
    if found.strike is not None:
        return redirect("console:session_entries", picture.id)
    form = ReasonForm(request.POST or None)
    refused: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            strike_actions.strike(
                by=scope.actor,
                encounter_id=picture.id,
                of=found.of,
                row_id=found.id,
                reason=form.cleaned_data["reason"],
            )
        except ActionRefused as error:
            refused = refusal(picture, error)
        else:
            return redirect("console:session_entries", picture.id)
    context = {**common(request, picture), "form": form, "refused": refused, "entry": found}
    return render(request, "console/sessions/strike.html", context, status=status(request, form, refused))


urlpatterns = [
    path("sessions/<int:encounter_id>/entries/", listed, name="session_entries"),
    path("sessions/<int:encounter_id>/entries/<slug:of>/<int:row_id>/", strike, name="session_strike"),
]
