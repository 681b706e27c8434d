"""A figure as SVG text: curves, bands, zones and doses over time. Pure; the same figure prints.

Direct labels rather than a legend, units on the axes, the band explained by whoever places the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """The figure as one SVG document; the same input gives the same bytes."""
    width, height = figure.size
    left, right, top, bottom = 64, 168, 44, 62 + (18 if figure.note else 0)
    x_most = max(float(line.times[-1]) for line in figure.lines)
    y_most = max(
        [float((line.high if line.high is not None else line.values).max()) for line in figure.lines]
        + [value for _, value in figure.points]
    )
    y_ticks = _ticks(y_most * 1.05)
    x_ticks = _ticks(x_most, time=True)
    y_top = max(y_ticks[-1], y_most * 1.05) or 1.0

    def x(value: float) -> float:
        return left + (width - left - right) * value / x_most

    def y(value: float) -> float:
        return height - bottom - (height - top - bottom) * value / y_top

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Atkinson Hyperlegible Next, DejaVu Sans Mono, sans-serif" '
        f'font-size="13" role="img"><title>{escape(figure.title)}</title>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="24" font-size="16" fill="#1d1d2b">{escape(figure.title)}</text>',
    ]
    words_at: list[str] = []
    for words, low, high in figure.zones:
        if low >= y_top:
            continue
        upper = min(high, y_top)
        out.append(
            f'<rect x="{left}" y="{y(upper):.1f}" width="{width - left - right}" '
            f'height="{max(y(low) - y(upper), 1):.1f}" fill="#d8c9a8" fill-opacity="0.28"/>'
        )
        words_at.append(
            f'<text x="{width - right - 6}" y="{y(upper) + 14:.1f}" text-anchor="end" font-size="11" '
            f'fill="#5a4a25">{escape(words)} {low:g}–{high:g}</text>'
        )
    for tick in y_ticks:
        out.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#e3e3ea"/>'
            f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="#4a4a58">{tick:g}</text>'
        )
    for tick in x_ticks:
        out.append(
            f'<text x="{x(tick):.1f}" y="{height - bottom + 20}" text-anchor="middle" fill="#4a4a58">{tick:g}</text>'
        )
    base = height - bottom
    out += words_at
    out.append(f'<line x1="{left}" x2="{width - right}" y1="{base}" y2="{base}" stroke="#4a4a58"/>')
    for start, end, words in figure.doses:
        if start > x_most:
            continue
        out.append(
            f'<rect x="{x(start):.1f}" y="{base - 5}" width="{max(x(min(end, x_most)) - x(start), 3):.1f}" '
            f'height="5" fill="#1d1d2b"><title>{escape(words)}</title></rect>'
        )
    ends: list[tuple[float, str, str]] = []
    for k, line in enumerate(figure.lines):
        ink, dash = _INKS[k % len(_INKS)], _DASHES[k % len(_DASHES)]
        if line.low is not None and line.high is not None:
            there = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(line.times, line.high, strict=True))
            back = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(line.times[::-1], line.low[::-1], strict=True))
            out.append(f'<polygon points="{there} {back}" fill="{ink}" fill-opacity="0.13"/>')
        path = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(line.times, line.values, strict=True))
        out.append(
            f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"'
            + (f' stroke-dasharray="{dash}"' if dash else "")
            + "/>"
        )
        ends.append((y(float(line.values[-1])), line.label, ink))
    for when, value in figure.points:
        out.append(f'<circle cx="{x(when):.1f}" cy="{y(value):.1f}" r="3.5" fill="none" stroke="#1d1d2b"/>')
    free = float(base) + 15.0
    for place, label, ink in sorted(ends, reverse=True):  # from below, labels never lie upon each other
        free = min(place, free - 15.0)
        out.append(f'<text x="{width - right + 8}" y="{free + 4:.1f}" fill="{ink}">{escape(label)}</text>')
    out.append(
        f'<text x="{(left + width - right) / 2:.0f}" y="{base + 40}" text-anchor="middle" '
        f'fill="#4a4a58">{escape(figure.x_label)}</text>'
        f'<text transform="translate(16 {(top + base) / 2:.0f}) rotate(-90)" text-anchor="middle" '
        f'fill="#4a4a58">{escape(figure.y_label)}</text>'
    )
    if figure.note:
        out.append(f'<text x="{left}" y="{height - 10}" font-size="11" fill="#4a4a58">{escape(figure.note)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


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
