"""What an OBX-3 means: a number in a named coding system, a maker's own number, a name; or why it is refused.

A number and a name that contradict each other are both disbelieved, visibly: one of the two is wrong, and nobody here
knows which. A word in plain English is never read by itself. It is taken only where a dialect lists it as its maker's,
and elsewhere it can only contradict a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from .dialects import Dialect, Dialects, Vital, fold
from .values import Separators

Label = tuple[str, str, str]  # code, name, coding system


class _Identifier(NamedTuple):
    """OBX-3: a code with its name and coding system, and the same in other words."""

    code: str = ""
    name: str = ""
    system: str = ""
    other_code: str = ""
    other_name: str = ""
    other_system: str = ""


_LOINC: Final = re.compile(r"[0-9]{1,6}-[0-9]")
_DISAGREE: Final = "code_and_name_disagree"
_BEATS: Final = frozenset({"hr", "pr"})


@dataclass(frozen=True, slots=True)
class Hit:
    """What one OBX-3 means. `vital` is None where it is not taken, and then `reason` says why."""

    vital: Vital | None
    reason: str
    label: Label
    method: str = ""
    warning: str = ""
    identifier: str = ""


def meaning_of(ident: str, dialect: Dialect, known: Dialects, seps: Separators) -> Hit:
    """The meaning of OBX-3 in a message of this dialect."""
    parts = _Identifier(*islice(seps.parts(ident), len(_Identifier._fields)))
    label = (parts.code[:60], parts.name[:60], parts.system[:40])
    code, name, system = label
    found, warning = _taken(parts, dialect, known)
    if isinstance(found, str):
        return Hit(None, found, label)
    return Hit(found, "", label, found.method, warning, f"{code}^{system}" if code else f"^{name}")


def _taken(parts: _Identifier, dialect: Dialect, known: Dialects) -> tuple[Vital | str, str]:
    numbers, other = _numbers(parts, dialect, known)
    texts = (parts.code, parts.name, parts.other_code, parts.other_name)
    names = [known.refids[text] for text in texts if text in known.refids]
    if numbers:
        return _agreed(numbers, names, parts, known), ""
    if names and other is not None and names[0].code not in other:
        return _DISAGREE, ""
    if names:
        return _agreed(names[:1], names, parts, known), ""
    if other is None and not parts.system:
        # a bare standard code is still that code: LOINC by its form, MDC by its number
        system = "LN" if _LOINC.fullmatch(parts.code) else "MDC"
        bare = known.by_system.get((parts.code, system))
        if bare is not None:
            return _agreed([bare], names, parts, known), f"system_assumed:{parts.code} as {system}"
    return _own_name(parts, dialect) or "unknown_code", ""


def _numbers(parts: _Identifier, dialect: Dialect, known: Dialects) -> tuple[list[Vital], tuple[str, ...] | None]:
    """What the numbers of both triplets mean; and of a number that we know and do not take, what a name may make it."""
    found: list[Vital] = []
    other: tuple[str, ...] | None = None
    for code, system in ((parts.code, parts.system), (parts.other_code, parts.other_system)):
        named = known.aliases.get(system, known.aliases.get(system.upper(), system))
        hit = known.by_system.get((code, named))
        if hit is None and code and named in ("", "L"):
            hit = dialect.codes.get((code, ""))
            if hit is not None and hit.label and parts.name and fold(parts.name) != hit.label:
                other = ()
                continue
        if hit is not None:
            found.append(hit)
        elif (code, named) in known.others:
            other = known.others[code, named]
    return found, other


def _agreed(numbers: list[Vital], names: list[Vital], parts: _Identifier, known: Dialects) -> Vital | str:
    """The vital sign of the numbers, unless a name beside them means another one, or one that we do not know."""
    vital = numbers[0]
    texts = (parts.name, parts.other_name)
    if any(each.code != vital.code for each in numbers + names) or any(_strange(text, known) for text in texts):
        return _DISAGREE
    method = vital.method
    for text in texts:
        meant = known.labels.get(fold(text)) if text and text not in known.refids else None
        if meant is None:
            continue
        if vital.code not in meant and not (vital.code in _BEATS and _BEATS.intersection(meant)):
            return _DISAGREE
        if vital.code in _BEATS and vital.code != meant[0]:
            method = ""  # a heart rate that is called a pulse was counted nobody knows how
    if any(each.method != method for each in names):
        method = ""  # the same vital sign under another name
    return vital if method == vital.method else Vital(vital.code, method, vital.label)


def _strange(text: str, known: Dialects) -> bool:
    """A name of the IEEE nomenclature that is none of ours."""
    return text.startswith("MDC_") and text not in known.refids


def _own_name(parts: _Identifier, dialect: Dialect) -> Vital | None:
    """What the maker's own dialect lists under this text, where the row is in none but the maker's coding system."""
    if parts.system not in dialect.systems:
        return None
    texts = filter(None, (parts.name, parts.code))
    return next((dialect.names[fold(text)] for text in texts if fold(text) in dialect.names), None)
