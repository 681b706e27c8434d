"""The clinic, its people with their roles confirmed, its chairs and monitors."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from sojourn.care.scheduling.models import Chair
from sojourn.care.vitals.models import Device
from sojourn.config.demo.cast import Cast, encoded_password
from sojourn.config.demo.people import DemoClinic
from sojourn.config.installation import owner_says
from sojourn.foundation.accounts import confirmation_actions, place_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.place import needed
from sojourn.foundation.accounts.queries import actor_of, system_actor
from sojourn.foundation.accounts.roles import role as role_of


def _person(email: str, encoded: str, language: str) -> Person:
    return Person.objects.create(email=email, password=encoded, demo=True, language=language)


def _check_lines(clinic: Clinic, admin: Membership) -> None:
    """The lines of the place that a patient is shown first, as the administrator found them."""
    with acting_as(actor_of(admin)) as by:
        for line in needed(clinic.country).values():
            place_actions.check_line(by=by, line_id=line.id, number=line.shown, works=True)


def found_clinic(demo: DemoClinic, clinic_id: int) -> Cast:
    clinic = Clinic.objects.create(
        id=clinic_id, name=demo.name, slug=demo.slug, time_zone=demo.time_zone, language=demo.language,
        jurisdiction=demo.jurisdiction, address=demo.address, phone=demo.phone, phone_hours=demo.phone_hours,
        phone_hours_other=demo.phone_hours_other,
    )  # fmt: skip
    encoded = encoded_password()
    members: dict[str, list[Membership]] = {}
    for staff in demo.staff:
        already = members.setdefault(staff.role, [])
        email = f"{staff.role}{len(already) + 1 if already else ''}@{demo.domain}"
        already.append(
            Membership.objects.create(
                clinic=clinic,
                person=_person(email, encoded, demo.language),
                role=staff.role,
                name=staff.name,
                credentials=staff.credentials,
                unconfirmed_since=timezone.now() if role_of(staff.role).clinical else None,
            )
        )
    _confirm(clinic, members)
    _check_lines(clinic, members["clinic_admin"][0])
    chairs = [Chair.objects.create(clinic=clinic, name=name) for name in demo.chairs]
    device = Device.objects.create(
        clinic=clinic,
        name=f"Monitor {demo.chairs[0]}",
        key="bed:CHAIR-1",
        maker="Nihon Kohden",
        added_at=timezone.now(),
    )
    for number in range(1, len(chairs)):
        Device.objects.create(
            clinic=clinic, name=f"Monitor {demo.chairs[number]}", key=f"bed:CHAIR-{number + 1}", maker="Mindray",
            added_at=timezone.now(),
        )  # fmt: skip
    return Cast(clinic, members, chairs, device)


def _confirm(clinic: Clinic, members: dict[str, list[Membership]]) -> None:
    """The first of each clinical role by whoever runs the machine, the others by the first, as in any clinic."""
    owner = replace(system_actor(clinic.pk, "Demo"), permissions=frozenset({confirmation_actions.OWNER}))
    for code, theirs in members.items():
        if not role_of(code).clinical:
            continue
        first, *others = theirs
        owner_says([first.pk])
        confirmation_actions.confirm_first(by=owner, membership_id=first.pk)
        first.refresh_from_db(fields=["unconfirmed_since"])
        with acting_as(actor_of(first)) as holder:
            for each in others:
                confirmation_actions.confirm(by=holder, membership_id=each.pk)
                each.refresh_from_db(fields=["unconfirmed_since"])
