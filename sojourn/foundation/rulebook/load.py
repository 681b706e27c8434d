"""The rulebook: every rule that ships, read once from the files beside this module.

Reading needs no database and no Django settings, so that ``sojourn rulebook check`` works anywhere.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from sojourn.clinical import alarms, interactions, raising, rule_kinds, worked
from sojourn.clinical.protocol import Protocol
from sojourn.clinical.protocol import read as read_protocol
from sojourn.clinical.rules import Rule, RuleInvalid, parse_rule
from sojourn.clinical.shapes import by
from sojourn.clinical.shapes import text as text_of
from sojourn.clinical.vitals import VITALS, UnknownVital
from sojourn.foundation.rulebook import overtaken, references
from sojourn.foundation.rulebook.medicines_sound import faults as _medicine_faults
from sojourn.foundation.rulebook.scales import scales

_PACKAGE = "sojourn.foundation.rulebook"
_FOLDERS = ("rules", "protocols")
RELEASED = "RELEASED.toml"


@dataclass(frozen=True, slots=True)
class Book:
    """All released versions of all rules. ``hash`` is of all their hashes, and so names the whole book."""

    versions: Mapping[tuple[str, int], Rule]
    newest: Mapping[str, Rule]
    hash: str

    def rule(self, rule_id: str, version: int | None = None) -> Rule:
        """The newest version of a rule, or the one asked for; raises KeyError."""
        return self.newest[rule_id] if version is None else self.versions[rule_id, version]

    def in_force(self, rule_id: str, day: date) -> Rule | None:
        """The newest version that is in effect on ``day``."""
        ready = [each for (known, _), each in self.versions.items() if known == rule_id and each.effective_from <= day]
        return max(ready, key=lambda each: each.version, default=None)

    def of_kind(self, *kinds: str) -> tuple[Rule, ...]:
        """The newest rules of some kinds, in the order of the files."""
        return tuple(each for each in self.newest.values() if each.kind in kinds)

    def escalation(self, route: str) -> Rule | None:
        """The rule that says how long an alarm may wait on this route."""
        return next((each for each in self.of_kind(alarms.ESCALATION) if route in each.fact("routes")), None)

    def alarm_rules(self, route: str, drug: str | None = None) -> tuple[alarms.AlarmRule, ...]:
        """The alarms of a route ("iv", "im", "sc", "in", "sl", "oral") with the numbers as released.

        A rule that is only for some drugs is left out when ``drug`` is another. Whether a clinic has adopted
        the rules is not asked here: see ``queries.alarm_rules``.
        """
        return prepared(self.of_kind(*alarms.KINDS), self.escalation(route), route, drug)

    def plausibility(self, vital: str) -> Rule:
        """The plausibility rule of a vital sign; raises UnknownVital."""
        if vital not in VITALS:
            raise UnknownVital(vital)
        return self.rule(f"plausible.{vital}")

    def protocol(self, protocol_id: str) -> Protocol:
        """A protocol, with the numbers as released; raises KeyError."""
        return read_protocol(self.rule(protocol_id))

    def protocols(self) -> tuple[Protocol, ...]:
        """Every protocol, in the order of the files."""
        return tuple(read_protocol(each) for each in self.of_kind("protocol"))


def prepared(
    rules: Iterable[Rule], escalates: Rule | None, route: str, drug: str | None = None
) -> tuple[alarms.AlarmRule, ...]:
    """The judging rules of a route and drug from some alarm rules, one for each vital sign."""
    return tuple(
        ready
        for rule in rules
        if rule.kind in alarms.KINDS
        and route in rule.fact("routes")
        and (drug is None or drug in rule.fixed.get("drugs", (drug,)))
        for ready in alarms.prepare(rule, escalates)
    )


def _files() -> list[tuple[str, str]]:
    """(name, text) of every rule file, in a fixed order."""
    found: list[tuple[str, str]] = []
    for folder in _FOLDERS:
        for each in sorted(resources.files(_PACKAGE).joinpath(folder).iterdir(), key=lambda file: file.name):
            if each.name.endswith(".toml") and each.name != RELEASED:
                found.append((f"{folder}/{each.name}", each.read_text(encoding="utf-8")))
    return found


@lru_cache(maxsize=1)
def released_rulebook() -> Book:
    """The rulebook; raises RuleInvalid when a file is wrong. Cached: the files are part of the program."""
    return bind(_files())


def bind(files: Iterable[tuple[str, str]]) -> Book:
    """A rulebook from (name, TOML text) pairs; raises RuleInvalid."""
    versions: dict[tuple[str, int], Rule] = {}
    newest: dict[str, Rule] = {}
    for name, text in files:
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise RuleInvalid(f"{name}: {wrong}") from wrong
        if set(tables) != {"rule"}:
            raise RuleInvalid(f"{name}: a rule file holds [[rule]] tables and nothing else")
        if not isinstance(tables["rule"], list):
            raise RuleInvalid(f"{name}: a rule is written [[rule]]")
        for table in tables["rule"]:
            rule = _read(name, table)
            if (rule.id, rule.version) in versions:
                raise RuleInvalid(f"{name}: {rule.id} version {rule.version} stands twice")
            versions[rule.id, rule.version] = rule
            if rule.id not in newest or newest[rule.id].version < rule.version:
                newest[rule.id] = rule
    lines = "\n".join(f"{rule.id} {rule.version} {rule.hash}" for _key, rule in sorted(versions.items()))
    return Book(MappingProxyType(versions), MappingProxyType(newest), hashlib.sha256(lines.encode()).hexdigest())


def _read(name: str, table: Mapping[str, Any]) -> Rule:
    """A rule from its table in a file, sound in itself; raises RuleInvalid, which names the file and the rule."""
    try:
        rule = parse_rule(table)
    except RuleInvalid as wrong:
        raise RuleInvalid(f"{name}: {wrong}") from wrong
    if wrong_ones := rule_kinds.faults(rule):
        raise RuleInvalid(f"{name}: {rule.id} version {rule.version}: " + "; ".join(wrong_ones))
    return rule


def released() -> Mapping[tuple[str, int], str]:
    """The hashes of released versions, from RELEASED.toml: a released version is never edited."""
    return read_released(resources.files(_PACKAGE).joinpath("rules", RELEASED).read_text(encoding="utf-8"))


def read_released(text: str, name: str = RELEASED) -> Mapping[tuple[str, int], str]:
    """The hashes of a file of released versions; raises RuleInvalid, which names the file and what is wrong in it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise RuleInvalid(f"{name}: {wrong}") from wrong
    if wrong_ones := list(_RELEASED_SHAPE(name, tables)):
        raise RuleInvalid("; ".join(wrong_ones))
    return {(name, int(version)): each for name, row in tables.items() for version, each in row.items()}


def _version(place: str, value: Any) -> Iterator[str]:
    if not value.isdecimal() or value.startswith("0"):
        yield f"{place} is no version"


def _hash(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{64}", value) is None:
        yield f"{place} is no hash"


_RELEASED_SHAPE = by(text_of, by(_version, _hash))


def check() -> tuple[str, ...]:
    """Everything that is wrong with the rulebook; empty when it is sound.

    Reads every file, runs every worked example, looks for vital signs without bounds, and compares each
    version with the hash under which it was released.
    """
    try:
        whole = bind(_files())
        questionnaires = scales()
    except RuleInvalid as wrong:
        return (str(wrong),)
    wrong_ones: list[str] = []
    for rule in whole.versions.values():
        wrong_ones += rule_faults(rule)
        wrong_ones += overtaken.faults(rule, newest=whole.newest[rule.id] is rule)
    for rule in whole.of_kind(raising.KIND):
        wrong_ones += [f"{rule.id}: {each}" for each in references.checks(rule, whole.protocols())]
    wrong_ones += _medicine_faults(whole.of_kind(interactions.KIND))
    wrong_ones += [f"{code}: no plausibility rule" for code in VITALS if f"plausible.{code}" not in whole.newest]
    for each in questionnaires:
        wrong_ones += worked.run_scale(each)
    versions = {**whole.versions, **{(each.rule.id, each.version): each.rule for each in questionnaires}}
    return (*wrong_ones, *_unlike_released(versions))


def rule_faults(rule: Rule) -> tuple[str, ...]:
    """What is wrong with a rule that was read: no example, one that does not come out, a reference to nothing."""
    wrong_ones = [] if rule.examples else [f"{rule.id}: no worked example"]
    try:
        wrong_ones += worked.run(rule, overtaken.OVERTAKEN.get((rule.id, rule.version), ()))
    except (RuleInvalid, UnknownVital) as wrong:
        wrong_ones.append(str(wrong))
    return (*wrong_ones, *(f"{rule.id}: {each}" for each in references.faults(rule)))


def _unlike_released(versions: Mapping[tuple[str, int], Rule]) -> Iterator[str]:
    """Where a version is not what was released under its number."""
    known = released()
    for key, rule in versions.items():
        if key not in known:
            yield f"{rule.id} version {rule.version}: not in {RELEASED} yet"
        elif known[key] != rule.hash:
            yield f"{rule.id} version {rule.version}: edited after its release; write a new version"
    yield from (
        f"{name} version {number}: released, but gone" for name, number in known if (name, number) not in versions
    )
