"""The field for the weight in the checklist: who said the last one, what was typed, and what is asked back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from sojourn.care.intake import doubts
from sojourn.care.intake.weight_queries import Weight, newest_weight
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import dosing
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.foundation.ui.numbers import number_words
from sojourn.interfaces.console.patients.weights import told_words

ITEM: Final = "weight"


@dataclass(frozen=True, slots=True)
class Scale:
    """``told``: who said the newest weight, "" where none is known; ``typed``: what stands in the field; ``asks``:
    whether something was asked back, so that it can be confirmed."""

    told: str
    typed: str
    asks: bool


def kilograms_of(text: str) -> Decimal:
    """The kilograms that were typed. Refused: not-a-number, two-ways, grouped, bound, several, unit."""
    value = read_amount(text, "kg")
    if isinstance(value, NumberRefusal) and value.why not in {"empty", "not-a-number"}:
        raise ActionRefused(number_words(value), codes=(value.why,))
    if isinstance(value, NumberRefusal) or not 0 <= value < 10_000:
        raise ActionRefused(_("Write the weight that the scale shows, in kilograms, as 72.5."), codes=("not-a-number",))
    return value


def scale_of(
    session: SessionSnapshot, posted: Mapping[str, str] | None = None, codes: Collection[str] = ()
) -> Scale:  # fmt: skip
    """The field as it stands. A weight of today stands in it already: whoever weighed the patient elsewhere today need
    not type it again. Two queries."""
    newest = newest_weight(PatientScope(session.encounter.patient_id))
    typed = (posted or {}).get("kg", "")
    if not typed and newest is not None and _counts_today(newest, session.today):
        typed = dosing.trimmed(newest.kg)
    return Scale("" if newest is None else told_words(newest), typed, bool(codes) and doubts.doubted(codes))


def _counts_today(weight: Weight, today: date) -> bool:
    return weight.on == today and weight.told_by == "clinician"
