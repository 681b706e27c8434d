from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# What readers see: a patient of the clinic, and who follows its link (foundation/library/reader.py), who is no patient at all.
# An entry or an article shows where an editor approved or published that version once.
HERE = "clinic_id = sojourn_clinic()"
APPROVED = f"""{HERE} AND EXISTS (SELECT FROM library_evidencedecision d
  WHERE d.version_id = library_evidenceentry.id AND d.kind = 'approved')"""
PUBLISHED = f"""{HERE} AND EXISTS (SELECT FROM library_articledecision d
  WHERE d.version_id = library_clinicarticle.id AND d.published)"""
# Whoever follows a clinic's link learns which clinic that is, by the word of the address, and nothing of any other.
BY_LINK = """
CREATE POLICY by_its_link ON accounts_clinic FOR SELECT TO sojourn_app USING (sojourn_token() = 'library:' || slug)
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial"), ("accounts", "0002_protect")]
    operations = [
        Protect("EvidenceImport", patient=None, append_only=True),
        Protect("ImportPart", patient=None, delete=True),
        Protect("ImportProgress", patient=None),
        Protect("ImportNote", patient=None, append_only=True),
        Protect("EvidenceEntry", patient=None, own=APPROVED, append_only=True),
        Protect("EvidenceDecision", patient=None, own=HERE, append_only=True),
        Protect("ArticleHidden", patient=None, own=HERE, append_only=True),
        Protect("ClinicRule", patient=None, own=HERE, append_only=True),
        Protect("ClinicArticle", patient=None, own=PUBLISHED, append_only=True),
        Protect("ArticleDecision", patient=None, own=HERE, append_only=True),
        migrations.RunSQL(BY_LINK, "DROP POLICY by_its_link ON accounts_clinic"),
    ]
