"""Peaks, exposure, levels, populations, plans and fits: worked by hand where a hand can, else by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sojourn.clinical import pk
from sojourn.clinical.pk import Dose, Measurement, ModelRefused, Person, Pump, RefusalReason
from sojourn.clinical.pk.fitting import _derivatives, _minimise, _Problem
from sojourn.clinical.pk.model import parse_model
from sojourn.clinical.pk.population import covariance

from .test_models import ADULT, INFUSION, MINIMAL

ONE = parse_model(MINIMAL)  # V 10 L, k 0.1/min: everything can be worked by hand
KAMP = pk.load("kamp")
SPRAY = pk.load("perez")
NASAL = Person(age_y=45, ethnicity="white")


def test_peak_and_levels_of_a_bolus_by_hand() -> None:
    simulated = pk.simulate(ONE, ADULT, [Dose("ketamine", "iv", 10, 5)])  # 1000 ng/mL at minute 5
    top = pk.peak(simulated)
    assert (top.ng_per_ml[0], top.at_min[0]) == pytest.approx((1000.0, 5.0))
    half = 5 + 10 * np.log(2)
    assert pk.time_until_below(simulated, 500)[0] == pytest.approx(half, rel=1e-9)
    assert pk.time_above(simulated, 500, 0, 600)[0] == pytest.approx(half - 5, rel=1e-9)
    assert simulated.area_ng_h_per_ml(0, 1e6)[0] == pytest.approx(10 / 60 * 1000, rel=1e-12)  # dose / CL
    assert pk.time_until_below(simulated, 2000)[0] == 5.0


@pytest.mark.parametrize(
    ("level", "reason"),
    [(0, RefusalReason.OUT_OF_REACH), (-1, RefusalReason.NOT_A_VALUE), (np.nan, RefusalReason.NOT_A_VALUE),
     (np.inf, RefusalReason.NOT_A_VALUE)],
)  # fmt: skip
def test_a_level_is_above_nothing(level: float, reason: RefusalReason) -> None:
    simulated = pk.simulate(ONE, ADULT, [Dose("ketamine", "iv", 10, 5)])
    with pytest.raises(ModelRefused) as refused:
        pk.time_until_below(simulated, level)
    assert refused.value.reason is reason


def test_a_pause_and_a_change_of_rate() -> None:
    doses = pk.infusion("ketamine", [(0, 1.0), (10, 0.0), (15, 2.0)], 20)
    assert [(d.mg, d.start_min, d.duration_min) for d in doses] == [(10.0, 0, 10), (10.0, 15, 5)]
    found = pk.simulate(ONE, ADULT, doses).concentration([10, 15, 20])["ketamine"][0]
    first = 1000 * (1 - np.exp(-1.0))
    paused = first * np.exp(-0.5)
    second = paused * np.exp(-0.5) + 2000 * (1 - np.exp(-0.5))
    assert found == pytest.approx([first, paused, second], rel=1e-12)
    assert pk.infusion("ketamine", [(0, 1.0), (10, 2.0)], 10) == [Dose("ketamine", "iv", 10, 0, 10)]
    for rates, end in (([(0, 1.0), (10, 2.0)], 9.9), ([(0, -0.1)], 10)):
        with pytest.raises(ModelRefused):
            pk.infusion("ketamine", rates, end)


@settings(max_examples=25, deadline=None)
@given(st.floats(10, 100), st.floats(0, 60), st.floats(30, 200))
def test_peak_and_time_above_against_brute_force(mg: float, duration: float, level: float) -> None:
    doses = [Dose("ketamine", "iv", mg, 0, duration), Dose("ketamine", "iv", 10, 80, 5)]
    simulated = pk.simulate(KAMP, ADULT, doses)
    times = np.linspace(0, 300, 60_001)
    values = simulated.concentration(times)["ketamine"][0]
    assert pk.peak(simulated, end_min=300).ng_per_ml[0] >= values.max() * (1 - 1e-12)
    above = pk.time_above(simulated, level, 0, 300)[0]
    assert above == pytest.approx((values > level).mean() * 300, abs=0.03)
    until = pk.time_until_below(simulated, level)[0]
    assert simulated.concentration([until + 1e-6])["ketamine"][0, 0] <= level * (1 + 1e-6)
    late = times > until + 0.01
    assert (values[late] < level).all()


def with_a_depot(per_min: float) -> pk.Model:
    """What is swallowed reaches the blood at this rate, and leaves it at 0.1 per minute."""
    parameters = {**MINIMAL["parameters"], "ka": {"value": per_min, "unit": "1/min"}}  # type: ignore[dict-item]
    return parse_model(
        {
            **MINIMAL,
            "parameters": parameters,
            "compartments": [{"name": "central", "volume": "V"}, {"name": "gut"}],
            "flows": [*MINIMAL["flows"], {"from": "gut", "to": "central", "rate": "ka"}],  # type: ignore[misc]
            "routes": [{"name": "po", "parts": [{"into": "gut"}]}],
        }
    )


@pytest.mark.parametrize("ka", [0.031, 0.05, 0.17, 0.23, 0.4, 1.3, 2.9])
def test_the_peak_of_what_is_swallowed_is_batemans(ka: float) -> None:
    """It stands at ln(ka / k) / (ka - k), as high as exp(-k t) of the dose in the volume, to the last digits."""
    when = np.log(ka / 0.1) / (ka - 0.1)
    wanted = pytest.approx((3 + when, 1000 * np.exp(-0.1 * when)), rel=1e-9)
    model, doses = with_a_depot(ka), [Dose("ketamine", "po", 10, 3)]
    top = pk.peak(pk.simulate(model, ADULT, doses))
    assert (top.at_min.item(), top.ng_per_ml.item()) == wanted
    for now in (3, 3 + when / 2):
        ahead = pk.so_far(model, ADULT, doses, now)
        assert (ahead.next_peak_at_min, ahead.next_peak_ng_per_ml) == wanted
        assert ahead.peak_ahead


@pytest.mark.parametrize("level", [900, 1e-3, 1e-12, 1e-300])
def test_however_low_the_level_its_time_is_found(level: float) -> None:
    simulated = pk.simulate(ONE, ADULT, [Dose("ketamine", "iv", 10, 5)])  # 1000 ng/mL, falling by a tenth a minute
    assert pk.time_until_below(simulated, level).item() == pytest.approx(5 + 10 * np.log(1000 / level), rel=1e-9)


def test_what_never_leaves_stays_above() -> None:
    """All of 10 mg goes over into a space of 10 L, which loses nothing: 1000 (1 - exp(-t / 10)) ng/mL there."""
    sink = parse_model(
        {
            **MINIMAL,
            "compartments": [{"name": "central", "volume": "V"}, {"name": "sink", "volume": "V"}],
            "flows": [{"from": "central", "to": "sink", "clearance": "CL"}],
            "analytes": [{"name": "ketamine", "compartment": "central"}, {"name": "kept", "compartment": "sink"}],
        }
    )
    simulated = pk.simulate(sink, ADULT, [Dose("ketamine", "iv", 10)])
    assert pk.time_until_below(simulated, 999, "kept").item() == np.inf
    assert pk.time_until_below(simulated, 1001, "kept").item() == 0
    assert pk.time_until_below(simulated, 500).item() == pytest.approx(10 * np.log(2), rel=1e-9)
    assert pk.time_above(simulated, 600, 0, 100, "kept").item() == pytest.approx(100 - 10 * np.log(2.5), rel=1e-9)


def test_everyone_in_a_population_is_above_a_level_for_a_time_of_ones_own() -> None:
    """One falls below it twice, one once, one never reaches it; each as if alone."""
    crowd = [Person(weight_kg=w, age_y=30) for w in (40, 75, 180)]
    doses = [Dose("ketamine", "iv", 20, 2), Dose("ketamine", "iv", 25, 12, 9)]
    together = pk.simulate(KAMP, crowd, doses)
    for level in (150, 300, 500):
        above, until = pk.time_above(together, level, 3, 200), pk.time_until_below(together, level)
        top, named = pk.peak(together), pk.facts(together, None, level, 200)
        for k, person in enumerate(crowd):
            alone = pk.simulate(KAMP, person, doses)
            times = np.linspace(3, 200, 197_001)
            (values,) = alone.concentration(times)["ketamine"]
            assert above[k] == pytest.approx((values > level).sum() / 1000, abs=0.003)
            assert above[k] == pytest.approx(pk.time_above(alone, level, 3, 200).item(), rel=1e-9)
            assert until[k] == pytest.approx(pk.time_until_below(alone, level).item(), rel=1e-9)
            own = pk.peak(alone)
            assert (top.ng_per_ml[k], top.at_min[k]) == pytest.approx((own.ng_per_ml.item(), own.at_min.item()))
            (facts,) = pk.facts(alone, None, level, 200)
            assert (facts.analyte, facts.level_ng_per_ml) == ("ketamine", level)
            for name in ("peak_ng_per_ml", "peak_at_min", "area_ng_h_per_ml", "above_min", "below_from_min"):
                assert getattr(named[k], name) == pytest.approx(getattr(facts, name), rel=1e-9)
            assert facts.area_ng_h_per_ml == pytest.approx(alone.area_ng_h_per_ml(0, 200).item())
            assert facts.above_min == pytest.approx(pk.time_above(alone, level, 0, 200).item())


def test_a_quick_peak_before_a_slow_tail_is_not_passed_over() -> None:
    """It rises and falls within half a minute, where hours are looked through."""
    rates = {"ka": 1200, "out": 300, "back": 0.6}
    quick = parse_model(
        {
            **MINIMAL,
            "parameters": {"V": {"value": 10, "unit": "L"}, "CL": {"value": 6000, "unit": "L/h"}}
            | {name: {"value": each, "unit": "1/h"} for name, each in rates.items()},
            "compartments": [{"name": "central", "volume": "V"}, {"name": "tissue"}, {"name": "gut"}],
            "flows": [
                {"from": "central", "clearance": "CL"},
                {"from": "gut", "to": "central", "rate": "ka"},
                {"from": "central", "to": "tissue", "rate": "out"},
                {"from": "tissue", "to": "central", "rate": "back"},
            ],
            "routes": [{"name": "po", "parts": [{"into": "gut"}]}],
        }
    )
    simulated = pk.simulate(quick, ADULT, [Dose("ketamine", "po", 10, 1)])
    times = np.linspace(1, 3, 200_001)
    (values,) = simulated.concentration(times)["ketamine"]
    top = pk.peak(simulated)
    assert (top.at_min.item(), top.ng_per_ml.item()) == pytest.approx((times[values.argmax()], values.max()), rel=1e-5)
    for level in (100, 200):
        above = (values > level).mean() * 2
        assert pk.time_above(simulated, level, 0, 3).item() == pytest.approx(above, abs=2e-5)
        assert pk.time_until_below(simulated, level).item() == pytest.approx(times[values > level].max(), abs=2e-5)


def test_facts_of_a_day_by_hand() -> None:
    """Until minute 1440 the area of 10 mg is the dose over 60 L/h."""
    bolus = pk.simulate(ONE, ADULT, [Dose("ketamine", "iv", 10)])
    (level,) = pk.facts(bolus, level_ng_per_ml=500)
    assert (level.above_min, level.below_from_min) == pytest.approx((10 * np.log(2), 10 * np.log(2)))
    (day,) = pk.facts(bolus)
    assert (day.peak_ng_per_ml, day.peak_at_min, day.area_ng_h_per_ml) == pytest.approx((1000, 0, 1000 / 6))
    assert (day.above_min, day.below_from_min) == (None, None)
    (lasting,) = pk.facts(pk.simulate(ONE, ADULT, [Dose("ketamine", "iv", 1441, 0, 1441)]))
    assert lasting.area_ng_h_per_ml == pytest.approx((1440 - 10) * 1000 / 60)  # R / CL (t - 1 / k)


def test_peaks_of_a_whole_population_are_each_ones_own() -> None:
    people = pk.virtual(SPRAY, NASAL, 40, seed=3)
    simulated = pk.simulate(SPRAY, people, [Dose("esketamine", "in", 84)])
    top = pk.peak(simulated)
    times = np.linspace(0, 600, 30_001)
    values = simulated.concentration(times)["esketamine"]
    assert top.ng_per_ml == pytest.approx(values.max(axis=1), rel=1e-6)
    assert (top.ng_per_ml >= values.max(axis=1) * (1 - 1e-12)).all()


def test_virtual_people_are_reproducible_and_spread_as_published() -> None:
    model = pk.load("fanta")
    one, two = (pk.virtual(model, ADULT, 20_000, seed=5) for _ in range(2))
    assert (one.deviations == two.deviations).all()
    assert (pk.virtual(model, ADULT, 5, seed=6).deviations != one.deviations[:5]).all()
    assert np.cov(one.deviations.T) == pytest.approx(covariance(model), abs=0.005)
    assert np.median(one.values["CL"]) * 60 == pytest.approx(95.2, rel=0.01)
    frn = pk.virtual(SPRAY, Person(age_y=45, ethnicity="japanese"), 5_000, seed=1).values["FRn"]
    assert frn.max() <= 1.0
    assert np.median(frn) == pytest.approx(0.54 * 1.34, rel=0.02)
    for refused in (lambda: pk.virtual(KAMP, ADULT, 5, 1), lambda: pk.virtual(model, ADULT, 0, 1)):
        with pytest.raises(ModelRefused):
            refused()


def test_people_with_covariates_of_their_own() -> None:
    crowd = [Person(weight_kg=w, age_y=30) for w in (50, 70, 110)]
    found = pk.simulate(KAMP, crowd, INFUSION).concentration([40])["ketamine"]
    for k, person in enumerate(crowd):
        alone = pk.simulate(KAMP, person, INFUSION).concentration([40])["ketamine"][0, 0]
        assert found[k, 0] == pytest.approx(alone, rel=1e-12)


def test_bands_hold_the_people_they_promise() -> None:
    model = pk.load("fanta")
    dose = [Dose("esketamine", "iv", 20, 0, 40)]
    simulated = pk.simulate(model, pk.virtual(model, ADULT, 4000, seed=1), dose)
    band = pk.bands(simulated, [40.0])
    values = simulated.concentration([40.0])["esketamine"][:, 0]
    assert ((values >= band.low90[0]) & (values <= band.high90[0])).mean() == pytest.approx(0.9, abs=0.002)
    assert ((values >= band.low50[0]) & (values <= band.high50[0])).mean() == pytest.approx(0.5, abs=0.002)


def test_models_are_shown_side_by_side_and_never_averaged() -> None:
    found = pk.between_models(ADULT, INFUSION, [40.0, 60.0])
    assert set(found.curves) == {
        "clements_nimmo_1981_250ugkg",
        "domino_1984_racemic_iv",
        "kamp_2020_anesthesiology_pooled",
    }
    for k in range(2):
        ends = sorted(float(curve[k]) for curve in found.curves.values())
        assert (found.low[k], found.high[k]) == (ends[0], ends[-1])
    assert found.refused["simons_2022_otf"].reason is RefusalReason.WRONG_DRUG
    with pytest.raises(ModelRefused, match="no model answers"):
        pk.between_models(Person(weight_kg=20, age_y=5), INFUSION, [40.0])


def test_an_effect_site_is_marked_as_assumed() -> None:
    site = KAMP.effect_sites[1]
    simulated = pk.simulate(KAMP, ADULT, INFUSION, effect_site=site)
    assert any(note.startswith("assumed: effect site") for note in simulated.assumptions)
    times = np.linspace(0, 120, 120_001)
    plasma = simulated.concentration(times)["ketamine"][0]
    step = times[1]
    kernel = np.exp(-site.ke0_per_min * step)
    effect, now = np.zeros_like(plasma), 0.0
    for k in range(1, len(times)):  # ce' = ke0 (c - ce), with c linear between instants
        now = now * kernel + (1 - kernel) * (plasma[k] + plasma[k - 1]) / 2
        effect[k] = now
    assert simulated.effect(times)[0] == pytest.approx(effect, abs=1e-4)
    half = next(site for site in KAMP.effect_sites if site.effect == "cardiac output")
    assert half.ke0_per_min == pytest.approx(np.log(2) / 2.28)
    with pytest.raises(ModelRefused):
        pk.simulate(KAMP, ADULT, INFUSION).effect([1.0])


def test_reference_zones_and_routes_carry_their_sources() -> None:
    zones = {zone.effect: zone for zone in pk.reference_zones("ketamine")}
    assert (zones["dissociation"].low_ng_per_ml, zones["dissociation"].high_ng_per_ml) == (100, 250)
    assert (zones["anaesthesia"].low_ng_per_ml, zones["anaesthesia"].high_ng_per_ml) == (1200, 2400)
    assert all(zone.source and zone.verification for zone in zones.values())
    assert pk.reference_zones("esketamine") == ()
    nasal = pk.equal_exposure("ketamine", 35, "in")
    assert len(nasal) > 1  # never one nasal bioavailability
    assert [round(each.mg, 1) for each in nasal] == [77.8, 269.2]
    wide = nasal[1]
    assert (wide.least_mg, wide.most_mg) == pytest.approx((35 / 0.17, 35 / 0.11))
    assert pk.equal_exposure("ketamine", 35, "im")[0].mg == pytest.approx(35 / 0.93)
    with pytest.raises(ModelRefused, match="no bioavailability"):
        pk.equal_exposure("esketamine", 20, "im")


def test_a_planned_peak_is_reached_and_the_pump_obeyed() -> None:
    plan = pk.plan_peak(KAMP, ADULT, 200, 40)
    assert plan.reaches_target
    assert plan.peak_ng_per_ml == pytest.approx(200, rel=1e-9)
    assert plan.peak_at_min == pytest.approx(40)
    weak = pk.plan_peak(KAMP, ADULT, 200, 40, Pump(most_mg_per_min=0.3))
    assert not weak.reaches_target
    assert weak.total_mg == pytest.approx(12)
    assert weak.limited_by
    stepped = pk.plan_peak(KAMP, ADULT, 200, 40, Pump(rate_step_mg_per_min=0.25))
    assert stepped.total_mg / 40 == pytest.approx(0.5)
    with pytest.raises(ModelRefused, match="slowly"):
        pk.plan_peak(KAMP, ADULT, 1, 40, Pump(rate_step_mg_per_min=1))
    exact = pk.plan_peak(ONE, ADULT, 1000 * (1 - np.exp(-2)), 20, Pump(most_mg_per_min=1 + 1e-12))  # R / CL (1 - e^-kt)
    assert (exact.total_mg, exact.reaches_target, exact.limited_by) == (pytest.approx(20), True, ())


@pytest.mark.parametrize(
    ("pump", "wanted", "rate"),
    [
        (Pump(), 7.3, 7.3),
        (Pump(), -0.1, 0),
        (Pump(most_mg_per_min=3), 3.1, 3),
        (Pump(rate_step_mg_per_min=0.1), 0.3, 0.3),  # 0.3 / 0.1 is a little less than three
        (Pump(rate_step_mg_per_min=0.25), 0.74, 0.5),
        (Pump(1.1, rate_step_mg_per_min=0.25), 9, 1),
    ],
)
def test_a_pump_never_runs_above_what_is_wanted_or_allowed(pump: Pump, wanted: float, rate: float) -> None:
    assert pump.rate(wanted) == pytest.approx(rate)


@pytest.mark.parametrize(
    "numbers", [(0, 40, 5), (100, 0, 5), (100, 40, 0), (np.inf, 40, 5), (100, np.nan, 5), (100, 40, -1)]
)
def test_nothing_is_planned_towards_nothing(numbers: tuple[float, float, float]) -> None:
    target, until, step = numbers
    with pytest.raises(ModelRefused) as refused:
        pk.plan_plateau(KAMP, ADULT, target, until, step_min=step)
    assert refused.value.reason is RefusalReason.NOT_A_VALUE
    if step == 5:
        with pytest.raises(ModelRefused, match="above zero"):
            pk.plan_peak(KAMP, ADULT, target, until)


def test_a_planned_plateau_is_held() -> None:
    plan = pk.plan_plateau(KAMP, ADULT, 100, 60, Pump(most_mg_per_min=3, most_bolus_mg=10))
    assert plan.doses[0].mg == pytest.approx(2.5)  # 100 ng/mL in 25 L
    ends = np.arange(5.0, 61.0, 5.0)
    assert plan.expected.concentration(ends)["ketamine"][0] == pytest.approx(100.0, rel=1e-9)
    rates = [dose.mg / dose.duration_min for dose in plan.doses[1:]]
    assert all(later <= sooner for sooner, later in itertools.pairwise(rates))
    assert rates[-1] > 84 / 60 * 0.1  # not below what is eliminated at 100 ng/mL
    held = pk.plan_plateau(KAMP, ADULT, 100, 60, Pump(most_mg_per_min=0.1))
    assert (held.reaches_target, held.limited_by) == (False, ("the pump gives at most 0.1 mg/min",))
    assert max(dose.mg / dose.duration_min for dose in held.doses) <= 0.1 + 1e-12


def test_a_plateau_by_hand() -> None:
    """100 ng/mL in 10 L are 1 mg, held by 0.1 mg/min; without a bolus the first step has to bring all of it."""
    loaded = pk.plan_plateau(ONE, ADULT, 100, 12, Pump(most_bolus_mg=5))
    steps = [(dose.start_min, dose.duration_min) for dose in loaded.doses]
    assert steps == [(0, 0), (0, 5), (5, 5), (10, 2)]  # the last as long as is left
    assert [dose.mg for dose in loaded.doses] == pytest.approx([1, 0.5, 0.5, 0.2])
    assert (loaded.peak_ng_per_ml, loaded.total_mg, loaded.reaches_target) == pytest.approx((100, 2.2, True))
    enough = pk.plan_plateau(ONE, ADULT, 100, 12, Pump(most_mg_per_min=0.1, most_bolus_mg=1))
    assert (enough.total_mg, enough.reaches_target) == pytest.approx((2.2, True))
    slow = pk.plan_plateau(ONE, ADULT, 100, 10, Pump(most_mg_per_min=0.1))
    assert [dose.mg for dose in slow.doses] == pytest.approx([0.5, 0.5])
    assert not slow.reaches_target
    dry = pk.plan_plateau(ONE, ADULT, 100, 10)
    first = 0.1 / (1 - np.exp(-0.5))  # R / CL (1 - e^-kt) is the target
    assert [dose.mg for dose in dry.doses] == pytest.approx([5 * first, 0.5])
    with pytest.raises(ModelRefused, match="slowly"):
        pk.plan_plateau(ONE, ADULT, 100, 10, Pump(rate_step_mg_per_min=9))


def test_a_running_session() -> None:
    now = pk.so_far(KAMP, ADULT, INFUSION, 20, level_ng_per_ml=50)
    assert (now.given_mg, now.still_to_come_mg) == (17.5, 17.5)
    assert now.now_ng_per_ml["ketamine"] == pytest.approx(198.27, abs=0.0051)
    assert now.peak_ahead
    assert (now.next_peak_ng_per_ml, now.next_peak_at_min) == pytest.approx((253.05, 40.0), abs=0.0051)
    assert now.below_from_min == pytest.approx(119.77, abs=0.01)
    after = pk.so_far(KAMP, ADULT, INFUSION, 60)
    assert not after.peak_ahead
    assert after.next_peak_ng_per_ml == pytest.approx(95.86, abs=0.0051)
    two = pk.load("fanta")  # the medicine and what becomes of it: the medicine's own peak is said
    running = [Dose("esketamine", "iv", 20, 0, 40), Dose("esketamine", "iv", 5, 35.5)]
    ahead, top = pk.so_far(two, ADULT, running, 20), pk.peak(pk.simulate(two, ADULT, running))
    assert (ahead.next_peak_ng_per_ml, ahead.next_peak_at_min) == pytest.approx((top.ng_per_ml[0], top.at_min[0]))
    before = pk.so_far(KAMP, ADULT, INFUSION, -1)
    assert (before.given_mg, before.now_ng_per_ml["ketamine"]) == (0.0, 0.0)


# --- fitting ---


def test_the_slopes_of_a_bowl_are_exact() -> None:
    """Central differences of c + g·x + x·Hx / 2 leave nothing but rounding."""
    bent = np.array([[4.0, 1.0, -0.5], [1.0, 3.0, 0.25], [-0.5, 0.25, 2.0]])
    slope, at = np.array([0.3, -0.2, 0.1]), np.array([0.5, -1.0, 2.0])

    class Bowl:
        width = 3

        @staticmethod
        def objective(etas: np.ndarray) -> np.ndarray:
            return 7.0 + etas @ slope + np.einsum("mi,ij,mj->m", etas, bent, etas) / 2

    bowl: _Problem = Bowl()  # type: ignore[assignment]
    gradient, hessian = _derivatives(bowl, at)
    assert gradient == pytest.approx(slope + bent @ at, abs=1e-9)
    assert hessian == pytest.approx(bent, abs=1e-6)
    eta, lowest, converged = _minimise(bowl)
    lowest_at = -np.linalg.solve(bent, slope)
    assert eta == pytest.approx(lowest_at, abs=1e-8)
    assert (lowest, converged) == (pytest.approx(7.0 + slope @ lowest_at / 2), True)


def test_what_is_minimised_by_hand() -> None:
    """-2 log posterior: the misfit and the log of the variance (assay, and 10 % of what is predicted), and η² / ω²."""
    data = {
        **MINIMAL,
        "parameters": {**MINIMAL["parameters"], "V": {"value": 10, "unit": "L", "omega2": 0.25}},  # type: ignore[dict-item]
        "analytes": [{"name": "ketamine", "compartment": "central", "residual_proportional": 0.1}],
    }
    problem = _Problem(parse_model(data), ADULT, [Dose("ketamine", "iv", 10)], [Measurement(0.0, 900.0, 50.0)])
    found = problem.objective(np.array([[0.0], [np.log(2)]]))  # 1000 and 500 ng/mL
    typical, twice = 50**2 + 100**2, 50**2 + 50**2
    wanted = [100**2 / typical + np.log(typical), 400**2 / twice + np.log(twice) + np.log(2) ** 2 / 0.25]
    assert found == pytest.approx(wanted, rel=1e-12)


def measured(model: pk.Model, seed: int, doses: list[Dose], sd: float) -> tuple[np.ndarray, list[Measurement]]:
    truth = pk.simulate(model, pk.virtual(model, ADULT, 1, seed), doses)
    found = truth.concentration([10, 40, 60, 120, 240, 480])
    return truth.bodies.deviations[0], [
        Measurement(t, float(found[name][0, k]), sd, name)
        for name in model.names
        for k, t in enumerate([10, 40, 60, 120, 240, 480])
    ]


def test_the_fit_is_the_most_probable_point() -> None:
    """SciPy's own minimiser, started elsewhere, finds nothing better."""
    model, doses = pk.load("fanta"), [Dose("esketamine", "iv", 20, 0, 40)]
    _, points = measured(model, 7, doses, 2.0)
    found = pk.fit(model, ADULT, doses, points)
    assert found.converged
    problem = _Problem(model, ADULT, doses, points)
    for start in (np.zeros(4), np.full(4, 0.3)):
        other = minimize(lambda eta: float(problem.objective(eta[None])[0]), start, method="BFGS")
        assert found.objective <= other.fun + 1e-6
        assert found.deviations == pytest.approx(other.x, abs=1e-3)


def test_without_news_the_fit_stays_with_the_population() -> None:
    model, doses = pk.load("fanta"), [Dose("esketamine", "iv", 20, 0, 40)]
    found = pk.fit(model, ADULT, doses, [Measurement(40.0, 300.0, 1e7)])
    assert found.deviations == pytest.approx(np.zeros(4), abs=1e-3)
    # the residual spread of the model is in the way of exactness; the prior's width is kept
    assert np.diag(found.covariance) == pytest.approx(np.diag(covariance(model)), rel=0.05)


def test_exact_measurements_of_a_model_without_residual_find_the_person() -> None:
    data = {
        **MINIMAL,
        "parameters": {
            "V": {"value": 10, "unit": "L", "omega2": 0.09},
            "CL": {"value": 60, "unit": "L/h", "omega2": 0.09},
        },
    }
    model = parse_model(data)
    doses = [Dose("ketamine", "iv", 10)]
    truth = pk.simulate(model, pk.bodies(model, ADULT, [[0.35, -0.25]]), doses)
    points = [Measurement(t, float(truth.concentration([t])["ketamine"][0, 0]), 0.01) for t in (1, 10, 30)]
    found = pk.fit(model, ADULT, doses, points)
    assert found.deviations == pytest.approx([0.35, -0.25], abs=1e-3)
    assert found.parameters["CL"] == pytest.approx(np.exp(-0.25), rel=1e-3)
    assert max(found.relative_sd.values()) < 1e-3
    band = found.band([10.0])
    assert band.low90[0] < truth.concentration([10.0])["ketamine"][0, 0] * 1.001
    assert band.high90[0] - band.low90[0] < 1.0
    again = pk.bands(pk.simulate(model, found.plausible(500, 1), doses), [10.0])
    assert (band.people, band.low90, band.high50) == (500, again.low90, again.high50)
    other = found.band([10.0], doses=[Dose("ketamine", "iv", 20)])
    assert other.median == pytest.approx(2 * band.median)
    assert np.cov(found.plausible(20_000, 3).deviations.T) == pytest.approx(found.covariance, rel=0.05, abs=1e-8)


def test_a_fit_of_the_large_model_narrows_what_it_can_see() -> None:
    doses = [Dose("esketamine", "in", 84)]
    truth = pk.simulate(SPRAY, pk.virtual(SPRAY, NASAL, 1, 11), doses)
    points = [Measurement(t, float(truth.concentration([t])["esketamine"][0, 0]), 1.0) for t in (20, 40, 60, 120, 240)]
    found = pk.fit(SPRAY, NASAL, doses, points)
    prior = dict(zip(SPRAY.spread, np.sqrt(np.diag(covariance(SPRAY))), strict=True))
    assert found.relative_sd["FRn"] < 0.95 * prior["FRn"]
    assert all(found.relative_sd[name] <= prior[name] * 1.02 for name in prior)
    assert found.relative_sd["ka_po"] == pytest.approx(prior["ka_po"], rel=0.02)  # no oral dose, no news
    fitted = found.predicted_ng_per_ml
    typical = pk.simulate(SPRAY, NASAL, doses).concentration([p.at_min for p in points])["esketamine"][0]
    wanted = np.array([p.ng_per_ml for p in points])
    assert np.abs(np.log(fitted / wanted)).sum() < np.abs(np.log(typical / wanted)).sum()


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], RefusalReason.NOT_A_VALUE),
        ([Measurement(10.0, 50.0, 0.0)], RefusalReason.NOT_A_VALUE),
        ([Measurement(10.0, float("nan"), 1.0)], RefusalReason.NOT_A_VALUE),
        ([Measurement(10.0, 50.0, 1.0, "propofol")], RefusalReason.NO_SUCH_ANALYTE),
    ],
)
def test_a_fit_refuses_what_is_no_data(points: list[Measurement], reason: RefusalReason) -> None:
    with pytest.raises(ModelRefused) as refused:
        pk.fit(pk.load("fanta"), ADULT, [Dose("esketamine", "iv", 20)], points)
    assert refused.value.reason is reason


def test_a_model_without_published_spread_cannot_be_fitted() -> None:
    with pytest.raises(ModelRefused) as refused:
        pk.fit(KAMP, ADULT, INFUSION, [Measurement(40.0, 200.0, 5.0)])
    assert refused.value.reason is RefusalReason.NO_VARIABILITY


# --- the explorer ---


def test_the_explorer_compares_regimens() -> None:
    slow, spray = [Dose("ketamine", "iv", 35, 0, 100)], [Dose("esketamine", "in", 56)]
    person = Person(weight_kg=70, age_y=40, ethnicity="hispanic")
    found = pk.explore([INFUSION, slow, spray], person, level_ng_per_ml=50)
    fast, slower, nasal = found.regimens
    assert {curve.model for curve in fast.curves} == set(pk.between_models(person, INFUSION, [1.0]).curves)
    assert fast.high_ng_per_ml.max() > slower.high_ng_per_ml.max()
    assert [curve.band is not None for curve in nasal.curves] == [True]
    assert fast.curves[0].source
    assert found.zones
    assert found.times_min.tolist() == np.linspace(0, 280, 241).tolist()  # three hours beyond the last
    values = np.stack([curve.concentration_ng_per_ml["ketamine"] for curve in fast.curves])
    assert (fast.low_ng_per_ml == values.min(axis=0)).all()
    assert (fast.high_ng_per_ml == values.max(axis=0)).all()
    peaks = sorted(
        round(pk.peak(pk.simulate(pk.load(curve.model), person, INFUSION)).ng_per_ml[0]) for curve in fast.curves
    )
    below = sorted(
        round(pk.time_until_below(pk.simulate(pk.load(curve.model), person, INFUSION), 50)[0]) for curve in fast.curves
    )
    assert fast.sentences == (
        f"3 models expect the highest concentration between {peaks[0]} and {peaks[2]} ng/mL, after 40 to 40 minutes.",
        "How people differ was not published with these models; people will differ.",
        f"It stays below 50 ng/mL from minute {below[0]} to {below[2]} on.",
    )
    top = nasal.curves[0].facts
    assert nasal.sentences[0] == (
        f"{nasal.curves[0].title} expects the highest concentration, {top.peak_ng_per_ml:.0f} ng/mL, "
        f"after {top.peak_at_min:.0f} minutes."
    )
    assert "nine of ten" in nasal.sentences[1]
    band, people = nasal.curves[0].band, pk.virtual(SPRAY, person, 300, 1)
    again = pk.bands(pk.simulate(SPRAY, people, spray), found.times_min)
    assert band is not None
    assert (band.people, band.high90.tolist()) == (300, again.high90.tolist())
    (short,) = pk.explore([INFUSION], person, [KAMP], [0.0, 0.5]).regimens
    assert len(short.sentences) == 2  # no level was asked for
    assert short.curves[0].facts.peak_at_min == pytest.approx(1)  # looked for in a minute at least
    assert len(pk.explore([INFUSION] * 4, person, [KAMP]).regimens) == 4
    assert pk.explore([[Dose("ketamine", "iv", 35, 0, 60)]], person, [KAMP]).times_min[-1] == 240
    for bad in ([], [INFUSION] * 5):
        with pytest.raises(ModelRefused):
            pk.explore(bad, person)
