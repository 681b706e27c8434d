"""Two people who read one dose, in the record's words: where they differed, and how that was resolved."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import DosePrepared, ReadTwice
from sojourn.interfaces.console.record.words import clock, who


def title(record: SessionRecord, row: DosePrepared) -> str:
    """What an entry of the dose was."""
    for pair in record.read_twice:
        if row.id == pair.second_id:
            if not pair.agree:
                return _("Dose read differently by a second person")
            return _("Dose checked by a second person")
    differed = any(not pair.agree and pair.second_id < row.id for pair in record.read_twice)
    agreed = any(pair.agree and pair.second_id < row.id for pair in record.read_twice)
    return _("Dose read again after the difference") if differed and not agreed else _("Dose prepared")


def remarks(record: SessionRecord) -> list[str]:
    """Each difference with its resolution, or that nobody has resolved it."""
    rows = {each.id: each for each in record.prepared}
    found = []
    for number, pair in enumerate(record.read_twice):
        if pair.agree or not {pair.first_id, pair.second_id} <= set(rows):
            continue
        after = record.read_twice[number + 1 :]
        found.append(" ".join((_differed(rows, pair), _resolved(rows, after))))
    return found


def _differed(rows: dict[int, DosePrepared], pair: ReadTwice) -> str:
    first, second = rows[pair.first_id], rows[pair.second_id]
    return _("%(one)s and %(other)s read the dose differently at %(time)s; neither entry counts.") % {
        "one": who(first.by), "other": who(second.by), "time": clock(second.at),
    }  # fmt: skip


def _resolved(rows: dict[int, DosePrepared], after: tuple[ReadTwice, ...]) -> str:
    pair = next((each for each in after if each.agree and {each.first_id, each.second_id} <= set(rows)), None)
    if pair is None:
        return _("Two people have not read it again and agreed.")
    first, second = rows[pair.first_id], rows[pair.second_id]
    return _("It was read again by %(one)s and %(other)s, who agreed at %(time)s.") % {
        "one": who(first.by), "other": who(second.by), "time": clock(second.at),
    }  # fmt: skip
