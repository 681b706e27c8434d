"""The shipped models against what was published of them, and their refusals."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sojourn.clinical import pk
from sojourn.clinical.pk import Dose, ModelRefused, Person, RefusalReason
from sojourn.clinical.pk.model import ModelInvalid, parse_model
from sojourn.clinical.pk.population import covariance

ADULT = Person(weight_kg=70, age_y=40)
INFUSION = [Dose("ketamine", "iv", 35, 0, 40)]

# Fact base, derived_oracles (numerical integration, rtol 1e-9, two decimals): 0.5 mg/kg over 40 minutes, 70 kg.
AT = [10, 20, 30, 40, 50, 60, 70, 80, 100, 120, 150, 160, 180, 220, 240, 280]
ORACLES = {
    "domino_1984_racemic_iv": [
        *(181.83, 209.61, 226.5, 240.36, 71.13, 55.12, 49.28, 45.82),
        *(40.45, 35.84, 29.89, 28.14, 24.93, 19.58, 17.35, 13.62),
    ],
    "kamp_2020_anesthesiology_pooled": [
        *(154.53, 198.27, 228.01, 253.05, 120.34, 95.86, 83.3, 73.74),
        *(59.61, 49.91, 40.24, 37.84, 33.85, 27.94, 25.62, 21.76),
    ],
}

# Perez-Ruixo 2021, table 4: ancestry, age, mg, esketamine Cmax, AUC0-24, noresketamine Cmax.
TABLE_4 = [
    ("caucasian", 45, 28, 43.8, 147.3, 59.1),
    ("caucasian", 45, 84, 101.0, 362.2, 180.0),
    ("asian non-Japanese", 45, 28, 44.1, 158.2, 73.4),
    ("asian non-Japanese", 45, 84, 102.4, 393.5, 223.5),
    ("Japanese", 45, 28, 57.5, 194.7, 72.1),
    ("Japanese", 45, 84, 131.3, 475.4, 220.4),
    ("caucasian", 70, 28, 44.6, 160.4, 57.3),
    ("caucasian", 70, 84, 102.7, 391.2, 177.0),
    ("asian", 70, 28, 44.9, 171.0, 71.4),
    ("asian", 70, 84, 103.8, 421.5, 220.4),
    ("japanese", 70, 28, 58.8, 212.2, 69.0),
    ("japanese", 70, 84, 133.8, 513.9, 214.4),
]


def value(model: str, name: str, person: Person = ADULT) -> float:
    return float(pk.bodies(pk.load(model), person).values[name][0])


@pytest.mark.parametrize("name", ORACLES)
def test_the_forty_minute_infusion(name: str) -> None:
    found = pk.simulate(pk.load(name), ADULT, INFUSION).concentration(AT)["ketamine"][0]
    assert found == pytest.approx(ORACLES[name], abs=0.0051)


@pytest.mark.parametrize("row", TABLE_4, ids=lambda row: f"{row[0]} {row[1]} y {row[2]} mg")
def test_the_published_table_of_the_nasal_spray(row: tuple[str, int, int, float, float, float]) -> None:
    ethnicity, age, mg, cmax, auc, nor = row
    model = pk.load("perez_ruixo_2021_esketamine_nasal")
    simulated = pk.simulate(model, Person(age_y=age, ethnicity=ethnicity), [Dose("esketamine", "in", mg)])
    assert pk.peak(simulated).ng_per_ml[0] == pytest.approx(cmax, rel=0.05)
    assert simulated.area_ng_h_per_ml(0, 1440)[0] == pytest.approx(auc, rel=0.05)
    assert pk.peak(simulated, "noresketamine").ng_per_ml[0] == pytest.approx(nor, rel=0.05)


def test_domino_volumes_are_those_of_stanpumpr() -> None:
    """stanpumpR tests/testthat/test-drugs-ketamine.R, 70 kg, exact."""
    v1 = value("domino_1984_racemic_iv", "V1")
    k = {name: value("domino_1984_racemic_iv", name) for name in ("k10", "k12", "k13", "k21", "k31")}
    assert v1 == pytest.approx(4.41, rel=1e-12)
    assert v1 * k["k12"] / k["k21"] == pytest.approx(10.56972, rel=1e-6)
    assert v1 * k["k13"] / k["k31"] == pytest.approx(178.2123, rel=1e-6)
    assert v1 * k["k10"] == pytest.approx(1.93158, rel=1e-12)
    assert v1 * k["k12"] == pytest.approx(2.61072, rel=1e-12)
    assert v1 * k["k13"] == pytest.approx(2.6019, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "six"),
    [("1", 6), ("L", 6), ("L/kg", 6), ("L/min", 6), ("L/h", 0.1), ("1/min", 6), ("1/h", 0.1), ("min", 6), ("h", 360)],
)
def test_a_unit_of_a_file_in_minutes_and_litres(unit: str, six: float) -> None:
    parameters = {**MINIMAL["parameters"], "V": {"value": 6, "unit": unit}}  # type: ignore[dict-item]
    assert parse_model({**MINIMAL, "parameters": parameters}).parameters["V"].value == pytest.approx(six)


def test_constants_derived_in_the_fact_base() -> None:
    one = Person(weight_kg=1, age_y=40)
    v, k10, k12, k21 = (value("clements_nimmo_1981_250ugkg", n, one) for n in ("V1", "k10", "k12", "k21"))
    assert v * k10 == pytest.approx(0.019099, abs=5e-7)
    assert v * k12 / k21 == pytest.approx(2.3789, abs=5e-5)
    assert v * (1 + k12 / k21) == pytest.approx(4.131, abs=5e-4)
    v, k10, k12, k21 = (value("hijazi_2003_icu", n, one) for n in ("V1", "k10", "k12", "k21"))
    assert v * k10 == pytest.approx(0.035964, abs=5e-7)
    assert v * (1 + k12 / k21) == pytest.approx(4.248, abs=5e-4)


def test_the_abstract_of_the_nasal_spray() -> None:
    """F 54 % at 56 mg and 51 % at 84 mg, CL 114 L/h, Vss 752 L, 18.6 % of the swallowed part.

    The abstract speaks for the whole population, the typical Caucasian lies within 5 % of it.
    """
    model = pk.load("perez")
    person = Person(age_y=45, ethnicity="white")
    iv = pk.simulate(model, person, [Dose("esketamine", "iv", 28)]).area_ng_h_per_ml(0, 1e6)[0] / 28
    assert 1000 / iv == pytest.approx(114, rel=0.05)
    for mg, percent in ((56, 54), (84, 51)):
        nasal = pk.simulate(model, person, [Dose("esketamine", "in", mg)]).area_ng_h_per_ml(0, 1e6)[0] / mg
        assert 100 * nasal / iv == pytest.approx(percent, rel=0.05)
    oral = pk.simulate(model, person, [Dose("esketamine", "po", 84)]).area_ng_h_per_ml(0, 1e6)[0] / 84
    assert 100 * oral / iv == pytest.approx(18.6, rel=0.05)
    values = pk.bodies(model, person).values
    assert values["Vc"][0] + values["Vp1"][0] + values["Vp2"][0] == pytest.approx(752)


def test_one_spray_after_another_is_one_session() -> None:
    """84 mg are given as three devices of 28 mg: the nose takes up as much as from 84 mg at once."""
    model, person = pk.load("perez"), Person(age_y=45, ethnicity="other")
    three = pk.simulate(model, person, [Dose("esketamine", "in", 28, start) for start in (0, 5, 10)])
    at_once = pk.simulate(model, person, [Dose("esketamine", "in", 84)])
    assert three.area_ng_h_per_ml(0, 1e6) == pytest.approx(at_once.area_ng_h_per_ml(0, 1e6), rel=1e-12)
    apart = pk.simulate(model, person, [Dose("esketamine", "in", 28, start) for start in (0, 1440)])
    single = pk.simulate(model, person, [Dose("esketamine", "in", 28)])
    assert apart.area_ng_h_per_ml(0, 1e6) == pytest.approx(2 * single.area_ng_h_per_ml(0, 1e6), rel=1e-12)


def test_the_film_as_its_study_described_it() -> None:
    """Simons 2022: peak near 19 min; norketamine near 61 min; 273 ng/mL after 20 mg IV six hours later.

    Table 2 means at 50 mg (as transcribed in the nlmixr2lib vignette): areas over 6 h of 38,497 and 24,087
    ng·min/mL for the metabolites; the vignette accepts 15 %.
    """
    model = pk.load("simons")
    film = [Dose("esketamine", "film", 50), Dose("esketamine", "iv", 20, 360, 20)]
    simulated = pk.simulate(model, Person(weight_kg=70, age_y=24), film)
    early = pk.peak(simulated, end_min=350)
    assert early.at_min[0] == pytest.approx(18.8, abs=2)
    assert pk.peak(simulated, "noresketamine", 350).at_min[0] == pytest.approx(61, abs=5)
    nor, hydroxy = (
        simulated.area_ng_h_per_ml(0, 360, name)[0] * 60 for name in ("noresketamine", "hydroxynoresketamine")
    )
    assert nor == pytest.approx(38_497, rel=0.15)
    assert hydroxy == pytest.approx(24_087, rel=0.15)
    assert pk.peak(simulated).ng_per_ml[0] == pytest.approx(273, rel=0.15)
    assert pk.peak(simulated).at_min[0] == pytest.approx(380, abs=1e-6)


def test_a_metabolite_whose_clearance_rises() -> None:
    """Flint 2017 in closed form (Dawson's function) against an integrator."""
    from scipy.integrate import solve_ivp
    from scipy.special import dawsn

    from sojourn.clinical.pk.ageing import dawson

    x = np.concatenate([np.linspace(-60, 60, 4001), [0.0, 1e-9, 0.2, 0.4]])
    assert dawson(x) == pytest.approx(dawsn(x), rel=1e-12, abs=1e-16)
    person = Person(weight_kg=10, age_y=2)
    doses = [Dose("esketamine", "iv", 10, 30), Dose("esketamine", "iv", 120, 90, 600)]
    simulated = pk.simulate(pk.load("flint"), person, doses)
    v = {name: each[0] for name, each in simulated.bodies.values.items()}
    times = np.array([31.0, 60.0, 90.0, 91.0, 300.0, 690.0, 691.0, 900.0])

    def change(t: float, y: np.ndarray, running: bool) -> list[float]:
        c, p, n = y
        there, back = v["Q"] / v["V1"] * c, v["Q"] / v["V2"] * p
        out = v["CL"] / v["V1"] * c
        inflow = 0.2 if running else 0.0
        lost = v["CLnk"] / v["Vnk"] * (1 + v["rise"] * (t - 30)) * n
        return [inflow - out - there + back, there - back, out - lost]

    state, wanted = np.array([10.0, 0.0, 0.0]), []
    for begin, end, running in ((30.0, 90.0, False), (90.0, 690.0, True), (690.0, 901.0, False)):
        inside = times[(times >= begin) & (times < end)]
        solved = solve_ivp(
            change, (begin, end), state, method="Radau", t_eval=[*inside, end], args=(running,), rtol=1e-11, atol=1e-13
        )
        wanted.append(solved.y[:, :-1])
        state = solved.y[:, -1]
    both = np.concatenate(wanted, axis=1)
    found = simulated.concentration(times)
    assert found["esketamine"][0] == pytest.approx(1000 * both[0] / v["V1"], rel=1e-8)
    assert found["noresketamine"][0] == pytest.approx(1000 * both[2] / v["Vnk"], rel=1e-7)
    own = simulated.concentration(times[None], ["noresketamine"])
    assert own["noresketamine"] == pytest.approx(found["noresketamine"], rel=1e-12)
    both_people = pk.simulate(pk.load("flint"), [Person(weight_kg=30, age_y=9), person], doses).concentration(times)
    assert both_people["noresketamine"][1] == pytest.approx(found["noresketamine"][0], rel=1e-12)
    with pytest.raises(ModelRefused) as refused:
        simulated.area_ng_h_per_ml(0, 60, "noresketamine")
    assert refused.value.reason is RefusalReason.NO_SUCH_ANALYTE


# --- refusals ---

REFUSALS = [
    ("kamp", Person(weight_kg=20, age_y=6), INFUSION, RefusalReason.OUTSIDE_POPULATION, "at least 18"),
    ("herd", ADULT, INFUSION, RefusalReason.OUTSIDE_POPULATION, "1 to 14"),
    ("herd", Person(weight_kg=90, age_y=13), INFUSION, RefusalReason.OUTSIDE_POPULATION, "10.8 to 74.8"),
    ("hornik", Person(weight_kg=190, age_y=17), INFUSION, RefusalReason.OUTSIDE_POPULATION, "2 to 176"),
    ("flint", ADULT, [Dose("esketamine", "iv", 5)], RefusalReason.OUTSIDE_POPULATION, "0.02 to 12.5"),
    ("domino", Person(age_y=40), INFUSION, RefusalReason.MISSING_COVARIATE, "weight_kg"),
    ("perez", Person(age_y=40), [Dose("esketamine", "in", 28)], RefusalReason.MISSING_COVARIATE, "ethnicity"),
    (
        "perez",
        Person(ethnicity="asian"),
        [Dose("esketamine", "in", 28)],
        RefusalReason.MISSING_COVARIATE,
        "age_y",
    ),
    (
        "perez",
        Person(age_y=90, ethnicity="asian"),
        [Dose("esketamine", "in", 28)],
        RefusalReason.OUTSIDE_POPULATION,
        "18 to 86",
    ),
    ("kamp", ADULT, [Dose("esketamine", "iv", 20)], RefusalReason.WRONG_DRUG, "not esketamine"),
    ("fanta", ADULT, INFUSION, RefusalReason.WRONG_DRUG, "not ketamine"),
    ("kamp", ADULT, [Dose("ketamine", "im", 20)], RefusalReason.WRONG_ROUTE, "no route im"),
    ("hornik", Person(weight_kg=30, age_y=8), [Dose("ketamine", "im", 20)], RefusalReason.WRONG_ROUTE, "not retrieved"),
    ("fanta", ADULT, [Dose("esketamine", "po", 20)], RefusalReason.WRONG_ROUTE, "no absorption rate"),
    ("simons", ADULT, [Dose("esketamine", "film", 50, 0, 5)], RefusalReason.WRONG_ROUTE, "only an intravenous dose"),
    ("kamp", ADULT, [], RefusalReason.NOT_A_VALUE, "at least one"),
]


@pytest.mark.parametrize(("model", "person", "doses", "reason", "words"), REFUSALS, ids=lambda each: str(each)[:24])
def test_a_model_refuses_what_it_does_not_describe(
    model: str, person: Person, doses: list[Dose], reason: RefusalReason, words: str
) -> None:
    with pytest.raises(ModelRefused) as refused:
        pk.simulate(pk.load(model), person, doses)
    assert refused.value.reason is reason
    assert words in str(refused.value)
    assert refused.value.template % refused.value.values == str(refused.value)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Person(weight_kg=0), RefusalReason.NOT_A_VALUE),
        (lambda: Person(weight_kg=float("nan")), RefusalReason.NOT_A_VALUE),
        (lambda: Person(age_y=True), RefusalReason.NOT_A_VALUE),
        (lambda: Person(ethnicity="martian"), RefusalReason.NOT_A_VALUE),
        (lambda: Dose("propofol", "iv", 10), RefusalReason.WRONG_DRUG),
        (lambda: Dose("ketamine", "pr", 10), RefusalReason.WRONG_ROUTE),
        (lambda: Dose("ketamine", "iv", -1), RefusalReason.NOT_A_VALUE),
        (lambda: Dose("ketamine", "iv", 10, 0, -5), RefusalReason.NOT_A_VALUE),
        (lambda: Dose("ketamine", "iv", float("inf")), RefusalReason.NOT_A_VALUE),
        (lambda: pk.bodies(pk.load("fanta"), ADULT, [[0.1]]), RefusalReason.NOT_A_VALUE),
        (lambda: pk.bodies(pk.load("fanta"), [ADULT] * 2, np.zeros((3, 4))), RefusalReason.NOT_A_VALUE),
        (lambda: pk.bodies(pk.load("fanta"), ADULT, [[0.1, 0.1, 0.1, np.nan]]), RefusalReason.NOT_A_VALUE),
        (lambda: pk.load("nobody_1999"), RefusalReason.UNKNOWN_MODEL),
        (lambda: pk.load("h"), RefusalReason.UNKNOWN_MODEL),
        (lambda: pk.load(""), RefusalReason.UNKNOWN_MODEL),
    ],
)
def test_nonsense_is_refused(make: object, reason: RefusalReason) -> None:
    with pytest.raises(ModelRefused) as refused:
        make()  # type: ignore[operator]
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("model", "name", "least", "most"),
    [
        ("herd", "age_y", 1, 14),
        ("herd", "weight_kg", 10.8, 74.8),
        ("hornik", "weight_kg", 2, 176),
        ("flint", "age_y", 0.02, 12.5),
        ("kamp", "age_y", 18, None),
    ],
)
def test_who_stands_on_a_border_belongs_to_the_population(
    model: str, name: str, least: float, most: float | None
) -> None:
    known = {"weight_kg": 20.0, "age_y": 5.0} if model != "kamp" else {"weight_kg": 70.0}
    for border, beyond in ((least, -1e-3), (most, 1e-3)):
        if border is not None:
            pk.load(model).accept(Person(**{**known, name: border}))
            with pytest.raises(ModelRefused):
                pk.load(model).accept(Person(**{**known, name: border + beyond}))


@pytest.mark.parametrize(("age", "beyond"), [(19, False), (32, False), (18.9, True), (32.1, True)])
def test_what_was_studied_has_borders_too(age: float, beyond: bool) -> None:
    notes = pk.load("simons").accept(Person(weight_kg=70, age_y=age))
    assert any("extrapolation" in note for note in notes) is beyond


def test_beyond_what_was_studied_is_said() -> None:
    notes = pk.simulate(pk.load("simons"), ADULT, [Dose("esketamine", "film", 50)]).assumptions
    assert any("extrapolation" in note and "19 to 32" in note for note in notes)
    notes = pk.simulate(pk.load("kamp"), Person(weight_kg=70), INFUSION).assumptions
    assert any(note.startswith("age_y not given") for note in notes)


# --- the files ---


def test_every_model_says_where_it_comes_from() -> None:
    wanted = {"domino", "clements", "hijazi", "herd", "hornik", "kamp", "fanta", "perez", "simons", "flint"}
    assert {name.split("_")[0] for name in pk.available()} == wanted
    for name in pk.available():
        model = pk.load(name)
        assert model.id == name
        assert re.search(r"\d{4};|J Clin Pharmacol", model.primary), name
        assert model.verification in model.source
        assert len(model.hash) == 64
        assert model.population
        assert model.sampling
        if model.spread:
            assert np.linalg.eigvalsh(covariance(model)).min() > 0


def test_published_spread_in_the_units_of_the_files() -> None:
    fanta = covariance(pk.load("fanta"))
    assert fanta[0].tolist() == [0.084177, 0.02261, 0.0, 0.0]
    assert fanta[2].tolist() == [0.0, 0.0, 0.040426, 0.04456]
    flint = covariance(pk.load("flint"))  # CV 40.2 % and 104 %, correlation 0.506
    assert np.sqrt(np.expm1(flint[0, 0])) == pytest.approx(0.402)
    assert np.sqrt(np.expm1(flint[1, 1])) == pytest.approx(1.04)
    assert flint[0, 1] / np.sqrt(flint[0, 0] * flint[1, 1]) == pytest.approx(0.506)


MINIMAL = {
    "id": "x",
    "version": 1,
    "title": "X",
    "drug": "ketamine",
    "structure": "one",
    "primary": "X 2000;1:1",
    "read_in": ["x"],
    "verification": "V-code",
    "in_model_band": False,
    "limits": [],
    "assumptions": [],
    "population": {"text": "adults", "sampling": "venous", "verification": "recalled"},
    "parameters": {"V": {"value": 10, "unit": "L"}, "CL": {"value": 60, "unit": "L/h"}},
    "compartments": [{"name": "central", "volume": "V"}],
    "flows": [{"from": "central", "clearance": "CL"}],
    "analytes": [{"name": "ketamine", "compartment": "central"}],
    "routes": [{"name": "iv", "parts": [{"into": "central"}]}],
}


def test_a_new_model_is_one_file() -> None:
    """One compartment: C = dose / V exp(-CL/V t); 60 L/h over 10 L is 0.1 per minute."""
    found = pk.simulate(parse_model(MINIMAL), ADULT, [Dose("ketamine", "iv", 5)]).concentration([0, 10])
    assert found["ketamine"][0] == pytest.approx([500.0, 500.0 * np.exp(-1.0)], rel=1e-13)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drug": "propofol"}, "drug cannot be 'propofol'"),
        ({"verification": "sure"}, "verification"),
        ({"flows": [{"from": "nowhere", "clearance": "CL"}]}, "no such compartment"),
        ({"flows": [{"from": "central"}]}, "needs one of"),
        ({"flows": [{"from": "central", "rate": "k"}]}, "k is no parameter"),
        ({"routes": [{"name": "iv", "parts": [{"into": "arm"}]}]}, "no compartment arm"),
        ({"parameters": {"V": {"value": 10, "unit": "gal"}}}, "unit cannot be 'gal'"),
        ({"analytes": [{"compartment": "central"}]}, "missing"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(change: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInvalid, match=words):
        parse_model({**MINIMAL, **change})


@pytest.mark.parametrize(
    ("part", "on", "beyond"),
    [
        ("", {"version": 1}, {"version": 0}),
        ("", {"limits": [], "assumptions": []}, {"read_in": []}),
        ("population", {"n": 1}, {"n": 0}),
        ("population", {"n_studies": 1}, {"n_studies": 0}),
        ("population", {"age_y": {"min": 0}}, {"age_y": {"min": -1}}),
        ("population", {"age_y": {"studied_min": 0, "studied_max": 0}}, {"age_y": {"studied_max": -0.1}}),
        ("population", {"age_y": {"min": 5, "max": 5}}, {"age_y": {"min": 5.1, "max": 5}}),
        ("parameters.V", {"value": 1e-9}, {"value": 0}),
        ("parameters.V", {"omega2": 1e-9}, {"omega2": 0}),
        ("parameters.V", {"ceiling": 1}, {"ceiling": 1.1}),
        ("parameters.V", {"ceiling": 1e-9}, {"ceiling": 0}),
        (
            "parameters.V",
            {"slopes": [{"with": "age_y", "above": 0, "adds": -1}]},
            {"slopes": [{"with": "age_y", "above": -1, "adds": -1}]},
        ),
        ("flows.0", {"stages": 1}, {"stages": 0}),
        ("analytes.0", {"molar_mass": [1, 2]}, {"molar_mass": [1]}),
        ("analytes.0", {"residual_proportional": 1e-9}, {"residual_proportional": 0}),
        (
            "validation",
            {"tolerance_pct": 1e-9, "columns": ["a"], "rows": [[-1], ["x"]]},
            {"tolerance_pct": 0, "columns": ["a"], "rows": [[-1], ["x"]]},
        ),
        (
            "validation",
            {"tolerance_pct": 1, "columns": ["a", "b"], "rows": [[1, 1]]},
            {"tolerance_pct": 1, "columns": ["a", "b"], "rows": [[1]]},
        ),
    ],
)
def test_what_lies_on_a_border_of_a_file_is_taken(part: str, on: dict[str, object], beyond: dict[str, object]) -> None:
    """And what lies beyond it is refused."""

    def with_part(change: dict[str, object]) -> Any:
        tree: Any = copy.deepcopy(MINIMAL)
        here = tree
        if part == "validation":
            here = tree[part] = {"title": "t", "source": "s", "verification": "recalled"}
        elif part:
            for key in part.split("."):
                here = here[int(key) if key.isdigit() else key]
        here.update(change)
        return tree

    parse_model(with_part(on))
    with pytest.raises(ModelInvalid):
        parse_model(with_part(beyond))


@pytest.mark.parametrize(("correlation", "taken"), [(1, True), (-1, True), (0, True), (1.1, False), (-1.1, False)])
def test_two_numbers_go_together_wholly_at_most(correlation: float, taken: bool) -> None:
    spread = {"omega2": 0.09}
    parameters = {name: {**each, **spread} for name, each in MINIMAL["parameters"].items()}  # type: ignore[attr-defined]
    row = {"parameters": ["V", "CL"], "correlation": correlation}
    data = {**MINIMAL, "parameters": parameters, "correlated": [row]}
    if taken:
        assert parse_model(data).correlated == (("V", "CL", pytest.approx(0.09 * correlation)),)
    else:
        with pytest.raises(ModelInvalid):
            parse_model(data)


def test_importing_costs_nothing_and_never_needs_django() -> None:
    code = (
        "import sys; import sojourn.clinical.pk.command; assert 'numpy' not in sys.modules;"
        "import sojourn.clinical.pk as pk;"
        "[getattr(pk, name) for name in pk.__all__];"
        "assert not any(m.split('.')[0] in ('django', 'scipy', 'typst') for m in sys.modules);"
        "assert pk.model._read.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
