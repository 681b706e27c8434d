"""Every number that a dose is compared with: one step below it, at it, and one step above.

The expectation is the rule's own word ("below 20 or above 350 kg" holds at 20 nothing) and its own number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest

from sojourn.clinical import dosing
from sojourn.clinical.administration import delivered
from sojourn.clinical.administration.charted import Dose, DoseStep, events_of
from sojourn.clinical.dosing import (
    Centimetres,
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
    Weight,
    calculate,
)
from sojourn.clinical.dosing.calculation import rate_reasons
from sojourn.clinical.dosing.quantities import MgPerKgPerHour
from sojourn.clinical.dosing.weights import adjusted, body_mass
from sojourn.clinical.protocol import dose_against
from sojourn.clinical.units import UnitError, exact
from tests.rulebook.test_dosing import RULES, TODAY, infusion
from tests.rulebook.test_dosing_ceilings import CEILINGS, changed, order, running
from tests.rulebook.test_dosing_chair import DRAWN, SPRAY, SPRAYED, dose
from tests.rulebook.test_dosing_chair import codes as at_chair

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POUND = exact("0.45359237")  # in kilograms


Border = list[tuple[str, bool]]


def around(low: str, at: str, high: str, *, below: bool, on: bool, above: bool) -> Border:
    """Beside a limit, at it, and beyond it, with whether something is said there."""
    return [(low, below), (at, on), (high, above)]


def least(low: str, at: str, high: str) -> Border:
    """A limit that is itself allowed, and nothing below it."""
    return around(low, at, high, below=True, on=False, above=False)


def most(low: str, at: str, high: str) -> Border:
    """A limit that is itself allowed, and nothing above it."""
    return around(low, at, high, below=False, on=False, above=True)


def codes(wanted: Order, first: FirstDose | None = None) -> tuple[str, ...]:
    found = calculate(wanted, RULES, TODAY, first=first)
    return found.codes if isinstance(found, DoseRefused) else ()


# ---------------------------------------------------------------- an order


@pytest.mark.parametrize(
    ("kg", "said"), [*least("19.9", "20", "20.1"), *most("349.9", "350", "350.1")]
)  # fmt: skip
def test_a_weight_below_20_or_above_350_kg_is_a_slip(kg, said):
    wanted = infusion(weight=Weight(Kilograms.of(kg), TODAY))
    assert ("weight-implausible" in codes(wanted)) is said


@pytest.mark.parametrize(
    ("days", "code"),
    [(-1, "weight-in-future"), (0, ""), (1, ""), (29, ""), (30, ""), (31, "weight-stale")],
)
def test_a_weight_is_at_most_30_days_old_and_never_of_tomorrow(days, code):
    wanted = infusion(weight=Weight(Kilograms.of(70), TODAY - timedelta(days=days)))
    assert codes(wanted) == ((code,) if code else ())


@pytest.mark.parametrize(("per_kg", "said"), [*least("0.09", "0.1", "0.11"), *most("0.99", "1", "1.01")])
def test_the_ends_of_a_studied_range_were_studied(per_kg, said):
    assert ("outside-range" in codes(infusion(per_kg=MgPerKg.of(per_kg)))) is said


@pytest.mark.parametrize(("per_kg", "said"), around("6.49", "6.5", "6.51", below=False, on=True, above=True))
def test_6_5_mg_per_kg_and_more_into_a_muscle_is_another_use(per_kg, said):
    assert ("another-use" in codes(order("ketamine", "im", per_kg=per_kg))) is said


@pytest.mark.parametrize(("over", "said"), [*least("1.9", "2", "2.1"), *most("99.9", "100", "100.1")])
def test_the_shortest_and_the_longest_minutes_were_studied(over, said):
    assert ("outside-minutes" in codes(infusion(over=Minutes.of(over)))) is said


@pytest.mark.parametrize(("stock", "said"), around("99.9", "100", "100.1", below=False, on=True, above=True))
def test_the_concentration_that_must_not_go_in_undiluted_is_itself_too_high(stock, said):
    wanted = infusion(stock=MgPerMl.of(stock), total=None)
    assert ("concentration-not-allowed" in codes(wanted)) is said


@pytest.mark.parametrize(
    ("rate", "said"), [*least("0.09", "0.1", "0.11"), *most("1199", "1200", "1201")]
)  # fmt: skip
def test_a_pump_runs_at_its_slowest_and_at_its_fastest(rate, said):
    assert bool([*rate_reasons(MlPerHour.of(rate), RULES)]) is said


@pytest.mark.parametrize(("age", "said"), [(17, False), (18, True), (19, True)])
def test_a_label_speaks_from_its_age_on(age, said):
    wanted = order("esketamine", "in", fixed=84, weight=None)
    assert ("start-dose" in codes(wanted, FirstDose(age, "US"))) is said


@pytest.mark.parametrize(("mg", "said"), most("49.5", "50", "50.5"))
def test_the_highest_dose_is_a_dose(mg, said):
    assert ("above-ceiling" in codes(order("ketamine", "in", fixed=mg, weight=None))) is said


@pytest.mark.parametrize(
    ("minutes", "mg_per_kg"),
    [("4.9", None), ("5", "0.3"), ("19.9", "0.3"), ("20", "0.5"), ("39.9", "0.5"), ("40", "1"), ("40.1", "1")],
)
def test_a_step_of_a_ceiling_begins_with_its_minute(minutes, mg_per_kg):
    found = CEILINGS["ketamine", "iv"].most(Minutes.of(minutes))
    assert found == (None if mg_per_kg is None else Fraction(mg_per_kg))


@pytest.mark.parametrize(("ml", "said"), least("0.69", "0.7", "0.71"))
def test_what_is_drawn_may_be_all_that_is_made_up(ml, said):
    """35 mg of 50 mg/mL are 0.7 mL."""
    assert ("total-too-small" in codes(infusion(total=Millilitres.of(ml)))) is said


@pytest.mark.parametrize(("mg", "said"), around("0.24", "0.25", "0.26", below=True, on=True, above=False))
def test_a_half_of_a_step_goes_down_to_nothing(mg, said):
    assert ("rounded-to-nothing" in codes(order("ketamine", "in", fixed=mg, weight=None))) is said


@pytest.mark.parametrize(("number", "said"), [("-0.01", True), ("0", True), ("0.01", False)])
@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("per_kg", MgPerKg, "dose-not-positive"),
        ("stock", MgPerMl, "concentration-not-positive"),
        ("over", Minutes, "minutes-not-positive"),
    ],
)
def test_nothing_is_worked_out_of_nothing_or_less(name, kind, code, number, said):
    assert (code in codes(infusion(**{name: kind.of(number)}))) is said


@pytest.mark.parametrize(("kg", "said"), [("-0.01", True), ("0", True), ("0.01", False)])
def test_nobody_weighs_nothing(kg, said):
    assert ("weight-not-positive" in codes(infusion(weight=Weight(Kilograms.of(kg), TODAY)))) is said


@pytest.mark.parametrize(
    ("kg", "said"),
    [("18.4", "body-mass-low"), ("18.5", ""), ("18.6", ""), ("29.9", ""), ("30", "body-mass-high"),
     ("30.1", "body-mass-high")],
)  # fmt: skip
def test_a_body_mass_is_warned_of_from_30_on_and_below_18_5(kg, said):
    """At a height of 1 m the index is the weight."""
    found = body_mass(Kilograms.of(kg), Centimetres.of(100), MgPerKg.of("0.5"), RULES)
    assert [each.code for each in found] == ([said] if said else [])


@pytest.mark.parametrize(
    ("kg", "asked"), [("62.9", True), ("63", False), ("63.1", False), ("76.9", False), ("77", False), ("77.1", True)]
)
def test_a_weight_that_differs_by_10_per_cent_is_not_asked_about(kg, asked):
    found = dosing.weigh(Kilograms.of(kg), Weight(Kilograms.of(70), TODAY), RULES)
    assert bool(found) is asked


@pytest.mark.parametrize(
    ("new", "asked"),
    [
        ("154", ["pounds", "changed"]), ("31.75", ["kilograms", "changed"]), ("90", ["changed"]),
        (63 / POUND, ["pounds", "changed"]), (77 / POUND, ["pounds", "changed"]), (exact("77.1") / POUND, ["changed"]),
        (63 * POUND, ["kilograms", "changed"]), (77 * POUND, ["kilograms", "changed"]),
        (exact("62.9") * POUND, ["changed"]),
    ],
)  # fmt: skip
def test_a_weight_in_the_other_unit_is_asked_about_by_its_name(new, asked):
    found = dosing.weigh(Kilograms.of(new), Weight(Kilograms.of(70), TODAY), RULES)
    assert [each.code for each in found] == asked


def test_a_question_about_a_weight_says_both():
    pounds, changed_by = dosing.weigh(Kilograms.of("154"), Weight(Kilograms.of(70), TODAY), RULES)
    said = {"new": "154", "last": "70", "day": TODAY.isoformat()}
    assert pounds.values == {**said, "as_pounds": "154.3"}  # 70 kg / 0.45359237
    assert changed_by.values == {**said, "percent": "120"}
    assert dosing.weigh(Kilograms.of(0), Weight(Kilograms.of(70), TODAY), RULES) == ()
    assert dosing.weigh(Kilograms.of(70), Weight(Kilograms.of(0), TODAY), RULES) == ()


@pytest.mark.parametrize(
    ("kg", "said"), [("73.9", "body-mass-low"), ("74", ""), ("119.9", ""), ("120", "body-mass-high")]
)
def test_the_index_is_of_the_square_of_the_height(kg, said):
    """At a height of 2 m the index is a quarter of the weight; the adjusted weight lies a share above the reference."""
    weight, height, rule = Kilograms.of(kg), Centimetres.of(200), RULES.body_mass
    assert [each.code for each in body_mass(weight, height, MgPerKg.of("0.5"), RULES)] == ([said] if said else [])
    assert rule is not None
    lean = adjusted(weight, height, rule).value
    assert (lean - rule.reference * 4) / (weight.value - rule.reference * 4) == rule.share
    assert [*body_mass(Kilograms.of(0), height, MgPerKg.of("0.5"), RULES)] == []
    assert [*body_mass(weight, Centimetres.of(0), MgPerKg.of("0.5"), RULES)] == []


@pytest.mark.parametrize(
    ("work", "by", "result"),
    [
        # The infusion of the rule: 35 mg in 50 mL over 40 minutes, 70 kg.
        (Millilitres.of(50).over, Minutes.of(40), MlPerHour.of(75)),
        (MlPerHour.of(75).lasts, Millilitres.of(50), Minutes.of(40)),
        (Milligrams.of(35).volume, MgPerMl.of("0.7"), Millilitres.of(50)),
        (Milligrams.of(35).within, Millilitres.of(50), MgPerMl.of("0.7")),
        (Milligrams.of(35).per, Kilograms.of(70), MgPerKg.of("0.5")),
        (partial(MlPerHour.of(75).delivers, MgPerMl.of("0.7")), Kilograms.of(70), MgPerKgPerHour.of("0.75")),
    ],
)
def test_quantities_are_worked_out_of_each_other_and_never_of_nothing(work, by, result):
    assert work(by) == result
    kind = type(by)
    assert work(kind.of("0.01"))
    if kind is not Millilitres or result.unit is not Minutes.unit:
        for number in ("0", "-0.01"):
            with pytest.raises(UnitError):
                work(kind.of(number))


def test_what_runs_in_and_what_it_holds():
    assert MlPerHour.of(75).during(Minutes.of(40)) == Millilitres.of(50)
    assert Millilitres.of(50).at(MgPerMl.of("0.7")) == Milligrams.of(35)
    for standing in ("0", "-0.01"):
        with pytest.raises(UnitError):
            MlPerHour.of(standing).lasts(Millilitres.of(50))
        with pytest.raises(UnitError):
            dosing.Rounding(Milligrams.of(standing), "down")


@pytest.mark.parametrize(
    ("mg", "nearest", "down"),
    [("0", "0", "0"), ("0.24", "0", "0"), ("0.25", "0", "0"), ("0.26", "0.5", "0"), ("0.5", "0.5", "0.5"),
     ("0.75", "0.5", "0.5"), ("0.76", "1", "0.5"), ("1", "1", "1")],
)  # fmt: skip
def test_a_half_goes_down_towards_caution(mg, nearest, down):
    for direction, wanted in (("nearest", nearest), ("down", down)):
        assert dosing.Rounding(Milligrams.of("0.5"), direction).round(Milligrams.of(mg)) == Milligrams.of(wanted)


# ---------------------------------------------------------------- at the chair: 42.5 mg, 0.85 mL, 40 minutes, 75 mL/h


@pytest.mark.parametrize(
    ("mg", "said"), [("41.99", True), ("42", False), ("42.01", False), ("42.99", False), ("43", False), ("43.01", True)]
)
def test_one_step_of_the_rounding_either_way_is_the_plans_dose(mg, said):
    assert ("beyond-rounding" in at_chair(dose(mg))) is said


@pytest.mark.parametrize(("over", "said"), least("39.9", "40", "40.1"))
def test_a_dose_may_last_as_long_as_planned_and_no_shorter(over, said):
    assert ("minutes-shorter" in at_chair(replace(DRAWN, over=Minutes.of(over), rate=None))) is said


@pytest.mark.parametrize(
    ("mg", "slip"),
    [
        # Ten times the plan are 425 mg, within 20 % of it from 340 to 510 mg.
        ("339.9", ""), ("340", "tenfold"), ("340.1", "tenfold"),
        ("509.9", "tenfold"), ("510", "tenfold"), ("510.1", ""),
        # The tenth part is 4.25 mg, within 20 % of it from 3.4 mg. And the plan is within 20 % of ten times 5.3125 mg.
        ("3.39", ""), ("3.4", "tenfold"), ("3.41", "tenfold"),
        ("5.31", "tenfold"), ("5.3125", "tenfold"), ("5.32", ""),
        ("3399", ""), ("3400", "hundredfold"), ("0.34", "hundredfold"), ("0.33", ""),
        ("33999", ""), ("34000", "thousandfold"), ("0.034", "thousandfold"), ("0.033", ""),
    ],
)  # fmt: skip
def test_within_20_per_cent_of_ten_times_or_of_the_tenth_part_is_a_slip(mg, slip):
    found = {"tenfold", "hundredfold", "thousandfold"} & {*at_chair(replace(DRAWN, dose=Milligrams.of(mg)))}
    assert found == ({slip} if slip else set())


@pytest.mark.parametrize(("days", "said"), [(-1, True), (0, False), (1, False)])
def test_a_vial_is_used_on_the_day_on_which_it_expires(days, said):
    assert ("expired" in at_chair(replace(DRAWN, expires_on=TODAY + timedelta(days=days)))) is said


@pytest.mark.parametrize(("devices", "said"), [(-1, True), (0, True), (1, False)])
def test_there_is_at_least_one_device(devices, said):
    drawn = replace(SPRAYED, dose=Milligrams.of(28), devices=devices)
    assert ("devices-missing" in at_chair(drawn, SPRAY)) is said


@pytest.mark.parametrize(
    ("mg", "ml", "said"),
    [
        # 2 % of 0.85 mL are 0.017 mL.
        ("42.5", "0.832", True), ("42.5", "0.833", False), ("42.5", "0.834", False),
        ("42.5", "0.866", False), ("42.5", "0.867", False), ("42.5", "0.868", True),
        # 2 % of 0.2 mL would be less than the hundredth to which a syringe is read.
        ("10", "0.189", True), ("10", "0.19", False), ("10", "0.191", False),
        ("10", "0.209", False), ("10", "0.21", False), ("10", "0.211", True),
    ],
)  # fmt: skip
def test_volume_and_milligrams_agree_to_a_hundredth_or_2_per_cent(mg, ml, said):
    drawn = replace(dose(mg), volume=Millilitres.of(ml))
    assert ("volume-disagrees" in at_chair(drawn)) is said


@pytest.mark.parametrize(
    ("ml_per_h", "said"),
    [("73.4", True), ("73.5", False), ("73.6", False), ("76.4", False), ("76.5", False), ("76.6", True)],
)
def test_a_rate_agrees_to_2_per_cent(ml_per_h, said):
    assert ("rate-disagrees" in at_chair(replace(DRAWN, rate=MlPerHour.of(ml_per_h)))) is said


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("volume", Millilitres.of("0.8499"), True), ("volume", Millilitres.of("0.85"), False),
        ("volume", Millilitres.of("0.8501"), True), ("rate", MlPerHour.of("74.99"), True),
        ("rate", MlPerHour.of(75), False), ("rate", MlPerHour.of("75.01"), True),
    ],
)  # fmt: skip
def test_where_no_rule_says_how_far_they_may_differ_nothing_may(name, number, said):
    found = at_chair(replace(DRAWN, **{name: number}), rules=replace(RULES, chair=None))
    assert (f"{name}-disagrees" in found) is said


@pytest.mark.parametrize(("name", "code"), [("rate", "rate-not-positive"), ("volume", "volume-missing")])
@pytest.mark.parametrize(("number", "said"), [("-0.01", True), ("0", True), ("0.01", False)])
def test_a_rate_and_a_volume_are_more_than_nothing(name, code, number, said):
    kind = {"rate": MlPerHour, "volume": Millilitres}[name]
    assert (code in at_chair(replace(DRAWN, **{name: kind.of(number)}))) is said


@pytest.mark.parametrize(("mg", "said"), most("24.9", "25", "25.1"))
def test_a_day_may_be_used_up_to_the_last_part(mg, said):
    """42.5 of 85 mg are half of a day; the other half are 25 of 50 mg by nose."""
    before = [Given("ketamine", "in", Milligrams.of(mg))]
    assert ("above-day" in at_chair(DRAWN, given_last_24h=before)) is said


# ---------------------------------------------------------------- a pump that runs


@pytest.mark.parametrize(("ml_per_h", "raised"), most("74.9", "75", "75.1"))
def test_the_rate_that_is_set_is_no_higher_one(ml_per_h, raised):
    assert changed(running(), ml_per_h).raised is raised


@pytest.mark.parametrize(("ml_per_h", "said"), least("0.09", "0.1", "0.11"))
def test_the_slowest_rate_of_a_pump_is_not_too_slow(ml_per_h, said):
    assert [each.code for each in changed(running(), ml_per_h).notices] == (["rate-below-pump"] if said else [])


@pytest.mark.parametrize(("ml", "code"), [("-0.01", "bag-empty"), ("0", "bag-empty"), ("0.01", "")])
def test_a_bag_with_anything_in_it_is_not_empty(ml, code):
    found = dosing.rate_change(running(remaining=Millilitres.of(ml)), MlPerHour.of(75), RULES)
    assert (found.codes == (code,)) is bool(code)


# ---------------------------------------------------------------- the last day


def _dose(**changes: object) -> Dose:
    values: dict[str, object] = {
        "id": 1, "drug": "esketamine", "route": "in", "dose_mg": Decimal(28), "drawn_mg": None,
        "duration_min": Decimal(0), "lot": "", "vial": "", "stock_mg_per_ml": None, "total_ml": None,
        "rate_ml_per_h": None, "devices": 1, "started_at": NOW, "by": "", "checked_by": "", "note": "",
    }  # fmt: skip
    return Dose(**{**values, **changes})  # type: ignore[arg-type]


def _of_the_last_day(dose: Dose, steps: tuple[DoseStep, ...], now: datetime, ended_at: datetime | None) -> int:
    found = delivered(events_of(dose, steps, ended_at), now=now, tolerance_mg=Fraction(0))
    return len([*dose_against.of_the_last_day(dose, found, None, now)])


@pytest.mark.parametrize(("after", "counts"), [(-SECOND, 1), (timedelta(0), 1), (SECOND, 0)])
def test_a_dose_that_ended_24_hours_ago_is_of_the_last_day(after, counts):
    assert _of_the_last_day(_dose(), (), NOW + timedelta(hours=24) + after, NOW) == counts


@pytest.mark.parametrize(("after", "counts"), [(-SECOND, 1), (timedelta(0), 1), (SECOND, 0)])
def test_a_dose_whose_history_cannot_have_happened_is_reckoned_from_its_planned_end(after, counts):
    """Nobody knows when it ended: not before it could have been in."""
    wrong = DoseStep(1, 1, "part", None, None, Decimal(28), "", NOW, "")  # a part of what has no beginning
    infusion = _dose(duration_min=Decimal(40))
    now = NOW + timedelta(hours=24, minutes=40) + after
    assert _of_the_last_day(infusion, (wrong,), now, None) == counts
