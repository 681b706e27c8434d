"""What the library is asked for: articles and entries that match words, an entry by its id, who rests on it.

Words are looked for without accents and capitals, each of them somewhere. Studies are written in English; a reader of
Spanish finds one by what our Spanish articles say from it. Entries that a clinic brings in are found here as well, so
that a page never asks in two places.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache

from sojourn.clinical.rules import Rule
from sojourn.foundation.library.article import Article, Sentence, library
from sojourn.foundation.library.evidence import Entry, Study, entries
from sojourn.foundation.rulebook.load import released_rulebook

_TITLE, _SUMMARY, _TEXT = 9, 3, 1  # how much a word counts by where it stands


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of an article that rests on an entry."""

    article: Article
    sentence: Sentence


def folded(text: str) -> str:
    """A text without accents and capitals, so that "vejiga", "Vejiga" and "véjiga" are one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def articles(language: str) -> list[Article]:
    """Every article in a language, by title."""
    found = [languages[language] for languages in library().values() if language in languages]
    return sorted(found, key=lambda each: folded(each.title))


def article(slug: str, language: str) -> Article | None:
    return library().get(slug, {}).get(language)


# ---------------------------------------------------------------- words


def articles_that_match(words: str, language: str) -> list[Article]:
    """Articles in which every word stands, those that name it in their title first."""
    wanted = folded(words).split()
    ranked = [(_rank(each, wanted), each) for each in articles(language)]
    return [each for rank, each in sorted(ranked, key=lambda pair: -pair[0]) if rank]


def _rank(of: Article, wanted: list[str]) -> int:
    parts = _parts(of)
    if not wanted or not all(any(word in text for text in parts) for word in wanted):
        return 0
    return sum(weight for word in wanted for text, weight in parts.items() if word in text)


@cache
def _parts(of: Article) -> Mapping[str, int]:
    said = " ".join((*(each.heading for each in of.sections), *(each.text for each in of.sentences)))
    return {folded(said): _TEXT, folded(of.summary): _SUMMARY, folded(of.title): _TITLE}


def entries_that_match(words: str, language: str) -> list[Entry]:
    """Entries in which every word stands, or in a sentence of ours that rests on them: studies first, the newest first.
    All of them for no words."""
    wanted = folded(words).split()
    found = [each for each in entries().values() if all(word in _searched(each.id, language) for word in wanted)]
    return sorted(found, key=lambda each: (type(each) is not Study, _year(each)))


def _year(entry: Entry) -> int:
    year = getattr(entry, "year", "")[:4]
    return -int(year) if year.isdecimal() else 0


@cache
def _searched(entry_id: str, language: str) -> str:
    """Everything by which an entry is found in a language."""
    own = " ".join(str(part) for part in astuple(entries()[entry_id]))
    said = " ".join(each.sentence.text for each in citations(entry_id, language))
    return folded(f"{own} {said}")


# ---------------------------------------------------------------- one entry


def entry_by_id(entry_id: str) -> Entry | Rule | None:
    """An entry that ships, or a rule of the rulebook, which is evidence too."""
    return entries().get(entry_id) or released_rulebook().newest.get(entry_id)


def citations(entry_id: str, language: str) -> tuple[Citation, ...]:
    """Where our articles rest on an entry, in the order of their titles."""
    return _cited(language).get(entry_id, ())


@cache
def _cited(language: str) -> Mapping[str, tuple[Citation, ...]]:
    found: dict[str, list[Citation]] = {}
    for each in articles(language):
        for sentence in each.sentences:
            for entry_id in sentence.evidence:
                found.setdefault(entry_id, []).append(Citation(each, sentence))
    return {entry_id: tuple(cited) for entry_id, cited in found.items()}
