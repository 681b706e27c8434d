"""What must stand before a plan is signed, and before each dose of its course: the decision that somebody may be
treated, the agreements for the route, and the signed plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.utils.translation import gettext as _

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.consent import queries as consent_queries
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.dose import protocol_way
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import CourseScope, PatientScope

Gate = Literal["candidacy", "consent"]
Code = Literal["ended", "candidacy", "consent", "plan"]


@dataclass(frozen=True, slots=True)
class Gates:
    """``reasons`` by code ("candidacy", "consent"); empty where the way is free."""

    reasons: tuple[tuple[Gate, str], ...]
    conditions: tuple[str, ...]

    @property
    def open(self) -> bool:
        return not self.reasons

    @property
    def plain(self) -> dict[str, Any]:
        """As the signed version keeps it."""
        return {"conditions": list(self.conditions)}


def _said(gate: Gate, reasons: Iterable[str]) -> tuple[tuple[Gate, str], ...]:
    return tuple((gate, str(each)) for each in reasons)


def decided(of: PatientScope, route: str, drug: str, on: date | None = None) -> Gates:
    """How the decision about treatment stands for a drug by a route. At most six queries."""
    may = candidacy_queries.standing(of, on, drug=drug, route=route)
    return Gates(_said("candidacy", () if may.may_treat else may.reasons), tuple(str(each) for each in may.conditions))


def agreed(of: PatientScope, route: str, drug: str, on: date | None = None) -> Gates:
    """How the patient's agreements stand for a drug by a route. Two queries."""
    found = consent_queries.standing(of, route=route, drug=drug, on=on)
    return Gates(_said("consent", () if found.valid else found.reasons), ())


def gates(of: PatientScope, route: str, drug: str, on: date | None = None) -> Gates:
    """Both, as their rooms say it on a day (today). At most eight queries."""
    one, other = decided(of, route, drug, on), agreed(of, route, drug, on)
    return Gates((*one.reasons, *other.reasons), one.conditions)


# ---------------------------------------------------------------- before a dose


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that does not stand for the next dose of a course. ``reasons`` say it in the words of its room."""

    code: Code
    reasons: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return {
            "ended": _("This course has ended."),
            "candidacy": _("There is no valid acceptance for this medicine by this route."),
            "consent": _("The agreements for this medicine by this route do not hold."),
            "plan": _("This course has no signed plan in force."),
        }[self.code]


def before_dose(course: CarePlan, now: datetime | None = None) -> tuple[Missing, ...]:
    """What does not stand for the next dose of a course, now or at a time; empty where all of it does.

    Booking says it and books all the same; the step that gives a dose refuses on it. The route is that of the plan in
    force; where there is none, of the course's protocol. At most nine queries.
    """
    version = plan_queries.in_force(CourseScope(course.pk), now)
    route, drug = (version.route, version.drug) if version is not None else protocol_way(course.protocol_id)
    day = None if now is None else clinic_day(now, current_actor())
    found: list[Missing] = []
    if course.ended_on is not None:
        found.append(Missing("ended"))
    for one in (
        decided(PatientScope(course.patient_id), route, drug, day),
        agreed(PatientScope(course.patient_id), route, drug, day),
    ):
        if not one.open:
            found.append(Missing(one.reasons[0][0], tuple(words for _code, words in one.reasons)))
    if version is None:
        found.append(Missing("plan", (_("A prescriber signs a version of the plan before the next dose."),)))
    return tuple(found)
