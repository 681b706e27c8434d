"""What people write as a number is read by sojourn.clinical.numbers and by nothing else.

A door of its own is found by what it would need: Django's number fields, a text given to float() or Decimal(), a comma
turned into a point, or a browser's number field. Every exception below was reviewed and says why it may be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repo.sources import tree
from tests.repo.test_repository import ROOT, tracked

# file and expression -> why the one reader is not asked
REVIEWED = {
    ("sojourn/foundation/ui/numbers.py", "forms.DecimalField"): "the field itself: its to_python asks the reader",
    ("sojourn/foundation/ui/numbers.py", "forms.FloatField"): "the field itself",
    ("sojourn/foundation/ui/numbers.py", "forms.IntegerField"): "the field itself",
    ("sojourn/foundation/ui/templatetags/ui.py", "forms.NumberInput"): "dresses whatever widget comes",
    (
        "sojourn/interfaces/console/audit/views.py",
        "forms.IntegerField",
    ): "a row's number of our own page, hidden",
    (
        "sojourn/interfaces/console/flags/views.py",
        "forms.IntegerField",
    ): "a row's number of our own page, hidden",
    ("sojourn/interfaces/devices/values.py", "replace(',', '.')"): "HL7: no text of a person; two readings are refused",
    ("sojourn/interfaces/devices/message.py", "float(text)"): "HL7's own NM, matched as the standard writes it",
    ("sojourn/care/intake/weight_queries.py", "Decimal(text.rstrip('0').rstrip('.'))"): "formats a number that is one",
}
_FIELDS = {"DecimalField", "FloatField", "IntegerField", "NumberInput"}
# Names that hold what came in as text. A number has been read where it is called by another name.
_TEXTS = {"text", "typed", "raw", "body", "cell", "cells", "POST", "GET", "strip", "words", "posted"}
_NOT_LOOKED_AT = re.compile(r"/migrations/|^sojourn/config/demo/")  # rows of the database; invented by ourselves
_NUMBER_INPUT = re.compile(r"<(?:c-)?input[^>]*type=[\"']number[\"']")


def _own_reading(said: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(said):
        if isinstance(node, ast.Attribute) and node.attr in _FIELDS and ast.unparse(node.value) == "forms":
            yield node.lineno, f"forms.{node.attr}"
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, each.name) for each in node.names if each.name == "sanitize_separators")
        if isinstance(node, ast.Call) and _comma_to_point(node):
            yield node.lineno, "replace(',', '.')"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _of_text(node):
            yield node.lineno, ast.unparse(node)


def _comma_to_point(call: ast.Call) -> bool:
    given = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return isinstance(call.func, ast.Attribute) and call.func.attr == "replace" and given == [",", "."]


def _of_text(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Name) or call.func.id not in {"float", "Decimal", "Fraction"} or not call.args:
        return False
    inside = list(ast.walk(call.args[0]))
    names = {each.id for each in inside if isinstance(each, ast.Name)}
    return bool((names | {each.attr for each in inside if isinstance(each, ast.Attribute)}) & _TEXTS)


@cache
def _found() -> list[tuple[str, int, str]]:
    named = [(str(path.relative_to(ROOT)), path) for path in tracked(".py")]
    return [
        (name, line, what)
        for name, path in named
        if name.startswith("sojourn/") and not _NOT_LOOKED_AT.search(name)
        for line, what in _own_reading(tree(path))
    ]


def test_no_door_reads_numbers_by_itself():
    found = [f"{name}:{line} {what}" for name, line, what in _found() if (name, what) not in REVIEWED]
    assert not found, "read it with sojourn.clinical.numbers, or with a field of foundation.ui.numbers"


def test_every_reviewed_exception_is_still_there():
    assert REVIEWED.keys() <= {(name, what) for name, _line, what in _found()}


def test_no_page_has_a_browsers_number_field():
    """It drops what it cannot read in the browser's language, and sends nothing: no page can say what was wrong."""
    wrong = [path.name for path in tracked(".html", ".ts") if _NUMBER_INPUT.search(path.read_text(encoding="utf-8"))]
    assert not wrong


@pytest.mark.parametrize(
    "code",
    [
        "forms.DecimalField(label='Weight')", "value = float(text)", "Decimal(request.POST['kg'])",
        "float(typed.strip())", "text.replace(',', '.')", "from django.utils.formats import sanitize_separators",
    ],
)  # fmt: skip
def test_a_door_of_its_own_would_be_found(code: str):
    assert list(_own_reading(ast.parse(code)))


def test_the_reader_is_pure():
    source = Path(ROOT / "sojourn/clinical/numbers.py").read_text(encoding="utf-8")
    assert "django" not in source
    assert "locale" not in source
