"""A version worked out: what the editor and the signature show of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake import weight_queries
from sojourn.care.patients.models import Patient
from sojourn.care.plan import dose
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.dose import Doses
from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import dosing
from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.weights import weight_words
from sojourn.interfaces.console.plans import limits as plan_limits
from sojourn.interfaces.console.plans import presenters as plan_presenters
from sojourn.interfaces.console.rules.words import SHORT_MARKS

if TYPE_CHECKING:
    from sojourn.interfaces.console.concentration.presenters import ExplorerAnswer


@dataclass(frozen=True, slots=True)
class Worked:
    """A version with the rules that act today, and its dose as they work it out."""

    version: PlanVersion
    today: date
    doses: Doses
    found: dosing.DoseCalculation | dosing.DoseRefused | None


def work_out(version: PlanVersion, actor: Actor, *, height: bool) -> Worked:
    """``height``: look up the patient's newest height, which costs three queries, for the limits by body mass."""
    today = page_today()
    doses = dose.doses_of(actor.own_clinic_id)
    tall = newest_height(version.patient, today) if height else None
    return Worked(version, today, doses, dose.work(version, doses.rules, today, height=tall))


def newest_height(patient: Patient, today: date) -> dosing.Centimetres | None:
    """The newest height of a patient. Three queries."""
    return dose.height_of(intake_queries.facts(patient, today))


def frame(version: PlanVersion) -> dict[str, object]:
    return {"version": version, "patient": version.patient, "name": version.patient.name}


def _worked_context(worked: Worked, actor: Actor) -> dict[str, object]:
    """What the editor and the signature show alike."""
    version, doses, found = worked.version, worked.doses, worked.found
    first = dose.first_of(version, doses.rules, worked.today)
    return frame(version) | {
        "shown": plan_presenters.show(version),
        "bar": plan_presenters.bar(version, doses, found),
        "notices": plan_limits.notices(found),
        "limits": plan_limits.limits(found, doses.rules, first),
        "stamps": plan_presenters.stamps(version),
        "explorer": plan_presenters.explorer_url(version) if actor.may("pk.explore") else "",
    }


def _expected(worked: Worked, actor: Actor) -> ExplorerAnswer | None:
    """What the published models expect, for whoever may explore them."""
    if not actor.may("pk.explore"):
        return None
    return plan_presenters.expected(worked.version, worked.version.patient, worked.today)


# ---------------------------------------------------------------- the editor


def editor_context(version: PlanVersion, actor: Actor) -> dict[str, object]:
    """A draft as its editor shows it."""
    newest = weight_queries.newest_weight(PatientScope(version.patient_id))
    worked = work_out(version, actor, height=True)
    answer = _expected(worked, actor)
    sentences = answer.answered[0].sentences if answer else ()
    return _worked_context(worked, actor) | _studied_context(worked) | {
        "reasons": plan_presenters.reasons(worked.found),
        "newest_weight": weight_words(newest),
        "newer_weight": newest is not None and (newest.kg, newest.on) != (version.weight_kg, version.weight_on),
        "found": dose.calculated(worked.found),
        "weight_days": None if version.weight_on is None else (worked.today - version.weight_on).days,
        "waiting": [_(each.title) for each in worked.doses.waiting if _speaks_of(each, version)],
        "missing": [_(each.title) for each in worked.doses.waiting if _caps(each, version)],
        "expected": sentences[0] if sentences else "",
        "first": version.care_plan_id is None or plan_queries.before(version) is None,
    }  # fmt: skip


def _studied_context(worked: Worked) -> dict[str, object]:
    """What was studied for the draft's drug by its route."""
    version, known = worked.version, worked.doses.known
    series = known.series_of(version.route, version.drug)
    ranges = known.ranges_of(version.route, version.drug)
    return {
        "by_weight": not ranges or ranges[0].basis == "mg/kg",
        "has_way": bool(version.route),
        "usual": any(each.usual is not None for each in ranges),
        "series": "" if series is None else _(series.rule.statement),
        "series_mark": None if series is None else SHORT_MARKS[series.rule.verification],
    }


def _speaks_of(rule: Rule, version: PlanVersion) -> bool:
    """Whether a rule that waits for its adoption would have something to say here; without its ceiling."""
    by_route = rule.fixed.get("route") == version.route and rule.kind != dosing.CEILING
    return rule.kind == dosing.WEIGHT_AGE or by_route


def _caps(rule: Rule, version: PlanVersion) -> bool:
    """Whether a rule that waits for its adoption is the ceiling of this drug by this route."""
    if rule.kind != dosing.CEILING:
        return False
    return (rule.fixed["route"], rule.fixed["drug"]) == (version.route, version.drug)


# ---------------------------------------------------------------- the signature


def whole_version(version: PlanVersion, actor: Actor) -> dict[str, object]:
    """A version with everything that a signature looks at."""
    worked = work_out(version, actor, height=version.per_kg is not None)
    open_to_sign = worked.found if version.open else None
    last = plan_queries.before(version)
    return _worked_context(worked, actor) | {
        "reasons": plan_presenters.reasons(open_to_sign),
        "overridable": isinstance(open_to_sign, dosing.DoseRefused) and open_to_sign.overridable,
        "check": plan_queries.standing_check(version),
        "waits_for": ("decision", "agreements", "medicines") if version.open and version.route else (),
        "last": last,
        "differences": plan_presenters.differences(last, version),
        "answer": _expected(worked, actor),
        "patient_url": address("console:patient", version.patient_id),
    }
