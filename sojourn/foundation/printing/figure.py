"""A figure of stacked panels on one time axis, drawn as SVG for paper.

Direct labels, units on the axis, doses as bars over it, marks as numbered signs. Black on white must be enough: an
alarm's priority is a shape as well as a colour (IEC 60601-1-8: octagon high, triangle medium, circle low).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from math import floor, log10
from typing import Final, Literal

Shape = Literal["event", "high", "medium", "low"]
Place = Callable[[float], float]

INK: Final = "#26233a"
SOFT: Final = "#5b586b"
GRID: Final = "#d9d5cc"
LINES: Final = ("#453c8c", "#94582a", "#8a3f78", "#2f6670")
ALARM: Final = {"high": ("#b3261e", "#ffffff"), "medium": ("#eab308", "#26233a"), "low": ("#7fd3e0", "#26233a")}

WIDTH: Final = 720
_LEFT, _RIGHT, _LINE = 44, 104, 12
_GAP: Final = 28


@dataclass(frozen=True, slots=True)
class Line:
    """One line: points (x in seconds, value). A step of more than ``gap`` seconds breaks it. ``dots``: no line."""

    label: str
    points: Sequence[tuple[float, float]]
    gap: float | None = None
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One value axis. ``bars``: its two lines are the ends of upright bars, as pressures are drawn."""

    unit: str
    lines: Sequence[Line]
    height: float = 64
    bars: bool = False
    doubted: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name: an infusion. An end of None is a moment."""

    begins: float
    ends: float | None
    label: str


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
    if high <= low:
        low, high = low - 1, high + 1
    raw = (high - low) / about
    power = 10 ** floor(log10(raw))
    step = next((each * power for each in (1, 2, 5) if each * power >= raw), 10 * power)
    first = floor(low / step)
    count = 0
    while (first + count) * step < high:
        count += 1
    return [(first + each) * step for each in range(count + 1)]


def svg(figure: Figure, font: str) -> str:
    """The figure as SVG text, ``WIDTH`` units wide; ``font`` is a family that the typesetter knows."""
    top = 20 + (_LINE + 5) * _rows_of(figure.spans, figure)
    marks_at = top
    top += 20 if figure.marks else 0
    parts: list[str] = []
    y = float(top)
    bottoms: list[tuple[float, float]] = []
    for panel in figure.panels:
        parts += _panel(panel, figure, y)
        bottoms.append((y, y + panel.height))
        y += panel.height + _GAP
    end = y - _GAP
    back = [f'<line x1="{_x(figure, x):.1f}" x2="{_x(figure, x):.1f}" y1="{top - 4:.1f}" y2="{end:.1f}" '
            f'stroke="{GRID}" stroke-width="0.6"/>' for x, _label in figure.ticks]  # fmt: skip
    front = [_text(_x(figure, x), end + 14, label, SOFT, anchor="middle") for x, label in figure.ticks]
    height = end + 22
    body = [
        *back, *_spans(figure, top, end), *parts, *front, *_marks(figure, marks_at + 8, end),
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" font-family="{escape(font)}" font-size="11">{"".join(body)}</svg>'
    )


def _x(figure: Figure, x: float) -> float:
    span = figure.ends - figure.begins or 1
    return _LEFT + (x - figure.begins) / span * (WIDTH - _LEFT - _RIGHT)


def _text(x: float, y: float, words: str, colour: str = INK, *, anchor: str = "start", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{bold}>{escape(words)}</text>'


def _rows_of(spans: Sequence[Span], figure: Figure) -> int:
    return max(_placed(spans, figure), default=-1) + 1


def _placed(spans: Sequence[Span], figure: Figure) -> list[int]:
    """The row of each span's label, so that no two touch. A letter is about 5 units wide at this size."""
    ends: list[float] = []
    rows = []
    for span in spans:
        begins = _x(figure, span.begins)
        row = next((n for n, end in enumerate(ends) if end < begins), len(ends))
        width = max(begins + 5 * len(span.label) + 8, _x(figure, span.ends or span.begins))
        if row == len(ends):
            ends.append(width)
        else:
            ends[row] = width
        rows.append(row)
    return rows


def _spans(figure: Figure, top: float, end: float) -> list[str]:
    parts = []
    for span, row in zip(figure.spans, _placed(figure.spans, figure), strict=True):
        begins, ends = _x(figure, span.begins), _x(figure, span.ends if span.ends is not None else span.begins)
        y = 18 + row * (_LINE + 5)
        parts.append(_text(begins, y - 6, span.label, INK, weight="bold"))
        parts.append(f'<rect x="{begins:.1f}" y="{y - 3:.1f}" width="{max(ends - begins, 1.5):.1f}" height="4" '
                     f'fill="{LINES[0]}"/>')  # fmt: skip
        for x in {begins, ends}:
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{end:.1f}" stroke="{LINES[0]}" '
                         f'stroke-width="0.9"/>')  # fmt: skip
        parts.append(f'<rect x="{begins:.1f}" y="{top - 4:.1f}" width="{ends - begins:.1f}" '
                     f'height="{end - top + 4:.1f}" '
                     f'fill="{LINES[0]}" fill-opacity="0.05"/>')  # fmt: skip
    return parts


def _panel(panel: Panel, figure: Figure, top: float) -> list[str]:
    values = [value for line in panel.lines for _at, value in line.points] + [value for _at, value in panel.doubted]
    if not values:
        return []
    ticks = nice_ticks(min(values), max(values), 3 if panel.height < 60 else 4)
    low, high = ticks[0], ticks[-1]

    def y(value: float) -> float:
        return top + panel.height - (value - low) / (high - low) * panel.height

    right = WIDTH - _RIGHT
    parts = [_text(_LEFT - 6, top - 7, panel.unit, SOFT, anchor="end")]
    for tick in ticks:
        parts.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="{GRID}" '
                     f'stroke-width="0.6"/>')  # fmt: skip
        parts.append(_text(_LEFT - 6, y(tick) + 3.2, f"{tick:g}", SOFT, anchor="end"))
    if panel.bars and len(panel.lines) == 2:
        parts += _bars(panel.lines, figure, y)
    else:
        for number, line in enumerate(panel.lines):
            parts += _line(line, LINES[number % len(LINES)], figure, y)
    for at, value in panel.doubted:
        parts.append(_cross(_x(figure, at), y(value)))
    parts += _names(panel.lines, y, right)
    return parts


def _names(lines: Sequence[Line], y: Place, right: float) -> list[str]:
    """Each line's name beside its last value, moved apart where they would touch."""
    ends = sorted((y(line.points[-1][1]), number) for number, line in enumerate(lines) if line.points)
    parts, last = [], -1e9
    for at, number in ends:
        last = max(at, last + _LINE)
        parts.append(_text(right + 8, last + 3.2, lines[number].label, LINES[number % len(LINES)]))
    return parts


def _line(line: Line, colour: str, figure: Figure, y: Place) -> list[str]:
    runs: list[list[tuple[float, float]]] = []
    for point in line.points:
        if runs and not line.dots and (line.gap is None or point[0] - runs[-1][-1][0] <= line.gap):
            runs[-1].append(point)
        else:
            runs.append([point])
    parts = []
    for run in runs:
        if len(run) == 1:
            parts.append(_dot(_x(figure, run[0][0]), y(run[0][1]), colour))
            continue
        points = " ".join(f"{_x(figure, at):.1f},{y(value):.1f}" for at, value in run)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.1" '
                     f'stroke-linejoin="round"/>')  # fmt: skip
    if len(line.points) <= 40:
        parts += [_dot(_x(figure, at), y(value), colour, 1.7) for at, value in line.points]
    return parts


def _bars(lines: Sequence[Line], figure: Figure, y: Place) -> list[str]:
    upper, lower = (dict(line.points) for line in lines[:2])
    parts = []
    for at in sorted({*upper, *lower}):
        x = _x(figure, at)
        if at in upper and at in lower:
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(upper[at]):.1f}" y2="{y(lower[at]):.1f}" '
                         f'stroke="{SOFT}" stroke-width="0.8"/>')  # fmt: skip
        for points, colour, tip in ((upper, LINES[0], 3.4), (lower, LINES[1], -3.4)):
            if at in points:
                v = y(points[at])
                parts.append(f'<path d="M{x - 3.2:.1f} {v - tip:.1f}L{x:.1f} {v:.1f}L{x + 3.2:.1f} {v - tip:.1f}" '
                             f'fill="none" stroke="{colour}" stroke-width="1.2"/>')  # fmt: skip
    return parts


def _dot(x: float, y: float, colour: str, r: float = 2) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'


def _cross(x: float, y: float) -> str:
    return f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="{SOFT}" fill="none"/>'


def _marks(figure: Figure, y: float, end: float) -> list[str]:
    parts = []
    for mark, x in zip(figure.marks, _apart([_x(figure, each.at) for each in figure.marks]), strict=True):
        true = _x(figure, mark.at)
        parts.append(f'<path d="M{x:.1f} {y + 6:.1f}L{true:.1f} {y + 11:.1f}V{end:.1f}" stroke="{SOFT}" fill="none" '
                     f'stroke-width="0.7" stroke-dasharray="2 2"/>')  # fmt: skip
        if mark.shape == "event":
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6.5" fill="#ffffff" stroke="{INK}" stroke-width="0.9"/>'
            )
            ink = INK
        else:
            fill, ink = ALARM[mark.shape]
            path = {
                "high": f"M{x - 2.9:.1f} {y - 7:.1f}h5.8l4.1 4.1v5.8l-4.1 4.1h-5.8l-4.1 -4.1v-5.8z",
                "medium": f"M{x:.1f} {y - 8.5:.1f}l8.4 14.6h-16.8z",
                "low": f"M{x - 7:.1f} {y:.1f}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z",
            }[mark.shape]
            parts.append(f'<path d="{path}" fill="{fill}" stroke="{INK}" stroke-width="0.7"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 3:.1f}" fill="{ink}" text-anchor="middle" font-size="9" '
                     f'font-weight="bold">{escape(mark.label)}</text>')  # fmt: skip
    return parts


def _apart(xs: Iterable[float], room: float = 16) -> list[float]:
    """Places from left to right, none nearer than ``room`` to the one before, pushed back from the right edge."""
    placed = list(xs)
    for number, (before, here) in enumerate(pairwise(placed), start=1):
        placed[number] = max(here, placed[number - 1] + room, before)
    edge = WIDTH - _RIGHT + 60.0
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], edge)
        edge = placed[number] - room
    return placed
