"""P11: a flag is heard: a letter, a clock, somebody who steps in, and word back to the patient.

The numbers are those of the rule flag.urgent (rulebook/rules/danger.toml, a convention): 60 minutes of the clinic's
hours for whoever is asked first, then 30, then 30.
"""

from __future__ import annotations

import html
import re
from datetime import time, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.safety.models import Flag, FlagAnswer, FlagKind, FlagSource, Severity
from sojourn.care.scheduling.models import WorkingHours
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.queries import system_actor
from tests.care.flagged import Flagged, flagged, sweep, work_off
from tests.care.people import make_patient
from tests.care.raising import raise_flag
from tests.clock import today
from tests.conftest import Cast, make_clinic

__all__ = ["flagged"]
HOME, FLAGS, TODAY, MESSAGES, DUTY = "/clinic/", "/clinic/flags/", "/today/", "/today/messages/", "/clinic/flags/duty/"
MINUTE = timedelta(minutes=1)
A_MOMENT = timedelta(seconds=1)  # a clinic that is open all week is closed for the last microsecond of each day


def words(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    body = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def answer_item_nine(found: Flagged, value: str = "1") -> Flag:
    """The patient answers the ninth question of the PHQ-9 in the portal, and nothing else."""
    nurse = found.cast.actor("nurse")
    with acting_as(nurse):
        request = measures_actions.request_measure(
            by=nurse, patient_id=found.patient.pk, scale_id="phq-9", due_at=timezone.now() + timedelta(days=2)
        )
    answer = found.cast.client("Alma").post(f"/today/measures/{request.pk}/9/", {"value": value})
    assert answer.status_code == 302
    with acting_as(nurse):
        return Flag.objects.get(patient=found.patient)


def open_all_week(found: Flagged) -> None:
    with acting_as(found.cast.actor("clinic_admin")):
        WorkingHours.objects.filter(clinic=found.cast.clinic).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(clinic=found.cast.clinic, weekday=day, begins=time(0), ends=time.max) for day in range(7)
        )


@pytest.fixture
def open_clinic(flagged: Flagged) -> Flagged:
    """Its deadlines are adopted, and it is open."""
    flagged.decide()
    open_all_week(flagged)
    return flagged


@pytest.fixture
def mailed(settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr("sojourn.foundation.mail.letters.can_send", lambda: True)
    mail.outbox = []
    return mail.outbox


def test_who_is_named_gets_a_letter_and_the_list_has_a_clock(open_clinic: Flagged, mailed):
    nurse = open_clinic.cast.client("nurse")
    assert nurse.post(f"{DUTY}told/", {"by_email": "on", "sms_number": ""}).status_code == 302
    flag = answer_item_nine(open_clinic)
    work_off()
    (letter,) = [each for each in mailed if f"@{open_clinic.cast.clinic.slug}." in each.to[0]]
    assert letter.to == [open_clinic.cast.members["nurse"].person.email]
    assert open_clinic.patient.family_name not in letter.subject + letter.body
    listed = words(nurse, FLAGS)
    assert "answer today" in listed
    assert "Thoughts that you would be better off dead" in listed  # the first line of what was said
    assert f"asked: {open_clinic.cast.members['nurse']}" in listed
    due = timezone.localtime(flag.raised_at + 60 * MINUTE, open_clinic.cast.clinic.zone)
    assert f"{due:%H:%M}" in listed
    page = words(nurse, f"{FLAGS}{flag.pk}/")
    assert "by e-mail" in page
    assert "sent" in page


def test_the_patient_reads_who_has_read_it_and_what_happens_next(open_clinic: Flagged):
    patient, nurse = open_clinic.cast.client("Alma"), open_clinic.cast.client("nurse")
    name = str(open_clinic.cast.members["nurse"])
    assert "What you told us" not in words(patient, TODAY)
    flag = answer_item_nine(open_clinic)
    for url in (TODAY, MESSAGES):
        page = words(patient, url)
        assert "Nobody has read it yet" in page
        assert "Somebody is asked to take it up by" in page
        assert "Help now" in page
    words(nurse, FLAGS)
    assert "Nobody has read it yet" in words(patient, TODAY)  # a list is no reading
    words(nurse, f"{FLAGS}{flag.pk}/")
    assert f"{name} read it on" in words(patient, TODAY)
    assert nurse.post(f"{FLAGS}{flag.pk}/", {"kind": "seen", "after": ""}).status_code == 302
    page = words(patient, TODAY)
    assert f"{name} has read it and has been looking after it since" in page
    assert "They will try to reach you by" in page
    answer(open_clinic, flag, nurse, kind="contacted")
    assert f"{name} has been in touch with you about it" in words(patient, TODAY)
    answer(open_clinic, flag, nurse, kind="closed", outcome="safe", note="Spoke with her; safe.")
    page = words(patient, TODAY)
    assert f"{name} finished looking after it" in page
    assert "Spoke with her" not in page


def answer(found: Flagged, flag: Flag, client: Client, **fields: str) -> None:
    with acting_as(found.cast.actor("nurse")):
        after = FlagAnswer.objects.filter(flag=flag).latest("id").pk
    assert client.post(f"{FLAGS}{flag.pk}/", {"after": after, **fields}).status_code == 302


def test_nobody_answers_and_everybody_and_the_patient_are_told(open_clinic: Flagged, mailed):
    for role in ("nurse", "prescriber", "therapist"):
        open_clinic.cast.client(role).post(f"{DUTY}told/", {"by_email": "on", "sms_number": ""})
    flag = answer_item_nine(open_clinic)
    for minutes in (0, 60, 90, 120):
        sweep(flag.raised_at + minutes * MINUTE + A_MOMENT)
        work_off()
    assert [reach for reach, _names in open_clinic.told(flag)] == ["owner", "backup", "everybody", "all"]
    here = f"@{open_clinic.cast.clinic.slug}."  # the sweep looks after every clinic of the test house
    to = [letter.to[0].partition("@")[0] for letter in mailed if here in letter.to[0]]
    assert to == ["nurse", "prescriber", "nurse", "prescriber", "nurse", "prescriber", "therapist"]
    assert "every clinician of the clinic has been told" in words(open_clinic.cast.client("Alma"), TODAY)
    assert "every clinician is told" in words(open_clinic.cast.client("therapist"), FLAGS)


def test_at_night_the_patient_reads_when_the_clinic_opens(flagged: Flagged):
    """The clinic is open on one day of the week, and that is the day after tomorrow."""
    flagged.decide()
    day = today() + timedelta(days=2)
    with acting_as(flagged.cast.actor("clinic_admin")):
        WorkingHours.objects.filter(clinic=flagged.cast.clinic).delete()
        WorkingHours.objects.create(clinic=flagged.cast.clinic, weekday=day.weekday(), begins=time(8), ends=time(18))
    flag = answer_item_nine(flagged)
    page = words(flagged.cast.client("Alma"), TODAY)
    assert "Nobody has read it yet" in page
    assert "The clinic is closed now. It opens on" in page
    assert f"{day:%A} {day.day} {day:%B %Y}, 08:00" in page
    assert f"{day:%A} {day.day} {day:%B %Y}, 09:00" in page  # by then somebody takes it, or others are told
    sweep(flag.raised_at + 12 * 60 * MINUTE)
    assert [reach for reach, _names in flagged.told(flag)] == ["owner"]


def test_without_a_decision_of_the_clinic_every_clinician_is_told_at_once(flagged: Flagged):
    flag = answer_item_nine(flagged)
    work_off()
    assert flagged.told(flag) == [("all", flagged.named("nurse", "prescriber", "therapist"))]
    assert "every clinician of the clinic has been told" in words(flagged.cast.client("Alma"), TODAY)


@pytest.mark.parametrize("role", ["nurse", "prescriber", "therapist"])
def test_a_clinicians_home_says_what_is_open_how_old_and_whose(open_clinic: Flagged, role: str):
    answer_item_nine(open_clinic)
    page = words(open_clinic.cast.client(role), HOME)
    assert "Thoughts of death or self-harm reported: answer today" in page
    assert f"{open_clinic.patient.name} · " in page
    assert f"asked: {open_clinic.cast.members['nurse']}" in page
    assert "due " in page


@pytest.mark.parametrize("role", ["front_desk", "clinic_admin"])
def test_other_homes_say_that_it_is_open_and_not_what_it_is_about(open_clinic: Flagged, role: str):
    flag = answer_item_nine(open_clinic)
    page = words(open_clinic.cast.client(role), HOME)
    assert "1 flag is open" in page
    assert "nobody has taken 1" in page
    for secret in ("Thoughts", "self-harm", open_clinic.patient.family_name):
        assert secret not in page
    open_clinic.cast.client("nurse").post(f"{FLAGS}{flag.pk}/", {"kind": "seen", "after": ""})
    assert f"with {open_clinic.cast.members['nurse']}" in words(open_clinic.cast.client(role), HOME)


def test_the_list_is_in_the_order_of_risk(open_clinic: Flagged):
    nurse = open_clinic.cast.actor("nurse")
    said = (("Bruno", Severity.SOON), ("Carla", Severity.EMERGENCY), ("Dora", Severity.URGENT))
    for number, (name, severity) in enumerate(said):
        patient = make_patient(open_clinic.cast, name)
        with acting_as(nurse):
            raise_flag(
                by=nurse, patient_id=patient.pk, kind=FlagKind.RISK, severity=severity, source=FlagSource.CLINICIAN,
                about=f"check:{number}", detail=f"first line of {name}",
            )  # fmt: skip
    listed = words(open_clinic.cast.client("nurse"), FLAGS)
    places = [listed.index(f"first line of {name}") for name in ("Carla", "Dora", "Bruno")]
    assert places == sorted(places)
    assert "answer now" in listed


def test_the_owner_leaves_and_the_flag_is_nobodys_and_passed_on(open_clinic: Flagged):
    open_clinic.add("Ana", "nurse")
    flag = answer_item_nine(open_clinic)
    open_clinic.cast.client("nurse").post(f"{FLAGS}{flag.pk}/", {"kind": "seen", "after": ""})
    ended = reverse("console:staff_end", args=[open_clinic.cast.members["nurse"].pk])
    assert open_clinic.cast.client("clinic_admin").post(ended).status_code == 302
    assert "nobody has taken this" in words(open_clinic.cast.client("Ana"), FLAGS)
    sweep(timezone.now())
    work_off()
    with acting_as(system_actor(open_clinic.cast.clinic.pk)):
        assert open_clinic.told(flag)[-1][0] == "all"
    assert open_clinic.cast.client("Ana").post(
        f"{FLAGS}{flag.pk}/", {"kind": "seen", "after": open_clinic.standing(flag).newest_id}
    ).status_code == 302  # fmt: skip


# --- two people, before anybody is invited ---


def test_no_patient_is_invited_before_two_people_are_named(db: None):
    cast = make_clinic(f"duty-{timezone.now().timestamp():.6f}".replace(".", "-"), on_duty=False)
    patient = make_patient(cast, "Elsa")
    invite = {"email": "elsa@example.org"}
    access = f"/clinic/patients/{patient.pk}/access/"
    with acting_as(cast.actor("front_desk")):
        cast.members["Elsa"].ended_at = timezone.now()
        cast.members["Elsa"].save(update_fields=["ended_at"])
    refused = cast.client("front_desk").post(access, invite)
    assert refused.status_code == 409
    assert "Nobody would be told if this patient were in danger" in refused.text
    admin = cast.client("clinic_admin")
    assert "names at least two people who are asked first" in words(admin, HOME)
    one = admin.post(DUTY, {"place1": cast.members["nurse"].pk})
    assert one.status_code == 409
    assert "Name at least two people" in one.text
    named = {"place1": cast.members["nurse"].pk, "place2": cast.members["therapist"].pk}
    assert cast.client("nurse").post(DUTY, named).status_code == 403
    assert admin.post(DUTY, named).status_code == 302
    assert "names at least two people" not in words(admin, HOME)
    assert cast.client("front_desk").post(access, invite).status_code == 302


def test_one_person_in_two_roles_steps_in_for_nobody(clinic: Cast):
    nurse = clinic.members["nurse"]
    with acting_as(clinic.actor("clinic_admin")):
        as_prescriber = Membership.objects.create(
            clinic=clinic.clinic, person=nurse.person, role="prescriber", name="The same person"
        )
    admin = clinic.client("clinic_admin")
    refused = admin.post(DUTY, {"place1": nurse.pk, "place2": as_prescriber.pk})
    assert refused.status_code == 409
    assert "Each person can be on the list only once" in refused.text


def test_the_audit_says_that_a_flag_was_raised_and_not_of_what(open_clinic: Flagged):
    """Whoever reads the audit trail need not know what a patient said."""
    answer_item_nine(open_clinic)
    for role in ("auditor", "clinic_admin"):
        page = words(open_clinic.cast.client(role), "/clinic/audit/")
        assert "raised a flag for" in page
        assert "suicidal" not in page
    assert "suicidal" not in words(open_clinic.cast.client("auditor"), HOME)


@pytest.mark.parametrize("number", ["911", "+1", "+١٢٣٤٥٦٧٨", "+1555010012345678"])
def test_a_number_that_no_carrier_takes_is_asked_for_again(clinic: Cast, number: str):
    refused = clinic.client("nurse").post(f"{DUTY}told/", {"sms_number": number})
    assert refused.status_code == 409
    assert "Write the number with its country" in refused.text


@pytest.mark.parametrize(("outcome", "note"), [("safe", "\u200b"), ("safe", " . "), ("", "Spoke with her"), ("x", "y")])
def test_a_flag_closes_with_what_came_of_it_and_a_word(open_clinic: Flagged, outcome: str, note: str):
    flag, nurse = answer_item_nine(open_clinic), open_clinic.cast.client("nurse")
    nurse.post(f"{FLAGS}{flag.pk}/", {"kind": "seen", "after": ""})
    with acting_as(open_clinic.cast.actor("nurse")):
        after = FlagAnswer.objects.filter(flag=flag).latest("id").pk
    refused = nurse.post(f"{FLAGS}{flag.pk}/", {"kind": "closed", "after": after, "outcome": outcome, "note": note})
    assert refused.status_code in {409, 422}
    with acting_as(open_clinic.cast.actor("nurse")):
        assert not FlagAnswer.objects.filter(flag=flag, kind="closed").exists()


def test_the_page_of_a_flag_leads_to_the_message_that_raised_it(open_clinic: Flagged):
    patient = open_clinic.cast.client("Alma")
    patient.post(MESSAGES, {"key": "", "body": "It has been long. I want to die."})
    with acting_as(open_clinic.cast.actor("nurse")):
        flag = Flag.objects.get(patient=open_clinic.patient)
    page = open_clinic.cast.client("nurse").get(f"{FLAGS}{flag.pk}/").text
    assert f'href="/clinic/patients/{open_clinic.patient.pk}/messages/"' in page
    assert "Read the whole message" in page


def test_who_answers_no_flags_is_on_no_list(clinic: Cast):
    admin = clinic.client("clinic_admin")
    wrong = admin.post(DUTY, {"place1": clinic.members["front_desk"].pk, "place2": clinic.members["nurse"].pk})
    assert wrong.status_code == 422
