"""The journey that test_first_contact.py runs: ``python tests/journeys/first_contact.py en|es``."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from secrets import choice
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ["HOUSE_PORT"] = os.environ.get(
    "HOUSE_PORT", "8891"
)  # beside the other journey, which may run at the same time

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from benchmarks.house import house
from tests.browser import launch_options
from tests.journeys.whole_way import BASE, Person, a_letter, checked, clean, everybody, the_audit_is_whole

OPTIONAL = "(optional)"
# What the patient says. Yes or no for the questions of that kind ("no" where nothing stands here), else what is typed.
TOLD = {"high_blood_pressure": "yes", "can_become_pregnant": "yes", "escort": "yes"}
TYPED = {
    "en": {
        "why_now": "I have been low for four years and nothing has held.",
        "substances_words": "A glass of wine on Sundays.",
        "message": "May I keep my morning run on the day of a session?",
        "reply": "Yes, keep it to the early morning, and eat nothing after it.",
        "goal": "Sleep through the night",
        "concern": "Will I say things that I do not mean?",
        "prose": "lisinopril 10 mg every morning, and moon dust when my back hurts",
        "reaction": "a rash",
        "treatment": "talk therapy",
        "question": "May I change my mind on the day itself?",
        "answer": "Yes, up to the moment when the dose begins, and you need not say why.",
        "note": "I come by bus.",
        "because": "The patient has a cold",
    },
    "es": {
        "why_now": "Llevo cuatro años sin ánimo y nada ha durado.",
        "substances_words": "Una copa de vino los domingos.",
        "message": "¿Puedo salir a correr por la mañana el día de una sesión?",
        "reply": "Sí, muy temprano, y sin comer nada después.",
        "goal": "Dormir toda la noche",
        "concern": "¿Diré cosas que no quiero decir?",
        "prose": "lisinopril 10 mg cada mañana, y polvo de luna cuando me duele la espalda",
        "reaction": "una erupción",
        "treatment": "terapia de conversación",
        "question": "¿Puedo cambiar de opinión el mismo día?",
        "answer": "Sí, hasta que empiece la dosis, y sin decir por qué.",
        "note": "Voy en autobús.",
        "because": "La paciente está resfriada",
    },
}


class Words:
    """What the pages say in a language, from the message catalogue; English where nobody has translated it yet."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **fill: object) -> str:
        from django.utils.translation import gettext, override

        with override(self.language):
            said = gettext(text)
        return said % fill if fill else said.replace("%%", "%")

    def label(self, text: str) -> re.Pattern[str]:
        """The label of a field, whether or not it is called optional."""
        return re.compile(rf"^\s*{re.escape(self(text))}\s*({re.escape(self(OPTIONAL))})?\s*$")


class Someone(Person):
    """Somebody who reads the pages in their own language and presses what stands there."""

    def __init__(self, browser: Browser, width: str, words: Words) -> None:
        super().__init__(browser, width, locale={"en": "en-US", "es": "es-US"}[words.language])
        self.words = words

    def go(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else BASE + path)
        return self.page

    def look(self, name: str) -> None:
        """Axe, and the language that the page says it is in."""
        language = self.page.locator("html").get_attribute("lang")
        assert language == self.words.language, f"{name} is in {language}"
        clean(self.page, name)

    def button(self, text: str, within: Page | Locator | None = None, **fill: object) -> Locator:
        return (within or self.page).get_by_role("button", name=self.words(text, **fill), exact=True)

    def tap(self, text: str, within: Page | Locator | None = None, **fill: object) -> None:
        self.button(text, within, **fill).first.click()

    def open(self, text: str, within: Page | Locator | None = None, **fill: object) -> None:
        """Follow a link that begins with these words."""
        name = re.compile("^" + re.escape(self.words(text, **fill)))
        (within or self.page).get_by_role("link", name=name).first.click()

    def field(self, text: str, within: Page | Locator | None = None) -> Locator:
        return (within or self.page).get_by_label(self.words.label(text)).first

    def fill(self, text: str, value: str) -> None:
        self.field(text).fill(value)

    def reads(self, text: str, **fill: object) -> None:
        expect(self.page.locator("main")).to_contain_text(self.words(text, **fill))

    def speaks_their_language(self) -> None:
        """Switch at the foot of the page, where it is not the language already."""
        switch = self.page.locator(f"button[name=language][value={self.words.language}]").first
        if switch.get_attribute("aria-current") != "true":
            switch.click()
            expect(self.page.locator("html")).to_have_attribute("lang", self.words.language)


@dataclass
class Cast:
    """Everybody, and what is known of the patient so far."""

    browser: Browser
    words: Words
    typed: dict[str, str]
    desk: Someone
    doctor: Someone
    nurse: Someone
    patient: Someone
    family: str
    patient_id: int = 0
    course_id: int = 0
    given: str = "Amparo"
    companion: str = "Rosa"
    kinds: set[str] = field(default_factory=set)

    @property
    def email(self) -> str:
        return f"amparo.{self.family.lower()}@example.com"

    @property
    def companion_email(self) -> str:
        return f"rosa.{self.family.lower()}@example.com"

    @property
    def home(self) -> str:
        return f"/clinic/patients/{self.patient_id}/"


def cast(browser: Browser, language: str) -> Cast:
    words = Words(language)
    desk, doctor, nurse = (Someone(browser, "desk", words) for _ in range(3))
    family = "Quiroga" + "".join(choice("abdefgilmnorstuv") for _ in range(5))
    return Cast(browser, words, TYPED[language], desk, doctor, nurse, Someone(browser, "phone", words), family)


def the_clinic_comes_to_work(c: Cast) -> None:
    for someone, role in ((c.desk, "front_desk"), (c.doctor, "prescriber"), (c.nurse, "nurse")):
        someone.sign_in(f"{role}@harbor.demo")
        someone.speaks_their_language()


def a_patient_is_invited(c: Cast) -> None:
    page = c.desk.go("/clinic/patients/")
    c.desk.open("New patient")
    c.desk.fill("Given name", c.given)
    c.desk.fill("Family name", c.family)
    c.desk.fill("Date of birth", "1986-04-09")
    c.desk.field("Sex").select_option("female")
    c.desk.fill("Phone", "+1 303 555 0111")
    c.desk.fill("E-mail address", c.email)
    c.desk.field("Language of letters and pages").select_option(c.words.language)
    c.desk.look("new patient")
    c.desk.tap("Make the record")
    page.wait_for_url(re.compile(r"/clinic/patients/\d+/$"))
    c.patient_id = int(page.url.rstrip("/").rsplit("/", 1)[1])
    c.desk.open("Invite to the portal")
    c.desk.tap("Invite to the portal")
    c.desk.reads("the link waits to be used")
    c.desk.look("invited")


def the_patient_accepts(c: Cast) -> None:
    letter = a_letter("invitation", to=c.email)
    assert letter.subject == c.words("Your invitation"), letter.subject
    page = c.patient.go(letter.links[0])
    c.patient.reads("Welcome, %(name)s", name=c.given)
    c.patient.look("invitation")
    c.patient.page.locator("input[type=password]").fill("lantern-over-slow-water-7")
    c.patient.tap("Save and open my page")
    page.wait_for_url(re.compile("/today/$"))
    c.patient.reads("Tell us your story")
    c.patient.look("Today")


def a_second_device(c: Cast) -> Someone:
    """Another phone, on which the patient signs in with the password of the invitation."""
    other = Someone(c.browser, "phone", c.words)
    page = other.go("/accounts/login/")
    page.fill("input[name=login]", c.email)
    page.fill("input[name=password]", "lantern-over-slow-water-7")
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile("/today/$"))
    return other


# ---------------------------------------------------------------- the story


def the_patient_tells_the_story(c: Cast) -> None:
    page = c.patient.page
    c.patient.open("Open my story")
    c.patient.look("story, the parts")
    c.patient.open("Begin")
    first, resumed = page.url, False
    while not page.url.endswith("/review/"):
        topic = page.url.rstrip("/").rsplit("/", 1)[1].partition("?")[0]
        if topic == "medicines" and not resumed:
            resumed = True
            asked = page.url
            c.patient = a_second_device(c)
            page = c.patient.page
            c.patient.open("Open my story")
            c.patient.open("Go on")
            assert page.url == asked != first, f"resumed at {page.url} instead of {asked}"
        answer(c, topic)
        assert f"/{topic}/" not in page.url, f"{topic} was not taken: {page.locator('main').inner_text()[:400]}"
    assert resumed
    c.patient.look("story, looked over")
    c.patient.go("/today/story/")
    c.patient.open("Write to your clinic")
    c.patient.fill("Your message", c.typed["message"])
    c.patient.tap("Send to the clinic")
    c.patient.reads("Your message has arrived. The clinic answers here.")
    c.patient.look("messages, patient")
    c.patient.go("/today/story/review/")
    c.patient.tap("Send to the clinic")
    page.wait_for_url(re.compile("/story/sent/"))
    c.patient.look("story, sent")


def answer(c: Cast, topic: str) -> None:
    """Answer the question on the screen, and leave it."""
    from sojourn.care.intake.story import story

    page, me = c.patient.page, c.patient
    asked = story().by_id[topic]
    expect(page.get_by_role("heading", level=1)).to_have_text(c.words(asked.text))
    if asked.kind not in c.kinds:
        c.kinds.add(asked.kind)
        me.look(f"story, {asked.kind.replace('_', ' ')}")
    before = page.url
    if asked.kind == "yes_no":
        me.tap({"yes": "Yes", "no": "No"}[TOLD.get(topic, "no")])
    elif asked.kind == "choice":
        me.tap(asked.choices[0].text)
    elif asked.kind == "checklist":
        me.tap("None of these")
    elif asked.kind == "number":
        typed, unit = {"weight": ("68", "kg"), "height": ("164", "cm")}.get(topic, ("2", ""))
        page.get_by_role("textbox", name=c.words(asked.text)).fill(typed)
        if unit:
            page.get_by_label(c.words("Unit")).select_option(unit)
        me.tap("Save and go on")
    elif asked.kind == "text":
        page.get_by_role("textbox", name=c.words(asked.text)).fill(c.typed[topic])
        me.tap("Save and go on")
    else:
        LISTS[topic](c)
        me.tap("That is all")
    page.wait_for_url(lambda url: url != before)


def a_line(c: Cast, topic: str, fill: dict[str, str], *, more: bool = False) -> None:
    c.patient.open("Add another" if more else "Add one")
    for label, value in fill.items():
        c.patient.fill(label, value)
    if topic not in c.kinds:
        c.kinds.add(topic)
        c.patient.look(f"story, a line of {topic}")
    c.patient.tap("Save")
    c.patient.page.wait_for_url(re.compile(f"/story/{topic}/$"))


def medicines(c: Cast) -> None:
    """One found by its brand, and a list as prose, of which one name is not known."""
    me, page = c.patient, c.patient.page
    me.open("Add one")
    me.field("Name of the medicine").press_sequentially("zolof")
    page.get_by_role("radio", name="Sertraline").check()
    me.fill("How much each time", "100 mg")
    me.look("story, a medicine found")
    me.tap("Save")
    me.reads("Recognized as %(name)s", name="Sertraline")
    me.open("Paste or write a whole list")
    me.fill("All your medicines", c.typed["prose"])
    me.look("story, a list as prose")
    me.tap("Take it apart")
    me.reads("Recognized as %(name)s", name="Lisinopril")
    me.reads("Not checked: we do not know this name.")
    for group in page.locator("main fieldset").all():
        group.get_by_label(c.words("I take this now")).check(force=True)
    me.look("story, the list taken apart")
    me.tap("Put them on my list")
    me.reads("Not checked: we do not know this name. Your care team looks at it.")
    me.look("story, medicines")


LISTS: dict[str, Any] = {
    "medicines": medicines,
    "treatments": lambda c: a_line(c, "treatments", {"Its name": c.typed["treatment"]}),
    "allergies": lambda c: a_line(
        c, "allergies", {"What are you allergic to?": "penicillin", "What happened?": c.typed["reaction"]}
    ),
    "goals": lambda c: a_line(c, "goals", {"In your own words": c.typed["goal"]}),
    "concerns": lambda c: a_line(c, "concerns", {"In your own words": c.typed["concern"]}),
    "people": lambda c: a_line(
        c, "people",
        {"Name": f"{c.companion} {c.family}", "Phone": "+1 303 555 0112", "E-mail address": c.companion_email},
    ),
}  # fmt: skip


# ---------------------------------------------------------------- the clinic reads


def the_clinic_reads_and_asks(c: Cast) -> None:
    page = c.doctor.go("/clinic/")
    c.doctor.look("home, prescriber")
    c.doctor.go(c.home)
    c.doctor.look("patient, prescriber")
    c.doctor.open("Story")
    for text in (c.typed["why_now"], c.typed["goal"], c.typed["concern"], "Sertraline"):
        expect(page.locator("main")).to_contain_text(re.compile(re.escape(text), re.I))
    c.doctor.look("story, clinic")
    c.doctor.go("/clinic/messages/")
    c.doctor.look("inbox")
    page.get_by_role("link", name=re.compile(c.family)).first.click()
    expect(page.locator("main")).to_contain_text(c.typed["message"])
    c.doctor.fill("Message to the patient", c.typed["reply"])
    c.doctor.tap("Send")
    expect(page.locator("main li", has_text=c.typed["reply"])).to_be_visible()
    c.doctor.look("messages, clinic")
    c.doctor.go(f"{c.home}measures/")
    c.doctor.look("measures, clinic")
    battery = page.locator("form", has=page.get_by_role("button", name=c.words("Ask for all of them")))
    battery.get_by_label(c.words.label("Indication")).select_option("depression")
    c.doctor.tap("Ask for all of them")
    expect(page.locator("main")).to_contain_text("PHQ-9")
    c.doctor.look("measures, clinic, asked")


def the_patient_answers_the_battery(c: Cast) -> None:
    me, page = c.patient, c.patient.go("/today/")
    me.reads("This is open")
    main = page.locator("main")
    main.locator("section", has=page.get_by_role("heading", name=c.words("This is open"))).get_by_role(
        "link"
    ).first.click()
    page.wait_for_url(re.compile("/(sittings|measures)/"))
    me.look("battery, begin")
    me.open("Begin", main)
    kinds: set[str] = set()
    for _ in range(90):
        kind = next(each for each in ("/help/", "/review/", "/sent/", "") if each in page.url)
        if kind not in kinds:
            kinds.add(kind)
            me.look(f"battery {kind}".strip())
        before = page.url
        if kind == "/help/":
            main.get_by_role("link").last.click()
        elif kind == "/review/":
            me.tap("Send my answers")
        elif kind == "/sent/":
            onward = main.get_by_role("link", name=c.words("Next questions"))
            if not onward.count():
                break
            onward.click()
        elif re.search(r"/measures/\d+/$", page.url):
            me.open("Begin", main)
        else:
            main.locator("button[name=value]").first.click()
        page.wait_for_url(lambda url, before=before: url != before)
    assert "/sent/" in page.url, page.url


# ---------------------------------------------------------------- steps

STEPS = (
    the_clinic_comes_to_work,
    a_patient_is_invited,
    the_patient_accepts,
    the_patient_tells_the_story,
    the_clinic_reads_and_asks,
    the_patient_answers_the_battery,
)


def main(language: str) -> None:
    with house() as found:
        from sojourn.config import demo

        demo.load(lambda _: None)
        found.start("mail", "sojourn.config.processes", "mail")
        found.start_all()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
            c = cast(browser, language)
            try:
                for step in STEPS:
                    step(c)
            except BaseException:
                for person in everybody:
                    print(person.page.url)
                raise
            browser.close()
        the_audit_is_whole(found)
    print(f"first contact in {language}; axe clean on {sum(checked.values())} looks at {len(checked)} pages")


if __name__ == "__main__":
    main(sys.argv[1])
