"""Questionnaires as the pages show them: each over time, what is open, what can be asked, every answer of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.charts import trend_chart
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.measures.queries import OpenRequest, Scored, Shelf, Trend
from sojourn.care.session.lines import GivenInSession
from sojourn.clinical.scales import Item, Scale, say
from sojourn.foundation.clock import page_local
from sojourn.foundation.ui.charts import Chart, Mark
from sojourn.interfaces.console.measures.words import reading_language
from sojourn.interfaces.console.rules.words import SHORT_MARKS


@dataclass(frozen=True, slots=True)
class CompletedRow:
    """One completed questionnaire, newest first on the page."""

    at: datetime
    total: str
    band: str
    change: str
    notes: tuple[str, ...]  # subscales, findings, who rated it
    alarming: bool
    url: str


@dataclass(frozen=True, slots=True)
class ScaleTrend:
    """One questionnaire over time."""

    scale_id: str
    title: str
    chart: Chart | None
    explained: str
    rows: tuple[CompletedRow, ...]


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


def picture(trend: Trend, doses: list[GivenInSession], sex: str) -> ScaleTrend:
    title = say(trend.scale.title, reading_language())
    first = doses[0].started_at if doses else None
    marks = [
        # Said where it changes: the same again would cover itself.
        Mark(dose.started_at, "" if before and _milligrams(before) == _milligrams(dose) else _milligrams(dose))
        for before, dose in zip([None, *doses], doses, strict=False)
    ]
    rows = tuple(
        CompletedRow(
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
    return ScaleTrend(trend.scale.id, title, trend_chart(trend, marks), _explained(trend, first, sex), rows)


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


def waiting_row(request: OpenRequest, now: datetime, may: bool) -> Waiting:
    return Waiting(
        title=say(request.scale.title, reading_language()),
        progress=_("%(done)d of %(all)d answered") % {"done": request.answered, "all": request.questions}
        if request.started
        else _("not begun"),
        due_at=request.due_at,
        late=request.due_at < now,
        withdraw_url=reverse("console:withdraw_measure", args=[request.id]) if may else "",
    )


@dataclass(frozen=True, slots=True)
class Kit:
    """A battery, as one reads what it asks."""

    label: str
    asked: str
    entered: str
    adopted: bool


def kit(battery: measures_queries.MeasureSet) -> Kit:
    language = reading_language()
    return Kit(
        label=_(battery.label),
        asked=", ".join(say(each.title, language) for each in battery.asked),
        entered=", ".join(say(each.title, language) for each in battery.entered),
        adopted=battery.adopted,
    )


def unverified_titles(shelf: Shelf) -> list[str]:
    """Questionnaires whose wording in the reader's language is not yet verified, or is not there."""
    language = reading_language().split("-")[0]
    return [
        say(each.title, language)
        for each in shelf.askable
        if language in each.unverified_languages or language not in each.languages
    ]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One question with what was answered."""

    text: str
    answer: str
    points: str
    safety: bool


def answer_lines(definition: Scale, given: Mapping[str, int | None], *, as_a_whole: bool) -> list[AnswerRow]:
    """Every question that was asked, with its answer. ``as_a_whole``: the score was entered without its answers."""
    alarming = definition.safety(given)
    return [
        _answer_line(item, given.get(item.link_id), safety=item.link_id in alarming)
        for item in definition.items
        if item.link_id in given or not (as_a_whole or item.enable)
    ]


def _answer_line(item: Item, value: int | None, *, safety: bool) -> AnswerRow:
    language = reading_language()
    words = next((say(option.text, language) for option in item.options if option.value == value), "")
    words = words or (_("left out") if value is None else f"{value} {item.unit}".strip())
    text = say(item.text, language)
    title = f"{item.prefix} {text}".strip() if text else _("Item %(number)s") % {"number": item.link_id}
    return AnswerRow(title, words, "" if value is None or not item.scored else str(value), safety)


def response_context(row: QuestionnaireResponse) -> dict[str, object]:
    """Every answer of one questionnaire, and what it came to. One query."""
    definition, language = measures_queries.scale(row.scale_id), reading_language()
    given = measures_queries.answers_of([row.pk]).get(row.pk, {})
    band = next((band for band in definition.bands if band.code == row.band), None)
    labels = {each.code: _(each.label) for each in definition.parts}
    return {
        "patient": row.patient,
        "name": row.patient.name,
        "title": say(definition.title, language),
        "stem": say(definition.stem, language),
        "row": row,
        "total": None if row.score is None else measures_queries.number(row.score),
        "parts": [(labels.get(code, code), value) for code, value in row.parts.items()],
        "findings": [_(each.label) for each in definition.findings if each.code in row.findings],
        "source": row.get_source_display(),
        "entered_by": row.entered_by,
        "out_of": definition.high,
        "band": _(band.label) if band else "",
        "lines": answer_lines(definition, given, as_a_whole=row.source == "entered"),
        "language": translation.get_language_info(row.language)["name_local"],
        "copyright": definition.copyright,
        "back_url": reverse("console:measures", args=[row.patient_id]),
    }
