from django.db import migrations


class Migration(migrations.Migration):
    """Who took the patient home is the escort. What a signature stands under is a list of values and names no column."""

    dependencies = [("session", "0011_event_amount")]
    operations = [
        migrations.RenameField("discharge", "companion", "escort"),
        migrations.RenameField("discharge", "companion_name", "escort_name"),
    ]
