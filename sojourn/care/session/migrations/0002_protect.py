from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("session", "0001_initial"), ("encounter", "0002_protect")]
    operations = [
        Protect("CheckResult", append_only=True),
        Protect("MedicationAdministration", append_only=True),
        Protect("DoseCheck", append_only=True),
        Protect("SessionEvent", append_only=True),
        Protect("Discharge", append_only=True),
        Protect("RecordSignature", append_only=True),
        Protect("Addendum", append_only=True),
    ]
