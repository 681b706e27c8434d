"""What the list of words of danger holds: its keys, the words that each may be, and what one part names of another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sojourn.clinical.shapes import by, flag, some, table, text, word

FILE: Final = "words.json"
SEVERITIES: Final = ("emergency", "urgent", "soon")  # the worst first
KINDS: Final = ("suicidal_thoughts", "self_harm", "voices")
HARMLESS: Final = "none"
LANGUAGES: Final = ("en", "es")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACES: Final = ("before", "after", "inside")
_SAVED: Final = ("saved_before", "saved_after", "saved_inside")


def _version(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        yield f"{place} must be a day"


_RULE: Final = table(
    {
        "name": text, "language": word(LANGUAGES), "kind": word(KINDS), "severity": word(SEVERITIES),
        "groups": some(text), "because": text, "patterns": some(text),
    },
    {"beside": some(text)},
)  # fmt: skip
_EXCEPTION: Final = table(
    {"name": text, "groups": some(text), "effect": word((*SEVERITIES, HARMLESS)), "looks_for": text},
    {"asked": flag, **dict.fromkeys((*_PLACES, *_SAVED, "saved_at"), some(text))},
)
_LIST: Final = table(
    {
        "version": _version, "about": some(text),
        **dict.fromkeys(("breaking", "common", "other", "forgiven"), text),
        "written": by(text, text), "classes": by(text, some(text)), "rules": some(_RULE),
        "exceptions": some(_EXCEPTION),
    }
)  # fmt: skip


def faults(data: Any) -> Iterator[str]:
    """All that is wrong with a list; nothing where it is sound. Its patterns are read by the grammar."""
    found = list(_LIST(FILE, data))
    yield from found or _laws(data)


def _laws(data: Mapping[str, Any]) -> Iterator[str]:
    for part in ("rules", "exceptions"):
        names = Counter(each["name"] for each in data[part])
        yield from (f"{FILE}.{part}: {name} stands twice" for name, times in names.items() if times > 1)
    groups = {group for each in data["rules"] for group in each["groups"]}
    for each in data["exceptions"]:
        yield from (f"{FILE}: {each['name']}: no rule is of the group {one}" for one in {*each["groups"]} - groups)
        yield from _holds_everywhere(each)


def _holds_everywhere(exception: Mapping[str, Any]) -> Iterator[str]:
    """Without a place to look at it would excuse every word of its groups: then it must say what saves them."""
    if not any(place in exception for place in (*_PLACES, "asked")) and not all(one in exception for one in _SAVED):
        yield f"{FILE}: {exception['name']}: it says nowhere what stands before, after or inside"
