import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_sign_ins_are_told")]
    operations = [
        migrations.CreateModel(
            name="VisitWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("map_url", models.CharField(blank=True, max_length=500)),
                ("finding", models.CharField(blank=True, max_length=1200)),
                ("finding_other", models.CharField(blank=True, max_length=1200)),
                ("costs", models.CharField(blank=True, max_length=1200)),
                ("costs_other", models.CharField(blank=True, max_length=1200)),
                ("changing", models.CharField(blank=True, max_length=1200)),
                ("changing_other", models.CharField(blank=True, max_length=1200)),
                ("written_at", models.DateTimeField()),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("written_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
            ],
        ),
        # Every patient of the clinic reads them, and writes none.
        Protect("VisitWords", patient=None, own="clinic_id = sojourn_clinic()", append_only=True),
    ]
