"""The published models, one TOML file each, read when they are first asked for."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log
from types import MappingProxyType
from typing import Any

from . import laws
from .layout import MODEL, UNITS
from .people import Dose, Person
from .refusal import N_, ModelRefused, RefusalReason

Table = Mapping[str, Any]  # as a file holds it


class ModelInvalid(ValueError):
    """A model file that cannot be a model; the message names the file's id and what is wrong."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typical value in minutes, litres and milligrams, with what changes it and how people differ.

    ``spread`` is the variance between people (and occasions) on the log scale, or on the logit scale.
    """

    name: str
    value: float
    published: float
    unit: str
    scale: tuple[tuple[str, float, float], ...]  # covariate, reference, power
    factors: tuple[tuple[str, float], ...]  # yes-or-no covariate, factor
    slopes: tuple[tuple[str, float, float], ...]  # covariate, from where, added per unit above it
    spread: float
    logit: bool
    ceiling: float | None
    spread_text: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A first-order flow between compartments; ``to`` None leaves the body (or what is modelled of it)."""

    source: str
    to: str | None
    rate: str | None
    clearance: str | None
    mean_time: str | None
    stages: int
    fraction: str | None


@dataclass(frozen=True, slots=True)
class DoseRoute:
    """Where a part of a dose goes: a compartment, the fraction of it, and over what time it is released."""

    into: str
    fraction: tuple[str, ...]
    over: str | None


@dataclass(frozen=True, slots=True)
class LaterDoses:
    """Nasal saturation: after the first ``unit_mg`` of a session the fraction is multiplied by ``factor``."""

    parameter: str
    unit_mg: float
    factor: str
    session_min: float


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    parts: tuple[DoseRoute, ...]
    later_doses: LaterDoses | None
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measured substance: its compartment, the ratio of molar masses, the published residual spread."""

    name: str
    compartment: str
    molar_ratio: float
    residual_proportional: float | None


@dataclass(frozen=True, slots=True)
class Ageing:
    """A one-compartment metabolite whose clearance rises with time: CL(t) = CL (1 + rise t)."""

    name: str
    fed_by: str
    through: str
    clearance: str
    volume: str
    rise: str
    residual_proportional: float | None


@dataclass(frozen=True, slots=True)
class EffectSite:
    """A ke0. ``assumed`` is True for all that were not estimated from an observed effect of the drug."""

    ke0_per_min: float
    effect: str
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What people a covariate must lie between, and between what it was studied."""

    covariate: str
    least: float | None
    most: float | None
    studied_least: float | None
    studied_most: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """A published model as data. ``hash`` is of the file's bytes."""

    id: str
    version: int
    title: str
    drug: str
    structure: str
    primary: str
    read_in: tuple[str, ...]
    verification: str
    in_model_band: bool
    recommended: bool
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]
    population: str
    sampling: str
    people: int | None
    population_verification: str
    ranges: tuple[Limit, ...]
    parameters: Mapping[str, Parameter]
    covariates: tuple[str, ...]  # what the equations need to know of a person
    spread: tuple[str, ...]  # the parameters in which people differ, in the file's order
    correlated: tuple[tuple[str, str, float], ...]  # covariances on the scale of the spread
    compartments: tuple[str, ...]
    volumes: Mapping[str, str]
    flows: tuple[Flow, ...]
    analytes: tuple[Analyte, ...]
    ageing: tuple[Ageing, ...]
    routes: Mapping[str, Route]
    refused_routes: Mapping[str, str]
    effect_sites: tuple[EffectSite, ...]
    validation: Table
    worked_examples: tuple[Table, ...]
    hash: str

    @property
    def source(self) -> str:
        """The paper, and where its numbers were read."""
        return f"{self.primary} (read in: {'; '.join(self.read_in)}; {self.verification})"

    @property
    def names(self) -> tuple[str, ...]:
        """What the model speaks of, the drug itself first."""
        return tuple(a.name for a in self.analytes) + tuple(a.name for a in self.ageing)

    @property
    def main(self) -> str:
        """The name of the drug itself."""
        return self.names[0]

    def accept(self, person: Person) -> tuple[str, ...]:
        """Assumptions that this person asks for; raises Refused outside the population or not knowing."""
        notes = []
        for limit in self.ranges:
            value = person.covariate(limit.covariate)
            if value is None:
                if limit.covariate not in self.covariates and (limit.least is not None or limit.most is not None):
                    notes.append(
                        f"{limit.covariate} not given: taken to lie within the model's population ({self.population})."
                    )
                continue
            low, high = limit.least, limit.most
            if (low is not None and value < low) or (high is not None and value > high):
                raise ModelRefused(
                    RefusalReason.OUTSIDE_POPULATION,
                    N_("%(model)s was made for %(population)s, %(name)s %(range)s; this person has %(value)s"),
                    model=self.title,
                    population=self.population,
                    name=limit.covariate,
                    range=_range(low, high),
                    value=f"{value:g}",
                )
            low, high = limit.studied_least, limit.studied_most
            if (low is not None and value < low) or (high is not None and value > high):
                notes.append(
                    f"{limit.covariate} {value:g} lies outside what was studied ({_range(low, high)}): "
                    "an extrapolation."
                )
        for name in self.covariates:
            if person.covariate(name) is None:
                asked = "ethnicity" if name in ("asian", "japanese") else name
                raise ModelRefused(
                    RefusalReason.MISSING_COVARIATE, N_("%(model)s needs %(name)s"), model=self.title, name=asked
                )
        return tuple(notes)

    def accept_dose(self, dose: Dose) -> Route:
        """The route of a dose; raises Refused for another drug or a route without published absorption."""
        if dose.drug != self.drug:
            raise ModelRefused(
                RefusalReason.WRONG_DRUG,
                N_("%(model)s describes %(known)s, not %(given)s"),
                model=self.title,
                known=self.drug,
                given=dose.drug,
            )
        route = self.routes.get(dose.route)
        if route is None:
            raise ModelRefused(
                RefusalReason.WRONG_ROUTE,
                N_("%(model)s has no route %(given)s (it has: %(known)s)%(why)s"),
                model=self.title,
                given=dose.route,
                known=", ".join(self.routes),
                why=f"; {self.refused_routes[dose.route]}" if dose.route in self.refused_routes else "",
            )
        if dose.duration_min > 0 and dose.route != "iv":
            raise ModelRefused(
                RefusalReason.WRONG_ROUTE,
                N_("only an intravenous dose has a duration; %(given)s is taken at once"),
                given=dose.route,
            )
        return route

    def analyte(self, name: str) -> int:
        """The place of an analyte; raises Refused."""
        if name not in self.names:
            raise ModelRefused(
                RefusalReason.NO_SUCH_ANALYTE,
                N_("%(model)s does not describe %(given)s (it has: %(known)s)"),
                model=self.title,
                given=name,
                known=", ".join(self.names),
            )
        return self.names.index(name)


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


# --- reading ---


def available() -> tuple[str, ...]:
    """The ids of all models, in order."""
    folder = files(__package__).joinpath("models")
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


def load(name: str) -> Model:
    """A model by its id, or by the beginning of it if that is unambiguous; raises Refused."""
    known = available()
    found = [name] if name in known else [each for each in known if name and each.startswith(name)]
    if len(found) != 1:
        raise ModelRefused(
            RefusalReason.UNKNOWN_MODEL,
            N_("there is no model %(given)s; there are: %(known)s"),
            given=repr(name),
            known=", ".join(known),
        )
    return _read(*found)


@cache
def _read(name: str) -> Model:
    content = files(__package__).joinpath("models", f"{name}.toml").read_bytes()
    return parse_model(tomllib.loads(content.decode()), hashlib.sha256(content).hexdigest())


def parse_model(data: Table, content_hash: str = "") -> Model:
    """A model from a parsed file; raises ModelInvalid with all that is wrong."""
    identity = str(data.get("id", "?"))
    wrong = [*MODEL(identity, data)] or [f"{identity}: {each}" for each in laws.of_file(data)]
    if wrong:
        raise ModelInvalid("; ".join(wrong))
    model = _build(data, content_hash)
    if wrong := [f"{identity}: {each}" for each in laws.of_model(model)]:
        raise ModelInvalid("; ".join(wrong))
    return model


def _build(data: Table, content_hash: str) -> Model:
    parameters = {name: _parameter(name, table) for name, table in data["parameters"].items()}
    population = data["population"]
    ranges = tuple(
        Limit(name, own.get("min"), own.get("max"), own.get("studied_min"), own.get("studied_max"))
        for name, own in population.items()
        if isinstance(own, Mapping)
    )
    return Model(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        drug=data["drug"],
        structure=data["structure"],
        primary=data["primary"],
        read_in=tuple(data["read_in"]),
        verification=data["verification"],
        in_model_band=data["in_model_band"],
        recommended=data.get("recommended", False),
        limits=tuple(data["limits"]),
        assumptions=tuple(data["assumptions"]),
        population=population["text"],
        sampling=population["sampling"],
        people=population.get("n"),
        population_verification=population["verification"],
        ranges=ranges,
        parameters=MappingProxyType(parameters),
        covariates=_needed(parameters),
        spread=tuple(name for name, each in parameters.items() if each.spread > 0),
        correlated=tuple(_correlation(each, parameters) for each in data.get("correlated", [])),
        compartments=tuple(each["name"] for each in data["compartments"]),
        volumes=MappingProxyType({e["name"]: e["volume"] for e in data["compartments"] if "volume" in e}),
        flows=tuple(map(_flow, data["flows"])),
        analytes=tuple(map(_analyte, data["analytes"])),
        ageing=tuple(map(_ageing, data.get("ageing", []))),
        routes=MappingProxyType({each["name"]: _route(each) for each in data["routes"]}),
        refused_routes=MappingProxyType(dict(data.get("refused_routes", {}))),
        effect_sites=tuple(map(_effect_site, data.get("effect_sites", []))),
        validation=MappingProxyType(dict(data.get("validation", {}))),
        worked_examples=tuple(MappingProxyType(dict(each)) for each in data.get("worked_examples", [])),
        hash=content_hash,
    )


def _effect_site(each: Table) -> EffectSite:
    rate = float(each["ke0_per_min"]) if "ke0_per_min" in each else log(2) / float(each["half_time_min"])
    return EffectSite(rate, each["effect"], each["source"], each["verification"])


def _flow(each: Table) -> Flow:
    return Flow(
        each["from"],
        each.get("to"),
        each.get("rate"),
        each.get("clearance"),
        each.get("mean_time"),
        int(each.get("stages", 1)),
        each.get("fraction"),
    )


def _analyte(each: Table) -> Analyte:
    mass = each["molar_mass"][0] / each["molar_mass"][1] if "molar_mass" in each else 1.0
    return Analyte(each["name"], each["compartment"], mass, each.get("residual_proportional"))


def _ageing(each: Table) -> Ageing:
    return Ageing(
        each["name"],
        each["fed_by"],
        each["through"],
        each["clearance"],
        each["volume"],
        each["rise"],
        each.get("residual_proportional"),
    )


def _needed(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    needed: dict[str, None] = {}
    for each in parameters.values():
        needed.update(dict.fromkeys(name for name, _, _ in each.scale))
        needed.update(dict.fromkeys(name for name, _ in each.factors))
        needed.update(dict.fromkeys(name for name, _, _ in each.slopes))
    return tuple(needed)


def _parameter(name: str, table: Table) -> Parameter:
    unit = table["unit"]
    logit = "logit_sd" in table
    spread = float(table.get("omega2", 0.0)) + float(table.get("nu2", 0.0))
    words = [f"{key} {table[key]:g}" for key in ("omega2", "nu2", "cv_pct", "logit_sd") if key in table]
    if "cv_pct" in table:
        spread += log(1.0 + (float(table["cv_pct"]) / 100.0) ** 2)
    if logit:
        spread += float(table["logit_sd"]) ** 2
    factor = UNITS[unit]
    return Parameter(
        name=name,
        value=float(table["value"]) * factor,
        published=float(table["value"]),
        unit=unit,
        scale=tuple((e["with"], float(e["over"]), float(e["power"])) for e in table.get("scale", [])),
        factors=tuple((e["when"], float(e["times"])) for e in table.get("factors", [])),
        slopes=tuple((e["with"], float(e["above"]), float(e["adds"]) * factor) for e in table.get("slopes", [])),
        spread=spread,
        logit=logit,
        ceiling=table.get("ceiling"),
        spread_text=", ".join(words),
    )


def _correlation(each: Table, parameters: Mapping[str, Parameter]) -> tuple[str, str, float]:
    one, two = each["parameters"]
    if "covariance" in each:
        return one, two, float(each["covariance"])
    root = (parameters[one].spread * parameters[two].spread) ** 0.5
    return one, two, float(each["correlation"]) * root


def _route(each: Table) -> Route:
    later = each.get("later_doses")
    return Route(
        name=each["name"],
        parts=tuple(
            DoseRoute(part["into"], tuple(part.get("fraction", [])), part.get("over")) for part in each["parts"]
        ),
        later_doses=None
        if later is None
        else LaterDoses(later["parameter"], float(later["unit_mg"]), later["factor"], float(later["session_min"])),
        assumptions=tuple(each.get("assumptions", [])),
    )
