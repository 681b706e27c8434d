import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_breakglass_opener'),
        ('session', '0006_entered_in_error'),
    ]

    operations = [
        migrations.AlterField(
            model_name='medicationadministration',
            name='checked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='medicationadministration',
            name='checked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership'),
        ),
    ]
