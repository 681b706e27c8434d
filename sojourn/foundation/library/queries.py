"""The library as a clinic has it: its evidence beside ours, what it hides, its own articles, its rules beside ours.

Everything here may be asked by staff, by a patient of the clinic, and by a stranger as ``reader`` of it; readers
see what was approved and published. Outside of any clinic there is only what ships.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from sojourn.foundation.library import evidence
from sojourn.foundation.library.article import Article, library, parse
from sojourn.foundation.library.evidence import Entry, Practice, Study
from sojourn.foundation.library.models import (
    OF_THE_CLINIC,
    ArticleDecision,
    ArticleHidden,
    ClinicArticle,
    ClinicRule,
    DecisionKind,
    EvidenceDecision,
    EvidenceEntry,
    EvidenceImport,
    ImportNote,
    ImportProgress,
    NoteKind,
)
from sojourn.foundation.scope import clinic_rows, one_row

_LONGEST_SOUGHT: Final = 200
_UNSHOWN: Final = ("version__abstract", "version__words_en", "version__words_es")  # long, and no reader sees them
_CONFIGURATIONS: Final[Mapping[str, str]] = {"en": "english", "es": "spanish"}


# ---------------------------------------------------------------- evidence


@dataclass(frozen=True, slots=True)
class ClinicEntry:
    """An entry of the clinic in one version, and what was decided about it last. ``approved``: the decision that
    readers rely on, None where that version was never approved."""

    entry: EvidenceEntry
    decision: EvidenceDecision | None

    @property
    def id(self) -> str:
        return self.entry.called

    @property
    def state(self) -> str:
        """ "proposed", or the kind of the newest decision where it is about this version or about all of them."""
        if self.decision is None:
            return "proposed"
        if self.decision.kind == DecisionKind.APPROVED and self.decision.version_id != self.entry.pk:
            return "proposed"
        return self.decision.kind

    def overdue(self, today: date) -> bool:
        return self.decision is not None and self.decision.review_by is not None and self.decision.review_by < today


@dataclass(frozen=True, slots=True)
class Match:
    """What was found: an entry of the clinic, or one that ships. ``rank``: the higher, the better."""

    id: str
    rank: float
    found: ClinicEntry | Entry


def matching(text: str, language: str, limit: int = 50) -> list[Match]:
    """The entries that match, the clinic's approved ones and those that ship in one answer, the best first. Words are
    sought as the language bends them, without accents; "…" holds words together, - leaves a word out. Two queries."""
    text = text.replace("\x00", " ").strip()[:_LONGEST_SOUGHT]
    if not text:
        return []
    found = [*_of_the_clinic(text, language, limit), *_shipped(text, language)]
    return sorted(found, key=lambda each: (-each.rank, each.id))[:limit]


def _sought(text: str, language: str) -> SearchQuery:
    """What is sought as it was typed, or without accents."""
    told, config = Value(text, output_field=TextField()), _CONFIGURATIONS[language]
    plain = Func(told, function="sojourn_unaccented", output_field=TextField())
    typed, folded = (SearchQuery(each, config=config, search_type="websearch") for each in (told, plain))
    return typed | folded


def _of_the_clinic(text: str, language: str, limit: int) -> list[Match]:
    words, sought = f"words_{language}", _sought(text, language)
    decided = _newest_decisions().exclude(kind=DecisionKind.WITHDRAWN).exclude(version=None)
    rows = (
        decided.select_related("version")
        .defer(*_UNSHOWN)
        .annotate(rank=SearchRank(F(f"version__{words}"), sought))
        .filter(**{f"version__{words}": sought})
        .order_by("-rank", "about")[:limit]
    )
    return [Match(each.about, each.rank, ClinicEntry(each.version, each)) for each in rows if each.version]


_SHIPPED: Final = """
SELECT id, ts_rank(words, sought) FROM (
  SELECT id, sojourn_evidence_words(%(config)s::regconfig, title, result, others) AS words,
         websearch_to_tsquery(%(config)s::regconfig, %(text)s)
           || websearch_to_tsquery(%(config)s::regconfig, sojourn_unaccented(%(text)s)) AS sought
  FROM unnest(%(ids)s::text[], %(titles)s::text[], %(results)s::text[], %(others)s::text[])
    AS entry (id, title, result, others)) AS entries
WHERE words @@ sought
"""


def _shipped(text: str, language: str) -> list[Match]:
    """The same words, bent and ranked by the same functions, over what ships: a few hundred lines, handed over."""
    ids, titles, results, others = _texts(language)
    with connection.cursor() as cursor:
        cursor.execute(
            _SHIPPED,
            {
                "config": _CONFIGURATIONS[language], "text": text, "ids": ids, "titles": titles, "results": results,
                "others": others,
            },
        )  # fmt: skip
        known = evidence.entries()
        return [Match(id_, rank, known[id_]) for id_, rank in cursor.fetchall()]


@cache
def _texts(language: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """What ships, as four lists: ids, titles, results, other words. Studies are written in English: a reader of Spanish
    finds one by what our Spanish articles say from it as well."""
    said = dict[str, list[str]]()
    for article in (each[language] for each in library().values() if language in each):
        for sentence in article.sentences:
            for entry_id in sentence.evidence:
                said.setdefault(entry_id, []).append(sentence.text)
    rows = [(each.id, *_text(each, language)) for each in evidence.entries().values()]
    ids, titles, results, others = (list(column) for column in zip(*rows, strict=True))
    return ids, titles, results, [" ".join((told, *said.get(id_, ()))) for id_, told in zip(ids, others, strict=True)]


def _text(entry: Entry, language: str) -> tuple[str, str, str]:
    if isinstance(entry, Study):
        result = entry.result.get(language) or entry.result["en"]
        others = (entry.authors, entry.year, entry.journal, entry.design, entry.who, entry.treatment,
                  entry.compared_with, *entry.topics)  # fmt: skip
        return entry.title, result, " ".join(others)
    if isinstance(entry, Practice):
        says = entry.says.get(language) or entry.says["en"]
        return (
            entry.topic,
            f"{says} {entry.figure}",
            " ".join((entry.treatment, entry.when, entry.limits, entry.source)),
        )
    others = (entry.year, entry.citation, entry.design, entry.arm, entry.when, entry.note)
    return f"{entry.study} {entry.measure}", entry.metric, " ".join(others)


def _newest_decisions() -> QuerySet[EvidenceDecision]:
    """Of each entry that something was decided about, the newest decision."""
    newest = clinic_rows(EvidenceDecision).filter(about=OuterRef("about")).order_by("-id").values("pk")[:1]
    return clinic_rows(EvidenceDecision).filter(pk=Subquery(newest))


def entry(id_: str) -> ClinicEntry | Entry | None:
    """The entry of that name as readers see it: one that ships, or one of the clinic's that was approved once (and may
    have been withdrawn or retracted since: its decision says so). At most one query."""
    if (shipped := evidence.entries().get(id_)) is not None:
        return shipped
    return of_the_clinic([id_]).get(id_)


def of_the_clinic(ids: Iterable[str]) -> Mapping[str, ClinicEntry]:
    """Of these entries those of the clinic that were approved once. One query, none where no name is one of theirs."""
    theirs = [each for each in ids if each.startswith(OF_THE_CLINIC)]
    if not theirs:
        return {}
    versions = clinic_rows(EvidenceDecision).filter(about=OuterRef("about")).exclude(version=None)
    newest = clinic_rows(EvidenceDecision).filter(
        about__in=theirs, pk=Subquery(versions.order_by("-id").values("pk")[:1])
    )
    rows = newest.select_related("version").defer(*_UNSHOWN)
    return {each.about: ClinicEntry(each.version, each) for each in rows if each.version is not None}


def approved() -> list[ClinicEntry]:
    """The clinic's entries that readers may rely on, the newest first. One query."""
    rows = _newest_decisions().filter(kind=DecisionKind.APPROVED).select_related("version").defer(*_UNSHOWN)
    return [ClinicEntry(each.version, each) for each in rows.order_by("-id") if each.version is not None]


def retracted(ids: Iterable[str]) -> Mapping[str, EvidenceDecision]:
    """Of these entries those that do not stand any more, retracted or withdrawn, each with who decided it when and why:
    for every page that cites them. One query."""
    found = _newest_decisions().filter(about__in=list(ids)).exclude(kind=DecisionKind.APPROVED)
    return {each.about: each for each in found}


def approved_ids() -> frozenset[str]:
    """What an article of the clinic may cite beside what ships. One query."""
    return frozenset(_newest_decisions().filter(kind=DecisionKind.APPROVED).values_list("about", flat=True))


# ---------------------------------------------------------------- evidence, for its editor

STATES: Final = ("proposed", *DecisionKind.values)


def entries_in(state: str, text: str = "", language: str = "en", limit: int = 100) -> list[ClinicEntry]:
    """The clinic's entries in a state, each in its newest version; those that match best first, or the newest. Two
    queries."""
    later = clinic_rows(EvidenceEntry).filter(
        first_id=Coalesce(OuterRef("first_id"), OuterRef("pk")), pk__gt=OuterRef("pk")
    )
    rows = clinic_rows(EvidenceEntry).filter(~Exists(later)).defer("abstract", "words_en", "words_es")
    rows = rows.annotate(kind=Subquery(_decided("kind")), decided=Subquery(_decided("version_id")))
    if state == "proposed":
        rows = rows.filter(kind=None) | rows.filter(kind=DecisionKind.APPROVED).exclude(decided=F("pk"))
    elif state == DecisionKind.APPROVED:
        rows = rows.filter(kind=state, decided=F("pk"))
    else:
        rows = rows.filter(kind=state)
    if text := text.replace("\x00", " ").strip()[:_LONGEST_SOUGHT]:
        sought = _sought(text, language)
        rows = rows.annotate(rank=SearchRank(F(f"words_{language}"), sought)).filter(**{f"words_{language}": sought})
    found = list(rows.order_by(*(("-rank",) if text else ()), "-id")[:limit])
    decided = newest_decisions(each.called for each in found)
    return [ClinicEntry(each, decided.get(each.called)) for each in found]


def _decided(column: str) -> QuerySet[EvidenceDecision, Any]:
    """One column of the newest decision about the outer entry."""
    called = Func(
        Value(OF_THE_CLINIC), Coalesce(OuterRef("first_id"), OuterRef("pk")), function="concat",
        output_field=TextField(),
    )  # fmt: skip
    about = clinic_rows(EvidenceDecision).filter(about=called).order_by("-id")
    newest: QuerySet[EvidenceDecision, Any] = about.values(column)[:1]
    return newest


def history(number: int) -> tuple[list[EvidenceEntry], list[EvidenceDecision]]:
    """The versions of an entry of the clinic and the decisions about it, each newest first. Two queries. Raises
    EvidenceEntry.DoesNotExist."""
    versions = list(clinic_rows(EvidenceEntry).filter(Q(pk=number, first=None) | Q(first_id=number)).order_by("-id"))
    if not versions:
        raise EvidenceEntry.DoesNotExist
    return versions, list(clinic_rows(EvidenceDecision).filter(about=versions[0].called).order_by("-id"))


def newest_version(number: int) -> EvidenceEntry:
    """One query. Raises EvidenceEntry.DoesNotExist."""
    return history(number)[0][0]


def newest_decision(about: str) -> EvidenceDecision | None:
    """One query."""
    return clinic_rows(EvidenceDecision).filter(about=about).order_by("-id").first()


def newest_decisions(about: Iterable[str]) -> Mapping[str, EvidenceDecision]:
    """Of these entries the newest decision each. One query."""
    return {each.about: each for each in _newest_decisions().filter(about__in=list(about))}


# ---------------------------------------------------------------- files


def imports(limit: int = 30) -> list[EvidenceImport]:
    """The files that were handed over, newest first, with how far they have come. One query."""
    return list(clinic_rows(EvidenceImport).select_related("progress").order_by("-id")[:limit])


def notes(of: EvidenceImport, kind: NoteKind, after: int = 0, limit: int = 100) -> list[ImportNote]:
    """What there is to say of a file's records, by kind, in the order of the file. One query."""
    return list(clinic_rows(ImportNote).filter(of=of, kind=kind, pk__gt=after).order_by("pk")[:limit])


def progress(import_id: int) -> ImportProgress:
    """One query. Raises ImportProgress.DoesNotExist."""
    return clinic_rows(ImportProgress).select_related("of").get(of_id=import_id)


# ---------------------------------------------------------------- articles


def hidden() -> frozenset[str]:
    """The slugs of our articles that the clinic of whoever asks does not show. One query."""
    newest = clinic_rows(ArticleHidden).filter(slug=OuterRef("slug")).order_by("-id").values("pk")[:1]
    rows = clinic_rows(ArticleHidden).filter(pk=Subquery(newest), hidden=True)
    return frozenset(rows.values_list("slug", flat=True))


def hiding(slug: str) -> ArticleHidden | None:
    """The newest decision whether one of our articles is shown. One query."""
    return clinic_rows(ArticleHidden).filter(slug=slug).order_by("-id").first()


def own_articles(language: str) -> list[Article]:
    """The clinic's own articles that are published in a language, as the reader's pages show ours. One query."""
    rows = _newest_article_decisions().filter(published=True, language=language).select_related("version")
    return [parse(each.version.body, each.slug, language) for each in rows.order_by("version__title")]


def own_article(slug: str, language: str) -> Article | None:
    """One of them. One query."""
    rows = _newest_article_decisions().filter(published=True, language=language, slug=slug).select_related("version")
    found = rows.first()
    return parse(found.version.body, slug, language) if found is not None else None


def _newest_article_decisions() -> QuerySet[ArticleDecision]:
    newest = (
        clinic_rows(ArticleDecision)
        .filter(slug=OuterRef("slug"), language=OuterRef("language"))
        .order_by("-id")
        .values("pk")[:1]
    )
    return clinic_rows(ArticleDecision).filter(pk=Subquery(newest))


@dataclass(frozen=True, slots=True)
class OwnArticle:
    """An article of the clinic's own in one language: its newest version, and the version that readers see."""

    newest: ClinicArticle
    published: ArticleDecision | None

    @property
    def state(self) -> str:
        """ "draft", "published", or "changed": readers still see an earlier version."""
        if self.published is None:
            return "draft"
        return "published" if self.published.version_id == self.newest.pk else "changed"


def own_for_editor() -> list[OwnArticle]:
    """Two queries."""
    newest = (
        clinic_rows(ClinicArticle)
        .filter(slug=OuterRef("slug"), language=OuterRef("language"))
        .order_by("-id")
        .values("pk")[:1]
    )
    shown = {(each.slug, each.language): each for each in _newest_article_decisions().filter(published=True)}
    rows = clinic_rows(ClinicArticle).filter(pk=Subquery(newest)).defer("body").order_by("slug", "language")
    return [OwnArticle(each, shown.get((each.slug, each.language))) for each in rows]


def own_newest(slug: str, language: str) -> ClinicArticle | None:
    """The newest version of an article of the clinic's own. One query."""
    return clinic_rows(ClinicArticle).filter(slug=slug, language=language).order_by("-id").first()


def own_version(article_id: int) -> OwnArticle:
    """The newest version of the article of which this is one. Three queries. Raises ClinicArticle.DoesNotExist."""
    asked = one_row(ClinicArticle, article_id).get()
    newest = own_newest(asked.slug, asked.language) or asked
    decided = _newest_article_decisions().filter(slug=asked.slug, language=asked.language, published=True).first()
    return OwnArticle(newest, decided)


def beside(slug: str, language: str) -> ClinicRule | None:
    """What holds in the clinic beside one of our articles, None where it says nothing. One query."""
    newest = clinic_rows(ClinicRule).filter(slug=slug, language=language).order_by("-id").first()
    return newest if newest is not None and newest.text else None


def beside_for_readers(slug: str, language: str) -> ClinicRule | None:
    """The same as a reader sees it: where the clinic wrote it in the other language only, that. One query."""
    newest = clinic_rows(ClinicRule).filter(slug=slug, language=OuterRef("language")).order_by("-id").values("pk")[:1]
    rows = clinic_rows(ClinicRule).filter(slug=slug, pk=Subquery(newest)).exclude(text="")
    return min(rows, key=lambda each: each.language != language, default=None)


def rules_beside() -> Mapping[tuple[str, str], ClinicRule]:
    """All of them, by slug and language. One query."""
    newest = (
        clinic_rows(ClinicRule)
        .filter(slug=OuterRef("slug"), language=OuterRef("language"))
        .order_by("-id")
        .values("pk")[:1]
    )
    rows = clinic_rows(ClinicRule).filter(pk=Subquery(newest)).exclude(text="")
    return {(each.slug, each.language): each for each in rows}


def ours() -> Mapping[str, Mapping[str, Article]]:
    """The articles that ship, by slug and language."""
    return library()
