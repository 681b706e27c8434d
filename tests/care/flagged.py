"""A clinic whose flags the watch and the jobs process look after: rows that stay, and the roles of the product."""

from __future__ import annotations

import itertools
import json
import time as clocks
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import psycopg
import pytest
from django.db import connection, connections

from sojourn.care.patients.models import Patient
from sojourn.care.safety import jobs, watch
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import Flag, FlagKind, FlagNotice, FlagSource, FlagTurn, Severity
from sojourn.care.safety.queries import StandingFlag
from sojourn.care.scheduling.models import WorkingHours
from sojourn.clinical import deadlines
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook.queries import ids_of
from sojourn.foundation.scope import FlagScope, PatientScope
from tests.care.adopting import as_typed
from tests.care.people import actor_for, make_patient
from tests.care.raising import raise_flag
from tests.conftest import Cast, make_clinic

# A Monday in Denver, 10:00 there. The clinic is open 08:00 to 18:00 on weekdays: 15:00 to 01:00 by UTC in winter.
MONDAY = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_NUMBERS = itertools.count(1)


@dataclass
class Flagged:
    """A clinic with a patient who has a sign-in."""

    cast: Cast
    patient: Patient

    def decide(self) -> None:
        """The deadlines are adopted, and the hours stated."""
        by = self.cast.actor("prescriber")
        with acting_as(by):
            for rule_id in sorted(ids_of(deadlines.KIND)):
                rulebook_actions.adopt(by=by, rule_id=rule_id, parameters=as_typed(rule_id))
        with acting_as(self.cast.actor("clinic_admin")):
            WorkingHours.objects.bulk_create(
                WorkingHours(clinic=self.cast.clinic, weekday=day, begins=time(8), ends=time(18)) for day in range(5)
            )

    def add(self, name: str, role: str) -> Membership:
        """Somebody more who works here."""
        with acting_as(system_actor(self.cast.clinic.pk)):
            person = Person.objects.create_user(f"{name}@{self.cast.clinic.slug}.example")
            member = Membership.objects.create(clinic=self.cast.clinic, person=person, role=role, name=name)
        self.cast.members[name] = member
        return member

    def leave(self, name: str, at: datetime) -> None:
        """Somebody's access ends."""
        with acting_as(system_actor(self.cast.clinic.pk)):
            Membership.objects.filter(pk=self.cast.members[name].pk).update(ended_at=at)

    def say(self, severity: Severity = Severity.URGENT, at: datetime = MONDAY, detail: str = "their own words") -> Flag:
        """The patient wrote something."""
        by = actor_for(self.cast, self.patient)
        with acting_as(by):
            return raise_flag(
                by=by, patient_id=self.patient.pk, kind=FlagKind.SELF_HARM, severity=severity,
                source=FlagSource.WORDS, about="message:123", detail=detail, now=at,
            )  # fmt: skip

    def standing(self, flag: Flag) -> StandingFlag:
        with acting_as(self.cast.actor("nurse")):
            return safety_queries.flag(FlagScope(flag.pk))

    def told(self, flag: Flag) -> list[tuple[str, frozenset[str]]]:
        """Every circle that was told, in order, with the names of its people."""
        with acting_as(self.cast.actor("nurse")):
            turns = FlagTurn.objects.filter(flag=flag).order_by("id")
            return [
                (turn.reach, frozenset(each.member.name for each in FlagNotice.objects.filter(turn=turn)))
                for turn in turns
            ]

    def named(self, *names: str) -> frozenset[str]:
        return frozenset(self.cast.members[each].name for each in names)

    def word(self, at: datetime) -> safety_queries.WordBack | None:
        """What the patient is told, as the patient asks."""
        with acting_as(actor_for(self.cast, self.patient)):
            return safety_queries.word_back(PatientScope(self.patient.pk), at)


def sweep(at: datetime) -> None:
    """What the watch does at a time, in its own role."""
    with psycopg.connect(database("signals").conninfo()) as watching, watching.cursor() as cursor:
        watch.sweep_flags(cursor, at)


def tell_again(at: datetime) -> None:
    with psycopg.connect(database("signals").conninfo()) as watching, watching.cursor() as cursor:
        watch.tell_again(cursor, at)


def work_off() -> list[BaseException]:
    """Run every job that waits to tell of a flag, as the jobs process does; what each raised."""
    raised: list[BaseException] = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, args::text FROM procrastinate_jobs WHERE task_name = 'safety.tell' AND status = 'todo'"
            " ORDER BY id"
        )
        waiting = cursor.fetchall()
    for number, args in waiting:
        forget_job(number)
        try:
            jobs.tell(**json.loads(args))
        except jobs.NotEverybodyTold as error:
            raised.append(error)
    return raised


def forget_job(number: int | None = None) -> None:
    """As a worker that was killed leaves it: the job is nowhere to be worked off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'safety.tell' AND (%s::bigint IS NULL OR id = %s)",
            [number, number],
        )


@pytest.fixture
def flagged(django_db_setup: None, django_db_blocker) -> Iterator[Flagged]:
    with django_db_blocker.unblock():
        forget_job()
        cast = make_clinic(f"flagged-{clocks.time_ns()}-{next(_NUMBERS)}")
        yield Flagged(cast, make_patient(cast))
        connections.close_all()
