"""What does not stand for the next dose of a course, as a page says it: whole to those who may read the chart; to the
front desk only that something is missing, and whom to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sojourn.care.plan import gates
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.nav import address

_PLACES = {"candidacy": "console:candidacy", "consent": "console:patient_consents", "plan": "console:plan"}
_READS = {"candidacy": "candidacy.read", "consent": "consent.read", "plan": "plan.read"}


@dataclass(frozen=True, slots=True)
class MissingItem:
    """One thing that is missing, why, and where it is put right ("" for who may not go there)."""

    title: str
    reasons: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is missing. ``lines`` are empty for those who may not read the chart."""

    lines: tuple[MissingItem, ...]


def warned(actor: Actor, course: CarePlan, now: datetime | None = None) -> Warned | None:
    """What the actor may know of what is missing; None where nothing is. At most nine queries."""
    missing = gates.before_dose(course, now)
    if not missing:
        return None
    if not actor.may("patient.clinical"):
        return Warned(())
    return Warned(tuple(MissingItem(each.title, each.reasons, _place(actor, course, each.code)) for each in missing))


def _place(actor: Actor, course: CarePlan, code: str) -> str:
    if code not in _PLACES or not actor.may(_READS[code]):
        return ""
    return address(_PLACES[code], course.patient_id)
