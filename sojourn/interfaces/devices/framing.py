"""The minimal lower layer protocol: VT body FS CR, taken from bytes in any fragmentation.

What comes out does not depend on where the network cut the bytes. Nothing is dropped in silence: bytes
that are no frame come out as `Broken`, with the bytes (at most `keep` of them).
"""

from __future__ import annotations

from dataclasses import dataclass

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"
BLANK = b" \t\r\n\x00"
BOM = b"\xef\xbb\xbf"

OUTSIDE, INSIDE, SKIPPING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One complete message body. `defects` says what was wrong with its frame, though it could be read."""

    body: bytes
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no frame. `answer` says whether the sender can make sense of an answer."""

    body: bytes
    kind: str  # garbage, truncated, oversize, unframed
    reason: str
    answer: bool


def frame(body: bytes) -> bytes:
    return VT + body + FS + CR


class Deframer:
    """Feed bytes, get units in order. Each byte is looked at a constant number of times."""

    __slots__ = ("_buffer", "_keep", "_limit", "_scanned", "_state", "dropped")

    def __init__(self, *, limit: int = 1 << 20, keep: int = 1 << 16) -> None:
        self._limit = limit  # the longest body that is taken, in bytes
        self._keep = keep  # how much of broken bytes is handed on
        self._buffer = bytearray()
        self._scanned = 0  # up to here the buffer holds neither VT nor FS
        self._state = OUTSIDE
        self.dropped = 0  # bytes passed over since the last good frame; a listener may lose its patience

    @property
    def waiting(self) -> bool:
        """Whether bytes wait for their end."""
        return self._state == INSIDE or (self._state == OUTSIDE and bool(self._buffer.strip(BLANK)))

    def feed(self, data: bytes) -> list[Frame | Broken]:
        buffer = self._buffer
        buffer += data
        units: list[Frame | Broken] = []
        begin = 0  # where the present unit begins
        position = self._scanned
        size = len(buffer)
        end = buffer.find(FS, position)
        while True:
            if 0 <= end < position:  # kept until passed: a flood of VT is searched once
                end = buffer.find(FS, position)
            start = buffer.find(VT, position, size if end < 0 else end)
            mark = end if start < 0 else start
            if (size if mark < 0 else mark) - begin > self._limit and self._state != SKIPPING:
                units.append(self._oversize(bytes(buffer[begin : begin + self._keep])))
                self._state = SKIPPING
            if mark < 0:
                break
            if self._state == SKIPPING:
                self.dropped += mark - begin
            elif start >= 0:
                self._cut(bytes(buffer[begin:mark]), units)
            else:
                self._close(bytes(buffer[begin:mark]), units)
            self._state = INSIDE if start >= 0 else OUTSIDE
            begin = position = mark + 1
        if self._state == SKIPPING:
            self.dropped += size - begin
            begin = size
        del buffer[:begin]
        self._scanned = len(buffer)
        return units

    def give_up(self) -> list[Frame | Broken]:
        """The sender fell silent or left: what waits becomes a fault with its bytes."""
        units: list[Frame | Broken] = []
        if self._state != SKIPPING:
            body = bytes(self._buffer)
            if self._state == OUTSIDE and _is_message(body):
                reason = "The message came without its frame (VT before, FS CR after)."
                units.append(Broken(body.lstrip(BLANK), "unframed", reason, answer=True))
            else:
                self._cut(body, units)
        self._buffer.clear()
        self._scanned = 0
        self._state = OUTSIDE
        return units

    def _close(self, body: bytes, units: list[Frame | Broken]) -> None:
        """An end of block was met."""
        if self._state == INSIDE:
            units.append(Frame(body))
            self.dropped = 0
        elif _is_message(body):
            units.append(Frame(body.lstrip(BLANK), ("missing_start",)))
            self.dropped = 0
        else:
            self._cut(body, units)

    def _cut(self, body: bytes, units: list[Frame | Broken]) -> None:
        """A start of block, or silence, was met where an end was due."""
        if self._state == INSIDE:
            if body:
                reason = "The message has no end (FS CR); please send it again."
                units.append(Broken(body[: self._keep], "truncated", reason, answer=_is_message(body)))
                self.dropped += len(body)
            return
        body = body.strip(BLANK)
        if body:
            kind = "unframed" if _is_message(body) else "garbage"
            reason = "Bytes stood between two messages."
            units.append(Broken(body[: self._keep], kind, reason, answer=kind == "unframed"))
            self.dropped += len(body)

    def _oversize(self, body: bytes) -> Broken:
        inside = self._state == INSIDE
        reason = f"The message is longer than {self._limit} bytes; its beginning was kept."
        return Broken(body, "oversize", reason, answer=inside)


def _is_message(body: bytes) -> bool:
    """Whether it begins as one does, so that its sender can match an answer."""
    return body.lstrip(BLANK).removeprefix(BOM).startswith((b"MSH", b"FHS", b"BHS"))
