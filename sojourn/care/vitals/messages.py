"""Messages of monitors: kept to the byte, matched to a device and its session, and handed to the ledger.

Everything that arrived together is stored in one transaction; only after its commit may anything be acknowledged.

What is doubted (its time, its line, its patient) may raise an alarm and never ends one. Whose it was is decided by the
message's own time, also when it is sent again after what was wrong has been mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import Cursor

from sojourn.care.vitals import ingest, known, strangers
from sojourn.care.vitals.arriving import Acknowledgement, Arrival, Row, Taken, ours_and_strangers
from sojourn.care.vitals.keeping import decide_anew, keep_messages, of_stranger
from sojourn.care.vitals.known import Known
from sojourn.care.vitals.matching import match_messages
from sojourn.care.vitals.reading import (
    absent_sensors,
    hold_back,
    note_doubted,
    note_left,
    note_unused,
    read_messages,
    supersede,
    withdrawals_of,
)
from sojourn.care.vitals.unused import Counts
from sojourn.care.vitals.withdrawing import take_back


def take_messages(
    cursor: Cursor[Row], arrivals: Sequence[Arrival], now: datetime, counts: Counts | None = None
) -> list[Acknowledgement]:
    """Store ``arrivals`` and judge what they carry; the answers in the same order. The caller commits.

    ``counts``: where the caller counts what was not used; without it, it is written at once.
    """
    counts = Counts() if counts is None else counts
    taken = match_messages(cursor, _each_once(arrivals))
    ours, of_strangers = ours_and_strangers(taken)
    if of_strangers:
        strangers.keep(cursor, [of_stranger(each) for each in of_strangers])
    fresh = _to_be_read(cursor, ours)
    readings, held, judged_again = read_messages(cursor, fresh)
    absent = [each for one in fresh for each in absent_sensors(one)]
    note_unused(counts, fresh)
    note_doubted(counts, readings)
    known.learn(cursor, _devices(ours), now)
    supersede(cursor, readings)
    ingest.record_batch(cursor, readings, now, absent, faulty=judged_again)
    hold_back(cursor, held)
    fitting = take_back(cursor, [row for each in fresh for row in withdrawals_of(each)], now)
    note_left(counts, fresh, fitting)
    counts.write(cursor, now)
    answers = {each.arrival.digest: each.answer for each in taken}
    return [answers[arrival.digest] for arrival in arrivals]


def _each_once(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The first of those that are the same message, in the order in which they came."""
    first: dict[bytes, Arrival] = {}
    for each in arrivals:
        first.setdefault(each.digest, each)
    return list(first.values())


def _to_be_read(cursor: Cursor[Row], ours: Sequence[Taken]) -> list[Taken]:
    """Those that are new, and those that were sent before and can be used only now."""
    fresh = keep_messages(cursor, ours)
    again = [each for each in ours if each.message_id is None]
    return [*fresh, *decide_anew(cursor, again)] if again else fresh


def _devices(ours: Sequence[Taken]) -> dict[int, Known]:
    return {each.device.device_id: each.device for each in ours if each.device is not None}
