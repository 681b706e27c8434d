"""Every action of the house: who may, what the audit reads, what it locks; and the guard that makes each say so.

The files in ``actions/``, one a room, are what was decided, and no tool writes them: an action that is added, taken
away or declared otherwise is red here until somebody has said what is right.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import OperationalError, connection, connections
from psycopg.errors import LockNotAvailable

import sojourn
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import FlagKind
from sojourn.foundation import action as declaring
from sojourn.foundation.accounts.actor import Actor, NotAllowed, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.action import (
    ACTIONS,
    LINK,
    Declaration,
    Lock,
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
from tests.care.stage import adopt_everything
from tests.conftest import make_clinic
from tests.rows import BOUND, Rows

ROOT: Final = Path(sojourn.__file__).parent
DECIDED: Final[dict[str, dict[str, Any]]] = {
    name: decided
    for path in sorted(Path(__file__).with_name("actions").glob("*.toml"))
    for name, decided in tomllib.loads(path.read_text(encoding="utf-8")).items()
}


def _everything() -> None:
    """Every module that may declare an action."""
    for path in sorted(ROOT.rglob("*.py")):
        if "foundation.action import" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))


_everything()
OURS: Final = {name: each for name, each in ACTIONS.items() if not name.startswith("tests.")}


def wanted(declared: Declaration) -> frozenset[str]:
    """Every permission that it may want of somebody."""
    return frozenset((*declared.permissions, *(each.permission for each in declared.needs if isinstance(each, When))))


def asked_for() -> Iterator[Declaration]:
    return (each for each in OURS.values() if each.needs)


# ---------------------------------------------------------------- what was decided

ASKED: Final = [(name, asked) for name, decided in DECIDED.items() for asked in decided.get("asked", [])]
# What is asked decides of these as well: step by step, kind by kind (test_who_may_in_a_session.py), and by the role of
# whoever it is about (test_accounts.py).
BY_WHAT: Final = {
    "care.encounter.actions.open_session", "care.session.actions.note_event", "care.session.strike_actions.strike",
    "foundation.accounts.actions.resend", "foundation.accounts.actions.withdraw",
    "foundation.accounts.actions.end_membership",
}  # fmt: skip


def _hangs_on_what_is_asked(declared: Declaration) -> bool:
    """Whether there is more to it than which permission somebody holds, and that patients have their own."""
    of_staff = {each for each in declared.permissions if not each.startswith("own.")}
    return len(declared.needs) > 1 or len(of_staff) > 1


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
    if path.relative_to(ROOT).as_posix() != "foundation/audit/actions.py"  # it writes the row itself
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_action_declares_itself(path: Path):
    found = _undeclared(path.read_text(encoding="utf-8"))
    assert found == [], f"say who may, what is locked and what the audit reads: @action(...) or @part(...) on {found}"


def test_an_action_that_declares_nothing_is_found():
    assert _undeclared("def edit(*, by: Actor, patient_id: int) -> None: ...") == ["edit"]
    assert _undeclared("@transaction.atomic\ndef edit(*, by: Actor) -> None: ...") == ["edit"]
    assert _undeclared('@action("patient.edit", locks=x, audit="y")\ndef edit(*, by: Actor) -> None: ...') == []


def test_nobody_asks_beside_the_declarations():
    """What a page shows may hang on ``may``; whether somebody may act is said by the action and nowhere again."""
    asking = {
        path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".require(" in path.read_text("utf-8")
    }
    assert asking == {"foundation/action.py"}, "declare it: @action(...)"


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
    assert _may(name, _holder(role)) == (role in DECIDED[name].get("roles", []))


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "asked"), ASKED, ids=[f"{name}-{' '.join(asked)}" for name, asked in ASKED])
def test_where_it_hangs_on_what_is_asked_it_was_decided_for_that(name: str, asked: Mapping[str, Any]):
    said = {argument: value for argument, value in asked.items() if argument != "roles"}
    assert {role for role in roles() if _may(name, _holder(role), **said)} == set(asked["roles"])


@pytest.mark.parametrize("name", [each.name for each in asked_for() if _hangs_on_what_is_asked(each)])
def test_nothing_hangs_on_what_is_asked_without_having_been_decided(name: str):
    assert "asked" in DECIDED[name] or name in BY_WHAT, "say in asked = [...] for what is asked who may"


@pytest.mark.django_db
@pytest.mark.parametrize("name", [each.name for each in asked_for()])
def test_a_link_opens_what_was_decided(name: str):
    assert _may(name, Actor(clinic_id=1, token_hash="x" * 64)) == DECIDED[name].get("link", False)


@pytest.mark.parametrize("name", [each.name for each in OURS.values() if not each.needs])
def test_a_part_of_actions_is_nothing_by_itself(name: str):
    with pytest.raises(NotDeclared, match="is a part of actions"):
        OURS[name].perform(by=Actor(clinic_id=1))


def _holder(role: str) -> Actor:
    own = None if roles()[role].staff else 1
    return Actor(clinic_id=1, role=role, permissions=roles()[role].may, membership_id=1, person_id=1, patient_id=own)


def _may(name: str, by: Actor, **asked: Any) -> bool:
    try:
        with acting_as(by):
            OURS[name].perform(by=by, **asked)
    except NotAllowed:
        return False
    except Exception:  # it went on to its arguments, of which there are none
        return True
    return True


# ---------------------------------------------------------------- two at once

# Row by row what the locks of actions ask for, where it is called otherwise than in an address (tests/rows.py) ...
NAMED: Final[dict[str, Callable[[Rows], Any]]] = {
    "membership_id": lambda rows: rows.newcomer.pk,
    "version_id": lambda rows: rows.plan.pk,
    "encounter": lambda rows: rows.encounter,
    "fact": lambda rows: rows.fact,
    "flag": lambda rows: rows.flag,
    "kind": lambda _rows: FlagKind.RISK,
    "about": lambda rows: f"message:{rows.number}",
    "turn_id": lambda rows: rows.number,
    "notice_id": lambda rows: rows.number,
    "port": lambda rows: rows.port.port,
    "reminder_id": lambda rows: rows.reminder.pk,
    "transition": lambda _rows: "start_dose",
    "wanted": lambda rows: [rows.wanted],
}
# ... and where one action needs another row, or asks something more before it takes its locks.
OF_ONE: Final[dict[str, dict[str, Callable[[Rows], Any]]]] = {
    "foundation.accounts.actions.invite": {
        "role": lambda _rows: "patient",
        "patient_id": lambda rows: rows.patients_invitation.patient_id,
    },
    "care.session.actions.note_event": {"kind": lambda _rows: "nausea"},
    "care.session.strike_actions.strike": {"of": lambda _rows: "reading"},
    "care.vitals.actions.take_off": {"device_id": lambda rows: rows.put_on.pk},
    "care.vitals.claiming_actions.claim": {"stranger_id": lambda rows: rows.own_unheard.pk},
    "care.coordination.ride_home_actions.name_escort": {"appointment_id": lambda rows: rows.running.appointment.pk},
    "care.coordination.ride_home_actions.bring": {"appointment_id": lambda rows: rows.running.appointment.pk},
    "care.coordination.arrival_actions.say_here": {"appointment_id": lambda rows: rows.running.appointment.pk},
}
# What has to be there already, where no argument names it.
STANDS: Final[dict[str, Callable[[Rows], object]]] = {
    "care.coordination.feed_actions.close_feed": lambda rows: rows.feed,
}
# Whose link asks, where a link does and what is locked hangs on it.
BY_LINK: Final[dict[str, Callable[[Rows], Actor]]] = {
    f"care.safety.writing_actions.{name}": lambda rows: Actor(token_hash=f"{rows.number:064d}")
    for name in ("worry", "worry_of")
}
ALL_OF_A_CLINIC: Final = ("turn: ", Clinic._meta.label)
HELD: Final = [(name, place) for name, decided in DECIDED.items() for place in range(len(decided.get("locks", [])))]
A_MOMENT: Final = "50ms"  # of waiting for a lock, however slow the machine: who does not wait is not timed


class Began(Exception):
    """An action has what it asks for and would begin: it waits for nobody."""


@dataclass(frozen=True)
class Two:
    """Two of everything in one clinic, whose rows are committed, and another clinic beside it."""

    one: Rows
    other: Rows
    elsewhere: Rows


@pytest.fixture(scope="module")
def two(django_db_setup: None, django_db_blocker: Any) -> Iterator[Two]:
    """Several connections meet in it. Its rows stay in the test database, the letters that they sent do not."""
    with django_db_blocker.unblock():
        here, there = (make_clinic(f"two-{name}-{time.time_ns()}") for name in ("here", "there"))
        for cast in (here, there):
            adopt_everything(cast)
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_jobs")
            (newest,) = cursor.fetchone()
        yield Two(Rows(here, 1, ""), Rows(here, 11, "2"), Rows(there, 21, ""))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id > %s", [newest])
        connections.close_all()


def _asking(declared: Declaration, rows: Rows, role: str) -> Actor:
    """Whoever asks for it: with every permission that it may want, since not this is tried here."""
    if declared.name in BY_LINK:
        return BY_LINK[declared.name](rows)
    assert LINK not in wanted(declared), f"say in BY_LINK whose link asks for {declared.name}"
    own = bool(declared.permissions) and all(each.startswith("own.") for each in declared.permissions)
    return replace(rows.patient_actor if own else rows.cast.actor(role), permissions=wanted(declared))


def _arguments(declared: Declaration, rows: Rows) -> dict[str, Any]:
    """What its locks need, and nothing else."""
    made = {name: make for name, (make, _of_one_patient) in BOUND.items()} | NAMED | OF_ONE.get(declared.name, {})
    needed = {*OF_ONE.get(declared.name, {}), *(each for lock in declared.locks for each in lock.needs)}
    if declared.name in STANDS:
        STANDS[declared.name](rows)
    missing = sorted(needed - made.keys())
    assert not missing, f"say in BOUND (tests/rows.py), NAMED or OF_ONE how to make {missing} for {declared.name}"
    return {name: made[name](rows) for name in needed}


def _begins(declared: Declaration, by: Actor, arguments: Mapping[str, Any]) -> bool:
    """Whether it gets its locks, on a connection of its own. False where somebody holds one of them."""
    running = declaring._running.set(declaring._Running(declared))  # a part is asked for on the way of an action
    try:
        with acting_as(by), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [A_MOMENT])
            declared.perform(by=by, **arguments)
    except Began:
        return True
    except KeyError as missing:
        pytest.fail(f"{declared.name} asks for {missing} before it takes its locks: say in OF_ONE what it is")
    except (OperationalError, LockNotAvailable) as refused:  # as Django says it, or a bare cursor
        if LockNotAvailable not in (type(refused), type(refused.__cause__)):
            raise
        return False
    finally:
        declaring._running.reset(running)
        connection.close()
    pytest.fail(f"{declared.name} ended without having begun")


@contextmanager
def _let_go(lock: Lock) -> Iterator[None]:
    """As if nobody had declared this lock."""
    take = lock.take
    object.__setattr__(lock, "take", lambda by, asked: None)
    try:
        yield
    finally:
        object.__setattr__(lock, "take", take)


@pytest.mark.parametrize(("name", "place"), HELD, ids=[f"{name}-{DECIDED[name]['locks'][at]}" for name, at in HELD])
def test_of_two_at_once_the_second_waits_and_with_another_row_it_does_not(
    name: str, place: int, two: Two, monkeypatch: pytest.MonkeyPatch
):
    """One holds what the action locks; another, who asks for the same, waits. With another patient, session, member,
    device nobody waits, and without the lock neither."""
    declared = OURS[name]
    assert len(declared.locks) > place, f"{name} locks no {DECIDED[name]['locks'][place]} any more"
    lock = declared.locks[place]
    whole = lock.of.startswith(ALL_OF_A_CLINIC) and not lock.needs
    other = two.elsewhere if whole else two.other
    by, asked = _asking(declared, two.one, "nurse"), _arguments(declared, two.one)
    by_other, asked_other = _asking(declared, other, "prescriber"), _arguments(declared, two.other)

    @contextmanager
    def begin(_declaration: Declaration) -> Iterator[None]:
        raise Began
        yield

    monkeypatch.setattr(declaring, "_held_to", begin)
    with ThreadPoolExecutor(1) as second, acting_as(by):
        lock.take(by, {**_defaults(declared), **asked})
        assert not second.submit(_begins, declared, by, asked).result(30), "it does not wait"
        assert second.submit(_begins, declared, by_other, asked_other).result(30), "it waits for what is not its own"
        with _let_go(lock):
            assert second.submit(_begins, declared, by, asked).result(30), "it waits for something else"


def _defaults(declared: Declaration) -> dict[str, Any]:
    parameters = inspect.signature(declared.perform).parameters
    return {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}


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
def test_nothing_is_recorded_outside_of_an_action():
    with acting_as(MAY), pytest.raises(NotDeclared, match="declare the function that does it") as refused:
        record(MAY, "patient.edited")
    assert "patient.edited is recorded outside of any action: " in str(refused.value)


@pytest.mark.django_db
def test_an_action_that_passes_on_is_held_to_whom_it_passes_it_on_to(declared_here: None):
    def inner(*, by: Actor) -> None:
        record(by, "patient.edited")

    def silent(*, by: Actor) -> None:
        nothing_to_do(None)

    written = action("patient.edit", **WHOLE)(inner)
    unwritten = action("patient.edit", **WHOLE)(silent)
    with acting_as(MAY):
        for performed in (written, unwritten):
            _performs(lambda by, each=performed: each(by=by), audit=(), through=(performed,))(by=MAY)
        with pytest.raises(NotDeclared, match="ended without its audit row"):
            _performs(lambda by: unwritten(by=by), audit=(), through=(written,))(by=MAY)
        with pytest.raises(NotDeclared, match="ended without its audit row"):  # the row of another is not its own
            _performs(lambda by: written(by=by), audit="patient.added", through=(written,))(by=MAY)


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
