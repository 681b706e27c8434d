"""``python -m sojourn.foundation.rulebook.coverage`` writes docs/clinical/rulebook.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sojourn.clinical.rules import MARKS, Rule
from sojourn.foundation.rulebook.load import book
from sojourn.foundation.rulebook.scales import scales

PAGE = Path(__file__).parents[3] / "docs" / "clinical" / "rulebook.md"

_MEANING = {
    "verified": "read in a source; acts by itself",
    "second-hand": "read in a copy or a source that cites the original",
    "derived": "follows from a source by reasoning that is written down",
    "convention": "common practice, no source",
    "recalled": "remembered, not yet seen in a source",
}


def _rows(rules: list[Rule]) -> list[str]:
    lines = [
        "| rule | version | mark | numbers (own mark; which way a clinic may go) | sources |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        numbers = "<br>".join(
            f"{each.label}: {each.value:g} {each.unit.strip('{}')}"
            + (f" ({each.verification})" if each.verification != rule.verification else "")
            + {"lower": ", may be lowered", "higher": ", may be raised", "fixed": ", fixed"}[each.tighten]
            for each in rule.parameters.values()
        )
        sources = "<br>".join(rule.sources)
        lines.append(
            f"| **{rule.title}**<br>`{rule.id}` | {rule.version} | {rule.verification} | {numbers or '–'} | {sources} |"
        )
    return lines


def page() -> str:
    """The whole page, from the files as they are now."""
    whole, asked = book(), scales()
    rules = [*whole.newest.values(), *(each.rule for each in asked)]
    counts = Counter(each.verification for each in rules)
    numbers = Counter(each.verification for rule in rules for each in rule.parameters.values())
    kinds = list(dict.fromkeys(each.kind for each in rules))
    lines = [
        "# The rulebook",
        "",
        "Written by `python -m sojourn.foundation.rulebook.coverage`; a test holds it current. Do not edit.",
        "",
        f"{len(rules)} rules, {sum(numbers.values())} numbers, "
        f"{sum(len(each.examples) for each in rules)} worked examples. "
        f"A rule is worth no more than its weakest number. "
        f"{counts['verified']} of {len(rules)} rules act without adoption; the others wait until a "
        "prescriber of the clinic adopts them. A clinic may change a number only towards caution.",
        "",
        "| mark | meaning | rules | numbers |",
        "|---|---|---|---|",
        *(f"| {mark} | {_MEANING[mark]} | {counts[mark]} | {numbers[mark]} |" for mark in MARKS),
    ]
    for kind in kinds:
        lines += ["", f"## {kind}", "", *_rows([each for each in rules if each.kind == kind])]
    lines += ["", "## Items of the protocols", "", "| protocol | item | override | mark | source |"]
    lines.append("|---|---|---|---|---|")
    for plan in whole.protocols():
        lines += [
            f"| `{plan.id}` | {item.label} | {item.override} | {item.verification} | {item.source} |"
            for item in (*plan.checklist, *plan.discharge)
        ]
    lines += ["", "## Codes and translations of the scales", "", "| scale | what | mark |", "|---|---|---|"]
    for scale in asked:
        marks: dict[str, list[str]] = {}
        for item in scale.items:
            if item.loinc is not None:
                marks.setdefault(item.mark, []).append(item.loinc)
        lines += [f"| {scale.id} | LOINC {', '.join(codes)} | {mark} |" for mark, codes in marks.items()]
        lines += [
            f"| {scale.id} | wording in “{language}” | recalled, to be checked against the published form |"
            for language in sorted(scale.unverified_languages)
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page into the checkout."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
