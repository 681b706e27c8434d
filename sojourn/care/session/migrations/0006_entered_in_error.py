import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Protect

# A vital sign all of whose readings were struck has no newest value any more.
NEWEST = "GRANT DELETE ON alarms_currentvital TO sojourn_app;"
# The weights of signed plans join the one stream of weights, as those that are signed from now on do. The owner sees no
# row while row-level security is forced on it.
TABLES = ("plan_planversion", "accounts_membership", "intake_clinicalfact")
OPEN = "".join(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;" for table in TABLES)
WEIGHTS = """
INSERT INTO intake_clinicalfact (clinic_id, patient_id, name, value, observed_on, told_by, source_note, entered_at,
  entered_by_id, entered_by_name)
SELECT v.clinic_id, v.patient_id, 'weight_kg', to_jsonb(v.weight_kg::float8), v.weight_on, 'clinician', '', v.signed_at,
  v.signed_by_id, left(m.name, 200)
FROM (SELECT DISTINCT ON (patient_id, weight_on) * FROM plan_planversion
  WHERE signed_at IS NOT NULL AND weight_kg IS NOT NULL AND weight_on IS NOT NULL
  ORDER BY patient_id, weight_on, signed_at DESC) v
JOIN accounts_membership m ON m.id = v.signed_by_id
WHERE NOT EXISTS (SELECT FROM intake_clinicalfact f WHERE f.patient_id = v.patient_id AND f.name = 'weight_kg'
  AND f.observed_on >= v.weight_on);
"""
SHUT = "SET CONSTRAINTS ALL IMMEDIATE;" + "".join(  # a table with checks outstanding is not altered
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;" for table in TABLES
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_breakglass_opener'),
        ('alarms', '0002_protect'),
        ('encounter', '0003_basis'),
        ('intake', '0002_protect'),
        ('patients', '0003_search'),
        ('plan', '0004_protect_versions'),
        ('session', '0005_doses_are_told'),
    ]

    operations = [
        migrations.CreateModel(
            name='EnteredInError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.CharField(choices=[('reading', 'reading'), ('check', 'answer'), ('event', 'note'), ('medicine', 'medicine')], max_length=8)),
                ('row_id', models.BigIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('encounter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='struck', to='encounter.encounter')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('of', 'row_id'), name='struck_once')],
            },
        ),
        Protect("EnteredInError", append_only=True, signals="SELECT"),
        migrations.RunSQL(NEWEST, migrations.RunSQL.noop),
        migrations.RunSQL(OPEN + WEIGHTS + SHUT, migrations.RunSQL.noop),
    ]
