"""What a dose's history and its milligrams are compared with: one step on either side of each limit, and at it.

The doses are those of the rule (0.5 mg/kg over 40 minutes): 35 mg in 50 mL, 0.7 mg/mL, at 75 mL/h.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sojourn.clinical.administration import (
    Delivered,
    Event,
    HistoryRefused,
    Means,
    Method,
    Phase,
    RateExpected,
    accept,
    charted,
    delivered,
    reconcile,
)
from sojourn.clinical.administration.balance import NeverGiven
from sojourn.clinical.administration.charted import (
    Dose,
    DoseStep,
    events_of,
    part_fault,
    rate_fault,
    waste_fault,
)
from sojourn.clinical.units import exact

from .test_administration import (
    TEN,
    WITHIN,
    asked,
    at,
    by_hand,
    end,
    given_by,
    left,
    part,
    pause,
    rate,
    resume,
    start,
    stop,
    total,
    waste,
)

SECOND = timedelta(seconds=1)


def against(found: Delivered | HistoryRefused) -> tuple[str, ...]:
    """What speaks against a history; nothing where it is taken."""
    return found.codes if isinstance(found, HistoryRefused) else ()


# ---------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("mg", "fault"),
    [("-0.01", "not-positive"), ("0", "not-positive"), ("0.001", "too-fine"), ("0.01", ""), ("0.015", "too-fine")],
)
def test_a_waste_is_at_least_a_hundredth_and_in_hundredths(mg, fault):
    assert waste_fault(Decimal(mg)) == fault


@pytest.mark.parametrize(
    ("wanted", "lower", "higher"),
    [
        ("-0.1", "rate-missing", "rate-missing"),
        ("0", "rate-missing", "rate-missing"),
        ("0.1", "", "not-higher"),
        ("74.9", "", "not-higher"),
        ("75", "not-lower", "not-higher"),
        ("75.1", "not-lower", ""),
    ],
)
def test_the_rate_that_is_set_is_neither_lower_nor_higher(wanted, lower, higher):
    running = Decimal(75)
    assert rate_fault("lower_rate", Decimal(wanted), running) == lower
    assert rate_fault("raise_rate", Decimal(wanted), running) == higher


def _dose(**changes: object) -> Dose:
    """56 mg from two devices."""
    values: dict[str, object] = {
        "id": 1, "drug": "esketamine", "route": "in", "dose_mg": Decimal(56), "drawn_mg": None,
        "duration_min": Decimal(0), "lot": "", "vial": "", "stock_mg_per_ml": None, "total_ml": None,
        "rate_ml_per_h": None, "devices": 2, "started_at": TEN, "by": "", "checked_by": "", "note": "",
    }  # fmt: skip
    return Dose(**{**values, **changes})  # type: ignore[arg-type]


def _part(mg: str) -> DoseStep:
    return DoseStep(1, 1, "part", None, None, Decimal(mg), "", TEN, "")


@pytest.mark.parametrize(
    ("mg", "fault"),
    [
        ("-28", "part-not-positive"), ("0", "part-not-positive"), ("0.01", ""), ("28", ""),
        ("28.02", ""),  # sprays of equal size are rounded to a hundredth each
        ("28.03", "part-too-much"),
    ],
)  # fmt: skip
def test_a_part_is_more_than_nothing_and_no_more_than_what_is_left(mg, fault):
    assert part_fault(_dose(), (_part("28"),), Decimal(mg)) == fault


@pytest.mark.parametrize(("mg", "fault"), [("28.01", ""), ("28.02", "part-too-much")])
def test_what_is_no_device_is_rounded_once(mg, fault):
    assert part_fault(_dose(route="im", devices=None), (_part("28"),), Decimal(mg)) == fault


PUMP = {"route": "iv", "dose_mg": Decimal(35), "drawn_mg": Decimal(70), "total_ml": Decimal(100), "devices": None,
        "rate_ml_per_h": Decimal(75)}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "means"),
    [
        ({"route": "iv", "rate_ml_per_h": Decimal(75)}, Means.PUMP), ({"route": "iv"}, Means.SYRINGE),
        ({"route": "im"}, Means.SYRINGE), ({"route": "sc"}, Means.SYRINGE), ({"route": "in"}, Means.SPRAY),
        ({"route": "oral"}, Means.MOUTH),
    ],
)  # fmt: skip
def test_how_a_dose_gets_in(changes, means):
    assert _dose(**changes).means is means


@pytest.mark.parametrize(
    ("changes", "mg_per_ml"),
    [
        (PUMP, exact("0.7")), ({**PUMP, "drawn_mg": None}, exact("0.35")),
        ({"stock_mg_per_ml": Decimal(50)}, 50), ({}, None),
    ],
)  # fmt: skip
def test_what_a_millilitre_holds(changes, mg_per_ml):
    assert _dose(**changes).mg_per_ml == mg_per_ml


def _step(number: int, kind: str, minutes: float, **values: str) -> DoseStep:
    amounts = {name: Decimal(each) for name, each in values.items()}
    return DoseStep(number, 1, kind, amounts.get("rate"), amounts.get("left"), amounts.get("mg"), "", at(minutes), "")


def test_a_charted_infusion_is_what_its_rows_say():
    """35 mg of 70 in 100 mL: 50 mL of it are the dose, at 75 mL/h. Ten minutes, a pause of five, five at half of it."""
    dose = _dose(**PUMP)
    steps = (
        _step(1, "start", 0, rate="75"), _step(2, "pause", 10), _step(3, "resume", 15, rate="37.5"),
        _step(4, "rate", 20, rate="75"), _step(5, "stop", 21, left="33.125"),
    )  # fmt: skip
    found = charted.went_in(dose, steps, at(30), agree_percent=1)
    assert isinstance(found, Delivered)
    # 12.5 + 3.125 + 1.25 mL of 0.7 mg/mL; 16.875 mL were read off, as computed.
    assert (found.given_mg, found.disagreement, found.paused) == (exact("11.8125"), None, timedelta(minutes=5))
    assert charted.ran_minutes(found) == 16
    wasted = charted.Wasted(1, Decimal("58.19"), "", at(25), "", 7, "", 8, at(25))
    line = charted.line(found, dose, [wasted])
    assert (line.given_mg, line.wasted_mg, line.unaccounted_mg, line.complete) == (
        Decimal("11.81"), Decimal("58.19"), 0, True,
    )  # fmt: skip
    alone = replace(wasted, witness_person_id=None)
    assert charted.balance(found, dose, [alone]).codes == ("waste-unwitnessed",)
    assert charted.rate_now(steps[:3]) == Decimal("37.5")


@pytest.mark.parametrize(("left_ml", "disagrees"), [("25.5", False), ("25.51", True)])
def test_figures_agree_within_the_percent_of_the_dose(left_ml, disagrees):
    """One per cent of 35 mg is half a millilitre of 0.7 mg/mL."""
    steps = (_step(1, "start", 0, rate="75"), _step(2, "stop", 20, left=left_ml))
    found = charted.went_in(_dose(**PUMP), steps, at(30), agree_percent=1)
    assert (found.disagreement is not None) is disagrees


@pytest.mark.parametrize(
    ("transition", "said", "charts"),
    [
        ("pause", {}, (("pause", {"remaining_ml": None}),)),
        ("resume", {}, (("resume", {"remaining_ml": None, "rate_ml_per_h": Decimal(75)}),)),
        ("lower_rate", {"rate_ml_per_h": Decimal(50)},
         (("rate", {"remaining_ml": None, "rate_ml_per_h": Decimal(50)}),)),
        ("give_part", {}, (("part", {"remaining_ml": None, "mg": Decimal(28)}),)),
        ("give_part", {"part_mg": Decimal(20)}, (("part", {"remaining_ml": None, "mg": Decimal(20)}),)),
        ("stop_early", {"given_mg": Decimal(9)}, (("asked", {"mg": Decimal(9)}), ("stop", {"remaining_ml": None}))),
        ("stop_early", {"remaining_ml": Decimal(9)}, (("stop", {"remaining_ml": Decimal(9)}),)),
        ("pause", {"given_mg": Decimal(9)}, (("pause", {"remaining_ml": None}),)),
    ],
)  # fmt: skip
def test_what_nobody_says_anew_is_as_it_was(transition, said, charts):
    before = (_step(1, "start", 0, rate="75"), _step(2, "part", 0, mg="28"), _step(3, "pause", 5))
    assert charted.charts_of(transition, before, **said) == charts


@pytest.mark.parametrize(
    ("changes", "rate_now", "part_now"),
    [
        ({"over_min": Decimal(40), "total_ml": Decimal(50)}, "75.00", "56.00"),
        ({"over_min": Decimal(40), "drawn_ml": Decimal(2), "devices": 2}, "3.00", "28.00"),
        ({"over_min": Decimal(40), "total_ml": Decimal(50), "rate_ml_per_h": Decimal("74.9")}, "74.9", "56.00"),
        ({"over_min": Decimal(40), "total_ml": Decimal(50), "route": "im"}, "None", "56.00"),
        ({"total_ml": Decimal(50)}, "None", "56.00"), ({"over_min": Decimal(40), "devices": 3}, "None", "18.67"),
    ],
)  # fmt: skip
def test_what_the_pump_is_set_to_and_what_one_part_holds(changes, rate_now, part_now):
    values = {
        "drug": "ketamine",
        "route": "iv",
        "dose_mg": Decimal(56),
        "lot": "x",
        "at": TEN,
        "person_id": 1,
        "by": "A",
    }
    prepared = charted.Prepared(**{**values, **changes})  # type: ignore[arg-type]
    assert (str(charted.rate_of(prepared)), str(charted.part_of(prepared))) == (rate_now, part_now)


@pytest.mark.parametrize(
    ("stock", "ml", "mg"), [("50", "0.7", "35.00"), ("50", None, "34"), (None, "0.7", "34"), ("0.333", "10", "3.33")]
)
def test_what_was_drawn_up_is_concentration_times_volume(stock, ml, mg):
    given = (None if each is None else Decimal(each) for each in (stock, ml))
    assert str(charted.drawn_mg(Decimal(34), *given)) == mg


@pytest.mark.parametrize(("given", "fault"), [("55.99", ""), ("56", "no-part"), ("56.01", "no-part")])
def test_nothing_is_left_when_all_is_given(given, fault):
    assert part_fault(_dose(), (_part(given),), Decimal("0.01")) == fault


@pytest.mark.parametrize(("after", "last"), [(-SECOND, "stop"), (timedelta(0), "end"), (SECOND, "end")])
def test_a_dose_without_steps_that_ran_all_its_minutes_came_to_its_end(after, last):
    infusion = _dose(dose_mg=Decimal(35), duration_min=Decimal(40))
    assert events_of(infusion, (), at(40) + after)[-1].id == last


@pytest.mark.parametrize(("minutes", "kinds"), [("0", ["start", "part"]), ("0.01", ["start"])])
def test_a_dose_without_steps_and_minutes_went_in_at_once(minutes, kinds):
    infusion = _dose(dose_mg=Decimal(35), duration_min=Decimal(minutes))
    first = events_of(infusion, (), None)[0]
    assert (first.ml_per_h, first.mg_per_ml) == ((None, None) if minutes == "0" else (35 / exact("0.01") * 60, 1))
    assert [each.id for each in events_of(infusion, (), None)] == kinds


# ---------------------------------------------------------------- a history


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({"planned_mg": exact(mg)}, "planned-not-positive") for mg in ("-0.01", "0")),
        *(({"mg_per_ml": exact(number)}, "bag-missing") for number in ("-0.01", "0")),
        *(({"volume_ml": exact(number)}, "bag-missing") for number in ("-0.01", "0")),
        *(({"ml_per_h": exact(number)}, "rate-not-positive") for number in ("-0.01", "0")),
        *(({name: exact("0.01")}, "") for name in ("planned_mg", "mg_per_ml", "volume_ml", "ml_per_h")),
    ],
)
def test_a_beginning_has_more_than_nothing_of_each(changes, code):
    found = delivered([start(**changes)], now=TEN, tolerance_mg=exact(1000))
    assert against(found) == ((code,) if code else ())


@pytest.mark.parametrize(
    ("fraction", "code"), [("-0.01", "fraction-impossible"), ("0", ""), ("1", ""), ("1.01", "fraction-impossible")]
)
def test_a_device_was_taken_between_not_at_all_and_whole(fraction, code):
    events = (by_hand(Means.SPRAY, 28), part(1, 28, fraction))
    found = delivered(events, now=at(60), tolerance_mg=WITHIN)
    assert against(found) == ((code,) if code else ())


@pytest.mark.parametrize(("mg", "code"), [("-0.01", "part-not-positive"), ("0", "part-not-positive"), ("0.01", "")])
def test_a_part_that_was_given_is_more_than_nothing(mg, code):
    found = delivered((by_hand(Means.SPRAY, 28), part(1, mg)), now=at(60), tolerance_mg=exact(28))
    assert against(found) == ((code,) if code else ())


@pytest.mark.parametrize(("wanted", "fits"), [("51.9", False), ("52", True), ("53", True), ("53.1", False)])
def test_a_rate_may_differ_from_the_order_by_what_is_within(wanted, fits):
    """75 mL/h of 0.7 mg/mL are 52.5 mg/h; the order means so many, to half a milligram."""
    step = rate(10, 75, expected=RateExpected(exact(wanted), exact("0.5")))
    found = delivered([start(), step], now=at(20), tolerance_mg=exact(50))
    assert isinstance(found, Delivered) is fits


@pytest.mark.parametrize(
    ("ml", "code"), [("-0.01", "reading-negative"), ("0", ""), ("50", ""), ("50.01", "remaining-above-volume")]
)
def test_what_is_left_lies_between_nothing_and_the_whole_bag(ml, code):
    found = delivered([start(), left(20, ml)], now=at(60), tolerance_mg=exact(50))
    assert against(found) == ((code,) if code else ())


@pytest.mark.parametrize(("minutes", "ml", "refuses"), [(0, "0", False), (0, "0.01", True), (1 / 60, "0.01", False)])
def test_nothing_has_gone_in_at_the_very_beginning(minutes, ml, refuses):
    found = delivered([start(), total(minutes, ml)], now=at(60), tolerance_mg=exact(50))
    assert against(found) == (("reading-without-time",) if refuses else ())


@pytest.mark.parametrize(("minutes", "code"), [(9.99, "out-of-order"), (10, ""), (10.01, "")])
def test_two_steps_may_be_of_one_moment(minutes, code):
    found = delivered([start(), rate(10, 60), another_rate(minutes)], now=at(60), tolerance_mg=exact(50))
    assert against(found) == ((code,) if code else ())


def another_rate(minutes: float) -> Event:
    return replace(rate(minutes, 50), id="second")


@pytest.mark.parametrize(("after", "counts"), [(-SECOND, True), (timedelta(0), True), (SECOND, False)])
def test_a_step_of_this_moment_has_happened_and_a_later_one_not(after, counts):
    step = stop(10)
    found = delivered([start(), replace(step, at=step.at + after)], now=at(10), tolerance_mg=exact(50))
    assert isinstance(found, Delivered)
    assert (found.ended_at is not None) is counts


@pytest.mark.parametrize(("after", "taken"), [(-SECOND, True), (timedelta(0), True), (SECOND, False)])
def test_a_step_of_this_moment_is_accepted_and_a_later_one_not(after, taken):
    found = accept([start()], replace(stop(10), at=at(10) + after), now=at(10))
    assert isinstance(found, HistoryRefused) is not taken


# ---------------------------------------------------------------- what agrees


@pytest.mark.parametrize(
    ("ml", "name"),
    [
        # At twenty minutes 25 mL are in, 17.5 mg; half a milligram is 5/7 mL.
        (exact(25) - exact("0.5") / exact("0.7"), ""),
        (exact(25) + exact("0.5") / exact("0.7"), ""),
        (exact(25) - exact("0.51") / exact("0.7"), "counted-below-computed"),
        (exact(25) + exact("0.51") / exact("0.7"), "counted-above-computed"),
    ],
)
def test_a_difference_of_exactly_the_tolerance_is_not_named(ml, name):
    found = given_by(start(), total(20, ml), minutes=20)
    assert [each.code for each in found.discrepancies] == ([name] if name else [])


@pytest.mark.parametrize(
    ("mg", "name"),
    [("35.5", ""), ("35.51", "given-above-planned"), ("34.5", ""), ("34.49", "ended-below-planned")],
)
def test_a_dose_within_the_tolerance_of_its_plan_is_the_planned_dose(mg, name):
    """Said by hand at the end: nothing was charted that it could disagree with."""
    found = given_by(by_hand(Means.SYRINGE, 35), asked(39, mg), end(40))
    assert found.phase is Phase.ENDED
    assert [each.code for each in found.discrepancies] == ([name] if name else [])


@pytest.mark.parametrize(("mg", "fell"), [("9.99", True), ("10", False), ("10.01", False)])
def test_the_same_reading_again_did_not_fall(mg, fell):
    found = given_by(by_hand(Means.SYRINGE, 35), asked(5, 10), asked(6, mg), minutes=10)
    assert ("count-fell" in [each.code for each in found.discrepancies]) is fell


@pytest.mark.parametrize(("ml", "said"), [("49.9", False), ("50", False), ("50.01", True)])
def test_a_count_of_the_whole_bag_is_not_above_it(ml, said):
    found = given_by(start(), total(60, ml))
    assert ("count-above-bag" in [each.code for each in found.discrepancies]) is said


@pytest.mark.parametrize(
    ("paused_at", "name"),
    [(19.99, "given-while-paused"), (20, "counted-above-computed"), (20.01, "counted-above-computed")],
)
def test_a_pause_that_begins_with_the_reading_lets_nothing_in_before_it(paused_at, name):
    steps = sorted((pause(paused_at), total(20, 30)), key=lambda each: each.at)
    found = given_by(start(), *steps)
    assert name in [each.code for each in found.discrepancies]


def test_of_two_readings_the_newest_says_how_it_is_known():
    assert given_by(start(), total(10, "12.5"), asked(20, "17.5"), minutes=20).method is Method.ASKED
    assert given_by(start(), asked(10, "8.75"), total(20, "25"), minutes=20).method is Method.COUNTED


def test_a_reading_that_a_later_one_denies_says_nothing_although_the_last_is_higher():
    found = given_by(start(), total(10, 20), total(20, 10), total(30, 22), minutes=30)
    assert sum(each.ml for each in found.segments if each.until <= at(20)) == 10


def test_of_a_device_that_was_not_taken_nothing_can_be_said():
    found = given_by(by_hand(Means.SPRAY, 28), part(1, 28, 0), asked(2, 0), end(3))
    assert (found.given_mg, found.parts) == (0, ())


def test_what_is_given_by_hand_is_paused_until_it_goes_on():
    spray = (by_hand(Means.SPRAY, 56), part(0, 28), pause(1))
    assert given_by(*spray).phase is Phase.PAUSED
    assert given_by(*spray, resume(5, None)).phase is Phase.RUNNING
    (given,) = given_by(*spray, part(2, 28, "0.5"), resume(5, None)).discrepancies
    assert str(given) == "14 mg were given while the dose was paused."


def test_a_disagreement_says_by_how_much():
    (above,) = given_by(start(), total(20, 30), minutes=20).discrepancies
    assert str(above) == "The pump says 21 mg were given; by rate and minutes it is 17.5 mg, 3.5 mg less."
    (below,) = given_by(start(), total(20, 20), minutes=20).discrepancies
    assert str(below) == "The pump says 14 mg were given; by rate and minutes it is 17.5 mg, 3.5 mg more."


# ---------------------------------------------------------------- the balance


def _balance(
    wasted: str | None = None, drawn: str = "35", remaining: str | None = None, given: str = "30", **more: object
):
    """Of 35 mg drawn up 30 were given by hand, and the dose was stopped."""
    dose = given_by(by_hand(Means.SYRINGE, 35), asked(39, given), stop(40))
    wastes = (waste(wasted, **more),) if wasted is not None else ()
    return reconcile(
        drawn_mg=exact(drawn), delivered=dose, wasted=wastes,
        remaining_mg=None if remaining is None else exact(remaining),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wasted", "name"),
    [("4.99", "milligrams-missing"), ("5", ""), ("5.01", "wasted-above-remaining")],
)
def test_what_was_wasted_is_what_was_left_to_the_hundredth(wasted, name):
    found = _balance(wasted)
    assert found.codes == ((name,) if name else ())
    assert found.complete is (not name)


@pytest.mark.parametrize(
    ("wasted", "name"), [("35", "wasted-above-remaining"), ("35.01", "wasted-above-drawn")]
)  # fmt: skip
def test_more_than_was_drawn_is_more_than_was_left(wasted, name):
    assert _balance(wasted).codes == (name,)


@pytest.mark.parametrize(
    ("remaining", "name"),
    [
        ("4.99", "milligrams-missing"), ("4.994", "milligrams-missing"), ("4.995", ""), ("5", ""), ("5.004", ""),
        ("5.01", "remaining-above-rest"), ("0", "milligrams-missing"),
    ],
)  # fmt: skip
def test_what_remains_is_what_was_neither_given_nor_wasted(remaining, name):
    found = _balance(remaining=remaining)
    assert found.codes == ((name,) if name else ())
    assert str(found.unaccounted_mg) == {"4.99": "0.01", "4.994": "0.01", "5.01": "-0.01", "0": "5.00"}.get(
        remaining, "0.00"
    )


@pytest.mark.parametrize(
    ("wasted", "remaining", "figures"),
    [
        ("1", "3.99", ("3.99", "0.01", "4.00", "4.00")),
        ("4.99", None, ("0.00", "0.01", "0.01", "0.01")),
        ("5.01", None, ("0.00", "-0.01", "-0.01", "0")),
    ],
)
def test_what_is_to_be_wasted_is_what_remains_and_what_is_missing(wasted, remaining, figures):
    found = _balance(wasted, remaining=remaining)
    shown = (found.remaining_mg, found.unaccounted_mg, found.still_to_account_mg, found.to_waste_mg)
    assert tuple(map(str, shown)) == figures


def test_nothing_is_to_be_wasted_where_nobody_says_what_was_drawn():
    found = reconcile(drawn_mg=None, delivered=given_by(start(), stop(20)), wasted=(), remaining_mg=None)
    assert (found.remaining_mg, found.still_to_account_mg, found.to_waste_mg) == (0, None, 0)
    never = NeverGiven.of(None, [], witnessed=True)
    assert never == NeverGiven(Decimal(0), Decimal(0), None, complete=False)


@pytest.mark.parametrize(("drawn", "said"), [("-0.01", True), ("0", True), ("0.01", False)])
def test_more_than_nothing_was_drawn(drawn, said):
    assert ("drawn-not-positive" in _balance(drawn=drawn).codes) is said


def test_one_waste_that_is_all_too_much_was_not_recorded_twice():
    assert _balance("5", given="35").codes == ("wasted-above-remaining",)


@pytest.mark.parametrize(("drawn", "said"), [("34.99", True), ("35", False), ("35.01", False)])
def test_what_was_drawn_is_at_least_the_planned_dose(drawn, said):
    assert ("drawn-below-planned" in _balance(drawn=drawn).codes) is said


@pytest.mark.parametrize(("drawn", "said"), [("34.99", True), ("35", False), ("35.01", False)])
def test_a_bag_holds_no_more_than_was_drawn(drawn, said):
    found = reconcile(drawn_mg=exact(drawn), delivered=given_by(start(), end(40)), wasted=(), remaining_mg=None)
    assert ("bag-above-drawn" in found.codes) is said


@pytest.mark.parametrize(("given", "said"), [("34.99", False), ("35", False), ("35.01", True)])
def test_no_more_is_given_than_was_drawn(given, said):
    assert ("given-above-drawn" in _balance(given=given).codes) is said


@pytest.mark.parametrize(("after", "said"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_a_waste_of_this_moment_has_happened(after, said):
    assert ("waste-in-future" in _balance("5", at=at(60) + after).codes) is said


@pytest.mark.parametrize(("mg", "said"), [("-0.01", True), ("0", True), ("0.01", False)])
def test_a_waste_is_more_than_nothing(mg, said):
    assert ("waste-not-positive" in _balance(mg).codes) is said


@pytest.mark.parametrize(
    ("wasted", "left_mg", "too_much", "complete"),
    [("34.99", "0.01", None, False), ("35", "0", None, True), ("35.01", "0", "0.01", False)],
)
def test_what_was_never_given_is_thrown_away_to_the_last_hundredth(wasted, left_mg, too_much, complete):
    found = NeverGiven.of(Decimal(35), [Decimal(wasted)], witnessed=True)
    assert (found.left_mg, found.complete) == (Decimal(left_mg), complete)
    assert found.too_much_mg == (None if too_much is None else Decimal(too_much))
