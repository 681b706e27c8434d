"""Who works in two clinics sees both clinics, and what they are themselves in either, whichever of them they ask in
(row-level security shows everybody their own roles). Where one clinic is meant it is said which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from django.utils import timezone

from sojourn.care.consent.models import Consent
from sojourn.care.patients.locks import THEMSELVES, patient_of
from sojourn.care.patients.models import Patient
from sojourn.care.patients.not_now import must_be_later
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.foundation import action
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import confirmation_actions, place, place_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.locks import OWN_CLINIC
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.signed_queries import signed_otherwise
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.scope import PatientScope
from tests.care.adopting import as_typed
from tests.care.people import actor_for, make_patient
from tests.care.test_accounts import accept, invite
from tests.care.test_booking import NOW, TEN, chair, course
from tests.care.test_signed_otherwise import KINDS
from tests.conftest import Cast
from tests.written import declared

Both = tuple[Cast, dict[str, Membership]]
AT_THE_DESK = ("front_desk", "clinic_admin")


@pytest.fixture
def both(clinic: Cast, other_clinic: Cast) -> Both:
    """A clinic in another zone, and what everybody of it is in the older one: its auditor, or its patient."""
    with acting_as(accounts_queries.system_actor(other_clinic.clinic.pk)):
        Clinic.objects.filter(pk=other_clinic.clinic.pk).update(time_zone="Europe/Madrid")
    with acting_as(accounts_queries.system_actor(clinic.clinic.pk)):
        also = {
            role: Membership.objects.create(
                clinic=clinic.clinic, person_id=member.person_id, name="Also there",
                **({"role": "patient", "patient_id": 77} if role in AT_THE_DESK else {"role": "auditor"}),
            )
            for role, member in other_clinic.members.items()
        }  # fmt: skip
    return other_clinic, also


def refused(act: Callable[..., Any], **asked: Any) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as told:
        act(**asked)
    return tuple(told.value.codes)


def test_what_is_done_is_done_in_the_clinic_in_which_one_asks(both: Both):
    here, also = both
    for by, zone in (
        (here.actor("nurse"), "Europe/Madrid"),
        (accounts_queries.actor_of(also["nurse"]), "America/Denver"),
    ):
        with acting_as(by):
            assert replace(by, time_zone="").zone.key == zone
    assert invite(here).invitation.clinic_id == here.clinic.pk
    assert invite(here, "ana@home.example", "patient", patient_id=77).invitation.patient_id == 77  # theirs is another
    details = {"phone": "+34 600 000 000", "address": "1 Calle", "phone_hours": "Monday"}
    with acting_as(here.actor("clinic_admin")) as admin:
        assert place_actions.set_details(by=admin, **details).pk == here.clinic.pk
        line = next(iter(place.needed(here.clinic.country).values()))
        asked = {"line_id": line.id, "number": line.shown, "works": True}
        assert place_actions.check_line(by=admin, **asked).clinic_id == here.clinic.pk
    patient = make_patient(here)
    with acting_as(accounts_queries.system_actor(also["nurse"].clinic_id)):
        Membership.objects.create(
            clinic=also["nurse"].clinic, person_id=here.members["Alma"].person_id, role="auditor", name="Alma"
        )
    with acting_as(actor_for(here, patient)) as by:
        must_be_later(by=by, at=timezone.now())  # no dose is with them


def test_ones_own_role_elsewhere_is_unknown_here(both: Both):
    here, also = both
    for role in AT_THE_DESK:
        with acting_as(here.actor(role)) as by:
            end = accounts_actions.end_membership
            assert refused(end, by=by, membership_id=also[role].pk) == ("unknown",)
    with acting_as(here.actor("prescriber")) as by:
        assert refused(confirmation_actions.confirm, by=by, membership_id=also["prescriber"].pk) == ("unknown",)


def test_what_somebody_is_in_every_clinic_is_theirs_and_has_not_ended(both: Both):
    here, also = both
    nurse = here.members["nurse"]
    with acting_as(here.actor("nurse")):
        Membership.objects.create(
            clinic=here.clinic, person_id=nurse.person_id, role="auditor", name="Left", ended_at=timezone.now()
        )
        assert accounts_queries.memberships_of(nurse.person_id) == [nurse, also["nurse"]]


def test_what_is_asked_of_another_clinic_is_not_answered_from_ones_own(clinic: Cast, other_clinic: Cast):
    accept(invite(clinic).link)
    invite(clinic, "later@north.example")
    invite(clinic, "ana@home.example", "patient", patient_id=77)
    of, rule_id = PatientScope(make_patient(clinic).pk), "dose.ceiling.in.esketamine"
    with acting_as(clinic.actor("prescriber")) as by:
        for most in (56, 84):
            rulebook_actions.adopt(by=by, rule_id=rule_id, parameters=as_typed(rule_id, most=most))
        with declared(KINDS[0].actions[0]):
            record(by, KINDS[0].actions[0], Patient.objects.get(pk=of.key), **{KINDS[0].said_as: "0" * 64})
        asked: dict[str, Callable[[int], Any]] = {
            "staff": accounts_queries.staff,
            "at_work": lambda clinic_id: accounts_queries.at_work(clinic_id, "nurse"),
            "newcomers": accounts_queries.newcomers,
            "invitations": accounts_queries.invitations,
            "invitations_of_patient": lambda clinic_id: accounts_queries.invitations_of_patient(
                clinic_id, PatientScope(77)
            ),
            "accounts_of_patient": lambda clinic_id: accounts_queries.accounts_of_patient(clinic_id, of),
            "checks_of": place.checks_of,
            "adoptions": rulebook_queries.adoptions,
            "raises": rulebook_queries.raises,
            "signed_otherwise": signed_otherwise,
        }
        assert [name for name, ask in asked.items() if not ask(clinic.clinic.pk)] == []
        assert [name for name, ask in asked.items() if ask(other_clinic.clinic.pk)] == []


def test_who_is_held_is_held_alone(both: Both, clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    """An action waits for whom it is about and for nobody else."""
    here, _also = both
    held: list[set[int]] = []
    monkeypatch.setattr(action, "_hold", lambda found: held.append(set(found.values_list("pk", flat=True))))

    def holds(lock: action.Lock, by: Actor, **asked: Any) -> set[int]:
        with acting_as(by):
            lock.take(by, asked)
        return held.pop()

    nurse, admin, patient = clinic.actor("nurse"), here.actor("clinic_admin"), make_patient(clinic)
    with acting_as(nurse):
        agreed = Consent.objects.order_by("id")[0]
    (opener,) = action.ACTIONS["foundation.accounts.actions.open_restricted"].locks
    assert holds(action.row(Patient, "patient_id"), nurse, patient_id=patient.pk) == {patient.pk}
    assert holds(patient_of(Consent, "consent_id"), nurse, consent_id=agreed.pk) == {agreed.patient_id}
    assert holds(THEMSELVES, actor_for(clinic, patient)) == {patient.pk}
    assert holds(THEMSELVES, nurse) == set()
    assert holds(opener, nurse) == {nurse.membership_id}
    assert holds(OWN_CLINIC, admin) == {here.clinic.pk}


@pytest.mark.alone
def test_whoever_has_the_same_role_in_two_clinics_attends_in_this_one_alone(clinic: Cast, other_clinic: Cast):
    """Their own eyes see both roles: the desk of one person is not another clinic's."""
    colleague = clinic.members["nurse"]
    with acting_as(accounts_queries.system_actor(other_clinic.clinic.pk)):
        there = Membership.objects.create(
            clinic=other_clinic.clinic, person_id=colleague.person_id, role="nurse", name="Also there"
        )
    with acting_as(clinic.actor("clinic_admin")):
        plan, seat = course(clinic), chair(clinic)
    manager = replace(clinic.actor("nurse"), permissions=clinic.actor("clinic_admin").permissions)
    with acting_as(manager):
        assert there in Membership.objects.all(), "they see it"
        assert there not in scheduling_queries.attending_staff()
        assert colleague in scheduling_queries.attending_staff()
        week = {day: [(time(8), time(16))] for day in range(7)}
        assert refused(clinic_settings_actions.set_week, by=manager, week=week, member_id=there.pk) == ("not-staff",)
    with acting_as(clinic.actor("nurse")) as by:
        asked = {"care_plan_id": plan.pk, "chair_id": seat.pk, "starts_at": TEN, "minutes": 120, "now": NOW}
        asked |= {"by": replace(by, permissions=clinic.actor("front_desk").permissions)}
        with acting_as(asked["by"]):
            assert refused(scheduling_actions.book, **asked, staff=[there.pk]) == ("not-staff",)
            assert scheduling_actions.book(**asked, staff=[colleague.pk]).pk
