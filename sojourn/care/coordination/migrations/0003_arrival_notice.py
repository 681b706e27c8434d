import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("coordination", "0002_escort"), ("booking", "0008_escort"), ("accounts", "0006_sign_ins_are_told")]
    operations = [
        migrations.CreateModel(
            name="ArrivalNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("is_here", models.BooleanField()),
                ("said_at", models.DateTimeField()),
                ("appointment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="arrival_notices", to="booking.appointment")),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("patient", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient")),
                ("said_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
            ],
        ),
        Protect("ArrivalNotice", append_only=True),
    ]
