"""A slip of the pen or of the finger: whether a word may be meant by another."""

from __future__ import annotations


def one_slip(meant: str, written: str) -> bool:
    """One letter too many, too few or another, or two neighbours changed over; or none at all."""
    if abs(len(meant) - len(written)) > 1:
        return False  # most words end here
    shorter = min(len(meant), len(written))
    same = next((at for at, (a, b) in enumerate(zip(meant, written, strict=False)) if a != b), shorter)
    a, b = meant[same:], written[same:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
