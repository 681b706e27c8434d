import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect, Together

SEVERITIES = [('emergency', 'now'), ('urgent', 'today'), ('soon', 'soon')]
SOURCES = [
    ('answer', 'an answer in a questionnaire'),
    ('words', 'words that the patient wrote'),
    ('clinician', "a clinician's judgement"),
    ('chair', 'a question at the chair'),
    ('button', "the patient's button"),
    ('support_person', 'a support person'),
]
KINDS = [
    ('suicidal_thoughts', 'Thoughts of death or self-harm reported'),
    ('self_harm', 'Self-harm reported'),
    ('voices', 'Voices or commands reported'),
    ('risk', 'A clinician sees a risk'),
    ('asked_for_help', 'The patient asked for help'),
    ('worried', 'A support person is worried'),
]

# What stands was raised by a questionnaire, one flag each. The rows are append-only and of every clinic: a change of
# the column's type rewrites them where an UPDATE would be refused.
NAME_WHAT_RAISED_THEM = """
ALTER TABLE safety_flag ALTER COLUMN about TYPE varchar(80)
  USING CASE WHEN response_id IS NULL THEN 'flag:' || id ELSE 'response:' || response_id END;
"""


def to(model, related_name='+', **options):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=model, **options)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_confirmed_by_another'),
        ('measures', '0004_protect_the_whole_set'),
        ('patients', '0004_dosestart'),
        ('safety', '0003_flag_with_the_answer'),
    ]

    operations = [
        Together(
            migrations.CreateModel(
                name='FlagReport',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('severity', models.CharField(choices=SEVERITIES, max_length=16)),
                    ('source', models.CharField(choices=SOURCES, max_length=16)),
                    ('detail', models.CharField(blank=True, max_length=200)),
                    ('at', models.DateTimeField()),
                    ('clinic', to('accounts.clinic')),
                    ('flag', to('safety.flag', 'reports')),
                    ('patient', to('patients.patient')),
                    ('reopens', to('safety.flaganswer', 'reopened_by', null=True)),
                ],
                options={'indexes': [models.Index(fields=['flag', 'id'], name='flag_report_of')]},
            ),
            migrations.AddField('flag', 'about', models.CharField(default='', max_length=80), preserve_default=False),
            migrations.AddField('flag', 'severity', models.CharField(choices=SEVERITIES, default='urgent', max_length=16)),
            migrations.AddField('flag', 'source', models.CharField(choices=SOURCES, default='answer', max_length=16)),
            migrations.AlterField('flag', 'kind', models.CharField(choices=KINDS, max_length=32)),
        ),
        migrations.RunSQL(NAME_WHAT_RAISED_THEM, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.UniqueConstraint(fields=('patient', 'kind', 'about'), name='one_flag_about_a_thing'),
        ),
        Protect("FlagReport", append_only=True),
    ]
