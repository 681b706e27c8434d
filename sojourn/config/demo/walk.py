"""Somebody on the way from first contact to a signed plan, step by step on days that follow each other.

Decisions, agreements and plans go through their rooms' own actions with ``now`` back then; what is only told or
measured is written in bulk. No letter goes out: a patient's address is set when their history is complete.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.consent import texts
from sojourn.care.patients.models import Patient
from sojourn.config.demo.tales import Tale
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic, Membership

DRUG = "ketamine"


ROUTE = "iv"


PROTOCOL = "iv_racemic_40min"


# Step -> (days before the first session, clock). A weekend falls on the Friday before; the clocks keep the order.
STEPS: Final = {
    "invited": (23, time(8, 10)), "begun": (22, time(8, 40)), "sent": (20, time(9, 5)), "reviewed": (16, time(10, 0)),
    "decided": (14, time(13, 0)), "asked": (14, time(13, 20)), "question": (13, time(14, 10)),
    "agreed": (12, time(15, 0)), "countersigned": (11, time(16, 0)), "drafted": (8, time(16, 10)),
    "checked": (8, time(16, 30)), "signed": (7, time(17, 0)),
}  # fmt: skip


@dataclass
class Team:
    """Who does what in a clinic, as actors."""

    clinic: Clinic
    prescribers: list[Actor]
    nurses: list[Actor]
    therapist: Membership
    desk: Actor
    password: str  # encoded
    forms: dict[str, list[texts.Text]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> candidacy_queries.Rules:
        return candidacy_queries.rules(self.clinic.pk)


@dataclass
class Walk:
    """One person on the way, and how far they have come."""

    team: Team
    patient: Patient
    tale: Tale
    anchor: date
    own: random.Random
    number: int
    signed_in: bool = False
    by: Actor | None = None  # the patient, once they have a sign-in
    tested_at: datetime | None = None  # when the laboratory last reported

    def at(self, step: str, later: timedelta = timedelta()) -> datetime:
        before, clock = STEPS[step]
        day = self.anchor - timedelta(days=before)
        day -= timedelta(days=max(0, day.weekday() - 4))
        return datetime.combine(day, clock, self.team.clinic.zone) + later

    def day(self, step: str) -> date:
        return self.at(step).date()

    @property
    def prescriber(self) -> Actor:
        return self.team.prescribers[self.number % len(self.team.prescribers)]

    @property
    def nurse(self) -> Actor:
        return self.team.nurses[self.number % len(self.team.nurses)]

    @property
    def speaker(self) -> Actor:
        assert self.by is not None
        return self.by


def anchor_for(step: str, today: date, days_ago: int) -> date:
    """The day of the first session for somebody whose newest step lies so many days back."""
    return today - timedelta(days=days_ago) + timedelta(days=STEPS[step][0])
