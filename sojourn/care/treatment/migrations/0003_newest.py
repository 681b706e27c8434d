from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("treatment", "0002_protect")]
    operations = [
        migrations.AddIndex("encounter", models.Index(fields=["clinic", "opened_at"], name="encounter_newest")),
    ]
