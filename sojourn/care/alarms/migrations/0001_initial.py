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
            name='AlarmEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule_id', models.CharField(max_length=60)),
                ('rule_version', models.PositiveIntegerField()),
                ('rule_hash', models.CharField(max_length=64)),
                ('code', models.CharField(max_length=12)),
                ('kind', models.CharField(choices=[('raised', 'raised'), ('priority-raised', 'priority raised'), ('priority-lowered', 'priority lowered'), ('acknowledged', 'acknowledged'), ('escalated', 'escalated'), ('recovered', 'recovered'), ('ended', 'ended with the session')], max_length=20)),
                ('priority', models.CharField(max_length=8)),
                ('at', models.DateTimeField()),
                ('why', models.CharField(blank=True, max_length=32)),
                ('value', models.FloatField(null=True)),
                ('limit', models.FloatField(null=True)),
                ('baseline', models.FloatField(null=True)),
                ('note', models.TextField(blank=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alarm_events', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'indexes': [models.Index(fields=['encounter', 'at'], name='alarm_events_of_session')],
            },
        ),
        migrations.CreateModel(
            name='AlarmState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule_id', models.CharField(max_length=60)),
                ('code', models.CharField(max_length=12)),
                ('phase', models.CharField(max_length=12)),
                ('priority', models.CharField(blank=True, max_length=8)),
                ('since_at', models.DateTimeField(null=True)),
                ('deadline_at', models.DateTimeField(null=True)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by_name', models.CharField(blank=True, max_length=160)),
                ('why', models.CharField(blank=True, max_length=32)),
                ('value', models.FloatField(null=True)),
                ('limit', models.FloatField(null=True)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='alarm_states', to='encounter.encounter')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('phase__in', ('raised', 'acknowledged', 'escalated'))), fields=['clinic'], name='alarm_open')],
                'constraints': [models.UniqueConstraint(fields=('encounter', 'rule_id', 'code'), name='one_state_a_rule')],
            },
        ),
        migrations.CreateModel(
            name='CurrentVital',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12)),
                ('value', models.FloatField()),
                ('unit', models.CharField(max_length=12)),
                ('effective_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('doubt', models.CharField(blank=True, max_length=40)),
                ('silent_after', models.DateTimeField(null=True)),
                ('awaited', models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('silent_after__isnull', False)), output_field=models.BooleanField()), output_field=models.BooleanField())),
                ('baseline', models.FloatField(null=True)),
                ('clinic', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='signals', to='encounter.encounter')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('awaited', True)), fields=['encounter'], name='signal_awaited')],
                'constraints': [models.UniqueConstraint(fields=('encounter', 'code'), name='one_signal_of_a_kind')],
            },
        ),
    )]
