from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_protect")]
    operations = [Together(
        migrations.AddField("breakglass", "opener_name", models.CharField(default="", max_length=200), preserve_default=False),
        migrations.AddField("breakglass", "opener_role", models.CharField(default="", max_length=24), preserve_default=False),
    )]
