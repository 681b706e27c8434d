"""A session that is over, from the arrival to the door, as it was written down that day."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.utils import timezone

from sojourn.care.encounter.models import Encounter
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment
from sojourn.care.session.models import CheckResult, Discharge
from sojourn.clinical import protocol
from sojourn.clinical.recovery import SCALES
from sojourn.config.demo import doses, monitoring
from sojourn.config.demo.cast import REMEMBERED, Cast
from sojourn.config.demo.doses import Entered
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.rulebook.load import released_rulebook


def session(cast: Cast, appointment: Appointment, own: random.Random, ending: str, *, sparse: bool) -> None:
    """From the arrival to the door, as it was written down that day."""
    begins = appointment.during.lower
    arrived = begins + timedelta(minutes=own.randint(-8, 6))
    if ending == "did_not_attend":
        encounter = open_encounter(cast, appointment, begins)
        words = cast.say(("No answer on the phone.", "No contesta el teléfono."))
        missed = Entered("did_not_attend", begins + timedelta(minutes=30), words)
        doses.enter(cast, encounter, [missed], cast.members["front_desk"][0])
        return
    encounter = open_encounter(cast, appointment, arrived)
    nurse, other = own.sample(cast.members["nurse"], 2)
    dose_at = arrived + timedelta(minutes=own.randint(18, 28))
    drawn = doses.prepare(cast, encounter, dose_at, nurse, other, own)
    given = doses.give(drawn, doses.infusion(cast, ending, own), own)
    leaves = given.over_at + timedelta(minutes=own.randint(84, 92))
    entered = [
        Entered("arrived", arrived), Entered("checked", dose_at - timedelta(minutes=5)), *given.states,
        Entered("ready_to_leave", leaves - timedelta(minutes=3)), Entered("left", leaves),
    ]  # fmt: skip
    doses.enter(cast, encounter, entered, nurse)
    episode = own.choices(("normal", "hypertensive", "desaturation"), (84, 12, 4))[0]
    monitoring.vitals(
        cast, encounter, dose_at, leaves, episode, own.randint(1, 10**6), _every_s(begins, sparse=sparse), nurse
    )
    doses.note(drawn, own, desaturates=episode == "desaturation", until=leaves)
    ready_checks(cast, encounter, leaves - timedelta(minutes=4), nurse)
    cast.add(Discharge(
        clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, escort=appointment.escort,
        escort_name=appointment.escort.name if appointment.escort else "",
        criteria={
            "padss": 10, "aldrete": 10, "escort_present": True,
            "minutes_since_dose_end": (leaves - given.over_at).seconds // 60,
        },
        at=leaves, by=nurse,
    ))  # fmt: skip


def _every_s(begins: datetime, *, sparse: bool) -> int:
    """How often a reading was kept: by the minute of late, thinner further back, so that a start stays short."""
    return 600 if sparse else 60 if timezone.now() - begins < REMEMBERED else 180


def open_encounter(cast: Cast, appointment: Appointment, at: datetime) -> Encounter:
    """The session of an appointment, with its protocol frozen into it."""
    rule = released_rulebook().rule(appointment.care_plan.protocol_id)
    scheduling_actions.hand_to_session(appointment, at)
    return Encounter.objects.create(
        clinic=cast.clinic, patient_id=appointment.patient_id, care_plan=appointment.care_plan,
        appointment=appointment, chair=appointment.chair, protocol_id=rule.id, protocol_version=str(rule.version),
        protocol_hash=rule.hash, opened_at=at,
    )  # fmt: skip


def ready_checks(cast: Cast, encounter: Encounter, at: datetime, nurse: Membership) -> None:
    """Every item of discharge, Aldrete, PADSS and the escort."""
    items = [item.id for item in protocol.read(released_rulebook().rule(encounter.protocol_id)).discharge]
    cast.add(*(
        CheckResult(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, item_id=item, outcome="passed",
            value="10" if item in SCALES else "", at=at, by=nurse,
        )
        for item in (*items, *SCALES, "companion_here")
    ))  # fmt: skip
