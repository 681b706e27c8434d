"""Whose monitor a message is, by what it says of its bed, its device and its patient. Pure: no database, no clock.

A key is "kind:value". A bed is named by its point of care, room, bed and facility together: bed 1 of room 1 is not
bed 1 of room 2. What a message says of a status or a port is no name. A gateway speaks for many beds, so its name
counts only where a message names neither a bed nor a device; where it names nothing at all, its address does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal

LONGEST: Final = 120
# Names that many monitors share: of a program or a gateway, and of the line.
SHARED: Final = ("app", "address")
_ROOM, _AT = ";room=", ";at="
_SUFFIX = re.compile(r"/[0-9]+$")
_CHANNEL = re.compile(r"/[0-9]+(?=/|$)")
_LETTERS_DIGITS = re.compile(r"([A-Z]*)([0-9]+)")
_ADDRESS = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?|\[?[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,}\]?|[0-9]{8,10}"
)

Named = Literal["same", "other", "nothing"]


def key(kind: str, value: str) -> str:
    """A key of at most ``LONGEST`` characters; two long names never become one."""
    text = f"{kind}:{value}"
    if len(text) <= LONGEST:
        return text
    mark = "~" + blake2b(text.encode(), digest_size=6).hexdigest()
    return text[: LONGEST - len(mark)] + mark


def bed_value(point_of_care: str, room: str, bed: str, facility: str = "") -> str:
    """What names a place: "KETQ/1;room=2;at=NORTH"; "" where neither a bed nor a room is said."""
    if not bed and not room:
        return ""
    ward, bed = _plain(point_of_care), _plain(bed)
    place = bed if ward in ("", bed) else f"{ward}/{bed}"
    if room and _plain(room) != bed:
        place += _ROOM + _plain(room)
    if facility and not is_address(facility):
        place += _AT + _plain(facility)
    return place


def _plain(part: str) -> str:
    """A part in which nothing reads as the border between two."""
    return part.strip().replace("%", "%25").replace("/", "%2F").replace(";", "%3B")


def is_address(text: str) -> bool:
    """Whether a name is an address on the network, with its port or without, or as one number: a line, no place."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def equipment(name: str) -> str:
    """A device's own identifier without the part behind a last slash that its channels count (SN7/460, SN7/461)."""
    return _SUFFIX.sub("", name.strip())


def narrowed(own: Iterable[str], gateway: Iterable[str]) -> tuple[str, ...]:
    """The keys that may find a device: its own, or its gateway's where it has none."""
    of_gateway = tuple(dict.fromkeys(gateway))
    found = tuple(dict.fromkeys(own))
    places = [each for each in found if each.startswith("bed:")]
    if places:  # a gateway that signs its beds' rows with its own number
        found = tuple(each for each in found if each not in of_gateway)
    return found or of_gateway


def with_address(keys: tuple[str, ...], host: str) -> tuple[str, ...]:
    """The keys of a message from ``host``: one that names nothing of its own is known by its address first."""
    if not host or (keys and not keys[0].startswith("app:")) or any(not each.startswith("app:") for each in keys):
        return keys
    return (key("address", host), *keys)


def masked(name: str) -> tuple[str, str]:
    """A key as it is shown to who may not be at its monitor, and the end of it that only the bedside shows."""
    kind, _, value = name.partition(":")
    length = min(4, max(1, len(folded(value)) // 2))
    signs = [place for place, sign in enumerate(value) if sign.isalnum()]
    end = min(signs[-length:], default=len(value))
    return f"{kind}:{value[:end]}…", value[end:]


@lru_cache(maxsize=4096)
def host_of(peer: str) -> str:
    """The address without its port, which changes with every line."""
    return peer.rpartition(":")[0].strip("[]") or peer


def too_wide(registered: str, sent: Iterable[str], gateway: Iterable[str]) -> bool:
    """Whether a key, as older versions read it, would have caught a message that names its place more closely."""
    sent = tuple(sent)
    if registered in sent or not sent:
        return False
    older = {_older(each) for each in sent} | set(gateway)
    return registered in older or as_named_now(registered) in sent


def _older(sent: str) -> str:
    """A bed's key as it was before it held room and facility."""
    if not sent.startswith("bed:"):
        return sent
    return sent.partition(_ROOM)[0].partition(_AT)[0].replace("%2F", "/").replace("%3B", ";").replace("%25", "%")


def as_named_now(registered: str) -> str:
    """A key of an older version as the same messages are named now: an address without its port, a device's identifier
    without the part that its channels count."""
    kind, _, value = registered.partition(":")
    if kind == "ip" and value.count(":") == 1:
        return f"ip:{value.rpartition(':')[0]}"
    return f"equipment:{_CHANNEL.sub('', value)}" if kind == "equipment" else registered


# ---------------------------------------------------------------- the patient


def folded(identifier: str) -> str:
    """An identifier without case, spaces and punctuation: CA-00007 is CA00007."""
    return "".join(each for each in identifier.upper() if each.isalnum())


def names(identifiers: Iterable[str], record_number: str, confirmed: Iterable[str] = ()) -> Named:
    """Whether a message's patient numbers name the patient with ``record_number``, another one, or nobody of ours.

    Only a number of our own form can contradict: monitors count their own patients, and hospitals theirs.
    ``confirmed``: numbers (folded) of which a nurse has said that they mean this patient.
    """
    ours, said = folded(record_number), [folded(each) for each in identifiers]
    if not ours or ours in said or any(each in said for each in confirmed):
        return "same"
    return "other" if any(_contradicts(each, ours) for each in said) else "nothing"


def contradicting(identifiers: Iterable[str], record_number: str) -> tuple[str, ...]:
    """The numbers (folded) that name another patient than the one with ``record_number``."""
    ours = folded(record_number)
    return tuple(dict.fromkeys(each for each in map(folded, identifiers) if _contradicts(each, ours)))


def _contradicts(said: str, ours: str) -> bool:
    mine, theirs = _LETTERS_DIGITS.fullmatch(ours), _LETTERS_DIGITS.fullmatch(said)
    if mine is None or theirs is None or (theirs[2].lstrip("0") in ("", "1") and not theirs[1]):
        return False  # monitors call the patient whom nobody has named 0001
    if theirs[1]:
        return theirs[1] == mine[1] and int(theirs[2]) != int(mine[2]) and len(theirs[2]) <= len(mine[2])
    return len(theirs[2]) == len(mine[2]) and theirs[2][0] == "0" and theirs[2] != mine[2]
