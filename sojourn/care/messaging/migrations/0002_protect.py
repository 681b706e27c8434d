from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("patients", "0002_protect")]
    operations = [
        Protect("Communication", append_only=True),
        Protect("CommunicationMark", append_only=True),
    ]
