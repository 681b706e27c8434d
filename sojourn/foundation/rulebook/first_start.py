"""What a clinic decides before its first dose, group by group; and how far it has come.

The state is the decisions themselves, so that whoever goes on finds what stands, whoever made it. No query: the
callers bring the standings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sojourn.clinical import alarms, dosing, eligibility, interactions
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.queries import Standing

# The groups in the order in which they are walked, by the kinds of their rules: first what no dose is given without.
GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("floors", (HARD_FLOOR,)),
    ("alarms", (*alarms.KINDS, alarms.ESCALATION)),
    ("protocols", ("protocol",)),
    ("doses", dosing.KINDS),
    ("eligibility", (eligibility.KIND, eligibility.evidence.KIND)),
    ("interactions", (interactions.KIND,)),
    ("recovery", ("score.recovery", "recovery.signing", "recovery.floor")),
)
# Used as they are, whatever a clinic decides: they add up what people enter, or put a signature off.
_USED_AS_THEY_ARE: Final = frozenset(("score.recovery", "recovery.signing"))
# Of these kinds one that acts is enough for a dose: a clinic that has no use for a route decides so when it likes.
_ONE_IS_ENOUGH: Final[Mapping[str, str]] = MappingProxyType({"protocols": "protocol", "doses": dosing.CEILING})


@dataclass(frozen=True, slots=True)
class Group:
    """One group as a clinic stands in it."""

    code: str
    standings: tuple[Standing, ...]

    @property
    def to_decide(self) -> tuple[Standing, ...]:
        """What a prescriber must have decided about, decided or not; the rest acts by itself."""
        return tuple(each for each in self.standings if needs_a_decision(each.newest))

    @property
    def open(self) -> tuple[Standing, ...]:
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

    groups: tuple[Group, ...]

    @property
    def is_done(self) -> bool:
        """A prescriber has decided about everything."""
        return all(each.is_done for each in self.groups)

    @property
    def to_walk(self) -> tuple[Group, ...]:
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
    def next(self) -> Standing | None:
        """Where to go on: the first rule that nobody has decided about."""
        return next((each for group in self.groups for each in group.open), None)

    @property
    def withholds(self) -> tuple[Group, ...]:
        """The groups for whose sake no dose at all can be given yet."""
        return tuple(each for each in self.groups if self._withholds(each))

    def _withholds(self, group: Group) -> bool:
        if group.code in _ONE_IS_ENOUGH:
            kinds = _ONE_IS_ENOUGH[group.code]
            return not any(each.acting is not None for each in group.standings if each.newest.kind == kinds)
        if group.code == "alarms":
            return any(alarms.speaks_of(each.newest, *way) for each in group.open for way in self._ways)
        return group.code == "floors" and not group.is_done

    @property
    def _ways(self) -> Iterator[tuple[str, str]]:
        """The routes and drugs of the protocols that act; of all protocols while none does."""
        known = [each for group in self.groups for each in group.standings if each.newest.kind == "protocol"]
        acting = [each for each in known if each.acting is not None]
        yield from ((str(each.newest.fact("route")), str(each.newest.fact("drug"))) for each in acting or known)

    def group(self, code: str) -> Group | None:
        """The group of that code."""
        return next((each for each in self.groups if each.code == code), None)

    def after(self, rule_id: str) -> Standing | None:
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
    def _holds(group: Group, rule_id: str) -> bool:
        return any(each.newest.id == rule_id for each in group.standings)


def needs_a_decision(rule: Rule) -> bool:
    """A prescriber decides about it: it does not act by itself, nor is it used as it is."""
    return not rule.acts_without_adoption and rule.kind not in _USED_AS_THEY_ARE


def is_open(standing: Standing) -> bool:
    """Nobody has decided about it; a number that no dose is given without also where it was taken back."""
    if standing.newest.open:
        return standing.acting is None
    return standing.waits


def first_start(standings: Iterable[Standing]) -> FirstStart:
    """The walk of a clinic, from all of its standings."""
    found: dict[str, list[Standing]] = {code: [] for code, _kinds in GROUPS}
    placed = {kind: code for code, kinds in GROUPS for kind in kinds}
    for each in standings:
        if (code := placed.get(each.newest.kind)) is not None:
            found[code].append(each)
    return FirstStart(tuple(Group(code, tuple(rules)) for code, rules in found.items()))
