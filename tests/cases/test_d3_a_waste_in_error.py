"""D3: a waste that was entered in error is struck: seen with its witness, and counted in no balance any more."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.care.session import waste_actions
from sojourn.care.session.lines import given_to
from sojourn.care.session.models import EnteredInError, Waste, WasteWitness
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope, SessionScope
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import Clock, clock, press, show
from tests.conftest import Cast
from tests.interfaces.test_record import at, paper, words
from tests.interfaces.test_session_pages import body, dosing

__all__ = ["clock"]

WHY = "Read off the wrong syringe"


@pytest.fixture
def wasted(clinic: Cast, clock: Clock) -> Stage:
    """35 mg over 40 minutes (75 mL/h of 0.7 mg/mL), stopped after 20: 25 mL, which is 17.5 mg, went in and 17.5 mg are
    to account for. 10 mg were written down as thrown away and witnessed; it was another syringe."""
    adopt_everything(clinic)
    stage = dosing(clinic)
    nurse = clinic.client("nurse")
    clock.later(minutes=20)
    press(nurse, stage, "session_stop_early", reason="Nausea")
    clock.later(minutes=1)
    throw_away(nurse, stage, "10")
    press(clinic.client("prescriber"), stage, "session_witness", newest(clinic))
    return stage


def throw_away(client: Client, stage: Stage, mg: str) -> None:
    press(client, stage, "session_waste", **{"waste-mg": mg, "waste-key": str(uuid4())})


def newest(cast: Cast) -> int:
    with acting_as(cast.actor("nurse")):
        return Waste.objects.latest("id").pk


def strike(cast: Cast, stage: Stage, number: int, *, reason: str = WHY, role: str = "nurse") -> Any:
    door = reverse("console:session_strike", args=[stage.id, "waste", number])
    return cast.client(role).post(door, {"reason": reason})


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(page)).split())


@pytest.mark.alone
def test_a_struck_waste_counts_no_more_and_stays_readable(clinic: Cast, wasted: Stage):
    """D3: before 7.5 mg were to account for, afterwards 17.5; who struck what, when and why stands on page, record and
    PDF, with the witness."""
    nurse, number = clinic.client("nurse"), newest(clinic)
    door = reverse("console:session_strike", args=[wasted.id, "waste", number])
    page = show(nurse, wasted)
    assert "wasted 10 mg. 7.5 mg still to account for." in plain(page)
    assert door in page
    assert "10 mg thrown away" in plain(body(nurse.get(door)))
    assert strike(clinic, wasted, number).status_code == 302
    page = show(nurse, wasted)
    assert "wasted 0 mg. 17.5 mg still to account for." in plain(page)
    witness = clinic.members["prescriber"].name
    gone = re.findall(r"<s>(.*?)</s>", html.unescape(page))
    assert any(each == f"10 mg thrown away · witnessed by {witness}" for each in gone), gone
    assert WHY in page
    assert door not in page
    who = clinic.members["nurse"].name
    for text in (plain(body(nurse.get(at(wasted)))), words(paper(nurse, wasted))):
        assert "given 17.5 mg, wasted 0 mg, not accounted for 17.5 mg" in text
        assert f"witnessed by {witness}" in text
        assert "Entered in error; it does not count." in text
        assert re.search(rf"Struck by {who} on .*?: {WHY}", text)
    with acting_as(clinic.actor("nurse")):
        assert (Waste.objects.count(), WasteWitness.objects.count(), EnteredInError.objects.count()) == (1, 1, 1)


def test_every_balance_leaves_it_out(clinic: Cast, wasted: Stage, clock: Clock):
    """D3: snapshot, record and what the patient was given in all sessions say the same line."""
    strike(clinic, wasted, newest(clinic))
    with acting_as(clinic.actor("nurse")):
        lines = [
            load(SessionScope(wasted.id), clock()).line,
            session_record(SessionScope(wasted.id), now=clock()).given[0].line,
            given_to(PatientScope(wasted.patient.pk), clock())[0].line,
        ]
    for line in lines:
        assert line is not None
        assert (line.given_mg, line.wasted_mg, line.complete) == (Decimal("17.5"), 0, False)


def test_what_is_wasted_anew_needs_a_witness_of_its_own(clinic: Cast, wasted: Stage, clock: Clock):
    """D3: the witness of the struck waste witnesses nothing else; with a new one everything is accounted for."""
    nurse = clinic.client("nurse")
    strike(clinic, wasted, newest(clinic))
    throw_away(nurse, wasted, "17.5")
    assert "nobody has witnessed it yet" in show(nurse, wasted)
    press(clinic.client("prescriber"), wasted, "session_witness", newest(clinic))
    assert "wasted 17.5 mg. Everything is accounted for." in plain(show(nurse, wasted))


def test_a_struck_waste_is_witnessed_by_nobody(clinic: Cast, wasted: Stage):
    """D3: neither through the page nor by a button that still stood on another one."""
    nurse = clinic.client("nurse")
    throw_away(nurse, wasted, "7.5")
    number = newest(clinic)
    strike(clinic, wasted, number)
    by = clinic.actor("prescriber")
    assert press(clinic.client("prescriber"), wasted, "session_witness", number).status_code == 404
    with acting_as(by), pytest.raises(ActionRefused) as refused:
        waste_actions.witness(by=by, waste_id=number)
    assert refused.value.codes == ("struck",)


def test_it_needs_a_reason_once_and_from_inside(clinic: Cast, wasted: Stage, other_clinic: Cast):
    """D3: no reason, no strike; twice is once; another clinic's door does not exist."""
    number = newest(clinic)
    assert strike(clinic, wasted, number, reason=" ").status_code == 422
    for _twice in range(2):
        assert strike(clinic, wasted, number).status_code == 302
    assert strike(other_clinic, wasted, number).status_code == 404
    with acting_as(clinic.actor("nurse")):
        assert EnteredInError.objects.count() == 1


def test_a_strike_is_part_of_what_is_signed(clinic: Cast, wasted: Stage, clock: Clock):
    """D3: the hash under which a record is signed changes with it."""
    with acting_as(clinic.actor("nurse")):
        before = verify_signature(session_record(SessionScope(wasted.id), now=clock())).hash
        strike(clinic, wasted, newest(clinic))
        assert verify_signature(session_record(SessionScope(wasted.id), now=clock())).hash != before
