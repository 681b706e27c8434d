"""The one road to a dose: what every room says against a dose at this moment, gathered once for engine and page.

Eight statements: the clinic's decisions about rules; decision, facts, medicines and overrides of candidacy; two of the
agreements; the plan in force with the doses of the course and of the last day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent import queries as consent_queries
from sojourn.care.intake import medicine_history, weight_queries
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.medicine_history import ChangedSince
from sojourn.care.plan import dose as plan_dose
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import given
from sojourn.care.session import queries as session_queries
from sojourn.care.session.given import Prepared
from sojourn.care.session.medicines_since import medicines_since
from sojourn.care.session.snapshot import Against, SessionSnapshot
from sojourn.clinical import alarms, dosing, eligibility, protocol
from sojourn.clinical.protocol import GuardReason, dose_against, road
from sojourn.clinical.protocol.road import Agreement, Papers, SignedPlan
from sojourn.foundation.rulebook.queries import RuleStatus, stamp, standings
from sojourn.foundation.scope import CourseScope, PatientScope

_DOUBLE_DAY: Final = 2 * dose_against.DAY  # a dose that began before the last day may have ended in it


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What was read of the other rooms, once."""

    session: SessionSnapshot
    today: date
    rules: tuple[RuleStatus, ...]
    version: PlanVersion | None
    given_before: int
    last_dose_at: datetime | None
    others: tuple[session_queries.DoseOfPatient, ...]
    day: tuple[dosing.Given, ...]
    weighed: dosing.Weight | None
    weighed_on: date | None

    @property
    def kilograms(self) -> Decimal | None:
        """The smaller of the plan's weight and the newest: what a ceiling is asked of."""
        plan = None if self.version is None else self.version.weight_kg
        known = [each for each in (plan, self.weighed and Decimal(self.weighed.kilograms.rounded(2))) if each]
        return min(known) if plan is not None else None


def stands_against(session: SessionSnapshot, transition: str, *, rate: Decimal | None = None) -> Against:
    """What stands against the step at this moment. ``rate`` (mL/h) is what the pump is to be set to in the step."""
    gathered = _gather(session)
    decision = candidacy_queries.latest(PatientScope(session.encounter.patient_id))
    candidate = _candidate(gathered, decision)
    agreements = consent_queries.standing(
        PatientScope(session.encounter.patient_id), route=session.protocol.route, drug=session.protocol.drug
    )
    papers = Papers(
        drug=session.protocol.drug,
        route=session.protocol.route,
        decision=candidate.decision,
        agreements=tuple(
            Agreement(each.document_id, each.title, each.reason, each.code == "withdrawn") for each in agreements.needs
        ),
        plan=_signed(gathered),
    )
    return Against(
        road=(*road.against(papers, gathered.today), *_given_otherwise(gathered), *candidate.reasons),
        alarms_waiting=_alarms_waiting(gathered),
        floors=protocol.floors_of((each.newest, each.acting) for each in gathered.rules),
        dose=tuple(_against_the_dose(gathered, transition, rate)),
        notices=candidate.notices,
        changed=candidate.changed,
        agreements=agreements.consents,
        version=gathered.version,
        basis={
            "decision": decision.pk if decision else None,
            "agreements": sorted(each.pk for each in agreements.consents.values()),
            "plan_version": gathered.version.pk if gathered.version else None,
            "accepted": [each.code for each in candidate.accepted],
            "overridden_by_two": [each.code for each in candidate.set_aside],
            "rules": _stamps(gathered),
        },
        decision=decision,
        known=candidate.known,
        taken=candidate.taken,
    )


def _gather(session: SessionSnapshot) -> _Gathered:
    encounter = session.encounter
    others = tuple(
        session_queries.doses_since(PatientScope(encounter.patient_id), session.now - _DOUBLE_DAY, but=encounter.pk)
    )
    weights = weight_queries.weights(PatientScope(encounter.patient_id))
    weight = weights[-1] if weights else None
    before = session_queries.dosed_before(PatientScope(encounter.patient_id), encounter.care_plan_id, but=encounter.pk)
    return _Gathered(
        session=session,
        today=session.today,
        rules=standings(encounter.clinic_id),
        version=plan_queries.in_force(CourseScope(encounter.care_plan_id), session.now),
        given_before=before.sessions,
        last_dose_at=before.last_at,
        others=others,
        day=tuple(_of_the_last_day(session, others)),
        weighed=None if weight is None else dosing.Weight(dosing.Kilograms.of(weight.kg), weight.on),
        # What a patient told is a weight, and no weighing.
        weighed_on=max((each.on for each in weights if each.told_by != "patient"), default=None),
    )


def _of_the_last_day(
    session: SessionSnapshot, doses: Sequence[session_queries.DoseOfPatient]
) -> Iterator[dosing.Given]:
    """What the other doses of this person gave, by any route, that had not ended 24 hours ago."""
    for each in doses:
        found = given.delivered(each.dose, each.steps, session.now, each.left_dosing_at)
        yield from dose_against.of_the_last_day(each.dose, found, each.weight_kg, session.now, over=each.over)


def _given_otherwise(gathered: _Gathered) -> Iterator[GuardReason]:
    """What goes in beside the doses of the plan: in another session, or charted among the other medicines."""
    session = gathered.session
    by_hand = session_queries.ketamine_by_hand(
        PatientScope(session.encounter.patient_id), session.now - dose_against.DAY
    )
    yield from road.given_otherwise(any(not each.over for each in gathered.others), by_hand)


# ---------------------------------------------------------------- candidacy


@dataclass(frozen=True, slots=True)
class _Candidate:
    decision: tuple[str, ...]
    reasons: tuple[GuardReason, ...]
    accepted: tuple[eligibility.DayReason, ...]
    set_aside: tuple[eligibility.DayReason, ...]
    notices: tuple[eligibility.Notice, ...]
    changed: tuple[ChangedSince, ...]
    known: eligibility.Facts
    taken: tuple[intake_queries.MedicineTaken, ...]


def _candidate(gathered: _Gathered, decision: CandidacyDecision | None) -> _Candidate:
    """How the decision stands, and what the rules of the day say now, from the facts of the record and of the chair."""
    session = gathered.session
    patient, own = session.encounter.patient, session.protocol
    rules = candidacy_queries.rules_of(gathered.rules)
    known = intake_queries.facts(patient, gathered.today)
    medicines = medicine_history.history(PatientScope(patient.pk))
    taken = medicines.taken()
    assessed = candidacy_queries.assess(
        patient, known, taken, rules, drug=own.drug, route=own.route, on=gathered.today
    )  # fmt: skip
    stands = candidacy_queries.evaluate_candidacy(decision, assessed, gathered.today, drug=own.drug, route=own.route)
    told = protocol.facts_of_the_day(own, session.answers, session.measured_now, gathered.today)
    facts = eligibility.known(*known.values(), *told, *_allergy_stands(known, session, gathered.today))
    now = candidacy_queries.assess(
        patient, facts, taken, rules, drug=own.drug, route=own.route, on=gathered.today, stage="session"
    )  # fmt: skip
    basis = decision.basis if decision else {}
    today = eligibility.reasons_today(
        now.assessment,
        facts=facts,
        expired=now.expired,
        overridden=candidacy_queries.in_effect(candidacy_queries.overrides(PatientScope(patient.pk)), own.drug)
        if now.blocking
        else frozenset(),
        accepted={each["key"] for each in basis.get("findings", ()) if each["adopted"]},
    )
    since = medicines_since(
        medicines, rules.interactions, drug=own.drug, route=own.route, decision=decision,
        plan_signed_at=gathered.version.signed_at if gathered.version else None,
        last_dose_at=gathered.last_dose_at,
    )  # fmt: skip
    return _Candidate(
        decision=stands.reasons if not stands.may_treat else (),
        reasons=tuple(road.of_the_day((*today.reasons, *since.reasons))),
        accepted=today.accepted,
        set_aside=today.set_aside,
        notices=since.notices,
        changed=since.changed,
        known=known,
        taken=taken,
    )


def _allergy_stands(known: eligibility.Facts, session: SessionSnapshot, today: date) -> Iterator[eligibility.Fact]:
    """An allergy on record, or one that was said in this session: ticking the check again does not lift it. It goes
    when its entry is struck or corrected."""
    on_record = known.get(intake_queries.ALLERGY)
    said_here = {
        (item.answers.fact, item.answers.told(each.check.outcome))
        for item in session.protocol.checklist
        for each in session.answered
        if item.answers is not None and item.id == each.item_id
    }
    if (on_record is not None and on_record.value is True) or (intake_queries.ALLERGY, True) in said_here:
        yield eligibility.Fact(intake_queries.ALLERGY, True, today, "clinician")


# ---------------------------------------------------------------- plan, alarms and dose


def _signed(gathered: _Gathered) -> SignedPlan | None:
    version, course = gathered.version, gathered.session.encounter.care_plan
    if version is None:
        return None
    return SignedPlan(
        drug=version.drug, route=version.route, planned=version.sessions or 0, given=gathered.given_before,
        review_on=version.review_on, review_after=version.review_after, ended_on=course.ended_on,
    )  # fmt: skip


def _alarms_waiting(gathered: _Gathered) -> tuple[str, ...]:
    """The alarms of this drug and route about which no prescriber has decided."""
    route, drug = gathered.session.protocol.route, gathered.session.protocol.drug
    return tuple(
        each.newest.title for each in gathered.rules if each.waits and alarms.speaks_of(each.newest, route, drug)
    )


def _against_the_dose(gathered: _Gathered, transition: str, rate: Decimal | None) -> Iterator[GuardReason]:
    """What the dosing rules say against the dose that is prepared, or against letting more of it in."""
    rules = plan_dose.sort(gathered.rules).rules
    if transition == "start_dose":
        ready = gathered.session.ready_dose
        yield from () if ready is None else _as_drawn(gathered, ready[0], rules)
    elif gathered.session.dose is not None:
        yield from _as_it_runs(gathered, rate, rules)


def drawn_reasons(session: SessionSnapshot, prepared: Prepared) -> tuple[GuardReason, ...]:
    """What stands against a dose as somebody typed it: at the field where it was typed."""
    gathered = _gather(session)
    if gathered.version is None:
        return (*road.against(_without_plan(session), gathered.today),)
    return tuple(_as_drawn(gathered, prepared, plan_dose.sort(gathered.rules).rules))


def _without_plan(session: SessionSnapshot) -> Papers:
    return Papers(session.protocol.drug, session.protocol.route, (), (), None)


def _as_drawn(gathered: _Gathered, prepared: Prepared, rules: dosing.DoseRules) -> Iterator[GuardReason]:
    ordered = None if gathered.version is None else plan_dose.ordered_of(gathered.version)
    if ordered is None:
        return  # said of the plan
    patient = gathered.session.encounter.patient
    first = dosing.FirstDose(patient.age_on(gathered.today), gathered.session.encounter.clinic.jurisdiction)
    yield from dose_against.as_drawn(
        ordered, prepared, rules, today=gathered.today, day=gathered.day,
        first=first if gathered.given_before == 0 else None, weighed=gathered.weighed,
        weighed_on=gathered.weighed_on, say=_say,
    )  # fmt: skip


def _as_it_runs(gathered: _Gathered, rate: Decimal | None, rules: dosing.DoseRules) -> Iterator[GuardReason]:
    """A running dose under the rules of now."""
    session, version = gathered.session, gathered.version
    running = session.rate_ml_per_h
    judged = {each.basis.get("plan_version") for each in session.states}
    lowered = None if version is None or version.pk in judged else plan_dose.ordered_of(version)
    return dose_against.as_it_runs(
        session.dose, session.delivered, rules, state=session.state, wanted=running if rate is None else rate,
        running=running, weight_kg=gathered.kilograms, day=gathered.day, lowered=lowered, say=_say,
    )  # fmt: skip


def _say(reason: dosing.DoseReason) -> str:
    """A sentence of the dosing rules, in the reader's language."""
    return _(reason.template) % reason.values


def _stamps(gathered: _Gathered) -> list[dict[str, Any]]:
    """The dosing rules, ceilings and hard floors that acted at this moment, with the clinic's own numbers."""
    own = gathered.session.protocol
    kinds = (*dosing.KINDS, protocol.HARD_FLOOR)
    acting = [each.acting for each in gathered.rules if each.acting is not None and each.acting.kind in kinds]
    mine = [each for each in acting if each.fixed.get("route", own.route) == own.route]
    return stamp([own.rule, *mine])
