from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("session", "0010_the_watch_hears_calls")]
    operations = [
        migrations.AddField("sessionevent", "amount", models.DecimalField(decimal_places=3, max_digits=9, null=True)),
        migrations.AddField("sessionevent", "unit", models.CharField(blank=True, default="", max_length=12)),
    ]
