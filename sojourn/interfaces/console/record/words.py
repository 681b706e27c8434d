"""Small words of a record: times, people, amounts, readings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.chart.rows import Member, Reading
from sojourn.clinical.current import rounded
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS
from sojourn.foundation.clock import page_local

NAMES: Final[Mapping[str, StrPromise]] = {
    "hr": gettext_lazy("Heart rate"),
    "pr": gettext_lazy("Pulse"),
    "spo2": gettext_lazy("Saturation"),
    "rr": gettext_lazy("Breathing"),
    "co2_rr": gettext_lazy("Breathing, CO₂"),
    "etco2": gettext_lazy("End-tidal CO₂"),
    "nibp_map": gettext_lazy("Mean pressure"),
    "art_map": gettext_lazy("Mean arterial pressure"),
    "nibp_sys": gettext_lazy("Systolic"),
    "nibp_dia": gettext_lazy("Diastolic"),
    "art_sys": gettext_lazy("Systolic, arterial"),
    "art_dia": gettext_lazy("Diastolic, arterial"),
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One moment in words. ``number`` ties it to its mark in the chart; "" where it has none."""

    at: datetime
    icon: str
    title: str
    details: tuple[str, ...]
    kind: str
    number: str = ""
    grave: bool = False


def clock(at: datetime) -> str:
    return formats.date_format(page_local(at), "H:i")


def day(at: datetime) -> str:
    # Translators: a date pattern in Django's notation.
    return formats.date_format(page_local(at), _("j F Y"))


def day_and_clock(at: datetime) -> str:
    return _("%(day)s at %(time)s") % {"day": day(at), "time": clock(at)}


def who(member: Member | None) -> str:
    return str(member) if member and member.name else _("unknown")


def second_check(by: Member | None, at: datetime | None, clock: Callable[[datetime], str] | None = None) -> str:
    """Who checked a dose, with the time where ``clock`` says it; in words where a prescriber set the check aside."""
    if at is None:
        return _("nobody (set aside by a prescriber)")
    return who(by) if clock is None else f"{who(by)}, {clock(at)}"


def amount(value: Any, places: int | None = None) -> str:
    return str(formats.number_format(value, decimal_pos=places, use_l10n=True))


@lru_cache(maxsize=4096)
def _reading(value: float, places: int, language: str) -> str:
    """The same few values stand on a page again and again, and writing one in a language's way is slow."""
    return amount(rounded(value, places), places)


def mg(value: Any) -> str:
    """35 mg, 37.5 mg: no zeros that say nothing."""
    shown = value.normalize()
    return amount(shown if shown.as_tuple().exponent < 0 else int(shown))


def written(code: str, value: float) -> str:
    vital = VITALS.get(code)
    return _reading(float(value), vital.places, translation.get_language() or "en") if vital else amount(value)


def with_unit(code: str, value: float) -> str:
    unit = VITALS[code].unit.display if code in VITALS else ""
    return f"{written(code, value)}\u00a0{unit}" if unit else written(code, value)


def vital_name(code: str) -> str:
    if code in NAMES:
        return str(NAMES[code])
    return _(VITALS[code].label) if code in VITALS else code


def inside(name: str) -> str:
    """A name within a sentence: "sedation (MOAA/S)", but "MOAA/S"."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def readings_in_words(rows: Iterable[Reading]) -> str:
    """Pressure 124/78 mmHg, Heart rate 71 /min: pairs together, in the order of the vital signs."""
    given = {each.code: each for each in rows}
    parts = []
    for upper, lower in zip(SYSTOLIC, DIASTOLIC, strict=True):
        if upper in given and lower in given:
            high, low = given.pop(upper), given.pop(lower)
            parts.append(_("pressure %(high)s/%(low)s mmHg") % {
                "high": written(upper, high.value), "low": written(lower, low.value)})  # fmt: skip
    order = list(VITALS)
    for code in sorted(given, key=lambda each: order.index(each) if each in order else len(order)):
        parts.append(f"{inside(vital_name(code))} {with_unit(code, given[code].value)}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
