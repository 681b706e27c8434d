from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# A clinic of the demo bears in its audit, from its first day, the line by which the demo says that it invented it. No
# clinic with a real person in it can be given that line, and the line is never changed: what is real stays real.
OF_THE_DEMO = """
CREATE INDEX audit_demo_made ON audit_auditevent (clinic_id) WHERE action = 'demo.made';

CREATE FUNCTION sojourn_demo_clinic(asked bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM audit_auditevent WHERE clinic_id = asked AND action = 'demo.made')
$$;
REVOKE ALL ON FUNCTION sojourn_demo_clinic(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sojourn_demo_clinic(bigint) TO sojourn_app;

CREATE FUNCTION sojourn_demo_is_invented() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM accounts_membership member JOIN accounts_person person ON person.id = member.person_id
             WHERE member.clinic_id = NEW.clinic_id AND NOT person.demo) THEN
    RAISE EXCEPTION 'a clinic in which a real person works is no demo' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER demo_is_invented BEFORE INSERT ON audit_auditevent FOR EACH ROW WHEN (NEW.action = 'demo.made')
  EXECUTE FUNCTION sojourn_demo_is_invented();
"""

# Whatever the program says, the database decides whether a voice is an invented example.
INVENTED = """
CREATE FUNCTION sojourn_voice_invented() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE invented_person boolean;
BEGIN
  SELECT person.demo INTO STRICT invented_person FROM accounts_membership member
    JOIN accounts_person person ON person.id = member.person_id WHERE member.id = NEW.writer_id;
  NEW.invented := sojourn_demo_clinic(NEW.clinic_id);
  IF invented_person AND NOT NEW.invented THEN
    RAISE EXCEPTION 'an invented person tells nothing in a real clinic' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER invented BEFORE INSERT ON reading_voice FOR EACH ROW EXECUTE FUNCTION sojourn_voice_invented();
"""


class Migration(migrations.Migration):
    dependencies = [("reading", "0003_voices"), ("audit", "0002_chain")]
    operations = [
        migrations.RunSQL(OF_THE_DEMO),
        migrations.RunSQL(INVENTED),
        Protect("Voice", append_only=True),
        Protect("VoiceText", delete=True),
        Protect("VoiceStep", append_only=True),
    ]
