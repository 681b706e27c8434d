from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_leaving")]
    operations = [
        migrations.AddField(
            model_name="relatedperson",
            name="emergency_contact",
            field=models.BooleanField(default=False, verbose_name="may be called in an emergency"),
        ),
    ]
