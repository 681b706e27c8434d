"""What the rules say of a person's medicines beside one drug by one route, as a page shows it: one line a rule with all
its medicines, then what was not checked, then what no rule speaks of. Calm where the list is long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake.medicine_history import ChangedSince
from sojourn.care.session.medicines_since import MedicinesSince
from sojourn.clinical.interactions import LEVELS as ORDER
from sojourn.clinical.interactions import Interaction, Level, Medicine
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.console.rules.words import LEVELS

SHAPES: Final = {"major": "high", "moderate": "medium", "minor": "low"}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule and the medicines of the person that it speaks of. ``shape``: by severity, "" where it does not act."""

    title: str
    medicines: str
    level: str
    shape: str
    effect: str
    action: str
    adopted: bool
    url: str


@dataclass(frozen=True, slots=True)
class MedicineCheck:
    """All of it. ``silent``: known medicines of which no statement was found for this drug and route."""

    rules: tuple[RuleLine, ...]
    not_checked: tuple[str, ...]
    silent: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.rules or self.not_checked or self.silent or self.changed)


def beside(
    found: Iterable[Interaction],
    not_checked: Sequence[Medicine],
    silent: Sequence[Medicine],
    changed: Iterable[ChangedSince] = (),
) -> MedicineCheck:
    """What was found, the gravest rule first."""
    groups: dict[str, list[Interaction]] = {}
    for each in found:
        groups.setdefault(each.rule_id, []).append(each)
    ordered = sorted(groups.values(), key=lambda group: (not group[0].adopted, ORDER.index(group[0].severity)))
    return MedicineCheck(
        tuple(map(_of_rule, ordered)),
        tuple(each.shown for each in not_checked),
        tuple(each.shown for each in silent),
        tuple(medicines_changed.sentences(changed)),
    )


def _of_rule(group: Sequence[Interaction]) -> RuleLine:
    first = group[0]
    names = ", ".join(dict.fromkeys(each.medicine.shown for each in group))
    return _line(first.title, names, first.severity, first.effect, first.action, first.adopted, first.rule_id)


def _line(title: str, names: str, level: Level, effect: str, action: str, adopted: bool, rule_id: str) -> RuleLine:
    return RuleLine(
        title=_(title), medicines=names, level=str(LEVELS[level]), shape=SHAPES.get(level, "") if adopted else "",
        effect=_(effect), action=_(action), adopted=adopted, url=reverse("console:rule", args=[rule_id]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SinceLine:
    """Something new in the medicines before a dose. ``holds``: it waits for a prescriber."""

    medicines: str
    title: str
    words: str
    holds: bool


def since_lines(found: MedicinesSince) -> tuple[SinceLine, ...]:
    """What is new since the decision, by name, what holds the dose first."""
    holds = [
        SinceLine(", ".join(each.medicines), _(each.title), _(each.advice), True) for each in found.reasons
    ]  # fmt: skip
    notices = [
        SinceLine(", ".join(each.medicines), _(each.title), _(each.advice), False) for each in found.notices
    ]  # fmt: skip
    return (*holds, *notices)
