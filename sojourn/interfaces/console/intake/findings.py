"""What the rules say of one medicine of a story, before anybody has chosen a drug or a route: the gravest of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sojourn.care.intake.queries import MedicineTaken
from sojourn.clinical import interactions
from sojourn.clinical.interactions import LEVELS as ORDER
from sojourn.clinical.interactions import Interaction, InteractionRule
from sojourn.clinical.interactions.checking import DRUGS
from sojourn.interfaces.console.rules.words import LEVELS


@dataclass(frozen=True, slots=True)
class StoryFinding:
    """A rule that speaks of a medicine. ``shape``: the severity's, "" where the clinic has not adopted the rule."""

    title: str
    level: str
    shape: str


def story_findings(taken: MedicineTaken, rules: Sequence[InteractionRule]) -> tuple[StoryFinding, ...]:
    """The rules that speak of a line, beside any drug by any route, the gravest first. No query."""
    found: dict[str, Interaction] = {}
    for drug in DRUGS:
        for each in interactions.check(taken.medicines, rules, drug=drug, route=None):
            if isinstance(each, Interaction):
                found.setdefault(each.rule_id, each)
    ordered = sorted(found.values(), key=lambda each: ORDER.index(each.severity))
    shapes = {"major": "high", "moderate": "medium", "minor": "low"}
    return tuple(
        StoryFinding(
            _(each.title), str(LEVELS[each.severity]), shapes.get(each.severity, "") if each.adopted else ""
        )
        for each in ordered
    )  # fmt: skip
