"""The demo times N, in SQL: every patient with all that belongs to them is copied N - 1 times, under new numbers.

The sessions of today stay single, so that the board and the homes show one working day among a large history.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

# In the order in which rows refer to each other.
LABELS = (
    "booking.Chair", "patients.Patient", "patients.DoseStart", "patients.RelatedPerson",
    "messaging.Communication", "messaging.CommunicationMark",
    "measures.MeasureSession", "intake.IntakeAnswer", "intake.MedicationStatement", "intake.AllergyIntolerance",
    "intake.PreviousTreatment", "intake.Goal", "intake.Concern", "intake.IntakeSubmission", "intake.ClinicalFact",
    "consent.ConsentRequest", "consent.ConsentQuestion", "consent.ConsentReply", "consent.Consent",
    "consent.ConsentCountersignature", "consent.ConsentWithdrawal",
    "candidacy.Override", "candidacy.OverrideSignature", "candidacy.CandidacyDecision",
    "plan.CarePlan", "plan.PlanVersion", "plan.DoubleCheck",
    "booking.Appointment", "booking.Attendance", "booking.PreferredTimes", "coordination.WaitingEntry", "coordination.Reminder",
    "coordination.EscortLink", "coordination.EscortAnswer",
    "encounter.Encounter", "encounter.SessionState", "session.CheckResult", "session.MedicationAdministration",
    "session.DoseCheck", "session.DoseEvent", "session.Waste", "session.WasteWitness", "session.GivenMedicine",
    "session.SessionEvent", "session.EnteredInError", "session.Discharge", "session.RecordSignature",
    "session.Addendum", "vitals.Observation", "alarms.CurrentVital", "alarms.AlarmState", "alarms.AlarmEvent",
    "measures.MeasureRequest", "measures.QuestionnaireResponse", "measures.Answer", "safety.Flag", "safety.FlagAnswer",
)  # fmt: skip
STEP = 100_000_000
_TODAY = "upper(during) > now() - interval '12 hours'"
_OF_TODAY = (
    f"SELECT e.id FROM encounter_encounter e JOIN booking_appointment a ON a.id = e.appointment_id WHERE {_TODAY}"
)
_NOT_TODAY = {
    "patients_dosestart": "at < now() - interval '12 hours'",
    "session_wastewitness": f"waste_id NOT IN (SELECT id FROM session_waste WHERE encounter_id IN ({_OF_TODAY}))",
    "booking_appointment": f"NOT ({_TODAY})",
    "encounter_encounter": f"appointment_id NOT IN (SELECT id FROM booking_appointment WHERE {_TODAY})",
}


# Unique in themselves, and as long as they are: each copy has one of its own.
_OWN = {
    "nonce": "md5(nonce || '-' || k)",
    "token_hash": "encode(sha256(convert_to(token_hash || '-' || k, 'UTF8')), 'hex')",
    "key": "md5(key::text || '-' || k)::uuid",
    "row_id": f"row_id + k::bigint * {STEP}",  # of a row that is copied too
}


def multiply(conninfo: str, times: int) -> None:
    """Make ``times`` of everything; ``conninfo`` is a superuser's, since triggers and foreign keys rest meanwhile."""
    from django.apps import apps
    from django.db import models

    chosen = [apps.get_model(label) for label in LABELS]
    tables = {model._meta.db_table for model in chosen}
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for model in chosen:
            table = model._meta.db_table
            columns, values = [], []
            for field in model._meta.concrete_fields:
                if isinstance(field, models.GeneratedField):
                    continue
                column = str(field.column)
                moved = field.primary_key or (
                    isinstance(field, models.ForeignKey) and field.related_model._meta.db_table in tables
                )
                value = f'"{column}"'
                if moved:
                    value = f"{column} + k::bigint * {STEP}"
                elif column in {"record_number", "name"} and table in {"patients_patient", "booking_chair"}:
                    value = f"{column} || '-' || k"
                elif column in _OWN:
                    value = _OWN[column]
                elif column == "in_use":
                    value = "false"
                columns.append(sql.Identifier(column))
                values.append(sql.SQL(value))
            where = _NOT_TODAY.get(table, "true")
            if table != "encounter_encounter" and any(
                str(field.column) == "appointment_id" for field in model._meta.concrete_fields
            ):
                where = f"appointment_id NOT IN (SELECT id FROM booking_appointment WHERE {_TODAY})"
            if any(str(field.column) == "encounter_id" for field in model._meta.concrete_fields):
                where = f"encounter_id NOT IN ({_OF_TODAY})"
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}, generate_series(1, {}) AS k WHERE id < {} AND {}").format(
                    sql.Identifier(table), sql.SQL(", ").join(columns), sql.SQL(", ").join(values), sql.Identifier(table),
                    sql.Literal(times - 1), sql.Literal(STEP), sql.SQL(where),
                )
            )  # fmt: skip
        connection.execute("SET session_replication_role = origin")
