"""The medicines of a person beside the drug and route of a plan that waits for its signature."""

from __future__ import annotations

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.beside import beside as beside_treatment
from sojourn.care.intake import medicine_history
from sojourn.care.plan.models import PlanVersion
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.medicines.beside import MedicineCheck, beside


def beside_plan(version: PlanVersion) -> MedicineCheck:
    """What the rules say now, and what changed since the decision. Three queries."""
    medicines = medicine_history.history(PatientScope(version.patient_id))
    decision = candidacy_queries.latest(PatientScope(version.patient_id))
    rules = candidacy_queries.rules(version.clinic_id).interactions
    named = [one for each in medicines.taken() if each.current for one in each.medicines]
    found = beside_treatment(named, rules, drug=version.drug, route=version.route)
    return beside(
        found.interactions,
        found.not_checked,
        found.unmentioned,
        medicines.since_each({"decision": decision.decided_at if decision else None}),
    )
