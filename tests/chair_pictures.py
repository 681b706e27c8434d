"""The pictures of an hour in the chair: from the warning at the booking to the record, at three widths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from django.utils import timezone
from playwright.sync_api import Browser, Page

from sojourn.foundation.scope import CourseScope
from tests.journeys.whole_way import BASE, staff

if TYPE_CHECKING:
    from sojourn.care.session.drawing_actions import DrawnDose
    from sojourn.foundation.accounts.actor import Actor
    from tests.care.stage import Stage
    from tests.journeys.whole_way import Staff

FOLDER = Path("docs/screenshots")
WIDTHS = {"1280": (1280, 800), "1024": (1024, 768), "375": (375, 812)}
LEFT_ML = Decimal(30)  # what the pump holds of 50 mL after 15 minutes at 75 mL/h and one at 60
LIGHT, BOTH = ("light",), ("light", "dark")


class Camera:
    """One person at every width, light and dark, signed in once."""

    def __init__(self, browser: Browser, email: str) -> None:
        self.pages: dict[tuple[str, str], Page] = {}
        for width, (w, h) in WIDTHS.items():
            for mood in BOTH:
                page = browser.new_context(
                    viewport={"width": w, "height": h}, reduced_motion="reduce",
                    color_scheme="dark" if mood == "dark" else "light",
                ).new_page()  # fmt: skip
                page.goto(f"{BASE}/accounts/login/")
                page.fill("[name=login]", email)
                page.fill("[name=password]", "quiet harbor at dusk")
                page.press("[name=password]", "Enter")
                page.wait_for_url(lambda url: "login" not in url)
                self.pages[width, mood] = page

    def shoot(self, name: str, path: str, moods: tuple[str, ...] = LIGHT, *, at: str = "", press: str = "") -> None:
        """The page at every width. ``at``: what the picture begins with; ``press``: what is opened first."""
        for (width, mood), page in self.pages.items():
            if mood not in moods:
                continue
            answer = page.goto(BASE + path)
            assert answer is not None
            assert answer.ok, (name, path, answer.status)
            page.wait_for_timeout(700)
            if press:
                page.locator(press).click()
            if at:
                page.locator(at).first.evaluate("each => each.scrollIntoView({block: 'start'})")
            page.screenshot(path=FOLDER / f"{name}-{width}-{mood}.png")


@dataclass
class Hour:
    """A session of a demo patient whose road is walked, told by the product's own actions."""

    cast: Staff
    stage: Stage
    drawn: DrawnDose
    nurse2: Actor

    @property
    def path(self) -> str:
        return f"/clinic/sessions/{self.stage.id}/"

    @contextmanager
    def nurse(self) -> Iterator[Actor]:
        from sojourn.foundation.accounts.actor import acting_as

        by = self.cast.actor("nurse")
        with acting_as(by):
            yield by

    def step(self, transition: str, ago: float, **pump: Decimal) -> None:
        """``ago``: minutes before now."""
        from sojourn.care.session.step_actions import Pump

        with self.nurse():
            self.stage.step(transition, now=_ago(ago), pump=Pump(**pump))

    def begin(self, ago: float) -> None:
        """Arrived, checked, prepared by two, begun so many minutes ago; looked at meanwhile."""
        from sojourn.care.session import drawing_actions
        from tests.care.stage import arrive, pass_checks

        with self.nurse():
            arrive(self.stage, _ago(ago + 24))
            pass_checks(self.stage, _ago(ago + 9))
            for by in (self.cast.actor("nurse"), self.nurse2):
                drawing_actions.check_dose(by=by, encounter_id=self.stage.id, drawn=self.drawn, now=_ago(ago + 4))
            self.stage.step("start_dose", now=_ago(ago))
            self.stage.vitals(_ago(ago - 15), nibp_sys=136, nibp_dia=84, spo2=97, hr=82, rr=15)

    def account(self) -> None:
        """What the pump holds is read off, and some of the rest thrown away; nobody has witnessed it yet."""
        from sojourn.care.session import reading_actions, waste_actions

        with self.nurse() as by:
            reading_actions.read_off(by=by, encounter_id=self.stage.id, remaining_ml=LEFT_ML)
            waste_actions.waste(
                by=by, encounter_id=self.stage.id, mg=self._left(LEFT_ML), how="into the sink", key=uuid4()
            )

    def _left(self, ml: Decimal) -> Decimal:
        assert self.drawn.total_ml is not None
        return (self.drawn.dose_mg * ml / self.drawn.total_ml).quantize(Decimal("0.01"))

    def witness(self) -> None:
        from sojourn.care.session import waste_actions
        from sojourn.care.session.models import Waste
        from sojourn.foundation.accounts.actor import acting_as

        with acting_as(self.nurse2):
            waste_actions.witness(by=self.nurse2, waste_id=Waste.objects.get(encounter_id=self.stage.id).pk)


def _ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def an_hour() -> Hour:
    """Somebody of the demo who has nothing else today, with a signed plan of an infusion."""
    from sojourn.care.plan import queries as plan_queries
    from sojourn.care.scheduling.models import Appointment, Chair
    from sojourn.care.session.drawing_actions import DrawnDose
    from sojourn.config.demo.people import HARBOR
    from sojourn.config.demo.today import _on_stage
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.models import Membership
    from sojourn.foundation.accounts.queries import actor_of
    from tests.care.stage import PROTOCOL, Stage

    cast = staff("prescriber", "front_desk", "nurse")
    with acting_as(cast.actor("nurse")):
        plan = next(each for each in _on_stage(HARBOR, timezone.now()) if each.protocol_id == PROTOCOL)
        version = plan_queries.in_force(CourseScope(plan.pk))
        assert version is not None
        assert version.dose_mg is not None
        drawn = DrawnDose(
            drug="ketamine", route="iv", dose_mg=version.dose_mg, lot="KT2611",
            expires_on=_ago(0).date() + timedelta(300), stock_mg_per_ml=Decimal(50), drawn_ml=version.dose_mg / 50,
            total_ml=Decimal(50), over_min=Decimal(40), rate_ml_per_h=Decimal(75),
        )  # fmt: skip
        chair = Chair.objects.create(clinic=cast.clinic, name="Chair 5")
        appointment = Appointment.objects.create(
            clinic=cast.clinic, patient=plan.patient, care_plan=plan, chair=chair, during=(_ago(60), _ago(-75)),
            escort=plan.patient.related_people.first(), booked_at=_ago(5000), booked_by=cast.members["front_desk"],
        )  # fmt: skip
        appointment.refresh_from_db()
        nurse2 = Membership.objects.get(person__email="nurse2@harbor.demo")
        return Hour(cast, Stage(cast, plan.patient, appointment), drawn, actor_of(nurse2))  # type: ignore[arg-type]


def _arrived() -> Stage:
    """The demo's session that waits in Chair 2, as a stage."""
    from sojourn.care.encounter.queries import running
    from sojourn.foundation.accounts.actor import acting_as
    from tests.care.stage import Stage

    cast = staff("prescriber", "nurse")
    with acting_as(cast.actor("nurse")):
        encounter = running().get(chair__name="Chair 2")
        return Stage(cast, encounter.patient, encounter.appointment, encounter)  # type: ignore[arg-type]


def _course_without_plan() -> int:
    """A course that began before plans were signed, of a demo patient who has none."""
    from sojourn.care.patients.models import Patient
    from sojourn.care.plan.models import CarePlan
    from sojourn.foundation.accounts.actor import acting_as
    from tests.care.way import unplanned_course

    cast = staff("prescriber")
    with acting_as(cast.actor("prescriber")):
        patient = Patient.objects.exclude(pk__in=CarePlan.objects.values("patient")).order_by("id")[0]
        return unplanned_course(cast, patient, at=_ago(30 * 24 * 60)).pk  # type: ignore[arg-type]


def the_hour_in_the_chair(browser: Browser) -> None:
    from sojourn.foundation.accounts.actor import acting_as
    from tests.care.stage import pass_checks

    nurse = Camera(browser, "nurse@harbor.demo")
    nurse.shoot("booking-warning", f"/clinic/appointments/new/?course={_course_without_plan()}")
    waits = _arrived()
    path = f"/clinic/sessions/{waits.id}/"
    nurse.shoot("session-preflight", path)
    nurse.shoot("session-facts", path, at="#item-consent")
    with acting_as(waits.cast.actor("nurse")):
        pass_checks(waits, timezone.now())
    nurse.shoot("session-dose-form", path, at="#dose form fieldset")

    hour = an_hour()
    hour.begin(18)
    nurse.shoot("session-running", hour.path, BOTH)
    hour.step("pause", 3)
    nurse.shoot("session-paused", hour.path)
    hour.step("resume", 1, rate_ml_per_h=Decimal(60))
    hour.step("stop_early", 0)
    hour.account()
    nurse.shoot("session-stopped", hour.path)
    nurse.shoot("session-accounting", hour.path, at="#accounting")
    hour.witness()
    nurse.shoot("record-line", f"{hour.path}record/", at="#given")
    patient = Camera(browser, "patient@harbor.demo")
    patient.shoot("portal-stop", "/today/here/", press=".altered-stop summary")
