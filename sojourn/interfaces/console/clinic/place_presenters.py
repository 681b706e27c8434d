"""The clinic and the lines of its place as the console says them: what is missing, who dialled what, and the marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.lines import ALWAYS, CrisisLine
from sojourn.foundation.accounts.models import LineCheck
from sojourn.foundation.accounts.place import CheckedLine
from sojourn.foundation.accounts.readiness import Missing

MARKS: Final[Mapping[str, StrPromise]] = {
    "read": gettext_lazy("Read on a page of the service or an authority"),
    "second-hand": gettext_lazy("Second-hand: not read on the service's own page"),
}
# Where what is missing is put right, by its code; the page of the clinic where it is not said.
PAGES: Final[Mapping[str, str]] = {"no-duty": "console:duty"}


@dataclass(frozen=True, slots=True)
class MissingRow:
    """Something that the clinic lacks before it invites patients, and where it is put right."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the place. ``state``: "done", "wait" (nobody has checked it) or "stop" (it did not work)."""

    id: str
    name: str
    number: str
    words: str
    hours: str
    mark: StrPromise
    source: str
    is_emergency: bool
    is_tapped: bool
    state: str
    by: str
    at: datetime | None
    note: str


def missing_rows(found: Iterable[Missing]) -> list[MissingRow]:
    """What is missing, each with its page."""
    return [MissingRow(each.words, reverse(PAGES.get(each.code, "console:place"))) for each in found]


def line_rows(found: Iterable[CheckedLine]) -> tuple[list[LineRow], list[LineRow]]:
    """The lines that a patient is shown first, and the others."""
    rows = [(each.needed, _row(each.line, each.check)) for each in found]
    return [row for needed, row in rows if needed], [row for needed, row in rows if not needed]


def _row(line: CrisisLine, check: LineCheck | None) -> LineRow:
    state = "wait" if check is None else "done" if check.works else "stop"
    return LineRow(
        line.id, line.name, line.shown, line.words, _("24 hours a day") if line.hours == ALWAYS else line.hours,
        MARKS[line.mark], line.source, line.kind == "emergency", bool(line.href), state,
        "" if check is None else check.checked_by_name, None if check is None else check.checked_at,
        "" if check is None or check.works else check.note,
    )  # fmt: skip
