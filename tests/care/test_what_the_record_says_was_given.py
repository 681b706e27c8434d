"""The record says what was really given (case D3): by hand, from rates and minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sojourn.care.chart import queries as chart_queries
from sojourn.care.chart.content import FIRST, SECOND, content, content_hash
from sojourn.care.chart.record import SessionRecord
from sojourn.care.encounter.models import SessionState
from sojourn.care.session import snapshot
from sojourn.care.session.lines import given_to
from sojourn.care.session.models import MedicationAdministration, WasteWitness
from sojourn.clinical.administration import DoseBalance, HistoryRefused, Method
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope, SessionScope
from tests.care.infusions import (
    BEGINS,
    after,
    infusing,
    interrupted,
    pump,
    stopped_after_20_seconds,
    throw_away,
    witness,
)
from tests.care.stage import Stage, adopt_everything, arrive, set_stage
from tests.conftest import Cast


def record_of(stage: Stage, *, now: datetime | None = None) -> SessionRecord:
    with acting_as(stage.cast.actor("nurse")):
        return chart_queries.session_record(SessionScope(stage.id), now=now)


def line_of(stage: Stage, *, now: datetime | None = None) -> DoseBalance:
    line = record_of(stage, now=now).given[0].line
    assert line is not None
    return line


def test_stopped_after_20_seconds_it_says_what_20_seconds_gave(clinic: Cast):
    """35 mg over 40 minutes: 35 * 20 / 2400 = 0.2917 mg. The record said 35 mg."""
    stage = stopped_after_20_seconds(clinic)
    line = line_of(stage)
    assert (line.planned_mg, line.given_mg) == (Decimal(35), Decimal("0.29"))
    assert (line.wasted_mg, line.unaccounted_mg) == (0, Decimal("34.71"))
    assert (line.method, line.complete) == (Method.COMPUTED, False)
    record = record_of(stage)
    assert record.dose_ended_at == BEGINS + timedelta(seconds=20)
    assert content(record)["format"] == SECOND


def test_paused_and_resumed_at_another_rate_then_thrown_away_before_a_witness(clinic: Cast):
    """10 minutes at 75 mL/h and 10 at 60 mL/h of 0.7 mg/mL: 8.75 + 7 mg; 35 - 15.75 = 19.25 mg thrown away."""
    stage = interrupted(clinic)
    record = record_of(stage)
    line = line_of(stage)
    assert (line.planned_mg, line.given_mg, line.wasted_mg) == (Decimal(35), Decimal("15.75"), Decimal("19.25"))
    assert (line.unaccounted_mg, line.complete) == (0, True)
    assert [each.kind for each in record.steps] == ["start", "pause", "resume", "stop"]
    (waste,) = record.wasted
    assert waste.witness is not None
    assert (waste.witness.name, waste.witnessed_at) == (clinic.members["prescriber"].name, after(34))
    gone = [record.given[0].gone_in_by(after(n)) for n in (0, 5, 10, 15, 20, 25, 30, 60)]
    assert gone == [Decimal(each) for each in ("0", "4.38", "8.75", "8.75", "8.75", "12.25", "15.75", "15.75")]


def test_a_waste_counts_when_somebody_else_has_seen_it(clinic: Cast):
    stage = infusing(clinic)
    pump(stage, "stop_early", after(20))
    waste = throw_away(stage, "17.5", after(22))
    assert not line_of(stage).complete
    before = content_hash(record_of(stage))
    witness(stage, waste, after(23))
    assert line_of(stage).complete
    assert content_hash(record_of(stage)) != before
    with acting_as(clinic.actor("nurse")):
        assert WasteWitness.objects.count() == 1


def test_what_was_read_off_the_pump_counts_and_both_are_kept(clinic: Cast):
    """After 10 minutes rates and minutes say 12.5 mL; the pump still holds 40 of 50 mL: 10 mL, 7 mg."""
    stage = infusing(clinic)
    pump(stage, "stop_early", after(10), left=40)
    (given,) = record_of(stage).given
    line = line_of(stage)
    assert (line.given_mg, line.method) == (Decimal(7), Method.COUNTED)
    assert not isinstance(given.delivered, HistoryRefused)
    assert given.delivered.computed_mg == Decimal("8.75")
    assert "counted-below-computed" in {each.code for each in given.delivered.discrepancies}


def test_record_and_session_say_the_same(clinic: Cast):
    """One arithmetic: the snapshot of the page, the record, and what the patient reads."""
    stage = interrupted(clinic)
    now = after(60)
    with acting_as(clinic.actor("nurse")):
        session = snapshot.load(SessionScope(stage.id), now)
        (own,) = given_to(PatientScope(stage.patient.pk), now)
    assert session.line == line_of(stage, now=now) == own.line
    assert session.dose_ended_at == record_of(stage, now=now).dose_ended_at


def test_discomfort_medicine_and_what_was_set_aside_stand_in_it(clinic: Cast):
    record = record_of(interrupted(clinic))
    first, later = record.events
    assert (first.kind, first.grade, first.measure) == ("nausea", "moderate", "Head raised, cool cloth")
    assert (later.effect, later.about_id) == ("better", first.id)
    (other,) = record.by_hand
    assert (other.ingredient, other.amount, other.unit, other.route) == ("Ondansetron", Decimal(4), "mg", "iv")
    assert (other.given_at, other.recorded_at) == (after(12), after(35))
    start, resumed = [each for each in record.states if "rules" in each.basis]
    assert "hold:systolic" in {each["code"] for each in resumed.basis["set_aside"]}
    assert any("172 mmHg" in each["said"] for each in resumed.basis["set_aside"])
    assert resumed.by is not None
    assert resumed.by.name == clinic.members["prescriber"].name
    assert start.basis["decision"] in record.papers.decisions
    assert set(start.basis["agreements"]) == set(record.papers.agreements)
    assert start.basis["plan_version"] in record.papers.versions
    assert record.doses[0].plan_version_id == start.basis["plan_version"]
    assert any(each["id"] == "dose.ceiling.iv.ketamine" for each in start.basis["rules"])


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        (datetime(2026, 3, 4, 6, 45, tzinfo=UTC), "from 23:45 to 00:15 in Denver"),
        (datetime(2026, 3, 8, 8, 45, tzinfo=UTC), "at 2:00 in Denver the clocks go on to 3:00"),
        (datetime(2026, 11, 1, 7, 45, tzinfo=UTC), "at 2:00 in Denver the clocks go back to 1:00"),
    ],
)
def test_over_midnight_and_over_the_change_of_clocks(clinic: Cast, begins: datetime, why: str):
    """Minutes that passed count, whatever the clock on the wall says; and things stand in the order they happened."""
    stage = interrupted(clinic, begins=begins)
    assert line_of(stage).given_mg == Decimal("15.75"), why
    record = record_of(stage)
    happened = [each.what.kind for each in record.moments if each.kind == "dose_step"]
    assert happened == ["pause", "resume", "stop"]
    times = [each.at for each in record.moments]
    assert times == sorted(times)


def _old_session(cast: Cast) -> Stage:
    """Rows as 0.1.0 wrote them: a dose with its minutes, and the states."""
    adopt_everything(cast)
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, at=BEGINS)
        arrive(stage, BEGINS)
        common = {"clinic": cast.clinic, "patient": stage.patient, "encounter_id": stage.id}
        nurse, second = cast.members["nurse"], cast.members["prescriber"]
        for seq, (state, minute) in enumerate(
            (("checked", 10), ("dosing", 15), ("observing", 35), ("ready_to_leave", 130), ("left", 140)), start=2
        ):
            SessionState.objects.create(**common, seq=seq, state=state, at=after(minute), by=nurse)
        MedicationAdministration.objects.create(
            **common, drug="ketamine", route="iv", dose_mg=Decimal(35), duration_min=Decimal(40), lot="K1",
            started_at=after(15), given_by=nurse, checked_by=second, checked_at=after(14), recorded_at=after(15),
        )  # fmt: skip
    return stage


def test_a_session_of_then_keeps_its_form_and_says_what_is_known(clinic: Cast):
    """No step was recorded: half of its minutes are taken as half of its dose, and it says that this is how it is
    known."""
    stage = _old_session(clinic)
    record = record_of(stage)
    assert content(record)["format"] == FIRST
    (given,) = record.given
    assert not given.told
    assert line_of(stage).given_mg == Decimal("17.5")
    assert set(content(record)) == {
        "format", "clinic", "encounter", "patient", "chair", "appointment", "opened_at", "plan", "protocol", "states",
        "checks", "prepared", "doses", "readings", "alarms", "monitors", "events", "left", "measures",
    }  # fmt: skip
