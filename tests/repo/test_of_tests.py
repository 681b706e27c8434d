"""The tests themselves: what a run is told is read in one place, and the tests of the pure core stay as low as it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests import budget
from tests.environment import VARIABLES, RunSettings
from tests.repo import sources

ROOT = Path(__file__).resolve().parents[2]
READ_IN = ROOT / "tests" / "environment.py"
PROGRAMS = [path for folder in ("tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
# What of this repository the tests of sojourn/clinical may import.
PURE = re.compile(r"sojourn\.clinical|tests\.(broken|clinical|golden|pictures|stated)|benchmarks\.pk")


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in VARIABLES:
            yield f"{node.lineno} {node.value}"


def _may_name(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(name in text for name in VARIABLES)


def test_what_a_run_is_told_is_read_in_one_place():
    found = [
        f"{path.relative_to(ROOT)}:{each}"
        for path in PROGRAMS
        if path not in (READ_IN, Path(__file__)) and _may_name(path)
        for each in _named(sources.tree(path))
    ]
    assert found == [], "ask tests.environment.RunSettings"


def test_a_second_reader_would_be_found():
    assert list(_named(ast.parse('import os\nos.environ["SOJOURN_TEST_HOME"]'))) == ["2 SOJOURN_TEST_HOME"]


def test_the_page_shows_all_that_a_run_may_be_told():
    shown = re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \| (.+) \|$", (ROOT / "docs/tests.md").read_text("utf-8"), re.M)
    told = [(each.metadata["variable"], each.name, each.metadata["meaning"]) for each in fields(RunSettings)]
    assert shown == told


def test_what_is_handed_on_arrives():
    run = RunSettings(database_prefix="a_", demo_copy=Path("/somewhere"), demo_port=8691, worker="gw1")
    assert RunSettings.read(run.told()) == run
    assert RunSettings.read({}) == RunSettings.read(dict.fromkeys(VARIABLES, "")) == RunSettings()


def test_a_house_of_its_own_is_told_where_the_demo_is_and_nothing_of_this_house(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOJOURN_DATABASE", "test_gw0")
    run = replace(RunSettings(), postgres_home=Path("/mine"), demo_open=Path("/open"))
    env = run.environment_of_a_house()
    assert env["HOUSE_JOIN"] == "/open"
    assert not [name for name in env if name.startswith("SOJOURN_")]


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Each module that is imported, by its full name; ``from a import b`` may mean the module a.b or a name of a."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{each.name}" for each in node.names)


def _not_pure(tree: ast.AST, package: str) -> list[str]:
    return [
        name
        for name in _imported(tree, package)
        if not PURE.match(name) and name.partition(".")[0] in {"sojourn", "tests", "benchmarks", "django"}
    ]


@pytest.mark.parametrize(
    "path",
    [
        *sorted((ROOT / "tests/clinical").rglob("*.py")),
        *sorted((ROOT / "tests/golden").glob("*.py")),
        ROOT / "tests/broken.py",
        ROOT / "tests/pictures.py",
        ROOT / "tests/stated.py",
        ROOT / "benchmarks/pk/validation.py",
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_tests_of_the_pure_core_import_nothing_above_it(path: Path):
    package = ".".join(path.relative_to(ROOT).parent.parts)
    found = _not_pure(sources.tree(path), package)
    assert found == [], f"tests that need {', '.join(found)} belong into tests/rulebook or higher"


@pytest.mark.parametrize(
    "text",
    [
        "from sojourn.foundation.rulebook import book",
        "from sojourn import foundation",
        "import django.conf",
        "from tests.conftest import Cast",
        "from ..care import stage",
        "from tests import postgres_server, stated",
    ],
)
def test_an_import_from_above_is_found(text: str):
    assert _not_pure(ast.parse(text), "tests.clinical") != []


JOURNEYS = [
    *sorted(path for path in (ROOT / "tests/journeys").glob("*.py") if not path.name.startswith("test_")),
    *sorted((ROOT / "benchmarks").glob("*.py")),
]


def _outside_of_type_checking(tree: ast.Module) -> ast.Module:
    """The program as it runs: without what is imported for a reader of types."""

    class Runs(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    return Runs().visit(ast.parse(ast.unparse(tree)))


def _reached(path: Path, seen: set[Path]) -> set[Path]:
    """Every file of the tests and benchmarks that a program takes in, now or later."""
    if path not in seen and path.is_file():
        seen.add(path)
        package = ".".join(path.relative_to(ROOT).parent.parts)
        for name in _imported(_outside_of_type_checking(sources.tree(path)), package):
            if name.startswith(("tests.", "benchmarks.")):
                module = ROOT / Path(*name.split("."))
                for each in (module.with_suffix(".py"), module.parent.with_suffix(".py")):
                    _reached(each, seen)
    return seen


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_program_with_a_house_of_its_own_never_takes_the_tests_house(path: Path):
    """tests/postgres_server.py makes a folder and names it to Django on import: an audit was looked for there."""
    taken = {str(each.relative_to(ROOT)) for each in _reached(path, set())}
    assert taken.isdisjoint({"tests/postgres_server.py", "tests/conftest.py"})


ALLOWED = {"a.py::quick": 2.0, "a.py::long": 60.0, "a.py::middle": 10.0}


def test_a_budget_is_read_as_it_is_written():
    assert budget.budget(budget.written(ALLOWED)) == ALLOWED
    assert len(budget.budget(budget.written({f"a.py::{n}": n for n in range(100)}))) == budget.LISTED


def test_a_busy_machine_is_no_test_that_grew():
    assert list(budget.grown(ALLOWED, {test: 3 * seconds for test, seconds in ALLOWED.items()})) == []
    assert list(budget.grown(ALLOWED, {test: seconds / 3 for test, seconds in ALLOWED.items()})) == []


@pytest.mark.parametrize(
    ("took", "said"),
    [
        ({"a.py::long": 150.0}, ["grew  150.0 s, 60.0 s would be its budget: a.py::long"]),
        ({"a.py::long": 119.0}, []),  # less than twice
        ({"a.py::quick": 4.1}, ["grew    4.1 s, 2.0 s would be its budget: a.py::quick"]),
        ({"b.py::new": 4.1}, ["new     4.1 s, 2.0 s would be its budget: b.py::new"]),
        ({"b.py::new": 3.9}, []),  # less than two seconds more than the quickest of the list
    ],
)
def test_what_grew_is_named(took: dict[str, float], said: list[str]):
    assert list(budget.grown(ALLOWED, ALLOWED | took)) == said


def test_what_is_gone_is_named():
    took = {test: seconds for test, seconds in ALLOWED.items() if test != "a.py::quick"}
    assert list(budget.grown(ALLOWED, took)) == ["gone a.py::quick"]


def test_a_run_in_which_everything_but_one_is_slow_names_none_but_that_one():
    took = {"a.py::quick": 4.0, "a.py::middle": 20.0, "a.py::long": 480.0}
    assert list(budget.grown(ALLOWED, took)) == ["grew  480.0 s, 120.0 s would be its budget: a.py::long"]
