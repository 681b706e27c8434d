"""Begin and end a course of treatment."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.actions import record


@transaction.atomic
def begin(
    *,
    by: Asker,
    patient_id: int,
    indication: str,
    protocol_id: str,
    dose_mg: Decimal,
    planned_sessions: int,
    started_on: date,
    title: str = "",
    intention: str = "",
    now: datetime | None = None,
) -> CarePlan:
    """Begin a course. ``dose_mg`` is milligrams of base. Without ``title`` the protocol's own is taken.

    Refused: protocol-unknown, indication-missing, dose-not-positive, no-sessions, before-birth, course-running
    (the same protocol twice at a time).
    """
    by.must("course.create")
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    protocol = queries.protocol(protocol_id)
    reasons: dict[str, str] = {}
    if protocol is None:
        reasons["protocol-unknown"] = _("Choose a protocol of the rulebook.")
    if not indication.strip():
        reasons["indication-missing"] = _("Write what the course is for.")
    if dose_mg <= 0:
        reasons["dose-not-positive"] = _("The planned dose must be more than 0 mg.")
    if planned_sessions < 1:
        reasons["no-sessions"] = _("Plan at least one session.")
    if started_on < patient.birth_date:
        reasons["before-birth"] = _("The course cannot begin before the patient was born.")
    if CarePlan.objects.filter(patient=patient, protocol_id=protocol_id, ended_on=None).exists():
        reasons["course-running"] = _("A course with this protocol is running already. End it first.")
    if reasons:
        raise Refused(*reasons.values(), codes=tuple(reasons))
    assert protocol is not None
    assert by.clinic_id is not None
    assert by.membership_id is not None
    course = CarePlan.objects.create(
        clinic_id=by.clinic_id,
        patient=patient,
        title=(" ".join(title.split()) or protocol.rule.title)[:120],
        indication=" ".join(indication.split()),
        protocol_id=protocol_id,
        dose_mg=dose_mg,
        planned_sessions=planned_sessions,
        intention=intention.strip(),
        started_on=started_on,
        created_at=now or timezone.now(),
        created_by_id=by.membership_id,
    )
    record(by, "course.begun", course, protocol=protocol_id, dose_mg=str(dose_mg), sessions=planned_sessions)
    return course


@transaction.atomic
def end(*, by: Asker, course_id: int, ended_on: date, now: datetime | None = None) -> CarePlan:
    """End a course on a day. Refused: ended-before-begun, ends-in-future, ended."""
    by.must("course.create")
    course = CarePlan.objects.select_for_update(no_key=True).get(pk=course_id)
    if course.ended_on is not None:
        raise Refused(_("This course has ended already."), codes=("ended",))
    if ended_on < course.started_on:
        raise Refused(_("The course cannot end before it began."), codes=("ended-before-begun",))
    if ended_on > timezone.localdate(now or timezone.now()):
        raise Refused(_("The end of a course is written down on the day or after it."), codes=("ends-in-future",))
    course.ended_on = ended_on
    course.save(update_fields=["ended_on"])
    record(by, "course.ended", course)
    return course
