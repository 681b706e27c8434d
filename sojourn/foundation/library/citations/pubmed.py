"""PubMed XML (https://dtd.nlm.nih.gov/ncbi/pubmed/): each article is cut out of the file and parsed by itself.

What stands around the articles is never parsed, so that no DTD is read and no entity can be declared: one that is used
refuses its article. And what is not well-formed ends with its own article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sojourn.foundation.library.citations.record import (
    LONGEST,
    Cited,
    Read,
    Refusal,
    Step,
    Why,
    authors_words,
    doi_of,
    plain_title,
    pmid_of,
    says_retracted,
)

_TAG = re.compile(rb"<(?P<closes>/?)Pubmed(?:Book)?Article(?=[\s>])[^<>]*>")
_TAG_AT_MOST: Final = 200
_RETRACTED: Final = "Retracted Publication"
_NOTICES: Final = frozenset({"Retraction of Publication", "Retraction Notice"})
# What PubMed calls a design, the more exact first, as an entry of ours calls it.
_DESIGNS: Final = {
    "Meta-Analysis": "meta-analysis", "Systematic Review": "systematic review",
    "Randomized Controlled Trial": "RCT", "Controlled Clinical Trial": "controlled trial",
    "Clinical Trial": "clinical trial", "Observational Study": "observational study",
    "Practice Guideline": "guideline", "Guideline": "guideline", "Case Reports": "case report", "Review": "review",
}  # fmt: skip


def records(chunks: Iterable[bytes], *, number: int = 0, at: int = 0) -> Iterator[Step]:
    """The articles of a file that begins at ``at`` after ``number`` records."""
    for piece, end in _pieces(chunks, at):
        number += 1
        yield (Refusal(number, piece) if isinstance(piece, Why) else _read(piece, number)), end


def _pieces(chunks: Iterable[bytes], at: int) -> Iterator[tuple[bytes | Why, int]]:
    """Each article from its first to its last tag, or why there is none; and where it ends in the file."""
    held, begun, seen, skipping = b"", False, 0, False
    for chunk in chunks:
        held += chunk
        start = 0
        for tag in _TAG.finditer(held, seen):
            seen = tag.end()
            if not tag["closes"]:
                if begun:
                    yield Why.NO_END, at + tag.start()
                begun, skipping, start = True, False, tag.start()
            elif begun:
                yield held[start : tag.end()], at + tag.end()
                begun, start = False, tag.end()
            elif not skipping:
                yield Why.NO_BEGINNING, at + tag.end()
            else:
                skipping = False
        if begun and len(held) - start > LONGEST:
            yield Why.TOO_LONG, at + len(held)
            begun, skipping = False, True
        keep = start if begun else max(seen, len(held) - _TAG_AT_MOST)
        seen = max(seen, len(held) - _TAG_AT_MOST) - keep
        held, at = held[keep:], at + keep
    if begun:
        yield Why.NO_END, at + len(held)


def _read(piece: bytes, number: int) -> Read:
    try:
        article = ElementTree.fromstring(piece)  # noqa: S314  # without a DTD there is no entity to expand
    except ElementTree.ParseError as error:
        return Refusal(number, Why.BROKEN, str(error))
    title = _text(article.find(".//ArticleTitle")) or _text(article.find(".//VernacularTitle"))
    title = title or _text(article.find(".//BookTitle"))
    if not title:
        return Refusal(number, Why.NO_TITLE, _text(article.find(".//PMID")))
    kinds = {_text(each) for each in article.iterfind(".//PublicationTypeList/PublicationType")}
    related = [
        (each.get("RefType", ""), _text(each.find("PMID"))) for each in article.iterfind(".//CommentsCorrections")
    ]
    is_notice = bool(kinds & _NOTICES)
    return Cited(
        number=number,
        title=plain_title(title.rstrip(".").strip("[]") if title.startswith("[") else title),
        authors=authors_words([name for each in article.iterfind(".//AuthorList/Author") if (name := _author(each))]),
        year=_year(article),
        journal=_journal(article),
        doi=_doi(article),
        pmid=pmid_of(_text(article.find(".//PMID"))),
        design=next((ours for theirs, ours in _DESIGNS.items() if theirs in kinds), ""),
        abstract=_abstract(article),
        retracted=_RETRACTED in kinds or says_retracted(title) or any(kind == "RetractionIn" for kind, _ in related),
        retracts=tuple(pmid_of(pmid) for kind, pmid in related if kind == "RetractionOf" and pmid) if is_notice else (),
    )


def _text(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _author(author: Element) -> str:
    if together := _text(author.find("CollectiveName")):
        return together
    return f"{_text(author.find('LastName'))} {_text(author.find('Initials'))}".strip()


def _year(article: Element) -> str:
    date = article.find(".//PubDate")
    found = re.search(r"\d{4}", _text(date)) if date is not None else None
    return found[0] if found else ""


def _journal(article: Element) -> str:
    name = _text(article.find(".//Journal/ISOAbbreviation")) or _text(article.find(".//Journal/Title"))
    volume, pages = _text(article.find(".//JournalIssue/Volume")), _text(article.find(".//Pagination/MedlinePgn"))
    return " ".join(filter(None, (name, ":".join(filter(None, (volume, pages))))))


def _doi(article: Element) -> str:
    for place in (".//ELocationID[@EIdType='doi']", "./*/ArticleIdList/ArticleId[@IdType='doi']"):
        if found := doi_of(_text(article.find(place))):
            return found
    return ""


def _abstract(article: Element) -> str:
    parts = []
    for each in article.iterfind(".//Abstract/AbstractText"):
        label = each.get("Label", "")
        parts.append(f"{label}: {_text(each)}" if label else _text(each))
    return "\n".join(filter(None, parts))
