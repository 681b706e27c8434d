"""The button that tells the clinic that a patient needs help, and the word back. It never stands before the lines."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session.forms import PressForm
from sojourn.interfaces.portal.session.views import call_somebody, tell_clinic
from sojourn.interfaces.shared.pages import FORM


@own_page("own.read", methods=(*FORM, "HEAD"))
def asked(request: Request, scope: OwnPage) -> HttpResponse:
    """Sending it tells the clinic; in a session it calls whoever is near, who is told sooner. The page shows the lines
    first, then what has become of it."""
    if request.method == "POST":
        if call_somebody(scope):
            return redirect(f"{reverse('portal:here')}?called=1")
        return redirect(tell_clinic(scope, PressForm(request.POST)))
    word = heard(scope.patient_id)
    told = word is not None and "told" in request.GET
    return show(request, "portal/danger/asked.html", {"heard": word, "told": told, "ask_key": uuid4()}, nav=False)
