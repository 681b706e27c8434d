from django.db import migrations

from sojourn.foundation.accounts.scoping import FUNCTIONS, Protect



class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ]
    operations = [
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        Protect("Membership", patient=None, own="person_id = sojourn_person() OR patient_id = sojourn_patient()"),
        Protect(
            "Clinic",
            patient=None,
            own="id = sojourn_clinic() OR EXISTS (SELECT FROM accounts_membership m"
            " WHERE m.clinic_id = accounts_clinic.id AND m.person_id = sojourn_person())",
            signals="SELECT",
        ),
        Protect("Invitation", patient=None, own="token_hash = sojourn_token()"),
        Protect("BreakGlass", append_only=True),
    ]
