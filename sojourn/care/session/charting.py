"""What a step of a session writes down beside its state: the dose, what happened to it, how the patient left.

Parts of an action that holds the session and writes the audit's row itself; none has a row of its own.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from sojourn.care.plan import queries as plan_queries
from sojourn.care.session.models import Discharge, DoseEvent, DoseEventKind, MedicationAdministration
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.administration.charted import part_of, rate_of
from sojourn.clinical.protocol import GuardFacts
from sojourn.clinical.recovery import SCALES
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import CourseScope, one_row


def begin_dose(
    *, by: Actor, session: SessionSnapshot, started_at: datetime, note: str = ""
) -> MedicationAdministration:
    """Chart the prepared and checked dose as begun; by hand, its first part is given with it.

    The checker is whoever of the two did not give it; nobody, where the second check was set aside. Refused:
    dose-not-recorded.
    """
    ready = session.ready_dose
    if ready is None:
        raise ActionRefused(_("Drug, route, amount and lot are not all recorded."), codes=("dose-not-recorded",))
    prepared, checked = ready
    checker = prepared if checked is not None and checked.person_id == by.person_id else checked
    version = plan_queries.in_force(CourseScope(session.encounter.care_plan_id), session.now)
    row = MedicationAdministration.objects.create(
        clinic_id=by.own_clinic_id, patient_id=session.encounter.patient_id, encounter=session.encounter,
        drug=prepared.drug,
        route=prepared.route, dose_mg=prepared.dose_mg, drawn_mg=prepared.drawn_mg, duration_min=minutes_of(session),
        lot=prepared.lot, vial=prepared.vial, expires_on=prepared.expires_on,
        stock_mg_per_ml=prepared.stock_mg_per_ml, total_ml=prepared.total_ml,
        rate_ml_per_h=rate_of(prepared), devices=prepared.devices, plan_version=version, started_at=started_at,
        given_by_id=by.member,
        checked_by_id=None if checker is None else checker.by_id, checked_at=None if checker is None else checker.at,
        recorded_at=session.now, note=note,
    )  # fmt: skip
    _event(by, session, row, "start", started_at, rate_ml_per_h=row.rate_ml_per_h)
    if row.rate_ml_per_h is None:
        _event(by, session, row, "part", started_at, mg=part_of(prepared))
    return row


def minutes_of(session: SessionSnapshot) -> Decimal:
    """Over how many minutes the dose runs: as it was set up, else as the signed plan says, else as the protocol."""
    ready = session.ready_dose
    if ready is not None and ready[0].over_min is not None:
        return ready[0].over_min
    version = plan_queries.in_force(CourseScope(session.encounter.care_plan_id), session.now)
    over = version.over_min if version else None
    return Decimal(session.protocol.dose_minutes) if over is None else over


def chart(
    *, by: Actor, session: SessionSnapshot, kind: str, at: datetime, note: str = "", **values: Any
) -> DoseEvent:  # fmt: skip
    """Write down what happened to the running dose."""
    dose = session.dose
    if dose is None:
        raise ActionRefused(_("No dose is recorded as given."), codes=("no-dose-given",))
    row = one_row(MedicationAdministration, dose.id).get()
    return _event(by, session, row, kind, at, note=note, **values)


def _event(
    by: Actor, session: SessionSnapshot, dose: MedicationAdministration, kind: str, at: datetime, **values: Any
) -> DoseEvent:
    return DoseEvent.objects.create(
        clinic_id=by.own_clinic_id, patient_id=session.encounter.patient_id, encounter=session.encounter, dose=dose,
        kind=DoseEventKind(kind), at=at, recorded_at=session.now, by_id=by.member, **values,
    )  # fmt: skip


def write_discharge(*, by: Actor, session: SessionSnapshot, facts: GuardFacts, now: datetime) -> Discharge:
    """How the patient left, with the scores that counted. Called inside the step that lets them go."""
    encounter = session.encounter
    escort = encounter.appointment.escort
    return Discharge.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, escort=escort,
        escort_name=escort.name if escort else "",
        criteria={
            "padss": facts.padss, "aldrete": facts.aldrete, "escort_present": facts.escort_present,
            "parts": {name: row.note for name, row in session.checks_observing.items() if name in SCALES and row.note},
            "minutes_since_dose_end": facts.minutes_since_dose_end,
            "latest": {code: latest.value for code, latest in facts.latest.items()},
        },
        at=now, by_id=by.member,
    )  # fmt: skip
