import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from sojourn.foundation.accounts.scoping import Together

# A text is found as it is written and without its marks, so that "depresion" finds "depresión" (the server that comes with
# us has no unaccent); both, because Spanish is bent by accents: "respondió" leads to "respondieron", "respondio" to
# nothing. What is sought goes the same two ways. Bodies name the schema, because a restore
# computes generated columns with an empty search path.
WORDS = r"""
CREATE FUNCTION sojourn_unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(lower(normalize(words, NFKD)), U&'[\0300-\036F]', '', 'g')
$$;
CREATE FUNCTION sojourn_evidence_words(config regconfig, title text, result text, others text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector(config, title) || to_tsvector(config, public.sojourn_unaccented(title)), 'A')
    || setweight(to_tsvector(config, result) || to_tsvector(config, public.sojourn_unaccented(result)), 'B')
    || setweight(to_tsvector(config, others) || to_tsvector(config, public.sojourn_unaccented(others)), 'C')
$$;
""" + "".join(
    f"""
CREATE FUNCTION sojourn_evidence_{language}(title text, result text, who text, treatment text, compared_with text,
  design text, authors text, journal text, abstract text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT public.sojourn_evidence_words('pg_catalog.{language}', title, result,
    who || ' ' || treatment || ' ' || compared_with || ' ' || design || ' ' || authors || ' ' || journal || ' ' || abstract)
$$;
"""
    for language in ("english", "spanish")
)
FORGET = """
DROP FUNCTION sojourn_evidence_english(text, text, text, text, text, text, text, text, text);
DROP FUNCTION sojourn_evidence_spanish(text, text, text, text, text, text, text, text, text);
DROP FUNCTION sojourn_evidence_words(regconfig, text, text, text);
DROP FUNCTION sojourn_unaccented(text);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0006_sign_ins_are_told'),
    ]

    operations = [migrations.RunSQL(WORDS, FORGET), Together(
        migrations.CreateModel(
            name='EvidenceImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=8)),
                ('begun_at', models.DateTimeField()),
                ('begun_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='ImportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='library.evidenceimport')),
                ('number', models.PositiveIntegerField()),
                ('packed', models.BinaryField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('of', 'number'), name='import_part_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('of', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='progress', to='library.evidenceimport')),
                ('size', models.BigIntegerField()),
                ('place', models.BigIntegerField(default=0)),
                ('read', models.PositiveIntegerField(default=0)),
                ('taken', models.PositiveIntegerField(default=0)),
                ('known', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('retracted', models.PositiveIntegerField(default=0)),
                ('strings', models.JSONField(default=dict)),
                ('moved_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ImportNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='library.evidenceimport')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('refused', 'not taken'), ('known', 'already there'), ('retracted', 'retracted')], max_length=9)),
                ('code', models.CharField(max_length=20)),
                ('detail', models.CharField(max_length=300)),
            ],
            options={
                'indexes': [models.Index(fields=['of', 'kind', 'id'], name='import_note_of')],
            },
        ),
        migrations.CreateModel(
            name='EvidenceEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('first', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='library.evidenceentry')),
                ('title', models.TextField()),
                ('authors', models.TextField(blank=True)),
                ('year', models.CharField(blank=True, max_length=20)),
                ('journal', models.TextField(blank=True)),
                ('doi', models.CharField(blank=True, max_length=300)),
                ('pmid', models.CharField(blank=True, max_length=10)),
                ('key', models.CharField(blank=True, max_length=32)),
                ('design', models.TextField(blank=True)),
                ('people', models.TextField(blank=True)),
                ('who', models.TextField(blank=True)),
                ('treatment', models.TextField(blank=True)),
                ('compared_with', models.TextField(blank=True)),
                ('result_en', models.TextField(blank=True)),
                ('result_es', models.TextField(blank=True)),
                ('null', models.CharField(choices=[('yes', 'found no effect, or the contrary'), ('no', 'found an effect'), ('mixed', 'mixed'), ('unknown', 'not stated')], default='unknown', max_length=8)),
                ('money', models.TextField(blank=True)),
                ('how_checked', models.TextField(blank=True)),
                ('abstract', models.TextField(blank=True)),
                ('imported', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='library.evidenceimport')),
                ('written_at', models.DateTimeField()),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
                ('words_en', models.GeneratedField(db_persist=True, expression=models.Func('title', 'result_en', 'who', 'treatment', 'compared_with', 'design', 'authors', 'journal', 'abstract', function='sojourn_evidence_english', output_field=django.contrib.postgres.search.SearchVectorField()), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('words_es', models.GeneratedField(db_persist=True, expression=models.Func('title', 'result_es', 'who', 'treatment', 'compared_with', 'design', 'authors', 'journal', 'abstract', function='sojourn_evidence_spanish', output_field=django.contrib.postgres.search.SearchVectorField()), output_field=django.contrib.postgres.search.SearchVectorField())),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('doi', ''), _negated=True), fields=['clinic', 'doi'], name='evidence_doi'), models.Index(condition=models.Q(('pmid', ''), _negated=True), fields=['clinic', 'pmid'], name='evidence_pmid'), models.Index(condition=models.Q(('key', ''), _negated=True), fields=['clinic', 'key'], name='evidence_key'), django.contrib.postgres.indexes.GinIndex(fields=['words_en'], name='evidence_words_en'), django.contrib.postgres.indexes.GinIndex(fields=['words_es'], name='evidence_words_es')],
            },
        ),
        migrations.CreateModel(
            name='EvidenceDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('about', models.CharField(max_length=60)),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='library.evidenceentry')),
                ('kind', models.CharField(choices=[('approved', 'approved'), ('withdrawn', 'withdrawn by the clinic'), ('retracted', 'retracted by its journal')], max_length=9)),
                ('reason', models.TextField(blank=True)),
                ('review_by', models.DateField(null=True)),
                ('decided_at', models.DateTimeField()),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'about', '-id'], name='evidence_decided')],
            },
        ),
        migrations.CreateModel(
            name='ArticleHidden',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('slug', models.CharField(max_length=80)),
                ('hidden', models.BooleanField()),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'slug', '-id'], name='article_hidden')],
            },
        ),
        migrations.CreateModel(
            name='ClinicRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('slug', models.CharField(max_length=80)),
                ('language', models.CharField(choices=[('en', 'en'), ('es', 'es')], max_length=2)),
                ('text', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'slug', 'language', '-id'], name='rule_beside')],
            },
        ),
        migrations.CreateModel(
            name='ClinicArticle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('slug', models.CharField(max_length=80)),
                ('language', models.CharField(choices=[('en', 'en'), ('es', 'es')], max_length=2)),
                ('title', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'slug', 'language', '-id'], name='own_article')],
            },
        ),
        migrations.CreateModel(
            name='ArticleDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('slug', models.CharField(max_length=80)),
                ('language', models.CharField(choices=[('en', 'en'), ('es', 'es')], max_length=2)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='library.clinicarticle')),
                ('published', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('by_name', models.CharField(max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['clinic', 'slug', 'language', '-id'], name='own_article_decided')],
            },
        ),
    )]
