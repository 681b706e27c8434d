"""The answer to a message: an HL7 ACK in the sender's separators and version, even to bytes that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b

from .framing import BLANK, BOM
from .results import AckCode

OURS = b"SOJOURN"

# HL7 table 0357, where a kind of fault has a code of its own; 207 is "application internal error"
CONDITIONS: dict[str, tuple[str, str]] = {
    "unsupported_type": ("200", "Unsupported message type"),
    "batch": ("200", "Unsupported message type"),
    "no_type": ("101", "Required field missing"),
    "no_header": ("100", "Segment sequence error"),
    "several_messages": ("100", "Segment sequence error"),
    "several_patients": ("100", "Segment sequence error"),
    "several_beds": ("100", "Segment sequence error"),
    "empty": ("100", "Segment sequence error"),
    "unknown_device": ("204", "Unknown key identifier"),
    "unknown_patient": ("204", "Unknown key identifier"),
}


def answer(raw: bytes, code: AckCode, reason: str = "", *, now: datetime, kind: str = "") -> bytes:
    """The body of an ACK (no frame) to `raw`. The same bytes, code and time give the same answer.

    `kind` is a fault's kind; it chooses the condition in ERR. `reason` is plain words for the technician.
    """
    head = raw.lstrip(BLANK).removeprefix(BOM).lstrip(BLANK)
    line = head[:4096].replace(b"\n", b"\r").split(b"\r", 1)[0]
    sep, chars, f = b"|", b"^~\\&", []
    if line.startswith(b"MSH") and len(line) > 5:
        f = line.split(line[3:4])
        if _usable(line[3:4], f[1]):
            sep, chars = line[3:4], f[1]
        else:
            f = []
    f += [b""] * (19 - len(f))
    comp = chars[:1]
    control = f[9][:200]
    version = f[11][:60].split(comp)[0].strip() or b"2.3"
    event = [*f[8].split(comp), b""][1].strip()[:3] if f[8] else b""
    kind_of_message = b"ACK"
    if event.isalnum():
        kind_of_message += comp + event + (comp + b"ACK" if version >= b"2.4" else b"")
    stamp = now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000").encode()
    own_id = control or blake2b(raw, digest_size=8).hexdigest().encode()
    escape = chars[2:3] if len(chars) >= 3 and chars[2:3] != b"&" else b""
    text = _escaped(reason, sep, chars, escape) if reason else b""
    msh = [
        b"MSH", chars, f[4] or OURS, f[5], f[2], f[3], stamp, b"", kind_of_message, own_id,
        f[10][:20] or b"P", version,
    ]  # fmt: skip
    if f[17]:
        msh += [b"", b"", b"", b"", b"", f[17][:60]]
    segments = [sep.join(msh), sep.join([b"MSA", code.encode(), control, text]).rstrip(sep)]
    if code != "AA":
        number, words = CONDITIONS.get(kind, ("207", "Application internal error"))
        coded = [number.encode(), _escaped(words, sep, chars, escape), b"HL70357"]
        if version >= b"2.5":
            segments.append(sep.join([b"ERR", b"", b"", comp.join(coded), b"E", b"", b"", b"", text]))
        else:
            sub = chars[3:4] or b"&"
            segments.append(sep.join([b"ERR", comp * 3 + sub.join(coded)]))
    return b"\r".join(segments) + b"\r"


def _usable(sep: bytes, chars: bytes) -> bool:
    if sep == b"|" and chars == b"^~\\&":
        return True
    every = sep + chars
    return (
        0 < len(chars) <= 5
        and not sep.isalnum()
        and not sep.isspace()
        and len(set(every)) == len(every)
        and all(0x21 <= c < 0x7F for c in every)
        and not any(bytes([c]).isalnum() for c in chars)
    )


def _escaped(text: str, sep: bytes, chars: bytes, escape: bytes) -> bytes:
    plain = " ".join(text.split())[:200].encode("ascii", "replace")
    words = (sep, b"F"), (chars[:1], b"S"), (chars[1:2], b"R"), (chars[3:4], b"T")
    if escape:
        plain = plain.replace(escape, escape + b"E" + escape)
    for char, letter in words:
        if char:
            plain = plain.replace(char, escape + letter + escape if escape else b" ")
    return plain
