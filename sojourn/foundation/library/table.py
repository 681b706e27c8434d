"""``sojourn library table`` writes docs/clinical/library.md: which article rests on which evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sojourn.foundation.library.article import Article, library
from sojourn.foundation.library.check import TOPICS

PAGE: Final = Path(__file__).parents[3] / "docs" / "clinical" / "library.md"
_HEAD: Final = """# What the library rests on

Written by `sojourn library table`. An article answers one or more rows of the patient's way; each sentence of it that
claims something names its evidence (the ids are opened under `/library/evidence/`). Claims are counted in English; the
check holds the Spanish article to the same ones, and each number of a claim to the entries that it names.
"""
_ROWS: Final[Mapping[str, str]] = {
    "J01": "What ketamine therapy is and how it works",
    "J02": "What to expect before, during and after a first session",
    "J03": "Beside conventional antidepressants",
    "J04": "The questions that patients ask",
    "J05": "Research: an evidence library, negative trials among it",
    "J06": "Perspectives of professionals, stories of recipients",
    "J07": "The law, by country and state",
    "J08": "Realistic expectations",
}
_ASKED: Final = (
    "| J91 Questions on what one reads | every article | under each part: to the care team, or without identity to the"
    " clinic's public answers | none |"
)


def main() -> None:
    PAGE.write_text(written(), encoding="utf-8")


def written() -> str:
    """The table as Markdown."""
    articles = [languages["en"] for languages in library().values() if "en" in languages]
    lines = [
        _HEAD,
        "## By article",
        "",
        "| article | row | claims | evidence |",
        "|---|---|---|---|",
        *map(_article, articles),
        "",
        "## By row of the way",
        "",
        "| row | articles | claims | entries |",
        "|---|---|---|---|",
        *_rows(articles),
        _ASKED,
    ]
    return "\n".join(lines) + "\n"


def _article(article: Article) -> str:
    return (
        f"| {article.title} (`{article.slug}`) | {' '.join(article.topics)} | {_claims(article)} |"
        f" {' '.join(article.evidence)} |"
    )


def _rows(articles: list[Article]) -> Iterator[str]:
    for topic in TOPICS:
        about = [each for each in articles if topic in each.topics]
        titles = "; ".join(each.title for each in about) or "nothing"
        entries = {entry for each in about for entry in each.evidence}
        yield f"| {topic} {_ROWS[topic]} | {titles} | {sum(map(_claims, about))} | {len(entries)} |"


def _claims(article: Article) -> int:
    return sum(bool(each.evidence) for each in article.sentences)
