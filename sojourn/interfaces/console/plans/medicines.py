"""The medicines of a person beside the drug and route of a plan that waits for its signature."""

from __future__ import annotations

from sojourn.care.candidacy import queries as candidacy
from sojourn.care.intake import medicine_history
from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import interactions
from sojourn.clinical.interactions import Interaction
from sojourn.interfaces.console.medicines.beside import Beside, beside


def beside_plan(version: PlanVersion) -> Beside:
    """What the rules say now, and what changed since the decision. Three queries."""
    medicines = medicine_history.history(version.patient_id)
    decision = candidacy.latest(version.patient_id)
    rules = candidacy.rules(version.clinic_id).interactions
    named = [one for each in medicines.taken() if each.current for one in each.medicines]
    found = interactions.check(named, rules, drug=version.drug, route=version.route)
    return beside(
        [each for each in found if isinstance(each, Interaction)],
        [each.medicine for each in found if not isinstance(each, Interaction)],
        interactions.unmentioned(named, rules, drug=version.drug, route=version.route),
        medicines.since_each({"decision": decision.decided_at if decision else None}),
    )
