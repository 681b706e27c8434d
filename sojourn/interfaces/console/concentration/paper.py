"""The dose explorer's answer on paper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_local
from sojourn.foundation.printing.setting import Column, Document, FigureBlock, Section, Table
from sojourn.interfaces.console.concentration.chart import lines
from sojourn.interfaces.console.concentration.presenters import ExplorerAnswer, ExplorerForm
from sojourn.interfaces.console.concentration.regimens import Source
from sojourn.interfaces.console.concentration.words import disclaimer
from sojourn.interfaces.shared.days import years_words

if TYPE_CHECKING:
    pass


def document(clinic: Clinic | None, patient: Patient, asked: ExplorerForm, answer: ExplorerAnswer) -> Document:
    letterhead = _letterhead(clinic)
    title = _("Expected concentration")
    picture = _picture(title, answer)
    sentences = [f"{each.letter}: {' '.join(each.sentences)}" for each in answer.answered]
    content = [asked.weight, *(each.words for each in answer.regimens), picture, *sentences]
    hash_ = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
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
        sections=_sections(answer, picture, sentences),
        paper="us-letter" if clinic and clinic.jurisdiction.startswith("US") else "a4",
    )


def _letterhead(clinic: Clinic | None) -> list[str]:
    if clinic is None:
        return ["Sojourn"]
    return [clinic.name, *(each.strip() for each in clinic.address.splitlines() if each.strip())]


def _picture(title: str, answer: ExplorerAnswer) -> str:
    """The lines of the answer as SVG."""
    import numpy as np

    from sojourn.clinical.pk.figure import Figure, Line, svg

    times = np.array(answer.times)
    zones = answer.chart.bands if answer.chart else ()
    return svg(
        Figure(
            title=title,
            lines=[Line(line.label, times, line.values, line.low, line.high) for line in lines(answer.answered)],
            zones=[(band.label, band.low or 0.0, band.high or 0.0) for band in zones],
            doses=[(each.dose.start_min, each.dose.end_min, each.words) for each in answer.answered],
            note=disclaimer(),
            x_label=_("minutes after the first dose"),
            y_label=_("plasma concentration, ng/mL"),
        )
    )


def _sections(answer: ExplorerAnswer, picture: str, sentences: Sequence[str]) -> list[Section]:
    columns = [
        Column(_("Regimen")), Column(_("Model"), "3fr"), Column(_("Highest, ng/mL"), figures=True),
        Column(_("After, min"), figures=True), Column(_("Exposure, ng·h/mL"), figures=True),
    ]  # fmt: skip
    return [
        Section(
            _("Over time"),
            picture=FigureBlock(picture, " ".join(sentences), " ".join(filter(None, [*sentences, answer.band_words]))),
        ),
        Section(
            _("In figures"),
            table=Table(columns, [(r.regimen, r.model, r.peak, r.at, r.area) for r in answer.rows]),
        ),
        *_on_paper(_("Not answered"), [f"{e.letter}: {text}" for e in answer.refusing for text in e.refused]),
        *_on_paper(_("Assumed"), answer.assumptions),
        *_on_paper(_("Models and sources"), [_source_words(each) for each in answer.sources]),
        *_on_paper(_("Shaded ranges"), [_source_words(each) for each in answer.zones]),
    ]


def _on_paper(title: str, paragraphs: Sequence[str]) -> list[Section]:
    return [Section(title, paragraphs=paragraphs)] if paragraphs else []


def _source_words(source: Source) -> str:
    return f"{source.title}. {source.text} ({source.mark})"
