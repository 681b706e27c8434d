"""D3: what was really given, through the buttons of the session's page. The bag holds 35 mg in 50 mL (0.7 mg/mL) and
runs at 75 mL/h, which is 52.5 mg/h: every expected figure is worked out by hand beside its test."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.session.models import DoseEvent, Waste, WasteWitness
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage
from tests.cases.chair import Clock, clock, press, said_at, second_nurse, show
from tests.clock import DENVER
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body, checked, dosing, reasons, seen, url

__all__ = ["clock"]


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def words(page: str) -> str:
    """A page without its markup, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def line(page: str) -> str:
    """The line that says where the dose is."""
    found = re.search(
        r"Planned [\d.]+ mg, given .*?wasted [\d.]+ mg\."
        r"(?: [\d.]+ mg still to account for\.| Everything is accounted for\.)?",
        words(page),
    )
    assert found, words(page)
    return found[0]


def kinds(cast: Cast) -> list[str]:
    with acting_as(cast.actor("nurse")):
        return list(DoseEvent.objects.order_by("at", "id").values_list("kind", flat=True))


def state(cast: Cast, stage: Stage) -> str:
    with acting_as(cast.actor("nurse")):
        return current_state(SessionScope(stage.id)).state


def measured(cast: Cast, stage: Stage, clock: Clock) -> None:
    """Readings of this minute, so that what asks every guard finds them fresh."""
    with acting_as(cast.actor("nurse")):
        stage.vitals(clock(), nibp_sys=124, nibp_dia=78, spo2=98, hr=71, rr=14)


# ---------------------------------------------------------------- what went in


@pytest.mark.alone
def test_stopped_after_20_seconds_of_40_minutes(ready: Cast, clock: Clock):
    """D3: stopped after 20 seconds the page says what went in: 75 mL/h x 20/3600 h = 0.41667 mL x 0.7 mg/mL = 0.29 mg
    of 35 mg; 34.71 mg are still to account for."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(seconds=20)
    page = body(press(client, stage, "session_stop_early"))
    assert line(page) == (
        "Planned 35 mg, given 0.29 mg (computed from pump rate and minutes), wasted 0 mg."
        " 34.71 mg still to account for."
    )
    assert "85 mg" not in page
    assert re.search(r'aria-current="step">.*?Stopped early', page, re.S)  # the path says so
    assert kinds(ready) == ["start", "stop"]


def test_counted_up_while_it_runs(ready: Cast, clock: Clock):
    """D3: the live part counts up: after 10 minutes 75 mL/h x 1/6 h x 0.7 mg/mL = 8.75 mg at 52.5 mg/h."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=10)
    said = words(body(client.get(url("session_live", stage), {"seen": "3"})))
    assert "Given so far 8.75 of 35 mg" in said
    assert "Pump rate 75 mL/h" in said
    assert "That is 52.5 mg/h" in said
    ends = timezone.localtime(clock.at + timedelta(minutes=30), DENVER).strftime("%H:%M")
    assert f"Ends at {ends}" in said


def test_paused_for_ten_minutes(ready: Cast, clock: Clock):
    """D3: a pause of 10 minutes gives nothing: 20 min + 10 min at 52.5 mg/h = 26.25 mg after 40 minutes."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=20)
    page = body(press(client, stage, "session_pause"))
    assert re.search(r'aria-current="step">.*?Paused', page, re.S)
    clock.later(minutes=10)
    said = words(show(client, stage))
    assert "Given so far 17.5 of 35 mg" in said  # 20 min x 52.5 mg/h
    assert "Paused since" in said
    assert "10 minutes ago" in said
    measured(ready, stage, clock)
    without = press(client, stage, "session_resume")  # the rate is asked anew
    assert without.status_code == 422
    assert said_at(body(without), "rate_ml_per_h") == "This field is required."
    press(client, stage, "session_resume", rate_ml_per_h="75")
    assert state(ready, stage) == "dosing"
    clock.later(minutes=10)
    page = body(press(client, stage, "session_stop_early"))
    assert "given 26.25 mg (computed from pump rate and minutes)" in line(page)
    assert "8.75 mg still to account for." in line(page)


@pytest.mark.alone
def test_another_rate(ready: Cast, clock: Clock):
    """D3: a lower rate is set at once, a higher one asks every guard: 20 min at 52.5 and 20 min at 26.25 mg/h are
    26.25 mg."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=20)
    same = press(client, stage, "session_rate", rate_ml_per_h="75")
    assert said_at(body(same), "rate_ml_per_h") == "The pump is set to this rate already."
    press(client, stage, "session_rate", rate_ml_per_h="37.5")
    clock.later(minutes=20)
    # The last readings are 40 minutes old now: more is not let in on them.
    more = press(client, stage, "session_rate", rate_ml_per_h="75")
    assert more.status_code == 409
    assert "The last reading is 40 minutes old" in reasons(more)
    assert 'value="75"' in body(more)
    measured(ready, stage, clock)
    fast = press(client, stage, "session_rate", rate_ml_per_h="750")
    assert fast.status_code == 409, "the rest in a minute and a half is faster than any dose may go in"
    press(client, stage, "session_rate", rate_ml_per_h="75")
    assert kinds(ready) == ["start", "rate", "rate"]
    page = body(press(client, stage, "session_stop_early"))
    assert "given 26.25 mg" in line(page)


def test_a_pause_that_nobody_resumed(ready: Cast, clock: Clock):
    """D3: two hours in a pause give nothing more: 20 min x 52.5 mg/h = 17.5 mg; stop still works."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=20)
    press(client, stage, "session_pause")
    clock.later(hours=2)
    said = words(show(client, stage))
    assert "Given so far 17.5 of 35 mg" in said
    assert "2 hours ago" in said
    page = body(press(client, stage, "session_stop_early"))
    assert "given 17.5 mg" in line(page)
    assert "17.5 mg still to account for." in line(page)


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        (datetime(2027, 3, 2, 23, 40, tzinfo=DENVER), "over midnight in Denver"),
        (datetime(2027, 3, 14, 1, 40, tzinfo=DENVER), "the clocks go from 2 to 3"),
        (datetime(2027, 11, 7, 1, 40, tzinfo=DENVER), "the clocks go from 2 back to 1"),
    ],
)
def test_over_midnight_and_over_the_change_of_clocks(ready: Cast, clock: Clock, begins: datetime, why: str):
    """D3: what went in is elapsed time, whatever the clock on the wall says: 30 min x 52.5 mg/h = 26.25 mg."""
    clock.at = begins.astimezone(UTC)
    stage = dosing(ready, at=clock.at)
    client = ready.client("nurse")
    clock.later(minutes=15)
    press(client, stage, "session_pause")
    clock.later(minutes=10)
    measured(ready, stage, clock)
    press(client, stage, "session_resume", rate_ml_per_h="75")
    clock.later(minutes=15)
    page = body(press(client, stage, "session_stop_early"))
    assert "given 26.25 mg" in line(page), why


def test_a_start_written_down_in_the_hour_that_comes_twice(ready: Cast, clock: Clock):
    """D3: at 1:10 after the clocks went back, "1:50" is twenty minutes ago and not forty minutes ahead."""
    clock.at = datetime(2027, 11, 7, 1, 45, tzinfo=DENVER).astimezone(UTC)  # the first 1:45
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=clock.at)
        arrive(stage, clock.at)
        pass_checks(stage, clock.at)
        check_dose(stage, clock.at)
    clock.later(minutes=25)  # the second 1:10
    measured(ready, stage, clock)
    press(ready.client("nurse"), stage, "session_start_dose", started="01:50")
    with acting_as(ready.actor("nurse")):
        dose = load(SessionScope(stage.id), clock()).dose
        assert dose is not None
        assert clock() - dose.started_at == timedelta(minutes=20)


# ---------------------------------------------------------------- less is never held up


@pytest.mark.alone
def test_a_step_that_arrives_twice(ready: Cast, clock: Clock):
    """D3: the same press twice, or the same form sent twice, is one step."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=10)

    def twice(name: str, seen_before: str, **typed: str) -> None:
        for _ in range(2):
            assert client.post(url(name, stage), {"seen": seen_before, **typed}).status_code == 302

    twice("session_pause", "3")
    measured(ready, stage, clock)
    twice("session_resume", "4", rate_ml_per_h="75")
    twice("session_rate", "5", rate_ml_per_h="60")
    twice("session_stop_early", "6")
    assert kinds(ready) == ["start", "pause", "resume", "rate", "stop"]
    page = show(client, stage)
    key = re.search(r'name="waste-key" value="([^"]+)"', page)
    assert key
    for _ in range(2):
        client.post(url("session_waste", stage), {"waste-mg": "5", "waste-key": key[1]})
    with acting_as(ready.actor("nurse")):
        assert Waste.objects.count() == 1


def test_stop_from_a_page_that_is_old(ready: Cast, clock: Clock):
    """D3: somebody has lowered the rate in the meantime; Stop still stops, and Pause pauses."""
    stage = dosing(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    old = seen(show(nurse, stage))
    press(other, stage, "session_rate", rate_ml_per_h="60")
    assert nurse.post(url("session_pause", stage), {"seen": old}).status_code == 302
    assert state(ready, stage) == "paused"
    assert nurse.post(url("session_stop_early", stage), {"seen": old}).status_code == 302
    assert state(ready, stage) == "stopped_early"


@pytest.mark.parametrize("typed", ["60", "lots"])
def test_a_reading_that_cannot_be_right_stops_nobody_from_stopping(ready: Cast, clock: Clock, typed: str):
    """D3: 60 mL cannot be left of 50 mL: the dose stops all the same, and the reading is asked again."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=20)
    page = body(press(client, stage, "session_stop_early", remaining_ml=typed))
    assert state(ready, stage) == "stopped_early"
    assert "What is left in the pump was not kept." in page
    assert "given 17.5 mg (computed from pump rate and minutes)" in line(page)
    wrong = press(client, stage, "session_read_off", **{"read-remaining_ml": "60"})
    assert said_at(body(wrong), "read-remaining_ml") == "60 mL cannot be left of 50 mL."


def test_the_patient_says_no_during_an_alarm(ready: Cast, clock: Clock):
    """D3: with a high alarm open, pause, stop and the patient's no stay in sight, and each is one press."""
    stage = dosing(ready)
    client = ready.client("nurse")
    with acting_as(ready.actor("nurse")):
        stage.vitals(clock(), spo2=85)
    page = show(client, stage)
    for name in ("session_pause", "session_stop_early", "session_say_no"):
        assert f'formaction="{url(name, stage)}"' in page
    assert "Nothing prevents it" not in page
    raised = press(client, stage, "session_rate", rate_ml_per_h="90")
    assert "A high-priority alarm is open" in reasons(raised)
    assert 'name="override"' not in body(raised)
    ticks = body(press(ready.client("prescriber"), stage, "session_rate", rate_ml_per_h="90"))
    assert 'name="override" value="high-alarm-open#' in ticks
    page = body(press(client, stage, "session_say_no"))
    assert state(ready, stage) == "stopped_early"
    assert "Why was it stopped?" in page


def test_the_rules_instruction_stands_beside_the_button(ready: Cast):
    """D3: the alarm rules say when to pause and when to stop (hr.high, bp.systolic.high, spo2.low), beside the
    buttons."""
    page = words(show(ready.client("nurse"), dosing(ready)))
    assert "When to pause Heart rate: pause above 130 /min" in page
    assert "pause above 180 mmHg" in page
    assert "stop below 90 %" in page


# ---------------------------------------------------------------- afterwards


def test_read_off_the_pump(ready: Cast, clock: Clock):
    """D3: what is read off counts: 25 mL left of 50 mL are 17.5 mg given, whatever the minutes say; also afterwards."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=19)
    page = body(press(client, stage, "session_stop_early", remaining_ml="25"))
    assert line(page) == "Planned 35 mg, given 17.5 mg (read off the pump), wasted 0 mg. 17.5 mg still to account for."
    clock.later(minutes=1)
    page = body(press(client, stage, "session_read_off", **{"read-remaining_ml": "26"}))
    assert "given 16.8 mg (read off the pump)" in line(page)  # 24 mL x 0.7 mg/mL


@pytest.mark.alone
def test_waste_has_a_witness_who_is_somebody_else(ready: Cast, clock: Clock):
    """D3: what is left is thrown away by one and witnessed by another; by oneself neither the page nor the database
    takes it."""
    stage = dosing(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    clock.later(minutes=20)
    page = body(press(nurse, stage, "session_stop_early"))
    assert 'name="waste-mg" value="17.5"' in page  # proposed: what is still to account for
    key = str(uuid4())
    page = body(press(nurse, stage, "session_waste", **{"waste-mg": "17.5", "waste-how": "sink", "waste-key": key}))
    assert "nobody has witnessed it yet" in page
    assert "Somebody else signs in and witnesses it here." in page
    with acting_as(ready.actor("nurse")):
        row = Waste.objects.get()
    own = press(nurse, stage, "session_witness", row.pk)
    assert own.status_code == 409
    assert "You threw it away yourself. Somebody else must witness it." in reasons(own)
    with acting_as(ready.actor("nurse")), pytest.raises(DatabaseError), transaction.atomic():
        WasteWitness.objects.create(
            clinic=ready.clinic, patient=stage.patient, waste=row, at=clock(), by=ready.members["nurse"]
        )
    for _ in range(2):
        page = body(press(other, stage, "session_witness", row.pk))
    assert "witnessed by Nurse Two" in page
    assert line(page) == (
        "Planned 35 mg, given 17.5 mg (computed from pump rate and minutes), wasted 17.5 mg."
        " Everything is accounted for."
    )  # fmt: skip


@pytest.mark.alone
def test_a_waste_of_another_session_is_not_found(ready: Cast, clock: Clock):
    """D3: a witness signs for what stands on the page, not for a number in the address."""
    stage, elsewhere = dosing(ready), dosing(ready, number=2)
    press(ready.client("nurse"), stage, "session_stop_early")
    press(ready.client("nurse"), stage, "session_waste", **{"waste-mg": "1", "waste-key": str(uuid4())})
    with acting_as(ready.actor("nurse")):
        row = Waste.objects.get()
    answer = ready.client("prescriber").post(url("session_witness", elsewhere, row.pk), {"seen": "3"})
    assert answer.status_code == 404


def spray(cast: Cast) -> tuple[Stage, Client]:
    """56 mg in two devices, of which the first has been given."""
    stage = checked(cast, protocol_id="in_esketamine", dose_mg=Decimal(56))
    nothing = dict.fromkeys(("stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"))
    with acting_as(cast.actor("nurse")):
        check_dose(stage, timezone.now(), mg="56", drug="esketamine", route="in", devices=2, **nothing)
    client = cast.client("nurse")
    press(client, stage, "session_start_dose")
    return stage, client


@pytest.mark.alone
def test_the_next_device(ready: Cast, clock: Clock):
    """D3: a spray is given device by device, 28 mg each; a third of two is refused, and one press is one device."""
    stage, client = spray(ready)
    page = show(client, stage)
    assert "Give the next device (28 mg)" in page
    assert "Given so far 28 of 56 mg" in words(page)
    assert "Spray devices 1 of 2" in words(page)
    assert "rate_ml_per_h" not in page
    for _ in range(2):
        assert client.post(url("session_give_part", stage), {"seen": "3"}).status_code == 302
    page = show(client, stage)
    assert "Given so far 56 of 56 mg" in words(page)
    assert "Give the next device" not in page
    third = press(client, stage, "session_give_part")
    assert third.status_code == 409
    assert "Every device of this dose has been given." in reasons(third)
    assert kinds(ready) == ["start", "part", "part"]
    page = body(press(client, stage, "session_end_dose"))
    assert "given 56 mg" in line(page)


def test_a_spray_that_is_stopped_after_one_device(ready: Cast, clock: Clock):
    """D3: what nobody can compute is asked, and stands as told: one device of two, 28 mg."""
    stage, client = spray(ready)
    page = body(press(client, stage, "session_stop_early"))
    assert "How many devices were used, and was each one used up?" in page
    page = body(press(client, stage, "session_read_off", **{"read-given_mg": "28"}))
    assert line(page) == "Planned 56 mg, given 28 mg (as told), wasted 0 mg. 28 mg still to account for."
    assert "How many devices were used" not in page


def test_ended_as_planned(ready: Cast, clock: Clock):
    """D3: after 40 minutes all 35 mg are in (40/60 h x 52.5 mg/h), and the page asks for the end."""
    stage = dosing(ready)
    client = ready.client("nurse")
    clock.later(minutes=41)
    assert "By rate and minutes all of it is in." in show(client, stage)
    page = body(press(client, stage, "session_end_dose"))
    assert line(page) == (
        "Planned 35 mg, given 35 mg (computed from pump rate and minutes), wasted 0 mg. Everything is accounted for."
    )
