"""P8: from the start of a dose until the patient has left, no questionnaire and no agreement of theirs counts; calling,
writing, withdrawing and saying no always do.

A patient answered a questionnaire while the infusion ran, and it stood in the trend beside those of a clear day.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.consent.models import ConsentWithdrawal
from sojourn.care.coordination import feed_actions, reminder_actions
from sojourn.care.coordination.models import CalendarFeed, ReminderPreference
from sojourn.care.encounter.models import SessionState
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake.models import IntakeAnswer
from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Leaving
from sojourn.care.patients.not_now import dosed_since
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling import series_actions
from sojourn.care.scheduling.models import PreferredTimes
from sojourn.care.session.models import SessionEvent
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from tests.care.stage import Stage, adopt_everything, set_stage
from tests.cases.chair import Clock, clock
from tests.cases.test_d1_consent_withdrawn import running, sign_in, signed_in, treatment
from tests.conftest import Cast

__all__ = ["clock"]


@pytest.fixture
def dosed(clinic: Cast, clock: Clock) -> Stage:
    """A dose has been running for ten minutes."""
    adopt_everything(clinic)
    return running(clinic)


def asked(cast: Cast, stage: Stage, scale_id: str = "phq-9") -> MeasureRequest:
    by = cast.actor("nurse")
    with acting_as(by):
        return measures_actions.request_measure(
            by=by, patient_id=stage.patient.pk, scale_id=scale_id, due_at=timezone.now() + timedelta(days=2)
        )


def tap(client: Client, request: MeasureRequest, item: int, value: int) -> Any:
    return client.post(reverse("portal:question", args=[request.pk, item]), {"item": str(item), "value": str(value)})


def page(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def rows(cast: Cast, model: Any, **which: Any) -> int:
    with acting_as(cast.actor("nurse")):
        return int(model.objects.filter(**which).count())


def let_go(cast: Cast, stage: Stage) -> None:
    """Whoever watches lets the patient go: the state that the door enters, as the database sees it."""
    by = cast.actor("nurse")
    with acting_as(by):
        newest = SessionState.objects.filter(encounter_id=stage.id).latest("seq")
        SessionState.objects.create(
            clinic_id=by.own_clinic_id, patient=stage.patient, encounter_id=stage.id, seq=newest.seq + 1, state="left",
            at=timezone.now(), by_id=by.member,
        )  # fmt: skip


# ---------------------------------------------------------------- questionnaires


def test_what_was_begun_before_waits_unharmed_and_goes_on_afterwards(clinic: Cast, clock: Clock):
    """P8: an answer of before the dose stays; none is taken under it, on no page and by no form; the rest follows after
    the door, and only then is the whole sent."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        waits = set_stage(clinic)
    sign_in(clinic, waits)
    request, phone = asked(clinic, waits), signed_in(clinic)
    assert tap(phone, request, 1, 2).status_code == 302
    clinic.members.pop("patient")
    stage = running_of(clinic, waits)
    phone = clinic.client("patient")
    for address in ("portal:measure", "portal:review"):
        calm = phone.get(reverse(address, args=[request.pk]))
        assert (calm.status_code, "Not now" in page(calm)) == (200, True)
        assert "<form" not in page(calm).partition("<main")[2].partition("</main>")[0]
    assert "Not now" in page(phone.get(reverse("portal:question", args=[request.pk, 2])))
    posted = tap(phone, request, 2, 1)
    assert posted.status_code == 423
    assert "Not now" in page(posted)
    assert phone.post(reverse("portal:review", args=[request.pk])).status_code == 423
    assert rows(clinic, Answer, response__request=request) == 1
    let_go(clinic, stage)
    for item in range(2, 10):
        assert tap(phone, request, item, 0).status_code == 302
    phone.post(reverse("portal:question", args=[request.pk, 10]), {"item": "difficulty", "value": "0"})
    phone.post(reverse("portal:review", args=[request.pk]))
    with acting_as(clinic.actor("nurse")):
        done = QuestionnaireResponse.objects.get(request=request)
    assert (done.score, done.completed_at) == (2, timezone.now())


def running_of(cast: Cast, stage: Stage) -> Stage:
    """The same patient, ten minutes into a dose."""
    from tests.care.stage import arrive, check_dose, pass_checks

    at = timezone.now()
    with acting_as(cast.actor("nurse")):
        arrive(stage, at)
        pass_checks(stage, at)
        check_dose(stage, at)
        stage.step("start_dose", now=at)
    sign_in_again(cast, stage)
    return stage


def sign_in_again(cast: Cast, stage: Stage) -> None:
    from sojourn.foundation.accounts.models import Membership

    with acting_as(cast.actor("clinic_admin")):
        cast.members["patient"] = Membership.objects.get(patient_id=stage.patient.pk)


def test_an_alarming_answer_does_not_count_and_is_heard(clinic: Cast, dosed: Stage):
    """P8: danger is never put off: item 9 raises its flag once, help comes first, and no answer is kept."""
    request, phone = asked(clinic, dosed), signed_in(clinic)
    for _again in range(2):
        posted = tap(phone, request, 9, 3)
        assert posted.status_code == 423
        assert "You do not have to carry this alone" in page(posted)
    assert rows(clinic, Flag, patient=dosed.patient) == 1
    assert rows(clinic, Answer, patient=dosed.patient) == 0


@pytest.mark.parametrize("over", ["sent", "withdrawn"])
def test_an_alarming_answer_that_comes_too_late_is_heard(clinic: Cast, clock: Clock, over: str):
    """P8: from a page that stayed open after the sending, or after the clinic needs it no more: not kept, and heard."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
    sign_in(clinic, stage)
    request, phone = asked(clinic, stage), signed_in(clinic)
    if over == "sent":
        for item in range(1, 10):
            tap(phone, request, item, 0)
        phone.post(reverse("portal:question", args=[request.pk, 10]), {"item": "difficulty", "value": "0"})
        phone.post(reverse("portal:review", args=[request.pk]))
    else:
        with acting_as(clinic.actor("nurse")) as by:
            measures_actions.withdraw_request(by=by, request_id=request.pk)
    assert rows(clinic, Flag, patient=stage.patient) == 0
    for _again in range(2):
        posted = tap(phone, request, 9, 3)
        assert posted.status_code == 409
        assert "You do not have to carry this alone" in page(posted)
    assert rows(clinic, Flag, patient=stage.patient) == 1
    assert rows(clinic, Answer, patient=stage.patient, value=3) == 0
    assert tap(phone, request, 9, 0).status_code == 409
    nurse = page(clinic.client("nurse").get(reverse("console:flags"), headers={"accept-language": "es"}))
    assert "Casi todos los días (dada después de que el cuestionario se envió o se retiró" in nurse


@pytest.mark.parametrize("step", ["pause", "end_dose", "stop_early"])
def test_it_waits_until_the_door_and_no_sooner(clinic: Cast, dosed: Stage, step: str):
    """P8: paused, ended or stopped, the medicine is still with them."""
    request, phone = asked(clinic, dosed), signed_in(clinic)
    with acting_as(clinic.actor("nurse")):
        dosed.step(step)
    assert tap(phone, request, 1, 1).status_code == 423
    let_go(clinic, dosed)
    assert tap(phone, request, 1, 1).status_code == 302


def test_a_session_that_nobody_ended_is_over_in_the_morning(clinic: Cast, dosed: Stage, clock: Clock):
    """P8: at 6 o'clock of the next day by the clinic's clock (rule recovery.signing) it waits no longer."""
    zone = ZoneInfo("America/Denver")
    with acting_as(clinic.actor("nurse")):
        began = dosed_since(PatientScope(dosed.patient.pk), clinic.clinic, timezone.now())
        assert began is not None
        morning = (began.astimezone(zone) + timedelta(days=1)).replace(hour=6, minute=0, second=0)
        assert dosed_since(PatientScope(dosed.patient.pk), clinic.clinic, morning - timedelta(seconds=1)) == began
        assert dosed_since(PatientScope(dosed.patient.pk), clinic.clinic, morning) is None


def test_a_form_on_paper_of_that_time_does_not_count_and_is_heard(clinic: Cast, dosed: Stage):
    """P8: filled in on paper under the dose it is refused at the console too, with its flag; of the hour before it is
    taken."""
    nurse, zone = clinic.client("nurse"), ZoneInfo("America/Denver")
    door = reverse("console:paper_measure", args=[dosed.patient.pk, "phq-9"])

    def entered(minutes_ago: int) -> Any:
        at = (timezone.now() - timedelta(minutes=minutes_ago)).astimezone(zone)
        answers = {f"item-{n}": "1" for n in range(1, 10)}
        return nurse.post(door, {**answers, "filled_on": f"{at:%Y-%m-%d}", "filled_at": f"{at:%H:%M}"})

    refused = entered(5)
    assert refused.status_code == 409, page(refused)[:500]
    assert "At that time the patient was under a dose" in page(refused)
    assert rows(clinic, QuestionnaireResponse, patient=dosed.patient) == 0
    assert rows(clinic, Flag, patient=dosed.patient) == 1
    assert entered(60).status_code == 302
    assert rows(clinic, QuestionnaireResponse, patient=dosed.patient) == 1


# ---------------------------------------------------------------- everything else that a patient can send


WAITS: dict[str, tuple[str, list[Any], dict[str, str]]] = {
    "an answer of the intake": ("portal:intake_question", ["drives"], {"value": "yes"}),
    "a medicine of the intake": ("portal:intake_add", ["medicines"], {"name": "Sertraline"}),
    "sending the intake": ("portal:intake_review", [], {}),
    "pasted medicines": ("portal:intake_paste", [], {"prose": "sertraline 50 mg", "piece-0": "sertraline 50 mg"}),
    "times": ("portal:visits_times", [], {"weekdays": "0"}),
    "how to be reminded": (
        "portal:visits_reminders", [],
        {"zone": "America/Denver", "channel": "email", "quiet_from": "21:00", "quiet_until": "08:00"},
    ),
    "a calendar address": ("portal:visits_feed", [], {"do": "open"}),
    "waiting for an earlier time": ("portal:sooner", [], {"do": "join", "course": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITS)
def test_what_commits_waits(clinic: Cast, dosed: Stage, name: str):
    """P8: facts, wishes and agreements that are told under a dose are not taken, whoever forged the form."""
    address, args, typed = WAITS[name]
    posted = signed_in(clinic).post(reverse(address, args=args), typed)
    assert posted.status_code == 423
    assert "Not now" in page(posted)
    for model in (IntakeAnswer, PreferredTimes, ReminderPreference, CalendarFeed):
        assert rows(clinic, model, patient=dosed.patient) == 0


def test_the_actions_refuse_by_themselves(clinic: Cast, dosed: Stage):
    """P8: not only hidden: each action says no to the patient, whatever page called it."""
    request, by = asked(clinic, dosed), clinic.actor("patient")
    mine = dosed.patient.pk
    tries = [
        lambda: measures_actions.start_response(by=by, request_id=request.pk),
        lambda: measures_actions.start_response(by=by, scale_id="gad-7"),
        lambda: intake_actions.name_person(by=by, patient_id=mine, name="Luis", relationship="", phone="1", email=""),
        lambda: intake_actions.send(by=by, patient_id=mine),
        lambda: series_actions.state_times(by=by, patient_id=mine),
        lambda: series_actions.state_times(by=by, patient_id=0),  # whoever is named: it is their own
        lambda: feed_actions.open_feed(by=by),
        lambda: reminder_actions.prefer(
            by=by, zone="America/Denver", channel="email", quiet_from=clockless(21), quiet_until=clockless(8)
        ),
    ]
    with acting_as(by):
        for each in tries:
            with pytest.raises(ActionRefused) as refused:
                each()
            assert refused.value.codes == ("not-now",)


def clockless(hour: int) -> Any:
    from datetime import time

    return time(hour)


def test_answering_and_sending_what_was_begun_are_refused_by_the_action(clinic: Cast, clock: Clock):
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
    sign_in(clinic, stage)
    by = clinic.actor("patient")
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id="phq-9")
        for item in range(1, 10):
            safety_actions.answer_measure(by=by, response_id=response.pk, link_id=str(item), value=0)
    clinic.members.pop("patient")
    running_of(clinic, stage)
    by = clinic.actor("patient")
    with acting_as(by):
        with pytest.raises(ActionRefused) as refused:
            safety_actions.complete_measure(by=by, response_id=response.pk)
        assert refused.value.codes == ("not-now",)
        with pytest.raises(ActionRefused) as refused:
            safety_actions.answer_measure(by=by, response_id=response.pk, link_id="1", value=1)
        assert refused.value.codes == ("not-now",)


def test_calling_writing_withdrawing_and_no_always_count(clinic: Cast, dosed: Stage):
    """P8: what asks for help, takes back or says no is taken at every minute."""
    phone = signed_in(clinic)
    assert phone.post(reverse("portal:here"), headers={"accept": "text/html"}).status_code == 302
    assert rows(clinic, SessionEvent, encounter_id=dosed.id, kind="patient_calls") == 1
    assert phone.post(reverse("portal:messages"), {"body": "I feel strange"}).status_code == 302
    assert rows(clinic, Communication, patient=dosed.patient) == 1
    reminders = {"zone": "America/Denver", "channel": "none", "quiet_from": "21:00", "quiet_until": "08:00"}
    assert phone.post(reverse("portal:visits_reminders"), reminders).status_code == 302
    assert rows(clinic, ReminderPreference, patient=dosed.patient, channel="none") == 1
    assert phone.post(reverse("portal:visits_feed"), {"do": "close"}).status_code in (200, 302)
    consent = treatment(clinic, dosed)
    assert phone.post(reverse("portal:agreement_withdraw", args=[consent.pk]), {"reason": "no"}).status_code == 302
    assert rows(clinic, ConsentWithdrawal, consent=consent) == 1
    with acting_as(clinic.actor("nurse")):
        assert SessionState.objects.filter(encounter_id=dosed.id).latest("seq").state == "stopped_early"


def test_the_first_page_asks_nothing_meanwhile(clinic: Cast, dosed: Stage):
    """P8: Today shows the quiet screen and no questionnaire to begin; afterwards it is there again."""
    request, phone = asked(clinic, dosed), signed_in(clinic)
    address = reverse("portal:measure", args=[request.pk])
    assert address not in page(phone.get(reverse("portal:today")))
    let_go(clinic, dosed)
    assert address in page(phone.get(reverse("portal:today")))


def test_the_words_are_there_in_spanish(clinic: Cast, dosed: Stage):
    request, phone = asked(clinic, dosed), signed_in(clinic)
    calm = page(phone.get(reverse("portal:measure", args=[request.pk]), headers={"accept-language": "es"}))
    assert re.search(r"<h1[^>]*>\s*Ahora no\s*</h1>", calm)


def test_the_database_tells_each_leaving_whoever_wrote_it(clinic: Cast, dosed: Stage):
    assert rows(clinic, Leaving, patient=dosed.patient) == 0
    let_go(clinic, dosed)
    with acting_as(clinic.actor("nurse")):
        assert Leaving.objects.get(patient=dosed.patient).at == timezone.now()
