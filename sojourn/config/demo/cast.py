"""A demo clinic with its people and chairs, and the rows that wait to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Model

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.encounter.models import Encounter
from sojourn.care.measures.queries import MeasureSet
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling.models import Chair
from sojourn.care.session.snapshot import Against
from sojourn.care.vitals.models import Device
from sojourn.config.demo import people, tales
from sojourn.config.demo.people import DemoClinic
from sojourn.config.demo.walk import Team
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.scope import SessionScope, clinic_rows, rows_of


@dataclass
class Cast:
    """A demo clinic with its people and chairs."""

    clinic: Clinic
    members: dict[str, list[Membership]]
    chairs: list[Chair]
    device: Device | None = None
    taken: set[tuple[int, date]] = field(default_factory=set)  # chairs, and patients by their negative number
    batteries: dict[str, MeasureSet] = field(default_factory=dict)
    held: dict[type[Model], list[Model]] = field(default_factory=dict)  # by table, each after those it refers to
    held_after: list[Model] = field(default_factory=list)  # rows of one table that refer to others of the same
    watched: list[Encounter] = field(default_factory=list)  # their alarms are still as the last reading left them
    infusions: int = 0  # so far
    standing: dict[int, Against] = field(default_factory=dict)  # what the doses of a course rest on, until it changes
    asked_anew: dict[int, dict[str, Any]] = field(default_factory=dict)  # of a patient, on each day of a session
    warned: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by medicine, what the rules say of it

    def add(self, *rows: Model) -> None:
        """Rows for the next ``write``: a course's sessions go in together, not one by one."""
        for row in rows:
            self.held.setdefault(type(row), []).append(row)

    def add_after(self, *rows: Model) -> None:
        """Rows that refer to others of their own table: written once those have their numbers."""
        self.held_after += rows

    def say(self, words: tales.Words) -> str:
        """In the language of the clinic."""
        return words[tales.SPEAKS.index(self.clinic.language)]

    def write(self) -> None:
        """Write the rows that are held. Whoever asks the database about a session writes first."""
        held, self.held = self.held, {}
        for model, rows in held.items():
            for row in rows:
                if isinstance(row, Flag):  # named by the response, which has its number by now
                    row.about = f"response:{row.response.pk if row.response is not None else 0}"
            model._default_manager.bulk_create(rows)
        after, self.held_after = self.held_after, []
        for model in dict.fromkeys(map(type, after)):
            model._default_manager.bulk_create(each for each in after if type(each) is model)
        watched, self.watched = self.watched, []
        if watched:
            rows_of(CurrentVital, SessionScope, (each.pk for each in watched)).update(silent_after=None)
            rows_of(AlarmState, SessionScope, (each.pk for each in watched)).update(phase="quiet", deadline_at=None)

    def actor(self, role: str, number: int = 0) -> Actor:
        return actor_of(self.members[role][number])

    @cached_property
    def team(self) -> Team:
        """Who leads people along the way."""
        return Team(
            clinic=self.clinic,
            prescribers=[actor_of(each) for each in self.members["prescriber"]],
            nurses=[actor_of(each) for each in self.members["nurse"]],
            therapist=self.members["therapist"][0],
            desk=self.actor("front_desk"),
            password=encoded_password(),
        )


def load_cast(demo: DemoClinic) -> Cast:
    """The clinic's people and chairs as they stand in the database; ask as the system actor of that clinic."""
    clinic = Clinic.objects.get(slug=demo.slug)
    members: dict[str, list[Membership]] = {}
    for member in clinic_rows(Membership).filter(clinic=clinic, ended_at=None).order_by("id"):
        members.setdefault(member.role, []).append(member)
    return Cast(clinic, members, list(clinic_rows(Chair).order_by("id")), clinic_rows(Device).order_by("id").first())


@cache
def encoded_password() -> str:
    """The password that everybody of the demo has; once, for hashing it is slow on purpose."""
    return make_password(people.PASSWORD)


def at_clock(day: date, clock: time, zone: object) -> datetime:
    return datetime.combine(day, clock, zone)  # type: ignore[arg-type]


REMEMBERED = timedelta(days=10)
