"""What the rules of alarms, of calls and of plausible values hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from sojourn.clinical import alarms, calls
from sojourn.clinical.alarms.prepare import RISE, THRESHOLD
from sojourn.clinical.rule_kinds.kind import DRUG, LIMIT, ROUTE, TIMES, VITAL, Kind, Number, apart, may, plain
from sojourn.clinical.rules import OpenNumber, Parameter, Rule
from sojourn.clinical.shapes import some, table, word
from sojourn.clinical.vitals import vital

_PRIORITY: Final = word([each.value for each in alarms.Priority])


def _levels(rule: Rule) -> Iterator[str]:
    """As released, every limit of an alarm can be reached, and is tightened towards caution."""
    rises = rule.fact("comparison") in ("gt", "ge")
    limits = [rule.parameters[each.value] for each in alarms.Priority if each.value in rule.parameters]
    for each in limits:
        if each.tighten not in ("fixed", "lower" if rises else "higher"):
            yield f"{each.name} would loosen the rule when it goes {each.tighten}"
    for milder, graver in pairwise(limits):
        first, then = (milder, graver) if rises else (graver, milder)
        if not first.value < then.value:
            yield f"{milder.name} is never passed before {graver.name}"
    yield from _eased(rule)


def _eased(rule: Rule) -> Iterator[str]:
    eased = rule.fixed.get("eased")
    if (eased is None) != ("eased_within" not in rule.parameters):
        yield "eased and eased_within belong together"
    if eased is not None and (stray := [each for each in eased["of"] if each not in rule.fact("vitals")]):
        yield f"eased.of: {', '.join(stray)} is no vital sign of the rule"


def _escalation_rises(rule: Rule) -> Iterator[str]:
    waits = alarms.escalation(rule)
    if not waits:
        yield "it names no priority"
    for milder, graver in pairwise(each for each in alarms.Priority if each in waits):
        if waits[milder] < waits[graver]:
            yield f"{milder} waits less than {graver}"


_ALARM: Final = {"vitals": some(VITAL), "routes": some(ROUTE)}
_COMPARED: Final = {**_ALARM, "comparison": word(("gt", "ge", "lt", "le"))}
_SAYS: Final = ("phase", "priority", "events", "why")
_GIVEN: Final = ("readings", "vital", "shown", "until", "baseline")


@dataclass(frozen=True, slots=True)
class _Limit(Number):
    """A limit of an alarm: which way is stricter hangs on its comparison (see ``_levels``), how high on its unit."""

    def faults(self, found: Parameter | OpenNumber) -> Iterator[str]:
        yield from self.out_of_sense(found)


def _limits() -> dict[str, Number]:
    own: dict[str, Number] = {each.value: _Limit((), optional=True) for each in alarms.Priority}
    return own | {"sustained": may(*TIMES, way="lower"), "clear_margin": may(*LIMIT.units)}


def _plausible(rule: Rule) -> Iterator[str]:
    code = rule.fact("vital")
    if rule.id != f"plausible.{code}":
        yield f"vital is {code}, the rule is {rule.id}"
    for each in rule.parameters.values():
        if each.unit != vital(code).unit.code:
            yield f"{each.name}: {each.unit} is not the unit of {code}"
    yield from apart("low", "high")(rule)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        THRESHOLD: Kind(
            table(
                _COMPARED,
                {
                    "drugs": some(DRUG),
                    "eased": plain(of=some(VITAL), by=some(VITAL), to=_PRIORITY),
                },
            ),
            {**_limits(), "eased_within": may(*TIMES, way="lower")},
            _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None), _levels,
        ),
        RISE: Kind(
            table({**_COMPARED, "relative": word(("percent", "absolute"))}, {"drugs": some(DRUG)}),
            _limits(), _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None), _levels,
        ),
        alarms.SILENCE: Kind(
            table({**_ALARM, "priority": _PRIORITY}, {"drugs": some(DRUG)}), {"seconds": Number(TIMES, "lower")},
            _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None),
        ),
        alarms.FAULT: Kind(
            plain(priority=_PRIORITY), {}, _GIVEN, _SAYS, lambda rule: alarms.prepare(rule, None)
        ),
        alarms.ESCALATION: Kind(
            table({"routes": some(ROUTE)}, {"drugs": some(DRUG)}),
            {each.value: may(*TIMES, way="lower") for each in alarms.Priority},
            ("priority", "waited"), ("phase",), alarms.escalation, _escalation_rises,
        ),
        calls.ESCALATION: Kind(
            plain(), {"after": Number(TIMES, "lower")}, ("waited",), ("escalated",), calls.waits_at_most
        ),
        "plausibility": Kind(
            plain(vital=VITAL), dict.fromkeys(("low", "high"), Number(LIMIT.units, least=0)), ("value",),
            ("plausible",), laws=_plausible,
        ),
    }
)  # fmt: skip
