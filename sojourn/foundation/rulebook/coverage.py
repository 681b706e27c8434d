"""``sojourn rulebook table`` writes docs/clinical/rulebook.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sojourn.clinical import interactions
from sojourn.clinical.protocol import Protocol
from sojourn.clinical.rules import MARKS, Rule
from sojourn.clinical.scales import Scale
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.medicines import classes, medicines, products
from sojourn.foundation.rulebook.scales import scales

PAGE = Path(__file__).parents[3] / "docs" / "clinical" / "rulebook.md"

_MEANING = {
    "verified": "read in a source; acts by itself, unless it is a ceiling",
    "second-hand": "read in a copy or a source that cites the original",
    "derived": "follows from a source by reasoning that is written down",
    "convention": "common practice, no source",
    "recalled": "remembered, not yet seen in a source",
}


_MAY = {"lower": ", may be lowered", "higher": ", may be raised", "fixed": ", fixed"}


def _rows(rules: list[Rule]) -> list[str]:
    lines = [
        "| rule | version | mark | numbers (own mark; which way a clinic may go) | sources |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        numbers = "<br>".join(
            (
                *(
                    f"{each.label}: {each.value:g} {each.unit.strip('{}')}"
                    + (f" ({each.verification})" if each.verification != rule.verification else "")
                    + _MAY[each.tighten]
                    for each in rule.parameters.values()
                ),
                *(
                    f"{each.label}: no value in {each.unit.strip('{}')}, stated by whoever adopts it"
                    for each in rule.open.values()
                ),
            )
        )
        sources = "<br>".join(rule.sources)
        lines.append(
            f"| **{rule.title}**<br>`{rule.id}` | {rule.version} | {rule.verification} | {numbers or '–'} | {sources} |"
        )
    return lines


def _table(rules: list[Rule]) -> list[str]:
    """Rules, numbers, marks, examples and sources for each kind."""
    lines = [
        "",
        "## Coverage",
        "",
        "| kind | rules | " + " | ".join(MARKS) + " | wait for adoption | numbers | worked examples | sources |",
        "|---" * (len(MARKS) + 6) + "|",
    ]
    for kind in dict.fromkeys(each.kind for each in rules):
        of_kind = [each for each in rules if each.kind == kind]
        marks = Counter(each.verification for each in of_kind)
        waits = sum(not each.acts_without_adoption for each in of_kind)
        numbers = sum(len(each.numbers) for each in of_kind)
        examples = sum(len(each.examples) for each in of_kind)
        sources = len({source for each in of_kind for source in each.sources})
        lines.append(
            f"| {kind} | {len(of_kind)} | "
            + " | ".join(str(marks[mark]) for mark in MARKS)
            + f" | {waits} | {numbers} | {examples} | {sources} |"
        )
    return lines


def _medicine_lines() -> list[str]:
    """How far the list of medicines is covered."""
    listed = medicines()
    ready = [interactions.read(rule) for rule in released_rulebook().of_kind(interactions.KIND)]
    spoken = {each.name for each in listed if any(rule.names(each) for rule in ready)}
    codes = Counter(each.rxcui_mark or "none" for each in listed)
    rules = len(ready)
    without = sum(not each.every_group for each in classes().values())
    return [
        "",
        "## Medicines",
        "",
        f"{len(listed)} ingredients in `medicines.csv`; {rules} rules of interaction speak of {len(spoken)} of them by "
        f"their class or by name, of the others none does: {without} are in no class, each with its reason in "
        f"`medicine_classes.csv`. {len(products())} combination products count as their ingredients. "
        f"RxNorm codes: {codes['verified']} verified, {codes['recalled']} recalled, "
        f"{codes['none']} without. Brand names are recalled, all of them: they help to find a medicine and prove "
        "nothing. What a person writes that is not in the list is shown as not checked. Classes are our own groups; "
        "FDA's established pharmacologic classes came by way of DrugCentral (CC BY 4.0).",
    ]


def page() -> str:
    """The whole page, from the files as they are now."""
    whole, asked = released_rulebook(), scales()
    rules = [*whole.newest.values(), *(each.rule for each in asked)]
    lines = [*_summary(rules), *_table(rules)]
    for kind in dict.fromkeys(each.kind for each in rules):
        lines += ["", f"## {kind}", "", *_rows([each for each in rules if each.kind == kind])]
    lines += _medicine_lines()
    lines += ["", "## Items of the protocols", "", "| protocol | item | override | mark | source |"]
    lines.append("|---|---|---|---|---|")
    for plan in whole.protocols():
        lines += _items_of(plan)
    lines += ["", "## Codes and translations of the scales", "", "| scale | what | mark |", "|---|---|---|"]
    for scale in asked:
        lines += _codes_of(scale)
    return "\n".join(lines) + "\n"


def _summary(rules: list[Rule]) -> list[str]:
    """How much there is, what acts by itself, and how far it has been checked."""
    counts = Counter(each.verification for each in rules)
    numbers = Counter(each.verification for rule in rules for each in rule.numbers)
    return [
        "# The rulebook",
        "",
        "Written by `sojourn rulebook table`; a test holds it current. Do not edit.",
        "",
        f"{len(rules)} rules, {sum(numbers.values())} numbers, "
        f"{sum(len(each.examples) for each in rules)} worked examples. "
        f"A rule is worth no more than its weakest number. "
        f"{sum(each.acts_without_adoption for each in rules)} of {len(rules)} rules act without adoption; the others "
        "wait until a prescriber of the clinic adopts them. A clinic may change a number only towards caution. "
        "A ceiling acts only where it was adopted, whatever its mark, and goes up again only by two signatures. "
        "What ships without a value acts only once a prescriber has stated it, and is loosened again only by two.",
        "",
        "| mark | meaning | rules | numbers |",
        "|---|---|---|---|",
        *(f"| {mark} | {_MEANING[mark]} | {counts[mark]} | {numbers[mark]} |" for mark in MARKS),
    ]


def _items_of(plan: Protocol) -> list[str]:
    return [
        f"| `{plan.id}` | {item.label} | {item.override} | {item.verification} | {item.source} |"
        for item in (*plan.checklist, *plan.discharge)
    ]


def _codes_of(scale: Scale) -> list[str]:
    marks: dict[str, list[str]] = {}
    for item in scale.items:
        if item.loinc is not None:
            marks.setdefault(item.mark, []).append(item.loinc)
    return [
        *(f"| {scale.id} | LOINC {', '.join(codes)} | {mark} |" for mark, codes in marks.items()),
        *(
            f"| {scale.id} | wording in “{language}” | not yet compared with the published form |"
            for language in sorted(scale.unverified_languages)
        ),
    ]


def main() -> None:
    """Write the page into the checkout."""
    PAGE.write_text(page(), encoding="utf-8")
