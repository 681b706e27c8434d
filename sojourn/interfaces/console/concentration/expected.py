"""What the models expect in a running session, in words and as a small picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.care.intake.weight_queries import Weight
from sojourn.care.plan import queries as plan_queries
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import pk
from sojourn.clinical.administration import Delivered
from sojourn.foundation.clock import page_local
from sojourn.foundation.scope import CourseScope, PatientScope
from sojourn.interfaces.console.concentration.forms import weight_in
from sojourn.interfaces.console.concentration.words import figure, range_words, reason
from sojourn.interfaces.console.patients.weights import weight_words

if TYPE_CHECKING:
    from sojourn.care.session.given import Dose as ChartedDose
    from sojourn.clinical.pk import Person, Schedule
    from sojourn.clinical.pk.linear import Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """What the models expect in a running session, in words and as a small picture."""

    now: str
    next: str
    given: str
    models: str
    band: str
    line: str
    now_x: str
    first_at: datetime
    last_at: datetime
    assumptions: tuple[str, ...]


_WIDE, _HIGH = 320.0, 90.0


def expected(schedule: Schedule, person: Person, now: datetime, given: str) -> Expected:
    """Now and next from what went in, and what will still go in if nothing is changed; at least one of the two.
    ``given`` says how much that is. Raises ``pk.Refused`` where no model answers."""
    models, refused = pk.accepting((*schedule.doses, *schedule.ahead), person)
    if not models:
        why = " ".join(f"{reason(each)}." for each in refused)
        raise pk.ModelRefused(pk.RefusalReason.UNKNOWN_MODEL, "%(why)s", why=why)
    found, first = pk.beside(schedule, person, models, now), schedule.first_at
    span, times, last = found.span, found.times, found.last
    top = float(span.high.max()) * 1.05 or 1.0

    def x(at: float) -> str:
        return f"{_WIDE * at / last:.1f}"

    def points(values: Floats, places: Iterable[int]) -> str:
        return " ".join(f"{x(times[k])},{_HIGH * (1 - float(values[k]) / top):.1f}" for k in places)

    every = range(len(times))
    peak_at = first + timedelta(minutes=found.standing.next_peak_at_min) if found.standing.peak_ahead else None
    return Expected(
        now=range_words(float(span.low[found.here]), float(span.high[found.here])),
        next=_following(peak_at, float(span.low[found.soon]), float(span.high[found.soon])),
        given=given,
        models=", ".join(model.title for model in models),
        band=f"{points(span.high, every)} {points(span.low, reversed(every))}",
        line=points(span.curves[found.lead.id], every),
        now_x=x(found.minute),
        first_at=first,
        last_at=first + timedelta(minutes=last),
        assumptions=span.assumptions,
    )  # fmt: skip


def _following(peak_at: datetime | None, low: float, high: float) -> str:
    """What comes next: the highest, where it lies ahead, or how far it will have fallen."""
    if peak_at is None:
        return _("Falling; in %(minutes)s minutes %(range)s.") % {
            "minutes": pk.AHEAD_MIN, "range": range_words(low, high),
        }  # fmt: skip
    when = formats.date_format(page_local(peak_at), "H:i")
    return _("Still rising; the highest is expected at %(when)s.") % {"when": when}


def overlay_of(request: HttpRequest, picture: SessionSnapshot) -> dict[str, object]:
    typed = request.GET.get("weight", "")
    known = _weight_of(picture)
    weight = weight_in(typed) if typed else known.kg if known else None
    context: dict[str, object] = {
        "typed": typed, "weight": weight, "weight_words": figure(float(weight), 1) if weight else "",
        "weight_from": "" if typed else weight_words(known),
        "wrong_weight": bool(typed) and weight is None, "no_dose": picture.dose is None,
    }  # fmt: skip
    if weight is None or picture.dose is None:
        return context
    patient = picture.encounter.patient
    try:
        person = pk.Person(weight_kg=float(weight), age_y=float(patient.age_on(picture.today)), sex=patient.sex)
        return context | _expected_of(picture, picture.dose, person)
    except pk.ModelRefused as why:
        return context | {"refused": reason(why)}


def _weight_of(picture: SessionSnapshot) -> Weight | None:
    """The newest weight of the patient, else that of the plan in force. Two queries at most."""
    encounter = picture.encounter
    return plan_queries.newest_weight_of(
        PatientScope(encounter.patient_id), CourseScope(encounter.care_plan_id), picture.now
    )


def _expected_of(picture: SessionSnapshot, dose: ChartedDose, person: Person) -> dict[str, object]:
    """What the models expect of what went in; without it, why there is nothing to expect."""
    found, line = picture.delivered, picture.line
    if not isinstance(found, Delivered) or line is None:
        return {"refused": _("What went in cannot be worked out from the steps that were recorded.")}
    schedule = pk.given_schedule([pk.Given(dose.drug, dose.route, found)])
    if not schedule.doses and not schedule.ahead:
        return {"refused": _("Nothing of this dose has gone in.")}
    words = _("%(given)s mg of %(whole)s mg given") if found.over else _("%(given)s mg of %(whole)s mg given so far")
    # As long as it runs the hundredths change faster than anybody reads them.
    given = words % {
        "given": figure(float(line.given_mg), 2 if found.over else 1), "whole": figure(float(line.planned_mg), 2),
    }  # fmt: skip
    return {"expected": expected(schedule, person, picture.now, given)}
