"""The picture of the dose explorer: which lines are drawn, and between what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sojourn.clinical import pk
from sojourn.foundation.ui.charts import Band, Chart, Mark, Point, Series
from sojourn.interfaces.console.concentration.regimens import Regimen
from sojourn.interfaces.console.concentration.words import effect, figure

if TYPE_CHECKING:
    from sojourn.clinical.pk.effect import Zone
    from sojourn.clinical.pk.exploring import Explored, ModelCurve
    from sojourn.clinical.pk.linear import Floats


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
    explored = [(each.letter, each.explored) for each in answered if each.explored is not None]
    if len(explored) == 1:
        return [Drawn(curve.title.split(",")[0], _main(curve), *_band(curve)) for curve in explored[0][1].curves]
    return [Drawn(letter, _main(_leading(each)), *_span(each)) for letter, each in explored]


def _span(explored: Explored) -> tuple[Floats | None, Floats | None]:
    """From the lowest model to the highest; of one model alone its own band."""
    if len(explored.curves) > 1:
        return explored.low_ng_per_ml, explored.high_ng_per_ml
    return _band(_leading(explored))


def _band(curve: ModelCurve) -> tuple[Floats | None, Floats | None]:
    return (curve.band.low90, curve.band.high90) if curve.band else (None, None)


def chart_of(answered: Sequence[Regimen], times: Sequence[float], zones: Sequence[Zone]) -> Chart:
    drawn = lines(answered)
    most = max(float((line.values if line.high is None else line.high).max()) for line in drawn)
    return Chart(
        series=[Series(line.label, _points(line, times)) for line in drawn],
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
        marks=_marks(answered),
    )


def _points(line: Drawn, times: Sequence[float]) -> list[Point]:
    def at(values: Floats | None, k: int) -> float | None:
        return None if values is None else round(float(values[k]), 2)

    return [
        Point(time, round(float(line.values[k]), 2), at(line.low, k), at(line.high, k)) for k, time in enumerate(times)
    ]


def _marks(answered: Sequence[Regimen]) -> list[Mark]:
    """Where a dose begins and where it ends; of one regimen alone with its milligrams."""
    marks: dict[float, list[str]] = {}
    alone = len(answered) == 1
    for each in answered:
        dose = each.dose
        begins = _("%(mg)s mg") % {"mg": figure(dose.mg, 1)} if alone else each.letter
        marks.setdefault(dose.start_min, []).append(begins)
        if dose.duration_min:
            ends = _("end") if alone else _("%(regimen)s ends") % {"regimen": each.letter}
            marks.setdefault(dose.end_min, []).append(ends)
    return [Mark(at, ", ".join(words)) for at, words in sorted(marks.items())]
