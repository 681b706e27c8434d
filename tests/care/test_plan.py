"""Courses of treatment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sojourn.care.patients import actions as patients
from sojourn.care.plan import actions, queries
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.asker import NotAllowed, as_asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.models import AuditEvent
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
IV = "iv_racemic_40min"


def patient(clinic: Cast):
    return patients.add(
        by=clinic.asker("prescriber"),
        given_name="Ana",
        family_name="Ruiz",
        birth_date=date(1980, 3, 12),
        now=NOW,
    )


def begin(clinic: Cast, patient_id: int, role="prescriber", **changes) -> CarePlan:
    values = {
        "indication": "Major depressive disorder", "protocol_id": IV, "dose_mg": Decimal("35"),
        "planned_sessions": 6, "started_on": date(2026, 3, 2), "now": NOW,
    } | changes  # fmt: skip
    return actions.begin(by=clinic.asker(role), patient_id=patient_id, **values)


def test_a_course_begins_and_ends(clinic: Cast):
    with as_asker(clinic.asker("prescriber")):
        who = patient(clinic)
        course = begin(clinic, who.pk, intention="Sleep again")
        assert course.title == queries.protocol(IV).rule.title
        assert queries.running(who.pk) == [course]
        ended = actions.end(by=clinic.asker("prescriber"), course_id=course.pk, ended_on=date(2026, 3, 2), now=NOW)
        assert ended.ended_on == date(2026, 3, 2)
        assert queries.running(who.pk) == []
        assert queries.of_patient(who.pk) == [course]
        assert list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))[1:] == [
            "course.begun", "course.ended",
        ]  # fmt: skip
        with pytest.raises(Refused) as refused:
            actions.end(by=clinic.asker("prescriber"), course_id=course.pk, ended_on=date(2026, 3, 2), now=NOW)
        assert refused.value.codes == ("ended",)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"protocol_id": "homeopathy"}, "protocol-unknown"),
        ({"indication": "  "}, "indication-missing"),
        ({"dose_mg": Decimal("0")}, "dose-not-positive"),
        ({"dose_mg": Decimal("-35")}, "dose-not-positive"),
        ({"planned_sessions": 0}, "no-sessions"),
        ({"started_on": date(1979, 1, 1)}, "before-birth"),
    ],
)
def test_a_senseless_course_is_refused(clinic: Cast, changes: dict, code: str):
    with as_asker(clinic.asker("prescriber")):
        who = patient(clinic)
        with pytest.raises(Refused) as refused:
            begin(clinic, who.pk, **changes)
        assert refused.value.codes == (code,)
        assert not CarePlan.objects.exists()


def test_every_fault_is_told_at_once(clinic: Cast):
    with as_asker(clinic.asker("prescriber")):
        who = patient(clinic)
        with pytest.raises(Refused) as refused:
            begin(clinic, who.pk, indication="", dose_mg=Decimal(0))
        assert refused.value.codes == ("indication-missing", "dose-not-positive")


def test_the_same_protocol_runs_once_at_a_time(clinic: Cast):
    with as_asker(clinic.asker("prescriber")):
        who = patient(clinic)
        first = begin(clinic, who.pk)
        with pytest.raises(Refused) as refused:
            begin(clinic, who.pk)
        assert refused.value.codes == ("course-running",)
        begin(clinic, who.pk, protocol_id="im")
        actions.end(by=clinic.asker("prescriber"), course_id=first.pk, ended_on=date(2026, 3, 2), now=NOW)
        begin(clinic, who.pk)


@pytest.mark.parametrize(
    ("ended_on", "code"), [(date(2026, 3, 1), "ended-before-begun"), (date(2026, 3, 3), "ends-in-future")]
)
def test_an_impossible_end_is_refused(clinic: Cast, ended_on: date, code: str):
    with as_asker(clinic.asker("prescriber")):
        course = begin(clinic, patient(clinic).pk)
        with pytest.raises(Refused) as refused:
            actions.end(by=clinic.asker("prescriber"), course_id=course.pk, ended_on=ended_on, now=NOW)
        assert refused.value.codes == (code,)


def test_only_prescribers_plan(clinic: Cast):
    with as_asker(clinic.asker("prescriber")):
        who = patient(clinic)
        for role in ("nurse", "therapist", "front_desk", "clinic_admin", "auditor"):
            with pytest.raises(NotAllowed):
                begin(clinic, who.pk, role=role)


def test_the_chair_is_needed_for_dose_and_observation():
    # Rule files, worked by hand: infusion 40 min + 80 min after it (checks end 120 min after the start, fact base);
    # esketamine spray: the label's two hours; injection: two hours.
    assert queries.proposed_minutes(IV) == 120
    assert queries.proposed_minutes("in_esketamine") == 120
    assert queries.proposed_minutes("im") == 120
    assert queries.proposed_minutes("homeopathy") is None
