"""The moments and numbers with which a session's actions and readings compare: just before each, at it, just after it.

A clock is typed without seconds; the session's day ends 36 hours after the arrival and a visit lasts twelve.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.session import actions as session_actions
from sojourn.care.session import medicine_actions, snapshot, strike_actions, waste_actions
from sojourn.care.session.call_watch import sweep_calls
from sojourn.care.session.calls import SAID_FOR, Call, CallState, to_patient
from sojourn.care.session.event_kinds import Amount
from sojourn.care.session.lines import given_to
from sojourn.care.session.models import MedicationAdministration
from sojourn.care.session.queries import doses_since, last_doses
from sojourn.care.vitals import actions as vitals_actions
from sojourn.clinical.units import L_PER_MIN
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope, SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage, to_dosing
from tests.conftest import Cast

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
before_at_after = pytest.mark.parametrize("step", [-1, 0, 1])


def code_of(act: Callable[[], object]) -> str:
    """Why it is refused, "" where it is done."""
    try:
        act()
    except ActionRefused as refused:
        return refused.codes[0]
    return ""


# ---------------------------------------------------------------- pure


@pytest.mark.parametrize(
    ("amount", "taken"),
    [("-0.1", False), ("0", False), ("0.1", True), ("14.9", True), ("15", True), ("15.1", False)],
)
def test_an_amount_is_more_than_its_least_and_at_most_its_highest(amount, taken):
    litres = Amount(label="Flow", unit=L_PER_MIN, more_than=Decimal(0), at_most=Decimal(15))
    assert (litres.against(Decimal(amount)) == "") is taken


@before_at_after
def test_who_is_coming_is_said_for_five_minutes(step):
    pressed = timezone.now()
    call = Call(CallState.COMING, pressed, pressed, "Nurse")
    assert (to_patient(call, pressed + SAID_FOR + step * SECOND) is None) is (step >= 0)


@pytest.mark.parametrize(
    ("letters", "wrong"), [(0, "reason-missing"), (1, ""), (299, ""), (300, ""), (301, "reason-long")]
)
def test_a_reason_has_at_most_300_letters(letters, wrong):
    signed = SimpleNamespace(signatures=SimpleNamespace(exists=lambda: False))
    found = strike_actions._faults(signed, "check", None, "x" * letters)
    assert list(found) == ([wrong] if wrong else [])


@pytest.mark.parametrize(("amount", "wrong"), [("-0.01", "amount"), ("0", "amount"), ("0.01", "")])
def test_another_medicine_is_more_than_nothing(amount, wrong):
    found = medicine_actions._faults("Ondansetron", Decimal(amount), "mg", "iv", None, timezone.now())
    assert list(found) == ([wrong] if wrong else [])


# ---------------------------------------------------------------- how long a session is of today


@pytest.fixture
def arrived(clinic: Cast) -> Stage:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
        arrive(stage, timezone.now())
    return stage


@before_at_after
def test_a_session_runs_until_36_hours_after_the_arrival(arrived: Stage, monkeypatch: pytest.MonkeyPatch, step: int):
    then = arrived.encounter.opened_at + timedelta(hours=36) + step * SECOND
    monkeypatch.setattr(timezone, "now", lambda: then)
    with acting_as(arrived.cast.actor("nurse")):
        assert encounter_queries.running().exists() is (step <= 0)


@before_at_after
def test_a_call_is_watched_as_long_as_its_session_is_on_the_board(arrived: Stage, step: int):
    """Exactly as long as ``running`` has it: at 36 hours it still does."""
    opened = arrived.encounter.opened_at
    with acting_as(arrived.cast.actor("nurse")) as by:
        session_actions.note_event(
            by=by, encounter_id=arrived.id, kind="patient_calls", at=opened, now=opened, note=""
        )  # fmt: skip
        with connection.cursor() as cursor:
            assert sweep_calls(cursor.cursor, opened + timedelta(hours=36) + step * SECOND) == (1 if step <= 0 else 0)


@before_at_after
def test_what_was_answered_twelve_hours_ago_is_of_this_visit(arrived: Stage, step: int):
    then = arrived.encounter.opened_at + timedelta(hours=12) + step * SECOND
    with acting_as(arrived.cast.actor("nurse")):
        session = snapshot.load(SessionScope(arrived.id), then)
        assert session.stale(arrived.encounter.opened_at) is (step > 0)


@before_at_after
def test_what_was_measured_at_the_arrival_is_of_after_it(arrived: Stage, step: int):
    with acting_as(arrived.cast.actor("nurse")):
        session = snapshot.load(SessionScope(arrived.id), arrived.encounter.opened_at)
        assert session.before_arrival(arrived.encounter.opened_at + step * SECOND) is (step < 0)


# ---------------------------------------------------------------- nothing is of later than now


@before_at_after
def test_what_is_written_down_has_happened(arrived: Stage, step: int):
    now = arrived.encounter.opened_at + timedelta(minutes=30)
    at, future = now + step * SECOND, "future" if step > 0 else ""
    with acting_as(arrived.cast.actor("nurse")) as by:
        who = {"by": by, "encounter_id": arrived.id, "now": now}
        assert code_of(lambda: session_actions.note_event(**who, kind="nausea", note="", at=at)) == future
        assert code_of(lambda: waste_actions.waste(**who, mg=Decimal(1), key=uuid4(), at=at)) == future
        given = {"name": "Ondansetron", "amount": Decimal(4), "unit": "mg", "route": "iv", "key": uuid4()}
        assert code_of(lambda: medicine_actions.give_medicine(**who, **given, given_at=at)) == future


@pytest.mark.parametrize(
    ("ago", "code"),
    [(12 * 60 * MINUTE, ""), (12 * 60 * MINUTE + SECOND, "past"), (-MINUTE, ""), (-MINUTE - SECOND, "future")],
)
def test_a_reading_is_of_the_last_twelve_hours(arrived: Stage, ago: timedelta, code: str):
    now = arrived.encounter.opened_at + timedelta(hours=13)
    with acting_as(arrived.cast.actor("nurse")) as by:
        typed = {"by": by, "encounter_id": arrived.id, "values": {"spo2": 97.0}, "measured_at": now - ago, "now": now}
        assert code_of(lambda: vitals_actions.take_readings(**typed)) == code


# ---------------------------------------------------------------- when a dose may have begun


@pytest.mark.parametrize(
    ("minutes", "seconds", "code"),
    [
        (-1, 59, "before-arrival"), (0, 0, "before-check"), (2, 59, "before-check"),
        (3, 0, ""), (3, 1, ""),  # checked at 3:30; a clock is typed without seconds
        (9, 59, ""), (10, 0, ""), (10, 1, "future"),
    ],
)  # fmt: skip
def test_a_dose_began_in_or_after_the_minute_of_its_check(clinic: Cast, minutes: int, seconds: int, code: str):
    adopt_everything(clinic)
    whole = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=20)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=whole)
        arrive(stage, whole + MINUTE)
        pass_checks(stage, whole + 3 * MINUTE + 30 * SECOND)
        check_dose(stage, whole + 3 * MINUTE + 30 * SECOND)
        at = whole + timedelta(minutes=minutes, seconds=seconds)
        assert code_of(lambda: stage.step("start_dose", at=at, now=whole + 10 * MINUTE)) == code


@pytest.mark.parametrize(("seconds", "code"), [(-1, "out-of-order"), (0, ""), (1, ""), (30, "")])
def test_a_step_is_of_the_minute_of_the_one_before_it_or_later(clinic: Cast, seconds: int, code: str):
    adopt_everything(clinic)
    whole = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=20)
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic, at=whole + 30 * SECOND)
        at = whole + timedelta(seconds=seconds)
        assert code_of(lambda: stage.step("pause", at=at, now=whole + 10 * MINUTE)) == code


# ---------------------------------------------------------------- what was given since, and until


@pytest.mark.alone
@before_at_after
def test_a_dose_of_the_moment_is_among_those_since_and_until(clinic: Cast, step: int):
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
        began, of = MedicationAdministration.objects.get().started_at, PatientScope(stage.patient.pk)
        assert bool(doses_since(of, began + step * SECOND, but=0)) is (step <= 0)
        assert bool(given_to(of, began + step * SECOND)) is (step >= 0)
        assert last_doses([stage.patient.pk]) == {stage.patient.pk: began}
