"""Recovery scores from their rules: PADSS, the modified Aldrete score, and the anchors of MOAA/S.

Some items ask for what a person could not do before the dose either: walk, move four limbs, breathe without oxygen.
Where the rule says so, such an item is answered "as before the dose" and counts in full; whoever answers says how it
was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "score.recovery"

AsBefore = Literal["as-before"]
AS_BEFORE: Final[AsBefore] = "as-before"
Points = int | AsBefore | None  # None: does not apply


@dataclass(frozen=True, slots=True)
class Anchor:
    """One answer of an item: its points and what a person sees (a message id)."""

    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item; ``spare_points`` are given where it does not apply, None where it always applies. ``as_before``: what a
    person sees who answers "as before the dose" (a message id), "" where the item cannot be answered so;
    ``before_reads``: vital signs that must have been measured before the dose for that answer."""

    id: str
    label: str
    anchors: tuple[Anchor, ...]
    spare_points: int | None
    as_before: str = ""
    before_reads: tuple[str, ...] = ()

    @property
    def full_points(self) -> int:
        """The most that the item gives."""
        return max(anchor.points for anchor in self.anchors)


@dataclass(frozen=True, slots=True)
class RecoveryScale:
    """A score made of items; ``threshold`` is the total from which a patient may go, or None."""

    rule: Rule
    items: tuple[Item, ...]
    maximum: int
    threshold: float | None

    def score(self, answers: Mapping[str, Points]) -> RecoveryScore | RecoveryScoreRefusal:
        """The total. An answer of None means "does not apply", AS_BEFORE "as before the dose"; each is allowed only
        where the rule says so."""
        return _score(self, answers)


@dataclass(frozen=True, slots=True)
class RecoveryScore:
    """The total with its parts. ``reached``: at or above the threshold; ``as_before``: items that count in full because
    they are as they were before the dose."""

    total: int
    maximum: int
    reached: bool
    parts: Mapping[str, int]
    not_applicable: tuple[str, ...]
    rule_id: str
    version: int
    as_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecoveryScoreRefusal:
    """Refusal: "missing:x", "no-such-item:x", "no-such-answer:x", "always-applies:x" or "never-as-before:x", all at
    once."""

    reasons: tuple[str, ...]


def read(rule: Rule) -> RecoveryScale:
    """The scale that a rule of kind "score.recovery" describes; raises RuleInvalid."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no {KIND}")
    items = tuple(
        Item(
            id=str(each["id"]),
            label=str(each["label"]),
            anchors=tuple(
                Anchor(int(points), str(text))
                for points, text in sorted(each["anchors"].items(), key=lambda pair: -int(pair[0]))
            ),
            spare_points=None if "spare_points" not in each else int(each["spare_points"]),
            as_before=str(each.get("as_before", "")),
            before_reads=tuple(str(code) for code in each.get("before_reads", ())),
        )
        for each in rule.fact("items")
    )
    maximum = sum(each.full_points for each in items)
    if maximum != rule.fact("maximum"):
        raise RuleInvalid(f"{rule.id}: the items sum to {maximum}")
    return RecoveryScale(rule, items, maximum, rule.optional("threshold"))


def _score(scale: RecoveryScale, answers: Mapping[str, Points]) -> RecoveryScore | RecoveryScoreRefusal:
    known = {each.id for each in scale.items}
    faults = [f"no-such-item:{name}" for name in sorted(set(answers) - known)]
    faults += [f"{fault}:{item.id}" for item in scale.items if (fault := _fault(item, answers))]
    if faults:
        return RecoveryScoreRefusal(tuple(faults))
    parts = {item.id: _points(item, answers[item.id]) for item in scale.items}
    total = sum(parts.values())
    return RecoveryScore(
        total,
        scale.maximum,
        scale.threshold is not None and total >= scale.threshold,
        parts,
        tuple(item.id for item in scale.items if answers[item.id] is None),
        scale.rule.id,
        scale.rule.version,
        tuple(item.id for item in scale.items if answers[item.id] == AS_BEFORE),
    )


def _fault(item: Item, answers: Mapping[str, Points]) -> str:
    """Why an answer to an item cannot be, "" where it can."""
    if item.id not in answers:
        return "missing"
    answer = answers[item.id]
    if answer is None:
        return "" if item.spare_points is not None else "always-applies"
    if answer == AS_BEFORE:
        return "" if item.as_before else "never-as-before"
    known = not isinstance(answer, bool) and answer in {each.points for each in item.anchors}
    return "" if known else "no-such-answer"


def _points(item: Item, answer: Points) -> int:
    if answer is None:
        assert item.spare_points is not None  # else it was refused
        return item.spare_points
    return item.full_points if answer == AS_BEFORE else int(answer)
