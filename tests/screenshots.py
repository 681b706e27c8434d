"""The pictures under docs/screenshots, from the running demo clinic: ``make screenshots``.

``python -m tests.screenshots session`` takes those of the hour in the chair alone, ``library`` those of the library.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.house import MLLP_PORT, PORT, house, open_house
from tests.browser import launch_options
from tests.chair_pictures import the_hour_in_the_chair

FOLDER = Path("docs/screenshots")
BASE = f"http://127.0.0.1:{PORT}"
SIZES = {"desk": (1280, 800), "phone": (375, 812)}


ALL_KINDS = [("desk", "light"), ("desk", "dark"), ("phone", "light")]
PHONE_FIRST = [("phone", "light"), ("phone", "dark"), ("desk", "light")]


def sign_in(page: Page, who: str) -> None:
    page.goto(f"{BASE}/accounts/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", "quiet harbor at dusk")
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)


def shoot(browser: Browser, who: str, pages: dict[str, str], kinds: list[tuple[str, str]]) -> None:
    """Each page in each kind, as ``who`` sees it ("" for somebody who is not signed in)."""
    for size, mood in kinds:
        width, height = SIZES[size]
        scheme = "dark" if mood == "dark" else "light"
        page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
        if who:
            sign_in(page, who)
        for name, path in pages.items():
            answer = page.goto(path if path.startswith("http") else BASE + path)
            assert answer is not None
            assert answer.ok, (name, path, answer.status)
            page.wait_for_timeout(2500 if "board" in name else 700)
            page.screenshot(path=FOLDER / f"{name}-{size}-{mood}.png")
        page.context.close()


def first_contact() -> tuple[dict[str, str], dict[str, str], str]:
    """The pages from the intake to the ride home: the prescriber's, the front desk's, and the escort's link."""
    from django.utils import timezone

    from sojourn.care.candidacy import waiting_queries
    from sojourn.care.consent.models import Consent
    from sojourn.care.coordination import ride_home_actions
    from sojourn.care.encounter.models import Encounter
    from sojourn.care.plan.models import PlanVersion
    from sojourn.care.scheduling.models import Appointment
    from sojourn.config.demo.people import HARBOR
    from sojourn.config.demo.today import _clinic_id
    from sojourn.config.processes import postbox
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.models import Membership
    from sojourn.foundation.accounts.queries import actor_of, system_actor

    with acting_as(system_actor(_clinic_id(HARBOR), "pictures")):
        desk = actor_of(Membership.objects.get(role="front_desk"))
        waits = waiting_queries.undecided().order_by("said_at").first()
        agreed = Consent.objects.order_by("id").last()
        draft = PlanVersion.objects.filter(signed_at=None, discarded_at=None).exclude(dose_mg=None).first()
        signed = PlanVersion.objects.exclude(signed_at=None).order_by("signed_at").last()
        ahead = Appointment.objects.filter(
            status="booked", during__startswith__gt=timezone.now(), escort__ended_at=None
        ).exclude(escort__email="")
        new = ahead.exclude(care_plan__in=Encounter.objects.values("care_plan"))  # the whole series lies ahead
        coming = new.order_by("during").first() or ahead.order_by("during").first()
        assert waits is not None
        assert agreed is not None
        assert signed is not None
        assert coming is not None
    with acting_as(desk):
        ride_home_actions.ask(by=desk, appointment_id=coming.pk)
    deadline = time.monotonic() + 30
    links: list[str] = []
    while not links and time.monotonic() < deadline:
        links = [link for letter in postbox.letters() for link in letter.links if "/ride-home/" in link]
        time.sleep(0.3)
    doctor = {
        "intake-clinic": f"/clinic/patients/{waits.patient_id}/intake/",
        "candidacies": "/clinic/candidacy/",
        "candidacy": f"/clinic/patients/{waits.patient_id}/candidacy/",
        "plan": f"/clinic/patients/plans/{signed.pk}/",
        "agreements-clinic": f"/clinic/patients/{agreed.patient_id}/consents/",
    }
    if draft is not None:
        doctor["plan-draft"] = f"/clinic/patients/plans/{draft.pk}/edit/"
    front = {
        "calendar": "/clinic/appointments/week/",
        "series": f"/clinic/courses/{coming.care_plan_id}/series/",
        "ride-home": "/clinic/ride-home/",
    }
    return doctor, front, links[0]


@dataclass(frozen=True, slots=True)
class InTheLibrary:
    """A picture of the library: ``who`` reads it ("" for a stranger who followed the clinic's link), and to which
    ``part`` of the page they have come."""

    name: str
    path: str
    size: str
    mood: str
    language: str = "en"
    who: str = ""
    part: str = ""


LIBRARY = (
    InTheLibrary("index-phone-light", "/library/", "phone", "light"),
    InTheLibrary("article-phone-dark", "/library/first-session-iv/", "phone", "dark"),
    InTheLibrary("article-desk-light", "/library/beside-ect/", "desk", "light", part=".hundreds"),
    InTheLibrary("source-phone-light", "/library/beside-ect/", "phone", "light", part="a.ref"),
    InTheLibrary("steps-phone-light", "/library/how-it-works/", "phone", "light", part="[data-steps]"),
    InTheLibrary("entry-phone-light", "/library/evidence/EV001/", "phone", "light", part="main h1"),
    InTheLibrary("law-desk-light", "/library/law/us-co/", "desk", "light"),
    InTheLibrary("voices-desk-light", "/library/voices/", "desk", "light", part="#stories"),
    InTheLibrary("article-es-phone-light", "/library/is-it-safe/", "phone", "light", language="es", part="main h1"),
    InTheLibrary("editor-desk-light", "/clinic/library/", "desk", "light", who="prescriber@harbor.demo"),
)


def the_library(browser: Browser) -> None:
    """What a stranger reads who followed the clinic's link, and what an editor sees."""
    for each in LIBRARY:
        width, height = SIZES[each.size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=each.mood, reduced_motion="reduce"  # type: ignore[arg-type]
        )  # fmt: skip
        context.add_cookies([{"name": "django_language", "value": each.language, "url": BASE}])
        page = context.new_page()
        if each.who:
            sign_in(page, each.who)
        else:
            page.goto(f"{BASE}/library/at/harbor-light/")
        answer = page.goto(BASE + each.path)
        assert answer is not None
        assert answer.ok, (each.name, answer.status)
        page.wait_for_load_state("networkidle")
        if each.part:
            page.locator(each.part).first.evaluate(
                "part => scrollTo(0, part.getBoundingClientRect().top + scrollY - 90)"
            )
        if each.part == "a.ref":
            page.locator(each.part).first.click()
        page.screenshot(path=FOLDER / "library" / f"{each.name}.png")
        context.close()


def in_an_open_house(take: Callable[[Browser], None]) -> None:
    with open_house(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        take(browser)
        browser.close()


def main() -> None:
    with house() as found:
        from benchmarks.pages import pages
        from sojourn.care.measures.models import MeasureRequest
        from sojourn.config import demo
        from sojourn.config.demo.people import HARBOR
        from sojourn.config.demo.today import _clinic_id
        from sojourn.foundation.accounts.actor import acting_as
        from sojourn.foundation.accounts.models import Membership
        from sojourn.foundation.accounts.queries import system_actor

        demo.load(lambda _: None)
        with acting_as(system_actor(_clinic_id(HARBOR), "pictures")):
            patient = Membership.objects.get(role="patient", person__email="patient@harbor.demo").patient_id
            open_one = MeasureRequest.objects.filter(patient_id=patient, response=None).order_by("id").first()
        found.start("mail", "sojourn.config.processes", "mail")
        found.start_all()
        found.start("monitor", "sojourn.config.processes", "demo-monitor")
        doctor, front, escort = first_contact()
        time.sleep(8)
        where = {name: path for name, _, path in pages()}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
            clinic = {"board": "/clinic/board/", "home-clinic": "/clinic/", "session": where["session"]}
            shoot(browser, "nurse@harbor.demo", clinic, ALL_KINDS)
            shoot(browser, "prescriber@harbor.demo", doctor, ALL_KINDS)
            shoot(browser, "front_desk@harbor.demo", front, ALL_KINDS)
            shoot(browser, "", {"ride-home-escort": escort}, PHONE_FIRST)
            portal = {
                "home-patient": "/today/",
                "progress": "/today/progress/",
                "intake": "/today/intake/",
                "intake-question": "/today/intake/heart_now/",
                "intake-medicines": "/today/intake/medicines/",
                "decision": "/today/decision/",
                "agreements": "/today/agreements/",
                "agreement": "/today/agreements/read/treatment/1/",
                "my-plan": "/today/plan/",
                "visits": "/today/visits/",
            }
            if open_one is not None:
                portal["questionnaire"] = f"/today/measures/{open_one.pk}/1/"
            shoot(browser, "patient@harbor.demo", portal, PHONE_FIRST)
            the_hour_in_the_chair(browser)
            the_library(browser)
            browser.close()
    print(f"pictures in {FOLDER}, monitors on port {MLLP_PORT}", file=sys.stderr)


if __name__ == "__main__":
    alone = {"session": the_hour_in_the_chair, "library": the_library}.get(" ".join(sys.argv[1:]))
    in_an_open_house(alone) if alone else main()
