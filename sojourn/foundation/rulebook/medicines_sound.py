"""What is wrong with the tables of medicines, classes and products, and with the rules that speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sojourn.clinical import interactions
from sojourn.clinical.interactions import InteractionRule
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.medicines import classes, medicines, products

MARKS = frozenset(("read", "second-hand", "recalled"))


def faults(rules: Iterable[Rule]) -> list[str]:
    """Rules about classes and medicines that nobody has, medicines without a class or a reason why none, names that
    mean two things. Empty when all is sound."""
    return [*of_rules(rules), *_of_classes(), *_of_products(), *_of_names()]


def of_rules(rules: Iterable[Rule]) -> Iterator[str]:
    """Rules about classes and medicines that nobody has."""
    listed = {each.name for each in medicines()}
    groups = {group for each in classes().values() for group in each.every_group}
    for rule in map(interactions.read, rules):
        for name in (*rule.medicines, *rule.excepted):
            if name not in listed:
                yield f"{rule.id}: {name} is not in medicines.csv"
        for group in (*rule.groups, *rule.other_groups):
            if group not in groups:
                yield f"{rule.id}: no medicine of medicine_classes.csv is of the class {group}"
        yield from _of_examples(rule)


def _of_examples(rule: InteractionRule) -> Iterator[str]:
    """A worked example may not give a medicine a class that the table does not give it."""
    for example in rule.rule.examples:
        for name, groups in example.given.get("groups", {}).items():
            known = classes()[name].every_group if name in classes() else ()
            for group in groups:
                if group not in known:
                    yield f"{rule.id}: its example says {group} of {name}, medicine_classes.csv does not"


def _of_classes() -> Iterator[str]:
    listed = {each.name for each in medicines()}
    for name in listed ^ set(classes()):
        yield f"{name} stands in one of medicines.csv and medicine_classes.csv only"
    for each in classes().values():
        if bool(each.every_group) == bool(each.why_none):
            yield f"medicine_classes.csv: {each.ingredient} needs a class, or the reason why it has none"
        if each.mark not in MARKS:
            yield f"medicine_classes.csv: {each.ingredient}: {each.mark!r} is no mark"
        for one in each.by_route:
            if one.route not in interactions.TAKEN_BY:
                yield f"medicine_classes.csv: {each.ingredient}: nothing is taken by {one.route!r}"


def _of_products() -> Iterator[str]:
    for each in products():
        if len(each.medicine.parts) < 2:
            yield f"combination_products.csv: {each.medicine.name} holds fewer than two ingredients"
        if each.mark not in MARKS or not each.source:
            yield f"combination_products.csv: {each.medicine.name} needs its source and its mark"
        for part in each.medicine.parts:
            if part.route not in interactions.TAKEN_BY:
                yield f"combination_products.csv: {each.medicine.name}: nothing is taken by {part.route!r}"


def _of_names() -> Iterator[str]:
    meant: dict[str, str] = {}
    for each in (*medicines(), *(one.medicine for one in products())):
        for name in (each.name, *each.also, *each.brands):
            if meant.setdefault(interactions.fold(name), each.name) != each.name:
                yield f"{name} means {meant[interactions.fold(name)]} and {each.name}"
        for brand, route in each.brand_routes:
            if route not in interactions.TAKEN_BY:
                yield f"medicines.csv: {brand}: nothing is taken by {route!r}"
        if each.rxcui and not each.rxcui.isdecimal():
            yield f"medicines.csv: {each.name}: {each.rxcui!r} is no RxNorm code"
        if each.rxcui_mark not in ("", "verified", "recalled") or bool(each.rxcui) != bool(each.rxcui_mark):
            yield f"medicines.csv: {each.name}: an RxNorm code needs its mark, and nothing else has one"
