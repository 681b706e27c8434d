"""Articles: Markdown files in English and Spanish, in which every sentence that claims something names its evidence.

``articles/<slug>.<language>.md`` begins with front matter in TOML between two lines of ``+++``. A sentence names its
evidence behind its full stop: ``Of 537 people, 53.6 % felt much better. [OC001]``, or a rule, ``[jurisdiction.US]``.
``[ours]`` stands behind a sentence with a number that is our own advice and rests on no study. A picture is a line of
its own: ``{hundred: infusions-mcinnes}``.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html import unescape
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sojourn.foundation.library.faults import Finding

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
    """A file cannot be an article; the message names the file, the line, what is wrong and what to do."""

    def __init__(self, file: str, line: int, code: str, **named: str) -> None:
        self.finding = Finding(file, line, code, named)
        super().__init__(str(self.finding))


@dataclass(frozen=True, slots=True)
class Sentence:
    """``html`` is safe to show. ``evidence``: the ids of the entries that it rests on; ``ours``: it is our advice;
    ``line``: where it stands in its file."""

    text: str
    html: str
    evidence: tuple[str, ...] = ()
    ours: bool = False
    line: int = field(default=0, compare=False)


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
    line: int = field(default=0, compare=False)

    kind: Final = "figure"


Block = Paragraph | Points | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; the opening section has no heading. ``number`` counts from 0."""

    number: int
    heading: str
    blocks: tuple[Block, ...]
    line: int = field(default=0, compare=False)

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
    front: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """On which line of its file each field of its front matter stands."""

    @property
    def file(self) -> str:
        return f"{self.slug}.{self.language}.md"

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


@cache
def order(folder: Path = ARTICLES) -> tuple[str, ...]:
    """The slugs as they stand on their shelves, from ``order.txt``: what is asked first, first."""
    lines = (folder / "order.txt").read_text(encoding="utf-8").splitlines()
    return tuple(slug for line in lines if (slug := line.partition("#")[0].strip()))


def read(path: Path) -> Article:
    """An article from its file. Raises ArticleInvalid."""
    slug, _, language = path.stem.rpartition(".")
    if language not in LANGUAGES:
        raise ArticleInvalid(path.name, 1, "file-name")
    return parse(path.read_text(encoding="utf-8"), slug, language)


def parse(text: str, slug: str, language: str) -> Article:
    """An article from its text. Raises ArticleInvalid."""
    file = f"{slug}.{language}.md"
    found = _FRONT.match(text)
    if found is None:
        raise ArticleInvalid(file, 1, "no-front")
    lines = {
        name.strip(): number
        for number, line in enumerate(found["front"].split("\n"), 2)
        for name, equals, _value in (line.partition("="),)
        if equals
    }
    told = _front(found["front"], lines, file)
    first = text.count("\n", 0, found.start("body"))
    return Article(
        slug=slug, language=language, sections=tuple(_sections(found["body"], _Place(file, first))), front=lines, **told
    )


def _front(front: str, lines: Mapping[str, int], file: str) -> dict[str, Any]:
    try:
        told = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        raise ArticleInvalid(file, 2, "front-no-toml", error=str(error)) from error
    if wrong := sorted(set(told) ^ set(_FIELDS)):
        raise ArticleInvalid(file, lines.get(wrong[0], 1), "front-field", fields=", ".join(_FIELDS), name=wrong[0])
    for name, kind in _FIELDS.items():
        if type(told[name]) is not kind or not told[name]:
            raise ArticleInvalid(file, lines.get(name, 1), "front-kind", name=name, kind=kind.__name__)
    if told["stage"] not in STAGES:
        raise ArticleInvalid(file, lines.get("stage", 1), "stage", stage=told["stage"])
    return {**told, "topics": tuple(told["topics"])}


@dataclass(frozen=True, slots=True)
class _Place:
    """The file that is read, and after how many of its lines the text begins that the reader of Markdown sees."""

    file: str
    before: int

    def line(self, token: Token) -> int:
        return self.before + 1 + (token.map[0] if token.map else 0)


def _sections(body: str, place: _Place) -> Iterator[Section]:
    heading, blocks, number, line = "", list[Block](), 0, place.before + 1
    for block in _blocks(_READS.parse(body), place):
        if isinstance(block, tuple):
            if blocks or heading:
                yield Section(number, heading, tuple(blocks), line)
                number += 1
            (heading, line), blocks = block, []
        else:
            blocks.append(block)
    yield Section(number, heading, tuple(blocks), line)


def _blocks(tokens: list[Token], place: _Place) -> Iterator[Block | tuple[str, int]]:
    """The blocks of a text in their order, a heading with its line."""
    at = 0
    while at < len(tokens):
        token, end = tokens[at], _end(tokens, at)
        inner = tokens[at + 1 : end]
        if token.type == "heading_open":
            if token.tag != "h2":
                raise ArticleInvalid(place.file, place.line(token), "heading")
            yield inner[0].content, place.line(token)
        elif token.type == "paragraph_open":
            yield _figure(inner[0], place) or _paragraph(inner[0], place)
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            items = tuple(_paragraph(each, place) for each in inner if each.type == "inline")
            yield Points(items, ordered=token.type.startswith("ordered"))
        elif token.type == "table_open":
            yield _table(inner, place)
        else:
            raise ArticleInvalid(place.file, place.line(token), "block", kind=token.type.removesuffix("_open"))
        at = end + 1


def _end(tokens: list[Token], place: int) -> int:
    """Where what begins at ``place`` ends."""
    depth = 0
    for at in range(place, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens) - 1


def _figure(inline: Token, place: _Place) -> Figure | None:
    found = _PICTURE.match(inline.content.strip())
    return Figure(found["kind"], found["name"], place.line(inline)) if found else None


def _table(inner: list[Token], place: _Place) -> Table:
    rows: list[list[Paragraph]] = []
    for token in inner:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_paragraph(token, place))
    return Table(tuple(rows[0]), tuple(tuple(each) for each in rows[1:]))


def _paragraph(inline: Token, place: _Place) -> Paragraph:
    lines = [" ".join(each.split()) for each in inline.content.split("\n")]
    ends = list(accumulate(len(each) + 1 for each in lines))
    first = place.line(inline)
    return Paragraph(
        tuple(_sentence(text, place.file, first + bisect_right(ends, begin)) for begin, text in _split(" ".join(lines)))
    )


def _split(content: str) -> Iterator[tuple[int, str]]:
    """The sentences of a paragraph, each with what it names as its evidence, and where it begins."""
    begin = 0
    for found in _SENTENCE_ENDS.finditer(content):
        if found.end() > begin:
            yield begin, content[begin : found.end()].strip()
            begin = found.end()
    if content[begin:].strip():
        yield begin, content[begin:].strip()


def _sentence(content: str, file: str, line: int) -> Sentence:
    ids: list[str] = []
    for found in _CLAIM.finditer(content):
        ids += found["ids"].split(", ")
    text = _CLAIM.sub("", content).strip()
    if "[" in text:
        raise ArticleInvalid(file, line, "named-as")
    html = _READS.renderInline(text)
    plain = unescape(re.sub(r"<[^>]+>", "", html))
    return Sentence(plain, html, tuple(each for each in ids if each != OURS), OURS in ids, line)
