"""The check of the library: whether every article can be trusted as far as a program can tell.

It finds what has no source, which number stands in no source that is named, what is too hard to read, what one language
says and the other does not, what was not looked at in time, and phrases that promise. It cannot find what is wrong in a
sentence that names a source: that is the editor's. What it says and what to do about it: ``faults.py``.

A day that comes makes a review overdue or a law lapse. Readers are told so on the page at once, and the check names it
at once; but it fails a build only after ``GRACE``, so that no release of something else waits for a reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sojourn.clinical.rules import Rule
from sojourn.foundation.library import article as articles
from sojourn.foundation.library import numbers, reading_level
from sojourn.foundation.library.article import LANGUAGES, Article, ArticleInvalid, Section, Sentence
from sojourn.foundation.library.evidence import Entry, Outcome, entries
from sojourn.foundation.library.faults import Finding
from sojourn.foundation.library.pictures import hundreds, steps
from sojourn.foundation.library.tables_check import of_pictures, of_tables, of_the_law
from sojourn.foundation.rulebook.load import released_rulebook

LONGEST_UNTIL_REVIEW: Final = timedelta(days=366)
GRACE: Final = timedelta(days=60)
TOPICS: Final = ("J01", "J02", "J03", "J04", "J05", "J06", "J07", "J08")

# What may not be said, as it may not. A number within the sentence answers the first.
_NUMBER = re.compile(r"\d")
_VAGUE: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(rare|rarely|uncommon|very few|most people|many studies)\b", re.I),
    "es": re.compile(
        r"\b(rar[oa]s?|raramente|rara vez|poco frecuentes?|muy poc[oa]s|la mayoría|muchos estudios)\b", re.I
    ),
}
_PROMISES: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(cures?|cured|miracles?|miraculous|guarantee[sd]?|breakthrough|game.changer|risk.free|no risks?|proven|"
        r"(?:is|are|completely|perfectly|very|totally) safe(?! (?:for|enough|to|with|when|if|only)\b))(?!\w)",
        re.I,
    ),
    "es": re.compile(
        r"\b(cura|curan|curarse|milagros?|milagros[oa]s?|garantiza[nr]?|garantizad[oa]s?|revolucionari[oa]s?|"
        r"sin riesgos?|(?:es|son|muy|totalmente|completamente) segur[oa]s?(?! (?:para|si|cuando|con|de|que)\b))(?!\w)",
        re.I,
    ),
}
# "No cure", "there are no miracles" promises nothing; "we know of no study that found it" claims nothing.
_DENIED: Final = re.compile(
    r"\b(not|no|never|nobody|nothing|cannot|isn't|doesn't|nunca|nadie|nada|ni|ningun[oa]?|ningún)\b", re.I
)
# Who found, and that they found: whoever says so must name it. "What trials found" only announces it.
_CLAIMS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?<!what )(?<!whatever )(?<!whatever the )(?<!what the )"
        r"\b(?:stud(?:y|ies)|trials?|research(?:ers)?|reviews?|experts?|scientists?|guidelines?|label|leaflet|survey)\b"
        r"(?:(?!\b(?:that|which|who)\b)[^.?!:])*"
        r"\b(?:found|finds?|show(?:s|ed|n)?|suggest(?:s|ed)?|report(?:s|ed)?|saw|says?|said|warn(?:s|ed)?|advis\w+)\b",
        re.I,
    ),
    "es": re.compile(
        r"(?<!lo que )(?<!lo que el )(?<!lo que los )(?<!diga el )"
        r"\b(?:estudios?|ensayos?|investigaci[oó]n\w*|investigador\w*|revisi[oó]n\w*|expert[oa]s?|científic[oa]s?|guías?|"
        r"prospecto|encuesta)\b(?:(?!\b(?:que|quien|quienes)\b)[^.?!:])*"
        r"\b(?:hall(?:ó|aron|a|an)|encontr(?:ó|aron)|mostr(?:ó|aron)|muestran?|sugieren?|demostr(?:ó|aron)|"
        r"demuestran?|inform(?:ó|aron|an)|dicen?|dijo|dijeron|advierten?|advirti(?:ó|eron)|aconsejan?|vio|vieron)\b",
        re.I,
    ),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What an article may rest on: entries and rules by their ids (None: an entry of a clinic's own, whose numbers are
    not compared), and pictures, by kind and name, with their words by language."""

    entries: Mapping[str, Entry]
    rules: Mapping[str, Rule | None]
    pictures: Mapping[str, Mapping[str, str]]

    def figures(self, ids: Iterable[str]) -> frozenset[float] | None:
        """Every number of these together; None where one of them has none that could be compared."""
        found: frozenset[float] = frozenset()
        for each in ids:
            rule = self.rules.get(each)
            if each in self.entries:
                found |= numbers.of_entry(self.entries[each])
            elif rule is not None:
                found |= numbers.of_rule(rule)
            else:
                return None
        return found


def held() -> Held:
    """What ships."""
    drawn = {f"hundred: {name}": each.title for name, each in hundreds().items()}
    moved = {f"steps: {name}": each.words for name, each in steps().items()}
    return Held(entries(), released_rulebook().newest, drawn | moved)


def of_the_library(today: date) -> list[Finding]:
    """Everything that is wrong in the library that ships."""
    return [*of_tables(), *of_pictures(), *findings(today, held()), *of_the_law(today)]


def failing(found: Iterable[Finding], today: date) -> list[Finding]:
    """Those that fail a build: all but what a day alone made true not long ago."""
    return [each for each in found if each.due is None or today - each.due > GRACE]


def findings(today: date, held: Held, folder: Path = articles.ARTICLES) -> list[Finding]:
    """Everything that is wrong in a folder of articles, in the order of the files."""
    found: list[Finding] = []
    read: dict[str, dict[str, Article]] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            article = articles.read(path)
        except ArticleInvalid as error:
            found.append(error.finding)
            continue
        read.setdefault(article.slug, {})[article.language] = article
        found += of_article(article, today, held)
        if not article.evidence and any(article.sentences):
            found.append(Finding(article.file, 1, "no-source"))
    for languages in read.values():
        found += _between(languages)
    covered = {topic for languages in read.values() for each in languages.values() for topic in each.topics}
    found += [Finding(f"{folder.name}/", 1, "topic-empty", {"topic": each}) for each in TOPICS if each not in covered]
    return found


def of_article(article: Article, today: date, held: Held) -> Iterator[Finding]:
    """Everything that is wrong in one article, of which there may be one language only."""
    yield from _of_front(article, today)
    yield from _of_heads(article)
    for sentence in article.sentences:
        for code, named in _of_sentence(sentence, article.language, held):
            yield Finding(article.file, sentence.line, code, named, sentence.text)
    yield from _of_the_whole(article)
    for section in article.sections:
        for figure in section.figures:
            words = held.pictures.get(f"{figure.shows}: {figure.name}")
            if words is None:
                yield Finding(article.file, figure.line, "no-picture", {"name": f"{figure.shows}: {figure.name}"})
            elif not words.get(article.language):
                yield Finding(article.file, figure.line, "picture-silent", {"name": figure.name})


def promises(text: str, language: str) -> str:
    """What a text promises, "" where it promises nothing."""
    found = _PROMISES[language].search(text)
    return found[0] if found and not _DENIED.search(text) else ""


def _of_front(article: Article, today: date) -> Iterator[Finding]:
    def at(field: str, code: str, due: date | None = None, **named: str) -> Finding:
        return Finding(article.file, article.front.get(field, 1), code, named, due=due)

    if article.reviewed_on > today:
        yield at("reviewed_on", "review-to-come", day=f"{article.reviewed_on}")
    if article.review_by < today:
        yield at("review_by", "review-due", article.review_by, day=f"{article.review_by}")
    if article.review_by - article.reviewed_on > LONGEST_UNTIL_REVIEW:
        yield at("review_by", "review-too-far")
    for topic in article.topics:
        if topic not in TOPICS:
            yield at("topics", "topic-unknown", topic=topic)


def _of_heads(article: Article) -> Iterator[Finding]:
    """Where no evidence can stand: the title, the summary and the headings claim and promise nothing."""
    heads = [(article.front.get("title", 1), article.title), (article.front.get("summary", 1), article.summary)]
    for line, text in [*heads, *((each.line, each.heading) for each in article.sections)]:
        if text.endswith("?"):
            continue
        if _NUMBER.search(text):
            yield Finding(article.file, line, "head-number", sentence=text)
        elif vague := _VAGUE[article.language].search(text):
            yield Finding(article.file, line, "vague", {"word": vague[0]}, text)
        if promise := promises(text, article.language):
            yield Finding(article.file, line, "promise", {"word": promise}, text)


def _of_the_whole(article: Article) -> Iterator[Finding]:
    said = [each.text for each in article.sentences]
    if not any(map(str.strip, said)):
        yield Finding(article.file, 1, "says-nothing")
        return
    points = reading_level.level(said, article.language)
    if not reading_level.easy(points, article.language):
        limit = reading_level.INFLESZ_AT_LEAST if article.language == "es" else reading_level.GRADE_AT_MOST
        yield Finding(article.file, 1, "too-hard", {"points": f"{points:.1f}", "limit": f"{limit:g}"})


def _of_sentence(sentence: Sentence, language: str, held: Held) -> Iterator[tuple[str, dict[str, str]]]:
    """The codes of what is wrong in a sentence, with what they name."""
    for each in sentence.evidence:
        if each not in held.entries and each not in held.rules:
            yield "dead-id", {"id": each}
        elif _recalled(held.entries.get(each)):
            yield "recalled", {"id": each}
    if sentence.ours and sentence.evidence:
        yield "ours-and-evidence", {}
    number = _NUMBER.search(sentence.text)
    asks = sentence.text.endswith("?")
    if sentence.evidence:
        figures = held.figures(sentence.evidence)
        for each in numbers.astray(sentence.text, figures) if figures is not None else ():
            yield "number-astray", {"number": each}
    elif not (sentence.ours or asks):
        if number:
            yield "number-alone", {}
        elif _CLAIMS[language].search(sentence.text) and not _DENIED.search(sentence.text):
            yield "claim-alone", {}
    if not number and (vague := _VAGUE[language].search(sentence.text)):
        yield "vague", {"word": vague[0]}
    if promise := promises(sentence.text, language):
        yield "promise", {"word": promise}


def _recalled(entry: Entry | None) -> bool:
    if isinstance(entry, Outcome):
        return not entry.verified
    return entry is not None and entry.mark == "recalled"


# ---------------------------------------------------------------- between the languages


def _between(languages: Mapping[str, Article]) -> Iterator[Finding]:
    one = next(iter(languages.values()))
    if missing := [each for each in LANGUAGES if each not in languages]:
        yield Finding(one.file, 1, "no-language", {"language": missing[0]})
        return
    english, spanish = (languages[each] for each in LANGUAGES)
    for name in ("stage", "topics", "reviewed_on", "review_by"):
        if getattr(english, name) != getattr(spanish, name):
            yield Finding(spanish.file, spanish.front.get(name, 1), "differs", {"name": name})
    if len(english.sections) != len(spanish.sections):
        counts = {"english": str(len(english.sections)), "spanish": str(len(spanish.sections))}
        yield Finding(spanish.file, 1, "sections-differ", counts)
        return
    for left, right in zip(english.sections, spanish.sections, strict=True):
        for code, seen in _COMPARED.items():
            if seen(left) != seen(right):
                gone = numbers.gone(seen(left), seen(right)) or seen(left)[0]
                yield Finding(spanish.file, right.line, code, {"gone": gone}, right.heading or spanish.title)


_COMPARED: Final[Mapping[str, Callable[[Section], list[str]]]] = {
    "claims-differ": lambda section: [" ".join(sorted(each.evidence)) for each in section.sentences if each.evidence],
    "pictures-differ": lambda section: [f"{each.shows}: {each.name}" for each in section.figures],
    "numbers-differ": lambda section: sorted(n for each in section.sentences for n in numbers.numbers(each.text)),
}
