"""D2: the second person sees nothing of the first entry before they have entered, wherever they look."""

from __future__ import annotations

import pytest

from sojourn.care.session import snapshot
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import adopt_everything
from tests.cases.chair import second_nurse, show, write_down
from tests.conftest import Cast
from tests.interfaces.test_record import at, paper, words
from tests.interfaces.test_session_pages import body, checked

LOT, MG = "LOT-7788", "34.97"
ENTRY = {"lot": LOT, "dose_mg": MG}


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def test_the_record_keeps_an_unchecked_entry_from_the_second_person(ready: Cast):
    """D2: page and PDF of the record leave the first entry out for everybody but who made it, until it is checked."""
    stage = checked(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    write_down(nurse, stage, **ENTRY)
    assert LOT in body(nurse.get(at(stage)))
    page, pdf = body(other.get(at(stage))), words(paper(other, stage))
    for text in (page, pdf):
        assert LOT not in text
        assert MG not in text
    write_down(other, stage, **ENTRY)
    assert LOT in body(other.get(at(stage)))
    assert LOT in words(paper(other, stage))


def test_a_correction_after_a_difference_is_blind_again(ready: Cast):
    """D2: two entries that differ are both shown; the corrected third is not shown to the other before they enter."""
    stage = checked(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    write_down(nurse, stage, lot="AAA-1")
    write_down(other, stage, lot="BBB-2")
    for client in (nurse, other):
        page = show(client, stage)
        assert "The two entries differ" in page
        assert "AAA-1" in page
        assert "BBB-2" in page
    write_down(nurse, stage, lot=LOT, read_again="on")
    page = show(other, stage)
    assert "Check the dose, without looking at the first entry" in page
    assert LOT not in page
    assert LOT not in body(other.get(at(stage)))
    assert "A second person checks the dose" in show(nurse, stage)
    write_down(other, stage, lot=LOT, read_again="on")
    assert "Give the dose" in show(other, stage)
    with acting_as(ready.actor("nurse")):
        pair = snapshot.load(SessionScope(stage.id), stage.encounter.opened_at).ready_dose
    assert pair is not None
    assert pair[1] is not None


def test_a_second_difference_is_shown_again(ready: Cast):
    """D2: corrected, entered unseen again and different again: both are shown again."""
    stage = checked(ready)
    nurse, other = ready.client("nurse"), second_nurse(ready)
    for client, lot in ((nurse, "AAA-1"), (other, "BBB-2"), (nurse, "CCC-3"), (other, "DDD-4")):
        write_down(client, stage, lot=lot, read_again="on")
    page = show(nurse, stage)
    assert "The two entries differ" in page
    assert "DDD-4" in page
