"""Courses of treatment, the versions of their plans, and what their protocols say about time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from sojourn.care.intake.weight_queries import Weight, newest_weight
from sojourn.care.plan.dose import content_hash, dose_hash
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.clinical.protocol import Protocol
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.scope import CourseScope, PatientScope, clinic_rows, rows_of


def protocols() -> tuple[Protocol, ...]:
    """Every protocol of the rulebook. No query."""
    return released_rulebook().protocols()


def protocol(protocol_id: str) -> Protocol | None:
    """The protocol of that id, or None where the rulebook does not know it (any more)."""
    return next((each for each in protocols() if each.id == protocol_id), None)


def protocol_of(clinic_id: int, protocol_id: str) -> Protocol | None:
    """A protocol with the clinic's own stricter numbers; as released where it has not been adopted. One query."""
    return rulebook_queries.protocol(clinic_id, protocol_id) or protocol(protocol_id)


def protocols_of(clinic_id: int) -> tuple[Protocol, ...]:
    """Every protocol, with the clinic's own stricter numbers where it has adopted it. One query."""
    own = {each.id: each for each in rulebook_queries.protocols(clinic_id)}
    return tuple(own.get(each.id, each) for each in protocols())


def minutes_of(found: Protocol, over: Decimal | None = None) -> int:
    """How long a chair is needed under a protocol: the dose (``over`` minutes, where a plan says so) and the
    observation after it. No query."""
    return ceil(found.dose_minutes if over is None else over) + ceil(found.number("min_observation"))


def proposed_minutes(protocol_id: str, clinic_id: int | None = None, over: Decimal | None = None) -> int | None:
    """How long a chair is needed: the dose and the observation after it; None for an unknown protocol. With the
    clinic's own stricter numbers where it is named. At most one query."""
    found = protocol(protocol_id) if clinic_id is None else protocol_of(clinic_id, protocol_id)
    return None if found is None else minutes_of(found, over)


def of_patient(of: PatientScope) -> list[CarePlan]:
    """The courses of a patient, running ones first, then the newest. One query."""
    rows = of.rows(CarePlan).select_related("created_by").order_by("-started_on", "-id")
    return sorted(rows, key=lambda course: course.ended_on is not None)


def running(of: PatientScope) -> list[CarePlan]:
    """The courses of a patient that have not ended, the newest first. One query."""
    return list(of.rows(CarePlan).filter(ended_on=None).order_by("-started_on", "-id"))


def running_of(patient_ids: Iterable[int]) -> dict[int, list[CarePlan]]:
    """The running courses of many patients, by patient, the newest first. One query."""
    found: dict[int, list[CarePlan]] = {}
    rows = rows_of(CarePlan, PatientScope, patient_ids).filter(ended_on=None).order_by("-started_on", "-id")
    for course in rows:
        found.setdefault(course.patient_id, []).append(course)
    return found


# ---------------------------------------------------------------- versions


def _rows() -> QuerySet[PlanVersion]:
    checks = clinic_rows(DoubleCheck).select_related("checked_by").order_by("-id")
    people = ("care_plan", "drafted_by", "edited_by", "dosed_by", "signed_by")
    return clinic_rows(PlanVersion).select_related("patient", *people).prefetch_related(Prefetch("checks", checks))


def version(version_id: int) -> PlanVersion:
    """One version with its patient, course, people and checks. Two queries. Raises PlanVersion.DoesNotExist."""
    return _rows().get(pk=version_id)


def versions_of_patient(of: PatientScope) -> list[PlanVersion]:
    """Every version of a patient's plans that was not thrown away, the newest first. Two queries."""
    return list(of.within(_rows()).filter(discarded_at=None).order_by("-id"))


def draft_of(of: PatientScope, care_plan_id: int | None) -> PlanVersion | None:
    """The open draft of a course, or the first one of a patient without a course. One query."""
    rows = of.rows(PlanVersion).filter(care_plan_id=care_plan_id, signed_at=None)
    return rows.filter(discarded_at=None).first()


def in_force(of: CourseScope, at: datetime | None = None) -> PlanVersion | None:
    """The version that holds for a course, now or at a time; None for a course of an earlier release, which began
    without one and gets one before its next dose. One query."""
    return in_force_among(of.rows(PlanVersion), at or timezone.now()).first()


def in_force_of(care_plan_ids: Iterable[int], at: datetime | None = None) -> dict[int, PlanVersion]:
    """The version that holds for each of several courses, by course. One query."""
    rows = rows_of(PlanVersion, CourseScope, care_plan_ids).filter(signed_at__lte=at or timezone.now())
    newest = rows.order_by("care_plan_id", "-signed_at", "-number").distinct("care_plan_id")
    return {each.care_plan_id: each for each in newest if each.care_plan_id is not None}


def in_force_among(versions: QuerySet[PlanVersion], at: datetime) -> QuerySet[PlanVersion]:
    """Those of a course's ``versions`` that are signed at a time, the one that holds first."""
    return versions.filter(signed_at__lte=at).order_by("-signed_at", "-number")


def in_force_of_patient(of: PatientScope) -> list[PlanVersion]:
    """The versions that hold for the running courses of a patient, the newest course first. Joins no people, so that a
    patient may ask. One query."""
    rows = of.rows(PlanVersion).filter(signed_at__isnull=False, care_plan__ended_on=None).select_related("care_plan")
    return list(rows.order_by("-care_plan_id", "-signed_at", "-number").distinct("care_plan_id"))


def without_signed_plan() -> QuerySet[CarePlan]:
    """The running courses that no signed version holds for: they come from an earlier release, where a course could
    begin without one. The oldest first, with their patients."""
    signed = rows_of(PlanVersion, CourseScope, OuterRef("pk")).filter(signed_at__isnull=False)
    rows = clinic_rows(CarePlan).filter(~Exists(signed), ended_on=None).select_related("patient")
    return rows.order_by("started_on", "id")


def drafts_that_wait() -> list[PlanVersion]:
    """The open drafts that say everything a signature needs: they wait for a check or for the signature, the oldest
    first. Two queries."""
    whole = {f"{name}__isnull": False for name in ("dose_mg", "sessions", "min_days", "max_days", "starts_on")}
    rows = _rows().filter(signed_at=None, discarded_at=None, **whole).exclude(indication="")
    return list(rows.exclude(review_after=None, review_on=None).order_by("edited_at", "id"))


def before(version: PlanVersion) -> PlanVersion | None:
    """The signed version before this one in its course. One query."""
    if version.care_plan_id is None:
        return None
    rows = CourseScope(version.care_plan_id).rows(PlanVersion).filter(signed_at__isnull=False)
    return rows.filter(number__lt=version.number).order_by("-number").first()


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a course ordered at a moment. ``dose_mg`` is base."""

    protocol_id: str
    indication: str
    dose_mg: Decimal
    planned_sessions: int


def ordered_at(course: CarePlan, at: datetime) -> Ordered:
    """The order of a course as it stood at a time. One query."""
    rows = CourseScope(course.pk).rows(PlanVersion).filter(signed_at__gt=at).order_by("signed_at")
    return order_from(course, rows.values_list("before", flat=True).first())


def order_from(course: CarePlan, was: Mapping[str, Any] | None) -> Ordered:
    """The order of a course from what the first signature after the moment set aside (None: there was none)."""
    now = {
        "protocol_id": course.protocol_id, "indication": course.indication, "dose_mg": course.dose_mg,
        "planned_sessions": course.planned_sessions,
    }  # fmt: skip
    told = {**now, **(was or {})}
    return Ordered(
        str(told["protocol_id"]), str(told["indication"]), Decimal(str(told["dose_mg"])),
        int(told["planned_sessions"]),
    )  # fmt: skip


def standing_check(version: PlanVersion) -> DoubleCheck | None:
    """The newest double check of the very dose that a version now orders. No query on rows from here."""
    now = dose_hash(version)
    return next((each for each in version.checks.all() if each.dose_hash == now), None)


def unchanged(version: PlanVersion) -> bool:
    """Whether a signed version still says what was signed. No query."""
    return version.content_hash == content_hash(version)


def newest_weight_of(of: PatientScope, course: CourseScope, at: datetime) -> Weight | None:
    """The newest weight of a patient, else that of the plan in force. Two queries at most."""
    known = newest_weight(of)
    if known is not None:
        return known
    version = in_force(course, at)
    if version is None or version.weight_kg is None or version.weight_on is None:
        return None
    return Weight(version.weight_kg, version.weight_on, "clinician", "")
