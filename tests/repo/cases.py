"""Writes docs/clinical/cases.md from the tests under tests/cases: which day went wrong, and which tests hold it now.

A file speaks of the case with which its docstring begins ("D1: ..."); a test that speaks of another says so in its own.
Run as ``python -m tests.repo.cases``; a test holds the page current.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "cases"
PAGE = ROOT / "docs" / "clinical" / "cases.md"
_CASE = re.compile(r"\s*([A-Z]\d+)\b:?\s*(.*)")

# The case in a few words, and the rows of the journey that it belongs to.
CASES = {
    "C1": ("A class is a class", "J12, J11, J40"),
    "C2": ("Rules of the day are asked on the day", "J11, J40, N18"),
    "C3": ("Alarms and holds look both ways", "J42, J43, N03, N18"),
    "C4": ("Doses have ceilings", "J23, J42, N18"),
    "C5": ("Leaving", "J50"),
    "C7": ("One reader of numbers and units for every door", "J11, J12, N18"),
    "D1": ("One road to a dose", "J15, J20, N18"),
    "D2": ("The dose at the chair", "J23, J42, N18"),
    "D3": ("What was really given", "J42, J45, J46, J47, N18"),
    "D4": ("One door for danger", "N23, J11, J20"),
    "D5": ("The worst minute", "J43, J44, N03"),
    "D6": ("One weight, one set of facts", "J24, J40"),
    "K1": ("Whose monitor is it", "J43, N03"),
    "K2": ("What time is it", "J43, N03"),
    "K3": ("Does this row carry a value", "J43, N03"),
    "K4": ("Which signal is it", "J43, N03"),
    "K5": ("Is it plausible", "J43, N03"),
    "K6": ("What was not used is seen", "J43, N03"),
    "K7": ("A mended cause, a blocked line", "J43, N03"),
    "K8": ("Two measurements shown as one", "J43, N03"),
    "K9": ("Capnography and low pressure", "J43, N03"),
    "K10": ("The protocol around it", "J43, N03"),
    "P1": ("No crisis number outside the demo", "J84, N16"),
    "P2": ("Words of danger", "J84, N23"),
    "P3": ("Drafts belong to a person", "J10, N16"),
    "P4": ("Help now on every page there is", "J84, N16"),
    "P5": ("The quiet screen tells the truth", "J44, N16"),
    "P8": ("Not now", "J42, N16"),
    "P11": ("A flag is heard", "J84, N23, J11, J47"),
    "S1": ("A clock that nobody can poison", "J43, N03"),
    "S2": ("Bound to its line", "J43, N03"),
    "S4": ("Nobody grants themselves", "N18"),
    "S9": ("A danger threshold that no answer can reach", "N23, J84"),
    "S10": ("The stream ends with its sign-in", "N18"),
}


@dataclass(frozen=True)
class Held:
    """One test of a case."""

    case: str
    words: str
    file: str


def held() -> list[Held]:
    """Every named test, by case and file."""
    found = [one for path in sorted(FOLDER.glob("test_*.py")) for one in _of(path)]
    return sorted(found, key=lambda one: (one.case, one.file))


def _of(path: Path) -> Iterator[Held]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    whole = _CASE.match(ast.get_docstring(tree) or "")
    if whole is None:
        raise SystemExit(f"{path.name}: its docstring must begin with the case, like 'D1: ...'")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = _CASE.match(ast.get_docstring(node) or "")
            case = own[1] if own and own[1] in CASES else whole[1]
            yield Held(case, node.name.removeprefix("test_").replace("_", " "), str(path.relative_to(ROOT)))


def page() -> str:
    """The page as it should be."""
    lines = [
        "# Cases: where we were wrong, and what holds it now",
        "",
        "Made from `tests/cases` by `python -m tests.repo.cases`; a test holds it current. Do not edit.",
        "",
        "| case | rows | what must hold | test |",
        "|---|---|---|---|",
    ]
    for one in held():
        words, rows = CASES[one.case]
        lines.append(f"| {one.case} {words} | {rows} | {one.words} | [{Path(one.file).name}](../../{one.file}) |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
