"""The nurse's hands on a session: from the arrival to the door, through the pages alone."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent, AlarmState
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import current_state, protocol_of
from sojourn.care.intake import entry_actions
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.session import actions as session_actions
from sojourn.care.session import drawing_actions
from sojourn.care.session.event_kinds import CALL_ANSWERED, PATIENT_CALLS
from sojourn.care.session.models import (
    CheckResult,
    Discharge,
    DoseCheck,
    MedicationAdministration,
    SessionEvent,
)
from sojourn.care.session.snapshot import load
from sojourn.care.session.strike_actions import strike
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device, DeviceAssociation, Observation
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions import standing
from sojourn.interfaces.console.sessions.forms import moment_of
from sojourn.interfaces.console.sessions.words import skew_word
from tests.care.stage import (
    Stage,
    adopt_everything,
    arrive,
    check_dose,
    drawn,
    found_well,
    pass_checks,
    set_stage,
    to_dosing,
)
from tests.clock import today
from tests.conftest import Cast
from tests.words import stands_in

# What stands on the vial, the bag and the pump: 35 mg of 50 mg/mL made up to 50 mL, 75 mL/h for 40 minutes.
DRAWN = {
    "drug": "ketamine", "dose_mg": "35", "stock_mg_per_ml": "50", "drawn_ml": "0.7", "total_ml": "50", "over_min": "40",
    "rate_ml_per_h": "75", "lot": "K1", "expires_on": "2099-12-31", "vial": "",
}  # fmt: skip
WELL = {"nibp_sys": "122", "nibp_dia": "76", "spo2": "98", "hr": "70", "rr": "14"}


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def body(response) -> str:
    return html.unescape(response.content.decode())


def reasons(response) -> str:
    """What the top of a page that came back says, as words."""
    page = body(response)
    found = page[page.index("data-error-summary") :] if "data-error-summary" in page else page
    return " ".join(re.sub(r"<[^>]+>", " ", found[:3000]).split())[:600]


def url(name: str, stage: Stage | int, *more: object) -> str:
    return reverse(f"console:{name}", args=[stage if isinstance(stage, int) else stage.id, *more])


def seq(stage: Stage) -> int:
    return current_state(SessionScope(stage.id)).seq


def on_stage(cast: Cast, **more) -> Stage:
    with acting_as(cast.actor("nurse")):
        return set_stage(cast, **more)


def arrived(cast: Cast, **more) -> Stage:
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, **more)
        arrive(stage, more.get("at") or timezone.now())
    return stage


def checked(cast: Cast, **more) -> Stage:
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, **more)
        at = more.get("at") or timezone.now()
        arrive(stage, at)
        pass_checks(stage, at)
    return stage


def dosing(cast: Cast, **more) -> Stage:
    with acting_as(cast.actor("nurse")):
        return to_dosing(cast, **more)


def drawn_up(cast: Cast, **more) -> Stage:
    """Both have written the dose down; nothing has been given."""
    stage = checked(cast, **more)
    with acting_as(cast.actor("nurse")):
        check_dose(stage, timezone.now())
    return stage


def paused(cast: Cast, **more) -> Stage:
    stage = dosing(cast, **more)
    with acting_as(cast.actor("nurse")):
        stage.step("pause")
    return stage


def observing(cast: Cast, *, minutes: int = 125, **more) -> Stage:
    """The dose began so many minutes ago and ended 40 minutes later."""
    began = timezone.now() - timedelta(minutes=minutes)
    with acting_as(cast.actor("nurse")):
        stage = to_dosing(cast, at=began, **more)
        stage.step("end_dose", now=began + timedelta(minutes=40))
        stage.vitals(timezone.now(), nibp_sys=122, nibp_dia=76, spo2=98, hr=70, rr=14, moaas=5)
    return stage


def recovered(cast: Cast, **more) -> Stage:
    stage = observing(cast, **more)
    by = cast.actor("nurse")
    with acting_as(by):
        for item in ("walks", "dissociation", "no_crisis", "driving"):
            session_actions.check(by=by, encounter_id=stage.id, item_id=item, passed=True)
        found_well(stage)
    return stage


def leaving(cast: Cast, **more) -> Stage:
    stage = recovered(cast, **more)
    with acting_as(cast.actor("nurse")):
        stage.step("find_ready")
    return stage


def typed_dose(**more: str) -> dict[str, str]:
    """The form of the dose as somebody types it, with what a test types otherwise."""
    return {**DRAWN, **more}


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found, "no form says which state was seen"
    return found[1]


# ---------------------------------------------------------------- the whole way


@pytest.mark.alone
def test_the_whole_way_through_the_pages(ready: Cast):
    """Nothing but what a nurse and a prescriber can press and type."""
    stage = on_stage(ready, at=timezone.now() - timedelta(minutes=5))
    nurse, prescriber = ready.client("nurse"), ready.client("prescriber")
    answer = nurse.post(reverse("console:arrive", args=[stage.appointment.pk]))
    here = answer.url
    with acting_as(ready.actor("nurse")):
        stage.encounter = Encounter.objects.get(appointment=stage.appointment)
        items = [item.id for item in protocol_of(stage.encounter).checklist if not item.vitals]

    def press(name: str, client: Client = nurse, *more: object, **typed: object):
        typed.setdefault("seen", seen(body(client.get(here))))
        answer = client.post(url(name, stage, *more), typed)
        assert answer.status_code == 302, reasons(answer)
        return answer

    for item in items:  # only the weight is a figure: 70 kg make the plan's 35 mg at 0.5 mg/kg
        press("session_check", item=item, outcome="passed", last="0", **({"kg": "70"} if item == "weight" else {}))
    press("session_values", **WELL)
    press("session_complete_checks")
    press("session_dose", **typed_dose(lot="K1"))
    press("session_dose", prescriber, **typed_dose(dose_mg="35.00", lot="k1"))
    began = timezone.localtime(timezone.now(), ready.clinic.zone)
    press("session_start_dose", started=began.strftime("%H:%M"))
    press("session_note", kind="nausea", note="a little")
    press("session_end_dose")
    with acting_as(ready.actor("nurse")):
        dose = MedicationAdministration.objects.get()
        assert (dose.dose_mg, dose.lot, dose.route, dose.drug) == (Decimal(35), "K1", "iv", "ketamine")
        assert timezone.localtime(dose.started_at, ready.clinic.zone).strftime("%H:%M") == began.strftime("%H:%M")
    assert "observation-too-short" in with_reasons(stage, ready, "find_ready")
    # The clock cannot be turned on, so a prescriber sets the time and the comparison aside and says why.
    press("session_values", **WELL, moaas="5")
    for item in ("walks", "dissociation", "no_crisis", "driving"):
        press("session_check", item=item, outcome="passed", last="0")
    press("session_score", nurse, "aldrete", activity=2, respiration=2, circulation=2, consciousness=2, spo2=2)
    press("session_score", nurse, "padss", vital_signs=2, activity_mental=2, pain_nausea_vomiting=2,
          surgical_bleeding="skip", intake_output=1)  # fmt: skip
    press("session_check", item="companion_here", outcome="passed", last="0")
    press("session_find_ready", prescriber, override="observation-too-short", reason="Transfer to hospital")
    press("session_leave")
    page = body(nurse.get(here))
    assert "The patient has left" in page
    assert "Luis Reyes" in page
    with acting_as(ready.actor("nurse")):
        states = list(
            SessionState.objects.filter(encounter_id=stage.id).order_by("seq").values_list("state", flat=True)
        )
        assert states == ["arrived", "checked", "dosing", "observing", "ready_to_leave", "left"]
        assert Discharge.objects.get().escort_name == "Luis Reyes"
        assert Discharge.objects.get().criteria["padss"] == 9
        row = SessionState.objects.get(encounter_id=stage.id, state="ready_to_leave")
        assert (row.overridden, row.reason) == (["observation-too-short"], "Transfer to hospital")


def with_reasons(stage: Stage, cast: Cast, transition: str) -> list[str]:
    with acting_as(cast.actor("nurse")):
        return [each.code for each in load(SessionScope(stage.id), timezone.now()).standing(transition)]


# ---------------------------------------------------------------- one snapshot for page and engine


@pytest.mark.parametrize("make", [arrived, checked, dosing, observing, recovered, leaving])
def test_what_the_guards_ask_is_what_was_read(ready: Cast, make):
    stage = make(ready)
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage.vitals(now, nibp_sys=130, nibp_dia=80, spo2=88)
        stage.vitals(now, nibp_sys=140, nibp_dia=85)
        stage.vitals(now, nibp_sys=150, nibp_dia=90, hr=250, temp=36.6)
        session_actions.check(by=ready.actor("nurse"), encounter_id=stage.id, item_id="companion_here", passed=True)
        session_actions.check(by=ready.actor("nurse"), encounter_id=stage.id, item_id="walks", passed=False)
        facts = load(SessionScope(stage.id), now + timedelta(minutes=3)).facts()
    assert facts.pressure_rising is True
    assert {code: (facts.latest[code].value, facts.latest[code].age_minutes) for code in ("nibp_sys", "spo2")} == {
        "nibp_sys": (150, 3), "spo2": (88, 3),
    }  # fmt: skip
    assert facts.escort_present
    assert facts.escort_named
    assert facts.checks["walks"] == "failed"
    assert facts.protocol_adopted
    assert facts.dose_given is (make not in (arrived, checked))
    assert facts.open_high_alarms


def test_the_page_knows_that_a_protocol_is_not_adopted(clinic: Cast):
    stage = arrived(clinic)
    with acting_as(clinic.actor("nurse")):
        now = timezone.now()
        assert load(SessionScope(stage.id), now).facts().protocol_adopted is False
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        assert load(SessionScope(stage.id), now).facts().protocol_adopted is True


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("nurse", "35")], "waiting"),
        ([("nurse", "35"), ("prescriber", "35")], "checked"),
        ([("nurse", "35"), ("nurse", "35")], "waiting"),
        ([("nurse", "35"), ("prescriber", "36")], "differs"),
        ([("nurse", "35"), ("prescriber", "36"), ("nurse", "36")], "waiting"),
        ([("nurse", "35"), ("prescriber", "36"), ("nurse", "36"), ("prescriber", "36")], "checked"),
        ([("nurse", "35"), ("prescriber", "36"), ("prescriber", "35")], "waiting"),
        ([("nurse", "35"), ("prescriber", "35"), ("nurse", "34")], "waiting"),
        ([("nurse", "35"), ("prescriber", "35"), ("nurse", "34"), ("prescriber", "34")], "checked"),
    ],
)
def test_two_entries_of_a_dose(ready: Cast, rows, expected):
    """The page reads the rows as the engine does: who prepared, who checked, and when the two disagree."""
    stage = checked(ready)
    with acting_as(ready.actor("nurse")):
        for role, mg in rows:
            drawing_actions.check_dose(
                by=ready.actor(role), encounter_id=stage.id, drawn=drawn(mg, "A"), read_again=True
            )  # fmt: skip
        picture = load(SessionScope(stage.id), timezone.now())
        assert picture.facts().second_checked is (expected == "checked")
        assert (picture.double_check.differ is not None) is (expected == "differs")


# ---------------------------------------------------------------- arriving


def test_arriving_twice_is_one_session(ready: Cast):
    stage = on_stage(ready)
    client = ready.client("nurse")
    first = client.post(reverse("console:arrive", args=[stage.appointment.pk]))
    second = client.post(reverse("console:arrive", args=[stage.appointment.pk]))
    assert first.url == second.url
    assert client.get(reverse("console:arrive", args=[stage.appointment.pk])).status_code == 405


@pytest.mark.alone
def test_the_front_desk_marks_an_arrival_and_stays_outside(ready: Cast):
    stage = on_stage(ready)
    client = ready.client("front_desk")
    answer = client.post(reverse("console:arrive", args=[stage.appointment.pk]))
    assert answer.url == "/"
    with acting_as(ready.actor("nurse")):
        encounter = Encounter.objects.get()
    assert client.get(url("session", encounter.pk)).status_code == 403


def test_did_not_attend_only_once_the_time_has_come(ready: Cast):
    stage = on_stage(ready, at=timezone.now() + timedelta(hours=1))
    client = ready.client("nurse")
    answer = client.post(reverse("console:did_not_attend", args=[stage.appointment.pk]))
    assert answer.status_code == 409
    assert "It is not yet time for the appointment." in body(answer)
    late = on_stage(ready, at=timezone.now() - timedelta(hours=1), number=2)
    answer = client.post(reverse("console:did_not_attend", args=[late.appointment.pk]))
    assert "did not attend" in body(client.get(answer.url))


def test_cancelling_needs_a_reason(ready: Cast):
    stage = on_stage(ready)
    client = ready.client("nurse")
    address = reverse("console:cancel_planned", args=[stage.appointment.pk])
    answer = client.post(address, {"reason": " "})
    assert answer.status_code == 409
    assert "Say why." in body(answer)
    page = body(client.get(client.post(address, {"reason": "Has a cold"}).url))
    assert "The session was cancelled" in page
    assert "Has a cold" in page


# ---------------------------------------------------------------- checks


@pytest.mark.alone
def test_an_item_is_saved_at_once_and_the_list_shrinks(ready: Cast):
    stage = arrived(ready)
    client = ready.client("nurse")
    page = body(client.get(url("session", stage)))
    assert "Not checked yet: Identity confirmed with two identifiers." in page
    typed = {"item": "identity", "outcome": "passed", "seen": seen(page), "last": "0"}
    answer = client.post(url("session_check", stage), typed, headers={"HX-Request": "true"})
    fragment = body(answer)
    assert answer.status_code == 200
    assert "<html" not in fragment
    assert 'id="item-identity"' in fragment
    assert 'id="missing"' in fragment
    assert "Not checked yet: Identity" not in fragment
    with acting_as(ready.actor("nurse")):
        assert CheckResult.objects.get().outcome == "passed"


@pytest.mark.alone
def test_a_failed_item_keeps_its_note_and_stands_in_the_way(ready: Cast):
    stage = arrived(ready)
    client = ready.client("nurse")
    common = {"item": "fasting", "outcome": "failed", "seen": "1"}
    client.post(url("session_check", stage), {**common, "last": "0"})
    with acting_as(ready.actor("nurse")):
        last = CheckResult.objects.get().pk
    client.post(url("session_check", stage), {**common, "last": last, "note": "Toast at 9 <b>"})
    page = client.get(url("session", stage)).content.decode()
    assert "Toast at 9 &lt;b&gt;" in page
    assert "Fasting as instructed: Has not fasted." in page


@pytest.mark.alone
def test_two_nurses_on_one_item_never_write_over_each_other(ready: Cast):
    stage = arrived(ready)
    typed = {"item": "consent", "outcome": "passed", "seen": "1", "last": "0"}
    ready.client("nurse").post(url("session_check", stage), typed)
    for headers, status in (({}, 409), ({"HX-Request": "true"}, 422)):
        answer = ready.client("prescriber").post(
            url("session_check", stage), {**typed, "outcome": "failed"}, headers=headers
        )
        assert answer.status_code == status
        assert "has answered this in the meantime" in body(answer)
    with acting_as(ready.actor("nurse")):
        assert CheckResult.objects.get().outcome == "passed"


def test_items_that_readings_answer_fill_themselves(ready: Cast):
    stage = arrived(ready)
    client = ready.client("nurse")
    assert "Not checked yet: Blood pressure measured." in body(client.get(url("session", stage)))
    client.post(url("session_values", stage), {**WELL, "seen": "1", "from": "checks"})
    page = body(client.get(url("session", stage)))
    assert "Not checked yet: Blood pressure measured." not in page
    assert re.search(r'id="item-blood_pressure".*?122/76 mmHg', page, re.S)


def test_every_item_of_every_protocol_stands_on_the_page_once(ready: Cast):
    from sojourn.foundation.rulebook.load import released_rulebook

    stage = arrived(ready)
    with acting_as(ready.actor("nurse")):
        picture = load(SessionScope(stage.id), timezone.now())
        for each in released_rulebook().protocols():
            picture.protocol = each
            rows = [row.id for group in session_presenters.checklist(picture) for row in group.rows]
            assert sorted(rows) == sorted(item.id for item in each.checklist)
            assert str(session_presenters.checklist(picture)[-1].heading) != "Also", "an item has no heading of its own"


def test_what_the_protocol_does_not_know_is_not_an_item(ready: Cast):
    stage = arrived(ready)
    typed = {"item": "horoscope", "outcome": "passed", "seen": "1", "last": "0"}
    assert ready.client("nurse").post(url("session_check", stage), typed).status_code == 404
    assert ready.client("nurse").post(url("session_check", stage), {**typed, "item": "padss"}).status_code == 404


def test_a_refused_step_lists_every_reason_with_what_to_do(ready: Cast):
    stage = arrived(ready)
    answer = ready.client("nurse").post(url("session_complete_checks", stage), {"seen": "1"})
    page = body(answer)
    assert answer.status_code == 409
    summary = page[page.index("data-error-summary") : page.index('id="live"')]
    with acting_as(ready.actor("nurse")):
        found = standing.standing(load(SessionScope(stage.id), timezone.now()), "complete_checks")
    assert len(found) > 10
    for each in found:
        assert each.text in summary
        assert each.to_do
        assert each.to_do in summary


def test_a_protocol_that_nobody_adopted_says_so(clinic: Cast):
    stage = arrived(clinic)
    page = body(clinic.client("nurse").get(url("session", stage)))
    assert "A prescriber of this clinic has not adopted the protocol yet." in page
    assert "reads and adopts it on the page of rules" in page


# ---------------------------------------------------------------- typed values


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Enter at least one value."),
        ({"nibp_sys": "120"}, "A pressure has two numbers: enter both."),
        ({"nibp_sys": "80", "nibp_dia": "120"}, "Are they the wrong way round?"),
        ({"spo2": "980"}, "980 is outside of"),
        ({"hr": "seventy"}, "“seventy” is not a number."),
        ({"hr": "70", "at": "25:99"}, "Enter a valid time."),
    ],
)
def test_slips_of_the_fingers_are_asked_about(ready: Cast, typed, says):
    stage = dosing(ready)
    answer = ready.client("nurse").post(url("session_values", stage), {**typed, "seen": "3"})
    assert answer.status_code == 422
    assert says in body(answer)
    with acting_as(ready.actor("nurse")):
        assert not Observation.objects.filter(value__in=[980, 80]).exists()


def test_a_strange_value_that_was_read_so_is_kept_and_not_counted(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    assert client.post(url("session_values", stage), {"spo2": "250", "sure": "on", "seen": "3"}).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert Observation.objects.get(value=250).doubt == "implausible"
    page = body(client.get(url("session", stage)))
    assert "in doubt, outside of what is plausible" in page


def test_a_temperature_may_be_written_with_a_comma(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    client.cookies["django_language"] = "es"
    assert client.post(url("session_values", stage), {"temp": "36,7", "seen": "3"}).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert Observation.objects.get(code="temp").value == 36.7


def test_values_are_not_lost_when_the_session_moved_on(ready: Cast):
    stage = dosing(ready)
    with acting_as(ready.actor("nurse")):
        stage.step("end_dose")
    answer = ready.client("nurse").post(url("session_values", stage), {**WELL, "seen": "3"})
    assert answer.status_code == 302


def test_a_clock_time_is_the_one_nearest_behind_now():
    now = timezone.make_aware(datetime(2026, 11, 22, 0, 10))  # noqa: DTZ001
    assert moment_of(datetime(2026, 1, 1, 23, 55).time(), now) == now - timedelta(minutes=15)  # noqa: DTZ001
    assert moment_of(datetime(2026, 1, 1, 0, 5).time(), now) == now - timedelta(minutes=5)  # noqa: DTZ001
    assert moment_of(None, now) is None


# ---------------------------------------------------------------- the dose


def write_down(stage: Stage, client: Client, mg: str = "35", lot: str = "K1", **more: str):
    """Milligrams with the volume of the vial that holds them."""
    volume = {"dose_mg": mg, "drawn_ml": str(Decimal(mg) / 50), "lot": lot}
    there = seen(body(client.get(url("session", stage))))
    return client.post(url("session_dose", stage), {**typed_dose(**volume), **more, "seen": there})


def test_the_second_person_does_not_see_the_first_entry(ready: Cast):
    stage = checked(ready)
    nurse, other = ready.client("nurse"), ready.client("prescriber")
    write_down(stage, nurse, mg="37.5", lot="LOT-7788")
    page = body(nurse.get(url("session", stage)))
    assert "37.5" in page
    assert "LOT-7788" in page
    for address in (url("session", stage), url("session_live", stage)):
        blind = body(other.get(address))
        assert not stands_in("37.5", blind)
        assert "LOT-7788" not in blind
    refused = other.post(url("session_dose", stage), {**typed_dose(dose_mg="0", lot=""), "seen": "2"})
    assert refused.status_code == 422
    assert not stands_in("37.5", body(refused))
    early = other.post(url("session_start_dose", stage), {"seen": "2"})
    assert early.status_code == 409
    assert not stands_in("37.5", body(early))
    assert "LOT-7788" not in body(early)


def test_a_difference_is_shown_to_both_plainly(ready: Cast):
    stage = checked(ready)
    nurse, other = ready.client("nurse"), ready.client("prescriber")
    write_down(stage, nurse, mg="35")
    write_down(stage, other, mg="36")
    for client in (nurse, other):
        page = body(client.get(url("session", stage)))
        assert "The two entries differ" in page
        assert "Do not give this dose" in page
        for text in ("35 mg as base", "36 mg as base", "0.7 mL", "0.72 mL"):
            assert re.search(rf'font-bold underline[^>]*">{text} ', page), text
        assert not re.search(r'font-bold underline[^>]*">K1', page)  # of the same lot
        assert 'id="step-form"' not in page
    for client in (nurse, other):
        write_down(stage, client, mg="36", read_again="on")
    page = body(nurse.get(url("session", stage)))
    assert "Give the dose" in page
    assert "36 mg is not the dose of the plan, 35 mg. A different dose needs a prescriber's signature." in page


@pytest.mark.alone
def test_another_drug_than_the_protocols_is_caught(ready: Cast):
    stage = checked(ready)
    answer = write_down(stage, ready.client("nurse"), drug="esketamine")
    assert answer.status_code == 422
    assert "This session's protocol is for Ketamine." in body(answer)
    with acting_as(ready.actor("nurse")):
        assert not DoseCheck.objects.exists()


def test_a_dose_that_differs_from_the_plan_is_a_prescribers_to_sign(ready: Cast):
    stage = checked(ready)
    with acting_as(ready.actor("nurse")):
        check_dose(stage, timezone.now(), mg="34")
    nurse, prescriber = ready.client("nurse"), ready.client("prescriber")
    typed = {"seen": "2", "started": "00:01", "note": "Asked for by the prescriber"}
    answer = nurse.post(url("session_start_dose", stage), typed)
    page = body(answer)
    assert answer.status_code == 409
    assert "34 mg is not the dose of the plan, 35 mg. A different dose needs a prescriber's signature." in page
    assert "A prescriber must sign a different dose" in page
    assert 'name="override"' not in page
    assert 'value="00:01"' in page  # nothing typed is lost
    assert 'value="Asked for by the prescriber"' in page
    (tick,) = re.findall(r'name="override" value="([^"]+)"', body(prescriber.get(url("session", stage))))
    assert tick.startswith("dose:beyond-rounding#")  # bound to the figures that were shown
    signed = {"seen": "2", "override": tick, "reason": "Slept badly after 35 mg"}
    assert prescriber.post(url("session_start_dose", stage), signed).status_code == 302
    with acting_as(ready.actor("nurse")):
        row = SessionState.objects.latest("id")
        assert (row.state, row.overridden, row.reason) == ("dosing", ["dose:beyond-rounding"], signed["reason"])


def test_milligrams_are_written_without_needless_zeros():
    assert [session_presenters.milligrams(Decimal(text)) for text in ("35.00", "37.50", "100.00", "0.25")] == [
        "35", "37.5", "100", "0.25"
    ]  # fmt: skip


def test_a_pressure_above_the_limit_waits_and_a_prescriber_may_set_it_aside(ready: Cast):
    """iv_racemic_40min holds the dose above 160/100 mmHg (fact base, recalled)."""
    stage = checked(ready)
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        check_dose(stage, now)
        stage.vitals(now, nibp_sys=172, nibp_dia=96, spo2=98)
    says = "The blood pressure is 172 mmHg; above 160 mmHg the dose waits."
    nurse, prescriber = ready.client("nurse"), ready.client("prescriber")
    page = body(nurse.get(url("session", stage)))
    assert says in page
    assert "One prescriber may pass this, with a reason" in page
    assert 'name="override"' not in page
    # The protocol's hold and an adopted rule speak of the same pressure: each is passed by its own tick.
    both = ["hold:systolic", "rule:RC-HTN-BASE"]
    ticks = re.findall(r'name="override" value="([^"]+)"', body(prescriber.get(url("session", stage))))
    assert [each.partition("#")[0] for each in ticks] == both
    typed = {"seen": "2", "override": ticks, "reason": "Known hypertension, seen today"}
    assert nurse.post(url("session_start_dose", stage), typed).status_code == 403
    one = prescriber.post(url("session_start_dose", stage), {**typed, "override": ticks[0]})
    assert "Blood pressure before the dose is above 140/90." in reasons(one)
    without = prescriber.post(url("session_start_dose", stage), {**typed, "reason": " "})
    assert without.status_code == 409
    assert "Setting a reason aside needs your own reason, in words." in body(without)
    assert f'value="{ticks[0]}" checked' in body(without)
    assert prescriber.post(url("session_start_dose", stage), typed).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert set(SessionState.objects.latest("id").overridden) == set(both)


def test_what_nobody_may_set_aside_is_not_offered(ready: Cast):
    stage = arrived(ready)
    page = body(ready.client("prescriber").get(url("session", stage)))
    offered = {each.partition("#")[0] for each in re.findall(r'name="override" value="([^"]+)"', page)}
    assert "check-missing:fasting" in offered
    assert "check-missing:identity" not in offered
    assert "baseline-missing:systolic" not in offered
    assert "Nobody may pass this" in page
    assert "These cannot be set aside here. They are needed first:" in page


# ---------------------------------------------------------------- what the other rooms say


def know(stage: Stage, cast: Cast, **facts) -> None:
    """Facts that a nurse enters today."""
    by = cast.actor("nurse")
    with acting_as(by):
        for name, value in facts.items():
            entry_actions.enter_fact(by=by, patient_id=stage.patient.pk, name=name, value=value, on=today())


def group(page: str, heading: str) -> str:
    """What stands under a heading of who may pass it."""
    assert heading in page, heading
    rest = page[page.index(heading) :]
    return rest[: rest.index("</ul>")]


def test_what_stands_against_the_dose_is_said_when_the_patient_arrives(ready: Cast):
    """An active psychosis blocks (two prescribers), an ended course is passed by nobody: both are seen at the checks,
    again before the dose, and refused by the engine in the same words."""
    stage, later = arrived(ready), drawn_up(ready, number=2)
    client = ready.client("nurse")
    for each in (stage, later):
        know(each, ready, psychosis_active=True)
    with acting_as(ready.actor("prescriber")):
        CarePlan.objects.filter(pk__in=[each.appointment.care_plan_id for each in (stage, later)]).update(
            ended_on=today()
        )
    page = body(client.get(url("session", stage)))
    road = page[page.index('id="road"') :]
    assert "Before the dose" in road
    assert "The course has ended." in group(road, "Nobody may pass this")
    two = group(road, "Only two prescribers may pass this, each with a signature")
    assert reverse("console:candidacy", args=[stage.patient.pk]) in two
    assert "The course has ended." in body(client.get(url("session_live", stage), {"seen": "1", "road": "ask"}))
    page = body(client.get(url("session", later)))
    assert "What prevents the dose" in page
    assert "Nothing prevents it" not in page
    road = page[page.index('id="road"') :]
    assert reverse("console:plan", args=[later.patient.pk]) in group(road, "Nobody may pass this")
    # The part that refreshes every few seconds does not ask again, and does not forget.
    assert 'hx-get="' in page
    assert re.search(r"live/\?seen=2&entries=2&road=[1-9]", page)
    few = body(client.get(url("session_live", later), {"seen": "2", "entries": "2", "road": "2"}))
    assert "2 things are still missing" in few
    assert "Nothing prevents it" not in few
    refused = client.post(url("session_start_dose", later), {"seen": "2"})
    assert "The course has ended." in reasons(refused)
    ticks = re.findall(r'name="override" value="([^"]+)"', body(ready.client("prescriber").get(url("session", later))))
    assert not [each for each in ticks if each.startswith(("rule:", "plan-"))]


def test_what_the_checklist_is_about_to_ask_is_not_said_twice(ready: Cast):
    stage = arrived(ready)
    page = body(ready.client("nurse").get(url("session", stage)))
    assert "Not checked yet: No sign of intoxication." in page
    assert "Before the dose" not in page[page.index('id="road"') :]


def test_the_body_mass_is_said_beside_the_dose(ready: Cast):
    """70 kg at 152 cm: index 70 / 1.52^2 = 30.3. At an index of 22 it would be 50.83 kg; 0.4 of the 19.17 kg above it
    makes 58.5 kg, and 0.5 mg/kg of that 29.2 mg (rule dose.body_mass)."""
    stage = checked(ready)
    assert "Body mass" not in body(ready.client("nurse").get(url("session", stage)))
    know(stage, ready, height_cm=152)
    page = body(ready.client("nurse").get(url("session", stage)))
    says = "By the adjusted weight of 58.5 kg instead of 70 kg the dose would be 29.2 mg."
    assert f"Body mass index 30.3. {says}" in page


@pytest.mark.parametrize("code", [
    "protocol-not-adopted", "alarms-not-adopted", "decision:0", "agreement:Treatment", "consent-withdrawn:Treatment",
    "plan-missing", "plan-other", "plan-ended", "plan-used-up", "plan-review", "plan-review-day", "rule:CI-PREG",
    "allergy", "capacity", "expired:sbp", "not-asked:escort", "interaction:DDI-1", "dose:beyond-rounding",
    "dose:no-ceiling", "dose:above-ceiling", "dose:expired", "dose-unknown", "above-day-now",
])  # fmt: skip
def test_every_reason_says_what_to_do_and_where(ready: Cast, code: str):
    with acting_as(ready.actor("nurse")):
        to_do, where = session_presenters.advice(load(SessionScope(arrived(ready).id), timezone.now()), code)
    assert to_do.endswith(".")
    assert where.startswith(("/clinic/", "#"))


# ---------------------------------------------------------------- two at once


def test_a_second_nurse_is_told_and_sees_where_it_stands(ready: Cast):
    stage = dosing(ready)
    with acting_as(ready.actor("prescriber")):
        stage.step("end_dose", "prescriber")
    answer = ready.client("nurse").post(url("session_end_dose", stage), {"seen": "3"})
    page = body(answer)
    assert answer.status_code == 409
    assert "has moved this session on in the meantime" in page
    assert "Before the patient leaves" in page
    with acting_as(ready.actor("nurse")):
        assert SessionState.objects.filter(state="observing").count() == 1


def test_the_same_press_twice_is_harmless(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    for _ in range(2):
        assert client.post(url("session_end_dose", stage), {"seen": "3"}).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert SessionState.objects.filter(state="observing").count() == 1


def test_a_form_that_does_not_say_what_was_seen_lets_nothing_more_in(ready: Cast):
    stage = dosing(ready)
    for text in ("", "x", "-1", "99999999"):
        typed = {"seen": text, "rate_ml_per_h": "90"}
        assert ready.client("nurse").post(url("session_rate", stage), typed).status_code == 409
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).seq == 3


def test_the_live_part_says_that_another_has_moved_on(ready: Cast):
    stage = checked(ready)
    client = ready.client("nurse")
    fragment = body(client.get(url("session_live", stage), {"seen": "1", "entries": "0"}))
    assert "This session has moved on" in fragment
    write_down(stage, ready.client("prescriber"))
    fragment = body(client.get(url("session_live", stage), {"seen": "2", "entries": "0"}))
    assert "has entered the dose" in fragment
    assert "has entered the dose" not in body(client.get(url("session_live", stage), {"seen": "2", "entries": "1"}))


# ---------------------------------------------------------------- while it runs


def test_an_alarm_is_taken_with_one_tap_or_with_a_note(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    with acting_as(ready.actor("nurse")):
        stage.vitals(timezone.now(), spo2=88, hr=135)
    page = body(client.get(url("session", stage)))
    assert "Oxygen saturation is low" in page
    assert "Oxygen saturation 88 %" in page
    tap = {"rule": "spo2.low", "code": "spo2", "seen": "3"}
    fragment = body(client.post(url("session_acknowledge", stage), tap, headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert "answered by Nurse" in fragment
    again = client.post(url("session_acknowledge", stage), tap)
    assert again.status_code == 409
    assert "has already acknowledged this alarm" in body(again)
    form = body(client.get(url("session_acknowledge", stage), {"rule": "hr.high", "code": "hr"}))
    assert "Heart rate is high" in form
    client.post(url("session_acknowledge", stage), {"rule": "hr.high", "code": "hr", "note": "Anxious", "seen": "3"})
    with acting_as(ready.actor("nurse")):
        assert AlarmEvent.objects.get(rule_id="hr.high", kind="acknowledged").note == "Anxious"
        assert set(AlarmState.objects.filter(code__in=["spo2", "hr"]).values_list("phase", flat=True)) == {
            "acknowledged"
        }


def test_an_alarm_that_is_not_there_is_refused(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    typed = {"rule": "spo2.low", "code": "spo2", "seen": "3"}
    assert client.post(url("session_acknowledge", stage), typed).status_code == 409
    assert client.get(url("session_acknowledge", stage), typed).status_code == 302


def test_the_next_check_and_the_missed_ones_are_shown(ready: Cast):
    """The IV schedule is 0, 10, 20, 30, 40 ... minutes; a point is missed once the next one is nearer."""
    began = timezone.now() - timedelta(minutes=22)
    stage = dosing(ready, at=began)
    page = body(ready.client("nurse").get(url("session", stage)))
    assert re.search(r"Missed:</b> 10 min \(\d\d:\d\d\)<", page)
    due = re.search(r'is-due".*?<time datetime="([^"]+)" data-countdown', page, re.S)
    assert due
    assert datetime.fromisoformat(due[1]) == began + timedelta(minutes=20)


def test_a_call_for_help_stays_until_somebody_comes(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    with acting_as(ready.actor("nurse")):
        SessionEvent.objects.create(
            clinic=ready.clinic, patient=stage.patient, encounter_id=stage.id, kind=PATIENT_CALLS,
            at=timezone.now(), recorded_at=timezone.now(), by=ready.members["nurse"],
        )  # fmt: skip
    assert "The patient asks for someone" in body(client.get(url("session_live", stage)))
    for _ in range(2):
        assert client.post(url("session_answer", stage), {"seen": "3"}).status_code == 302
    assert "The patient asks for someone" not in body(client.get(url("session_live", stage)))
    with acting_as(ready.actor("nurse")):
        assert SessionEvent.objects.filter(kind=CALL_ANSWERED).count() == 1


def test_ratings_are_typed_and_sedation_has_its_anchors(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    page = body(client.get(url("session_values", stage)))
    assert "5: Readily to the name in a normal voice" in page
    typed = {"moaas": "3", "pain": "2", "nausea": "0", "cadss6": "11", "seen": "3"}
    assert client.post(url("session_values", stage), typed).status_code == 302
    with acting_as(ready.actor("nurse")):
        found = dict(
            Observation.objects.filter(code__in=["moaas", "pain", "nausea", "cadss6"]).values_list("code", "value")
        )
        assert found == {"moaas": 3, "pain": 2, "nausea": 0, "cadss6": 11}
    assert "Sedation is deep" in body(client.get(url("session", stage)))


def test_stopping_is_one_press_and_the_reason_is_written_afterwards(ready: Cast):
    stage = dosing(ready)
    client = ready.client("nurse")
    page = body(client.post(url("session_stop_early", stage), {"seen": "3"}, follow=True))
    assert "A dose was given, so the patient is observed before leaving." in page
    assert "Why was it stopped?" in page
    assert "Stopped early" in page  # the path
    assert client.post(url("session_why", stage), {"why": " "}).status_code == 422
    for _ in range(2):
        page = body(client.post(url("session_why", stage), {"why": "Asked to stop"}, follow=True))
    assert "Asked to stop" in page
    assert "Why was it stopped?" not in page
    with acting_as(ready.actor("nurse")):
        assert SessionEvent.objects.filter(kind="why_stopped", note="Asked to stop").count() == 1
    client.post(url("session_observe_after_stop", stage), {"seen": "4"})
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "observing"
    assert "Stopped early" in body(client.get(url("session", stage)))


def test_stopping_before_a_dose_needs_a_reason(ready: Cast):
    stage = checked(ready)
    client = ready.client("nurse")
    assert client.post(url("session_stop", stage), {"seen": "2", "reason": ""}).status_code == 422
    page = body(client.post(url("session_stop", stage), {"seen": "2", "reason": "Feels ill"}, follow=True))
    assert "Feels ill" in page


def test_who_watches_stops_and_does_not_cancel(ready: Cast):
    stage, client = checked(ready), ready.client("therapist")
    typed = {"seen": "2", "reason": "Feels ill"}
    assert client.post(url("session_stop", stage), {**typed, "how": "cancel"}).status_code == 403
    assert client.post(url("session_stop", stage), {**typed, "how": "stop_early"}).status_code == 302


def test_stopping_before_a_dose_lets_the_patient_go(ready: Cast):
    stage = arrived(ready)
    client = ready.client("nurse")
    client.post(url("session_stop", stage), {"seen": "1", "reason": "Feels ill", "how": "stop_early"})
    assert "No dose was given. The patient may leave." in body(client.get(url("session", stage)))
    assert client.post(url("session_leave_without_dose", stage), {"seen": "2"}).status_code == 302


def monitor(cast: Cast, name: str = "Bed 3", **more) -> Device:
    by = cast.actor("clinic_admin")
    with acting_as(by):
        device = vitals_actions.add_device(by=by, name=name, key=f"bed:{name}", maker="Mindray")
        Device.objects.filter(pk=device.pk).update(**more)
    return device


@pytest.mark.alone
def test_a_monitor_goes_on_and_comes_off_and_its_clock_is_told(ready: Cast):
    device = monitor(ready, clock_skew_s=420.0, last_seen_at=timezone.now())
    stage, elsewhere = dosing(ready), dosing(ready, number=2)
    client = ready.client("nurse")
    assert "Put Bed 3 on" in body(client.get(url("session_monitor", stage)))
    on = {"device": device.pk, "do": "on", "seen": "3"}
    assert client.post(url("session_monitor", stage), on).status_code == 302
    assert "This monitor's clock is 7 minutes ahead; the chart is corrected." in body(client.get(url("session", stage)))
    taken = client.post(url("session_monitor", elsewhere), on)
    assert taken.status_code == 409
    assert "Bed 3 is on another session." in body(taken)
    for _ in range(2):
        assert client.post(url("session_monitor", stage), {**on, "do": "off"}).status_code == 302
    with acting_as(ready.actor("nurse")):
        assert DeviceAssociation.objects.get().until_at is not None


@pytest.mark.alone
def test_a_session_cannot_take_off_what_is_on_another(ready: Cast):
    device = monitor(ready)
    stage, elsewhere = dosing(ready), dosing(ready, number=2)
    client = ready.client("nurse")
    client.post(url("session_monitor", elsewhere), {"device": device.pk, "do": "on", "seen": "3"})
    client.post(url("session_monitor", stage), {"device": device.pk, "do": "off", "seen": "3"})
    with acting_as(ready.actor("nurse")):
        assert DeviceAssociation.objects.get().until_at is None


@pytest.mark.parametrize(
    ("skew", "says"),
    [
        (None, ""),
        (119.0, ""),
        (-119.0, ""),
        (420.0, "This monitor's clock is 7 minutes ahead; the chart is corrected."),
        (-7200.0, "This monitor's clock is 2 hours behind; the chart is corrected."),
    ],
)
def test_clocks_in_words(skew, says):
    assert skew_word(skew) == says


# ---------------------------------------------------------------- recovery


def test_a_score_is_added_up_by_its_rule(ready: Cast):
    """PADSS worked example: unsteady and nauseated is 8 and stays."""
    stage = observing(ready)
    client = ready.client("nurse")
    page = body(client.get(url("session_score", stage, "padss")))
    assert "Knows person, place and time, and walks steadily" in page
    typed = {
        "vital_signs": 2,
        "activity_mental": 1,
        "pain_nausea_vomiting": 1,
        "surgical_bleeding": "skip",
        "seen": "4",
    }
    assert client.post(url("session_score", stage, "padss"), typed).status_code == 422
    client.post(url("session_score", stage, "padss"), {**typed, "intake_output": 2})
    with acting_as(ready.actor("nurse")):
        row = CheckResult.objects.get(item_id="padss")
        assert (row.value, row.outcome) == ("8", "failed")
    assert "PADSS is 8 and must be at least 9." in body(client.get(url("session", stage)))
    assert client.get(url("session_score", stage, "news2")).status_code == 404


def test_observation_time_that_is_left_is_counted_down(ready: Cast):
    stage = observing(ready, minutes=60)
    page = body(ready.client("nurse").get(url("session", stage)))
    assert "60 of 80 minutes of observation are still to come." in page
    assert "Observation still to come" in page


def test_ready_and_back_to_observation(ready: Cast):
    stage = leaving(ready)
    client = ready.client("nurse")
    page = body(client.get(url("session", stage)))
    assert "The responsible adult has not arrived yet." in page
    assert client.post(url("session_leave", stage), {"seen": "5"}).status_code == 409
    assert client.post(url("session_observe_again", stage), {"seen": "5"}).status_code == 302
    with acting_as(ready.actor("nurse")):
        picture = load(SessionScope(stage.id), timezone.now())
        assert picture.state is State.OBSERVING
        # the observation goes on from the end of the dose, not from now


@pytest.mark.alone
def test_another_escort_has_to_come_again(ready: Cast):
    stage = leaving(ready)
    client = ready.client("nurse")
    client.post(url("session_check", stage), {"item": "companion_here", "outcome": "passed", "seen": "5", "last": "0"})
    new = {"person": "new", "name": "Eva Sol", "relationship": "sister", "phone": "555 0100", "seen": "5"}
    assert client.post(url("session_escort", stage), {**new, "phone": ""}).status_code == 422
    assert client.post(url("session_escort", stage), new).status_code == 302
    page = body(client.get(url("session", stage)))
    assert "Eva Sol takes the patient home." in page
    assert "The responsible adult has not arrived yet." in page
    with acting_as(ready.actor("nurse")):
        old = RelatedPerson.objects.get(name="Luis Reyes")
    assert client.post(url("session_escort", stage), {"person": old.pk, "seen": "4"}).status_code == 409
    assert client.post(url("session_escort", stage), {"person": old.pk, "seen": "5"}).status_code == 302
    assert client.post(url("session_escort", stage), {"person": "9999999", "seen": "5"}).status_code == 409


# ---------------------------------------------------------------- who sees what


ADDRESSES = (
    ("session", "get"), ("session_live", "get"), ("session_values", "get"), ("session_note", "get"),
    ("session_monitor", "get"), ("session_escort", "get"), ("session_stop", "get"), ("session_check", "post"),
    ("session_dose", "post"), ("session_acknowledge", "post"), ("session_answer", "post"),
    ("session_complete_checks", "post"), ("session_start_dose", "post"), ("session_end_dose", "post"),
    ("session_find_ready", "post"), ("session_observe_again", "post"), ("session_leave", "post"),
    ("session_observe_after_stop", "post"), ("session_leave_without_dose", "post"), ("session_pause", "post"),
    ("session_stop_early", "post"), ("session_say_no", "post"), ("session_rate", "post"), ("session_resume", "post"),
    ("session_give_part", "post"), ("session_why", "post"), ("session_read_off", "post"), ("session_waste", "post"),
)  # fmt: skip


def test_another_clinics_session_does_not_exist(ready: Cast, other_clinic: Cast):
    stage = dosing(ready)
    client = other_clinic.client("nurse")
    for name, method in ADDRESSES:
        assert getattr(client, method)(url(name, stage)).status_code == 404, name
    for name in ("arrive", "did_not_attend", "cancel_planned"):
        assert client.post(reverse(f"console:{name}", args=[stage.appointment.pk])).status_code == 404


@pytest.mark.parametrize("role", ["front_desk", "clinic_admin", "auditor"])
def test_roles_without_sessions_stay_outside(ready: Cast, role):
    stage = dosing(ready)
    client = ready.client(role)
    for name, method in ADDRESSES:
        assert getattr(client, method)(url(name, stage)).status_code == 403, name


def test_a_therapist_looks_and_notes_and_gives_no_dose(ready: Cast):
    stage = checked(ready)
    client = ready.client("therapist")
    page = body(client.get(url("session", stage)))
    assert "Emotional response" in page
    assert url("session_dose", stage) not in page
    assert url("session_start_dose", stage) not in page
    assert (
        client.post(url("session_note", stage), {"kind": "emotional_response", "note": "Wept", "seen": "2"}).status_code
        == 302
    )


def test_a_note_sent_twice_is_one_and_what_was_struck_is_noted_again(ready: Cast):
    stage, client = checked(ready), ready.client("nurse")

    def send() -> None:
        shown = re.search(r'name="last" value="(\d+)"', body(client.get(url("session_note", stage))))
        assert shown is not None
        for _press in range(2):
            client.post(url("session_note", stage), {"kind": "nausea", "note": "a little", "last": shown.group(1)})

    send()
    with acting_as(ready.actor("nurse")) as by:
        entry = SessionEvent.objects.get(kind="nausea")
        strike(by=by, encounter_id=stage.id, of="event", row_id=entry.pk, reason="Another patient")
    send()
    with acting_as(by):
        assert SessionEvent.objects.filter(kind="nausea").count() == 2


def test_a_restricted_record_opens_only_through_its_door(ready: Cast):
    stage = dosing(ready)
    with acting_as(ready.actor("prescriber")):
        stage.patient.restricted = True
        stage.patient.save(update_fields=["restricted"])
    answer = ready.client("nurse").get(url("session", stage))
    assert answer.status_code == 302
    assert "restricted" in answer.url
    assert ready.client("prescriber").get(url("session", stage)).status_code == 200


# ---------------------------------------------------------------- in time


STATES = [arrived, checked, drawn_up, dosing, paused, observing, recovered, leaving]


@pytest.mark.parametrize("make", STATES)
def test_every_page_of_a_session_asks_little(ready: Cast, make, django_assert_max_num_queries):
    stage = make(ready)
    device = monitor(ready)
    client = ready.client("nurse")
    client.post(url("session_monitor", stage), {"device": device.pk, "do": "on", "seen": "1"})
    with acting_as(ready.actor("nurse")):
        stage.vitals(timezone.now(), spo2=88, hr=140, nibp_sys=190, nibp_dia=120)
    names = [
        "session",
        "session_live",
        "session_values",
        "session_note",
        "session_monitor",
        "session_escort",
        "session_stop",
    ]
    client.get(url("session", stage))
    for name in names:
        # The page asks the other rooms before a dose, and what stands beside each tick; the live part now and then; and
        # each whether a flag about the patient is open.
        with django_assert_max_num_queries({"session": 29, "session_monitor": 15}.get(name, 13)):
            assert client.get(url(name, stage)).status_code == 200
    with django_assert_max_num_queries(24):
        assert client.get(url("session_live", stage), {"road": "ask"}).status_code == 200
    with django_assert_max_num_queries(12):
        assert client.get(url("session_score", stage, "aldrete")).status_code == 200
