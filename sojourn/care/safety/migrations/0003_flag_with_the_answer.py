from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together

# A completed questionnaire with a positive safety item never stands without its flag, whoever wrote it and
# however. Checked at the commit, since the flag needs the response first. Who asks may have changed by then, so
# the check looks as the row's own clinic, and gives the word back.
NEVER_WITHOUT_A_FLAG = """
CREATE FUNCTION sojourn_flag_with_the_answer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  clinic text := current_setting('sojourn.clinic', true);
  patient text := current_setting('sojourn.patient', true);
  flagged boolean;
BEGIN
  IF NEW.completed_at IS NULL OR NOT NEW.safety_positive THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('sojourn.clinic', NEW.clinic_id::text, true), set_config('sojourn.patient', '', true);
  flagged := EXISTS (SELECT FROM safety_flag f WHERE f.response_id = NEW.id);
  PERFORM set_config('sojourn.clinic', coalesce(clinic, ''), true),
          set_config('sojourn.patient', coalesce(patient, ''), true);
  IF NOT flagged THEN
    RAISE EXCEPTION 'a positive safety answer needs its flag: complete through sojourn.care.safety.actions'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER flag_with_the_answer AFTER INSERT OR UPDATE ON measures_questionnaireresponse
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sojourn_flag_with_the_answer();
"""


class Migration(migrations.Migration):
    dependencies = [("safety", "0002_protect")]
    operations = [Together(
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(fields=("response", "kind"), name="one_flag_a_response"),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["clinic", "-raised_at"], name="flag_newest"),
        ),
        migrations.AddIndex(
            model_name="flaganswer",
            index=models.Index(fields=["flag", "-id"], name="flag_answer_newest"),
        ),
        migrations.RunSQL(NEVER_WITHOUT_A_FLAG, migrations.RunSQL.noop),
    )]
