"""What the rules say of medicines beside the treatment: beside one drug by one route, or beside any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sojourn.clinical import interactions
from sojourn.clinical.interactions import LEVELS, Interaction, InteractionRule, Medicine
from sojourn.clinical.interactions.checking import DRUGS


@dataclass(frozen=True, slots=True)
class BesideTreatment:
    """``not_checked``: no rule knows them; ``unmentioned``: known medicines of which no
    statement was found for this drug and route."""

    interactions: tuple[Interaction, ...]
    not_checked: tuple[Medicine, ...]
    unmentioned: tuple[Medicine, ...]


def beside(
    named: Sequence[Medicine], rules: Sequence[InteractionRule], *, drug: str, route: str | None
) -> BesideTreatment:
    """What the rules say of medicines beside a drug by a route. No query."""
    found = interactions.check(named, rules, drug=drug, route=route)
    return BesideTreatment(
        tuple(each for each in found if isinstance(each, Interaction)),
        tuple(each.medicine for each in found if not isinstance(each, Interaction)),
        tuple(interactions.unmentioned(named, rules, drug=drug, route=route)),
    )


def beside_any_drug(named: Iterable[Medicine], rules: Sequence[InteractionRule]) -> tuple[Interaction, ...]:
    """What each rule says of medicines beside any drug by any route, once, the gravest first. No query."""
    found: dict[str, Interaction] = {}
    medicines = tuple(named)
    for drug in DRUGS:
        for each in interactions.check(medicines, rules, drug=drug, route=None):
            if isinstance(each, Interaction):
                found.setdefault(each.rule_id, each)
    return tuple(sorted(found.values(), key=lambda each: LEVELS.index(each.severity)))
