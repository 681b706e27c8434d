import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_confirmed_by_another'),
        ('patients', '0004_dosestart'),
        ('safety', '0004_one_kind_of_flag'),
    ]

    operations = [Together(
        migrations.AddField(
            model_name='flaganswer',
            name='by_name',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='flaganswer',
            name='outcome',
            field=models.CharField(blank=True, choices=[('safe', 'Spoken with: no danger now'), ('safety_plan', 'Spoken with: a safety plan is agreed'), ('referred', 'Referred, or seen elsewhere'), ('emergency_called', 'Emergency services called'), ('not_meant', 'Not meant so, or entered by mistake'), ('not_reached', 'Not reached; the note says what was done')], max_length=20),
        ),
        migrations.AddField(
            model_name='flaganswer',
            name='to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership'),
        ),
        migrations.AlterField(
            model_name='flaganswer',
            name='kind',
            field=models.CharField(choices=[('seen', 'Seen, I am taking this'), ('handed', 'Handed over'), ('contacted', 'Patient contacted'), ('closed', 'Closed')], max_length=16),
        ),
        migrations.CreateModel(
            name='DutyList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decided_at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='FlagClock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('take', 'to be taken'), ('act', 'to reach the patient')], max_length=8)),
                ('begins_at', models.DateTimeField()),
                ('backup_at', models.DateTimeField(null=True)),
                ('everybody_at', models.DateTimeField(null=True)),
                ('all_at', models.DateTimeField()),
                ('rule_id', models.CharField(blank=True, max_length=80)),
                ('rule_version', models.PositiveIntegerField(null=True)),
                ('rule_hash', models.CharField(blank=True, max_length=64)),
                ('asked', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clocks', to='safety.flag')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='FlagReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('member_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='safety.flag')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='FlagTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reach', models.CharField(choices=[('owner', 'who is asked first'), ('backup', 'the back-up'), ('everybody', 'everybody on duty'), ('all', 'every clinical member')], max_length=12)),
                ('at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='turns', to='safety.flagclock')),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='turns', to='safety.flag')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='FlagNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('page', 'on the pages of Sojourn'), ('email', 'by e-mail'), ('sms', 'by text message')], max_length=8)),
                ('at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='safety.flag')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('turn', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='safety.flagturn')),
            ],
        ),
        migrations.CreateModel(
            name='FlagNoticeTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('sent', 'sent'), ('failed', 'failed; it is tried again'), ('no_way', 'cannot be sent this way'), ('not_needed', 'answered before it was sent')], max_length=12)),
                ('detail', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tries', to='safety.flagnotice')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='NoticeChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by_email', models.BooleanField(default=False)),
                ('sms_number', models.CharField(blank=True, max_length=20)),
                ('decided_at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DutyContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='safety.dutylist')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('list', 'place'), name='one_contact_a_place'), models.UniqueConstraint(fields=('list', 'member'), name='one_place_a_contact')],
            },
        ),
    ), Together(
        migrations.AddIndex(
            model_name='flagclock',
            index=models.Index(fields=['flag', '-id'], name='flag_clock_newest'),
        ),
        migrations.AddConstraint(
            model_name='flagreading',
            constraint=models.UniqueConstraint(fields=('flag', 'member'), name='one_first_reading'),
        ),
        migrations.AddIndex(
            model_name='flagturn',
            index=models.Index(fields=['at'], name='flag_turn_at'),
        ),
        migrations.AddConstraint(
            model_name='flagturn',
            constraint=models.UniqueConstraint(fields=('clock', 'reach'), name='a_circle_is_told_once'),
        ),
        migrations.AddConstraint(
            model_name='flagnotice',
            constraint=models.UniqueConstraint(fields=('turn', 'member', 'channel'), name='one_notice_a_channel'),
        ),
    )]
