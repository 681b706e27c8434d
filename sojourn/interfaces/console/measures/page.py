"""The page of a patient's questionnaires: how they go over time, what is open, what can be asked and entered."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.queries import Shelf
from sojourn.care.session.lines import given_to
from sojourn.clinical.scales import Scale, say
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.measures.forms import BatteryForm, RequestForm
from sojourn.interfaces.console.measures.presenters import kit, picture, unverified_titles, waiting_row
from sojourn.interfaces.console.measures.words import reading_language
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.shared.pages import PatientPage


def page_context(
    scope: PatientPage, shelf: Shelf, form: RequestForm | None = None, battery: BatteryForm | None = None
) -> dict[str, object]:
    """``form`` and ``battery`` as they came back; new ones without."""
    patient, actor = scope.patient, scope.actor
    doses = given_to(PatientScope(patient.pk), scope.now)
    first, may_ask = doses[0].started_at if doses else None, actor.may("measure.request")
    trends = measures_queries.trends(PatientScope(patient.pk), first_dose_at=first, rules=shelf.rules)
    return {
        "patient": patient,
        "name": patient.name,
        "patient_url": address("console:patient", patient.pk),
        "pictures": [picture(trend, doses, patient.sex) for trend in trends],
        "waiting": [
            waiting_row(each, scope.now, may_ask) for each in measures_queries.open_requests(PatientScope(patient.pk))
        ],
        "doses": bool(doses),
        "rules_url": address("console:rules") if actor.may("rules.read") else "",
        "own_url": reverse("console:own_scales") if actor.may("measure.define") else "",
        "unverified": unverified_titles(shelf),
        **(_asking_context(shelf, form, battery) if may_ask else _NOT_ASKING),
        **_entering_context(patient.pk, actor, shelf),
    }


_NOT_ASKING: dict[str, object] = {"form": None, "batteries": [], "battery_form": None}


def _asking_context(shelf: Shelf, form: RequestForm | None, battery: BatteryForm | None) -> dict[str, object]:
    adopted = [each for each in shelf.batteries if each.adopted]
    if battery is None and adopted:
        battery = BatteryForm(adopted)
    return {
        "form": form or RequestForm(shelf.askable),
        "batteries": [kit(each) for each in shelf.batteries],
        "battery_form": battery,
    }


def _entering_context(patient_id: int, actor: Actor, shelf: Shelf) -> dict[str, object]:
    """Where answers from paper, and scores, are entered."""
    if not actor.may("measure.enter"):
        return {"paper": [], "entered": []}
    enterable = (each for each in shelf.without_text if each.enterable)
    return {
        "paper": _links("console:paper_measure", patient_id, shelf.with_text),
        "entered": _links("console:enter_score", patient_id, enterable),
    }


def _links(name: str, patient_id: int, scales: Iterable[Scale]) -> list[tuple[str, str]]:
    return [(say(each.title, reading_language()), reverse(name, args=[patient_id, each.id])) for each in scales]
