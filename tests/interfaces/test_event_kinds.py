"""What is noted with a number: typed by a nurse, and the same on page, timeline, record, paper and audit."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfReader

from sojourn.care.chart import queries as chart_queries
from sojourn.care.chart.content import content
from sojourn.care.session import actions as session_actions
from sojourn.care.session.event_kinds import EventKind, amount_word, chosen
from sojourn.care.session.models import SessionEvent
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.sessions.timeline import timeline
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.conftest import Cast

MEASURED = chosen(lambda kind: kind.amount)
each_kind = pytest.mark.parametrize("kind", MEASURED, ids=lambda kind: kind.code)


@pytest.fixture
def running(clinic: Cast) -> Stage:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        return to_dosing(clinic, at=timezone.now() - timedelta(minutes=10))


def note(client: Client, stage: Stage, kind: EventKind, amount: str, **more: str):
    typed = {"kind": kind.code, "amount": amount, "last": "0"} | more
    return client.post(reverse("console:session_event", args=[stage.id]), typed)


def noted(cast: Cast, stage: Stage) -> list[SessionEvent]:
    with acting_as(cast.actor("nurse")):
        return list(SessionEvent.objects.filter(encounter_id=stage.id).order_by("id"))


def shown(client: Client, name: str, stage: Stage) -> str:
    return html.unescape(client.get(reverse(f"console:{name}", args=[stage.id])).content.decode())


def test_oxygen_is_noted_in_litres_a_minute():
    (oxygen,) = [each for each in MEASURED if each.code == "oxygen"]
    assert oxygen.amount is not None
    assert oxygen.amount.unit.code == "L/min"
    assert amount_word(Decimal("2.500"), "L/min") == "2.5 L/min"
    assert amount_word(Decimal(10), "L/min") == "10 L/min"
    with translation.override("es"):
        assert amount_word(Decimal("2.5"), "L/min") == "2,5 L/min"


@each_kind
def test_a_number_is_noted_and_stands_everywhere_in_both_languages(clinic: Cast, running: Stage, kind: EventKind):
    assert kind.amount is not None
    client = clinic.client("nurse")
    assert f"{kind.amount.label} ({kind.amount.unit.display})" in shown(client, "session", running)
    assert note(client, running, kind, "2,5", note="By mask").status_code == 302
    (row,) = noted(clinic, running)
    assert (row.kind, row.amount, row.unit, row.note) == (kind.code, Decimal("2.5"), kind.amount.unit.code, "By mask")
    for language, mark in (("en", "."), ("es", ",")):
        client.cookies["django_language"] = language
        with translation.override(language):
            said = f"{kind.words}, 2{mark}5 {kind.amount.unit.display}"
        for name in ("session", "session_entries", "record"):
            assert said in shown(client, name, running), name
        paper = client.get(reverse("console:record_pdf", args=[running.id]))
        text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(paper.content)).pages)
        assert said in text
        auditor = clinic.client("auditor")
        auditor.cookies["django_language"] = language
        with translation.override(language):
            words = str(kind.words)
        assert f"({words})" in html.unescape(auditor.get(reverse("console:audit")).content.decode())


@each_kind
@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("", "Write the number."),
        ("0", "Write more than 0"),
        ("-2", "is not a number"),
        ("two", "is not a number"),
        ("2 bar", "has the unit bar"),
    ],
)
def test_what_is_no_such_number_is_not_kept(clinic: Cast, running: Stage, kind: EventKind, amount: str, said: str):
    answer = note(clinic.client("nurse"), running, kind, amount, note="By mask")
    assert answer.status_code == 422
    page = html.unescape(answer.content.decode())
    assert said in page
    assert 'value="By mask"' in page, "nobody types it again"
    assert noted(clinic, running) == []


@each_kind
def test_the_same_number_sent_twice_is_one_entry(clinic: Cast, running: Stage, kind: EventKind):
    for amount in ("2", "2", "3"):
        note(clinic.client("nurse"), running, kind, amount)
    assert [each.amount for each in noted(clinic, running)] == [Decimal(2), Decimal(3)]


@each_kind
def test_only_who_observes_notes_it(clinic: Cast, running: Stage, kind: EventKind):
    assert note(clinic.client("front_desk"), running, kind, "2").status_code == 403
    assert noted(clinic, running) == []


@each_kind
def test_the_number_is_signed_and_one_without_leaves_old_signatures_whole(
    clinic: Cast, running: Stage, kind: EventKind
):
    assert kind.amount is not None
    with acting_as(clinic.actor("nurse")) as nurse:
        session_actions.note_event(by=nurse, encounter_id=running.id, kind="music")
        assert "event_amounts" not in content(chart_queries.session_record(SessionScope(running.id)))
        row = session_actions.note_event(by=nurse, encounter_id=running.id, kind=kind.code, amount=Decimal("2.50"))
        signed = content(chart_queries.session_record(SessionScope(running.id)))
    assert signed["event_amounts"] == [[row.pk, "2.5", kind.amount.unit.code]]


def test_a_number_belongs_only_to_a_kind_that_has_one(clinic: Cast, running: Stage):
    with acting_as(clinic.actor("nurse")) as nurse, pytest.raises(ActionRefused) as refused:
        session_actions.note_event(by=nurse, encounter_id=running.id, kind="music", amount=Decimal(2))
    assert refused.value.codes == ("amount",)


def test_what_is_no_kind_is_refused(clinic: Cast, running: Stage):
    with acting_as(clinic.actor("nurse")) as nurse, pytest.raises(ActionRefused) as refused:
        session_actions.note_event(by=nurse, encounter_id=running.id, kind="surgery")
    assert refused.value.codes == ("unknown-kind",)


@each_kind
def test_the_timeline_says_it_once(clinic: Cast, running: Stage, kind: EventKind):
    note(clinic.client("nurse"), running, kind, "2")
    assert kind.amount is not None
    with acting_as(clinic.actor("nurse")):
        titles = [each.title for each in timeline(load(SessionScope(running.id), timezone.now()))]
    assert titles.count(f"{kind.words}, 2 {kind.amount.unit.display}") == 1
