"""The day by chair, booking from it, and the home of every role."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmState
from sojourn.care.coordination.models import EscortAnswer
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import sessions_on
from sojourn.care.measures.models import MeasureRequest
from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging.models import Communication
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety.models import Flag, FlagKind
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.care.session.models import DoseCheck
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.interfaces.console.scheduling.timeline import timeline
from tests.care.way import signed_course
from tests.clock import today
from tests.conftest import Cast

DENVER = ZoneInfo("America/Denver")
ROLES = ("prescriber", "nurse", "therapist", "front_desk", "clinic_admin", "auditor")


def body(response) -> str:
    return html.unescape(response.content.decode())


def today_at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(timezone.localdate(timezone=DENVER), time(hour, minute), DENVER)


def chair(clinic: Cast, name="Chair 1") -> Chair:
    with acting_as(clinic.actor("clinic_admin")):
        return scheduling_actions.add_chair(by=clinic.actor("clinic_admin"), name=name)


def course(clinic: Cast, given="Ana", restricted=False, **more) -> CarePlan:
    by = clinic.actor("prescriber")
    with acting_as(by):
        who = patients_actions.add(
            by=by, given_name=given, family_name="Ruiz", birth_date=date(1980, 3, 12), restricted=restricted
        )
    return signed_course(clinic, who, at=today_at(9) - timedelta(days=2), **more)


def book(clinic: Cast, plan_: CarePlan, chair_: Chair, at: datetime, minutes=120, **more) -> Appointment:
    with acting_as(clinic.actor("nurse")):
        return scheduling_actions.book(
            by=clinic.actor("nurse"), care_plan_id=plan_.pk, chair_id=chair_.pk, starts_at=at, minutes=minutes, **more
        )


def session(clinic: Cast, appointment: Appointment, *states: str) -> Encounter:
    with acting_as(clinic.actor("nurse")):
        encounter = Encounter.objects.create(
            clinic=clinic.clinic, patient_id=appointment.patient_id, care_plan_id=appointment.care_plan_id,
            appointment=appointment, chair_id=appointment.chair_id, protocol_id="iv_racemic_40min",
            protocol_version="1", protocol_hash="0" * 64, opened_at=timezone.now(),
        )  # fmt: skip
        scheduling_actions.hand_to_session(appointment, encounter.opened_at)
        for seq, state in enumerate(states, 1):
            SessionState.objects.create(
                clinic=clinic.clinic, patient_id=appointment.patient_id, encounter=encounter, seq=seq, state=state,
                at=timezone.now(), by=clinic.members["nurse"],
            )  # fmt: skip
        return encounter


def home(clinic: Cast, role: str) -> str:
    return body(clinic.client(role).get(reverse("console:home")))


# ---------------------------------------------------------------- booking


def typed(day: str, at: str, chair_: Chair, minutes="120") -> dict[str, str]:
    return {"day": day, "time": at, "minutes": minutes, "chair": str(chair_.pk), "escort": ""}


@pytest.mark.alone
def test_the_desk_books_moves_and_cancels(clinic: Cast):
    one, ana = chair(clinic), course(clinic)
    client = clinic.client("front_desk")
    tomorrow = (timezone.localdate(timezone=DENVER) + timedelta(days=1)).isoformat()
    found = body(client.get(reverse("console:appointment_book"), {"q": "ruiz", "day": tomorrow, "time": "10:00"}))
    link = re.search(r'href="(/clinic/appointments/new/\?[^"]*course=\d+)"', found)
    assert link is not None
    assert "First series" not in found  # the desk sees no more than that there is a course
    page = body(client.get(link[1]))
    assert 'value="120"' in page  # dose and observation, as the rule file says
    assert f'value="{tomorrow}"' in page
    assert 'value="10:00"' in page
    answer = client.post(link[1], typed(tomorrow, "10:00", one))
    with acting_as(clinic.actor("nurse")):
        appointment = Appointment.objects.get()
    assert answer.url == reverse("console:appointment", args=[appointment.pk])
    assert timezone.localtime(appointment.during.lower, DENVER).strftime("%H:%M") == "10:00"
    moved = client.post(answer.url, typed(tomorrow, "11:30", one) | {"version": "1"})
    assert moved.status_code == 302
    late = client.post(answer.url, typed(tomorrow, "13:00", one) | {"version": "1"})
    assert late.status_code == 409
    assert "Somebody changed this appointment" in body(late)
    assert 'value="13:00"' in body(late)
    cancel = reverse("console:appointment_cancel", args=[appointment.pk])
    assert client.post(cancel, {"because": "", "version": "2"}).status_code == 422
    assert client.post(cancel, {"because": "Patient is ill", "version": "2"}).status_code == 302
    assert "Patient is ill" in body(client.get(answer.url))
    assert ana.pk == appointment.care_plan_id


def test_a_conflict_names_the_chair_and_keeps_what_was_typed(clinic: Cast):
    one, ana, bo = chair(clinic), course(clinic, "Ana"), course(clinic, "Bo")
    client = clinic.client("nurse")
    tomorrow = (timezone.localdate(timezone=DENVER) + timedelta(days=1)).isoformat()
    address = reverse("console:appointment_book")
    assert client.post(f"{address}?course={ana.pk}", typed(tomorrow, "10:00", one)).status_code == 302
    answer = client.post(f"{address}?course={bo.pk}", typed(tomorrow, "11:59", one))
    assert answer.status_code == 409
    assert "Chair 1 is taken from 10:00 to 12:00 by Ana Ruiz." in body(answer)
    assert 'value="11:59"' in body(answer)


def test_an_hour_that_does_not_exist_is_told(clinic: Cast, settings):
    one, ana = chair(clinic), course(clinic)
    forward = next(
        day for n in range(1, 400)
        if (day := today() + timedelta(days=n)).month == 3 and day.weekday() == 6 and 8 <= day.day <= 14
    )  # fmt: skip
    answer = clinic.client("nurse").post(
        f"{reverse('console:appointment_book')}?course={ana.pk}", typed(forward.isoformat(), "02:30", one)
    )
    assert answer.status_code == 409
    assert "the clocks go forward" in body(answer)


def test_a_restricted_patient_is_not_booked_without_the_glass(clinic: Cast):
    eva = course(clinic, "Eva", restricted=True)
    client = clinic.client("front_desk")
    found = body(client.get(reverse("console:appointment_book"), {"q": "eva ruiz"}))
    assert "A restricted record matches" in found
    assert "course=" not in found
    assert client.get(f"{reverse('console:appointment_book')}?course={eva.pk}").status_code == 302


@pytest.mark.alone
def test_therapists_look_and_do_not_move(clinic: Cast):
    appointment = book(clinic, course(clinic), chair(clinic), today_at(12) + timedelta(days=1))
    client = clinic.client("therapist")
    address = reverse("console:appointment", args=[appointment.pk])
    assert client.get(address).status_code == 200
    assert client.get(reverse("console:appointment_cancel", args=[appointment.pk])).status_code == 403


@pytest.mark.alone
def test_another_clinics_appointment_does_not_exist(clinic: Cast, other_clinic: Cast):
    appointment = book(clinic, course(clinic), chair(clinic), today_at(12) + timedelta(days=1))
    for role in ("prescriber", "nurse", "front_desk"):
        client = other_clinic.client(role)
        assert client.get(reverse("console:appointment", args=[appointment.pk])).status_code == 404
        assert client.post(reverse("console:appointment_cancel", args=[appointment.pk]), {}).status_code == 404
    with acting_as(clinic.actor("nurse")):
        chair_id, course_id = Chair.objects.get().pk, CarePlan.objects.get().pk
    assert other_clinic.client("clinic_admin").get(reverse("console:chair", args=[chair_id])).status_code == 404
    assert (
        other_clinic.client("nurse").get(f"{reverse('console:appointment_book')}?course={course_id}").status_code == 404
    )


# ---------------------------------------------------------------- the day


def test_the_day_shows_every_chair_without_gaps(clinic: Cast):
    one, two = chair(clinic), chair(clinic, "Chair 2")
    day = timezone.localdate(timezone=DENVER) + timedelta(days=1)
    at = datetime.combine(day, time(9, 30), DENVER)
    book(clinic, course(clinic), one, at)
    with acting_as(clinic.actor("nurse")), timezone.override(DENVER):
        quarters, lists = timeline(
            day, DENVER, [one, two], sessions_on(day, DENVER), clinic.actor("nurse"), frozenset(), timezone.now()
        )
    assert len(quarters) == 40  # 08:00 to 18:00
    assert [q.label for q in quarters if q.label] == [f"{hour:02d}:00" for hour in range(8, 18)]
    for column in range(2):
        covered = sum(q.cells[column].rows for q in quarters if q.cells[column])
        assert covered == 40
    assert [(cell.span, cell.title) for cell in lists[0].cells] == [
        ("08:00–09:30", ""), ("09:30–11:30", "Ana Ruiz"), ("11:30–18:00", ""),
    ]  # fmt: skip
    assert "time=11%3A30" in lists[0].cells[2].url


@pytest.mark.parametrize(
    ("day", "starts", "quarters", "labels"),
    [
        # Forward on 8 March 2026: 02:00 does not exist; back on 1 November: 01:00 comes twice.
        (date(2026, 3, 8), datetime(2026, 3, 8, 7, 0, tzinfo=UTC), 17 * 4, ["00:00", "01:00", "03:00", "04:00"]),
        (date(2026, 11, 1), datetime(2026, 11, 1, 6, 0, tzinfo=UTC), 19 * 4, ["00:00", "01:00", "01:00", "02:00"]),
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(
    clinic: Cast, day: date, starts: datetime, quarters: int, labels: list[str]
):
    one = chair(clinic)
    ana = course(clinic)
    with acting_as(clinic.actor("nurse")), timezone.override(DENVER):
        Appointment.objects.create(
            clinic=clinic.clinic, patient_id=ana.patient_id, care_plan=ana, chair=one,
            during=(starts, starts + timedelta(hours=4)), booked_at=starts, booked_by=clinic.members["nurse"],
        )  # fmt: skip
        table, lists = timeline(
            day, DENVER, [one], sessions_on(day, DENVER), clinic.actor("nurse"), frozenset(), starts
        )
    assert len(table) == quarters
    assert [q.label for q in table if q.label][:4] == labels
    assert lists[0].cells[0].rows == 16
    assert lists[0].cells[0].title == "Ana Ruiz"


def test_the_day_page_hides_the_restricted_and_walks(clinic: Cast):
    one = chair(clinic)
    book(clinic, course(clinic, "Eva", restricted=True), one, today_at(12) + timedelta(days=1))
    day = timezone.localdate(timezone=DENVER) + timedelta(days=1)
    page = body(clinic.client("front_desk").get(reverse("console:day"), {"day": day.isoformat()}))
    assert "Restricted record" in page
    assert "Eva" not in page
    assert f"day={(day + timedelta(days=1)).isoformat()}" in page
    assert "Eva Ruiz" in body(clinic.client("prescriber").get(reverse("console:day"), {"day": day.isoformat()}))
    assert clinic.client("nurse").get(reverse("console:day"), {"day": "nonsense"}).status_code == 200


@pytest.mark.alone
def test_chairs_are_kept_by_the_administrator(clinic: Cast):
    client = clinic.client("clinic_admin")
    assert client.post(reverse("console:chairs"), {"name": "Window"}).status_code == 302
    assert client.post(reverse("console:chairs"), {"name": "Window"}).status_code == 409
    with acting_as(clinic.actor("clinic_admin")):
        found = Chair.objects.get()
    client.post(reverse("console:chair", args=[found.pk]), {"name": "Garden"})
    assert "out of use" in body(client.get(reverse("console:chairs")))
    for role in ROLES:
        if role != "clinic_admin":
            assert clinic.client(role).get(reverse("console:chairs")).status_code == 403


# ---------------------------------------------------------------- home


def test_every_role_has_a_home_and_patients_do_not(clinic: Cast):
    for role in ROLES:
        page = home(clinic, role)
        assert "Sign out" in page
        assert ("Today" in page) == (role not in {"clinic_admin", "auditor"})


@pytest.mark.alone
def test_the_nurse_sees_the_next_step_of_every_chair(clinic: Cast):
    one, two, three = chair(clinic), chair(clinic, "Chair 2"), chair(clinic, "Chair 3")
    planned = book(clinic, course(clinic, "Ana"), one, today_at(12))
    arrived = session(clinic, book(clinic, course(clinic, "Bo"), two, today_at(12)), "arrived")
    dosing = session(clinic, book(clinic, course(clinic, "Cy"), three, today_at(12)), "arrived", "checked", "dosing")
    session(clinic, book(clinic, course(clinic, "Di"), one, today_at(14)), "arrived", "left")
    page = home(clinic, "nurse")
    assert f'action="{reverse("console:arrive", args=[planned.pk])}"' in page
    assert re.search(rf'href="{reverse("console:session", args=[arrived.pk])}"[^>]*>\s*Go on with checks', page)
    assert re.search(rf'href="{reverse("console:session", args=[dosing.pk])}"[^>]*>\s*Watch', page)
    assert "4 sessions today, 2 patients are here." in page
    assert "1 session is over" in page


@pytest.mark.alone
def test_the_nurse_sees_first_how_many_alarms_are_open_and_how_many_nobody_answered(clinic: Cast):
    held = session(clinic, book(clinic, course(clinic), chair(clinic), today_at(9)), "arrived", "checked", "dosing")
    assert "alarm is open" not in home(clinic, "nurse")
    of = {"clinic": clinic.clinic, "patient": held.patient, "encounter": held}
    at = timezone.now()
    with acting_as(clinic.actor("nurse")):
        for code, phase, answered_at in (
            ("spo2", "raised", None),
            ("hr", "acknowledged", at),
            ("rr", "recovered", None),
        ):
            AlarmState.objects.create(
                **of, rule_id=f"{code}.low", code=code, phase=phase, priority="high", since_at=at,
                acknowledged_at=answered_at,
            )  # fmt: skip
    said = " ".join(home(clinic, "nurse").split())
    assert "2 alarms are open" in said
    assert "1 not answered yet" in said


def test_the_desk_sees_arrivals_and_missing_escorts_but_no_states(clinic: Cast):
    ana = course(clinic, "Ana")
    appointment = book(clinic, ana, chair(clinic), today_at(12))
    session(clinic, book(clinic, course(clinic, "Cy"), chair(clinic, "Chair 3"), today_at(12)), "arrived", "dosing")
    with acting_as(clinic.actor("nurse")):
        MeasureRequest.objects.create(
            clinic=clinic.clinic, patient_id=ana.patient_id, scale_id="phq-9", due_at=today_at(12),
            requested_at=timezone.now(), requested_by=clinic.members["nurse"],
        )  # fmt: skip
    page = home(clinic, "front_desk")
    assert "Nobody is named who brings the patient home" in page
    assert reverse("console:appointment", args=[appointment.pk]) in page
    assert "1 questionnaire open" in page
    assert "here" in page
    for secret in ("dose running", "Watch", "PHQ"):
        assert secret not in page


def test_the_desk_sees_where_the_ride_home_stands(clinic: Cast):
    desk = clinic.actor("front_desk")
    for number, (given, comes) in enumerate({"Ana": False, "Bo": True, "Cy": None}.items()):
        plan_ = course(clinic, given)
        with acting_as(desk):
            person = patients_actions.add_person(
                by=desk, patient_id=plan_.patient_id, name=f"Luis{given}", phone="555", email="luis@example.org"
            )
        row = book(clinic, plan_, chair(clinic, f"Chair {number}"), today_at(23), escort_id=person.pk)
        if comes is not None:
            with acting_as(desk):
                EscortAnswer.objects.create(
                    clinic=clinic.clinic, patient_id=plan_.patient_id, appointment=row, person=person, comes=comes,
                    starts_at=row.during.lower, answered_at=timezone.now(), written_by=clinic.members["front_desk"],
                )  # fmt: skip
    book(clinic, course(clinic, "Di"), chair(clinic, "Chair 9"), today_at(22), minutes=30)
    page = home(clinic, "front_desk").split("Waits for you")[1]
    for words in (
        "The ride home is declined", "Ana Ruiz, by LuisAna", "The ride home is not requested yet", "Cy Ruiz, by LuisCy",
        "Nobody is named who brings the patient home", "Di Ruiz",
    ):  # fmt: skip
        assert words in page, words
    assert "LuisBo" not in page, "confirmed: nothing to do"
    assert page.index("LuisAna") < page.index("LuisCy"), "the declined first"


def test_who_answers_patients_sees_how_many_wait(clinic: Cast):
    ana, waiting = course(clinic, "Ana"), reverse("console:messages_waiting")
    answering = ("nurse", "front_desk", "therapist", "prescriber")
    for role in answering:
        assert f'hx-get="{waiting}"' in home(clinic, role)
        assert "waits for an answer" not in body(clinic.client(role).get(waiting))
    assert waiting not in home(clinic, "clinic_admin")
    with acting_as(clinic.actor("nurse")):
        person = Person.objects.create_user(f"ana@{clinic.clinic.slug}.example")
        clinic.members["Ana"] = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=ana.patient_id
        )
    by = clinic.actor("Ana")
    with acting_as(by):
        messaging_actions.write(by=by, patient_id=ana.patient_id, body="May I drive?", key=uuid4())
    for role in answering:
        page = body(clinic.client(role).get(waiting))
        assert "1 patient waits for an answer" in page, role
        assert f'href="{reverse("console:messages")}"' in page
        assert "May I drive" not in page
    assert clinic.client("auditor").get(waiting).status_code == 403


def test_the_prescriber_sees_second_checks_flags_and_unsigned_records(clinic: Cast):
    ana = book(clinic, course(clinic, "Ana"), chair(clinic), today_at(12))
    encounter = session(clinic, ana, "arrived", "checked")
    ended = session(
        clinic, book(clinic, course(clinic, "Bo"), chair(clinic, "Chair 2"), today_at(12)), "arrived", "left"
    )
    with acting_as(clinic.actor("nurse")):
        DoseCheck.objects.create(
            clinic=clinic.clinic, patient_id=ana.patient_id, encounter=encounter, drug="ketamine", route="iv",
            dose_mg=Decimal(35), lot="A1", at=timezone.now(), by=clinic.members["nurse"],
        )  # fmt: skip
        flag = Flag.objects.create(
            clinic=clinic.clinic, patient_id=ana.patient_id, kind=FlagKind.SUICIDAL_THOUGHTS, raised_at=timezone.now()
        )
    page = home(clinic, "prescriber")
    assert "Second check of a dose" in page
    assert f"prepared by {clinic.members['nurse'].name}" in page
    assert "Record to sign" in page
    assert reverse("console:session", args=[ended.pk]) in page
    assert reverse("console:flag", args=[flag.pk]) in page
    assert "Second check of a dose" not in home(clinic, "nurse")  # nobody checks their own dose
    with acting_as(clinic.actor("prescriber")):
        DoseCheck.objects.create(
            clinic=clinic.clinic, patient_id=ana.patient_id, encounter=encounter, drug="ketamine", route="iv",
            dose_mg=Decimal(35), lot="a1", at=timezone.now(), by=clinic.members["prescriber"],
        )  # fmt: skip
    assert "Second check of a dose" not in home(clinic, "prescriber")


def test_a_restricted_patient_has_no_name_on_the_home_page(clinic: Cast):
    book(clinic, course(clinic, "Eva", restricted=True), chair(clinic), today_at(12))
    for role in ("nurse", "therapist", "front_desk"):
        page = home(clinic, role)
        assert "Restricted record" in page
        assert "Eva" not in page
    assert "Eva Ruiz" in home(clinic, "prescriber")


def test_the_administrator_sees_staff_and_faults_and_the_auditor_the_audit(clinic: Cast):
    chair(clinic)
    page = home(clinic, "clinic_admin")
    assert "6 people work here" in page
    assert "6 people have no second factor yet" in page
    assert "The watch for silent monitors is not running" in page
    assert f"{clinic.members['clinic_admin'].name} added a chair: Chair 1." in home(clinic, "auditor")


def test_the_way_around_shows_what_the_role_may_open(clinic: Cast):
    for role in ROLES:
        client = clinic.client(role)
        page = body(client.get(reverse("console:home")))
        menu = page.split('class="side-nav"')[1].split("</nav>")[0]
        addresses = re.findall(r'<a href="([^"]+)"', menu)
        assert addresses[0] == reverse("console:home")
        assert menu.count('aria-current="page"') == 1
        for address in addresses:
            assert client.get(address).status_code == 200, f"{role} cannot open {address}"


MOST_QUERIES = 25  # a page that nothing polls


def test_pages_stay_within_twenty_five_queries(clinic: Cast):
    chairs = [chair(clinic, f"Chair {n}") for n in range(3)]
    for number, one in enumerate(chairs):
        appointment = book(clinic, course(clinic, f"P{number}"), one, today_at(12))
        if number:
            encounter = session(clinic, appointment, "arrived", "checked")
            with acting_as(clinic.actor("nurse")):
                DoseCheck.objects.create(
                    clinic=clinic.clinic, patient_id=appointment.patient_id, encounter=encounter, drug="ketamine",
                    route="iv", dose_mg=Decimal(35), lot="A1", at=timezone.now(), by=clinic.members["nurse"],
                )  # fmt: skip
                Flag.objects.create(
                    clinic=clinic.clinic, patient_id=appointment.patient_id, kind=FlagKind.SUICIDAL_THOUGHTS,
                    raised_at=timezone.now(),
                )  # fmt: skip
    eva = course(clinic, "Eva", restricted=True)
    with acting_as(clinic.actor("prescriber")):
        by = clinic.actor("prescriber")
        luis = patients_actions.add_person(by=by, patient_id=eva.patient_id, name="Luis", phone="555")
        scheduling_actions.book(
            by=by, care_plan_id=eva.pk, chair_id=chair(clinic, "Chair 7").pk, starts_at=today_at(22), minutes=60,
            escort_id=luis.pk,
        )  # fmt: skip
        Communication.objects.create(
            clinic=clinic.clinic, patient_id=eva.patient_id, body="Hello", from_patient=True,
            typed_key=uuid4(), sent_at=timezone.now(), sent_by=clinic.members["nurse"], sender_name="Eva",
        )  # fmt: skip
    pages = {role: [reverse("console:home")] for role in ROLES}
    pages["front_desk"] += [reverse("console:messages_waiting")]
    pages["nurse"] += [
        reverse("console:day"), reverse("console:appointment", args=[appointment.pk]),
        f"{reverse('console:appointment_book')}?course={appointment.care_plan_id}",
        f"{reverse('console:appointment_book')}?q=ruiz",
    ]  # fmt: skip
    for role, addresses in pages.items():
        client = clinic.client(role)
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            spoken = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
            assert len(spoken) <= MOST_QUERIES, f"{role} {address}: {len(spoken)}\n" + "\n".join(
                sql[:150] for sql in spoken
            )
