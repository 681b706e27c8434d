"""Drawings that somebody looked at, kept as SVG beside their tests."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest


def drawn_as_before(kept: Path, drawn: str) -> None:
    """Fails where it is not what is kept. What is drawn now is then left beside it (``.new.svg``): where the change is
    meant, look at it and put it in the place of the other."""
    ElementTree.fromstring(drawn)
    lines = drawn.replace("><", ">\n<").rstrip("\n") + "\n"
    if not kept.exists() or lines != kept.read_text(encoding="utf-8"):
        new = kept.with_suffix(".new.svg")
        new.write_text(lines, encoding="utf-8")
        pytest.fail(f"{new} is not what was drawn before: look at both")
