"""Every action of the house: who may, what the audit reads, what it locks; and the guard that makes each say so.

The files in ``actions/``, one a room, are what was decided, and no tool writes them: an action that is added, taken
away or declared otherwise is red here until somebody has said what is right.
"""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection

import sojourn
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor, NotAllowed, acting_as
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.action import (
    ACTIONS,
    LINK,
    Declaration,
    NoLock,
    NotDeclared,
    When,
    action,
    by_value,
    either,
    part,
    row,
)
from sojourn.foundation.action import unchanged as nothing_to_do
from sojourn.foundation.audit.actions import record

ROOT: Final = Path(sojourn.__file__).parent
DECIDED: Final[dict[str, dict[str, Any]]] = {
    name: decided
    for path in sorted(Path(__file__).with_name("actions").glob("*.toml"))
    for name, decided in tomllib.loads(path.read_text(encoding="utf-8")).items()
}


def _everything() -> None:
    """Every module that may declare an action."""
    for path in sorted(ROOT.rglob("*.py")):
        below = path.is_relative_to(ROOT / "care") or path.is_relative_to(ROOT / "foundation")
        if below and "foundation.action import" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))


_everything()
OURS: Final = {name: each for name, each in ACTIONS.items() if name.startswith(("care.", "foundation."))}


# The rooms whose actions do not declare themselves yet: this list only ever grows shorter.
NOT_YET: Final = {
    "care/candidacy", "care/chart", "care/consent", "care/coordination", "care/encounter", "care/intake",
    "care/measures", "care/messaging", "care/plan", "care/scheduling", "care/session",
    "foundation/accounts", "foundation/rulebook",
}  # fmt: skip


def asked_for() -> Iterator[Declaration]:
    return (each for each in OURS.values() if each.needs)


# ---------------------------------------------------------------- what was decided


def _undeclared(source: str) -> list[str]:
    """Functions of a module of actions that somebody else can call and that take an actor, without a declaration."""
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and "by" in [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
        and not any(isinstance(each, ast.Call) and ast.unparse(each.func) in DECLARES for each in node.decorator_list)
    ]


DECLARES: Final = {"action", "part"}
MODULES: Final = [
    path
    for storey in ("care", "foundation")
    for path in sorted((ROOT / storey).glob("*/*actions.py"))
    if path.parent.relative_to(ROOT).as_posix() not in NOT_YET | {"foundation/audit"}  # the audit writes the row itself
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_action_declares_itself(path: Path):
    found = _undeclared(path.read_text(encoding="utf-8"))
    assert found == [], f"say who may, what is locked and what the audit reads: @action(...) or @part(...) on {found}"


def test_an_action_that_declares_nothing_is_found():
    assert _undeclared("def edit(*, by: Actor, patient_id: int) -> None: ...") == ["edit"]
    assert _undeclared("@transaction.atomic\ndef edit(*, by: Actor) -> None: ...") == ["edit"]
    assert _undeclared('@action("patient.edit", locks=x, audit="y")\ndef edit(*, by: Actor) -> None: ...') == []


def test_every_action_was_decided_on_and_nothing_else():
    assert OURS.keys() == DECIDED.keys()


@pytest.mark.parametrize("name", DECIDED)
def test_the_audit_reads_and_the_lock_holds_what_was_decided(name: str):
    declared, decided = OURS[name], DECIDED[name]
    assert sorted(declared.audit) == sorted(decided.get("audit", []))
    assert sorted(declared.through) == sorted(decided.get("through", []))
    assert [each.of for each in declared.locks] == decided.get("locks", [])
    assert bool(declared.locks) != bool(declared.unlocked)


@pytest.mark.django_db
@pytest.mark.parametrize("role", roles())
@pytest.mark.parametrize("name", [each.name for each in asked_for()])
def test_whoever_was_decided_on_may_and_nobody_else(name: str, role: str):
    """Asked for with nothing but who asks: the permission comes first, before anything is looked at."""
    own = None if roles()[role].staff else 1
    by = Actor(clinic_id=1, role=role, permissions=roles()[role].may, membership_id=1, person_id=1, patient_id=own)
    assert _may(name, by) == (role in DECIDED[name].get("roles", []))


@pytest.mark.django_db
@pytest.mark.parametrize("name", [each.name for each in asked_for()])
def test_a_link_opens_what_was_decided(name: str):
    assert _may(name, Actor(clinic_id=1, token_hash="x" * 64)) == DECIDED[name].get("link", False)


@pytest.mark.parametrize("name", [each.name for each in OURS.values() if not each.needs])
def test_a_part_of_actions_is_nothing_by_itself(name: str):
    with pytest.raises(NotDeclared, match="is a part of actions"):
        OURS[name].perform(by=Actor(clinic_id=1))


def _may(name: str, by: Actor) -> bool:
    try:
        with acting_as(by):
            OURS[name].perform(by=by)
    except NotAllowed:
        return False
    except Exception:  # it went on to its arguments, of which there are none
        return True
    return True


# ---------------------------------------------------------------- the guard itself


@pytest.fixture
def declared_here() -> Iterator[None]:
    before = dict(ACTIONS)
    yield
    ACTIONS.clear()
    ACTIONS.update(before)


def _act(*, by: Actor, patient_id: int = 0) -> None: ...


NOTHING_LOCKED: Final = NoLock("nothing is changed")
WHOLE: Final[dict[str, Any]] = {"locks": NOTHING_LOCKED, "audit": "patient.edited"}


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: action(**WHOLE), "does not say who may: name the permission"),
        (lambda: action("patient.edit", audit="patient.edited"), "does not say what it locks: locks=row"),
        (lambda: action("patient.edit", locks=NOTHING_LOCKED), "does not say what the audit will read: audit="),
        (lambda: part(audit="patient.edited"), "does not say what it locks"),
        (lambda: part(locks=NOTHING_LOCKED), "does not say what the audit will read"),
        (lambda: action("patient.edit", audit="x", locks=row(Patient, "course_id")), "takes no course_id"),
    ],
    ids=["no permission", "no lock", "no verb", "a part without a lock", "a part without a verb", "a lock of nothing"],
)
def test_an_action_that_leaves_something_out_is_not_built(declare, says: str, declared_here: None):
    with pytest.raises(TypeError, match=r"tests\.care\.test_actions\._act .*") as refused:
        declare()(_act)
    assert says in str(refused.value)


def test_an_action_without_an_actor_is_not_built(declared_here: None):
    def nobody(*, patient_id: int) -> None: ...

    with pytest.raises(TypeError, match="takes no by"):
        action("patient.edit", **WHOLE)(nobody)


def _performs(body: Any, **declaration: Any) -> Any:
    def something(*, by: Actor) -> object:
        return body(by)

    return action("patient.edit", **{**WHOLE, **declaration})(something)


MAY: Final = Actor(clinic_id=1, permissions=frozenset({"patient.edit"}))


@pytest.mark.django_db
def test_an_action_that_forgets_its_audit_row_is_undone(declared_here: None):
    """Also what it wrote beside it: nothing of it stands."""

    def writes_elsewhere(_by: Actor) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE forgotten (id int)")

    with acting_as(MAY), pytest.raises(NotDeclared, match="ended without its audit row"):
        _performs(writes_elsewhere)(by=MAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.forgotten')")
        assert cursor.fetchone() == (None,)


@pytest.mark.django_db
def test_an_action_that_says_there_was_nothing_to_do_is_believed(declared_here: None):
    assert _performs(lambda _by: nothing_to_do("as it was"))(by=MAY) == "as it was"


@pytest.mark.django_db
def test_an_action_writes_no_other_row_than_it_declares(declared_here: None):
    with acting_as(MAY), pytest.raises(NotDeclared, match=r"writes patient\.added and declares patient\.edited"):
        _performs(lambda by: record(by, "patient.added"))(by=MAY)


@pytest.mark.django_db
def test_an_action_that_passes_on_is_held_to_whom_it_passes_it_on_to(declared_here: None):
    def inner(*, by: Actor) -> None:
        record(by, "patient.edited")

    def silent(*, by: Actor) -> None:
        nothing_to_do(None)

    written = action("patient.edit", **WHOLE)(inner)
    unwritten = action("patient.edit", **WHOLE)(silent)
    with acting_as(MAY):
        _performs(lambda by: written(by=by), audit=(), through=(written,))(by=MAY)
        with pytest.raises(NotDeclared, match="ended without its audit row"):
            _performs(lambda by: unwritten(by=by), audit=(), through=(written,))(by=MAY)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "allowed"),
    [
        (Actor(clinic_id=1, patient_id=1, permissions=frozenset({"own.visits"})), True),
        (Actor(clinic_id=1, patient_id=1, permissions=frozenset({"appointment.book"})), False),
        (Actor(clinic_id=1, permissions=frozenset({"appointment.book"})), True),
        (Actor(clinic_id=1, permissions=frozenset({"own.visits"})), False),
        (Actor(clinic_id=1), False),
    ],
    ids=["a patient", "a patient with what is the staff's", "staff", "staff with what is a patient's", "nobody"],
)
def test_what_is_ones_own_is_no_permission_of_the_staff(by: Actor, allowed: bool, declared_here: None):
    def something(*, by: Actor) -> None:
        nothing_to_do(None)

    act = action(either("own.visits", "appointment.book"), **WHOLE)(something)
    if allowed:
        act(by=by)
    else:
        with pytest.raises(NotAllowed):
            act(by=by)


@pytest.mark.django_db
def test_a_permission_can_be_asked_for_by_what_is_asked(declared_here: None):
    def something(*, by: Actor, part: str = "identity", restricted: bool = False) -> None:
        nothing_to_do(None)

    act = action(
        by_value("part", {"clinical": "patient.clinical", "identity": "patient.find"}),
        When("patient.restricted", lambda _by, asked: asked["restricted"]),
        **WHOLE,
    )(something)
    finds = Actor(clinic_id=1, permissions=frozenset({"patient.find"}))
    act(by=finds)
    for more in ({"part": "clinical"}, {"part": "unheard of"}, {"restricted": True}):
        with pytest.raises(NotAllowed):
            act(by=finds, **more)


@pytest.mark.django_db
def test_a_link_is_what_an_actor_carries(declared_here: None):
    def something(*, by: Actor) -> None:
        nothing_to_do(None)

    act = action(LINK, **WHOLE)(something)
    act(by=Actor(clinic_id=1, token_hash="f" * 64))
    with pytest.raises(NotAllowed):
        act(by=MAY)
