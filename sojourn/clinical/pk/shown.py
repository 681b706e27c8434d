"""What the pages show of the models: which of them answers, at which minutes, and what is said of the curve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .given import Schedule
from .model import Model, available, load
from .people import Dose, Person
from .population import ModelBand, between_models
from .questions import SoFar, peak, so_far, time_until_below
from .refusal import ModelRefused
from .simulation import simulate

AHEAD_MIN: Final = 30  # how far beside a session it is looked ahead
_AT_LEAST_MIN: Final = 240.0  # a curve is drawn so far, and three hours beyond the end of an infusion
_BEYOND_MIN: Final = 180.0
_BESIDE_MIN: Final = 60.0  # beside a session, so far beyond now

# The body that the models were written for (their own reference weight), and a dose that only scales the shape.
_REFERENCE_KG: Final = 70.0
ANY_MG: Final = 1.0
_LITTLE: Final = 0.1  # of the highest: what "only a little is left" means
_HOURS: Final = (3, 12)  # at least and at most drawn of a shape


# ---------------------------------------------------------------- which model


def leading(models: Sequence[Model]) -> Model:
    """The recommended one of several, else the first."""
    return next((model for model in models if model.recommended), models[0])


def accepting(doses: Sequence[Dose], person: Person) -> tuple[list[Model], list[ModelRefused]]:
    """The models for comparison that describe this drug and accept, and why the others of this drug do not."""
    taken: list[Model] = []
    refused: list[ModelRefused] = []
    for model in map(load, available()):
        if not model.in_model_band or any(dose.drug != model.drug for dose in doses):
            continue
        try:
            model.accept(person)
            for dose in doses:
                model.accept_dose(dose)
        except ModelRefused as why:
            refused.append(why)
        else:
            taken.append(model)
    return taken, refused


def model_for(drug: str, route: str) -> Model | None:
    """The model that draws a drug by a route: the recommended one, else the first; None without any."""
    known = [
        model
        for model in map(load, available())
        if model.in_model_band and model.drug == drug and route in model.routes
    ]
    return leading(known) if known else None


# ---------------------------------------------------------------- curves of an amount


def instants(ends: Iterable[float]) -> tuple[float, ...]:
    """Minutes at which a curve is drawn: close together where it bends, and at each end of an infusion."""
    ends = list(ends)
    last = max([_AT_LEAST_MIN, *(end + _BEYOND_MIN for end in ends)])
    found = {float(at) for at in range(11)} | {float(at) for at in range(12, 61, 2)}
    step = 5 if last <= 2 * _AT_LEAST_MIN else 15
    found |= {float(at) for at in range(60, int(last) + 1, step)} | {last}
    for end in ends:
        found |= {end + after for after in (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Beside:
    """What the models expect beside a running session. ``here`` and ``soon`` are places in ``times``: now, and
    AHEAD_MIN later. Minutes from the start."""

    lead: Model
    span: ModelBand
    standing: SoFar
    times: tuple[float, ...]
    minute: float
    last: float
    here: int
    soon: int


def beside(schedule: Schedule, person: Person, models: Sequence[Model], now: datetime) -> Beside:
    """From what went in, and what will still go in if nothing is changed; at least one of the two, and one model that
    accepts."""
    doses = (*schedule.doses, *schedule.ahead)
    minute = (now - schedule.first_at) / timedelta(minutes=1)
    last = max(_AT_LEAST_MIN, minute + _BESIDE_MIN)
    bends = {edge for dose in doses for edge in (dose.start_min, dose.end_min)}
    times = tuple(sorted({*(last * k / 96 for k in range(97)), minute, minute + AHEAD_MIN, *bends}))
    lead = leading(models)
    return Beside(
        lead=lead, span=between_models(person, doses, times, models), standing=so_far(lead, person, doses, minute),
        times=times, minute=minute, last=last, here=times.index(minute), soon=times.index(minute + AHEAD_MIN),
    )  # fmt: skip


# ---------------------------------------------------------------- the shape alone


@dataclass(frozen=True, slots=True)
class Shape:
    """How the medicine comes and goes, as parts of its highest. For these models neither the dose nor the weight
    changes when it rises and falls by much. Minutes from the start; ``half_min`` and ``little_min`` from there as well.
    """

    model: Model
    times: tuple[float, ...]
    parts: tuple[float, ...]
    top_min: float
    half_min: float
    little_min: float
    last_min: float


def shape(doses: Sequence[Dose], age_y: int) -> Shape | None:
    """The shape of what went in, at least one dose; None where no published model describes it for such an age."""
    first, *_ = doses
    model = model_for(first.drug, first.route)
    if model is None:
        return None
    try:
        person = Person(age_y=float(age_y), weight_kg=_REFERENCE_KG, ethnicity="other")
        simulated = simulate(model, person, list(doses))
    except ModelRefused:
        return None
    top = peak(simulated)
    high, at = top.ng_per_ml.item(), top.at_min.item()
    half, little = (time_until_below(simulated, high * part).item() for part in (0.5, _LITTLE))
    fewest, most = _HOURS
    last = 60.0 * min(most, max(fewest, -(-int(little) // 60)))  # as long as it takes, in whole hours
    ends = {edge for dose in doses for edge in (dose.start_min, dose.end_min)}
    times = tuple(sorted({*(last * k / 160 for k in range(161)), at, *ends}))
    (values,) = simulated.concentration(times, [model.main])[model.main]
    return Shape(model, times, tuple(float(value) / high for value in values), at, half, little, last)


def about(minutes: float) -> int:
    """To the nearest five minutes, and to the nearest half hour from two hours on: what the models can bear."""
    step = 30 if minutes >= 120 else 5
    return max(step, round(minutes / step) * step)
