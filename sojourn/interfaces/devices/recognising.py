"""Whose message it is: by codes and coding systems in it, then by the names in its header."""

from __future__ import annotations

from typing import NamedTuple

from .dialects import Dialect, Dialects
from .values import Kept, Separators


class _Needles(NamedTuple):
    """What to look for in a text with these separators, and whose it is."""

    systems: list[tuple[str, Dialect]]
    codes: list[tuple[str, Dialect]]
    nomenclature: str


class Recogniser:
    """Knows the signs of every maker. Its caches are not for several threads."""

    def __init__(self, dialects: Dialects) -> None:
        self.dialects = dialects
        self._needles: Kept[tuple[str, str], _Needles] = Kept(most=64)
        self._named: Kept[tuple[str, str], Dialect] = Kept()

    def recognise(self, text: str, msh: list[str], seps: Separators) -> Dialect:
        """Whose message this is: by codes and coding systems first, then by the names in MSH."""
        needles = self._needles.get((seps.field, seps.component)) or self._needles_for(seps)
        for needle, dialect in needles.systems:
            if needle in text and _in_identifier(text, needle, seps):
                return dialect
        if needles.nomenclature not in text:  # numbers of a maker's own stand beside no coding system
            for needle, dialect in needles.codes:
                if needle in text:
                    return dialect
        names = (msh[2], msh[3])
        known = self._named.get(names)
        if known is None:
            known = self._named[names] = self._by_name(msh)
        return known

    def _needles_for(self, seps: Separators) -> _Needles:
        sep, comp = seps.field, seps.component
        signs = [(sign, dialect) for dialect in self.dialects.makers for sign in dialect.signs]
        needles = self._needles[sep, comp] = _Needles(
            [(comp + s.system + sep, d) for s, d in signs if s.system],
            [(sep + s.code.replace("^", comp) + sep, d) for s, d in signs if s.code],
            comp + "MDC" + sep,
        )
        return needles

    def _by_name(self, msh: list[str]) -> Dialect:
        for dialect in self.dialects.makers:
            for sign in dialect.signs:
                if sign.starts_with and msh[int(sign.place[4:]) - 1].startswith(sign.starts_with):  # MSH-1 is itself
                    return dialect
        return self.dialects.standard


def _in_identifier(text: str, needle: str, seps: Separators) -> bool:
    """Whether it stands in any OBX-3: a unit in a maker's coding system does not make a message that maker's."""
    at = text.find(needle)
    while at >= 0:
        before = text[text.rfind("\r", 0, at) + 1 : at]
        if before[:3] == "OBX" and before.count(seps.field) == 3:
            return True
        at = text.find(needle, at + 1)
    return False
