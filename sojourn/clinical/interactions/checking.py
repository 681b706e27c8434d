"""What a person's medicines do beside ketamine: medicines and rules in, interactions out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from sojourn.clinical.interactions.medicines import Medicine, fold
from sojourn.clinical.rules import Rule, RuleInvalid, Verification

KIND: Final = "interaction"

Level = Literal["major", "moderate", "minor", "unknown", "none"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)  # from the gravest; "unknown" weighs more than "none"
ROUTES: Final = ("iv", "im", "sc", "in", "sl", "oral")
DRUGS: Final = ("ketamine", "esketamine")


@dataclass(frozen=True, slots=True)
class InteractionRule:
    """One class of medicines that does one thing beside ketamine. ``adopted``: it acts in the clinic."""

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

    @property
    def id(self) -> str:
        return self.rule.id

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
    """A medicine that is free text: nobody has looked at it, so a person must. Its severity is not known."""

    medicine: Medicine
    severity: Literal["unknown"] = "unknown"
    checked: Literal[False] = False


Outcome = Interaction | NotChecked


def check(
    medicines: Iterable[Medicine], rules: Sequence[InteractionRule], *, drug: str, route: str | None
) -> tuple[Outcome, ...]:
    """Every interaction of every medicine with a drug by a route (None: any route), the gravest first, and at the end a
    NotChecked for each medicine that is free text. A known medicine of which no rule speaks gives nothing: see
    ``unmentioned``."""
    found: list[Interaction] = []
    unread: dict[str, NotChecked] = {}
    for medicine in dict.fromkeys(medicines):
        if not medicine.known:
            unread.setdefault(fold(medicine.name), NotChecked(medicine))
            continue
        found += [_interaction(medicine, rule, route) for rule in rules if _speaks(rule, medicine, drug, route)]
    found.sort(key=lambda each: (LEVELS.index(each.severity), each.medicine.name, each.rule_id))
    rest = sorted(unread.values(), key=lambda each: fold(each.medicine.name))
    return (*found, *rest)


def unmentioned(medicines: Iterable[Medicine], rules: Sequence[InteractionRule]) -> tuple[Medicine, ...]:
    """The known medicines of which no rule says anything for any drug or route. That is not a finding of safety."""
    spoken = {fold(name) for rule in rules for name in rule.medicines}
    return tuple(each for each in dict.fromkeys(medicines) if each.known and fold(each.name) not in spoken)


def _speaks(rule: InteractionRule, medicine: Medicine, drug: str, route: str | None) -> bool:
    return (
        drug in rule.drugs
        and (route is None or route in rule.routes)
        and any(fold(name) == fold(medicine.name) for name in rule.medicines)
    )


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
        *("evidence", "action", "fact_base"),
    )
)


def read(rule: Rule, *, adopted: bool = True) -> InteractionRule:
    """An interaction rule from its data; raises RuleInvalid, naming what is wrong."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: a rule of kind {rule.kind} says nothing about interactions")
    if extra := sorted(set(rule.fixed) - _FIXED):
        raise RuleInvalid(f"{rule.id}: {', '.join(extra)} is not a part of an interaction rule")
    return InteractionRule(
        rule=rule,
        medicines=_some(rule, "medicines", None),
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
    )


def _text(rule: Rule, key: str) -> str:
    found = rule.fact(key)
    if not isinstance(found, str) or not found.strip():
        raise RuleInvalid(f"{rule.id}: {key} must be a text")
    return found


def _some(rule: Rule, key: str, known: tuple[str, ...] | None) -> tuple[str, ...]:
    found = tuple(str(each) for each in rule.fact(key))
    if not found or (known is not None and any(each not in known for each in found)):
        raise RuleInvalid(f"{rule.id}: {key} cannot be {list(found)}")
    return found


def _level(rule: Rule, given: Any) -> Level:
    if given not in LEVELS:
        raise RuleInvalid(f"{rule.id}: severity cannot be {given!r}")
    return cast(Level, given)
