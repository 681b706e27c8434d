"""The link of a day: when it opens, on which device, what it may do. Its pages: tests/interfaces/test_day_link.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from sojourn.care.coordination import day_link, day_link_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import DayLink
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.safety import writing_actions
from sojourn.care.safety.models import Flag
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import AppointmentScope, PatientScope
from tests.care.booked import letters, patient_actor, refused
from tests.care.test_booking import NOW, TEN, book, chair, course
from tests.conftest import Cast

BEGINS, ENDS = datetime(2026, 3, 4, 17, tzinfo=UTC), datetime(2026, 3, 4, 19, tzinfo=UTC)
AS_SENT = {"booked": True, "begins": BEGINS, "ends": ENDS, "ended": False, "device": "", "opened_by": "", "now": BEGINS}
A_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        ({}, "unopened"),
        ({"opened_by": "a", "device": "a"}, "open"),
        ({"opened_by": "a", "device": "b"}, "elsewhere"),
        ({"opened_by": "a"}, "elsewhere"),
        ({"device": "a"}, "unopened"),
        ({"ended": True, "opened_by": "a", "device": "a"}, "ended"),
        ({"booked": False, "opened_by": "a", "device": "a"}, "cancelled"),
        ({"now": BEGINS - timedelta(hours=48)}, "unopened"),
        ({"now": BEGINS - timedelta(hours=48) - A_SECOND, "opened_by": "a", "device": "a"}, "early"),
        ({"now": ENDS + timedelta(hours=72) - A_SECOND}, "unopened"),
        ({"now": ENDS + timedelta(hours=72), "opened_by": "a", "device": "a"}, "over"),
    ],
)
def test_what_a_link_is_worth(given: dict[str, object], standing: str):
    assert day_link.standing(**{**AS_SENT, **given}) == standing  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "page"),
    [
        (datetime(2026, 3, 4, 6, 59, tzinfo=UTC), "before"),  # 23:59 of the day before in Denver
        (datetime(2026, 3, 4, 7, 0, tzinfo=UTC), "day"),
        (ENDS - A_SECOND, "day"),
        (ENDS, "after"),
    ],
)
def test_which_page_it_is(now: datetime, page: str):
    begins = BEGINS.astimezone(ZoneInfo("America/Denver"))
    assert day_link.when(begins=begins, ends=ENDS, now=now) == page


# ---------------------------------------------------------------- the actions


@pytest.fixture
def visit(clinic: Cast) -> Appointment:
    with acting_as(clinic.actor("prescriber")):
        ana = course(clinic)
        Patient.objects.filter(pk=ana.patient_id).update(email="ana@example.org")
        one = chair(clinic)
    with acting_as(clinic.actor("front_desk")):
        return book(clinic, ana, one, at=TEN)


def sent(clinic: Cast, visit: Appointment) -> Actor:
    """Whoever asks with the link of the letter."""
    with acting_as(clinic.actor("front_desk")) as by:
        day_link_actions.send(by=by, appointment_id=visit.pk, now=NOW)
    return Actor(token_hash=hash_of(letters()[-1].text.partition("/day/")[2].partition("/")[0]))


def verbs(clinic: Cast) -> list[str]:
    with acting_as(clinic.actor("auditor")):
        return list(
            AuditEvent.objects.filter(action__startswith="day_link").order_by("id").values_list("action", flat=True)
        )


def test_one_device_opens_it_and_a_fresh_one_takes_its_place(clinic: Cast, visit: Appointment):
    by = sent(clinic, visit)
    day_link_actions.open_here(by=by, device="mine", now=TEN)
    day_link_actions.open_here(by=by, device="mine", now=TEN)  # again: nothing more
    assert refused(lambda: day_link_actions.open_here(by=by, device="theirs", now=TEN)) == ("elsewhere",)
    again = sent(clinic, visit)
    assert refused(lambda: day_link_actions.open_here(by=by, device="mine", now=TEN)) == ("ended",)
    day_link_actions.open_here(by=again, device="theirs", now=TEN)
    assert verbs(clinic) == ["day_link.sent", "day_link.opened", "day_link.sent", "day_link.opened"]


def test_it_is_taken_back_by_its_patient_and_by_staff(clinic: Cast, visit: Appointment):
    with acting_as(clinic.actor("front_desk")):
        patient = patient_actor(clinic, visit.patient_id)
    for who in (patient, clinic.actor("nurse")):
        by = sent(clinic, visit)
        with acting_as(who):
            assert day_link_actions.end(by=who, appointment_id=visit.pk, now=TEN) is not None
            assert day_link_actions.end(by=who, appointment_id=visit.pk, now=TEN) is None
        assert refused(lambda by=by: day_link_actions.open_here(by=by, device="mine", now=TEN)) == ("ended",)


def test_where_it_is_not_sent(clinic: Cast, visit: Appointment):
    with acting_as(clinic.actor("front_desk")) as by:
        over = visit.during.upper + timedelta(hours=72)
        assert refused(lambda: day_link_actions.send(by=by, appointment_id=visit.pk, now=over)) == ("over",)
        Patient.objects.filter(pk=visit.patient_id).update(email="")
        assert refused(lambda: day_link_actions.send(by=by, appointment_id=visit.pk, now=NOW)) == ("no-address",)
        Appointment.objects.filter(pk=visit.pk).update(
            status="cancelled", cancelled_at=NOW, cancelled_by_id=by.member, cancelled_because="ill"
        )
        assert refused(lambda: day_link_actions.send(by=by, appointment_id=visit.pk, now=NOW)) == ("cancelled",)
        assert not AppointmentScope(visit.pk).rows(DayLink).exists()


def test_what_it_adds_is_the_patients_and_from_nobody_signed_in(clinic: Cast, visit: Appointment):
    by, key = sent(clinic, visit), uuid4()
    write = writing_actions.write_by_link
    assert refused(lambda: write(by=by, device="mine", body="Too soon", key=key, now=TEN)) == ("unopened",)
    day_link_actions.open_here(by=by, device="mine", now=TEN)
    for _ in range(2):  # a form that was sent twice
        assert write(by=by, device="mine", body="I saw a wide river", key=key, now=TEN) is None
    assert refused(lambda: write(by=by, device="theirs", body="x", key=uuid4(), now=TEN)) == ("elsewhere",)
    assert refused(lambda: write(by=by, device="mine", body=" ", key=uuid4(), now=TEN)) == ("nothing",)
    with acting_as(clinic.actor("nurse")):
        (row,) = Communication.objects.filter(patient_id=visit.patient_id)
        assert (row.body, row.by_link, row.from_patient, row.sender_name) == ("I saw a wide river", True, True, "")
        assert not Flag.objects.filter(patient_id=visit.patient_id).exists()


def test_words_of_danger_raise_their_flag_whatever_the_link_is_worth(clinic: Cast, visit: Appointment):
    by = sent(clinic, visit)
    day_link_actions.open_here(by=by, device="mine", now=TEN)
    found = writing_actions.write_by_link(by=by, device="mine", body="I will kill myself", key=uuid4(), now=TEN)
    assert found is not None
    assert writing_actions.heed_by_link(by=by, text="I am going to hang myself tonight", now=TEN) is not None
    assert writing_actions.heed_by_link(by=by, text="Good night", now=TEN) is None
    with acting_as(clinic.actor("prescriber")):
        about = set(Flag.objects.filter(patient_id=visit.patient_id).values_list("about", flat=True))
    assert {each.partition(":")[0] for each in about} == {"message", "unkept"}


def test_the_link_of_one_opens_nothing_of_another(clinic: Cast, other_clinic: Cast, visit: Appointment):
    by = sent(clinic, visit)
    view = coordination_queries.day_view(by.token_hash)
    assert view is not None
    assert view.appointment.pk == visit.pk
    assert coordination_queries.day_view("0" * 64) is None
    with acting_as(other_clinic.actor("nurse")):
        assert not DayLink.objects.exists()
        assert coordination_queries.day_links(PatientScope(visit.patient_id)) == {}
    with acting_as(by), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patients_patient")
        assert cursor.fetchone() == (0,)
