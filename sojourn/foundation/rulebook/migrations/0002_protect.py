from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0001_initial"), ("accounts", "0002_protect")]
    operations = [
        # The monitoring processes judge with the clinic's own numbers, so they read what it adopted.
        Protect("RuleAdoption", patient=None, append_only=True, signals="SELECT"),
    ]
