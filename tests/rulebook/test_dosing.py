"""Doses: laws of units and scale, refusals with reasons, and figures worked by hand from their sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sojourn.clinical import dosing
from sojourn.clinical.dosing import (
    DoseCalculation,
    DoseRefused,
    DoseRules,
    Kilograms,
    MgPerKg,
    MgPerMl,
    Milligrams,
    Millilitres,
    Minutes,
    Order,
    Rounding,
    Weight,
    calculate,
    gather,
)
from sojourn.clinical.units import Incompatible, Quantity, UnitError
from sojourn.foundation.rulebook.load import check, released_rulebook

TODAY = date(2026, 3, 2)
HALF = Rounding(Milligrams.of("0.5"), "nearest")
RULES = gather(released_rulebook().newest.values())

amounts = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=10_000)
small = st.fractions(min_value=Fraction(1, 100), max_value=10, max_denominator=1000)
bodies = st.fractions(min_value=20, max_value=350, max_denominator=100)
roundings = st.builds(
    Rounding, st.sampled_from(["0.01", "0.1", "0.5", "1", "5"]).map(Milligrams.of), st.sampled_from(dosing.DIRECTIONS)
)


def infusion(**changes: object) -> Order:
    order = Order(
        "iv", "ketamine", HALF, per_kg=MgPerKg.of("0.5"), weight=Weight(Kilograms.of(70), TODAY),
        stock=MgPerMl.of(50), total=Millilitres.of(50), over=Minutes.of(40),
    )  # fmt: skip
    return replace(order, **changes)


def done(order: Order, **more: object) -> DoseCalculation:
    found = calculate(order, RULES, TODAY, **more)
    assert isinstance(found, DoseCalculation), found
    return found


def refused(order: Order, rules: DoseRules = RULES, today: date = TODAY, **more: object) -> DoseRefused:
    found = calculate(order, rules, today, **more)
    assert isinstance(found, DoseRefused), found
    return found


# ---------------------------------------------------------------- laws


@given(small, bodies, st.fractions(min_value=1, max_value=5, max_denominator=20))
def test_the_dose_is_linear_in_weight_and_in_mg_per_kg(per_kg: Fraction, weight: Fraction, times: Fraction):
    one = MgPerKg(per_kg).of_weight(Kilograms(weight))
    assert MgPerKg(per_kg * times).of_weight(Kilograms(weight)).value == one.value * times
    assert MgPerKg(per_kg).of_weight(Kilograms(weight * times)).value == one.value * times
    assert one.per(Kilograms(weight)) == MgPerKg(per_kg)


@given(bodies)
def test_units_round_trip(value: Fraction):
    assert Kilograms.converted(Kilograms(value).quantity.to("[lb_av]")) == Kilograms(value)
    assert Milligrams.converted(Milligrams(value).quantity.to("ug")) == Milligrams(value)
    assert Minutes.converted(Minutes(value).quantity.to("h")) == Minutes(value)


@given(amounts, amounts)
def test_volume_times_concentration_is_the_dose(mg: Fraction, strength: Fraction):
    volume = Milligrams(mg).volume(MgPerMl(strength))
    assert volume.at(MgPerMl(strength)) == Milligrams(mg)
    assert Milligrams(mg).within(volume) == MgPerMl(strength)


@given(amounts, amounts)
def test_rate_times_time_is_the_volume(ml: Fraction, minutes: Fraction):
    assert Millilitres(ml).over(Minutes(minutes)).during(Minutes(minutes)) == Millilitres(ml)


@given(amounts, roundings)
def test_rounding_errs_by_half_a_step_at_most_and_never_up_when_it_goes_down(mg: Fraction, rounding: Rounding):
    found, step = rounding.round(Milligrams(mg)).value, rounding.step.value
    assert (found / step).denominator == 1
    if rounding.direction == "down":
        assert 0 <= mg - found < step
    else:
        assert abs(mg - found) <= step / 2
    assert rounding.round(Milligrams(found)).value == found


def test_a_half_goes_down():
    assert HALF.round(Milligrams.of("35.25")) == Milligrams.of(35)
    assert HALF.round(Milligrams.of("35.26")) == Milligrams.of("35.5")


@given(amounts)
def test_salt_and_base_round_trip(mg: Fraction):
    salt = RULES.salt
    assert salt is not None
    assert salt.of_hydrochloride(salt.of_base(Milligrams(mg))) == Milligrams(mg)
    assert salt.of_base(Milligrams(mg * 2)).value == 2 * salt.of_base(Milligrams(mg)).value


@given(st.fractions(Fraction(1, 10), Fraction(7, 10), max_denominator=100), bodies, roundings,
       st.fractions(2, 100, max_denominator=4), st.fractions(1, 60, max_denominator=10))  # fmt: skip
def test_a_calculation_is_whole(
    per_kg: Fraction, weight: Fraction, rounding: Rounding, over: Fraction, stock: Fraction
):
    """Whatever comes out, the drug that is drawn up is the dose, and the pump gives all of it in its time."""
    order = infusion(
        per_kg=MgPerKg(per_kg), weight=Weight(Kilograms(weight), TODAY), rounding=rounding,
        over=Minutes(over), stock=MgPerMl(stock), total=Millilitres.of(500),
    )  # fmt: skip
    found = calculate(order, RULES, TODAY, override=True)
    assume(isinstance(found, DoseCalculation))
    assert isinstance(found, DoseCalculation)
    assert found.draw is not None
    assert found.diluent is not None
    assert found.volume is not None
    assert found.concentration is not None
    assert found.rate is not None
    assert found.draw.at(MgPerMl(stock)) == found.dose
    assert found.draw.value + found.diluent.value == 500
    assert found.volume.at(found.concentration) == found.dose
    assert found.rate.during(Minutes(over)) == found.volume
    assert found.steps[0].result == found.exact
    assert found.exact.value == per_kg * weight


@given(st.fractions(0, 3, max_denominator=1000), bodies)
def test_no_dose_leaves_the_studied_range_unsaid(per_kg: Fraction, weight: Fraction):
    """Without an override, an infusion outside 0.1 (Andrade 2017) to 1 mg/kg (Fava 2018) never comes out."""
    order = infusion(per_kg=MgPerKg(per_kg), weight=Weight(Kilograms(weight), TODAY), total=None)
    found = calculate(order, RULES, TODAY)
    if isinstance(found, DoseCalculation):
        assert Fraction(1, 10) <= per_kg <= 1
        assert found.per_kg is not None
        assert found.per_kg.value <= 1


def test_quantities_of_different_kinds_do_not_mix():
    with pytest.raises(TypeError):
        Milligrams.of(1) < Kilograms.of(1)  # noqa: B015
    with pytest.raises(Incompatible):
        Kilograms.converted(Quantity.of(70, "mL"))
    assert Milligrams.of(1) != Kilograms.of(1)
    assert Kilograms.converted(Quantity.of(100, "[lb_av]")).text == "45.359237"
    for wrong in ("nan", "inf", "seventy", True):
        with pytest.raises(UnitError):
            Kilograms.of(wrong)  # type: ignore[arg-type]


# ---------------------------------------------------------------- worked by hand


def test_the_infusion_most_studied():
    """0.5 mg/kg x 70 kg = 35 mg base; 35 / 50 mg/mL = 0.7 mL; 50 - 0.7 = 49.3 mL; 50 mL in 40 min = 75 mL/h;
    35 x 11.53 / 10 = 40.355 mg hydrochloride (Ketalar label)."""
    found = done(infusion())
    assert [str(each) for each in (found.dose, found.draw, found.diluent, found.concentration, found.rate)] == [
        "35 mg", "0.7 mL", "49.3 mL", "0.7 mg/mL", "75 mL/h",
    ]  # fmt: skip
    assert str(found.hydrochloride) == "40.355 mg"
    assert [each.name for each in found.steps] == [
        "dose", "round_nearest", "per_kg", "salt", "volume", "dilute", "concentration", "rate",
    ]  # fmt: skip
    assert found.steps[0].plain == {
        "step": "dose", "given": [["0.5", "mg/kg"], ["70", "kg"]], "result": ["35", "mg"],
    }  # fmt: skip
    assert {each.rule_id for each in found.stamps} == {
        "dose.iv.ketamine", "dose.ceiling.iv.ketamine", "dose.pump", "dose.iv.concentration", "dose.weight",
        "dose.weight_age", "dose.salt",
    }  # fmt: skip
    assert all(each.hash == released_rulebook().rule(each.rule_id, each.version).hash for each in found.stamps)


def test_the_rule_files_prove_themselves():
    assert [each for each in check() if "dose." in each] == []


@pytest.mark.parametrize(
    ("changes", "codes", "overridable"),
    [
        ({"weight": Weight(Kilograms.of(700), TODAY)}, ("weight-implausible",), False),
        ({"weight": Weight(Kilograms.of(7), TODAY)}, ("weight-implausible",), False),
        ({"weight": Weight(Kilograms.of(0), TODAY)}, ("weight-not-positive",), False),
        ({"weight": Weight(Kilograms.of(70), TODAY - timedelta(days=31))}, ("weight-stale",), False),
        ({"weight": Weight(Kilograms.of(70), TODAY + timedelta(days=1))}, ("weight-in-future",), False),
        ({"weight": None}, ("weight-missing",), False),
        ({"per_kg": None}, ("dose-missing",), False),
        ({"per_kg": MgPerKg.of(0)}, ("dose-not-positive",), False),
        ({"per_kg": MgPerKg.of("1.1")}, ("outside-range", "above-ceiling"), False),
        ({"per_kg": MgPerKg.of("0.05")}, ("outside-range",), True),
        ({"per_kg": None, "fixed": Milligrams.of(35)}, ("not-fixed",), False),
        ({"over": Minutes.of(1)}, ("above-ceiling", "outside-minutes", "rate-out-of-range"), False),
        ({"over": Minutes.of(101)}, ("outside-minutes",), True),
        ({"over": None}, ("minutes-missing",), False),
        ({"over": None, "total": None}, ("minutes-missing",), False),
        ({"over": Minutes.of(0)}, ("minutes-not-positive",), False),
        ({"stock": MgPerMl.of(100), "total": None}, ("concentration-not-allowed",), False),
        ({"stock": MgPerMl.of(0)}, ("concentration-not-positive",), False),
        ({"stock": MgPerMl.of(1), "total": Millilitres.of(20)}, ("total-too-small",), False),
        ({"stock": None}, ("total-without-stock",), False),
        ({"route": "rectal"}, ("no-studied-range", "no-ceiling"), False),
        ({"rounding": Rounding(Milligrams.of(100), "down")}, ("rounded-to-nothing",), False),
    ],
)
def test_what_is_refused(changes: dict, codes: tuple[str, ...], overridable: bool):
    found = refused(infusion(**changes))
    assert found.codes == codes
    assert found.overridable is overridable
    for each in found.reasons:
        assert each.template % each.values


def test_100_mg_per_ml_may_go_in_diluted():
    assert str(done(infusion(stock=MgPerMl.of(100))).concentration) == "0.7 mg/mL"


def test_a_prescriber_may_go_beyond_the_range_but_not_beyond_never():
    found = done(infusion(per_kg=MgPerKg.of("0.05")), override=True)
    assert [each.code for each in found.overridden] == ["outside-range"]
    both = infusion(per_kg=MgPerKg.of("0.05"), weight=Weight(Kilograms.of(700), TODAY))
    assert set(refused(both, override=True).codes) == {"weight-implausible", "outside-range"}
    into_muscle = Order("im", "ketamine", HALF, per_kg=MgPerKg.of("6.5"), weight=Weight(Kilograms.of(70), TODAY))
    assert refused(into_muscle, override=True).codes == ("another-use", "above-ceiling")


def test_rounding_up_does_not_slip_past_the_range():
    """1 mg/kg x 70.3 kg = 70.3 mg; to the nearest 0.5 that is 70.5 mg, 1.0028 mg/kg; down it is 70 mg."""
    order = infusion(per_kg=MgPerKg.of(1), weight=Weight(Kilograms.of("70.3"), TODAY))
    assert refused(order).codes == ("rounding-leaves-range", "above-ceiling")
    assert str(done(replace(order, rounding=Rounding(Milligrams.of("0.5"), "down"))).dose) == "70 mg"


@pytest.mark.parametrize(("mg", "codes"), [(28, ()), (56, ()), (84, ()), (70, ("not-a-studied-dose",))])
def test_a_spray_is_given_by_the_device(mg: int, codes: tuple[str, ...]):
    found = calculate(Order("in", "esketamine", HALF, fixed=Milligrams.of(mg)), RULES, TODAY)
    assert (found.codes if isinstance(found, DoseRefused) else ()) == codes
    if isinstance(found, DoseCalculation):
        assert found.hydrochloride is None  # the ratio is of racemic ketamine


def test_forms_of_one_route_are_told_apart():
    for mg, rule in ((25, "dose.sl.wafer"), (100, "dose.sl.lozenge")):
        found = done(Order("sl", "ketamine", HALF, fixed=Milligrams.of(mg)))
        assert found.studied is not None
        assert found.studied.rule.id == rule


def test_a_rule_that_does_not_act_limits_nothing_but_says_so():
    """Without the clinic's adoption the age of a weight is not limited; without any range a reason is asked for. But
    without a ceiling no dose is given at all."""
    old = infusion(weight=Weight(Kilograms.of(70), TODAY - timedelta(days=400)))
    assert refused(old, DoseRules()).codes == ("no-studied-range", "no-ceiling")
    assert refused(old, DoseRules(), override=True).codes == ("no-studied-range", "no-ceiling")
    bounded = DoseRules(ceilings=RULES.ceilings)
    assert refused(old, bounded).codes == ("no-studied-range",)
    assert isinstance(calculate(old, bounded, TODAY, override=True), DoseCalculation)


def test_a_clinic_may_only_narrow():
    rule = released_rulebook().rule("dose.iv.ketamine")
    assert rule.parameters["low"].loosened_by(0.05)
    assert rule.parameters["high"].loosened_by(1.1)
    assert rule.parameters["high"].loosened_by(0.5) is None
