from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# Whoever writes, the database says whether it is an invented example.
INVENTED = """
CREATE FUNCTION sojourn_voice_invented() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT person.demo INTO STRICT NEW.invented FROM accounts_membership member
    JOIN accounts_person person ON person.id = member.person_id WHERE member.id = NEW.writer_id;
  RETURN NEW;
END $$;
CREATE TRIGGER invented BEFORE INSERT ON reading_voice FOR EACH ROW EXECUTE FUNCTION sojourn_voice_invented();
"""


class Migration(migrations.Migration):
    dependencies = [("reading", "0003_voices")]
    operations = [
        migrations.RunSQL(INVENTED),
        Protect("Voice", append_only=True),
        Protect("VoiceText", delete=True),
        Protect("VoiceStep", append_only=True),
    ]
