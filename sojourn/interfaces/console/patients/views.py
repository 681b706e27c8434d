"""Find, make and change patients; the patient's own page; the people beside them; the way into the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.core import signing
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.intake.queries import access_needs
from sojourn.care.patients import actions, queries
from sojourn.care.patients.models import Patient, RelatedPerson, Sex
from sojourn.care.safety import queries as safety
from sojourn.foundation.accounts import actions as accounts
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import readiness
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.audit import queries as audit
from sojourn.interfaces.console.clinic.place_presenters import missing_rows
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.forms import InviteForm, PatientForm, PersonForm
from sojourn.interfaces.console.patients.merging import BEFORE, Change, merge, stored
from sojourn.interfaces.console.patients.presenters import Row, patient_courses, patient_visits, row, scores
from sojourn.interfaces.shared.days import day_words, years_words
from sojourn.interfaces.shared.pages import closed, gate, tell

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
    page: Page[Patient] = Paginator(queries.find(text, asker=request.asker, now=now), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    hidden = queries.withheld(request.asker, page.object_list, now)
    context = {
        "text": text,
        "rows": [row(patient, patient.pk in hidden) for patient in page.object_list],
        "page": page,
        "may_create": request.asker.may("patient.create"),
    }
    live = bool(request.htmx) and not request.htmx.history_restore_request
    name = "console/patients/rows.html" if live else "console/patients/list.html"
    response = render(request, name, context | {"live": live})
    response["Vary"] = "HX-Request"
    return response


# ---------------------------------------------------------------- making and changing


def _likenesses(request: Request, values: Mapping[str, Any], other_than: int | None = None) -> list[Row]:
    if not {"given_name", "family_name", "birth_date"} <= values.keys():
        return []
    same = queries.same_person(
        given_name=values["given_name"],
        family_name=values["family_name"],
        birth_date=values["birth_date"],
        other_than=other_than,
    )
    hidden = queries.withheld(request.asker, same, timezone.now())
    return [row(patient, patient.pk in hidden) for patient in same]


@allowed("patient.create")
@require_http_methods(["GET", "POST"])
def add(request: Request) -> HttpResponse:
    """Make a record. A likely duplicate is shown before it is saved."""
    assert request.asker.clinic_id is not None
    assert request.clinic is not None
    status, likenesses = 200, list[Row]()
    if request.method == "POST":
        form = PatientForm(request.POST, asker=request.asker)
        if form.is_valid():
            values = form.values()
            if values["record_number"] == request.POST.get("proposed"):
                values["record_number"] = ""  # nobody chose it, so the next free one will do
            try:
                patient = actions.add(by=request.asker, **values)
                return redirect("console:patient", patient.pk)
            except Refused as refused:
                status = 409
                if "possible-duplicate" in refused.codes:
                    likenesses = _likenesses(request, values)
                else:
                    tell(form, refused, _FIELD_OF_CODE)
        else:
            status = 422
        proposed = request.POST.get("proposed", "")
    else:
        proposed = queries.next_record_number(request.asker.clinic_id)
        form = PatientForm(
            asker=request.asker,
            initial={"record_number": proposed, "language": request.clinic.language, "sex": Sex.UNKNOWN},
        )
    context = {"form": form, "proposed": proposed, "likenesses": likenesses, "cancel_url": reverse("console:patients")}
    return render(request, "console/patients/form.html", context, status=status)


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def edit(request: Request, patient_id: int) -> HttpResponse:
    """Change who the patient is. Where somebody else saved meanwhile, both versions are shown."""
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    status, likenesses, changes, other = 200, list[Row](), list[Change](), ""
    if request.method == "POST":
        form = PatientForm(request.POST, asker=request.asker)
        if form.is_valid():
            values = form.values()
            try:
                version = int(request.POST.get("version", "0") or 0)
            except ValueError:
                version = 0
            try:
                actions.edit(by=request.asker, patient_id=patient_id, version=version, **values)
                return redirect("console:patient", patient_id)
            except Overtaken:
                status = 409
                patient.refresh_from_db()
                form, changes = merge(request, patient, request.asker)
                form.is_valid()
                last = audit.events(patient_id=patient_id).filter(action="patient.edited").first()
                other = last.name if last else ""
            except Refused as refused:
                status = 409
                if "possible-duplicate" in refused.codes:
                    likenesses = _likenesses(request, values, patient_id)
                else:
                    tell(form, refused, _FIELD_OF_CODE)
        else:
            status = 422
        seen = request.POST.get("version") if status != 409 or not other else None
        before = request.POST.get("before", "")
        if seen is None or not before:
            before = signing.dumps(stored(patient), salt=BEFORE)
        version_shown = seen or str(patient.version)
    else:
        form = PatientForm(asker=request.asker, initial=stored(patient))
        before, version_shown = signing.dumps(stored(patient), salt=BEFORE), str(patient.version)
    context = {
        "patient": patient, "form": form, "version": version_shown, "before": before, "likenesses": likenesses,
        "changes": changes, "other": other, "cancel_url": reverse("console:patient", args=[patient_id]),
    }  # fmt: skip
    return render(request, "console/patients/form.html", context, status=status)


# ---------------------------------------------------------------- the patient's page


@allowed("patient.find")
@require_GET
def patient(request: Request, patient_id: int) -> HttpResponse:
    """The patient's page. Roles without patient.clinical see who the patient is, and when they come."""
    asker, now = request.asker, timezone.now()
    try:
        record = queries.record_for(asker, patient_id, now)
    except Patient.DoesNotExist:
        raise Http404 from None
    if record.withheld:
        return gate(request, patient_id)
    found, clinical = record.patient, asker.may("patient.clinical")
    actions.open_record(by=asker, patient=found, part="clinical" if clinical else "identity")
    visits = patient_visits(asker, patient_id, now)
    courses = patient_courses(asker, patient_id)
    ahead = [visit for visit in visits if visit.ahead]
    context = {
        "patient": found,
        "name": found.name,
        "born": day_words(found.birth_date),
        "years": years_words(found),
        "language": dict(settings.LANGUAGES).get(found.language, found.language),
        "clinical": clinical,
        "may_edit": asker.may("patient.edit"),
        "has_account": record.signs_in,
        "may_draft": asker.may("plan.draft"),
        "may_book": asker.may("appointment.book"),
        "people": queries.people_of(patient_id),
        "access_needs": access_needs(patient_id),
        "courses": courses,
        "running": [course for course in courses if not course.ended],
        "ahead": sorted(ahead, key=lambda visit: visit.at),
        "past": [visit for visit in visits if not visit.ahead],
        "flagged": bool(safety.flagged([patient_id])) if asker.may("flag.read") else False,
        "flags_url": address("console:flags"),
        "consents_url": address("console:patient_consents", patient_id) if asker.may("consent.read") else "",
        "measures_url": reverse("console:patient_measures", args=[patient_id]) if asker.may("measure.read") else "",
    }
    return render(request, "console/patients/patient.html", context)


# ---------------------------------------------------------------- measures on the page


@allowed("measure.read")
@require_GET
def patient_measures(request: Request, patient_id: int) -> HttpResponse:
    """The newest scores: a part of the patient's page for htmx, a page of its own without."""
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, found):
        return gate
    context = {
        "patient": found,
        "name": found.name,
        "scores": scores(patient_id),
        "more_url": address("console:measures", patient_id),
    }
    if request.htmx:
        return render(request, "console/patients/scores.html", context)
    actions.open_record(by=request.asker, patient=found, part="clinical")
    return render(request, "console/patients/measures.html", context)


# ---------------------------------------------------------------- people beside the patient


_FIELD_OF_PERSON_CODE = {"name-missing": "name", "no-way-to-reach": "phone"}


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def person_add(request: Request, patient_id: int) -> HttpResponse:
    """Put somebody beside the patient."""
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, found):
        return gate
    form, status = PersonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.add_person(by=request.asker, patient_id=patient_id, **form.cleaned_data)
                return redirect("console:patient", patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELD_OF_PERSON_CODE)
    context = {"patient": found, "name": found.name, "form": form}
    return render(request, "console/patients/person.html", context, status=status)


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def person_edit(request: Request, person_id: int) -> HttpResponse:
    """Change what is known of somebody beside the patient."""
    person = get_object_or_404(RelatedPerson.objects.select_related("patient"), pk=person_id)
    if gate := closed(request, person.patient):
        return gate
    initial = {name: getattr(person, name) for name in PersonForm.base_fields}
    form, status = PersonForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_person(by=request.asker, person_id=person_id, **form.cleaned_data)
                return redirect("console:patient", person.patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELD_OF_PERSON_CODE)
    context = {"patient": person.patient, "name": person.patient.name, "form": form, "beside": person}
    return render(request, "console/patients/person.html", context, status=status)


@allowed("patient.edit")
@require_POST
def person_end(request: Request, person_id: int) -> HttpResponse:
    """Somebody is no longer beside the patient."""
    person = get_object_or_404(RelatedPerson.objects.select_related("patient"), pk=person_id)
    if gate := closed(request, person.patient):
        return gate
    actions.end_person(by=request.asker, person_id=person_id)
    return redirect("console:patient", person.patient_id)


# ---------------------------------------------------------------- the way into the portal


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def access(request: Request, patient_id: int) -> HttpResponse:
    """Who signs in for this patient, and the invitation of the patient."""
    assert request.asker.clinic_id is not None
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, found):
        return gate
    form, status = InviteForm(request.POST or None, initial={"email": found.email}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                accounts.invite(
                    by=request.asker, email=form.cleaned_data["email"], name=found.name, role="patient",
                    patient_id=patient_id, language=found.language,
                )  # fmt: skip
                return redirect("console:patient_access", patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, {"bad_email": "email", "already_member": "email"})
    members = accounts_queries.accounts_of_patient(request.asker.clinic_id, patient_id)
    context = {
        "patient": found,
        "name": found.name,
        "form": form,
        "accounts": [(member.name, member.person.email, member.role) for member in members],
        "has_account": any(member.role == "patient" for member in members),
        "missing": missing_rows(readiness.missing(cast(Clinic, request.clinic))),
        "invitations": [
            (row, accounts_queries.standing(row, timezone.now()))
            for row in accounts_queries.invitations(request.asker.clinic_id, patient_id=patient_id)
        ],
    }
    return render(request, "console/patients/access.html", context, status=status)
