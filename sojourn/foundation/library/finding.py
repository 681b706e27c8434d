"""What readers are shown of the library: what ships, and of the clinic whose library they read what it adds and hides.

Whoever asks decides which clinic that is: its staff, its patient, or who follows its link (reader.py). Outside of any
clinic it is what ships. Words are looked for in articles without accents and capitals, each of them somewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from sojourn.clinical.rules import Rule
from sojourn.foundation.library import queries
from sojourn.foundation.library.article import LANGUAGES, Article, Sentence, library, order
from sojourn.foundation.library.evidence import Entry, Study, entries
from sojourn.foundation.library.models import ClinicRule, EvidenceDecision
from sojourn.foundation.library.pictures import hundreds, steps
from sojourn.foundation.library.queries import ClinicEntry
from sojourn.foundation.rulebook.load import released_rulebook

_TITLE, _SUMMARY, _TEXT = 9, 3, 1  # how much a word counts by where it stands
_MOST = 1000

AnyEntry = Entry | Rule | ClinicEntry


def folded(text: str) -> str:
    """A text without accents and capitals, so that "vejiga", "Vejiga" and "véjiga" are one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


# ---------------------------------------------------------------- articles


def articles(language: str) -> list[Article]:
    """Every article in a language: ours that the clinic does not hide, in their order, then its own by title. Two
    queries."""
    hidden = queries.hidden()
    ours = {slug: each[language] for slug, each in library().items() if language in each and slug not in hidden}
    own = {each.slug: each for each in queries.own_articles(language)}
    places = {slug: place for place, slug in enumerate(order())}
    return sorted((ours | own).values(), key=lambda each: (places.get(each.slug, len(places)), folded(each.title)))


def article(slug: str, language: str) -> Article | None:
    """One of them. At most two queries."""
    own = queries.own_article(slug, language)
    if own is not None:
        return own
    ours = library().get(slug, {}).get(language)
    return ours if ours is not None and slug not in queries.hidden() else None


def languages_of(slug: str) -> list[str]:
    """The languages in which an article is there to be read. At most four queries."""
    return [each for each in LANGUAGES if article(slug, each) is not None]


def is_ours(found: Article) -> bool:
    """Whether an article ships; else the clinic has written it."""
    return library().get(found.slug, {}).get(found.language) is found


@dataclass(frozen=True, slots=True)
class Reading:
    """An article with all that its page tells: what holds in the clinic beside it, the entries that it rests on, and
    which of these do not stand any more."""

    article: Article
    ours: bool
    rule: ClinicRule | None
    rests_on: Mapping[str, AnyEntry]
    gone: Mapping[str, EvidenceDecision]


def reading(slug: str, language: str) -> Reading | None:
    """An article as its page shows it, None where whoever asks is not shown it. At most five queries."""
    found = article(slug, language)
    if found is None:
        return None
    ours = is_ours(found)
    rule = queries.beside_for_readers(slug, language) if ours else None
    theirs = queries.of_the_clinic(found.evidence)
    rests_on = {id_: entry for id_ in found.evidence if (entry := theirs.get(id_) or _that_ships(id_)) is not None}
    return Reading(found, ours, rule, rests_on, queries.retracted({*found.evidence, *_drawn_from(found)}))


def _drawn_from(found: Article) -> Iterator[str]:
    """The entries that its pictures rest on."""
    for figure in (each for section in found.sections for each in section.figures):
        if figure.shows == "hundred":
            yield from (row.id for row in hundreds()[figure.name].rows)
        else:
            yield from (entry_id for step in steps()[figure.name].steps for entry_id in step.evidence)


# ---------------------------------------------------------------- words


def articles_that_match(words: str, language: str) -> list[Article]:
    """Articles in which every word stands, those that name it in their title first. Two queries."""
    # From the beginning of a word: "ECT" is no part of an injection.
    wanted = [re.compile(rf"\b{re.escape(each)}") for each in folded(words).split()]
    if not wanted:
        return []
    ranked = [(_rank(_parts(each), wanted), each) for each in articles(language)]
    return [each for rank, each in sorted(ranked, key=lambda pair: -pair[0]) if rank]


def _rank(parts: Mapping[str, int], wanted: Iterable[re.Pattern[str]]) -> int:
    """How much each word counts by where it stands; 0 where one of them stands nowhere."""
    counts = [sum(weight for text, weight in parts.items() if word.search(text)) for word in wanted]
    return sum(counts) if all(counts) else 0


def _parts(of: Article) -> Mapping[str, int]:
    return _our_parts(of.slug, of.language) if is_ours(of) else _parts_of(of)


@cache
def _our_parts(slug: str, language: str) -> Mapping[str, int]:
    return _parts_of(library()[slug][language])


def _parts_of(of: Article) -> Mapping[str, int]:
    said = " ".join((*(each.heading for each in of.sections), *(each.text for each in of.sentences)))
    return {folded(said): _TEXT, folded(of.summary): _SUMMARY, folded(of.title): _TITLE}


@dataclass(frozen=True, slots=True)
class Found:
    """Entries that match, the best first; ``gone``: which of those that are shown at once do not stand any more."""

    entries: tuple[Entry | ClinicEntry, ...]
    gone: Mapping[str, EvidenceDecision]


def entries_that_match(words: str, language: str, at_once: int) -> Found:
    """The clinic's approved entries and ours in one answer (queries.matching). For no words all of them: the clinic's
    first, then studies, the newest first. At most three queries."""
    if words.strip():
        found = tuple(each.found for each in queries.matching(words, language, limit=_MOST))
    else:
        ours = sorted(entries().values(), key=lambda each: (type(each) is not Study, _year(each)))
        found = (*queries.approved(), *ours)
    return Found(found, queries.retracted(each.id for each in found[:at_once]))


def _year(entry: Entry) -> int:
    year = getattr(entry, "year", "")[:4]
    return -int(year) if year.isdecimal() else 0


# ---------------------------------------------------------------- one entry


def entry_by_id(entry_id: str) -> AnyEntry | None:
    """An entry that ships, a rule of the rulebook, which is evidence too, or one of the clinic's that was approved
    once. At most one query."""
    return _that_ships(entry_id) or queries.of_the_clinic([entry_id]).get(entry_id)


def _that_ships(entry_id: str) -> Entry | Rule | None:
    return entries().get(entry_id) or released_rulebook().newest.get(entry_id)


def gone(entry_id: str) -> EvidenceDecision | None:
    """The decision by which an entry does not stand any more, None where it stands. One query."""
    return queries.retracted([entry_id]).get(entry_id)


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of an article that rests on an entry."""

    article: Article
    sentence: Sentence


def citations(entry_id: str, language: str) -> tuple[Citation, ...]:
    """Where articles that are shown rest on an entry, in the order of their titles. Two queries."""
    return tuple(Citation(each, sentence) for each in articles(language) for sentence in each.resting_on(entry_id))
