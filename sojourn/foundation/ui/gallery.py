"""The gallery: every component, colour and type size of the design system, in both moods, on one page (/ui/).

To add a component, touch three files:

1. ``templates/cotton/<name>.html``. Begin with ``<c-vars …/>`` and give *every* attribute a default there:
   components share the page's context, and a forgotten attribute would take a variable of the same name from
   the page. Write class names in full (the build reads templates for them), never a ``style`` attribute or an
   inline script, and pass ``{{ attrs }}`` on so that callers can add ids and data attributes. Text goes
   through gettext.
2. ``frontend/src/app.css``, in ``@layer utilities.sojourn``: only tokens for colour (``src/tokens.json``),
   logical properties for sides, nothing that only a pointer can find. A new icon goes into
   ``src/icons.json``.
3. ``templates/ui/gallery.html``: show it in each of its states, with words as a clinic would use them. The
   tests in ``tests/interfaces/ui`` then render it, run axe over it in both moods, and weigh the page.

Behaviour, where a component needs any, is a module in ``frontend/src/islands`` that attaches by data
attribute, is imported by ``app.ts``, and works again after an htmx swap; without it the component must still say
and do the essential. Then add one line to COMPONENTS.md.
"""

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.foundation.clock import page_zone
from sojourn.foundation.ui.charts import Band, Chart, Mark, Point, Series
from sojourn.foundation.ui.numbers import AmountField

_FRONTEND = Path(__file__).resolve().parent / "frontend" / "src"


class ExampleForm(forms.Form):
    """Every kind of control, to be shown with and without errors."""

    name = forms.CharField(label=gettext_lazy("Family name"), help_text=gettext_lazy("As on your identity card"))
    weight = AmountField(label=gettext_lazy("Weight"), unit="kg", min_value=20, max_value=400)
    route = forms.ChoiceField(
        label=gettext_lazy("Route"),
        choices=[("iv", gettext_lazy("Into a vein")), ("im", gettext_lazy("Into a muscle"))],
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    fasted = forms.BooleanField(label=gettext_lazy("Nothing eaten since the time in the clinic's rule"))
    company = forms.ChoiceField(
        label=gettext_lazy("Who takes you home?"),
        widget=forms.RadioSelect,
        choices=[("1", gettext_lazy("Someone I know")), ("0", gettext_lazy("I do not know yet"))],
    )


def gallery(request: HttpRequest) -> HttpResponse:
    """Everything on one page. Who may open it is decided where the address is mounted."""
    now = timezone.now()
    wrong = ExampleForm(
        data={
            "wrong-name": "",
            "wrong-weight": "12",
            "wrong-route": "iv",
            "wrong-note": _("Felt well last time."),
            "wrong-company": "0",
        },
        prefix="wrong",
    )
    wrong.is_valid()
    context: dict[str, Any] = {
        "now": now,
        "minute_ago": now - dt.timedelta(seconds=70),
        "long_ago": now - dt.timedelta(minutes=11),
        "soon": now + dt.timedelta(minutes=4, seconds=12),
        "overdue": now - dt.timedelta(minutes=2, seconds=5),
        "form": ExampleForm(prefix="fresh"),
        "wrong": wrong,
        "answers": _answers(),
        "series_chart": _session_chart(now),
        "score_chart": _score_chart(now),
        "strip": _strip(now),
        "tokens": _tokens(),
        "icons": _icons(),
        "nav": _nav(),
        "crisis_lines": [
            {"label": _("Call the clinic"), "href": "#crisis", "icon": "phone"},
            {"label": _("Write a message"), "href": "#crisis", "icon": "message-circle"},
        ],
        "crisis_url": "#crisis",
    }
    return render(request, "ui/gallery.html", context)


def layout(request: HttpRequest, name: str) -> HttpResponse:
    """One base layout alone: portal, plain, board, altered, error, step."""
    if name not in {"portal", "plain", "board", "altered", "error", "step"}:
        raise Http404
    now = timezone.now()
    context: dict[str, Any] = {
        "now": now,
        "minute_ago": now - dt.timedelta(seconds=70),
        "long_ago": now - dt.timedelta(minutes=11),
        "soon": now + dt.timedelta(minutes=4, seconds=12),
        "nav": _nav(),
        "crisis_url": "#crisis",
        "answers": _answers(),
        "chairs": _chairs(now, request.GET.get("chairs", "4")),
        "strip": {**_strip(now), "bare": True, "height": 22, "marks": []},
        "quote": "7f3a91c2",
        "status": 500,
        "form": ExampleForm(),
    }
    template = "ui/error.html" if name == "error" else f"ui/gallery_{name}.html"
    return render(request, template, context)


def _nav() -> list[dict[str, Any]]:
    return [
        {"label": _("Today"), "url": "#today", "icon": "house", "active": True, "count": 0},
        {"label": _("My way"), "url": "#way", "icon": "footprints", "active": False, "count": 0},
        {"label": _("Questions"), "url": "#questions", "icon": "clipboard-list", "active": False, "count": 2},
        {"label": _("Record"), "url": "#record", "icon": "file-text", "active": False, "count": 0},
    ]


def _answers() -> list[tuple[str, str]]:
    return [
        ("0", _("Not at all")),
        ("1", _("Several days")),
        ("2", _("More than half the days")),
        ("3", _("Nearly every day")),
    ]


def _session_chart(now: dt.datetime) -> Chart:
    """Invented figures in the shape of an infusion, with a stretch in which the cuff said nothing."""
    start = now.replace(second=0, microsecond=0) - dt.timedelta(minutes=80)
    silent = range(34, 46)
    minutes = [m for m in range(0, 80, 2) if m not in silent]

    def at(m: float) -> dt.datetime:
        return start + dt.timedelta(minutes=m)

    def line(rest: int, top: int) -> list[Point]:
        return [Point(at(m), round(rest + top * math.exp(-(((m - 28) / 20) ** 2)))) for m in minutes]

    return Chart(
        unit="mmHg",
        decimals=0,
        series=[
            Series(_("Systolic"), line(122, 28), gap_seconds=300),
            Series(_("Diastolic"), line(76, 14), gap_seconds=300),
        ],
        bands=[Band(_("Before the session"), 118, 128)],
        marks=[Mark(at(6), _("Dose")), Mark(at(58), _("Calm, eyes open"), "event")],
    )


def _score_chart(now: dt.datetime) -> Chart:
    """An invented course of scores with its smoothed line and the uncertainty around it."""
    scores = [19, 18, 15, 14, 11, 12, 9, 8, 8, 10]
    first = now - dt.timedelta(days=7 * len(scores))
    points = [(first + dt.timedelta(days=7 * i), value) for i, value in enumerate(scores)]
    smooth = [19, 17.4, 15.5, 13.6, 12, 11, 9.8, 8.9, 8.7, 9.2]
    return Chart(
        unit=_("points"),
        y_min=0,
        y_max=27,
        series=[
            Series(_("Score"), [Point(at, value) for at, value in points], style="dots"),
            Series(
                _("Trend"),
                [Point(at, y, y - 2.2, y + 2.2) for (at, _score), y in zip(points, smooth, strict=True)],
            ),
        ],
        bands=[
            Band(_("Severe"), 20, 27),
            Band(_("Moderately severe"), 15, 20),
            Band(_("Moderate"), 10, 15),
            Band(_("Mild"), 5, 10),
            Band(_("Minimal"), 0, 5),
        ],
        marks=[
            Mark(points[week][0] + dt.timedelta(days=1), str(session))
            for session, week in enumerate((0, 1, 3, 5), start=1)
        ],
    )


def _strip(now: dt.datetime) -> dict[str, Any]:
    start = now.timestamp() - 20 * 60
    times = [start + 20 * i for i in range(61)]

    def wave(middle: float, size: float, turn: float) -> list[list[float]]:
        return [[t, round(middle + size * math.sin(i / turn) + size / 3 * math.sin(i), 1)] for i, t in enumerate(times)]

    return {
        "x_min": start,
        "x_max": now.timestamp(),
        "zone": str(page_zone()),
        "marks": [{"at": start + 240, "label": _("Dose"), "kind": "dose"}],
        "rows": [
            {"key": "hr", "label": _("Heart rate"), "unit": "/min", "low": 50, "high": 120,
             "lines": [wave(84, 9, 11)]},
            {"key": "bp", "label": _("Pressure"), "unit": "mmHg", "low": 50, "high": 180,
             "lines": [wave(138, 11, 14)[::9], wave(84, 6, 14)[::9]]},
            {"key": "spo2", "label": _("Saturation"), "unit": "%", "low": 88, "high": 100,
             "lines": [wave(97, 0.8, 6)]},
            {"key": "rr", "label": _("Breathing"), "unit": "/min", "low": 4, "high": 30,
             "lines": [wave(14, 2, 8)]},
        ],
    }  # fmt: skip


def _chairs(now: dt.datetime, asked: str) -> list[dict[str, Any]]:
    count = int(asked) if asked in set("12345678") else 4
    states: list[dict[str, Any]] = [
        {"alarm": "", "word": ""},
        {"alarm": "medium", "word": _("pressure high")},
        {"alarm": "", "word": "", "stale": True},
        {"alarm": "high", "word": _("saturation low")},
    ]
    return [
        {
            **states[i % 4],
            "name": _("Chair %(n)s") % {"n": i + 1},
            "who": ["M. Ibarra", "J. Okafor", "S. Lindqvist", "A. Haddad"][i % 4],
        }
        for i in range(count)
    ]


def _tokens() -> list[tuple[str, str]]:
    """Colour names with the Tailwind class of each (written out in gallery.html, for the build to find)."""
    names = (
        "base-100 base-200 base-300 sheet wash secondary accent primary error neutral soft edge line "
        "alarm-high alarm-medium alarm-low chart-1 chart-2 chart-3 chart-4"
    )
    return [(name, f"bg-{name}") for name in names.split()]


def _icons() -> list[str]:
    """The icons of the sprite. An installed package carries no sources, and then shows none."""
    source = _FRONTEND / "icons.json"
    if not source.exists():
        return []
    listed: dict[str, Any] = json.loads(source.read_text())
    return [*listed["own"], *listed["lucide"]]
