"""The check of the library: whether every article can be trusted as far as a program can tell.

It finds what has no source, what is too hard to read, what one language says and the other does not, what was not
looked at in time, and phrases that promise. It cannot find what is wrong in a sentence that names a source: that is
the editor's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sojourn.foundation.library import article as articles
from sojourn.foundation.library import reading_level
from sojourn.foundation.library.article import LANGUAGES, Article, ArticleInvalid, Section, Sentence
from sojourn.foundation.library.evidence import Entry, Outcome, entries
from sojourn.foundation.library.pictures import hundreds, steps
from sojourn.foundation.rulebook.load import released_rulebook

LONGEST_UNTIL_REVIEW: Final = timedelta(days=366)
TOPICS: Final = ("J01", "J02", "J03", "J04", "J05", "J06", "J07", "J08")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where: ``where`` names the file and, within it, the sentence. ``grave``: a clinic's own article
    that has it is not shown; the others an editor may answer for."""

    where: str
    what: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


_WITHOUT: Final = "without a number"
# What may not be said, as it may not, and why. A number within the sentence answers the first two.
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
# "No cure", "there are no miracles" promises nothing.
_DENIED: Final = re.compile(r"\b(not|no|never|nobody|cannot|isn't|doesn't|nunca|nadie|ni|ningun[oa]?|ningún)\b", re.I)


def of_the_library(today: date) -> list[Finding]:
    """Everything that is wrong in the library that ships."""
    rules = {rule_id for rule_id, _version in released_rulebook().versions}
    pictures = {f"hundred: {name}": each.title for name, each in hundreds().items()}
    return findings(
        today, entries(), rules, pictures | {f"steps: {name}": each.words for name, each in steps().items()}
    )


def findings(
    today: date,
    known: Mapping[str, Entry],
    rules: Collection[str],
    pictures: Mapping[str, Mapping[str, str]],
    folder: Path = articles.ARTICLES,
) -> list[Finding]:
    """Everything that is wrong in a folder of articles, in the order of the files. ``known``: the evidence by id;
    ``rules``: the ids of the rulebook, which are evidence too; ``pictures``: for each picture its words by language."""
    found: list[Finding] = []
    read: dict[str, dict[str, Article]] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            article = articles.read(path)
        except ArticleInvalid as error:
            found.append(Finding(path.name, str(error)))
            continue
        read.setdefault(article.slug, {})[article.language] = article
        found += _of_one(article, today, known, rules, pictures)
    for slug, languages in read.items():
        found += _between(slug, languages)
    covered = {topic for languages in read.values() for each in languages.values() for topic in each.topics}
    found += [Finding("articles", f"nothing is about {topic}") for topic in TOPICS if topic not in covered]
    return found


def of_own(
    article: Article, today: date, known: Mapping[str, Entry], rules: Collection[str],
) -> list[Finding]:  # fmt: skip
    """Everything that is wrong in one article of a clinic's own, of which there may be one language only."""
    pictures = {f"hundred: {name}": each.title for name, each in hundreds().items()}
    return list(_of_one(article, today, known, rules, pictures | {f"steps: {n}": s.words for n, s in steps().items()}))


def promises(text: str, language: str) -> str:
    """What a text promises, "" where it promises nothing."""
    found = _PROMISES[language].search(text)
    return found[0] if found and not _DENIED.search(text) else ""


def _of_one(
    article: Article,
    today: date,
    known: Mapping[str, Entry],
    rules: Collection[str],
    pictures: Mapping[str, Mapping[str, str]],
) -> Iterator[Finding]:
    where = f"{article.slug}.{article.language}"
    yield from _reviewed(article, where, today)
    for sentence in article.sentences:
        for problem in _of_sentence(sentence, article.language, known, rules):
            yield Finding(f"{where}: “{sentence.text[:70]}”", problem, grave=not problem.endswith(_WITHOUT))
    said = [each.text for each in article.sentences]
    points = reading_level.level(said, article.language) if any(map(str.strip, said)) else None
    if points is None:
        yield Finding(where, "it says nothing")
    elif not reading_level.easy(points, article.language):
        limit = reading_level.INFLESZ_AT_LEAST if article.language == "es" else reading_level.GRADE_AT_MOST
        yield Finding(where, f"it is too hard to read: {points:.1f}, the limit is {limit:g}", grave=False)
    for section in article.sections:
        for figure in section.figures:
            words = pictures.get(f"{figure.shows}: {figure.name}")
            if words is None:
                yield Finding(where, f"there is no picture {figure.shows}: {figure.name}")
            elif not words.get(article.language):
                yield Finding(where, f"the picture {figure.name} has no words for who cannot see it")


def _reviewed(article: Article, where: str, today: date) -> Iterator[Finding]:
    if article.reviewed_on > today:
        yield Finding(where, f"it was reviewed on a day to come, {article.reviewed_on}")
    if article.review_by < today:
        yield Finding(where, f"its review was due on {article.review_by}")
    if article.review_by - article.reviewed_on > LONGEST_UNTIL_REVIEW:
        yield Finding(where, "its review is more than a year away")
    if wrong := [each for each in article.topics if each not in TOPICS]:
        yield Finding(where, f"{wrong[0]} is no topic of the library")


def _of_sentence(
    sentence: Sentence, language: str, known: Mapping[str, Entry], rules: Collection[str]
) -> Iterator[str]:
    for each in sentence.evidence:
        if each not in known and each not in rules:
            yield f"{each} is no evidence that we hold"
        elif _recalled(known.get(each)):
            yield f"{each} was recalled and not read: it cannot carry a claim"
    if sentence.ours and sentence.evidence:
        yield "it is our advice, or it rests on evidence: not both"
    number = _NUMBER.search(sentence.text)
    if number and not (sentence.evidence or sentence.ours) and not sentence.text.endswith("?"):
        yield "a number without its evidence"
    if not number and (vague := _VAGUE[language].search(sentence.text)):
        yield f"“{vague[0]}” {_WITHOUT}"
    if promise := promises(sentence.text, language):
        yield f"“{promise}” promises"


def _recalled(entry: Entry | None) -> bool:
    if isinstance(entry, Outcome):
        return not entry.verified
    return entry is not None and entry.mark == "recalled"


# ---------------------------------------------------------------- between the languages


def _between(slug: str, languages: Mapping[str, Article]) -> Iterator[Finding]:
    if missing := [each for each in LANGUAGES if each not in languages]:
        yield Finding(slug, f"it is not there in {missing[0]}")
        return
    english, spanish = (languages[each] for each in LANGUAGES)
    for name in ("stage", "topics", "reviewed_on", "review_by"):
        if getattr(english, name) != getattr(spanish, name):
            yield Finding(slug, f"{name} differs between the languages")
    if len(english.sections) != len(spanish.sections):
        counts = f"{len(english.sections)} in English, {len(spanish.sections)} in Spanish"
        yield Finding(slug, f"another number of sections: {counts}")
        return
    for one, other in zip(english.sections, spanish.sections, strict=True):
        for what, seen in _COMPARED.items():
            if (left := seen(one)) != (right := seen(other)):
                gone = next(iter([each for each in left if each not in right] or right))
                yield Finding(
                    f"{slug}: “{one.heading or english.title}”", f"{what} differ between the languages: {gone}"
                )


_COMPARED: Final[Mapping[str, Callable[[Section], list[str]]]] = {
    "claims": lambda section: [" ".join(sorted(each.evidence)) for each in section.sentences if each.evidence],
    "pictures": lambda section: [f"{each.shows}: {each.name}" for each in section.figures],
    "numbers": lambda section: sorted(
        number for each in section.sentences for number in re.findall(r"\d+(?:[.,]\d+)?", _plain(each.text))
    ),
}


def _plain(text: str) -> str:
    """Numbers as both languages have them: 9,016 and 9.016 and 9 016 are one, and so are 28.9 and 28,9."""
    text = re.sub(r"(?<=\d)[.,\u00a0\u202f ](?=\d{3}\b)", "", text)
    return re.sub(r"(?<=\d),(?=\d)", ".", text)
