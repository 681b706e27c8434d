import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_search")]
    operations = [
        migrations.CreateModel(
            name="DoseStart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("patient", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="dose_starts", to="patients.patient")),
            ],
            options={"indexes": [models.Index(fields=["patient", "-at"], name="dose_start_newest")]},
        ),
        Protect("DoseStart", append_only=True),
    ]
