"""The law by jurisdiction is dated: a page of law says when it was read, when to read it again, and what ends when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from sojourn.clinical.rules import Rule, RuleInvalid

KIND: Final = "jurisdiction"
Stale = Literal["lapsed", "review"]

TEXTS: Final = ("schedule", "who_may_prescribe", "at_home", "esketamine", "records", "key_points", "fact_base")
NOTHING_SAID: Final = "-"


@dataclass(frozen=True, slots=True)
class Ending:
    """Something in the law that is known to end: the last day on which it holds."""

    what: str
    on: date


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What was read about the law of one place. ``code`` is ISO 3166 ("US", "US-CA", "GB"). ``proposed``: it stands
    there to be filled, since nobody has read that law yet."""

    rule: Rule
    code: str
    as_of: date
    review_on: date
    ends: tuple[Ending, ...]
    proposed: bool = False

    def text(self, part: str) -> str:
        """One of "schedule", "who_may_prescribe", "at_home", "esketamine", "records", "key_points"."""
        return str(self.rule.fact(part))

    def stale(self, day: date) -> tuple[Stale, ...]:
        """Why the page is not to be relied on that day without reading the law again; empty while it is good."""
        found: list[Stale] = []
        if any(each.on < day for each in self.ends):
            found.append("lapsed")
        if self.review_on < day:
            found.append("review")
        return tuple(found)


def read(rule: Rule) -> Jurisdiction:
    """A page of law from its data; raises RuleInvalid, naming what is wrong."""
    as_of = rule.fact("as_of")
    ends = rule.fixed.get("ends", ())
    if rule.kind != KIND or type(as_of) is not date:
        raise RuleInvalid(f"{rule.id}: as_of must be a day")
    if any(type(each.get("on")) is not date or not each.get("what") for each in ends):
        raise RuleInvalid(f"{rule.id}: what ends needs a name and a day")
    if empty := [part for part in TEXTS if not isinstance(rule.fact(part), str)]:
        raise RuleInvalid(f"{rule.id}: {', '.join(empty)} must be a text")
    if extra := sorted(set(rule.fixed) - {*TEXTS, "code", "as_of", "ends", "proposed"}):
        raise RuleInvalid(f"{rule.id}: {', '.join(extra)} is not a part of a page of law")
    return Jurisdiction(
        rule=rule,
        code=str(rule.fact("code")),
        as_of=as_of,
        review_on=as_of + timedelta(days=rule.number("review_after")),
        ends=tuple(Ending(str(each["what"]), each["on"]) for each in ends),
        proposed=bool(rule.fixed.get("proposed", False)),
    )
