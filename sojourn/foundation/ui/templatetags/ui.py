"""Template tags for times, quantities and charts.

``{% load ui %}``; the components in templates/cotton load it by themselves.
"""

import datetime as dt
import math
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.foundation.clock import page_zone
from sojourn.foundation.ui.charts import Chart

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age_in_words(at: dt.datetime, now: dt.datetime) -> str:
    """The distance from ``at`` to ``now`` as people say it: "2 minutes ago", "in 5 minutes".

    Both aware. The same steps as ``distance`` in frontend/src/islands/words.ts, which keeps the words
    true while the page is open.
    """
    seconds = math.floor(abs((now - at).total_seconds()))
    past = at <= now
    if seconds < _MINUTE:
        n = seconds
        ago, ahead = (
            ngettext("%(n)d second ago", "%(n)d seconds ago", n),
            ngettext("in %(n)d second", "in %(n)d seconds", n),
        )
    elif seconds < _HOUR:
        n = seconds // _MINUTE
        ago, ahead = (
            ngettext("%(n)d minute ago", "%(n)d minutes ago", n),
            ngettext("in %(n)d minute", "in %(n)d minutes", n),
        )
    elif seconds < 36 * _HOUR:
        n = seconds // _HOUR
        ago, ahead = (
            ngettext("%(n)d hour ago", "%(n)d hours ago", n),
            ngettext("in %(n)d hour", "in %(n)d hours", n),
        )
    else:
        n = seconds // _DAY
        ago, ahead = (
            ngettext("%(n)d day ago", "%(n)d days ago", n),
            ngettext("in %(n)d day", "in %(n)d days", n),
        )
    return (ago if past else ahead) % {"n": n}


@register.simple_tag
def ago(at: dt.datetime | None, stale_after: int | str | None = None, now: dt.datetime | None = None) -> str:
    """The age of a moment in words, kept true by the page. ``stale_after`` seconds greys the box around it
    (an element with ``data-stales``). Empty without a moment."""
    if at is None:
        return ""
    words = age_in_words(at, now or timezone.now())
    if stale_after:
        return format_html(
            '<time datetime="{}" data-ago data-stale-after="{}">{}</time>', at.isoformat(), stale_after, words
        )
    return format_html('<time datetime="{}" data-ago>{}</time>', at.isoformat(), words)


@register.simple_tag
def clock(at: dt.datetime | None, style: str = "time", zone: str = "", now: dt.datetime | None = None) -> str:
    """A moment in the reader's zone (the active one, or ``zone``): style ``time`` 14:05, ``second`` 14:05:09,
    ``day`` Tue 4 Mar (4 Mar 2025 where it is most of a year away), ``long`` Tuesday 4 March 2025, 14:05.
    Empty without a moment."""
    if at is None:
        return ""
    local = at.astimezone(zoneinfo.ZoneInfo(zone) if zone else page_zone())
    far = abs(((now or timezone.now()) - local).days) > 300
    # Translators: date patterns in Django's notation; write the order that people use.
    patterns = {"time": "H:i", "second": "H:i:s", "day": _("j M Y") if far else _("D j M"), "long": _("l j F Y, H:i")}
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formats.date_format(local, patterns[style]))


@register.simple_tag
def number(value: Decimal | float | None, digits: int | None = None) -> str:
    """A number in the active language's writing, with ``digits`` decimals when given; a dash when missing."""
    if value is None or value == "":
        return "–"
    return str(formats.number_format(value, decimal_pos=digits, use_l10n=True))


@register.simple_tag
def quantity(value: Decimal | float | None, unit: str = "", digits: int | None = None) -> SafeString:
    """A number in tabular figures with its unit, never broken across lines."""
    return format_html(
        '<span class="quantity"><span class="figure">{}</span>{}<span class="unit">{}</span></span>',
        number(value, digits),
        "\u00a0" if unit else "",
        unit,
    )


@register.simple_tag
def unique_id(prefix: str = "ui") -> str:
    """An id for a component that was given none, so that label, hint and field can be tied together."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


@register.filter
def chart_json(chart: Chart) -> dict[str, Any]:
    """What the chart script reads."""
    return chart.as_json()


@register.filter
def chart_headings(chart: Chart) -> list[str]:
    return chart.headings()


@register.filter
def chart_rows(chart: Chart) -> list[list[str]]:
    return chart.rows()


@register.simple_tag
def countdown(at: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """Minutes and seconds until a moment, or how long it is overdue; kept true by the page (``countdown`` in
    frontend/src/islands/words.ts)."""
    if at is None:
        return ""
    left = (at - (now or timezone.now())).total_seconds()
    size = math.floor(abs(left) + 0.5)  # a half goes up, as in the browser
    hours, rest = divmod(size, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    shown = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    words = shown if left > 0 else f"{_('overdue by')} {shown}"
    return format_html('<time datetime="{}" data-countdown>{}</time>', at.isoformat(), words)


@register.simple_tag
def is_same(one: object, other: object) -> bool:
    """Whether two values are the same once written into a form."""
    return other is not None and str(one) == str(other) and str(other) != ""


@register.simple_tag
def field_kind(field: BoundField) -> str:
    """How c-field lays a form field out: hidden, choices (radios, checkboxes), check, or line."""
    if field.is_hidden:
        return "hidden"
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "check" if isinstance(widget, forms.CheckboxInput) else "line"


@register.simple_tag
def field_control(field: BoundField) -> SafeString:
    """The control itself, dressed, and tied to its hint and error for screen readers."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        look = "checkbox"
    elif isinstance(widget, forms.Textarea):
        look = "textarea"
    elif isinstance(widget, forms.Select):
        look = "select"
    elif isinstance(widget, forms.NumberInput):
        look = "input figure"
    else:
        look = "input"
    attrs: dict[str, Any] = {"class": f"{look} {widget.attrs.get('class', '')}".strip()}
    described = []
    if field.help_text:
        described.append(f"{field.auto_id}-hint")
    if field.errors:
        described.append(f"{field.auto_id}-error")
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.simple_tag
def error_list(form: forms.BaseForm | None, errors: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Rows of the summary: each error of ``form`` with a link to its field, or ``errors`` as given."""
    if errors:
        return errors
    if form is None:
        return []
    rows = [{"href": "", "text": str(text)} for text in form.non_field_errors()]
    for field in form:
        target = field.id_for_label or f"{field.auto_id}_0"
        rows.extend({"href": f"#{target}", "text": f"{field.label}: {text}"} for text in field.errors)
    return rows


@register.simple_tag
def option_control(option: BoundWidget) -> SafeString:
    """One radio or checkbox of a group, dressed."""
    kind = "checkbox" if option.data["type"] == "checkbox" else "radio"
    option.data["attrs"] = {**option.data["attrs"], "class": kind}
    return SafeString(option.tag())
