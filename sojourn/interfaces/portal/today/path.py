"""Where a patient is on the way, from what exists: no stage is ever set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Standing = Literal["done", "now", "ahead"]
STAGES = ("consultation", "plan", "preparation", "sessions", "integration", "follow_up")


@dataclass(frozen=True, slots=True)
class JourneyFacts:
    """What the record holds. ``sessions_done``: sessions of the course with a dose given, that are over."""

    has_course: bool = False
    course_ended: bool = False
    booked: bool = False
    in_session: bool = False
    sessions_done: int = 0
    sessions_planned: int = 0
    decision: str = ""  # the kind of the clinic's newest answer, "" for none


@dataclass(frozen=True, slots=True)
class Stage:
    code: str
    label: str
    note: str
    standing: Standing

    @property
    def icon(self) -> str:
        return {"done": "circle-check", "now": "footprints", "ahead": "circle-dashed"}[self.standing]


def here(facts: JourneyFacts) -> str:
    """The code of the stage that is now."""
    if not facts.has_course:
        return "consultation"
    if facts.course_ended:
        return "follow_up"
    if facts.in_session or 0 < facts.sessions_done < facts.sessions_planned:
        return "sessions"
    if facts.sessions_done:
        return "integration"
    return "preparation" if facts.booked else "plan"


def stages(facts: JourneyFacts) -> list[Stage]:
    """All stages in their order, with one sentence on the one that is now."""
    at = STAGES.index(here(facts))
    labels = {
        "consultation": _("First talk"),
        "plan": _("Your plan"),
        "preparation": _("Getting ready"),
        "sessions": _sessions(facts),
        "integration": _("Making sense of it"),
        "follow_up": _("Staying well"),
    }
    notes = {
        "consultation": _answered(facts.decision),
        "plan": _("Your plan is written. Next, the clinic books your first session with you."),
        "preparation": _("Your first session is booked. Your care team helps you get ready for it."),
        "sessions": _("You are in the middle of your sessions."),
        "integration": _("All planned sessions are done. Now you talk about what they mean for your days."),
        "follow_up": _("Your course has ended. The clinic still looks after you from time to time."),
    }
    return [
        Stage(
            code,
            labels[code],
            notes[code] if number == at else "",
            "done" if number < at else "now" if number == at else "ahead",
        )
        for number, code in enumerate(STAGES)
    ]


def _answered(decision: str) -> str:
    """What the first stage says, by the clinic's answer."""
    if decision in ("accept", "accept_with_conditions"):
        return _("Your care team says that this treatment can fit you. Next, you make a plan together.")
    if decision == "defer":
        return _("Something is needed first. Then your care team looks again.")
    if decision == "decline":
        return _("Your care team has an answer for you, and other ways to go on.")
    return _("You and your care team find out if this treatment fits you.")


def _sessions(facts: JourneyFacts) -> str:
    if not facts.sessions_planned:
        return _("Sessions")
    if not facts.sessions_done:
        return ngettext("%(n)d session", "%(n)d sessions", facts.sessions_planned) % {"n": facts.sessions_planned}
    return _("Sessions: %(done)d of %(planned)d") % {
        "done": facts.sessions_done,
        "planned": max(facts.sessions_planned, facts.sessions_done),
    }
