"""Cases that Python and TypeScript answer alike; see README.md here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def golden(name: str) -> dict[str, Any]:
    """A file of this folder by its name without ending."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return found
