"""Find, make and change patients; the patient's own page; the people beside them; the way into the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.intake.queries import access_needs
from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.models import Patient, RelatedPerson, Sex
from sojourn.care.patients.queries import Record
from sojourn.care.safety import queries as safety_queries
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import readiness
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit import queries as audit_queries
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.console.clinic.place_presenters import missing_rows
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.forms import InviteForm, PatientForm, PersonForm, SeenForm
from sojourn.interfaces.console.patients.merging import merge, sealed, stored
from sojourn.interfaces.console.patients.presenters import (
    PatientRow,
    courses_context,
    identity_context,
    patient_courses,
    patient_visits,
    row,
    scores,
    visits_context,
)
from sojourn.interfaces.shared.pages import (
    FORM,
    POST,
    ClinicPage,
    PatientPage,
    clinic_page,
    form_action,
    gate,
    opens,
    patient_page,
    patient_row_page,
    sent,
)
from sojourn.interfaces.shared.typed import whole

PAGE_SIZE = 25

_FIELD_OF_CODE = {
    "record-number-taken": "record_number",
    "born-in-future": "birth_date",
    "born-too-long-ago": "birth_date",
    "sex-unknown": "sex",
}


# ---------------------------------------------------------------- finding


@allowed("patient.find")
@require_GET
def find(request: Request) -> HttpResponse:
    """The list, narrowed by what is typed; a fragment for htmx, the whole page for everybody else."""
    now = timezone.now()
    text = request.GET.get("q", "")
    page: Page[Patient] = Paginator(patients_queries.find(text, actor=request.actor, now=now), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    hidden = patients_queries.withheld(request.actor, page.object_list, now)
    context = {
        "text": text,
        "rows": [row(patient, patient.pk in hidden) for patient in page.object_list],
        "page": page,
        "may_create": request.actor.may("patient.create"),
    }
    live = bool(request.htmx) and not request.htmx.history_restore_request
    name = "console/patients/rows.html" if live else "console/patients/list.html"
    response = render(request, name, context | {"live": live})
    response["Vary"] = "HX-Request"
    return response


# ---------------------------------------------------------------- making and changing


def _likenesses(actor: Actor, values: Mapping[str, Any], other_than: int | None = None) -> list[PatientRow]:
    if not {"given_name", "family_name", "birth_date"} <= values.keys():
        return []
    same = patients_queries.same_person(
        given_name=values["given_name"],
        family_name=values["family_name"],
        birth_date=values["birth_date"],
        other_than=other_than,
    )
    hidden = patients_queries.withheld(actor, same, timezone.now())
    return [row(patient, patient.pk in hidden) for patient in same]


def _form_page(request: Request, form: PatientForm, status: int, **more: object) -> HttpResponse:
    context = {"form": form, "likenesses": [], **more}
    return render(request, "console/patients/form.html", context, status=status)


@allowed("patient.create")
@require_http_methods(["GET", "POST"])
def add(request: Request) -> HttpResponse:
    """Make a record. A likely duplicate is shown before it is saved."""
    assert request.clinic is not None
    actor, seen = request.actor, SeenForm.read(request)
    proposed = seen["proposed"] if sent(request) else patients_queries.next_record_number()

    def act(form: PatientForm) -> HttpResponse:
        values = form.values()
        if values["record_number"] == proposed:
            values["record_number"] = ""  # nobody chose it, so the next free one will do
        try:
            patient = patients_actions.add(by=actor, **values)
        except ActionRefused as refused:
            if "possible-duplicate" not in refused.codes:
                raise
            return show(form, 409, likenesses=_likenesses(actor, values))
        return redirect("console:patient", patient.pk)

    def show(form: PatientForm, status: int, **more: object) -> HttpResponse:
        return _form_page(request, form, status, proposed=proposed, cancel_url=reverse("console:patients"), **more)

    initial = {"record_number": proposed, "language": request.clinic.language, "sex": Sex.UNKNOWN}
    form = PatientForm(sent(request), actor=actor, initial=initial)
    return form_action(form, act, show, fields=_FIELD_OF_CODE)


@patient_page("patient.edit", methods=FORM)
def edit(request: Request, scope: PatientPage) -> HttpResponse:
    """Change who the patient is. Where somebody else saved meanwhile, both versions are shown."""
    patient, seen = scope.patient, SeenForm.read(request)

    def act(form: PatientForm) -> HttpResponse:
        values = form.values()
        try:
            patients_actions.edit(by=scope.actor, patient_id=patient.pk, version=whole(seen["version"]) or 0, **values)
        except Overtaken:
            return overtaken()
        except ActionRefused as refused:
            if "possible-duplicate" not in refused.codes:
                raise
            return show(form, 409, likenesses=_likenesses(scope.actor, values, patient.pk))
        return redirect("console:patient", patient.pk)

    def overtaken() -> HttpResponse:
        patient.refresh_from_db()
        form, changes = merge(request.POST, seen["before"], patient, scope.actor)
        form.is_valid()
        last = audit_queries.events_of(PatientScope(patient.pk)).filter(action="patient.edited").first()
        return show(form, 409, changes=changes, other=last.name if last else "")

    def show(form: PatientForm, status: int, **more: object) -> HttpResponse:
        kept = {} if more.get("other") else seen  # what was typed over goes on from what the other saved
        return _form_page(
            request, form, status, patient=patient, cancel_url=reverse("console:patient", args=[patient.pk]),
            version=kept.get("version") or str(patient.version), before=kept.get("before") or sealed(patient), **more,
        )  # fmt: skip

    form = PatientForm(sent(request), actor=scope.actor, initial=stored(patient))
    return form_action(form, act, show, fields=_FIELD_OF_CODE)


# ---------------------------------------------------------------- the patient's page


def _record(scope: ClinicPage, patient_id: int) -> Record:
    return patients_queries.record_for(scope.actor, PatientScope(patient_id), scope.now)


@clinic_page("patient.find")
@opens(_record)
def patient(request: Request, scope: ClinicPage, record: Record) -> HttpResponse:
    """The patient's page. Roles without patient.clinical see who the patient is, and when they come."""
    actor, now, patient_id = scope.actor, scope.now, record.patient.pk
    if record.withheld:
        return gate(request, patient_id)
    found, clinical = record.patient, actor.may("patient.clinical")
    patients_actions.open_record(by=actor, patient=found, part="clinical" if clinical else "identity")
    context = {
        "has_account": record.signs_in,
        "people": patients_queries.people_of(PatientScope(patient_id)),
        "access_needs": access_needs(PatientScope(patient_id)),
        **identity_context(found, actor),
        **visits_context(patient_visits(actor, patient_id, now)),
        **courses_context(patient_courses(actor, patient_id)),
        "flagged": bool(safety_queries.flagged([patient_id])) if actor.may("flag.read") else False,
        "flags_url": address("console:flags"),
        "consents_url": address("console:patient_consents", patient_id) if actor.may("consent.read") else "",
        "measures_url": reverse("console:patient_measures", args=[patient_id]) if actor.may("measure.read") else "",
    }
    return render(request, "console/patients/patient.html", context)


# ---------------------------------------------------------------- measures on the page


@patient_page("measure.read")
def patient_measures(request: Request, scope: PatientPage) -> HttpResponse:
    """The newest scores: a part of the patient's page for htmx, a page of its own without."""
    found = scope.patient
    context = {
        "patient": found,
        "name": found.name,
        "scores": scores(found.pk),
        "more_url": address("console:measures", found.pk),
    }
    if request.htmx:
        return render(request, "console/patients/scores.html", context)
    patients_actions.open_record(by=scope.actor, patient=found, part="clinical")
    return render(request, "console/patients/measures.html", context)


# ---------------------------------------------------------------- people beside the patient


_FIELD_OF_PERSON_CODE = {"name-missing": "name", "no-way-to-reach": "phone"}


def _person_page(request: Request, form: PersonForm, status: int, patient: Patient, **more: object) -> HttpResponse:
    context = {"patient": patient, "name": patient.name, "form": form, **more}
    return render(request, "console/patients/person.html", context, status=status)


def _person(person_id: int) -> RelatedPerson:
    return one_row(RelatedPerson, person_id).select_related("patient").get()


@patient_page("patient.edit", methods=FORM)
def person_add(request: Request, scope: PatientPage) -> HttpResponse:
    """Put somebody beside the patient."""

    def act(form: PersonForm) -> HttpResponse:
        patients_actions.add_person(by=scope.actor, patient_id=scope.patient.pk, **form.cleaned_data)
        return redirect("console:patient", scope.patient.pk)

    def show(form: PersonForm, status: int) -> HttpResponse:
        return _person_page(request, form, status, scope.patient)

    return form_action(PersonForm(sent(request)), act, show, fields=_FIELD_OF_PERSON_CODE)


@patient_row_page(_person, "patient.edit", methods=FORM)
def person_edit(request: Request, scope: PatientPage, person: RelatedPerson) -> HttpResponse:
    """Change what is known of somebody beside the patient."""

    def act(form: PersonForm) -> HttpResponse:
        patients_actions.edit_person(by=scope.actor, person_id=person.pk, **form.cleaned_data)
        return redirect("console:patient", scope.patient.pk)

    def show(form: PersonForm, status: int) -> HttpResponse:
        return _person_page(request, form, status, scope.patient, beside=person)

    initial = {name: getattr(person, name) for name in PersonForm.base_fields}
    return form_action(PersonForm(sent(request), initial=initial), act, show, fields=_FIELD_OF_PERSON_CODE)


@patient_row_page(_person, "patient.edit", methods=POST)
def person_end(request: Request, scope: PatientPage, person: RelatedPerson) -> HttpResponse:
    """Somebody is no longer beside the patient."""
    patients_actions.end_person(by=scope.actor, person_id=person.pk)
    return redirect("console:patient", scope.patient.pk)


# ---------------------------------------------------------------- the way into the portal


@patient_page("patient.edit", methods=FORM)
def access(request: Request, scope: PatientPage) -> HttpResponse:
    """Who signs in for this patient, and the invitation of the patient."""
    found = scope.patient

    def act(form: InviteForm) -> HttpResponse:
        accounts_actions.invite(
            by=scope.actor, email=form.cleaned_data["email"], name=found.name, role="patient",
            patient_id=found.pk, language=found.language,
        )  # fmt: skip
        return redirect("console:patient_access", found.pk)

    def show(form: InviteForm, status: int) -> HttpResponse:
        members = accounts_queries.accounts_of_patient(scope.clinic.pk, scope)
        context = {
            "patient": found,
            "name": found.name,
            "form": form,
            "accounts": [(member.name, member.person.email, member.role) for member in members],
            "has_account": any(member.role == "patient" for member in members),
            "missing": missing_rows(readiness.missing(scope.clinic)),
            "invitations": [
                (row, accounts_queries.standing(row, timezone.now()))
                for row in accounts_queries.invitations_of_patient(scope.clinic.pk, scope)
            ],
        }
        return render(request, "console/patients/access.html", context, status=status)

    form = InviteForm(sent(request), initial={"email": found.email})
    return form_action(form, act, show, fields={"bad_email": "email", "already_member": "email"})
