"""Who writes about one flag, or tells of it, takes turns: its rows are never changed, so there is none to lock.

A flag is known before it stands, by what it is about: whoever raises it again and whoever closes it wait for each
other, and no answer closes what it has not seen.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

from sojourn.care.safety.models import Flag, FlagKind
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import Arguments, Lock
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import one_row


def _wait(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])


def _flag(patient_id: int, kind: str, about: str) -> None:
    _wait(f"flag {patient_id} {FlagKind(kind)} {fitting(Flag, 'about', about)}")


def _raised(_by: Actor, asked: Arguments) -> None:
    _flag(asked["patient_id"], asked["kind"], asked["about"])


# The flag that is about to be raised, or stands already.
RAISED: Final = Lock("turn: a flag", _raised, ("patient_id", "kind", "about"))


def of_flag(argument: str) -> Lock:
    """The flag that an argument names by its key, or is. Without such a flag there is nothing to wait for."""

    def take(_by: Actor, asked: Arguments) -> None:
        named: Any = asked[argument]
        flag = named if isinstance(named, Flag) else one_row(Flag, named).first()
        if flag is not None:
            _flag(flag.patient_id, flag.kind, flag.about)

    return Lock("turn: a flag", take, (argument,))


def by_key(name: str, argument: str) -> Lock:
    """Whoever does ``name`` with what an argument names by its key."""
    return Lock(f"turn: {name}", lambda _by, asked: _wait(f"{name} {asked[argument]}"), (argument,))


def _worries(by: Actor, _asked: Arguments) -> None:
    _wait(f"a worry by {by.token_hash}")


# Whoever is worried, by the link that they hold: what is pressed twice is one worry.
WORRIED: Final = Lock("turn: a worry", _worries)
