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
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.shared.today.sheets import length_in_words

if TYPE_CHECKING:
    from sojourn.clinical.pk import Dose

_WIDE, _HIGH = 320.0, 120.0


@dataclass(frozen=True, slots=True)
class CurveView:
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


def picture(drug: str, route: str, minutes: float, age_y: int) -> CurveView | None:
    """The curve of a route as it is planned; None where no published model describes it for somebody of this age."""
    given = pk.model_route(route)
    try:
        return picture_of((pk.Dose(drug, given, pk.ANY_MG, 0.0, minutes if given == "iv" else 0.0),), age_y)
    except pk.ModelRefused:
        return None


@lru_cache(maxsize=64)
def picture_of(doses: tuple[Dose, ...], age_y: int) -> CurveView | None:
    """The curve of what went in, at least one dose; None as above."""
    shape = pk.shape(doses, age_y)
    if shape is None:
        return None
    last = shape.last_min
    line = _points(shape.times, shape.parts, last)
    return CurveView(
        area=f"0,{_HIGH:.0f} {line} {_WIDE:.0f},{_HIGH:.0f}",
        line=line,
        given=_given(doses, last),
        top_x=round(_WIDE * shape.top_min / last, 1),
        hours=tuple((round(_WIDE * hour * 60 / last, 1), hour) for hour in range(1, int(last) // 60)),
        top_min=pk.about(shape.top_min),
        half_min=pk.about(shape.half_min - shape.top_min),
        little_min=pk.about(shape.little_min),
        model=shape.model.title,
        source=shape.model.primary,
    )


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


def words(drawn: CurveView, route: str, minutes: int) -> list[str]:
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

    picture: CurveView
    words: list[str]


def last_session(patient_id: int, now: datetime, age_y: int) -> Last | None:
    """What went in the last time, once it is over; None where nothing did or no model describes it. Three queries."""
    for newest in reversed(given_to(PatientScope(patient_id), now)):
        if newest.delivered is None or not newest.delivered.over:
            continue
        try:
            schedule = pk.given_schedule([pk.Given(newest.drug, newest.route, newest.delivered)])
        except pk.ModelRefused:
            return None
        drawn = picture_of(schedule.doses, age_y) if schedule.doses else None
        return Last(drawn, _how_it_went(newest.started_at, schedule.doses, drawn)) if drawn else None
    return None


def _how_it_went(at: datetime, doses: Sequence[Dose], drawn: CurveView) -> list[str]:
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
