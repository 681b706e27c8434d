"""D6: a reading from before the arrival is asked about, shown with its date, and never stretches the axis."""

from __future__ import annotations

import html
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.chart.queries import session_record, verify_signature
from sojourn.care.session.snapshot import load
from sojourn.care.vitals.models import Observation
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.figure import figure_of
from sojourn.interfaces.console.record.presenters import RecordView
from tests.care.stage import Stage, adopt_everything, arrive, pass_checks, set_stage
from tests.conftest import Cast


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def here(clinic: Cast) -> Stage:
    """A patient who arrived ten minutes ago."""
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=10)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=at)
        arrive(stage, at)
    return stage


def yesterday(stage: Stage) -> datetime:
    """Yesterday at nine in the evening, by the clinic's clock."""
    zone = stage.cast.clinic.zone
    day = timezone.localtime(timezone.now(), zone) - timedelta(days=1)
    return day.replace(hour=21, minute=0, second=0, microsecond=0)


def post(stage: Stage, **more: str) -> Any:
    typed = {"nibp_sys": "190", "nibp_dia": "112", "spo2": "97", "seen": "1", "at": "21:00"}
    typed["on"] = yesterday(stage).date().isoformat()
    return stage.cast.client("nurse").post(reverse("console:session_values", args=[stage.id]), typed | more)


def test_it_is_asked_about_and_nothing_typed_is_lost(here: Stage, clinic: Cast):
    answer = post(here)
    text = body(answer)
    assert answer.status_code == 422
    assert "Was this measured before the patient arrived?" in text
    assert f"{yesterday(here):%-d %B %Y}, 21:00" in text
    for kept in ('value="190"', 'value="112"', 'value="21:00"', f'value="{yesterday(here).date().isoformat()}"'):
        assert kept in text
    assert 'name="before_arrival"' in text
    with acting_as(clinic.actor("nurse")):
        assert not Observation.objects.filter(encounter_id=here.id).exists()
    on_the_session = post(here, **{"from": "checks"})  # the form on the session's own page asks the same
    assert on_the_session.status_code == 422
    assert 'name="before_arrival"' in body(on_the_session)


def test_it_is_kept_with_its_date_and_its_true_age(here: Stage, clinic: Cast):
    assert post(here, before_arrival="on").status_code == 302
    with acting_as(clinic.actor("nurse")):
        rows = Observation.objects.filter(encounter_id=here.id)
        assert {each.effective_at for each in rows} == {yesterday(here)}
        snapshot = load(SessionScope(here.id), timezone.now())
        latest = snapshot.facts().latest["nibp_sys"]
        assert latest.age_minutes == pytest.approx((timezone.now() - yesterday(here)).total_seconds() / 60, abs=1)
    day = f"{yesterday(here):%-d %B %Y}, 21:00"
    session = body(clinic.client("nurse").get(reverse("console:session", args=[here.id])))
    assert f"Before the arrival: {day}" in session
    record = body(clinic.client("prescriber").get(reverse("console:record", args=[here.id])))
    assert "Before the arrival:" in record


def test_it_answers_no_check_of_today_and_is_no_baseline(here: Stage, clinic: Cast):
    post(here, before_arrival="on", nibp_sys="124", nibp_dia="78")
    with acting_as(clinic.actor("nurse")):
        codes = {each.code for each in load(SessionScope(here.id), timezone.now()).standing("complete_checks")}
    assert {"check-missing:blood_pressure", "check-missing:saturation", "baseline-missing:systolic"} <= codes


def test_it_raises_no_alarm_of_this_session(here: Stage, clinic: Cast):
    """190 mmHg is above 180 (bp.systolic.high); it was so yesterday."""
    post(here, before_arrival="on")
    with acting_as(clinic.actor("nurse")):
        assert not AlarmState.objects.filter(encounter_id=here.id).exclude(phase="quiet").exists()
    now = timezone.now()
    with acting_as(clinic.actor("nurse")):
        here.vitals(now, nibp_sys=190, nibp_dia=100)
        assert AlarmState.objects.get(encounter_id=here.id, rule_id="bp.systolic.high").phase == "raised"


def test_a_reading_of_now_stays_the_newest(here: Stage, clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        here.vitals(timezone.now(), nibp_sys=124, nibp_dia=78, spo2=98)
    post(here, before_arrival="on")
    with acting_as(clinic.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=here.id, code="nibp_sys").value == 124


def test_it_never_stretches_the_axis(here: Stage, clinic: Cast):
    post(here, before_arrival="on")
    with acting_as(clinic.actor("nurse")):
        pass_checks(here, timezone.now())
        record = session_record(SessionScope(here.id))
        shown = RecordView(record, verify_signature(record))
        drawn = figure_of(shown)
        assert shown.ends()[0] == record.opened_at
        points = [point for panel in drawn.panels for line in panel.lines for point in line.points]
        assert points
        assert min(at for at, _value in points) >= record.opened_at.timestamp()


def test_a_reading_since_the_arrival_is_not_asked_about(here: Stage):
    at = timezone.localtime(timezone.now() - timedelta(minutes=2), here.cast.clinic.zone)
    assert post(here, on="", at=f"{at:%H:%M}", nibp_sys="124", nibp_dia="78").status_code == 302
