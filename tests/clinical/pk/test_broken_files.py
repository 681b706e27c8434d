"""A file of a model or of facts with one fault is refused by name (tests/broken.py draws the faults from them)."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from sojourn.clinical.pk.effect import FactsInvalid, parse_bioavailability, parse_zones
from sojourn.clinical.pk.model import ModelInvalid, parse_model
from sojourn.clinical.pk.people import parse_regimen
from sojourn.clinical.pk.refusal import ModelRefused
from tests.broken import Fault, Legitimate, faults

FOLDER = files("sojourn.clinical.pk")
# Every key that any model has: a liver, sprays and later doses; ageing; correlations and two kinds of spread; a delay.
BASES = (
    "perez_ruixo_2021_esketamine_nasal", "fanta_2015_otto_2021_s_ketamine", "flint_2017_picu", "simons_2022_otf",
    "kamp_2020_anesthesiology_pooled", "hornik_2018_children", "herd_2007_children", "hijazi_2003_icu",
)  # fmt: skip
_FREE = "free words: nothing can be asked of them but that they are there"
_OWN = "a model may do without it: which compartments, flows and people there are is the paper's own"
_NUMBER = "a published number: its bounds are those of any such number"
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in (
            *("id", "title", "structure", "primary", "read_in.*", "limits.*", "assumptions.*", "population.text"),
            *("population.sampling", "effect_sites.*.effect", "effect_sites.*.source", "routes.*.assumptions.*"),
            *("refused_routes.*", "validation.*", "worked_examples.*", "analytes.*.name", "ageing.*.name"),
            *("*.form", "*.kind", "*.source", "zones.*.effect"),
        )
    ),
    *(
        Legitimate(each, ("removed",), _OWN)
        for each in (
            *(
                "recommended",
                "correlated",
                "ageing",
                "refused_routes*",
                "effect_sites",
                "validation",
                "validation.note",
            ),
            *("validation.age_note", "worked_examples", "worked_examples.*", "population.n", "population.n_studies"),
            *("population.age_y*", "population.weight_kg*", "parameters.*.omega2", "parameters.*.nu2"),
            *("parameters.*.cv_pct", "parameters.*.logit_sd", "parameters.*.scale", "parameters.*.factors"),
            *("parameters.*.slopes", "parameters.*.ceiling", "flows.*.to", "flows.*.stages", "flows.*.fraction"),
            *("analytes.*.molar_mass", "*.residual_proportional", "routes.*.assumptions", "routes.*.parts.*.over"),
            *("routes.*.parts.*.fraction", "rows.*.n", "compartments.*.volume", "routes.*.later_doses"),
        )
    ),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in (
            *("read_in.*", "limits.*", "assumptions.*", "correlated.*", "ageing.*", "effect_sites.*", "analytes.*"),
            *("routes.*", "routes.*.parts.*", "routes.*.assumptions.*", "flows.*", "validation.rows.*"),
            *("worked_examples.*", "parameters.*.scale.*", "parameters.*.factors.*", "parameters.*.slopes.*"),
            *("routes.*.parts.*.fraction.*", "zones.*", "rows.*", "compartments.*"),
        )
    ),
    Legitimate("limits", ("empty",), "a model may have no limit that was read"),
    Legitimate("assumptions", ("empty",), "a model may rest on no assumption of ours"),
    Legitimate("flows.*", ("doubled",), "two flows of one kind between the same compartments add up"),
    Legitimate("population.*.*", ("zero",), "from birth on"),
    Legitimate("parameters.*.slopes.*.above", ("zero",), "from birth on"),
    Legitimate("parameters.*.slopes.*.adds", ("zero", "negative"), "what a year takes away or adds, either way"),
    Legitimate("correlated.*.*", ("zero", "negative"), "two numbers may be independent, or go against each other"),
    Legitimate("validation.rows.*", ("zero", "negative", "nothing", "doubled", "wrong type"), _NUMBER),
    Legitimate("worked_examples.*", ("zero", "negative", "wrong type", "unknown key", "misspelt", "doubled"), _NUMBER),
    Legitimate("analytes.*.molar_mass", ("reversed",), "no two masses are known to be in one order"),
    Legitimate("refused_routes", ("misspelt",), _OWN),
)
# What a legitimate pattern above would let through, and no model may do without.
NEEDED = ("worked_examples.*.title", "worked_examples.*.source")


def _tree(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads(FOLDER.joinpath(folder, f"{name}.toml").read_text("utf-8"))


def refusal(tree: Any) -> str:
    """What is said against a model, "" where it is taken."""
    try:
        parse_model(tree)
    except ModelInvalid as wrong:
        return str(wrong)
    return ""


def refusal_of_facts(name: str, tree: Any) -> str:
    try:
        {"zones": parse_zones, "bioavailability": parse_bioavailability}[name](tree)
    except FactsInvalid as wrong:
        return str(wrong)
    return ""


def one_of_each(tree: dict[str, Any]) -> list[Fault]:
    """One fault of a kind at a place, whichever the row or the parameter."""
    found: dict[tuple[str, str, tuple[str, ...]], Fault] = {}
    for each in faults(tree):
        if isinstance(each.tree, dict):
            place = each.place
            if each.path[:1] == ("parameters",) and len(each.path) > 2:
                place = ".".join(("parameters", "*", *each.place.split(".")[2:]))
            found.setdefault((each.kind, place, _keys(tree, each)), each)
    return list(found.values())


def _keys(tree: Any, fault: Fault) -> tuple[str, ...]:
    """The keys of the row in which the fault is: a flow by its rate is another than one by a clearance."""
    row = tree
    for each in fault.path[:2]:
        row = row[each]
    return tuple(sorted(row)) if isinstance(row, dict) and len(fault.path) > 2 else ()


def unnamed(fault: Fault, said: str, name: str) -> str:
    taken = any(each.holds(fault) for each in LEGITIMATE) and not any(
        fault.kind in ("removed", "misspelt") and fault.place == each for each in NEEDED
    )
    if not said:
        return "" if taken else f"{fault}: taken"
    own = str(fault.tree.get("id", "?"))
    if own not in said and name not in said:
        return f"{fault}: refused without a name: {said}"
    told = fault.kind != "misspelt" or f"{fault.path[-1]}" in said
    return "" if told else f"{fault}: the word is not said: {said}"


@pytest.mark.parametrize("name", BASES)
def test_every_fault_of_a_model_is_refused_by_name(name):
    tree = _tree("models", name)
    assert refusal(tree) == ""
    assert [each for one in one_of_each(tree) if (each := unnamed(one, refusal(one.tree), name))] == []


@pytest.mark.parametrize("name", ["zones", "bioavailability"])
def test_every_fault_of_a_file_of_facts_is_refused_by_name(name):
    tree = _tree("facts", name)
    assert refusal_of_facts(name, tree) == ""
    wrong = [unnamed(one, refusal_of_facts(name, one.tree), f"{name}.toml") for one in one_of_each(tree)]
    assert [each for each in wrong if each] == []


@pytest.mark.parametrize(
    ("part", "change", "says"),
    [
        ("parameters", {"kel": {"value": 1.11, "unit": "1/h", "cv_pc": 120}}, "kel.cv_pc is not a part of it"),
        ("population", {"age_y": {"min": 86, "max": 18}}, "population.age_y: min is above max"),
        ("population", {"age": {"min": 18}}, "population.age is not a part of it"),
    ],
)
def test_a_slip_that_was_passed_over_is_refused(part, change, says):
    """A misspelt spread was none, and a misspelt age a limit that nobody was held to."""
    tree = _tree("models", "perez_ruixo_2021_esketamine_nasal")
    assert says in refusal({**tree, part: {**tree[part], **change}})


# ---------------------------------------------------------------- a regimen to be simulated

REGIMEN = {
    "person": {"weight_kg": 70, "age_y": 40, "height_cm": 170, "sex": "female", "ethnicity": "asian"},
    "dose": [
        {"drug": "ketamine", "route": "iv", "mg": 35, "start_min": 0, "duration_min": 40},
        {"drug": "ketamine", "route": "iv", "mg": 5, "start_min": 60},
    ],
}
OF_REGIMEN = (
    Legitimate("person*", ("removed", "empty"), "what is not known of a person stays unknown, and the model asks"),
    Legitimate("person.age_y", ("zero",), "from birth on"),
    Legitimate("person.sex", ("nothing", "blank"), "no model asks for it"),
    Legitimate("dose.*.mg", ("zero",), "nothing was given"),
    Legitimate("dose.*.start_min", ("removed", "zero", "negative"), "minutes are counted from wherever one begins"),
    Legitimate("dose.*.duration_min", ("removed", "zero"), "all at once"),
    Legitimate("dose.*", ("hole", "doubled"), "another regimen"),
)


def test_every_fault_of_a_regimen_is_refused_by_name():
    wrong = []
    for one in (each for each in faults(REGIMEN) if isinstance(each.tree, dict)):
        try:
            parse_regimen(one.tree)
        except ModelRefused as refused:
            last = [str(each) for each in one.path if isinstance(each, str)][-1:]
            if one.kind == "misspelt" and last[0] not in str(refused):
                wrong.append(f"{one}: the word is not said: {refused}")
        else:
            if not any(each.holds(one) for each in OF_REGIMEN):
                wrong.append(f"{one}: taken")
    assert wrong == []
