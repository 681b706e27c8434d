from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('encounter', '0002_protect'),
    ]

    operations = [
        migrations.AddField(
            model_name='sessionstate',
            name='basis',
            field=models.JSONField(default=dict),
        ),
    ]
