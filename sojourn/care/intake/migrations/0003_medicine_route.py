from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_protect")]
    operations = [
        migrations.AddField(
            model_name="medicationstatement",
            name="route",
            field=models.CharField(
                blank=True,
                choices=[
                    ("mouth", "by mouth"),
                    ("nose", "into the nose"),
                    ("inhaled", "breathed in"),
                    ("skin", "on the skin"),
                    ("injection", "as an injection"),
                    ("other", "another way"),
                ],
                default="",
                max_length=20,
                verbose_name="how it is taken",
            ),
            preserve_default=False,
        ),
    ]
