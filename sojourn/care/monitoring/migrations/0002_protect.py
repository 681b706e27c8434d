from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# One heartbeat table for the house: every role reads it, only the processes write it.
HEARTBEAT = """
GRANT SELECT, INSERT, UPDATE ON monitoring_heartbeat TO sojourn_app, sojourn_signals;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sojourn_app, sojourn_signals;
ALTER TABLE monitoring_signal SET (fillfactor = 60);
ALTER TABLE monitoring_alarmstate SET (fillfactor = 60);
ALTER TABLE monitoring_heartbeat SET (fillfactor = 60);
CREATE INDEX signal_overdue ON monitoring_signal (silent_after) WHERE silent_after IS NOT NULL;
CREATE INDEX alarm_to_judge ON monitoring_alarmstate (deadline_at) WHERE deadline_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), ("treatment", "0002_protect"),]
    operations = [
        Protect("Device", patient=None, signals="SELECT, UPDATE (last_seen_at, clock_skew_s)"),
        Protect("DeviceAssociation", signals="SELECT"),
        Protect("InboundMessage", patient=None, append_only=True, signals="SELECT, INSERT"),
        Protect("Observation", append_only=True, signals="SELECT, INSERT", unbound=("patient_id", "clinic_id")),
        Protect("Signal", signals="SELECT, INSERT, UPDATE", unbound=("patient_id",)),
        Protect("AlarmState", signals="SELECT, INSERT, UPDATE", unbound=("patient_id",)),
        Protect("AlarmEvent", append_only=True, signals="SELECT, INSERT"),
        migrations.RunSQL(HEARTBEAT, migrations.RunSQL.noop),
    ]
