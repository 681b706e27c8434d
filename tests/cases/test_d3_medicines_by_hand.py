"""D3: what was given beside the dose, what the patient went through and what helped stand in the record, also late."""

from __future__ import annotations

import html
import re
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.session import actions as session_actions
from sojourn.care.session.models import GivenMedicine, SessionEvent
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.sessions.timeline import TimelineEntry, timeline
from tests.care.stage import Stage, adopt_everything, arrive, pass_checks, set_stage, to_dosing
from tests.clock import DENVER
from tests.conftest import Cast


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def page(answer) -> str:
    return html.unescape(answer.content.decode())


def running(cast: Cast, *, minutes: int = 10) -> Stage:
    with acting_as(cast.actor("nurse")):
        return to_dosing(cast, at=timezone.now() - timedelta(minutes=minutes))


def left(cast: Cast) -> Stage:
    """The patient came three hours ago and left without a dose an hour ago."""
    now = timezone.now()
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, at=now - timedelta(hours=3))
        arrive(stage, now - timedelta(hours=3))
        stage.step("stop_early", reason="Not well today.", now=now - timedelta(hours=2))
        stage.step("leave_without_dose", now=now - timedelta(hours=1))
    return stage


def medicines(stage: Stage) -> str:
    return reverse("console:session_medicines", args=[stage.id])


def events(stage: Stage) -> str:
    return reverse("console:session_event", args=[stage.id])


def typed(**more: str) -> dict[str, str]:
    return {"name": "Ondansetron", "amount": "4", "unit": "mg", "route": "iv", "key": str(uuid.uuid4())} | more


def given(cast: Cast, stage: Stage) -> list[GivenMedicine]:
    with acting_as(cast.actor("nurse")):
        return list(GivenMedicine.objects.filter(encounter_id=stage.id).order_by("id"))


def happened(cast: Cast, stage: Stage) -> list[TimelineEntry]:
    with acting_as(cast.actor("nurse")), timezone.override(DENVER):
        return timeline(load(SessionScope(stage.id), timezone.now()))


def clock(at: datetime) -> str:
    """By the clinic's own clock."""
    return f"{at.astimezone(DENVER):%H:%M}"


def to_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


# ---------------------------------------------------------------- medicines by hand


def test_a_medicine_is_written_down_with_dose_route_and_who(ready: Cast):
    stage = running(ready)
    answer = ready.client("nurse").post(medicines(stage), typed(note="Nausea after ten minutes"))
    assert answer["Location"].endswith("/medicines/#given")
    (row,) = given(ready, stage)
    assert (row.name, row.amount, row.unit, row.route) == ("Ondansetron", Decimal(4), "mg", "iv")
    assert row.by_id == ready.members["nurse"].pk
    shown = page(ready.client("nurse").get(medicines(stage)))
    assert "Ondansetron 4 mg, into a vein (IV)" in shown
    assert "Nausea after ten minutes" in shown
    assert "written down" not in shown
    assert any(each.title == "Ondansetron 4 mg, into a vein (IV)" for each in happened(ready, stage))


def test_a_preset_fills_in_what_it_is_and_never_how_much(ready: Cast):
    stage = running(ready)
    client = ready.client("nurse")
    for kind, name in (("oxygen", "Oxygen"), ("antiemetic", ""), ("antihypertensive", ""), ("other", "")):
        shown = page(client.get(f"{medicines(stage)}?kind={kind}"))
        values = dict(re.findall(r'name="(name|amount|at)"[^>]*?value="([^"]*)"', shown))
        assert values.get("name", "") == name
        assert not values.get("amount")
        assert "selected" not in re.sub(r'<option value="" selected>', "", shown)
    answer = client.post(medicines(stage), typed(name="Oxygen", amount="", unit="", route=""))
    assert answer.status_code == 422
    assert "Choose how it was given." in page(answer)


def test_a_medicine_that_was_given_late_in_writing_shows_both_times(ready: Cast):
    stage = running(ready, minutes=30)
    then = to_the_minute(timezone.now() - timedelta(minutes=20))
    ready.client("nurse").post(medicines(stage), typed(at=clock(then)))
    (row,) = given(ready, stage)
    assert row.given_at == then
    assert row.recorded_at > then + timedelta(minutes=19)
    shown = page(ready.client("nurse").get(medicines(stage)))
    assert "written down" in shown
    entry = next(each for each in happened(ready, stage) if each.icon == "pill")
    assert (entry.at, entry.detail) == (then, f"written down {clock(row.recorded_at)}")


def test_an_interacting_medicine_is_warned_of_and_written_down(ready: Cast):
    """Midazolam is a benzodiazepine, a major interaction by the rule of CNS depressants. In need it is given first."""
    stage = running(ready)
    client = ready.client("nurse")
    before = page(client.get(reverse("console:session_medicines_said", args=[stage.id]), {"name": "midazolam"}))
    assert "alarm-high" in before
    assert "monitor sedation" in before
    assert client.post(medicines(stage), typed(name="Midazolam", amount="1")).status_code == 302
    (row,) = given(ready, stage)
    assert row.ingredient == "Midazolam"
    assert [each["severity"] for each in row.warned] == ["major"]
    shown = page(client.get(medicines(stage)))
    warned = shown[shown.index('id="given"') :]
    assert "alarm-high" in warned
    assert "monitor sedation" in warned
    entry = next(each for each in happened(ready, stage) if each.icon == "pill")
    assert entry.detail.startswith("Warned: ")


def test_a_medicine_that_the_list_does_not_know_says_that_nothing_was_looked_up(ready: Cast):
    stage = running(ready)
    client = ready.client("nurse")
    client.post(medicines(stage), typed(name="Rescue drops", amount="", unit="", route="oral"))
    shown = page(client.get(medicines(stage)))
    assert "no interaction could be looked up" in shown
    (row,) = given(ready, stage)
    assert (row.amount, row.warned) == (None, [])


def test_the_same_form_sent_twice_is_one_medicine(ready: Cast):
    stage = running(ready)
    form = typed()
    for _press in range(2):
        assert ready.client("nurse").post(medicines(stage), form).status_code == 302
    assert len(given(ready, stage)) == 1


def _arrived(cast: Cast) -> Stage:
    stage = set_stage(cast)
    arrive(stage, timezone.now())
    return stage


def _checked(cast: Cast) -> Stage:
    stage = _arrived(cast)
    pass_checks(stage, timezone.now())
    return stage


def _paused(cast: Cast) -> Stage:
    stage = to_dosing(cast, at=timezone.now() - timedelta(minutes=5))
    stage.step("pause")
    return stage


def _observing(cast: Cast) -> Stage:
    stage = to_dosing(cast, at=timezone.now() - timedelta(minutes=45))
    stage.step("end_dose")
    return stage


def _stopped(cast: Cast) -> Stage:
    stage = _checked(cast)
    stage.step("say_no")
    return stage


@pytest.mark.parametrize(
    "make", [_arrived, _checked, to_dosing, _paused, _observing, _stopped],
    ids=["arrived", "checked", "dosing", "paused", "observing", "stopped"],
)  # fmt: skip
def test_it_can_be_written_down_in_every_state_of_a_session(ready: Cast, make):
    with acting_as(ready.actor("nurse")):
        stage = make(ready)
    assert ready.client("nurse").get(medicines(stage)).status_code == 200
    assert ready.client("nurse").post(medicines(stage), typed()).status_code == 302
    assert len(given(ready, stage)) == 1


def test_it_is_written_down_after_the_patient_left_until_the_record_is_signed(ready: Cast):
    stage = left(ready)
    client = ready.client("nurse")
    answer = client.post(medicines(stage), typed())  # "now" is no answer once they have left
    assert answer.status_code == 422
    assert "Enter when it was given." in page(answer)
    then = to_the_minute(timezone.now() - timedelta(minutes=90))
    assert client.post(medicines(stage), typed(at=clock(then))).status_code == 302
    (row,) = given(ready, stage)
    assert row.given_at == then
    with acting_as(ready.actor("nurse")):
        session_actions.sign(by=ready.actor("nurse"), encounter_id=stage.id, content_hash="0" * 64)
    answer = client.post(medicines(stage), typed(at=clock(then)))
    assert answer.status_code == 409
    assert "Write an addendum instead." in page(answer)
    assert len(given(ready, stage)) == 1


def test_a_time_of_an_old_session_is_of_its_own_day(ready: Cast):
    """Written down on the next day, 14:05 is the 14:05 of the session, not today's."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now - timedelta(hours=30))
        arrive(stage, now - timedelta(hours=30))
        stage.step("stop_early", reason="Not well today.", now=now - timedelta(hours=29))
        stage.step("leave_without_dose", now=now - timedelta(hours=28))
    then = to_the_minute(now - timedelta(hours=29, minutes=30))
    ready.client("nurse").post(medicines(stage), typed(at=clock(then)))
    (row,) = given(ready, stage)
    assert row.given_at == then


def test_the_front_desk_gives_no_medicine_and_a_therapist_may_write_one_down(ready: Cast):
    stage = running(ready)
    assert ready.client("front_desk").post(medicines(stage), typed()).status_code == 403
    assert given(ready, stage) == []
    assert ready.client("therapist").post(medicines(stage), typed()).status_code == 302


# ---------------------------------------------------------------- discomfort, emotion, support


def tap(client: Client, stage: Stage, **values: object):
    return client.post(events(stage), {name: str(value) for name, value in values.items()})


def noted(cast: Cast, stage: Stage) -> list[SessionEvent]:
    with acting_as(cast.actor("nurse")):
        return list(SessionEvent.objects.filter(encounter_id=stage.id).order_by("id"))


def test_nausea_is_graded_something_is_done_and_somebody_asks_how_it_is(ready: Cast):
    stage = running(ready)
    client = ready.client("nurse")
    assert tap(client, stage, kind="nausea", grade="moderate", last=0).status_code == 302
    (nausea,) = noted(ready, stage)
    session = page(client.get(reverse("console:session", args=[stage.id])))
    assert "Nausea, moderate" in session
    assert "How is it now?" in session
    tap(client, stage, about=nausea.pk, measure="Cool cloth, head up", last=nausea.pk)
    tap(client, stage, about=nausea.pk, effect="better", last=nausea.pk)
    session = page(client.get(reverse("console:session", args=[stage.id])))
    assert "Cool cloth, head up" in session
    tap(client, stage, about=nausea.pk, effect="gone", last=noted(ready, stage)[-1].pk)
    rows = [(each.kind, each.grade, each.measure, each.effect, each.about_id) for each in noted(ready, stage)]
    assert rows == [
        ("nausea", "moderate", "", "", None),
        ("nausea", "", "Cool cloth, head up", "", nausea.pk),
        ("nausea", "", "", "better", nausea.pk),
        ("nausea", "", "", "gone", nausea.pk),
    ]
    assert "How is it now?" not in page(client.get(reverse("console:session", args=[stage.id])))
    titles = [each.title for each in happened(ready, stage) if each.icon == "circle"]
    assert titles[0] == "Nausea: gone"
    assert {"Nausea, moderate", "Nausea: something was done", "Nausea: better", "Nausea: gone"} <= set(titles)


@pytest.mark.parametrize("kind", ["emotional_response", "supportive_measure", "music"])
def test_one_tap_is_saved_and_words_may_follow(ready: Cast, kind: str):
    stage = running(ready)
    client = ready.client("therapist")
    tap(client, stage, kind=kind, last=0)
    (row,) = noted(ready, stage)
    assert (row.kind, row.note) == (kind, "")
    assert "words may follow" in page(client.get(reverse("console:session", args=[stage.id])))
    tap(client, stage, about=row.pk, note="Tears, then quiet", last=row.pk)
    assert noted(ready, stage)[-1].note == "Tears, then quiet"
    assert "words may follow" not in page(client.get(reverse("console:session", args=[stage.id])))
    assert any(each.detail == "Tears, then quiet" for each in happened(ready, stage))


def test_the_same_tap_sent_twice_is_one_entry_and_a_later_one_is_another(ready: Cast):
    stage = running(ready)
    client = ready.client("nurse")
    for _press in range(2):
        tap(client, stage, kind="music", last=0)
    assert len(noted(ready, stage)) == 1
    tap(client, stage, kind="music", last=noted(ready, stage)[-1].pk)
    assert len(noted(ready, stage)) == 2


def test_a_tap_answers_htmx_with_the_part_and_the_timeline(ready: Cast):
    stage = running(ready)
    answer = ready.client("nurse").post(events(stage), {"kind": "music", "last": "0"}, headers={"hx-request": "true"})
    assert answer.status_code == 200
    shown = page(answer)
    assert shown.startswith('<section id="events"')
    assert 'id="timeline" hx-swap-oob="true"' in shown


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"kind": "nausea"}, 422),  # no grade
        ({"kind": "nausea", "grade": "awful"}, 422),
        ({}, 422),
        ({"kind": "patient_calls"}, 404),
        ({"kind": "surgery"}, 404),
        ({"about": "999999", "effect": "gone"}, 404),
        ({"kind": "music", "at": "25:99"}, 422),
    ],
)
def test_a_tap_that_says_nothing_is_not_kept(ready: Cast, values: dict[str, str], status: int):
    stage = running(ready)
    assert tap(ready.client("nurse"), stage, **values).status_code == status
    assert noted(ready, stage) == []


def test_a_follow_up_belongs_to_its_own_session(ready: Cast):
    stage = running(ready)
    client = ready.client("nurse")
    tap(client, stage, kind="nausea", grade="mild", last=0)
    (row,) = noted(ready, stage)
    with acting_as(ready.actor("nurse")):
        other = to_dosing(ready, number=2)
    assert tap(client, other, about=row.pk, effect="gone").status_code == 404


# ---------------------------------------------------------------- checks due and missed


def test_missed_checks_stand_in_the_timeline_as_gaps_and_the_next_one_ahead(ready: Cast):
    """The protocol asks at 0, 10, 20, 30 and 40 minutes. Measured at 0 only; after 26 minutes 10 and 20 are missed,
    since 25 is half-way between 20 and 30."""
    stage = running(ready, minutes=26)
    entries = happened(ready, stage)
    gaps = [each for each in entries if each.gap]
    assert [each.detail for each in gaps] == [
        "Planned 20 minutes after the start. Nobody measured.",
        "Planned 10 minutes after the start. Nobody measured.",
    ]
    (ahead,) = [each for each in entries if each.ahead]
    assert (ahead.title, ahead.detail) == ("Next check", "Planned 30 minutes after the start.")
    shown = page(ready.client("nurse").get(reverse("console:session", args=[stage.id])))
    assert shown.count("Check missed") == 2


def test_the_dose_and_what_happened_to_it_stand_in_the_timeline(ready: Cast):
    stage = running(ready)
    with acting_as(ready.actor("nurse")):
        stage.step("pause", note="Coughing")
        assert current_state(SessionScope(stage.id)).state == "paused"
    titles = {each.title: each.detail for each in happened(ready, stage)}
    assert titles["Dose paused"] == "Coughing"
    assert titles["The dose is paused"] == ""
    assert "Ketamine 35 mg into a vein (IV)" in titles
