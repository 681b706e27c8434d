"""The dose at the chair (case D2): slips challenged, another dose signed for, what is never given refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import dosing
from sojourn.clinical.dosing import (
    ChairDose,
    ChairRefused,
    DoseRules,
    Drawn,
    FirstDose,
    Given,
    Kilograms,
    MgPerKg,
    MgPerMl,
    Milligrams,
    Millilitres,
    Minutes,
    MlPerHour,
    Order,
    Ordered,
    Rounding,
    Weight,
    at_chair,
    gather,
)
from sojourn.foundation.rulebook.load import released_rulebook

TODAY = date(2026, 3, 2)
HALF = Rounding(Milligrams.of("0.5"), "nearest")
RULES = gather(released_rulebook().newest.values())
# 0.5 mg/kg x 85 kg = 42.5 mg; 50 mg/mL: 0.85 mL, made up to 50 mL over 40 minutes, 75 mL/h.
PLAN = Ordered(
    Order(
        "iv", "ketamine", HALF, per_kg=MgPerKg.of("0.5"), weight=Weight(Kilograms.of(85), TODAY), stock=MgPerMl.of(50),
        total=Millilitres.of(50), over=Minutes.of(40),
    ),
    Milligrams.of("42.5"),
)  # fmt: skip
DRAWN = Drawn(
    "ketamine", "iv", Milligrams.of("42.5"), "KT2601", TODAY + timedelta(days=90), stock=MgPerMl.of(50),
    volume=Millilitres.of("0.85"), total=Millilitres.of(50), over=Minutes.of(40), rate=MlPerHour.of(75),
)  # fmt: skip
SPRAY = Ordered(Order("in", "esketamine", HALF, fixed=Milligrams.of(56)), Milligrams.of(56))
SPRAYED = Drawn("esketamine", "in", Milligrams.of(56), "ES1", TODAY, devices=2)


def ask(
    drawn: Drawn, plan: Ordered = PLAN, rules: DoseRules = RULES, **more: object
) -> ChairDose | ChairRefused:  # fmt: skip
    return at_chair(plan, drawn, rules, today=TODAY, **more)  # type: ignore[arg-type]


def codes(drawn: Drawn, plan: Ordered = PLAN, **more: object) -> tuple[str, ...]:
    found = ask(drawn, plan, **more)
    return found.codes if isinstance(found, ChairRefused) else ()


def dose(mg: str, **more: object) -> Drawn:
    """So many milligrams, drawn up as they should be."""
    volume = Milligrams.of(mg).volume(MgPerMl.of(50))
    return replace(DRAWN, dose=Milligrams.of(mg), volume=volume, **more)  # type: ignore[arg-type]


def test_what_the_plan_says_is_given():
    found = ask(DRAWN)
    assert isinstance(found, ChairDose)
    assert found.day == Fraction(1, 2)  # 0.5 of 1 mg/kg over 40 minutes
    assert str(found.calculation.rate) == "75 mL/h"
    assert isinstance(ask(SPRAYED, SPRAY), ChairDose)


@pytest.mark.parametrize(
    ("drawn", "code", "values"),
    [
        # 75 mL/h for 37 minutes are 46.25 mL; 50 mL in 37 minutes need 81.08 mL/h.
        (replace(DRAWN, over=Minutes.of(37)), "rate-disagrees",
         {"rate": "75", "minutes": "37", "gives": "46.25", "volume": "50", "needs": "81.1"}),
        # 0.905 mL of 50 mg/mL hold 45.25 mg.
        (replace(DRAWN, volume=Millilitres.of("0.905")), "volume-disagrees",
         {"volume": "0.905", "stock": "50", "dose": "42.5", "held": "45.25"}),
    ],
)  # fmt: skip
def test_what_disagrees_is_said_with_its_figures(drawn, code, values):
    found = ask(drawn)
    assert isinstance(found, ChairRefused)
    (reason,) = (each for each in found.reasons if each.code == code)
    assert (reason.values, reason.rule_id) == (values, "dose.chair")


@pytest.mark.parametrize(
    ("mg", "code"),
    [("4250", "hundredfold"), ("425", "tenfold"), ("4.25", "tenfold"), ("0.425", "hundredfold"), ("450", "tenfold"),
     ("42500", "thousandfold")],
)  # fmt: skip
def test_a_slip_is_challenged_where_it_is_typed(mg: str, code: str):
    found = ask(dose(mg, total=Millilitres.of(1000)), override=True)
    assert isinstance(found, ChairRefused)
    assert not found.overridable
    reason = next(each for each in found.reasons if each.code == code)
    assert (reason.override, reason.field) == ("never", "dose_mg")
    assert "beyond-rounding" not in found.codes


def test_another_dose_is_a_prescribers_to_sign():
    found = ask(dose("50"))
    assert isinstance(found, ChairRefused)
    assert found.codes == ("beyond-rounding",)
    assert found.overridable
    signed = ask(dose("50"), override=True)
    assert isinstance(signed, ChairDose)
    assert [each.code for each in signed.overridden] == ["beyond-rounding"]
    assert codes(dose("30")) == ("beyond-rounding",)


def test_one_step_of_the_plans_own_rounding_is_no_other_dose():
    assert codes(dose("43")) == ()
    assert codes(dose("42")) == ()
    assert codes(dose("43.5")) == ("beyond-rounding",)
    coarse = replace(PLAN, order=replace(PLAN.order, rounding=Rounding(Milligrams.of(5), "nearest")))
    assert codes(dose("47.5"), coarse) == ()


def test_85_mg_and_a_reason_is_the_highest_dose_and_86_is_none():
    """1 mg/kg over 40 minutes at 85 kg (Fava 2018)."""
    assert isinstance(ask(dose("85"), override=True), ChairDose)
    found = ask(dose("86"), override=True)
    assert isinstance(found, ChairRefused)
    assert found.codes == ("beyond-rounding", "outside-range", "above-ceiling")
    assert not found.overridable


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"drug": "esketamine"}, "another-drug", "drug"),
        ({"route": "im"}, "another-route", "route"),
        ({"expires_on": TODAY - timedelta(days=1)}, "expired", "expires_on"),
        ({"expires_on": None}, "expiry-missing", "expires_on"),
        ({"lot": " "}, "lot-missing", "lot"),
        ({"over": None, "rate": None}, "minutes-missing", "over"),
        ({"over": Minutes.of(1), "rate": None}, "above-ceiling", "over"),
        ({"volume": None}, "volume-missing", "volume"),
        ({"volume": Millilitres.of("8.5")}, "volume-disagrees", "volume"),
        ({"volume": Millilitres.of("0.88")}, "volume-disagrees", "volume"),
        ({"stock": None, "total": None}, "stock-missing", "stock"),
        ({"stock": MgPerMl.of(10)}, "volume-disagrees", "volume"),
        ({"stock": MgPerMl.of(100), "total": None, "volume": Millilitres.of("0.425"), "rate": None},
         "concentration-not-allowed", "total"),
        ({"rate": MlPerHour.of(3_000_000)}, "rate-out-of-range", "rate"),
        ({"rate": MlPerHour.of(150)}, "rate-disagrees", "rate"),
        ({"total": Millilitres.of(100)}, "rate-disagrees", "rate"),  # the rate of another bag
        ({"rate": MlPerHour.of(0)}, "rate-not-positive", "rate"),
        ({"total": Millilitres.of("0.5")}, "total-too-small", "total"),
        ({"dose": Milligrams.of(0)}, "dose-not-positive", "dose_mg"),
    ],
)  # fmt: skip
def test_what_is_never_given(changes: dict, code: str, field: str):
    found = ask(replace(DRAWN, **changes), override=True)
    assert isinstance(found, ChairRefused)
    assert code in found.codes
    reason = next(each for each in found.reasons if each.code == code)
    assert (reason.override, reason.field) == ("never", field)
    for each in found.reasons:
        assert each.template % each.values


def test_every_reason_at_once():
    wrong = replace(
        DRAWN, drug="esketamine", dose=Milligrams.of(4250), lot="", expires_on=None, over=None,
        rate=MlPerHour.of(3_000_000), total=Millilitres.of(500),
    )  # fmt: skip
    assert set(codes(wrong)) >= {
        "another-drug", "hundredfold", "lot-missing", "expiry-missing", "minutes-missing", "rate-out-of-range",
        "volume-disagrees",
    }  # fmt: skip


def test_a_syringe_is_read_to_a_hundredth_of_a_millilitre():
    assert codes(replace(DRAWN, volume=Millilitres.of("0.86"))) == ()
    assert codes(replace(DRAWN, volume=Millilitres.of("0.87"))) == ("volume-disagrees",)


def test_a_faster_infusion_is_a_prescribers_to_sign():
    found = ask(replace(DRAWN, over=Minutes.of(30), rate=MlPerHour.of(100)))
    assert isinstance(found, ChairRefused)
    assert (found.codes, found.overridable) == (("minutes-shorter",), True)
    assert codes(replace(DRAWN, over=Minutes.of(60), rate=MlPerHour.of(50))) == ()


@pytest.mark.parametrize(
    ("mg", "devices", "wanted"),
    [(56, 2, ()), (56, 3, ("devices-disagree",)), (56, None, ("devices-missing",)),
     (40, 1, ("beyond-rounding", "devices-disagree", "not-a-studied-dose")),
     (112, 4, ("beyond-rounding", "not-a-studied-dose", "above-ceiling")), (84, 3, ("beyond-rounding",))],
)  # fmt: skip
def test_a_spray_is_so_many_devices(mg: int, devices: int | None, wanted: tuple[str, ...]):
    drawn = replace(SPRAYED, dose=Milligrams.of(mg), devices=devices)
    assert codes(drawn, SPRAY) == wanted
    if set(wanted) - {"beyond-rounding"}:
        assert isinstance(ask(drawn, SPRAY, override=True), ChairRefused)


def test_the_day_adds_up_over_routes():
    half = Given("esketamine", "in", Milligrams.of(56))  # two thirds of 84 mg
    assert codes(DRAWN, given_last_24h=[half]) == ("above-day",)
    found = ask(DRAWN, given_last_24h=[half], override=True)
    assert isinstance(found, ChairRefused)
    (reason,) = found.reasons
    assert reason.values == {"before": "67", "after": "117"}
    third = Given("esketamine", "in", Milligrams.of(28))
    assert isinstance(ask(DRAWN, given_last_24h=[third]), ChairDose)


def test_a_route_without_a_ceiling_gives_no_dose():
    bare = replace(RULES, ceilings=())
    found = at_chair(PLAN, DRAWN, bare, today=TODAY, override=True)
    assert isinstance(found, ChairRefused)
    assert found.codes == ("no-ceiling",)


def test_what_was_signed_for_is_not_asked_again_for_the_very_same_dose():
    """0.05 mg/kg was set aside at the signature of the plan: 4.25 mg, a half goes down to 4 mg."""
    low = replace(PLAN, order=replace(PLAN.order, per_kg=MgPerKg.of("0.05")), dose=Milligrams.of(4))
    drawn = dose("4")
    assert codes(drawn, low) == ("outside-range",)
    assert codes(drawn, replace(low, accepted=("outside-range",))) == ()
    assert codes(dose("6"), replace(low, accepted=("outside-range",))) == ("beyond-rounding", "outside-range")


def test_the_first_dose_is_asked_at_the_chair_too():
    assert codes(SPRAYED, SPRAY, first=FirstDose(70, "GB")) == ("start-dose",)
    assert codes(SPRAYED, replace(SPRAY, accepted=("start-dose",)), first=FirstDose(70, "GB")) == ()


def test_a_dose_by_weight_without_a_weight_is_not_given():
    bare = replace(PLAN, order=replace(PLAN.order, per_kg=None, fixed=Milligrams.of("42.5"), weight=None))
    assert codes(DRAWN, bare) == ("weight-missing",)
    assert codes(dose("50"), bare) == ("beyond-rounding", "weight-missing")


def test_a_stale_weight_stops_the_dose():
    old = replace(PLAN, order=replace(PLAN.order, weight=Weight(Kilograms.of(85), TODAY - timedelta(days=31))))
    assert codes(DRAWN, old) == ("weight-stale",)


@given(st.fractions(Fraction(1, 100), 20_000, max_denominator=100), st.fractions(1, 200, max_denominator=10))
def test_nothing_above_the_ceiling_or_about_ten_times_off_is_ever_given(mg: Fraction, over: Fraction):
    drawn = Drawn(
        "ketamine", "iv", Milligrams(mg), "KT2601", TODAY, stock=MgPerMl.of(50),
        volume=Milligrams(mg).volume(MgPerMl.of(50)), total=Millilitres.of(500), over=Minutes(over),
    )  # fmt: skip
    found = ask(drawn, override=True)
    if isinstance(found, ChairDose):
        limit = found.calculation.limit
        assert limit is not None
        assert Milligrams(mg) <= limit <= Milligrams.of(85)
        off = max(mg / Fraction("42.5"), Fraction("42.5") / mg)
        assert not any(8 * ten <= off <= 12 * ten for ten in (1, 10, 100))  # within 20 % of ten times, a hundred ...


def test_the_arithmetic_is_the_plans():
    """Whatever the plan works out, the chair works out from what was drawn."""
    plan = dosing.calculate(PLAN.order, RULES, TODAY)
    assert isinstance(plan, dosing.DoseCalculation)
    found = ask(DRAWN)
    assert isinstance(found, ChairDose)
    assert (found.calculation.steps, found.calculation.stamps) == (plan.steps, plan.stamps)
