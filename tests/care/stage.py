"""A session on the stage: a patient with a booked appointment, and the steps up to wherever a test begins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import current_state, protocol_of
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.care.session import drawing_actions, score_actions, step_actions
from sojourn.care.session.drawing_actions import DrawnDose
from sojourn.care.session.models import CheckResult
from sojourn.care.vitals import actions as vitals_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import standings
from sojourn.foundation.scope import SessionScope
from tests.care.adopting import typed_numbers
from tests.care.way import IV, signed_course
from tests.conftest import Cast
from tests.written import declared

PROTOCOL = IV


@dataclass
class Stage:
    cast: Cast
    patient: Patient
    appointment: Appointment
    encounter: Encounter | None = None

    @property
    def id(self) -> int:
        assert self.encounter is not None
        return self.encounter.pk

    def step(self, transition: str, role: str = "nurse", **more: object) -> None:
        step_actions.advance_session(by=self.cast.actor(role), encounter_id=self.id, transition=transition, **more)

    def vitals(self, now: datetime, **values: float) -> None:
        vitals_actions.take_readings(
            by=self.cast.actor("nurse"), encounter_id=self.id, values=values, measured_at=now, now=now
        )


def adopt_everything(cast: Cast, but: Collection[str] = ()) -> None:
    """Every rule that waits, but some: the rows and the audit that ``adopt_set`` would write (test_way.py compares),
    without judging two hundred rules anew for each test."""
    by, at = cast.actor("prescriber"), timezone.now()
    with acting_as(by), transaction.atomic():
        waiting = [each.newest for each in standings(cast.clinic.pk) if each.waits and each.newest.id not in but]
        assert all(each.effective_from <= at.date() for each in waiting)
        rows = RuleAdoption.objects.bulk_create(
            RuleAdoption(
                clinic=cast.clinic, rule_id=each.id, version=each.version, rule_hash=each.hash,
                parameters=dict(typed_numbers(each.id, each.hash)), adopted_at=at,
                adopted_by=cast.members["prescriber"],
            )
            for each in waiting
        )  # fmt: skip
        if rows:
            said = [{"id": each.rule_id, "version": each.version, "hash": each.rule_hash, "parameters": each.parameters}
                    for each in rows]  # fmt: skip
            with declared("rule.adopt_set"):
                record(by, "rule.adopt_set", rows[0], n=len(rows), rules=said, signature=by.name)


def set_stage(cast: Cast, *, at: datetime | None = None, number: int = 1, **plan: Any) -> Stage:
    """A patient with an escort who was accepted, has agreed and has a signed plan under the IV protocol (see way.py),
    and an appointment that begins ``at``. ``plan``: what else the plan says, as ``signed_course`` takes it."""
    at = at or timezone.now()
    member = cast.members["nurse"]
    common = {"clinic": cast.clinic}
    with acting_as(cast.actor("nurse")):
        patient = Patient.objects.create(
            **common, record_number=f"SJ-{number:05d}", given_name="Ana", family_name=f"Reyes{number}",
            birth_date=date(1984, 3, 2), sex="female", created_at=at - timedelta(days=14), created_by=member,
        )  # fmt: skip
        escort = RelatedPerson.objects.create(**common, patient=patient, name="Luis Reyes", created_at=at)
        course = signed_course(cast, patient, at=at, **{"indication": "Treatment-resistant depression"} | plan)
        chair = Chair.objects.create(**common, name=f"Chair {number}")
        appointment = Appointment.objects.create(
            **common, patient=patient, care_plan=course, chair=chair, during=(at, at + timedelta(hours=3)),
            escort=escort, booked_at=at, booked_by=member,
        )  # fmt: skip
        appointment.refresh_from_db()
    return Stage(cast, patient, appointment)


def arrive(stage: Stage, now: datetime) -> None:
    by = stage.cast.actor("nurse")
    stage.encounter = encounter_actions.open_session(by=by, appointment_id=stage.appointment.pk, now=now)


def pass_checks(stage: Stage, now: datetime, spo2: float | None = 98) -> None:
    """Every item of the checklist, as ``treatment.check`` would write it, in one statement. ``spo2``: None where nobody
    measures it."""
    assert stage.encounter is not None
    CheckResult.objects.bulk_create(
        CheckResult(
            clinic=stage.cast.clinic, patient=stage.patient, encounter=stage.encounter, item_id=item.id,
            outcome="passed", at=now, by=stage.cast.members["nurse"],
        )
        for item in protocol_of(stage.encounter).checklist
        if not item.vitals
    )  # fmt: skip
    saturation = {} if spo2 is None else {"spo2": spo2}
    stage.vitals(now, nibp_sys=124, nibp_dia=78, **saturation, hr=71, rr=14)
    stage.step("complete_checks", now=now)


# Everything as well as it can be: 10 of 10.
WELL: dict[str, dict[str, int | None]] = {
    "padss": {
        "vital_signs": 2, "activity_mental": 2, "pain_nausea_vomiting": 2, "surgical_bleeding": None,
        "intake_output": 2,
    },
    "aldrete": {"activity": 2, "respiration": 2, "circulation": 2, "consciousness": 2, "spo2": 2},
}  # fmt: skip


def score(stage: Stage, scale_id: str, *, now: datetime | None = None, **answers: Any) -> None:
    """A recovery score by the nurse: everything well, but ``answers``."""
    score_actions.score(
        by=stage.cast.actor("nurse"), encounter_id=stage.id, scale_id=scale_id, answers={**WELL[scale_id], **answers},
        now=now,
    )  # fmt: skip


def answers_to(scale_id: str, total: int) -> dict[str, int | None]:
    """Some answers that come to a total: points are taken off from the last item on."""
    answers, over = dict(WELL[scale_id]), 10 - total
    for item in reversed(answers):
        off = min(over, answers[item] or 0)
        answers[item] = answers[item] if answers[item] is None else (answers[item] or 0) - off
        over -= off
    return answers


def found_well(stage: Stage, now: datetime | None = None) -> None:
    """Aldrete, then PADSS, both of 10."""
    for scale_id in ("aldrete", "padss"):
        score(stage, scale_id, now=now)


def drawn(mg: str = "35", lot: str = "K1234", **more: Any) -> DrawnDose:
    """What two people read off: ketamine of 50 mg/mL, made up to 50 mL, over 40 minutes."""
    read = {
        "drug": "ketamine", "route": "iv", "dose_mg": Decimal(mg), "lot": lot, "expires_on": date(2099, 12, 31),
        "stock_mg_per_ml": Decimal(50), "drawn_ml": Decimal(mg) / 50, "total_ml": Decimal(50), "over_min": Decimal(40),
        "rate_ml_per_h": Decimal(75),
    }  # fmt: skip
    return DrawnDose(**{**read, **more})


def check_dose(stage: Stage, now: datetime, mg: str = "35", lot: str = "K1234", **more: Any) -> None:
    for role in ("nurse", "prescriber"):
        drawing_actions.check_dose(
            by=stage.cast.actor(role), encounter_id=stage.id, drawn=drawn(mg, lot, **more), now=now
        )  # fmt: skip


def to_dosing(cast: Cast, *, at: datetime | None = None, number: int = 1) -> Stage:
    """A session in which the infusion has just begun."""
    at = at or timezone.now()
    stage = set_stage(cast, at=at, number=number)
    arrive(stage, at)
    begin_dose(stage, at)
    return stage


def begin_dose(stage: Stage, at: datetime) -> None:
    """From the checks to an infusion that runs."""
    pass_checks(stage, at)
    check_dose(stage, at)
    stage.step("start_dose", now=at)
    assert current_state(SessionScope(stage.id)).state == "dosing"
