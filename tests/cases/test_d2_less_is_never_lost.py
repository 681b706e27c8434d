"""D2: what lets less in is never swallowed, never refused for a stale page, and never becomes more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from sojourn.care.encounter.models import SessionState
from sojourn.care.encounter.queries import current_state
from sojourn.care.session import snapshot
from sojourn.care.session.models import DoseEvent
from sojourn.care.session.step_actions import Pump
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import show
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body, dosing, reasons, seen, url


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def rate_of(stage: Stage) -> Decimal | None:
    with acting_as(stage.cast.actor("nurse")):
        return snapshot.load(SessionScope(stage.id), timezone.now()).rate_ml_per_h


def state_of(stage: Stage) -> str:
    with acting_as(stage.cast.actor("nurse")):
        return current_state(SessionScope(stage.id)).state


def test_a_second_lowering_from_the_same_page_is_set(ready: Cast):
    """D2: 60 mL/h and then 20 mL/h, both from one page that was not fresh: the pump is charted at 20."""
    stage = dosing(ready)
    client = ready.client("nurse")
    number = seen(show(client, stage))
    for rate in ("60", "20"):
        assert client.post(url("session_rate", stage), {"seen": number, "rate_ml_per_h": rate}).status_code == 302
    assert rate_of(stage) == 20


def test_the_very_same_press_is_one_lowering(ready: Cast):
    """D2: the same button twice is one row of the chart."""
    stage = dosing(ready)
    client = ready.client("nurse")
    typed = {"seen": seen(show(client, stage)), "rate_ml_per_h": "60"}
    for _ in range(2):
        assert client.post(url("session_rate", stage), typed).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert DoseEvent.objects.filter(kind="rate").count() == 1


def test_a_lowering_on_an_old_page_never_raises(ready: Cast):
    """D2: a page shows 75, a colleague has set 40, the nurse types 50: 40 stays, and it is said, even to a prescriber
    whose page is fresh otherwise."""
    stage = dosing(ready)
    client = ready.client("nurse")
    page = show(client, stage)
    assert 'name="shown" value="75' in page
    with acting_as(ready.actor("nurse")):
        stage.step("lower_rate", pump=Pump(Decimal(40)))
        newest = str(current_state(SessionScope(stage.id)).seq)
    for number in (seen(page), newest):
        typed = {"seen": number, "shown": "75.00", "rate_ml_per_h": "50"}
        answer = ready.client("prescriber").post(url("session_rate", stage), typed)
        assert answer.status_code == 409
        said = "The pump has been set to 40 mL/h in the meantime, which is lower still. Nothing was changed."
        assert said in reasons(answer)
    assert rate_of(stage) == 40


def test_less_without_a_word_of_what_was_seen(ready: Cast):
    """D2: pausing, slowing down and stopping in one press, from a form that says nothing of the page."""
    stage = dosing(ready)
    client = ready.client("nurse")
    assert client.post(url("session_rate", stage), {"rate_ml_per_h": "60"}).status_code == 302
    assert rate_of(stage) == 60
    assert client.post(url("session_pause", stage), {}).status_code == 302
    assert state_of(stage) == "paused"
    assert client.post(url("session_stop_early", stage), {}).status_code == 302
    assert state_of(stage) == "stopped_early"


def test_more_without_a_word_of_what_was_seen_is_refused(ready: Cast):
    """D2: what lets more in is asked from a fresh page only."""
    stage = dosing(ready)
    assert ready.client("nurse").post(url("session_rate", stage), {"rate_ml_per_h": "80"}).status_code == 409
    assert rate_of(stage) == 75


def test_the_stop_page_stops_a_dose_that_was_paused_meanwhile(ready: Cast):
    """D2: the stop page was open while a colleague paused: the dose stops all the same."""
    stage = dosing(ready)
    client = ready.client("nurse")
    number = seen(body(client.get(url("session_stop", stage))))
    with acting_as(ready.actor("prescriber")):
        stage.step("pause", "prescriber")
    typed = {"seen": number, "how": "stop_early", "reason": "Airway"}
    for _ in range(2):
        assert client.post(url("session_stop", stage), typed).status_code == 302
    assert state_of(stage) == "stopped_early"
    with acting_as(ready.actor("nurse")):
        assert SessionState.objects.latest("id").reason == "Airway"


def test_the_dose_ends_on_a_page_that_was_not_fresh(ready: Cast):
    """D2: a colleague lowered the rate meanwhile; "the dose has ended" is charted all the same."""
    stage = dosing(ready)
    client = ready.client("nurse")
    number = seen(show(client, stage))
    with acting_as(ready.actor("prescriber")):
        stage.step("lower_rate", "prescriber", pump=Pump(Decimal(40)))
    for _ in range(2):
        assert client.post(url("session_end_dose", stage), {"seen": number}).status_code == 302
    assert state_of(stage) == "observing"
