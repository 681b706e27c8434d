"""Whoever keeps a line open to a browser hears at once when the sign-in behind it has ended or changed. The database
says it, so that it is said whoever did it: a sign-out here or elsewhere, a changed password, another role, a command.
A notification carries a digest of the session's key and never the key, for anybody who may connect can listen."""

from __future__ import annotations

from django.db import migrations

TOLD = """
CREATE FUNCTION sojourn_tell_sign_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('sojourn_sign_in', 's:' || encode(sha256(convert_to(OLD.session_key, 'UTF8')), 'hex'));
  RETURN NULL;
END $$;
CREATE TRIGGER tell_sign_in AFTER UPDATE OR DELETE ON django_session
  FOR EACH ROW EXECUTE FUNCTION sojourn_tell_sign_in();

CREATE FUNCTION sojourn_tell_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('sojourn_sign_in', 'p:' || (to_jsonb(NEW) ->> TG_ARGV[0]));
  RETURN NULL;
END $$;
CREATE TRIGGER tell_role AFTER INSERT OR UPDATE ON accounts_membership
  FOR EACH ROW EXECUTE FUNCTION sojourn_tell_person('person_id');
CREATE TRIGGER tell_person AFTER UPDATE ON accounts_person FOR EACH ROW
  WHEN (OLD.password IS DISTINCT FROM NEW.password OR OLD.is_active IS DISTINCT FROM NEW.is_active)
  EXECUTE FUNCTION sojourn_tell_person('id');
"""
SILENT = """
DROP TRIGGER tell_sign_in ON django_session;
DROP TRIGGER tell_role ON accounts_membership;
DROP TRIGGER tell_person ON accounts_person;
DROP FUNCTION sojourn_tell_sign_in();
DROP FUNCTION sojourn_tell_person();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_lines_of_the_place"), ("sessions", "0001_initial")]
    operations = [migrations.RunSQL(TOLD, SILENT)]
