"""The curve of a medicine and its sentences, for a patient.

The curve is a published model's, of a grown-up body. Its shape is shown, never an amount: for these models neither
the dose nor the weight changes when it rises and falls by much, and a number in the blood would tell a patient nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.session.lines import given_to
from sojourn.clinical import pk
from sojourn.foundation.clock import page_local
from sojourn.interfaces.portal.today.presenters import length_in_words

if TYPE_CHECKING:
    from sojourn.clinical.pk import Dose, Model

# The body that the models were written for (their own reference weight), and a dose that only scales the picture.
_REFERENCE = {"weight_kg": 70.0, "ethnicity": "other"}

_ANY_MG = 1.0

_WIDE, _HIGH = 320.0, 120.0

_LITTLE = 0.1


@dataclass(frozen=True, slots=True)
class Picture:
    """The shape of the curve, and the moments that its sentence speaks of, in minutes from the start."""

    area: str
    line: str
    given: tuple[tuple[float, float], ...]  # where the medicine went in: from, how wide
    top_x: float
    hours: tuple[tuple[float, int], ...]
    top_min: int
    half_min: int
    little_min: int
    model: str
    source: str


def model_for(drug: str, route: str) -> Model | None:
    """The model that draws a drug by a route: the recommended one, else the first; None without any."""
    known = [
        model
        for model in map(pk.load, pk.available())
        if model.in_model_band and model.drug == drug and route in model.routes
    ]
    return next((model for model in known if model.recommended), next(iter(known), None))


def picture(drug: str, route: str, minutes: float, age_y: int) -> Picture | None:
    """The curve of a route as it is planned; None where no published model describes it for somebody of this age."""
    given = pk.model_route(route)
    try:
        return picture_of((pk.Dose(drug, given, _ANY_MG, 0.0, minutes if given == "iv" else 0.0),), age_y)
    except pk.Refused:
        return None


@lru_cache(maxsize=64)
def picture_of(doses: tuple[Dose, ...], age_y: int) -> Picture | None:
    """The curve of what went in, at least one dose; None as above."""
    model = model_for(doses[0].drug, doses[0].route)
    if model is None:
        return None
    try:
        simulated = pk.simulate(model, pk.Person(age_y=float(age_y), **_REFERENCE), list(doses))  # type: ignore[arg-type]
    except pk.Refused:
        return None
    top = pk.peak(simulated)
    high, at = float(top.ng_per_ml[0]), float(top.at_min[0])
    half, little = (float(pk.time_until_below(simulated, high * part)[0]) for part in (0.5, _LITTLE))
    # As long as it takes until little is left, in whole hours; at least three and at most twelve.
    last = 60.0 * min(12, max(3, -(-int(little) // 60)))
    times = _times(doses, last, at)
    values = simulated.concentration(times, [model.names[0]])[model.names[0]][0]
    line = _points(times, [float(value) / high for value in values], last)
    return Picture(
        area=f"0,{_HIGH:.0f} {line} {_WIDE:.0f},{_HIGH:.0f}",
        line=line,
        given=_given(doses, last),
        top_x=round(_WIDE * at / last, 1),
        hours=tuple((round(_WIDE * hour * 60 / last, 1), hour) for hour in range(1, int(last) // 60)),
        top_min=_about(at),
        half_min=_about(half - at),
        little_min=_about(little),
        model=model.title,
        source=model.primary,
    )


def _times(doses: Sequence[Dose], last: float, top: float) -> list[float]:
    """Where the curve is worked out: evenly, at its top, and where a dose begins and ends."""
    ends = {edge for dose in doses for edge in (dose.start_min, dose.end_min)}
    return sorted({*(last * k / 160 for k in range(161)), top, *ends})


def _given(doses: Sequence[Dose], last: float) -> tuple[tuple[float, float], ...]:
    """Where the medicine went in over a time: from, how wide."""
    return tuple(
        (round(_WIDE * dose.start_min / last, 1), round(_WIDE * dose.duration_min / last, 1))
        for dose in doses
        if dose.duration_min
    )


def _points(times: Sequence[float], parts: Sequence[float], last: float) -> str:
    return " ".join(
        f"{_WIDE * at / last:.1f},{_HIGH - 0.92 * _HIGH * part:.1f}" for at, part in zip(times, parts, strict=True)
    )


def _about(minutes: float) -> int:
    """To the nearest five minutes, and to the nearest half hour from two hours on: what the model can bear."""
    step = 30 if minutes >= 120 else 5
    return max(step, round(minutes / step) * step)


def long(minutes: int) -> str:
    """ "20 minutes", "2 and a half hours", "2 hours 10 minutes"."""
    if minutes < 120:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    if rest == 30:
        return _("%(n)d and a half hours") % {"n": hours}
    if rest:
        return length_in_words(timedelta(minutes=minutes))
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def words(drawn: Picture, route: str, minutes: int) -> list[str]:
    """What the picture shows, in short sentences."""
    if route == "iv":
        first = _("The medicine goes into your vein for %(minutes)s. All that time it rises.") % {
            "minutes": long(minutes)
        }
    else:
        first = _("The medicine goes in slowly. It is highest after about %(minutes)s.") % {
            "minutes": long(drawn.top_min)
        }
    return [
        first,
        _("Then it goes down, fast at first. About %(minutes)s after the top, your blood holds only half as much.")
        % {"minutes": long(drawn.half_min)},
        _("After about %(long)s, only a little is left.") % {"long": long(drawn.little_min)},
        _("Some of it is still there when you already feel clear. That is why someone brings you home."),
    ]


@dataclass(frozen=True, slots=True)
class Last:
    """The newest session in which something was given, as it went."""

    picture: Picture
    words: list[str]


def last_session(patient_id: int, now: datetime, age_y: int) -> Last | None:
    """What went in the last time, once it is over; None where nothing did or no model describes it. Three queries."""
    for newest in reversed(given_to(patient_id, now)):
        if newest.delivered is None or not newest.delivered.over:
            continue
        try:
            schedule = pk.given_schedule([pk.Given(newest.drug, newest.route, newest.delivered)])
        except pk.Refused:
            return None
        drawn = picture_of(schedule.doses, age_y) if schedule.doses else None
        return Last(drawn, _how_it_went(newest.started_at, schedule.doses, drawn)) if drawn else None
    return None


def _how_it_went(at: datetime, doses: Sequence[Dose], drawn: Picture) -> list[str]:
    when = {"day": formats.date_format(page_local(at), _("j F Y"))}
    ran = sum(dose.duration_min for dose in doses)
    if not ran:
        first = [_("On %(day)s you had your medicine.") % when]
    else:
        minutes = {**when, "minutes": long(max(1, round(ran)))}
        first = [_("On %(day)s the medicine went in for %(minutes)s.") % minutes]
    if any(later.start_min > earlier.end_min for earlier, later in pairwise(doses)):
        first.append(_("There was a break in between."))
    return [
        *first,
        _("It was highest about %(minutes)s after the start. After about %(long)s, only a little was left.")
        % {"minutes": long(drawn.top_min), "long": long(drawn.little_min)},
    ]
