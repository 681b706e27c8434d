"""A patient's questionnaires: how they go over time, each answer, asking for one, entering one from paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.measures import actions, queries
from sojourn.care.measures.charts import trend_chart
from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.measures.queries import OpenRequest, Scored, Trend
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety
from sojourn.care.treatment.models import MedicationAdministration
from sojourn.clinical.scales import Scale, say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.rulebook.scales import scale, scales
from sojourn.foundation.ui.charts import Chart, Mark
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients import closed

DUE_IN = timedelta(days=7)


def _language() -> str:
    return translation.get_language() or "en"


class RequestForm(forms.Form):
    """What to ask, and by when."""

    scale_id = forms.ChoiceField(label=gettext_lazy("Questionnaire"))
    due_on = forms.DateField(
        label=gettext_lazy("Wanted by"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["scale_id"]).choices = [
            (each.id, say(each.title, _language())) for each in scales()
        ]
        self.fields["due_on"].initial = timezone.localdate() + DUE_IN


class PaperForm(forms.Form):
    """The form on paper, question by question. What is left empty there is left empty here."""

    filled_on = forms.DateField(
        label=gettext_lazy("Filled in on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    filled_at = forms.TimeField(
        label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, asked: Scale, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        language = _language()
        now = timezone.localtime()
        self.fields["filled_on"].initial = now.date()
        self.fields["filled_at"].initial = now.time().replace(second=0, microsecond=0)
        for item in asked.items:
            self.fields[f"item-{item.link_id}"] = forms.TypedChoiceField(
                label=f"{item.prefix} {say(item.text, language)}".strip(),
                choices=[(option.value, f"{option.value}  {say(option.text, language)}") for option in item.options],
                widget=forms.RadioSelect(attrs={"class": "radio"}),
                coerce=int,
                empty_value=None,
                required=False,
            )

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[f"item-{item.link_id}"] for item in self.asked.items]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and all(answer is None for answer in self.answers(values).values()):
            raise forms.ValidationError(_("Nothing is answered yet. Enter at least one answer."))
        return values

    def answers(self, values: dict[str, Any]) -> dict[str, int | None]:
        """The answers by link id; None for what stands empty on the paper."""
        return {item.link_id: values.get(f"item-{item.link_id}") for item in self.asked.items}


@dataclass(frozen=True, slots=True)
class Row:
    """One completed questionnaire, newest first on the page."""

    at: datetime
    total: str
    band: str
    change: str
    alarming: bool
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One questionnaire over time."""

    scale_id: str
    title: str
    chart: Chart | None
    explained: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A questionnaire that is open."""

    title: str
    progress: str
    due_at: datetime
    late: bool
    withdraw_url: str


def doses_of(patient_id: int) -> list[MedicationAdministration]:
    """The doses that a patient was given, oldest first. One query."""
    return list(MedicationAdministration.objects.filter(patient_id=patient_id).order_by("started_at", "id"))


def _change(trend: Trend, point: Scored) -> str:
    """The change since the baseline, in words that a clinician reads at a glance."""
    change = trend.change(point)
    if change is None:
        return _("baseline") if point is trend.baseline else ""
    words = {
        "better": _("reliably better"),
        "worse": _("reliably worse"),
        "none": _("within the noise"),
        None: "",
    }[change.reliable]
    parts = [f"{change.difference:+d}".replace("-", "−"), words]
    if change.remission:
        parts.append(_("remission"))
    elif change.response:
        parts.append(_("response"))
    return ", ".join(part for part in parts if part)


def _explained(trend: Trend, first_dose_at: datetime | None) -> str:
    """How the change is judged: against what, and by which number."""
    if trend.baseline is None:
        return ""
    before = first_dose_at is not None and trend.baseline.at <= first_dose_at
    day = date_format(timezone.localtime(trend.baseline.at), "j F Y")
    texts = [
        (
            _("Baseline: %(total)s on %(day)s, the last score before the first dose.")
            if before
            else _("Baseline: %(total)s on %(day)s, the first score.")
        )
        % {"total": trend.baseline.total, "day": day}
    ]
    rule = trend.scale.rule
    least = rule.optional("reliable_change")
    if least is not None:
        mark = rule.parameters["reliable_change"].verification
        texts.append(
            _("A change of %(n)s points or more is reliable (%(mark)s).")
            % {"n": number_format(least, decimal_pos=0), "mark": _MARKS.get(mark, mark)}
        )
    return " ".join(texts)


_MARKS = {
    "verified": gettext_lazy("read in a source"),
    "second-hand": gettext_lazy("second-hand source"),
    "derived": gettext_lazy("derived"),
    "convention": gettext_lazy("convention"),
    "recalled": gettext_lazy("not yet verified"),
}


def _picture(trend: Trend, doses: list[MedicationAdministration]) -> Picture:
    title = say(trend.scale.title, _language())
    first = doses[0].started_at if doses else None
    marks = [
        Mark(dose.started_at, _("%(mg)s mg") % {"mg": number_format(dose.dose_mg.normalize(), use_l10n=True)})
        for dose in doses
    ]
    rows = tuple(
        Row(
            at=point.at,
            total="–" if point.total is None else str(point.total),
            band=_(point.band.label) if point.band else _("no score, too much left out"),
            change=_change(trend, point),
            alarming=point.safety_positive,
            url=reverse("console:response", args=[point.response_id]),
        )
        for point in reversed(trend.points)
    )
    chart = trend_chart(trend, marks) if trend.scored else None
    return Picture(trend.scale.id, title, chart, _explained(trend, first), rows)


def _waiting(request: OpenRequest, now: datetime, may: bool) -> Waiting:
    return Waiting(
        title=say(request.scale.title, _language()),
        progress=_("%(done)d of %(all)d answered") % {"done": request.answered, "all": request.questions}
        if request.started
        else _("not begun"),
        due_at=request.due_at,
        late=request.due_at < now,
        withdraw_url=reverse("console:withdraw_measure", args=[request.id]) if may else "",
    )


def _page(request: Request, patient: Patient, form: RequestForm, status: int = 200) -> HttpResponse:
    asker, now = request.asker, timezone.now()
    doses = doses_of(patient.pk)
    first = doses[0].started_at if doses else None
    may_ask = asker.may("measure.request")
    context = {
        "patient": patient,
        "name": patient.name,
        "patient_url": address("console:patient", patient.pk),
        "pictures": [_picture(trend, doses) for trend in queries.trends(patient.pk, first_dose_at=first)],
        "waiting": [_waiting(each, now, may_ask) for each in queries.open_requests(patient.pk)],
        "doses": bool(doses),
        "form": form if may_ask else None,
        "paper": [
            (say(each.title, _language()), reverse("console:paper_measure", args=[patient.pk, each.id]))
            for each in scales()
        ]
        if asker.may("measure.enter")
        else [],
        "unverified": _unverified(),
    }
    return render(request, "console/measures/measures.html", context, status=status)


def _unverified() -> list[str]:
    """Questionnaires whose wording in the reader's language is not yet verified."""
    language = _language().split("-")[0]
    return [say(each.title, language) for each in scales() if language in each.unverified_languages]


@allowed("measure.read")
@require_GET
def measures(request: HttpRequest, patient_id: int) -> HttpResponse:
    """How it goes over time, with the doses; what is open; what can be asked."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    patients.open_record(by=asked.asker, patient=patient, part="clinical")
    return _page(asked, patient, RequestForm())


@allowed("measure.request")
@require_POST
def ask(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Ask the patient to answer a questionnaire."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    form = RequestForm(request.POST)
    status = 422
    if form.is_valid():
        due_at = datetime.combine(form.cleaned_data["due_on"], time(23, 59), asked.clinic.zone)
        try:
            actions.request_measure(
                by=asked.asker, patient_id=patient.pk, scale_id=form.cleaned_data["scale_id"], due_at=due_at
            )
            messages.success(request, _("Asked. It stands on the patient's page now."))
            return _back(asked, patient)
        except Refused as refused:
            status = 409
            for reason in refused.reasons:
                form.add_error(None, str(reason))
    if asked.asker.may("measure.read"):
        return _page(asked, patient, form, status)
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "patient_url": address("console:patient", patient.pk),
    }
    return render(request, "console/measures/ask.html", context, status=status)


def _back(request: Request, patient: Patient) -> HttpResponse:
    """Where one goes on: the measures for those who may read them, else the patient's page."""
    name = "console:measures" if request.asker.may("measure.read") else "console:patient"
    return redirect(address(name, patient.pk) or "/")


@allowed("measure.request")
@require_POST
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take a request back."""
    asked = cast(Request, request)
    row = get_object_or_404(MeasureRequest.objects.select_related("patient"), pk=request_id)
    if gate := closed(asked, row.patient):
        return gate
    try:
        actions.withdraw_request(by=asked.asker, request_id=row.pk)
        messages.success(request, _("Taken back. The patient is no longer asked."))
    except Refused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
    return _back(asked, row.patient)


@allowed("measure.enter")
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, patient_id: int, scale_id: str) -> HttpResponse:
    """Enter a form that was filled in on paper."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    try:
        definition = scale(scale_id)
    except KeyError:
        raise Http404 from None
    form = PaperForm(definition, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            at = datetime.combine(values["filled_on"], values["filled_at"], asked.clinic.zone)
            try:
                response = safety.enter_paper(
                    by=asked.asker,
                    patient_id=patient.pk,
                    scale_id=scale_id,
                    answers=form.answers(values),
                    filled_in_at=at,
                )
                return _entered(asked, patient, response)
            except Refused as refused:
                status = 409
                for reason in refused.reasons:
                    form.add_error(None, str(reason))
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "title": say(definition.title, _language()),
        "stem": say(definition.stem, _language()),
        "back_url": reverse("console:measures", args=[patient.pk]),
    }
    return render(request, "console/measures/paper.html", context, status=status)


def _entered(request: Request, patient: Patient, response: QuestionnaireResponse) -> HttpResponse:
    if response.safety_positive:
        flag = response.flags.first()
        messages.warning(request, _("Entered. The answer about thoughts of death or self-harm raises a flag."))
        if flag is not None and request.asker.may("flag.read"):
            return redirect("console:flag", flag.pk)
    else:
        messages.success(request, _("Entered."))
    return _back(request, patient)


@dataclass(frozen=True, slots=True)
class Line:
    """One question with what was answered."""

    text: str
    answer: str
    points: str
    safety: bool


@allowed("measure.read")
@require_GET
def response(request: HttpRequest, response_id: int) -> HttpResponse:
    """Every answer of one questionnaire."""
    asked = cast(Request, request)
    row = get_object_or_404(
        QuestionnaireResponse.objects.select_related("patient"), pk=response_id, completed_at__isnull=False
    )
    if gate := closed(asked, row.patient):
        return gate
    patients.open_record(by=asked.asker, patient=row.patient, part="clinical")
    definition, language = scale(row.scale_id), _language()
    given = queries.answers_of([row.pk]).get(row.pk, {})
    alarming = definition.safety(given)
    band = next((band for band in definition.bands if band.code == row.band), None)
    lines = []
    for item in definition.items:
        value = given.get(item.link_id)
        words = next((say(option.text, language) for option in item.options if option.value == value), _("left out"))
        points = "" if value is None or not item.scored else str(value)
        lines.append(Line(f"{item.prefix} {say(item.text, language)}".strip(), words, points, item.link_id in alarming))
    context = {
        "patient": row.patient,
        "name": row.patient.name,
        "title": say(definition.title, language),
        "stem": say(definition.stem, language),
        "row": row,
        "total": None if row.score is None else int(row.score),
        "out_of": definition.high,
        "band": _(band.label) if band else "",
        "lines": lines,
        "language": translation.get_language_info(row.language)["name_local"],
        "copyright": definition.copyright,
        "back_url": reverse("console:measures", args=[row.patient_id]),
    }
    return render(request, "console/measures/response.html", context)


urlpatterns = [
    path("patients/<int:patient_id>/measures/", measures, name="measures"),
    path("patients/<int:patient_id>/measures/ask/", ask, name="ask_measure"),
    path("patients/<int:patient_id>/measures/<slug:scale_id>/paper/", paper, name="paper_measure"),
    path("measures/requests/<int:request_id>/withdraw/", withdraw, name="withdraw_measure"),
    path("measures/responses/<int:response_id>/", response, name="response"),
]
