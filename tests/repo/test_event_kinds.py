"""The kinds of session event stand in one list, beside the model; nobody keeps a list of their own."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.care.session.event_kinds import KINDS, OTHER, EventKind
from sojourn.foundation.accounts.roles import roles

ROOT = Path(__file__).parents[2] / "sojourn"
LIST = "care/session/event_kinds.py"
# What the demo says of each kind is invented, not a list of the kinds; an unknown one stops it.
# Topics of the evidence are plain words, some of which a kind of event is called as well.
NOT_A_LIST = ("migrations/", "config/demo/", "portal/library/words.py")
CODES = frozenset(KINDS) - {OTHER}  # which other lists say as well


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_every_kind_has_words_and_can_be_drawn(kind: EventKind):
    assert str(kind.words).strip()
    assert len(kind.code) <= 24, "the column is no longer"
    icons = json.loads((ROOT / "foundation/ui/frontend/src/icons.json").read_text())["lucide"]
    assert not kind.icon or kind.icon in icons
    assert kind.icon or not kind.one_tap, "its button shows an icon"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_every_kind_can_be_written_by_somebody(kind: EventKind):
    granted = frozenset[str]().union(*(each.may for each in roles().values()))
    assert kind.written_by
    assert kind.written_by <= granted


def lists_of_kinds(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    """Literals that name two kinds or more, by their line."""
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.expr)):
        parts = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
        named = {each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        if len(named & CODES) > 1:
            yield node.lineno, named & CODES


def test_no_reader_has_a_list_of_its_own():
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name != LIST and not any(each in name for each in NOT_A_LIST):
            found += [f"{name}:{line} {codes}" for line, codes in lists_of_kinds(ast.parse(path.read_text()))]
    assert not found, f"ask {LIST}"


def test_no_script_has_a_list_of_its_own():
    telling = CODES - {"other", "music", "anxiety", "nausea", "headache", "dizziness", "discomfort"}  # plain words
    scripts = sorted((ROOT / "foundation/ui/frontend/src").rglob("*.ts"))
    assert scripts
    found = [path.name for path in scripts if any(f'"{code}"' in path.read_text() for code in telling)]
    assert not found, "words come with the page"


def test_a_list_of_its_own_would_be_found():
    assert list(lists_of_kinds(ast.parse("WORDS = {'nausea': 'Nausea', 'music': 'Music'}")))
    assert list(lists_of_kinds(ast.parse("TAPS = ('call_seen', 'music')")))
