"""A patient as the pages show one: the line of the list, visits, courses, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sojourn.care.measures import queries as measures_queries
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan
from sojourn.clinical.protocol import State
from sojourn.clinical.scales import say
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import page_local
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.scheduling import visits as sessions
from sojourn.interfaces.shared.days import day_words, years_words
from sojourn.interfaces.shared.states import Word, state_word

# ---------------------------------------------------------------- the list


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A line of the list. A withheld one says only that it is there."""

    url: str
    name: str
    record_number: str
    born: str
    years: str
    withheld: bool
    restricted: bool


def row(patient: Patient, withheld: bool) -> PatientRow:
    if withheld:
        return PatientRow(reverse("console:restricted", args=[patient.pk]), "", "", "", "", True, True)
    return PatientRow(
        reverse("console:patient", args=[patient.pk]),
        f"{patient.family_name}, {patient.given_name}",
        patient.record_number,
        day_words(patient.birth_date),
        years_words(patient),
        False,
        patient.restricted,
    )


# ---------------------------------------------------------------- the patient's page


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment on the patient's page."""

    when: str  # Wed 4 Mar 2026, 10:00
    at: datetime
    url: str
    chair: str
    escort: str
    word: Word
    session_url: str
    ahead: bool


def patient_visits(actor: Actor, patient_id: int, now: datetime) -> list[Visit]:
    clinical = actor.may("session.read")
    visits = []
    for row in sessions.of_patient(patient_id):
        appointment = row.appointment
        gone = appointment.status == "cancelled"
        session = address("console:session", row.encounter_id) if clinical and row.encounter_id else ""
        visits.append(
            Visit(
                formats.date_format(page_local(appointment.during.lower), _("D j M Y, H:i")),
                appointment.during.lower,
                reverse("console:appointment", args=[appointment.pk]),
                appointment.chair.name,
                appointment.escort.name if appointment.escort and not appointment.escort.ended_at else "",
                state_word(State.CANCELLED if gone else row.state, clinical=clinical),
                session,
                not gone and row.state == State.PLANNED and appointment.during.upper > now,
            )
        )
    return visits


@dataclass(frozen=True, slots=True)
class Course:
    """A course of treatment on the patient's page; without a clinical role only its days. ``unplanned``: it runs
    without a signed plan, as courses of an earlier release do."""

    title: str
    words: str
    since: str
    ended: str
    protocol: str
    dose_mg: object
    sessions: int
    indication: str
    intention: str
    by: str
    end_url: str
    book_url: str
    series_url: str
    id: int
    unplanned: bool


def _plain(amount: Decimal) -> Decimal:
    """The amount without idle zeros: 35, 37.5."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()


def patient_courses(actor: Actor, patient_id: int) -> list[Course]:
    held = {version.care_plan_id for version in plan_queries.in_force_of_patient(PatientScope(patient_id))}
    return [
        _course(actor, course, planned=course.pk in held)
        for course in plan_queries.of_patient(PatientScope(patient_id))
    ]


def _course(actor: Actor, course: CarePlan, *, planned: bool) -> Course:
    protocol = plan_queries.protocol(course.protocol_id)
    running = course.ended_on is None
    books, ends = running and actor.may("appointment.book"), running and actor.may("course.end")
    return Course(
        title=course.title,
        words=_("running") if running else _("ended"),
        since=day_words(course.started_on),
        ended=day_words(course.ended_on) if course.ended_on else "",
        protocol=_(protocol.rule.title) if protocol else course.protocol_id,
        dose_mg=_plain(course.dose_mg),
        sessions=course.planned_sessions,
        indication=course.indication,
        intention=course.intention,
        by=str(course.created_by),
        end_url=reverse("console:course_end", args=[course.pk]) if ends else "",
        book_url=f"{reverse('console:appointment_book')}?course={course.pk}" if books else "",
        series_url=reverse("console:series", args=[course.pk]) if books else "",
        id=course.pk,
        unplanned=running and not planned,
    )


def identity_context(patient: Patient, actor: Actor) -> dict[str, object]:
    """Who the patient is, and what the actor may do here."""
    return {
        "patient": patient,
        "name": patient.name,
        "born": day_words(patient.birth_date),
        "years": years_words(patient),
        "language": dict(settings.LANGUAGES).get(patient.language, patient.language),
        "clinical": actor.may("patient.clinical"),
        "may_edit": actor.may("patient.edit"),
        "may_draft": actor.may("plan.draft"),
        "may_book": actor.may("appointment.book"),
    }


def visits_context(visits: Sequence[Visit]) -> dict[str, object]:
    """What is ahead, the next first, and what is past."""
    ahead = [visit for visit in visits if visit.ahead]
    return {
        "ahead": sorted(ahead, key=lambda visit: visit.at),
        "past": [visit for visit in visits if not visit.ahead],
    }


def courses_context(courses: Sequence[Course]) -> dict[str, object]:
    return {"courses": courses, "running": [course for course in courses if not course.ended]}


# ---------------------------------------------------------------- measures on the page


@dataclass(frozen=True, slots=True)
class Score:
    """The newest score of one questionnaire and the way it came. ``line`` are the points of a small drawing."""

    title: str
    total: Decimal | int | None
    out_of: int
    band: str
    at: datetime
    line: str
    dot: tuple[float, float] | None
    words: str
    safety_positive: bool


_WIDE, _HIGH, _EDGE = 120, 32, 4


def _line(values: Sequence[tuple[datetime, Decimal | int]], top: int) -> tuple[str, tuple[float, float] | None]:
    """Points of a polyline in a box of 120 by 32: time across, the score up from nothing to the highest possible."""
    if len(values) < 2:
        return "", None
    first, last = values[0][0].timestamp(), values[-1][0].timestamp()
    span = max(last - first, 1.0)
    points = [
        (
            round(_EDGE + (at.timestamp() - first) / span * (_WIDE - 2 * _EDGE), 1),
            round(_HIGH - _EDGE - float(total) / max(top, 1) * (_HIGH - 2 * _EDGE), 1),
        )
        for at, total in values
    ]
    return " ".join(f"{x},{y}" for x, y in points), points[-1]


def scores(patient_id: int) -> list[Score]:
    """The newest score of each questionnaire, with its way there. One query."""
    found = []
    for trend in measures_queries.trends(PatientScope(patient_id)):
        newest = trend.points[-1]
        values = [(point.at, point.total) for point in trend.scored if point.total is not None]
        top = trend.scale.high
        line, dot = _line(values, top)
        band = newest.band
        found.append(
            Score(
                title=say(trend.scale.title, get_language() or "en"),
                total=newest.total,
                out_of=top,
                band=_(band.label) if band else "",
                at=newest.at,
                line=line,
                dot=dot,
                words=", ".join(str(total) for _at, total in values[-6:]) if len(values) > 1 else "",
                safety_positive=newest.safety_positive,
            )
        )
    return found
