"""Courses of treatment, and what their protocols say about time."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from sojourn.care.plan.models import CarePlan
from sojourn.clinical.protocol import Protocol
from sojourn.foundation.rulebook import book


def protocols() -> tuple[Protocol, ...]:
    """Every protocol of the rulebook. No query."""
    return book().protocols()


def protocol(protocol_id: str) -> Protocol | None:
    """The protocol of that id, or None where the rulebook does not know it (any more)."""
    return next((each for each in protocols() if each.id == protocol_id), None)


def proposed_minutes(protocol_id: str) -> int | None:
    """How long a chair is needed: the dose and the observation after it; None for an unknown protocol."""
    found = protocol(protocol_id)
    return None if found is None else ceil(found.dose_minutes + found.number("min_observation"))


def of_patient(patient_id: int) -> list[CarePlan]:
    """The courses of a patient, running ones first, then the newest. One query."""
    rows = CarePlan.objects.filter(patient_id=patient_id).select_related("created_by").order_by("-started_on", "-id")
    return sorted(rows, key=lambda course: course.ended_on is not None)


def running(patient_id: int) -> list[CarePlan]:
    """The courses of a patient that have not ended, the newest first. One query."""
    return list(CarePlan.objects.filter(patient_id=patient_id, ended_on=None).order_by("-started_on", "-id"))


def running_of(patient_ids: Iterable[int]) -> dict[int, list[CarePlan]]:
    """The running courses of many patients, by patient, the newest first. One query."""
    found: dict[int, list[CarePlan]] = {}
    rows = CarePlan.objects.filter(patient_id__in=list(patient_ids), ended_on=None).order_by("-started_on", "-id")
    for course in rows:
        found.setdefault(course.patient_id, []).append(course)
    return found
