"""What concentration will this dose give: published ketamine models, solved exactly.

Pure: NumPy and the standard library, no clock, no Django. Teaching and planning support, not a dosing
instruction. Names are loaded when they are first used, so that importing the package costs nothing:

>>> from sojourn.clinical import pk
>>> kamp = pk.load("kamp_2020_anesthesiology_pooled")
>>> who = pk.Person(weight_kg=70, age_y=40)
>>> dose = pk.Dose(drug="ketamine", route="iv", mg=35, start_min=0, duration_min=40)
>>> pk.simulate(kamp, who, [dose]).concentration([40])["ketamine"].round(1).tolist()
[[253.0]]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .body import Bodies, bodies
    from .effect import bioavailability, equal_exposure, reference_zones
    from .exploring import explore
    from .fitting import Measurement, fit
    from .given import Given, Schedule, given_schedule, model_route
    from .linear import DoseInput, Linear
    from .model import Model, available, load
    from .people import Dose, Person, infusion, parse_regimen
    from .plan import Pump, plan_peak, plan_plateau
    from .population import bands, between_models, virtual
    from .questions import facts, peak, so_far, time_above, time_until_below
    from .refusal import ModelRefused, RefusalReason
    from .shown import AHEAD_MIN, ANY_MG, about, accepting, beside, instants, leading, model_for, shape
    from .simulation import simulate

_HOMES = {
    "Bodies": "body",
    "bodies": "body",
    "bioavailability": "effect",
    "reference_zones": "effect",
    "explore": "exploring",
    "Measurement": "fitting",
    "fit": "fitting",
    "Given": "given",
    "Schedule": "given",
    "given_schedule": "given",
    "model_route": "given",
    "Linear": "linear",
    "DoseInput": "linear",
    "Model": "model",
    "available": "model",
    "load": "model",
    "Dose": "people",
    "Person": "people",
    "infusion": "people",
    "parse_regimen": "people",
    "Pump": "plan",
    "plan_peak": "plan",
    "plan_plateau": "plan",
    "bands": "population",
    "between_models": "population",
    "virtual": "population",
    "equal_exposure": "effect",
    "facts": "questions",
    "peak": "questions",
    "so_far": "questions",
    "time_above": "questions",
    "time_until_below": "questions",
    "RefusalReason": "refusal",
    "ModelRefused": "refusal",
    "AHEAD_MIN": "shown",
    "ANY_MG": "shown",
    "about": "shown",
    "accepting": "shown",
    "beside": "shown",
    "instants": "shown",
    "leading": "shown",
    "model_for": "shown",
    "shape": "shown",
    "simulate": "simulation",
}
__all__ = [
    "AHEAD_MIN",
    "ANY_MG",
    "Bodies",
    "Dose",
    "DoseInput",
    "Given",
    "Linear",
    "Measurement",
    "Model",
    "ModelRefused",
    "Person",
    "Pump",
    "RefusalReason",
    "Schedule",
    "about",
    "accepting",
    "available",
    "bands",
    "beside",
    "between_models",
    "bioavailability",
    "bodies",
    "equal_exposure",
    "explore",
    "facts",
    "fit",
    "given_schedule",
    "infusion",
    "instants",
    "leading",
    "load",
    "model_for",
    "model_route",
    "parse_regimen",
    "peak",
    "plan_peak",
    "plan_plateau",
    "reference_zones",
    "shape",
    "simulate",
    "so_far",
    "time_above",
    "time_until_below",
    "virtual",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(name)
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
