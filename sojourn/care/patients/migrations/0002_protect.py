from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect



class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("accounts", "0002_protect"),]
    operations = [
        Protect("Patient", patient="id", signals="SELECT (id, clinic_id, record_number)"),
        Protect("RelatedPerson"),
    ]
