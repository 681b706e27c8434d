"""``sojourn library table`` writes docs/clinical/library.md: which article rests on which evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sojourn.foundation.library.article import Article, library
from sojourn.foundation.library.check import TOPICS

PAGE: Final = Path(__file__).parents[3] / "docs" / "clinical" / "library.md"
_HEAD: Final = """# What the library rests on

Written by `sojourn library table`. An article answers one or more rows of the patient's way; each sentence of it that
claims something names its evidence (the ids are opened under `/library/evidence/`). Claims are counted in English; the
check holds the Spanish article to the same ones.
"""


def main() -> None:
    PAGE.write_text(written(), encoding="utf-8")


def written() -> str:
    """The table as Markdown."""
    articles = [languages["en"] for languages in library().values() if "en" in languages]
    lines = [
        _HEAD,
        "| article | row | claims | evidence |",
        "|---|---|---|---|",
        *map(_row, articles),
        "",
        *_topics(articles),
    ]
    return "\n".join(lines) + "\n"


def _row(article: Article) -> str:
    claims = sum(bool(each.evidence) for each in article.sentences)
    return (
        f"| {article.title} (`{article.slug}`) | {' '.join(article.topics)} | {claims} | {' '.join(article.evidence)} |"
    )


def _topics(articles: list[Article]) -> Iterator[str]:
    for topic in TOPICS:
        yield f"- {topic}: {', '.join(each.title for each in articles if topic in each.topics) or 'nothing'}"
