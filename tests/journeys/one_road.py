"""The journey that test_one_road.py runs: ``python tests/journeys/one_road.py desk|tablet``."""

from __future__ import annotations

import io
import re
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

import pypdf
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.house import open_house
from tests.browser import launch_options
from tests.journeys import first_contact
from tests.journeys.first_contact import Cast, Someone, cast
from tests.journeys.whole_way import (
    accepted_and_agreed,
    an_appointment_now,
    checked,
    everybody,
    pass_every_item,
    staff,
    the_audit_is_whole,
    the_plan_begins_the_course,
    weigh,
    write_down,
)
from tests.signing import give_reasons

MISSING = "Something is missing before a dose can be given"
KG, PLAN_MG = "85", "42.5"  # 0.5 mg/kg
# 42.5 mg of 50 mg/mL are 0.85 mL; 50 mL in 40 minutes are 75 mL/h.
VIAL = {
    "dose_mg": PLAN_MG, "stock_mg_per_ml": "50", "drawn_ml": "0.85", "total_ml": "50", "over_min": "40",
    "rate_ml_per_h": "75", "lot": "OR4250", "expires_on": "2099-12-31",
}  # fmt: skip
HUNDREDFOLD = {"dose_mg": "4250", "drawn_ml": "85", "total_ml": "100", "rate_ml_per_h": "150"}
# The pump holds 49 of 50 mL: 1 mL of 0.85 mg/mL went in.
LEFT_ML, GIVEN_MG, WASTED_MG = "49", "0.85", "41.65"


def second_nurse(c: Cast, width: str) -> Someone:
    """Another nurse of the clinic, at a browser of her own."""
    other = Someone(c.browser, width, c.words)
    other.sign_in("nurse2@harbor.demo")
    other.speaks_their_language()
    return other


def comes_with_a_escort(c: Cast) -> None:
    """A patient with a page of their own, and somebody who brings them home."""
    first_contact.a_patient_is_invited(c)
    first_contact.the_patient_accepts(c)
    page = c.desk.go(c.home)
    c.desk.open("Add a person")
    page.fill("[name=name]", c.escort)
    page.fill("[name=phone]", "+1 303 555 0112")
    c.desk.tap("Save")
    expect(page.get_by_text("brings the patient home").first).to_be_visible()


def arrives(c: Cast) -> str:
    """The nurse lets the patient in, and measures what is measured first. The session's address."""
    page = c.nurse.go("/clinic/")
    page.locator("li, tr, article", has_text=c.family).last.get_by_role(
        "button", name=re.compile("Arrive|arrived", re.I)
    ).first.click()
    page.wait_for_url(re.compile(r"/clinic/sessions/\d+/$"))
    session = page.url
    for name, value in {"nibp_sys": "124", "nibp_dia": "79", "spo2": "98"}.items():
        page.fill(f"[name={name}]", value)
    c.nurse.tap("Save the values")
    weigh(page, KG)
    return session


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()


# ---------------------------------------------------------------- D1: booked without its road


def a_course_of_an_earlier_release(c: Cast) -> None:
    """Given a course that began before plans were signed: nobody accepted, agreed or signed. No door makes one now."""
    from sojourn.care.patients.models import Patient
    from sojourn.foundation.accounts.actor import acting_as
    from tests.care.way import unplanned_course

    people = staff("prescriber")
    with acting_as(people.actor("prescriber")):
        patient = Patient.objects.get(pk=c.patient_id)
        unplanned_course(people, patient, dose_mg=Decimal(PLAN_MG), at=datetime.now(UTC) - timedelta(days=30))  # type: ignore[arg-type]


def the_front_desk_books_and_is_warned(c: Cast) -> None:
    page = c.desk.go(c.home)
    c.desk.open("Book")
    page.locator("main a[href*='course=']").first.click()
    c.desk.reads(MISSING)
    c.desk.reads("Please tell a nurse or a prescriber")
    c.desk.look("book, something is missing")
    page.fill("[name=day]", str(first_contact.the_clinics_day(30)))
    page.fill("[name=time]", "10:00")
    page.locator("[name=chair]").select_option(label=f"Chair {c.patient_id}")
    page.locator("summary", has_text="Who attends").click()
    page.locator("[name=outside_hours]").check(force=True)
    c.desk.tap("Book")
    page.wait_for_url(re.compile(r"/appointments/\d+/"))
    c.desk.reads(MISSING)
    expect(page.locator("main")).not_to_contain_text(re.compile("agreement|acceptance|ketamine", re.I))
    c.desk.look("appointment, something is missing, front desk")

    page = c.nurse.go(page.url)
    for line, place in {
        "There is no valid acceptance for this medicine by this route.": f"{c.home}candidacy/",
        "The agreements for this medicine by this route do not hold.": f"{c.home}consents/",
        "This course has no signed plan in force.": f"{c.home}plan/",
    }.items():
        leads(page, "main li", line, place)
    c.nurse.look("appointment, something is missing, nurse")


def leads(page: Page, rows: str, says: str | re.Pattern[str], place: str) -> None:
    """A reason that is on the page, with a link to where it is put right."""
    link = page.locator(rows, has_text=says).first.get_by_role("link").first
    expect(link).to_have_attribute("href", place)


# What prevents the dose, and where each is put right.
AGAINST = {
    "decision": ("The decision about treatment does not hold", "candidacy/"),
    "agreements": ("Not agreed: ", "consents/"),
    "plan": ("No prescriber has signed a plan for this course.", "plan/"),
}


def stands_against(c: Cast, *names: str) -> None:
    """Every reason on the nurse's page, each with its link, and none that is settled."""
    road = c.nurse.page.locator("#road")
    for name, (says, place) in AGAINST.items():
        if name in names:
            leads(c.nurse.page, "#road li", says, c.home + place)
        else:
            expect(road).not_to_contain_text(says)


def the_nurse_prepares_and_is_refused(c: Cast) -> str:
    """Arrival, values and weight always work. Consent cannot be ticked, and the dose step says what is missing."""
    session, page = arrives(c), c.nurse.page
    stands_against(c, *AGAINST)
    c.nurse.look("session, arrived, the road is not walked")
    page.locator("#pass-consent").click()
    expect(page.locator("#item-consent")).to_contain_text("The patient has not signed: Your treatment")
    expect(page.locator("#pass-consent")).to_have_attribute("aria-pressed", "false")

    first_contact.the_clinic_asks_for_agreement(c)
    first_contact.the_patient_asks_and_signs(c)
    first_contact.the_prescriber_countersigns(c)

    c.nurse.go(session)
    stands_against(c, "decision", "plan")
    pass_every_item(page, "Checks complete")
    c.nurse.tap("Checks complete")
    heading(page, "Prepare the dose")
    stands_against(c, "decision", "plan")
    c.nurse.look("session, prepare the dose, the road is not walked")
    write_down(c.nurse, "Write it down", VIAL)
    expect(page.locator("[data-error-summary]").first).to_contain_text("plan")
    heading(page, "Prepare the dose")
    expect(page.get_by_role("button", name="Start the dose")).to_have_count(0)
    c.nurse.look("session, the dose refused")
    return session


def the_road_is_walked(c: Cast, session: str) -> None:
    """A prescriber decides; the plan is drafted, checked and signed: then nothing stands against the dose."""
    me, page = c.doctor, c.doctor.go(f"{c.home}candidacy/")
    page.get_by_role("radio", name="Accept", exact=True).check(force=True)
    me.look("candidacy, to be decided")
    me.tap("See what the patient will read")
    give_reasons(page)
    me.look("decision, before the signature")
    me.tap("Sign")
    expect(page.get_by_text("Signed. The patient can read it now.").first).to_be_visible()
    c.nurse.go(session)
    stands_against(c, "plan")
    the_plan_begins_the_course(me, c.nurse, c.patient_id, kg=KG, begin="Write the plan of this course")
    c.nurse.go(session)
    stands_against(c)


# ---------------------------------------------------------------- D2: the dose at the chair


def two_nurses_type_4250_mg(c: Cast, other: Someone, session: str) -> None:
    """Each is challenged at the field, and nothing is written down; the right dose is, by two who do not see it."""
    for someone in (c.nurse, other):
        page = someone.go(session)
        heading(page, "Prepare the dose")
        write_down(someone, "Write it down", {**VIAL, **HUNDREDFOLD})
        expect(page.locator("#id_dose_mg-error")).to_contain_text("4250 mg is about a hundred times off")
        expect(page.locator("#id_dose_mg")).to_have_value("4250")
        heading(page, "Prepare the dose")
        someone.look("session, 4250 mg")
    write_down(c.nurse, "Write it down", VIAL)
    heading(c.nurse.page, "A second person checks the dose")
    page = other.go(session)
    heading(page, "Check the dose, without looking at the first entry")
    expect(page.locator("main")).not_to_contain_text(VIAL["lot"])
    other.look("session, second check")
    write_down(other, "I have checked it", VIAL)
    heading(page, "Give the dose")
    other.look("session, give the dose")


# ---------------------------------------------------------------- D3: what was really given


def in_sight(page: Page, *names: str) -> None:
    """These buttons are on the screen without scrolling."""
    for name in names:
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)


def begins(c: Cast, session: str) -> Page:
    page = c.nurse.go(session)
    c.nurse.reads("Nothing prevents it.")
    c.nurse.tap("Start the dose")
    heading(page, "The dose is running")
    return page


def it_runs_and_is_stopped(c: Cast, session: str) -> None:
    page = begins(c, session)
    in_sight(page, "Pause", "Stop")
    c.nurse.look("session, dose running")
    c.nurse.tap("Pause")
    heading(page, "The dose is paused")
    in_sight(page, "Go on", "Stop")
    c.nurse.look("session, dose paused")
    page.get_by_label("Pump rate").fill("60")
    c.nurse.tap("Go on")
    heading(page, "The dose is running")
    expect(page.locator("#running")).to_contain_text(re.compile(r"60\s*mL/h"))
    c.nurse.tap("Stop")
    heading(page, "The session was stopped")
    c.nurse.reads("A dose was given, so the patient is observed")
    c.nurse.fill("Why was it stopped?", "She asked to stop")
    c.nurse.tap("Save", page.locator("form[data-draft=why]"))
    expect(page.locator("main")).to_contain_text("She asked to stop")
    expect(page.locator("#accounting")).to_contain_text("computed from pump rate and minutes")
    c.nurse.look("session, stopped")


def every_milligram_is_accounted_for(c: Cast, other: Someone, session: str) -> None:
    page = c.nurse.page
    box = page.locator("#accounting")
    reading = box.locator("details", has_text="Enter what the pump says is left")
    if reading.get_attribute("open") is None:
        reading.locator("summary").click()
    reading.locator("[name=read-remaining_ml]").fill(LEFT_ML)
    c.nurse.tap("Save", reading)
    expect(box).to_contain_text(f"given {GIVEN_MG} mg (read off the pump)")
    expect(box).to_contain_text(f"{WASTED_MG} mg still to account for.")
    expect(page.locator("[name=waste-mg]")).to_have_value(WASTED_MG)
    c.nurse.look("session, read off the pump")
    page.locator("[name=waste-how]").fill("Into the sink")
    c.nurse.tap("Record the waste")
    expect(box).to_contain_text("nobody has witnessed it yet")
    expect(page.get_by_role("button", name="I saw it")).to_have_count(0)

    page = other.go(session)
    other.look("session, a waste to witness")
    other.tap("I saw it")
    expect(page.locator("#accounting")).to_contain_text("Everything is accounted for.")
    other.look("session, accounted for")


LINE = f"Planned {PLAN_MG} mg, given {GIVEN_MG} mg, wasted {WASTED_MG} mg, all accounted for."


def the_record_says_so(c: Cast, session: str, *said: str) -> None:
    page = c.doctor.go(f"{session}record/")
    for each in said:
        expect(page.locator("main")).to_contain_text(each)
    c.doctor.look("record, a stopped dose")
    paper = page.request.get(f"{session}record.pdf")
    assert paper.ok, paper.status
    text = " ".join(" ".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(paper.body())).pages).split())
    for each in said:
        assert each in text, (each, text)


# ---------------------------------------------------------------- D1: taken back during the dose


def taken_back_on_the_phone(c: Cast, session: str) -> None:
    """While the dose runs. It stops, somebody is called, and whoever still sees "Go on" is refused."""
    nurse = begins(c, session)
    c.nurse.tap("Pause")
    heading(nurse, "The dose is paused")
    late = c.doctor.go(session)  # a screen that shows the pause still when all has moved on
    heading(late, "The dose is paused")
    late.route("**/live/**", lambda route: route.abort())
    nurse.get_by_label("Pump rate").fill("75")
    c.nurse.tap("Go on")
    heading(nurse, "The dose is running")

    phone = c.patient.go("/today/agreements/")
    copies = phone.locator("main a[href*='/agreements/']", has_text="Read it, get a copy, or withdraw")
    copies.first.click()
    c.patient.open("Withdraw this agreement")
    c.patient.look("agreement, withdraw")
    c.patient.tap("Withdraw")
    c.patient.reads("You withdrew this")
    c.patient.look("agreement, withdrawn")

    expect(nurse.locator("#minute")).to_contain_text("The patient asks for someone", timeout=20_000)
    c.nurse.go(session)
    heading(nurse, "The session was stopped")
    c.nurse.reads("The patient took an agreement back")
    c.nurse.reads("Make sure that the pump is off.")
    c.nurse.look("session, stopped by the patient")

    late.get_by_label("Pump rate").fill("75")
    c.doctor.tap("Go on")
    expect(late.locator("[data-error-summary]").first).to_be_visible()
    heading(late, "The session was stopped")
    expect(late.get_by_role("button", name="Go on", exact=True)).to_have_count(0)
    c.doctor.look("session, going on refused")


# ---------------------------------------------------------------- steps


def another_patient(c: Cast) -> Cast:
    """The same clinic, and somebody else on a phone."""
    phone = Someone(c.browser, "phone", c.words)
    return replace(c, patient=phone, family=first_contact.a_family(), patient_id=0, kinds=set())


def prepared(c: Cast, other: Someone) -> str:
    """A second patient, whose road is walked, up to a dose that two people have checked."""
    comes_with_a_escort(c)
    accepted_and_agreed(c.patient_id)
    the_plan_begins_the_course(c.doctor, c.nurse, c.patient_id, kg=KG)
    an_appointment_now(c.patient_id)
    session = arrives(c)
    pass_every_item(c.nurse.page, "Checks complete")
    c.nurse.tap("Checks complete")
    write_down(c.nurse, "Write it down", VIAL)
    heading(c.nurse.page, "A second person checks the dose")
    other.go(session)
    write_down(other, "I have checked it", VIAL)
    heading(other.page, "Give the dose")
    return session


def walk(c: Cast, other: Someone) -> None:
    comes_with_a_escort(c)
    a_course_of_an_earlier_release(c)
    an_appointment_now(c.patient_id)
    the_front_desk_books_and_is_warned(c)
    session = the_nurse_prepares_and_is_refused(c)
    the_road_is_walked(c, session)
    two_nurses_type_4250_mg(c, other, session)
    it_runs_and_is_stopped(c, session)
    every_milligram_is_accounted_for(c, other, session)
    the_record_says_so(c, session, LINE, "Read off the pump", "Into the sink", "witnessed by", VIAL["lot"])


def main(width: str) -> None:
    with open_house() as found:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
            began = time.monotonic()
            c = cast(browser, "en", width)
            try:
                first_contact.the_clinic_comes_to_work(c)
                other = second_nurse(c, width)
                walk(c, other)
                c = another_patient(c)
                session = prepared(c, other)
                taken_back_on_the_phone(c, session)
                the_record_says_so(c, session, "The patient took an agreement back", "Planned 42.5 mg")
            except BaseException:
                for person in everybody:
                    print(person.page.url)
                raise
            browser.close()
        took = time.monotonic() - began
        the_audit_is_whole(found)
    looks = f"axe clean on {sum(checked.values())} looks at {len(checked)} pages"
    print(f"one road at {width} width; {looks}; {took:.0f} s of walking")


if __name__ == "__main__":
    main(sys.argv[1])
