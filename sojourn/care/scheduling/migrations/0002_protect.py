from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

NO_OVERLAP = """
ALTER TABLE booking_appointment ADD CONSTRAINT one_patient_a_chair
  EXCLUDE USING gist (int8range(chair_id, chair_id, '[]') WITH &&, during WITH &&) WHERE (status = 'booked');
ALTER TABLE booking_appointment ADD CONSTRAINT one_appointment_a_patient
  EXCLUDE USING gist (int8range(patient_id, patient_id, '[]') WITH &&, during WITH &&) WHERE (status = 'booked');
ALTER TABLE booking_appointment ADD CONSTRAINT appointment_has_a_length
  CHECK (NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL);
"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial"), ("plan", "0002_protect"),]
    operations = [
        Protect("Chair", patient=None, own="clinic_id = sojourn_clinic()"),
        Protect("Appointment"),
        migrations.RunSQL(NO_OVERLAP, migrations.RunSQL.noop),
    ]
