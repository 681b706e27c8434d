"""Which tests reach a line: the map, kept under build/mutants/map, an entry for each file of tests.

An entry is made anew when its file of tests changed. When a file of the product changed since, the entry is read
through the difference: a line that stands unchanged keeps its tests, a new one has those of the lines beside it.
``FRESH=1`` makes everything anew.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from coverage import CoverageData

from tests.mutants.planting import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ROOT / "build" / "mutants"
MAP: Final = KEPT / "map"
SOURCES: Final = MAP / "sources"
TRACED: Final = ("sojourn/clinical", "sojourn/care", "sojourn/foundation", "sojourn/interfaces/devices")
# Journeys and browsers walk through processes of their own; the rest reads files and asks no line of the product.
LEFT_OUT: Final = ("tests/journeys/", "tests/repo/", "tests/mutants/")
# So few tests run what is kept once it was made: others are asked as well.
FEW: Final = 5
# What names the declarations themselves walks all of them: these tests are asked about every declaration.
WALKS_DECLARATIONS: Final = re.compile(r"foundation\.action import (\([^)]*|.*)\bACTIONS\b")
# What a model declares acts in its migrations: whoever compares the two is asked about it.
WALKS_MODELS: Final = re.compile(r"\bmakemigrations\b")


def kept_of(path: str) -> Path:
    """Where the entry of a file of tests is kept: coverage's own file, and a .json beside it."""
    return MAP / path.removesuffix(".py").replace("/", "+")


def stamp(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_of_tests() -> list[str]:
    found = (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests").rglob("test_*.py")))
    return [each for each in found if not each.startswith(LEFT_OUT)]


def near(room: str) -> list[str]:
    """The files of tests that name more of a room than its models, or that walk all declarations; of the pure core,
    which is asked through others, those that say its name at all."""
    above, _, name = room.replace("/", ".").rpartition(".")
    if above == "clinical":
        named = re.compile(rf"\b{name}\b")
    elif above:
        whole = re.escape(f"{above}.{name}")
        named = re.compile(rf"\b{whole}\.(?!models\b)|\b{whole} import .*\b(actions|queries)\b")
    else:
        named = re.compile(rf"\bsojourn\.{name}\.\w+ import\b|\bsojourn\.{name} import\b")
    return [
        each
        for each in files_of_tests()
        if named.search(text := (ROOT / each).read_text(encoding="utf-8")) or WALKS_DECLARATIONS.search(text)
    ]


def stale(paths: Iterable[str]) -> list[str]:
    """Those whose entry is missing, or was made of another text."""
    _told.cache_clear()
    return [each for each in paths if _told(each).get("stamp") != stamp(ROOT / each)]


@cache
def _told(path: str) -> dict[str, Any]:
    kept = kept_of(path).with_suffix(".json")
    return json.loads(kept.read_text()) if kept.exists() else {}


@dataclass(frozen=True)
class Reach:
    """The map as it stands. ``paths``: the files of tests whose entries are asked."""

    paths: tuple[str, ...]

    @cached_property
    def seconds(self) -> dict[str, float]:
        """What each test took while it was traced; those that failed then are not asked."""
        return {test: seconds for path in self.paths for test, seconds in _told(path).get("seconds", {}).items()}

    @cache  # noqa: B019  (one map a run)
    def lines(self, source: str) -> dict[int, frozenset[str]]:
        """The tests that run each line of a file of the product."""
        found: dict[int, set[str]] = {}
        for path in self.paths:
            if stamped := _told(path).get("sources", {}).get(source):
                data = CoverageData(str(kept_of(path)))
                data.read()
                moved = _moved(source, stamped)
                for line, tests in data.contexts_by_lineno(source).items():
                    if (now := moved(line)) is not None:
                        found.setdefault(now, set()).update(each for each in tests if each in self.seconds)
        return {line: frozenset(tests) for line, tests in found.items()}

    def tests(self, mutant: Mutant) -> frozenset[str]:
        """The tests that can notice a fault: those that run the lines of its statement. About what only an import runs
        (a declaration, a constant) those are asked that run the function, the class, the file or who imports it; and
        about what few run, for its answer may be kept for those who ask later."""
        lines = self.lines(mutant.path)
        place = place_of(mutant.source, mutant.line)
        walk = self._that_walk(_walk_of(mutant.path, place))
        found: set[str] = set()
        for span in place.spans:
            found |= _run(lines, span)
            if len(found) > FEW:
                return frozenset(found) | walk
        if place.declared and walk:
            return frozenset(found) | walk
        return frozenset(found) | walk | self._through_importers(mutant.path)

    def nearest(self, mutant: Mutant) -> frozenset[str]:
        """Those that run the statement itself, or what is nearest to a declaration: they are asked first."""
        lines = self.lines(mutant.path)
        spans = (_run(lines, span) for span in place_of(mutant.source, mutant.line).spans)
        return next(filter(None, spans), frozenset())

    def saying(self, mutant: Mutant) -> frozenset[str]:
        """Those that a walk of all declarations made for what stands at the line: they say its name, or for what stands
        in no function that of its module."""
        place = place_of(mutant.source, mutant.line)
        if not (place.declared or place.outside):
            return frozenset()
        module = mutant.path.removeprefix("sojourn/").removesuffix(".py").replace("/", ".")
        said = re.compile(rf"\[{re.escape(module)}\.{place.named}" + (r"\b" if place.named else ""))
        return frozenset(each for each in self.seconds if said.search(each))

    @cache  # noqa: B019
    def _that_walk(self, walk: re.Pattern[str] | None) -> frozenset[str]:
        return frozenset(each for each in self.seconds if walk and _names(walk, each.partition("::")[0]))

    def _through_importers(self, path: str) -> frozenset[str]:
        found: set[str] = set()
        for each in importers(path):
            for tests in self.lines(each).values():
                found |= tests
        return frozenset(found)


def _run(lines: Mapping[int, frozenset[str]], span: tuple[int, int]) -> frozenset[str]:
    """The tests that run any line of a span."""
    first, last = span
    return frozenset(test for line in range(first, last + 1) for test in lines.get(line, ()))


@cache
def _moved(source: str, stamped: str) -> Callable[[int], int | None]:
    """Where a line of a source stands by now that stood elsewhere when it was traced; None where it is gone."""
    if stamped == stamp(ROOT / source):
        return lambda line: line
    before, now = ((path).read_text(encoding="utf-8").splitlines() for path in (SOURCES / stamped, ROOT / source))
    blocks = difflib.SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
    known = {a + each + 1: b + each + 1 for a, b, size in blocks for each in range(size)}
    return known.get


def keep_source(path: str) -> str:
    """Keep a file of the product as it was traced. Returns its stamp."""
    stamped = stamp(ROOT / path)
    SOURCES.mkdir(parents=True, exist_ok=True)
    (SOURCES / stamped).write_bytes((ROOT / path).read_bytes())
    return stamped


@cache
def _names(walk: re.Pattern[str], path: str) -> bool:
    return bool(walk.search((ROOT / path).read_text(encoding="utf-8")))


@cache
def importers(path: str) -> tuple[str, ...]:
    """The files of the product that name a module, by what they import."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    above, _, name = module.rpartition(".")
    named = re.compile(rf"^\s*(from {re.escape(module)}[. ]|from {re.escape(above)} import .*\b{name}\b)", re.M)
    everything = sorted(each for folder in TRACED for each in (ROOT / folder).rglob("*.py"))
    return tuple(
        each.relative_to(ROOT).as_posix() for each in everything if named.search(each.read_text(encoding="utf-8"))
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands. ``spans``: the lines to be asked about, nearest first; ``declared``: in a decorator of
    the function ``named``; ``outside``: in no function."""

    spans: tuple[tuple[int, int], ...]
    declared: bool = False
    outside: bool = False
    named: str = ""


def place_of(source: str, line: int) -> Place:
    """Within a function: its statement. In what surrounds one (decorators, signature, class, module): the bodies
    within."""
    tree = ast.parse(source)
    function = _innermost(tree, line, ast.FunctionDef | ast.AsyncFunctionDef)
    if function is not None and line >= _body_begins(function):
        statement = _statement_at(function, line)
        return Place((statement, (_body_begins(function), function.end_lineno or line)))
    if function is not None:
        declared = line < function.lineno
        span = (_body_begins(function), function.end_lineno or line)
        return Place((span,), declared, named=function.name if declared else "")
    around = _innermost(tree, line, ast.ClassDef)
    bodies = [
        (_body_begins(each), each.end_lineno or each.lineno)
        for each in ast.walk(around or tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    everything = (min(each[0] for each in bodies), max(each[1] for each in bodies)) if bodies else None
    return Place((everything,) if everything else (), outside=True)


def _walk_of(path: str, place: Place) -> re.Pattern[str] | None:
    if place.declared:
        return WALKS_DECLARATIONS
    return WALKS_MODELS if place.outside and path.endswith("models.py") else None


def _begins(node: ast.stmt) -> int:
    """The first line of a definition, its decorators among it."""
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _body_begins(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return _begins(function.body[0])


def _innermost(tree: ast.AST, line: int, kinds: Any) -> Any:
    holds = [
        each
        for each in ast.walk(tree)
        if isinstance(each, kinds) and _begins(each) <= line <= (each.end_lineno or each.lineno)
    ]
    return max(holds, key=_begins, default=None)


def _statement_at(function: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> tuple[int, int]:
    """The lines of the innermost statement; of one that holds others, those before the first of them."""
    spans = []
    for each in ast.walk(function):
        if isinstance(each, ast.stmt) and each is not function:
            inner = getattr(each, "body", None)
            last = _begins(inner[0]) - 1 if isinstance(inner, list) and inner else each.end_lineno or each.lineno
            if each.lineno <= line <= max(last, each.lineno):
                spans.append((each.lineno, max(last, each.lineno)))
    return max(spans, default=(line, line))
