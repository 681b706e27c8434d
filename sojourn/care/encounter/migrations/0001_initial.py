import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_breakglass_opener'),
        ('booking', '0005_protect_house'),
        ('patients', '0003_search'),
        ('plan', '0004_protect_versions'),
    ]

    operations = [Together(
        migrations.CreateModel(
            name='Encounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('protocol_id', models.CharField(max_length=60)),
                ('protocol_version', models.CharField(max_length=20)),
                ('protocol_hash', models.CharField(max_length=64)),
                ('opened_at', models.DateTimeField()),
                ('appointment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='encounter', to='booking.appointment')),
                ('care_plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='encounters', to='plan.careplan')),
                ('chair', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='encounters', to='booking.chair')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='encounters', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='SessionState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveSmallIntegerField()),
                ('state', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('overridden', models.JSONField(default=list)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='states', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
        ),
    ), Together(
        migrations.AddIndex(
            model_name='encounter',
            index=models.Index(fields=['clinic', 'opened_at'], name='encounter_newest'),
        ),
        migrations.AddConstraint(
            model_name='sessionstate',
            constraint=models.UniqueConstraint(fields=('encounter', 'seq'), name='one_state_at_a_time'),
        ),
    )]
