from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

SAME_CLINIC = """
ALTER TABLE measures_measurerequest ADD CONSTRAINT measures_measurerequest_sitting_id_same_clinic
  FOREIGN KEY (clinic_id, sitting_id) REFERENCES measures_sitting(clinic_id, id);
ALTER TABLE measures_questionnaireresponse ADD CONSTRAINT measures_questionnaireresponse_entered_by_id_same_clinic
  FOREIGN KEY (clinic_id, entered_by_id) REFERENCES accounts_membership(clinic_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [("measures", "0003_the_whole_set"), ("patients", "0002_protect"), ("accounts", "0002_protect")]
    operations = [
        # A patient sees what the clinic asks in its own words, and loads nothing.
        Protect("OwnScale", patient=None, own="clinic_id = sojourn_clinic()", append_only=True),
        Protect("Sitting", append_only=True),
        migrations.RunSQL(SAME_CLINIC, migrations.RunSQL.noop),
    ]
