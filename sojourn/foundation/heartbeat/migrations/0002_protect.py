from django.db import migrations

# One table for every process: every role reads it, only the processes write it.
GRANTS = """
GRANT SELECT, INSERT, UPDATE ON heartbeat_heartbeat TO sojourn_app, sojourn_signals;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sojourn_app, sojourn_signals;
ALTER TABLE heartbeat_heartbeat SET (fillfactor = 60);
"""


class Migration(migrations.Migration):
    dependencies = [("heartbeat", "0001_initial"), ("accounts", "0002_protect")]
    operations = [migrations.RunSQL(GRANTS, migrations.RunSQL.noop)]
