"""What the patient says against it, written down by whoever of the clinic heard it: no for today, or an agreement taken
back. Either stops a dose that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, Decision
from sojourn.care.session import withdrawal_actions
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.protocol import BY_NAME
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.sessions.frame import common, refusal, to_session
from sojourn.interfaces.console.sessions.step_forms import ReasonGivenForm, WithdrawForm
from sojourn.interfaces.shared.sessions import FORM, POST, SessionPage, session_page


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement that can be taken back. ``stops``: this session rests on it."""

    id: int
    title: str
    signed_at: datetime
    version: int
    stops: bool


def may_say_no(session: SessionSnapshot) -> bool:
    """Whether there is something that the patient can still say no to."""
    return session.state in BY_NAME["say_no"].origins


def agreed(session: SessionSnapshot, decisions: Mapping[str, Consent]) -> list[Agreed]:
    """What the patient has agreed to and not taken back. No query."""
    way, language = texts.way_of(session.protocol.route, session.protocol.drug), consent_queries.reading_language()
    known = texts.newest()
    return [
        Agreed(
            row.pk, known[name].title[language] if name in known else name, row.signed_at, row.document_version,
            may_say_no(session) and name in known and known[name].needed_for(way),
        )
        for name, row in decisions.items()
        if row.decision == Decision.PERMIT and consent_queries.withdrawn(row) is None
    ]  # fmt: skip


def _page(
    request: Request, session: SessionSnapshot, refused: ActionRefused | None = None, **typed: Any
) -> HttpResponse:
    context = {
        **common(request, session),
        "may_say_no": may_say_no(session),
        "may_withdraw": request.actor.may("consent.withdraw"),
        "agreed": agreed(session, consent_queries.newest_of(PatientScope(session.encounter.patient_id))),
        "refused": refusal(session, refused) if refused else [],
        "typed": typed,
    }
    return render(request, "console/sessions/says_no.html", context, status=409 if refused else 200)


@session_page("session.observe", methods=FORM)
def say_no(request: Request, scope: SessionPage) -> HttpResponse:
    """The patient does not want it to go on. A second press finds it stopped."""
    session = scope.session
    if request.method != "POST":
        return _page(request, session)
    reason = read(ReasonGivenForm(request.POST))["reason"]
    if session.state.value == "stopped_early":
        return to_session(session)
    try:
        withdrawal_actions.say_no(by=scope.actor, patient_id=session.encounter.patient_id, reason=reason[:500])
    except ActionRefused as refused:
        return _page(request, session, refused, reason=reason)
    return to_session(session)


@session_page("consent.withdraw", methods=POST)
def withdraw(request: Request, scope: SessionPage) -> HttpResponse:
    """The patient takes an agreement back; where this session rests on it, it stops."""
    session = scope.session
    typed = read(WithdrawForm(request.POST))
    chosen, reason = typed["consent"], typed["reason"]
    if not chosen:
        missing = ActionRefused(_("Choose which agreement the patient takes back."), codes=("agreement-missing",))
        return _page(request, session, missing, told=reason)
    found = {
        str(each.pk): each.pk for each in consent_queries.newest_of(PatientScope(session.encounter.patient_id)).values()
    }.get(chosen)
    if found is None:
        raise Http404
    try:
        withdrawal_actions.withdraw_consent(by=scope.actor, consent_id=found, reason=reason[:1000])
    except ActionRefused as refused:
        return _page(request, session, refused, consent=chosen, told=reason)
    return to_session(session)


_ONE = "sessions/<int:encounter_id>/"
urlpatterns = [
    path(f"{_ONE}says-no/", say_no, name="session_says_no"),
    path(f"{_ONE}withdraw/", withdraw, name="session_withdraw"),
]
