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
from typing import ClassVar, Final

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import ReturnStmt
from parso.tree import NodeOrLeaf

from tests.mutants.syntax import (
    CALLS,
    ancestors,
    arguments_of,
    called_name,
    declaration,
    declared_under,
    first_leaf,
    is_attribute,
    is_call,
    keyword_of,
    leaf_instead,
    members_of,
    place_of,
    plain_text,
    put,
    statement_of,
    strings,
    without,
)

ROOT: Final = Path(__file__).resolve().parents[2]
Position = tuple[int, int]
# One way in which a node can be changed: where that is, and what does it. What it returns stands in the node's place.
Change = tuple[NodeOrLeaf, Callable[[], NodeOrLeaf]]

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
        if (text := plain_text(node)) in permissions() and not (_of_the_audit(node) or _is_key(node)):
            yield node, partial(leaf_instead, node, f'"{another_permission(text)}"')


def _of_the_audit(leaf: NodeOrLeaf) -> bool:
    """Whether a string is a verb of the audit: in ``record(...)`` or in ``audit=``."""
    return any(
        (is_call(each) and called_name(each) == "record") or keyword_of(each) == "audit" for each in ancestors(leaf)
    )


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
        for need in declaration(node):
            if keyword_of(need) == "":
                yield need, partial(put, need, NEVER_ASKED, node)
        if (brackets := statement_of(node)) is not None and called_name(brackets) == "require":
            yield node, partial(leaf_instead, node, "pass")
        elif node.type in CALLS and _asks(node.children[-1]):
            yield node, partial(leaf_instead, node, "True")


def _asks(brackets: NodeOrLeaf) -> bool:
    """Whether it asks an actor for a permission. Whoever reads a table asks it what it may hold, and says more."""
    return (
        is_call(brackets)
        and called_name(brackets) == "may"
        and is_attribute(brackets)
        and len(arguments_of(brackets)) == 1
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
        if not is_call(node):
            return
        name = called_name(node)
        if not (name == "Q" or (name in _PICKS and is_attribute(node))):
            return
        for argument in arguments_of(node):
            if keyword_of(argument) not in {"", "*"} or (keyword_of(argument) == "" and name in {"filter", "exclude"}):
                yield argument, partial(without, argument, node)


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
        if node.type not in CALLS:
            return
        for place, brackets in enumerate(node.children):
            if not is_call(brackets) or not (given := arguments_of(brackets)):
                continue
            name, of_something = called_name(brackets), is_attribute(brackets)
            what = given[0].get_code().strip()
            if (name == "rows" and of_something) or (name in _OF_MANY and not of_something):
                yield brackets, partial(_from, place, f"{CLINIC_ROWS}({what})", node)
            elif (name == "within" and of_something) or (name == "among" and not of_something):
                yield brackets, partial(_from, place, f"({what})", node)


def _from(place: int, text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    """Put ``text`` for everything in a chain of calls up to the one at ``place``."""
    within.children = [leaf_instead(within, text), *within.children[place + 1 :]]
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
                yield node, partial(leaf_instead, node, changed)


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
        locks = declared_under(node, "locks")
        if locks is None or _begins(locks) in {"NoLock", *no_locks()}:
            return
        members = members_of(locks)
        if len(members) == 1:
            yield locks, partial(put, locks, NO_LOCK, node)
            return
        for member in members:
            rest = "".join(f"{each.get_code()}," for each in members if each is not member)
            yield member, partial(put, locks, f"({rest})", node)


def _begins(node: NodeOrLeaf) -> str:
    return str(first_leaf(node).value)


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
            if is_call(brackets) and called_name(brackets) == "select_for_update" and is_attribute(brackets):
                yield brackets, partial(_without_call, brackets, node)


def _without_call(brackets: NodeOrLeaf, within: NodeOrLeaf) -> NodeOrLeaf:
    place = place_of(brackets)
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
                yield node, partial(leaf_instead, node, changed)


class LockNotTaken(Fault):
    """What is declared is not taken, where it is taken for all."""

    kind = "lock"
    shown = (
        ("for lock in held:\n    lock.take(by, arguments)\n", ("for lock in held:\n    pass\n",)),
        ("def f():\n    _hold(rows)\n", ("def f():\n    pass\n",)),
        ("taken = lock.take(by, arguments)\nhold(rows)\nsignal.take(one)\n", ()),
    )

    def changes(self, node: NodeOrLeaf) -> Iterator[Change]:
        brackets = statement_of(node)
        if brackets is not None and (called_name(brackets) == "_hold" or _begins(node) == "lock"):
            yield node, partial(leaf_instead, node, "pass")


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
        if (brackets := statement_of(node)) is not None and called_name(brackets) == "record":
            yield node, partial(leaf_instead, node, "pass")


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
        elif node.type == "decorator" and (declared := declared_under(node, "audit")) is not None:
            for leaf in members_of(declared):
                if plain_text(leaf):
                    yield leaf, partial(put, leaf, f'"{another_verb(plain_text(leaf))}"', node)
        elif is_call(node) and called_name(node) == "record":
            for leaf in arguments_of(node)[1:2]:
                if plain_text(leaf):
                    yield leaf, partial(put, leaf, f'"{another_verb(plain_text(leaf))}"', node)

    def _both(self, node: NodeOrLeaf) -> Iterator[Change]:
        first = node.children[0]
        for decorator in first.children if first.type == "decorators" else [first]:
            declared = declared_under(decorator, "audit")
            for leaf in members_of(declared) if declared is not None else ():
                same = [each for each in strings(node) if plain_text(each) and each.value == leaf.value]
                if plain_text(leaf) and len(same) > 1:
                    yield leaf, partial(_put_all, same, f'"{another_verb(plain_text(leaf))}"', node)


def _put_all(leaves: list[NodeOrLeaf], text: str, within: NodeOrLeaf) -> NodeOrLeaf:
    for leaf in leaves:
        put(leaf, text, within)
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
            yield node, partial(put, node.children[1], "None", node)


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
                yield each, partial(put, each, "not in" if said == "in" else "in", node)


OURS: Final[tuple[type[Fault], ...]] = (
    OtherPermission, NoPermission, FilterArgument, WiderScope, SqlCondition, NoDeclaredLock, NoSelectForUpdate,
    NoAdvisoryLock, LockNotTaken, NoAuditLine, OtherVerb, ReturnNothing, OtherMembership,
)  # fmt: skip
