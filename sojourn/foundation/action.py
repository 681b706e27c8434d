"""What an action declares, and the one place that holds it to its word.

An action changes something for somebody. It says who may, what it locks, and what the audit will read::

    @action("patient.edit", locks=row(Patient, "patient_id"), audit="patient.edited")
    def edit(*, by: Actor, patient_id: int, ...) -> Patient: ...

    @action("consent.ask", locks=NoLock("a second request is a second row"), audit="consent.requested")
    def ask(*, by: Actor, patient_id: int, ...) -> ConsentRequest: ...

``action`` opens the transaction, asks for the permission and takes the locks, in this order, before the body runs. An
action that ends without one of the audit rows it declares has forgotten something and is undone, unless it says with
``unchanged`` that there was nothing to do; a row that it does not declare is refused where it is written, and so is a
row outside of any action. Tests walk ``ACTIONS`` (tests/care/test_actions.py): what they read is what the process
obeys, and there is no second list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.db import connection, models, transaction

from sojourn.foundation.accounts.actor import Actor, NotAllowed
from sojourn.foundation.scope import one_row

P = ParamSpec("P")
R = TypeVar("R")
# The arguments of an action by their names, those that were left out with their defaults.
Arguments = Mapping[str, Any]


class NotDeclared(RuntimeError):
    """An action did not do what it declares, or did what it does not: a fault of the program, never of a person."""


# ---------------------------------------------------------------- who may


@dataclass(frozen=True, slots=True)
class Choice:
    """A permission that depends on what is asked: one of ``among``, chosen for the actor and the arguments."""

    among: tuple[str, ...]
    choose: Callable[[Actor, Arguments], str]

    def require(self, by: Actor, arguments: Arguments) -> None:
        """Raise NotAllowed. Who holds none of them is turned away before anything is read."""
        if not any(by.may(each) for each in self.among):
            raise NotAllowed(self.among[0])
        by.require(self.choose(by, arguments))


def either(own: str, staff: str) -> Choice:
    """``own`` for a patient or a support person, ``staff`` for everybody else."""
    return Choice((own, staff), lambda by, _arguments: own if by.patient_id is not None else staff)


def by_value(name: str, permissions: Mapping[Any, str]) -> Choice:
    """The permission that belongs to the value of an argument. NotAllowed where none belongs to it."""

    def choose(_by: Actor, arguments: Arguments) -> str:
        return permissions.get(arguments[name], f"no {name}")

    return Choice(tuple(dict.fromkeys(permissions.values())), choose)


@dataclass(frozen=True, slots=True)
class When:
    """A permission that is needed as well where ``asked`` says so of the actor and the arguments."""

    permission: str
    asked: Callable[[Actor, Arguments], bool]

    def require(self, by: Actor, arguments: Arguments) -> None:
        if self.asked(by, arguments):
            by.require(self.permission)


Need = str | Choice | When
LINK: Final = "a link"


def _require(need: Need, by: Actor, arguments: Arguments) -> None:
    if isinstance(need, Choice | When):
        need.require(by, arguments)
    elif need == LINK:
        if not by.token_hash:
            raise NotAllowed(LINK)
    else:
        by.require(need)


# ---------------------------------------------------------------- what is locked


@dataclass(frozen=True, slots=True)
class Lock:
    """Something that one action holds at a time, until its transaction ends. ``of``: what a table calls it; ``take``
    waits for it; ``needs``: the arguments that say which."""

    of: str
    take: Callable[[Actor, Arguments], None]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoLock:
    """Nothing is locked, and ``because`` says why two at once do no harm."""

    because: str


def row(model: type[models.Model], argument: str) -> Lock:
    """The row of ``model`` that an argument names by its key, or is. Without such a row there is nothing to wait for,
    and the body finds that out."""

    def take(_by: Actor, arguments: Arguments) -> None:
        named = arguments[argument]
        key = named.pk if isinstance(named, models.Model) else named
        _hold(one_row(model, key))

    return Lock(model._meta.label, take, (argument,))


def rows(model: type[models.Model], *needs: str, where: Callable[[Actor, Arguments], models.QuerySet[Any]]) -> Lock:
    """The rows of ``model`` that ``where`` finds for the arguments ``needs``, in the order of their keys."""
    return Lock(model._meta.label, lambda by, arguments: _hold(where(by, arguments)), needs)


def turn(name: str) -> Lock:
    """Everybody of a clinic who does this takes turns: for what no row stands for yet."""

    def take(by: Actor, _arguments: Arguments) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)", [f"sojourn.{name}", by.own_clinic_id])

    return Lock(f"turn: {name}", take)


def _hold(found: models.QuerySet[Any]) -> None:
    list(found.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))


# ---------------------------------------------------------------- what is written


@dataclass(slots=True)
class _Running:
    """An action while it runs: what it may write, and what it has."""

    declaration: Declaration
    written: set[str] = field(default_factory=set)
    unchanged: bool = False
    passed_on: bool = False


_running: ContextVar[_Running | None] = ContextVar("sojourn_action", default=None)


def unchanged(value: R) -> R:
    """Say that this action found nothing to change, and hand ``value`` on: ``return unchanged(patient)``."""
    if (running := _running.get()) is not None:
        running.unchanged = True
    return value


def note_written(verb: str) -> None:
    """Told by the audit of every row. Raises NotDeclared where the running action does not declare ``verb``, and where
    none is running."""
    running = _running.get()
    if running is None:
        raise NotDeclared(
            f"{verb} is recorded outside of any action: declare the function that does it, "
            f'@action(..., audit="{verb}"), or @part(...) where other actions do it on their way'
        )
    if verb not in running.declaration.audit:
        declared = ", ".join(running.declaration.audit) or "nothing"
        raise NotDeclared(
            f"{running.declaration.name} writes {verb} and declares {declared}: add it to audit= of its declaration"
        )
    running.written.add(verb)


@contextmanager
def _held_to(declaration: Declaration) -> Iterator[None]:
    outer = _running.get()
    running = _Running(declaration)
    token = _running.set(running)
    try:
        yield
    finally:
        _running.reset(token)
    told = running.written or (running.passed_on and not declaration.audit)
    if not (told or running.unchanged):
        raise NotDeclared(
            f"{declaration.name} ended without its audit row ({', '.join(declaration.audit) or 'of what it performs'}):"
            " record it, or return unchanged(...) where there was nothing to do"
        )
    if outer is not None and declaration.name in outer.declaration.through:
        outer.passed_on = True  # whether it wrote or found nothing to do, it was held to its own word


# ---------------------------------------------------------------- the declaration


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an action says of itself. ``needs`` is empty for a part of other actions. ``through``: the actions that it
    performs and that write the audit's row for it."""

    name: str
    needs: tuple[Need, ...]
    locks: tuple[Lock, ...]
    unlocked: str
    audit: tuple[str, ...]
    through: tuple[str, ...]
    perform: Callable[..., Any]

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every permission of which an actor holds one to begin with; those that ``When`` adds are not among them."""
        return tuple(
            each
            for need in self.needs
            if not isinstance(need, When)
            for each in (need.among if isinstance(need, Choice) else (need,))
        )


ACTIONS: Final[dict[str, Declaration]] = {}


def action(
    *needs: Need,
    locks: Lock | tuple[Lock, ...] | NoLock | None = None,
    audit: str | tuple[str, ...] = (),
    through: tuple[Callable[..., Any], ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare an action: the permissions it needs (all of them), what it locks, and the verbs that the audit will read,
    or the actions ``through`` which they are written.

    Raises TypeError where one of the three is missing, with what to add; where the function takes no ``by``, or not an
    argument that a lock needs.
    """
    return _declaring(needs, locks, audit, through, asked=True)


def part(
    *,
    locks: Lock | tuple[Lock, ...] | NoLock | None = None,
    audit: str | tuple[str, ...] = (),
    through: tuple[Callable[..., Any], ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare what other actions do on their way and nobody asks for by itself. NotDeclared outside of any action."""
    return _declaring((), locks, audit, through, asked=False)


def _declaring(
    needs: tuple[Need, ...],
    locks: Lock | tuple[Lock, ...] | NoLock | None,
    audit: str | tuple[str, ...],
    through: tuple[Callable[..., Any], ...],
    *,
    asked: bool,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    held = locks if isinstance(locks, tuple) else (locks,) if isinstance(locks, Lock) else ()
    verbs = (audit,) if isinstance(audit, str) else audit

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = name_of(function)
        signature = inspect.signature(function)
        _must_be_whole(name, signature, needs if asked else ("a part",), locks, held, verbs or through)

        @wraps(function)
        def perform(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind_partial(*args, **kwargs)
            by: Actor = bound.arguments["by"]
            if not asked and _running.get() is None:
                raise NotDeclared(f"{name} is a part of actions and was asked for by itself")
            with transaction.atomic():
                arguments = {**_defaults(signature), **bound.arguments}
                for need in needs:
                    _require(need, by, arguments)
                for lock in held:
                    lock.take(by, arguments)
                with _held_to(declaration):
                    return function(*args, **kwargs)

        declaration = Declaration(
            name, needs, held, locks.because if isinstance(locks, NoLock) else "", verbs,
            tuple(name_of(each) for each in through), perform,
        )  # fmt: skip
        ACTIONS[name] = declaration
        return perform

    return decorate


def name_of(function: Callable[..., Any]) -> str:
    """An action's name: ``care.patients.actions.edit``."""
    return f"{function.__module__.removeprefix('sojourn.')}.{function.__name__}"


def _must_be_whole(
    name: str,
    signature: inspect.Signature,
    needs: tuple[object, ...],
    locks: object,
    held: tuple[Lock, ...],
    writes: object,
) -> None:
    missing = {
        'who may: name the permission, as in @action("patient.edit", ...)': not needs,
        'what it locks: locks=row(Patient, "patient_id"), or NoLock("why two at once do no harm")': locks is None,
        'what the audit will read: audit="patient.edited", or the actions that write it, through=(...)': not writes,
    }
    faults = [f"{name} does not say {what}" for what, fault in missing.items() if fault]
    for argument in ("by", *(each for lock in held for each in lock.needs)):
        if argument not in signature.parameters:
            faults.append(f"{name} takes no {argument}, which its declaration needs")
    if faults:
        raise TypeError("; ".join(faults))


def _defaults(signature: inspect.Signature) -> dict[str, Any]:
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
