"""Somebody else who is treated in the clinic of most tests, and has one of everything.

What a test does for its own patient must be the same beside them, and a filter that is left out finds their rows. They
are made once for a worker, under adopted rules; the adoptions and the audit of it are then taken away, so that a test
begins in a clinic that has decided nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import postgres_server

if TYPE_CHECKING:
    from tests.conftest import Cast

OTHER = 91  # far from the numbers that tests give their patients


def make(cast: Cast) -> Cast:
    from tests.care.stage import adopt_everything
    from tests.furnished import Furnished

    adopt_everything(cast)
    Furnished(cast, OTHER, "other").furnish()
    for role in ("patientother", "support_personother"):
        cast.members.pop(role)
    _undecide(cast.clinic.pk)
    return cast


def _undecide(clinic_id: int) -> None:
    """As if nothing had been adopted, and nobody had looked. No program can: the owner of the machine does it."""
    tables = ("rulebook_ceilingraise", "rulebook_ruleadoption", "audit_auditevent", "audit_head")
    deleted = "".join(f"DELETE FROM {table} WHERE clinic_id = {clinic_id};" for table in tables)
    postgres_server._admin(
        f"SET session_replication_role = replica; {deleted} DELETE FROM procrastinate_jobs", postgres_server.DATABASE
    )
