"""Hands a scenario the rules that act in its clinic: the rulebook as it ships, no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from sojourn.clinical import alarms, eligibility, recovery
from sojourn.clinical.dosing import in_force
from sojourn.clinical.eligibility import evidence
from sojourn.clinical.protocol import Protocol, floors_of
from sojourn.clinical.protocol import read as read_protocol
from sojourn.clinical.replay import LAWS, Clinic, RulesOfClinic, Scenario, UnknownRule, loosened
from sojourn.clinical.replay.laws import CannotLoosen, step_of
from sojourn.clinical.replay.scenario import ALARM_SAYS, ScenarioEntry
from sojourn.clinical.rules import Loosened, Rule, Verification, tighten
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.rulebook.acting import acting
from sojourn.foundation.rulebook.load import prepared, released_rulebook

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class _Adopted:
    """A clinic of a scenario adopted the newest version of a rule, with its own numbers."""

    version: int
    rule_hash: str
    parameters: Mapping[str, Any]
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Loosening:
    """A number of a rule to be loosened by one step; "" where the rule as a whole is left out."""

    rule_id: str
    parameter: str

    @property
    def words(self) -> str:
        """What is loosened, and to what."""
        rule = released_rulebook().rule(self.rule_id)
        if not self.parameter:
            return f"{self.rule_id} is left out"
        if self.parameter == "schedule":
            return f"{self.rule_id}: each check comes a minute later"
        known = rule.parameters.get(self.parameter)
        if known is None:
            unstated = rule.open[self.parameter]
            return f"{self.rule_id}.{self.parameter}: as stated, loosened by {step_of(unstated):+g} {unstated.unit}"
        return f"{self.rule_id}.{self.parameter}: {known.value:g} {known.unit}, loosened by {step_of(known):+g}"


def rules_of(scenario: Scenario, loosening: Loosening | None = None) -> RulesOfClinic:
    """What acts in the clinic of a scenario on its day. Raises UnknownRule or RuleInvalid."""
    known = released_rulebook()
    _must_be_a_protocol(scenario)
    acts = _acting(scenario.name, scenario.clinic, scenario.starts_at.date())
    if loosening is not None:
        acts[loosening.rule_id] = _loose(acts[loosening.rule_id], loosening)
    pairs = [(known.rule(rule_id), rule) for rule_id, rule in acts.items()]
    own = acts[scenario.protocol_id]
    protocol = read_protocol(own or known.rule(scenario.protocol_id))
    adopted = [rule for rule in acts.values() if rule is not None]
    agree = acts["dose.chair"] or known.rule("dose.chair")
    return RulesOfClinic(
        protocol=protocol,
        protocol_adopted=own is not None,
        doses=in_force(pairs),
        eligibility=tuple(_read_all(eligibility.KIND, eligibility.read, pairs)),
        evidence=tuple(_read_all(evidence.KIND, evidence.read, pairs)),
        alarms=prepared(adopted, _escalation(adopted, protocol.route), protocol.route, protocol.drug),
        alarms_waiting=tuple(_waiting(pairs, protocol, loosening)),
        floors=floors_of(pairs),
        plausible=MappingProxyType({code: known.plausibility(code) for code in VITALS}),
        agree_percent=agree.number("agree"),
        leaving=recovery.read_leaving(adopted, protocol.route),
        scales=MappingProxyType({each: recovery.read(known.rule(each)) for each in recovery.SCALES}),
    )


def _must_be_a_protocol(scenario: Scenario) -> None:
    rule = released_rulebook().newest.get(scenario.protocol_id)
    if rule is None or rule.kind != "protocol":
        raise UnknownRule(f"{scenario.name}: there is no protocol {scenario.protocol_id}")


def _escalation(adopted: Sequence[Rule], route: str) -> Rule | None:
    """The rule that says how an alarm nobody answers goes on, for this route."""
    return next((each for each in adopted if each.kind == alarms.ESCALATION and route in each.fact("routes")), None)


def _read_all(kind: str, read: Callable[..., K], pairs: Sequence[tuple[Rule, Rule | None]]) -> Iterator[K]:
    """The rules of one kind: as the clinic has adopted them, else the newest, which does not act."""
    for newest, rule in pairs:
        if newest.kind == kind:
            yield read(rule or newest, adopted=rule is not None)


def _waiting(
    pairs: Sequence[tuple[Rule, Rule | None]], protocol: Protocol, loosening: Loosening | None
) -> Iterator[str]:
    """The alarms for this route and drug that wait for adoption, by title."""
    loose = None if loosening is None else loosening.rule_id
    for newest, rule in pairs:
        if rule is None and alarms.speaks_of(newest, protocol.route, protocol.drug) and newest.id != loose:
            yield newest.title


def _acting(name: str, clinic: Clinic, day: date) -> dict[str, Rule | None]:
    """Every rule as it acts in a clinic, by id; None where it does not."""
    newest = released_rulebook().newest
    for rule_id in (*(clinic.adopted or ()), *clinic.own_numbers):
        if rule_id not in newest:
            raise UnknownRule(f"{name}: clinic: there is no rule {rule_id}")
    versions: dict[str, list[Rule]] = {}
    for rule in sorted(released_rulebook().versions.values(), key=lambda each: each.version):
        versions.setdefault(rule.id, []).append(rule)
    found: dict[str, Rule | None] = {}
    for rule_id, rule in newest.items():
        numbers = clinic.own_numbers.get(rule_id, {})
        if isinstance(own := tighten(rule, numbers), Loosened):
            raise UnknownRule(f"{name}: clinic: own_numbers: {rule_id}: {'; '.join(own.reasons)}")
        is_adopted = clinic.adopted is None or rule_id in clinic.adopted
        decision = _Adopted(rule.version, rule.hash, numbers) if is_adopted else None
        found[rule_id] = acting(versions[rule_id], decision, day)
    return found


def _loose(rule: Rule | None, loosening: Loosening) -> Rule | None:
    if not loosening.parameter or rule is None:
        return None
    return loosened(rule, loosening.parameter)


def loosening_of(name: str) -> Loosening:
    """What ``--loosen`` names: "RULE.parameter", or a rule without numbers. Raises UnknownRule."""
    newest = released_rulebook().newest
    if name in newest:
        if newest[name].kind == "protocol" or newest[name].parameters or newest[name].open:
            raise UnknownRule(f"{name}: say which number: {_numbers(newest[name])}")
        return Loosening(name, "")
    rule_id, _point, parameter = name.rpartition(".")
    if rule_id not in newest:
        raise UnknownRule(f"there is no rule {name}; see docs/clinical/rulebook.md")
    if parameter in newest[rule_id].open:
        return Loosening(rule_id, parameter)
    try:
        loosened(newest[rule_id], parameter)
    except CannotLoosen as wrong:
        raise UnknownRule(f"{name}: {wrong}") from None
    return Loosening(rule_id, parameter)


def _numbers(rule: Rule) -> str:
    names = (*rule.parameters, *rule.open, *(("schedule",) if "schedule" in rule.fixed else ()))
    return ", ".join(f"{rule.id}.{name}" for name in names)


def is_law(name: str) -> bool:
    """Whether an expected line rests on a law that is code, and no number of a rule."""
    kind, _point, rest = name.partition(".")
    return rest in LAWS.get(kind, ())


def marks_of(scenario: Scenario) -> Mapping[str, Verification]:
    """How far each number that the expected lines name has been checked: the rulebook's mark, by the line's own words.
    A law that is code has none."""
    found: dict[str, Verification] = {}
    for line in (line for entry in scenario.timeline for line in entry.expect if not is_law(line.rule)):
        named = loosening_of(line.rule)
        rule = released_rulebook().rule(named.rule_id)
        number = rule.parameters.get(named.parameter) or rule.open.get(named.parameter)
        found[line.rule] = rule.verification if number is None else number.verification
    return found


def unknown_names(scenario: Scenario) -> tuple[str, ...]:
    """What the timeline names and nobody knows, in words: rules that are neither a law nor can be loosened, alarms,
    items of the protocol and of its scores."""
    wrong = []
    for number, entry in enumerate(scenario.timeline, 1):
        where = f"{scenario.name}: timeline {number} ({entry.does})"
        wrong += [f"{where}: {each}" for each in (*_unknown_of(scenario, entry), *_unknown_rules(entry))]
    return tuple(wrong)


def _unknown_rules(entry: ScenarioEntry) -> Iterator[str]:
    for line in entry.expect:
        if line.says in ALARM_SAYS:
            yield from _no_alarm(str(line.value))
        if is_law(line.rule):
            continue
        try:
            loosening_of(line.rule)
        except UnknownRule as why:
            yield f"rule: {why}"


def _unknown_of(scenario: Scenario, entry: ScenarioEntry) -> Iterator[str]:
    if entry.does == "acknowledge":
        yield from _no_alarm(entry.values["alarm"])
    if entry.does != "check":
        return
    rule = released_rulebook().newest.get(scenario.protocol_id)
    parts = {} if rule is None else {part: rule.fixed.get(part, ()) for part in ("checklist", "discharge")}
    items = {*parts, "companion_here", *(item["id"] for part in parts.values() for item in part)}
    named = (*entry.values["passed"], *entry.values["failed"])
    yield from (f"there is no item {each}" for each in named if each not in items)
    for scale_id, said in entry.values["scores"].items():
        known = {each.id for each in recovery.read(released_rulebook().rule(scale_id)).items}
        stray = sorted(set(said) - known) if isinstance(said, dict) else ()
        yield from (f"{scale_id}: {each} is no item of it" for each in stray)


def _no_alarm(rule_id: str) -> Iterator[str]:
    rule = released_rulebook().newest.get(rule_id)
    if rule is None or not rule.kind.startswith("alarm."):
        yield f"there is no alarm {rule_id}"
