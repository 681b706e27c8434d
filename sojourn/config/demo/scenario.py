"""History from a seed: who came, what was booked, given, measured and answered over the last months."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from sojourn.care.measures.queries import batteries
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.clock_actions import begin_taking
from sojourn.config.demo import (
    accounts,
    agreements,
    booking,
    candidacy,
    clinic_settings,
    doses,
    intake,
    measures,
    messages,
    patients,
    people,
    planning,
    reading,
    records,
    sessions,
    tales,
)
from sojourn.config.demo.candidacy import ACCEPTED, DECLINED, DEFERRED, WITH_CONDITIONS
from sojourn.config.demo.cast import Cast, at_clock
from sojourn.config.demo.doses import LABORATORY_AFTER
from sojourn.config.demo.people import DemoClinic
from sojourn.config.demo.tales import Twist
from sojourn.config.demo.walk import STEPS, Walk, anchor_for
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.action import NoLock, action
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import one_row

INDUCTION_DAYS = (0, 3, 7, 10, 14, 17)

# How they stand on the way: stage, and the arc of their depression or what the clinic has to think about.
STAGES = (
    ("invited", ""), ("begun", ""), ("sent", "benzodiazepine"), ("agreed", ""),
    *(("planned", "") for _ in range(5)),
    *(("induction", arc) for arc in ("responds", "slowly", "responds", "none", "responds", "slowly", "responds",
                                     "none", "responds", "worse")),
    *(("after", arc) for arc in ("responds", "responds", "slowly", "none", "responds", "slowly")),
    *(("maintenance", arc) for arc in ("responds", "responds", "slowly", "responds", "responds", "slowly",
                                       "responds", "responds", "slowly")),
    ("ended", "none"), ("ended", "worse"), ("ended", "none"), ("ended", "responds"),
    ("stopped", "slowly"), ("absent", "slowly"),
    ("invited", ""), ("begun", ""), ("sent", "opioid"), ("sent", ""), ("deferred", "pressure"),
    ("declined", "aneurysm"), ("asked", "bipolar"), ("question", ""), ("agreed", ""), ("drafted", ""),
    ("signed", ""), ("reviewed", ""),
)  # fmt: skip
TREATED = frozenset({"planned", "induction", "after", "maintenance", "ended", "stopped", "absent"})
# The newest step of those who are not treated yet.
NEWEST_STEP = {
    "begun": "begun", "sent": "sent", "reviewed": "reviewed", "deferred": "decided", "declined": "decided",
    "asked": "asked", "question": "question", "agreed": "agreed", "drafted": "drafted", "signed": "signed",
}  # fmt: skip


def make_clinic(demo: DemoClinic, *, scale: int, seed: int) -> None:
    """Make the clinic, its people, rules, patients and their history. The caller holds the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with acting_as(clinic_settings.demo_maker(system_actor(clinic_id, "Demo"))) as by:
        cast = accounts.found_clinic(demo, clinic_id)
        note_made(by=by, clinic=cast.clinic, seed=seed, scale=scale)
    furnish_clinic(cast)
    with acting_as(system_actor(clinic_id, "Demo")):
        cast.batteries = {each.indication: each for each in batteries()}
        for number in range(demo.patients * scale):
            _patient(demo, cast, number, random.Random(f"{demo.slug}-{seed}-{number}"), sparse=scale > 1)
        booking.wait_for_earlier(cast)
        _begin_clocks()
        records.sign_past(cast, days=30 if scale > 1 else None)
        reading.furnish(demo, cast)


@action("demo.make", locks=NoLock("a row more, by which nothing is judged"), audit="demo.made")
def note_made(*, by: Actor, clinic: Clinic, seed: int, scale: int) -> None:
    """Write that the clinic and everybody in it is invented."""
    record(by, "demo.made", clinic, seed=seed, scale=scale)


def _begin_clocks() -> None:
    """Flags that nobody has taken yet are asked of whoever is on duty. Ask as the system actor."""
    for found in safety_queries.open_flags():
        begin_taking(found.row, found.severity, timezone.now())


def furnish_clinic(cast: Cast) -> None:
    """What the clinic decides before the first patient, as far as it is missing."""
    staff = [each.pk for role in ("prescriber", "nurse", "therapist") for each in cast.members[role]]
    clinic_settings.furnish(cast.clinic, cast.actor("prescriber"), cast.actor("clinic_admin"), staff)


def _stage(demo: DemoClinic, number: int) -> tuple[str, str]:
    return STAGES[demo.stages[number % len(demo.stages)] if demo.stages else number % len(STAGES)]


def _begins(stage: str, kind: str, today: date, own: random.Random, *, signed_in: bool) -> date:
    """The day of the first session, or the one to which somebody is on the way."""
    weeks = {"after": 4, "maintenance": own.randint(18, 34), "ended": 14, "stopped": 3, "absent": 3}.get(stage, 0)
    if signed_in:
        day = today - timedelta(days=12)  # four sessions lie behind her, the fifth is today
    elif stage == "planned":
        day = today + timedelta(days=own.randint(2, 5))
    elif stage == "induction":
        # Whom it helps slowly, far enough for the dose to have been raised.
        day = today - timedelta(days=own.randint(13, 15) if kind == "slowly" else own.randint(3, 15))
    elif stage in TREATED:
        day = today - timedelta(weeks=weeks, days=own.randint(2, 9))
    else:
        return anchor_for(NEWEST_STEP.get(stage, "invited"), today, own.randint(2, 4))
    if day.weekday() <= 4:
        return day
    monday = day + timedelta(days=7 - day.weekday())
    signed_before = (monday - today).days < STEPS["signed"][0]  # on a Monday it would be signed this evening
    return monday if signed_before else day - timedelta(days=day.weekday() - 4)


def _patient(demo: DemoClinic, cast: Cast, number: int, own: random.Random, *, sparse: bool) -> None:
    stage, kind = _stage(demo, number)
    now = timezone.now()
    today = now.astimezone(cast.clinic.zone).date()
    begins = _begins(stage, kind, today, own, signed_in=number == demo.signed_in)
    patient, email = patients.make_patient(demo, cast, number, own, begins, stage, kind)
    twist: Twist = kind if stage not in TREATED else ""  # type: ignore[assignment]
    tale = tales.tell(own, patient.sex, patient.age_on(today), patient.language, twist)
    signed_in = number == demo.signed_in
    walk = Walk(cast.team, patient, tale, begins, own, number, signed_in)
    if stage == "invited":
        intake.send_invitation(walk, email, now - timedelta(days=own.randint(1, 2), hours=2))
    else:
        intake.join(walk, f"patient@{demo.domain}" if signed_in else email)
        _walk(cast, walk, stage, kind, sparse=sparse)
    one_row(Patient, patient.pk).update(email=email)


def _walk(cast: Cast, walk: Walk, stage: str, kind: str, *, sparse: bool) -> None:
    """As far on the way as the stage says."""
    if stage == "begun":
        intake.tell_intake(walk, share=walk.own.uniform(0.3, 0.6))
        return
    escort = patients.escort_of(cast, walk)
    intake.tell_intake(walk)
    measures.answer_battery(cast, walk)
    if stage != "sent":
        _clinic_side(cast, walk, escort, stage, kind, sparse=sparse)
    elif kind == "":
        messages.write_messages(walk, timezone.now() - timedelta(hours=3), waits=True)


def _clinic_side(
    cast: Cast, walk: Walk, escort: RelatedPerson, stage: str, kind: str, *, sparse: bool
) -> None:  # fmt: skip
    """Looked at, decided, agreed, planned: the newest step is the last."""
    intake.review(walk, without=("ecg", "qtc_ms", "pregnancy_test", "sbp", "dbp") if stage == "reviewed" else ())
    if stage == "reviewed":
        return
    unusual = {"deferred": DEFERRED, "declined": DECLINED}.get(stage)
    bipolar = walk.tale.battery == "bipolar_depression"
    candidacy.decide(walk, unusual or (WITH_CONDITIONS if bipolar else ACCEPTED))
    if unusual is not None:
        return
    agreements.ask_consent(walk)
    if stage == "question" or (walk.number % 6 == 0 and stage != "asked"):
        agreements.ask_question(walk, answered=stage != "question")
    if stage in {"asked", "question"}:
        return
    if stage in TREATED - {"planned"}:
        agreements.agree_long_ago(walk)
    else:
        signed = agreements.agree(walk)
        if stage == "agreed":
            return
        agreements.countersign(walk, signed)
    _planned(cast, walk, escort, stage, kind, sparse=sparse)


def _planned(cast: Cast, walk: Walk, escort: RelatedPerson, stage: str, kind: str, *, sparse: bool) -> None:
    version = planning.draft(walk, walk.own.choice(people.INTENTIONS))
    if stage == "drafted":
        return
    planning.check(walk, version, walk.at("checked"))
    course = planning.sign(walk, version, walk.at("signed"))
    if stage in TREATED:
        _course(cast, walk, course, escort, stage, kind, sparse=sparse)


def _course(
    cast: Cast, walk: Walk, course: CarePlan, escort: RelatedPerson, stage: str, arc: str, *, sparse: bool
) -> None:
    """What of the course has happened, what is booked, and what is asked for now."""
    own, begins, now = walk.own, walk.anchor, timezone.now()
    today = now.astimezone(cast.clinic.zone).date()
    days = _session_days(stage, begins, today, own)
    if walk.signed_in:
        del days[4]  # it is today's
    course = _sessions(cast, walk, course, escort, stage, arc, walk.tale.phq, days, sparse=sparse)
    if stage in {"after", "ended"}:
        _measured_afterwards(cast, walk, arc, days[5], today)
    cast.write()
    if stage == "ended":
        plan_actions.end(
            by=walk.prescriber, course_id=course.pk, ended_on=begins + timedelta(days=45),
            now=at_clock(begins + timedelta(days=45), time(12), cast.clinic.zone),
        )  # fmt: skip
    if stage == "maintenance":
        booking.book_ahead(cast, walk, course, escort, today + timedelta(days=own.randint(2, 18)))
    if stage == "after" and own.random() < 0.5:
        course = _goes_on(cast, walk, course, today)
        booking.book_ahead(cast, walk, course, escort, today + timedelta(days=own.randint(3, 12)))
    _corresponds(cast, walk, stage, now)
    _is_asked(cast, walk, stage, now)


def _measured_afterwards(cast: Cast, walk: Walk, arc: str, last_session: date, today: date) -> None:
    """Measured once a week for three weeks after the last session, as far as they have passed."""
    for week in range(1, 4):
        day = last_session + timedelta(weeks=week)
        if day < today:
            score = measures.depression(arc, walk.tale.phq, 7, walk.own)
            evening = at_clock(day, time(18), cast.clinic.zone)
            measures.measure(cast, walk, score, evening, measures.followed(walk))


def _corresponds(cast: Cast, walk: Walk, stage: str, now: datetime) -> None:
    """What some of them and the clinic have written to each other."""
    own = walk.own
    if walk.number % 4 == 1 and stage != "ended":
        then = now.astimezone(cast.clinic.zone).date() - timedelta(days=own.randint(3, 9))
        then -= timedelta(days=max(0, then.weekday() - 4))
        messages.write_messages(walk, at_clock(then, time(own.randint(9, 15), own.randint(0, 59)), cast.clinic.zone))
    if walk.number == 11:
        messages.write_messages(walk, now - timedelta(hours=5), waits=True)


def _is_asked(cast: Cast, walk: Walk, stage: str, now: datetime) -> None:
    """Whom the clinic asks for an answer now."""
    own = walk.own
    if walk.signed_in or (stage not in {"ended", "planned"} and own.random() < 0.6):
        due_at = now + timedelta(days=1 if walk.signed_in else own.randint(0, 4))
        measures.ask_for(cast, walk.patient, due_at, measures.followed(walk))


def _session_days(stage: str, begins: date, today: date, own: random.Random) -> list[date]:
    """The days of a course: six in three weeks, then maintenance by the month; some end early."""
    days = [begins + timedelta(days=day) for day in INDUCTION_DAYS]
    if stage == "maintenance":
        day = begins + timedelta(days=45)
        while day < today:
            days.append(day)
            day += timedelta(days=own.randint(24, 36))
    return days[: {"stopped": 2, "absent": 3}.get(stage, len(days))]


def _sessions(
    cast: Cast, walk: Walk, course: CarePlan, escort: RelatedPerson, stage: str, arc: str, baseline: int,
    days: list[date], *, sparse: bool,
) -> CarePlan:  # fmt: skip
    """What of the course has happened, the plan changed on its way, and the sessions to come booked."""
    own, zone, scales = walk.own, cast.clinic.zone, measures.followed(walk)
    today = timezone.now().astimezone(zone).date()
    for index, day in enumerate(days):
        if day >= today:
            cast.write()
            booking.book_ahead(cast, walk, course, escort, max(day, today + timedelta(days=1)))
            continue
        course = _changed(cast, walk, course, stage, arc, index, day, zone)
        ending = {("stopped", 1): "stopped_early", ("absent", 2): "did_not_attend"}.get((stage, index), "left")
        appointment = booking.book_past(cast, course, escort, day, own)
        if appointment.during.lower.astimezone(zone).date() >= today:  # no chair was free before today
            continue
        if index:
            score = measures.depression(arc, baseline, index + 1, own)
            measures.measure(cast, walk, score, appointment.during.lower - timedelta(hours=own.randint(3, 20)), scales)
        sessions.session(cast, appointment, own, ending, sparse=sparse)
    return course


def _changed(
    cast: Cast, walk: Walk, course: CarePlan, stage: str, arc: str, index: int, day: date, zone: object
) -> CarePlan:
    """A new version of the plan where the course takes a turn: a higher dose, or maintenance, for which somebody is
    weighed anew each month."""
    eve = day - timedelta(days=1)
    at = at_clock(eve - timedelta(days=max(0, eve.weekday() - 4)), time(18, 20), zone)
    if stage == "induction" and arc == "slowly" and index == 3:
        values: dict[str, Any] = {"per_kg": Decimal("0.6")}
        reason = (
            "After three sessions the PHQ-9 has hardly fallen. Well tolerated. Raised within the studied range.",
            "Tras tres sesiones el PHQ-9 apenas ha bajado. Bien tolerado. Se sube dentro de lo estudiado.",
        )
    elif stage == "maintenance" and index >= len(INDUCTION_DAYS):
        reason, values = _monthly(index, day)
    else:
        return course
    cast.write()
    if walk.tested_at is not None and at - walk.tested_at > LABORATORY_AFTER:
        intake.test_again(walk, at - timedelta(days=3))
    weight = round((walk.tale.weight_kg + walk.own.choice((-1.0, -0.5, 0.5, 1.0))) * 2) / 2
    course = planning.change(walk, course, at, cast.say(reason), weight, **values)
    doses.planned_anew(cast, course.pk, at)
    return course


def _goes_on(cast: Cast, walk: Walk, course: CarePlan, today: date) -> CarePlan:
    """The series is done: without a new version of the plan there is no further session."""
    return _changed(cast, walk, course, "maintenance", "", len(INDUCTION_DAYS), today, cast.clinic.zone)


def _monthly(index: int, day: date) -> tuple[tales.Words, dict[str, Any]]:
    """Why the plan of a month is signed, and what changes in it: looked at again after every three."""
    since = index - len(INDUCTION_DAYS)
    if since == 0:
        words = ("The series of six is done and has helped. One session a month, looked at again after three.",
                 "La serie de seis terminó y ha ayudado. Una sesión al mes; se revisa después de tres.")  # fmt: skip
    elif since % 3 == 0:
        words = ("Looked at again after three months. It still helps; one session a month goes on.",
                 "Revisado después de tres meses. Sigue ayudando; continúa una sesión al mes.")  # fmt: skip
    else:
        words = ("Weighed again for the session of the month.", "Pesado de nuevo para la sesión del mes.")
    values = {
        "sessions": 18, "min_days": 20, "max_days": 42, "review_after": index - since % 3 + 3, "starts_on": day,
    }  # fmt: skip
    return words, values
