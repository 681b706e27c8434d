from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# Whoever follows a clinic's link is in no clinic: the word of the address opens the row of that one clinic and, through
# sojourn_library(), what its readers see (foundation/library/reader.py). A row of any other table stays shut.
LINK = """
CREATE POLICY by_its_link ON accounts_clinic FOR SELECT TO sojourn_app USING (sojourn_token() = 'library:' || slug);
CREATE FUNCTION sojourn_library() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(sojourn_clinic(), (SELECT id FROM accounts_clinic WHERE sojourn_token() = 'library:' || slug))
$$;
"""
UNLINK = """
DROP FUNCTION sojourn_library();
DROP POLICY by_its_link ON accounts_clinic;
"""
# What readers see: a patient of the clinic, and who follows its link. An entry or an article shows where an editor
# approved or published that version once.
HERE = "clinic_id = (SELECT sojourn_library())"
APPROVED = f"""{HERE} AND EXISTS (SELECT FROM library_evidencedecision d
  WHERE d.version_id = library_evidenceentry.id AND d.kind = 'approved')"""
PUBLISHED = f"""{HERE} AND EXISTS (SELECT FROM library_articledecision d
  WHERE d.version_id = library_clinicarticle.id AND d.published)"""


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial"), ("accounts", "0002_protect")]
    operations = [
        migrations.RunSQL(LINK, UNLINK),
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
    ]
