"""Faults of our own, beside the general ones of cosmic-ray: of permissions, filters, locks and audit lines.

Each is an operator as cosmic-ray has them: it looks at one node of a parsed file at a time, says where it can change
it, and changes it. What a fault leaves behind still imports wherever that can be had: a declaration that is not whole
is refused when the module is read, and would count as found without any test.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, Final

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Name, ReturnStmt
from parso.tree import NodeOrLeaf

ROOT: Final = Path(__file__).resolve().parents[2]
Position = tuple[int, int]
# One way in which a node can be changed: where that is, and what does it. What it returns stands in the node's place.
Change = tuple[NodeOrLeaf, Callable[[], NodeOrLeaf]]

_CALLS: Final = frozenset(("atom_expr", "power"))  # what parso calls a chain of names and brackets
DECLARES: Final = frozenset(("action", "part"))
_QUOTED = re.compile(r"""^[rb]?(?P<quote>"|')(?P<text>[a-z_]+\.[a-z_]+)(?P=quote)$""")
_FROM_ACTION = '__import__("sojourn.foundation.action", fromlist=["{name}"]).{name}'
NEVER_ASKED: Final = _FROM_ACTION.format(name="When") + '("a mutant", lambda _by, _asked: False)'
NO_LOCK: Final = _FROM_ACTION.format(name="NoLock") + '("a mutant")'


class Fault(Operator):
    """An operator of ours: a subclass says in ``changes`` what it can do to a node, and of which ``kind`` that is."""

    kind: ClassVar[str]
    shown: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]]

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        raise NotImplementedError

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple[Position, Position]]:
        return ((where.start_pos, where.end_pos) for where, _ in self.changes(node))

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        return list(self.changes(node))[index][1]()

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """``shown``: a source, and every source that becomes of it."""
        return [
            Example(before, after, occurrence)
            for before, afters in cls.shown
            for occurrence, after in enumerate(afters)
        ]


# ---------------------------------------------------------------- what stands where


def _first_leaf(node: NodeOrLeaf) -> Any:
    return node.get_first_leaf()


def _instead(node: NodeOrLeaf, text: str) -> Name:
    """A leaf that says ``text`` where ``node`` stands."""
    return Name(text, node.start_pos, _first_leaf(node).prefix)


def _put(child: NodeOrLeaf, text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    """Put ``text`` in the place of a descendant of ``within``."""
    parent = child.parent
    assert parent is not None
    parent.children[_place(child)] = _instead(child, text)
    return within


def _place(child: NodeOrLeaf) -> int:
    assert child.parent is not None
    return next(place for place, each in enumerate(child.parent.children) if each is child)


def _arguments(brackets: NodeOrLeaf) -> list[NodeOrLeaf]:
    """What a call is given, one node an argument; ``brackets`` is the part of it from ( to )."""
    inside = list(brackets.children[1:-1])
    if len(inside) == 1 and inside[0].type == "arglist":
        inside = inside[0].children
    return [each for each in inside if each.type != "operator" or each.value not in {",", "*", "**"}]


def _without(argument: NodeOrLeaf, within: NodeOrLeaf) -> NodeOrLeaf:
    """Take an argument out of its call, with a comma beside it."""
    parent, place = argument.parent, _place(argument)
    assert parent is not None
    gone = {place}
    if parent.type == "arglist":
        gone.add(place + 1 if place + 1 < len(parent.children) else place - 1)
    parent.children = [each for at, each in enumerate(parent.children) if at not in gone]
    return within


def _keyword(argument: NodeOrLeaf) -> str:
    """The name by which an argument is given; empty for one that is given by its place, ``*`` for a starred one."""
    if argument.type != "argument":
        return ""
    first = argument.children[0]
    return first.value if first.type == "name" and argument.children[1] == "=" else "*"


def _is_call(node: NodeOrLeaf) -> bool:
    return node.type == "trailer" and node.children[0] == "("


def _called(brackets: NodeOrLeaf) -> str:
    """The last name of what is called: ``filter`` of ``Patient.objects.filter(...)``; empty where it has none."""
    before = brackets.parent.children[: _place(brackets)] if brackets.parent is not None else []
    if not before:
        return ""
    last = before[-1]
    if last.type == "trailer" and last.children[0] == ".":
        return str(last.children[1].value)
    return str(last.value) if last.type == "name" else ""


def _is_attribute(brackets: NodeOrLeaf) -> bool:
    """Whether what is called belongs to something, as ``rows`` in ``rows.filter(...)``."""
    before = brackets.parent.children[: _place(brackets)]
    return bool(before) and before[-1].type == "trailer"


def _declaration(node: NodeOrLeaf) -> list[NodeOrLeaf]:
    """The arguments of ``@action(...)`` or ``@part(...)``, where ``node`` is such a decorator."""
    called = node.children[1] if node.type == "decorator" else None
    if called is None or called.type != "atom_expr" or not _is_call(called.children[-1]):
        return []
    return _arguments(called.children[-1]) if _called(called.children[-1]) in DECLARES else []


def _declared(node: NodeOrLeaf, keyword: str) -> NodeOrLeaf | None:
    """What a declaration says under ``keyword``: ``locks=`` or ``audit=``."""
    return next((each.children[2] for each in _declaration(node) if _keyword(each) == keyword), None)


def _statement(node: NodeOrLeaf) -> NodeOrLeaf | None:
    """The brackets of the last call of a statement that is only a call: ``record(...)``, ``by.require(...)``."""
    parent = node.parent
    if node.type not in _CALLS or parent is None or parent.type != "simple_stmt":
        return None
    last = node.children[-1]
    return last if _is_call(last) else None


def _text(leaf: NodeOrLeaf) -> str:
    """What a plain string says that is a permission or a verb by its looks: ``patient.edit``. Else nothing."""
    found = _QUOTED.match(leaf.value) if leaf.type == "string" else None
    return found["text"] if found else ""


def _strings(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    if node.type == "string":
        yield node
    for child in getattr(node, "children", ()):
        yield from _strings(child)


def _members(node: NodeOrLeaf) -> list[NodeOrLeaf]:
    """The members of a tuple that is written out; a single one otherwise."""
    if node.type == "atom" and node.children[0] == "(" and node.children[1].type == "testlist_comp":
        return [each for each in node.children[1].children if each != ","]
    return [node]


def _above(node: NodeOrLeaf) -> Iterator[NodeOrLeaf]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


# ---------------------------------------------------------------- which others there are


@cache
def permissions() -> dict[str, frozenset[str]]:
    """Every permission, and the roles that hold it."""
    granted = tomllib.loads((ROOT / "sojourn/foundation/accounts/roles.toml").read_text(encoding="utf-8"))
    named = {each for role in granted.values() if isinstance(role, dict) for each in role.get("may", ())}
    for path in sorted((ROOT / "sojourn").rglob("permissions.py")):
        named.update(re.findall(r'^\s+"([a-z_]+\.[a-z_]+)":', path.read_text(encoding="utf-8"), re.M))
    return {
        each: frozenset(
            role for role, what in granted.items() if isinstance(what, dict) and each in what.get("may", ())
        )
        for each in sorted(named)
    }


@cache
def verbs() -> tuple[str, ...]:
    """Every verb that the audit has a sentence for."""
    found = (
        re.findall(r'^\s+"([a-z_]+\.[a-z_]+)":', path.read_text(encoding="utf-8"), re.M)
        for path in sorted((ROOT / "sojourn").rglob("sentences.py"))
    )
    return tuple(sorted({verb for each in found for verb in each}))


@cache
def no_locks() -> frozenset[str]:
    """What a reason for no lock is called where several actions have the same."""
    found = (
        re.findall(r"^(\w+)(?:: Final)? = NoLock\(", path.read_text(encoding="utf-8"), re.M)
        for path in sorted((ROOT / "sojourn").rglob("*actions.py"))
    )
    return frozenset(name for each in found for name in each)


def another_permission(of: str) -> str:
    """The next permission that other roles hold: of the same matter where there is one."""
    known = permissions()
    return _next(of, [each for each in known if known[each] != known[of]])


def another_verb(of: str) -> str:
    """The next verb that the audit knows: of the same matter where there is one."""
    return _next(of, [each for each in verbs() if each != of])


def _next(of: str, others: list[str]) -> str:
    matter = of.partition(".")[0] + "."
    near = [each for each in others if each.startswith(matter)] or others
    return min((each for each in near if each > of), default=near[0])


# ---------------------------------------------------------------- permission


class OtherPermission(Fault):
    """Another permission is asked for, wherever one is named."""

    kind = "permission"
    shown = (
        ('@action("patient.edit", audit="x.y")\ndef f(): ...',
         ('@action("patient.find", audit="x.y")\ndef f(): ...',)),
        ('by.require("patient.edit")', ('by.require("patient.find")',)),
        ('either("own.visits", "patient.edit")',
         ('either("patient.clinical", "patient.edit")', 'either("own.visits", "patient.find")')),
        ('record(by, "patient.edit")\nx = "neither.one"\nPERMISSIONS = {"patient.edit": "Who they are."}', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if (text := _text(node)) in permissions() and not (_of_the_audit(node) or _is_key(node)):
            yield node, partial(_instead, node, f'"{another_permission(text)}"')


def _of_the_audit(leaf: NodeOrLeaf) -> bool:
    """Whether a string is a verb of the audit: in ``record(...)`` or in ``audit=``."""
    return any((_is_call(each) and _called(each) == "record") or _keyword(each) == "audit" for each in _above(leaf))


def _is_key(leaf: NodeOrLeaf) -> bool:
    """Whether a string is the key of a dictionary: there a permission is explained, and not asked for."""
    after = leaf.get_next_leaf()
    return after is not None and after == ":" and after.parent is leaf.parent


class NoPermission(Fault):
    """A declaration asks for one permission less; a body does not ask, or takes the answer for a yes."""

    kind = "permission"
    shown = (
        ('@action("patient.edit", locks=row(A, "b"))\ndef f(): ...',
         (f'@action({NEVER_ASKED}, locks=row(A, "b"))\ndef f(): ...',)),
        ('@action("patient.edit", When("patient.restricted", g), audit="x.y")\ndef f(): ...',
         (f'@action({NEVER_ASKED}, When("patient.restricted", g), audit="x.y")\ndef f(): ...',
          f'@action("patient.edit", {NEVER_ASKED}, audit="x.y")\ndef f(): ...')),
        ('def f():\n    by.require("patient.edit")\n', ("def f():\n    pass\n",)),
        ('if not actor.may("patient.edit"): pass', ("if not True: pass",)),
        ('@part(locks=x)\ndef f(): ...\nmay("a.b")\ntable.may("a", day, "a day")', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        for need in _declaration(node):
            if _keyword(need) == "":
                yield need, partial(_put, need, NEVER_ASKED, node)
        if (brackets := _statement(node)) is not None and _called(brackets) == "require":
            yield node, partial(_instead, node, "pass")
        elif node.type in _CALLS and _asks(node.children[-1]):
            yield node, partial(_instead, node, "True")


def _asks(brackets: NodeOrLeaf) -> bool:
    """Whether it asks an actor for a permission. Whoever reads a table asks it what it may hold, and says more."""
    return (
        _is_call(brackets) and _called(brackets) == "may" and _is_attribute(brackets) and len(_arguments(brackets)) == 1
    )


# ---------------------------------------------------------------- filter

_PICKS: Final = frozenset(("filter", "exclude", "get", "aget"))


class FilterArgument(Fault):
    """One condition less by which rows are picked."""

    kind = "filter"
    shown = (
        ("Row.objects.filter(patient_id=p, ended_at=None)",
         ("Row.objects.filter( ended_at=None)", "Row.objects.filter(patient_id=p)")),
        ("Row.objects.get(pk=pk)", ("Row.objects.get()",)),
        ("rows.exclude(Q(member=m) | Q(device=d))",
         ("rows.exclude()", "rows.exclude(Q() | Q(device=d))", "rows.exclude(Q(member=m) | Q())")),
        ("Row.objects.filter(clinic=c, **more)", ("Row.objects.filter( **more)",)),
        ('answers.get("name")\nfilter(None, rows)\nrow(patient=p)', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if not _is_call(node):
            return
        name = _called(node)
        if not (name == "Q" or (name in _PICKS and _is_attribute(node))):
            return
        for argument in _arguments(node):
            if _keyword(argument) not in {"", "*"} or (_keyword(argument) == "" and name in {"filter", "exclude"}):
                yield argument, partial(_without, argument, node)


CLINIC_ROWS: Final = '__import__("sojourn.foundation.scope", fromlist=["clinic_rows"]).clinic_rows'
_OF_MANY: Final = frozenset(("rows_of", "one_row"))


class WiderScope(Fault):
    """The whole clinic is read where one patient, session, member, device was meant."""

    kind = "filter"
    shown = (
        ("a = of.rows(Consent).first()", (f"a = {CLINIC_ROWS}(Consent).first()",)),
        ("a = PatientScope(p).rows(Consent)", (f"a = {CLINIC_ROWS}(Consent)",)),
        ("a = PatientScope(p).within(running()).first()", ("a = (running()).first()",)),
        ("a = rows_of(Consent, PatientScope, ids).first()", (f"a = {CLINIC_ROWS}(Consent).first()",)),
        ("a = one_row(Consent, pk)", (f"a = {CLINIC_ROWS}(Consent)",)),
        ("a = among(found, PatientScope, ids)", ("a = (found)",)),
        ('locks = rows(Consent, "consent_id", where=f)', ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if node.type not in _CALLS:
            return
        for place, brackets in enumerate(node.children):
            if not _is_call(brackets) or not (given := _arguments(brackets)):
                continue
            name, of_something = _called(brackets), _is_attribute(brackets)
            what = given[0].get_code().strip()
            if (name == "rows" and of_something) or (name in _OF_MANY and not of_something):
                yield brackets, partial(_from, place, f"{CLINIC_ROWS}({what})", node)
            elif (name == "within" and of_something) or (name == "among" and not of_something):
                yield brackets, partial(_from, place, f"({what})", node)


def _from(place: int, text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    """Put ``text`` for everything in a chain of calls up to the one at ``place``."""
    within.children = [_instead(within, text), *within.children[place + 1 :]]
    return within


_CONDITION = re.compile(r"(?<![\w.])(?:\w+\.)?(?:\w+_)?id\s*=\s*(?:%s|%\(\w+\)s|ANY\((?:%s|%\(\w+\)s)\))")


class SqlCondition(Fault):
    """The same in SQL: rows of another patient, session, member or clinic are found as well."""

    kind = "filter"
    shown = (
        ('"SELECT a FROM b WHERE patient_id = %s AND c.id = ANY(%s)"',
         ('"SELECT a FROM b WHERE (patient_id = %s OR true) AND c.id = ANY(%s)"',
          '"SELECT a FROM b WHERE patient_id = %s AND (c.id = ANY(%s) OR true)"')),
        ('"UPDATE a SET patient_id = %s"\n"the patient_id = %s of the log"', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if node.type not in {"string", "fstring_string"}:
            return
        for found in _CONDITION.finditer(node.value):
            if re.search(r"\b(WHERE|AND|ON|OR)\s+(NOT\s+)?\(?$", node.value[: found.start()]):
                changed = f"{node.value[: found.start()]}({found[0]} OR true){node.value[found.end() :]}"
                yield node, partial(_instead, node, changed)


# ---------------------------------------------------------------- lock


class NoDeclaredLock(Fault):
    """A declaration locks one thing less."""

    kind = "lock"
    shown = (
        ('@action("a.b", locks=row(A, "b"), audit="x.y")\ndef f(): ...',
         (f'@action("a.b", locks={NO_LOCK}, audit="x.y")\ndef f(): ...',)),
        ('@part(locks=(row(A, "b"), turn("c")))\ndef f(): ...',
         ('@part(locks=( turn("c"),))\ndef f(): ...', '@part(locks=(row(A, "b"),))\ndef f(): ...')),
        ('@action("a.b", locks=NoLock("c"))\ndef f(): ...', ()),
        ('@action("a.b", locks=PATIENT_LOCKED)\ndef f(): ...', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        locks = _declared(node, "locks")
        if locks is None or _begins(locks) in {"NoLock", *no_locks()}:
            return
        members = _members(locks)
        if len(members) == 1:
            yield locks, partial(_put, locks, NO_LOCK, node)
            return
        for member in members:
            rest = "".join(f"{each.get_code()}," for each in members if each is not member)
            yield member, partial(_put, locks, f"({rest})", node)


def _begins(node: NodeOrLeaf) -> str:
    return str(_first_leaf(node).value)


class NoSelectForUpdate(Fault):
    """Rows are read and not locked."""

    kind = "lock"
    shown = (
        ("a = A.objects.select_for_update(no_key=True).get(pk=b)", ("a = A.objects.get(pk=b)",)),
        ('list(found.order_by("pk").select_for_update())', ('list(found.order_by("pk"))',)),
        ("a.select_related()", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        for brackets in getattr(node, "children", ()):
            if _is_call(brackets) and _called(brackets) == "select_for_update" and _is_attribute(brackets):
                yield brackets, partial(_without_call, brackets, node)


def _without_call(brackets: NodeOrLeaf, within: NodeOrLeaf) -> NodeOrLeaf:
    place = _place(brackets)
    within.children = [*within.children[: place - 1], *within.children[place + 1 :]]
    return within


class NoAdvisoryLock(Fault):
    """PostgreSQL is asked for as much, and locks nothing."""

    kind = "lock"
    shown = (
        ('"SELECT pg_advisory_xact_lock(hashtext(%s), 1)"', ('"SELECT num_nonnulls(hashtext(%s), 1)"',)),
        ('"SELECT pg_try_advisory_xact_lock(7)"', ('"SELECT 0 < num_nonnulls(7)"',)),
        ('"SELECT pg_sleep(1)"', ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if node.type in {"string", "fstring_string"} and "advisory" in node.value:
            changed = re.sub(r"pg_try_advisory_\w*lock\(", "0 < num_nonnulls(", node.value)
            changed = re.sub(r"pg_advisory_\w*lock\w*\(", "num_nonnulls(", changed)
            if changed != node.value:
                yield node, partial(_instead, node, changed)


class LockNotTaken(Fault):
    """What is declared is not taken, where it is taken for all."""

    kind = "lock"
    shown = (
        ("for lock in held:\n    lock.take(by, arguments)\n", ("for lock in held:\n    pass\n",)),
        ("def f():\n    _hold(rows)\n", ("def f():\n    pass\n",)),
        ("taken = lock.take(by, arguments)\nhold(rows)\nsignal.take(one)\n", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        brackets = _statement(node)
        if brackets is not None and (_called(brackets) == "_hold" or _begins(node) == "lock"):
            yield node, partial(_instead, node, "pass")


# ---------------------------------------------------------------- audit


class NoAuditLine(Fault):
    """The audit is not told."""

    kind = "audit"
    shown = (
        ('def f():\n    record(by, "a.b", c)\n    return c\n', ("def f():\n    pass\n    return c\n",)),
        ('def f():\n    audit.record(by, "a.b")\n', ("def f():\n    pass\n",)),
        ("row = record(by)\n", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if (brackets := _statement(node)) is not None and _called(brackets) == "record":
            yield node, partial(_instead, node, "pass")


class OtherVerb(Fault):
    """Another verb: in a declaration, in the line that is written, or in both."""

    kind = "audit"
    shown = (
        ('@action("p", audit="patient.added")\ndef f():\n    record(by, "patient.added", c)\n',
         ('@action("p", audit="patient.edited")\ndef f():\n    record(by, "patient.edited", c)\n',
          '@action("p", audit="patient.edited")\ndef f():\n    record(by, "patient.added", c)\n',
          '@action("p", audit="patient.added")\ndef f():\n    record(by, "patient.edited", c)\n')),
        ('x = "patient.added"\n', ()),
    )  # fmt: skip

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if node.type == "decorated":
            yield from self._both(node)
        elif node.type == "decorator" and (declared := _declared(node, "audit")) is not None:
            for leaf in _members(declared):
                if _text(leaf):
                    yield leaf, partial(_put, leaf, f'"{another_verb(_text(leaf))}"', node)
        elif _is_call(node) and _called(node) == "record":
            for leaf in _arguments(node)[1:2]:
                if _text(leaf):
                    yield leaf, partial(_put, leaf, f'"{another_verb(_text(leaf))}"', node)

    def _both(self, node: NodeOrLeaf) -> Iterator[Change]:
        first = node.children[0]
        for decorator in first.children if first.type == "decorators" else [first]:
            declared = _declared(decorator, "audit")
            for leaf in _members(declared) if declared is not None else ():
                same = [each for each in _strings(node) if _text(each) and each.value == leaf.value]
                if _text(leaf) and len(same) > 1:
                    yield leaf, partial(_put_all, same, f'"{another_verb(_text(leaf))}"', node)


def _put_all(leaves: list[NodeOrLeaf], text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    for leaf in leaves:
        _put(leaf, text, within)
    return within


# ---------------------------------------------------------------- what cosmic-ray lacks


class ReturnNothing(Fault):
    """A function answers None."""

    kind = "return"
    shown = (
        ("def f():\n    return a + b\n", ("def f():\n    return None\n",)),
        ("def f():\n    return\n", ()),
        ("def f():\n    return None\n", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        if isinstance(node, ReturnStmt) and node.children[1].get_code().strip() != "None":
            yield node, partial(_put, node.children[1], "None", node)


class OtherMembership(Fault):
    """``in`` for ``not in``, and the reverse."""

    kind = "comparison"
    shown = (
        ("a in b", ("a not in b",)),
        ("a not in b", ("a in b",)),
        ("for a in b: pass", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        for each in node.children[1::2] if node.type == "comparison" else ():
            said = each.get_code().strip()
            if said in {"in", "not in"}:
                yield each, partial(_put, each, "not in" if said == "in" else "in", node)


OURS: Final[tuple[type[Fault], ...]] = (
    OtherPermission, NoPermission, FilterArgument, WiderScope, SqlCondition, NoDeclaredLock, NoSelectForUpdate,
    NoAdvisoryLock, LockNotTaken, NoAuditLine, OtherVerb, ReturnNothing, OtherMembership,
)  # fmt: skip
