"""The journey that test_whole_way.py runs: ``python tests/journeys/whole_way.py desk|phone``."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's loop runs beside our own plain queries

import pypdf
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.house import MLLP_PORT, PORT, House, open_house
from tests import browser as chromium

if TYPE_CHECKING:
    from sojourn.config.processes.postbox import Letter
    from sojourn.foundation.accounts.actor import Actor
    from sojourn.foundation.accounts.models import Clinic, Membership

BASE = f"http://127.0.0.1:{PORT}"
WIDTHS = {"desk": (1280, 800), "tablet": (1024, 768), "phone": (375, 760)}
# Who is treated, and which chair's monitor is put on: two walks may share a house.
FAMILY, CHAIR = {"phone": ("Tamayo", 3)}.get(sys.argv[-1], ("Quiroga", 4))
BIRTH, EMAIL = "1986-04-09", f"amparo.{FAMILY.lower()}@example.com"
expect.set_options(timeout=15_000)  # a busy machine is no fault of the page
checked: dict[str, int] = {}
everybody: list[Person] = []


def clean(page: Page, name: str) -> None:
    chromium.clean(page, name)
    checked[name] = checked.get(name, 0) + 1


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, browser: Browser, width: str, locale: str = "en-US") -> None:
        w, h = WIDTHS[width]
        self.page = browser.new_context(
            viewport={"width": w, "height": h}, locale=locale, bypass_csp=True, accept_downloads=True,
            reduced_motion="reduce",  # nothing is looked at while it fades in
        ).new_page()  # fmt: skip
        self.page.set_default_timeout(25_000)
        everybody.append(self)

    def sign_in(self, email: str) -> Page:
        page = self.page
        page.goto(f"{BASE}/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", "quiet harbor at dusk")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "login" not in url)
        return page

    def press(self, name: str | re.Pattern[str], exact: bool = False) -> None:
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name).first.click()


def the_clinic_makes_a_patient(desk: Person, doctor: Person) -> int:
    page = desk.sign_in("front_desk@harbor.demo")
    clean(page, "home, front desk")
    page.goto(f"{BASE}/clinic/patients/new/")
    clean(page, "new patient")
    page.fill("[name=given_name]", "Amparo")
    page.fill("[name=family_name]", FAMILY)
    page.fill("[name=birth_date]", BIRTH)
    page.fill("[name=email]", EMAIL)
    desk.press("Make the record")
    page.wait_for_url(re.compile(r"/clinic/patients/\d+/$"))
    patient_id = int(page.url.rstrip("/").rsplit("/", 1)[1])
    desk.follow("Add a person")
    page.fill("[name=name]", f"Rosa {FAMILY}")
    page.fill("[name=phone]", "+1 303 555 0111")
    desk.press("Save")
    expect(page.get_by_text("brings the patient home").first).to_be_visible()
    clean(page, "patient, front desk")

    page = doctor.sign_in("prescriber@harbor.demo")
    clean(page, "home, prescriber")
    page.goto(f"{BASE}/clinic/patients/{patient_id}/")
    clean(page, "patient, prescriber")
    return patient_id


@dataclass
class Staff:
    """People of the demo clinic, as the way to a course asks for them."""

    clinic: Clinic
    members: dict[str, Membership]

    def actor(self, role: str) -> Actor:
        from sojourn.foundation.accounts.queries import actor_of

        return actor_of(self.members[role])


def staff(*codes: str) -> Staff:
    from sojourn.foundation.accounts.actor import Actor, acting_as
    from sojourn.foundation.accounts.models import Clinic, Membership, Person

    found = {}
    for code in codes:
        with acting_as(Actor(person_id=Person.objects.get(email=f"{code}@harbor.demo").pk)):
            found[code] = Membership.objects.get(role=code)
    with acting_as(Actor(person_id=found[codes[0]].person_id)):
        return Staff(Clinic.objects.get(slug="harbor-light"), found)


def accepted_and_agreed(patient_id: int) -> None:
    """The decision and the agreements of three hours ago, and that the audit knows of them; test_first_contact.py walks
    there page by page."""
    from sojourn.care.patients.models import Patient
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.audit.actions import record
    from tests.care.way import accepted, agreed
    from tests.written import declared

    cast, at = staff("prescriber", "nurse"), datetime.now(UTC) - timedelta(hours=3)
    with acting_as(cast.actor("prescriber")):
        patient = Patient.objects.get(pk=patient_id)
    decision = accepted(cast, patient, at=at)  # type: ignore[arg-type]
    signed = agreed(cast, patient, at=at)  # type: ignore[arg-type]
    with acting_as(cast.actor("prescriber")) as by, declared("candidacy.decided", "consent.signed"):
        record(by, "candidacy.decided", decision, hash=decision.content_hash)
        for each in signed:
            record(by, "consent.signed", each, hash=each.content_hash)


def the_plan_begins_the_course(
    doctor: Person, nurse: Person, patient_id: int, *, kg: str = "68", begin: str = "Write a plan"
) -> None:
    """Drafted by one, checked by another, signed: 0.5 mg/kg of 68 kg are 34 mg. Before that there is no course."""
    page = doctor.page
    page.goto(f"{BASE}/clinic/patients/{patient_id}/plan/")
    clean(page, "plans")
    doctor.press(begin)
    page.wait_for_url(re.compile(r"/plans/\d+/edit/"))
    today = datetime.now(ZoneInfo("America/Denver")).date().isoformat()
    page.select_option("[name=protocol_id]", "iv_racemic_40min")
    for name, value in {
        "indication": "Treatment-resistant depression", "weight_kg": kg, "weight_on": today, "per_kg": "0.5",
        "over_min": "40", "stock_mg_per_ml": "50", "total_ml": "50", "sessions": "6", "min_days": "2", "max_days": "4",
        "starts_on": today, "review_after": "6",
    }.items():  # fmt: skip
        page.fill(f"[name={name}]", value)
    clean(page, "plan, the draft")
    doctor.press("Save the draft")
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    version = page.url

    page = nurse.page
    page.goto(f"{BASE}/clinic/")
    clean(page, "home, nurse")
    page.get_by_role("link", name="Dose of a plan to check").first.wait_for()
    page.goto(version)
    nurse.follow("Check the dose")
    clean(page, "plan, check the dose")
    page.fill("[name=weight_kg]", kg)
    page.fill("[name=amount]", "0.5")
    nurse.press("Compare")
    page.wait_for_url(version)

    page = doctor.page
    page.goto(version)
    doctor.follow("Read and sign")
    clean(page, "plan, before the signature")
    doctor.press("Sign this plan")
    page.wait_for_url(version)
    expect(page.locator("main")).to_contain_text("in force")


def the_clinic_invites_and_books(desk: Person, patient_id: int) -> None:
    page = desk.page
    page.goto(f"{BASE}/clinic/patients/{patient_id}/")
    desk.follow("Invite to the portal")
    clean(page, "invite")
    desk.press("Invite to the portal")
    expect(page.get_by_text(EMAIL).first).to_be_visible()


def an_appointment_now(patient_id: int) -> None:
    """Booked by the front desk's own action for a quarter of an hour ago, since a test does not wait for the hour."""
    from sojourn.care.patients.models import RelatedPerson
    from sojourn.care.plan.models import CarePlan
    from sojourn.care.scheduling import actions as scheduling_actions
    from sojourn.care.scheduling import clinic_settings_actions
    from sojourn.care.scheduling.models import Chair
    from sojourn.foundation.accounts.actor import acting_as

    # The journey runs at any hour of any day, when no nurse of the demo may be at work.
    people = staff("prescriber", "front_desk")
    prescriber = people.actor("prescriber")
    with acting_as(prescriber):
        clinic_settings_actions.decide_rules(
            by=prescriber, chairs_per_nurse=None, turnover_minutes=0, remind_hours=(), head_start_minutes=0
        )
    by, now = people.actor("front_desk"), datetime.now(UTC)
    with acting_as(by):
        chair = Chair.objects.create(clinic_id=by.clinic_id, name=f"Chair {patient_id}")
        plan = CarePlan.objects.get(patient_id=patient_id)
        scheduling_actions.book(
            outside_hours=True,
            by=by, care_plan_id=plan.pk, chair_id=chair.pk, starts_at=now - timedelta(minutes=5), minutes=150,
            escort_id=RelatedPerson.objects.get(patient_id=patient_id).pk,
        )  # fmt: skip


def a_letter(subject: str, to: str = EMAIL, about: str = "") -> Letter:
    """The newest letter with a link (that holds ``about``) in the post box, once it has come."""
    from sojourn.config.processes import postbox

    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for letter in postbox.letters():
            if to in letter.to and any(about in link for link in letter.links):
                return letter
        time.sleep(0.3)
    raise AssertionError(f"no letter: {subject}")


def the_patient_answers(patient: Person) -> None:
    page = patient.page
    page.goto(a_letter("invitation").links[0])
    clean(page, "invitation")
    for field in page.locator("input[type=password]").all():
        field.fill("lantern-over-slow-water-7")
    page.locator("input[type=password]").last.press("Enter")
    page.wait_for_url(re.compile("/today/"))
    clean(page, "Today")


def ask_for_phq9(doctor: Person, patient_id: int) -> None:
    page = doctor.page
    page.goto(f"{BASE}/clinic/patients/{patient_id}/measures/")
    clean(page, "measures, clinic")
    if page.get_by_role("link", name=re.compile("Ask", re.I)).count():
        page.get_by_role("link", name=re.compile("Ask", re.I)).first.click()
    clean(page, "ask for a measure")
    radio = page.locator("[name=scale_id][value=phq-9]")
    if radio.count():
        radio.check(force=True)
    else:
        page.locator("[name=scale_id]").select_option("phq-9")
    due = page.locator("[name=due_on]").first
    if due.count() and not due.input_value():
        due.fill((datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d"))
    page.locator("main form", has=page.locator("[name=scale_id]")).get_by_role("button").last.click()
    expect(page.locator("main")).to_contain_text("PHQ-9")


def the_patient_answers_phq9(patient: Person) -> None:
    page = patient.page
    page.goto(f"{BASE}/today/")
    begin = re.compile("Begin|Start|Go on", re.I)
    page.locator("main a[href*='/today/measures/']").first.click()
    page.wait_for_url(re.compile("/measures/"))
    clean(page, "questionnaire, begin")
    main = page.locator("main")
    main.get_by_role("button", name=begin).or_(main.get_by_role("link", name=begin)).first.click()
    for number in range(1, 40):
        if "/review" in page.url or "/sent" in page.url:
            break
        if "/help" in page.url:
            clean(page, "help after an answer")
            expect(page.locator("main")).to_contain_text("988")
            page.locator("main").get_by_role("link", name=re.compile("Go on|Continue|next", re.I)).or_(
                page.locator("main").get_by_role("button", name=re.compile("Go on|Continue|next", re.I))
            ).first.click()
            continue
        if number == 1:
            clean(page, "question")
        before = page.url
        choices = page.locator("main button[name=value], main button[value]")
        choices.nth(1).click()
        page.wait_for_url(lambda url, before=before: url != before)
    clean(page, "review")
    page.locator("main").get_by_role("button", name=re.compile("Send", re.I)).first.click()
    page.wait_for_url(re.compile("sent|today/$"))
    clean(page, "sent")
    page.goto(f"{BASE}/today/progress/")
    clean(page, "progress")


def the_clinic_takes_the_flag(nurse: Person) -> None:
    page = nurse.page
    page.goto(f"{BASE}/clinic/flags/")
    clean(page, "flags")
    page.get_by_role("link", name=re.compile(FAMILY)).first.click()
    clean(page, "flag")
    nurse.press(re.compile("I am taking this"))
    expect(page.locator("main")).to_contain_text("You have taken this")


def hl7(bed: str, **values: int) -> bytes:
    """One message of a bedside monitor, and its answer, over a socket."""
    codes = {
        "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "262688^MDC_DIM_PERCENT^MDC"),
        "hr": ("147842^MDC_ECG_HEART_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
        "rr": ("151562^MDC_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    }
    now = datetime.now(UTC)
    stamp = f"{now:%Y%m%d%H%M%S}.{now.microsecond // 1000:03d}+0000"
    rows = "".join(
        f"OBX|{number}|NM|{codes[code][0]}|1|{value}|{codes[code][1]}|||||R|||{stamp}\r"
        for number, (code, value) in enumerate(values.items(), start=1)
    )
    text = (
        f"MSH|^~\\&|JOURNEY|WARD||harbor-light|{stamp}||ORU^R01^ORU_R01|J{now.timestamp():.6f}|P|2.6\r"
        f"PID|||\rPV1||I|^^{bed}\rOBR|1|||VITAL|||{stamp}\r{rows}"
    )
    with socket.create_connection(("127.0.0.1", MLLP_PORT), 5) as line:
        line.sendall(b"\x0b" + text.encode() + b"\x1c\r")
        line.settimeout(10)
        answer = b""
        while b"\x1c" not in answer:
            answer += line.recv(4096)
    assert b"MSA|AA|" in answer, answer
    return answer


# What stands on the vial, the syringe and the pump: 34 mg of 50 mg/mL are 0.68 mL; 50 mL in 40 minutes are 75 mL/h.
DRAWN = {
    "dose_mg": "34", "stock_mg_per_ml": "50", "drawn_ml": "0.68", "total_ml": "50", "over_min": "40",
    "rate_ml_per_h": "75", "lot": "KT2611", "expires_on": "2099-12-31",
}  # fmt: skip


def write_down(person: Person, button: str, drawn: Mapping[str, str] = DRAWN) -> None:
    """What stands on the vial, the syringe and the pump, as this person reads it."""
    person.page.locator("[name=drug][value=ketamine]").check(force=True)
    for name, value in drawn.items():
        person.page.fill(f"[name={name}]", value)
    person.press(button)


def weigh(page: Page, kg: str) -> None:
    """The weight, as the scale shows it."""
    page.fill("#kg", kg)
    page.locator("#weigh").click()
    expect(page.locator("#item-weight")).to_contain_text(f"{kg} kg")


def pass_every_item(page: Page, end: str) -> None:
    """Press every "Pass" that is not pressed. The button after the list says that the page is there to its end."""
    while True:
        expect(page.get_by_role("button", name=end).first).to_be_visible()
        left = page.locator("button[id^=pass-][aria-pressed=false]")
        if not left.count():
            return
        name = left.first.get_attribute("id")
        left.first.click()
        expect(page.locator(f"#{name}[aria-pressed=true]")).to_be_visible()


def the_session_begins(nurse: Person, other: Person, patient_id: int) -> str:
    page = nurse.page
    page.goto(f"{BASE}/clinic/patients/{patient_id}/")
    page.goto(f"{BASE}/clinic/")
    row = page.locator("li, tr, article", has_text=FAMILY).last
    row.get_by_role("button", name=re.compile("Arrive|arrived", re.I)).first.click()
    page.wait_for_url(re.compile(r"/clinic/sessions/\d+/"))
    session = page.url
    clean(page, "session, arrived")
    page.goto(f"{session}monitor/")
    clean(page, "put a monitor on")
    page.locator("li", has_text=f"Monitor Chair {CHAIR}").get_by_role("button").first.click()
    page.goto(session)
    page.fill("[name=nibp_sys]", "124")
    page.fill("[name=nibp_dia]", "79")
    page.fill("[name=spo2]", "98")
    nurse.press("Save the values")
    weigh(page, "68")
    pass_every_item(page, "Checks complete")
    nurse.press(re.compile("Checks complete"))
    expect(page.get_by_role("heading", name=re.compile("Prepare the dose"))).to_be_visible()
    clean(page, "session, prepare the dose")
    write_down(nurse, "Write it down")
    expect(page.get_by_role("heading", name="A second person checks the dose")).to_be_visible()

    page = other.page
    page.goto(session)
    expect(page.locator("main")).not_to_contain_text("KT2611")
    clean(page, "session, second check")
    write_down(other, "I have checked it")
    expect(page.locator("main")).to_contain_text("KT2611")

    page = nurse.page
    page.goto(session)
    clean(page, "session, give the dose")
    nurse.press("Start the dose")
    expect(page.get_by_role("heading", name="The dose is running")).to_be_visible()
    clean(page, "session, dose running")
    return session


def an_alarm_is_answered(nurse: Person, session: str) -> None:
    page = nurse.page
    page.goto(f"{BASE}/clinic/board/")
    encounter_id = session.rstrip("/").rsplit("/", 1)[1]
    chair = page.locator(f"section[data-chair='{encounter_id}']")
    expect(chair).to_be_visible()
    hl7(f"CHAIR-{CHAIR}", spo2=97, hr=78, rr=14)
    expect(chair.locator("[data-vital=spo2]")).to_contain_text("97", timeout=8000)
    clean(page, "board")
    hl7(f"CHAIR-{CHAIR}", spo2=86, hr=91, rr=12)
    expect(chair).to_have_class(re.compile("is-high"), timeout=8000)
    expect(chair.locator("[data-vital=spo2]")).to_contain_text("86")
    clean(page, "board, high alarm")
    chair.locator("[data-chair-seen] button").first.click()
    expect(chair.locator("[data-chair-answered]")).to_be_visible(timeout=8000)
    hl7(f"CHAIR-{CHAIR}", spo2=97, hr=80, rr=14)
    expect(chair).not_to_have_class(re.compile("is-high"), timeout=8000)


def the_patient_goes_home(nurse: Person, doctor: Person, session: str) -> None:
    page = nurse.page
    page.goto(session)
    nurse.press(re.compile("The dose has ended"))
    expect(page.get_by_role("heading", name="Before the patient leaves")).to_be_visible()
    clean(page, "session, observing")
    for button in page.locator("button[id^=pass-]").all():
        name = button.get_attribute("id")
        page.locator(f"#{name}").click()
        expect(page.locator(f"#{name}[aria-pressed=true]")).to_be_visible()
    page.locator("#scores").get_by_role("link", name="Score").first.click()
    clean(page, "recovery score")
    for group in page.locator("main fieldset").all():
        group.locator("input[type=radio]").first.check(force=True)
    for select in page.locator("main select").all():
        select.select_option(index=1)
    nurse.press("Add it up and save")
    page.goto(session)

    page.goto(f"{session}values/")
    clean(page, "enter values")
    page.locator("[name=moaas][value='5']").check(force=True)
    page.fill("[name=nibp_sys]", "126")
    page.fill("[name=nibp_dia]", "80")
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(re.escape(session) + "($|[?#])"))

    page = doctor.page  # observation is not over: a prescriber sets that aside, with a reason of their own
    page.goto(session)
    page.get_by_text("Set reasons aside, as a prescriber").click()
    for box in page.locator("input[name=override]").all():
        box.evaluate("each => each.scrollIntoView({block: 'center'})")  # clear of the bar that stays at the bottom
        box.check()
    page.fill("[name=reason]", "Alert and steady; leaves with her sister, who is a nurse.")
    doctor.press(re.compile("Ready to leave"))
    expect(page.get_by_role("heading", name="See the patient out")).to_be_visible()
    clean(page, "session, ready to leave")
    doctor.press(re.compile("The patient has left"))
    expect(page.locator("main")).not_to_contain_text("See the patient out")
    clean(page, "session, over")


def the_record(doctor: Person, session: str) -> None:
    page = doctor.page
    page.goto(f"{session}record/")
    clean(page, "record")
    expect(page.locator("main")).to_contain_text("KT2611")
    page.locator("form[action$='sign/'] button").click()
    expect(page.locator("main")).to_contain_text(re.compile("signed", re.I))
    clean(page, "record, signed")
    pdf = page.request.get(f"{session}record.pdf")
    assert pdf.ok
    reader = pypdf.PdfReader(io.BytesIO(pdf.body()))
    text = "\n".join(each.extract_text() for each in reader.pages)
    assert FAMILY in text
    assert "KT2611" in text
    print(f"the record as PDF has {len(reader.pages)} pages")


def the_audit_is_whole(found: House) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sojourn.config.cli", "audit", "verify"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout.strip().splitlines()[-1])


def walk(found: House, desk: Person, doctor: Person, nurse: Person, patient: Person) -> None:
    patient_id = the_clinic_makes_a_patient(desk, doctor)
    accepted_and_agreed(patient_id)
    nurse.sign_in("nurse@harbor.demo")
    the_plan_begins_the_course(doctor, nurse, patient_id)
    the_clinic_invites_and_books(desk, patient_id)
    an_appointment_now(patient_id)
    the_patient_answers(patient)
    ask_for_phq9(doctor, patient_id)
    the_patient_answers_phq9(patient)
    the_clinic_takes_the_flag(nurse)
    session = the_session_begins(nurse, doctor, patient_id)
    an_alarm_is_answered(nurse, session)
    the_patient_goes_home(nurse, doctor, session)
    the_record(doctor, session)
    the_audit_is_whole(found)


def main(width: str) -> None:
    with open_house() as found, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())  # type: ignore[arg-type]
        desk, doctor, nurse = (Person(browser, width) for _ in range(3))
        patient = Person(browser, "phone" if width == "desk" else "desk")
        try:
            walk(found, desk, doctor, nurse, patient)
        except BaseException:
            for person in everybody:
                print(person.page.url)
            raise
        browser.close()
    print(f"the whole way at {width} width; axe clean on {sum(checked.values())} looks at {len(checked)} pages")


if __name__ == "__main__":
    main(sys.argv[1])
