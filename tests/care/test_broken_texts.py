"""A consent text with one fault is refused by name (tests/broken.py draws the faults from shipped texts)."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from sojourn.care.consent import texts
from tests.broken import Fault, Legitimate, faults, toml

SHIPPED = dict(texts._files())
BASES = ("documents/treatment.1.toml", "documents/research.1.toml", "packs/US.1.toml", "packs/GB.1.toml")
_FREE = "free words: nothing can be asked of them but that they are there"
_OWN = "a text may do without it: what is agreed to is the text's own"
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in ("*.en", "*.es", "*.fact", "*.note", "statement.*.id", "section.*.id", "clause.*.id", "as_of")
    ),
    *(
        Legitimate(each, ("removed",), _OWN)
        for each in ("*ways", "*.cites", "*.note", "optional", "clause", "staff_note", "*.ends_on")
    ),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in ("*ways.*", "*cites.*", "section.*", "*clause.*", "statement.*", "st*s.*", "staff_note.*")
    ),
)


def refusal(name: str, tree: dict[str, Any]) -> str:
    """What is said against the texts in which one file is so, "" where they are taken."""
    try:
        texts.bind({**SHIPPED, name: toml(tree)}.items())
    except texts.TextInvalid as wrong:
        return str(wrong)
    return ""


def _one_of_each(tree: dict[str, Any]) -> list[Fault]:
    """One fault of a kind at a place, the last row's: texts have many clauses of one shape."""
    return list({(each.kind, each.place): each for each in faults(tree) if isinstance(each.tree, dict)}.values())


@pytest.mark.parametrize("name", BASES)
def test_every_fault_of_a_text_is_refused_by_name(name):
    tree, wrong = tomllib.loads(SHIPPED[name]), []
    assert refusal(name, tree) == ""
    for one in _one_of_each(tree):
        said = refusal(name, one.tree)
        if not said and not any(each.holds(one) for each in LEGITIMATE):
            wrong.append(f"{one}: taken")
        if said and name not in said and str(tree.get("code", tree.get("id"))) not in said and "pack:" not in said:
            wrong.append(f"{one}: refused without a name: {said}")
    assert wrong == []


# ---------------------------------------------------------------- the hashes of released versions

RELEASED_OWN = (
    Legitimate("*", ("removed", "misspelt"), "another text, or one that is not released yet: ``check`` says so"),
)


def _refused(tree: dict[str, Any]) -> str:
    try:
        texts.parse_released(toml(tree))
    except texts.TextInvalid as wrong:
        return str(wrong)
    return ""


def test_every_fault_of_the_file_of_released_hashes_is_refused_by_name():
    shipped = texts.resources.files(texts._PACKAGE).joinpath("documents", texts.RELEASED).read_text(encoding="utf-8")
    tree = dict(list(tomllib.loads(shipped).items())[:3])
    assert _refused(tree) == ""
    for one in (each for each in faults(tree) if isinstance(each.tree, dict)):
        said = _refused(one.tree)
        if not said:
            assert any(each.holds(one) for each in RELEASED_OWN), f"{one}: taken"
            assert one.kind == "removed" or len(one.path) == 1, f"{one}: taken"
        else:
            assert "documents/RELEASED.toml" in said


def test_a_file_of_released_hashes_that_is_broken_is_a_fault_of_the_texts(monkeypatch: pytest.MonkeyPatch):
    def broken() -> object:
        return texts.parse_released("[treatment")

    monkeypatch.setattr(texts, "released", broken)
    (said,) = texts.check()
    assert said.startswith("documents/RELEASED.toml: ")


def test_a_released_text_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch):
    known = dict(texts.released())
    monkeypatch.setattr(texts, "released", lambda: known | {("treatmentx", 1): "0" * 64})
    assert texts.check() == ("treatmentx version 1: released, but gone",)
