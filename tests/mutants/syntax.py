"""What stands where in a parsed file, and how to put something else there: for the faults of ``operators.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from parso.python.tree import Name
from parso.tree import NodeOrLeaf

CALLS: Final = frozenset(("atom_expr", "power"))  # what parso calls a chain of names and brackets
DECLARES: Final = frozenset(("action", "part"))
_QUOTED = re.compile(r"""^[rb]?(?P<quote>"|')(?P<text>[a-z_]+\.[a-z_]+)(?P=quote)$""")


def first_leaf(node: NodeOrLeaf) -> Any:
    return node.get_first_leaf()


def leaf_instead(node: NodeOrLeaf, text: str) -> Name:
    """A leaf that says ``text`` where ``node`` stands."""
    return Name(text, node.start_pos, first_leaf(node).prefix)


def put(child: NodeOrLeaf, text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    """Put ``text`` in the place of a descendant of ``within``."""
    parent = child.parent
    assert parent is not None
    parent.children[place_of(child)] = leaf_instead(child, text)
    return within


def place_of(child: NodeOrLeaf) -> int:
    assert child.parent is not None
    return next(place for place, each in enumerate(child.parent.children) if each is child)


def arguments_of(brackets: NodeOrLeaf) -> list[NodeOrLeaf]:
    """What a call is given, one node an argument; ``brackets`` is the part of it from ( to )."""
    inside = list(brackets.children[1:-1])
    if len(inside) == 1 and inside[0].type == "arglist":
        inside = inside[0].children
    return [each for each in inside if each.type != "operator" or each.value not in {",", "*", "**"}]


def without(argument: NodeOrLeaf, within: NodeOrLeaf) -> NodeOrLeaf:
    """Take an argument out of its call, with a comma beside it."""
    parent, place = argument.parent, place_of(argument)
    assert parent is not None
    gone = {place}
    if parent.type == "arglist":
        gone.add(place + 1 if place + 1 < len(parent.children) else place - 1)
    parent.children = [each for at, each in enumerate(parent.children) if at not in gone]
    return within


def keyword_of(argument: NodeOrLeaf) -> str:
    """The name by which an argument is given; empty for one that is given by its place, ``*`` for a starred one."""
    if argument.type != "argument":
        return ""
    first = argument.children[0]
    return first.value if first.type == "name" and argument.children[1] == "=" else "*"


def is_call(node: NodeOrLeaf) -> bool:
    return node.type == "trailer" and node.children[0] == "("


def called_name(brackets: NodeOrLeaf) -> str:
    """The last name of what is called: ``filter`` of ``Patient.objects.filter(...)``; empty where it has none."""
    before = brackets.parent.children[: place_of(brackets)] if brackets.parent is not None else []
    if not before:
        return ""
    last = before[-1]
    if last.type == "trailer" and last.children[0] == ".":
        return str(last.children[1].value)
    return str(last.value) if last.type == "name" else ""


def is_attribute(brackets: NodeOrLeaf) -> bool:
    """Whether what is called belongs to something, as ``rows`` in ``rows.filter(...)``."""
    before = brackets.parent.children[: place_of(brackets)]
    return bool(before) and before[-1].type == "trailer"


def declaration(node: NodeOrLeaf) -> list[NodeOrLeaf]:
    """The arguments of ``@action(...)`` or ``@part(...)``, where ``node`` is such a decorator."""
    called = node.children[1] if node.type == "decorator" else None
    if called is None or called.type != "atom_expr" or not is_call(called.children[-1]):
        return []
    return arguments_of(called.children[-1]) if called_name(called.children[-1]) in DECLARES else []


def declared_under(node: NodeOrLeaf, keyword: str) -> NodeOrLeaf | None:
    """What a declaration says under ``keyword``: ``locks=`` or ``audit=``."""
    return next((each.children[2] for each in declaration(node) if keyword_of(each) == keyword), None)


def statement_of(node: NodeOrLeaf) -> NodeOrLeaf | None:
    """The brackets of the last call of a statement that is only a call: ``record(...)``, ``by.require(...)``."""
    parent = node.parent
    if node.type not in CALLS or parent is None or parent.type != "simple_stmt":
        return None
    last = node.children[-1]
    return last if is_call(last) else None


def plain_text(leaf: NodeOrLeaf) -> str:
    """What a plain string says that is a permission or a verb by its looks: ``patient.edit``. Else nothing."""
    found = _QUOTED.match(leaf.value) if leaf.type == "string" else None
    return found["text"] if found else ""


def strings(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    if node.type == "string":
        yield node
    for child in getattr(node, "children", ()):
        yield from strings(child)


def members_of(node: NodeOrLeaf) -> list[NodeOrLeaf]:
    """The members of a tuple that is written out; a single one otherwise."""
    if node.type == "atom" and node.children[0] == "(" and node.children[1].type == "testlist_comp":
        return [each for each in node.children[1].children if each != ","]
    return [node]


def ancestors(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent
