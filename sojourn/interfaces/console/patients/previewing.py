"""What a patient sees on their own first page today, for those who look after them. Nothing on it acts."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from sojourn.care.patients import actions as patients_actions
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.place import other_language
from sojourn.interfaces.shared.pages import PatientPage, patient_page
from sojourn.interfaces.shared.today.presenters import today_view


@patient_page("patient.clinical")
def preview(request: Request, scope: PatientPage) -> HttpResponse:
    """The same page, in the patient's language, without what anybody wrote. It counts as a look into the record."""
    patient = scope.patient
    patients_actions.open_record(by=scope.actor, patient=patient, part="clinical")
    languages = (scope.clinic.language, other_language(scope.clinic))
    language = patient.language if patient.language in languages else scope.clinic.language
    with translation.override(language):
        view = today_view(scope, scope.clinic, scope.now, leads=False)
        greeting = _("Hello %(given_name)s") % {"given_name": patient.given_name.split(" ")[0]}
        shown = render_to_string(
            "console/patients/previewed.html", {"view": view, "greeting": greeting}, request=request
        )
    context = {"patient": patient, "name": patient.name, "shown": shown, "shown_in": language}
    return render(request, "console/patients/preview.html", context)
