"""A version worked out: what the editor and the signature show of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from sojourn.care.intake import queries as intake
from sojourn.care.patients.models import Patient
from sojourn.care.plan import dose, queries
from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import dosing
from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.plans import limits as plan_limits
from sojourn.interfaces.console.plans import presenters as plan_presenters

# ---------------------------------------------------------------- finding


def frame(version: PlanVersion) -> dict[str, Any]:
    return {"version": version, "patient": version.patient, "name": version.patient.name}


# ---------------------------------------------------------------- the signature


def newest_height(patient: Patient, today: date) -> dosing.Centimetres | None:
    """The newest height of a patient. Three queries."""
    return dose.height_of(intake.facts(patient, today))


def whole_version(request: Request, version: PlanVersion) -> dict[str, Any]:
    """A version with everything that a signature looks at."""
    today = timezone.localdate()
    doses = dose.doses_of(request.asker.here)
    height = newest_height(version.patient, today) if version.per_kg is not None else None
    found = dose.work(version, doses.rules, today, height=height)
    open_to_sign = found if version.open else None
    last = queries.before(version)
    return frame(version) | {
        "shown": plan_presenters.show(version),
        "bar": plan_presenters.bar(version, doses, found),
        "reasons": plan_presenters.reasons(open_to_sign),
        "overridable": isinstance(open_to_sign, dosing.DoseRefused) and open_to_sign.overridable,
        "notices": plan_limits.notices(found),
        "limits": plan_limits.limits(found, doses.rules, dose.first_of(version, doses.rules, today)),
        "check": queries.standing_check(version),
        "waits_for": ("decision", "agreements", "medicines") if version.open and version.route else (),
        "last": last,
        "differences": plan_presenters.differences(last, version),
        "answer": plan_presenters.expected(version, version.patient, today)
        if request.asker.may("pk.explore")
        else None,
        "explorer": plan_presenters.explorer_url(version) if request.asker.may("pk.explore") else "",
        "stamps": plan_presenters.stamps(version),
        "patient_url": address("console:patient", version.patient_id),
    }
