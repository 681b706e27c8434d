"""PubMed XML, RIS and BibTeX as programs write them, and broken in several ways: what is whole is taken, every other
record is named with what is wrong, however the file is cut into pieces."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.foundation.library.citations import pubmed
from sojourn.foundation.library.citations.files import Format, format_of, records
from sojourn.foundation.library.citations.record import LONGEST, Cited, Read, Refusal, Why, doi_of, pmid_of, title_key

HERE = Path(__file__).with_name("citations")
PIECES = (7, 64, 1000, 2**20)


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def read(name: str, size: int = 2**20) -> list[Read]:
    content = (HERE / name).read_bytes()
    kind = format_of(content)
    assert kind is not None
    return [each for each, _end in records(kind, pieces(content, size), number=0, at=0, strings={})]


def cited(name: str, size: int = 2**20) -> list[Cited]:
    found = read(name, size)
    assert all(isinstance(each, Cited) for each in found), found
    return [each for each in found if isinstance(each, Cited)]


def refused(found: list[Read]) -> list[tuple[int, Why]]:
    return [(each.number, each.why) for each in found if isinstance(each, Refusal)]


def test_pubmed_is_read():
    trial, taken_back, notice, spanish = cited("pubmed.xml")
    assert trial.title == "A made-up trial of ketamine beside midazolam for long depression & sleep"
    assert (trial.doi, trial.pmid, trial.year) == ("10.5555/j.invented.2022.001", "90000001", "2022")
    assert (trial.authors, trial.journal) == ("Núñez A, Invented Study Group", "J Invent Ex 301:1-9")
    assert (trial.design, trial.retracted) == ("RCT", False)
    assert trial.abstract == "BACKGROUND: Nobody was asked.\nRESULTS: Of 40 people 12 responded."
    assert (taken_back.retracted, taken_back.year, taken_back.retracts) == (True, "2019", ())
    assert (notice.retracts, notice.retracted) == (("90000001",), False)
    assert (spanish.title, spanish.doi) == (
        "Ketamina y depresión resistente: una revisión inventada", "10.5555/revista.4"
    )  # fmt: skip


def test_ris_is_read():
    trial, taken_back = cited("export.ris")
    assert trial.title == "A made-up trial of ketamine beside midazolam for long depression & sleep"
    assert (trial.doi, trial.pmid, trial.year) == ("10.5555/j.invented.2022.001", "90000001", "2022")
    assert (trial.authors, trial.abstract) == ("Núñez, Ana, Doe, Jane", "Of 40 people 12 responded.")
    assert (taken_back.title, taken_back.retracted) == ("An invented cohort of lozenges taken at home", True)
    assert (taken_back.doi, taken_back.pmid) == ("10.5555/cohort.18", "")


def test_bibtex_is_read():
    trial, cohort = cited("export.bib")
    assert trial.title == "A made-up trial of Ketamine beside midazolam for long depression & sleep"
    assert trial.authors == "Núñez, Ana, Doe, Jane, Invented Study Group"
    assert (trial.journal, trial.year, trial.doi) == (
        "J Invent Ex (online)", "2022", "10.5555/j.invented.2022.001"
    )  # fmt: skip
    assert trial.abstract == "Of 40 people 12 responded – about a third."
    assert cohort.title == "Lozenges taken at home: an invented cohort of été"
    assert (cohort.year, cohort.doi) == ("2018", "10.5555/cohort.18")


@pytest.mark.parametrize("size", PIECES)
def test_a_broken_pubmed_file_is_taken_as_far_as_it_goes(size: int):
    found = read("broken.xml", size)
    assert [each.number for each in found if isinstance(each, Cited)] == [1, 7]
    assert refused(found) == [
        (2, Why.BROKEN), (3, Why.BROKEN), (4, Why.BROKEN), (5, Why.NO_TITLE), (6, Why.NO_END),
        (8, Why.NO_BEGINNING), (9, Why.NO_END),
    ]  # fmt: skip


@pytest.mark.parametrize("size", PIECES)
def test_a_broken_ris_file_is_taken_as_far_as_it_goes(size: int):
    found = read("broken.ris", size)
    assert [each.number for each in found if isinstance(each, Cited)] == [2, 4]
    assert "Depresión" in next(each.title for each in found if isinstance(each, Cited) and each.number == 4)
    assert refused(found) == [(1, Why.OUTSIDE), (3, Why.NO_TITLE), (5, Why.ENCODING), (6, Why.NO_END)]


@pytest.mark.parametrize("size", PIECES)
def test_a_broken_bibtex_file_is_taken_as_far_as_it_goes(size: int):
    found = read("broken.bib", size)
    assert [each.number for each in found if isinstance(each, Cited)] == [1, 6]
    assert refused(found) == [
        (2, Why.NO_END), (3, Why.BROKEN), (4, Why.NO_TITLE), (5, Why.BROKEN), (7, Why.NO_END),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["pubmed.xml", "broken.xml", "export.ris", "broken.ris", "export.bib", "broken.bib"])
def test_the_reading_goes_on_wherever_it_stopped(name: str):
    """After each record another reader is put where this one says that the next begins."""
    content = (HERE / name).read_bytes()
    kind = format_of(content)
    assert kind is not None
    whole, strings, at, again = read(name, 50), {}, 0, list[Read]()
    while True:
        step = next(records(kind, pieces(content[at:], 50), number=len(again), at=at, strings=strings), None)
        if step is None:
            break
        again.append(step[0])
        at = step[1]
    assert again == whole


def test_what_does_not_end_is_not_kept():
    """A record of a hundred megabytes is refused with the memory of one that is just too long, and the next is read."""

    def endless() -> Iterator[bytes]:
        yield b"<PubmedArticleSet><PubmedArticle><ArticleTitle>"
        for _ in range(100):
            yield b"x" * 2**20
        yield b"</ArticleTitle></PubmedArticle>"
        yield b"<PubmedArticle><ArticleTitle>The next one</ArticleTitle></PubmedArticle>"

    tracemalloc.start()
    found = [each for each, _end in pubmed.records(endless())]
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused(found) == [(1, Why.TOO_LONG)]
    assert [each.title for each in found if isinstance(each, Cited)] == ["The next one"]
    assert most < 4 * LONGEST


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\xef\xbb\xbfTY  - JOUR\r\n", Format.RIS), (b"\n\n@article {x,", Format.BIBTEX),
        (b"<?xml version='1.0'?>\n<PubmedArticleSet><PubmedArticle>", Format.PUBMED),
        (b"PMID- 12\nTI  - MEDLINE is another format", None), (b"%PDF-1.7", None), (b"", None),
    ],
)  # fmt: skip
def test_a_format_is_told_by_how_a_file_begins(beginning: bytes, kind: Format | None):
    assert format_of(beginning) is kind


def test_the_same_work_is_known_by_each_way_to_write_it():
    assert doi_of(" https://doi.org/10.1016/J.JAD.2021.12.097. ") == "10.1016/j.jad.2021.12.097"
    assert (doi_of("(doi:10.1001/x(3))"), doi_of("doi:10.1001/x).")) == ("10.1001/x(3)", "10.1001/x")
    assert (doi_of("10.1016"), pmid_of("0041123905"), pmid_of("PMC12")) == ("", "41123905", "")
    assert title_key("Ketamine for long-lasting Depresión: a trial.") == title_key(
        "ketamine for long lasting depresion – A Trial"
    )
    assert title_key("RETRACTED: Ketamine for long-lasting depression") == title_key(
        "Ketamine for long-lasting depression"
    )
    assert title_key("Reply") == title_key("Erratum") == ""
