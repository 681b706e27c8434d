"""D1: one road to a dose. A course is born from a signed plan and nowhere else; booking warns; no agreement is signed
between a dose and the next morning. (What the dose step itself refuses is shown with the session.)"""

from __future__ import annotations

import html
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import Consent, ConsentWithdrawal, Decision
from sojourn.care.patients.models import DoseStart, Patient
from sojourn.care.patients.queries import last_dose_at
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose, gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.care.session.models import MedicationAdministration
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import CourseScope, PatientScope
from tests.care import consents
from tests.care.adopting import as_typed
from tests.care.ceilings import adopt_ceilings
from tests.care.people import make_patient
from tests.care.stage import Stage, adopt_everything, arrive, set_stage, to_dosing
from tests.care.way import (
    IV,
    accepted,
    agreed,
    plan_values,
    signed_course,
    signed_version,
    unplanned_course,
)
from tests.clock import DENVER, now_here
from tests.conftest import Cast

CLINICAL = ("prescriber", "nurse", "therapist")
MISSING = "Something is missing before a dose can be given"
# What tells of medicine, and is none of the front desk's business.
MEDICAL = ("acceptance", "agreement", "signed plan", "decided", "withdrawn", "Ketamine", "depressive")


@pytest.fixture(autouse=True)
def ceilings(clinic: Cast) -> None:
    """Without an adopted ceiling no plan is signed at all."""
    adopt_ceilings(clinic)


def body(answer) -> str:
    return html.unescape(answer.content.decode())


def main(page: str) -> str:
    """The page without its menu, whose words are the same for everybody."""
    return page.split("<main", 1)[1].split("</main>", 1)[0]


def chair(clinic: Cast) -> Chair:
    with acting_as(clinic.actor("clinic_admin")):
        return scheduling_actions.add_chair(by=clinic.actor("clinic_admin"), name="Chair 1")


def in_a_week(hour: int = 10) -> datetime:
    return datetime.combine(now_here().date() + timedelta(days=7), time(hour), DENVER)


def book(clinic: Cast, role: str, course: CarePlan, at: datetime) -> str:
    """Book through the page's own form; the address of the appointment that it made."""
    one = chair(clinic)
    answer = clinic.client(role).post(
        f"{reverse('console:appointment_book')}?course={course.pk}",
        {"day": at.date().isoformat(), "time": at.strftime("%H:%M"), "minutes": "120", "chair": str(one.pk),
         "escort": "", "outside_hours": "on"},
    )  # fmt: skip
    assert answer.status_code == 302, body(answer)
    return str(answer.url)


# ---------------------------------------------------------------- nowhere else


@pytest.mark.alone
def test_there_is_no_other_door(clinic: Cast):
    """D1: "Begin a course" went round candidacy, consent, plan and second check. Its address is gone."""
    patient = make_patient(clinic)
    address = f"/clinic/patients/{patient.pk}/courses/new/"
    typed = {
        "protocol_id": "im", "indication": "Depression", "dose_mg": "900", "planned_sessions": "6",
        "started_on": now_here().date().isoformat(),
    }  # fmt: skip
    with pytest.raises(NoReverseMatch):
        reverse("console:course_add", args=[patient.pk])
    for role in roles():
        if role in clinic.members:
            assert clinic.client(role).get(address).status_code == 404
            assert clinic.client(role).post(address, typed).status_code == 404
    with acting_as(clinic.actor("nurse")):
        assert not CarePlan.objects.exists()


def test_only_a_signature_writes_a_course():
    """D1: in all of the product one function makes a course, and it is a part of signing a plan."""
    root = Path(str(resources.files("sojourn")))
    makes = re.compile(r"CarePlan(\.objects\.(create|bulk_create|get_or_create|update_or_create))?\(")
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "migrations" not in path.parts
        and any(makes.search(line) and not line.startswith("class ") for line in path.read_text().splitlines())
    }
    assert found == {"care/plan/actions.py"}
    assert not hasattr(plan_actions, "begin")


def test_the_patients_page_leads_to_the_plan(clinic: Cast):
    """D1: in the place of the button stands the way to a plan, for those who may draft one."""
    patient = make_patient(clinic)
    plan = reverse("console:plan", args=[patient.pk])
    for role in CLINICAL:
        page = main(body(clinic.client(role).get(reverse("console:patient", args=[patient.pk]))))
        assert "Begin a course" not in page
        assert "Write a plan" in page
        assert f'href="{plan}"' in page
    desk = main(body(clinic.client("front_desk").get(reverse("console:patient", args=[patient.pk]))))
    assert plan not in desk


@pytest.mark.alone
def test_who_may_do_which_step(clinic: Cast):
    """D1: role by role: several draft, a second clinician checks, prescribers alone sign and end."""
    may = {code: role.may for code, role in roles().items()}
    assert not [code for code, granted in may.items() if "course.create" in granted]
    assert {code for code, granted in may.items() if "course.end" in granted} == {"prescriber"}
    assert {code for code, granted in may.items() if "plan.sign" in granted} == {"prescriber"}
    patient = make_patient(clinic)
    accepted(clinic, patient, at=timezone.now())
    agreed(clinic, patient, at=timezone.now())
    with acting_as(clinic.actor("prescriber")):
        version = draft(clinic, patient)
        check(clinic, version)
        for role in ("nurse", "therapist", "front_desk", "clinic_admin", "auditor"):
            with pytest.raises(NotAllowed):
                sign(clinic, version, role)
        assert not CarePlan.objects.exists()
        sign(clinic, version)
        assert CarePlan.objects.get().dose_mg == Decimal(35)


def draft(clinic: Cast, patient: Patient, course: CarePlan | None = None, **more) -> PlanVersion:
    by, now = clinic.actor("prescriber"), timezone.now()
    version = plan_actions.draft(by=by, patient_id=patient.pk, course_id=course.pk if course else None)
    values = plan_values(IV, Decimal(35), now) | more
    return plan_actions.save_draft(by=by, version_id=version.pk, seen=version.revision, values=values)


def check(clinic: Cast, version: PlanVersion) -> None:
    assert version.per_kg is not None
    plan_actions.double_check(
        by=clinic.actor("nurse"), version_id=version.pk, weight_kg=version.weight_kg, amount=version.per_kg
    )


def sign(clinic: Cast, version: PlanVersion, role: str = "prescriber") -> PlanVersion:
    seen = dose.content_hash(plan_queries.version(version.pk))
    return plan_actions.sign(by=clinic.actor(role), version_id=version.pk, seen_hash=seen)


@pytest.mark.alone
@pytest.mark.parametrize(
    ("walked", "codes"),
    [
        ((), {"candidacy", "consent", "not-checked"}),
        (("accepted",), {"consent", "not-checked"}),
        (("accepted", "agreed"), {"not-checked"}),
        (("agreed", "checked"), {"candidacy"}),
        (("accepted", "checked"), {"consent"}),
        (("accepted", "agreed", "checked"), set()),
    ],
)
def test_no_step_of_the_road_can_be_left_out(clinic: Cast, walked: tuple[str, ...], codes: set[str]):
    """D1: without acceptance, agreements and second check there is no signature, and so no course."""
    patient, now = make_patient(clinic), timezone.now()
    if "accepted" in walked:
        accepted(clinic, patient, at=now)
    if "agreed" in walked:
        agreed(clinic, patient, at=now)
    with acting_as(clinic.actor("prescriber")):
        version = draft(clinic, patient)
        if "checked" in walked:
            check(clinic, version)
        if codes:
            with pytest.raises(ActionRefused) as refused:
                sign(clinic, version)
            assert set(refused.value.codes) == codes
        else:
            sign(clinic, version)
        assert CarePlan.objects.exists() == (not codes)


# ---------------------------------------------------------------- booking warns


@pytest.mark.alone
def test_the_front_desk_books_and_is_told_that_something_is_missing(clinic: Cast):
    """D1: 900 mg IM six times, "accepting is not possible", nothing signed: booked by the front desk without a word."""
    old = unplanned_course(clinic, make_patient(clinic), protocol_id="im", dose_mg=Decimal(900), at=now_here())
    asks = main(body(clinic.client("front_desk").get(f"{reverse('console:appointment_book')}?course={old.pk}")))
    page = main(body(clinic.client("front_desk").get(book(clinic, "front_desk", old, in_a_week()))))
    for shown in (asks, page):
        assert MISSING in shown
        assert "tell a nurse or a prescriber" in shown
        assert not [word for word in MEDICAL if word in shown]
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.get().status == "booked"


def test_clinicians_read_what_is_missing_and_where_it_is_put_right(clinic: Cast):
    """D1: the same appointment, to those who may read the chart: every lack with its reasons and its page."""
    patient = make_patient(clinic)
    old = unplanned_course(clinic, patient, protocol_id="im", at=now_here())
    url = book(clinic, "nurse", old, in_a_week())
    for role in CLINICAL:
        page = main(body(clinic.client(role).get(url)))
        assert "There is no valid acceptance for this medicine by this route." in page
        assert "No prescriber has decided yet" in page
        assert "The agreements for this medicine by this route do not hold." in page
        assert "This course has no signed plan in force." in page
        for name in ("candidacy", "patient_consents", "plan"):
            assert reverse(f"console:{name}", args=[patient.pk]) in page
    with translation.override("es"):
        with acting_as(clinic.actor("nurse")):
            titles = [each.title for each in gates.before_dose(old)]
        assert titles[-1] == "Este ciclo no tiene un plan firmado vigente."


def test_who_walked_the_road_is_booked_without_a_word(clinic: Cast):
    """D1: nothing is missing, nothing is said."""
    course = signed_course(clinic, make_patient(clinic), at=now_here())
    url = book(clinic, "front_desk", course, in_a_week())
    for role in ("front_desk", *CLINICAL):
        assert MISSING not in body(clinic.client(role).get(url))
    assert MISSING not in body(clinic.client("nurse").get(reverse("console:series", args=[course.pk])))


@pytest.mark.alone
def test_a_series_is_booked_and_told_the_same(clinic: Cast):
    """D1: six at once, through the series page."""
    old = unplanned_course(clinic, make_patient(clinic), at=now_here())
    chair(clinic)
    client, url = clinic.client("front_desk"), reverse("console:series", args=[old.pk])
    shape = {"earliest": in_a_week().date().isoformat(), "min_days": "2", "max_days": "5", "minutes": "120"}
    page = body(client.get(url, shape))
    assert MISSING in page
    notice = page.split(MISSING)[1].split("</div>")[0]
    assert "tell a nurse or a prescriber" in notice
    assert not [word for word in MEDICAL if word in notice]
    form = page.split('<form method="post" class="flow"')[1].split("</form>", maxsplit=1)[0]
    slots = {
        name: re.search(r'<option value="([^"]*)" selected', options)[1]  # type: ignore[index]
        for name, options in re.findall(r'<select[^>]*name="(slot-\d+)"[^>]*>(.*?)</select>', form, re.DOTALL)
    }
    assert len(slots) == 6
    answer = client.post(url, shape | slots)
    assert answer.status_code == 302
    assert MISSING in body(client.get(url, shape))
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.filter(status="booked").count() == 6


@pytest.mark.alone
def test_an_agreement_that_is_withdrawn_after_booking_is_missed(clinic: Cast):
    """D1: what stood when it was booked and stands no more is said on the appointment."""
    course = signed_course(clinic, make_patient(clinic), at=now_here())
    url = book(clinic, "front_desk", course, in_a_week())
    by = clinic.actor("nurse")
    with acting_as(by):
        treatment = Consent.objects.get(document_id="treatment")
        consent_actions.withdraw(by=by, consent_id=treatment.pk, reason="Said so on the telephone")
    assert "The patient has withdrawn" in main(body(clinic.client("nurse").get(url)))
    desk = main(body(clinic.client("front_desk").get(url)))
    assert MISSING in desk
    assert "withdrawn" not in desk


def test_an_acceptance_for_another_route_is_none(clinic: Cast):
    """D1: accepted and agreed for the infusion; the course gives it into the muscle."""
    patient = make_patient(clinic)
    signed_course(clinic, patient, at=now_here())
    old = unplanned_course(clinic, patient, protocol_id="im", at=now_here())
    with acting_as(clinic.actor("nurse")):
        found = {each.code: each.reasons for each in gates.before_dose(old)}
    assert set(found) == {"candidacy", "consent", "plan"}
    assert found["candidacy"] == ("The decision speaks of another medicine or of another way to give it.",)


def test_a_booking_that_its_course_left_behind_is_told(clinic: Cast):
    """D1: a course that has ended gives no dose; what is still booked in it says so."""
    course = signed_course(clinic, make_patient(clinic), at=now_here())
    url = book(clinic, "front_desk", course, in_a_week())
    with acting_as(clinic.actor("prescriber")):
        plan_actions.end(by=clinic.actor("prescriber"), course_id=course.pk, ended_on=now_here().date())
    assert "This course has ended." in main(body(clinic.client("nurse").get(url)))
    assert MISSING in main(body(clinic.client("front_desk").get(url)))


# ---------------------------------------------------------------- courses of an earlier release


@pytest.mark.alone
def test_a_running_course_of_an_earlier_release_is_led_to_a_signed_version(clinic: Cast):
    """D1: courses that run on today get a signed version before their next dose."""
    patient, now = make_patient(clinic), timezone.now()
    old = unplanned_course(clinic, patient, at=now - timedelta(days=30))
    plan, prescriber = reverse("console:plan", args=[patient.pk]), clinic.client("prescriber")
    pages = {
        "patient": reverse("console:patient", args=[patient.pk]), "series": reverse("console:series", args=[old.pk]),
        "plan": plan,
    }  # fmt: skip
    with acting_as(clinic.actor("nurse")):
        assert plan_queries.in_force(CourseScope(old.pk)) is None
        assert list(plan_queries.without_signed_plan()) == [old]
        assert plan_queries.running(PatientScope(patient.pk)) == [old]  # it goes on
    home = body(prescriber.get("/clinic/"))
    assert "A course has no signed plan: no dose until there is one" in home
    assert patient.name in home
    assert plan in home
    for name, address in pages.items():
        page = main(body(prescriber.get(address)))
        assert "no signed plan in force" in page, name
        assert "Write the plan of this course" in page, name
        assert f'name="course" value="{old.pk}"' in page, name
    answer = prescriber.post(reverse("console:plan_draft", args=[patient.pk]), {"course": str(old.pk)})
    accepted(clinic, patient, at=now)
    agreed(clinic, patient, at=now)
    with acting_as(clinic.actor("prescriber")):
        begun = PlanVersion.objects.get()
        assert answer.url == reverse("console:plan_edit", args=[begun.pk])
        version = draft(clinic, patient, old)
        assert version.pk == begun.pk
        check(clinic, version)
        sign(clinic, version)
        assert gates.before_dose(old) == ()
        assert not plan_queries.without_signed_plan().exists()
    assert "no signed plan" not in main(body(prescriber.get("/clinic/")))
    for name, address in pages.items():
        assert "no signed plan in force" not in main(body(prescriber.get(address))), name


def test_the_home_names_a_few_and_counts_the_others(clinic: Cast):
    """D1: a clinic that comes from an earlier release has many of them; the page stays a page."""
    for number in range(7):
        unplanned_course(clinic, make_patient(clinic, f"P{number}"), at=timezone.now())
    home = body(clinic.client("prescriber").get("/clinic/"))
    assert home.count("A course has no signed plan") == 5
    assert "2 more courses have no signed plan" in home
    assert "no signed plan" not in body(clinic.client("front_desk").get("/clinic/"))


def test_a_plan_that_waits_stands_on_the_home_of_who_can_do_it(clinic: Cast):
    """D8: a plan that waits for its check or signature stood on nobody's home."""
    patient = make_patient(clinic)
    accepted(clinic, patient, at=timezone.now())
    agreed(clinic, patient, at=timezone.now())

    def waits(role: str) -> list[str]:
        home = body(clinic.client(role).get("/clinic/"))
        return [words for words in ("Dose of a plan to check", "Plan to sign") if words in home]

    with acting_as(clinic.actor("prescriber")):
        version = draft(clinic, patient, indication="")
    assert waits("nurse") == waits("prescriber") == []  # it does not say yet what it is for
    with acting_as(clinic.actor("prescriber")):
        version = draft(clinic, patient)
    assert waits("nurse") == ["Dose of a plan to check"]
    assert waits("prescriber") == []  # her own dose
    with acting_as(clinic.actor("prescriber")):
        check(clinic, version)
    assert waits("nurse") == []
    assert waits("prescriber") == ["Plan to sign"]
    with acting_as(clinic.actor("prescriber")):
        sign(clinic, version)
    assert waits("prescriber") == waits("front_desk") == []


# ---------------------------------------------------------------- no signature between a dose and the next morning


def dosed(clinic: Cast, at: datetime) -> Stage:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        return to_dosing(clinic, at=at)


def withdraw(clinic: Cast, patient: Patient, document: str, now: datetime) -> ConsentWithdrawal:
    by = consents.patient_actor(clinic, patient)
    with acting_as(by):
        row = Consent.objects.filter(patient=patient, document_id=document).latest("id")
        return consent_actions.withdraw(by=by, consent_id=row.pk, now=now)


def sign_again(clinic: Cast, patient: Patient, document: str, now: datetime, **more) -> Consent:
    by = consents.patient_actor(clinic, patient)
    with acting_as(by):
        token, text = consents.token_for(clinic, patient, document)
        said = {"statements": [each.id for each in text.statements], "signed_name": patient.name} | more
        return consent_actions.sign(by=by, token=token, now=now, **said)


def test_nothing_is_signed_between_a_dose_and_the_next_morning(clinic: Cast):
    """D1: withdrawn in the chair, signed again an hour later. The rule says 6 o'clock of the next day (a convention),
    by the clinic's clock, whatever UTC says."""
    start = datetime.combine(now_here().date() - timedelta(days=2), time(20, 30), DENVER)  # the next day in UTC
    stage = dosed(clinic, start)
    morning = datetime.combine(start.date() + timedelta(days=1), time(6), DENVER)
    withdraw(clinic, stage.patient, "driving", start + timedelta(minutes=10))  # possible at every minute
    for at in (start + timedelta(minutes=11), start + timedelta(hours=4), morning - timedelta(minutes=1)):
        with pytest.raises(ActionRefused) as refused:
            sign_again(clinic, stage.patient, "driving", at)
        assert refused.value.codes == ("day-of-dose",)
    assert sign_again(clinic, stage.patient, "driving", morning).decision == Decision.PERMIT


def test_a_no_and_a_counter_signature_are_possible_at_every_minute(clinic: Cast):
    """D1: a no is no agreement; the prescriber's signature beside the patient's is not the patient's."""
    start = timezone.now() - timedelta(minutes=5)
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=start)
    withdraw(clinic, stage.patient, "driving", start - timedelta(hours=2))
    again = sign_again(clinic, stage.patient, "driving", start - timedelta(hours=1))
    with acting_as(clinic.actor("nurse")):
        told(stage, clinic, start)
    consents.countersign(clinic, again, timezone.now())
    no = sign_again(clinic, stage.patient, "research", timezone.now(), decision=Decision.DENY, statements=[])
    assert no.decision == Decision.DENY
    with acting_as(clinic.actor("nurse")):
        assert consent_queries.standing(PatientScope(stage.patient.pk), route="iv", drug="ketamine").valid


def told(stage: Stage, clinic: Cast, at: datetime) -> None:
    """A dose in the table, without the session's room: in bulk, as an import or the demo would write it."""
    arrive(stage, at)
    common = {"clinic": clinic.clinic, "patient": stage.patient, "encounter": stage.encounter}
    people = {"given_by": clinic.members["nurse"], "checked_by": clinic.members["prescriber"]}
    MedicationAdministration.objects.bulk_create([
        MedicationAdministration(
            **common, **people, drug="ketamine", route="iv", dose_mg=35, duration_min=40, lot="B", started_at=at,
            checked_at=at, recorded_at=at,
        )
    ])  # fmt: skip


def test_every_dose_is_told_whoever_writes_it(clinic: Cast, other_clinic: Cast):
    """D1: the room of agreements cannot see a session. The database tells it of each dose, so no writer can forget."""
    at = timezone.now()
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=at)
        assert last_dose_at(PatientScope(stage.patient.pk), at) is None
        told(stage, clinic, at)
        assert last_dose_at(PatientScope(stage.patient.pk), at) == at
        assert last_dose_at(PatientScope(stage.patient.pk), at - timedelta(seconds=1)) is None
    with acting_as(other_clinic.actor("nurse")):
        assert not DoseStart.objects.exists()


def test_the_patients_own_page_refuses_and_says_from_when(clinic: Cast):
    """D1: on the phone, through the form's POST."""
    patient = make_patient(clinic)
    agreed(clinic, patient, at=timezone.now() - timedelta(days=3))
    signed_version_of(clinic, patient)
    withdraw(clinic, patient, "driving", timezone.now() - timedelta(minutes=30))
    with acting_as(clinic.actor("nurse")):
        DoseStart.objects.create(clinic=clinic.clinic, patient=patient, at=timezone.now() - timedelta(minutes=40))
    client: Client = clinic.client(patient.given_name)
    client.get("/today/help/")
    page = body(client.get("/today/agreements/read/driving/sign/"))
    assert "You had a dose: nothing is signed until the next morning" in page
    token = re.search(r'name="token" value="([^"]*)"', page)
    assert token is not None
    answer = client.post(
        "/today/agreements/read/driving/sign/",
        {"token": token[1], "how": "type", "signed_name": patient.name, "statement": ["no_driving", "escort"]},
    )  # fmt: skip
    assert answer.status_code == 409
    assert "You can sign from" in body(answer)
    assert "06:00" in body(answer)
    with acting_as(clinic.actor("nurse")):
        assert Consent.objects.filter(patient=patient, document_id="driving").count() == 1


def signed_version_of(clinic: Cast, patient: Patient) -> CarePlan:
    accepted(clinic, patient, at=timezone.now() - timedelta(days=2))
    course = signed_version(clinic, patient, at=timezone.now() - timedelta(days=1)).care_plan
    assert course is not None
    return course


def test_a_clinic_may_wait_longer_and_never_shorter(clinic: Cast):
    """D1: six is a convention that acts at once; a clinic makes it later, up to noon, by adopting the rule so."""
    patient, by = make_patient(clinic), clinic.actor("prescriber")
    start = datetime.combine(now_here().date() - timedelta(days=1), time(9), DENVER)
    six = datetime.combine(now_here().date(), time(6), DENVER)
    with acting_as(by):
        DoseStart.objects.create(clinic=clinic.clinic, patient=patient, at=start)
        assert consent_queries.signs_again_at(clinic.clinic, PatientScope(patient.pk), start) == six
        with pytest.raises(ActionRefused):
            rulebook_actions.adopt(by=by, rule_id="recovery.signing", parameters=as_typed("recovery.signing", hour=5))
        rulebook_actions.adopt(by=by, rule_id="recovery.signing", parameters=as_typed("recovery.signing", hour=9))
        assert consent_queries.signs_again_at(clinic.clinic, PatientScope(patient.pk), start) == six.replace(hour=9)
        assert consent_queries.signs_again_at(clinic.clinic, PatientScope(patient.pk), six.replace(hour=9)) is None
