"""A scenario and the clinic say the same: sessions from the files, entry by entry through the actions and the database.

What a replay answers is put beside what the engine answers at the same moment: state, codes of refusals, milligrams.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms import judging
from sojourn.care.alarms.models import AlarmState
from sojourn.care.alarms.store import session_of
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter.queries import current_state, protocol_of
from sojourn.care.session import actions as session_actions
from sojourn.care.session import drawing_actions, score_actions, snapshot, step_actions, waste_actions
from sojourn.care.session.drawing_actions import DrawnDose
from sojourn.care.session.models import Waste
from sojourn.care.session.step_actions import Pump
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import ingest, watch
from sojourn.clinical.protocol import State
from sojourn.clinical.replay import Scenario, ScenarioEntry, read, replay
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.replaying import rules_of
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, answers_to, set_stage
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "clinical" / "scenarios"
# Those whose papers the stage has: accepted, agreed, and a signed plan of 35 mg over 40 minutes.
NAMES = (
    "01-ordinary-infusion", "02-pressure-above-the-hold", "03-desaturation", "04-stopped-after-twenty-seconds",
    "05-tenfold-entry", "10-pause-over-midnight",
)  # fmt: skip
PEOPLE = {"Nurse Ortiz": "nurse", "Nurse Kim": "second nurse", "Dr Hale": "prescriber"}


class Doer:
    """Does in the clinic what an entry says."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.cast = stage, stage.cast

    def do(self, entry: ScenarioEntry) -> tuple[str, ...]:
        """The codes of a refusal; empty where it was done."""
        now = entry.at.astimezone(UTC)
        if self.stage.encounter is not None:
            with connection.cursor() as wrapped:
                watch.sweep_deadlines(wrapped.cursor, now)
        act: Callable[[ScenarioEntry, datetime], object] = getattr(self, f"_{entry.does}")
        try:
            act(entry, now)
        except ActionRefused as refused:
            return tuple(refused.codes)
        return ()

    def _by(self, entry: ScenarioEntry):
        return self.cast.actor(PEOPLE[entry.by])

    def _note(self, entry: ScenarioEntry, now: datetime) -> None:
        session_actions.note_event(
            by=self._by(entry), encounter_id=self.stage.id, kind="other", note=entry.values["text"], now=now
        )

    def _reading(self, entry: ScenarioEntry, now: datetime) -> None:
        values = entry.values["vitals"]
        if not entry.values["monitor"]:
            vitals_actions.take_readings(by=self._by(entry), encounter_id=self.stage.id, values=values, now=now)
            return
        session = session_of(self.stage.encounter)
        readings = [
            judging.NewReading(session, code, value, VITALS[code].unit.code, now, now, now)
            for code, value in values.items()
        ]
        with connection.cursor() as wrapped:
            ingest.record_batch(wrapped.cursor, readings, now)

    def _check(self, entry: ScenarioEntry, now: datetime) -> None:
        own = protocol_of(self.stage.encounter)
        groups = {"checklist": own.checklist, "discharge": own.discharge}
        for name in entry.values["passed"]:
            items = [each.id for each in groups[name] if not each.vitals] if name in groups else [name]
            for item in items:
                self._answer(entry, now, item)
        for name, said in entry.values["scores"].items():
            answers = answers_to(name, said) if isinstance(said, int) else said
            score_actions.score(
                by=self._by(entry), encounter_id=self.stage.id, scale_id=name, answers=answers, now=now,
                before=dict.fromkeys(answers, "As in the scenario"),
            )  # fmt: skip

    def _answer(self, entry: ScenarioEntry, now: datetime, item: str) -> None:
        session_actions.check(by=self._by(entry), encounter_id=self.stage.id, item_id=item, passed=True, now=now)

    def _prepare(self, entry: ScenarioEntry, now: datetime) -> None:
        drawing_actions.check_dose(
            by=self._by(entry), encounter_id=self.stage.id, drawn=DrawnDose(**entry.values), now=now
        )

    def _step(self, entry: ScenarioEntry, now: datetime) -> None:
        said = entry.values
        if said["step"] == "arrive":
            self._arrive(entry, now)
            return
        step_actions.advance_session(
            by=self._by(entry), encounter_id=self.stage.id, transition=said["step"], overrides=said["sets_aside"],
            reason=said["reason"], pump=Pump(**said["pump"]), now=now,
        )  # fmt: skip

    def _arrive(self, entry: ScenarioEntry, now: datetime) -> None:
        by = self._by(entry)
        self.stage.encounter = encounter_actions.open_session(
            by=by, appointment_id=self.stage.appointment.pk, now=now
        )  # fmt: skip
        device = vitals_actions.add_device(by=self.cast.actor("clinic_admin"), name="Bed 1", key="serial:1", now=now)
        vitals_actions.put_on(by=by, device_id=device.pk, encounter_id=self.stage.id, now=now)

    def _acknowledge(self, entry: ScenarioEntry, now: datetime) -> None:
        rule_id = entry.values["alarm"]
        for state in AlarmState.objects.filter(encounter=self.stage.encounter, rule_id=rule_id):
            alarms_actions.acknowledge(
                by=self._by(entry), encounter_id=self.stage.id, rule_id=rule_id, code=state.code, now=now
            )

    def _waste(self, entry: ScenarioEntry, now: datetime) -> None:
        waste_actions.waste(by=self._by(entry), encounter_id=self.stage.id, mg=entry.values["mg"], key=uuid4(), now=now)

    def _witness(self, entry: ScenarioEntry, now: datetime) -> None:
        waste_actions.witness(by=self._by(entry), waste_id=Waste.objects.latest("id").pk, now=now)


def milligrams(line) -> tuple[Decimal | None, ...]:
    if line is None:
        return ()
    return (line.planned_mg, line.given_mg, line.wasted_mg, line.unaccounted_mg)


def set_up(cast: Cast, told: Scenario) -> Stage:
    adopt_everything(cast)
    person = Person.objects.create(email=f"kim@{cast.clinic.slug}.example", password="!")
    with acting_as(cast.actor("nurse")):
        cast.members["second nurse"] = Membership.objects.create(
            clinic=cast.clinic, person=person, role="nurse", name="Nurse Kim"
        )
    return set_stage(cast, at=told.starts_at.astimezone(UTC))


@pytest.mark.parametrize("name", NAMES)
def test_the_clinic_answers_what_the_replay_answers(clinic: Cast, monkeypatch: pytest.MonkeyPatch, name: str):
    told = read(name, (FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    played = replay(told, rules_of(told)).played
    stage = set_up(clinic, told)
    doer = Doer(stage)
    with acting_as(clinic.actor("nurse")):
        for each in played:
            now = each.entry.at.astimezone(UTC)
            monkeypatch.setattr(timezone, "now", lambda now=now: now)
            refused = doer.do(each.entry)
            place = f"{name} {each.number} {each.entry.does}"
            assert set(refused) == set(each.refused), place
            assert current_state(SessionScope(stage.id)).state == each.state, place
            found = snapshot.load(SessionScope(stage.id), now)
            assert milligrams(found.line) == milligrams(each.milligrams), place
            assert {(alarm.rule_id, alarm.phase, alarm.priority) for alarm in found.alarms} == set(each.alarms), place
        assert State(current_state(SessionScope(stage.id)).state) is not State.PLANNED
