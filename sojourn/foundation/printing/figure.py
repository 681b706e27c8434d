"""A figure of stacked panels on one time axis, drawn as SVG: the same on paper and on the page.

Direct labels, units on the axis, doses as bars over it, marks as numbered signs (a step of a dose in a square). Black
on white must be enough: an alarm's priority is a shape as well as a colour (IEC 60601-1-8: octagon high, triangle
medium, circle low).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import floor, inf, log10
from typing import Final, Literal

Shape = Literal["event", "dose", "high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as SVG takes them. ``alarm`` holds ground and ink of each priority."""

    ink: str
    soft: str
    grid: str
    ground: str
    lines: Sequence[str]
    alarm: Mapping[str, tuple[str, str]]


PAPER: Final = Palette(
    "#26233a", "#5b586b", "#d9d5cc", "#ffffff", ("#453c8c", "#94582a", "#8a3f78", "#2f6670"),
    {"high": ("#b3261e", "#ffffff"), "medium": ("#eab308", "#26233a"), "low": ("#7fd3e0", "#26233a")},
)  # fmt: skip
# The colours of the pages, in whatever mood they are.
PAGE: Final = Palette(
    "var(--color-base-content)", "var(--color-soft)", "var(--color-line)", "var(--color-base-100)",
    tuple(f"var(--color-chart-{number})" for number in range(1, 5)),
    {each: (f"var(--color-alarm-{each})", f"var(--color-alarm-{each}-content)") for each in ("high", "medium", "low")},
)  # fmt: skip

WIDE: Final = 720
NARROW: Final = 360
_GAP: Final = 32
_LINE: Final = 13


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One line: points (x in seconds, value). A step of more than ``gap`` seconds breaks it."""

    label: str
    points: Sequence[tuple[float, float]]
    gap: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One value axis of at least ``span`` units. ``bars``: its two lines are the ends of upright bars, as pressures are
    drawn. ``crossed`` are points that were corrected later."""

    name: str
    unit: str
    lines: Sequence[FigureLine]
    height: float = 48
    span: float = 0
    bars: bool = False
    crossed: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name: an infusion. An end of None is a moment. ``parts`` are the stretches of it in
    which something went in; without them it is all of it."""

    begins: float
    ends: float | None
    label: str
    parts: Sequence[tuple[float, float]] = ()

    @property
    def until(self) -> float:
        return self.begins if self.ends is None else self.ends


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    label: str
    shape: Shape = "event"


@dataclass(frozen=True, slots=True)
class Figure:
    """``ticks`` are (x, label) on the time axis, ``begins`` and ``ends`` its ends, all in seconds."""

    begins: float
    ends: float
    panels: Sequence[Panel]
    ticks: Sequence[tuple[float, str]]
    spans: Sequence[Span] = field(default_factory=tuple)
    marks: Sequence[Mark] = field(default_factory=tuple)


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values that hold ``low`` and ``high`` between the first and the last."""
    if high == low:
        low, high = low - 1, high + 1
    raw = (high - low) / about
    power = 10 ** floor(log10(raw))
    step = next((each * power for each in (1, 2, 5) if each * power >= raw), 10 * power)
    first = floor(low / step)
    count = 0
    while (first + count) * step < high:
        count += 1
    return [round((first + each) * step, 9) for each in range(count + 1)]


def svg(figure: Figure, *, font: str, palette: Palette = PAPER, width: int = WIDE, label: str = "") -> str:
    """The figure as SVG text, ``width`` units wide. ``font`` is a family, or "inherit" on a page. With ``label`` it is
    an image of that name for screen readers."""
    return _Sheet(figure, font, palette, width).svg(label)


class _Sheet:
    def __init__(self, figure: Figure, font: str, palette: Palette, width: int) -> None:
        self.figure, self.font, self.colours, self.width = figure, font, palette, width
        self.narrow = width < 500
        self.left = 34.0 if self.narrow else 44.0
        self.right = width - (10.0 if self.narrow else 104.0)

    def svg(self, label: str) -> str:
        figure = self.figure
        rows = self.rows_of_spans()
        marks_at = 22 + (_LINE + 3) * (max(rows, default=-1) + 1)
        top = marks_at + (self.mark_rows() * 17 + 8 if figure.marks else 0) + 12
        panels: list[str] = []
        y = float(top)
        for panel in figure.panels:
            panels += self.panel(panel, y)
            y += panel.height + _GAP
        end = y - _GAP
        ticks = figure.ticks[:: 2 if self.narrow and len(figure.ticks) > 4 else 1]
        body = [
            *(self.stroke(f"M{self.x(at):.1f} {top:.1f}V{end:.1f}", self.colours.grid, 0.6) for at, _label in ticks),
            *self.spans(rows, top, end), *panels,
            *(self.text(self.x(at), end + 15, words, self.colours.soft, "middle") for at, words in ticks),
            *self.marks(marks_at, end),
        ]  # fmt: skip
        height = end + 24
        named = f' role="img" aria-label="{escape(label)}"' if label else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height:.0f}" '
            f'font-family="{escape(self.font)}" font-size="11"{named}>{"".join(body)}</svg>'
        )

    # --- small parts

    def x(self, at: float) -> float:
        whole = self.figure.ends - self.figure.begins or 1
        return self.left + (at - self.figure.begins) / whole * (self.right - self.left)

    def text(self, x: float, y: float, words: str, colour: str, anchor: str = "start", more: str = "") -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{more}>{escape(words)}</text>'

    def stroke(self, path: str, colour: str, width: float, more: str = "") -> str:
        return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>'

    def dot(self, x: float, y: float, colour: str, radius: float) -> str:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'

    # --- doses

    def rows_of_spans(self) -> list[int]:
        """The row of each dose's name, so that no two touch. A letter is about 6 units wide at this size."""
        ends: list[float] = []
        rows = []
        for span in self.figure.spans:
            begins = self.x(span.begins)
            row = next((number for number, end in enumerate(ends) if end < begins), len(ends))
            ends[row : row + 1] = [max(begins + 6 * len(span.label) + 8, self.x(span.until))]
            rows.append(row)
        return rows

    def spans(self, rows: Sequence[int], top: float, end: float) -> list[str]:
        parts = []
        colour = self.colours.lines[0]
        for span, row in zip(self.figure.spans, rows, strict=True):
            begins, ends = self.x(span.begins), self.x(span.until)
            y = 20 + row * (_LINE + 3)
            start = min(begins, self.right - 6 * len(span.label))
            parts.append(self.text(start, y - 7, span.label, self.colours.ink, more=' font-weight="bold"'))
            for since, until in span.parts or [(span.begins, span.until)]:
                x, wide = self.x(since), self.x(until) - self.x(since)
                parts.append(f'<rect x="{x:.1f}" y="{y - 3:.1f}" width="{max(wide, 1.5):.1f}" height="4" '
                             f'fill="{colour}"/>')  # fmt: skip
                parts.append(f'<rect x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{end - top:.1f}" '
                             f'fill="{colour}" fill-opacity="0.07"/>')  # fmt: skip
            parts += [self.stroke(f"M{x:.1f} {y:.1f}V{end:.1f}", colour, 0.9) for x in sorted({begins, ends})]
        return parts

    # --- values

    def panel(self, panel: Panel, top: float) -> list[str]:
        values = [value for line in panel.lines for _at, value in line.points] + [value for _at, value in panel.crossed]
        if not values:
            return []
        low, high = min(values), max(values)
        spare = max(0.0, panel.span - (high - low)) / 2
        ticks = nice_ticks(max(low - spare, min(low, 0.0)), high + spare, 5 if panel.height > 80 else 2)
        bottom, step = top + panel.height, panel.height / (ticks[-1] - ticks[0])

        def y(value: float) -> float:
            return bottom - (value - ticks[0]) * step

        parts = []
        for tick in ticks:
            parts.append(self.stroke(f"M{self.left} {y(tick):.1f}H{self.right}", self.colours.grid, 0.6))
            parts.append(self.text(self.left - 6, y(tick) + 3.6, f"{tick:g}", self.colours.soft, "end"))
        heights = [[(self.x(at), y(value)) for at, value in line.points] for line in panel.lines]
        if panel.bars and len(panel.lines) == 2:
            parts += self.bars(heights)
        else:
            for number, line in enumerate(panel.lines):
                parts += self.line(line, heights[number], self.colours.lines[number % 4])
        for at, value in panel.crossed:
            cross = f"M{self.x(at) - 3:.1f} {y(value) - 3:.1f}l6 6m0 -6l-6 6"
            parts.append(self.stroke(cross, self.colours.soft, 1))
        return [*parts, *self.names(panel, heights, top)]

    def names(self, panel: Panel, heights: Sequence[Sequence[tuple[float, float]]], top: float) -> list[str]:
        """The unit over the axis and each line's name beside its last value; all over the axis where it is narrow."""
        if self.narrow:
            return [self.text(0, top - 10, f"{panel.name}, {panel.unit}", self.colours.ink)]
        parts = [self.text(self.left - 6, top - 12, panel.unit, self.colours.soft, "end")]
        ends = sorted((points[-1][1], number) for number, points in enumerate(heights) if points)
        last = -inf
        for end, number in ends:
            last = max(end, last + _LINE)
            parts.append(
                self.text(self.right + 8, last + 3.6, panel.lines[number].label, self.colours.lines[number % 4])
            )
        return parts

    def line(self, line: FigureLine, points: Sequence[tuple[float, float]], colour: str) -> list[str]:
        runs: list[list[tuple[float, float]]] = []
        before: float | None = None
        for (at, _value), point in zip(line.points, points, strict=True):
            if before is None or (line.gap is not None and at - before > line.gap):
                runs.append([])
            runs[-1].append(point)
            before = at
        parts = []
        for run in runs:
            way = "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
            parts.append(self.stroke(f"M{way}", colour, 1.2, ' stroke-linejoin="round"'))
        few = len(points) <= 40
        parts += [self.dot(x, y, colour, 1.8) for run in runs for x, y in run if few or len(run) == 1]
        return parts

    def bars(self, heights: Sequence[Sequence[tuple[float, float]]]) -> list[str]:
        upper, lower = dict(heights[0]), dict(heights[1])
        parts = [
            self.stroke(f"M{x:.1f} {upper[x]:.1f}V{lower[x]:.1f}", self.colours.soft, 0.8)
            for x in sorted(upper.keys() & lower.keys())
        ]
        for points, colour, tip in ((upper, self.colours.lines[0], -3.4), (lower, self.colours.lines[1], 3.4)):
            for x, y in sorted(points.items()):
                parts.append(self.stroke(f"M{x - 3.2:.1f} {y + tip:.1f}L{x:.1f} {y:.1f}L{x + 3.2:.1f} {y + tip:.1f}",
                                         colour, 1.3))  # fmt: skip
        return parts

    # --- events and alarms

    def mark_rows(self) -> int:
        return max(self._placed()[1], default=-1) + 1

    def _placed(self) -> tuple[list[float], list[int]]:
        """Where each mark's sign stands: over its time, in the first of three rows that is free there."""
        ends: list[float] = []
        xs, rows = [], []
        for mark in self.figure.marks:
            x = self.x(mark.at)
            row = next((number for number, end in enumerate(ends) if end <= x - 17), None)
            if row is None and len(ends) < 3:
                row = len(ends)
                ends.append(x)
            elif row is None:
                row = min(range(3), key=lambda number: ends[number])
                x = ends[row] + 17
            ends[row] = x
            xs.append(x)
            rows.append(row)
        return xs, rows

    def marks(self, top: float, end: float) -> list[str]:
        below, above = [], []
        lowest = top + self.mark_rows() * 17
        for mark, x, row in zip(self.figure.marks, *self._placed(), strict=True):
            y = top + row * 17 + 8
            way = f"M{x:.1f} {y + 7:.1f}V{lowest:.1f}L{self.x(mark.at):.1f} {lowest + 6:.1f}V{end:.1f}"
            below.append(self.stroke(way, self.colours.soft, 0.8, ' stroke-dasharray="2 2.5"'))
            above += self.sign(mark, x, y)
        return [*below, *above]

    def sign(self, mark: Mark, x: float, y: float) -> list[str]:
        own = {"dose": (self.colours.lines[0], self.colours.ground), **self.colours.alarm}
        ground, ink = own.get(mark.shape, (self.colours.ground, self.colours.ink))
        path = {
            "event": f"M{x - 7:.1f} {y:.1f}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z",
            "dose": f"M{x - 6.5:.1f} {y - 6.5:.1f}h13v13h-13z",
            "high": f"M{x - 3:.1f} {y - 7.5:.1f}h6l4.4 4.4v6.2l-4.4 4.4h-6l-4.4 -4.4v-6.2z",
            "medium": f"M{x:.1f} {y - 9:.1f}l9 15.6h-18z",
            "low": f"M{x - 7.5:.1f} {y:.1f}a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0 -15 0z",
        }[mark.shape]
        return [
            f'<path d="{path}" fill="{ground}" stroke="{self.colours.ink}" stroke-width="0.8"/>',
            self.text(x, y + (4 if mark.shape == "medium" else 3.2), mark.label, ink, "middle",
                      ' font-size="9" font-weight="bold"'),
        ]  # fmt: skip
