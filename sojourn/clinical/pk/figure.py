"""A figure as SVG text: curves, bands, zones and doses over time. Pure; the same figure prints.

Direct labels rather than a legend, units on the axes, the band explained by whoever places the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from .linear import Floats

# Told apart in grey and by the colour-blind; dashes repeat what the colour says.
_INKS = ("#3b3b8f", "#9a5b13", "#1f6f5c", "#7a2f6b")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Line:
    """One labelled curve, with a band around it if there is one."""

    label: str
    times: Floats
    values: Floats
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True)
class Figure:
    """What is to be drawn. Times in minutes, values in ng/mL."""

    title: str
    lines: Sequence[Line]
    zones: Sequence[tuple[str, float, float]] = ()
    doses: Sequence[tuple[float, float, str]] = ()  # start, end, words
    points: Sequence[tuple[float, float]] = ()
    note: str = ""
    x_label: str = "minutes after the first dose"
    y_label: str = "plasma concentration, ng/mL"
    size: tuple[int, int] = field(default=(820, 460))


def svg(figure: Figure) -> str:
    """The figure as one SVG document; the same input gives the same bytes. What comes later lies above."""
    plane = _plane_of(figure)
    return "\n".join((
        *_heading(figure),
        *_zone_areas(figure, plane),
        *_value_lines(plane),
        *_time_labels(plane),
        *_zone_labels(figure, plane),
        _time_axis(plane),
        *_dose_marks(figure, plane),
        *(part for number, line in enumerate(figure.lines) for part in _curve(line, number, plane)),
        *_point_marks(figure, plane),
        *_curve_labels(figure, plane),
        _axis_titles(figure, plane),
        *_note(figure),
        "</svg>\n",
    ))  # fmt: skip


@dataclass(frozen=True)
class _Plane:
    """Where on the page a time and a value lie. The margins hold the axes' words and the curves' labels."""

    width: int
    height: int
    bottom: int
    x_most: float
    y_top: float
    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    left: int = 64
    top: int = 44

    @property
    def right(self) -> int:
        """The right edge of what is drawn."""
        return self.width - 168

    @property
    def base(self) -> int:
        """The lower edge of what is drawn: the time axis."""
        return self.height - self.bottom

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * value / self.x_most

    def y(self, value: float) -> float:
        return self.base - (self.base - self.top) * value / self.y_top


def _plane_of(figure: Figure) -> _Plane:
    """The plane that holds every curve, its band and every point."""
    width, height = figure.size
    x_most = max(float(line.times[-1]) for line in figure.lines)
    highest = [float((line.high if line.high is not None else line.values).max()) for line in figure.lines]
    y_most = max(highest + [value for _, value in figure.points])
    y_ticks = _ticks(y_most * 1.05)
    return _Plane(
        width=width,
        height=height,
        bottom=62 + (18 if figure.note else 0),
        x_most=x_most,
        y_top=max(y_ticks[-1], y_most * 1.05) or 1.0,
        x_ticks=_ticks(x_most, time=True),
        y_ticks=y_ticks,
    )


def _heading(figure: Figure) -> Iterator[str]:
    width, height = figure.size
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Atkinson Hyperlegible Next, DejaVu Sans Mono, sans-serif" '
        f'font-size="13" role="img"><title>{escape(figure.title)}</title>'
    )
    yield f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    yield f'<text x="{_Plane.left}" y="24" font-size="16" fill="#1d1d2b">{escape(figure.title)}</text>'


def _zones_within(figure: Figure, plane: _Plane) -> list[tuple[str, float, float]]:
    return [zone for zone in figure.zones if zone[1] < plane.y_top]


def _zone_areas(figure: Figure, plane: _Plane) -> Iterator[str]:
    for _, low, high in _zones_within(figure, plane):
        upper = plane.y(min(high, plane.y_top))
        yield (
            f'<rect x="{plane.left}" y="{upper:.1f}" width="{plane.right - plane.left}" '
            f'height="{max(plane.y(low) - upper, 1):.1f}" fill="#d8c9a8" fill-opacity="0.28"/>'
        )


def _zone_labels(figure: Figure, plane: _Plane) -> Iterator[str]:
    for words, low, high in _zones_within(figure, plane):
        upper = plane.y(min(high, plane.y_top))
        yield (
            f'<text x="{plane.right - 6}" y="{upper + 14:.1f}" text-anchor="end" font-size="11" '
            f'fill="#5a4a25">{escape(words)} {low:g}–{high:g}</text>'
        )


def _value_lines(plane: _Plane) -> Iterator[str]:
    for tick in plane.y_ticks:
        y = plane.y(tick)
        yield (
            f'<line x1="{plane.left}" x2="{plane.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e3ea"/>'
            f'<text x="{plane.left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#4a4a58">{tick:g}</text>'
        )


def _time_labels(plane: _Plane) -> Iterator[str]:
    for tick in plane.x_ticks:
        yield (
            f'<text x="{plane.x(tick):.1f}" y="{plane.base + 20}" text-anchor="middle" fill="#4a4a58">{tick:g}</text>'
        )


def _time_axis(plane: _Plane) -> str:
    return f'<line x1="{plane.left}" x2="{plane.right}" y1="{plane.base}" y2="{plane.base}" stroke="#4a4a58"/>'


def _dose_marks(figure: Figure, plane: _Plane) -> Iterator[str]:
    for start, end, words in figure.doses:
        if start > plane.x_most:
            continue
        x = plane.x(start)
        yield (
            f'<rect x="{x:.1f}" y="{plane.base - 5}" width="{max(plane.x(min(end, plane.x_most)) - x, 3):.1f}" '
            f'height="5" fill="#1d1d2b"><title>{escape(words)}</title></rect>'
        )


def _ink(number: int) -> str:
    return _INKS[number % len(_INKS)]


def _curve(line: Line, number: int, plane: _Plane) -> Iterator[str]:
    """A curve, and under it its band."""
    ink, dash = _ink(number), _DASHES[number % len(_DASHES)]
    if line.low is not None and line.high is not None:
        there, back = _path(line.times, line.high, plane), _path(line.times[::-1], line.low[::-1], plane)
        yield f'<polygon points="{there} {back}" fill="{ink}" fill-opacity="0.13"/>'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    path = _path(line.times, line.values, plane)
    yield f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"{dashes}/>'


def _path(times: Floats, values: Floats, plane: _Plane) -> str:
    return " ".join(f"{plane.x(t):.1f},{plane.y(v):.1f}" for t, v in zip(times, values, strict=True))


def _point_marks(figure: Figure, plane: _Plane) -> Iterator[str]:
    for when, value in figure.points:
        yield (f'<circle cx="{plane.x(when):.1f}" cy="{plane.y(value):.1f}" r="3.5" fill="none" stroke="#1d1d2b"/>')


def _curve_labels(figure: Figure, plane: _Plane) -> Iterator[str]:
    """Each at the end of its curve; from below, so that labels never lie upon each other."""
    ends = [(plane.y(float(line.values[-1])), line.label, _ink(k)) for k, line in enumerate(figure.lines)]
    free = float(plane.base) + 15.0
    for place, label, ink in sorted(ends, reverse=True):
        free = min(place, free - 15.0)
        yield f'<text x="{plane.right + 8}" y="{free + 4:.1f}" fill="{ink}">{escape(label)}</text>'


def _axis_titles(figure: Figure, plane: _Plane) -> str:
    return (
        f'<text x="{(plane.left + plane.right) / 2:.0f}" y="{plane.base + 40}" text-anchor="middle" '
        f'fill="#4a4a58">{escape(figure.x_label)}</text>'
        f'<text transform="translate(16 {(plane.top + plane.base) / 2:.0f}) rotate(-90)" text-anchor="middle" '
        f'fill="#4a4a58">{escape(figure.y_label)}</text>'
    )


def _note(figure: Figure) -> Iterator[str]:
    if figure.note:
        y = figure.size[1] - 10
        yield f'<text x="{_Plane.left}" y="{y}" font-size="11" fill="#4a4a58">{escape(figure.note)}</text>'


def _ticks(most: float, time: bool = False) -> list[float]:
    if most <= 0:
        return [0.0]
    if time:
        steps = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)
        step = float(next((each for each in steps if most / each <= 9), ceil(most / 9)))
    else:
        rough = most / 6
        power = 10.0 ** floor(log10(rough))
        step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    return [k * step for k in range(int(most / step + 1e-9) + 1)]
