"""Decide whether somebody is treated; override a block with two signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.candidacy import judging, open_eyes
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import CandidacyDecision, Clearance, Kind, Override, OverrideSignature
from sojourn.care.candidacy.queries import Assessed
from sojourn.care.patients.locks import patient_of
from sojourn.care.patients.models import Patient
from sojourn.clinical.eligibility import VOCABULARY, Finding, fingerprint
from sojourn.clinical.eligibility.fingerprints import digest
from sojourn.clinical.written import says_something
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row

LONGEST: Final = 4000
MOST_CONDITIONS: Final = 20
LONGEST_CONDITION: Final = 300
LONGEST_AWAITED: Final = 300


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """What a prescriber decides, as typed. ``awaited`` are names of facts that a deferral waits for; ``reasons`` why an
    acceptance is given all the same, by the short key of what it is given in spite of (see open_eyes.py)."""

    kind: str
    conditions: Sequence[str] = ()
    until_on: date | None = None
    awaited: Sequence[str] = ()
    awaited_words: str = ""
    explanation: str = ""
    alternatives: str = ""
    would_change: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def clean(self) -> DecisionInput:
        """The same without stray spaces and empty lines."""
        return DecisionInput(
            kind=self.kind,
            conditions=tuple(said for each in self.conditions if (said := " ".join(each.split()))),
            until_on=self.until_on,
            awaited=tuple(name for name in VOCABULARY if name in set(self.awaited)),
            awaited_words=" ".join(self.awaited_words.split()),
            explanation=_lines(self.explanation),
            alternatives=_lines(self.alternatives),
            would_change=_lines(self.would_change),
            reasons={key: _lines(text) for key, text in self.reasons.items() if says_something(text)},
        )

    @property
    def accepts(self) -> bool:
        return self.kind in (Kind.ACCEPT, Kind.CONDITIONS)


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


# ---------------------------------------------------------------- deciding


def draft(
    *, signer: Actor, patient_id: int, answer: DecisionInput, seen: Mapping[str, Any], now: datetime | None = None
) -> CandidacyDecision:
    """The decision as it would be signed, not kept: for the preview of what the patient will read.

    No action: it changes nothing, and the page asks who may see it. Refused as ``decide`` refuses, but for what an
    acceptance must say: that is asked for on the preview.
    """
    patient = one_row(Patient, patient_id).get()
    return _prepared(signer, patient, answer.clean(), seen, now or timezone.now(), signs=False)


@action("candidacy.decide", locks=row(Patient, "patient_id"), audit="candidacy.decided")
def decide(
    *, by: Actor, patient_id: int, answer: DecisionInput, seen: Mapping[str, Any], now: datetime | None = None
) -> CandidacyDecision:
    """Sign a decision, bound to what was ``seen`` (see ``queries.seeing``), and tell the patient that there is one.

    The same signature sent twice is one decision. Overtaken ("decided-meanwhile", "changed") where another decision
    was signed or something else is known than the page showed. Refused: another-page, unknown-kind, unknown-way,
    blocked, conditions-missing, conditions-not-kept, until-missing, until-not-kept, past, explanation-missing,
    alternatives-missing, too-long; and for an acceptance reason-missing:<key>, clearance-missing:<key> and
    seen-missing:<key>, by the rule ``candidacy.open_eyes``.
    """
    at = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    said = answer.clean()
    newest = candidacy_queries.latest(PatientScope(patient_id))
    if newest is not None and _is_the_same(newest, by, said, seen):
        return unchanged(newest)
    signed = _prepared(by, patient, said, seen, at, signs=True)
    signed.save(force_insert=True)
    record(
        by, "candidacy.decided", signed, kind=signed.kind, drug=signed.drug, route=signed.route,
        hash=signed.content_hash,
    )  # fmt: skip
    _tell(patient)
    return signed


def _prepared(
    by: Actor, patient: Patient, said: DecisionInput, seen: Mapping[str, Any], at: datetime, *, signs: bool
) -> CandidacyDecision:
    today = clinic_day(at, by)
    drug, route = str(seen.get("drug", "")), str(seen.get("route", ""))
    if seen.get("patient") != patient.pk:
        raise ActionRefused(_("This page is of another patient. Open the page again."), codes=("another-page",))
    if (drug, route) not in judging.WAYS:
        raise ActionRefused(_("Choose the medicine and how it is given."), codes=("unknown-way",))
    newest = candidacy_queries.latest(PatientScope(patient.pk))
    assessed = _as_it_was_seen(patient, drug, route, today, seen, newest)
    signed = candidacy_queries.overrides(PatientScope(patient.pk))
    clearances = candidacy_queries.clearances(PatientScope(patient.pk)) if said.accepts else ()
    wrong = [*_faults(said, today), *_blocks(said, assessed, candidacy_queries.in_effect(signed, drug))]
    if signs and said.accepts and not wrong:
        weighed, not_known = open_eyes.weighed(assessed, clearances), open_eyes.unknown(assessed)
        wrong += open_eyes.faults(said.reasons, weighed, not_known)
    if wrong:
        raise ActionRefused(*(words for _code, words in wrong), codes=tuple(code for code, _words in wrong))
    return _row(by, patient, said, assessed, signed, newest, at, clearances)


def _row(
    by: Actor,
    patient: Patient,
    said: DecisionInput,
    assessed: Assessed,
    signed: Sequence[candidacy_queries.Overridden],
    newest: CandidacyDecision | None,
    at: datetime,
    clearances: Sequence[Clearance] = (),
) -> CandidacyDecision:
    """What will be signed. Its hash covers every word of it and all that it rests on."""
    now_blocking = {fingerprint(each) for each in assessed.blocking}
    rests_on: dict[str, dict[str, Any]] = {}
    for each in signed:
        if each.second is not None and each.row.drug == assessed.drug and each.finding in now_blocking:
            rests_on[each.finding] = {
                "id": each.row.pk, "finding": each.finding, "rule_id": each.row.rule_id, "reason": each.row.reason,
                "by": each.row.signer_name, "second": each.second.signer_name,
            }  # fmt: skip
    content: dict[str, Any] = {
        "kind": said.kind, "drug": assessed.drug, "route": assessed.route, "conditions": list(said.conditions),
        "until_on": said.until_on, "awaited": list(said.awaited), "awaited_words": said.awaited_words,
        "explanation": said.explanation, "alternatives": said.alternatives, "would_change": said.would_change,
        "basis": assessed.basis(), "overrides": list(rests_on.values()), "decider_name": _signature(by),
        "open_eyes": open_eyes.content(
            said.reasons, open_eyes.weighed(assessed, clearances), open_eyes.unknown(assessed)
        ) if said.accepts else {},
    }  # fmt: skip
    row = CandidacyDecision(
        clinic_id=by.own_clinic_id, patient=patient, previous=newest, decided_at=at, decided_by_id=by.member, **content
    )
    row.content_hash = content_hash(row)
    return row


def content_hash(row: CandidacyDecision) -> str:
    """SHA-256 of everything that is signed: the answer, its basis and overrides, what it was given in spite of, by whom
    and when."""
    return digest({
        **({"open_eyes": row.open_eyes} if row.open_eyes else {}),  # decisions of an earlier release had none
        "patient": row.patient_id, "previous": row.previous_id, "kind": row.kind, "drug": row.drug, "route": row.route,
        "conditions": row.conditions, "until_on": row.until_on.isoformat() if row.until_on else None,
        "awaited": row.awaited, "awaited_words": row.awaited_words, "explanation": row.explanation,
        "alternatives": row.alternatives, "would_change": row.would_change, "basis": row.basis,
        "overrides": row.overrides, "decided_at": row.decided_at.timestamp(), "decided_by": row.decided_by_id,
        "decider_name": row.decider_name,
    })  # fmt: skip


def _signature(by: Actor) -> str:
    """The signer's name with credentials, as it stands now."""
    return str(one_row(Membership, by.member).get())


def _is_the_same(row: CandidacyDecision, by: Actor, said: DecisionInput, seen: Mapping[str, Any]) -> bool:
    """Whether this is the signature of that row, sent a second time."""
    then = (
        row.kind, tuple(row.conditions), row.until_on, tuple(row.awaited), row.awaited_words, row.explanation,
        row.alternatives, row.would_change, open_eyes.reasons_in(row.open_eyes),
    )  # fmt: skip
    given = (
        said.kind, tuple(said.conditions), said.until_on, tuple(said.awaited), said.awaited_words, said.explanation,
        said.alternatives, said.would_change, dict(said.reasons) if said.accepts else {},
    )  # fmt: skip
    page = (seen.get("patient"), seen.get("decision"), seen.get("drug"), seen.get("route"))
    return (
        row.decided_by_id == by.membership_id
        and page == (row.patient_id, row.previous_id, row.drug, row.route)
        and then == given
    )


def _blocks(said: DecisionInput, assessed: Assessed, overridden: frozenset[str]) -> list[tuple[str, str]]:
    """Why an acceptance is not possible: every block that stands."""
    if not said.accepts:
        return []
    return [
        ("blocked", _("%(title)s: this prevents it. %(advice)s") % {
            "title": _(each.title), "advice": _(each.advice),
        })
        for each in judging.blocks_left(assessed.findings, overridden)
    ]  # fmt: skip


def _faults(said: DecisionInput, today: date) -> list[tuple[str, str]]:
    """What is missing or cannot be in an answer."""
    if said.kind not in Kind.values:
        return [("unknown-kind", _("Choose a decision."))]
    wrong: list[tuple[str, str]] = []
    if said.kind == Kind.CONDITIONS and not said.conditions:
        wrong.append(("conditions-missing", _("Write at least one condition, one a line.")))
    if said.kind != Kind.CONDITIONS and said.conditions:
        wrong.append((
            "conditions-not-kept", _("Conditions belong to “accept with conditions”. Choose that, or take them out."),
        ))  # fmt: skip
    wrong += _deferral_faults(said, today)
    if said.kind != Kind.ACCEPT and not said.explanation:
        wrong.append(("explanation-missing", _("Write for the patient why, in plain words.")))
    if said.kind == Kind.DECLINE and not said.alternatives:
        wrong.append(("alternatives-missing", _("Write what else could help. Nobody is sent away with nothing.")))
    if _too_long(said):
        wrong.append((
            "too-long",
            _("Please make it shorter: at most %(text)d letters a text, %(lines)d conditions of %(line)d letters.")
            % {"text": LONGEST, "lines": MOST_CONDITIONS, "line": LONGEST_CONDITION},
        ))  # fmt: skip
    return wrong


def _as_it_was_seen(
    patient: Patient, drug: str, route: str, today: date, seen: Mapping[str, Any], newest: CandidacyDecision | None
) -> candidacy_queries.Assessed:
    """What the rules say now, which must be what the page has shown."""
    if seen.get("decision") != (newest.pk if newest else None):
        raise Overtaken(
            _("Somebody signed a decision meanwhile. Read it; what you typed is still here."),
            codes=("decided-meanwhile",),
        )
    assessed = candidacy_queries.assessment_of(patient, drug, route, today)
    changes = candidacy_queries.differences(seen, assessed.seen(seen.get("decision")))
    if changes:
        raise Overtaken(
            _("Something changed since you opened this page: %(what)s. Look at it; what you typed is still here.")
            % {"what": ", ".join(changes)},
            codes=("changed",),
        )
    return assessed


def _too_long(said: DecisionInput) -> bool:
    texts = (said.explanation, said.alternatives, said.would_change, *said.reasons.values())
    return (
        len(said.conditions) > MOST_CONDITIONS
        or any(len(each) > LONGEST_CONDITION for each in said.conditions)
        or len(said.awaited_words) > LONGEST_AWAITED
        or any(len(each) > LONGEST for each in texts)
    )


def _deferral_faults(said: DecisionInput, today: date) -> list[tuple[str, str]]:
    if said.kind != Kind.DEFER:
        if said.until_on or said.awaited or said.awaited_words:
            return [("until-not-kept", _("What is awaited belongs to “defer”. Choose that, or take it out."))]
        return []
    if said.until_on is None and not said.awaited and not said.awaited_words:
        return [("until-missing", _("Write until when you defer, or what is awaited."))]
    if said.until_on is not None and said.until_on <= today:
        return [("past", _("Defer until a day that is still to come."))]
    return []


def _tell(patient: Patient) -> None:
    """A notice by e-mail: that there is something to read, and where; never what it says."""
    if not patient.email:
        return
    clinic = patient.clinic
    letters.post(
        letters.write(
            patient.email, "decision", patient.language or clinic.language, name=patient.given_name,
            clinic=clinic.name, phone=clinic.phone, link=address(Page.PATIENT_DECISION),
        )
    )  # fmt: skip


# ---------------------------------------------------------------- overriding


def _open_finding(by: Actor, patient: Patient, drug: str, key: str, at: datetime) -> Finding:
    """The finding that stands in the way now and may be overridden; else never-overridden, not-blocking, changed."""
    assessed = candidacy_queries.assessment_of(patient, drug, None, clinic_day(at, by))
    finding = next((each for each in assessed.findings if fingerprint(each) == key), None)
    if finding is None:
        raise Overtaken(
            _("This finding is not there any more, or other values make it so. Look at the page again."),
            codes=("changed",),
        )
    if not finding.blocks:
        raise ActionRefused(_("This does not block; there is nothing to override."), codes=("not-blocking",))
    if finding.never_overridden:
        raise ActionRefused(
            _("%(title)s: this is never overridden.") % {"title": _(finding.title)}, codes=("never-overridden",)
        )
    return finding


@action("candidacy.decide", locks=row(Patient, "patient_id"), audit="candidacy.override_signed")
def override(
    *, by: Actor, patient_id: int, drug: str, finding: str, reason: str, now: datetime | None = None
) -> Override:
    """Sign the reason for which a block does not hold for this patient. It takes effect with a second signature.

    ``finding`` is the fingerprint of what was seen. The same again returns the row that stands. Overtaken ("changed")
    where that finding is not there any more. Refused: never-overridden, not-blocking, reason-missing, too-long.
    """
    at = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    found = _open_finding(by, patient, drug, finding, at)
    why = _lines(reason)
    if not why:
        raise ActionRefused(_("Write why this does not hold for this patient."), codes=("reason-missing",))
    if len(why) > LONGEST:
        raise ActionRefused(_("Please make it shorter: at most %(n)d letters.") % {"n": LONGEST}, codes=("too-long",))
    for each in candidacy_queries.overrides(PatientScope(patient_id)):
        mine = each.row.signed_by_id == by.membership_id and each.row.reason == why
        if each.row.drug == drug and each.finding == finding and (each.in_effect or mine):
            return unchanged(each.row)
    first = Override.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, drug=drug, finding=finding, rule_id=found.rule_id,
        rule_version=found.version, rule_hash=found.rule_hash, shown=judging.plain_finding(found), reason=why,
        signed_at=at, signed_by_id=by.member, signer_name=_signature(by),
    )  # fmt: skip
    record(by, "candidacy.override_signed", first, rule=first.rule_id, version=first.rule_version)
    return first


@action("candidacy.decide", locks=patient_of(Override, "override_id"), audit="candidacy.override_second_signed")
def second_sign(*, by: Actor, override_id: int, now: datetime | None = None) -> OverrideSignature:
    """Another prescriber signs an override; from now on it is in effect. Twice changes nothing.

    Overtaken ("changed") where the finding is not there any more. Refused: same-person, never-overridden, not-blocking.
    """
    at = now or timezone.now()
    first = one_row(Override, override_id).select_related("signed_by", "patient").get()
    before = clinic_rows(OverrideSignature).filter(override=first).first()
    if before is not None:
        return unchanged(before)
    if first.signed_by.person_id == by.person_id:
        raise ActionRefused(
            _("You signed this yourself. Another prescriber gives the second signature."), codes=("same-person",)
        )
    _open_finding(by, first.patient, first.drug, first.finding, at)
    second = OverrideSignature.objects.create(
        clinic_id=by.own_clinic_id, patient=first.patient, override=first, signed_at=at, signed_by_id=by.member,
        signer_name=_signature(by),
    )  # fmt: skip
    record(by, "candidacy.override_second_signed", second, rule=first.rule_id)
    return second
