from django.db import migrations


class Migration(migrations.Migration):
    """The version of the intake's questions under its name of today; it stands beside the hashed content, not in it."""

    dependencies = [("intake", "0003_medicine_route")]
    operations = [migrations.RenameField("intakesubmission", "story_version", "form_version")]
