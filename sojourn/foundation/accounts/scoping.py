"""Clinic-scoped tables and the migration operation that protects them.

``ClinicScoped`` is the parent of every clinical model. ``Protect`` ends its migration: it forces row-level
security, writes the policies, grants the runtime roles what they need and no more, binds each reference to a row
of the same clinic, and makes append-only tables so by trigger.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from sojourn.foundation.accounts.privacy import Privacy

APP_ROLE = "sojourn_app"
SIGNALS_ROLE = "sojourn_signals"


class ClinicScoped(models.Model):
    """A row that belongs to one clinic and is invisible to every other."""

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {}
    append_only: ClassVar[bool] = False

    class Meta:
        abstract = True


class Protect(Operation):
    """Protect the table of a clinic-scoped model.

    ``patient``: the column by which a patient's own view is cut (``"patient_id"``, or ``"id"`` for Patient), or
    None where patients have no business. ``own``: an extra condition under which a row shows (but cannot be
    written). ``signals``: what the monitoring processes may do ("SELECT, INSERT"...), in every clinic, since one
    listener serves them all.
    ``unbound``: references that are left without a same-clinic constraint (hot tables).
    """

    reduces_to_sql = True
    reversible = False

    def __init__(
        self,
        model: str,
        *,
        patient: str | None = "patient_id",
        own: str = "",
        append_only: bool = False,
        signals: str = "",
        delete: bool = False,
        unbound: tuple[str, ...] = (),
    ) -> None:
        self.model = model
        self.patient = patient
        self.own = own
        self.append_only = append_only
        self.signals = signals
        self.delete = delete
        self.unbound = unbound

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Protection is the database's affair; Django's picture of the model stays as it is."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        for statement in self.statements(model):
            schema_editor.execute(statement)

    def database_backwards(self, *args: Any) -> None:
        """Rows of a clinic are never left unprotected; there is no way back."""

    def describe(self) -> str:
        return f"Protect {self.model}"

    def statements(self, model: type[models.Model]) -> list[str]:
        table = model._meta.db_table
        fields = {str(field.column): field for field in model._meta.concrete_fields}
        key = "id" if table == "accounts_clinic" else "clinic_id"
        seen = f"{key} = sojourn_clinic()"
        if self.patient:
            seen = f"{seen} AND (sojourn_patient() IS NULL OR {self.patient} = sojourn_patient())"
        else:
            seen = f"{seen} AND sojourn_patient() IS NULL"
        shown = f"({seen}) OR ({self.own})" if self.own else seen
        rights = "SELECT, INSERT" if self.append_only else "SELECT, INSERT, UPDATE"
        if self.delete:
            rights += ", DELETE"
        out = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY of_the_actor ON {table} TO {APP_ROLE} USING ({shown}) WITH CHECK ({seen})",
            f"REVOKE ALL ON {table} FROM PUBLIC",
            f"GRANT {rights} ON {table} TO {APP_ROLE}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}, {SIGNALS_ROLE}",
        ]
        if self.signals:
            out += [
                f"CREATE POLICY of_the_monitors ON {table} TO {SIGNALS_ROLE} USING (true) WITH CHECK (true)",
                f"GRANT {self.signals} ON {table} TO {SIGNALS_ROLE}",
            ]
        if key == "clinic_id":
            out.append(f"ALTER TABLE {table} ADD CONSTRAINT {table}_in_clinic UNIQUE (clinic_id, id)")
            out += [
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_clinic FOREIGN KEY (clinic_id, {column})"
                f" REFERENCES {target}(clinic_id, id)"
                for column, target in self._scoped_references(fields)
            ]
        if self.append_only:
            out.append(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION sojourn_append_only()"
            )
            out.append(
                f"CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION sojourn_append_only()"
            )
        return out

    def _scoped_references(self, fields: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (column, field.related_model._meta.db_table)
            for column, field in fields.items()
            if column not in self.unbound
            and isinstance(field, models.ForeignKey)
            and any(f.name == "clinic" for f in field.related_model._meta.concrete_fields)
        ]


class Together(Operation):
    """Operations whose models Django pictures once, after the last of them.

    After each operation Django draws every related model anew, and everything here is related through Clinic: one
    by one that is most of the time of making a database. No two operations in it may change the same thing.
    """

    reduces_to_sql = True

    def __init__(self, *operations: Operation) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # a state without its picture takes changes without drawing them
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, *states: Any) -> None:
        for operation in self.operations:
            operation.database_forwards(*states)

    def database_backwards(self, *states: Any) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(*states)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)


FUNCTIONS = """
CREATE FUNCTION sojourn_clinic() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('sojourn.clinic', true), '')::bigint $$;
CREATE FUNCTION sojourn_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('sojourn.person', true), '')::bigint $$;
CREATE FUNCTION sojourn_patient() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('sojourn.patient', true), '')::bigint $$;
CREATE FUNCTION sojourn_token() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('sojourn.token', true), '') $$;
CREATE FUNCTION sojourn_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: write a new row that supersedes the old one', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
