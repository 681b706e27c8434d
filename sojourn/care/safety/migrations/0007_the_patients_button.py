from django.db import migrations, models

# The watch writes one kind of flag: that nobody went to a patient who called. It goes on seeing no more of a flag.
THE_WATCH_RAISES = """
CREATE POLICY of_a_call ON safety_flag FOR INSERT TO sojourn_signals WITH CHECK (
  kind = 'asked_for_help' AND severity = 'emergency' AND source = 'button' AND about ~ '^call:[0-9]+$'
  AND detail = '' AND response_id IS NULL);
GRANT INSERT (clinic_id, patient_id, kind, severity, source, about, raised_at, detail) ON safety_flag
  TO sojourn_signals;
"""


class Migration(migrations.Migration):
    dependencies = [("safety", "0006_protect_who_is_told")]
    operations = [
        migrations.AddField("flagreport", "about", models.CharField(blank=True, default="", max_length=80)),
        migrations.AddConstraint(
            "flagreport",
            models.UniqueConstraint(
                fields=("flag", "about"), condition=~models.Q(about=""), name="one_report_about_a_thing"
            ),
        ),
        migrations.RunSQL(THE_WATCH_RAISES, migrations.RunSQL.noop),
    ]
