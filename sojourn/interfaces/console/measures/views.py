"""A patient's questionnaires: how they go over time, each answer, asking for one, entering one from paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.measures import actions, queries
from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.measures.queries import Shelf, scale
from sojourn.care.patients import actions as patients
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety
from sojourn.care.safety.not_counted_actions import hear
from sojourn.care.session.lines import given_to
from sojourn.clinical.scales import Scale, say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console.measures.forms import BatteryForm, PaperForm, RequestForm, ScoreForm
from sojourn.interfaces.console.measures.presenters import Line, kit, picture, unverified_titles, waiting_row
from sojourn.interfaces.console.measures.words import reading_language
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.rules.views import SHORT_MARKS
from sojourn.interfaces.shared.pages import closed, tell


def _page(
    request: Request,
    patient: Patient,
    form: RequestForm | None = None,
    battery: BatteryForm | None = None,
    shelf: Shelf | None = None,
    status: int = 200,
) -> HttpResponse:
    asker, now = request.asker, timezone.now()
    shelf = shelf or queries.shelf()
    doses = given_to(patient.pk, timezone.now())
    first = doses[0].started_at if doses else None
    may_ask = asker.may("measure.request")
    context = {
        "patient": patient,
        "name": patient.name,
        "patient_url": address("console:patient", patient.pk),
        "pictures": [
            picture(trend, doses, patient.sex)
            for trend in queries.trends(patient.pk, first_dose_at=first, rules=shelf.rules)
        ],
        "waiting": [waiting_row(each, now, may_ask) for each in queries.open_requests(patient.pk)],
        "doses": bool(doses),
        "form": (form or RequestForm(shelf.askable)) if may_ask else None,
        "batteries": [kit(each) for each in shelf.batteries] if may_ask else [],
        "battery_form": (battery or BatteryForm(tuple(each for each in shelf.batteries if each.adopted)))
        if may_ask and (battery is not None or any(each.adopted for each in shelf.batteries))
        else None,
        "rules_url": address("console:rules") if asker.may("rules.read") else "",
        "paper": [
            (say(each.title, reading_language()), reverse("console:paper_measure", args=[patient.pk, each.id]))
            for each in shelf.with_text
        ]
        if asker.may("measure.enter")
        else [],
        "entered": [
            (say(each.title, reading_language()), reverse("console:enter_score", args=[patient.pk, each.id]))
            for each in shelf.without_text
            if each.enterable
        ]
        if asker.may("measure.enter")
        else [],
        "own_url": reverse("console:own_scales") if asker.may("measure.define") else "",
        "unverified": unverified_titles(shelf),
    }
    return render(request, "console/measures/measures.html", context, status=status)


@allowed("measure.read")
@require_GET
def measures(request: Request, patient_id: int) -> HttpResponse:
    """How it goes over time, with the doses; what is open; what can be asked."""
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    patients.open_record(by=request.asker, patient=patient, part="clinical")
    return _page(request, patient)


@allowed("measure.request")
@require_POST
def ask(request: Request, patient_id: int) -> HttpResponse:
    """Ask the patient to answer a questionnaire."""
    assert request.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    shelf = queries.shelf()
    form = RequestForm(shelf.askable, request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.request_measure(
                by=request.asker, patient_id=patient.pk, scale_id=form.cleaned_data["scale_id"],
                due_at=form.due_at(request.clinic.zone),
            )  # fmt: skip
            messages.success(request, _("Asked. It stands on the patient's page now."))
            return _back(request, patient)
        except Refused as refused:
            status = 409
            tell(form, refused, {})
    if request.asker.may("measure.read"):
        return _page(request, patient, form, shelf=shelf, status=status)
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "patient_url": address("console:patient", patient.pk),
    }
    return render(request, "console/measures/ask.html", context, status=status)


@allowed("measure.request")
@require_POST
def ask_battery(request: Request, patient_id: int) -> HttpResponse:
    """Ask for everything that an indication begins with."""
    assert request.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    shelf = queries.shelf()
    form = BatteryForm(shelf.batteries, request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.request_battery(
                by=request.asker, patient_id=patient.pk, indication=form.cleaned_data["indication"],
                due_at=form.due_at(request.clinic.zone),
            )  # fmt: skip
            messages.success(request, _("Asked as one sitting. It stands on the patient's page now."))
            return _back(request, patient)
        except Refused as refused:
            status = 409
            tell(form, refused, {})
    if request.asker.may("measure.read"):
        return _page(request, patient, battery=form, shelf=shelf, status=status)
    for reasons in form.errors.values():
        for text in reasons:
            messages.warning(request, str(text))
    return _back(request, patient)


def _definition(scale_id: str) -> Scale:
    try:
        return scale(scale_id)
    except KeyError:
        raise Http404 from None


@allowed("measure.enter")
@require_http_methods(["GET", "POST"])
def enter_score(request: Request, patient_id: int, scale_id: str) -> HttpResponse:
    """Enter a score from the clinic's own licensed form."""
    assert request.clinic is not None
    patient, definition = get_object_or_404(Patient, pk=patient_id), _definition(scale_id)
    if gate := closed(request, patient):
        return gate
    if definition.rule.fixed.get("entry") == "items":
        return redirect("console:paper_measure", patient.pk, scale_id)
    form = ScoreForm(definition, request.asker.name, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            at = datetime.combine(values["taken_on"], values["taken_at"], request.clinic.zone)
            try:
                response = safety.enter_score(
                    by=request.asker,
                    patient_id=patient.pk,
                    scale_id=scale_id,
                    total=form.total,
                    parts=form.parts,
                    answers=form.safety,
                    taken_at=at,
                    rater=values["rater"],
                    origin=values["origin"],
                )
                return _entered(request, patient, response)
            except Refused as refused:
                status = 409
                tell(form, refused, {})
                _hear(request, patient, scale_id, form.safety, at, refused)
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "title": say(definition.title, reading_language()),
        "statement": _(definition.rule.statement),
        "licence": _(definition.licence.note) if definition.licence.ships != "own" else definition.licence.note,
        "holder": definition.licence.holder,
        "mark": SHORT_MARKS[definition.rule.verification],
        "sources": definition.rule.sources,
        "items_url": reverse("console:paper_measure", args=[patient.pk, definition.id])
        if definition.items and definition.formula is not None
        else "",
        "back_url": reverse("console:measures", args=[patient.pk]),
    }
    return render(request, "console/measures/enter.html", context, status=status)


def _back(request: Request, patient: Patient) -> HttpResponse:
    """Where one goes on: the measures for those who may read them, else the patient's page."""
    name = "console:measures" if request.asker.may("measure.read") else "console:patient"
    return redirect(address(name, patient.pk) or "/")


@allowed("measure.request")
@require_POST
def withdraw(request: Request, request_id: int) -> HttpResponse:
    """Take a request back."""
    row = get_object_or_404(MeasureRequest.objects.select_related("patient"), pk=request_id)
    if gate := closed(request, row.patient):
        return gate
    try:
        actions.withdraw_request(by=request.asker, request_id=row.pk)
        messages.success(request, _("Taken back. The patient is no longer asked."))
    except Refused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
    return _back(request, row.patient)


@allowed("measure.enter")
@require_http_methods(["GET", "POST"])
def paper(request: Request, patient_id: int, scale_id: str) -> HttpResponse:
    """Enter a form that was filled in on paper."""
    assert request.clinic is not None
    patient, definition = get_object_or_404(Patient, pk=patient_id), _definition(scale_id)
    if gate := closed(request, patient):
        return gate
    form = PaperForm(definition, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            at = datetime.combine(values["filled_on"], values["filled_at"], request.clinic.zone)
            try:
                response = safety.enter_paper(
                    by=request.asker,
                    patient_id=patient.pk,
                    scale_id=scale_id,
                    answers=form.answers(values),
                    filled_in_at=at,
                )
                return _entered(request, patient, response)
            except Refused as refused:
                status = 409
                tell(form, refused, {})
                _hear(request, patient, scale_id, form.answers(values), at, refused)
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "title": say(definition.title, reading_language()),
        "stem": say(definition.stem, reading_language()),
        "licence": "" if definition.ships_text else _(definition.licence.note),
        "back_url": reverse("console:measures", args=[patient.pk]),
    }
    return render(request, "console/measures/paper.html", context, status=status)


def _hear(
    request: Request, patient: Patient, scale_id: str, answers: Mapping[str, int | None], at: datetime, refused: Refused
) -> None:
    """Danger in answers that do not count, because they were given under a dose, is heard all the same."""
    about = f"not-now:{scale_id}:{at:%Y-%m-%dT%H:%M}"
    if not_now.CODE in refused.codes and hear(
        by=request.asker, patient_id=patient.pk, scale_id=scale_id, answers=answers, about=about
    ):
        messages.warning(
            request, _("It was not entered. The answer about thoughts of death or self-harm raises a flag.")
        )


def _entered(request: Request, patient: Patient, response: QuestionnaireResponse) -> HttpResponse:
    flag = response.flags.first()
    if flag is not None:
        messages.warning(request, _("Entered. The answer about thoughts of death or self-harm raises a flag."))
        if request.asker.may("flag.read"):
            return redirect("console:flag", flag.pk)
    else:
        messages.success(request, _("Entered."))
    return _back(request, patient)


@allowed("measure.read")
@require_GET
def response(request: Request, response_id: int) -> HttpResponse:
    """Every answer of one questionnaire."""
    row = get_object_or_404(
        QuestionnaireResponse.objects.select_related("patient", "entered_by"),
        pk=response_id,
        completed_at__isnull=False,
    )
    if gate := closed(request, row.patient):
        return gate
    patients.open_record(by=request.asker, patient=row.patient, part="clinical")
    definition, language = scale(row.scale_id), reading_language()
    given = queries.answers_of([row.pk]).get(row.pk, {})
    alarming = definition.safety(given)
    band = next((band for band in definition.bands if band.code == row.band), None)
    lines = []
    for item in definition.items:
        value = given.get(item.link_id)
        if item.link_id not in given and (row.source == "entered" or item.enable):
            continue  # not asked, or entered as a whole
        words = next((say(option.text, language) for option in item.options if option.value == value), "")
        words = words or (_("left out") if value is None else f"{value} {item.unit}".strip())
        points = "" if value is None or not item.scored else str(value)
        text = say(item.text, language) or _("Item %(number)s") % {"number": item.link_id}
        prefix = item.prefix if say(item.text, language) else ""
        lines.append(Line(f"{prefix} {text}".strip(), words, points, item.link_id in alarming))
    labels = {each.code: _(each.label) for each in definition.parts}
    context = {
        "patient": row.patient,
        "name": row.patient.name,
        "title": say(definition.title, language),
        "stem": say(definition.stem, language),
        "row": row,
        "total": None if row.score is None else queries.number(row.score),
        "parts": [(labels.get(code, code), value) for code, value in row.parts.items()],
        "findings": [_(each.label) for each in definition.findings if each.code in row.findings],
        "source": row.get_source_display(),
        "entered_by": row.entered_by,
        "out_of": definition.high,
        "band": _(band.label) if band else "",
        "lines": lines,
        "language": translation.get_language_info(row.language)["name_local"],
        "copyright": definition.copyright,
        "back_url": reverse("console:measures", args=[row.patient_id]),
    }
    return render(request, "console/measures/response.html", context)
