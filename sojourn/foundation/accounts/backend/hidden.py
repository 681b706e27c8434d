"""In a shell, say that rows are hidden: an empty answer looks like an empty table, and is row-level security."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from sojourn.foundation.accounts import actor

MONITORS = "sojourn_signals"  # the role that sees every clinic; its name is scoping.SIGNALS_ROLE, which needs models


Context = dict[str, Any]
Execute = Callable[[str, object, bool, Context], object]


class RowsHidden(UserWarning):
    """A table of a clinic was asked, and nobody asked."""


@cache
def _tables() -> frozenset[str]:
    """The tables of which a row shows only to whoever asks in its clinic."""
    from django.apps import apps

    return frozenset(
        each._meta.db_table for each in apps.get_models() if any(one.name == "clinic" for one in each._meta.fields)
    )


def say_what_is_hidden(execute: Execute, sql: str, params: object, many: bool, context: Context) -> object:
    """A wrapper of Django's: warns where a query asks a clinic's table and the database knows nobody."""
    database = context["connection"]
    nobody = actor.current_actor() is actor.NOBODY or not database.in_atomic_block
    if nobody and database.settings_dict["USER"] != MONITORS:
        for table in sorted(each for each in _tables() if f'"{each}"' in sql):
            warnings.warn(_words(table), RowsHidden, stacklevel=2)
    return execute(sql, params, many, context)


def _words(table: str) -> str:
    return (
        f"{table}: every row is hidden, since nobody asks. Say who: with acting_as(system_actor(clinic_id)): ..."
        " (docs/how-to/look-in-a-shell.md)"
    )
