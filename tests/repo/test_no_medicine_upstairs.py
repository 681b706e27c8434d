"""Interfaces translate: what is medicine is decided in ``clinical`` (or by a rule) and asked by ``care``.

Two things are looked for in ``sojourn/interfaces``: a number beside a clinical unit, and a call of what decides. Each
exception stands here with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "sojourn/interfaces"

# ---------------------------------------------------------------- numbers

UNITS = {
    "kg", "mg", "mg/kg", "mL", "mL/h", "mg/mL", "ng/mL", "cm", "mm[Hg]", "mmHg", "%", "/min", "Cel", "ms", "g", "ug",
    "[lb_av]", "min",
}  # fmt: skip
# Names of clinical quantities: what is compared with a number, or made from one, is a limit.
_QUANTITY = re.compile(
    r"(^|_)(mg|kg|ml|cm|mmhg|ng_per_ml|mg_per_ml|ml_per_h|spo2|sbp|dbp|nibp|etco2|bpm|egfr|qtc|weight|dose|padss|aldrete"
    r"|news2|heart_rate|respiratory_rate|temperature|kilograms|milligrams)(_|$)",
    re.IGNORECASE,
)
_LIMITS = {"min_value", "max_value", "low", "high", "minimum", "maximum", "at_least", "at_most", "limit"}

# (file, line as written, stripped): why the number is no medicine.
NUMBERS: dict[tuple[str, str], str] = {}


def _number(node: ast.expr) -> float | None:
    """The number that is written here, also as Decimal(...), or None. Nothing and one are no limits: an amount is more
    than nothing, and a plural begins after one."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Decimal", "float", "int"} and node.args:
        return _number(node.args[0])
    if isinstance(node, ast.UnaryOp):
        return _number(node.operand)
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return None
    try:
        value = float(node.value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if value in (0.0, 1.0) else value


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _limits(tree: ast.AST) -> Iterator[int]:
    """Lines where a number stands beside a unit, or beside the name of a clinical quantity."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            units = [each for each in ast.walk(node) if isinstance(each, ast.Constant) and each.value in UNITS]
            typed = [each.value for each in node.keywords if each.arg in _LIMITS and _number(each.value) is not None]
            if units and typed:
                yield typed[0].lineno
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            named = any(_QUANTITY.search(_called(each)) for each in sides)
            if named and any(_number(each) is not None for each in sides):
                yield node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_QUANTITY.search(_called(each)) for each in targets) and _number(node.value) is not None:
                yield node.lineno


# ---------------------------------------------------------------- what decides

# What of ``clinical`` a page may call, since it decides nothing: it reads what was typed, writes and orders what was
# decided, and names things.
MAY = {
    "numbers.read_amount", "numbers.read_number", "numbers.read_whole", "numbers.written", "scales.say", "units.unit",
    "units.convert", "dosing.trimmed", "current.rounded", "administration.reasons.hundredths", "alarms.rank",
    "alarms.urgency", "alarms.gravest_of", "lines.of", "lines.country_of", "lines.countries", "eligibility.fingerprint",
    "interactions.fold", "protocol.known_of", "vitals.pressure_parts", "vitals.void", "vitals.measured_by",
    # the models: pages ask, and draw what comes back
    "pk.about", "pk.accepting", "pk.beside", "pk.explore", "pk.figure.svg", "pk.given_schedule", "pk.instants",
    "pk.leading", "pk.load", "pk.model_route", "pk.reference_zones", "pk.shape",
    # a rule made ready, to be shown
    "eligibility.read", "interactions.read", "jurisdictions.read", "protocol.read", "recovery.read",
}  # fmt: skip
# What decides, and is asked by a page all the same.
ASKED: dict[tuple[str, str], str] = {
    (
        "console/board/presenters.py",
        "current.current_vital",
    ): "the golden file's own form of the choice (test_one_place)",
    ("console/record/vitals_table.py", "current.current_vital"): "the record's table of five minutes (test_one_place)",
    ("console/sessions/stopping.py", "protocol.allowed"): "which steps begin in a state: what may be pressed",
    ("console/sessions/page.py", "protocol.allowed"): "the same",
    ("console/sessions/forms.py", "vitals.impossible"): "a typed value is refused at the door, as ingest refuses it",
    ("console/sessions/forms.py", "vitals.plausibility"): "the same",
    ("console/sessions/forms.py", "vitals.pressure_fault"): "the same",
    ("console/home/waits.py", "calls.is_escalated"): "the state of a call, from its rule and the clock of the page",
    ("console/home/waits.py", "calls.waits_at_most"): "the same",
    ("console/sessions/minute.py", "calls.is_escalated"): "the same",
    ("console/sessions/minute.py", "calls.waits_at_most"): "the same",
    (
        "portal/danger/listening.py",
        "danger.read",
    ): "help is offered while somebody types; care reads the sent words anew",
}


def _asked(tree: ast.AST) -> Iterator[str]:
    """The functions of ``clinical`` that are called, as ``module.name``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sojourn.clinical"):
            room = (node.module or "").removeprefix("sojourn.clinical").lstrip(".")
            names |= {each.asname or each.name: f"{room}.{each.name}".lstrip(".") for each in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in names:
            found = names[node.func.id]
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner = names.get(node.func.value.id, "")
            if not owner or owner.rpartition(".")[2][0].isupper():
                continue  # a class, or a table: Kilograms.of, VITALS.get
            found = f"{owner}.{node.func.attr}"
        else:
            continue
        if found.rpartition(".")[2][0].islower():
            yield found


# ---------------------------------------------------------------- held


@cache
def modules() -> list[tuple[str, str, ast.AST]]:
    """What people see. ``devices`` reads bytes of monitors by their own limits, and is held by its own tests."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("devices/"):
            text = path.read_text()
            found.append((name, text, ast.parse(text)))
    return found


def test_no_number_stands_beside_a_clinical_unit() -> None:
    found = []
    for name, text, tree in modules():
        lines = text.splitlines()
        for number in _limits(tree):
            if (name, lines[number - 1].strip()) not in NUMBERS:
                found.append(f"{name}:{number}: {lines[number - 1].strip()}")
    assert not found, "\n".join(found)


def test_pages_ask_and_do_not_decide() -> None:
    asked = {(name, each) for name, _text, tree in modules() for each in _asked(tree) if each not in MAY}
    assert asked - set(ASKED) == set(), "care asks what decides, and a page asks care"
    assert set(ASKED) - asked == set(), "an exception that nobody needs any more"


@pytest.mark.parametrize(
    "line",
    [
        'AmountField(min_value=Decimal(1), max_value=Decimal(400), unit="kg")',
        "fine = 1 <= weight <= 400",
        "_MOST_MG = 2000",
        "ready = padss >= 9",
        "if picture.spo2 < 94: pass",
    ],
)
def test_a_limit_would_be_found(line: str) -> None:
    assert list(_limits(ast.parse(line)))


def test_what_decides_would_be_found() -> None:
    source = "from sojourn.clinical import protocol\nprotocol.guard('start_dose', facts, plan)"
    assert list(_asked(ast.parse(source))) == ["protocol.guard"]
