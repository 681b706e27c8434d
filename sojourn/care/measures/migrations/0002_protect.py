from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

FROZEN = """
CREATE FUNCTION sojourn_frozen_when_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.completed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a completed questionnaire is not changed: answer it again'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON measures_questionnaireresponse
  FOR EACH ROW EXECUTE FUNCTION sojourn_frozen_when_completed();
"""


class Migration(migrations.Migration):
    dependencies = [("measures", "0001_initial"), ("patients", "0002_protect"),]
    operations = [
        Protect("MeasureRequest"),
        Protect("QuestionnaireResponse"),
        Protect("Answer", append_only=True),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]
