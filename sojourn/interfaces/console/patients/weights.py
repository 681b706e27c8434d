"""Who told a fact, and a weight in words with its day and who said so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.intake.weight_queries import Weight
from sojourn.clinical import dosing
from sojourn.interfaces.shared.days import day_words

TELLERS: Final[Mapping[str, StrPromise]] = {
    "patient": gettext_lazy("told by the patient"),
    "clinician": gettext_lazy("entered by the clinic"),
    "imported": gettext_lazy("imported"),
    "record": gettext_lazy("from the record"),
}


def weight_words(weight: Weight | None) -> str:
    """ "72.5 kg on 3 June 2026, entered by the clinic (Ana Ruiz)"; "" where none is known."""
    if weight is None:
        return ""
    kg = number_format(dosing.trimmed(weight.kg))
    return _("%(kg)s kg on %(day)s, %(told)s") % {"kg": kg, "day": day_words(weight.on), "told": told_words(weight)}


def told_words(weight: Weight) -> str:
    """Who said so: "entered by the clinic (Ana Ruiz)"."""
    return str(TELLERS[weight.told_by]) + (f" ({weight.by})" if weight.by else "")
