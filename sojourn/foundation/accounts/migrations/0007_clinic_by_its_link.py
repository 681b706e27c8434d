"""A clinic's link into the library names it: whoever follows it reads the clinic's own row, and of no other clinic."""

from __future__ import annotations

from django.db import migrations

NAMED = """
CREATE POLICY named_by_its_link ON accounts_clinic FOR SELECT TO sojourn_app
  USING (slug = nullif(current_setting('sojourn.named', true), ''));
"""
UNNAMED = "DROP POLICY named_by_its_link ON accounts_clinic;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_sign_ins_are_told")]
    operations = [migrations.RunSQL(NAMED, UNNAMED)]
