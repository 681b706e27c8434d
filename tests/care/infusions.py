"""Sessions whose dose did not simply run through: paused, slowed, stopped, thrown away.

35 mg in 50 mL (0.7 mg/mL), set to 75 mL/h: 40 minutes, 0.875 mg a minute.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from sojourn.care.session import actions as session_actions
from sojourn.care.session import medicine_actions, waste_actions
from sojourn.care.session.models import Waste
from sojourn.care.session.step_actions import Pump
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.conftest import Cast

BEGINS = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # 8:00 in Denver, where its dose begins at once


def after(minutes: float, begins: datetime = BEGINS) -> datetime:
    return begins + timedelta(minutes=minutes)


def infusing(cast: Cast, *, begins: datetime = BEGINS, number: int = 1) -> Stage:
    adopt_everything(cast)
    with acting_as(cast.actor("nurse")):
        return to_dosing(cast, at=begins, number=number)


def pump(stage: Stage, transition: str, at: datetime, role: str = "nurse", **more: object) -> None:
    """A step of the pump; ``rate``, ``left`` (mL) and ``told`` (mg) are what a person reads or says."""
    read = {
        name: Decimal(str(more.pop(key)))
        for key, name in (("rate", "rate_ml_per_h"), ("left", "remaining_ml"), ("told", "given_mg"))
        if key in more
    }
    with acting_as(stage.cast.actor(role)):
        stage.step(transition, role, now=at, pump=Pump(**read), **more)


def stopped_after_20_seconds(cast: Cast) -> Stage:
    stage = infusing(cast)
    pump(stage, "stop_early", after(20 / 60), reason="Wants it to stop")
    return stage


def throw_away(stage: Stage, mg: str, at: datetime, how: str = "") -> Waste:
    with acting_as(stage.cast.actor("nurse")) as nurse:
        return waste_actions.waste(by=nurse, encounter_id=stage.id, mg=Decimal(mg), how=how, key=uuid4(), now=at)


def witness(stage: Stage, waste: Waste, at: datetime, role: str = "prescriber") -> None:
    with acting_as(stage.cast.actor(role)) as second:
        waste_actions.witness(by=second, waste_id=waste.pk, now=at)


def interrupted(cast: Cast, *, begins: datetime = BEGINS, number: int = 1) -> Stage:
    """Ten minutes at 75 mL/h, a pause of ten for nausea, ten more at 60 mL/h that a prescriber signs for, stopped; the
    rest is thrown away before a witness. 12.5 mL + 10 mL went in: 8.75 + 7 = 15.75 mg; 19.25 mg were left."""
    stage = infusing(cast, begins=begins, number=number)

    def at(minutes: float) -> datetime:
        return after(minutes, begins)

    pump(stage, "pause", at(10), note="Nausea, wants a break")
    with acting_as(cast.actor("nurse")) as nurse:
        felt = session_actions.note_event(
            by=nurse, encounter_id=stage.id, kind="nausea", grade="moderate", measure="Head raised, cool cloth",
            at=at(9), now=at(11),
        )  # fmt: skip
        medicine_actions.give_medicine(
            by=nurse, encounter_id=stage.id, name="Ondansetron", amount=Decimal(4), unit="mg", route="iv",
            note="Slowly", key=uuid4(), given_at=at(12), now=at(35),
        )  # fmt: skip
        session_actions.note_event(
            by=nurse, encounter_id=stage.id, kind="nausea", effect="better", about_id=felt.pk, at=at(18), now=at(18)
        )
        stage.vitals(at(19), nibp_sys=172, nibp_dia=84, spo2=98, hr=76, rr=14)
    pump(
        stage,
        "resume",
        at(20),
        "prescriber",
        rate=60,
        overrides=["hold:systolic", "rule:RC-HTN-BASE"],
        reason="Anxious; looked at",
    )
    pump(stage, "stop_early", at(30), reason="Nausea came back")
    witness(stage, throw_away(stage, "19.25", at(33), "Into the waste bin of the ward"), at(34))
    return stage
