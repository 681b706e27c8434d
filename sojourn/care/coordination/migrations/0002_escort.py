from django.db import migrations, models


class Migration(migrations.Migration):
    """One open link an escort: the index under its new name, renamed and not built anew."""

    dependencies = [("coordination", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX one_link_a_companion RENAME TO one_link_an_escort",
                    "ALTER INDEX one_link_an_escort RENAME TO one_link_a_companion",
                )
            ],
            state_operations=[
                migrations.RemoveConstraint("escortlink", "one_link_a_companion"),
                migrations.AddConstraint(
                    "escortlink",
                    models.UniqueConstraint(
                        fields=("appointment", "person"),
                        condition=models.Q(ended_at=None),
                        name="one_link_an_escort",
                    ),
                ),
            ],
        )
    ]
