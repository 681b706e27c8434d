"""What a chart shows, as plain data.

The same object gives the picture (JSON for charts.ts) and the table behind it.
"""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.foundation.clock import page_zone


@dataclass(frozen=True)
class Point:
    """One value. ``x`` is an aware moment (kind "time") or a number; ``y`` None is a gap.

    ``low`` and ``high`` bound the uncertainty, in the unit of ``y``.
    """

    x: dt.datetime | float
    y: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    label: str
    points: Sequence[Point]
    unit: str = ""  # the chart's unit unless told
    style: Literal["line", "dots", "steps"] = "line"
    gap_seconds: float | None = None  # a longer silence breaks the line


@dataclass(frozen=True)
class Band:
    """A stretch of the value axis with a name: a reference range, a severity band. None is open-ended."""

    label: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Mark:
    """A moment on the x axis: a dose (solid line), an event or an alarm (dashed)."""

    at: dt.datetime | float
    label: str
    kind: Literal["dose", "event", "alarm"] = "dose"


@dataclass(frozen=True)
class Chart:
    """A chart for ``<c-chart :chart="chart">``. ``unit`` belongs to the value axis and is written on it;
    ``x_label`` names the x axis and its unit when ``kind`` is "number"."""

    series: Sequence[Series]
    unit: str
    kind: Literal["time", "number"] = "time"
    x_label: str = ""
    zone: str = ""  # an IANA name; the active zone unless told
    y_min: float | None = None
    y_max: float | None = None
    decimals: int = 1
    bands: Sequence[Band] = field(default_factory=tuple)
    marks: Sequence[Mark] = field(default_factory=tuple)

    @property
    def zone_name(self) -> str:
        return self.zone or str(page_zone())

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "zone": self.zone_name,
            "x_label": self.x_label,
            "unit": self.unit,
            "y_min": self.y_min,
            "y_max": self.y_max,
            "decimals": self.decimals,
            "series": [
                {
                    "label": series.label,
                    "unit": series.unit or self.unit,
                    "style": series.style,
                    "gap": series.gap_seconds,
                    "points": [
                        [_x(p.x), p.y] if p.low is None or p.high is None else [_x(p.x), p.y, p.low, p.high]
                        for p in series.points
                    ],
                }
                for series in self.series
            ],
            "bands": [{"label": b.label, "low": b.low, "high": b.high} for b in self.bands],
            "marks": [{"at": _x(m.at), "label": m.label, "kind": m.kind} for m in self.marks],
        }

    def headings(self) -> list[str]:
        """Column heads of the table: the x axis, each series with its unit, events where there are any."""
        first = _("Time") if self.kind == "time" else self.x_label
        heads = [first, *(f"{s.label} ({s.unit or self.unit})" for s in self.series)]
        return [*heads, _("Event")] if self.marks else heads

    def rows(self) -> list[list[str]]:
        """One row for each x, texts in the active language and zone; an uncertainty stands in brackets."""
        columns = [{_x(p.x): p for p in s.points} for s in self.series]
        events: dict[float, list[str]] = {}
        for mark in self.marks:
            events.setdefault(_x(mark.at), []).append(mark.label)
        every = sorted({x for column in columns for x in column} | set(events))
        rows = []
        for x in every:
            cells = [self._when(x, every), *(self._value(column.get(x)) for column in columns)]
            rows.append([*cells, ", ".join(events.get(x, []))] if self.marks else cells)
        return rows

    def _when(self, x: float, every: Sequence[float]) -> str:
        if self.kind == "number":
            return str(formats.number_format(x, use_l10n=True))
        local = dt.datetime.fromtimestamp(x, zoneinfo.ZoneInfo(self.zone_name))
        span_seconds = every[-1] - every[0]
        if span_seconds > 2 * 86400:
            return str(formats.date_format(local, _("j M Y")))
        return str(formats.date_format(local, "H:i"))

    def _value(self, point: Point | None) -> str:
        if point is None or point.y is None:
            return "–"
        text = self._figure(point.y)
        if point.low is not None and point.high is not None:
            return _("%(value)s (%(low)s to %(high)s)") % {
                "value": text,
                "low": self._figure(point.low),
                "high": self._figure(point.high),
            }
        return text

    def _figure(self, value: float) -> str:
        shown = round(value, self.decimals)
        return str(formats.number_format(int(shown) if shown == int(shown) else shown, use_l10n=True))


def _x(x: dt.datetime | float) -> float:
    return x.timestamp() if isinstance(x, dt.datetime) else float(x)
