from django.db import migrations

# The hash covers every column but itself, in a fixed text form, and the hash of the row before.
CHAIN = """
CREATE TABLE audit_head (clinic_id bigint PRIMARY KEY, seq bigint NOT NULL, hash text NOT NULL);
REVOKE ALL ON audit_head FROM PUBLIC;

CREATE FUNCTION sojourn_audit_hash(r audit_auditevent) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(concat_ws(E'\\x1f',
    r.prev_hash, r.clinic_id, r.seq, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    coalesce(r.person_id::text, '-'), r.name, r.role, r.action, r.entity, coalesce(r.entity_id::text, '-'),
    coalesce(r.patient_id::text, '-'), r.detail::text), 'UTF8')), 'hex')
$$;

-- Runs as its owner: the runtime roles cannot touch the head themselves. The head's row lock puts the rows of
-- one clinic in one order; it is held only from here to the commit.
CREATE FUNCTION sojourn_audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO audit_head AS h VALUES (NEW.clinic_id, 1, repeat('0', 64))
    ON CONFLICT (clinic_id) DO UPDATE SET seq = h.seq + 1
    RETURNING h.seq, h.hash INTO NEW.seq, NEW.prev_hash;
  NEW.hash := sojourn_audit_hash(NEW);
  UPDATE audit_head SET hash = NEW.hash WHERE clinic_id = NEW.clinic_id;
  RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON audit_auditevent FOR EACH ROW EXECUTE FUNCTION sojourn_audit_chain();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_auditevent
  FOR EACH ROW EXECUTE FUNCTION sojourn_append_only();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON audit_auditevent
  FOR EACH STATEMENT EXECUTE FUNCTION sojourn_append_only();

ALTER TABLE audit_auditevent ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_auditevent FORCE ROW LEVEL SECURITY;
-- Anyone may add a row of the clinic in which they ask (the house's own chain is 0); rows are read within the clinic.
CREATE POLICY added ON audit_auditevent FOR INSERT TO sojourn_app
  WITH CHECK (clinic_id = coalesce(sojourn_clinic(), 0));
CREATE POLICY read_in_clinic ON audit_auditevent FOR SELECT TO sojourn_app
  USING (clinic_id = sojourn_clinic() AND (sojourn_patient() IS NULL OR patient_id = sojourn_patient()));
CREATE POLICY added_by_monitors ON audit_auditevent FOR INSERT TO sojourn_signals WITH CHECK (true);
CREATE POLICY walked_by_owner ON audit_auditevent FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON audit_auditevent FROM PUBLIC;
GRANT SELECT, INSERT ON audit_auditevent TO sojourn_app;
GRANT INSERT ON audit_auditevent TO sojourn_signals;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sojourn_app, sojourn_signals;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("accounts", "0002_protect")]
    operations = [migrations.RunSQL(CHAIN, migrations.RunSQL.noop)]
