"""A batch (FHS, BHS ... BTS, FTS) is an envelope: its messages are taken and answered one by one."""

from __future__ import annotations

import re
from typing import Final

from .framing import BLANK, BOM

_ENVELOPE: Final = (b"FHS", b"BHS", b"BTS", b"FTS")
_SEGMENTS: Final = re.compile(rb"[\r\n]+")
MOST_MESSAGES: Final = 500


def messages_of(body: bytes) -> list[bytes]:
    """The messages in a batch, in order. Empty where the bytes are no batch, or one that holds nothing to take."""
    if body.lstrip(BLANK).removeprefix(BOM)[:3] not in _ENVELOPE[:2]:
        return []
    found: list[list[bytes]] = []
    for line in _SEGMENTS.split(body.lstrip(BLANK).removeprefix(BOM)):
        if line[:3] == b"MSH":
            found.append([line])
        elif line and line[:3] not in _ENVELOPE and found:
            found[-1].append(line)
    return [b"\r".join(lines) + b"\r" for lines in found] if len(found) <= MOST_MESSAGES else []
