from django.db import migrations

# What the watch sees of a session's events: that a patient called, and that somebody goes; when, and in which session.
# Neither a note nor a name, and of no other kind of event that it happened.
THE_WATCH_HEARS = """
CREATE POLICY of_the_monitors ON session_sessionevent FOR SELECT TO sojourn_signals
  USING (kind IN ('patient_calls', 'call_answered'));
GRANT SELECT (id, clinic_id, patient_id, encounter_id, kind, at) ON session_sessionevent TO sojourn_signals;
"""


class Migration(migrations.Migration):
    dependencies = [("session", "0009_who_comes")]
    operations = [migrations.RunSQL(THE_WATCH_HEARS, migrations.RunSQL.noop)]
