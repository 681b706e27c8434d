"""Which rules act in a clinic. The rules themselves come from the files; see load.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from sojourn.clinical import alarms, eligibility, interactions
from sojourn.clinical.protocol import Protocol
from sojourn.clinical.protocol import read as read_protocol
from sojourn.clinical.rules import Loosened, Rule, tighten
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook.acting import acting, as_adopted
from sojourn.foundation.rulebook.load import prepared, released_rulebook
from sojourn.foundation.rulebook.models import CeilingRaise, RuleAdoption
from sojourn.foundation.rulebook.scales import scales
from sojourn.foundation.scope import clinic_rows, one_row


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """One rule as a clinic sees it.

    ``acting`` is the rule with the clinic's numbers, or None while it does not act. ``newest`` is the version
    that could be adopted now, ``adoption`` the row that decides, if there is one.
    """

    newest: Rule
    adoption: RuleAdoption | None
    acting: Rule | None

    @property
    def waits(self) -> bool:
        """A prescriber has never decided about this rule, and it does not act by itself."""
        return self.adoption is None and self.acting is None

    @property
    def outdated(self) -> bool:
        """It acts in an older version than the newest."""
        return self.acting is not None and self.acting.version < self.newest.version


def known_rules() -> Mapping[tuple[str, int], Rule]:
    """Every version of every rule, those of the scales among them."""
    return _known(released_rulebook().hash)


@lru_cache(maxsize=2)
def _known(_book: str) -> Mapping[tuple[str, int], Rule]:
    return {**released_rulebook().versions, **{(each.rule.id, each.rule.version): each.rule for each in scales()}}


@lru_cache(maxsize=2)
def _versions(_book: str) -> Mapping[str, tuple[Rule, ...]]:
    """The versions of each rule of a book (named by its hash), the oldest first, by id."""
    found: dict[str, list[Rule]] = {}
    for rule in known_rules().values():
        found.setdefault(rule.id, []).append(rule)
    return {rule_id: tuple(sorted(each, key=lambda rule: rule.version)) for rule_id, each in found.items()}


def newest(rule_id: str) -> Rule:
    """The newest version of a rule, a scale's among them; raises KeyError. No query."""
    return _versions(released_rulebook().hash)[rule_id][-1]


def ids_of(*kinds: str) -> frozenset[str]:
    """The ids of the rules whose newest version is of some kinds."""
    return frozenset(
        rule_id for rule_id, versions in _versions(released_rulebook().hash).items() if versions[-1].kind in kinds
    )


def adoptions(
    clinic_id: int, at: datetime | None = None, only: Collection[str] | None = None
) -> dict[str, RuleAdoption]:
    """The newest decision about each rule, or about some by id, as it stood at a time or as it stands. One query."""
    rows = clinic_rows(RuleAdoption).filter(clinic_id=clinic_id)
    if only is not None:
        rows = rows.filter(rule_id__in=only)
    if at is not None:
        rows = rows.filter(adopted_at__lte=at)
    return {each.rule_id: each for each in rows.order_by("rule_id", "-id").distinct("rule_id")}


def raises(clinic_id: int, only: Collection[str] | None = None) -> dict[str, CeilingRaise]:
    """The ceilings that wait for a second signature to go up, by rule, or some by id. One query."""
    newer = clinic_rows(RuleAdoption).filter(rule_id=OuterRef("rule_id"), pk__gt=OuterRef("follows_id"))
    rows = clinic_rows(CeilingRaise).filter(~Exists(newer), clinic_id=clinic_id).select_related("signed_by")
    if only is not None:
        rows = rows.filter(rule_id__in=only)
    return {each.rule_id: each for each in rows.order_by("rule_id", "-id").distinct("rule_id")}


def raised_rule(raise_id: int) -> str | None:
    """Which ceiling a first signature would raise, whatever became of it; None where this clinic has none such. One
    query."""
    return one_row(CeilingRaise, raise_id).values_list("rule_id", flat=True).first()


def raise_of(adoption: RuleAdoption) -> CeilingRaise | None:
    """The first signature that would raise the ceiling of a decision; None where nobody wants to. One query."""
    return raises(adoption.clinic_id, {adoption.rule_id}).get(adoption.rule_id)


def adopted(adoption: RuleAdoption) -> Rule | None:
    """What was adopted, with the clinic's numbers; None if the rulebook no longer says it. No query."""
    return as_adopted(adoption, known_rules().get((adoption.rule_id, adoption.version)))


def standings(
    clinic_id: int, at: datetime | None = None, only: Collection[str] | None = None
) -> tuple[RuleStatus, ...]:
    """Every rule, or some by id, with what the clinic has decided about it, in the order of the book. One query."""
    return decide(adoptions(clinic_id, at, only), clinic_day(at or timezone.now(), current_actor()), only)


def decide(
    decided: Mapping[str, RuleAdoption], day: date, only: Collection[str] | None = None
) -> tuple[RuleStatus, ...]:
    """Every rule, or some by id, with its decision, from the newest decision about each; no query."""
    found: list[RuleStatus] = []
    for rule_id, versions in _versions(released_rulebook().hash).items():
        if only is not None and rule_id not in only:
            continue
        adoption = decided.get(rule_id)
        found.append(RuleStatus(versions[-1], adoption, acting(versions, adoption, day)))
    return tuple(found)


def acting_rules(clinic_id: int, at: datetime | None = None, only: Collection[str] | None = None) -> dict[str, Rule]:
    """The rules that act in a clinic, by id, with its own stricter numbers. One query."""
    return {each.acting.id: each.acting for each in standings(clinic_id, at, only) if each.acting is not None}


def alarm_rules(
    clinic_id: int, route: str, drug: str | None = None, at: datetime | None = None
) -> tuple[alarms.AlarmRule, ...]:
    """The alarms that act in a clinic for a route ("iv", "im", "in" ...) and a drug. One query."""
    acting = acting_rules(clinic_id, at, ids_of(*alarms.KINDS, alarms.ESCALATION))
    escalates = next(
        (each for each in acting.values() if each.kind == alarms.ESCALATION and route in each.fact("routes")),
        None,
    )
    return prepared(acting.values(), escalates, route, drug)


def protocol(clinic_id: int, protocol_id: str, at: datetime | None = None) -> Protocol | None:
    """A protocol with the clinic's numbers, or None while it has not been adopted. One query."""
    rule = acting_rules(clinic_id, at, {protocol_id}).get(protocol_id)
    return None if rule is None else read_protocol(rule)


def protocols(clinic_id: int, at: datetime | None = None) -> tuple[Protocol, ...]:
    """Every protocol that the clinic has adopted. One query."""
    return tuple(read_protocol(each) for each in acting_rules(clinic_id, at, ids_of("protocol")).values())


def _shown(clinic_id: int, kind: str, at: datetime | None) -> list[tuple[Rule, bool]]:
    """Every rule of a kind: the acting ones with the clinic's numbers, the others as released and not adopted. What a
    clinic has retired is not among them. One query."""
    return [
        (each.newest if each.acting is None else each.acting, each.acting is not None)
        for each in standings(clinic_id, at, ids_of(kind))
        if not (each.acting is None and each.adoption is not None and each.adoption.retired)
    ]


def eligibility_rules(clinic_id: int, at: datetime | None = None) -> tuple[eligibility.EligibilityRule, ...]:
    """The rules of candidacy as a clinic has them. Those that nobody has adopted come too, ``adopted=False``: they are
    shown as unverified and never act. One query."""
    return tuple(eligibility.read(rule, adopted=acts) for rule, acts in _shown(clinic_id, eligibility.KIND, at))


def interaction_rules(clinic_id: int, at: datetime | None = None) -> tuple[interactions.InteractionRule, ...]:
    """The rules of interactions as a clinic has them, the not adopted ones marked. One query."""
    return tuple(interactions.read(rule, adopted=acts) for rule, acts in _shown(clinic_id, interactions.KIND, at))


def own_numbers(released: Rule, own: Rule) -> dict[str, float]:
    """The numbers of a rule that are a clinic's: what it changed, and what it stated where there was none."""
    return {
        name: each.value
        for name, each in sorted(own.parameters.items())
        if name not in released.parameters or each.value != released.parameters[name].value
    }


def stamp(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules as a decision stores them in JSON: id, version, hash, and the numbers that the clinic had changed."""
    found = []
    for rule in sorted(rules, key=lambda each: (each.id, each.version)):
        released = known_rules().get((rule.id, rule.version))
        changed = {} if released is None else own_numbers(released, rule)
        found.append({"id": rule.id, "version": rule.version, "hash": rule.hash, "parameters": changed})
    return found


@dataclass(frozen=True, slots=True)
class Stamped:
    """One stored rule read back. ``rule`` is what was decided by, with the clinic's numbers of that time; None when
    this program no longer holds exactly that content."""

    id: str
    version: int
    hash: str
    rule: Rule | None


def rules_at(stamped: Iterable[Mapping[str, Any]]) -> tuple[Stamped, ...]:
    """The rules of a stamp as they were. No query."""
    known = known_rules()
    found = []
    for row in stamped:
        rule = known.get((row["id"], row["version"]))
        own = tighten(rule, row.get("parameters") or {}) if rule is not None and rule.hash == row["hash"] else None
        found.append(Stamped(row["id"], row["version"], row["hash"], None if isinstance(own, Loosened) else own))
    return tuple(found)
