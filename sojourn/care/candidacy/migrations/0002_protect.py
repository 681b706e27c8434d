from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

TWO_PEOPLE = """
CREATE FUNCTION sojourn_two_prescribers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT m.person_id FROM candidacy_override o JOIN accounts_membership m ON m.id = o.signed_by_id
      WHERE o.id = NEW.override_id)
     IS NOT DISTINCT FROM (SELECT person_id FROM accounts_membership WHERE id = NEW.signed_by_id) THEN
    RAISE EXCEPTION 'the second signature is of another person'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER two_prescribers BEFORE INSERT ON candidacy_overridesignature
  FOR EACH ROW EXECUTE FUNCTION sojourn_two_prescribers();
"""


class Migration(migrations.Migration):
    dependencies = [("candidacy", "0001_initial"), ("accounts", "0002_protect"), ("patients", "0002_protect")]
    operations = [
        Protect("CandidacyDecision", append_only=True),
        Protect("Override", patient=None, append_only=True),
        Protect("OverrideSignature", patient=None, append_only=True),
        migrations.RunSQL(TWO_PEOPLE, migrations.RunSQL.noop),
    ]
