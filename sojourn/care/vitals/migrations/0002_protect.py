from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("vitals", "0001_initial"), ("encounter", "0002_protect")]
    operations = [
        Protect("Device", patient=None, signals="SELECT, UPDATE (last_seen_at, clock_skew_s)"),
        Protect("DeviceAssociation", signals="SELECT"),
        Protect("InboundMessage", patient=None, append_only=True, signals="SELECT, INSERT"),
        Protect("Observation", append_only=True, signals="SELECT, INSERT", unbound=("patient_id", "clinic_id")),
    ]
