"""The week, the series, hours, the waiting list and the ride home on the clinic's pages; feeds for both sides."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import Offer, WaitingEntry
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import clinic_settings_actions, series_actions, series_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, BookingRules, HoursOnDay, WorkingHours
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.scope import PatientScope
from tests.care.way import unplanned_course
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_console_day import DENVER, body, book, chair, course

MOST_QUERIES = 25  # of pages that nothing polls


def day_ahead(days: int, hour: int = 10) -> datetime:
    """A time some days ahead, on a weekday."""
    day = timezone.localdate(timezone=DENVER) + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, time(hour), DENVER)


def escort(clinic: Cast, plan: CarePlan, email="luis@example.org"):
    by = clinic.actor("nurse")
    with acting_as(by):
        return patients_actions.add_person(by=by, patient_id=plan.patient_id, name="Luis", phone="555", email=email)


def open_weekdays(clinic: Cast) -> None:
    by = clinic.actor("clinic_admin")
    with acting_as(by):
        clinic_settings_actions.set_week(by=by, week={day: [(time(8), time(18))] for day in range(5)})


def adopt(clinic: Cast, chairs_per_nurse: int) -> None:
    by = clinic.actor("prescriber")
    with acting_as(by):
        clinic_settings_actions.decide_rules(
            by=by, chairs_per_nurse=chairs_per_nurse, turnover_minutes=0, remind_hours=[24], head_start_minutes=0
        )


def patient_client(clinic: Cast, plan: CarePlan) -> Client:
    with acting_as(clinic.actor("nurse")):
        person = Person.objects.create_user(f"ana@{clinic.clinic.slug}.example", None)
        clinic.members["patient"] = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=plan.patient_id
        )
    return clinic.client("patient")


# ---------------------------------------------------------------- the week and the day


@pytest.mark.alone
def test_the_week_by_chair_and_by_staff(clinic: Cast):
    open_weekdays(clinic)
    adopt(clinic, 2)
    at = day_ahead(1)
    ana = course(clinic)
    first = book(clinic, ana, chair(clinic), at, escort_id=escort(clinic, ana).pk)
    client = clinic.client("front_desk")
    page = body(client.get(reverse("console:week"), {"day": at.date().isoformat()}))
    assert "Ana Ruiz" in page
    assert "ride home not requested yet" in page
    assert reverse("console:appointment", args=[first.pk]) in page
    nurse = clinic.members["nurse"].name
    staff = body(client.get(reverse("console:week"), {"day": at.date().isoformat(), "by": "staff"}))
    assert nurse in staff
    assert "Nobody named" not in staff
    day = body(client.get(reverse("console:day"), {"day": at.date().isoformat()}))
    assert nurse in day
    assert "ride home not requested yet" in day
    Membership.objects.filter(pk=clinic.members["nurse"].pk).update(ended_at=timezone.now())
    left = body(client.get(reverse("console:week"), {"day": at.date().isoformat(), "by": "staff"}))
    assert "Nobody named" in left  # whoever was named has left: the session is not lost with them
    assert "Ana Ruiz" in left
    assert "Ana Ruiz" not in body(client.get(reverse("console:week"), {"day": "2020-01-01"}))
    assert client.get(reverse("console:week"), {"day": "nonsense"}).status_code == 200


@pytest.mark.parametrize("name", ["console:week", "console:day", "console:rides_home", "console:waiting"])
def test_the_pages_ask_few_questions_however_full(clinic: Cast, name: str):
    open_weekdays(clinic)
    adopt(clinic, 8)
    at = day_ahead(1)
    for number in range(6):
        plan = course(clinic, f"P{number}")
        book(clinic, plan, chair(clinic, f"Chair {number}"), at, escort_id=escort(clinic, plan).pk)
    client = clinic.client("front_desk")
    client.get(reverse(name))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(reverse(name), {"day": at.date().isoformat()}).status_code == 200
    statements = [each["sql"] for each in asked if not each["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]
    assert len(statements) <= MOST_QUERIES, statements


def test_a_restricted_patient_is_not_named(clinic: Cast):
    plan = course(clinic, "Eva", restricted=True)
    with acting_as(clinic.actor("prescriber")):
        scheduling_actions.book(
            by=clinic.actor("prescriber"), care_plan_id=plan.pk, chair_id=chair(clinic).pk, starts_at=day_ahead(1),
            minutes=120,
        )  # fmt: skip
    for name in ("console:week", "console:rides_home"):
        page = body(clinic.client("nurse").get(reverse(name), {"day": day_ahead(1).date().isoformat()}))
        assert "Eva" not in page
        assert "Restricted record" in page


# ---------------------------------------------------------------- the series


def fields_of(page: str) -> dict[str, str]:
    """What the proposal's form would send."""
    form = page.split('<form method="post" class="flow"')[1].split("</form>", maxsplit=1)[0]
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def shape(**more: str) -> dict[str, str]:
    return {
        "earliest": day_ahead(1).date().isoformat(), "min_days": "2", "max_days": "5", "minutes": "120", **more,
    }  # fmt: skip


@pytest.mark.alone
def test_a_series_is_proposed_looked_over_and_booked(clinic: Cast):
    open_weekdays(clinic)
    chair(clinic)
    ana = course(clinic, min_days=2, max_days=5)
    luis = escort(clinic, ana)
    client, url = clinic.client("front_desk"), reverse("console:series", args=[ana.pk])
    page = body(client.get(url, shape()))
    sent = fields_of(page)
    assert sum(name.startswith("slot-") for name in sent) == 6
    assert sent["escort"] == str(luis.pk)
    answer = client.post(url, sent)
    assert answer.status_code == 302
    with acting_as(clinic.actor("nurse")):
        rows = list(Appointment.objects.order_by("during"))
        assert len(rows) == 6
        assert {row.escort_id for row in rows} == {luis.pk}
    again = client.post(url, sent)  # the same form, sent twice
    assert again.status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.count() == 6
    assert "6 booked ahead" in body(client.get(url, shape()))
    # life intervenes
    with acting_as(clinic.actor("nurse")):
        scheduling_actions.cancel(by=clinic.actor("nurse"), appointment_id=rows[2].pk, version=1, because="ill")
        HoursOnDay.objects.create(clinic=clinic.clinic, on=rows[2].during.lower.astimezone(DENVER).date())
    repaired = client.post(url, fields_of(body(client.get(url, shape()))))
    assert repaired.status_code == 302
    with acting_as(clinic.actor("nurse")):
        days = [row.during.lower.astimezone(DENVER).date() for row in
                Appointment.objects.filter(status="booked").order_by("during")]  # fmt: skip
    assert len(days) == 6
    assert all(2 <= (later - before).days <= 5 for before, later in pairwise(days))


def test_a_course_without_a_signed_plan_takes_a_spacing_that_is_typed(clinic: Cast):
    open_weekdays(clinic)
    chair(clinic)
    signed = course(clinic)
    with acting_as(clinic.actor("nurse")):
        old = unplanned_course(clinic, signed.patient, protocol_id="im", at=day_ahead(-9))
    client, url = clinic.client("front_desk"), reverse("console:series", args=[old.pk])
    assert "No signed plan states the spacing" in body(client.get(url))
    assert client.get(url, shape(max_days="1")).status_code == 422
    assert "slot-0" in body(client.get(url, shape()))


def test_a_time_taken_meanwhile_is_named_and_the_rest_is_kept(clinic: Cast):
    open_weekdays(clinic)
    one = chair(clinic)
    ana, bo = course(clinic, "Ana"), course(clinic, "Bo")
    client, url = clinic.client("front_desk"), reverse("console:series", args=[ana.pk])
    sent = fields_of(body(client.get(url, shape())))
    second = datetime.fromisoformat(sent["slot-1"].split("|")[0])
    book(clinic, bo, one, second)
    answer = client.post(url, sent)
    assert answer.status_code == 409
    page = body(answer)
    assert "Bo Ruiz" in page
    assert "Nothing was booked" in page
    new = fields_of(page)
    slots = {value for name, value in sent.items() if name.startswith("slot-")}
    kept = {value for name, value in new.items() if name.startswith("slot-")} & slots
    assert len(kept) == 5
    assert client.post(url, new).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert Appointment.objects.filter(care_plan=ana).count() == 6


def test_two_times_on_one_day_keep_the_rest_that_was_chosen(clinic: Cast):
    open_weekdays(clinic)
    chair(clinic)
    client, url = clinic.client("front_desk"), reverse("console:series", args=[course(clinic).pk])
    page = body(client.get(url, shape()))
    assert re.search(r'<a href="/clinic/appointments/"[^>]*aria-current="page"', page)
    sent = fields_of(page)
    last = re.search(r'<select[^>]*name="slot-5"[^>]*>.*?</select>', page, re.DOTALL)
    assert last
    other = next(each for each in re.findall(r'value="([^"]+)"', last[0]) if each != sent["slot-5"])
    answer = client.post(url, sent | {"slot-5": other, "slot-1": sent["slot-0"]})
    assert answer.status_code == 409
    assert "Two sessions lie on the same day" in body(answer)
    assert other in fields_of(body(answer)).values()


def test_a_chair_or_an_appointment_that_is_not_there_is_not_found(clinic: Cast):
    open_weekdays(clinic)
    chair(clinic)
    client, url = clinic.client("front_desk"), reverse("console:series", args=[course(clinic).pk])
    sent = fields_of(body(client.get(url, shape())))
    begins = sent["slot-0"].split("|")[0]
    assert client.post(url, sent | {"slot-0": f"{begins}|{10**9}||"}).status_code == 404
    assert client.post(url, sent | {"moves-0": f"{10**9}:1"}).status_code == 404
    assert client.post(url, sent | {"slot-0": f"{begins}|²||"}).status_code == 302  # no number: that one is left out


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "²", "2026-02-30"])
def test_a_slip_of_the_year_shows_today(clinic: Cast, day: str):
    client = clinic.client("front_desk")
    for name in ("day", "week"):
        assert client.get(reverse(f"console:{name}"), {"day": day}).status_code == 200


def test_a_series_takes_no_more_statements_whatever_stands_in_it(clinic: Cast):
    open_weekdays(clinic)
    adopt(clinic, 2)
    one, ana, bo = chair(clinic), course(clinic, "Ana"), course(clinic, "Bo")
    luis = escort(clinic, ana)
    with acting_as(clinic.actor("nurse")):
        HoursOnDay.objects.create(clinic=clinic.clinic, on=day_ahead(3).date())
        HoursOnDay.objects.create(
            clinic=clinic.clinic, member=clinic.members["nurse"], on=day_ahead(4).date(), begins=time(9), ends=time(12)
        )
    me = patient_client(clinic, ana)
    assert me is not None
    by = clinic.actor("patient")
    with acting_as(by):
        series_actions.state_times(
            by=by, patient_id=ana.patient_id, weekdays=[0, 1, 2, 3], parts=["morning"], cannot=[day_ahead(2).date()]
        )
    book(clinic, ana, one, day_ahead(1), escort_id=luis.pk)
    book(clinic, bo, one, day_ahead(1, 14))
    client, url = clinic.client("front_desk"), reverse("console:series", args=[ana.pk])
    client.get(url)
    with at_most(MOST_QUERIES):
        page = body(client.get(url, shape()))
    for words in ("1 booked ahead", "Monday, Tuesday, Wednesday, Thursday; mornings; not on", "Luis", "stands"):
        assert words in page, words
    assert "closed" not in page
    with at_most(MOST_QUERIES):
        client.get(url)
    assert client.get(reverse("console:series", args=[10**9])).status_code == 404


@pytest.mark.alone
def test_where_no_series_fits_it_is_said_why(clinic: Cast):
    open_weekdays(clinic)
    ana = course(clinic)
    page = body(clinic.client("front_desk").get(reverse("console:series", args=[ana.pk]), shape()))
    assert "There is no free time of that length" in page


@pytest.mark.alone
@pytest.mark.parametrize("value", ["", "x|y", "2026-03-04T10:00|1||", "2026-13-04T10:00+00:00|1||", "|||", "a|1|b|c"])
def test_a_proposal_that_was_tampered_with_books_nothing(clinic: Cast, value: str):
    open_weekdays(clinic)
    chair(clinic)
    ana = course(clinic)
    client, url = clinic.client("front_desk"), reverse("console:series", args=[ana.pk])
    assert client.post(url, shape(**{"slot-0": value})).status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert not Appointment.objects.exists()


# ---------------------------------------------------------------- booking one


def test_the_one_who_comes_too_late_sees_other_times(clinic: Cast):
    open_weekdays(clinic)
    one, ana, bo = chair(clinic), course(clinic, "Ana"), course(clinic, "Bo")
    at = day_ahead(2)
    book(clinic, bo, one, at)
    typed = {"day": at.date().isoformat(), "time": "10:00", "minutes": "120", "chair": str(one.pk), "escort": ""}
    client = clinic.client("front_desk")
    url = f"{reverse('console:appointment_book')}?course={ana.pk}"
    answer = client.post(url, typed)
    assert answer.status_code == 409
    page = body(answer)
    assert "Bo Ruiz" in page
    link = re.search(r'href="(/clinic/appointments/new/\?[^"]*time=[^"]*)"', page)
    assert link is not None
    offered = body(client.get(link[1]))
    start = re.search(r'name="time" value="([0-9:]+)"', offered)
    assert start is not None
    assert client.post(url, typed | {"time": start[1]}).status_code in {302, 409}
    closed = client.post(url, typed | {"time": "19:00"})
    assert closed.status_code == 409
    assert "The clinic is closed then" in body(closed)
    assert client.post(url, typed | {"time": "19:00", "outside_hours": "on"}).status_code == 302


def test_who_attends_is_chosen_and_changed(clinic: Cast):
    at, one = day_ahead(2), chair(clinic)
    first = book(clinic, course(clinic), one, at)
    client, url = clinic.client("front_desk"), reverse("console:appointment", args=[first.pk])
    typed = {"day": at.date().isoformat(), "time": "10:00", "minutes": "120", "chair": str(one.pk), "version": "1"}
    therapist = clinic.members["therapist"]
    assert clinic.client("therapist").post(url, typed).status_code == 403
    assert client.post(url, typed | {"therapist": str(therapist.pk)}).status_code == 302
    assert therapist.name in body(client.get(url))
    assert client.post(url, typed | {"version": "2"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert scheduling_queries.attendances([first.pk]) == {}


# ---------------------------------------------------------------- hours and numbers


def test_hours_are_stated_and_days_unlike_them(clinic: Cast):
    client, url = clinic.client("clinic_admin"), reverse("console:hours")
    assert "No opening hours are stated yet" in body(client.get(url))
    half = client.post(url, {"do": "week", "from-0": "08:00", "until-0": ""})
    assert half.status_code == 422
    assert "Give both a beginning and an end" in body(half)
    backwards = client.post(url, {"do": "week", "from-0": "18:00", "until-0": "08:00"})
    assert backwards.status_code == 409
    assert 'value="18:00"' in body(backwards)
    week = {"do": "week", "from-0": "08:00", "until-0": "12:00", "from2-0": "13:00", "until2-0": "17:00"}
    assert client.post(url, week).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert WorkingHours.objects.count() == 2
    holiday = (today() + timedelta(days=30)).isoformat()
    assert client.post(url, {"do": "day", "on": holiday, "why": "Holiday"}).status_code == 302
    assert "Holiday" in body(client.get(url))
    assert client.post(url, {"do": "unset", "on": holiday}).status_code == 302
    assert client.post(url, {"do": "unset", "on": "never"}).status_code == 404
    nurse = reverse("console:staff_hours", args=[clinic.members["nurse"].pk])
    assert client.post(nurse, {"do": "week", "from-0": "08:00", "until-0": "12:00"}).status_code == 302
    desk = reverse("console:staff_hours", args=[clinic.members["front_desk"].pk])
    assert client.post(desk, {"do": "week", "from-0": "08:00", "until-0": "12:00"}).status_code == 409
    assert clinic.client("nurse").get(url).status_code == 403


def test_the_number_of_chairs_is_adopted_by_name_and_claims_no_source(clinic: Cast):
    client, url = clinic.client("prescriber"), reverse("console:booking_rules")
    page = body(client.get(url))
    assert "No published source gives this number" in page
    assert "Nobody has decided these numbers yet" in page
    bad = client.post(url, {"chairs_per_nurse": "4", "turnover_minutes": "15", "remind_hours": "soon",
                            "head_start_minutes": "30"})  # fmt: skip
    assert bad.status_code == 422
    good = {"chairs_per_nurse": "4", "turnover_minutes": "15", "remind_hours": "72, 24", "head_start_minutes": "30"}
    assert client.post(url, good).status_code == 302
    assert f"Decided by {clinic.members['prescriber'].name}" in body(client.get(url))
    with acting_as(clinic.actor("nurse")):
        assert BookingRules.objects.get().remind_hours == [72, 24]


def test_rooms_hold_chairs(clinic: Cast):
    client, one = clinic.client("clinic_admin"), chair(clinic)
    assert client.post(reverse("console:chairs"), {"room_name": "Garden"}).status_code == 302
    assert client.post(reverse("console:chairs"), {"room_name": "Garden"}).status_code == 409
    with acting_as(clinic.actor("nurse")):
        (room,) = scheduling_queries.rooms()
    url = reverse("console:chair", args=[one.pk])
    assert client.post(url, {"name": "Chair 1", "in_use": "on", "room_id": str(room.pk)}).status_code == 302
    assert "Chair 1, Garden" in body(clinic.client("nurse").get(reverse("console:week")))


# ---------------------------------------------------------------- the ride home and waiting


def test_the_ride_home_is_chased_in_one_click(clinic: Cast):
    ana = course(clinic)
    first = book(clinic, ana, chair(clinic), day_ahead(2), escort_id=escort(clinic, ana).pk)
    client, listed = clinic.client("front_desk"), reverse("console:rides_home")
    assert "Ask now" in body(client.get(listed))
    ask = reverse("console:ride_home_ask", args=[first.pk])
    assert client.get(ask).status_code == 405
    answer = client.post(ask, {"next": listed})
    assert answer.url == listed
    page = body(client.get(listed))
    assert "ride home not confirmed" in page
    assert "Ask again" in page
    assert "A letter is on its way to Luis" in page
    assert client.post(ask, {"next": "https://evil.example/"}).url == reverse("console:appointment", args=[first.pk])
    said = reverse("console:ride_home_answer", args=[first.pk])
    assert client.post(said).status_code == 400  # silence is not a yes
    assert client.post(said, {"answer": "yes"}).status_code == 302
    page = body(client.get(reverse("console:appointment", args=[first.pk])))
    assert "ride home confirmed" in page
    assert "written down by" in page


@pytest.mark.alone
def test_the_waiting_list_from_the_clinic_and_the_patient(clinic: Cast):
    ana, bo, one = course(clinic, "Ana"), course(clinic, "Bo"), chair(clinic)
    early = book(clinic, bo, one, day_ahead(2))
    late = book(clinic, ana, one, day_ahead(9))
    client, url = clinic.client("front_desk"), reverse("console:course_wait", args=[ana.pk])
    assert client.post(url).status_code == 302
    assert client.post(url).status_code == 302
    assert "Ana Ruiz" in body(client.get(reverse("console:waiting")))
    with acting_as(clinic.actor("nurse")):
        assert WaitingEntry.objects.count() == 1
        scheduling_actions.cancel(by=clinic.actor("nurse"), appointment_id=early.pk, version=1, because="ill")
        offer = Offer.objects.get()
    assert "is asked later" in body(client.get(reverse("console:waiting")))
    portal = patient_client(clinic, ana)
    assert "An earlier time" in body(portal.get(reverse("portal:visits")))
    answer = portal.post(reverse("portal:offer", args=[offer.pk]), {"answer": "yes"})
    assert answer.status_code == 302
    with acting_as(clinic.actor("nurse")):
        moved = Appointment.objects.get(pk=late.pk)
    assert moved.during.lower == early.during.lower
    assert "said yes" in body(client.get(reverse("console:waiting")))


# ---------------------------------------------------------------- feeds


def test_a_feed_is_secret_shown_once_and_says_nothing_of_why(clinic: Cast):
    ana = course(clinic)
    book(clinic, ana, chair(clinic), day_ahead(2))
    portal = patient_client(clinic, ana)
    page = body(portal.post(reverse("portal:visits_feed"), {"do": "open"}))
    link = re.search(r"/today/feeds/[^<\s]+\.ics", page)
    assert link is not None
    assert link[0] not in body(portal.get(reverse("portal:visits_feed")))
    answer = Client().get(link[0])
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert text.count("BEGIN:VEVENT") == 1
    assert not re.search(r"ketamine|depress|session|treat|Ana|Ruiz", text, re.IGNORECASE)
    with acting_as(clinic.actor("nurse")):
        staff_address = link[0].replace("/today/", "/clinic/")
    assert Client().get(staff_address).status_code == 404  # a patient's address opens no staff calendar
    assert portal.post(reverse("portal:visits_feed"), {"do": "close"}).status_code == 302
    assert Client().get(link[0]).status_code == 404
    therapist = clinic.client("therapist")
    page = body(therapist.post(reverse("console:my_feed"), {"do": "open"}))
    link = re.search(r"/clinic/feeds/[^<\s]+\.ics", page)
    assert link is not None
    assert Client().get(link[0]).content.decode().count("BEGIN:VEVENT") == 0


# ---------------------------------------------------------------- the patient's own pages


def test_the_patient_says_when_and_who(clinic: Cast):
    ana = course(clinic)
    luis = escort(clinic, ana)
    first = book(clinic, ana, chair(clinic), day_ahead(3), escort_id=luis.pk)
    portal = patient_client(clinic, ana)
    page = body(portal.get(reverse("portal:visits")))
    assert "Luis" in page
    times = reverse("portal:visits_times")
    cannot = (today() + timedelta(days=12)).isoformat()
    assert portal.post(times, {"weekdays": ["1", "3"], "parts": ["morning"], "cannot": cannot}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        stated = series_queries.stated_times(PatientScope(ana.patient_id))
        assert stated is not None
        assert (stated.weekdays, stated.parts, stated.cannot) == ([1, 3], ["morning"], [date.fromisoformat(cannot)])
    assert "checked" in body(portal.get(times))
    bad = portal.post(times, {"cannot": "someday"})
    assert bad.status_code == 422
    assert "someday" in body(bad)
    desk = clinic.client("front_desk")
    assert "Tuesday, Thursday; mornings" in body(desk.get(reverse("console:series", args=[ana.pk]), shape()))
    url = reverse("portal:visit_escort", args=[first.pk])
    wrong = portal.post(url, {"who": "new", "name": "Mai", "email": "nonsense", "phone": ""})
    assert wrong.status_code in {409, 422}
    assert "nonsense" in body(wrong)
    assert portal.post(url, {"who": "new", "name": "Mai", "email": "mai@example.org", "phone": ""}).status_code == 302
    assert "Mai" in body(portal.get(reverse("portal:visits")))
    assert portal.post(url, {"who": str(luis.pk)}).status_code == 302
    assert portal.post(url, {"who": "0"}).status_code in {409, 422}


def test_the_patient_chooses_how_to_be_reminded(clinic: Cast):
    portal, url = patient_client(clinic, course(clinic)), reverse("portal:visits_reminders")
    typed = {"channel": "email", "zone": "Europe/Madrid", "quiet_from": "21:00", "quiet_until": "09:00"}
    assert "America/Denver" in body(portal.get(url))
    assert portal.post(url, typed).status_code == 302
    assert 'value="Europe/Madrid" selected' in body(portal.get(url))
    assert portal.post(url, typed | {"zone": "Mars/Base"}).status_code == 422
    with acting_as(clinic.actor("nurse")):
        chosen = coordination_queries.reminder_preference(PatientScope(clinic.members["patient"].patient_id or 0))
    assert chosen is not None
    assert ZoneInfo(chosen.zone) == ZoneInfo("Europe/Madrid")


def test_a_patient_meets_no_other_patients_visit(clinic: Cast):
    ana, bo = course(clinic, "Ana"), course(clinic, "Balthasar")
    theirs = book(clinic, bo, chair(clinic), day_ahead(3))
    portal = patient_client(clinic, ana)
    assert portal.get(reverse("portal:visit_escort", args=[theirs.pk])).status_code == 404
    assert "Balthasar" not in body(portal.get(reverse("portal:visits")))


def test_series_refuses_nothing_silently(clinic: Cast):
    """An empty choice is said, not swallowed."""
    ana = course(clinic)
    chair(clinic)
    assert clinic.client("front_desk").post(reverse("console:series", args=[ana.pk]), shape()).status_code == 409
    assert series_actions.SeriesTaken("x", codes=["y"], taken=[1]).taken == (1,)
