"""Who takes the patient home."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients import queries as patients_queries
from sojourn.care.session import actions as session_actions
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope, SessionScope
from sojourn.interfaces.console.sessions.forms import SomebodyForm
from sojourn.interfaces.console.sessions.frame import common, refusal, seen, status, to_session
from sojourn.interfaces.shared.sessions import FORM, SessionPage, session_page
from sojourn.interfaces.shared.typed import whole


@session_page("session.check", methods=FORM)
def escort(request: Request, scope: SessionPage) -> HttpResponse:
    """Name who takes the patient home; somebody else than before has to come again."""
    picture = scope.session
    form = SomebodyForm(request.POST if request.POST.get("person") == "new" else None)
    refused: list[dict[str, str]] = []
    may_add = scope.actor.may("patient.edit")
    if request.method == "POST" and (request.POST.get("person") != "new" or form.is_valid()):
        try:
            with transaction.atomic():
                _name(request, picture, form)
        except ActionRefused as error:
            refused = refusal(picture, error)
        else:
            return to_session(picture, "#escort")
    context = {
        **common(request, picture),
        "people": patients_queries.people_of(PatientScope(picture.encounter.patient_id)),
        "chosen": picture.escort.pk if picture.escort else None,
        "form": form,
        "refused": refused,
        "may_add": may_add,
    }
    return render(request, "console/sessions/escort.html", context, status=status(request, form, refused))


def _name(request: Request, picture: Picture, form: SomebodyForm) -> None:
    encounter_actions.lock_session(SessionScope(picture.id), seen(request))
    chosen = whole(request.POST.get("person")) or 0
    if form.is_bound:
        chosen = patients_actions.add_person(
            by=request.actor, patient_id=picture.encounter.patient_id, name=form.cleaned_data["name"],
            relationship=form.cleaned_data["relationship"], phone=form.cleaned_data["phone"],
        ).pk  # fmt: skip
    before = picture.escort.pk if picture.escort else None
    session_actions.name_escort(by=request.actor, encounter_id=picture.id, related_person_id=chosen)
    here = picture.checks.get("companion_here")
    if before != chosen and here is not None and here.outcome == "passed":
        session_actions.check(
            by=request.actor, encounter_id=picture.id, item_id="companion_here", passed=False,
            note=_("Somebody else is named now."),
        )  # fmt: skip


urlpatterns = [path("sessions/<int:encounter_id>/escort/", escort, name="session_escort")]
