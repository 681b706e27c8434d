"""Somebody else who is treated in the clinic of most tests, and has one of everything.

What a test does for its own patient must be the same beside them, and a filter that is left out finds their rows. They
are made once for a worker, under adopted rules; the adoptions and the audit of it are then taken away, so that a test
begins in a clinic that has decided nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from sojourn.foundation.audit.models import AuditEvent
from tests import postgres_server

if TYPE_CHECKING:
    from tests.conftest import Cast

OTHER = 91  # far from the numbers that tests give their patients


def make(cast: Cast) -> Cast:
    from tests.care.stage import adopt_everything
    from tests.furnished import Furnished

    adopt_everything(cast)
    Furnished(cast, OTHER, "other").furnish()
    patient_id = cast.members.pop("patientother").patient_id
    cast.members.pop("support_personother")
    _undecide(cast.clinic.pk)
    _leave_alone(patient_id or 0)
    return cast


def _undecide(clinic_id: int) -> None:
    """As if nothing had been adopted, and nobody had looked. No program can: the owner of the machine does it."""
    tables = ("rulebook_ceilingraise", "rulebook_ruleadoption", "audit_auditevent", "audit_head")
    gone = [f"DELETE FROM {table} WHERE clinic_id = {clinic_id}" for table in tables]
    statements = ["SET session_replication_role = replica", *gone, "DELETE FROM procrastinate_jobs"]
    postgres_server._admin(";".join(statements), postgres_server.DATABASE)


REFUSES = """
CREATE FUNCTION left_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('sojourn.person', true), '') <> '' THEN
    RAISE 'a row of somebody else is written: % %', TG_OP, TG_TABLE_NAME;
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
"""


def _leave_alone(patient_id: int) -> None:
    """Nothing that anybody does for another writes a row of theirs. The house itself, which goes through what is due in
    every clinic, may."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if {"clinic_id", "patient_id"} <= {each.attname for each in model._meta.concrete_fields}
        and model is not AuditEvent
    ]
    triggers = [
        f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW WHEN ({row}.patient_id = {patient_id})"
        " EXECUTE FUNCTION left_alone();"
        for table in tables
        for name, what, row in (("left_alone", "INSERT OR UPDATE", "NEW"), ("left_there", "DELETE", "OLD"))
    ]
    postgres_server._admin(REFUSES + "".join(triggers), postgres_server.DATABASE)
