"""What a clinic decides before its first dose, group by group; and how far it has come.

The state is the decisions themselves, so that whoever goes on finds what stands, whoever made it. No query: the
callers bring the standings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sojourn.clinical import alarms, calls, deadlines, dosing, eligibility, interactions, recovery
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.queries import RuleStatus

# The groups in the order in which they are walked, by the kinds of their rules: first what no dose is given without.
GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("floors", (HARD_FLOOR,)),
    ("alarms", (*alarms.KINDS, alarms.ESCALATION, calls.ESCALATION)),
    ("protocols", ("protocol",)),
    ("doses", dosing.KINDS),
    ("eligibility", (eligibility.KIND, eligibility.evidence.KIND)),
    ("interactions", (interactions.KIND,)),
    ("recovery", ("score.recovery", "recovery.signing", *recovery.KINDS)),
    ("danger", (deadlines.KIND,)),
)
# Used as they are, whatever a clinic decides: they add up what people enter, or put a signature off.
_USED_AS_THEY_ARE: Final = frozenset(("score.recovery", "recovery.signing"))
Way = tuple[str, str]  # route and drug


@dataclass(frozen=True, slots=True)
class FirstStartGroup:
    """One group as a clinic stands in it."""

    code: str
    standings: tuple[RuleStatus, ...]

    @property
    def to_decide(self) -> tuple[RuleStatus, ...]:
        """What a prescriber must have decided about, decided or not; the rest acts by itself."""
        return tuple(each for each in self.standings if needs_a_decision(each.newest))

    @property
    def open(self) -> tuple[RuleStatus, ...]:
        """What nobody has decided about yet."""
        return tuple(each for each in self.to_decide if is_open(each))

    @property
    def decided(self) -> int:
        return len(self.to_decide) - len(self.open)

    @property
    def is_done(self) -> bool:
        return not self.open

    @property
    def numbers(self) -> int:
        """How many numbers stand in what must be decided."""
        return sum(len(each.newest.numbers) for each in self.to_decide)

    @property
    def numbers_decided(self) -> int:
        return self.numbers - sum(len(each.newest.numbers) for each in self.open)


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The whole walk."""

    groups: tuple[FirstStartGroup, ...]

    @property
    def is_done(self) -> bool:
        """A prescriber has decided about everything."""
        return all(each.is_done for each in self.groups)

    @property
    def to_walk(self) -> tuple[FirstStartGroup, ...]:
        """The groups in which there is something to decide."""
        return tuple(each for each in self.groups if each.to_decide)

    @property
    def groups_done(self) -> int:
        return sum(each.is_done for each in self.to_walk)

    @property
    def numbers(self) -> int:
        return sum(each.numbers for each in self.groups)

    @property
    def numbers_decided(self) -> int:
        return sum(each.numbers_decided for each in self.groups)

    @property
    def next(self) -> RuleStatus | None:
        """Where to go on: the first rule that nobody has decided about."""
        return next((each for group in self.groups for each in group.open), None)

    @property
    def withholds(self) -> tuple[FirstStartGroup, ...]:
        """The groups for whose sake no dose at all, by no route, can be given yet."""
        protocols, ceilings = self._acting("protocol"), self._acting(dosing.CEILING)
        missing = {
            "floors": any(each.open for each in self.groups if each.code == "floors"),
            "alarms": all(self._has_open_alarm(way) for way in protocols & ceilings or protocols or self._every_way),
            "protocols": not protocols,
            "doses": not (protocols & ceilings if protocols else ceilings),
        }
        return tuple(each for each in self.groups if missing.get(each.code))

    def _acting(self, kind: str) -> frozenset[Way]:
        """The routes and drugs of what acts of a kind."""
        return frozenset(
            _way(each.acting) for each in self._rules if each.acting is not None and each.acting.kind == kind
        )

    def _has_open_alarm(self, way: Way) -> bool:
        return any(alarms.speaks_of(each.newest, *way) for group in self.groups for each in group.open)

    @property
    def _every_way(self) -> frozenset[Way]:
        return frozenset(_way(each.newest) for each in self._rules if each.newest.kind == "protocol")

    @property
    def _rules(self) -> Iterator[RuleStatus]:
        return (each for group in self.groups for each in group.standings)

    def group(self, code: str) -> FirstStartGroup | None:
        """The group of that code."""
        return next((each for each in self.groups if each.code == code), None)

    def after(self, rule_id: str) -> RuleStatus | None:
        """The next open rule of the same group after this one; from its beginning where none follows; None where the
        group has none other."""
        ids = [each.newest.id for group in self.groups if self._holds(group, rule_id) for each in group.to_decide]
        if rule_id not in ids:
            return None
        place = ids.index(rule_id)
        order = [*ids[place + 1 :], *ids[:place]]
        still = {each.newest.id: each for group in self.groups for each in group.open}
        return next((still[each] for each in order if each in still), None)

    @staticmethod
    def _holds(group: FirstStartGroup, rule_id: str) -> bool:
        return any(each.newest.id == rule_id for each in group.standings)


def _way(rule: Rule) -> Way:
    return str(rule.fact("route")), str(rule.fact("drug"))


def needs_a_decision(rule: Rule) -> bool:
    """A prescriber decides about it: it does not act by itself, nor is it used as it is."""
    return not rule.acts_without_adoption and rule.kind not in _USED_AS_THEY_ARE


def is_open(standing: RuleStatus) -> bool:
    """Nobody has decided about it; a number that no dose is given without also where it was taken back."""
    if standing.newest.kind == HARD_FLOOR:
        return standing.acting is None
    return standing.waits


def first_start(standings: Iterable[RuleStatus]) -> FirstStart:
    """The walk of a clinic, from all of its standings."""
    found: dict[str, list[RuleStatus]] = {code: [] for code, _kinds in GROUPS}
    placed = {kind: code for code, kinds in GROUPS for kind in kinds}
    for each in standings:
        if (code := placed.get(each.newest.kind)) is not None:
            found[code].append(each)
    return FirstStart(tuple(FirstStartGroup(code, tuple(rules)) for code, rules in found.items()))
