"""Courses of treatment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from sojourn.care.chart.queries import content_hash as record_hash
from sojourn.care.chart.queries import session_record
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose, gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.care.plan.parts import Goal, PlanPart
from sojourn.clinical.dosing import Milligrams
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import CourseScope, PatientScope, SessionScope
from tests.care.adopting import as_typed
from tests.care.ceilings import adopt_ceilings
from tests.care.stage import adopt_everything, to_dosing
from tests.care.way import IV, signed_course, unplanned_course
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


def patient(clinic: Cast, given_name: str = "Ana"):
    return patients_actions.add(
        by=clinic.actor("prescriber"),
        given_name=given_name,
        family_name="Ruiz",
        birth_date=date(1980, 3, 12),
        now=NOW,
    )


def test_a_course_ends(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        who = patient(clinic)
        course = signed_course(clinic, who, at=NOW)
        assert course.title == plan_queries.protocol(IV).rule.title
        assert plan_queries.running(PatientScope(who.pk)) == [course]
        ended = plan_actions.end(by=clinic.actor("prescriber"), course_id=course.pk, ended_on=date(2026, 3, 2), now=NOW)
        assert ended.ended_on == date(2026, 3, 2)
        assert plan_queries.running(PatientScope(who.pk)) == []
        assert plan_queries.of_patient(PatientScope(who.pk)) == [course]
        assert AuditEvent.objects.latest("seq").action == "course.ended"
        with pytest.raises(ActionRefused) as refused:
            plan_actions.end(by=clinic.actor("prescriber"), course_id=course.pk, ended_on=date(2026, 3, 2), now=NOW)
        assert refused.value.codes == ("ended",)


@pytest.mark.parametrize(
    ("ended_on", "code"), [(date(2026, 3, 1), "ended-before-begun"), (date(2026, 3, 3), "ends-in-future")]
)
def test_an_impossible_end_is_refused(clinic: Cast, ended_on: date, code: str):
    with acting_as(clinic.actor("prescriber")):
        course = signed_course(clinic, patient(clinic), at=NOW)
        with pytest.raises(ActionRefused) as refused:
            plan_actions.end(by=clinic.actor("prescriber"), course_id=course.pk, ended_on=ended_on, now=NOW)
        assert refused.value.codes == (code,)


def test_the_chair_is_needed_for_dose_and_observation():
    # Rule files, worked by hand: infusion 40 min + 80 min after it (checks end 120 min after the start, fact base);
    # esketamine spray: the label's two hours; injection: two hours.
    assert plan_queries.proposed_minutes(IV) == 120
    assert plan_queries.proposed_minutes("in_esketamine") == 120
    assert plan_queries.proposed_minutes("im") == 120
    assert plan_queries.proposed_minutes("homeopathy") is None


def test_the_chair_is_needed_as_long_as_the_clinic_has_tightened(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        assert plan_queries.proposed_minutes(IV, clinic.clinic.pk) == 120
        rulebook_actions.adopt(by=by, rule_id=IV, parameters=as_typed(IV, min_observation=110))
        assert plan_queries.proposed_minutes(IV, clinic.clinic.pk) == 150
        assert plan_queries.proposed_minutes(IV, clinic.clinic.pk, Decimal(60)) == 170
        assert {each.id: plan_queries.minutes_of(each) for each in plan_queries.protocols_of(clinic.clinic.pk)}[
            IV
        ] == 150


# ---------------------------------------------------------------- versions of the plan

TODAY = date(2026, 3, 2)
# 0.5 mg/kg x 70 kg = 35 mg base (Andrade 2017); 50 mg/mL made up to 50 mL over 40 minutes.
VALUES = {
    "indication": "Major depressive disorder", "protocol_id": IV, "per_kg": Decimal("0.5"), "weight_kg": Decimal("70"),
    "weight_on": TODAY, "round_mg": Decimal("0.5"), "round_direction": "nearest", "over_min": Decimal(40),
    "stock_mg_per_ml": Decimal(50), "total_ml": Decimal(50), "sessions": 6, "min_days": 2, "max_days": 4,
    "starts_on": TODAY, "review_after": 6, "goals": (Goal("Sleep through the night", "line-1"),),
    "parts": (PlanPart("cbt", "Dr. Vale", 1, "week"), PlanPart("group", "The Tuesday group", 2, "month")),
}  # fmt: skip


@pytest.fixture
def free(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Candidacy and consent as the test wants them, both stand unless it says otherwise; the ceilings are adopted."""
    adopt_ceilings(clinic)
    way = {"reasons": (), "conditions": (), "asked": []}

    def answer(of: PatientScope, route: str, drug: str, on: date) -> gates.Gates:
        way["asked"].append((of.patient_id, route, drug))
        return gates.Gates(way["reasons"], way["conditions"])

    monkeypatch.setattr(gates, "gates", answer)
    return way


def colleague(clinic: Cast, role: str = "prescriber"):
    """A second member of a role."""
    person = Person.objects.create_user(f"second-{role}@{clinic.clinic.slug}.example", None)
    return actor_of(Membership.objects.create(clinic=clinic.clinic, person=person, role=role, name="Second"))


def drafted(clinic: Cast, patient_id: int, role: str = "prescriber", course_id=None, **changes) -> PlanVersion:
    by = clinic.actor(role)
    version = plan_actions.draft(by=by, patient_id=patient_id, course_id=course_id, now=NOW)
    return plan_actions.save_draft(
        by=by, version_id=version.pk, seen=version.revision, values=VALUES | changes, now=NOW
    )  # fmt: skip


def check(clinic: Cast, version: PlanVersion, role: str = "nurse", weight="70", amount="0.5") -> DoubleCheck:
    return plan_actions.double_check(
        by=clinic.actor(role), version_id=version.pk, weight_kg=weight and Decimal(weight), amount=Decimal(amount),
        now=NOW,
    )  # fmt: skip


def sign(clinic: Cast, version: PlanVersion, role: str = "prescriber", now=NOW, **more) -> PlanVersion:
    fresh = plan_queries.version(version.pk)
    return plan_actions.sign(
        by=clinic.actor(role), version_id=version.pk, now=now, **{"seen_hash": dose.content_hash(fresh)} | more
    )


def codes(clinic: Cast, version: PlanVersion, **more) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as refused:
        sign(clinic, version, **more)
    return refused.value.codes


@pytest.mark.alone
def test_from_draft_to_a_course(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        who = patient(clinic)
        version = drafted(clinic, who.pk)
        assert (version.number, version.care_plan, version.dose_mg) == (1, None, Decimal("35.00"))
        assert (version.route, version.drug) == ("iv", "ketamine")
        assert version.working[0] == {
            "step": "dose", "given": [["0.5", "mg/kg"], ["70", "kg"]], "result": ["35", "mg"],
        }  # fmt: skip
        assert {each["rule"] for each in version.rules} >= {"dose.iv.ketamine", "dose.salt", "dose.iv.concentration"}
        assert plan_queries.running(PatientScope(who.pk)) == []
        check(clinic, version)
        signed = sign(clinic, version)
        course = signed.care_plan
        assert course is not None
        assert (course.dose_mg, course.planned_sessions, course.protocol_id) == (Decimal("35.00"), 6, IV)
        assert (course.indication, course.started_on) == ("Major depressive disorder", TODAY)
        assert free["asked"] == [(who.pk, "iv", "ketamine")]
        assert plan_queries.in_force(CourseScope(course.pk), NOW) == signed
        assert plan_queries.in_force(CourseScope(course.pk), NOW - timedelta(seconds=1)) is None
        assert plan_queries.unchanged(plan_queries.version(signed.pk))
        assert list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))[2:] == [
            "plan.drafted", "plan.edited", "plan.checked", "fact.entered", "plan.signed",
        ]  # fmt: skip


def test_a_signed_version_is_frozen_by_the_database(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
        signed = sign(clinic, version)
        for change in ({"dose_mg": Decimal(350)}, {"signed_at": None}, {"goals": []}):
            with pytest.raises(IntegrityError), transaction.atomic():
                PlanVersion.objects.filter(pk=signed.pk).update(**change)
        with pytest.raises(ActionRefused) as refused:
            plan_actions.save_draft(
                by=clinic.actor("prescriber"), version_id=signed.pk, seen=signed.revision,
                values={"per_kg": Decimal("0.75")}, now=NOW,
            )  # fmt: skip
        assert refused.value.codes == ("signed",)


@pytest.mark.alone
def test_a_replayed_signature_signs_nothing(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
        seen = dose.content_hash(plan_queries.version(version.pk))
        sign(clinic, version, seen_hash=seen)
        assert codes(clinic, version, seen_hash=seen) == ("signed",)
        assert CarePlan.objects.count() == 1
        other = drafted(clinic, patient(clinic, "Bea").pk)
        assert codes(clinic, other, seen_hash=seen) == ("changed",)  # a signature of one plan is none of another


def test_two_prescribers_edit_the_same_draft(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        seen = version.revision
        plan_actions.save_draft(
            by=colleague(clinic), version_id=version.pk, seen=seen, values={"sessions": 8}, now=NOW
        )  # fmt: skip
        with pytest.raises(Overtaken):
            plan_actions.save_draft(
                by=clinic.actor("prescriber"), version_id=version.pk, seen=seen, values={"sessions": 4}, now=NOW
            )
        assert PlanVersion.objects.get(pk=version.pk).sessions == 8


def test_the_page_does_not_overtake_itself(clinic: Cast):
    """It saves as one goes; the button pressed meanwhile carries the revision from before."""
    by = clinic.actor("prescriber")

    def saved(sessions: int, seen: int, seconds: int = 0) -> PlanVersion:
        now = NOW + timedelta(seconds=seconds)
        return plan_actions.save_draft(by=by, version_id=version.pk, seen=seen, values={"sessions": sessions}, now=now)

    with acting_as(by):
        version = drafted(clinic, patient(clinic).pk)
        seen = version.revision
        saved(8, seen)
        assert saved(4, seen, seconds=1).sessions == 4
        with pytest.raises(Overtaken):
            saved(5, seen, seconds=2)  # two saves behind: another tab
        with pytest.raises(Overtaken):
            saved(5, seen + 1, seconds=60)  # long ago: another tab
        assert PlanVersion.objects.get(pk=version.pk).sessions == 4


def test_what_was_not_read_is_not_signed(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
        read = dose.content_hash(plan_queries.version(version.pk))
        plan_actions.save_draft(
            by=clinic.actor("therapist"), version_id=version.pk, seen=version.revision,
            values={"intention": "Dance again"}, now=NOW,
        )  # fmt: skip
        assert codes(clinic, version, seen_hash=read) == ("changed",)


def test_saving_the_same_again_writes_nothing(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        again = drafted(clinic, version.patient_id)
        assert (again.pk, again.revision) == (version.pk, version.revision)
        assert AuditEvent.objects.filter(action="plan.edited").count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weight_kg": Decimal(700)}, "weight-implausible"),
        ({"weight_kg": Decimal(7)}, "weight-implausible"),
        ({"per_kg": Decimal(0)}, "not-positive:per_kg"),
        ({"sessions": -1}, "not-positive:sessions"),
        ({"protocol_id": "homeopathy"}, "protocol-unknown"),
        ({"min_days": 5, "max_days": 4}, "days-cross"),
        ({"round_direction": "up"}, "rounding"),
        ({"parts": (PlanPart("seance", "Dr. Vale", 1, "week"),)}, "part-kind"),
        ({"parts": (PlanPart("cbt", "", 1, "week"),)}, "part-who"),
        ({"parts": (PlanPart("cbt", "Dr. Vale", 99, "week"),)}, "part-times"),
        ({"goals": tuple(Goal(f"Goal {n}") for n in range(13))}, "too-many-goals"),
    ],
)
def test_what_cannot_be_is_not_saved(clinic: Cast, changes: dict, code: str):
    with acting_as(clinic.actor("prescriber")):
        who = patient(clinic)
        with pytest.raises(ActionRefused) as refused:
            drafted(clinic, who.pk, **changes)
        assert refused.value.codes == (code,)


# ---------------------------------------------------------------- the double check


def test_nobody_checks_her_own_dose(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk, role="nurse")
        with pytest.raises(ActionRefused) as refused:
            check(clinic, version, role="nurse")
        assert refused.value.codes == ("own-dose",)
        assert check(clinic, version, role="prescriber").dose_mg == Decimal("35.00")


@pytest.mark.alone
def test_a_check_with_other_figures_says_both_and_keeps_nothing(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        with pytest.raises(ActionRefused) as refused:
            check(clinic, version, weight="80")
        assert refused.value.codes == ("weight-differs", "dose-differs")
        said = " ".join(str(each) for each in refused.value.reasons)
        assert all(figure in said for figure in ("70 kg", "80 kg", "35 mg", "40 mg"))
        with pytest.raises(ActionRefused) as refused:
            check(clinic, version, amount="0.05")
        assert refused.value.codes == ("amount-differs", "dose-differs")
        assert not DoubleCheck.objects.exists()


def test_a_check_counts_for_the_dose_that_was_checked_alone(clinic: Cast, free: dict):
    by = clinic.actor("prescriber")
    with acting_as(by):
        version = drafted(clinic, patient(clinic).pk)
        first = check(clinic, version)
        assert check(clinic, version).pk == first.pk  # a double click
        version = plan_actions.save_draft(
            by=by, version_id=version.pk, seen=version.revision, values={"sessions": 8}, now=NOW
        )
        assert plan_queries.standing_check(plan_queries.version(version.pk)) == first
        plan_actions.save_draft(
            by=by, version_id=version.pk, seen=version.revision, values={"weight_kg": Decimal(72)}, now=NOW
        )
        assert plan_queries.standing_check(plan_queries.version(version.pk)) is None
        assert codes(clinic, version) == ("not-checked",)


def test_a_spray_is_checked_without_a_weight(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(
            clinic, patient(clinic).pk, protocol_id="in_esketamine", per_kg=None, weight_kg=None, weight_on=None,
            fixed_mg=Decimal(56), over_min=None, stock_mg_per_ml=None, total_ml=None,
        )  # fmt: skip
        assert version.dose_mg == Decimal("56.00")
        with pytest.raises(ActionRefused) as refused:
            check(clinic, version, weight=None, amount="84")
        assert refused.value.codes == ("amount-differs", "dose-differs")
        assert check(clinic, version, weight=None, amount="56").dose_mg == Decimal("56.00")


# ---------------------------------------------------------------- what a signature needs


def test_an_empty_draft_names_all_that_is_missing(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = plan_actions.draft(by=clinic.actor("prescriber"), patient_id=patient(clinic).pk, now=NOW)
        assert codes(clinic, version) == (
            "incomplete:indication", "incomplete:protocol_id", "incomplete:dose_mg", "incomplete:sessions",
            "incomplete:min_days", "incomplete:max_days", "incomplete:starts_on", "incomplete:review", "not-checked",
        )  # fmt: skip


def test_candidacy_and_consent_must_stand(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
        free["reasons"] = (("candidacy", "Nobody has decided yet."), ("consent", "Not signed."))
        assert codes(clinic, version) == ("candidacy", "consent")
        free["reasons"], free["conditions"] = (), ("ECG before the second session",)
        assert sign(clinic, version).standing == {"conditions": ["ECG before the second session"]}


def test_a_stale_weight_is_not_signed_once_the_clinic_limits_it(clinic: Cast, free: dict):
    """The rule says 30 days and is a convention: it acts only after adoption."""
    with acting_as(clinic.actor("prescriber")):
        old = drafted(clinic, patient(clinic).pk, weight_on=TODAY - timedelta(days=31))
        check(clinic, old)
        rulebook_actions.adopt(
            by=clinic.actor("prescriber"), rule_id="dose.weight_age", parameters=as_typed("dose.weight_age")
        )
        assert codes(clinic, old) == ("weight-stale",)
        assert sign(clinic, old, now=NOW - timedelta(days=1)).signed_at == NOW - timedelta(days=1)


def test_a_prescriber_goes_outside_of_what_was_studied_with_a_reason(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk, per_kg=Decimal("0.08"))
        check(clinic, version, amount="0.08")
        assert codes(clinic, version) == ("outside-range", "beyond-reason")
        assert codes(clinic, version, beyond_reason="   ") == ("outside-range", "beyond-reason")
        signed = sign(clinic, version, beyond_reason="Very anxious after 0.1 mg/kg, begins lower")
        assert [each["code"] for each in signed.beyond] == ["outside-range"]
        assert signed.beyond_reason == "Very anxious after 0.1 mg/kg, begins lower"
        ordered = dose.ordered_of(plan_queries.version(signed.pk))
        assert ordered is not None
        assert (ordered.dose, ordered.accepted) == (Milligrams.of("5.5"), ("outside-range",))


def test_never_is_never_whatever_the_reason(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        undiluted = drafted(clinic, patient(clinic).pk, stock_mg_per_ml=Decimal(100), total_ml=None)
        check(clinic, undiluted)
        assert codes(clinic, undiluted, beyond_reason="I want to") == ("concentration-not-allowed",)
        adopt_everything(clinic)
        anaesthetic = drafted(
            clinic, patient(clinic, "Bea").pk, protocol_id="im", per_kg=Decimal("6.5"), over_min=None, total_ml=None
        )
        check(clinic, anaesthetic, amount="6.5")
        assert codes(clinic, anaesthetic, beyond_reason="I want to") == ("another-use", "above-ceiling")


# What passed with a typed reason at 0.1.0 (case C4). 3,000,000 mL/h: 20,000 mL in 0.4 minutes.
@pytest.mark.parametrize(
    ("changes", "amount", "code"),
    [
        ({"per_kg": Decimal(50), "total_ml": Decimal(100)}, "50", "above-ceiling"),  # 3,500 mg
        ({"per_kg": Decimal(1), "over_min": Decimal(1), "total_ml": None}, "1", "above-ceiling"),  # a push: anaesthesia
        ({"over_min": None, "total_ml": None}, "0.5", "minutes-missing"),
        ({"over_min": Decimal("0.4"), "total_ml": Decimal(20_000)}, "0.5", "rate-out-of-range"),
        ({"protocol_id": "in_esketamine", "fixed_mg": Decimal(840)}, "840", "above-ceiling"),
        ({"protocol_id": "in_esketamine", "fixed_mg": Decimal(112)}, "112", "not-a-studied-dose"),
        ({"protocol_id": "in_esketamine", "fixed_mg": Decimal(40)}, "40", "not-a-studied-dose"),
        ({"protocol_id": "in_esketamine", "fixed_mg": Decimal(14)}, "14", "not-a-studied-dose"),
    ],
)
def test_no_reason_signs_a_dose_above_its_ceiling(clinic: Cast, free: dict, changes: dict, amount: str, code: str):
    by_weight = "fixed_mg" not in changes
    bare = (
        {}
        if by_weight
        else dict.fromkeys(("per_kg", "weight_kg", "weight_on", "over_min", "stock_mg_per_ml", "total_ml"))
    )
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk, **bare | changes)
        check(clinic, version, weight="70" if by_weight else None, amount=amount)
        assert code in codes(clinic, version, beyond_reason="I am sure")


def test_without_an_adopted_ceiling_a_draft_is_written_and_not_signed(clinic: Cast, free: dict):
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.retire(by=by, rule_id="dose.ceiling.iv.ketamine", reason="We give no infusions")
        version = drafted(clinic, patient(clinic).pk)
        assert version.dose_mg == Decimal("35.00")
        check(clinic, version)
        assert codes(clinic, version, beyond_reason="I am sure") == ("no-ceiling",)
        rulebook_actions.adopt(
            by=by, rule_id="dose.ceiling.iv.ketamine", parameters=as_typed("dose.ceiling.iv.ketamine")
        )
        assert sign(clinic, version).signed_at == NOW


def test_a_clinics_own_lower_ceiling_is_asked_at_the_signature(clinic: Cast, free: dict):
    by = clinic.actor("prescriber")
    with acting_as(by):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
        rulebook_actions.adopt(
            by=by, rule_id="dose.ceiling.iv.ketamine", parameters=as_typed("dose.ceiling.iv.ketamine", slow=0.4)
        )
        assert codes(clinic, version, beyond_reason="I am sure") == ("above-ceiling",)


@pytest.mark.parametrize(("place", "asked"), [("GB", True), ("DE", True), ("US-CA", False)])
def test_the_first_dose_at_65_is_the_labels_of_the_place(clinic: Cast, free: dict, place: str, asked: bool):
    """Spravato at 65 or over begins with 28 mg by the labels of GB and the EU, not by the one of the US."""
    by = clinic.actor("prescriber")
    spray = {"protocol_id": "in_esketamine", "fixed_mg": Decimal(56), **dict.fromkeys(
        ("per_kg", "weight_kg", "weight_on", "over_min", "stock_mg_per_ml", "total_ml"))}  # fmt: skip
    with acting_as(by):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(jurisdiction=place)
        who = patients_actions.add(by=by, given_name="Ana", family_name="Ruiz", birth_date=date(1960, 3, 12), now=NOW)
        version = drafted(clinic, who.pk, **spray)
        check(clinic, version, weight=None, amount="56")
        if asked:
            assert codes(clinic, version) == ("start-dose", "beyond-reason")
        signed = sign(clinic, version, beyond_reason="Had 56 mg elsewhere last month")
        assert [each["code"] for each in signed.beyond] == (["start-dose"] if asked else [])
        later = drafted(
            clinic, who.pk, course_id=signed.care_plan_id, change_reason="More sessions", **spray | {"sessions": 8}
        )
        assert dose.first_of(later, dose.doses_of(by.own_clinic_id).rules, TODAY) is None


def test_a_clinics_own_narrower_range_counts(clinic: Cast, free: dict):
    by = clinic.actor("prescriber")
    with acting_as(by):
        version = drafted(clinic, patient(clinic).pk, per_kg=Decimal("0.6"))
        check(clinic, version, amount="0.6")
        rulebook_actions.adopt(by=by, rule_id="dose.iv.ketamine", parameters=as_typed("dose.iv.ketamine", high=0.5))
        assert codes(clinic, version) == ("outside-range", "beyond-reason")


# ---------------------------------------------------------------- the next version


def test_a_new_version_supersedes_from_its_signature_on(clinic: Cast, free: dict):
    by, later = clinic.actor("prescriber"), NOW + timedelta(days=7)
    with acting_as(by):
        first = drafted(clinic, patient(clinic).pk)
        check(clinic, first)
        first = sign(clinic, first)
        course = first.care_plan
        assert course is not None
        second = drafted(clinic, first.patient_id, course_id=course.pk, per_kg=Decimal("0.6"))
        assert (second.number, second.goals) == (2, first.goals)
        check(clinic, second, amount="0.6")
        assert plan_queries.in_force(CourseScope(course.pk), later) == first
        assert codes(clinic, second) == ("change-reason",)
        second = plan_actions.save_draft(
            by=by, version_id=second.pk, seen=second.revision, values={"change_reason": "Partial response"}, now=NOW
        )
        sign(clinic, second, now=later)
        course.refresh_from_db()
        assert course.dose_mg == Decimal("42.00")  # 0.6 mg/kg x 70 kg
        assert plan_queries.in_force(CourseScope(course.pk), later) == second
        assert plan_queries.in_force(CourseScope(course.pk), later - timedelta(seconds=1)) == first
        assert plan_queries.ordered_at(course, later - timedelta(seconds=1)).dose_mg == Decimal("35.00")
        assert plan_queries.ordered_at(course, later).dose_mg == Decimal("42.00")
        assert plan_queries.before(second) == first
        assert plan_queries.in_force_of_patient(PatientScope(first.patient_id)) == [second]


@pytest.mark.alone
def test_another_route_asks_for_consent_again(clinic: Cast, free: dict):
    by = clinic.actor("prescriber")
    with acting_as(by):
        first = drafted(clinic, patient(clinic).pk)
        check(clinic, first)
        course = sign(clinic, first).care_plan
        assert course is not None
        second = drafted(
            clinic, first.patient_id, course_id=course.pk, protocol_id="in_esketamine", per_kg=None, weight_kg=None,
            weight_on=None, fixed_mg=Decimal(56), over_min=None, stock_mg_per_ml=None, total_ml=None,
            change_reason="No veins",
        )  # fmt: skip
        check(clinic, second, weight=None, amount="56")
        sign(clinic, second, now=NOW + timedelta(days=1))
        assert free["asked"][-1] == (first.patient_id, "in", "esketamine")
        course.refresh_from_db()
        assert (course.protocol_id, course.dose_mg) == ("in_esketamine", Decimal("56.00"))
        assert plan_queries.ordered_at(course, NOW).protocol_id == IV


def test_a_course_of_an_earlier_release_gets_its_first_version_later(clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        course = unplanned_course(clinic, patient(clinic), at=NOW)
        assert plan_queries.in_force(CourseScope(course.pk)) is None
        blank = plan_actions.draft(by=clinic.actor("nurse"), patient_id=course.patient_id, course_id=course.pk, now=NOW)
        assert (blank.protocol_id, blank.route, blank.sessions, blank.intention) == (IV, "iv", 6, "Sleep again")
        version = drafted(clinic, course.patient_id, course_id=course.pk, per_kg=Decimal("0.4"))
        check(clinic, version, amount="0.4")
        sign(clinic, version, now=NOW + timedelta(days=1))
        assert plan_queries.ordered_at(course, NOW).dose_mg == Decimal("35.00")
        course.refresh_from_db()
        assert course.dose_mg == Decimal("28.00")


def test_a_plan_signed_later_changes_no_record_of_a_session(clinic: Cast, free: dict):
    adopt_everything(clinic)
    by = clinic.actor("prescriber")
    with acting_as(by):
        stage = to_dosing(clinic, at=NOW)
        before = session_record(SessionScope(stage.id), now=NOW)
        course = stage.appointment.care_plan
        version = drafted(clinic, stage.patient.pk, course_id=course.pk, per_kg=Decimal("0.6"), change_reason="Partly")
        check(clinic, version, amount="0.6")
        sign(clinic, version, now=NOW + timedelta(hours=3))
        after = session_record(SessionScope(stage.id), now=NOW)
        assert after.plan == before.plan
        assert record_hash(after) == record_hash(before)


def test_one_open_draft_at_a_time_and_it_can_be_thrown_away(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        who = patient(clinic)
        first = plan_actions.draft(by=clinic.actor("nurse"), patient_id=who.pk, now=NOW)
        assert plan_actions.draft(by=clinic.actor("prescriber"), patient_id=who.pk, now=NOW) == first
        plan_actions.discard(by=clinic.actor("nurse"), version_id=first.pk, now=NOW)
        with pytest.raises(ActionRefused) as refused:
            plan_actions.discard(by=clinic.actor("nurse"), version_id=first.pk, now=NOW)
        assert refused.value.codes == ("discarded",)
        assert plan_actions.draft(by=clinic.actor("nurse"), patient_id=who.pk, now=NOW).pk != first.pk
        assert plan_queries.versions_of_patient(PatientScope(who.pk))[0].pk != first.pk


def test_another_clinic_sees_nothing_of_it(clinic: Cast, other_clinic: Cast, free: dict):
    with acting_as(clinic.actor("prescriber")):
        version = drafted(clinic, patient(clinic).pk)
        check(clinic, version)
    with acting_as(other_clinic.actor("prescriber")):
        assert not PlanVersion.objects.exists()
        assert not DoubleCheck.objects.exists()
        with pytest.raises(PlanVersion.DoesNotExist):
            plan_actions.sign(by=other_clinic.actor("prescriber"), version_id=version.pk, seen_hash="", now=NOW)


def test_a_patient_sees_the_own_plan_alone(clinic: Cast):
    from dataclasses import replace

    with acting_as(clinic.actor("prescriber")):
        mine, other = patient(clinic), patient(clinic, "Bea")
        drafted(clinic, mine.pk)
        drafted(clinic, other.pk)
    with acting_as(replace(clinic.actor("front_desk"), patient_id=mine.pk, permissions=frozenset({"own.read"}))):
        assert [each.patient_id for each in PlanVersion.objects.all()] == [mine.pk]
