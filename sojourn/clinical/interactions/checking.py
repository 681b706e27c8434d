"""What a person's medicines do beside ketamine: medicines and rules in, interactions out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sojourn.clinical.interactions.medicines import Medicine, fold
from sojourn.clinical.interactions.prose import ingredients
from sojourn.clinical.rules import Rule, RuleInvalid, Verification

KIND: Final = "interaction"

Level = Literal["major", "moderate", "minor", "unknown", "none"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)  # from the gravest; "unknown" weighs more than "none"
ROUTES: Final = ("iv", "im", "sc", "in", "sl", "oral", "film")
DRUGS: Final = ("ketamine", "esketamine")


@dataclass(frozen=True, slots=True)
class InteractionRule:
    """One class of medicines that does one thing beside ketamine. ``adopted``: it acts in the clinic.

    It speaks of every medicine of its ``groups``, but for those ``excepted`` and those of ``other_groups``, for which
    the class does not hold or another rule says more; and of its ``medicines``, whatever their class.
    """

    rule: Rule
    medicines: tuple[str, ...]
    drug_class: str
    drugs: tuple[str, ...]
    routes: tuple[str, ...]
    severity: Level
    by_route: tuple[tuple[str, Level], ...]  # where a route differs
    mechanism: str
    effect: str  # message ids
    evidence: str
    action: str
    adopted: bool
    groups: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    other_groups: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.rule.id

    def names(self, medicine: Medicine) -> bool:
        """Whether it speaks of a medicine, whatever the drug and its route."""
        name = fold(medicine.name)
        if any(fold(each) == name for each in self.medicines):
            return True
        if any(fold(each) == name for each in self.excepted) or any(map(medicine.in_group, self.other_groups)):
            return False
        return any(map(medicine.in_group, self.groups))

    def speaks_of(self, medicine: Medicine, drug: str, route: str | None) -> bool:
        """Whether it says something of a medicine beside a drug by a route (None: any route)."""
        return drug in self.drugs and (route is None or route in self.routes) and self.names(medicine)

    def level(self, route: str | None) -> Level:
        """How grave it is by a route; without one, the gravest."""
        by_route = dict(self.by_route)
        if route is None:
            return min((self.severity, *by_route.values()), key=LEVELS.index)
        return by_route.get(route, self.severity)


@dataclass(frozen=True, slots=True)
class Interaction:
    """A medicine of the person that a rule speaks of."""

    medicine: Medicine
    rule_id: str
    version: int
    rule_hash: str
    title: str  # message ids
    effect: str
    mechanism: str
    evidence: str
    severity: Level
    action: str
    sources: tuple[str, ...]
    verification: Verification
    adopted: bool
    checked: Literal[True] = True


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A medicine that is free text, or an ingredient of a product that the list does not know: nobody has looked at it,
    so a person must. Its severity is not known."""

    medicine: Medicine
    severity: Literal["unknown"] = "unknown"
    checked: Literal[False] = False


Outcome = Interaction | NotChecked


def check(
    medicines: Iterable[Medicine], rules: Sequence[InteractionRule], *, drug: str, route: str | None
) -> tuple[Outcome, ...]:
    """Every interaction of every medicine with a drug by a route (None: any route), the gravest first, and at the end a
    NotChecked for each medicine that is free text. A product counts as its ingredients. A known medicine of which no
    rule speaks gives nothing: see ``unmentioned``."""
    found: list[Interaction] = []
    unread: dict[str, NotChecked] = {}
    for medicine in _each(medicines):
        if not medicine.known:
            unread.setdefault(fold(medicine.name), NotChecked(medicine))
            continue
        speaking = [rule for rule in rules if rule.speaks_of(medicine, drug, route)]
        acting = {rule.id for rule in speaking if rule.adopted}  # a newer version, not adopted, adds nothing to it
        found += [_interaction(medicine, rule, route) for rule in speaking if rule.adopted or rule.id not in acting]
    found.sort(key=lambda each: (LEVELS.index(each.severity), each.medicine.name, each.rule_id))
    rest = sorted(unread.values(), key=lambda each: fold(each.medicine.name))
    return (*found, *rest)


def unmentioned(
    medicines: Iterable[Medicine], rules: Sequence[InteractionRule], *, drug: str, route: str | None
) -> tuple[Medicine, ...]:
    """The known medicines of which no rule says anything beside this drug by this route. No finding of safety: no
    statement was found."""
    silent: dict[str, Medicine] = {}
    for each in _each(medicines):
        if each.known and not any(rule.speaks_of(each, drug, route) for rule in rules):
            silent.setdefault(fold(each.name), each)
    return tuple(silent.values())


def _each(medicines: Iterable[Medicine]) -> dict[Medicine, None]:
    """Every medicine once, a product as its ingredients."""
    return dict.fromkeys(part for each in medicines for part in ingredients(each))


def _interaction(medicine: Medicine, rule: InteractionRule, route: str | None) -> Interaction:
    said = rule.rule
    return Interaction(
        medicine=medicine,
        rule_id=said.id,
        version=said.version,
        rule_hash=said.hash,
        title=said.title,
        effect=rule.effect,
        mechanism=rule.mechanism,
        evidence=rule.evidence,
        severity=rule.level(route),
        action=rule.action,
        sources=said.sources,
        verification=said.verification,
        adopted=rule.adopted,
    )


# --- reading ---

_FIXED: Final = frozenset(
    (
        *("medicines", "class", "drugs", "routes", "severity", "severity_by_route", "mechanism", "effect"),
        *("evidence", "action", "fact_base", "groups", "except", "except_groups"),
    )
)


def read(rule: Rule, *, adopted: bool = True) -> InteractionRule:
    """An interaction rule from its data; raises RuleInvalid, naming what is wrong."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: a rule of kind {rule.kind} says nothing about interactions")
    if extra := sorted(set(rule.fixed) - _FIXED):
        raise RuleInvalid(f"{rule.id}: {', '.join(extra)} is not a part of an interaction rule")
    if not (rule.fixed.get("groups") or rule.fixed.get("medicines")):
        raise RuleInvalid(f"{rule.id}: it names no class and no medicine")
    return InteractionRule(
        rule=rule,
        medicines=_maybe(rule, "medicines"),
        drug_class=_text(rule, "class"),
        drugs=_some(rule, "drugs", DRUGS),
        routes=_some(rule, "routes", ROUTES),
        severity=_level(rule, rule.fact("severity")),
        by_route=tuple(
            (route, _level(rule, level)) for route, level in sorted(rule.fixed.get("severity_by_route", {}).items())
        ),
        mechanism=_text(rule, "mechanism"),
        effect=_text(rule, "effect"),
        evidence=_text(rule, "evidence"),
        action=_text(rule, "action"),
        adopted=adopted,
        groups=_maybe(rule, "groups"),
        excepted=_maybe(rule, "except"),
        other_groups=_maybe(rule, "except_groups"),
    )


def _maybe(rule: Rule, key: str) -> tuple[str, ...]:
    return tuple(str(each) for each in rule.fixed.get(key, ()))


def _text(rule: Rule, key: str) -> str:
    found = rule.fact(key)
    if not isinstance(found, str) or not found.strip():
        raise RuleInvalid(f"{rule.id}: {key} must be a text")
    return found


def _some(rule: Rule, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(str(each) for each in rule.fact(key))
    if not found or any(each not in known for each in found):
        raise RuleInvalid(f"{rule.id}: {key} cannot be {list(found)}")
    return found


def _level(rule: Rule, given: Any) -> Level:
    for level in LEVELS:
        if level == given:
            return level
    raise RuleInvalid(f"{rule.id}: severity cannot be {given!r}")
