"""Invited, the intake told, and what the clinic finds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake.models import (
    AllergyIntolerance,
    ClinicalFact,
    Concern,
    Goal,
    IntakeAnswer,
    MedicationStatement,
    PreviousTreatment,
)
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.config.demo import tales
from sojourn.config.demo.walk import Walk
from sojourn.foundation.accounts.actions import PATIENT_LINK_LIVES, hash_of, invite
from sojourn.foundation.accounts.models import Invitation, Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped


def send_invitation(walk: Walk, email: str, now: datetime) -> None:
    """An open invitation, with its letter in the outbox: its link can be opened."""
    invite(
        by=walk.team.desk, email=email, name=walk.patient.name, role="patient", patient_id=walk.patient.pk,
        language=walk.patient.language, now=now,
    )  # fmt: skip


def join(walk: Walk, email: str) -> None:
    """The invitation was sent and taken up; from here on the patient speaks."""
    clinic, at = walk.team.clinic, walk.at("invited")
    person = Person.objects.create(
        email=email, password=walk.team.password, demo=True, language=walk.patient.language
    )  # fmt: skip
    Invitation.objects.create(
        clinic=clinic, email=email, name=walk.patient.name, role="patient", patient_id=walk.patient.pk,
        token_hash=hash_of(f"used up: {clinic.pk}/{walk.patient.pk}"), sent_at=at, sent_by_id=walk.team.desk.member,
        expires_at=at + PATIENT_LINK_LIVES, accepted_at=at + timedelta(minutes=25),
    )  # fmt: skip
    member = Membership.objects.create(
        clinic=clinic, person=person, role="patient", name=walk.patient.name, patient_id=walk.patient.pk
    )
    walk.by = actor_of(member)


def tell_intake(walk: Walk, *, share: float = 1.0) -> None:
    """The answers and lists of the intake, or the first part of them."""
    said = list(tales.answers(walk.tale).items())
    said = said[: max(3, round(len(said) * share))]
    clock = _told_at(walk, [question_id for question_id, _told in said])
    IntakeAnswer.objects.bulk_create(
        IntakeAnswer(
            **_said(walk, clock[question_id]), question_id=question_id, standing=told.standing, value=told.value
        )
        for question_id, told in said
    )
    for question_id, tell_list in _LISTS.items():
        if question_id in clock:
            tell_list(walk, clock[question_id])
    if share >= 1:
        intake_actions.send(by=walk.speaker, patient_id=walk.patient.pk, now=walk.at("sent"))


def _told_at(walk: Walk, question_ids: Sequence[str]) -> dict[str, datetime]:
    """When each question was answered: evenly from the beginning until shortly before the story was sent."""
    begun, sent = walk.at("begun"), walk.at("sent")
    between = (sent - timedelta(minutes=15) - begun) / max(1, len(question_ids))
    return {question_id: begun + between * number for number, question_id in enumerate(question_ids)}


def _line(walk: Walk, asked_at: datetime, number: int) -> dict[str, Any]:
    """What every line of a list has: they are written one after the other."""
    return _said(walk, asked_at + timedelta(seconds=20 * number)) | {"line": UUID(int=walk.own.getrandbits(128))}


def _tell_medicines(walk: Walk, asked_at: datetime) -> None:
    tale = walk.tale
    MedicationStatement.objects.bulk_create(
        MedicationStatement(
            **_line(walk, asked_at, number), **_recognised(each.name), name=each.name, dose=each.dose,
            how_often=tale.say(each.how_often), since=tale.say(each.since),
        )
        for number, each in enumerate(tale.medicines)
    )  # fmt: skip


def _tell_treatments(walk: Walk, asked_at: datetime) -> None:
    tale = walk.tale
    PreviousTreatment.objects.bulk_create(
        PreviousTreatment(
            **_line(walk, asked_at, number), **(_recognised(each.name) if each.kind == "medicine" else {}),
            kind=each.kind, name=each.name, dose=each.dose, duration=tale.say(each.duration), outcome=each.outcome,
            long_enough=each.long_enough,
        )
        for number, each in enumerate(tale.treatments)
    )  # fmt: skip


def _tell_allergies(walk: Walk, asked_at: datetime) -> None:
    AllergyIntolerance.objects.bulk_create(
        AllergyIntolerance(**_line(walk, asked_at, number), substance=what, reaction=walk.tale.say(words))
        for number, (what, words) in enumerate(walk.tale.allergies)
    )


def _tell_goals(walk: Walk, asked_at: datetime) -> None:
    Goal.objects.bulk_create(Goal(**_line(walk, asked_at, n), text=each) for n, each in enumerate(walk.tale.goals))


def _tell_concerns(walk: Walk, asked_at: datetime) -> None:
    Concern.objects.bulk_create(
        Concern(**_line(walk, asked_at, n), text=each) for n, each in enumerate(walk.tale.concerns)
    )


# By the question that asks for them. Their order is that of the random draws: another makes other people.
_LISTS: Final = {
    "medicines": _tell_medicines,
    "treatments": _tell_treatments,
    "allergies": _tell_allergies,
    "goals": _tell_goals,
    "concerns": _tell_concerns,
}


def _said(walk: Walk, at: datetime) -> dict[str, Any]:
    return {
        "clinic": walk.team.clinic, "patient": walk.patient, "said_at": at, "said_by_id": walk.speaker.member,
        "on_behalf": False,
    }  # fmt: skip


def _recognised(name: str) -> dict[str, str]:
    found = shipped.medicine(name)
    return {"ingredient": found.name, "rxcui": found.rxcui or ""} if found.known else {"ingredient": "", "rxcui": ""}


def measure(walk: Walk, values: dict[str, Any], at: datetime, *, told_by: str = "clinician", note: str = "") -> None:
    """Facts of one consultation, or of one laboratory report."""
    assert set(values) <= set(VOCABULARY)
    ClinicalFact.objects.bulk_create(
        ClinicalFact(
            clinic=walk.team.clinic, patient=walk.patient, name=name, value=value,
            observed_on=clinic_day(at, walk.team.clinic),
            told_by=told_by, source_note=note, entered_at=at, entered_by_id=walk.nurse.member,
            entered_by_name=walk.nurse.name,
        )
        for name, value in values.items()
    )  # fmt: skip


def review(walk: Walk, *, without: Sequence[str] = ()) -> None:
    """The consultation: vital signs, ECG, tests, judgement; and the laboratory's report before it."""
    at = walk.at("reviewed")
    test_again(walk, at - timedelta(minutes=70))
    measure(walk, {name: value for name, value in walk.tale.found.items() if name not in without}, at)


def test_again(walk: Walk, at: datetime) -> None:
    """The laboratory's report."""
    note = walk.tale.say(("Laboratory report", "Informe de laboratorio"))
    measure(walk, walk.tale.laboratory, at, told_by="imported", note=note)
    walk.tested_at = at
