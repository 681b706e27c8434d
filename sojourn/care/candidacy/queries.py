"""What the rules say about a person now, what was decided, and whether the decision still stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from django.core import signing
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.candidacy import judging
from sojourn.care.candidacy.models import CandidacyDecision, Clearance, Kind, Override, OverrideSignature
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.queries import MedicineTaken
from sojourn.care.patients.models import Patient
from sojourn.clinical import eligibility, interactions, news2
from sojourn.clinical.eligibility import (
    VOCABULARY,
    Assessment,
    EvidenceRule,
    Expired,
    Facts,
    Finding,
    Missing,
    Stage,
    Value,
    evidence,
    fingerprint,
)
from sojourn.clinical.interactions import Interaction, Medicine
from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.rulebook.queries import RuleStatus as RuleStanding
from sojourn.foundation.rulebook.queries import ids_of, stamp, standings
from sojourn.foundation.scope import PatientScope, rows_of

FORM_LIVES_S: Final = 12 * 3600
_SALT: Final = "sojourn.candidacy.seen"


# ---------------------------------------------------------------- the rules as the clinic has them


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of candidacy, of interactions and of how long evidence counts, those that nobody adopted among them,
    and the score of vitals."""

    eligibility: tuple[eligibility.EligibilityRule, ...]
    interactions: tuple[interactions.InteractionRule, ...]
    news2: Rule | None
    evidence: tuple[EvidenceRule, ...] = ()

    @property
    def stamps(self) -> list[dict[str, Any]]:
        """Id, version, hash, own numbers and whether it acts, of every rule that was applied."""
        both = [(each.rule, each.adopted) for each in self.eligibility]
        both += [(each.rule, each.adopted) for each in self.interactions]
        both += [(each.rule, each.adopted) for each in self.evidence]
        acts = {(rule.id, rule.version): adopted for rule, adopted in both}
        rows = stamp(rule for rule, _adopted in both)
        return [{**row, "adopted": acts[row["id"], row["version"]]} for row in rows]


def rules(clinic_id: int, at: datetime | None = None) -> Rules:
    """What a clinic judges candidacy by. One query."""
    wanted = ids_of(eligibility.KIND, interactions.KIND, evidence.KIND) | {"news2"}
    return rules_of(standings(clinic_id, at, wanted))


def rules_of(found: Iterable[RuleStanding]) -> Rules:
    """The same from the standings of rules, whatever others are among them. No query.

    Where a clinic goes on with an older version of a rule of interaction, the newer one is read as well, not adopted: a
    medicine that only the newer one names is shown, and holds nothing.
    """
    found = tuple(found)
    shown = list(_shown(found))
    return Rules(
        tuple(eligibility.read(rule, adopted=acts) for rule, acts in shown if rule.kind == eligibility.KIND),
        tuple(
            interactions.read(rule, adopted=acts)
            for rule, acts in (*shown, *_newer(found))
            if rule.kind == interactions.KIND
        ),
        next((rule for rule, acts in shown if rule.id == "news2" and acts), None),
        tuple(evidence.read(rule, adopted=acts) for rule, acts in shown if rule.kind == evidence.KIND),
    )


def _shown(found: Iterable[RuleStanding]) -> Iterable[tuple[Rule, bool]]:
    """Each rule that acts, and each that nobody decided about, with whether it acts."""
    for each in found:
        if each.acting is not None:
            yield each.acting, True
        elif each.adoption is None or not each.adoption.retired:
            yield each.newest, False


def _newer(found: Iterable[RuleStanding]) -> Iterable[tuple[Rule, bool]]:
    return (
        (each.newest, False) for each in found if each.acting is not None and each.acting.version < each.newest.version
    )


# ---------------------------------------------------------------- what the rules say now


@dataclass(frozen=True)
class Assessed:
    """What the rules say about a person on a day, for one drug by one route (None: any), and what it rests on.

    ``facts`` are all that is known; those of ``expired`` are too old to count, and so are missing again."""

    patient: Patient
    drug: str
    route: str | None
    on: date
    facts: Facts
    taken: tuple[MedicineTaken, ...]
    rules: Rules
    assessment: Assessment
    interactions: tuple[Interaction, ...]
    not_checked: tuple[Medicine, ...]  # free text, or an unknown part of a product: nobody has looked at them
    unmentioned: tuple[Medicine, ...]  # known, and no rule speaks of them for this drug and route: no finding of safety
    stage: Stage = "treatment"
    expired: tuple[Expired, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.assessment.findings

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return self.assessment.blocking

    @property
    def missing(self) -> tuple[Missing, ...]:
        return self.assessment.missing

    @cached_property
    def by_severity(self) -> dict[eligibility.Severity, tuple[Finding, ...]]:
        """The findings of acting rules, from the gravest severity."""
        acting = self.assessment.acting
        groups = {each: tuple(one for one in acting if one.severity == each) for each in eligibility.SEVERITIES}
        return {name: found for name, found in groups.items() if found}

    @property
    def news2(self) -> news2.News2 | news2.News2Refusal | None:
        """The score of the newest vital signs, why there is none, or None where the rule does not act."""
        return None if self.rules.news2 is None else score_vitals(self.rules.news2, self.facts)

    def basis(self) -> dict[str, Any]:
        """All of it as a decision keeps it."""
        return {
            "drug": self.drug, "route": self.route, "on": self.on.isoformat(),
            "facts": [judging.plain_fact(each) for each in self.facts.values()],
            "medicines": [_plain_medicine(each) for each in self.taken],
            "findings": [judging.plain_finding(each) for each in self.findings],
            "interactions": [judging.plain_interaction(each) for each in self.interactions],
            "not_checked": [each.name for each in self.not_checked],
            "unmentioned": [each.name for each in self.unmentioned],  # for this drug and route
            "missing": [
                {"fact": each.fact, "rule_ids": list(each.rule_ids), "severity": each.severity, "adopted": each.adopted}
                for each in self.assessment.missing
            ],
            "expired": [judging.plain_expired(each) for each in self.expired],
            "rules": self.rules.stamps,
        }  # fmt: skip

    def seen(self, decision_id: int | None) -> dict[str, Any]:
        """What a page shows, small enough for its form to carry; see ``seeing``."""
        return {
            "patient": self.patient.pk, "drug": self.drug, "route": self.route, "decision": decision_id,
            "facts": judging.seen_facts(self.facts),
            "medicines": sorted(
                [each.name, each.ingredient or "", each.dose, each.route, each.current] for each in self.taken
            ),
            "findings": {
                f"{fingerprint(each)[:20]}{'+' if each.adopted else '-'}": each.title for each in self.findings
            },
            "interactions": {
                f"{each.medicine.name} {each.rule_id} {each.version}{'+' if each.adopted else '-'}": each.medicine.name
                for each in self.interactions
            },
        }  # fmt: skip


def _plain_medicine(taken: MedicineTaken) -> dict[str, Any]:
    return {
        "name": taken.name, "ingredient": taken.ingredient, "rxcui": taken.rxcui, "dose": taken.dose,
        "how_often": taken.how_often, "taken_by": taken.route, "current": taken.current,
        "said_on": taken.said_on.isoformat(),
    }  # fmt: skip


_AVPU: Final[Mapping[Value, news2.Consciousness]] = {
    "alert": "A", "confused": "C", "voice": "V", "pain": "P", "unresponsive": "U",
}  # fmt: skip


def score_vitals(rule: Rule, facts: Facts) -> news2.News2 | news2.News2Refusal:
    """NEWS2 of the newest vital signs; refused ("not-of-one-day") unless all were taken on the same day."""

    def number(name: str) -> float | None:
        return float(facts[name].value) if name in facts else None  # type: ignore[arg-type]

    known = [facts[name] for name in news2.FACTS.values() if name in facts]
    pregnant = any(
        name in facts and facts[name].value == value
        for name, value in (("pregnant", True), ("pregnancy_test", "positive"))
    )
    oxygen = facts.get("on_oxygen")
    awake = facts.get("consciousness")
    result = news2.score(
        rule,
        news2.Observations(
            rr=number("respiratory_rate"), spo2=number("spo2"), oxygen=None if oxygen is None else bool(oxygen.value),
            sbp=number("sbp"), pulse=number("heart_rate"), temp=number("temperature"),
            consciousness=None if awake is None else _AVPU[awake.value], age_years=number("age_years"),
            pregnant=pregnant,
        ),
    )  # fmt: skip
    if isinstance(result, news2.News2) and len({each.on for each in known}) > 1:
        return news2.News2Refusal(("not-of-one-day",))
    return result


def assess(
    patient: Patient,
    facts: Facts,
    taken: Sequence[MedicineTaken],
    by: Rules,
    *,
    drug: str,
    route: str | None,
    on: date,
    stage: Stage = "treatment",
) -> Assessed:
    """What the rules say of facts and medicines that were read already, before a course or ("session") before a dose.
    No query."""
    named = [medicine for each in taken if each.current for medicine in each.medicines]
    _current, expired = eligibility.current(facts, by.evidence, on)
    outcomes = interactions.check(named, by.interactions, drug=drug, route=route)
    return Assessed(
        patient=patient,
        drug=drug,
        route=route,
        on=on,
        facts=facts,
        taken=tuple(taken),
        rules=by,
        assessment=eligibility.assess(
            facts, by.eligibility, drug=drug, stage=stage, today=on, expired=frozenset(each.name for each in expired)
        ),
        interactions=tuple(each for each in outcomes if isinstance(each, Interaction)),
        not_checked=tuple(each.medicine for each in outcomes if not isinstance(each, Interaction)),
        unmentioned=interactions.unmentioned(named, by.interactions, drug=drug, route=route),
        stage=stage,
        expired=expired,
    )


def assessment(of: PatientScope, drug: str, on: date | None = None, *, route: str | None = None) -> Assessed:
    """What the rules say about a patient on a day (today). Six queries. Raises Patient.DoesNotExist."""
    return assessment_of(of.rows(Patient).get(), drug, route, on)


def assessment_of(patient: Patient, drug: str, route: str | None, on: date | None) -> Assessed:
    """The same for a patient who was read already. Five queries."""
    day = on or clinic_today(current_actor())
    medicines = intake_queries.medicines(PatientScope(patient.pk))
    return assess(
        patient, intake_queries.facts(patient, day), medicines, rules(patient.clinic_id), drug=drug, route=route, on=day
    )


# ---------------------------------------------------------------- what a page has shown


def seeing(assessed: Assessed, decision_id: int | None) -> str:
    """What the page of a decision shows, sealed for its form."""
    return signing.dumps(assessed.seen(decision_id), salt=_SALT, compress=True)


def read_seen(token: str) -> dict[str, Any] | None:
    """What a page had shown; None where it is not one of ours, or is too old."""
    try:
        found = signing.loads(token, salt=_SALT, max_age=FORM_LIVES_S)
    except signing.BadSignature:
        return None
    return found if isinstance(found, dict) else None


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What is not as it was shown, in words: facts, medicines, findings, interactions. Empty where nothing changed."""
    words: list[str] = []
    old, new = before["facts"], now["facts"]
    words += [_(VOCABULARY[name].label) for name in VOCABULARY if old.get(name) != new.get(name)]
    was, are = (set(map(tuple, each["medicines"])) for each in (before, now))
    words += sorted({str(name) for name, *_ in was ^ are})
    for part in ("findings", "interactions"):
        gone, come = before[part], now[part]
        words += [_(title) for title in dict.fromkeys((gone | come)[key] for key in gone.keys() ^ come.keys())]
    return tuple(dict.fromkeys(words))


# ---------------------------------------------------------------- decisions and overrides


@dataclass(frozen=True, slots=True)
class Overridden:
    """An override with its second signature, if there is one."""

    row: Override
    second: OverrideSignature | None

    @property
    def finding(self) -> str:
        return self.row.finding

    @property
    def in_effect(self) -> bool:
        return self.second is not None


def overrides(of: PatientScope) -> tuple[Overridden, ...]:
    """Every override of a patient, newest first. One query."""
    rows = of.rows(Override).select_related("second").order_by("-id")
    return tuple(Overridden(each, getattr(each, "second", None)) for each in rows)


def in_effect(found: Iterable[Overridden], drug: str) -> frozenset[str]:
    """The fingerprints of what two prescribers have overridden for a drug. No query."""
    return frozenset(each.finding for each in found if each.in_effect and each.row.drug == drug)


def clearances(of: PatientScope) -> tuple[Clearance, ...]:
    """What specialists and others say to findings of a patient, without what was struck, newest first. One query."""
    return tuple(of.rows(Clearance).filter(struck=None).order_by("-id"))


def decisions(of: PatientScope) -> list[CandidacyDecision]:
    """Every decision about a patient, newest first. One query."""
    return list(of.rows(CandidacyDecision).order_by("-id"))


def latest(of: PatientScope) -> CandidacyDecision | None:
    """The newest decision, or None. One query. A patient may ask it about themselves."""
    return of.rows(CandidacyDecision).order_by("-id").first()


def latest_of(patient_ids: Iterable[int]) -> dict[int, CandidacyDecision]:
    """The newest decision about each of several patients, by patient. One query."""
    rows = rows_of(CandidacyDecision, PatientScope, patient_ids)
    return {each.patient_id: each for each in rows.order_by("patient_id", "-id").distinct("patient_id")}


# ---------------------------------------------------------------- does it stand?


@dataclass(frozen=True, slots=True)
class CandidacyStatus:
    """Whether somebody may be treated now. ``reasons`` say why not, in words; empty where they may.

    ``conditions`` are those of the acceptance. ``changed`` are the findings that came after it.
    """

    may_treat: bool
    reasons: tuple[str, ...]
    conditions: tuple[str, ...]
    decision: CandidacyDecision | None
    changed: tuple[Finding, ...] = ()


def standing(
    of: PatientScope, on: date | None = None, *, drug: str | None = None, route: str | None = None
) -> CandidacyStatus:
    """Whether the newest decision lets somebody be treated, judged by what is known on a day (today).

    With ``drug`` or ``route``, also whether it speaks of them. One query where nobody accepted, else six. The decision
    itself is never touched: new facts end what it allows, and taking a wrong entry back lets it stand again.
    """
    decision = latest(of)
    if decision is None or decision.kind not in (Kind.ACCEPT, Kind.CONDITIONS):
        return evaluate_candidacy(decision, None, on or clinic_today(current_actor()))
    assessed = assessment(of, decision.drug, on, route=decision.route)
    return evaluate_candidacy(decision, assessed, assessed.on, drug=drug, route=route)


def evaluate_candidacy(
    decision: CandidacyDecision | None,
    assessed: Assessed | None,
    on: date,
    *,
    drug: str | None = None,
    route: str | None = None,
) -> CandidacyStatus:
    """The standing from the newest decision and what the rules say now of its drug. No query."""
    if decision is None:
        return CandidacyStatus(False, (_("No prescriber has decided yet whether this treatment fits."),), (), None)
    if decision.kind == Kind.DECLINE:
        return CandidacyStatus(False, (_("A prescriber has decided against this treatment."),), (), decision)
    if decision.kind == Kind.DEFER:
        return CandidacyStatus(False, (_deferred(decision, on),), (), decision)
    assert assessed is not None
    reasons: list[str] = []
    if (drug or decision.drug, route or decision.route) != (decision.drug, decision.route):
        reasons.append(_("The decision speaks of another medicine or of another way to give it."))
    overridden = {each["finding"] for each in decision.overrides}
    changed = judging.changed_since(assessed.findings, decision.basis["findings"], overridden)
    reasons += [_("Changed since the decision: %(what)s") % {"what": _(each.title)} for each in changed]
    return CandidacyStatus(not reasons, tuple(reasons), tuple(decision.conditions), decision, changed)


def _deferred(decision: CandidacyDecision, on: date) -> str:
    if decision.until_on is None:
        return _("The decision is deferred until the missing information arrives.")
    day = date_format(decision.until_on, "j F Y")
    if on >= decision.until_on:
        return _("The decision was put off until %(day)s. It is due now.") % {"day": day}
    return _("The decision is put off until %(day)s.") % {"day": day}
