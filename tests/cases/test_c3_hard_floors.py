"""C3: the hard floors have no default: a prescriber states each, and a dose waits until then; nobody passes them.

``start_dose`` passed with 75/40, heart rate 30 and saturation 84. Shown where the dose is started, gone on with and
raised; the numbers are the ends of NEWS2's gravest bands (Royal College of Physicians, NEWS2, 2017, chart 1), which
this clinic's prescriber states as its floors: so the worst value of each band is refused and the next is not.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.session import step_actions
from sojourn.care.session.step_actions import Pump
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.models import CeilingRaise, RuleAdoption
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage, to_dosing
from tests.conftest import Cast
from tests.stated import FLOORS

# facts/holds.csv, read: "at or below", "at or above" and three points.
NEWS2_GRAVEST = {
    "floor.spo2": {"at_least": 92},
    "floor.sbp": {"at_least": 91},
    "floor.hr": {"at_least": 41, "at_most": 130},
    "floor.rr": {"at_least": 9, "at_most": 24},
    "floor.temp": {"at_least": 35.1},
}
WORST = [
    ("spo2", 91, "below-floor:spo2"), ("nibp_sys", 90, "below-floor:nibp_sys"), ("hr", 40, "below-floor:hr"),
    ("hr", 131, "above-floor:hr"), ("rr", 8, "below-floor:rr"), ("rr", 25, "above-floor:rr"),
    ("temp", 35.0, "below-floor:temp"),
]  # fmt: skip
NEXT = [("spo2", 92), ("nibp_sys", 91), ("hr", 41), ("hr", 130), ("rr", 9), ("rr", 24), ("temp", 35.1)]
WELL = {"nibp_sys": 124, "nibp_dia": 78, "spo2": 98, "hr": 71, "rr": 14}


def state_floors(cast: Cast, floors: dict[str, dict[str, float]], but: tuple[str, ...] = ()) -> None:
    by = cast.actor("prescriber")
    with acting_as(by):
        for rule_id, numbers in floors.items():
            if rule_id not in but:
                rulebook_actions.adopt(by=by, rule_id=rule_id, parameters=numbers)


def ready(cast: Cast, floors: dict[str, dict[str, float]] | None = None, but: tuple[str, ...] = ()) -> Stage:
    """A session before its dose, in a clinic that has adopted everything else and states these floors."""
    adopt_everything(cast, but=tuple(FLOORS))
    state_floors(cast, NEWS2_GRAVEST if floors is None else floors, but)
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast)
        now = timezone.now()
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now)
    return stage


def refused(stage: Stage, transition: str = "start_dose", role: str = "nurse", **more: object) -> tuple[str, ...]:
    """Why a step is not taken; empty where it was."""
    by = stage.cast.actor(role)
    with acting_as(by):
        try:
            step_actions.advance_session(by=by, encounter_id=stage.id, transition=transition, **more)
        except ActionRefused as why:
            return tuple(why.codes)
    return ()


def measured(stage: Stage, **values: float) -> None:
    with acting_as(stage.cast.actor("nurse")):
        now = timezone.now()
        both = {**WELL, **values}
        stage.vitals(now, **both)


# ---------------------------------------------------------------- until they are stated


def test_a_dose_waits_until_each_floor_is_stated(clinic: Cast):
    stage = ready(clinic, {})
    wanted = {f"floor-not-stated:{code}" for code in ("spo2", "nibp_sys", "hr", "rr", "temp")}
    assert set(refused(stage)) == wanted
    assert set(refused(stage, role="prescriber", reason="Go", overrides=frozenset(wanted))) >= wanted
    state_floors(clinic, NEWS2_GRAVEST, but=("floor.temp",))
    assert refused(stage) == ("floor-not-stated:temp",)
    state_floors(clinic, {"floor.temp": {"at_least": 35.1}})
    assert refused(stage) == ()


def test_no_floor_ships_with_a_number(clinic: Cast):
    floors = released_rulebook().of_kind("session.hard_floor")
    assert {each.id for each in floors} == set(NEWS2_GRAVEST)
    for rule in floors:
        assert not rule.parameters
        assert not rule.acts_without_adoption
        for number in rule.open.values():  # the bounds are those of what can be measured, and nothing finer
            code = str(rule.fact("vitals")[-1])
            plausible = released_rulebook().plausibility(code)
            assert number.least is not None
            assert number.least <= plausible.number("low")
            assert number.most == plausible.number("high")


def test_a_floor_is_not_adopted_without_its_number(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        for numbers in ({}, {"at_least": 41}):
            with pytest.raises(ActionRefused) as why:
                rulebook_actions.adopt(by=by, rule_id="floor.hr", parameters=numbers)
            assert set(why.value.codes) == {"not-typed"}
        with pytest.raises(ActionRefused) as why:
            rulebook_actions.decline(by=by, rule_id="floor.hr", reason="We have no use for it")
        assert why.value.codes == ("never-declined",)
        assert not RuleAdoption.objects.exists()


def test_arriving_measuring_and_stopping_work_without_them(clinic: Cast):
    stage = ready(clinic, {})
    measured(stage, spo2=70)
    assert refused(stage, "stop_early", reason="Unwell") == ()
    with acting_as(clinic.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"


# ---------------------------------------------------------------- what nobody passes


@pytest.mark.parametrize(("code", "value", "reason"), WORST)
def test_the_gravest_value_is_refused_whoever_signs(clinic: Cast, code: str, value: float, reason: str):
    stage = ready(clinic)
    measured(stage, **{code: value})
    assert reason in refused(stage)
    signed = refused(stage, role="prescriber", reason="I know this person", overrides=frozenset((reason,)))
    assert reason in signed


@pytest.mark.parametrize(("code", "value"), NEXT)
def test_the_next_value_is_not(clinic: Cast, code: str, value: float):
    stage = ready(clinic)
    measured(stage, **{code: value})
    codes = refused(stage)
    assert not [each for each in codes if each.startswith(("below-floor", "above-floor", "floor-"))]


def test_the_newest_value_that_is_shown_counts(clinic: Cast):
    """A slow pulse that is over does not hold the dose; one that came after does."""
    stage = ready(clinic)
    measured(stage, hr=30)
    assert "below-floor:hr" in refused(stage)
    measured(stage, hr=62)
    assert "below-floor:hr" not in refused(stage)


def test_without_a_temperature_nothing_is_said_of_it(clinic: Cast):
    assert refused(ready(clinic)) == ()


def test_going_on_and_more_are_doses_too_and_less_is_never_refused(clinic: Cast):
    adopt_everything(clinic, but=tuple(FLOORS))
    state_floors(clinic, NEWS2_GRAVEST)
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
    measured(stage, spo2=88)
    assert "below-floor:spo2" in refused(stage, "raise_rate", pump=Pump(rate_ml_per_h=Decimal(80)))
    assert refused(stage, "lower_rate", pump=Pump(rate_ml_per_h=Decimal(60))) == ()
    assert refused(stage, "pause") == ()
    assert "below-floor:spo2" in refused(stage, "resume")
    assert refused(stage, "end_dose") == ()


# ---------------------------------------------------------------- once stated


def test_a_floor_is_tightened_by_one_and_loosened_by_two(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="floor.spo2", parameters={"at_least": 88})
        rulebook_actions.adopt(by=by, rule_id="floor.spo2", parameters={"at_least": 90})
        first = rulebook_actions.adopt(by=by, rule_id="floor.spo2", parameters={"at_least": 85})
        assert isinstance(first, CeilingRaise)
        assert rulebook_queries.acting_rules(by.own_clinic_id)["floor.spo2"].number("at_least") == 90
        with pytest.raises(ActionRefused) as why:
            rulebook_actions.second_sign(by=by, raise_id=first.pk)
        assert why.value.codes == ("same-person",)
        clinic.members["second"] = Membership.objects.create(
            clinic=clinic.clinic, person=Person.objects.create(email=f"two@{clinic.clinic.slug}.example"),
            role="prescriber", name="Second",
        )  # fmt: skip
    other = clinic.actor("second")
    with acting_as(other):
        rulebook_actions.second_sign(by=other, raise_id=first.pk)
        assert rulebook_queries.acting_rules(other.own_clinic_id)["floor.spo2"].number("at_least") == 85


def test_nor_by_retiring_it_first(clinic: Cast):
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="floor.spo2", parameters={"at_least": 90})
        rulebook_actions.retire(by=by, rule_id="floor.spo2", reason="To begin anew")
        again = rulebook_actions.adopt(by=by, rule_id="floor.spo2", parameters={"at_least": 50})
        assert isinstance(again, CeilingRaise)
        assert "floor.spo2" not in rulebook_queries.acting_rules(by.own_clinic_id)


def test_what_the_dose_was_judged_by_is_kept_with_its_numbers(clinic: Cast):
    stage = ready(clinic)
    assert refused(stage) == ()
    with acting_as(clinic.actor("nurse")):
        basis = current_state(SessionScope(stage.id)).basis
    kept = {each["id"]: each["parameters"] for each in basis["rules"] if each["id"].startswith("floor.")}
    assert kept == {name: {key: float(value) for key, value in each.items()} for name, each in NEWS2_GRAVEST.items()}
