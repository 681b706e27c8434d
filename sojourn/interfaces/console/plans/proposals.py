"""What a draft can be filled with: the newest weight, and what was studied for the chosen protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sojourn.care.intake.weight_queries import newest_weight
from sojourn.care.plan import dose
from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import dosing
from sojourn.foundation.scope import PatientScope


def proposed(use: str, version: PlanVersion, values: Mapping[str, Any], clinic_id: int) -> dict[str, Any]:
    """What goes into the draft where somebody asked for it: the weight, or what was studied; "" for nothing."""
    if not use:
        return {}
    return _weighed(version) if use == "weight" else _studied(use, values, clinic_id)


def _weighed(version: PlanVersion) -> dict[str, Any]:
    """The one newest weight of the patient, where there is one."""
    newest = newest_weight(PatientScope(version.patient_id))
    return {} if newest is None else {"weight_kg": newest.kg, "weight_on": newest.on}


def _studied(use: str, values: Mapping[str, Any], clinic_id: int) -> dict[str, Any]:
    """What the rulebook proposes for the chosen protocol: the series, or the dose and minutes most studied."""
    route, drug = dose.protocol_way(values["protocol_id"])
    known = dose.doses_of(clinic_id).known
    if use == "series":
        series = known.series_of(route, drug)
        return {} if series is None else {
            "sessions": series.sessions, "min_days": series.min_days, "max_days": series.max_days
        }  # fmt: skip
    found = next((each for each in known.ranges_of(route, drug) if each.usual is not None), None)
    if found is None or found.usual is None:
        return {}
    usual = dosing.Milligrams(found.usual).rounded(4)
    minutes = None if found.usual_minutes is None else found.usual_minutes.rounded(1)
    by_weight = found.basis == "mg/kg"
    return {"per_kg": usual if by_weight else None, "fixed_mg": None if by_weight else usual, "over_min": minutes}
