"""Django's PostgreSQL backend, which says who is asking at the start of each transaction."""

from __future__ import annotations

import sys

from django.db.backends.postgresql import base

from sojourn.foundation.accounts import actor
from sojourn.foundation.accounts.backend.hidden import say_what_is_hidden


class DatabaseWrapper(base.DatabaseWrapper):
    """A transaction begins with the actor, so a forgotten filter shows nothing rather than everything."""

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        if not autocommit and (who := actor.current_actor()) is not actor.NOBODY:
            with self.wrap_database_errors:
                self.connection.execute(actor.SAY_WHO_ASKS, who.settings)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if hasattr(sys, "ps1") and say_what_is_hidden not in self.execute_wrappers:  # somebody types: a shell
            self.execute_wrappers.append(say_what_is_hidden)
