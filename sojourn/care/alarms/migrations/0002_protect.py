from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

HOT = """
ALTER TABLE alarms_currentvital SET (fillfactor = 60);
ALTER TABLE alarms_alarmstate SET (fillfactor = 60);
CREATE INDEX alarm_to_judge ON alarms_alarmstate (deadline_at) WHERE deadline_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    """Thousands of readings a second pass through these tables: every index and every check counts.

    The reference to the encounter is held by the same-clinic constraint of Protect, which implies Django's own.
    """

    dependencies = [("alarms", "0001_initial"), ("encounter", "0002_protect")]
    operations = [
        Protect("CurrentVital", signals="SELECT, INSERT, UPDATE", unbound=("patient_id",)),
        Protect("AlarmState", signals="SELECT, INSERT, UPDATE", unbound=("patient_id",)),
        Protect("AlarmEvent", append_only=True, signals="SELECT, INSERT"),
        migrations.RunSQL(HOT, migrations.RunSQL.noop),
    ]
