"""What a patient goes through and what is done about it: graded by two taps, asked after by one, supported by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.session import actions as session_actions
from sojourn.care.session.event_kinds import EFFECTS, GRADES, KINDS, chosen, event_word
from sojourn.care.session.rows import Noted
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.protocol import PRESENT, State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.ui.numbers import AmountField
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.forms import moment_of
from sojourn.interfaces.console.sessions.frame import common, to_session
from sojourn.interfaces.console.sessions.step_forms import TapForm
from sojourn.interfaces.console.sessions.timeline import timeline
from sojourn.interfaces.console.sessions.withdrawing import may_say_no
from sojourn.interfaces.shared.sessions import POST, SessionPage, session_or_404, session_page

_ONE_TAP: Final = frozenset(each.code for each in chosen(lambda kind: kind.one_tap))
ANNOTATED = 3  # how many entries of one tap wait for words on the page at a time


@dataclass(frozen=True, slots=True)
class Discomfort:
    """A discomfort with what was done and how it went. ``open`` until somebody says that it is gone."""

    id: int
    word: str
    grade: str
    at: datetime
    by: str
    note: str
    measures: tuple[str, ...]
    effect: str
    effect_word: str
    effect_at: datetime | None

    @property
    def open(self) -> bool:
        return self.effect != "gone"


def discomforts(session: SessionSnapshot) -> list[Discomfort]:
    """Every graded discomfort of the session, the oldest first. No query."""
    return [
        _discomfort(each, [later for later in session.events if later.about_id == each.id])
        for each in session.events
        if each.grade and each.about_id is None
    ]


def _discomfort(event: Noted, later: list[Noted]) -> Discomfort:
    asked = [each for each in later if each.effect]
    newest = asked[-1] if asked else None
    return Discomfort(
        event.id, event_word(event.kind), str(GRADES.get(event.grade, event.grade)), event.at, event.by, event.note,
        tuple(each.measure for each in (event, *later) if each.measure),
        newest.effect if newest else "", str(EFFECTS[newest.effect]) if newest else "", newest.at if newest else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tapped:
    """What was noted by one tap and has no words yet."""

    id: int
    word: str
    at: datetime


def without_words(session: SessionSnapshot) -> list[Tapped]:
    """The newest entries of one tap to which nobody has added words. No query."""
    told = {each.about_id for each in session.events}
    bare = [
        each
        for each in session.events
        if each.kind in _ONE_TAP and each.about_id is None and not each.note and each.id not in told
    ]
    return [Tapped(each.id, event_word(each.kind), each.at) for each in reversed(bare)][:ANNOTATED]


def panel(request: Request, session: SessionSnapshot) -> dict[str, Any]:
    """What the page offers beside the dose: discomfort, emotion, support, medicines, and the patient's no. No query."""
    may = request.actor.may("session.observe") and session.state in PRESENT
    return {
        "may_note": may,
        "graded": chosen(lambda kind: kind.grades),
        "effects": list(EFFECTS.items()),
        "measured": chosen(lambda kind: kind.amount),
        "one_tap": chosen(lambda kind: kind.one_tap),
        "discomforts": [each for each in discomforts(session) if each.open],
        "tapped": without_words(session),
        "last_event": newest_entry(session),
        "may_say_no": may and may_say_no(session),
        "may_add_late": request.actor.may("session.observe") and session.state is State.LEFT,
        # Where neither the checks nor the schedule ask for values on this page.
        "offers_values": session.state is not State.ARRIVED and (not session.doses or _is_going(session)),
        "record_url": address("console:record", session.id),
        "timeline": timeline(session),
    }


def newest_entry(session: SessionSnapshot) -> int:
    """The newest entry as a page of the session was drawn, also where it is struck: the same tap sent twice from that
    page is one, and what was struck can be noted again."""
    return max((each.id for each in session.every_event), default=0)


def _is_going(session: SessionSnapshot) -> bool:
    return session.state is State.READY_TO_LEAVE


# ---------------------------------------------------------------- the taps


@session_page("session.observe", methods=POST)
def note(request: Request, scope: SessionPage) -> HttpResponse:
    """A tap: a discomfort with its grade, an emotional response, support, music; something with its amount; or what
    became of an earlier entry.

    Saved at once. The same tap sent twice from one page is one entry.
    """
    session = scope.session
    form = TapForm(request.POST)
    whole, typed = form.is_valid(), form.cleaned_data
    about = _about(session, typed["about"])
    if about is not None:
        typed["kind"] = about.kind
    elif typed["kind"] and not (typed["kind"] in KINDS and KINDS[typed["kind"]].by_hand):
        raise Http404
    if not whole:
        return _again(request, session, [str(each) for each in form.errors["at"]], typed)
    try:
        _must_say_something(typed, about)
        session_actions.note_event(
            by=scope.actor, encounter_id=session.id, kind=typed["kind"], note=typed["note"][:500],
            grade=typed["grade"], measure=typed["measure"], effect=typed["effect"], amount=_amount(typed, about),
            about_id=about.id if about else None, at=moment_of(typed["at"], session.now), since=typed["last"],
        )  # fmt: skip
    except ActionRefused as refused:
        return _again(request, session, [str(each) for each in refused.reasons], typed)
    return _again(request, session, []) if request.htmx else to_session(session, "#events")


def _about(session: SessionSnapshot, text: str) -> Noted | None:
    if not text:
        return None
    found = next((each for each in session.events if str(each.id) == text), None)
    if found is None:
        raise Http404
    return found


def _must_say_something(typed: Mapping[str, Any], about: Noted | None) -> None:
    """A discomfort has a grade; what follows up an entry has an effect, a measure or words."""
    if not typed["kind"]:
        raise ActionRefused(_("Choose what it is."), codes=("kind",))
    if about is None and KINDS[typed["kind"]].grades and not typed["grade"]:
        raise ActionRefused(_("Say whether it is mild, moderate or severe."), codes=("grade",))
    if about is not None and not (typed["effect"] or typed["measure"] or typed["note"]):
        raise ActionRefused(_("Write what was done, or say how it is now."), codes=("empty",))


def _amount(typed: Mapping[str, Any], about: Noted | None) -> Decimal | None:
    """The number that was typed, where its kind has one. Refused: amount."""
    asked = KINDS[typed["kind"]].amount if about is None else None
    if asked is None:
        return None
    field = AmountField(required=False, unit=asked.unit.code, max_digits=9, decimal_places=3)
    try:
        amount: Decimal | None = field.clean(typed["amount"])
    except ValidationError as error:
        raise ActionRefused(*error.messages, codes=["amount"] * len(error.messages)) from error
    return amount


def _again(
    request: Request, session: SessionSnapshot, errors: list[str], typed: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The part of the page with what is noted, and the timeline beside it; without htmx the page of it alone.
    ``typed``: what was not taken, so that nobody types it again."""
    session = session_or_404(session.id)
    context = {**common(request, session), **panel(request, session), "errors": errors, "typed": typed, "aside": True}
    template = "_events_answer.html" if request.htmx else "events.html"
    return render(request, f"console/sessions/{template}", context, status=422 if errors else 200)


_ONE = "sessions/<int:encounter_id>/"
urlpatterns = [path(f"{_ONE}events/", note, name="session_event")]
