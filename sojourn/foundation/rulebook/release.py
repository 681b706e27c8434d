"""``sojourn rulebook release`` enters new versions into RELEASED.toml.

It only ever adds: a version that was released and then edited is reported and left as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sojourn.foundation.rulebook.load import RELEASED, released, released_rulebook
from sojourn.foundation.rulebook.scales import scales

FILE = Path(__file__).parent / "rules" / RELEASED
_HEAD = "# The hash of every released version of every rule. Written by release.py; never edited by hand.\n"


def text() -> tuple[str, tuple[str, ...]]:
    """The file with the new versions added, and the versions that were edited after their release."""
    ours = {key: rule.hash for key, rule in released_rulebook().versions.items()}
    ours |= {(each.rule.id, each.rule.version): each.rule.hash for each in scales()}
    return entered(_HEAD, released(), ours)


def entered(
    head: str, known: Mapping[tuple[str, int], str], ours: Mapping[tuple[str, int], str]
) -> tuple[str, tuple[str, ...]]:
    """A file of released hashes, by name and version, with ours added, and those of ours that were edited since."""
    edited = tuple(
        f"{name} version {version}" for (name, version), now in ours.items() if known.get((name, version), now) != now
    )
    whole = {**ours, **known}
    lines = [head]
    for name in sorted({name for name, _ in whole}):
        lines.append(f'["{name}"]\n')
        lines += [f'{version} = "{whole[key, version]}"\n' for key, version in sorted(whole) if key == name]
        lines.append("\n")
    return "".join(lines).rstrip("\n") + "\n", edited


def main() -> int:
    """Write the file; 1 when something was edited that must not be."""
    return write(FILE, *text())


def write(file: Path, content: str, edited: tuple[str, ...]) -> int:
    """Write the file all the same, and say what was edited that must not be; then 1."""
    file.write_text(content, encoding="utf-8")
    for each in edited:
        sys.stderr.write(f"{each} was edited after its release: write a new version\n")
    return 1 if edited else 0
