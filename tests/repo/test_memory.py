"""No fact lives in a process's memory: processes are many, and each may die between two messages or two requests.

What outlives a message or a request stands in the database. Permitted are the registries that are filled at the start,
who asks (for as long as the request lasts), open connections, and what is computed from files that ship with this
version or from the arguments alone. Each is named here with its reason.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
from collections.abc import Iterator
from typing import Final

import pytest

from tests.repo.test_repository import ROOT, tracked

PERMITTED: Final = {
    "care/alarms/rules.py _known": "a clinic's acting rules, asked anew once its newest adoption or the day is another",
    "care/scheduling/hooks.py on_booked": "a registry, filled at the start",
    "care/scheduling/hooks.py on_cancelled": "a registry, filled at the start",
    "care/scheduling/hooks.py on_slot_released": "a registry, filled at the start",
    "foundation/accounts/actor.py _asking": "who asks, by context: it ends with the request",
    "foundation/accounts/readiness.py _conditions": "a registry, filled at the start",
    "foundation/receipts/arriving.py _now": "which entry arrives, by context: it ends with the request",
    "foundation/links.py _routes": "a registry, filled at the start",
    "foundation/action.py ACTIONS": "a registry, filled at the start",
    "foundation/action.py _running": "which action runs, by context: it ends with the action",
    "interfaces/live/stream.py _hub": "open streams and their connections, which end with the process",
}

SHIPPED: Final = "read from files that ship with this version"
ARGUMENTS: Final = "computed from its arguments alone"
STATEMENT: Final = "the text of a statement, from the models"
DECLARED: Final = "what the rooms of this version declare"
CACHES: Final = {
    "care/candidacy/open_eyes.py _table": "computed from the rulebook whose digest is its argument",
    "care/consent/texts.py sources": SHIPPED,
    "care/intake/intake_form.py digest": SHIPPED,
    "care/intake/intake_form.py intake_form": SHIPPED,
    "care/measures/own.py _codes_of_danger": SHIPPED,
    "care/measures/own.py kept": "computed from a version of a scale, all of which is its arguments",
    "care/safety/gravity.py _table": "computed from the rulebook whose digest is its argument",
    "care/session/glance.py schedule_of": "read from a released protocol, which never changes",
    "care/session/live.py _sessions": STATEMENT,
    "care/session/parts.py _written": STATEMENT,
    "care/session/parts.py now_columns": STATEMENT,
    "care/session/parts.py whole": STATEMENT,
    "care/vitals/whose.py host_of": ARGUMENTS,
    "foundation/accounts/backend/hidden.py _tables": "the models of this version",
    "foundation/accounts/roles.py roles": SHIPPED,
    "interfaces/shared/commands.py commands": DECLARED,
    "foundation/audit/wording.py _by_action": DECLARED,
    "foundation/printing/setting.py _fonts": SHIPPED,
    "foundation/rulebook/load.py released_rulebook": SHIPPED,
    "foundation/rulebook/medicines.py _names": SHIPPED,
    "foundation/rulebook/medicines.py classes": SHIPPED,
    "foundation/rulebook/medicines.py medicines": SHIPPED,
    "foundation/library/article.py library": SHIPPED,
    "foundation/library/article.py order": SHIPPED,
    "foundation/library/evidence.py entries": SHIPPED,
    "foundation/library/evidence.py spanish": SHIPPED,
    "foundation/library/finding.py _our_parts": SHIPPED,
    "foundation/library/known.py _shipped": SHIPPED,
    "foundation/library/numbers.py _in": "computed from the columns of what ships",
    "foundation/library/numbers.py worked": SHIPPED,
    "foundation/library/pictures.py hundreds": SHIPPED,
    "foundation/library/pictures.py steps": SHIPPED,
    "foundation/library/queries.py _texts": SHIPPED,
    "foundation/library/reading_level.py syllables": "computed from its arguments",
    "foundation/rulebook/medicines.py products": SHIPPED,
    "foundation/rulebook/medicines.py taken": "computed from its arguments and the shipped medicines",
    "foundation/rulebook/queries.py _known": "computed from the rulebook whose digest is its argument",
    "foundation/rulebook/queries.py _versions": "computed from the rulebook whose digest is its argument",
    "foundation/rulebook/scales.py ids": SHIPPED,
    "foundation/rulebook/scales.py scale": SHIPPED,
    "foundation/ui/navigation.py navigation": DECLARED,
    "interfaces/console/concentration/presenters.py _explored": ARGUMENTS,
    "interfaces/console/record/words.py _reading": ARGUMENTS,
    "interfaces/devices/dialects.py shipped": SHIPPED,
    "interfaces/devices/message.py _shipped_reader": SHIPPED,
    "interfaces/devices/values.py zone_of": ARGUMENTS,
    "interfaces/help/shown.py _elsewhere": SHIPPED,
    "interfaces/portal/medicine/curve.py picture_of": ARGUMENTS,
    "interfaces/portal/visits/forms.py _zones": "the names of the time zones of the machine",
}

STOREYS: Final = ("sojourn/care/", "sojourn/foundation/", "sojourn/interfaces/")
CHANGING: Final = {
    "append", "appendleft", "add", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove", "set",
    "setdefault", "update",
}  # fmt: skip


def _modules() -> Iterator[tuple[str, str]]:
    """Every module above ``clinical``, which is pure, and below ``config``; with its source."""
    for path in tracked(".py"):
        name = str(path.relative_to(ROOT))
        if name.startswith(STOREYS) and "/migrations/" not in name:
            yield name.removeprefix("sojourn/"), path.read_text(encoding="utf-8")


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _of_the_module(tree: ast.Module) -> set[str]:
    """Names that are bound when the module is imported; classes among them, whose attributes are shared as well."""
    found = {"cls"}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {each.id for each in node.targets if isinstance(each, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
    return found


def changed(source: str) -> set[str]:
    """What a function of the module changes of the module's own, or of a class."""
    tree = ast.parse(source)
    shared, found = _of_the_module(tree), set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        inside = list(ast.walk(function))
        own = {each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        own |= {each.arg for each in inside if isinstance(each, ast.arg)} - {"cls"}
        said = {name for each in inside if isinstance(each, ast.Global) for name in each.names}
        for node in inside:
            name = ""
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                name = _base(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
                name = _base(node.func.value)
            if name in shared - (own - said):
                found.add(name)
        found |= said
    return found


def cached(source: str) -> set[str]:
    """The functions that keep what they returned for as long as the process lives."""
    return {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).split("(")[0].rpartition(".")[2] in {"cache", "lru_cache"}
    }


def _objects_of_ours() -> Iterator[str]:
    """Module-level objects of our own classes that can change."""
    seen: set[int] = set()
    for name, _source in _modules():
        module = importlib.import_module(
            "sojourn." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        )
        for word, value in vars(module).items():
            kind = type(value)
            frozen = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
            fixed = isinstance(value, type | enum.Enum | tuple | str | int | frozenset)
            if kind.__module__.startswith("sojourn.") and not frozen and not fixed and id(value) not in seen:
                seen.add(id(value))
                yield f"{name} {word}"


def test_no_fact_is_kept_in_a_process():
    found = {f"{name} {word}" for name, source in _modules() for word in changed(source)} | set(_objects_of_ours())
    assert found == PERMITTED.keys()


def test_what_is_kept_for_good_follows_from_what_ships_or_from_the_arguments():
    assert {f"{name} {word}" for name, source in _modules() for word in cached(source)} == CACHES.keys()


@pytest.mark.parametrize(
    "text",
    [
        "_late = {}\ndef take(key, at):\n    _late[key] = at",
        "_late: list[int] = []\ndef take(it):\n    _late.append(it)",
        "_last = None\ndef take(it):\n    global _last\n    _last = it",
        "class Store:\n    seen = set()\n    def take(self, it):\n        Store.seen.add(it)",
        "class Store:\n    seen = {}\n    @classmethod\n    def take(cls, it):\n        cls.seen[it] = 1",
        "_now = Now()\ndef take(at):\n    _now.at = at",
    ],
)
def test_a_fact_in_memory_is_found(text: str):
    assert changed(text)


def test_what_a_function_makes_for_itself_is_its_own():
    assert not changed("found = ()\ndef take(found):\n    found[1] = 2\ndef make():\n    made = []\n    made.append(1)")


@pytest.mark.parametrize("decorator", ["cache", "lru_cache(maxsize=1)", "functools.cache"])
def test_a_cache_is_found(decorator: str):
    assert cached(f"@{decorator}\ndef rows():\n    return 1") == {"rows"}
