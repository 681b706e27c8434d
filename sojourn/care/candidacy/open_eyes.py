"""What an acceptance is given in spite of: every finding, interaction and unknown, what is asked for each, what is
there. Assessments in, reasons and faults out. No query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from sojourn.care.candidacy import judging
from sojourn.care.candidacy.models import Clearance, ClearanceKind
from sojourn.care.candidacy.queries import Assessed
from sojourn.clinical.eligibility import VOCABULARY, Finding, fingerprint, signature
from sojourn.clinical.eligibility.fingerprints import digest
from sojourn.clinical.eligibility.signature import Need, Signature
from sojourn.clinical.interactions import Interaction
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import stamp

SHORT: Final = 20  # signs of a key, as forms and refusals carry it
UNKNOWN: Final = "unknown"
_KIND_OF: Final[Mapping[Need, str]] = {"clearance": ClearanceKind.SPECIALIST, "seen": ClearanceKind.SEEN}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One finding or interaction of an acceptance. ``title``, ``advice``: message ids; ``what``: the medicine of an
    interaction; ``there``: what was recorded for it and stands; ``lacks``: which of its needs is not there."""

    key: str
    of: Literal["finding", "interaction"]
    rule_id: str
    version: int
    title: str
    what: str
    severity: str
    action: str
    advice: str
    blocks: bool
    because: tuple[dict[str, Any], ...]
    needs: tuple[Need, ...]
    there: tuple[Clearance, ...] = ()

    @property
    def short(self) -> str:
        return self.key[:SHORT]

    @property
    def lacks(self) -> tuple[Need, ...]:
        """What must be recorded before the signature."""
        kinds = {each.kind for each in self.there}
        return tuple(each for each in self.needs if each in _KIND_OF and _KIND_OF[each] not in kinds)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What acting rules ask for and nobody has told, what is too old to count, and medicines that nobody has looked at:
    names of facts and of medicines."""

    facts: tuple[str, ...]
    too_old: tuple[str, ...]
    medicines: tuple[str, ...]
    needs: tuple[Need, ...]

    def __bool__(self) -> bool:
        return bool(self.facts or self.medicines)


def table() -> Signature:
    """What an acceptance asks for: the newest version acts everywhere by itself."""
    return _table(released_rulebook().hash)


@lru_cache(maxsize=2)
def _table(_book: str) -> Signature:
    (rule,) = released_rulebook().of_kind(signature.KIND)
    return signature.read(rule)


def weighed(assessed: Assessed, clearances: Iterable[Clearance] = ()) -> tuple[Weighed, ...]:
    """Everything that acts and was found, in the order of the page: findings, then interactions."""
    by, kept = table(), list(clearances)
    found = [_of_finding(each, by, kept) for each in assessed.assessment.acting]
    return (*found, *(_of_interaction(each, by) for each in assessed.interactions if each.adopted))


def _of_finding(finding: Finding, by: Signature, clearances: Iterable[Clearance]) -> Weighed:
    key = fingerprint(finding)
    since = max((each.on for each in finding.because), default=date.min)
    return Weighed(
        key=key, of="finding", rule_id=finding.rule_id, version=finding.version, title=finding.title, what="",
        severity=finding.severity, action=finding.action, advice=finding.advice, blocks=finding.blocks,
        because=tuple(judging.plain_fact(each) for each in finding.because), needs=by.of(finding),
        there=tuple(each for each in clearances if each.finding == key and _counts(each, since)),
    )  # fmt: skip


def _counts(clearance: Clearance, since: date) -> bool:
    """Whoever was to be seen was seen after the danger was; a specialist's answer may be older than the day on which it
    was told."""
    return clearance.kind != ClearanceKind.SEEN or clearance.answered_on >= since


def _of_interaction(found: Interaction, by: Signature) -> Weighed:
    return Weighed(
        key=digest([found.rule_id, found.version, found.rule_hash, found.severity, found.medicine.name]),
        of="interaction", rule_id=found.rule_id, version=found.version, title=found.title, what=found.medicine.shown,
        severity=found.severity, action="", advice=found.action, blocks=False, because=(),
        needs=by.of_interaction(found.severity, adopted=found.adopted),
    )  # fmt: skip


def unknown(assessed: Assessed) -> Unknown:
    """What acting rules would have liked to know."""
    by, asked = table(), [each.fact for each in assessed.missing if each.adopted]
    medicines = tuple(each.name for each in assessed.not_checked)
    old = tuple(each.name for each in assessed.expired if each.name in asked)
    needs = (*(by.unknown if asked else ()), *(by.not_checked if medicines else ()))
    return Unknown(tuple(asked), old, medicines, tuple(dict.fromkeys(needs)))


# ---------------------------------------------------------------- what is missing at the signature


def faults(reasons: Mapping[str, str], each_of: Iterable[Weighed], not_known: Unknown) -> list[tuple[str, str]]:
    """What an acceptance lacks, by code and in words. ``reasons``: as typed, by the short key of what they are about.

    Codes: reason-missing:<key>, clearance-missing:<key>, seen-missing:<key>; <key> is "unknown" for what is not known.
    """
    wrong: list[tuple[str, str]] = []
    for each in each_of:
        title = {"title": _(each.title)}
        if "reason" in each.needs and not reasons.get(each.short):
            wrong.append((f"reason-missing:{each.short}", _("%(title)s: write why you accept all the same.") % title))
        if "clearance" in each.lacks:
            words = (
                _("%(title)s: a specialist’s answer is needed first. Record who, when and in which document.") % title
            )
            wrong.append((f"clearance-missing:{each.short}", words))
        if "seen" in each.lacks:
            words = _("%(title)s: somebody who can act sees the person first. Record who and when.") % title
            wrong.append((f"seen-missing:{each.short}", words))
    if "reason" in not_known.needs and not reasons.get(UNKNOWN):
        wrong.append((
            f"reason-missing:{UNKNOWN}", _("Write why you accept although this is not known: %(what)s.") % {
                "what": ", ".join(unknown_words(not_known))
            },
        ))  # fmt: skip
    return wrong


def unknown_words(not_known: Unknown) -> list[str]:
    """What is not known, by the names that clinicians use."""
    facts = [
        _("%(what)s (too old to count)") % {"what": _(VOCABULARY[name].label)}
        if name in not_known.too_old
        else _(VOCABULARY[name].label)
        for name in not_known.facts
    ]
    return [*facts, *(_("%(name)s (not checked)") % {"name": name} for name in not_known.medicines)]


# ---------------------------------------------------------------- as a decision keeps it


def content(reasons: Mapping[str, str], each_of: Iterable[Weighed], not_known: Unknown) -> dict[str, Any]:
    """What was accepted in spite of, as plain values: findings and interactions with what was asked, the reason and the
    clearances; what was not known, with the one reason that names it all."""
    (rule,) = stamp(released_rulebook().of_kind(signature.KIND))
    return {
        "rule": rule,
        "weighed": [
            {
                "key": each.key, "of": each.of, "rule_id": each.rule_id, "version": each.version, "title": each.title,
                "what": each.what, "severity": each.severity, "action": each.action, "advice": each.advice,
                "because": list(each.because), "needs": list(each.needs), "reason": reasons.get(each.short, ""),
                "clearances": [_plain(row) for row in each.there],
            }
            for each in each_of
        ],
        "unknown": {
            "facts": list(not_known.facts), "too_old": list(not_known.too_old), "medicines": list(not_known.medicines),
            "reason": reasons.get(UNKNOWN, "") if not_known else "",
        },
    }  # fmt: skip


def reasons_in(kept: Mapping[str, Any]) -> dict[str, str]:
    """The reasons of a signed decision, by short key."""
    found = {each["key"][:SHORT]: each["reason"] for each in kept.get("weighed", ()) if each["reason"]}
    said = kept.get("unknown", {}).get("reason", "")
    return {**found, UNKNOWN: said} if said else found


def in_spite_of(kept: Mapping[str, Any]) -> list[str]:
    """The titles of what a signed acceptance gave a reason for, or had a clearance for, with the reason."""
    found = []
    for each in kept.get("weighed", ()):
        if each["reason"] or each["clearances"]:
            by = [f"{row['who']}, {row['on']}" for row in each["clearances"]]
            found.append(": ".join(filter(None, (_(each["title"]), "; ".join(filter(None, (each["reason"], *by)))))))
    said = kept.get("unknown", {})
    if said.get("reason"):
        names = unknown_words(Unknown(tuple(said["facts"]), tuple(said["too_old"]), tuple(said["medicines"]), ()))
        found.append(_("Not known (%(what)s): %(reason)s") % {"what": ", ".join(names), "reason": said["reason"]})
    return found


def _plain(row: Clearance) -> dict[str, Any]:
    return {
        "id": row.pk, "kind": row.kind, "who": row.who, "field": row.field, "on": row.answered_on.isoformat(),
        "document": row.document, "said": row.said, "recorded_by": row.recorder_name,
    }  # fmt: skip
