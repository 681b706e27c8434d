"""Every fault that can be planted in a file, a mutant each; and what a mutant is."""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.tree import NodeOrLeaf

from tests.mutants.operators import OURS, ROOT

OF_THE_HOUSE: Final = ("permission", "filter", "lock", "audit")
# Those of cosmic-ray that are taken, by kind: of a comparison the one beside it, not each of seven.
GENERAL: Final[dict[str, tuple[str, ...]]] = {
    "comparison": tuple(
        f"ReplaceComparisonOperator_{each}"
        for each in ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Is_IsNot", "IsNot_Is")
    ),
    "boolean": (
        "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
        "ReplaceUnaryOperator_Delete_Not",
    ),
    "condition": ("AddNot",),
    "number": ("NumberReplacer",),
    "arithmetic": tuple(
        f"ReplaceBinaryOperator_{each}" for each in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul")
    ),
}  # fmt: skip
STOREYS: Final = ("clinical", "care", "foundation", "interfaces/devices")
# Arguments that only a migration carries out, or that say how a dataclass is laid out: no answer depends on them.
_OF_NO_ANSWER: Final = frozenset(("max_length", "max_digits", "decimal_places", "frozen", "slots", "kw_only"))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in one file: the ``occurrence``-th place at which the operator can plant it. ``line`` counts from 1."""

    path: str
    kind: str
    operator: str
    occurrence: int
    line: int

    @property
    def source(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @property
    def room(self) -> str:
        return room_of(self.path)

    @property
    def code(self) -> str | None:
        """The file with the fault in it; None where it is not Python any more, or says the same as before."""
        return _planted_in(self.path, self.operator, self.occurrence)

    @property
    def diff(self) -> str:
        lines = difflib.unified_diff(
            self.source.splitlines(), (self.code or "").splitlines(), self.path, self.path, lineterm="", n=2
        )
        return "\n".join(lines)

    @property
    def key(self) -> str:
        """What it changes, whatever line that stands on by now."""
        changed = [each for each in self.diff.splitlines()[2:] if each[:1] in "+-"]
        return hashlib.sha256("\n".join([self.path, *changed]).encode()).hexdigest()[:12]


@cache
def operators() -> dict[str, tuple[str, Operator]]:
    """Every operator by its name, with the kind of its faults."""
    taken = {name: (kind, get_operator(f"core/{name}")()) for kind, names in GENERAL.items() for name in names}
    return {**{each.__name__: (each.kind, each()) for each in OURS}, **taken}


@cache
def _planted_in(path: str, operator: str, occurrence: int) -> str | None:
    return planted((ROOT / path).read_text(encoding="utf-8"), operators()[operator][1], occurrence)


def planted(source: str, operator: Operator, occurrence: int) -> str | None:
    """A source with one fault in it; None where that is no Python, or the same program."""
    code = mutate_code(source, operator, occurrence)
    try:
        changed = code is not None and ast.dump(ast.parse(code)) != ast.dump(ast.parse(source))
    except SyntaxError:
        return None
    return code if changed else None


def mutants_of(path: str, kinds: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """Every place of a file where a fault can be planted; some of them turn out to be no change (``Mutant.code``)."""
    source = (ROOT / path).read_text(encoding="utf-8")
    tree, left_alone = get_ast(source), _left_alone(source)
    nodes = list(ast_nodes(tree))
    for name, (kind, operator) in operators().items():
        if kinds and kind not in kinds:
            continue
        places = ((node, start) for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, (node, start) in enumerate(places):
            spared = _is_marker(node) or any(begin <= start < end for begin, end in left_alone)
            if kind in OF_THE_HOUSE or not spared:
                yield Mutant(path, kind, name, occurrence, start[0])


def _is_marker(node: NodeOrLeaf) -> bool:
    """Whether it is the star in a signature after which arguments are given by name: no product."""
    return node.type == "operator" and node.parent is not None and node.parent.type == "parameters"


def _left_alone(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a general fault would say nothing: what only a reader of types takes in, the sizes of columns, the
    layout of classes."""
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or each.lineno, each.end_col_offset or 0))
        for node in ast.walk(ast.parse(source))
        for each in _nothing_said(node)
    ]


def _nothing_said(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield node
    elif isinstance(node, ast.keyword) and node.arg in _OF_NO_ANSWER:
        yield node.value
    elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
        yield node.annotation
    elif isinstance(node, ast.FunctionDef) and node.returns is not None:
        yield node.returns


def files(room: str = "") -> list[str]:
    """The files of a room, of everything where none is named: all that runs, and no migration."""
    found = (
        path.relative_to(ROOT).as_posix() for storey in STOREYS for path in (ROOT / "sojourn" / storey).rglob("*.py")
    )
    return sorted(
        each for each in found if "/migrations/" not in each and (not room or room_of(each) == room.strip("/"))
    )


def room_of(path: str) -> str:
    """``care/patients`` of ``sojourn/care/patients/actions.py``; a file beside the rooms belongs to their storey."""
    parts = path.removeprefix("sojourn/").split("/")
    return parts[0] if len(parts) < 3 else "/".join(parts[:2])
