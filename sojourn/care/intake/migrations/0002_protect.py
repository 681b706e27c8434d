from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial"), ("patients", "0002_protect")]
    operations = [
        Protect("IntakeAnswer", append_only=True),
        Protect("MedicationStatement", append_only=True),
        Protect("AllergyIntolerance", append_only=True),
        Protect("PreviousTreatment", append_only=True),
        Protect("Goal", append_only=True),
        Protect("Concern", append_only=True),
        Protect("IntakeSubmission", append_only=True),
        Protect("ClinicalFact", append_only=True),
    ]
