from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_initial"), ("accounts", "0002_protect")]
    operations = [Protect("Receipt", append_only=True)]
