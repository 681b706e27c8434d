"""What the dose explorer answers: every regimen by itself, with figures, assumptions and sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sojourn.care.patients.models import Patient
from sojourn.clinical import pk
from sojourn.foundation.clock import page_today
from sojourn.foundation.ui.charts import Chart
from sojourn.interfaces.console.concentration.chart import chart_of
from sojourn.interfaces.console.concentration.forms import Slot, WhoForm, forms_of, problems_of, slot_of
from sojourn.interfaces.console.concentration.regimens import ModelRow, Regimen, Source, band_words_of
from sojourn.interfaces.console.concentration.words import dose_words, effect, figure, reason, sentences_of, word

if TYPE_CHECKING:
    from sojourn.clinical.pk import Dose, Person
    from sojourn.clinical.pk.effect import Zone
    from sojourn.clinical.pk.exploring import Explored


@dataclass(frozen=True, slots=True)
class ExplorerAnswer:
    """All that the explorer says."""

    regimens: tuple[Regimen, ...]
    times: tuple[float, ...]
    chart: Chart | None
    rows: tuple[ModelRow, ...]
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


def ask(given: Sequence[tuple[str, Dose]], person: Person, level: float | None = None) -> ExplorerAnswer:
    """Every regimen asked for by itself: one that no model answers says why and leaves the others standing."""
    times = pk.instants(dose.end_min for _letter, dose in given)
    regimens = [_regimen(letter, dose, person, times, level) for letter, dose in given]
    answered = [each for each in regimens if each.explored is not None]
    drugs = dict.fromkeys(each.dose.drug for each in answered)
    zones = tuple(chain.from_iterable(map(pk.reference_zones, drugs)))
    return ExplorerAnswer(
        regimens=tuple(regimens),
        times=times,
        chart=chart_of(answered, times, zones) if answered else None,
        rows=tuple(chain.from_iterable(map(_rows, answered))),
        band_words=band_words_of(answered),
        assumptions=_assumptions(answered),
        sources=_sources(answered),
        zones=tuple(map(_zone, zones)),
        level=level,
    )


def _regimen(letter: str, dose: Dose, person: Person, times: tuple[float, ...], level: float | None) -> Regimen:
    models, against = pk.accepting([dose], person)
    refused = [reason(why) for why in against]
    explored = None
    if models:
        try:
            explored = _explored(dose, person, tuple(model.id for model in models), times, level)
        except pk.ModelRefused as why:
            refused.append(reason(why))
    said = sentences_of(explored, level) if explored else ()
    return Regimen(letter.upper(), dose_words(dose), dose, explored, said, tuple(refused))


def _zone(zone: Zone) -> Source:
    facts = {"effect": effect(zone), "low": figure(zone.low_ng_per_ml), "high": figure(zone.high_ng_per_ml)}
    return Source(_("%(effect)s, %(low)s to %(high)s ng/mL") % facts, zone.source, zone.verification)


def _rows(each: Regimen) -> list[ModelRow]:
    assert each.explored is not None
    return [
        ModelRow(
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


@dataclass(frozen=True, slots=True)
class ExplorerForm:
    """The form as it came, and the answer where one could be given."""

    who: WhoForm
    slots: tuple[Slot, ...]
    answer: ExplorerAnswer | None
    problems: tuple[str, ...]
    no_weight: bool
    nothing: bool
    weight: str

    @property
    def invalid(self) -> bool:
        return bool(self.problems)


def read_asked(typed: Mapping[str, str], patient: Patient) -> ExplorerForm:
    """The form as it came, with the answer; what was not sent is as in an empty form."""
    who, asked = forms_of(typed)
    problems = problems_of(who)
    for letter, form in asked.items():
        problems += problems_of(form, letter)
    slots = tuple(slot_of(letter, form) for letter, form in asked.items())
    given = [(letter, dose) for letter, form in asked.items() if (dose := form.dose()) is not None]
    for needed in (who.fields["weight"], slots[0].form.fields["mg"]):
        needed.required = True  # for the eye: without them there is no answer, but nothing wrong either
    if problems:
        return ExplorerForm(who, slots, None, tuple(problems), no_weight=False, nothing=False, weight="")
    weight = who.cleaned_data["weight"]
    shown = ExplorerForm(
        who, slots, None, (), weight is None, not given, "" if weight is None else figure(float(weight), 1)
    )
    if weight is None or not given:
        return shown
    try:
        return replace(shown, answer=_answer(who, given, patient))
    except pk.ModelRefused as why:
        return replace(shown, problems=(reason(why),))


def _answer(who: WhoForm, given: Sequence[tuple[str, Dose]], patient: Patient) -> ExplorerAnswer:
    """What the models say of a body of this weight. Raises ``pk.Refused``."""
    level = who.cleaned_data["level"]
    person = pk.Person(
        weight_kg=float(who.cleaned_data["weight"]),
        age_y=float(patient.age_on(page_today())),
        sex=patient.sex,
        ethnicity=who.cleaned_data["ancestry"] or None,
    )
    return ask(given, person, None if level is None else float(level))
