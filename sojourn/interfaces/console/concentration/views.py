"""What concentration a dose is expected to give: the explorer beside a course, its figure, the session's overlay.

The curves come from ``sojourn.clinical.pk`` at the server (docs/decisions/0103): one truth, no twin in the browser.
Nothing here is written to the record, and nothing here holds a step of a session back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from sojourn.care.intake.queries import Weight, newest_weight
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import pk
from sojourn.clinical.administration import Delivered
from sojourn.clinical.numbers import read_amount, read_number, written
from sojourn.clinical.pk import typed as reach
from sojourn.clinical.protocol import PRESENT
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.printing import setting
from sojourn.foundation.printing.setting import Column, Document, Picture, Section, Table
from sojourn.foundation.ui.charts import Band, Chart, Mark, Point, Series
from sojourn.foundation.ui.numbers import AmountField
from sojourn.interfaces.console.patients.views import closed, years_words
from sojourn.interfaces.console.patients.weights import weight_words
from sojourn.interfaces.console.sessions.minute import strip_alone
from sojourn.interfaces.console.sessions.opening import session_or_404

if TYPE_CHECKING:
    from sojourn.care.session.given import Dose as ChartedDose
    from sojourn.clinical.pk import Dose, Person, Refused, Schedule
    from sojourn.clinical.pk.effect import Zone
    from sojourn.clinical.pk.exploring import Explored, ModelCurve
    from sojourn.clinical.pk.linear import Floats

LETTERS = "abcd"
DRUGS = {"ketamine": gettext_lazy("ketamine"), "esketamine": gettext_lazy("esketamine")}
ROUTES = {
    "iv": gettext_lazy("into a vein"),
    "im": gettext_lazy("into a muscle"),
    "in": gettext_lazy("nasal spray"),
    "po": gettext_lazy("swallowed"),
    "sl": gettext_lazy("under the tongue"),
    "film": gettext_lazy("film in the mouth"),
}
_ANCESTRY = (
    ("", gettext_lazy("not said")),
    ("non asian", gettext_lazy("not Asian")),
    ("asian non japanese", gettext_lazy("Asian, not Japanese")),
    ("japanese", gettext_lazy("Japanese")),
)
# What a refusal of the core may name, in words.
_WORDS = {
    **ROUTES,
    **DRUGS,
    "weight_kg": gettext_lazy("the weight"),
    "age_y": gettext_lazy("age in years"),
    "height_cm": gettext_lazy("the height"),
    "ethnicity": gettext_lazy("the ancestry"),
    "adults": gettext_lazy("adults"),
    "adults, pooled studies": gettext_lazy("adults, pooled studies"),
    "healthy adult volunteers": gettext_lazy("healthy adult volunteers"),
    "healthy adults and adults with treatment-resistant depression": gettext_lazy(
        "healthy adults and adults with treatment-resistant depression"
    ),
    "at least 18": gettext_lazy("at least 18"),
    "18 to 86": gettext_lazy("18 to 86"),
}  # fmt: skip
_EFFECTS = {
    "psychedelic effects, rising in a straight line": gettext_lazy("psychedelic effects, rising in a straight line"),
    "analgesia": gettext_lazy("analgesia"),
    "dissociation": gettext_lazy("dissociation"),
    "awakening from anaesthesia": gettext_lazy("awakening from anaesthesia"),
    "anaesthesia": gettext_lazy("anaesthesia"),
}
OVERLAY_COOKIE = "expected_concentration"
_COOKIE_S = 365 * 24 * 3600


# ---------------------------------------------------------------- the core's answers in words


def disclaimer() -> str:
    return _("Teaching and planning support, not a dosing instruction.")


def word(value: object) -> str:
    """A value that the core names, in the reader's language where it is known."""
    text = str(value)
    if text in _WORDS:
        return str(_WORDS[text])
    if ", " in text and all(part in _WORDS for part in text.split(", ")):
        return ", ".join(str(_WORDS[part]) for part in text.split(", "))
    return _(text) if text else ""


def reason(refused: Refused) -> str:
    """Why there is no answer, in the reader's language."""
    template = _(refused.template)
    return template % {name: word(value) for name, value in refused.values.items()} if refused.values else template


def figure(value: float, digits: int = 0) -> str:
    shown = round(value, digits)
    return str(formats.number_format(int(shown) if shown == int(shown) else shown, use_l10n=True))


# ---------------------------------------------------------------- the form


class WhoForm(forms.Form):
    """What the record does not say of the person, and the level that is asked about."""

    weight = AmountField(
        label=gettext_lazy("Weight"), required=False, min_value=reach.KG[0], max_value=reach.KG[1],
        max_digits=6, decimal_places=2, unit="kg",
    )  # fmt: skip
    ancestry = forms.ChoiceField(
        label=gettext_lazy("Ancestry"), choices=_ANCESTRY, required=False,
        help_text=gettext_lazy("Only the model of the nasal spray asks for it."),
    )  # fmt: skip
    level = AmountField(
        label=gettext_lazy("When does it stay below"), required=False, min_value=reach.NG_PER_ML[0],
        max_value=reach.NG_PER_ML[1], max_digits=8, decimal_places=1, unit="ng/mL",
    )  # fmt: skip


class RegimenForm(forms.Form):
    """One regimen; without milligrams it is left out."""

    drug = forms.ChoiceField(label=gettext_lazy("Drug"), choices=tuple(DRUGS.items()))
    route = forms.ChoiceField(label=gettext_lazy("Route"), choices=tuple(ROUTES.items()))
    mg = AmountField(
        label=gettext_lazy("Dose, as base"), required=False, min_value=reach.MG[0], max_value=reach.MG[1],
        max_digits=7, decimal_places=2, unit="mg",
    )  # fmt: skip
    minutes = AmountField(
        label=gettext_lazy("Over, into a vein"), required=False, min_value=reach.MINUTES[0],
        max_value=reach.MINUTES[1],
        max_digits=5, decimal_places=1, unit="min",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """One regimen's place in the form, with how far its sliders reach."""

    letter: str
    form: RegimenForm
    filled: bool
    most_mg: int
    most_minutes: int

    @property
    def slides(self) -> dict[str, str]:
        """Where the sliders stand, as a slider takes it: with a point; at nothing where no number is typed."""
        typed = {name: read_number(str(self.form[name].value() or "0")) for name in ("mg", "minutes")}
        return {name: written(each) if isinstance(each, Decimal) else "0" for name, each in typed.items()}


def _plain(value: object) -> str:
    """A number as it can stand in an address: a point, no digits that say nothing."""
    return written(Decimal(str(value)))


def _first(patient: Patient, weight: Decimal | None) -> dict[str, str]:
    """What the record proposes: the newest running course's drug, route, minutes and dose."""
    given = {"weight": "" if weight is None else _plain(weight)}
    course = next(iter(plan.running(patient.pk)), None)
    protocol = plan.protocol(course.protocol_id) if course else None
    for letter in LETTERS:
        given |= {
            f"{letter}-drug": protocol.drug if protocol and protocol.drug in DRUGS else "ketamine",
            f"{letter}-route": pk.model_route(protocol.route) if protocol else "iv",
            f"{letter}-minutes": _plain(protocol.dose_minutes) if protocol else "40",
        }
    if course:
        given["a-mg"] = _plain(course.dose_mg)
    return given


def weight_in(text: str) -> Decimal | None:
    """The kilograms that a checked weight says ("72.5 kg"), or None where it says no plain weight."""
    value = read_amount(text, "kg")
    return value if isinstance(value, Decimal) and reach.KG[0] <= value <= reach.KG[1] else None


# ---------------------------------------------------------------- what is asked, and the answer


@dataclass(frozen=True, slots=True)
class Row:
    """One model's facts of one regimen, in figures."""

    regimen: str
    model: str
    peak: str
    at: str
    area: str
    below: str


@dataclass(frozen=True, slots=True)
class Regimen:
    """One regimen with its answer, or with the reasons why there is none."""

    letter: str
    words: str
    dose: Dose
    explored: Explored | None
    sentences: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def said(self) -> str:
        return f"{self.words}. {' '.join(self.sentences)}"

    @property
    def short(self) -> str:
        """The highest concentration alone, for the line that stays in view on a phone."""
        if self.explored is None:
            return _("%(letter)s: no model answers") % {"letter": self.letter}
        peaks = [curve.facts.peak_ng_per_ml for curve in self.explored.curves]
        return _("%(letter)s: highest %(range)s") % {"letter": self.letter, "range": _range(min(peaks), max(peaks))}


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the explorer says."""

    regimens: tuple[Regimen, ...]
    times: tuple[float, ...]
    chart: Chart | None
    rows: tuple[Row, ...]
    band_words: str
    assumptions: tuple[str, ...]
    sources: tuple[Source, ...]
    zones: tuple[Source, ...]
    level: float | None

    @property
    def short(self) -> str:
        return " · ".join(each.short for each in self.regimens)

    @property
    def answered(self) -> list[Regimen]:
        return [each for each in self.regimens if each.explored is not None]

    @property
    def refusing(self) -> list[Regimen]:
        return [each for each in self.regimens if each.explored is None]


@lru_cache(maxsize=128)
def _explored(
    dose: Dose, person: Person, models: tuple[str, ...], times: tuple[float, ...], level: float | None
) -> Explored:
    """Kept, since a slider moves one regimen of four. Holds doses and curves, and nobody's name."""
    loaded = [pk.load(name) for name in models]
    return pk.explore([[dose]], person, loaded, times, level).regimens[0]


def ask(given: Sequence[tuple[str, Dose]], person: Person, level: float | None = None) -> Answer:
    """Every regimen asked for by itself: one that no model answers says why and leaves the others standing."""
    times = pk.instants(dose.end_min for _letter, dose in given)
    regimens = []
    for letter, dose in given:
        models, against = pk.accepting([dose], person)
        refused = [reason(why) for why in against]
        explored = None
        if models:
            try:
                explored = _explored(dose, person, tuple(model.id for model in models), times, level)
            except pk.Refused as why:
                refused.append(reason(why))
        words = _dose_words(dose)
        said = _sentences(explored, level) if explored else ()
        regimens.append(Regimen(letter.upper(), words, dose, explored, said, tuple(refused)))
    answered = [each for each in regimens if each.explored is not None]
    zones = tuple(
        zone for drug in dict.fromkeys(each.dose.drug for each in answered) for zone in pk.reference_zones(drug)
    )
    return Answer(
        regimens=tuple(regimens),
        times=times,
        chart=_chart(answered, times, zones) if answered else None,
        rows=tuple(row for each in answered for row in _rows(each)),
        band_words=_band_words(answered),
        assumptions=_assumptions(answered),
        sources=_sources(answered),
        zones=tuple(
            Source(
                _("%(effect)s, %(low)s to %(high)s ng/mL")
                % {"effect": effect(zone), "low": figure(zone.low_ng_per_ml), "high": figure(zone.high_ng_per_ml)},
                zone.source,
                zone.verification,
            )
            for zone in zones
        ),
        level=level,
    )


def effect(zone: Zone) -> str:
    return str(_EFFECTS.get(zone.effect, zone.effect))


def _dose_words(dose: Dose) -> str:
    facts = {
        "drug": DRUGS[dose.drug], "mg": figure(dose.mg, 1), "route": ROUTES[dose.route],
        "minutes": figure(dose.duration_min, 1),
    }  # fmt: skip
    if dose.duration_min:
        return _("%(drug)s %(mg)s mg %(route)s over %(minutes)s minutes") % facts
    return _("%(drug)s %(mg)s mg %(route)s, all at once") % facts


def _sentences(explored: Explored, level: float | None) -> tuple[str, ...]:
    """The core's sentences, translated; the first is put better where all models agree on the minute."""
    said = [_(template) % {name: word(value) for name, value in values.items()} if values else _(template)
            for template, values in explored.said]  # fmt: skip
    peaks = sorted(curve.facts.peak_ng_per_ml for curve in explored.curves)
    whens = {round(curve.facts.peak_at_min) for curve in explored.curves}
    if len(explored.curves) > 1 and len(whens) == 1:
        said[0] = _(
            "%(count)s models expect the highest concentration between %(low)s and %(high)s ng/mL, "
            "after %(when)s minutes."
        ) % {"count": len(peaks), "low": figure(peaks[0]), "high": figure(peaks[-1]), "when": figure(whens.pop())}
    return tuple(said)


def _band_words(answered: Sequence[Regimen]) -> str:
    """What the bands of the picture are. The sentences beside it say it where one regimen stands alone."""
    if len(answered) < 2:
        return ""
    return _(
        "Each line is the recommended model's, or the first one's. The band around it reaches from the lowest to the "
        "highest model; where one model answers alone, it holds nine of ten people."
    )


def _leading(explored: Explored) -> ModelCurve:
    """The curve of the recommended model, else the first."""
    lead = pk.leading([pk.load(curve.model) for curve in explored.curves])
    return next(curve for curve in explored.curves if curve.model == lead.id)


def _main(curve: ModelCurve) -> Floats:
    return next(iter(curve.concentration_ng_per_ml.values()))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of the picture."""

    label: str
    values: Floats
    low: Floats | None
    high: Floats | None


def lines(answered: Sequence[Regimen]) -> list[Drawn]:
    """One regimen: a line for each model. Several: a line for each regimen, with the band that the models span."""
    drawn = []
    if len(answered) == 1:
        explored = answered[0].explored
        assert explored is not None
        for curve in explored.curves:
            band = curve.band
            drawn.append(
                Drawn(
                    curve.title.split(",")[0], _main(curve), band.low90 if band else None, band.high90 if band else None
                )
            )
        return drawn
    for each in answered:
        assert each.explored is not None
        curve = _leading(each.explored)
        low: Floats | None
        high: Floats | None
        if len(each.explored.curves) > 1:
            low, high = each.explored.low_ng_per_ml, each.explored.high_ng_per_ml
        else:
            low, high = (curve.band.low90, curve.band.high90) if curve.band else (None, None)
        drawn.append(Drawn(each.letter, _main(curve), low, high))
    return drawn


def _chart(answered: Sequence[Regimen], times: Sequence[float], zones: Sequence[Zone]) -> Chart:
    drawn = lines(answered)
    most = max(float((line.values if line.high is None else line.high).max()) for line in drawn)
    starts = {each.dose.start_min for each in answered}
    marks: dict[float, list[str]] = {at: [] for at in sorted(starts)}
    alone = len(answered) == 1
    for each in answered:
        dose = each.dose
        marks[dose.start_min].append(_("%(mg)s mg") % {"mg": figure(dose.mg, 1)} if alone else each.letter)
        if dose.duration_min:
            ending = _("end") if alone else _("%(regimen)s ends") % {"regimen": each.letter}
            marks.setdefault(dose.end_min, []).append(ending)
    return Chart(
        series=[
            Series(
                line.label,
                [
                    Point(
                        at,
                        round(float(line.values[k]), 2),
                        None if line.low is None else round(float(line.low[k]), 2),
                        None if line.high is None else round(float(line.high[k]), 2),
                    )
                    for k, at in enumerate(times)
                ],
            )
            for line in drawn
        ],
        unit=_("ng/mL in plasma"),
        kind="number",
        x_label=_("minutes after the start"),
        y_min=0.0,
        y_max=max(most * 1.08, 1.0),
        bands=[
            Band(effect(zone), zone.low_ng_per_ml, zone.high_ng_per_ml)
            for zone in zones
            if zone.low_ng_per_ml < min(most, zone.high_ng_per_ml)
        ],
        marks=[Mark(at, ", ".join(words)) for at, words in sorted(marks.items())],
    )


def _rows(each: Regimen) -> list[Row]:
    assert each.explored is not None
    return [
        Row(
            each.letter,
            curve.title,
            figure(curve.facts.peak_ng_per_ml),
            figure(curve.facts.peak_at_min),
            figure(curve.facts.area_ng_h_per_ml),
            "" if curve.facts.below_from_min is None else figure(curve.facts.below_from_min),
        )
        for curve in each.explored.curves
    ]


def _assumptions(answered: Sequence[Regimen]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in answered:
        assert each.explored is not None
        for curve in each.explored.curves:
            for text in curve.assumptions:
                said = _(text)
                for name in ("age_y", "weight_kg", "height_cm"):
                    said = said.replace(name, word(name))
                found[f"{curve.title.split(',')[0]}: {said}"] = None
    return tuple(found)


def _sources(answered: Sequence[Regimen]) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for each in answered:
        assert each.explored is not None
        for curve in each.explored.curves:
            model = pk.load(curve.model)
            facts = {"population": word(model.population), "sampling": word(model.sampling), "source": model.primary,
                     "read_in": "; ".join(model.read_in)}  # fmt: skip
            text = _("%(population)s; %(sampling)s. %(source)s. Read in: %(read_in)s.") % facts
            found[curve.model] = Source(curve.title, text, curve.verification)
    return tuple(found.values())


# ---------------------------------------------------------------- the explorer


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it came, and the answer where one could be given."""

    who: WhoForm
    slots: tuple[Slot, ...]
    answer: Answer | None
    problems: tuple[str, ...]
    no_weight: bool
    nothing: bool
    weight: str

    @property
    def invalid(self) -> bool:
        return bool(self.problems)


def _asked(typed: Mapping[str, str], patient: Patient) -> Asked:
    data = {f"{letter}-{name}": first for letter in LETTERS for name, first in (("drug", "ketamine"), ("route", "iv"))}
    data |= typed
    who = WhoForm(data)
    slots, given, problems = [], list[tuple[str, "Dose"]](), list[str]()
    for form_label, form in [("", cast(forms.Form, who)), *((x.upper(), RegimenForm(data, prefix=x)) for x in LETTERS)]:
        fine = form.is_valid()
        for name, errors in form.errors.items():
            label = str(form.fields[name].label) if name in form.fields else ""
            problems += [": ".join(filter(None, (form_label, label, str(text)))) for text in errors]
        if not isinstance(form, RegimenForm):
            continue
        mg, minutes = form.cleaned_data.get("mg"), form.cleaned_data.get("minutes")
        slots.append(Slot(form_label, form, bool(form["mg"].value()), _reach(mg, 100), _reach(minutes, 120)))
        if fine and mg is not None:
            route = form.cleaned_data["route"]
            length = float(minutes or 0) if route == "iv" else 0.0
            given.append((form_label.lower(), pk.Dose(form.cleaned_data["drug"], route, float(mg), 0.0, length)))
    for needed in (who.fields["weight"], slots[0].form.fields["mg"]):
        needed.required = True  # for the eye: without them there is no answer, but nothing wrong either
    weight = who.cleaned_data.get("weight") if not problems else None
    answer = None
    if not problems and weight is not None and given:
        level = who.cleaned_data["level"]
        try:
            person = pk.Person(
                weight_kg=float(weight),
                age_y=float(patient.age_on(page_today())),
                sex=patient.sex,
                ethnicity=who.cleaned_data["ancestry"] or None,
            )
            answer = ask(given, person, None if level is None else float(level))
        except pk.Refused as why:
            problems.append(reason(why))
    return Asked(
        who, tuple(slots), answer, tuple(problems), weight is None and not problems, not given and not problems,
        "" if weight is None else figure(float(weight), 1),
    )  # fmt: skip


def _reach(value: Decimal | None, ordinary: int) -> int:
    """How far a slider goes: an ordinary length, or twice what is there."""
    return max(ordinary, int(value or 0) * 2)


@allowed("pk.explore")
@require_GET
def explorer(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The dose explorer; for htmx the answer alone; as JSON only what moves with a slider."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    if request.headers.get("Accept") == "application/json":
        return _moving(_asked(request.GET.dict(), patient))
    live = bool(asked.htmx) and not asked.htmx.history_restore_request
    known = None
    if request.GET:
        found = _asked(request.GET.dict(), patient)
    else:
        known = newest_weight(patient_id)
        found = _asked(_first(patient, known.kg if known else None), patient)
    if not live:
        patients.open_record(by=asked.asker, patient=patient, part="clinical")
    context = {
        "patient": patient,
        "name": patient.name,
        "years": years_words(patient),
        "asked": found,
        "answer": found.answer,
        "errors": [{"href": "", "text": text} for text in found.problems],
        "known_weight": weight_words(known),
        "disclaimer": disclaimer(),
        "pdf_url": _pdf_url(patient_id, found),
        "live": live,
    }
    name = "console/concentration/answer.html" if live else "console/concentration/explorer.html"
    response = render(request, name, context, status=422 if found.invalid else 200)
    response["Vary"] = "HX-Request, Accept"
    return response


def _moving(found: Asked) -> JsonResponse:
    """The picture and its sentences, for explorer.ts while a value moves; 422 where something typed is wrong."""
    answer = found.answer
    chart = answer.chart.as_json() if answer and answer.chart else None
    said = {each.letter: each.said for each in answer.answered} if answer else {}
    short = answer.short if answer else ""
    return JsonResponse({"chart": chart, "said": said, "short": short}, status=422 if found.invalid else 200)


def _pdf_url(patient_id: int, found: Asked) -> str:
    """The address of this very answer on paper; "" where there is none."""
    if found.answer is None or found.answer.chart is None:
        return ""
    kept = {name: str(value) for name, value in found.who.data.items() if value}
    return f"{reverse('console:concentration_pdf', args=[patient_id])}?{urlencode(kept)}"


# ---------------------------------------------------------------- on paper


@allowed("pk.explore")
@require_GET
def explorer_pdf(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The explorer's answer as a PDF for the chart; without one, the way back to the explorer."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    found = _asked(request.GET.dict(), patient)
    if found.answer is None or found.answer.chart is None:
        query = request.GET.urlencode()
        return redirect(reverse("console:concentration", args=[patient_id]) + (f"?{query}" if query else ""))
    patients.open_record(by=asked.asker, patient=patient, part="clinical")
    data = setting.pdf(_document(asked.clinic, patient, found, found.answer))
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="concentration-{patient_id}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _document(clinic: Clinic | None, patient: Patient, asked: Asked, answer: Answer) -> Document:
    from sojourn.clinical.pk.figure import Figure, Line, svg

    address = [each.strip() for each in clinic.address.splitlines() if each.strip()] if clinic else []
    letterhead = [clinic.name if clinic else "Sojourn", *address]
    import numpy as np

    times = np.array(answer.times)
    drawn = lines(answer.answered)
    zones = answer.chart.bands if answer.chart else ()
    title = _("Expected concentration")
    picture = svg(
        Figure(
            title=title,
            lines=[Line(line.label, times, line.values, line.low, line.high) for line in drawn],
            zones=[(band.label, band.low or 0.0, band.high or 0.0) for band in zones],
            doses=[(each.dose.start_min, each.dose.end_min, each.words) for each in answer.answered],
            note=disclaimer(),
            x_label=_("minutes after the first dose"),
            y_label=_("plasma concentration, ng/mL"),
        )
    )
    sentences = [f"{each.letter}: {' '.join(each.sentences)}" for each in answer.answered]
    content = [asked.weight, *(each.words for each in answer.regimens), picture, *sentences]
    hash_ = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
    columns = [
        Column(_("Regimen")), Column(_("Model"), "3fr"), Column(_("Highest, ng/mL"), figures=True),
        Column(_("After, min"), figures=True), Column(_("Exposure, ng·h/mL"), figures=True),
    ]  # fmt: skip
    return Document(
        language=(translation.get_language() or "en").partition("-")[0],
        title=title,
        about=f"{patient.name} · {patient.record_number}",
        author=letterhead[0],
        made_at=page_local(timezone.now()),
        letterhead=letterhead,
        # Translators: keep {page} and {pages} as they are.
        page=_("Page {page} of {pages}"),
        hash_label=_("Content hash"),
        hash=hash_,
        facts=[
            (_("Weight"), _("%(weight)s kg") % {"weight": asked.weight}),
            (_("Age"), years_words(patient)),
            *((_("Regimen %(letter)s") % {"letter": each.letter}, each.words) for each in answer.regimens),
        ],
        standing_title=disclaimer(),
        standing=[_("Published models, for a body of this weight and age. Nothing here was measured.")],
        sections=[
            Section(
                _("Over time"),
                picture=Picture(picture, " ".join(sentences), " ".join(filter(None, [*sentences, answer.band_words]))),
            ),
            Section(
                _("In figures"),
                table=Table(columns, [(r.regimen, r.model, r.peak, r.at, r.area) for r in answer.rows]),
            ),
            *_on_paper(_("Not answered"), [f"{e.letter}: {text}" for e in answer.refusing for text in e.refused]),
            *_on_paper(_("Assumed"), answer.assumptions),
            *_on_paper(_("Models and sources"), [_source_words(each) for each in answer.sources]),
            *_on_paper(_("Shaded ranges"), [_source_words(each) for each in answer.zones]),
        ],
        paper="us-letter" if clinic and clinic.jurisdiction.startswith("US") else "a4",
    )


def _on_paper(title: str, paragraphs: Sequence[str]) -> list[Section]:
    return [Section(title, paragraphs=paragraphs)] if paragraphs else []


def _source_words(source: Source) -> str:
    return f"{source.title}. {source.text} ({source.mark})"


# ---------------------------------------------------------------- beside a running session


@dataclass(frozen=True, slots=True)
class Expected:
    """What the models expect in a running session, in words and as a small picture."""

    now: str
    next: str
    given: str
    models: str
    band: str
    line: str
    now_x: str
    first_at: datetime
    last_at: datetime
    assumptions: tuple[str, ...]


_WIDE, _HIGH = 320.0, 90.0


def expected(schedule: Schedule, person: Person, now: datetime, given: str) -> Expected:
    """Now and next from what went in, and what will still go in if nothing is changed; at least one of the two.
    ``given`` says how much that is. Raises ``pk.Refused`` where no model answers."""
    models, refused = pk.accepting((*schedule.doses, *schedule.ahead), person)
    if not models:
        why = " ".join(f"{reason(each)}." for each in refused)
        raise pk.Refused(pk.Reason.UNKNOWN_MODEL, "%(why)s", why=why)
    found, first = pk.beside(schedule, person, models, now), schedule.first_at
    span, times, last = found.span, found.times, found.last
    top = float(span.high.max()) * 1.05 or 1.0

    def x(at: float) -> str:
        return f"{_WIDE * at / last:.1f}"

    def points(values: Floats, places: Iterable[int]) -> str:
        return " ".join(f"{x(times[k])},{_HIGH * (1 - float(values[k]) / top):.1f}" for k in places)

    every = range(len(times))
    if found.standing.peak_ahead:
        when = first + timedelta(minutes=found.standing.next_peak_at_min)
        following = _("Still rising; the highest is expected at %(when)s.") % {
            "when": formats.date_format(page_local(when), "H:i")
        }
    else:
        following = _("Falling; in %(minutes)s minutes %(range)s.") % {
            "minutes": pk.AHEAD_MIN, "range": _range(float(span.low[found.soon]), float(span.high[found.soon])),
        }  # fmt: skip
    return Expected(
        now=_range(float(span.low[found.here]), float(span.high[found.here])),
        next=following,
        given=given,
        models=", ".join(model.title for model in models),
        band=f"{points(span.high, every)} {points(span.low, reversed(every))}",
        line=points(span.curves[found.lead.id], every),
        now_x=x(found.minute),
        first_at=first,
        last_at=first + timedelta(minutes=last),
        assumptions=span.assumptions,
    )  # fmt: skip


def _range(low: float, high: float) -> str:
    if round(low) == round(high):
        return _("%(value)s ng/mL") % {"value": figure(low)}
    return _("%(low)s to %(high)s ng/mL") % {"low": figure(low), "high": figure(high)}


@allowed("pk.explore")
@require_GET
def overlay(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """The expected concentration of a session now and next. A picture beside the care; it holds nothing back."""
    asked = cast(Request, request)
    picture = session_or_404(encounter_id)
    if gate := closed(asked, picture.encounter.patient):
        return gate
    live, wish = bool(asked.htmx), request.GET.get("show", "")
    shown = wish != "off" if wish else request.COOKIES.get(OVERLAY_COOKIE) != "off"
    context: dict[str, Any] = {
        **strip_alone(asked, picture), "patient": picture.encounter.patient, "shown": shown, "disclaimer": disclaimer(),
        "polls": picture.state in PRESENT, "session_url": reverse("console:session", args=[encounter_id]),
    }  # fmt: skip
    if shown:
        context |= _overlay(request, picture)
    if wish and not live:
        response: HttpResponse = redirect("console:session", encounter_id)
    else:
        name = "console/concentration/overlay.html" if live else "console/concentration/session.html"
        response = render(request, name, context)
    if wish:
        response.set_cookie(
            OVERLAY_COOKIE, "on" if shown else "off", max_age=_COOKIE_S, httponly=True, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
    return response


def _overlay(request: HttpRequest, picture: SessionSnapshot) -> dict[str, Any]:
    typed = request.GET.get("weight", "")
    known = _weight_of(picture)
    weight = weight_in(typed) if typed else known.kg if known else None
    context: dict[str, Any] = {
        "typed": typed, "weight": weight, "weight_words": figure(float(weight), 1) if weight else "",
        "weight_from": "" if typed else weight_words(known),
        "wrong_weight": bool(typed) and weight is None, "no_dose": picture.dose is None,
    }  # fmt: skip
    if weight is None or picture.dose is None:
        return context
    patient = picture.encounter.patient
    try:
        person = pk.Person(weight_kg=float(weight), age_y=float(patient.age_on(picture.today)), sex=patient.sex)
        return context | _expected_of(picture, picture.dose, person)
    except pk.Refused as why:
        return context | {"refused": reason(why)}


def _weight_of(picture: SessionSnapshot) -> Weight | None:
    encounter = picture.encounter
    return plan.newest_weight_of(encounter.patient_id, encounter.care_plan_id, picture.now)


def _expected_of(picture: SessionSnapshot, dose: ChartedDose, person: Person) -> dict[str, Any]:
    """What the models expect of what went in; without it, why there is nothing to expect."""
    found, line = picture.delivered, picture.line
    if not isinstance(found, Delivered) or line is None:
        return {"refused": _("What went in cannot be worked out from the steps that were recorded.")}
    schedule = pk.given_schedule([pk.Given(dose.drug, dose.route, found)])
    if not schedule.doses and not schedule.ahead:
        return {"refused": _("Nothing of this dose has gone in.")}
    words = _("%(given)s mg of %(whole)s mg given") if found.over else _("%(given)s mg of %(whole)s mg given so far")
    # As long as it runs the hundredths change faster than anybody reads them.
    given = words % {
        "given": figure(float(line.given_mg), 2 if found.over else 1), "whole": figure(float(line.planned_mg), 2),
    }  # fmt: skip
    return {"expected": expected(schedule, person, picture.now, given)}


urlpatterns = [
    path("patients/<int:patient_id>/concentration/", explorer, name="concentration"),
    path("patients/<int:patient_id>/concentration.pdf", explorer_pdf, name="concentration_pdf"),
    path("sessions/<int:encounter_id>/concentration/", overlay, name="session_concentration"),
]
