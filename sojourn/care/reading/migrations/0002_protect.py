from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect


class Migration(migrations.Migration):
    dependencies = [("reading", "0001_initial")]
    operations = [
        # What others asked is no patient's business; what is published the program shows them.
        Protect("ReaderQuestion", patient=None, append_only=True),
        Protect("ReaderAnswer", patient=None, append_only=True),
        Protect("Clarity", patient=None, append_only=True),
    ]
