"""What must stand before a plan is signed: the decision that somebody may be treated, and the consent for the route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sojourn.care.candidacy import queries as candidacy
from sojourn.care.consent import queries as consent


@dataclass(frozen=True, slots=True)
class Gates:
    """``reasons`` by code ("candidacy", "consent"); empty where the way is free."""

    reasons: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]

    @property
    def open(self) -> bool:
        return not self.reasons

    @property
    def plain(self) -> dict[str, Any]:
        """As the signed version keeps it."""
        return {"conditions": list(self.conditions)}


def decided(patient_id: int, route: str, drug: str, on: date | None = None) -> Gates:
    """How the decision about treatment stands for a drug by a route. At most six queries."""
    may = candidacy.standing(patient_id, on, drug=drug, route=route)
    reasons = () if may.may_treat else tuple(("candidacy", str(each)) for each in may.reasons)
    return Gates(reasons, tuple(str(each) for each in may.conditions))


def agreed(patient_id: int, route: str, drug: str, on: date | None = None) -> Gates:
    """How the patient's agreements stand for a drug by a route. Two queries."""
    found = consent.standing(patient_id, route=route, drug=drug, on=on)
    return Gates(() if found.valid else tuple(("consent", str(each)) for each in found.needs), ())


def gates(patient_id: int, route: str, drug: str, on: date | None = None) -> Gates:
    """Both, as their rooms say it on a day (today). At most eight queries."""
    one, other = decided(patient_id, route, drug, on), agreed(patient_id, route, drug, on)
    return Gates((*one.reasons, *other.reasons), one.conditions)
