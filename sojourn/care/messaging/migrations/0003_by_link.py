import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What comes by the link of a day is from nobody who had signed in."""

    dependencies = [("messaging", "0002_protect")]
    operations = [
        migrations.AlterField(
            "communication",
            "sent_by",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership"),
        ),
        migrations.AlterField("communication", "sender_name", models.CharField(blank=True, max_length=200)),
    ]
