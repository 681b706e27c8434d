import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


def _reference(to, related_name):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=to,
    )


class Migration(migrations.Migration):
    """Thousands of readings a second pass through these tables: every index and every check counts.

    The reference to the encounter is held by the same-clinic constraint of Protect, which implies Django's own.
    """

    dependencies = [("monitoring", "0002_protect"), ("treatment", "0002_protect")]
    operations = [Together(
        *(
            migrations.AlterField(model, field, _reference(to, name))
            for model, own in (("observation", "observations"), ("signal", "signals"), ("alarmstate", "alarm_states"))
            for field, to, name in (("clinic", "accounts.clinic", "+"), ("encounter", "treatment.encounter", own))
        ),
        migrations.AddField(
            "signal",
            "awaited",
            models.GeneratedField(
                db_persist=True,
                expression=models.ExpressionWrapper(
                    models.Q(silent_after__isnull=False), output_field=models.BooleanField()
                ),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.RunSQL("DROP INDEX signal_overdue", migrations.RunSQL.noop),
        migrations.AddIndex(
            "signal", models.Index(fields=["encounter"], condition=models.Q(awaited=True), name="signal_awaited")
        ),
        migrations.AddIndex(
            "alarmstate",
            models.Index(
                fields=["clinic"],
                condition=models.Q(phase__in=("raised", "acknowledged", "escalated")),
                name="alarm_open",
            ),
        ),
    )]
