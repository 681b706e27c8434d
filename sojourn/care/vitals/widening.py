"""Monitors that were registered under names too wide, or otherwise than now: once, when an older database is upgraded.

An older version read neither room nor facility into a bed's key, and let a gateway's name catch every bed behind it; it
kept the port of an address, and the part of a device's identifier that its channels count.
Which beds have really spoken under such a name stands in the messages that it kept; each is listed as a monitor that
waits to be added, so that a person registers it by one press. Nothing is registered here, and no key is changed.
"""

from __future__ import annotations

from itertools import chain, islice, repeat
from typing import Any

from sojourn.care.vitals import whose

_DEVICES = """
SELECT d.id, d.clinic_id, d.key, m.peer, m.raw, m.received_at FROM vitals_device d
JOIN LATERAL (SELECT peer, raw, received_at FROM vitals_inboundmessage i
  WHERE i.device_id = d.id ORDER BY i.id DESC LIMIT 2000) m ON true
WHERE d.retired_at IS NULL AND split_part(d.key, ':', 1) IN ('bed', 'app', 'eui64', 'ip', 'equipment')
"""
_LIST = """
INSERT INTO vitals_stranger (clinic_id, host, name, fault, reason, keys, gateway_keys, codes, count, first_at, last_at)
VALUES (%s, %s, %s, '', '', %s, %s, '{}', 1, %s, %s)
ON CONFLICT (clinic_id, host, name, fault) DO UPDATE SET count = vitals_stranger.count + 1,
  first_at = least(vitals_stranger.first_at, excluded.first_at),
  last_at = greatest(vitals_stranger.last_at, excluded.last_at)
"""


_WIDE = ("bed", "app", "eui64")


def list_wide_keys(cursor: Any) -> int:
    """List the beds whose messages were taken under a key that is now too wide; how many messages said so. On a cursor
    that sees every clinic's rows."""
    cursor.execute(_DEVICES)
    found = 0
    for _, clinic_id, registered, peer, raw, received_at in cursor.fetchall():
        kind, now_named = registered.partition(":")[0], whose.as_named_now(registered)
        sent = now_named if now_named != registered else bed_key(bytes(raw)) if kind in _WIDE else ""
        gateway = registered if kind in ("app", "eui64") else ""
        if sent and whose.too_wide(registered, (sent,), (gateway,) if gateway else ()):
            row = (clinic_id, whose.host_of(peer)[:64], sent, sent, gateway, received_at, received_at)
            cursor.execute(_LIST, row)
            found += 1
    return found


_SHARED = """
UPDATE vitals_device d SET address = left(m.host, 64) FROM (
  SELECT DISTINCT ON (i.device_id) i.device_id, btrim(regexp_replace(i.peer, ':[0-9]+$', ''), '[]') AS host
  FROM vitals_inboundmessage i ORDER BY i.device_id, i.id DESC) m
WHERE m.device_id = d.id AND d.address = '' AND d.retired_at IS NULL AND d.key IN (
  SELECT key FROM vitals_device WHERE retired_at IS NULL GROUP BY key HAVING count(DISTINCT clinic_id) > 1)
"""


def learn_shared_lines(cursor: Any) -> int:
    """Where two clinics have a monitor of the same name, learn from the messages that were kept from where each spoke
    last: on a port that they share the address alone tells them apart, and neither may fall silent by the upgrade. How
    many were learned. On a cursor that sees every clinic's rows."""
    cursor.execute(_SHARED)
    return int(cursor.rowcount)


def bed_key(raw: bytes) -> str:
    """The key of the bed that a kept message names in PV1-3; "" where it names none. (The reader of messages lives in
    a storey above; this is as much of it as the upgrade needs.)"""
    lines = raw.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    header = next((each for each in lines if each.startswith("MSH")), "")
    pv1 = next((each for each in lines if each.startswith("PV1")), "")
    if len(header) < 9 or not pv1:
        return ""
    field, component, sub = header[3], header[4], header[7]
    _tag, _set, _class, named = islice(chain(pv1.split(field), repeat("")), 4)
    point, room, bed, facility = islice(chain(named.split(component), repeat("")), 4)
    value = whose.bed_value(_first(point, sub), _first(room, sub), _first(bed, sub), _first(facility, sub))
    return whose.key("bed", value) if value else ""


def _first(part: str, separator: str) -> str:
    """The first subcomponent that is not empty."""
    return next((each for each in part.split(separator) if each), "")
