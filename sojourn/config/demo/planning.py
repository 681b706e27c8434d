"""Plans: drafted, checked by another person, signed, and changed on the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.plan.parts import PlanPart
from sojourn.config.demo import intake
from sojourn.config.demo.walk import PROTOCOL, Walk
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import one_row


def draft(walk: Walk, intention: str) -> PlanVersion:
    """The first version, by the prescriber: the dose by the weight of that day, which counts for the whole series."""
    at = walk.at("drafted")
    intake.measure(walk, {"weight_kg": walk.tale.weight_kg}, at - timedelta(minutes=20))
    version = plan_actions.draft(by=walk.prescriber, patient_id=walk.patient.pk, now=at)
    therapist = walk.team.therapist.name
    kinds = {"ptsd": "talk", "bipolar_depression": "family"}
    parts = (
        PlanPart("preparation", therapist, 1, "once"), PlanPart("integration", therapist, 1, "session"),
        PlanPart(kinds.get(walk.tale.battery, "cbt"), therapist, 1, "week"),
    )  # fmt: skip
    values = {
        "indication": walk.tale.indication, "protocol_id": PROTOCOL, "per_kg": Decimal(walk.tale.per_kg),
        "weight_kg": Decimal(str(walk.tale.weight_kg)), "weight_on": walk.day("drafted"),
        "round_mg": Decimal("0.5"), "round_direction": "nearest", "over_min": Decimal(40),
        "stock_mg_per_ml": Decimal(50), "total_ml": Decimal(50), "sessions": 6, "min_days": 2, "max_days": 7,
        "starts_on": walk.anchor, "review_after": 6, "intention": intention, "parts": parts,
    }  # fmt: skip
    return plan_actions.save_draft(
        by=walk.prescriber, version_id=version.pk, seen=version.revision, values=values,
        now=at + timedelta(minutes=9),
    )  # fmt: skip


def check(walk: Walk, version: PlanVersion, at: datetime) -> None:
    _check(walk.nurse, version, at)


def _check(nurse: Actor, version: PlanVersion, at: datetime) -> None:
    plan_actions.double_check(
        by=nurse, version_id=version.pk, weight_kg=version.weight_kg, amount=version.per_kg or Decimal(0), now=at
    )


def sign(walk: Walk, version: PlanVersion, at: datetime) -> CarePlan:
    return _sign(walk.prescriber, version, at)


def _sign(prescriber: Actor, version: PlanVersion, at: datetime) -> CarePlan:
    fresh = one_row(PlanVersion, version.pk).get()
    signed = plan_actions.sign(by=prescriber, version_id=fresh.pk, seen_hash=dose.content_hash(fresh), now=at)
    assert signed.care_plan is not None
    return signed.care_plan


def change(walk: Walk, course: CarePlan, at: datetime, reason: str, weight_kg: float, **values: Any) -> CarePlan:
    """A new version with its reason: weighed again, checked again, signed; the one before is superseded."""
    intake.measure(walk, {"weight_kg": weight_kg}, at - timedelta(minutes=50))
    return renew(walk.prescriber, walk.nurse, course, at, reason, Decimal(str(weight_kg)), **values)


def renew(
    prescriber: Actor, nurse: Actor, course: CarePlan, at: datetime, reason: str, weight_kg: Decimal, **values: Any
) -> CarePlan:
    """A new version by the weight of that day: drafted, checked by another person, signed at ``at``."""
    version = plan_actions.draft(
        by=prescriber, patient_id=course.patient_id, course_id=course.pk, now=at - timedelta(minutes=40)
    )
    version = plan_actions.save_draft(
        by=prescriber, version_id=version.pk, seen=version.revision,
        values={"weight_kg": weight_kg, "weight_on": clinic_day(at, prescriber), "change_reason": reason, **values},
        now=at - timedelta(minutes=30),
    )  # fmt: skip
    _check(nurse, version, at - timedelta(minutes=15))
    return _sign(prescriber, version, at)
