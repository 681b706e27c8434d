"""Facts, units, ways and decisions of candidacy as a clinician reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy.models import Kind
from sojourn.clinical.eligibility import VOCABULARY, Value
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.interfaces.console.consents import words as consents
from sojourn.interfaces.shared.days import day_words

# Values of a choice as a clinician reads them.
CHOICES: Mapping[str, StrPromise] = {
    "female": gettext_lazy("female"),
    "male": gettext_lazy("male"),
    "other": gettext_lazy("other"),
    "unknown": gettext_lazy("not said"),
    "none": gettext_lazy("none"),
    "alert": gettext_lazy("alert"),
    "confused": gettext_lazy("newly confused"),
    "voice": gettext_lazy("responds to voice"),
    "pain": gettext_lazy("responds to pain"),
    "unresponsive": gettext_lazy("unresponsive"),
    "normal": gettext_lazy("normal"),
    "abnormal": gettext_lazy("abnormal"),
    "negative": gettext_lazy("negative"),
    "positive": gettext_lazy("positive"),
    "low": gettext_lazy("low"),
    "moderate": gettext_lazy("moderate"),
    "high": gettext_lazy("high"),
}

_UNITS: Mapping[str, StrPromise | str] = {"a": gettext_lazy("years"), "{count}": ""}

DECISIONS: Mapping[str, tuple[StrPromise, str]] = {
    Kind.ACCEPT: (gettext_lazy("Accepted"), "done"),
    Kind.CONDITIONS: (gettext_lazy("Accepted with conditions"), "done"),
    Kind.DEFER: (gettext_lazy("Deferred"), "wait"),
    Kind.DECLINE: (gettext_lazy("Declined"), "stop"),
}


def unit_words(code: str) -> str:
    """A unit of the vocabulary as it is printed."""
    if code in _UNITS:
        return str(_UNITS[code])
    try:
        return unit(code).display
    except UnknownUnit:
        return code


def value_words(name: str, value: Value) -> str:
    """The value of a fact as a clinician reads it."""
    word = VOCABULARY[name]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, str):
        if word.kind == "day":
            return day_words(date.fromisoformat(value))
        return str(CHOICES.get(value, value))
    number = number_format(int(value) if value == int(value) else value)
    return f"{number} {unit_words(word.unit)}".strip()


def way_words(drug: str, route: str) -> str:
    return consents.way_words("in_esketamine" if drug == "esketamine" else route)
