from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("session", "0008_waste_in_error")]
    operations = [
        migrations.AddField("sessionevent", "by_name", models.CharField(blank=True, default="", max_length=160)),
    ]
