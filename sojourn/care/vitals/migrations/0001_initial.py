import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_breakglass_opener'),
        ('encounter', '0001_initial'),
        ('patients', '0003_search'),
    ]

    operations = [Together(
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('key', models.CharField(max_length=120, verbose_name='identifier in its messages')),
                ('maker', models.CharField(blank=True, max_length=60, verbose_name='maker')),
                ('added_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('last_seen_at', models.DateTimeField(blank=True, null=True)),
                ('clock_skew_s', models.FloatField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
            ],
        ),
        migrations.CreateModel(
            name='DeviceAssociation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='associations', to='vitals.device')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='associations', to='encounter.encounter')),
                ('from_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
                ('until_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic_id', models.BigIntegerField(null=True)),
                ('device_id', models.BigIntegerField(null=True)),
                ('encounter_id', models.BigIntegerField(null=True)),
                ('received_at', models.DateTimeField()),
                ('peer', models.CharField(max_length=64)),
                ('digest', models.BinaryField(max_length=32)),
                ('raw', models.BinaryField()),
                ('ack', models.CharField(max_length=2)),
                ('fault', models.CharField(blank=True, max_length=300)),
                ('control_id', models.CharField(blank=True, max_length=80)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('fault', ''), _negated=True), fields=['clinic_id', '-received_at'], name='messages_with_a_fault')],
                'constraints': [models.UniqueConstraint(fields=('digest',), name='one_message_of_its_bytes')],
            },
        ),
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12)),
                ('value', models.FloatField()),
                ('unit', models.CharField(max_length=12)),
                ('effective_at', models.DateTimeField()),
                ('measured_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField()),
                ('method', models.CharField(max_length=12)),
                ('device_id', models.BigIntegerField(null=True)),
                ('message_id', models.BigIntegerField(null=True)),
                ('by_id', models.BigIntegerField(null=True)),
                ('status', models.CharField(default='final', max_length=12)),
                ('doubt', models.CharField(blank=True, max_length=40)),
                ('supersedes_id', models.BigIntegerField(null=True)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='encounter.encounter')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
        ),
    ), Together(
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('clinic', 'key'), name='one_device_of_a_key'),
        ),
        migrations.AddConstraint(
            model_name='deviceassociation',
            constraint=models.UniqueConstraint(condition=models.Q(('until_at', None)), fields=('device',), name='one_session_a_monitor'),
        ),
        migrations.AddIndex(
            model_name='observation',
            index=models.Index(fields=['encounter', 'effective_at'], name='observation_of_session'),
        ),
    )]
