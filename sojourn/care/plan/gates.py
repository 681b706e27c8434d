"""What must stand before a plan is signed: the decision that somebody may be treated, and the consent for the route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sojourn.care.consent import queries as consent


@dataclass(frozen=True, slots=True)
class Gates:
    """``reasons`` by code ("candidacy", "consent"); both empty where the way is free."""

    reasons: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]

    @property
    def open(self) -> bool:
        return not self.reasons

    @property
    def plain(self) -> dict[str, Any]:
        """As the signed version keeps it."""
        return {"conditions": list(self.conditions)}


def gates(patient_id: int, route: str, drug: str) -> Gates:
    """How candidacy and consent stand for a route, as their rooms say it."""
    from sojourn.care.candidacy import queries as candidacy

    may = candidacy.standing(patient_id)
    agreed = consent.standing(patient_id, route=route, drug=drug)
    reasons = [] if may.may_treat else [("candidacy", str(each)) for each in may.reasons]
    reasons += [] if agreed.valid else [("consent", str(each)) for each in agreed.needs]
    return Gates(tuple(reasons), tuple(str(each) for each in may.conditions))
