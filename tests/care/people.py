"""A patient with a sign-in, for tests of what patients do."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from tests.conftest import Cast


def make_patient(clinic: Cast, given_name: str = "Alma", **facts: Any) -> Patient:
    """A patient of the clinic; their membership becomes ``clinic.members[given_name]``."""
    number = facts.pop("record_number", f"R-{given_name}")
    with acting_as(system_actor(clinic.clinic.pk)):
        patient = Patient.objects.create(
            clinic=clinic.clinic,
            record_number=number,
            given_name=given_name,
            family_name=facts.pop("family_name", "Reyes"),
            birth_date=facts.pop("birth_date", date(1984, 5, 17)),
            created_at=timezone.now(),
            **facts,
        )
        person = Person.objects.create_user(f"{given_name}.{patient.pk}@{clinic.clinic.slug}.example")
        clinic.members[given_name] = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
        )
    return patient


def actor_for(clinic: Cast, patient: Patient) -> Actor:
    return clinic.actor(patient.given_name)
