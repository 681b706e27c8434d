"""Which works the library has already: by DOI, by PMID, by title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from django.db.models import Q

from sojourn.foundation.library.citations.record import Cited, doi_of, pmid_of, title_key
from sojourn.foundation.library.evidence import Study, entries
from sojourn.foundation.library.models import EvidenceEntry
from sojourn.foundation.scope import clinic_rows

By = Literal["doi", "pmid", "title"]
_PMID: Final = re.compile(r"PMID:?\s*(\d+)", re.I)


@dataclass(frozen=True, slots=True)
class Work:
    """One work of the library: what it is called here, and by what it is known again."""

    called: str
    doi: str
    pmid: str
    key: str


class Known:
    """The works that some records might double, and those that were taken since."""

    def __init__(self, works: Iterable[Work]) -> None:
        self._by: dict[tuple[By, str], Work] = {}
        for work in works:
            self.add(work)

    def add(self, work: Work) -> None:
        for by, value in _ways(work):
            self._by.setdefault((by, value), work)

    def double(self, cited: Cited) -> tuple[Work, By] | None:
        """The work that a record is once more, and by what it is known. Two that bear the same title and another DOI,
        or another PMID, are two works."""
        own = Work("", cited.doi, cited.pmid, title_key(cited.title))
        for by, value in _ways(own):
            work = self._by.get((by, value))
            if work is not None and (by != "title" or not _contradict(work, own)):
                return work, by
        return None

    def of_pmid(self, pmid: str) -> Work | None:
        return self._by.get(("pmid", pmid))


def _ways(work: Work) -> list[tuple[By, str]]:
    ways: list[tuple[By, str]] = [("doi", work.doi), ("pmid", work.pmid), ("title", work.key)]
    return [(by, value) for by, value in ways if value]


def _contradict(one: Work, other: Work) -> bool:
    return bool(
        (one.doi and other.doi and one.doi != other.doi) or (one.pmid and other.pmid and one.pmid != other.pmid)
    )


def known_of(records: Sequence[Cited]) -> Known:
    """What the clinic's library and the one that ships have of these. One query."""
    dois = {each.doi for each in records} - {""}
    pmids = {pmid for each in records for pmid in (each.pmid, *each.retracts)} - {""}
    keys = {title_key(each.title) for each in records} - {""}
    rows = (
        clinic_rows(EvidenceEntry)
        .filter(Q(doi__in=dois) | Q(pmid__in=pmids) | Q(key__in=keys))
        .only("id", "first_id", "doi", "pmid", "key")
    )
    return Known([*_shipped(), *(Work(each.called, each.doi, each.pmid, each.key) for each in rows)])


@cache
def _shipped() -> tuple[Work, ...]:
    return tuple(
        Work(each.id, doi_of(each.identifier), pmid_of(found[1]) if found else "", title_key(each.title))
        for each in entries().values()
        if isinstance(each, Study)
        for found in (_PMID.search(each.identifier),)
    )
