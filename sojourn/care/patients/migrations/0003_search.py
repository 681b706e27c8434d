from django.db import migrations, models

# One folding for what is stored and for what is sought: decomposed, marks removed, lower case, the few letters
# that do not decompose written out, apostrophes dropped, other joints turned to spaces. Bodies name the schema,
# because a restore computes generated columns with an empty search path.
FOLD = r"""
CREATE FUNCTION sojourn_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(
    translate(
      replace(replace(replace(replace(
        regexp_replace(lower(normalize(words, NFKD)), U&'[\0300-\036F]', '', 'g'),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
      U&'łøđðıħ-.,;/()_\2010\2011\2012\2013\2014''’‘`´ʼ',
      U&'loddih             '),
    '\s+', ' ', 'g'))
$$;
CREATE FUNCTION sojourn_name_key(family text, given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT ' ' || public.sojourn_fold(family || ' ' || given) || ' ' $$;
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_protect")]
    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION sojourn_name_key(text, text); DROP FUNCTION sojourn_fold(text)"),
        migrations.AddField(
            model_name="patient",
            name="search_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    "family_name", "given_name", function="sojourn_name_key", output_field=models.TextField()
                ),
                output_field=models.TextField(),
            ),
        ),
    ]
