from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect



class Migration(migrations.Migration):
    dependencies = [("safety", "0001_initial"), ("measures", "0002_protect"),]
    operations = [
        Protect("Flag", append_only=True),
        Protect("FlagAnswer", append_only=True),
    ]
