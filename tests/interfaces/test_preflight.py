"""The facts beside the ticks: which agreement, of when, which weight, which medicines, who brings the patient home."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from sojourn.care.consent.models import Consent
from sojourn.care.coordination import ride_home_actions
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.session import withdrawal_actions
from sojourn.care.session.models import CheckResult
from sojourn.clinical.eligibility import Value
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import Stage, adopt_everything, arrive, set_stage
from tests.clock import DENVER, today
from tests.conftest import Cast


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def arrived(cast: Cast, **more) -> Stage:
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, **more)
        arrive(stage, timezone.now())
    return stage


def session(cast: Cast, stage: Stage) -> str:
    answer = cast.client("nurse").get(reverse("console:session", args=[stage.id]))
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def beside(page: str, item: str) -> str:
    """What stands beside a tick, as words."""
    start = page.index(f'<li id="item-{item}"')
    row = page[start : page.index('<li id="item-', start + 1)]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def grounds(page: str) -> str:
    start = page.index('id="grounds-title"')
    return " ".join(re.sub(r"<[^>]+>", " ", page[start : page.index("</section>", start)]).split())


def day(at) -> str:
    return date_format(at.astimezone(DENVER).date(), "j F Y")


def enter(cast: Cast, stage: Stage, name: str, value: Value, days: int = 0) -> None:
    by = cast.actor("nurse")
    with acting_as(by):
        entry_actions.enter_fact(
            by=by, patient_id=stage.patient.pk, name=name, value=value, on=today() - timedelta(days=days)
        )


def test_the_consent_says_which_documents_of_when_and_which_version(ready: Cast):
    stage = arrived(ready)
    with acting_as(ready.actor("nurse")):
        rows = list(Consent.objects.filter(patient=stage.patient))
    told = beside(session(ready, stage), "consent")
    assert len(rows) >= 2
    for row in rows:
        assert f"signed on {day(row.signed_at)}, version {row.document_version}" in told
    assert f"counter-signed by {ready.members['prescriber'].name}" in told


def test_a_missing_agreement_is_named_and_no_tick_passes_it(ready: Cast):
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready)
    with acting_as(ready.actor("prescriber")):
        consent = Consent.objects.get(patient=stage.patient, document_id="treatment")
        withdrawal_actions.withdraw_consent(
            by=ready.actor("prescriber"), consent_id=consent.pk, reason="By telephone this morning."
        )
        arrive(stage, timezone.now())
    page = session(ready, stage)
    title = re.search(r"The patient has withdrawn: ([^.]+)\.", beside(page, "consent"))
    assert title is not None
    assert "Agreements not in order" in grounds(page)
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    answer = ready.client("nurse").post(
        reverse("console:session_check", args=[stage.id]),
        {"item": "consent", "outcome": "passed", "seen": seen[1], "last": "0"}, headers={"hx-request": "true"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert title[1] in html.unescape(answer.text)
    with acting_as(ready.actor("nurse")):
        assert not CheckResult.objects.filter(encounter_id=stage.id, item_id="consent").exists()


def test_decision_agreements_and_plan_stand_above_the_ticks(ready: Cast):
    told = grounds(session(ready, arrived(ready)))
    now = timezone.now()
    assert f"Accepted by {ready.members['prescriber'].name} on {day(now - timedelta(days=9))}." in told
    assert f"Version 1, signed on {day(now - timedelta(days=5))}: 35 mg" in told
    assert told.count("in order") == 3
    assert "not in order" not in told


def test_weight_and_its_age_and_what_the_plan_counts_with(ready: Cast):
    stage = arrived(ready)
    told = beside(session(ready, stage), "weight")
    assert "No weight is recorded." in told
    assert "The plan counts with 70 kg" in told  # 35 mg of 0.5 mg/kg
    enter(ready, stage, "weight_kg", 71.5, days=12)
    then = date_format(today() - timedelta(days=12), "j F Y")
    assert f"71.5 kg on {then}, 12 days ago" in beside(session(ready, stage), "weight")


def test_the_last_pressure_before_today(ready: Cast):
    stage = arrived(ready)
    enter(ready, stage, "sbp", 131.0, days=3)
    enter(ready, stage, "dbp", 84.0, days=3)
    then = date_format(today() - timedelta(days=3), "j F Y")
    assert f"Last known: 131/84 mmHg on {then}, 3 days ago" in beside(session(ready, stage), "blood_pressure")


def test_the_pregnancy_test_has_its_day(ready: Cast):
    stage = arrived(ready)
    assert "No pregnancy test is recorded." in beside(session(ready, stage), "pregnancy")
    enter(ready, stage, "pregnancy_test", "negative", days=1)
    then = date_format(today() - timedelta(days=1), "j F Y")
    assert f"Test negative on {then}, 1 day ago" in beside(session(ready, stage), "pregnancy")


def test_medicines_say_what_is_taken_and_what_changed_since_the_decision(ready: Cast):
    stage = arrived(ready)
    told = beside(session(ready, stage), "medicines")
    assert "No medicine is recorded." in told
    assert f"Unchanged since the decision of {day(timezone.now() - timedelta(days=9))}" in told
    assert "Not gone through in any earlier session." in told
    by = ready.actor("nurse")
    with acting_as(by):
        intake_actions.say_line(
            by=by,
            patient_id=stage.patient.pk,
            of="medicines",
            name="Diazepam",
            dose="5 mg",
            current=True,
            stopped_on=None,
        )
    told = beside(session(ready, stage), "medicines")
    assert "Takes: Diazepam 5 mg" in told
    assert "new: Diazepam 5 mg" in told


def test_the_escorts_answer_stands_beside_the_tick(ready: Cast):
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=timezone.now() + timedelta(hours=1))
        ride_home_actions.write_answer(
            by=ready.actor("nurse"), appointment_id=stage.appointment.pk, comes=True, note="At four, by car"
        )
        arrive(stage, timezone.now())
    told = beside(session(ready, stage), "escort")
    assert f"Luis Reyes: ride home confirmed ({day(timezone.now())})" in told
    assert "At four, by car" in told


def test_an_escort_who_was_not_asked_is_said_so(ready: Cast):
    assert "Luis Reyes: ride home not requested yet" in beside(session(ready, arrived(ready)), "escort")


def test_an_allergy_is_recorded_and_one_that_nobody_asked_about_is_missing(ready: Cast):
    stage = arrived(ready)
    assert "Nobody has asked about allergies yet." in beside(session(ready, stage), "allergies")
    enter(ready, stage, "allergy_ketamine", True)
    assert "Allergy to ketamine or esketamine recorded on" in beside(session(ready, stage), "allergies")


def test_a_tick_saved_by_htmx_keeps_its_fact(ready: Cast):
    stage = arrived(ready)
    seen = re.search(r'name="seen" value="(\d+)"', session(ready, stage))
    assert seen is not None
    answer = ready.client("nurse").post(
        reverse("console:session_check", args=[stage.id]),
        {"item": "consent", "outcome": "passed", "seen": seen[1], "last": "0"}, headers={"hx-request": "true"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert "signed on" in html.unescape(answer.text)
