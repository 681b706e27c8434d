"""Who is asking. Every transaction carries it to PostgreSQL, where row-level security reads it.

The answer travels in a context variable; the database backend beside this file repeats it at the start of each
transaction with ``set_config(..., is_local => true)``, so it ends with the transaction and cannot leak to the
next user of a pooled connection. A transaction in which nobody asks sees no clinical row at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction


class NotAllowed(PermissionDenied):
    """The role of the actor does not hold the permission that the action needs. On a page it becomes a 403."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(permission)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a role in a clinic, or a process of the house.

    ``patient_id`` is set for a patient and for a support person: the database then shows that patient only.
    ``token_hash`` is set where a one-time link asks, and opens just the row that carries it. ``unconfirmed``: nobody
    has confirmed the role yet, and it holds no permission. ``time_zone`` is the clinic's, where it was read already.
    """

    person_id: int | None = None
    clinic_id: int | None = None
    role: str = ""
    name: str = ""
    patient_id: int | None = None
    membership_id: int | None = None
    token_hash: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    unconfirmed: bool = False
    time_zone: str = field(default="", compare=False)

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise NotAllowed unless the actor's role holds ``permission``."""
        if permission not in self.permissions:
            raise NotAllowed(permission)

    @property
    def own_clinic_id(self) -> int:
        """The id of the clinic in which the actor asks. Raises NotAllowed outside any clinic."""
        if self.clinic_id is None:
            raise NotAllowed("a clinic")
        return self.clinic_id

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the clinic in which the actor asks. One query, once, where whoever made the actor had not
        read the clinic. Raises NotAllowed outside any clinic, and where the actor does not see it."""
        if not self.time_zone:
            object.__setattr__(self, "time_zone", _time_zone_of(self.own_clinic_id))
        return ZoneInfo(self.time_zone)

    @property
    def member(self) -> int:
        """The id of the actor's membership. Raises NotAllowed for a process of the house."""
        if self.membership_id is None:
            raise NotAllowed("a member")
        return self.membership_id

    @property
    def settings(self) -> tuple[str, str, str, str]:
        """The four values that row-level security reads: clinic, person, patient, token."""
        return (
            str(self.clinic_id or ""),
            str(self.person_id or ""),
            str(self.patient_id or ""),
            self.token_hash,
        )


def _time_zone_of(clinic_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT time_zone FROM accounts_clinic WHERE id = %s", (clinic_id,))
        row = cursor.fetchone()
    if row is None:
        raise NotAllowed("a clinic")
    (time_zone,) = row
    return str(time_zone)


NOBODY = Actor()

_asking: ContextVar[Actor] = ContextVar("sojourn_asking", default=NOBODY)

SAY_WHO_ASKS = (
    "SELECT set_config('sojourn.clinic', %s, true), set_config('sojourn.person', %s, true),"
    " set_config('sojourn.patient', %s, true), set_config('sojourn.token', %s, true)"
)


def current_actor() -> Actor:
    """The current actor; ``NOBODY`` where none was named."""
    return _asking.get()


def set_actor(actor: Actor) -> None:
    """Name the actor from here on, and tell the running transaction at once, if there is one."""
    _asking.set(actor)
    if connection.in_atomic_block:
        _tell(actor)


def _tell(actor: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SAY_WHO_ASKS, actor.settings)


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Ask as ``actor`` within the block, in a transaction, and as before after it."""
    token = _asking.set(actor)
    previous = token.old_value if token.old_value is not token.MISSING else NOBODY
    inside = connection.in_atomic_block
    try:
        with transaction.atomic():
            if inside:
                _tell(actor)
            yield actor
    finally:
        _asking.reset(token)
        if inside and connection.in_atomic_block and not connection.needs_rollback:
            _tell(previous if isinstance(previous, Actor) else NOBODY)
