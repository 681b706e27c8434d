"""The one road to a dose: what must have been decided, agreed and signed, and still hold, before a milligram goes in.

The rooms that keep decisions, agreements and plans say how they stand; here that becomes reasons against a dose step.
None of these is set aside at the chair: each is put right where it is signed. No number stands in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from sojourn.clinical.eligibility import DayReason
from sojourn.clinical.protocol.guards import GuardReason


@dataclass(frozen=True, slots=True)
class Agreement:
    """One document that the drug and route need. ``missing`` says why it does not stand, empty where it does."""

    id: str
    title: str
    missing: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class SignedPlan:
    """The version of the plan in force. ``planned`` sessions; ``given`` before this one; days of review and end."""

    drug: str
    route: str
    planned: int
    given: int
    review_on: date | None = None
    review_after: int | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Papers:
    """What stands for this drug by this route at this moment. ``decision``: why the acceptance does not hold, in words,
    empty where it does; ``plan`` None where nobody has signed one."""

    drug: str
    route: str
    decision: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    plan: SignedPlan | None


TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "decision": "The decision about treatment does not hold: {why}",
        "agreement": "Not agreed: {title}. {why}",
        "consent-withdrawn": "The patient has withdrawn: {title}.",
        "plan-missing": "No prescriber has signed a plan for this course.",
        "plan-other": "The signed plan is for another drug or route than this session.",
        "plan-ended": "The course has ended.",
        "plan-used-up": "All {planned} sessions of the signed plan have been given.",
        "plan-review": "The plan was to be reviewed after {given} sessions, and has not been signed again since.",
        "plan-review-day": "The plan was to be reviewed on {day}, and has not been signed again since.",
        "today": "{title}. {advice}",
        "today-medicines": "{names} – {title}, new or changed since the decision. {advice}",
        "other-session": "Another session of this person has a dose under way. It must be over first.",
        "ketamine-otherwise": (
            "{name} was written down as another medicine in the last 24 hours. Strike it if that was an error; with it"
            " no dose is given."
        ),
    }
)


def of_the_day(reasons: Iterable[DayReason]) -> Iterator[GuardReason]:
    """What the rules say against a dose today, as reasons against a step."""
    for each in reasons:
        values: dict[str, str | float] = {"title": each.title, "advice": each.advice}
        if each.medicines:
            yield GuardReason(
                each.code, TEXTS["today-medicines"], each.override, values | {"names": ", ".join(each.medicines)}
            )
        else:
            yield GuardReason(each.code, TEXTS["today"], each.override, values)


def given_otherwise(other_session: bool, names: Iterable[str]) -> Iterator[GuardReason]:
    """What goes in or went in beside the doses of the plan: a dose under way in another session of this person, and
    ketamine that was charted among the other medicines (``names``)."""
    if other_session:
        yield _never("other-session")
    for name in names:
        yield _never("ketamine-otherwise", name=name)


def against(papers: Papers, today: date) -> Iterator[GuardReason]:
    """Every reason for which no dose may begin, go on or grow. Empty where the road is free."""
    for number, why in enumerate(papers.decision):
        yield _never("decision", str(number), why=why)
    for each in papers.agreements:
        if each.withdrawn:
            yield _never("consent-withdrawn", each.id, title=each.title)
        elif each.missing:
            yield _never("agreement", each.id, title=each.title, why=each.missing)
    yield from _plan(papers, today)


def _plan(papers: Papers, today: date) -> Iterator[GuardReason]:
    plan = papers.plan
    if plan is None:
        yield _never("plan-missing")
        return
    if (plan.drug, plan.route) != (papers.drug, papers.route):
        yield _never("plan-other")
    if plan.ended_on is not None and plan.ended_on <= today:
        yield _never("plan-ended")
    elif plan.given >= plan.planned:
        yield _never("plan-used-up", planned=plan.planned)
    elif plan.review_after is not None and plan.given >= plan.review_after:
        yield _prescriber("plan-review", given=plan.given)
    elif plan.review_on is not None and plan.review_on < today:
        yield _prescriber("plan-review-day", day=plan.review_on.isoformat())


def _never(stem: str, detail: str = "", **values: str | float) -> GuardReason:
    return GuardReason(f"{stem}:{detail}" if detail else stem, TEXTS[stem], "never", values)


def _prescriber(stem: str, **values: str | float) -> GuardReason:
    return GuardReason(stem, TEXTS[stem], "prescriber", values)
