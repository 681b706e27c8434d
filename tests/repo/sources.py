"""The parsed files, once for all tests that walk them: parsing the product takes seconds."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """What a file says. Handed to everybody: nobody may change it."""
    return ast.parse(path.read_text(encoding="utf-8"))
