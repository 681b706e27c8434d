"""The answer to a message: an HL7 ACK in the sender's separators and version, even to bytes that are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final, Literal

from .framing import BLANK, BOM
from .results import AckCode

OURS = b"SOJOURN"
AnswerCode = Literal["AA", "AE", "AR", "CA", "CE", "CR"]

# HL7 table 0357, where a kind of fault has a code of its own; 207 is "application internal error"
CONDITIONS: dict[str, tuple[str, str]] = {
    "unsupported_type": ("200", "Unsupported message type"),
    "batch": ("200", "Unsupported message type"),
    "query": ("200", "Unsupported message type"),  # on this line
    "no_type": ("101", "Required field missing"),
    "no_control_id": ("101", "Required field missing"),
    "no_header": ("100", "Segment sequence error"),
    "several_messages": ("100", "Segment sequence error"),
    "several_patients": ("100", "Segment sequence error"),
    "several_beds": ("100", "Segment sequence error"),
    "empty": ("100", "Segment sequence error"),
    "truncated": ("100", "Segment sequence error"),
    "unknown_device": ("204", "Unknown key identifier"),
    "unknown_patient": ("204", "Unknown key identifier"),
}
_COMMIT: Final[dict[AckCode, AnswerCode]] = {"AA": "CA", "AE": "CE", "AR": "CR"}
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"M\x00": "utf-16-le", b"\x00M": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer needs of the message that it answers: MSH, or the header of a batch. Empty where there is none."""

    sep: bytes = b"|"
    chars: bytes = b"^~\\&"
    fields: tuple[bytes, ...] = (b"",) * 21
    codec: str = ""  # of a message in two-byte characters, which its sender reads answers in too

    @property
    def kind(self) -> bytes:
        return self.fields[0]

    @property
    def component(self) -> bytes:
        return self.chars[:1]

    @property
    def control_id(self) -> bytes:
        """MSH-10; FHS-11 and BHS-11."""
        return self.fields[9 if self.kind == b"MSH" else 10][:200]

    @property
    def version(self) -> bytes:
        said = self.fields[11][:60].split(self.component)[0].strip() if self.kind == b"MSH" else b""
        return said or b"2.3"

    @property
    def event(self) -> bytes:
        said = self.fields[8].split(self.component) if self.kind == b"MSH" else []
        event = said[1].strip()[:3] if len(said) > 1 else b""
        return event if event.isalnum() else b""

    @property
    def is_answer(self) -> bool:
        """Whether it answers something itself. An answer is never answered: two that did would never end."""
        return self.kind == b"MSH" and self.fields[8].split(self.component)[0].strip() in (b"ACK", b"MCF")


def head_of(raw: bytes) -> Head:
    """The header of any bytes."""
    codec = _WIDE.get(raw[:2], "")
    if codec:
        raw = raw.decode(codec, "replace").lstrip("\ufeff").encode("utf-8", "replace")
    head = raw.lstrip(BLANK).removeprefix(BOM).lstrip(BLANK)
    line = head[:4096].replace(b"\n", b"\r").partition(b"\r")[0]
    if line[:3] in (b"MSH", b"FHS", b"BHS") and len(line) > 5:
        fields = line.split(line[3:4])
        if _usable(line[3:4], fields[1]):
            return Head(line[3:4], fields[1], (*fields, *[b""] * (21 - len(fields))), codec)
    return Head()


def answers(
    raw: bytes, code: AckCode, reason: str = "", *, now: datetime, kind: str = "", stored: bool = True
) -> list[bytes]:
    """Every answer that the sender wants to `raw`, in order: none, one, or a commit and an application answer.

    MSH-15 and MSH-16 (HL7 v2 chapter 2, enhanced mode; table 0155) say which. Where both are empty it is the original
    mode: one application answer. `stored` is False where the bytes were not kept: then nothing was committed.
    """
    head = head_of(raw)
    if head.is_answer:
        return []
    return [
        _answered(head, raw, each, reason if each != "CA" else "", now, kind)
        for each in codes_wanted(head.fields[14], head.fields[15], code, stored=stored)
    ]


def codes_wanted(accept: bytes, application: bytes, code: AckCode, *, stored: bool = True) -> list[AnswerCode]:
    """The codes of the answers to a message whose MSH-15 is `accept` and MSH-16 `application`.

    A rejected message, and one that was not stored, is never committed. One that was stored and not used is committed
    where the application's answer says so too; where only the commit is wanted, it is that which must say it.
    """
    accept, application = accept.strip().upper(), application.strip().upper()
    if not accept and not application:
        return [code]
    also = _wanted(application, good=code == "AA")
    commit = "CA" if code == "AE" and stored and also else _COMMIT[code]
    wanted: list[AnswerCode] = [commit] if _wanted(accept, good=commit == "CA") else []
    refused = bool(wanted) and commit != "CA"
    return wanted if refused or not also else [*wanted, code]


def _wanted(condition: bytes, *, good: bool) -> bool:
    """Table 0155. What is none of it is answered: an answer too many harms nobody."""
    return {b"": False, b"NE": False, b"ER": not good, b"SU": good}.get(condition, True)


def answer(raw: bytes, code: AnswerCode, reason: str = "", *, now: datetime, kind: str = "") -> bytes:
    """The body of one ACK (no frame) to `raw`. The same bytes, code and time give the same answer.

    `kind` is a fault's kind; it chooses the condition in ERR. `reason` is plain words for the technician.
    """
    return _answered(head_of(raw), raw, code, reason, now, kind)


def _answered(head: Head, raw: bytes, code: AnswerCode, reason: str, now: datetime, kind: str) -> bytes:
    sep, f = head.sep, head.fields
    good = code in ("AA", "CA")
    unnumbered = head.kind == b"MSH" and not head.control_id.strip()
    if unnumbered and good:
        kind, reason = "no_control_id", reason or _unnumbered(f[6])
    text = _escaped(reason, head) if reason else b""
    msa = sep.join([b"MSA", code.encode(), head.control_id, text]).rstrip(sep)
    segments = [header_for(head, raw, now), msa]
    if not good or unnumbered:
        segments.append(_error(head, kind, text, b"W" if good else b"E"))
    body = b"\r".join(segments) + b"\r"
    return body.decode("latin-1").encode(head.codec) if head.codec else body


def _unnumbered(sent_at: bytes) -> str:
    """Words by which the sender of a message without a number can tell which one is answered."""
    at = sent_at[:30].decode("ascii", "replace")
    return "MSH-10 is empty; this answers the message" + (f" of MSH-7 {at}" if at else " before it")


def header_for(head: Head, raw: bytes, now: datetime, kind: bytes = b"") -> bytes:
    """MSH of an answer, back to the sender; an ACK unless `kind` is another MSH-9."""
    f, comp = head.fields, head.component
    if not kind:
        kind = b"ACK"
        if head.event:
            kind += comp + head.event + (comp + b"ACK" if head.version >= b"2.4" else b"")
    stamp = now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000").encode()
    own_id = head.control_id or blake2b(raw, digest_size=8).hexdigest().encode()
    batch = head.kind != b"MSH"
    processing = b"P" if batch else f[10][:20] or b"P"
    msh = [
        b"MSH", head.chars, f[4] or OURS, f[5], f[2], f[3], stamp, b"", kind, own_id, processing, head.version,
    ]  # fmt: skip
    if f[17] and not batch and not head.codec:
        msh += [b"", b"", b"", b"", b"", f[17][:60]]
    return head.sep.join(msh)


def _error(head: Head, kind: str, text: bytes, severity: bytes) -> bytes:
    sep, comp = head.sep, head.component
    number, words = CONDITIONS.get(kind, ("207", "Application internal error"))
    coded = [number.encode(), _escaped(words, head), b"HL70357"]
    if head.version >= b"2.5":
        return sep.join([b"ERR", b"", b"", comp.join(coded), severity, b"", b"", b"", text])
    return sep.join([b"ERR", comp * 3 + (head.chars[3:4] or b"&").join(coded)])


def _usable(sep: bytes, chars: bytes) -> bool:
    """Whether they are of one byte, all visible, and none of them a letter, a digit or twice there."""
    every = sep + chars
    return (
        0 < len(chars) <= 5
        and len(set(every)) == len(every)
        and all(0x21 <= c < 0x7F and not chr(c).isalnum() for c in every)
    )


def escaped(text: str, head: Head) -> str:
    """Text in one line, in the sender's escapes; a separator is a space where the sender has none."""
    sep, chars = head.sep.decode("latin-1"), head.chars.decode("latin-1")
    escape = chars[2:3].replace("&", "")  # the backslash was lost on the way, as in some senders
    plain = " ".join(text.split())
    if escape:
        plain = plain.replace(escape, f"{escape}E{escape}")
    for char, letter in (sep, "F"), (chars[:1], "S"), (chars[1:2], "R"), (chars[3:4], "T"):
        if char:
            plain = plain.replace(char, f"{escape}{letter}{escape}" if escape else " ")
    return plain


def _escaped(text: str, head: Head) -> bytes:
    return escaped(" ".join(text.split())[:200].encode("ascii", "replace").decode(), head).encode()
