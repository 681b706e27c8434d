"""D2: after two different entries both people read the dose anew; nobody's entry is set against one of before.

Both have been shown both entries by then, so whoever types the other's figures has checked nothing.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from sojourn.care.session import snapshot
from sojourn.care.session.models import DoseCheck
from sojourn.care.session.queries import waiting_doses
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import press, said_at, second_nurse, show, write_down
from tests.conftest import Cast
from tests.interfaces.test_record import at, paper, words
from tests.interfaces.test_session_pages import body, checked

RIGHT, WRONG = "KX7721", "KX7712"


@pytest.fixture
def differing(clinic: Cast) -> tuple[Stage, Client, Client]:
    """The nurse read one lot number, the second nurse another; both entries stand on both pages."""
    adopt_everything(clinic)
    stage = checked(clinic)
    nurse, other = clinic.client("nurse"), second_nurse(clinic)
    write_down(nurse, stage, lot=WRONG)
    write_down(other, stage, lot=RIGHT)
    return stage, nurse, other


def again(client: Client, stage: Stage, **typed: str) -> Any:
    return write_down(client, stage, read_again="on", **typed)


def is_ready(cast: Cast, stage: Stage) -> bool:
    with acting_as(cast.actor("nurse")):
        ready = snapshot.load(SessionScope(stage.id), stage.encounter.opened_at).ready_dose
    return ready is not None and ready[1] is not None


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def entries(cast: Cast) -> int:
    with acting_as(cast.actor("nurse")):
        return DoseCheck.objects.count()


def test_the_others_figures_typed_afterwards_are_no_check(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: the first types what the second had read; that is one new reading, and the second one reads anew too."""
    stage, nurse, other = differing
    again(nurse, stage, lot=RIGHT)
    assert not is_ready(clinic, stage)
    assert "Give the dose" not in show(nurse, stage)
    page = show(other, stage)
    assert "Check the dose, without looking at the first entry" in page
    assert "read everything again; enter nothing from memory" in page
    again(other, stage, lot=RIGHT)
    assert is_ready(clinic, stage)
    page = show(nurse, stage)
    assert "Give the dose" in page
    assert "It has been read again by two people, and they agree." in page


@pytest.mark.parametrize("first", [0, 1])
def test_whoever_enters_first_the_other_enters_too(
    clinic: Cast, differing: tuple[Stage, Client, Client], first: int
):  # fmt: skip
    """D2: one of the two is no pair with anybody's earlier entry, whichever of them it is and whatever they type."""
    stage, *clients = differing
    for lot in (WRONG, RIGHT):
        again(clients[first], stage, lot=lot)
        assert not is_ready(clinic, stage)
    again(clients[1 - first], stage, lot=RIGHT)
    assert is_ready(clinic, stage)


@pytest.mark.alone
def test_both_are_told_and_say_that_they_read_it_again(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: without the tick an entry is refused at its field, and a second press of the form before it is none."""
    stage, nurse, other = differing
    for client in (nurse, other):
        assert "both of you read the vial, the syringe and the pump again, each on your own" in show(client, stage)
        answer = write_down(client, stage, lot=RIGHT)
        assert answer.status_code == 422
        assert said_at(body(answer), "read_again") == "Two entries differed. Read everything again and say you have."
    assert entries(clinic) == 2
    again(nurse, stage, lot=RIGHT)
    assert write_down(other, stage, lot=RIGHT).status_code == 422  # the one who checks says it as well
    assert entries(clinic) == 3


def test_no_prescriber_passes_a_difference(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: a second check may be set aside where nobody is there; two who disagree are two who were there."""
    stage, _nurse, _other = differing
    prescriber = clinic.client("prescriber")
    again(prescriber, stage, lot=RIGHT)
    aside = ["second-check-missing", "entries-differ"]
    answer = press(prescriber, stage, "session_start_dose", override=aside, reason="In a hurry")
    assert answer.status_code == 409
    assert "Two people read this dose differently. Two people must read it again, and agree." in body(answer)
    with acting_as(clinic.actor("nurse")):
        assert not snapshot.load(SessionScope(stage.id), stage.encounter.opened_at).doses


def test_a_third_person_may_read_it_with_one_of_them(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: two new readings by two people, whoever they are."""
    stage, nurse, _other = differing
    again(clinic.client("prescriber"), stage, lot=RIGHT)
    again(nurse, stage, lot=RIGHT)
    assert is_ready(clinic, stage)


def test_nobody_is_called_to_check_a_pair_that_differs(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: on home a dose waits for a second person once it has been read anew, and not before."""
    stage, nurse, _other = differing
    with acting_as(clinic.actor("nurse")):
        assert waiting_doses([stage.id], not_by=None) == []
    again(nurse, stage, lot=RIGHT)
    with acting_as(clinic.actor("nurse")):
        assert [each.lot for each in waiting_doses([stage.id], not_by=None)] == [RIGHT]


def test_record_and_pdf_show_the_difference_and_how_it_ended(clinic: Cast, differing: tuple[Stage, Client, Client]):
    """D2: who differed and when stands in the record, first without and then with who agreed."""
    stage, nurse, other = differing
    one, two = clinic.members["nurse"].name, clinic.members["nurse2"].name
    said = f"{one} and {two} read the dose differently at"
    for text in (body(nurse.get(at(stage))), words(paper(nurse, stage))):
        assert said in text
        assert "Two people have not read it again and agreed." in text
        assert "Dose read differently by a second person" in text
    again(other, stage, lot=RIGHT)
    again(nurse, stage, lot=RIGHT)
    for text in (body(nurse.get(at(stage))), words(paper(nurse, stage))):
        assert said in text
        assert f"It was read again by {two} and {one}, who agreed at" in text
        assert "Dose read again after the difference" in text
        assert "Dose checked by a second person" in text


def test_what_was_drawn_up_and_never_agreed_about_is_accounted_for(
    clinic: Cast, differing: tuple[Stage, Client, Client]
):  # fmt: skip
    """D2: a session that ends with two entries that differ still has its milligrams to waste before a witness."""
    stage, nurse, _other = differing
    press(nurse, stage, "session_stop_early", reason="The two of us could not agree")
    assert "35 mg still to account for." in plain(show(nurse, stage))
