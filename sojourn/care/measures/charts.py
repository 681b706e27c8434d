"""A trend as a chart, for whoever shows one: the patient's pages and the clinic's know nothing of each other."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from sojourn.care.measures.queries import Trend
from sojourn.foundation.ui.charts import Band, Chart, Mark, Point, Series


def trend_chart(trend: Trend, marks: Sequence[Mark] = ()) -> Chart | None:
    """The scores over time on their severity bands; None while one score draws no line. A band reaches to where the
    next one begins."""
    if len(trend.scored) < 2:
        return None
    bands = trend.scale.bands
    ends = [*(band.low for band in bands[1:]), trend.scale.high] if bands else []
    return Chart(
        series=[
            Series(
                _("Score"), [Point(point.at, float(point.total)) for point in trend.points if point.total is not None]
            )
        ],
        unit=_("points"),
        y_min=trend.scale.low,
        y_max=trend.scale.high,
        decimals=trend.scale.decimals,
        bands=[Band(_(band.label), band.low, end) for band, end in zip(bands, ends, strict=True)],
        marks=marks,
    )
