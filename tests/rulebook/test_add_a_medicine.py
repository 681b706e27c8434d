"""The page docs/how-to/add-a-medicine.md: its own lines are taken out of it and applied."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest

from sojourn.clinical import interactions, worked
from sojourn.clinical.interactions import Interaction, check, read
from sojourn.foundation.rulebook import load, medicines, medicines_sound, released_rulebook

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-medicine.md"
TABLES = ("medicines.csv", "medicine_classes.csv", "combination_products.csv")
CACHED = (medicines.classes, medicines.medicines, medicines.products, medicines._names, medicines.taken)


def block(kind: str) -> str:
    found = re.search(rf"^```{re.escape(kind)}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"the page has no {kind}"
    return found[1]


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch):
    """The lines of the page beside those that ship."""
    shipped = medicines._rows

    def rows(name: str):
        held = list(shipped(name))
        assert name in TABLES
        return [*held, *csv.DictReader(StringIO(block(f"csv {name}")), fieldnames=list(held[0]))]

    monkeypatch.setattr(medicines, "_rows", rows)
    for each in CACHED:
        each.cache_clear()
    yield
    for each in CACHED:
        each.cache_clear()


def test_the_lines_of_the_page_are_sound(added: None):
    assert medicines_sound.faults(released_rulebook().of_kind(interactions.KIND)) == []


def test_a_class_alone_is_enough_for_every_rule_about_it(added: None):
    rules = tuple(read(each) for each in released_rulebook().of_kind(interactions.KIND))
    found = check(medicines.taken("Ejemplotoina 200 mg"), rules, drug="ketamine", route="oral")
    assert [each.rule_id for each in found if isinstance(each, Interaction)] == ["interaction.enzyme-inducer"]


def test_a_product_is_its_ingredients_and_the_unknown_one_is_said(added: None):
    found = medicines.taken("Brandexa Duo at night")
    assert [(each.name, each.known) for each in found] == [
        ("Exampletoin", True), ("Caffeine", True), ("Unknownol", False),
    ]  # fmt: skip


def test_the_rule_of_the_page_works():
    whole = load.bind([*load._files(), ("rules/page.toml", block("toml"))])
    rule = whole.rule("interaction.example")
    assert worked.run(rule) == ()
    assert medicines_sound.faults([rule]) == []


def test_an_example_that_lends_a_class_is_reported():
    text = block("toml").replace('Levetiracetam = ["anticonvulsant"]', 'Levetiracetam = ["opioid"]')
    rule = load.bind([("rules/page.toml", text)]).rule("interaction.example")
    assert any("says opioid of Levetiracetam" in each for each in medicines_sound.faults([rule]))


def test_what_is_missing_in_a_table_is_reported(monkeypatch: pytest.MonkeyPatch):
    """Each fault by itself: no class and no reason, a mark that is none, a product of one."""
    own = dict(medicines.classes())
    own["Metformin"] = medicines.Classes("Metformin", (), (), (), "", "believed", "")
    monkeypatch.setattr(medicines_sound, "classes", lambda: own)
    wrong = medicines_sound.faults(())
    assert "medicine_classes.csv: Metformin needs a class, or the reason why it has none" in wrong
    assert "medicine_classes.csv: Metformin: 'believed' is no mark" in wrong
