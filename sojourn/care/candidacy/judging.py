"""What stands in the way of treatment, and what has come since a decision: findings in, findings out. No database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sojourn.clinical.eligibility import Expired, Fact, Facts, Finding, fingerprint
from sojourn.clinical.eligibility.fingerprints import plain_value
from sojourn.clinical.interactions import Interaction

# Findings that end a standing acceptance when they are new: blocks, and what calls for a prescriber's eyes.
_CALLS: Final = frozenset(("hold", "urgent_review"))

WAYS: Final = (
    *(("ketamine", route) for route in ("iv", "im", "sc", "in", "sl", "oral")),
    ("esketamine", "in"),
)


def blocks_left(findings: Iterable[Finding], overridden: Collection[str]) -> tuple[Finding, ...]:
    """The findings that still stand in the way: adopted, blocking, not overridden or never to be."""
    return tuple(
        each for each in findings if each.blocks and (each.never_overridden or fingerprint(each) not in overridden)
    )


def changed_since(
    findings: Iterable[Finding], seen: Iterable[Mapping[str, Any]], overridden: Collection[str]
) -> tuple[Finding, ...]:
    """What acts now and did not when a decision was signed: every block that it did not override, and a new hold or
    urgent review. ``seen`` are the findings of the decision's basis."""
    known = {(each["rule_id"], each["severity"], each["action"]) for each in seen if each["adopted"]}
    found = list(findings)
    blocks = blocks_left(found, overridden)
    return tuple(
        each
        for each in found
        if each in blocks
        or (
            each.adopted
            and each.action in _CALLS
            and (each.rule_id, each.severity, each.action) not in known
        )
    )  # fmt: skip


def accepted(seen: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The fingerprints of what acted and was seen when a decision was signed. ``seen``: the findings of its basis."""
    return frozenset(each["key"] for each in seen if each["adopted"])


# --- as JSON keeps it ---


def plain_fact(fact: Fact) -> dict[str, Any]:
    return {"name": fact.name, "value": plain_value(fact.value), "on": fact.on.isoformat(), "told_by": fact.told_by}


def plain_finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": fingerprint(finding), "rule_id": finding.rule_id, "version": finding.version, "hash": finding.rule_hash,
        "title": finding.title, "statement": finding.statement, "severity": finding.severity,
        "action": finding.action, "advice": finding.advice, "never_overridden": finding.never_overridden,
        "adopted": finding.adopted, "verification": finding.verification, "sources": list(finding.sources),
        "because": [plain_fact(each) for each in finding.because],
    }  # fmt: skip


def plain_expired(expired: Expired) -> dict[str, Any]:
    return {
        "fact": plain_fact(expired.fact), "limit_days": expired.limit_days, "rule_id": expired.rule_id,
        "version": expired.version, "hash": expired.rule_hash,
    }  # fmt: skip


def plain_interaction(found: Interaction) -> dict[str, Any]:
    return {
        "medicine": found.medicine.name, "inside": found.medicine.inside, "rxcui": found.medicine.rxcui,
        "rule_id": found.rule_id,
        "version": found.version, "hash": found.rule_hash, "severity": found.severity, "effect": found.effect,
        "action": found.action, "adopted": found.adopted, "verification": found.verification,
    }  # fmt: skip


def seen_facts(facts: Facts) -> dict[str, list[Any]]:
    """The facts as a form carries them. Age and sex of the record are of every day."""
    return {
        each.name: [plain_value(each.value), "" if each.told_by == "record" else each.on.isoformat(), each.told_by]
        for each in facts.values()
    }
