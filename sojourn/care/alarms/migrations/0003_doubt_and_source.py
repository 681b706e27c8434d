from django.db import migrations, models


class Migration(migrations.Migration):
    """Which probe a shown value came from, and that a monitor can withdraw a value."""

    dependencies = [("alarms", "0002_protect")]
    operations = [
        migrations.AddField("currentvital", "source", models.CharField(blank=True, max_length=60)),
        migrations.AlterField(
            "alarmevent",
            "kind",
            models.CharField(
                choices=[
                    ("raised", "raised"),
                    ("priority-raised", "priority raised"),
                    ("priority-lowered", "priority lowered"),
                    ("acknowledged", "acknowledged"),
                    ("escalated", "escalated"),
                    ("recovered", "recovered"),
                    ("ended", "ended with the session"),
                    ("withdrawn", "withdrawn by the monitor"),
                ],
                max_length=20,
            ),
        ),
    ]
