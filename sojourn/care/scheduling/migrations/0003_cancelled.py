import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_protect"), ("booking", "0002_protect")]
    operations = [Together(
        migrations.AddField("appointment", "cancelled_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "appointment",
            "cancelled_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
        migrations.AddField(
            "appointment",
            "cancelled_because",
            models.CharField(blank=True, default="", max_length=300, verbose_name="reason"),
            preserve_default=False,
        ),
        migrations.AddField("appointment", "version", models.PositiveIntegerField(default=1)),
        migrations.RunSQL(
            "ALTER TABLE booking_appointment ADD CONSTRAINT booking_appointment_cancelled_by_id_same_clinic"
            " FOREIGN KEY (clinic_id, cancelled_by_id) REFERENCES accounts_membership(clinic_id, id)",
            migrations.RunSQL.noop,
        ),
    )]
