from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect



class Migration(migrations.Migration):
    dependencies = [("plan", "0001_initial"), ("patients", "0002_protect"),]
    operations = [
        Protect("CarePlan"),
    ]
