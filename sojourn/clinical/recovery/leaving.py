"""What lets a patient leave beside the numbers of the protocol: which score comes first, and the floor under a
saturation that was low before the dose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sojourn.clinical.rules import Rule

ORDER: Final = "recovery.order"
FLOOR: Final = "recovery.floor"
KINDS: Final = (ORDER, FLOOR)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a clinic has adopted for one route. ``aldrete_first``: Aldrete reaches its threshold before PADSS is scored;
    ``saturation_floor``: no saturation below it (%) is good enough because it was so before; None while nobody has
    adopted a number."""

    aldrete_first: bool = False
    saturation_floor: float | None = None


NOTHING_ADOPTED: Final = Leaving()


def read_leaving(rules: Iterable[Rule], route: str) -> Leaving:
    """What the rules of these kinds say for a route ("iv", "im" ...), as they act: with the clinic's numbers."""
    acting = list(rules)
    return Leaving(
        aldrete_first=any(each.kind == ORDER and route in each.fact("routes") for each in acting),
        saturation_floor=next((each.optional("spo2") for each in acting if each.kind == FLOOR), None),
    )


def lowest_saturation(limit: float, before: float | None, floor: float | None) -> float:
    """From which saturation (%) a patient may leave: ``limit``, or their own before the dose where that is lower, but
    never below ``floor``. Without a floor their own excuses nothing."""
    if before is None or floor is None:
        return limit
    return min(limit, max(before, floor))
