"""The way to a course, walked quickly: accepted, agreed, planned, checked, signed.

Rows, as the actions would have written them (test_way.py walks the same way by the actions and compares), without their
audit and letters: the actions ask eighty statements for what nearly every test about a session needs first. A text is
adopted on the day on which the way needs it, also before the day of its file, since a test may live at any time.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentAdoption, ConsentCountersignature, ConsentRequest, Decision
from sojourn.care.intake import queries as intake_queries
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.clinical.dosing import DoseRules
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.scope import PatientScope
from tests.care.open_eyes import reasoned
from tests.clock import day_of

if TYPE_CHECKING:  # a house for benchmarks walks this way too, outside of any test
    from tests.conftest import Cast

IV = "iv_racemic_40min"
INDICATION = "Major depressive disorder"
MG_PER_KG: Final = Decimal("0.5")  # the most studied dose of an infusion (rule dose.iv.ketamine)
BEYOND: Final = "Tolerated and helped before."
BY_WEIGHT: Final = frozenset({"iv", "im", "sc", "oral"})
# How long before the course may be booked each step was taken.
DECIDED, AGREED, COUNTERSIGNED, PLANNED = timedelta(days=9), timedelta(days=7), timedelta(days=6), timedelta(days=5)


def _decided_so_far(cast: Cast) -> int:
    """What the clinic's rules hang on: the newest decision about any of them."""
    newest = RuleAdoption.objects.filter(clinic=cast.clinic).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


@lru_cache(maxsize=4)
def _rules(clinic_id: int, _decided: int) -> candidacy_queries.Rules:
    return candidacy_queries.rules(clinic_id)


@lru_cache(maxsize=4)
def _dose_rules(clinic_id: int, _decided: int) -> DoseRules:
    return dose.doses_of(clinic_id).rules


def accepted(
    cast: Cast, patient: Patient, *, drug: str = "ketamine", route: str = "iv", at: datetime
) -> CandidacyDecision:
    """A prescriber accepts the patient for this drug by this route, by what is known."""
    by = cast.actor("prescriber")
    with acting_as(by):
        found = candidacy_queries.assess(
            patient, intake_queries.facts(patient, day_of(at)), intake_queries.medicines(PatientScope(patient.pk)),
            _rules(cast.clinic.pk, _decided_so_far(cast)), drug=drug, route=route, on=day_of(at),
        )  # fmt: skip
        assert not found.blocking
        said = reasoned(found)
        row = candidacy_actions._row(
            by, patient, said, found, (), candidacy_queries.latest(PatientScope(patient.pk)), at
        )
        row.save(force_insert=True)
        return row


def agreed(
    cast: Cast, patient: Patient, *, drug: str = "ketamine", route: str = "iv", at: datetime,
    countersigned_at: datetime | None = None,
) -> list[Consent]:  # fmt: skip
    """The patient was asked and has signed every text that this way needs; a prescriber has signed beside them."""
    prescriber, nurse = cast.members["prescriber"], cast.members["nurse"]
    common: dict[str, Any] = {"clinic_id": cast.clinic.pk}
    of_patient = common | {"patient": patient}
    way = texts.way_of(route, drug)
    with acting_as(cast.actor("prescriber")):
        _adopted(cast, at)
        shown = _texts(cast.clinic.jurisdiction, way)
        ConsentRequest.objects.create(**of_patient, route=way, requested_at=at, requested_by=nurse)
        signed = Consent.objects.bulk_create(
            Consent(
                **of_patient, document_id=text.document_id, document_version=text.version, language=text.language,
                route=text.way, jurisdiction=cast.clinic.jurisdiction, content=text.content, content_hash=text.hash,
                decision=Decision.PERMIT, statements=[each.id for each in text.statements], signed_name=patient.name,
                nonce=secrets.token_hex(16), signed_at=at,
            )
            for text in shown
        )  # fmt: skip
        ConsentCountersignature.objects.bulk_create(
            ConsentCountersignature(
                **of_patient, consent=each, capacity_confirmed=True, signed_at=countersigned_at or at,
                signed_by=prescriber, signer_name=prescriber.name,
            )
            for each in signed
        )  # fmt: skip
    return signed


def _adopted(cast: Cast, at: datetime) -> None:
    """The clinic's texts and the clauses of its place, as far as they are not adopted by then."""
    before = set(ConsentAdoption.objects.filter(adopted_at__lte=at).values_list("text_id", flat=True))
    places = texts.pack_ids(cast.clinic.jurisdiction)
    ConsentAdoption.objects.bulk_create(
        ConsentAdoption(
            clinic=cast.clinic, text_id=each.id, version=each.version, text_hash=each.hash, adopted_at=at,
            adopted_by=cast.members["prescriber"],
        )
        for each in texts.newest().values()
        if each.id not in before and (not each.is_pack or each.id in places)
    )  # fmt: skip


@lru_cache(maxsize=32)
def _texts(jurisdiction: str, way: str) -> tuple[texts.Text, ...]:
    """What a patient signs for a way of giving the medicine, in English, at a place."""
    own = consent_queries.Shelf(jurisdiction, texts.newest())
    found = (own.text(each.id, way, "en") for each in texts.newest().values() if each.needed_for(way))
    return tuple(each for each in found if each is not None)


def ordered(protocol_id: str, dose_mg: Decimal, at: datetime) -> dict[str, Any]:
    """What a plan says of a dose: mg for each kg of the weight that makes it, or the same for everybody."""
    route, _drug = dose.protocol_way(protocol_id)
    if route not in BY_WEIGHT:
        return {"fixed_mg": dose_mg, "round_mg": Decimal("0.5")}
    found: dict[str, Any] = {
        "per_kg": MG_PER_KG, "weight_kg": dose_mg / MG_PER_KG, "weight_on": day_of(at), "round_mg": Decimal("0.5"),
    }  # fmt: skip
    if route == "iv":
        found |= {"over_min": Decimal(40), "stock_mg_per_ml": Decimal(50), "total_ml": Decimal(50)}
    return found


def plan_values(protocol_id: str, dose_mg: Decimal, at: datetime) -> dict[str, Any]:
    """A whole plan as somebody would type it."""
    return {
        "indication": INDICATION, "protocol_id": protocol_id, "sessions": 6, "min_days": 1, "max_days": 7,
        "starts_on": day_of(at), "review_after": 6, **ordered(protocol_id, dose_mg, at),
    }  # fmt: skip


def _next_version_id() -> int:
    """A version is hashed with its number in the table, so that must be known before the row is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('plan_planversion', 'id'))")
        return int(cursor.fetchone()[0])


def _ceilings_adopted(cast: Cast, at: datetime) -> None:
    """The highest doses, as far as nobody has decided about them: without one no plan is signed."""
    decided = set(RuleAdoption.objects.filter(clinic=cast.clinic).values_list("rule_id", flat=True))
    RuleAdoption.objects.bulk_create(
        RuleAdoption(
            clinic=cast.clinic, rule_id=each.id, version=each.version, rule_hash=each.hash, parameters={},
            adopted_at=at, adopted_by=cast.members["prescriber"],
        )
        for each in released_rulebook().of_kind("dose.ceiling")
        if each.id not in decided
    )  # fmt: skip


def signed_version(
    cast: Cast, patient: Patient, *, at: datetime, protocol_id: str = IV, dose_mg: Decimal = Decimal(35), **more: Any
) -> PlanVersion:
    """The first version of a plan and the course that its signature begins: drafted by the prescriber, checked by the
    nurse. ``more`` are fields of the plan. Outside of what was studied it is signed with a reason."""
    by, nurse = cast.actor("prescriber"), cast.actor("nurse")
    with acting_as(by):
        _ceilings_adopted(cast, at)
        rules = _dose_rules(cast.clinic.pk, _decided_so_far(cast))
        version = PlanVersion(
            pk=_next_version_id(), clinic=cast.clinic, patient=patient, number=1, revision=2, drafted_at=at,
            drafted_by_id=by.member, edited_at=at, edited_by_id=by.member, dosed_by_id=by.member,
        )  # fmt: skip
        for name, value in (plan_values(protocol_id, dose_mg, at) | more).items():
            setattr(version, name, plan_actions._stored(name, value))
        version.route, version.drug = dose.protocol_way(version.protocol_id)
        plan_actions._work_out(version, rules, day_of(at))
        found, wrong = plan_actions._dose_to_sign(version, cast.clinic.pk, day_of(at), BEYOND)
        assert found is not None, wrong
        version.beyond = [{"code": each.code, "values": dict(each.values)} for each in found.overridden]
        version.beyond_reason = BEYOND if found.overridden else ""
        version.standing, version.content_hash = {"conditions": []}, dose.content_hash(version)
        version.care_plan = plan_actions._with_order(version, None, by, at)
        version.signed_at, version.signed_by_id = at, by.member
        version.save(force_insert=True)
        amount = version.per_kg if version.per_kg is not None else version.fixed_mg
        DoubleCheck.objects.create(
            clinic=cast.clinic, patient=patient, version=version, dose_hash=dose.dose_hash(version),
            weight_kg=version.weight_kg, amount=amount, dose_mg=version.dose_mg, checked_at=at,
            checked_by_id=nurse.member,
        )  # fmt: skip
        return version


def signed_course(
    cast: Cast, patient: Patient, *, protocol_id: str = IV, dose_mg: Decimal = Decimal(35), at: datetime, **more: Any
) -> CarePlan:
    """A course that may be booked at ``at``: its patient was accepted, has agreed, and its plan is checked and signed.

    ``more`` are fields of the plan (``sessions``, ``indication``, ``intention``, ``starts_on`` ...).
    """
    route, drug = dose.protocol_way(protocol_id)
    accepted(cast, patient, drug=drug, route=route, at=at - DECIDED)
    agreed(cast, patient, drug=drug, route=route, at=at - AGREED, countersigned_at=at - COUNTERSIGNED)
    more = {"starts_on": day_of(at)} | more
    course = signed_version(cast, patient, at=at - PLANNED, protocol_id=protocol_id, dose_mg=dose_mg, **more).care_plan
    assert course is not None
    return course


def unplanned_course(
    cast: Cast, patient: Patient, *, protocol_id: str = IV, dose_mg: Decimal = Decimal(35), at: datetime
) -> CarePlan:
    """A running course as an earlier release could begin it: nobody accepted, agreed, checked or signed anything."""
    with acting_as(cast.actor("prescriber")):
        return CarePlan.objects.create(
            clinic=cast.clinic, patient=patient, title="First series", indication=INDICATION, protocol_id=protocol_id,
            dose_mg=dose_mg, planned_sessions=6, intention="Sleep again", started_on=day_of(at), created_at=at,
            created_by=cast.members["prescriber"],
        )  # fmt: skip
