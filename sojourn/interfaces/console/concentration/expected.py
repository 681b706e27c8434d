"""What the models expect in a running session, in words and as a small picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import formats
from django.utils.translation import gettext as _

from sojourn.care.intake.queries import Weight, newest_weight
from sojourn.care.plan import queries as plan
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical import pk
from sojourn.clinical.administration import Delivered
from sojourn.foundation.clock import page_local
from sojourn.interfaces.console.concentration.forms import weight_in
from sojourn.interfaces.console.concentration.presenters import accepting
from sojourn.interfaces.console.concentration.words import figure, range_words, reason
from sojourn.interfaces.console.patients.weights import weight_words

if TYPE_CHECKING:
    from sojourn.care.session.given import Dose as ChartedDose
    from sojourn.clinical.pk import Person, Schedule
    from sojourn.clinical.pk.linear import Floats


_AHEAD_MIN = 30


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
    doses, first = (*schedule.doses, *schedule.ahead), schedule.first_at
    models, refused = accepting(doses, person)
    if not models:
        raise pk.Refused(pk.Reason.UNKNOWN_MODEL, "%(why)s", why=" ".join(f"{each}." for each in refused))
    minute = (now - first) / timedelta(minutes=1)
    last = max(240.0, minute + 60.0)
    bends = {edge for dose in doses for edge in (dose.start_min, dose.end_min)}
    times = sorted({*(last * k / 96 for k in range(97)), minute, minute + _AHEAD_MIN, *bends})
    span = pk.between_models(person, doses, times, models)
    lead = next((model for model in models if model.recommended), models[0])
    standing = pk.so_far(lead, person, doses, minute)
    here, soon = times.index(minute), times.index(minute + _AHEAD_MIN)
    top = float(span.high.max()) * 1.05 or 1.0

    def x(at: float) -> str:
        return f"{_WIDE * at / last:.1f}"

    def points(values: Floats, places: Iterable[int]) -> str:
        return " ".join(f"{x(times[k])},{_HIGH * (1 - float(values[k]) / top):.1f}" for k in places)

    every = range(len(times))
    peak_at = first + timedelta(minutes=standing.next_peak_at_min) if standing.peak_ahead else None
    return Expected(
        now=range_words(float(span.low[here]), float(span.high[here])),
        next=_following(peak_at, float(span.low[soon]), float(span.high[soon])),
        given=given,
        models=", ".join(model.title for model in models),
        band=f"{points(span.high, every)} {points(span.low, reversed(every))}",
        line=points(span.curves[lead.id], every),
        now_x=x(minute),
        first_at=first,
        last_at=first + timedelta(minutes=last),
        assumptions=span.assumptions,
    )  # fmt: skip


def _following(peak_at: datetime | None, low: float, high: float) -> str:
    """What comes next: the highest, where it lies ahead, or how far it will have fallen."""
    if peak_at is None:
        return _("Falling; in %(minutes)s minutes %(range)s.") % {
            "minutes": _AHEAD_MIN, "range": range_words(low, high),
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
    except pk.Refused as why:
        return context | {"refused": reason(why)}


def _weight_of(picture: SessionSnapshot) -> Weight | None:
    """The newest weight of the patient, else that of the plan in force. Two queries at most."""
    known = newest_weight(picture.encounter.patient_id)
    if known is not None:
        return known
    version = plan.in_force(picture.encounter.care_plan_id, picture.now)
    if version is None or version.weight_kg is None or version.weight_on is None:
        return None
    return Weight(version.weight_kg, version.weight_on, "clinician", "")


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
