import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_breakglass_opener'),
        ('encounter', '0003_basis'),
        ('patients', '0003_search'),
        ('plan', '0004_protect_versions'),
        ('session', '0002_protect'),
    ]

    operations = [
        migrations.AddField(
            model_name='dosecheck',
            name='devices',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='drawn_mg',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='drawn_ml',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='expires_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='over_min',
            field=models.DecimalField(decimal_places=1, max_digits=5, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='rate_ml_per_h',
            field=models.DecimalField(decimal_places=2, max_digits=8, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='stock_mg_per_ml',
            field=models.DecimalField(decimal_places=3, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='total_ml',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='dosecheck',
            name='vial',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='devices',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='drawn_mg',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='plan_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plan.planversion'),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='rate_ml_per_h',
            field=models.DecimalField(decimal_places=2, max_digits=8, null=True),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='stock_mg_per_ml',
            field=models.DecimalField(decimal_places=3, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='total_ml',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='medicationadministration',
            name='vial',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='sessionevent',
            name='about',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='session.sessionevent'),
        ),
        migrations.AddField(
            model_name='sessionevent',
            name='effect',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='sessionevent',
            name='grade',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='sessionevent',
            name='measure',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name='DoseEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('start', 'started'), ('rate', 'rate changed'), ('pause', 'paused'), ('resume', 'went on'), ('stop', 'stopped'), ('end', 'ended'), ('counted', 'read off the pump'), ('part', 'part given'), ('asked', 'told')], max_length=8)),
                ('rate_ml_per_h', models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                ('remaining_ml', models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ('mg', models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('dose', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='session.medicationadministration')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dose_events', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='GivenMedicine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('ingredient', models.CharField(blank=True, max_length=200)),
                ('amount', models.DecimalField(decimal_places=3, max_digits=9, null=True)),
                ('unit', models.CharField(blank=True, max_length=12)),
                ('route', models.CharField(max_length=12)),
                ('note', models.TextField(blank=True)),
                ('warned', models.JSONField(default=list)),
                ('key', models.UUIDField(unique=True)),
                ('given_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='given_medicines', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Waste',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mg', models.DecimalField(decimal_places=2, max_digits=7)),
                ('how', models.CharField(blank=True, max_length=200)),
                ('key', models.UUIDField(unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waste', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WasteWitness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
                ('waste', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='witness', to='session.waste')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
