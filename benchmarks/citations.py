"""Workload (d): a file of PubMed XML handed over and read by the jobs process, ``python -m benchmarks.citations N --out
FILE``.

The file is generated as it is handed over, with abstracts of the usual length, doubles by DOI, by PMID and by title, and
broken records. The jobs process is the real one, on the embedded PostgreSQL; measured are the seconds, by how much it
grew at its peak, and how often another connection saw that it had gone on. What was recognised and what was refused must
be what was planted, or the workload fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.house import House, house

if TYPE_CHECKING:
    from sojourn.foundation.accounts.actor import Actor

MOST_MB: Final = 64  # of memory that the reading may hold at its peak, whatever the file
LOOKS_EVERY_S: Final = 0.5  # how often the progress is looked at, as the page does
_DOUBLE_EVERY, _BROKEN_EVERY = 50, 100
_WAYS: Final = ("doi", "pmid", "title")
_WORDS: Final = ["ketamine", "infusion", "depression", "midazolam", "response", "remission", "weeks", "people", "trial", "placebo", "score", "baseline", "randomised", "dissociation", "blood", "pressure", "follow", "up", "interval", "adverse", "events"]  # fmt: skip


def _way(number: int) -> str:
    """By what a record doubles the one before it; "" for one that is new."""
    return _WAYS[number // _DOUBLE_EVERY % 3] if number % _DOUBLE_EVERY == 49 else ""


def _is_broken(number: int) -> bool:
    return number % _BROKEN_EVERY == 0


def article(number: int) -> bytes:
    """One invented article; some are one that came before, known by one thing alone, some are not well-formed."""
    way = _way(number)
    which = number - 1 if way else number
    pmid = f"<PMID>{60_000_000 + which}</PMID>" if way in ("", "pmid") else ""
    doi = f'<ELocationID EIdType="doi">10.5555/bench.{which}</ELocationID>' if way in ("", "doi") else ""
    title = f"Invented trial number {which} of ketamine in people who were never asked"
    if way in ("doi", "pmid"):
        title = f"Another name of trial number {which}, as somebody else wrote it down"
    text = " ".join(_WORDS[(which * 7 + each * each) % len(_WORDS)] for each in range(220))
    end = "" if _is_broken(number) else "</Abstract>"
    return (
        f"<PubmedArticle><MedlineCitation>{pmid}<Article><Journal><JournalIssue><PubDate>"
        f"<Year>{1990 + which % 36}</Year></PubDate></JournalIssue><ISOAbbreviation>J Invent Ex</ISOAbbreviation>"
        f"</Journal><ArticleTitle>{title}</ArticleTitle>{doi}<Abstract><AbstractText>{text}"
        f"</AbstractText>{end}<AuthorList><Author><LastName>Doe</LastName><Initials>J</Initials></Author></AuthorList>"
        "<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList></Article>"
        "</MedlineCitation><PubmedData></PubmedData></PubmedArticle>\n"
    ).encode()


def planted(numbers: range) -> dict[str, int]:
    """What must be found in a file of these."""
    ways = Counter(way for each in numbers if (way := _way(each)))
    return {"refused": sum(map(_is_broken, numbers)), **{way: ways[way] for way in _WAYS}}


def file_of(numbers: range) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n'
    for number in numbers:
        yield article(number)
    yield b"</PubmedArticleSet>\n"


def _floor(n: int) -> float:
    """Seconds of the standard parser over the same articles, each by itself, with nothing kept."""
    from xml.etree import ElementTree

    began = time.perf_counter()
    for number in range(1, n + 1):
        if not _is_broken(number):
            ElementTree.fromstring(article(number))  # our own text
    return time.perf_counter() - began


def _memory_mb(process: subprocess.Popen[bytes], what: str) -> float:
    """What the system says of a process: "VmRSS", what it holds, "VmHWM", the most that it has held."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return int(fields[what].split()[0]) / 1024


def measure(n: int, at: House) -> dict[str, Any]:
    """Hand a file of ``n`` records over to the jobs process, and look on as it is read."""
    jobs = at.start("jobs", "sojourn.config.processes", "jobs")
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.library import queries
    from sojourn.foundation.library.models import NoteKind

    editor = _editor()
    file, first = range(1, n + 1), range(n + 1, n + 10)
    _read(at, jobs, editor, first)  # until it has taken in what it needs for any file
    before = _memory_mb(jobs, "VmRSS")
    run = _read(at, jobs, editor, file)
    grown = _memory_mb(jobs, "VmHWM") - before
    with acting_as(editor):
        moved = queries.progress(run.import_id)
        doubles = Counter(each.code for each in queries.notes(moved.of, NoteKind.KNOWN, limit=n))
        refusals = queries.notes(moved.of, NoteKind.REFUSED, limit=n)
    found = {"refused": moved.refused, **{way: doubles[way] for way in _WAYS}}
    unnamed = [each.number for each in refusals if not each.detail or not _is_broken(each.number)]
    if found != planted(file) or moved.read != n or unnamed:
        raise RuntimeError(f"planted {planted(file)} in {n}, found {found} in {moved.read}, not named: {unnamed}")
    return {
        "records": moved.read, "taken": moved.taken, **found, "file_mb": round(moved.size / 2**20, 1),
        "hand_over_s": round(run.hand_over_s, 1), "seconds": round(run.seconds, 1), "per_s": round(n / run.seconds),
        "of_floor": round(run.seconds / _floor(n), 1), "peak_mb": round(grown, 1),
        "of_limit": round(grown / MOST_MB, 2), "steps_seen": run.steps_seen,
    }  # fmt: skip


def _editor() -> Actor:
    """Whoever edits the library of a clinic that has nothing else."""
    from django.db import connection

    from sojourn.foundation.accounts.actor import Actor, acting_as
    from sojourn.foundation.accounts.models import Clinic, Membership, Person
    from sojourn.foundation.accounts.queries import actor_of

    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with acting_as(Actor(clinic_id=clinic_id, role="house", name="bench")):
        clinic = Clinic.objects.create(id=clinic_id, name="Bench", slug="bench")
        person = Person.objects.create(email="editor@bench.example")
        member = Membership.objects.create(clinic=clinic, person=person, role="clinic_admin", name="editor")
        return actor_of(member)


@dataclass(frozen=True, slots=True)
class _Run:
    """How a file was read; ``steps_seen``: how many different states of its progress another connection saw."""

    import_id: int
    hand_over_s: float
    seconds: float
    steps_seen: int


def _read(at: House, jobs: subprocess.Popen[bytes], editor: Actor, numbers: range) -> _Run:
    """Hand a file over and wait until the jobs process has read it to its end."""
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.library import import_actions, queries

    began = time.perf_counter()
    with acting_as(editor):
        taken = import_actions.hand_over(by=editor, name=f"bench-{len(numbers)}.xml", chunks=file_of(numbers))
    handed, seen, ended = time.perf_counter(), set[int](), False
    while not ended:
        time.sleep(LOOKS_EVERY_S)
        if jobs.poll() is not None:
            raise RuntimeError(f"the jobs process ended: {(at.home / 'jobs.log').read_text()[-2000:]}")
        with acting_as(editor):
            moved = queries.progress(taken.pk)
        seen.add(moved.read)
        ended = moved.ended_at is not None
    return _Run(taken.pk, handed - began, time.perf_counter() - handed, len(seen - {0, len(numbers)}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("records", type=int)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with house() as at:
        arguments.out.write_text(json.dumps(measure(arguments.records, at)))


if __name__ == "__main__":
    main()
