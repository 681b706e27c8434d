"""Two people read one dose, the second without seeing the first entry: what their entries come to.

1. An entry waits for one of another person. Whoever made it may make it anew; it then waits instead.
2. The entry of another person closes the pair: the two agree, or they differ.
3. Of a pair that differs neither entry counts any more, whoever was right. Both have seen both figures by then, so two
   people read the dose anew; what one of them enters again is never set against an entry of before.
4. After a pair that agrees whoever enters something else begins anew. The same once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sojourn.clinical.administration.charted import Prepared, same_dose, two_people

# A Prepared, or a row with the same names.
_Entry = TypeVar("_Entry", bound=Prepared)


@dataclass(frozen=True, slots=True)
class Pair(Generic[_Entry]):
    """Two entries of two people, set against each other."""

    first: _Entry
    second: _Entry
    agree: bool


@dataclass(frozen=True, slots=True)
class DoubleCheck(Generic[_Entry]):
    """The pairs so far, the oldest first, and the entry that waits for another person's."""

    pairs: tuple[Pair[_Entry], ...] = ()
    waiting: _Entry | None = None

    @property
    def ready(self) -> tuple[_Entry, _Entry | None] | None:
        """The dose that is prepared and its second check: None where nothing is, and where the newest two differ."""
        if self.waiting is not None:
            return self.waiting, None
        return (self.pairs[-1].first, self.pairs[-1].second) if self.pairs and self.pairs[-1].agree else None

    @property
    def unresolved(self) -> Pair[_Entry] | None:
        """The newest pair where it differs: until two people have read the dose anew and agree."""
        return self.pairs[-1] if self.pairs and not self.pairs[-1].agree else None

    @property
    def differ(self) -> Pair[_Entry] | None:
        """The same as long as nobody has entered anything since: both entries are then shown to everybody."""
        return self.unresolved if self.waiting is None else None

    @property
    def resolved(self) -> Pair[_Entry] | None:
        """The pair that differed last, where the newest pair agrees."""
        if self.waiting is not None or not self.pairs or not self.pairs[-1].agree:
            return None
        earlier = self.pairs[-2] if len(self.pairs) > 1 else None
        return earlier if earlier is not None and not earlier.agree else None


def double_check(entries: Iterable[_Entry]) -> DoubleCheck[_Entry]:
    """What was entered, the oldest first, as pairs."""
    pairs: list[Pair[_Entry]] = []
    waiting: _Entry | None = None
    for entry in entries:
        if waiting is None:
            again = bool(pairs) and pairs[-1].agree and same_dose(pairs[-1].first, entry)
            waiting = None if again else entry
        elif two_people(waiting.person_id, entry.person_id):
            pairs.append(Pair(waiting, entry, same_dose(waiting, entry)))
            waiting = None
        else:
            waiting = entry
    return DoubleCheck(tuple(pairs), waiting)
