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
    return next((curve for curve in explored.curves if pk.load(curve.model).recommended), explored.curves[0])


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


def chart_of(answered: Sequence[Regimen], times: Sequence[float], zones: Sequence[Zone]) -> Chart:
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
