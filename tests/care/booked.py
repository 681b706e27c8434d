"""Visits that are booked, people who wait and ride along, and what was written and sent about them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest
from django.db import connection

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import reminder_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination.models import Offer, Reminder
from sojourn.care.coordination.queries import RideHomeState
from sojourn.care.patients import actions as patients_actions
from sojourn.care.scheduling import clinic_settings_actions
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.mail.letters import unseal
from sojourn.foundation.scope import AppointmentScope
from tests.care.test_booking import NOW, TEN, book, chair, course
from tests.conftest import Cast

LATER = TEN + timedelta(days=7)  # Wednesday 11 March, 11:00 in Denver: the clocks have changed since NOW


def another(clinic: Cast, role: str, name: str) -> Membership:
    person = Person.objects.create_user(f"{name}@{clinic.clinic.slug}.example", None)
    return Membership.objects.create(clinic=clinic.clinic, person=person, role=role, name=name)


def patient_actor(clinic: Cast, patient_id: int, number: int = 1) -> Actor:
    person = Person.objects.create_user(f"patient{number}@{clinic.clinic.slug}.example", None)
    member = Membership.objects.create(
        clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=patient_id
    )
    return actor_of(member)


def adopt(clinic: Cast, chairs_per_nurse: int | None = None, turnover=0, remind=(72, 24), head_start=30):
    return clinic_settings_actions.decide_rules(
        by=clinic.actor("prescriber"), chairs_per_nurse=chairs_per_nurse, turnover_minutes=turnover,
        remind_hours=remind, head_start_minutes=head_start, now=NOW,
    )  # fmt: skip


def open_weekdays(clinic: Cast, begins=time(8), ends=time(18)) -> None:
    by = clinic.actor("clinic_admin")
    clinic_settings_actions.set_week(by=by, week={day: [(begins, ends)] for day in range(5)})


def refused(attempt) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as error:
        attempt()
    return error.value.codes


def letters() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'sealed' FROM procrastinate_jobs WHERE task_name = 'mail.deliver' ORDER BY id")
        return [unseal(sealed) for (sealed,) in cursor.fetchall()]


def written_of(verb: str) -> list[tuple[str, int | None]]:
    """Who did it, and of whom, as the audit reads it."""
    return list(AuditEvent.objects.filter(action=verb).order_by("seq").values_list("name", "patient_id"))


def queued(task: str) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [at for (at,) in cursor.fetchall()]


def waiting_patients(clinic: Cast, n: int) -> list[tuple]:
    out = []
    spare = chair(clinic, "Spare")
    for number in range(n):
        plan = course(clinic, f"W{number}")
        by = clinic.actor("front_desk")
        patients_actions.edit(
            by=by, patient_id=plan.patient_id, version=1, record_number="", email=f"w{number}@example.org", now=NOW
        )
        later = book(clinic, plan, spare, at=TEN + timedelta(days=7, hours=3 * number))
        waiting_actions.join(by=by, care_plan_id=plan.pk, now=NOW + timedelta(minutes=number))
        out.append((plan, later))
    return out


def run_offers(clinic: Cast, now: datetime) -> None:
    by = reminder_actions.sender(clinic.clinic.pk)
    with acting_as(by):
        for offer in Offer.objects.order_by("id"):
            if offer.opens_at <= now:
                waiting_actions.tell(by=by, offer_id=offer.pk, now=now)


def with_email(clinic: Cast, given="Ana"):
    plan = course(clinic, given)
    patients_actions.edit(
        by=clinic.actor("front_desk"), patient_id=plan.patient_id, version=1, record_number="",
        email=f"{given.lower()}@example.org", now=NOW,
    )  # fmt: skip
    return plan


def send(clinic: Cast, now: datetime) -> int:
    by = reminder_actions.sender(clinic.clinic.pk)
    with acting_as(by):
        ids = list(Reminder.objects.order_by("id").values_list("pk", flat=True))
        return sum(reminder_actions.send(by=by, reminder_id=each, now=now) for each in ids)


def escorted(clinic: Cast, at=TEN, email="luis@example.org"):
    ana = course(clinic)
    luis = patients_actions.add_person(
        by=clinic.actor("front_desk"), patient_id=ana.patient_id, name="Luis", phone="1", email=email
    )
    return book(clinic, ana, chair(clinic), at=at, escort_id=luis.pk), luis


def asked(clinic: Cast, appointment, now=NOW) -> Actor:
    ride_home_actions.ask(by=clinic.actor("front_desk"), appointment_id=appointment.pk, now=now)
    return Actor(token_hash=hash_of(re.search(r"/ride-home/([^/\s]+)/", letters()[-1].text)[1]))  # type: ignore[index]


def state(appointment) -> RideHomeState:
    return coordination_queries.ride_home(AppointmentScope(appointment.pk)).state
