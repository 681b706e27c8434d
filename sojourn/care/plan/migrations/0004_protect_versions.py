from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

FROZEN = """
CREATE FUNCTION sojourn_frozen_when_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.signed_at IS NOT NULL OR OLD.discarded_at IS NOT NULL THEN
    RAISE EXCEPTION 'a signed plan is not changed: write a new version'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON plan_planversion
  FOR EACH ROW EXECUTE FUNCTION sojourn_frozen_when_signed();
"""


class Migration(migrations.Migration):
    dependencies = [("plan", "0003_versions"), ("patients", "0002_protect")]
    operations = [
        Protect("PlanVersion"),
        Protect("DoubleCheck", append_only=True),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]
