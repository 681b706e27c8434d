from django.db import migrations

# The walls stand for their owner too, and an UPDATE would find no row of any clinic: they are lowered for this one
# transaction. Nothing is left to fire when they go up again.
SAY_WHICH_ARE_OPEN = """
ALTER TABLE booking_appointment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE encounter_encounter NO FORCE ROW LEVEL SECURITY;
UPDATE booking_appointment a SET session_opened_at = e.opened_at FROM encounter_encounter e WHERE e.appointment_id = a.id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE encounter_encounter FORCE ROW LEVEL SECURITY;
ALTER TABLE booking_appointment FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("encounter", "0004_leavings_are_told"), ("booking", "0007_session_opened")]
    operations = [migrations.RunSQL(SAY_WHICH_ARE_OPEN, migrations.RunSQL.noop)]
