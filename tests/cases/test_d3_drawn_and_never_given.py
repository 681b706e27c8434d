"""D3: milligrams that were drawn up and never given are accounted for like any others."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from sojourn.care.session import snapshot
from sojourn.care.session.models import Waste, WasteWitness
from sojourn.care.session.rows import WentIn
from sojourn.clinical import administration
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.sessions import running
from tests.care.stage import Stage, adopt_everything, check_dose
from tests.cases.chair import show
from tests.conftest import Cast
from tests.interfaces.test_session_pages import checked, dosing, seen, url


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def drawn_in_vain(cast: Cast) -> Stage:
    """35 mg were drawn up and checked; the session was stopped before the dose."""
    stage = checked(cast)
    with acting_as(cast.actor("nurse")):
        check_dose(stage, timezone.now())
        stage.step("stop_early", reason="Too nervous")
    return stage


@pytest.mark.alone
def test_drawn_up_and_stopped_before_the_start(ready: Cast):
    """D3: the page says 35 mg still to account for, takes the waste and a witness, and then says that all is there."""
    stage = drawn_in_vain(ready)
    nurse = ready.client("nurse")
    page = show(nurse, stage)
    assert "Planned 35 mg, given 0 mg (the dose was never begun), wasted 0 mg." in page
    assert "35 mg still to account for." in page
    typed = {"waste-mg": "35", "waste-how": "", "waste-key": str(uuid4())}
    assert nurse.post(url("session_waste", stage), typed).status_code == 302
    with acting_as(ready.actor("nurse")):
        row = Waste.objects.get()
    prescriber = ready.client("prescriber")
    page = show(prescriber, stage)
    assert url("session_witness", stage, row.pk) in page
    assert "Everything is accounted for." not in page
    prescriber.post(url("session_witness", stage, row.pk), {})
    with acting_as(ready.actor("nurse")):
        assert WasteWitness.objects.count() == 1
    assert "Everything is accounted for." in show(nurse, stage)


def test_it_is_still_there_once_the_patient_has_left(ready: Cast):
    """D3: whoever leaves without a dose leaves the milligrams behind; the page goes on asking for them."""
    stage = drawn_in_vain(ready)
    nurse = ready.client("nurse")
    nurse.post(url("session_leave_without_dose", stage), {"seen": seen(show(nurse, stage))})
    page = show(nurse, stage)
    assert "The patient has left" in page
    assert "35 mg still to account for." in page
    assert url("session_waste", stage) in page


def test_nothing_prepared_has_no_line(ready: Cast):
    """D3: where nothing was drawn up there is nothing to account for."""
    stage = checked(ready)
    with acting_as(ready.actor("nurse")):
        stage.step("stop_early", reason="Too nervous")
    assert "still to account for" not in show(ready.client("nurse"), stage)
    assert 'id="accounting"' not in show(ready.client("nurse"), stage)


def test_a_history_that_cannot_be_worked_out_still_takes_its_waste(ready: Cast):
    """D3: where the steps cannot have happened so, waste and witness are there all the same."""
    stage = dosing(ready)
    with acting_as(ready.actor("nurse")):
        stage.step("stop_early")
        picture = snapshot.load(SessionScope(stage.id), timezone.now())
    refused = administration.HistoryRefused((), ())
    picture.went_in = (WentIn(picture.doses[0], refused, None, told=True),)
    found = running.accounting(picture, ready.actor("nurse"))
    assert found is not None
    assert (found.given, found.complete, found.left_mg) == ("–", False, Decimal(0))
