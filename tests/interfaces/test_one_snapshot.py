"""Board, session's page, record and PDF say the same of one session, because each reads its one snapshot."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from sojourn.care.chart.queries import session_record
from sojourn.care.session import actions as session_actions
from sojourn.care.session import live, snapshot
from sojourn.care.session.event_kinds import CALL_ANSWERED, PATIENT_CALLS
from sojourn.care.session.waste_actions import waste
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import Clock, clock, press, show
from tests.conftest import Cast
from tests.interfaces.test_record import at, paper, words
from tests.interfaces.test_session_pages import body, dosing

__all__ = ["clock"]

# The bag holds 35 mg in 50 mL and runs at 75 mL/h: in 10 minutes 12.5 mL, which is 8.75 mg; 1 mg is thrown away.
GIVEN, WASTED = Decimal("8.75"), Decimal(1)


@pytest.fixture
def lived(clinic: Cast, clock: Clock) -> Stage:
    """A dose paused after 10 of its 40 minutes; the check at 10 minutes was not made, the heart rate is doubted at 300
    and its pulse believed at 71, the saturation is low; the patient has called twice, and once nobody came."""
    adopt_everything(clinic)
    stage = dosing(clinic)
    nurse = clinic.client("nurse")
    clock.later(minutes=10)
    press(nurse, stage, "session_pause")
    clock.later(minutes=12)
    by = clinic.actor("nurse")
    with acting_as(by):
        stage.vitals(clock(), spo2=84, hr=400, pr=71)
        for kind in (PATIENT_CALLS, CALL_ANSWERED, PATIENT_CALLS):
            session_actions.note_event(by=by, encounter_id=stage.id, kind=kind, now=clock())
        waste(by=by, encounter_id=stage.id, mg=WASTED, key=uuid4(), now=clock())
    return stage


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(page)).split())


def test_the_streams_board_and_the_page_have_one_glance(clinic: Cast, lived: Stage, clock: Clock):
    """What the streams ask on a connection of their own is to the last bit what the page's snapshot says."""
    for later in (0, 5, 20, 200):
        now = clock() + timedelta(minutes=later)
        with acting_as(clinic.actor("nurse")), connection.cursor() as cursor:
            (streamed,) = live.read(cursor.cursor, [lived.id], now)
            picture = live.picture(snapshot.load(SessionScope(lived.id), now).glance)
        assert {name: streamed[name] for name in picture} == picture
    assert picture["called"] == clock().timestamp()
    assert picture["signals"]["hr"][2]  # doubted, and shown: its alarm is open


def test_the_record_has_what_the_snapshot_has(clinic: Cast, lived: Stage, clock: Clock):
    with acting_as(clinic.actor("nurse")):
        session, record = (
            snapshot.load(SessionScope(lived.id), clock()),
            session_record(SessionScope(lived.id), now=clock()),
        )
    line = record.given[0].line
    assert line is not None
    assert (line.given_mg, line.wasted_mg) == (GIVEN, WASTED)
    assert line == session.line
    assert record.given[0].delivered == session.delivered
    assert record.dose_ended_at == session.dose_ended_at
    due = session.glance.due
    assert due is not None
    assert [each.point for each in record.gaps] == list(due.missed) != []
    assert {each.id for each in record.checks if each.counts} == {each.id for each in session.checks.values()}
    assert [each.id for each in record.events] == [each.id for each in session.events]


def test_board_page_record_and_pdf_say_the_same(clinic: Cast, lived: Stage):
    nurse = clinic.client("nurse")
    board, page = plain(body(nurse.get("/clinic/board/"))), plain(show(nurse, lived))
    record, pdf = plain(body(nurse.get(at(lived)))), words(paper(nurse, lived))
    # One choice of the value: a heart rate in doubt may raise an alarm, and the tile shows the figure of its alarm.
    assert "Heart /min 400" in board
    assert "Heart rate 400 /min" in page.replace("\xa0", " ")
    assert "in doubt, outside of what is plausible" in page
    for text in (record, pdf):
        assert "Pulse 71 /min" in text
        assert "Heart rate 400: in doubt, outside of what is plausible" in text
        assert "Heart rate is high" in text
    # One state, one alarm.
    for text in (board, page, record, pdf):
        assert re.search("Dose paused|the dose is paused", text)
        assert "Oxygen saturation is low" in text
    # One arithmetic of the dose.
    assert f"Given so far {GIVEN} of 35 mg" in page
    for text in (record, pdf):
        assert f"Planned 35 mg, given {GIVEN} mg, wasted {WASTED} mg" in text
    # One count of the checks that nobody made.
    assert "Check missed Planned 10 minutes after the start." in page
    for text in (record, pdf):
        assert "The check due 10 minutes after the start of the dose" in text
