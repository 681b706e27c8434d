"""Which rules act in a clinic: a prescriber's decision, stricter numbers only, and nothing seen across clinics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from sojourn.clinical.alarms import Priority
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.actions import SetRefused, adopt, adopt_set, retire, second_sign
from sojourn.foundation.rulebook.models import CeilingRaise, RuleAdoption
from tests.care.adopting import as_typed, typed_each
from tests.conftest import Cast

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def test_nothing_unverified_acts_before_it_is_adopted(clinic: Cast):
    with acting_as(clinic.actor("prescriber")):
        acting = rulebook_queries.acting_rules(clinic.clinic.pk).values()
        assert all(each.verification == "verified" for each in acting)
        assert rulebook_queries.alarm_rules(clinic.clinic.pk, "iv") == ()
        assert rulebook_queries.protocol(clinic.clinic.pk, "iv_racemic_40min") is None
        waiting = {each.newest.id for each in rulebook_queries.standings(clinic.clinic.pk) if each.waits}
    assert "spo2.low" in waiting
    assert "news2" not in waiting


def test_a_prescriber_adopts_with_stricter_numbers(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        adopt(
            by=by,
            rule_id="spo2.low",
            parameters=as_typed("spo2.low", high=91, medium=94),
            rule_hash=released_rulebook().rule("spo2.low").hash,
        )
        adopt(by=by, rule_id="escalation", parameters=as_typed("escalation", high=30))
        row = RuleAdoption.objects.get(rule_id="spo2.low")
        assert (row.version, row.parameters, row.rule_hash) == (
            2,
            {"high": 91.0},
            released_rulebook().rule("spo2.low").hash,
        )
        (alarm,) = rulebook_queries.alarm_rules(clinic.clinic.pk, "iv")
        assert [(each.limit, each.priority) for each in alarm.levels] == [(94, Priority.MEDIUM), (91, Priority.HIGH)]
        assert alarm.escalate[Priority.HIGH] == timedelta(seconds=30)
        said = AuditEvent.objects.filter(action="rule.adopt").order_by("seq")
        assert [each.detail["rule"] for each in said] == ["spo2.low", "escalation"]


def test_loosening_is_refused_with_every_reason(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        with pytest.raises(ActionRefused) as refused:
            adopt(by=by, rule_id="spo2.low", parameters=as_typed("spo2.low", high=85, medium=80, colour=3))
        assert refused.value.codes == ("loosened",) * 3
        assert RuleAdoption.objects.count() == 0


def test_what_was_read_is_what_is_adopted(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        for kwargs, code in (
            ({"rule_id": "spo2.low", "rule_hash": "0" * 64}, "rule-changed"),
            ({"rule_id": "phlogiston"}, "unknown-rule"),
            ({"rule_id": "spo2.low", "now": datetime(2026, 11, 1, tzinfo=UTC)}, "not-in-effect"),
        ):
            with pytest.raises(ActionRefused) as refused:
                adopt(by=by, **kwargs)
            assert refused.value.codes == (code,)


def test_retiring_ends_it_and_the_past_stays_readable(clinic: Cast):
    by, pk = clinic.actor("prescriber"), clinic.clinic.pk
    with acting_as(by):
        adopt(by=by, rule_id="im", parameters=as_typed("im", min_observation=150), now=NOW)
        with pytest.raises(ActionRefused):
            retire(by=by, rule_id="im", reason=" ", now=NOW)
        retire(by=by, rule_id="im", reason="no injections here", now=NOW + timedelta(days=1))
        assert rulebook_queries.protocol(pk, "im", NOW - timedelta(minutes=1)) is None
        then = rulebook_queries.protocol(pk, "im", NOW + timedelta(hours=1))
        assert then is not None
        assert then.number("min_observation") == 150
        assert rulebook_queries.protocol(pk, "im", NOW + timedelta(days=2)) is None
        with pytest.raises(ActionRefused) as refused:
            retire(by=by, rule_id="im", reason="again")
        assert refused.value.codes == ("not-adopted",)


def test_an_adoption_of_other_content_does_not_act(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        RuleAdoption.objects.create(
            clinic_id=by.clinic_id, rule_id="spo2.low", version=1, rule_hash="0" * 64, parameters={},
            adopted_at=NOW, adopted_by_id=by.membership_id,
        )  # fmt: skip
        assert "spo2.low" not in rulebook_queries.acting_rules(clinic.clinic.pk)


def test_a_clinic_sees_and_changes_only_its_own(clinic: Cast, other_clinic: Cast):
    by, other = clinic.actor("prescriber"), other_clinic.actor("prescriber")
    with acting_as(by):
        adopt(by=by, rule_id="spo2.low", parameters=as_typed("spo2.low"))
    with acting_as(other):
        assert RuleAdoption.objects.count() == 0
        assert "spo2.low" not in rulebook_queries.acting_rules(clinic.clinic.pk)
        with pytest.raises(ActionRefused):
            retire(by=other, rule_id="spo2.low", reason="not mine")
    with acting_as(by), pytest.raises(DatabaseError), transaction.atomic():
        RuleAdoption.objects.filter(rule_id="spo2.low").update(retired=True)


def test_one_query(clinic: Cast, django_assert_num_queries):
    with acting_as(clinic.actor("prescriber")):
        connection.ensure_connection()
        with django_assert_num_queries(1):
            rulebook_queries.alarm_rules(clinic.clinic.pk, "iv", "ketamine")


# ---------------------------------------------------------------- a set, by one signature


def hashes(*names: str) -> dict[str, str]:
    return {name: released_rulebook().rule(name).hash for name in names}


def test_a_set_is_adopted_by_one_signature_with_one_audit_row(clinic: Cast, django_assert_num_queries):
    by = clinic.actor("prescriber")
    shown = hashes("spo2.low", "CI-MI-6W", "interaction.memantine")
    with acting_as(by):
        connection.ensure_connection()
        rows = adopt_set(
            by=by,
            shown=shown,
            signature=f"  {by.name.upper()} ",
            parameters=typed_each(shown) | {"CI-MI-6W": {"days": 56}},
            now=NOW,
        )
        assert {each.rule_id: each.parameters for each in rows} == {
            "spo2.low": {}, "CI-MI-6W": {"days": 56}, "interaction.memantine": {},
        }  # fmt: skip
        event = AuditEvent.objects.get(action__startswith="rule.")
        assert (event.action, event.detail["n"]) == ("rule.adopt_set", 3)
        assert {each["id"]: each["hash"] for each in event.detail["rules"]} == shown
        assert (
            adopt_set(by=by, shown=shown, signature=by.name, parameters=typed_each(shown) | {"CI-MI-6W": {"days": 56}})
            == []
        )
        assert RuleAdoption.objects.count() == 3
        assert rulebook_queries.acting_rules(clinic.clinic.pk)["CI-MI-6W"].number("days") == 56


def test_all_of_a_set_or_none(clinic: Cast):
    by = clinic.actor("prescriber")
    known = hashes("spo2.low", "hr.high", "CI-MI-6W")
    shown = {**known, "hr.low": "0" * 64, "phlogiston": "1" * 64}
    with acting_as(by):
        with pytest.raises(SetRefused) as refused:
            adopt_set(by=by, shown=shown, signature=by.name, parameters=typed_each(known) | {"CI-MI-6W": {"days": 30}})
        assert {name: each.codes for name, each in refused.value.by_rule.items()} == {
            "CI-MI-6W": ("loosened",), "hr.low": ("rule-changed",), "phlogiston": ("unknown-rule",),
        }  # fmt: skip
        for kwargs, code in (
            ({"shown": {}, "signature": by.name}, "nothing-chosen"),
            ({"shown": hashes("spo2.low"), "signature": ""}, "signature-wrong"),
            ({"shown": hashes("spo2.low"), "signature": "Somebody Else"}, "signature-wrong"),
        ):
            with pytest.raises(ActionRefused) as why:
                adopt_set(by=by, **kwargs)
            assert why.value.codes == (code,)
        assert RuleAdoption.objects.count() == 0
        assert not AuditEvent.objects.filter(action__startswith="rule.").exists()


def test_candidacy_sees_what_acts_and_what_nobody_adopted(clinic: Cast, django_assert_num_queries):
    by, pk = clinic.actor("prescriber"), clinic.clinic.pk
    with acting_as(by):
        before = {each.id: each.adopted for each in rulebook_queries.eligibility_rules(pk)}
        assert len(before) == len(released_rulebook().of_kind("eligibility"))
        assert before["CI-LACTATION"]  # read in its source
        assert before["CI-MI-6W"]
        assert not before["CI-MI-6W.ketamine"]  # derived
        adopt(by=by, rule_id="CI-MI-6W.ketamine", parameters=as_typed("CI-MI-6W.ketamine", days=90))
        with django_assert_num_queries(1):
            found = {each.id: each for each in rulebook_queries.eligibility_rules(pk)}
        assert found["CI-MI-6W.ketamine"].adopted
        assert found["CI-MI-6W.ketamine"].rule.number("days") == 90
        retire(by=by, rule_id="CI-MI-6W.ketamine", reason="Not here")
        assert "CI-MI-6W.ketamine" not in {each.id for each in rulebook_queries.eligibility_rules(pk)}
        drugs = {each.id: each.adopted for each in rulebook_queries.interaction_rules(pk)}
        assert drugs["interaction.benzodiazepine"]
        assert not drugs["interaction.naltrexone"]


def test_a_decision_keeps_its_rules_and_reads_them_back(clinic: Cast):
    by, pk = clinic.actor("prescriber"), clinic.clinic.pk
    with acting_as(by):
        adopt(by=by, rule_id="CI-MI-6W", parameters=as_typed("CI-MI-6W", days=90))
        rules = [each.rule for each in rulebook_queries.eligibility_rules(pk)]
    stamp = json.loads(json.dumps(rulebook_queries.stamp(rules)))
    assert {
        "id": "CI-MI-6W",
        "version": 2,
        "hash": released_rulebook().rule("CI-MI-6W").hash,
        "parameters": {"days": 90},
    } in stamp
    back = {each.id: each.rule for each in rulebook_queries.rules_at(stamp)}
    assert back == {each.id: each for each in rules}
    (gone,) = rulebook_queries.rules_at([{**stamp[0], "hash": "0" * 64}])
    assert (gone.id, gone.rule) == (stamp[0]["id"], None)


# ---------------------------------------------------------------- ceilings go up by two people

IV = "dose.ceiling.iv.ketamine"
SPRAY = "dose.ceiling.in.esketamine"


def second(clinic: Cast, role: str = "prescriber") -> Actor:
    """Another prescriber of the clinic."""
    person = Person.objects.create_user(f"second-{role}@{clinic.clinic.slug}.example", None)
    return actor_of(Membership.objects.create(clinic=clinic.clinic, person=person, role=role, name="Second"))


def most(clinic: Cast, name: str = "slow", rule_id: str = IV) -> float | None:
    """The number that acts; None where there is no ceiling."""
    rule = rulebook_queries.acting_rules(clinic.clinic.pk, only={rule_id}).get(rule_id)
    return None if rule is None else rule.number(name)


def lowered(clinic: Cast, slow: float = 0.5) -> None:
    by = clinic.actor("prescriber")
    adopt(by=by, rule_id=IV, parameters=as_typed(IV), now=NOW)
    adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=slow), now=NOW)


def test_a_ceiling_acts_only_where_it_was_adopted_also_one_that_was_read(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        assert released_rulebook().rule(SPRAY).verification == "verified"
        assert most(clinic, "most", SPRAY) is None
        assert SPRAY in {each.newest.id for each in rulebook_queries.standings(clinic.clinic.pk) if each.waits}
        adopt(by=by, rule_id=SPRAY, parameters=as_typed(SPRAY))
        assert most(clinic, "most", SPRAY) == 84
        retire(by=by, rule_id=SPRAY, reason="No spray here")
        assert most(clinic, "most", SPRAY) is None  # no ceiling is no dose, never no limit


def test_never_above_the_bound_of_the_rulebook(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        for wrong in ({"slow": 1.1}, {"slow": 0}, {"slow": -1}, {"slow_minutes": 39}, {"quick_minutes": 0}):
            with pytest.raises(ActionRefused) as refused:
                adopt(by=by, rule_id=IV, parameters=as_typed(IV, **wrong))
            assert refused.value.codes == ("loosened",)
        assert not RuleAdoption.objects.exists()
        assert not CeilingRaise.objects.exists()


def test_lower_acts_at_once_and_higher_only_with_a_second_prescriber(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        assert most(clinic) == 0.5
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.8), now=NOW)
        assert isinstance(first, CeilingRaise)
        assert most(clinic) == 0.5
        assert rulebook_queries.raises(clinic.clinic.pk) == {IV: first}
        with pytest.raises(ActionRefused) as refused:
            second_sign(by=by, raise_id=first.pk)
        assert refused.value.codes == ("same-person",)
        assert most(clinic) == 0.5
        other = second(clinic)
        row = second_sign(by=other, raise_id=first.pk, now=NOW + timedelta(hours=1))
        assert (row.raised, row.adopted_by_id, row.parameters) == (first, other.membership_id, {"slow": 0.8})
        assert most(clinic) == 0.8
        assert rulebook_queries.raises(clinic.clinic.pk) == {}
        assert second_sign(by=other, raise_id=first.pk) == row  # twice changes nothing
        assert RuleAdoption.objects.count() == 3
        said = AuditEvent.objects.filter(action__startswith="rule.").order_by("seq").values_list("action", flat=True)
        assert list(said) == ["rule.adopt", "rule.adopt", "rule.raise_signed", "rule.raised"]
        then = rulebook_queries.acting_rules(clinic.clinic.pk, NOW + timedelta(minutes=59), {IV})[IV]
        assert then.number("slow") == 0.5  # the past stays as it was


def test_one_person_with_two_memberships_signs_once(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV))
        # One role at a time: she left and came back under another name.
        Membership.objects.filter(pk=by.membership_id).update(ended_at=NOW)
        twin = Membership.objects.create(
            clinic=clinic.clinic, person=clinic.members["prescriber"].person, role="prescriber", name="The same"
        )
        with pytest.raises(ActionRefused) as refused:
            second_sign(by=actor_of(twin), raise_id=first.pk)
        assert refused.value.codes == ("same-person",)
        row = {
            "clinic": clinic.clinic, "rule_id": IV, "version": first.version, "rule_hash": first.rule_hash,
            "parameters": {}, "adopted_at": NOW, "raised": first,
        }  # fmt: skip
        with pytest.raises(IntegrityError, match="another person"), transaction.atomic():
            RuleAdoption.objects.create(**row, adopted_by=twin)
        other = second(clinic)
        for change in ({"parameters": {"slow": 0.9}}, {"retired": True}, {"rule_hash": "0" * 64}, {"rule_id": SPRAY}):
            with pytest.raises(IntegrityError, match="signed first"), transaction.atomic():
                RuleAdoption.objects.create(**row | change, adopted_by_id=other.membership_id)
        with pytest.raises(DatabaseError), transaction.atomic():
            CeilingRaise.objects.filter(pk=first.pk).update(parameters={"slow": 0.6})
        assert most(clinic) == 0.5


def test_any_looser_number_raises_and_a_mixture_too(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.5, slow_minutes=60, quick=0.2), now=NOW)
        for looser in ({"slow": 0.4, "slow_minutes": 50, "quick": 0.2}, {"slow": 0.5, "slow_minutes": 60}):
            assert isinstance(adopt(by=by, rule_id=IV, parameters=as_typed(IV, **looser)), CeilingRaise)
        tighter = {"slow": 0.4, "slow_minutes": 80, "quick": 0.1}
        assert isinstance(adopt(by=by, rule_id=IV, parameters=as_typed(IV, **tighter)), RuleAdoption)
        assert most(clinic) == 0.4


def test_retiring_is_no_way_round_the_second_signature(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        retire(by=by, rule_id=IV, reason="So that I can raise it", now=NOW)
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV), now=NOW)
        assert isinstance(first, CeilingRaise)
        assert most(clinic) is None
        assert isinstance(adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.5), now=NOW), RuleAdoption)
        assert most(clinic) == 0.5


def test_a_set_keeps_only_the_first_signature_of_what_goes_up(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        rows = adopt_set(by=by, shown=hashes(IV, SPRAY), signature=by.name, parameters=typed_each((IV, SPRAY)), now=NOW)
        assert [each.rule_id for each in rows] == [SPRAY]
        assert most(clinic) == 0.5
        assert set(rulebook_queries.raises(clinic.clinic.pk)) == {IV}
        assert adopt_set(by=by, shown=hashes(IV), signature=by.name, parameters=typed_each((IV,)), now=NOW) == []
        assert CeilingRaise.objects.count() == 1  # a form sent twice


def test_two_ceilings_wait_each_for_its_own_second_signature(clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        assert isinstance(adopt(by=by, rule_id=SPRAY, parameters=as_typed(SPRAY, most=56), now=NOW), RuleAdoption)
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV), now=NOW)
        spray = adopt(by=by, rule_id=SPRAY, parameters=as_typed(SPRAY), now=NOW)
        assert rulebook_queries.raises(clinic.clinic.pk) == {IV: first, SPRAY: spray}
        assert rulebook_queries.raises(clinic.clinic.pk, {SPRAY}) == {SPRAY: spray}
        assert rulebook_queries.raised_rule(spray.pk) == SPRAY
        other = second(clinic)
        for each in (first, spray):
            assert second_sign(by=other, raise_id=each.pk, now=NOW).raised == each


def test_a_decision_in_between_voids_the_first_signature(clinic: Cast):
    other = None
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV), now=NOW)
        adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.4), now=NOW)
        assert rulebook_queries.raises(clinic.clinic.pk) == {}
        other = second(clinic)
        with pytest.raises(Overtaken):
            second_sign(by=other, raise_id=first.pk)
        newer = adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.6), now=NOW)
        newest = adopt(by=by, rule_id=IV, parameters=as_typed(IV, slow=0.7), now=NOW)
        with pytest.raises(Overtaken):
            second_sign(by=other, raise_id=newer.pk)
        second_sign(by=other, raise_id=newest.pk)
        assert most(clinic) == 0.7


def test_another_clinic_neither_sees_nor_signs_a_raise(clinic: Cast, other_clinic: Cast):
    with acting_as(clinic.actor("prescriber")) as by:
        lowered(clinic)
        first = adopt(by=by, rule_id=IV, parameters=as_typed(IV))
    with acting_as(other_clinic.actor("prescriber")) as stranger:
        assert not CeilingRaise.objects.exists()
        with pytest.raises(CeilingRaise.DoesNotExist):
            second_sign(by=stranger, raise_id=first.pk)


# ---------------------------------------------------------------- what nobody has read is typed


def test_a_set_with_an_untyped_number_adopts_nothing(clinic: Cast):
    """All ids with their hashes in one call: every rule with an unread number is refused, and so is the set."""
    by = clinic.actor("prescriber")
    shown = {each.id: each.hash for each in released_rulebook().newest.values() if not each.acts_without_adoption}
    with acting_as(by):
        with pytest.raises(SetRefused) as refused:
            adopt_set(by=by, shown=shown, signature=by.name)
        untyped = {name for name, each in refused.value.by_rule.items() if set(each.codes) == {"not-typed"}}
        assert untyped == {each.id for each in released_rulebook().newest.values() if each.id in shown and each.typed}
        all_but_one = typed_each(shown)
        del all_but_one["spo2.low"]["high"]
        with pytest.raises(SetRefused) as refused:
            adopt_set(by=by, shown=shown, signature=by.name, parameters=all_but_one)
        assert set(refused.value.by_rule) == {"spo2.low"}
        assert not RuleAdoption.objects.exists()


def test_a_read_number_need_not_be_typed(clinic: Cast):
    by = clinic.actor("prescriber")
    rule = next(each for each in released_rulebook().of_kind("dose.ceiling") if not each.typed)
    with acting_as(by):
        assert isinstance(adopt(by=by, rule_id=rule.id), RuleAdoption)


# ---------------------------------------------------------------- a number that ships without a value


def test_what_was_stated_is_kept_and_read_back(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        adopt(by=by, rule_id="floor.hr", parameters={"at_least": 35, "at_most": 150})
        assert rulebook_queries.adoptions(by.own_clinic_id)["floor.hr"].parameters == {
            "at_least": 35.0,
            "at_most": 150.0,
        }
        kept = rulebook_queries.stamp([rulebook_queries.acting_rules(by.own_clinic_id)["floor.hr"]])
    assert kept[0]["parameters"] == {"at_least": 35.0, "at_most": 150.0}
    (read,) = rulebook_queries.rules_at(kept)
    assert read.rule is not None
    assert (read.rule.number("at_least"), read.rule.number("at_most")) == (35.0, 150.0)


def test_a_row_without_its_number_does_not_act(clinic: Cast):
    """However it came into the table: nothing is read of a rule that nobody has stated."""
    by, rule = clinic.actor("prescriber"), released_rulebook().rule("floor.spo2")
    with acting_as(by):
        RuleAdoption.objects.create(
            clinic_id=by.own_clinic_id, rule_id=rule.id, version=1, rule_hash=rule.hash, parameters={}, adopted_at=NOW,
            adopted_by_id=by.member,
        )  # fmt: skip
        assert "floor.spo2" not in rulebook_queries.acting_rules(by.own_clinic_id)


def test_what_lies_outside_of_its_bounds_is_not_stated(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        for value in (0, 101, float("nan")):
            with pytest.raises(ActionRefused) as refused:
                adopt(by=by, rule_id="floor.spo2", parameters={"at_least": value})
            assert refused.value.codes == ("loosened",)
