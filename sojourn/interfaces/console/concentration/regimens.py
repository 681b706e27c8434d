"""A regimen of the dose explorer with its answer, as the page and the paper say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sojourn.interfaces.console.concentration.words import range_words

if TYPE_CHECKING:
    from sojourn.clinical.pk import Dose
    from sojourn.clinical.pk.exploring import Explored


@dataclass(frozen=True, slots=True)
class ModelRow:
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
        return _("%(letter)s: highest %(range)s") % {
            "letter": self.letter,
            "range": range_words(min(peaks), max(peaks)),
        }


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    text: str
    mark: str


def band_words_of(answered: Sequence[Regimen]) -> str:
    """What the bands of the picture are. The sentences beside it say it where one regimen stands alone."""
    if len(answered) < 2:
        return ""
    return _(
        "Each line is the recommended model's, or the first one's. The band around it reaches from the lowest to the "
        "highest model; where one model answers alone, it holds nine of ten people."
    )
