from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('session', '0007_second_check_set_aside'),
    ]

    operations = [
        migrations.AlterField(
            model_name='enteredinerror',
            name='of',
            field=models.CharField(choices=[('reading', 'reading'), ('check', 'answer'), ('event', 'note'), ('medicine', 'medicine'), ('waste', 'waste')], max_length=8),
        ),
    ]
