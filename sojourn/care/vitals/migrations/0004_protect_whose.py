from django.db import migrations

from sojourn.care.vitals.widening import learn_shared_lines, list_wide_keys
from sojourn.foundation.accounts.scoping import Protect

# What the listeners learn of a monitor as it speaks.
LEARNED = """
GRANT UPDATE (clock_candidate_s, clock_candidate_at, clock_unsettled_at, clock_moved_at, address, other_address,
  other_address_at, faults) ON vitals_device TO sojourn_signals;
"""
# What belongs to no clinic yet is shown to all of them, for it says nothing of a patient.
NOBODYS = "clinic_id IS NULL AND sojourn_patient() IS NULL"
# The owner sees no row while row-level security is forced on it.
TABLES = ("vitals_device", "vitals_inboundmessage", "vitals_stranger")
OPEN = "".join(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;" for table in TABLES)
SHUT = "SET CONSTRAINTS ALL IMMEDIATE;" + "".join(  # a table with checks outstanding is not altered
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;" for table in TABLES
)


def upgrade(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        list_wide_keys(cursor)
        learn_shared_lines(cursor)


class Migration(migrations.Migration):
    dependencies = [("vitals", "0003_whose")]
    operations = [
        Protect("PatientConfirmed", append_only=True, signals="SELECT"),
        Protect("HeldReading", append_only=True, signals="SELECT, INSERT"),
        Protect("ListenerPort", patient=None, delete=True, signals="SELECT"),
        Protect("NotUsed", patient=None, signals="SELECT, INSERT, UPDATE"),
        Protect("MessageDecision", patient=None, append_only=True, signals="SELECT, INSERT"),
        Protect("Stranger", patient=None, own=NOBODYS, signals="SELECT, INSERT, UPDATE, DELETE"),
        Protect("StrangerMessage", patient=None, signals="SELECT, INSERT, DELETE"),
        migrations.RunSQL(LEARNED, migrations.RunSQL.noop),
        migrations.RunSQL(OPEN, migrations.RunSQL.noop),
        migrations.RunPython(upgrade, migrations.RunPython.noop),
        migrations.RunSQL(SHUT, migrations.RunSQL.noop),
    ]
