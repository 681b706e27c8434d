"""The faults that `make mutants` plants: each operator makes of a small source what it says, and always a change."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from coverage import CoverageData

from tests.mutants import quality, reach
from tests.mutants.__main__ import drawn
from tests.mutants.operators import OURS, Fault, another_permission, another_verb, permissions, verbs
from tests.mutants.planting import GENERAL, OF_THE_HOUSE, Mutant, files, mutants_of, operators, planted, room_of
from tests.mutants.quality import Result
from tests.mutants.reach import Place, Reach, importers, near, place_of
from tests.mutants.running import FEW_FILES, FIRST, MODELS, MOST, WALKS, Judges, tried, waves
from tests.mutants.trial import Outcome, Planted


def _all_of(source: str, operator: Operator) -> tuple[str | None, ...]:
    count = sum(1 for node in ast_nodes(get_ast(source)) for _ in operator.mutation_positions(node))
    return tuple(mutate_code(source, operator, each) for each in range(count))


@pytest.mark.parametrize(
    ("fault", "before", "afters"),
    [pytest.param(fault, before, afters, id=f"{fault.__name__}: {before[:40]}")
     for fault in OURS for before, afters in fault.shown],
)  # fmt: skip
def test_a_source_becomes_what_is_shown_and_nothing_else(fault: type[Fault], before: str, afters: tuple[str, ...]):
    assert _all_of(before, fault()) == afters


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.__name__)
def test_what_is_shown_is_another_program(fault: type[Fault]):
    for before, afters in fault.shown:
        assert all(ast.dump(ast.parse(after)) != ast.dump(ast.parse(before)) for after in afters)
    assert any(afters for _, afters in fault.shown), "show something that it changes"
    assert any(not afters for _, afters in fault.shown), "show something that it leaves alone"


def test_every_kind_of_ours_has_an_operator_and_every_operator_a_name_of_its_own():
    assert {fault.kind for fault in OURS} >= set(OF_THE_HOUSE)
    assert len(operators()) == len(OURS) + sum(len(names) for names in GENERAL.values())


@pytest.mark.parametrize(
    ("source", "operator"),
    [
        ("def f(*, a): ...", "ReplaceBinaryOperator_Mul_Div"),  # not Python any more
        ("x = 1", "ReplaceAndWithOr"),  # nowhere to plant it
    ],
)
def test_no_change_is_no_mutant(source: str, operator: str):
    assert planted(source, operators()[operator][1], 0) is None


def test_another_permission_is_held_by_others():
    known = permissions()
    assert all(known[another_permission(each)] != known[each] for each in known)


def test_another_verb_is_one_that_the_audit_knows():
    assert all(another_verb(each) in verbs() and another_verb(each) != each for each in verbs())


def test_a_fault_is_planted_in_every_room_and_in_no_migration():
    rooms = Counter(map(room_of, files()))
    assert {"care/patients", "clinical/recovery", "clinical", "foundation/accounts", "interfaces/devices"} <= set(rooms)
    assert not [each for each in files() if "migrations" in each]
    assert files("care/patients") == [each for each in files() if each.startswith("sojourn/care/patients/")]


def test_that_on_which_no_answer_depends_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "a.py").write_text(
        "if TYPE_CHECKING:\n    x = 1\n"
        "name = CharField(max_length=200, default=2)\n"
        "def f(a: Literal[3] = 4) -> Literal[5]: ...\n"
        "@dataclass(frozen=True, slots=True)\nclass A: ...\n"
        "def g(a, *, b): return a * b\n"
    )
    monkeypatch.setattr("tests.mutants.planting.ROOT", tmp_path)
    found = Counter(each.line for each in mutants_of("a.py", ("number", "condition", "boolean", "arithmetic")))
    assert found == {3: 2, 4: 2, 7: 1}, "one more and one less of the 2 and of the 4, and the product"


# ---------------------------------------------------------------- what is drawn


def _mutants(**counts: int) -> list[Mutant]:
    path = "sojourn/care/patients/actions.py"
    return [Mutant(path, kind, "AddNot", 0, each) for kind, count in counts.items() for each in range(count)]


@pytest.fixture
def _all_are_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mutant, "code", "another program")


@pytest.mark.usefixtures("_all_are_changes")
def test_a_sample_has_sixty_of_each_kind_of_ours_or_all_there_are():
    every = _mutants(permission=100, filter=100, lock=7, audit=80, number=5000)
    kinds = Counter(each.kind for each in drawn(every, 400, "seed"))
    assert min(kinds["permission"], kinds["filter"], kinds["audit"]) >= 60
    assert kinds["lock"] == 7
    assert sum(kinds.values()) == 400


@pytest.mark.usefixtures("_all_are_changes")
def test_a_sample_of_all_has_some_of_each_room():
    every = [
        Mutant(f"sojourn/care/{room}/a.py", "number", "NumberReplacer", each, 1)
        for room, count in (("large", 5000), ("small", 30), ("tiny", 4))
        for each in range(count)
    ]
    rooms = Counter(each.room for each in drawn(every, 50, "seed", of_each_room=12))
    assert rooms["care/tiny"] == 4
    assert min(rooms["care/large"], rooms["care/small"]) >= 12
    assert sum(rooms.values()) == 50


@pytest.mark.usefixtures("_all_are_changes")
def test_one_seed_draws_one_sample():
    every = _mutants(permission=100, number=1000)
    assert drawn(every, 200, "a") == drawn(every, 200, "a")
    assert drawn(every, 200, "a") != drawn(every, 200, "b")


# ---------------------------------------------------------------- who is asked

SOURCE = '''\
LIMIT = 3

@action("a.b", locks=x)
def edit(*, by, many=2):
    """Why."""
    if by.may(
        "a.b"
    ):
        return LIMIT
    return call(
        1,
        2,
    )

class Row:
    size = 4

    def one(self):
        return 5
'''


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (7, Place(((6, 8), (5, 13)))),  # the condition, and not what it guards
        (9, Place(((9, 9), (5, 13)))),
        (12, Place(((10, 13), (5, 13)))),
        (3, Place(((5, 13),), declared=True, named="edit")),
        (4, Place(((5, 13),))),  # its signature
        (16, Place(((19, 19),), outside=True)),  # a class: its methods
        (1, Place(((5, 19),), outside=True)),  # the file: all that it holds
    ],
)
def test_those_are_asked_who_run_the_statement_or_what_it_stands_around(line: int, place: Place):
    assert place_of(SOURCE, line) == place


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A house of one source and one file of tests, of which one test ran the second line."""
    for name, folder in (("ROOT", tmp_path), ("MAP", tmp_path / "map"), ("SOURCES", tmp_path / "map/sources")):
        monkeypatch.setattr(reach, name, folder)
    (tmp_path / "test_a.py").write_text("def test_of_it(): ...\n")
    (tmp_path / "a.py").write_text("def f():\n    return 1\n\n\nx = 2\n")
    data = CoverageData(str(reach.kept_of("test_a.py")))
    told = {"sources": {"a.py": reach.keep_source("a.py")}, "stamp": reach.stamp(tmp_path / "test_a.py")}
    data.set_context("test_a.py::test_of_it")
    data.add_lines({"a.py": [2]})
    data.write()
    kept = reach.kept_of("test_a.py").with_suffix(".json")
    kept.write_text(json.dumps({**told, "seconds": {"test_a.py::test_of_it": 0.1}}))
    reach._told.cache_clear()
    return tmp_path


def test_a_line_has_the_tests_that_ran_it_wherever_it_stands_by_now(traced: Path):
    assert Reach(("test_a.py",)).lines("a.py") == {2: {"test_a.py::test_of_it"}}
    (traced / "a.py").write_text('"""Said since."""\n\n\ndef f():\n    return 1\n\n\nx = 3\n')
    reach._moved.cache_clear()  # a run reads each file once
    assert Reach(("test_a.py", "test_b.py")).lines("a.py") == {5: {"test_a.py::test_of_it"}}


def test_a_file_of_tests_that_changed_istraced_anew(traced: Path):
    assert reach.stale(["test_a.py"]) == []
    (traced / "test_a.py").write_text("def test_of_it(): assert f()\n")
    assert reach.stale(["test_a.py"]) == ["test_a.py"]


def test_what_a_model_declares_is_asked_of_whoever_compares_it_with_its_migrations(traced: Path):
    (traced / "test_a.py").write_text('def test_of_it(): call("makemigrations")\n')
    (traced / "models.py").write_text("x = 1\n")
    mutant = Mutant("models.py", "number", "NumberReplacer", 0, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.mutants.planting.ROOT", traced)
        assert Reach(("test_a.py",)).tests(mutant) == {"test_a.py::test_of_it"}
        assert Reach(("test_a.py",)).nearest(mutant) == set()


def test_tests_that_name_a_room_are_near_it_and_so_are_those_that_walk_all_declarations():
    assert {"tests/care/test_patients.py", "tests/care/test_actions.py"} <= set(near("care/patients"))
    assert "tests/clinical/test_units.py" not in near("care/patients")


def test_who_imports_a_module_is_found():
    found = importers("sojourn/care/patients/queries.py")
    assert "sojourn/care/patients/actions.py" in found
    assert "sojourn/care/patients/queries.py" not in found


def test_the_quick_and_near_are_asked_first_and_no_more_than_fits():
    seconds = {f"far{each}.py::b": 0.2 for each in range(FEW_FILES)}
    seconds |= {"near.py::slow": FIRST + 1, "far.py::a": 0.1, "near.py::quick": 1.0, "near.py::endless": MOST + 1}
    (first, spent), (rest, _) = waves(seconds, seconds, ["near.py"])
    assert {"near.py::quick", "far.py::a"} < set(first)
    assert len({each.partition("::")[0] for each in first}) == FEW_FILES
    assert spent == pytest.approx(1.0 + 0.1 + 0.2 * (FEW_FILES - 2))
    assert "near.py::slow" in rest
    assert "near.py::endless" not in {*first, *rest}
    assert first == [each for each in seconds if each in set(first)], "in the order in which they passed before"


def test_those_that_run_the_line_are_asked_before_any_other():
    seconds = {"far.py::runs_it": MOST - 1} | {f"near.py::{each}": 2.0 for each in range(40)}
    asked = [each for wave, _ in waves(seconds, seconds, ["near.py"], (), [{"far.py::runs_it"}]) for each in wave]
    assert "far.py::runs_it" in asked
    assert "far.py::runs_it" not in [each for wave, _ in waves(seconds, seconds, ["near.py"]) for each in wave]


def test_of_a_walk_those_that_say_its_name_are_asked_first():
    seconds = {f"walk.py::of[a.b.{each}]": 1.0 for each in ("one", "two")} | {
        f"near.py::{each}": 0.1 for each in range(99)
    }
    (first, _), (rest, _) = waves(seconds, seconds, ["near.py"], ["walk.py"], [{"walk.py::of[a.b.two]"}])
    assert "walk.py::of[a.b.two]" in first
    assert "walk.py::of[a.b.one]" in rest
    assert "walk.py::of[a.b.two]" not in rest


def test_a_declaration_is_asked_of_the_walk_of_its_own_name():
    source = "@action('x')\ndef draft(): ...\n\n@action('y')\ndef draft_again(): ...\n\nOPENING = {'a': 1}\n"
    ids = ("t.py::of[care.plan.actions.draft-nurse]", "t.py::of[care.plan.actions.draft_again-nurse]", "t.py::other")

    class Known(Reach):
        seconds = dict.fromkeys(ids, 1.0)

    def saying(line: int) -> set[str]:
        mutant = Mutant("sojourn/care/plan/actions.py", "permission", "x", 0, line)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Mutant, "source", source)
            return set(Known(()).saying(mutant))

    assert saying(1) == {ids[0]}
    assert saying(4) == {ids[1]}
    assert saying(7) == {*ids[:2]}
    assert saying(2) == set()


def test_the_walk_of_a_kind_is_asked_whatever_fits():
    seconds = {f"near{each}.py::a": MOST / FEW_FILES for each in range(FEW_FILES + 2)} | {"walk.py::all": 2 * MOST}
    *_, (rest, _) = waves(seconds, seconds, [*seconds], ["walk.py"])
    assert "walk.py::all" in rest
    assert {*MODELS, *(each for files in WALKS.values() for each in files)} <= set(reach.files_of_tests())


class _Told:
    """Trials whose outcomes are told: by whom a fault is found among the tests that are asked."""

    def __init__(self, mutant_found_by: tuple[str, ...], always_red: tuple[str, ...] = ()) -> None:
        self._found_by, self._always_red = mutant_found_by, always_red
        self.asked: list[tuple[bool, list[str]]] = []

    def ask(self, mutant: Mutant | None, tests: list[str], seconds: float) -> Outcome:
        self.asked.append((mutant is not None, list(tests)))
        red = {*self._always_red, *(self._found_by if mutant else ())}
        by = next((each for each in tests if each in red), "")
        return Outcome(bool(by), by, 1.0)


class _Reach:
    seconds = {"a.py::a": 1.0, "a.py::b": 1.0, "a.py::c": 1.0}

    def tests(self, mutant: Mutant) -> frozenset[str]:
        return frozenset(self.seconds)

    def nearest(self, mutant: Mutant) -> frozenset[str]:
        return frozenset()

    saying = nearest


def _try(trials: _Told, judges: Judges) -> Result:
    return tried(_mutants(filter=1)[0], _Reach(), trials, (), judges)  # type: ignore[arg-type]


def test_a_test_is_believed_once_it_has_passed_without_a_fault():
    judges, trials = Judges(), _Told(("a.py::b",))
    assert _try(trials, judges).by == "a.py::b"
    assert trials.asked == [(True, ["a.py::a", "a.py::b", "a.py::c"]), (False, ["a.py::a", "a.py::b"])]
    _try(trials, judges)
    assert [with_fault for with_fault, _ in trials.asked] == [True, False, True]


def test_a_test_that_fails_without_a_fault_finds_none():
    judges = Judges()
    assert _try(_Told(("a.py::c",), always_red=("a.py::a",)), judges).by == "a.py::c"
    assert judges.doubted == {"a.py::a"}
    survived = _try(_Told((), always_red=("a.py::a", "a.py::b", "a.py::c")), Judges())
    assert not survived.found


def test_a_fault_is_planted_where_the_module_is_imported_and_nowhere_on_disk():
    finder = Planted("tests/mutants/quiet.py", "x = 'another text'")
    spec = finder.find_spec("tests.mutants.quiet", None)
    assert spec is not None
    assert spec.loader is not None
    scope: dict[str, object] = {}
    exec(spec.loader.get_code("tests.mutants.quiet"), scope)  # type: ignore[attr-defined]
    assert scope["x"] == "another text"
    assert finder.find_spec("tests.mutants.trial", None) is None


# ---------------------------------------------------------------- what is said

PAGE = """# Page
<!-- rooms -->
| room | date |
|---|---|
| care/plan | 1 |
| clinical | 1 |

<!-- sample -->
Not run yet.
<!-- end -->
"""


def test_a_room_has_one_line_in_the_order_of_the_rooms():
    page = quality._renewed(PAGE, "care/session", "| care/session | 2 |")
    page = quality._renewed(page, "clinical", "| clinical | 3 |")
    rows = [line for line in page.split("\n") if line.startswith("| c")]
    assert rows == ["| care/plan | 1 |", "| care/session | 2 |", "| clinical | 3 |"]
    assert page.count("\n") == PAGE.count("\n") + 1


def test_an_equivalent_is_still_a_survivor(monkeypatch: pytest.MonkeyPatch):
    results = [Result(each, found, "", 1.0) for each, found in zip(_mutants(filter=4), (1, 1, 1, 0), strict=True)]
    monkeypatch.setattr(Mutant, "key", "same")
    monkeypatch.setattr(quality, "equivalents", lambda: {"same": "it changes nothing"})
    assert "75 % (3 of 4)" in quality._row("care/patients", results)
    assert quality._row("care/patients", results).endswith("| 1 |")
    assert "**75 % (3 of 4)**" in quality._sampled(PAGE, results, "seed")


def test_what_a_run_has_found_is_kept_when_it_is_ended(tmp_path):
    kept = tmp_path / "a.jsonl"
    assert quality.read(kept) == []
    results = [Result(each, True, "tests/a.py::b", 1.5) for each in _mutants(filter=2)]
    for each in results:
        quality.keep([each], kept, more=True)
    assert quality.read(kept) == results
    quality.keep(results[:1], kept)
    assert quality.read(kept) == results[:1]


def test_whoever_is_judged_equivalent_has_a_reason():
    assert all(len(reason.split()) > 3 for reason in quality.equivalents().values())
