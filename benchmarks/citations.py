"""Workload (d): a file of PubMed XML handed over and read by the jobs, ``python -m benchmarks.citations N --out FILE``.

The file is generated as it is handed over, with abstracts of the usual length, doubles, and broken records; what is
measured is by how much the process grew at its peak and the seconds, against parsing the
same articles alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.house import house

MOST_MB: Final = 64  # of memory that the reading may hold at its peak, whatever the file
_WORDS: Final = ["ketamine", "infusion", "depression", "midazolam", "response", "remission", "weeks", "people", "trial", "placebo", "score", "baseline", "randomised", "dissociation", "blood", "pressure", "follow", "up", "interval", "adverse", "events"]  # fmt: skip


def article(number: int) -> bytes:
    """One invented article; every fiftieth is one that came before, every hundredth is not well-formed."""
    which = number - 1 if number % 50 == 0 else number
    text = " ".join(_WORDS[(which * 7 + each * each) % len(_WORDS)] for each in range(220))
    end = "</Abstract>" if number % 100 else ""
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{60_000_000 + which}</PMID><Article><Journal><JournalIssue><PubDate>"
        f"<Year>{1990 + which % 36}</Year></PubDate></JournalIssue><ISOAbbreviation>J Invent Ex</ISOAbbreviation>"
        f"</Journal><ArticleTitle>Invented trial number {which} of ketamine in people who were never asked"
        f'</ArticleTitle><ELocationID EIdType="doi">10.5555/bench.{which}</ELocationID><Abstract><AbstractText>{text}'
        f"</AbstractText>{end}<AuthorList><Author><LastName>Doe</LastName><Initials>J</Initials></Author></AuthorList>"
        "<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList></Article>"
        f'</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.5555/bench.{which}</ArticleId>'
        "</ArticleIdList></PubmedData></PubmedArticle>\n"
    ).encode()


def file_of(n: int) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n'
    for number in range(1, n + 1):
        yield article(number)
    yield b"</PubmedArticleSet>\n"


def _floor(n: int) -> float:
    """Seconds of the standard parser over the same articles, each by itself, with nothing kept."""
    from xml.etree import ElementTree

    began = time.perf_counter()
    for number in range(1, n + 1):
        if number % 100:
            ElementTree.fromstring(article(number))  # our own text
    return time.perf_counter() - began


def _most_mb() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(n: int) -> dict[str, Any]:
    """Hand a file of ``n`` records over and read it, slice by slice as the jobs do."""
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.library import import_actions, queries
    from tests.confirmed import casts_are_confirmed
    from tests.conftest import make_clinic

    casts_are_confirmed()
    editor = make_clinic("bench", on_duty=False).actor("clinic_admin")
    before = _most_mb()
    began = time.perf_counter()
    with acting_as(editor):
        taken = import_actions.hand_over(by=editor, name="bench.xml", chunks=file_of(n))
    handed = time.perf_counter()
    by = import_actions.importer(editor.own_clinic_id)
    ended = False
    while not ended:
        with acting_as(by):
            ended = import_actions.take_slice(by=by, import_id=taken.pk)
    seconds = time.perf_counter() - handed
    grown = _most_mb() - before
    floor = _floor(n)
    with acting_as(editor):
        moved = queries.progress(taken.pk)
    return {
        "records": moved.read, "taken": moved.taken, "known": moved.known, "refused": moved.refused,
        "file_mb": round(moved.size / 2**20, 1), "hand_over_s": round(handed - began, 1), "seconds": round(seconds, 1),
        "of_floor": round(seconds / floor, 1), "peak_mb": round(grown, 1),
        "of_limit": round(grown / MOST_MB, 2),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("records", type=int)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with house():
        arguments.out.write_text(json.dumps(measure(arguments.records)))


if __name__ == "__main__":
    main()
