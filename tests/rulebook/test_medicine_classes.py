"""Every medicine that ships has its classes or a reason why none; every product of the table is its ingredients."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import interactions
from sojourn.clinical.interactions import Interaction, Medicine, NotChecked, check, fold, read
from sojourn.clinical.interactions.checking import ROUTES
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.medicines import classes, medicine, medicines, products, taken
from sojourn.foundation.rulebook.medicines_sound import MARKS, faults

RULES = tuple(read(each) for each in released_rulebook().of_kind("interaction"))
BY_ID = {each.id: each for each in RULES}


def test_every_shipped_medicine_has_classes_or_a_reviewed_reason_why_none():
    assert len(medicines()) >= 311  # the list of 0.1.0, which only grows
    for each in medicines():
        own = classes()[each.name]
        assert own.mark in MARKS
        if own.every_group:
            assert not own.why_none
            assert {part.partition(":")[0] for part in own.basis.split("; ")} == set(own.every_group)
        else:
            assert len(own.why_none) > 15, each.name


def test_the_tables_ship_neither_an_atc_code_nor_the_address_of_a_copy():
    """facts/clinical_data_licences.md: no ATC code or level name; the source is the class of source, no mirror."""
    for own in classes().values():
        words = " ".join((*own.every_group, *own.epc, own.basis, own.why_none))
        assert not re.search(r"\b[A-V]\d\d[A-Z]{2}\d\d\b|\b[A-V]\d\d[A-Z]{1,2}\b", words), own.ingredient
        assert "http" not in words
        assert not re.search(r"\w\.(com|org|ca|net)\b", words)
    for each in products():
        assert not re.search(r"\w\.(com|org|es|uk|gov|bcfotw47)\b", each.source), each.medicine.name


def test_the_tables_are_sound():
    assert faults(released_rulebook().of_kind("interaction")) == []


# What each label class comes to, whoever is in it: Ketalar 7.1 to 7.3, Spravato 7.1 to 7.3, Andrade 2017.
OF_CLASS = {
    "benzodiazepine": "interaction.benzodiazepine",
    "opioid": "interaction.opioid",
    "psychostimulant": "interaction.psychostimulant",
    "maoi": "interaction.mao-inhibitor",
    "gabapentinoid": "interaction.cns-depressant",
    "z-hypnotic": "interaction.cns-depressant",
    "sedating-antihistamine": "interaction.cns-depressant",
    "muscle-relaxant": "interaction.cns-depressant",
    "cns-depressant-other": "interaction.cns-depressant",
    "barbiturate": "interaction.barbiturate",
    "oxybate": "interaction.oxybate-anaesthetic",
    "general-anaesthetic": "interaction.oxybate-anaesthetic",
    "antipsychotic": "interaction.sedating-psychotropic",
    "sedating-antidepressant": "interaction.sedating-psychotropic",
    "sympathomimetic": "interaction.sympathomimetic-vasopressin",
    "vasopressor": "interaction.sympathomimetic-vasopressin",
    "nmda-antagonist": "interaction.memantine",
    "antihypertensive": "interaction.antihypertensive",
    "antidepressant": "interaction.antidepressant",
    "thyroid": "interaction.thyroid-hormone",
    "cyp3a4-inducer": "interaction.enzyme-inducer",
    "cyp2b6-inducer": "interaction.enzyme-inducer",
    "cyp3a4-strong-inhibitor": "interaction.cyp3a4-or-mixed-inhibitor",
    "cyp3a4-moderate-inhibitor": "interaction.cyp3a4-or-mixed-inhibitor",
    "cyp2b6-inhibitor": "interaction.clopidogrel",
}
# Members of a class of which another rule says what was measured or decided for them alone.
ALONE = {
    "Cocaine": "interaction.cocaine", "Linezolid": "interaction.linezolid", "Methylene blue": "interaction.linezolid",
    "Rifampin": "interaction.rifampin", "St John's wort": "interaction.st-johns-wort",
    "Clarithromycin": "interaction.clarithromycin", "Itraconazole": "interaction.itraconazole",
    "Grapefruit juice": "interaction.grapefruit-juice", "Ticlopidine": "interaction.ticlopidine",
}  # fmt: skip
MEMBERS = [(name, group) for name, own in classes().items() for group in own.groups if group in OF_CLASS]


@pytest.mark.parametrize(("name", "group"), MEMBERS, ids=str)
def test_every_member_triggers_the_rule_of_its_class(name: str, group: str):
    """C1: by mouth, with ketamine; the stimulants among the sympathomimetics have their own rule (Spravato 7.2)."""
    found = {
        each.rule_id
        for each in check([medicine(name)], RULES, drug="ketamine", route="oral")
        if isinstance(each, Interaction)
    }
    wanted = OF_CLASS[group]
    if group == "sympathomimetic" and "psychostimulant" in classes()[name].groups:
        wanted = OF_CLASS["psychostimulant"]
    assert wanted in found or ALONE.get(name) in found


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("drug", ["ketamine", "esketamine"])
@given(st.lists(st.sampled_from(medicines()), max_size=6))
def test_nothing_is_silent(drug: str, route: str, taken_: list[Medicine]):
    """C1: every medicine is spoken of, or not checked, or named as one of which no statement was found."""
    found = check(taken_, RULES, drug=drug, route=route)
    said = {fold(each.medicine.name) for each in found}
    said |= {fold(each.name) for each in interactions.unmentioned(taken_, RULES, drug=drug, route=route)}
    assert said == {fold(each.name) for each in taken_}


def test_no_rule_carries_a_figure_by_mouth_to_the_spray():
    """C1: the 2.4 to 3.6 times of ticlopidine, clarithromycin and grapefruit are of the mouth."""
    for rule in RULES:
        if "in" in rule.routes and rule.mechanism == "PK":
            assert not re.search(r"x[23]\.\d", rule.effect) or "not carried over" in rule.effect, rule.id


def test_the_film_has_the_interactions_of_its_kin():
    """C7: the route "film" had none."""
    for rule in RULES:
        assert ("film" in rule.routes) == ("oral" in rule.routes), rule.id


# ---------------------------------------------------------------- products


@pytest.mark.parametrize("product", products(), ids=lambda each: each.medicine.name)
def test_every_marketed_product_of_the_table_resolves_by_each_of_its_names(product):
    wanted = {each.name for each in product.medicine.parts}
    for name in (product.medicine.name, *product.medicine.also):
        for spelled in (name, name.upper(), name.lower(), fold(name), f"{name} 1 tablet at night"):
            found = taken(spelled)
            assert wanted <= {each.name for each in found}, spelled
            assert {each.name for each in found if not each.known} == set(product.unknown), spelled


@pytest.mark.parametrize("product", products(), ids=lambda each: each.medicine.name)
def test_an_ingredient_that_nobody_knows_is_said(product):
    found = check([product.medicine], RULES, drug="ketamine", route="iv")
    assert {each.medicine.name for each in found if isinstance(each, NotChecked)} == set(product.unknown)
    assert all(each.medicine.inside for each in found)


TYLENOL_3 = {"Acetaminophen", "Codeine"}


@pytest.mark.parametrize(
    ("typed", "ingredients"),
    [
        ("Tylenol 3", TYLENOL_3), ("TYLENOL #3", TYLENOL_3), ("Tylenol No. 3", TYLENOL_3), ("tylenol no.3", TYLENOL_3),
        ("Tylenol with Codeine Nº 3", TYLENOL_3), ("Tylenol con codeína", TYLENOL_3), ("Tylenol", {"Acetaminophen"}),
        ("Tylenol 3 times a day", {"Acetaminophen"}), ("Tylenol 500 mg", {"Acetaminophen"}),
        ("codeine/paracetamol", TYLENOL_3), ("paracetamol/codeine 500/30", TYLENOL_3),
        ("Paracetamol + Codeína", TYLENOL_3), ("acetaminophen-codeine", TYLENOL_3), ("co-codamol", TYLENOL_3),
        ("Co codamol 30/500", TYLENOL_3), ("cocodamol", TYLENOL_3), ("Dolocatil Codeina", TYLENOL_3),
        ("morphine sulfate", {"Morphine"}), ("diazepam 5 mg tablets", {"Diazepam"}),
        ("sulfato de morfina", {"Morphine"}), ("Percocet 5/325 twice daily", {"Acetaminophen", "Oxycodone"}),
        ("Percocet and Fioricet", {"Acetaminophen", "Oxycodone", "Butalbital", "Caffeine"}),
        ("Suboxone 8/2", {"Buprenorphine", "Naloxone"}), ("buprenorphine-naloxone", {"Buprenorphine", "Naloxone"}),
        ("Contrave", {"Bupropion", "Naltrexone"}), ("Mysimba", {"Bupropion", "Naltrexone"}),
        ("Qsiva", {"Phentermine", "Topiramate"}), ("Qsymia", {"Phentermine", "Topiramate"}),
        ("dextromethorphan-bupropion", {"Dextromethorphan", "Bupropion"}),
        ("dextromethorphan-quinidine", {"Dextromethorphan", "quinidine"}),
        ("Nuedexta", {"Dextromethorphan", "Quinidine"}), ("Targin", {"Oxycodone", "Naloxone"}),
        ("Robaxisal", {"Methocarbamol", "Aspirin"}), ("Prezcobix", {"Darunavir", "Cobicistat"}),
        ("Paxlovid", {"Nirmatrelvir", "Ritonavir"}), ("sertraline and a blue pill", {"Sertraline", "a blue pill"}),
    ],
)  # fmt: skip
def test_spellings_of_a_line(typed: str, ingredients: set[str]):
    """C1: case, hyphens, spaces, numbers, accents, slash order, salts, Spanish, two in one line, the unknown."""
    assert {each.name for each in taken(typed)} == ingredients


@given(st.lists(st.sampled_from([each.medicine for each in products()]), min_size=2, max_size=3, unique=True))
def test_several_products_on_one_line_are_all_their_ingredients(named: list[Medicine]):
    for between in (", ", "; ", "\n"):
        found = {each.name for each in taken(between.join(each.name for each in named))}
        assert {part.name for each in named for part in each.parts} <= found


def test_a_class_by_route_holds_by_that_route_only():
    """Prednisolone is a nasal corticosteroid by nose alone; fluticasone also where nobody has said how it is taken."""

    def sprays(text: str, route: str = "") -> bool:
        found = check(taken(text, route=route), RULES, drug="esketamine", route="in")
        return "interaction.nasal-spray-before" in {each.rule_id for each in found if isinstance(each, Interaction)}

    assert not sprays("Prednisolone")
    assert not sprays("Dexamethasone", "mouth")
    assert sprays("Prednisolone", "nose")
    assert sprays("dexamethasone nasal spray")
    assert sprays("Fluticasone")
    assert not sprays("Fluticasone inhaler")
    assert not sprays("Advair")
    assert sprays("Afrin")
    assert not sprays("DayQuil")  # phenylephrine by mouth


def test_an_old_line_is_read_by_the_list_of_now():
    """A line that was recognised as Acetaminophen before the products were known is codeine, too."""
    assert {each.name for each in taken("Tylenol 3", "Acetaminophen")} == TYLENOL_3
    assert {each.name for each in taken("my white pill", "Codeine")} == {"Codeine"}
    refused = taken("Tylenol 3", "")
    assert {each.name for each in refused if each.known} == TYLENOL_3
    assert [each.name for each in refused if not each.known] == ["Tylenol 3"]


@pytest.mark.parametrize(
    ("rule_id", "drugs", "routes"),
    [
        ("interaction.esketamine-injection-xanthine", ("esketamine",), ("iv", "im", "sc")),
        ("interaction.nasal-spray-before", ("esketamine",), ("in",)),
        ("interaction.ticlopidine-nasal", ("esketamine",), ("in",)),
    ],
)
def test_rules_of_one_drug_and_route_say_so(rule_id: str, drugs: tuple[str, ...], routes: tuple[str, ...]):
    assert (BY_ID[rule_id].drugs, BY_ID[rule_id].routes) == (drugs, routes)
