"""The one stream of weights of a patient: told, entered, imported, taken on the scale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from django.db import models

from sojourn.care.intake.intake_form import intake_form
from sojourn.care.intake.models import ClinicalFact, IntakeAnswer
from sojourn.care.intake.queries import WEIGHT, teller
from sojourn.clinical.eligibility.facts import Value
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope


@dataclass(frozen=True, slots=True)
class Weight:
    """A body weight in kilograms: of which day, and who said so. ``by`` is a name, "" where the patient told it."""

    kg: Decimal
    on: date
    told_by: Literal["patient", "clinician", "imported", "record"]
    by: str


def newest_weight(of: PatientScope) -> Weight | None:
    """The one newest weight of a patient, from which a plan, a session and the explorer start. One query.

    What the patient told, what was entered or imported, what a checked plan rests on and what the scale showed in a
    session are one stream. Of one day a clinician's word goes before an import, and an import before what the patient
    said; what was struck as entered in error does not count.
    """
    return next(reversed(weights(of)), None)


def weights(of: PatientScope) -> list[Weight]:
    """Every weight that stands, the newest last. One query."""
    asked = [each.id for each in intake_form().by_id.values() if each.fact == WEIGHT]
    newest = of.rows(IntakeAnswer).filter(question_id__in=asked).order_by("-id")[:1]
    entered = of.rows(ClinicalFact).filter(name=WEIGHT, retracts=None, retractions=None)
    nothing = models.Value(None, output_field=models.DateTimeField())
    no_day = models.Value(None, output_field=models.DateField())
    no_name = models.Value("", output_field=models.CharField())
    rows = entered.values_list("value", "observed_on", nothing, "told_by", "entered_by_name", "id").union(
        newest.values_list("value", no_day, "said_at", "standing", no_name, "id"), all=True
    )
    found = [(_weight(*row[:5]), row[5]) for row in rows]
    known = [(weight, number) for weight, number in found if weight is not None]
    return [each for each, _id in sorted(known, key=lambda row: (row[0].on, _RANKS[row[0].told_by], row[1]))]


def _weight(value: Any, on: date | None, said_at: datetime | None, told_by: str, by: str) -> Weight | None:
    """A row of ``weights``: a fact of a day, or (with ``said_at``, its standing in ``told_by``) an answer; None where
    the answer tells no weight."""
    if said_at is None:
        assert on is not None
        return Weight(_kilograms(value), on, teller(told_by), by)
    if told_by != "told":
        return None
    return Weight(_kilograms(value["number"]), clinic_day(said_at, current_actor()), "patient", "")


_RANKS: Final = {"patient": 0, "imported": 1, "clinician": 2, "record": 3}


def _kilograms(value: Value) -> Decimal:
    """To the ten grams that a plan holds; the shortest writing of it."""
    text = format(Decimal(str(value)).quantize(Decimal("0.01")), "f")
    return Decimal(text.rstrip("0").rstrip("."))
