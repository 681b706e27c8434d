"""What the rules say of one medicine of an intake, before anybody has chosen a drug or a route: the gravest of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sojourn.care.candidacy.beside import beside_any_drug
from sojourn.care.intake.queries import MedicineTaken
from sojourn.clinical.interactions import InteractionRule
from sojourn.interfaces.console.rules.words import LEVELS


@dataclass(frozen=True, slots=True)
class IntakeFinding:
    """A rule that speaks of a medicine. ``shape``: the severity's, "" where the clinic has not adopted the rule."""

    title: str
    level: str
    shape: str


def intake_findings(taken: MedicineTaken, rules: Sequence[InteractionRule]) -> tuple[IntakeFinding, ...]:
    """The rules that speak of a line, beside any drug by any route, the gravest first. No query."""
    shapes = {"major": "high", "moderate": "medium", "minor": "low"}
    return tuple(
        IntakeFinding(
            _(each.title), str(LEVELS[each.severity]), shapes.get(each.severity, "") if each.adopted else ""
        )
        for each in beside_any_drug(taken.medicines, rules)
    )  # fmt: skip
