"""A patient's questionnaires: how they go over time, each answer, asking for one, entering one from paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

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
from sojourn.care.measures.queries import OpenRequest, Scored, Shelf, Trend, scale
from sojourn.care.patients import actions as patients
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety
from sojourn.care.safety.not_counted_actions import hear
from sojourn.care.session.lines import GivenInSession, given_to
from sojourn.clinical.scales import Item, Number, Scale, say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.ui.charts import Chart, Mark
from sojourn.foundation.ui.numbers import AmountField, CountField, FigureInput
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.views import closed, tell
from sojourn.interfaces.console.rules.views import SHORT_MARKS

DUE_IN = timedelta(days=7)
MOST_RADIOS = 12


def reading_language() -> str:
    """The language in which the page is read."""
    return translation.get_language() or "en"


def short_first(title: str) -> str:
    """ "GAD-7 · Generalized Anxiety ..." of "Generalized Anxiety ... (GAD-7)": a narrow box cuts the end off."""
    found = re.fullmatch(r"(.+) \(([^()]{2,16})\)", title)
    return f"{found[2]} · {found[1]}" if found else title


class DueForm(forms.Form):
    """By when something is asked for."""

    due_on = forms.DateField(
        label=gettext_lazy("Wanted by"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = page_today() + DUE_IN

    def due_at(self, zone: ZoneInfo) -> datetime:
        """The end of that day."""
        return datetime.combine(self.cleaned_data["due_on"], time(23, 59), zone)


class RequestForm(DueForm):
    """What to ask, and by when."""

    scale_id = forms.ChoiceField(label=gettext_lazy("Questionnaire"))
    field_order = ("scale_id",)

    def __init__(self, askable: list[Scale], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["scale_id"]).choices = [
            (each.id, short_first(say(each.title, reading_language()))) for each in askable
        ]


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
        language = reading_language()
        now = page_local(timezone.now())
        self.fields["filled_on"].initial = now.date()
        self.fields["filled_at"].initial = now.time().replace(second=0, microsecond=0)
        for item in asked.items:
            self.fields[f"item-{item.link_id}"] = _item_field(item, language)

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


def _item_field(item: Item, language: str) -> forms.Field:
    """One question. Where no words ship it is called by its number."""
    words = say(item.text, language)
    label = f"{item.prefix} {words}".strip() if words else _("Item %(number)s") % {"number": item.link_id}
    if item.kind == "number" or (not words and len(item.options) > MOST_RADIOS):
        low, high = item.bounds
        return CountField(label=label, min_value=low, max_value=high, required=False, help_text=f"{low}–{high}")
    return forms.TypedChoiceField(
        label=label,
        choices=[
            (
                option.value,
                f"{option.value}  {text}" if (text := say(option.text, language)) != str(option.value) else text,
            )
            for option in item.options
        ],
        widget=forms.RadioSelect(attrs={"class": "radio"}),
        coerce=int,
        empty_value=None,
        required=False,
    )


class BatteryForm(DueForm):
    """What an indication begins with, and by when."""

    indication = forms.ChoiceField(label=gettext_lazy("Indication"))
    field_order = ("indication",)

    def __init__(self, batteries: tuple[queries.Battery, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "battery-%s", **kwargs})
        cast(forms.ChoiceField, self.fields["indication"]).choices = [
            (each.indication, _(each.label)) for each in batteries
        ]


class ScoreForm(forms.Form):
    """A score from the clinic's own form: total or subscales, and the items that are about danger."""

    taken_on = forms.DateField(
        label=gettext_lazy("Taken on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    taken_at = forms.TimeField(label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    rater = forms.CharField(label=gettext_lazy("Rated by"), max_length=120)
    origin = forms.CharField(
        label=gettext_lazy("Where it stands"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For example: paper form in the file, letter of another clinic."),
    )

    def __init__(self, asked: Scale, rater: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        now = page_local(timezone.now())
        self.fields["taken_on"].initial = now.date()
        self.fields["taken_at"].initial = now.time().replace(second=0, microsecond=0)
        self.fields["rater"].initial = rater
        self.numbers: list[str] = []
        for part in asked.parts:
            self._number(f"part-{part.code}", _(part.label), part.low, part.high, part.decimals)
        self._number("total", _("Total"), asked.low, asked.high, asked.decimals)
        for name in asked.safety_items:
            item = asked.item(name)
            low, high = item.bounds
            words = say(item.text, reading_language())
            label = words or _("Item %(number)s, about danger") % {"number": name}
            self._number(f"item-{name}", label, low, high, 0)

    def _number(self, name: str, label: str, low: int, high: int, decimals: int) -> None:
        self.numbers.append(name)
        self.fields[name] = AmountField(
            label=label,
            min_value=low,
            max_value=high,
            decimal_places=decimals,
            required=False,
            help_text=f"{low}–{high}",
            widget=FigureInput({"inputmode": "decimal" if decimals else "numeric"}),
        )

    @property
    def figures(self) -> list[forms.BoundField]:
        return [self[name] for name in self.numbers]

    @staticmethod
    def _plain(value: Decimal) -> Number:
        return int(value) if value == int(value) else value

    @property
    def total(self) -> Number | None:
        value = self.cleaned_data.get("total")
        return None if value is None else self._plain(value)

    @property
    def parts(self) -> dict[str, Number]:
        return {
            part.code: self._plain(value)
            for part in self.asked.parts
            if (value := self.cleaned_data.get(f"part-{part.code}")) is not None
        }

    @property
    def safety(self) -> dict[str, int | None]:
        return {
            name: int(value)
            for name in self.asked.safety_items
            if (value := self.cleaned_data.get(f"item-{name}")) is not None
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One completed questionnaire, newest first on the page."""

    at: datetime
    total: str
    band: str
    change: str
    notes: tuple[str, ...]  # subscales, findings, who rated it
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
    parts = [f"{change.difference:+}".replace("-", "−"), words]
    if change.remission:
        parts.append(_("remission"))
    elif change.response:
        parts.append(_("response"))
    return ", ".join(part for part in parts if part)


def _closer_look(asked: Scale, sex: str) -> str:
    """From which total a closer look is asked for in this patient, and how far that number was checked."""
    held = asked.cutoff(sex)
    if held is None:
        return ""
    plain = _("Closer look from") if asked.higher_is_worse else _("Closer look at or below")
    label = _(held.label) if held.name != "screen_cutoff" else plain
    text = f"{label} {number_format(held.value, decimal_pos=0)} ({SHORT_MARKS[held.verification]})."
    if held.name not in ("screen_cutoff", f"screen_cutoff_{sex}"):
        return " ".join((text, _("Sex is not told: the more careful number holds.")))
    return text


def _explained(trend: Trend, first_dose_at: datetime | None, sex: str) -> str:
    """How a total and its change are judged: against what, and by which number."""
    if trend.baseline is None:
        return ""
    before = first_dose_at is not None and trend.baseline.at <= first_dose_at
    day = date_format(page_local(trend.baseline.at), "j F Y")
    texts = [
        (
            _("Baseline: %(total)s on %(day)s, the last score before the first dose.")
            if before
            else _("Baseline: %(total)s on %(day)s, the first score.")
        )
        % {"total": trend.baseline.total, "day": day}
    ]
    rule = trend.scale.rule
    least = trend.scale.counts("reliable_change")
    if least is not None:
        mark = rule.parameters["reliable_change"].verification
        texts.append(
            _("A change of %(n)s points or more is reliable (%(mark)s).")
            % {"n": number_format(least, decimal_pos=0), "mark": SHORT_MARKS[mark]}
        )
    if closer := _closer_look(trend.scale, sex):
        texts.append(closer)
    waiting = trend.scale.waiting
    if waiting:
        labels = ", ".join(_(rule.parameters[name].label) for name in waiting)
        texts.append(_("Not judged until a prescriber adopts the scoring: %(numbers)s.") % {"numbers": labels})
    return " ".join(texts)


def _milligrams(dose: GivenInSession) -> str:
    """What really went in, of a dose that still runs what is to; "?" where that cannot be worked out."""
    if dose.line is None or dose.delivered is None:
        return "?"
    amount = dose.line.given_mg if dose.delivered.over else dose.line.planned_mg
    return _("%(mg)s mg") % {"mg": number_format(format(amount.normalize(), "f"), use_l10n=True)}


def _picture(trend: Trend, doses: list[GivenInSession], sex: str) -> Picture:
    title = say(trend.scale.title, reading_language())
    first = doses[0].started_at if doses else None
    marks = [
        # Said where it changes: the same again would cover itself.
        Mark(dose.started_at, "" if before and _milligrams(before) == _milligrams(dose) else _milligrams(dose))
        for before, dose in zip([None, *doses], doses, strict=False)
    ]
    rows = tuple(
        Row(
            at=point.at,
            total="–" if point.total is None else str(point.total),
            band=_band(trend, point),
            change=_change(trend, point),
            notes=tuple(_notes(trend.scale, point, sex)),
            alarming=point.safety_positive,
            url=reverse("console:response", args=[point.response_id]),
        )
        for point in reversed(trend.points)
    )
    return Picture(trend.scale.id, title, trend_chart(trend, marks), _explained(trend, first, sex), rows)


def _band(trend: Trend, point: Scored) -> str:
    if point.total is None:
        return _("no score, too much left out")
    band = next((each for each in trend.scale.bands if each.code == point.band_code), None)
    return _(band.label) if band is not None else "–"


def _notes(asked: Scale, point: Scored, sex: str) -> Iterator[str]:
    """What stands beside the total: subscales, findings, the screening cut-off, who rated it."""
    labels = {each.code: _(each.label) for each in asked.parts}
    if point.parts:
        yield " · ".join(f"{labels.get(code, code)} {value}" for code, value in point.parts.items())
    for each in asked.findings:
        if each.code in point.findings:
            yield _(each.label)
    if point.total is not None and asked.screen(point.total, sex):
        yield _("asks for a closer look")
    if point.source == "entered":
        yield _("entered, rated by %(name)s") % {"name": point.rater} if point.rater else _("entered")


def _waiting(request: OpenRequest, now: datetime, may: bool) -> Waiting:
    return Waiting(
        title=say(request.scale.title, reading_language()),
        progress=_("%(done)d of %(all)d answered") % {"done": request.answered, "all": request.questions}
        if request.started
        else _("not begun"),
        due_at=request.due_at,
        late=request.due_at < now,
        withdraw_url=reverse("console:withdraw_measure", args=[request.id]) if may else "",
    )


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
            _picture(trend, doses, patient.sex)
            for trend in queries.trends(patient.pk, first_dose_at=first, rules=shelf.rules)
        ],
        "waiting": [_waiting(each, now, may_ask) for each in queries.open_requests(patient.pk)],
        "doses": bool(doses),
        "form": (form or RequestForm(shelf.askable)) if may_ask else None,
        "batteries": [_kit(each) for each in shelf.batteries] if may_ask else [],
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
        "unverified": _unverified(shelf),
    }
    return render(request, "console/measures/measures.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Kit:
    """A battery, as one reads what it asks."""

    label: str
    asked: str
    entered: str
    adopted: bool


def _kit(battery: queries.Battery) -> Kit:
    language = reading_language()
    return Kit(
        label=_(battery.label),
        asked=", ".join(say(each.title, language) for each in battery.asked),
        entered=", ".join(say(each.title, language) for each in battery.entered),
        adopted=battery.adopted,
    )


def _unverified(shelf: Shelf) -> list[str]:
    """Questionnaires whose wording in the reader's language is not yet verified, or is not there."""
    language = reading_language().split("-")[0]
    return [
        say(each.title, language)
        for each in shelf.askable
        if language in each.unverified_languages or language not in each.languages
    ]


@allowed("measure.read")
@require_GET
def measures(request: HttpRequest, patient_id: int) -> HttpResponse:
    """How it goes over time, with the doses; what is open; what can be asked."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    patients.open_record(by=asked.asker, patient=patient, part="clinical")
    return _page(asked, patient)


@allowed("measure.request")
@require_POST
def ask(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Ask the patient to answer a questionnaire."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    shelf = queries.shelf()
    form = RequestForm(shelf.askable, request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.request_measure(
                by=asked.asker, patient_id=patient.pk, scale_id=form.cleaned_data["scale_id"],
                due_at=form.due_at(asked.clinic.zone),
            )  # fmt: skip
            messages.success(request, _("Asked. It stands on the patient's page now."))
            return _back(asked, patient)
        except Refused as refused:
            status = 409
            tell(form, refused, {})
    if asked.asker.may("measure.read"):
        return _page(asked, patient, form, shelf=shelf, status=status)
    context = {
        "patient": patient,
        "name": patient.name,
        "form": form,
        "patient_url": address("console:patient", patient.pk),
    }
    return render(request, "console/measures/ask.html", context, status=status)


@allowed("measure.request")
@require_POST
def ask_battery(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Ask for everything that an indication begins with."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    shelf = queries.shelf()
    form = BatteryForm(shelf.batteries, request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.request_battery(
                by=asked.asker, patient_id=patient.pk, indication=form.cleaned_data["indication"],
                due_at=form.due_at(asked.clinic.zone),
            )  # fmt: skip
            messages.success(request, _("Asked as one sitting. It stands on the patient's page now."))
            return _back(asked, patient)
        except Refused as refused:
            status = 409
            tell(form, refused, {})
    if asked.asker.may("measure.read"):
        return _page(asked, patient, battery=form, shelf=shelf, status=status)
    for reasons in form.errors.values():
        for text in reasons:
            messages.warning(request, str(text))
    return _back(asked, patient)


def _definition(scale_id: str) -> Scale:
    try:
        return scale(scale_id)
    except KeyError:
        raise Http404 from None


@allowed("measure.enter")
@require_http_methods(["GET", "POST"])
def enter_score(request: HttpRequest, patient_id: int, scale_id: str) -> HttpResponse:
    """Enter a score from the clinic's own licensed form."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient, definition = get_object_or_404(Patient, pk=patient_id), _definition(scale_id)
    if gate := closed(asked, patient):
        return gate
    if definition.rule.fixed.get("entry") == "items":
        return redirect("console:paper_measure", patient.pk, scale_id)
    form = ScoreForm(definition, asked.asker.name, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            at = datetime.combine(values["taken_on"], values["taken_at"], asked.clinic.zone)
            try:
                response = safety.enter_score(
                    by=asked.asker,
                    patient_id=patient.pk,
                    scale_id=scale_id,
                    total=form.total,
                    parts=form.parts,
                    answers=form.safety,
                    taken_at=at,
                    rater=values["rater"],
                    origin=values["origin"],
                )
                return _entered(asked, patient, response)
            except Refused as refused:
                status = 409
                tell(form, refused, {})
                _hear(asked, patient, scale_id, form.safety, at, refused)
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
    patient, definition = get_object_or_404(Patient, pk=patient_id), _definition(scale_id)
    if gate := closed(asked, patient):
        return gate
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
                tell(form, refused, {})
                _hear(asked, patient, scale_id, form.answers(values), at, refused)
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
        QuestionnaireResponse.objects.select_related("patient", "entered_by"),
        pk=response_id,
        completed_at__isnull=False,
    )
    if gate := closed(asked, row.patient):
        return gate
    patients.open_record(by=asked.asker, patient=row.patient, part="clinical")
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


urlpatterns = [
    path("patients/<int:patient_id>/measures/", measures, name="measures"),
    path("patients/<int:patient_id>/measures/ask/", ask, name="ask_measure"),
    path("patients/<int:patient_id>/measures/battery/", ask_battery, name="ask_battery"),
    path("patients/<int:patient_id>/measures/<slug:scale_id>/paper/", paper, name="paper_measure"),
    path("patients/<int:patient_id>/measures/<slug:scale_id>/score/", enter_score, name="enter_score"),
    path("measures/requests/<int:request_id>/withdraw/", withdraw, name="withdraw_measure"),
    path("measures/responses/<int:response_id>/", response, name="response"),
]
