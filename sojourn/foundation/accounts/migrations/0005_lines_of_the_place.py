import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_confirmed_by_another")]
    operations = [
        migrations.AddField(
            "clinic", "phone_hours", models.CharField(blank=True, max_length=200, verbose_name="hours of the phone")
        ),
        migrations.AddField(
            "clinic", "phone_hours_other", models.CharField(blank=True, max_length=200, verbose_name="hours of the phone")
        ),
        migrations.AddField(
            "clinic", "emergency_phone", models.CharField(blank=True, max_length=40, verbose_name="emergency number")
        ),
        migrations.CreateModel(
            name="LineCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=200)),
                ("works", models.BooleanField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("checked_by_name", models.CharField(max_length=200)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
            ],
        ),
        Protect("LineCheck", patient=None, append_only=True),
    ]
