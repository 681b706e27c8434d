from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

from sojourn.foundation.accounts.scoping import Protect

# References that came after their tables were protected are bound to the clinic like the others; and who wasted a drug
# never witnesses it.
REST = """
ALTER TABLE session_medicationadministration ADD CONSTRAINT session_medicationadministration_plan_version_id_same_clinic
  FOREIGN KEY (clinic_id, plan_version_id) REFERENCES plan_planversion(clinic_id, id);
ALTER TABLE session_sessionevent ADD CONSTRAINT session_sessionevent_about_id_same_clinic
  FOREIGN KEY (clinic_id, about_id) REFERENCES session_sessionevent(clinic_id, id);
CREATE FUNCTION sojourn_two_witnesses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT m.person_id FROM session_waste w JOIN accounts_membership m ON m.id = w.by_id WHERE w.id = NEW.waste_id)
     IS NOT DISTINCT FROM (SELECT person_id FROM accounts_membership WHERE id = NEW.by_id) THEN
    RAISE EXCEPTION 'who wasted a drug cannot witness it'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER two_witnesses BEFORE INSERT ON session_wastewitness
  FOR EACH ROW EXECUTE FUNCTION sojourn_two_witnesses();
"""


class Migration(migrations.Migration):
    dependencies = [("session", "0003_what_was_given"), ("plan", "0004_protect_versions")]
    operations = [
        Protect("DoseEvent", append_only=True),
        Protect("Waste", append_only=True),
        Protect("WasteWitness", append_only=True),
        Protect("GivenMedicine", append_only=True),
        migrations.RunSQL(REST, migrations.RunSQL.noop),
    ]
