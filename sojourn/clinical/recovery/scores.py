"""Recovery scores from their rules: PADSS, the modified Aldrete score, and the anchors of MOAA/S."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "score.recovery"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One answer of an item: its points and what a person sees (a message id)."""

    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item; ``spare_points`` are given where it does not apply, None where it always applies."""

    id: str
    label: str
    anchors: tuple[Anchor, ...]
    spare_points: int | None


@dataclass(frozen=True, slots=True)
class RecoveryScale:
    """A score made of items; ``threshold`` is the total from which a patient may go, or None."""

    rule: Rule
    items: tuple[Item, ...]
    maximum: int
    threshold: float | None

    def score(self, answers: Mapping[str, int | None]) -> RecoveryScore | NotScored:
        """The total. An answer of None means "does not apply" and is allowed only where the rule says so."""
        return _score(self, answers)


@dataclass(frozen=True, slots=True)
class RecoveryScore:
    """The total with its parts. ``reached``: at or above the threshold."""

    total: int
    maximum: int
    reached: bool
    parts: Mapping[str, int]
    not_applicable: tuple[str, ...]
    rule_id: str
    version: int


@dataclass(frozen=True, slots=True)
class NotScored:
    """Refusal: "missing:x", "no-such-item:x", "no-such-answer:x" or "always-applies:x", all at once."""

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
        )
        for each in rule.fact("items")
    )
    maximum = sum(max(anchor.points for anchor in each.anchors) for each in items)
    if maximum != rule.fact("maximum"):
        raise RuleInvalid(f"{rule.id}: the items sum to {maximum}")
    return RecoveryScale(rule, items, maximum, rule.optional("threshold"))


def _score(scale: RecoveryScale, answers: Mapping[str, int | None]) -> RecoveryScore | NotScored:
    known = {each.id for each in scale.items}
    reasons = [f"no-such-item:{name}" for name in sorted(set(answers) - known)]
    parts: dict[str, int] = {}
    skipped: list[str] = []
    for item in scale.items:
        if item.id not in answers:
            reasons.append(f"missing:{item.id}")
            continue
        answer = answers[item.id]
        if answer is None and item.spare_points is None:
            reasons.append(f"always-applies:{item.id}")
        elif answer is None:
            parts[item.id] = item.spare_points or 0
            skipped.append(item.id)
        elif isinstance(answer, bool) or answer not in {each.points for each in item.anchors}:
            reasons.append(f"no-such-answer:{item.id}")
        else:
            parts[item.id] = answer
    if reasons:
        return NotScored(tuple(reasons))
    total = sum(parts.values())
    reached = scale.threshold is not None and total >= scale.threshold
    return RecoveryScore(total, scale.maximum, reached, parts, tuple(skipped), scale.rule.id, scale.rule.version)
