"""Worked examples of released versions that no longer come out, because a guard was mended after their release.

A released version is never edited, its examples neither. A clinic that adopted one keeps its numbers; what the guards
do with them changes at once, for everybody. Which example that concerns, and why, stands here; the newest version of a
rule has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from sojourn.clinical import worked
from sojourn.clinical.rules import Rule

_ALONE: Final = "All found well"  # Aldrete 9 and no PADSS
_PROTOCOLS: Final = ("im", "in_esketamine", "in_racemic", "iv_racemic_40min", "oral", "sc", "sl")

# The title of an example, by rule and version. Aldrete alone let a patient leave; every score that is recorded reaches
# its threshold and PADSS always (Chung 1995, PubMed 8590498: Aldrete first, then PADSS).
OVERTAKEN: Final = MappingProxyType({(rule_id, version): (_ALONE,) for rule_id in _PROTOCOLS for version in (1, 2)})


def faults(rule: Rule, *, newest: bool) -> Iterator[str]:
    """What is wrong with what stands here about a rule: it excuses nothing that comes out, and no newest version."""
    for title in OVERTAKEN.get((rule.id, rule.version), ()):
        named = tuple(each for each in rule.examples if each.title == title)
        if newest:
            yield f"{rule.id} version {rule.version}: {title}: the newest version has no overtaken example"
        elif not worked.run(replace(rule, examples=named)):
            yield f"{rule.id} version {rule.version}: {title}: is called overtaken, and comes out"
