"""Not now: what the pages that ask for answers or agreement show while a dose is with the patient.

The actions refuse by themselves; these pages say it before somebody has typed. Calling, writing, withdrawing and saying
no have pages that ask nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone

from sojourn.care.patients import not_now
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.pages import show

# Neither taken nor shown again for mending, so that the browser keeps what was typed (see config/page_owner.py).
WAITS: Final = 423

View = Callable[..., HttpResponse]


def is_it(refused: ActionRefused) -> bool:
    """Whether something was refused because a dose is with the patient."""
    return not_now.CODE in refused.codes


def page(request: Request, *, status: int = 200) -> HttpResponse:
    """Not now, in calm words, with the way to call somebody."""
    return show(request, "portal/session/not_now.html", {"words": not_now.words()}, nav=False, status=status)


def waits_under_a_dose(*, but: Collection[tuple[str, str]] = (), reads: bool = False) -> Callable[[View], View]:
    """A page that waits until its patient has left. ``but``: fields with the value that says no or takes back, which
    are sent at every minute; ``reads``: the page itself may be read, and only what is sent waits."""

    def around(view: View) -> View:
        @wraps(view)
        def waiting(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            sent = request.method == "POST"
            says_no = sent and any(request.POST.get(field) == value for field, value in but)
            if says_no or (reads and not sent) or not dosed(request):
                return view(request, *args, **kwargs)
            return page(request, status=WAITS if sent else 200)

        return waiting

    return around


def dosed(request: Request) -> bool:
    """Whether a dose is with the patient who asks. Up to three queries."""
    patient_id = request.actor.patient_id
    if patient_id is None or request.clinic is None:
        return False
    return not_now.dosed_since(PatientScope(patient_id), request.clinic, timezone.now()) is not None
