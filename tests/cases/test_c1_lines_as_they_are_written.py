"""C1: a line of a medicine list as people write it: nothing that it names is silent, and no route is another's."""

from __future__ import annotations

import pytest

from sojourn.clinical import interactions
from sojourn.clinical.interactions import Interaction
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.medicines import taken

RULES = [interactions.read(each) for each in released_rulebook().of_kind(interactions.KIND)]


def unknown(line: str) -> list[str]:
    return [each.name for each in taken(line) if not each.known]


def routes(line: str, chosen: str | None = None) -> dict[str, str]:
    return {each.name: each.route for each in taken(line, chosen)}


@pytest.mark.parametrize(
    ("line", "not_known"),
    [
        ("Sertraline 50mg. Percs 10", "Percs 10"),
        ("Sertraline 50mg - Percs", "Percs"),
        ("Sertraline | weed", "weed"),
        ("sertraline • weed", "weed"),
        ("sertraline\tweed", "weed"),
        ("sertraline > weed", "weed"),
        ("sertraline (plus Percs)", "Percs"),
        ("sertraline then weed at night", "weed at night"),
        ("sertraline or maybe Percs", "maybe Percs"),
        ("Sertraline 50 Percs prn", "Percs prn"),
        ("Lamictal 200 mg NP thyroid 60 mg", "NP thyroid"),
        ("sertraline + T3", "T3"),
        ("sertraline, T4", "T4"),
        ("lithium and pain pills", "pain pills"),
        ("sertralina y pastillas para dormir", "pastillas para dormir"),
        ("Excedrin PM", "Excedrin PM"),
        ("Aleve PM", "Aleve PM"),
        ("Panadol Night", "Panadol Night"),
        ("Tylenol Sinus", "Tylenol Sinus"),
        ("Diovan HCT", "Diovan HCT"),
        ("NyQuil Severe", "NyQuil Severe"),
    ],
)
def test_what_stands_beside_a_known_name_is_not_lost(line: str, not_known: str):
    """C1: a medicine that the list does not know, in one line with one that it knows; a brand that holds more."""
    assert not_known in unknown(line)


@pytest.mark.parametrize(
    "line",
    [
        "St. John's wort 300mg", "Lorazepam 1 mg, one tablet for sleep", "Temazepam 15 mg as needed for sleep",
        "Lorazepam 1 mg 1 pill at bedtime", "Diazepam 5 mg three times a day with food", "Sertraline 100 mg mane",
        "Clonazepam 0,5 mg media pastilla por la noche", "alprazolam 0.25 mg tablet by mouth", "Suboxone 8 mg film",
        "Effexor XR (for depression)", "lorazepam 1 mg 9 PM", "temazepam at night", "Vitamin D and lorazepam",
        "clarithromycin 500mg bid x7d", "Tylenol PM", "zolpidem tartrate 10mg qhs prn",
        "levothyroxine 50 mcg before breakfast on empty stomach", "Lithium 300 mg ER capsules",
        "lorazepam-morning", "Capital and Codeine daily",
    ],
)  # fmt: skip
def test_how_it_is_taken_is_no_medicine(line: str):
    """C1: a warning about nothing teaches people to look away."""
    assert unknown(line) == []


@pytest.mark.parametrize(
    ("brand", "unknown_parts"),
    [
        ("Genvoya", {"Elvitegravir", "Emtricitabine", "Tenofovir alafenamide"}),
        ("Stribild", {"Elvitegravir", "Emtricitabine", "Tenofovir disoproxil"}),
        ("Yasmin", {"Drospirenone"}),
        ("Yaz", {"Drospirenone"}),
    ],
)
def test_a_brand_of_several_ingredients_is_no_brand_of_one(brand: str, unknown_parts: set[str]):
    """C1: Genvoya stood among the brands of cobicistat, and what else it holds was silent."""
    assert set(unknown(brand)) == unknown_parts


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("Tylenol 3", True), ("Tylenol #3 daily", True), ("Tylenol-3 daily", True), ("Tylenol No. 3 daily", True),
        ("Tylenol 3 bedtime", True), ("half a Tylenol #3 daily", True),
        ("one Tylenol #3 daily", True), ("Tylenol num 3 daily", True), ("Tylenol 3 daily", False),
        ("Tylenol 3 times a day", False), ("at 4 - 5 Tylenol 3 x day", False),
    ],
)  # fmt: skip
def test_a_number_behind_a_name_is_the_products_unless_it_says_how_often(line: str, holds: bool):
    """C1: "Tylenol 3 times a day" is no codeine, and "Tylenol #3 daily" is."""
    assert ("Codeine" in [each.name for each in taken(line)]) is holds


@pytest.mark.parametrize("chosen", [None, "Xylometazoline + Acetaminophen"])
def test_each_of_two_medicines_is_taken_in_its_own_way(chosen: str | None):
    """C1: "tablets" behind the second took the nasal spray's class from the first."""
    found = routes("xylometazoline nasal spray + paracetamol tablets", chosen)
    assert found == {"Xylometazoline": "nose", "Acetaminophen": "mouth"}
    assert routes("lorazepam tablets, fluticasone")["Fluticasone"] == ""
    assert routes("fluticasone, nasal")["Fluticasone"] == "nose"  # what is said of a line is said of its only one


def test_the_word_before_a_product_belongs_to_no_product():
    """C1: "and Advair" was read as the product, and the spray before it as inhaled."""
    found = routes("Afrin spray and Advair inhaler")
    assert found == {"Oxymetazoline": "", "Fluticasone": "inhaled", "Salmeterol": "inhaled"}


@pytest.mark.parametrize(
    ("line", "nasal"),
    [
        ("phenylephrine eye drops", False), ("fluticasone HFA 2 puffs", False), ("budesonide nebuliser", False),
        ("Flovent", False), ("Qvar 80", False), ("Pulmicort", False), ("Alvesco", False), ("Sudafed PE", False),
        ("gotas nasales de fluticasona", True), ("Flonase", True), ("Nasonex", True), ("Rhinocort", True),
        ("dexamethasone eye drops", False), ("mometasone cream", False), ("phenylephrine nose drops", True),
    ],
)  # fmt: skip
def test_what_is_not_for_the_nose_is_no_nasal_spray(line: str, nasal: bool):
    """C1: the rule (Spravato) speaks of nasal corticosteroids and decongestants, not of inhalers and eye drops."""
    found = interactions.check(taken(line), RULES, drug="esketamine", route="in")
    said = {each.rule_id for each in found if isinstance(each, Interaction)}
    assert ("interaction.nasal-spray-before" in said) == nasal
