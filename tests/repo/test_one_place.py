"""What several pages show is computed in one place: a second path is a second answer (decision 0022)."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.repo import sources

ROOT = Path(__file__).parents[2] / "sojourn"

# Who may call what decides. Beside the snapshot and its glance: the golden file's own form of the choice and the
# record's table of five minutes (current_vital), the doses of other sessions (went_in through given.delivered), and the
# replay, which has no database.
PLACES: dict[str, set[str]] = {
    "next_check_due": {"care/session/glance.py", "clinical/replay/replaying.py", "clinical/worked.py"},
    "current_vital": {
        "care/session/glance.py", "clinical/protocol/guards.py",
        "interfaces/console/board/presenters.py", "interfaces/console/record/vitals_table.py",
    },
    "went_in": {"care/session/given.py", "clinical/replay/session.py"},
    "delivered": {"care/session/snapshot.py", "care/session/lines.py", "care/session/road.py",
                  "clinical/administration/charted.py", "clinical/replay/session.py"},
    "reconcile": {"clinical/administration/charted.py"},
    "observed_from": {"care/session/snapshot.py", "clinical/replay/session.py"},
}  # fmt: skip

# The rows of a running session, and who reads them beside those who write them.
ROWS = {
    "CheckResult", "DoseCheck", "DoseEvent", "EnteredInError", "GivenMedicine", "MedicationAdministration",
    "SessionEvent", "Waste", "WasteWitness", "CurrentVital", "AlarmState",
}  # fmt: skip
READERS = {
    "care/session/charting.py",  # writes what a step charts
    "care/session/parts.py",  # every part of every snapshot
    "care/session/queries.py",  # across sessions: what waits for a second person, doses of other days
    "care/session/calls.py",  # the open calls of all sessions, and the one of which a patient's own screen speaks
    "care/session/lines.py",  # what a patient was given in all sessions
    "care/alarms/queries.py",  # the alarms of a whole clinic
    "care/chart/queries.py",  # when the order of a session was fixed: the moment of its first dose
    "interfaces/console/sessions/preflight.py",  # when the medicines were last looked at, in whatever session
    "care/companion/queries.py",  # in which sessions of a course a dose was begun
    "interfaces/portal/reads.py",  # when the first dose ever was begun
}


# Who sets the entries of two people against each other.
DOUBLE_CHECK = "sojourn.clinical.administration.double_check"
CHECKERS = {"care/session/queries.py", "care/session/snapshot.py", "clinical/replay/session.py"}


@cache
def called(tree: ast.AST) -> set[str]:
    functions = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in functions}


def imported(tree: ast.AST) -> set[str]:
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {
        alias.name
        for node in froms
        if node.module in ("sojourn.care.session.models", "sojourn.care.alarms.models")
        for alias in node.names
    }


@cache
def modules() -> list[tuple[str, ast.AST]]:
    return [(path.relative_to(ROOT).as_posix(), sources.tree(path)) for path in sorted(ROOT.rglob("*.py"))]


@pytest.mark.parametrize("function", PLACES)
def test_each_thing_is_computed_in_one_place(function: str):
    found = {name for name, tree in modules() if function in called(tree)}
    assert found == PLACES[function]


def test_two_entries_are_set_against_each_other_in_one_place():
    found = {
        name
        for name, tree in modules()
        if any(isinstance(node, ast.ImportFrom) and node.module == DOUBLE_CHECK for node in ast.walk(tree))
    }
    assert found == CHECKERS
    comparers = {name for name, tree in modules() if "same_dose" in called(tree)}
    assert comparers == {"clinical/administration/double_check.py", "care/session/drawing_actions.py"}


def test_nobody_reads_a_sessions_rows_beside_the_snapshot():
    """Beside the writers only the snapshot's parts, and what looks across sessions."""
    found = {name for name, tree in modules() if imported(tree) & ROWS}
    writers = {each for each in found if each.endswith("actions.py") or "/migrations/" in each or "/demo/" in each}
    assert found - writers - READERS == set()
