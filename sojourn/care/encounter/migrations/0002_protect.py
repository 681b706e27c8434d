from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("encounter", "0001_initial")]
    operations = [
        Protect("Encounter", signals="SELECT"),
        Protect("SessionState", append_only=True, signals="SELECT"),
    ]
