"""From people and doses to concentrations over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .ageing import ageing_values
from .body import Bodies, bodies
from .linear import DoseInput, Floats, Linear, Response
from .model import DoseRoute, EffectSite, Model, Route
from .people import Dose, Person
from .refusal import N_, ModelRefused, RefusalReason

DISCLAIMER = N_("Teaching and planning support, not a dosing instruction.")


@dataclass(frozen=True)
class Simulated:
    """What a regimen does to N people (times R regimens, regimen by regimen): exact curves, and their terms.

    Concentrations are in ng/mL, times in minutes, areas in ng·h/mL.
    """

    bodies: Bodies
    doses: tuple[Dose, ...]
    response: Response
    assumptions: tuple[str, ...]
    effect_site: EffectSite | None = None

    @property
    def model(self) -> Model:
        return self.bodies.model

    def concentration(self, times_min: ArrayLike, analytes: Sequence[str] | None = None) -> dict[str, Floats]:
        """(N, T) ng/mL per analyte at instants shared by all (T,) or of each person's own (N, T)."""
        times = np.asarray(times_min, dtype=float)
        if not np.isfinite(times).all():
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s is not a number"), name="a time")
        wanted = self.model.names if analytes is None else tuple(analytes)
        places = [self.model.analyte(name) for name in wanted]
        steady = [k for k in places if k < len(self.model.analytes)]
        found = self.response.at(times, steady) if steady else np.zeros((self.bodies.count, 0, 0))
        result = {}
        for name, place in zip(wanted, places, strict=True):
            if place < len(self.model.analytes):
                result[name] = found[:, steady.index(place)]
            else:
                own = self.model.ageing[place - len(self.model.analytes)]
                result[name] = ageing_values(self.bodies, own, self.doses, times)
        return result

    def effect(self, times_min: ArrayLike) -> Floats:
        """(N, T) effect-site concentration in ng/mL; only where a ke0 was asked for, and then assumed."""
        if self.effect_site is None:
            raise ModelRefused(RefusalReason.NO_SUCH_ANALYTE, N_("no effect site was asked for"))
        return self.response.at(np.asarray(times_min, dtype=float), [len(self.model.analytes)])[:, 0]

    def area_ng_h_per_ml(self, start_min: float, end_min: float, analyte: str | None = None) -> Floats:
        """(N,) area under the curve between two instants, in ng·h/mL."""
        return self.response.area(start_min, end_min, [self.place(analyte)])[:, 0] / 60.0

    def place(self, analyte: str | None) -> int:
        """The output row of an analyte (None: the drug itself); refuses one that has no closed-form area."""
        name = self.model.main if analyte is None else analyte
        place = self.model.analyte(name)
        if place >= len(self.model.analytes):
            raise ModelRefused(
                RefusalReason.NO_SUCH_ANALYTE,
                N_("%(given)s has a clearance that changes with time: only its concentrations are given"),
                given=name,
            )
        return place


def simulate(
    model: Model,
    who: Person | Sequence[Person] | Bodies,
    doses: Sequence[Dose],
    effect_site: EffectSite | None = None,
) -> Simulated:
    """The exact answer of a model to a schedule, for one person or many; raises Refused."""
    people = who if isinstance(who, Bodies) else bodies(model, who)
    pours, notes = _pours(people, doses)
    system = people.system if effect_site is None else _with_effect(people, effect_site)
    if effect_site is not None:
        notes.append(
            f"assumed: effect site with ke0 {effect_site.ke0_per_min:.3g}/min ({effect_site.effect}; "
            f"{effect_site.source}). No ke0 for dissociation has been measured."
        )
    return Simulated(people, tuple(doses), system.respond(pours), (*people.assumptions, *notes), effect_site)


def _with_effect(people: Bodies, site: EffectSite) -> Linear:
    """One more compartment, of no mass, that follows the plasma with ke0."""
    rates, outputs = people.rates(), people.readings()
    count, spoken, size = outputs.shape
    wide = np.zeros((count, size + 1, size + 1))
    wide[:, :size, :size] = rates
    wide[:, size, :size] = site.ke0_per_min * outputs[:, 0]
    wide[:, size, size] = -site.ke0_per_min
    rows = np.zeros((count, spoken + 1, size + 1))
    rows[:, :-1, :size] = outputs
    rows[:, -1, size] = 1.0
    return Linear(wide, rows)


def _pours(people: Bodies, doses: Sequence[Dose]) -> tuple[list[DoseInput], list[str]]:
    model = people.model
    if not doses:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("the regimen needs at least one [[dose]]"))
    places = {name: k for k, name in enumerate(model.compartments)}
    pours = []
    notes: dict[str, None] = {}
    routes = [model.accept_dose(dose) for dose in doses]
    share = _shares(people, doses, routes)
    for number, (dose, route) in enumerate(zip(doses, routes, strict=True)):
        notes.update(dict.fromkeys(route.assumptions))
        for part in route.parts:
            amount = dose.mg * _fraction(people, route, part, share[number])
            duration = dose.duration_min if part.over is None else people.values[part.over]
            pours.append(DoseInput(places[part.into], amount, dose.start_min, duration))
    return pours, list(notes)


def _fraction(people: Bodies, route: Route, part: DoseRoute, share: float) -> Floats | float:
    total: Floats | float = 1.0
    for word in part.fraction:
        name = word.removeprefix("1-")
        value = people.values[name]
        if route.later_doses is not None and route.later_doses.parameter == name:
            # of the dose, `share` came before the nose was saturated
            value = value * (share + (1.0 - share) * people.values[route.later_doses.factor])
        total = total * (1.0 - value if word != name else value)
    return total


def _shares(people: Bodies, doses: Sequence[Dose], routes: Sequence[Route]) -> list[float]:
    """The part of every dose that belongs to the first device of its session."""
    shares = [1.0] * len(doses)
    begun: float | None = None
    given = 0.0
    for number in sorted(range(len(doses)), key=lambda k: doses[k].start_min):
        later = routes[number].later_doses
        dose = doses[number]
        if later is None or dose.mg == 0:
            continue
        if begun is None or dose.start_min >= begun + later.session_min:
            begun, given = dose.start_min, 0.0
        room = min(max(later.unit_mg - given, 0.0), dose.mg)
        shares[number] = room / dose.mg
        given += dose.mg
    return shares
