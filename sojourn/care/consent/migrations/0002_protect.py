from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial"), ("accounts", "0002_protect"), ("patients", "0002_protect")]
    operations = [
        # A patient reads which texts the clinic has adopted: they are what the patient signs.
        Protect("ConsentAdoption", patient=None, own="clinic_id = sojourn_clinic()", append_only=True),
        Protect("ConsentRequest", append_only=True),
        Protect("ConsentQuestion", append_only=True),
        Protect("ConsentReply", append_only=True),
        Protect("Consent", append_only=True),
        Protect("ConsentCountersignature", append_only=True),
        Protect("ConsentWithdrawal", append_only=True),
    ]
