"""Articles: Markdown files in English and Spanish, in which every sentence that claims something names its evidence.

``articles/<slug>.<language>.md`` begins with front matter in TOML between two lines of ``+++``. A sentence names its
evidence behind its full stop: ``Of 537 people, 53.6 % felt much better. [OC001]``, or a rule, ``[jurisdiction.US]``.
``[ours]`` stands behind a sentence with a number that is our own advice and rests on no study. A picture is a line of
its own: ``{hundred: infusions-mcinnes}``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ARTICLES: Final = Path(__file__).parent / "articles"
LANGUAGES: Final = ("en", "es")
# Where on their way somebody is to whom an article is offered first, in the order of that way.
STAGES: Final = ("understand", "candidacy", "prepare", "session", "after", "well", "beside")
OURS: Final = "ours"
WORDS_A_MINUTE: Final = 180  # slower than the 238 of Brysbaert 2019 (doi:10.1016/j.jml.2019.104047): worried people
_FRONT = re.compile(r"\A\+\+\+\n(?P<front>.*?)\n\+\+\+\n(?P<body>.*)\Z", re.S)
_CLAIM = re.compile(r"\s*\[(?P<ids>[A-Za-z][\w.-]*(?:, [A-Za-z][\w.-]*)*)\]")
_PICTURE = re.compile(r"^\{(?P<kind>[a-z]+): (?P<name>[\w-]+)\}$")
_SENTENCE_ENDS = re.compile(
    r"(?<=[.!?…])[\"”»)]?(?P<claim>(?:\s*\[[^\]()]+\])?)(?:\s+(?=[\"“«¿¡(]?[A-ZÁÉÍÓÚÑ0-9*])|\Z)"
)
_FIELDS: Final = {
    "title": str, "summary": str, "stage": str, "topics": list, "reviewed_on": date, "review_by": date,
}  # fmt: skip
_READS: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["code", "fence", "html_block"])


class ArticleInvalid(ValueError):
    """A file cannot be an article; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``html`` is safe to show. ``evidence``: the ids of the entries that it rests on; ``ours``: it is our advice."""

    text: str
    html: str
    evidence: tuple[str, ...] = ()
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    sentences: tuple[Sentence, ...]

    kind: Final = "paragraph"


@dataclass(frozen=True, slots=True)
class Points:
    """A list; ``ordered`` where the order matters."""

    items: tuple[Paragraph, ...]
    ordered: bool

    kind: Final = "points"


@dataclass(frozen=True, slots=True)
class Table:
    """``head`` and ``rows`` hold a paragraph for each column."""

    head: tuple[Paragraph, ...]
    rows: tuple[tuple[Paragraph, ...], ...]

    kind: Final = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture by its kind ("hundred", "steps") and name."""

    shows: str
    name: str

    kind: Final = "figure"


Block = Paragraph | Points | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; the opening section has no heading. ``number`` counts from 0."""

    number: int
    heading: str
    blocks: tuple[Block, ...]

    @property
    def sentences(self) -> Iterator[Sentence]:
        for block in self.blocks:
            for paragraph in _paragraphs(block):
                yield from paragraph.sentences

    @property
    def figures(self) -> Iterator[Figure]:
        return (each for each in self.blocks if isinstance(each, Figure))


@dataclass(frozen=True, slots=True)
class Article:
    slug: str
    language: str
    title: str
    summary: str
    stage: str
    topics: tuple[str, ...]
    reviewed_on: date
    review_by: date
    sections: tuple[Section, ...]

    @property
    def sentences(self) -> Iterator[Sentence]:
        for section in self.sections:
            yield from section.sentences

    @property
    def evidence(self) -> tuple[str, ...]:
        """What it rests on, each once, in the order in which it is named first."""
        return tuple(dict.fromkeys(each for sentence in self.sentences for each in sentence.evidence))

    def resting_on(self, entry_id: str) -> Iterator[Sentence]:
        """The sentences that name this entry as their evidence."""
        return (each for each in self.sentences if entry_id in each.evidence)

    @property
    def minutes(self) -> int:
        """How long reading it takes, a minute at least."""
        words = sum(len(each.text.split()) for each in self.sentences)
        return max(1, round(words / WORDS_A_MINUTE))


def _paragraphs(block: Block) -> tuple[Paragraph, ...]:
    if isinstance(block, Paragraph):
        return (block,)
    if isinstance(block, Points):
        return block.items
    if isinstance(block, Table):
        return (*block.head, *(each for row in block.rows for each in row))
    return ()


# ---------------------------------------------------------------- reading


@cache
def library(folder: Path = ARTICLES) -> Mapping[str, Mapping[str, Article]]:
    """Every article of a folder, by its slug and language."""
    found: dict[str, dict[str, Article]] = {}
    for path in sorted(folder.glob("*.md")):
        article = read(path)
        found.setdefault(article.slug, {})[article.language] = article
    return found


def read(path: Path) -> Article:
    """An article from its file. Raises ArticleInvalid."""
    slug, _, language = path.stem.rpartition(".")
    if language not in LANGUAGES:
        raise ArticleInvalid(f"{path.name}: an article is called <slug>.en.md or <slug>.es.md")
    return parse(path.read_text(encoding="utf-8"), slug, language)


def parse(text: str, slug: str, language: str) -> Article:
    """An article from its text. Raises ArticleInvalid."""
    where = f"{slug}.{language}"
    found = _FRONT.match(text)
    if found is None:
        raise ArticleInvalid(f"{where}: it begins with its front matter between two lines of +++")
    return Article(
        slug=slug, language=language, sections=tuple(_sections(found["body"], where)), **_front(found, where)
    )


def _front(found: re.Match[str], where: str) -> dict[str, Any]:
    try:
        front = tomllib.loads(found["front"])
    except tomllib.TOMLDecodeError as error:
        raise ArticleInvalid(f"{where}: its front matter is no TOML: {error}") from error
    if wrong := sorted(set(front) ^ set(_FIELDS)):
        raise ArticleInvalid(f"{where}: its front matter holds {', '.join(_FIELDS)}, each once; look at {wrong[0]}")
    for name, kind in _FIELDS.items():
        if type(front[name]) is not kind or not front[name]:
            raise ArticleInvalid(f"{where}: {name} must be a {kind.__name__}, and not empty")
    if front["stage"] not in STAGES:
        raise ArticleInvalid(f"{where}: its stage is one of {', '.join(STAGES)}")
    return {**front, "topics": tuple(front["topics"])}


def _sections(body: str, where: str) -> Iterator[Section]:
    heading, blocks, number = "", list[Block](), 0
    for block in _blocks(_READS.parse(body), where):
        if isinstance(block, str):
            if blocks or heading:
                yield Section(number, heading, tuple(blocks))
                number += 1
            heading, blocks = block, []
        else:
            blocks.append(block)
    yield Section(number, heading, tuple(blocks))


def _blocks(tokens: list[Token], where: str) -> Iterator[Block | str]:
    """The blocks of a text in their order, a heading as a string."""
    place = 0
    while place < len(tokens):
        token, end = tokens[place], _end(tokens, place)
        inner = tokens[place + 1 : end]
        if token.type == "heading_open":
            if token.tag != "h2":
                raise ArticleInvalid(f"{where}: headings are of the second order (##)")
            yield inner[0].content
        elif token.type == "paragraph_open":
            yield _figure(inner[0].content) or _paragraph(inner[0].content, where)
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            items = tuple(_paragraph(each.content, where) for each in inner if each.type == "inline")
            yield Points(items, ordered=token.type.startswith("ordered"))
        elif token.type == "table_open":
            yield _table(inner, where)
        else:
            raise ArticleInvalid(f"{where}: {token.type.removesuffix('_open')} has no place in an article")
        place = end + 1


def _end(tokens: list[Token], place: int) -> int:
    """Where what begins at ``place`` ends."""
    depth = 0
    for at in range(place, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens) - 1


def _figure(content: str) -> Figure | None:
    found = _PICTURE.match(content.strip())
    return Figure(found["kind"], found["name"]) if found else None


def _table(inner: list[Token], where: str) -> Table:
    rows: list[list[Paragraph]] = []
    for token in inner:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_paragraph(token.content, where))
    return Table(tuple(rows[0]), tuple(tuple(each) for each in rows[1:]))


def _paragraph(content: str, where: str) -> Paragraph:
    sentences = tuple(_sentence(each, where) for each in _split(" ".join(content.split())))
    return Paragraph(sentences)


def _split(content: str) -> Iterator[str]:
    """The sentences of a paragraph, each with what it names as its evidence."""
    begin = 0
    for found in _SENTENCE_ENDS.finditer(content):
        if found.end() > begin:
            yield content[begin : found.end()].strip()
            begin = found.end()
    if content[begin:].strip():
        yield content[begin:].strip()


def _sentence(content: str, where: str) -> Sentence:
    ids: list[str] = []
    for found in _CLAIM.finditer(content):
        ids += found["ids"].split(", ")
    text = _CLAIM.sub("", content).strip()
    if "[" in text:
        raise ArticleInvalid(f"{where}: evidence is named as [EV001, AC002]: {content[:60]}")
    html = _READS.renderInline(text)
    plain = unescape(re.sub(r"<[^>]+>", "", html))
    return Sentence(plain, html, tuple(each for each in ids if each != OURS), ours=OURS in ids)
