from django.db import migrations, models


class Migration(migrations.Migration):
    """The appointment says by itself that its session is open; the sessions that are there say so in encounter 0005."""

    dependencies = [("booking", "0006_coordination")]
    operations = [migrations.AddField("Appointment", "session_opened_at", models.DateTimeField(null=True))]
