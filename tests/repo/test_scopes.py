"""Rows of a clinic are read through a scope that says whose they are (sojourn/foundation/scope.py), and a query takes
that scope: whoever adds one that does not is told what to add."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps
from django.db import models

import sojourn
from sojourn.foundation import scope

ROOT: Final = Path(sojourn.__file__).parent
FILES: Final = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if "migrations" not in path.parts and path != ROOT / "foundation" / "scope.py"
]
OURS: Final = {model.__name__: model for model in apps.get_models() if model.__module__.startswith("sojourn")}
OF_A_CLINIC: Final = {
    name for name, model in OURS.items() if "clinic_id" in {each.attname for each in model._meta.fields}
}
WRITES: Final = {"create", "bulk_create"}
SCOPES: Final = {each.__name__: each for each in scope.Scope.__subclasses__()}
# What an id is called where it stands for somebody; "course_id" is what pages call a care plan.
IDS: Final = {column for each in SCOPES.values() for column in each.columns} | {"course_id"}


def faults(source: str, *, asks: bool = True) -> list[str]:
    """What ``source`` reads without saying whose it is. ``asks``: whether queries are written in such a file; pages
    have the numbers of their address, and hand them on."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = [*_by_hand(tree), *(fault for each in functions for fault in _wider(each))]
    return found + [fault for each in functions if asks and not _declared(each) for fault in _by_number(each)]


def _by_hand(tree: ast.Module) -> Iterator[str]:
    written = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in WRITES}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in written and _reads(node):
            model = ast.unparse(node.value)
            yield (
                f"line {node.lineno}: {model}.{node.attr} reads the rows of a clinic by hand. Say whose they are:"
                f" PatientScope(...).rows({model}), or SessionScope, MemberScope, DeviceScope ...;"
                f" one_row({model}, key) for the one of a key; clinic_rows({model}) where the whole clinic is meant"
            )


def _reads(node: ast.Attribute) -> bool:
    model = ast.unparse(node.value)
    if node.attr == "objects":  # a model by its name, or one that is looked up: TABLES[of].objects
        return model in OF_A_CLINIC or not model.replace("()", "").isidentifier()
    return node.attr in ("_default_manager", "_base_manager")


def _by_number(function: ast.FunctionDef) -> Iterator[str]:
    given = {
        each.arg
        for each in (*function.args.args, *function.args.kwonlyargs)
        if each.arg in IDS and each.annotation is not None and ast.unparse(each.annotation) == "int"
    }
    for call in _calls(function, set(SCOPES)):
        if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in given:
            whom = ast.unparse(call.func)
            yield (
                f"line {function.lineno}: {function.name} takes the number {call.args[0].id}. Let it take"
                f" of: {whom}, from which the filter follows: of.rows(Model)"
            )


def _wider(function: ast.FunctionDef) -> Iterator[str]:
    annotations = {ast.unparse(each.annotation): each.arg for each in function.args.args if each.annotation is not None}
    given = [(SCOPES[name], argument) for name, argument in annotations.items() if name in SCOPES]
    beside = {
        id(inner) for prefetched in _calls(function, {"Prefetch"}) for inner in _calls(prefetched, {"clinic_rows"})
    }  # what hangs on rows that were found through the scope
    for call in _calls(function, {"clinic_rows"}):
        model = OURS.get(ast.unparse(call.args[0]))
        for whom, argument in given:
            if model is not None and id(call) not in beside and _leads(whom, model):
                yield (
                    f"line {call.lineno}: {function.name} is asked about one {whom.__name__} and reads"
                    f" {ast.unparse(call)}: let it be {argument}.rows({model.__name__})"
                )


def _leads(whom: type[scope.Scope], model: type[models.Model]) -> bool:
    try:
        whom.column(model)
    except TypeError:
        return False
    return True


def _calls(inside: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(inside):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node


def _declared(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).startswith(("action(", "part(")) for each in function.decorator_list)


def test_rows_are_read_through_a_scope():
    found = {str(path.relative_to(ROOT)): faults(path.read_text(encoding="utf-8"), asks=_asks(path)) for path in FILES}
    assert {path: told for path, told in found.items() if told} == {}


def _asks(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in ("care", "foundation") or path.name == "reads.py"


# ---------------------------------------------------------------- the guard itself


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(of): return Consent.objects.filter(patient_id=1)", "PatientScope(...).rows(Consent)"),
        ("def f(of): return Consent.objects.select_related('patient')", "clinic_rows(Consent)"),
        ("def f(model): return model._default_manager.all()", "one_row(model, key)"),
        ("def f(of): return TABLES[of].objects.first()", "TABLES[of].objects reads the rows of a clinic by hand"),
        ("def f(patient_id: int): return PatientScope(patient_id).rows(Consent)", "Let it take of: PatientScope"),
        ("def f(*, encounter_id: int): return SessionScope(encounter_id).rows(Waste)", "of: SessionScope"),
        ("def f(of: PatientScope): return clinic_rows(Consent).filter(pk=1)", "let it be of.rows(Consent)"),
        ("def f(of: FlagScope): return clinic_rows(FlagReading)", "let it be of.rows(FlagReading)"),
    ],
    ids=["a filter", "no filter", "any model", "a table", "a patient", "a session", "wider", "wider, a flag"],
)
def test_a_query_without_a_scope_is_told_what_to_add(source: str, says: str):
    (fault,) = faults(source)
    assert says in fault


@pytest.mark.parametrize(
    "source",
    [
        "def f(of: PatientScope): return of.rows(Consent)",
        "def f(): return clinic_rows(Consent)",
        "def f(of: PatientScope): return of.rows(Consent).prefetch_related(Prefetch('x', clinic_rows(ConsentReply)))",
        "def f(of: PatientScope): return clinic_rows(Chair)",
        "def f(consent_id: int): return one_row(Consent, consent_id)",
        "@action('x')\ndef f(*, patient_id: int): return PatientScope(patient_id).rows(Consent)",
        "def f(patient): return Consent.objects.create(patient=patient)",
        "def f(): return Clinic.objects.get(pk=1)",
    ],
)
def test_a_query_that_says_whose_rows_it_reads_passes(source: str):
    assert faults(source) == []


def test_a_scope_reads_nothing_that_does_not_lead_to_it():
    with pytest.raises(TypeError, match="has none of device_id: it is not read by DeviceScope"):
        scope.DeviceScope(1).rows(OURS["Consent"])
