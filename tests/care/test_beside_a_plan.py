"""A version of a plan beside others: of other courses and patients, drafts, and what was thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import CourseScope, PatientScope
from tests.care.test_plan import NOW, check, codes, colleague, patient
from tests.care.way import IV, signed_version
from tests.conftest import Cast
from tests.over.copies import again

SPRAY: Final = "in_esketamine"
A_MOMENT: Final = timedelta(seconds=1)
OPEN: Final = {"signed_at": None, "signed_by_id": None, "content_hash": ""}


@dataclass
class Plans:
    """Ana has a course with every kind of version, one that ended and a draft without a course; Bea a course with a
    newer version; Cy one that ended, one that nobody has signed yet, and a draft without a course."""

    ana: Patient
    bea: Patient
    cy: Patient
    first: PlanVersion
    second: PlanVersion
    draft: PlanVersion
    blank: PlanVersion
    hers: PlanVersion
    unsigned: PlanVersion
    his: PlanVersion


def plans(cast: Cast) -> Plans:
    thrown: dict[str, Any] = {**OPEN, "discarded_at": NOW, "discarded_by_id": cast.members["nurse"].pk}
    ana, bea, cy = (patient(cast, name) for name in ("Ana", "Bea", "Cy"))
    first = signed_version(cast, ana, at=NOW - timedelta(days=5), protocol_id=SPRAY, dose_mg=Decimal(56))
    course = first.care_plan

    def another(whose: Patient, **changes: Any) -> CarePlan:
        return again(course, patient_id=whose.pk, **changes)

    def version(of: CarePlan | None, whose: Patient, number: int, **changes: Any) -> PlanVersion:
        return again(first, care_plan_id=of and of.pk, patient_id=whose.pk, number=number, **changes)

    over, unsigned, theirs = {"ended_on": date(2026, 3, 1)}, another(cy, protocol_id=IV), another(bea)
    version(another(ana, **over), ana, 1)
    version(another(cy, **over), cy, 1)
    version(course, ana, 2, **thrown)
    version(unsigned, cy, 1, **thrown)
    version(theirs, bea, 1)
    return Plans(
        ana, bea, cy, first,
        second=version(course, ana, 3, signed_at=NOW, before={"dose_mg": "28"}),
        draft=version(course, ana, 4, **OPEN, edited_at=NOW - A_MOMENT),
        blank=version(None, ana, 1, **OPEN, indication=""),
        hers=version(theirs, bea, 2, signed_at=NOW - A_MOMENT, before={"dose_mg": "84"}),
        unsigned=version(unsigned, cy, 2, **OPEN, edited_at=NOW, review_after=None, review_on=date(2026, 5, 4)),
        his=version(None, cy, 1, **OPEN, indication=""),
    )  # fmt: skip


@pytest.mark.alone
def test_a_version_counts_for_its_course_from_its_signature_on(clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        is_ = plans(clinic)
        of, course = PatientScope(is_.ana.pk), is_.draft.care_plan
        assert course is not None
        assert plan_queries.in_force(CourseScope(course.pk), NOW) == is_.second
        assert plan_queries.in_force_of([course.pk], NOW) == {course.pk: is_.second}
        assert plan_queries.in_force_of([course.pk], NOW - A_MOMENT) == {course.pk: is_.first}
        assert plan_queries.in_force_of_patient(of) == [is_.second]
        assert [plan_queries.before(each) for each in (is_.draft, is_.second, is_.first)] == [
            is_.second, is_.first, None,
        ]  # fmt: skip
        assert plan_queries.ordered_at(course, NOW - 2 * A_MOMENT).dose_mg == 28
        assert plan_queries.ordered_at(course, NOW).dose_mg == 56
        assert list(plan_queries.without_signed_plan()) == [is_.unsigned.care_plan]
        assert plan_queries.drafts_that_wait() == [is_.draft, is_.unsigned]

        rules = dose.doses_of(clinic.clinic.pk).rules
        begins = {each.pk: dose.first_of(each, rules, NOW.date()) is not None for each in (is_.first, is_.unsigned)}
        assert begins == {is_.first.pk: True, is_.unsigned.pk: True}
        assert dose.first_of(is_.second, rules, NOW.date()) is None


@pytest.mark.alone
def test_a_draft_is_of_one_course_of_one_patient(clinic: Cast):
    by = clinic.actor("nurse")
    with acting_as(by):
        is_ = plans(clinic)
        of, course, hers = PatientScope(is_.ana.pk), is_.draft.care_plan_id, is_.hers.care_plan_id
        assert plan_queries.draft_of(of, course) == is_.draft
        assert plan_queries.draft_of(of, None) == is_.blank
        assert plan_actions.draft(by=by, patient_id=is_.ana.pk, course_id=course, now=NOW) == is_.draft
        with pytest.raises(CarePlan.DoesNotExist):
            plan_actions.draft(by=by, patient_id=is_.ana.pk, course_id=hers, now=NOW)
        assert plan_actions.draft(by=by, patient_id=is_.bea.pk, course_id=hers, now=NOW).number == 3


@pytest.mark.alone
def test_one_course_runs_under_a_protocol_for_one_patient(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        is_ = plans(clinic)
        running = {
            each.pk: "course-running" in codes(clinic, each) for each in (is_.blank, is_.draft, is_.his, is_.unsigned)
        }
        # Ana's course runs under the spray; Cy's spray has ended, and his other course is an infusion.
        assert running == {is_.blank.pk: True, is_.draft.pk: False, is_.his.pk: False, is_.unsigned.pk: False}


@pytest.mark.alone
def test_a_check_is_one_persons_for_one_dose_of_one_version(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        is_, by = plans(clinic), colleague(clinic, "nurse")
        first = check(clinic, is_.draft, weight=None, amount="56")
        assert check(clinic, is_.draft, weight=None, amount="56") == first
        other = check(clinic, is_.unsigned, weight=None, amount="56")
        second = plan_actions.double_check(by=by, version_id=is_.draft.pk, weight_kg=None, amount=Decimal(56), now=NOW)
        is_.draft.fixed_mg = is_.draft.dose_mg = Decimal(84)
        is_.draft.save()
        higher = check(clinic, is_.draft, weight=None, amount="84")
        assert len({first.pk, other.pk, second.pk, higher.pk}) == 4
        assert [each.version for each in (first, other, second, higher)] == [
            is_.draft, is_.unsigned, is_.draft, is_.draft,
        ]  # fmt: skip
        assert higher.dose_mg == 84
