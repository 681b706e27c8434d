from django.db import migrations, models
import django.db.models.deletion

from sojourn.foundation.accounts.scoping import Protect

# A ceiling goes up by two people: the one who signed first never gives the second signature, and what acts is what was
# signed.
TWO_PEOPLE = """
CREATE FUNCTION sojourn_ceiling_raised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE first rulebook_ceilingraise%ROWTYPE;
BEGIN
  IF NEW.raised_id IS NULL THEN
    RETURN NEW;
  END IF;
  SELECT * INTO first FROM rulebook_ceilingraise WHERE id = NEW.raised_id;
  IF (SELECT person_id FROM accounts_membership WHERE id = first.signed_by_id)
     IS NOT DISTINCT FROM (SELECT person_id FROM accounts_membership WHERE id = NEW.adopted_by_id) THEN
    RAISE EXCEPTION 'the second signature is of another person'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.retired OR (first.rule_id, first.version, first.rule_hash, first.parameters)
     IS DISTINCT FROM (NEW.rule_id, NEW.version, NEW.rule_hash, NEW.parameters) THEN
    RAISE EXCEPTION 'the second signature is for what was signed first'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ceiling_raised BEFORE INSERT ON rulebook_ruleadoption
  FOR EACH ROW EXECUTE FUNCTION sojourn_ceiling_raised();
ALTER TABLE rulebook_ruleadoption ADD CONSTRAINT rulebook_ruleadoption_raised_id_same_clinic
  FOREIGN KEY (clinic_id, raised_id) REFERENCES rulebook_ceilingraise(clinic_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0002_protect"), ("accounts", "0002_protect")]
    operations = [
        migrations.CreateModel(
            name="CeilingRaise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule_id", models.CharField(max_length=60)),
                ("version", models.PositiveSmallIntegerField()),
                ("rule_hash", models.CharField(max_length=64)),
                ("parameters", models.JSONField(default=dict)),
                ("signed_at", models.DateTimeField()),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("follows", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rulebook.ruleadoption")),
                ("signed_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
            ],
            options={"indexes": [models.Index(fields=["clinic", "rule_id", "-id"], name="raise_newest")]},
        ),
        migrations.AddField(
            model_name="ruleadoption",
            name="raised",
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="second", to="rulebook.ceilingraise"),
        ),
        Protect("CeilingRaise", patient=None, append_only=True),
        migrations.RunSQL(TWO_PEOPLE, migrations.RunSQL.noop),
    ]
