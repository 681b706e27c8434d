"""What the signed plan orders for this session, worked out anew with the height, so that a warning is seen."""

from __future__ import annotations

from sojourn.care.intake import queries as intake_queries
from sojourn.care.plan import dose as plan_dose
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import dosing


def notices(session: SessionSnapshot, version: PlanVersion | None) -> tuple[dosing.Notice, ...]:
    """What is said beside the planned dose: very heavy or very light for the height, the dose by the adjusted weight.
    It refuses nothing. Three queries, none for a dose that is the same for everybody."""
    if version is None or version.per_kg is None:
        return ()
    height = plan_dose.height_of(intake_queries.facts(session.encounter.patient, session.today))
    if height is None:
        return ()
    order = plan_dose.order_of(version, height)
    if order is None:
        return ()
    rules = plan_dose.doses_of(session.encounter.clinic_id).rules
    found = plan_dose.calculated(dosing.calculate(order, rules, session.today))
    return () if found is None else found.notices
