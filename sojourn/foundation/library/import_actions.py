"""Hand over a file of citations, and take its records in, some hundreds at a time.

The file is kept packed in the database until it has been read. Each job takes one slice in one transaction and leaves
the next job, so that a letter or a flag that waits in the same queue waits a second and not for the file; a job that
dies has taken nothing, and whoever comes next goes on where the last transaction ended.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.foundation import jobs
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.library import queries
from sojourn.foundation.library.citations.files import Format, format_of, records
from sojourn.foundation.library.citations.record import Cited, Refusal, title_key
from sojourn.foundation.library.known import Known, Work, known_of
from sojourn.foundation.library.models import (
    DecisionKind,
    EvidenceDecision,
    EvidenceEntry,
    EvidenceImport,
    ImportNote,
    ImportPart,
    ImportProgress,
    NoteKind,
)
from sojourn.foundation.scope import clinic_rows

PART: Final = 2**20
LARGEST: Final = 1024 * 2**20  # a year of a large field; whoever has more hands it over in two files
SLICE: Final = 500
_LONGEST: Final = {"title": 2000, "authors": 2000, "journal": 500, "abstract": 20_000, "doi": 300}


def importer(clinic_id: int) -> Actor:
    """The system actor, as it takes records."""
    return replace(system_actor(clinic_id), permissions=frozenset({"library.import"}))


@action(
    "library.edit", locks=NoLock("a file handed over twice is two imports, and the second finds only doubles"),
    audit="evidence.file_taken",
)  # fmt: skip
def hand_over(*, by: Actor, name: str, chunks: Iterable[bytes], now: datetime | None = None) -> EvidenceImport:
    """Keep a file of PubMed XML, RIS or BibTeX, and leave the reading of it to a job.

    Refused: packed, no-format, too-large.
    """
    parts = _parts(chunks)
    first = next(parts, b"")
    if first.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        raise ActionRefused(_("This file is packed. Unpack it first, and hand over what is in it."), codes=("packed",))
    kind = format_of(first)
    if kind is None:
        raise ActionRefused(
            _("This is neither PubMed XML nor RIS nor BibTeX. Export it from your program in one of these formats."),
            codes=("no-format",),
        )
    now = now or timezone.now()
    clinic_id = by.own_clinic_id
    taken = EvidenceImport.objects.create(
        clinic_id=clinic_id, name=name[:200], kind=kind, begun_at=now, begun_by_id=by.member, by_name=by.name
    )
    size = 0
    for number, part in enumerate(chain((first,), parts)):
        size += len(part)
        if size > LARGEST:
            raise ActionRefused(
                _("A file can have %(most)d MB. Hand it over in parts.") % {"most": LARGEST // 2**20},
                codes=("too-large",),
            )
        ImportPart.objects.create(clinic_id=clinic_id, of=taken, number=number, packed=zlib.compress(part, 1))
    ImportProgress.objects.create(clinic_id=clinic_id, of=taken, size=size, moved_at=now)
    record(by, "evidence.file_taken", taken, kind=kind, size=size)
    jobs.defer("library.import", clinic_id=clinic_id, import_id=taken.pk)
    return taken


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A file in pieces of one size, the last one shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PART:
            yield bytes(held[:PART])
            del held[:PART]
    if held:
        yield bytes(held)


# ---------------------------------------------------------------- one slice of it


@action("library.import", locks=turn("library.import"), audit="evidence.imported")
def take_slice(*, by: Actor, import_id: int, most: int = SLICE, now: datetime | None = None) -> bool:
    """Take the next records of a file, at most so many, and leave a job for those after them; whether it is at its end.
    A file that has been read to its end is left alone."""
    moved = queries.progress(import_id)
    if moved.ended_at is not None:
        return unchanged(True)
    now = now or timezone.now()
    steps = records(Format(moved.of.kind), _from(moved), number=moved.read, at=moved.place, strings=moved.strings)
    found = list(islice(steps, most))
    written = _take(by, moved.of, [each for each, _end in found], now)
    moved.read += len(found)
    moved.taken += written.taken
    moved.known += written.known
    moved.refused += written.refused
    moved.retracted += written.retracted
    moved.place, moved.moved_at = (found[-1][1], now) if found else (moved.place, now)
    ended = len(found) < most
    if ended:
        moved.ended_at, moved.place = now, moved.size
        clinic_rows(ImportPart).filter(of_id=import_id).delete()
    moved.save()
    record(by, "evidence.imported", moved.of, n=len(found), taken=written.taken)
    if not ended:
        jobs.defer("library.import", clinic_id=by.own_clinic_id, import_id=import_id)
    return ended


def _from(moved: ImportProgress) -> Iterator[bytes]:
    """The file from where it has been read to, a part in memory at a time."""
    number, skip = divmod(moved.place, PART)
    while True:
        part = clinic_rows(ImportPart).filter(of_id=moved.of_id, number=number).first()
        if part is None:
            return
        yield zlib.decompress(part.packed)[skip:]
        number, skip = number + 1, 0


@dataclass(slots=True)
class _Written:
    """What became of some records."""

    taken: int = 0
    known: int = 0
    refused: int = 0
    retracted: int = 0
    notes: list[ImportNote] = field(default_factory=list)


def _take(by: Actor, of: EvidenceImport, found: list[Cited | Refusal], now: datetime) -> _Written:
    """Write the entries that are new, and say of every other record what became of it."""
    written = _Written()
    known = known_of([each for each in found if isinstance(each, Cited)])
    fresh: dict[str, EvidenceEntry] = {}
    withdrawn: dict[str, int] = {}  # what is retracted, as ``known`` calls it, and by which record
    for each in found:
        if isinstance(each, Refusal):
            _note(written, of, each.number, NoteKind.REFUSED, each.why, each.detail)
        elif each.retracts:
            _note(written, of, each.number, NoteKind.REFUSED, "notice", each.title)
            withdrawn |= {work.called: each.number for pmid in each.retracts if (work := known.of_pmid(pmid))}
        else:
            called = _take_one(of, each, known, fresh, written, now)
            if each.retracted:
                withdrawn[called] = each.number
    EvidenceEntry.objects.bulk_create(fresh.values())
    names = {called: entry.called for called, entry in fresh.items()}
    written.taken = len(fresh)
    for note in written.notes:
        note.detail = names.get(note.detail, note.detail)
    _retract(of, {names.get(called, called): number for called, number in withdrawn.items()}, written, now)
    ImportNote.objects.bulk_create(written.notes)
    return written


def _take_one(
    of: EvidenceImport, cited: Cited, known: Known, fresh: dict[str, EvidenceEntry], written: _Written, now: datetime
) -> str:
    """Make an entry of a record, or note which one it doubles; what that is called, until it has a number "#" and that
    of its record."""
    if (double := known.double(cited)) is not None:
        work, by_what = double
        _note(written, of, cited.number, NoteKind.KNOWN, by_what, work.called)
        return work.called
    called, key = f"#{cited.number}", title_key(cited.title)
    known.add(Work(called, cited.doi, cited.pmid, key))
    texts = {name: getattr(cited, name)[:most] for name, most in _LONGEST.items()}
    fresh[called] = EvidenceEntry(
        clinic_id=of.clinic_id, imported=of, year=cited.year, pmid=cited.pmid, key=key, design=cited.design,
        written_at=now, by_name=of.by_name, **texts,
    )  # fmt: skip
    return called


def _note(written: _Written, of: EvidenceImport, number: int, kind: NoteKind, code: str, detail: str) -> None:
    written.refused += kind == NoteKind.REFUSED
    written.known += kind == NoteKind.KNOWN
    written.retracted += kind == NoteKind.RETRACTED
    written.notes.append(
        ImportNote(
            clinic_id=of.clinic_id, of=of, number=number, kind=kind, code=code, detail=detail[:300].replace("\0", "")
        )
    )


def _retract(of: EvidenceImport, withdrawn: dict[str, int], written: _Written, now: datetime) -> None:
    """Mark as retracted what is not marked yet, and note it."""
    standing = queries.newest_decisions(withdrawn)
    for called, number in withdrawn.items():
        before = standing.get(called)
        if before is not None and before.kind == DecisionKind.RETRACTED:
            continue
        EvidenceDecision.objects.create(
            clinic_id=of.clinic_id, about=called, version_id=before.version_id if before else None,
            kind=DecisionKind.RETRACTED, reason=of.name, decided_at=now, by_name=of.by_name,
        )  # fmt: skip
        _note(written, of, number, NoteKind.RETRACTED, "says-so", called)
