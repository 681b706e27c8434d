from django.db import migrations


class Migration(migrations.Migration):
    """Who brings the patient home is the escort; a companion is the patient's app. Constraints keep their names."""

    dependencies = [("booking", "0007_session_opened")]
    operations = [migrations.RenameField("appointment", "companion", "escort")]
