"""What became of a text between two wordings, word by word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Kind = Literal["kept", "out", "in"]
_WORD: Final = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch that stayed, was taken out or was put in."""

    kind: Kind
    text: str


def changes(before: str, after: str) -> list[Change]:
    """How ``before`` became ``after``, in the order of reading; what was taken out stands before what came instead."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    found: list[Change] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Change("kept", "".join(old[a:b])))
        else:
            found += [Change("out", "".join(old[a:b])), Change("in", "".join(new[c:d]))]
    return [each for each in found if each.text]
