"""Which version of a rule acts, and how far a clinic's first start has come: by tables, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from sojourn.clinical import alarms, dosing, recovery
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook import first_start as walk
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.acting import acting
from sojourn.foundation.rulebook.first_start import FirstStart, first_start
from sojourn.foundation.rulebook.load import Book
from sojourn.foundation.rulebook.queries import RuleStatus
from sojourn.foundation.rulebook.release import entered

DAY = date(2026, 3, 3)
READ = replace(released_rulebook().rule("news2"), id="x", effective_from=DAY)  # acts by itself
REMEMBERED = replace(READ, verification="recalled")


@dataclass(frozen=True)
class Decision:
    version: int
    rule_hash: str = READ.hash
    parameters: Any = field(default_factory=dict)
    retired: bool = False


@pytest.mark.parametrize(
    ("versions", "decision", "day", "acts"),
    [
        ((1, 2), None, DAY, 2),
        ((1, 2), Decision(1), DAY, 1),
        ((1, 2), Decision(3), DAY, None),  # of a version that the book does not hold
        ((1, 2), Decision(2, rule_hash="another"), DAY, None),
        ((1, 2), Decision(1, parameters={"nothing": 1}), DAY, None),
        ((1, 2), Decision(1, retired=True), DAY, 2),
        ((1, 2), None, date(2026, 3, 2), None),  # the day before
        ((), None, DAY, None),
    ],
)
def test_which_version_acts(versions: tuple[int, ...], decision: Decision | None, day: date, acts: int | None):
    found = acting([replace(READ, version=each) for each in versions], decision, day)
    assert (found and found.version) == acts


def test_what_was_remembered_waits():
    assert acting([REMEMBERED], None, DAY) is None
    assert acting([READ, replace(REMEMBERED, version=2)], None, DAY) is None  # the newest says so
    later = replace(READ, version=2, effective_from=date(2026, 3, 4))
    assert acting([READ, later], None, DAY) == READ
    one = {("x", 1): READ, ("x", 2): later, ("y", 9): replace(READ, id="y", version=9)}
    book = Book(MappingProxyType(one), MappingProxyType({"x": later, "y": one["y", 9]}), "")
    assert [book.in_force("x", date(2026, 3, each)) for each in (2, 3, 4)] == [None, READ, later]
    assert (book.rule("x"), book.rule("x", 1)) == (later, READ)


def test_the_newest_version_is_the_highest():
    book = released_rulebook()
    assert {name: rule.version for name, rule in book.newest.items()} == {
        name: max(version for known, version in book.versions if known == name) for name, _ in book.versions
    }


def test_a_released_hash_is_never_written_anew():
    content, edited = entered(
        "# head\n", {("b", 1): "old", ("a", 1): "a1"}, {("b", 1): "new", ("b", 10): "b10", ("b", 2): "b2"}
    )
    assert content == '# head\n["a"]\n1 = "a1"\n\n["b"]\n1 = "old"\n2 = "b2"\n10 = "b10"\n'
    assert edited == ("b version 1",)


def standing(kind: str, rule_id: str, *, decided: bool, **fixed: object) -> RuleStatus:
    rule = replace(REMEMBERED, id=rule_id, kind=kind, fixed=MappingProxyType(fixed))
    return RuleStatus(rule, None, rule if decided else None)


def started(**decided: bool) -> FirstStart:
    """A clinic with one rule in each group that a dose needs; the floor and the alarm are of every way."""
    way = {"route": "iv", "drug": "ketamine"}
    return first_start(
        (
            standing("protocol", "protocols", decided=decided.get("protocols", True), **way),
            standing(HARD_FLOOR, "floors", decided=decided.get("floors", True)),
            standing(alarms.KINDS[0], "alarms", decided=decided.get("alarms", True), routes=("iv",)),
            standing(dosing.CEILING, "doses", decided=decided.get("doses", True), **way),
            standing(dosing.CEILING, "doses2", decided=decided.get("doses2", True), route="im", drug="ketamine"),
            standing("no such kind", "nowhere", decided=False),
        )
    )


@pytest.mark.parametrize("open_", ["protocols", "floors", "alarms", "doses"])
def test_what_is_open_withholds_every_dose(open_: str):
    here = started(**{open_: False})
    assert [each.code for each in here.withholds] == [open_]
    assert (here.is_done, here.groups_done) == (False, 3)
    assert here.next is not None
    assert here.next.newest.id == open_
    group = here.group(open_)
    assert group is not None
    assert (group.is_done, group.decided) == (False, 1 if open_ == "doses" else 0)
    assert here.group("nobody") is None
    assert here.numbers - here.numbers_decided == len(READ.numbers)


def test_what_is_decided_withholds_nothing():
    done = started()
    assert (done.is_done, done.withholds, done.next, done.groups_done) == (True, (), None, 4)
    assert [each.code for each in done.to_walk] == ["floors", "alarms", "protocols", "doses"]
    assert done.numbers == done.numbers_decided == 5 * len(READ.numbers)
    assert started(doses2=False).withholds == ()  # another way is open; this one is not
    assert not started(doses2=False).is_done


@pytest.mark.parametrize(
    ("open_", "after", "following"),
    [
        (("doses", "doses2"), "doses", "doses2"),
        (("doses", "doses2"), "doses2", "doses"),
        (("doses",), "doses", None),
        (("doses",), "doses2", "doses"),
        (("doses", "floors"), "floors", None),  # of the same group alone
        (("doses",), "nobody", None),
    ],
)
def test_which_comes_next_in_a_group(open_: tuple[str, ...], after: str, following: str | None):
    found = started(**dict.fromkeys(open_, False)).after(after)
    assert (found and found.newest.id) == following


def test_who_has_to_decide():
    def of(kind: str, rule: Rule = REMEMBERED) -> Rule:
        return replace(rule, kind=kind)

    assert walk.needs_a_decision(of("protocol"))
    assert not walk.needs_a_decision(of("score.recovery"))
    assert not walk.needs_a_decision(of("protocol", READ))
    assert not walk.needs_a_decision(of("recovery.signing"))
    assert recovery.KINDS
    taken_back = RuleStatus(of(HARD_FLOOR), object(), None)  # type: ignore[arg-type]
    assert walk.is_open(taken_back)
    assert not walk.is_open(replace(taken_back, newest=of("protocol")))
    assert not walk.is_open(RuleStatus(of(HARD_FLOOR), None, of(HARD_FLOOR)))
    waiting = RuleStatus(REMEMBERED, None, None)
    assert (waiting.waits, waiting.outdated) == (True, False)
    acts = RuleStatus(replace(READ, version=2), None, READ)
    assert (acts.waits, acts.outdated, replace(acts, newest=READ).outdated) == (False, True, False)
