"""What must hold between the parts of a model file, once each part is well formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .layout import rising

if TYPE_CHECKING:
    from .model import Flow, Model, Route

Table = Mapping[str, Any]


def of_file(data: Table) -> Iterator[str]:
    """What is wrong between the entries of a file, before a model is made of it."""
    yield from _names_twice(data)
    yield from _of_population(data["population"])
    yield from _of_spread(data)
    for each in data.get("effect_sites", ()):
        if ("ke0_per_min" in each) == ("half_time_min" in each):
            yield f"effect_sites: {each['effect']}: needs one of ke0_per_min, half_time_min"
    if not any("volume" in each for each in data["compartments"]):
        yield "no compartment has a volume"
    columns = len(data.get("validation", {}).get("columns", ()))
    if any(len(each) != columns for each in data.get("validation", {}).get("rows", ())):
        yield "validation: a row has a value for each column"


def _names_twice(data: Table) -> Iterator[str]:
    for part in ("compartments", "analytes", "routes"):
        names = Counter(each["name"] for each in data[part])
        yield from (f"{part}: {name} stands twice" for name, times in names.items() if times > 1)


def _of_population(population: Table) -> Iterator[str]:
    for name, each in population.items():
        if isinstance(each, Mapping):
            yield from rising(f"population.{name}", each, "min", "max")
            yield from rising(f"population.{name}", each, "studied_min", "studied_max")
            if not each:
                yield f"population.{name} says no bound"


def _of_spread(data: Table) -> Iterator[str]:
    known = data["parameters"]
    for each in data.get("correlated", ()):
        yield from (f"correlated: {name} is no parameter" for name in each["parameters"] if name not in known)
        if ("covariance" in each) == ("correlation" in each):
            yield f"correlated: {' and '.join(each['parameters'])}: needs one of covariance, correlation"


def of_model(model: Model) -> Iterator[str]:
    """What of a model names another part of it that is not there, or cannot be."""
    for each in model.flows:
        yield from _flow_faults(model, each)
    yield from _volume_faults(model)
    yield from _of_ageing(model)
    yield from _unused(model)
    for route in model.routes.values():
        yield from _route_faults(model, route)
        yield from _later_dose_faults(model, route)
    for one, two, covariance in model.correlated:
        if covariance**2 > model.parameters[one].spread * model.parameters[two].spread:
            yield f"{one} and {two} correlate by more than 1"


def _volume_faults(model: Model) -> Iterator[str]:
    for analyte in model.analytes:
        if analyte.compartment not in model.volumes:
            yield f"{analyte.name}: its compartment has no volume"
    for name in model.volumes.values():
        if name not in model.parameters:
            yield f"{name} is no parameter"


def _flow_faults(model: Model, flow: Flow) -> Iterator[str]:
    words = f"flow {flow.source} to {flow.to}"
    if flow.source not in model.compartments or flow.to not in (None, *model.compartments):
        yield f"{words}: no such compartment"
    ways = [each for each in (flow.rate, flow.clearance, flow.mean_time) if each is not None]
    if len(ways) != 1:
        yield f"{words}: needs one of rate, clearance, mean_time"
    if flow.clearance is not None and flow.source not in model.volumes:
        yield f"{words}: a clearance needs a volume"
    for each in (*ways, *([flow.fraction] if flow.fraction else [])):
        if each not in model.parameters:
            yield f"{each} is no parameter"


def _route_faults(model: Model, route: Route) -> Iterator[str]:
    for part in route.parts:
        if part.into not in model.compartments:
            yield f"route {route.name}: no compartment {part.into}"
        for word in (*part.fraction, *([part.over] if part.over else [])):
            if word.removeprefix("1-") not in model.parameters:
                yield f"route {route.name}: {word} is no parameter"


def _of_ageing(model: Model) -> Iterator[str]:
    for each in model.ageing:
        if each.fed_by not in model.compartments:
            yield f"ageing: no compartment {each.fed_by}"
        for name in (each.through, each.clearance, each.volume, each.rise):
            if name not in model.parameters:
                yield f"ageing: {name} is no parameter"


def _later_dose_faults(model: Model, route: Route) -> Iterator[str]:
    if route.later_doses is None:
        return
    for name in (route.later_doses.parameter, route.later_doses.factor):
        if name not in model.parameters:
            yield f"route {route.name}: {name} is no parameter"


def _unused(model: Model) -> Iterator[str]:
    """A parameter that nothing names is a name misspelt somewhere."""
    flows = {name for each in model.flows for name in (each.rate, each.clearance, each.mean_time, each.fraction)}
    routes = {
        name
        for route in model.routes.values()
        for part in route.parts
        for name in (*(word.removeprefix("1-") for word in part.fraction), part.over)
    }
    later = {name for each in model.routes.values() if each.later_doses
             for name in (each.later_doses.parameter, each.later_doses.factor)}  # fmt: skip
    ageing = {name for each in model.ageing for name in (each.through, each.clearance, each.volume, each.rise)}
    named = flows | routes | later | ageing | {*model.volumes.values()}
    yield from (f"{name} is a parameter of nothing" for name in model.parameters if name not in named)
