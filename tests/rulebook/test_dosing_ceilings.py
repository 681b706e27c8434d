"""Ceilings by drug, route and minutes, and by day; the first dose; weights, and what is said beside a dose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import dosing
from sojourn.clinical.dosing import (
    Centimetres,
    DoseCalculation,
    DoseRefused,
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
    Rounding,
    Running,
    Weight,
    calculate,
    day_share,
    gather,
    rate_change,
    weigh,
)
from sojourn.clinical.rules import Rule, loosens, tighten
from sojourn.foundation.rulebook import load
from sojourn.foundation.rulebook.load import released_rulebook

TODAY = date(2026, 3, 2)
HALF = Rounding(Milligrams.of("0.5"), "nearest")
RULES = gather(released_rulebook().newest.values())
CEILINGS = {(each.drug, each.route): each for each in RULES.ceilings}
SEVENTY = Weight(Kilograms.of(70), TODAY)

doses = st.fractions(min_value=Fraction(1, 1000), max_value=100, max_denominator=1000)
bodies = st.fractions(min_value=20, max_value=350, max_denominator=100)
minutes = st.fractions(min_value=Fraction(1, 2), max_value=200, max_denominator=60)
ways = st.sampled_from(sorted(CEILINGS))


def order(drug: str, route: str, **more: object) -> Order:
    values = {"weight": SEVENTY} | more
    numbers = {
        "per_kg": MgPerKg, "fixed": Milligrams, "over": Minutes, "stock": MgPerMl, "total": Millilitres,
    }  # fmt: skip
    made = {name: numbers[name].of(each) if name in numbers else each for name, each in values.items()}
    return Order(route, drug, HALF, **made)  # type: ignore[arg-type]


def refused(wanted: Order, rules: dosing.DoseRules = RULES, **more: object) -> DoseRefused:
    found = calculate(wanted, rules, TODAY, **more)  # type: ignore[arg-type]
    assert isinstance(found, DoseRefused), found
    return found


# ---------------------------------------------------------------- never, whatever is typed

NEVER = [
    ("IV 50 mg/kg, 3,500 mg", order("ketamine", "iv", per_kg=50, stock=50, total=100, over=40), "above-ceiling"),
    ("IV 1 mg/kg as a push", order("ketamine", "iv", per_kg=1, stock=50, over=1), "above-ceiling"),
    ("IV 1 mg/kg over 39 minutes", order("ketamine", "iv", per_kg=1, stock=50, total=50, over=39), "above-ceiling"),
    ("IV without minutes", order("ketamine", "iv", per_kg="0.5", stock=50, total=50), "minutes-missing"),
    ("IV, undiluted, without minutes", order("ketamine", "iv", per_kg="0.5", stock=50), "minutes-missing"),
    ("IV 3,000,000 mL/h", order("ketamine", "iv", per_kg="0.5", stock="0.0000175", total=2_000_000, over=40),
     "rate-out-of-range"),
    ("IV esketamine 0.5 mg/kg", order("esketamine", "iv", per_kg="0.5", stock=25, total=50, over=40), "above-ceiling"),
    ("IM 900 mg", order("ketamine", "im", per_kg="12.857", stock=50), "above-ceiling"),
    ("IM 4 mg/kg sedates agitated adults", order("ketamine", "im", per_kg=4, stock=50), "above-ceiling"),
    ("SC 1 mg/kg", order("ketamine", "sc", per_kg=1, stock=50), "above-ceiling"),
    ("nasal esketamine 840 mg", order("esketamine", "in", fixed=840), "above-ceiling"),
    ("nasal esketamine 112 mg", order("esketamine", "in", fixed=112), "not-a-studied-dose"),
    ("nasal esketamine 40 mg", order("esketamine", "in", fixed=40), "not-a-studied-dose"),
    ("nasal esketamine 14 mg", order("esketamine", "in", fixed=14), "not-a-studied-dose"),
    ("nasal ketamine 100 mg", order("ketamine", "in", fixed=100), "above-ceiling"),
    ("film 1,000 mg", order("esketamine", "film", fixed=1000), "above-ceiling"),
    ("lozenge 450 mg", order("ketamine", "sl", fixed=450), "above-ceiling"),
    ("by mouth 2.5 mg/kg", order("ketamine", "oral", per_kg="2.5"), "above-ceiling"),
    ("a route without any ceiling", order("esketamine", "sc", per_kg="0.1"), "no-ceiling"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "wanted", "code"), NEVER, ids=[title for title, _, _ in NEVER])
def test_no_reason_passes_it(title: str, wanted: Order, code: str):
    found = refused(wanted, override=True)
    assert code in found.codes
    assert not found.overridable
    assert next(each for each in found.reasons if each.code == code).override == "never"
    for each in found.reasons:
        assert each.template % each.values


@pytest.mark.parametrize(
    "wanted",
    [
        order("ketamine", "iv", per_kg=1, stock=50, total=50, over=40),  # Fava 2018
        order("ketamine", "sc", per_kg="0.9", stock=50),  # KADS
        order("ketamine", "in", fixed=50),  # Lapidus 2014
        order("esketamine", "in", fixed=84),  # label
        order("ketamine", "oral", per_kg=2),  # ijpbs-137879
    ],
    ids=str,
)
def test_the_highest_that_was_studied_is_still_a_dose(wanted: Order):
    assert isinstance(calculate(wanted, RULES, TODAY), DoseCalculation)


# facts/dose_ceilings.csv
@pytest.mark.parametrize(
    ("drug", "route", "over", "limit"),
    [
        ("ketamine", "iv", 40, 70), ("ketamine", "iv", 5, 21), ("ketamine", "sc", None, 63),
        ("ketamine", "in", None, 50),
        ("ketamine", "sl", None, 400), ("ketamine", "oral", None, 140), ("esketamine", "in", None, 84),
        ("esketamine", "iv", 40, 28), ("esketamine", "im", None, 25), ("esketamine", "film", None, 100),
    ],
)  # fmt: skip
def test_ceilings_are_those_of_the_fact_base(drug: str, route: str, over: int | None, limit: int):
    found = CEILINGS[drug, route].limit(Kilograms.of(70), None if over is None else Minutes.of(over))
    assert found == Milligrams.of(limit)


def test_into_a_muscle_it_lies_well_below_what_sedates():
    """4 mg/kg sedates agitated adults, 6.5 mg/kg is anaesthesia (Ketalar): no study of depression gives a number."""
    rule = released_rulebook().rule("dose.ceiling.im.ketamine")
    assert rule.verification == "convention"
    assert rule.number("most") <= 4 / 2


def test_a_ceiling_waits_for_a_prescriber_whatever_its_mark():
    rules = released_rulebook().of_kind(dosing.CEILING)
    assert {each.verification for each in rules} >= {"verified", "convention", "derived"}
    assert not any(each.acts_without_adoption for each in rules)


def test_a_ceiling_whose_steps_cannot_be_compared_counts_as_raised():
    """Read twice from the file it is the same; with another step or without its cap it is another."""
    iv, oral = (
        released_rulebook().rule("dose.ceiling.iv.ketamine"),
        released_rulebook().rule("dose.ceiling.oral.ketamine"),
    )
    again = load.bind(load._files()).rule(iv.id)
    assert again is not iv
    assert not loosens(iv, again)
    fewer = replace(oral, parameters={name: each for name, each in oral.parameters.items() if name != "cap"})
    assert loosens(oral, fewer)
    assert loosens(iv, replace(iv, fixed={**iv.fixed, "steps": iv.fixed["steps"][:2]}))


# ---------------------------------------------------------------- laws


@given(ways, doses, bodies, minutes)
def test_no_dose_above_its_ceiling_ever_comes_out(
    way: tuple[str, str], amount: Fraction, body: Fraction, over: Fraction
):
    ceiling = CEILINGS[way]
    by_weight = ceiling.basis == "mg/kg"
    wanted = Order(
        way[1], way[0], Rounding(Milligrams.of("0.01"), "nearest"), per_kg=MgPerKg(amount / 10) if by_weight else None,
        fixed=None if by_weight else Milligrams(amount * 10), weight=Weight(Kilograms(body), TODAY), over=Minutes(over),
    )  # fmt: skip
    found = calculate(wanted, RULES, TODAY, override=True)
    limit = ceiling.limit(Kilograms(body), Minutes(over))
    if isinstance(found, DoseCalculation):
        assert limit is not None
        assert found.dose <= limit
        assert found.share is not None
        assert found.share <= 1
    elif found.calculation is not None and (limit is None or found.calculation.dose > limit):
        assert "above-ceiling" in found.codes


@given(st.fractions(1, 10, max_denominator=50), bodies, minutes)
def test_a_ceiling_by_weight_grows_with_the_weight(times: Fraction, body: Fraction, over: Fraction):
    ceiling = CEILINGS["ketamine", "iv"]
    one, other = (ceiling.limit(Kilograms(each), Minutes(over)) for each in (body, body * times))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other.value == one.value * times


@given(minutes, minutes)
def test_a_shorter_infusion_is_never_allowed_more(one: Fraction, other: Fraction):
    ceiling = CEILINGS["ketamine", "iv"]
    less, more = (ceiling.most(Minutes(each)) or Fraction(0) for each in sorted((one, other)))
    assert less <= more


def stricter(rule: Rule) -> st.SearchStrategy[dict[str, float]]:
    """Numbers that a clinic may choose: anywhere from the released one to the furthest."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.floats(*sorted((each.value, float(each.furthest or each.value))))
            for name, each in rule.parameters.items()
        },
    )


@given(st.sampled_from(sorted(CEILINGS)), st.data(), bodies, minutes)
def test_tightening_never_admits_more(way: tuple[str, str], data: st.DataObject, body: Fraction, over: Fraction):
    rule = CEILINGS[way].rule
    own = tighten(rule, data.draw(stricter(rule)))
    assert isinstance(own, Rule), own
    was, now = (
        gather((each,)).ceilings[0].limit(Kilograms(body), Minutes(over)) or Milligrams.of(0) for each in (rule, own)
    )
    assert now <= was
    assert not loosens(rule, own)
    assert loosens(own, rule) is own.tightened


def given_doses() -> st.SearchStrategy[list[Given]]:
    one = st.builds(
        lambda way, mg, body, over: Given(way[0], way[1], Milligrams(mg), Kilograms(body), Minutes(over)),
        ways, doses, bodies, minutes,
    )  # fmt: skip
    return st.lists(one, max_size=4)


@given(given_doses(), given_doses())
def test_shares_of_a_day_add_up(some: list[Given], more: list[Given]):
    assert day_share([*some, *more], RULES) == day_share(some, RULES) + day_share(more, RULES)
    assert day_share(reversed(some), RULES) == day_share(some, RULES)


@given(ways, doses, bodies, minutes, st.integers(1, 9))
def test_a_dose_in_parts_takes_as_much_of_the_day(
    way: tuple[str, str], mg: Fraction, body: Fraction, over: Fraction, n: int
):
    whole = Given(way[0], way[1], Milligrams(mg), Kilograms(body), Minutes(over))
    part = Given(way[0], way[1], Milligrams(mg / n), Kilograms(body), Minutes(over))
    assert day_share([part] * n, RULES) == day_share([whole], RULES)


def test_fractions_are_added_over_drugs_and_routes():
    """Half of 0.9 mg/kg under the skin, a third of 84 mg by spray: five sixths of a day, exactly."""
    sc = Given("ketamine", "sc", Milligrams.of("31.5"), Kilograms.of(70))
    spray = Given("esketamine", "in", Milligrams.of(28))
    assert day_share([sc, spray], RULES) == Fraction(5, 6)
    assert day_share([sc, spray, spray], RULES) > 1


def test_what_has_no_ceiling_counts_as_a_whole_day_and_nothing_as_nothing():
    assert day_share([Given("esketamine", "sc", Milligrams.of(1), Kilograms.of(70))], RULES) == 1
    assert day_share([Given("ketamine", "sc", Milligrams.of(1))], RULES) == 1  # without the weight that it needs
    assert day_share([Given("esketamine", "sc", Milligrams.of(0))], RULES) == 0
    assert day_share([], RULES) == 0
    # 0.3 mg/kg is a whole day's as fast as it may go, and so it is where it went in faster still
    assert day_share([Given("ketamine", "iv", Milligrams.of(21), Kilograms.of(70), Minutes.of(1))], RULES) == 1


# ---------------------------------------------------------------- the first dose


@pytest.mark.parametrize(
    ("age", "place", "mg", "asked"),
    [
        (65, "GB", 56, True), (65, "GB", 28, False), (64, "GB", 56, False), (80, "HK", 56, True), (70, "DE", 56, True),
        (70, "NL", 84, True), (70, "US", 56, False), (70, "US-CA", 56, False), (40, "US", 84, True),
        (40, "GB", 84, True), (70, "BR", 56, False),
    ],
)  # fmt: skip
def test_the_first_dose_is_the_labels_by_age_and_place(age: int, place: str, mg: int, asked: bool):
    wanted = order("esketamine", "in", fixed=mg, weight=None)
    found = calculate(wanted, RULES, TODAY, first=FirstDose(age, place))
    assert (found.codes if isinstance(found, DoseRefused) else ()) == (("start-dose",) if asked else ())
    assert isinstance(calculate(wanted, RULES, TODAY), DoseCalculation)  # a later dose
    signed = calculate(wanted, RULES, TODAY, override=True, first=FirstDose(age, place))
    assert isinstance(signed, DoseCalculation)


# ---------------------------------------------------------------- weights


@pytest.mark.parametrize(
    ("new", "last", "codes"),
    [
        (154, 70, ("pounds", "changed")), (160, 70, ("pounds", "changed")), (77, 70, ()), (78, 70, ("changed",)),
        (62, 70, ("changed",)), (63, 70, ()), (32, 70, ("kilograms", "changed")), (70, 70, ()), (154, None, ()),
    ],
)  # fmt: skip
def test_a_weight_is_asked_about(new: int, last: int | None, codes: tuple[str, ...]):
    asked = weigh(Kilograms.of(new), None if last is None else Weight(Kilograms.of(last), TODAY), RULES)
    assert tuple(each.code for each in asked) == codes
    for each in asked:
        assert each.template % each.values


def test_a_heavy_body_is_warned_of_with_the_adjusted_weight_beside():
    """140 kg at 170 cm: index 140 / 2.89 = 48.4; 63.58 + 0.4 x 76.42 = 94.148 kg. From memory: shown as unverified."""
    found = calculate(
        order("ketamine", "iv", per_kg="0.5", weight=Weight(Kilograms.of(140), TODAY), stock=50, total=50, over=40,
              height=Centimetres.of(170)),
        RULES, TODAY,
    )  # fmt: skip
    assert isinstance(found, DoseCalculation)
    assert found.dose == Milligrams.of(70)  # a warning changes no dose
    (notice,) = found.notices
    assert (notice.code, notice.values["adjusted"], notice.values["dose"]) == ("body-mass-high", "94.1", "47.1")
    assert not notice.verified
    assert notice.template % notice.values


def test_without_a_height_nothing_is_said():
    found = calculate(order("ketamine", "iv", per_kg="0.5", stock=50, total=50, over=40), RULES, TODAY)
    assert isinstance(found, DoseCalculation)
    assert found.notices == ()


# ---------------------------------------------------------------- a pump that runs


def running(**more: object) -> Running:
    """70 kg, 70 mg in 50 mL over 40 minutes (75 mL/h); after 20 minutes half of it is in."""
    values: dict = {
        "drug": "ketamine", "route": "iv", "concentration": MgPerMl.of("1.4"), "remaining": Millilitres.of(25),
        "given": Milligrams.of(35), "minutes": Minutes.of(20), "rate": MlPerHour.of(75), "weight": Kilograms.of(70),
    }  # fmt: skip
    return Running(**values | more)


def changed(run: Running, rate: object, **more: object) -> dosing.RateChange:
    found = rate_change(run, MlPerHour.of(rate), RULES, **more)  # type: ignore[arg-type]
    assert isinstance(found, dosing.RateChange), found
    return found


def test_what_a_rate_means():
    """50 mL/h of 1.4 mg/mL are 70 mg/h, 1 mg/kg/h at 70 kg; 25 mL last 30 minutes, and the whole took 50."""
    found = changed(running(), 50)
    assert str(found.per_kg_per_hour) == "1 mg/kg/h"
    assert (found.lasts, found.whole_minutes) == (Minutes.of(30), Minutes.of(50))
    assert (found.left, found.whole, found.day) == (Milligrams.of(35), Milligrams.of(70), 1)
    assert found.codes == ()


def test_a_higher_rate_is_asked_like_a_dose_and_a_lower_one_never_refused():
    assert changed(running(), 76).codes == ("above-ceiling",)  # 1 mg/kg in less than 40 minutes
    assert changed(running(), 3_000_000).codes == ("rate-out-of-range", "above-ceiling")
    for rules in (RULES, dosing.DoseRules()):
        low = rate_change(running(), MlPerHour.of("0.01"), rules)
        assert isinstance(low, dosing.RateChange)
        assert low.codes == ()
    slow = changed(running(), "0.01")
    assert [each.code for each in slow.notices] == ["rate-below-pump"]


def test_what_goes_in_too_fast_is_said_with_its_figures():
    """At 76 mL/h 25 mL last 19.74 minutes: 70 mg in 39.7 minutes, of which 0.5 mg/kg are allowed."""
    (reason,) = changed(running(), 76).reasons
    assert reason.values == {"dose": "70", "minutes": "39.7", "limit": "35"}
    (slow,) = changed(running(), "0.055").notices
    assert slow.values == {"rate": "0.06", "low": "0.1"}


def test_after_a_pause_every_guard_is_asked_anew():
    paused = running(rate=MlPerHour.of(0))
    assert changed(paused, 75).codes == ()
    assert changed(paused, 76).codes == ("above-ceiling",)
    bare = rate_change(paused, MlPerHour.of(75), dosing.DoseRules())
    assert isinstance(bare, dosing.RateChange)
    assert bare.codes == ("no-ceiling",)
    spray = Given("esketamine", "in", Milligrams.of(28))
    assert changed(paused, 75, given_last_24h=[spray]).codes == ("above-day",)


def test_a_tighter_ceiling_acts_on_the_next_rise():
    rule = tighten(released_rulebook().rule("dose.ceiling.iv.ketamine"), {"slow": 0.5})
    assert isinstance(rule, Rule)
    rules = gather([*(each for each in released_rulebook().newest.values() if each.id != rule.id), rule])
    found = rate_change(running(rate=MlPerHour.of(0)), MlPerHour.of(75), rules)
    assert isinstance(found, dosing.RateChange)
    assert found.codes == ("above-ceiling",)


def test_the_last_minutes_may_run_on_but_a_slow_beginning_buys_no_fast_end():
    last = running(
        remaining=Millilitres.of("2.5"), given=Milligrams.of("66.5"), minutes=Minutes.of(38), rate=MlPerHour.of(0)
    )
    assert changed(last, 75).codes == ()  # two minutes at the pace of the whole
    slow = running(remaining=Millilitres.of(40), given=Milligrams.of(14), minutes=Minutes.of(40), rate=MlPerHour.of(21))
    assert changed(slow, 480).codes == ("above-ceiling",)  # 0.8 mg/kg in five minutes
    assert changed(slow, 60).codes == ()


def test_no_rate_and_an_empty_bag_mean_nothing():
    for run, rate, code in (
        (running(), 0, "rate-not-positive"),
        (running(remaining=Millilitres.of(0)), 5, "bag-empty"),
    ):
        found = rate_change(run, MlPerHour.of(rate), RULES)
        assert isinstance(found, dosing.RateRefused)
        assert found.codes == (code,)
