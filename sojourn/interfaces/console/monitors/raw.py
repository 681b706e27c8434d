"""The bytes of a message as text in which nothing hides."""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
    "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message: text as it was sent, or the name of something that cannot be seen. ``ends_line``: a
    carriage return, which ends a segment."""

    text: str
    hidden: bool = False
    ends_line: bool = False


def visible(raw: bytes) -> list[Piece]:
    """Bytes as text in which nothing hides: control characters by their names, other odd bytes as 0xNN."""
    pieces: list[Piece] = []
    plain: list[str] = []

    def name(text: str, *, ends_line: bool = False) -> None:
        if plain:
            pieces.append(Piece("".join(plain)))
            plain.clear()
        pieces.append(Piece(text, True, ends_line))

    for each in raw.decode("utf-8", "surrogateescape"):
        code = ord(each)
        if code < len(_NAMES):
            name(_NAMES[code], ends_line=each == "\r")
        elif code == 0x7F:
            name("DEL")
        elif 0xDC80 <= code <= 0xDCFF:
            name(f"0x{code - 0xDC00:02X}")
        elif each.isprintable():
            plain.append(each)
        else:
            name(f"U+{code:04X}")
    if plain:
        pieces.append(Piece("".join(plain)))
    return pieces
