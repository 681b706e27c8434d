"""Messages kept to the byte, each once; those that were sent again are decided anew where they can be used now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from psycopg import Cursor

from sojourn.care.alarms import columns
from sojourn.care.vitals import strangers
from sojourn.care.vitals.arriving import Acknowledgement, Row, Taken
from sojourn.care.vitals.matching import place_in_sessions

_INSERT = """
INSERT INTO vitals_inboundmessage
  (clinic_id, device_id, encounter_id, received_at, peer, digest, raw, ack, fault, control_id)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::bytea[], %s::bytea[],
  %s::text[], %s::text[], %s::text[])
ON CONFLICT (digest) DO NOTHING RETURNING digest, id
"""


def keep_messages(cursor: Cursor[Row], taken: Sequence[Taken]) -> list[Taken]:
    """Keep the messages; those that are new, with their numbers."""
    if not taken:
        return []
    # two listeners that keep the same messages never wait for each other in a ring
    rows = [_message_row(each) for each in sorted(taken, key=_digest)]
    cursor.execute(_INSERT, columns.columns(rows))
    ids = {bytes(digest): message_id for digest, message_id in cursor.fetchall()}
    for each in taken:
        each.message_id = ids.get(each.arrival.digest)
    return [each for each in taken if each.message_id is not None]


def _digest(taken: Taken) -> bytes:
    return taken.arrival.digest


def _message_row(taken: Taken) -> Row:
    arrival, device, answer = taken.arrival, taken.device, taken.answer
    assert device is not None
    return (
        device.clinic_id, device.device_id, taken.session.encounter_id if taken.session else None, arrival.received_at,
        arrival.peer[:64], arrival.digest, arrival.raw, answer.ack, answer.reason[:300] if answer.ack != "AA" else "",
        arrival.control_id[:80],
    )  # fmt: skip


def of_stranger(taken: Taken) -> strangers.Sent:
    arrival, answer = taken.arrival, taken.answer
    kind, _, _said = arrival.fault.partition(":")
    return strangers.Sent(
        arrival.clinic_id, arrival.host[:64], arrival.peer, next(iter(arrival.keys), ""), kind[:24],
        answer.reason, arrival.keys, arrival.gateway_keys, Counter(arrival.codes), arrival.received_at, arrival.digest,
        arrival.raw, answer.ack, arrival.control_id,
    )  # fmt: skip


_EARLIER = """
SELECT m.digest, m.id, m.ack, m.fault, m.received_at, m.device_id, d.id IS NOT NULL FROM vitals_inboundmessage m
LEFT JOIN vitals_messagedecision d ON d.message_id = m.id WHERE m.digest = ANY(%s)
"""
_DECIDE = """
INSERT INTO vitals_messagedecision (clinic_id, message_id, encounter_id, decided_at, reason)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (message_id) DO NOTHING RETURNING message_id
"""


def decide_anew(cursor: Cursor[Row], again: Sequence[Taken]) -> list[Taken]:
    """Resends. What was used is answered as it was; what was answered AE is decided anew, and used at most once."""
    cursor.execute(_EARLIER, ([each.arrival.digest for each in again],))
    earlier = {bytes(digest): kept for digest, *kept in cursor.fetchall()}
    used = []
    for each in again:
        message_id, ack, fault, received_at, _, decided = earlier[each.arrival.digest]
        if ack == "AA" or decided:
            each.answer = Acknowledgement("AA")
            continue
        each.again = True
        each.arrival = replace(each.arrival, received_at=min(received_at, each.arrival.received_at))
        place_in_sessions(cursor, [each])
        if each.answer.ack != "AA":
            each.answer = Acknowledgement(ack, fault) if ack == each.answer.ack else each.answer
            continue
        encounter_id = each.session.encounter_id if each.session else None
        device = each.device
        assert device is not None
        values = (device.clinic_id, message_id, encounter_id, each.arrival.received_at, each.answer.reason[:300])
        cursor.execute(_DECIDE, values)
        if cursor.fetchone() is not None:  # another listener may have been quicker
            each.message_id = message_id
            used.append(each)
    return used
