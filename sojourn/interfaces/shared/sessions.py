"""Pages of one session: the session of the address, read once and handed over.

A page of a session is written as what it does with that session::

    @session_page("session.observe", methods=FORM)
    def note(request: Request, scope: SessionPage) -> HttpResponse: ...

    path("sessions/<int:encounter_id>/note/", note)

Who may open it, in which methods, whether there is such a session here and whether the patient's record is restricted
is asked before the view, in this order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sojourn.care.encounter.models import Encounter
from sojourn.care.patients.models import Patient
from sojourn.care.session import snapshot
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.shared.pages import gate

P = ParamSpec("P")
Guarded = Callable[Concatenate[Request, P], HttpResponseBase]

READ: Final = ("GET", "HEAD")
POST: Final = ("POST",)
FORM: Final = (*READ, *POST)


@dataclass(frozen=True, slots=True)
class SessionPage(SessionScope):
    """Which session a page is about, where, and who asks."""

    session: SessionSnapshot
    clinic: Clinic
    actor: Actor

    @property
    def now(self) -> datetime:
        """The moment at which the session was read."""
        return self.session.now

    @property
    def patient(self) -> Patient:
        return self.session.encounter.patient


def session_or_404(encounter_id: int) -> SessionSnapshot:
    """The session as it stands now, or the page that says there is none. One query."""
    try:
        return snapshot.load(SessionScope(encounter_id), timezone.now())
    except Encounter.DoesNotExist:
        raise Http404 from None


def session_page(
    *permissions: str, methods: Sequence[str] = READ, leads_back: bool = False
) -> Callable[[Callable[Concatenate[Request, SessionPage, P], HttpResponseBase]], Guarded[Concatenate[int, P]]]:
    """Open the view to roles that hold any of ``permissions``, with the session of the address (``encounter_id``).

    What else the address holds is handed over as it stands. 404 where there is no such session here; where the
    patient's record is restricted, the page on which it is opened with a reason. ``leads_back``: from there back to
    this address, which a part of a page must not. One query.
    """

    def decorate(
        view: Callable[Concatenate[Request, SessionPage, P], HttpResponseBase],
    ) -> Guarded[Concatenate[int, P]]:
        @wraps(view)
        def opened(request: Request, encounter_id: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            session = session_or_404(encounter_id)
            patient = session.encounter.patient
            if not accounts_queries.may_open(request.actor, patient, session.now):
                return gate(request, patient.pk) if leads_back else redirect("console:restricted", patient.pk)
            assert request.clinic is not None  # who holds a permission holds it in a clinic
            return view(request, SessionPage(session.id, session, request.clinic, request.actor), *args, **kwargs)

        return allowed(*permissions)(require_http_methods(list(methods))(opened))

    return decorate
