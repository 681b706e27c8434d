import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect


def to(model, **options):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_confirmed_by_another"),
        ("candidacy", "0002_protect"),
        ("patients", "0004_dosestart"),
    ]
    operations = [
        migrations.AddField("candidacydecision", "open_eyes", models.JSONField(default=dict)),
        migrations.CreateModel(
            name="Clearance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("clearance", "a specialist’s answer"), ("seen", "seen by somebody who can act")], max_length=12)),
                ("finding", models.CharField(max_length=64)),
                ("rule_id", models.CharField(max_length=60)),
                ("shown", models.JSONField()),
                ("who", models.CharField(max_length=200, verbose_name="who")),
                ("field", models.CharField(blank=True, max_length=120, verbose_name="field")),
                ("answered_on", models.DateField(verbose_name="day")),
                ("document", models.CharField(blank=True, max_length=300, verbose_name="document")),
                ("said", models.TextField(blank=True, verbose_name="what they say")),
                ("recorded_at", models.DateTimeField()),
                ("recorder_name", models.CharField(max_length=200)),
                ("clinic", to("accounts.clinic")),
                ("patient", to("patients.patient")),
                ("recorded_by", to("accounts.membership")),
            ],
            options={"indexes": [models.Index(fields=["patient", "-id"], name="clearance_newest")]},
        ),
        migrations.CreateModel(
            name="ClearanceStruck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(verbose_name="reason")),
                ("struck_at", models.DateTimeField()),
                ("striker_name", models.CharField(max_length=200)),
                ("clearance", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="struck", to="candidacy.clearance")),
                ("clinic", to("accounts.clinic")),
                ("patient", to("patients.patient")),
                ("struck_by", to("accounts.membership")),
            ],
        ),
        Protect("Clearance", patient=None, append_only=True),
        Protect("ClearanceStruck", patient=None, append_only=True),
    ]
