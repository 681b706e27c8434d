from django.db import migrations

# Rooms below cannot see a session. Until when a dose is with somebody, the database writes into the lowest room beside
# the state that says that they have left, as it writes each start of a dose (session, 0005). Those
# of before are told now; the owner sees no row while row-level security is forced on it.
TOLD = """
CREATE FUNCTION encounter_leaving_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.patients_leaving (clinic_id, patient_id, at)
    VALUES (NEW.clinic_id, NEW.patient_id, NEW.at);
  RETURN NULL;
END $$;
CREATE TRIGGER leaving_is_told AFTER INSERT ON encounter_sessionstate
  FOR EACH ROW WHEN (NEW.state = 'left') EXECUTE FUNCTION encounter_leaving_is_told();

ALTER TABLE encounter_sessionstate NO FORCE ROW LEVEL SECURITY;
ALTER TABLE patients_leaving NO FORCE ROW LEVEL SECURITY;
INSERT INTO patients_leaving (clinic_id, patient_id, at)
  SELECT clinic_id, patient_id, at FROM encounter_sessionstate
   WHERE state = 'left' ORDER BY id;
SET CONSTRAINTS ALL IMMEDIATE;  -- a table with checks outstanding is not altered
ALTER TABLE encounter_sessionstate FORCE ROW LEVEL SECURITY;
ALTER TABLE patients_leaving FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("encounter", "0003_basis"), ("patients", "0005_leaving")]
    operations = [migrations.RunSQL(TOLD, migrations.RunSQL.noop)]
