"""What the rules find for a patient, and what stands beside the treatment, as the page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.candidacy import open_eyes
from sojourn.care.candidacy.models import Clearance
from sojourn.care.candidacy.queries import Assessed, Overridden
from sojourn.clinical import eligibility
from sojourn.clinical.eligibility import VOCABULARY, Fact, Finding
from sojourn.clinical.interactions import Interaction
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.candidacy import clearances as candidacy_clearances
from sojourn.interfaces.console.candidacy.words import value_words
from sojourn.interfaces.console.patients.weights import TELLERS
from sojourn.interfaces.console.rules.words import ACTIONS, LEVELS, SEVERITIES, SHORT_MARKS

# The shape beside a severity; the word always stands with it.
SHAPES: Mapping[str, str] = {"absolute": "high", "relative-high": "medium", "relative": "low", "caution": "low"}


# ---------------------------------------------------------------- findings


@dataclass(frozen=True, slots=True)
class FindingFact:
    """A fact that makes a finding: what, its value, who told it, when."""

    what: str
    value: str
    told: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Signed:
    """An override as the page shows it. ``mine``: this actor signed it first."""

    id: int
    reason: str
    by: str
    at: datetime
    second_by: str
    second_at: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding. ``look``: of the pill; ``may_override``: a form for the first signature."""

    key: str
    title: str
    statement: str
    advice: str
    action: str
    look: str
    urgent: bool
    blocks: bool
    never: bool
    reasons: tuple[FindingFact, ...]
    sources: tuple[str, ...]
    mark: str
    firm: bool
    rule_id: str
    rule_url: str
    version: int
    tightened: bool
    override: Signed | None
    may_override: bool
    beside: candidacy_clearances.FindingClearances | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    severity: str
    label: str
    shape: str
    findings: tuple[FindingView, ...]


def _reason(fact: Fact) -> FindingFact:
    told = str(TELLERS[fact.told_by])
    on = None if fact.told_by == "record" else fact.on
    return FindingFact(_(VOCABULARY[fact.name].label), value_words(fact.name, fact.value), told, on)


def _signed(found: Overridden | None, actor: Actor) -> Signed | None:
    if found is None:
        return None
    row, second = found.row, found.second
    return Signed(
        id=row.pk, reason=row.reason, by=row.signer_name, at=row.signed_at,
        second_by=second.signer_name if second else "", second_at=second.signed_at if second else None,
        mine=row.signed_by_id == actor.membership_id,
    )  # fmt: skip


def finding_row(finding: Finding, signed: Mapping[str, Overridden], actor: Actor) -> FindingView:
    key = eligibility.fingerprint(finding)
    override = None if finding.never_overridden or not finding.blocks else signed.get(key)
    look = "off"
    if finding.adopted:
        look = "stop" if finding.blocks else "wait" if finding.action in ("hold", "urgent_review") else "open"
    return FindingView(
        key=key,
        title=_(finding.title),
        statement=_(finding.statement),
        advice=_(finding.advice),
        action=str(ACTIONS[finding.action]),
        look=look,
        urgent=finding.urgent,
        blocks=finding.blocks,
        never=finding.never_overridden,
        reasons=tuple(map(_reason, finding.because)),
        sources=finding.sources,
        mark=str(SHORT_MARKS[finding.verification]),
        firm=finding.verification == "verified",
        rule_id=finding.rule_id,
        rule_url=reverse("console:rule", args=[finding.rule_id]),
        version=finding.version,
        tightened=finding.tightened,
        override=_signed(override, actor),
        may_override=finding.blocks
        and not finding.never_overridden
        and override is None
        and actor.may("candidacy.decide"),
    )


def finding_groups(
    assessed: Assessed, signed: Mapping[str, Overridden], actor: Actor, clearances: Iterable[Clearance]
) -> list[FindingGroup]:
    way = f"{assessed.drug}-{assessed.route}"
    weighed = open_eyes.weighed(assessed, clearances)
    beside = candidacy_clearances.beside(assessed.patient.pk, way, weighed, actor)

    def shown(finding: Finding) -> FindingView:
        found = finding_row(finding, signed, actor)
        return replace(found, beside=beside.get(found.key))

    return [
        FindingGroup(
            severity=name,
            label=str(SEVERITIES[name]),
            shape=SHAPES.get(name, ""),
            findings=tuple(map(shown, found)),
        )
        for name, found in assessed.by_severity.items()
    ]


# ---------------------------------------------------------------- medicines beside the treatment


@dataclass(frozen=True, slots=True)
class Beside:
    """A medicine beside the treatment."""

    medicine: str
    level: str
    shape: str
    effect: str
    action: str
    evidence: str
    sources: tuple[str, ...]
    mark: str
    firm: bool
    adopted: bool
    rule_url: str


def medicine_beside(found: Interaction) -> Beside:
    return Beside(
        medicine=found.medicine.shown,
        level=str(LEVELS[found.severity]),
        shape={"major": "high", "moderate": "medium", "minor": "low"}.get(found.severity, "") if found.adopted else "",
        effect=_(found.effect),
        action=_(found.action),
        evidence=_(found.evidence),
        sources=found.sources,
        mark=str(SHORT_MARKS[found.verification]),
        firm=found.verification == "verified",
        adopted=found.adopted,
        rule_url=reverse("console:rule", args=[found.rule_id]),
    )
