import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Questionnaires asked together are a measure session. Constraints, the sequence and older audit rows keep their
    names."""

    dependencies = [("measures", "0004_protect_the_whole_set"), ("patients", "0001_initial")]
    operations = [
        migrations.RenameModel("Sitting", "MeasureSession"),
        migrations.RenameField("measurerequest", "sitting", "measure_session"),
        migrations.AlterField(
            "measuresession",
            "patient",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="measure_sessions", to="patients.patient"
            ),
        ),
    ]
