"""History from a seed: who came, what was booked, given, measured and answered over the last months."""

from __future__ import annotations

import random
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Model
from django.utils import timezone

from sojourn.care.alarms import judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.booking import actions as booking
from sojourn.care.booking import series_actions as series
from sojourn.care.booking import waiting_actions as waiting
from sojourn.care.booking import way_home_actions as way_home
from sojourn.care.booking.models import Appointment, Attendance, Chair, EscortAnswer, EscortLink
from sojourn.care.chart.queries import content_hash, session_records
from sojourn.care.encounter.models import Encounter
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse, Sitting
from sojourn.care.measures.queries import Battery, batteries
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan import actions as plans
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety import queries as flags
from sojourn.care.safety.clock_actions import begin_taking
from sojourn.care.safety.models import Flag, FlagAnswer
from sojourn.care.session.models import CheckResult, Discharge, RecordSignature
from sojourn.care.session.snapshot import Against
from sojourn.care.vitals import ingest
from sojourn.care.vitals.models import Device
from sojourn.clinical import protocol
from sojourn.clinical.alarms import Event, Happening
from sojourn.clinical.recovery import SCALES
from sojourn.clinical.scales import Refusal, Scale, Score
from sojourn.config.demo import clinic_house, doses, people, tales, way
from sojourn.config.demo.doses import Entered
from sojourn.config.demo.people import DemoClinic
from sojourn.config.demo.tales import Twist
from sojourn.config.demo.way import Team, Walk
from sojourn.config.installation import owner_says
from sojourn.config.processes.virtual_monitor.signs import BASELINE_S, readings
from sojourn.foundation.accounts import confirmation_actions, place_actions
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.asker import Asker, as_asker
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.place import needed
from sojourn.foundation.accounts.queries import asker_of, house
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.accounts.roles import role as role_of
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.load import book
from sojourn.foundation.rulebook.scales import scale

PROTOCOL = "iv_racemic_40min"
INDUCTION_DAYS = (0, 3, 7, 10, 14, 17)
SLOTS = (time(8, 30), time(11, 45), time(15, 0))
SITTING = timedelta(minutes=150)

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


@dataclass
class Cast:
    """A demo clinic with its people and chairs."""

    clinic: Clinic
    members: dict[str, list[Membership]]
    chairs: list[Chair]
    device: Device | None = None
    taken: set[tuple[int, date]] = field(default_factory=set)  # chairs, and patients by their negative number
    batteries: dict[str, Battery] = field(default_factory=dict)
    held: dict[type[Model], list[Model]] = field(default_factory=dict)  # by table, each after those it refers to
    held_after: list[Model] = field(default_factory=list)  # rows of one table that refer to others of the same
    watched: list[Encounter] = field(default_factory=list)  # their alarms are still as the last reading left them
    infusions: int = 0  # so far
    standing: dict[int, Against] = field(default_factory=dict)  # what the doses of a course rest on, until it changes
    asked_anew: dict[int, dict[str, Any]] = field(default_factory=dict)  # of a patient, on each day of a session
    warned: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by medicine, what the rules say of it

    def add(self, *rows: Model) -> None:
        """Rows for the next ``write``: a course's sessions go in together, not one by one."""
        for row in rows:
            self.held.setdefault(type(row), []).append(row)

    def add_after(self, *rows: Model) -> None:
        """Rows that refer to others of their own table: written once those have their numbers."""
        self.held_after += rows

    def say(self, words: tales.Words) -> str:
        """In the language of the clinic."""
        return words[tales.SPEAKS.index(self.clinic.language)]

    def write(self) -> None:
        """Write the rows that are held. Whoever asks the database about a session writes first."""
        held, self.held = self.held, {}
        for model, rows in held.items():
            for row in rows:
                if isinstance(row, Flag):  # named by the response, which has its number by now
                    row.about = f"response:{row.response.pk if row.response is not None else 0}"
            model._default_manager.bulk_create(rows)
        after, self.held_after = self.held_after, []
        for model in dict.fromkeys(map(type, after)):
            model._default_manager.bulk_create(each for each in after if type(each) is model)
        watched, self.watched = self.watched, []
        if watched:
            CurrentVital.objects.filter(encounter__in=watched).update(silent_after=None)
            AlarmState.objects.filter(encounter__in=watched).update(phase="quiet", deadline_at=None)

    def asker(self, role: str, number: int = 0) -> Asker:
        return asker_of(self.members[role][number])

    @cached_property
    def team(self) -> Team:
        """Who leads people along the way."""
        return Team(
            clinic=self.clinic,
            prescribers=[asker_of(each) for each in self.members["prescriber"]],
            nurses=[asker_of(each) for each in self.members["nurse"]],
            therapist=self.members["therapist"][0],
            desk=self.asker("front_desk"),
            password=_encoded(),
        )


def make_clinic(demo: DemoClinic, *, scale: int, seed: int) -> None:
    """Make the clinic, its people, rules, patients and their history. The caller holds the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with as_asker(house(clinic_id, "Demo")) as by:
        cast = _cast(demo, clinic_id)
        record(by, "demo.made", cast.clinic, seed=seed, scale=scale)
    furnish_house(cast)
    with as_asker(house(clinic_id, "Demo")):
        cast.batteries = {each.indication: each for each in batteries()}
        for number in range(demo.patients * scale):
            _patient(demo, cast, number, random.Random(f"{demo.slug}-{seed}-{number}"), sparse=scale > 1)
        _wait_for_earlier(cast)
        _begin_clocks()
        sign_past(cast, days=30 if scale > 1 else None)


def _begin_clocks() -> None:
    """Flags that nobody has taken yet are asked of whoever is on duty. Ask as the house."""
    for found in flags.open_flags():
        begin_taking(found.row, found.severity, timezone.now())


def furnish_house(cast: Cast) -> None:
    """What the clinic decides before the first patient, as far as it is missing."""
    staff = [each.pk for role in ("prescriber", "nurse", "therapist") for each in cast.members[role]]
    clinic_house.furnish(cast.clinic, cast.asker("prescriber"), cast.asker("clinic_admin"), staff)


_UNSIGNED = timedelta(days=2)  # the newest wait for somebody, as in a real clinic
_BATCH = 40


def sign_past(cast: Cast, *, days: int | None = None) -> int:
    """Sign the records of past sessions but the newest, as the prescriber did later that day. Ask as the house.

    ``days``: only sessions of so many days back. The hash is the record's own, so each reads as unchanged.
    """
    now = timezone.now()
    sessions = Encounter.objects.filter(opened_at__lt=now - _UNSIGNED, signatures=None)
    if days is not None:
        sessions = sessions.filter(opened_at__gte=now - timedelta(days=days))
    waiting = list(sessions.order_by("id").values_list("id", flat=True))
    signed = 0
    for begin in range(0, len(waiting), _BATCH):
        records = session_records(waiting[begin : begin + _BATCH])
        rows = [
            RecordSignature(
                clinic=cast.clinic, patient_id=each.patient.id, encounter_id=each.encounter_id,
                content_hash=content_hash(each), at=each.ended_at + timedelta(minutes=37),
                by=cast.members["prescriber"][each.encounter_id % len(cast.members["prescriber"])],
            )
            for each in records.values()
            if each.ended_at is not None
        ]  # fmt: skip
        RecordSignature.objects.bulk_create(rows)
        signed += len(rows)
    return signed


def load_cast(demo: DemoClinic) -> Cast:
    """The clinic's people and chairs as they stand in the database; ask as the house of that clinic."""
    clinic = Clinic.objects.get(slug=demo.slug)
    members: dict[str, list[Membership]] = {}
    for member in Membership.objects.filter(clinic=clinic, ended_at=None).order_by("id"):
        members.setdefault(member.role, []).append(member)
    return Cast(clinic, members, list(Chair.objects.order_by("id")), Device.objects.order_by("id").first())


@cache
def _encoded() -> str:
    """The password that everybody of the demo has; once, for hashing it is slow on purpose."""
    return make_password(people.PASSWORD)


def _person(email: str, encoded: str, language: str) -> Person:
    return Person.objects.create(email=email, password=encoded, demo=True, language=language)


def _check_lines(clinic: Clinic, admin: Membership) -> None:
    """The lines of the place that a patient is shown first, as the administrator found them."""
    with as_asker(asker_of(admin)) as by:
        for line in needed(clinic.country).values():
            place_actions.check_line(by=by, line_id=line.id, number=line.shown, works=True)


def _cast(demo: DemoClinic, clinic_id: int) -> Cast:
    clinic = Clinic.objects.create(
        id=clinic_id, name=demo.name, slug=demo.slug, time_zone=demo.time_zone, language=demo.language,
        jurisdiction=demo.jurisdiction, address=demo.address, phone=demo.phone, phone_hours=demo.phone_hours,
        phone_hours_other=demo.phone_hours_other,
    )  # fmt: skip
    encoded = _encoded()
    members: dict[str, list[Membership]] = {}
    for staff in demo.staff:
        already = members.setdefault(staff.role, [])
        email = f"{staff.role}{len(already) + 1 if already else ''}@{demo.domain}"
        already.append(
            Membership.objects.create(
                clinic=clinic,
                person=_person(email, encoded, demo.language),
                role=staff.role,
                name=staff.name,
                credentials=staff.credentials,
                unconfirmed_since=timezone.now() if role_of(staff.role).clinical else None,
            )
        )
    _confirm(clinic, members)
    _check_lines(clinic, members["clinic_admin"][0])
    chairs = [Chair.objects.create(clinic=clinic, name=name) for name in demo.chairs]
    device = Device.objects.create(
        clinic=clinic,
        name=f"Monitor {demo.chairs[0]}",
        key="bed:CHAIR-1",
        maker="Nihon Kohden",
        added_at=timezone.now(),
    )
    for number in range(1, len(chairs)):
        Device.objects.create(
            clinic=clinic, name=f"Monitor {demo.chairs[number]}", key=f"bed:CHAIR-{number + 1}", maker="Mindray",
            added_at=timezone.now(),
        )  # fmt: skip
    return Cast(clinic, members, chairs, device)


def _confirm(clinic: Clinic, members: dict[str, list[Membership]]) -> None:
    """The first of each clinical role by whoever runs the machine, the others by the first, as in any clinic."""
    owner = replace(house(clinic.pk, "Demo"), permissions=frozenset({confirmation_actions.OWNER}))
    for code, theirs in members.items():
        if not role_of(code).clinical:
            continue
        first, *others = theirs
        owner_says([first.pk])
        confirmation_actions.confirm_first(by=owner, membership_id=first.pk)
        first.refresh_from_db(fields=["unconfirmed_since"])
        with as_asker(asker_of(first)) as holder:
            for each in others:
                confirmation_actions.confirm(by=holder, membership_id=each.pk)
                each.refresh_from_db(fields=["unconfirmed_since"])


# --- one patient ---


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
        return way.anchor_for(NEWEST_STEP.get(stage, "invited"), today, own.randint(2, 4))
    return day + timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


def _patient(demo: DemoClinic, cast: Cast, number: int, own: random.Random, *, sparse: bool) -> None:
    stage, kind = _stage(demo, number)
    now = timezone.now()
    today = now.astimezone(cast.clinic.zone).date()
    begins = _begins(stage, kind, today, own, signed_in=number == demo.signed_in)
    patient, email = _who(demo, cast, number, own, begins, stage, kind)
    twist: Twist = kind if stage not in TREATED else ""  # type: ignore[assignment]
    tale = tales.tell(own, patient.sex, patient.age_on(today), patient.language, twist)
    signed_in = number == demo.signed_in
    walk = Walk(cast.team, patient, tale, begins, own, number, signed_in)
    if stage == "invited":
        way.send_invitation(walk, email, now - timedelta(days=own.randint(1, 2), hours=2))
    else:
        way.join(walk, f"patient@{demo.domain}" if signed_in else email)
        _walk(cast, walk, stage, kind, sparse=sparse)
    Patient.objects.filter(pk=patient.pk).update(email=email)


def _walk(cast: Cast, walk: Walk, stage: str, kind: str, *, sparse: bool) -> None:
    """As far on the way as the stage says."""
    if stage == "begun":
        way.tell_story(walk, share=walk.own.uniform(0.3, 0.6))
        return
    companion = _companion_of(cast, walk)
    way.tell_story(walk)
    _battery(cast, walk)
    if stage != "sent":
        _clinic_side(cast, walk, companion, stage, kind, sparse=sparse)
    elif kind == "":
        way.write_messages(walk, timezone.now() - timedelta(hours=3), waits=True)


def _clinic_side(
    cast: Cast, walk: Walk, companion: RelatedPerson, stage: str, kind: str, *, sparse: bool
) -> None:  # fmt: skip
    """Looked at, decided, agreed, planned: the newest step is the last."""
    way.review(walk, without=("ecg", "qtc_ms", "pregnancy_test", "sbp", "dbp") if stage == "reviewed" else ())
    if stage == "reviewed":
        return
    unusual = {"deferred": way.DEFERRED, "declined": way.DECLINED}.get(stage)
    bipolar = walk.tale.battery == "bipolar_depression"
    way.decide(walk, unusual or (way.WITH_CONDITIONS if bipolar else way.ACCEPTED))
    if unusual is not None:
        return
    way.ask_consent(walk)
    if stage == "question" or (walk.number % 6 == 0 and stage != "asked"):
        way.ask_question(walk, answered=stage != "question")
    if stage in {"asked", "question"}:
        return
    if stage in TREATED - {"planned"}:
        way.agree_long_ago(walk)
    else:
        signed = way.agree(walk)
        if stage == "agreed":
            return
        way.countersign(walk, signed)
    _planned(cast, walk, companion, stage, kind, sparse=sparse)


def _planned(cast: Cast, walk: Walk, companion: RelatedPerson, stage: str, kind: str, *, sparse: bool) -> None:
    version = way.draft(walk, walk.own.choice(people.INTENTIONS))
    if stage == "drafted":
        return
    way.check(walk, version, walk.at("checked"))
    course = way.sign(walk, version, walk.at("signed"))
    if stage in TREATED:
        _course(cast, walk, course, companion, stage, kind, sparse=sparse)


def _companion_of(cast: Cast, walk: Walk) -> RelatedPerson:
    own, patient = walk.own, walk.patient
    sex = own.choice(("female", "male"))
    kin = people.OF_THE_YOUNG if walk.tale.age < 40 else people.OF_THE_OLD if walk.tale.age > 52 else None
    relation = kin[sex] if kin is not None and own.random() < 0.4 else own.choice(people.RELATIONS[sex])
    names, families = people.names(cast.clinic.language)
    given = own.choice([each for each in names[sex] if each != patient.given_name])
    family = own.choice(families) if relation in {"friend", "neighbour", "partner"} else patient.family_name
    email = _address(given, family, f"{cast.clinic.slug[0]}{walk.number}")
    reached = own.random() < 0.7 or walk.signed_in
    return RelatedPerson.objects.create(
        clinic=cast.clinic, patient=patient, name=f"{given} {family}", relationship=relation, brings_home=True,
        phone=_phone(cast, own), email=email if reached else "",
        created_at=walk.at("begun", timedelta(minutes=20)),
    )  # fmt: skip


def _address(given: str, family: str, mark: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}.{mark}").encode("ascii", "ignore").decode()
    return f"{plain.lower()}@example.com"


def _phone(cast: Cast, own: random.Random) -> str:
    return f"{cast.clinic.phone[:11]}0{own.randint(100, 199)}"


def _course(
    cast: Cast, walk: Walk, course: CarePlan, companion: RelatedPerson, stage: str, arc: str, *, sparse: bool
) -> None:
    """What of the course has happened, what is booked, and what is asked for now."""
    own, number, begins, baseline = walk.own, walk.number, walk.anchor, walk.tale.phq
    now = timezone.now()
    today = now.astimezone(cast.clinic.zone).date()
    scales = _followed(walk)
    days = _session_days(stage, begins, today, own)
    if walk.signed_in:
        del days[4]  # it is today's
    course = _sessions(cast, walk, course, companion, stage, arc, baseline, days, sparse=sparse)
    if stage in {"after", "ended"}:
        for week in range(1, 4):
            day = days[5] + timedelta(weeks=week)
            if day < today:
                _measure(cast, walk, _depression(arc, baseline, 7, own), _at(day, time(18), cast.clinic.zone), scales)
    cast.write()
    if stage == "ended":
        plans.end(
            by=walk.prescriber, course_id=course.pk, ended_on=begins + timedelta(days=45),
            now=_at(begins + timedelta(days=45), time(12), cast.clinic.zone),
        )  # fmt: skip
    if stage == "maintenance":
        _ahead(cast, walk, course, companion, today + timedelta(days=own.randint(2, 18)))
    if stage == "after" and own.random() < 0.5:
        course = _goes_on(cast, walk, course, today)
        _ahead(cast, walk, course, companion, today + timedelta(days=own.randint(3, 12)))
    if number % 4 == 1 and stage != "ended":
        then = today - timedelta(days=own.randint(3, 9))
        then -= timedelta(days=max(0, then.weekday() - 4))
        way.write_messages(walk, _at(then, time(own.randint(9, 15), own.randint(0, 59)), cast.clinic.zone))
    if number == 11:
        way.write_messages(walk, now - timedelta(hours=5), waits=True)
    if walk.signed_in or (stage not in {"ended", "planned"} and own.random() < 0.6):
        _ask(cast, walk.patient, now + timedelta(days=1 if walk.signed_in else own.randint(0, 4)), scales)


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
    cast: Cast, walk: Walk, course: CarePlan, companion: RelatedPerson, stage: str, arc: str, baseline: int,
    days: list[date], *, sparse: bool,
) -> CarePlan:  # fmt: skip
    """What of the course has happened, the plan changed on its way, and the sittings to come booked."""
    own, zone, scales = walk.own, cast.clinic.zone, _followed(walk)
    today = timezone.now().astimezone(zone).date()
    for index, day in enumerate(days):
        if day >= today:
            cast.write()
            _ahead(cast, walk, course, companion, max(day, today + timedelta(days=1)))
            continue
        course = _changed(cast, walk, course, stage, arc, index, day, zone)
        ending = {("stopped", 1): "stopped_early", ("absent", 2): "did_not_attend"}.get((stage, index), "left")
        appointment = _book(cast, course, companion, day, own)
        if appointment.during.lower.astimezone(zone).date() >= today:  # no chair was free before today
            continue
        if index:
            score = _depression(arc, baseline, index + 1, own)
            _measure(cast, walk, score, appointment.during.lower - timedelta(hours=own.randint(3, 20)), scales)
        session(cast, appointment, own, ending, sparse=sparse)
    return course


def _changed(
    cast: Cast, walk: Walk, course: CarePlan, stage: str, arc: str, index: int, day: date, zone: object
) -> CarePlan:
    """A new version of the plan where the course takes a turn: a higher dose, or maintenance, for which somebody is
    weighed anew each month."""
    eve = day - timedelta(days=1)
    at = _at(eve - timedelta(days=max(0, eve.weekday() - 4)), time(18, 20), zone)
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
    if walk.tested_at is not None and at - walk.tested_at > doses.LABORATORY_AFTER:
        way.test_again(walk, at - timedelta(days=3))
    weight = round((walk.tale.weight_kg + walk.own.choice((-1.0, -0.5, 0.5, 1.0))) * 2) / 2
    course = way.change(walk, course, at, cast.say(reason), weight, **values)
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


def _who(
    demo: DemoClinic, cast: Cast, number: int, own: random.Random, begins: date, stage: str, kind: str
) -> tuple[Patient, str]:
    """The person, still without an address: no letter goes out while their past is written. And the address."""
    sex = own.choices(("female", "male", "other"), (58, 38, 4))[0]
    if kind == "benzodiazepine":
        sex = "female"
    elif kind in {"opioid", "pressure", "aneurysm"}:
        sex = "male"
    names, families = people.names(demo.language)
    given = names[sex][number % len(names[sex])]
    family = families[(number * 7 + 3) % len(families)]
    years = {"benzodiazepine": (1980, 1992), "reviewed": (1985, 1999)}.get(kind or stage, (1956, 2003))
    created = _at(begins - timedelta(days=26), time(14), cast.clinic.zone)
    patient = Patient.objects.create(
        clinic=cast.clinic, record_number=f"{demo.prefix}-{number + 1:05d}", given_name=given, family_name=family,
        birth_date=tales.birth_date(own, *years), sex=sex, phone=_phone(cast, own),
        language="es" if demo.language == "es" or own.random() < 0.15 else "en",
        restricted=number == 17, created_at=created, created_by=cast.members["front_desk"][0],
    )  # fmt: skip
    return patient, _address(given, family, f"{demo.prefix}{number}")


def _at(day: date, clock: time, zone: object) -> datetime:
    return datetime.combine(day, clock, zone)  # type: ignore[arg-type]


# --- appointments ---


def _free(cast: Cast, patient_id: int, day: date, slots: Sequence[time]) -> Iterator[tuple[Chair, datetime]]:
    """Free chairs and slots from ``day`` on; clinics rest at the weekend."""
    while True:
        if day.weekday() < 5:
            for slot in slots:
                begins = _at(day, slot, cast.clinic.zone)
                if (-patient_id, day) in cast.taken:
                    continue
                for chair in cast.chairs:
                    if (chair.pk, begins) not in cast.taken:
                        yield chair, begins
        day += timedelta(days=1)


def _take(cast: Cast, patient_id: int, chair: Chair, begins: datetime) -> None:
    cast.taken |= {(chair.pk, begins), (-patient_id, begins.date())}


def _book(cast: Cast, plan: CarePlan, companion: RelatedPerson | None, day: date, own: random.Random) -> Appointment:
    """The first free chair and slot from ``day`` on, in the past."""
    chair, begins = next(_free(cast, plan.patient_id, day, own.sample(SLOTS, len(SLOTS))))
    _take(cast, plan.patient_id, chair, begins)
    return book_at(cast, plan, companion, chair, begins)


def _ahead(cast: Cast, walk: Walk, course: CarePlan, companion: RelatedPerson, day: date) -> Appointment:
    """A sitting to come, booked by the front desk as on any day; and what is known of its way home."""
    own, now = walk.own, timezone.now()
    slots = own.sample(SLOTS, len(SLOTS))
    booked_at = max(now - timedelta(days=own.randint(1, 3)), walk.at("signed", timedelta(hours=1)))
    for chair, begins in _free(cast, course.patient_id, day, slots):
        try:
            appointment = booking.book(
                by=cast.team.desk, care_plan_id=course.pk, chair_id=chair.pk, starts_at=begins,
                minutes=int(SITTING.total_seconds() // 60), companion_id=companion.pk,
                now=booked_at,
            )  # fmt: skip
        except Refused:
            continue
        _take(cast, course.patient_id, chair, begins)
        break
    _ride(cast, walk, appointment, companion, now)
    return appointment


def _ride(cast: Cast, walk: Walk, appointment: Appointment, companion: RelatedPerson, now: datetime) -> None:
    """Confirmed, declined, asked without an answer, or not asked yet."""
    if appointment.during.lower - now > timedelta(days=9):
        return
    how = walk.own.choices(("confirmed", "asked", "declined", "open"), (55, 20, 10, 15))[0]
    if walk.signed_in:  # with its letter in the outbox: the companion's link can be opened
        way_home.ask(by=cast.team.desk, appointment_id=appointment.pk, now=now - timedelta(hours=3))
        return
    answered = now - timedelta(hours=walk.own.randint(3, 40))
    if how == "open" or (how == "asked" and not companion.email):
        return
    if companion.email:
        EscortLink.objects.create(
            clinic=cast.clinic, patient=walk.patient, appointment=appointment, person=companion,
            starts_at=appointment.during.lower, token_hash=hash_of(secrets.token_urlsafe(32)),
            sent_at=answered - timedelta(hours=5), expires_at=appointment.during.upper + timedelta(days=1),
        )  # fmt: skip
    if how != "asked":
        EscortAnswer.objects.create(
            clinic=cast.clinic, patient=walk.patient, appointment=appointment, person=companion,
            starts_at=appointment.during.lower, comes=how == "confirmed",
            note="" if how == "confirmed" else walk.tale.say(("I am at work that day.", "Ese día trabajo.")),
            answered_at=answered, written_by=None if companion.email else cast.members["front_desk"][0],
        )  # fmt: skip


def book_at(cast: Cast, plan: CarePlan, companion: RelatedPerson | None, chair: Chair, begins: datetime) -> Appointment:
    """One sitting from ``begins``, around now or in the past; of the last days with who attended and who drove."""
    now = timezone.now()
    appointment = Appointment.objects.create(
        clinic=cast.clinic, patient_id=plan.patient_id, care_plan=plan, chair=chair,
        during=DateTimeTZRange(begins, begins + SITTING),
        companion=companion, booked_at=min(begins, now) - timedelta(days=3),
        booked_by=cast.members["front_desk"][0],
    )  # fmt: skip
    if now - begins < _REMEMBERED:
        nurses = cast.members["nurse"]
        nurse = nurses[cast.chairs.index(chair) * len(nurses) // len(cast.chairs)]
        Attendance.objects.create(
            clinic=cast.clinic, patient_id=plan.patient_id, appointment=appointment, member=nurse, role="nurse",
            during=appointment.during,
        )  # fmt: skip
        if companion is not None:
            EscortAnswer.objects.create(
                clinic=cast.clinic, patient_id=plan.patient_id, appointment=appointment, person=companion,
                starts_at=begins, comes=True, answered_at=min(begins, now) - timedelta(days=1, hours=2),
                written_by=None if companion.email else cast.members["front_desk"][0],
            )  # fmt: skip
    return appointment


_REMEMBERED = timedelta(days=10)


def _wait_for_earlier(cast: Cast) -> None:
    """Two or three would come earlier, and have said when they can."""
    later = (
        Appointment.objects.filter(during__startswith__gt=timezone.now() + timedelta(days=5), status="booked")
        .order_by("patient_id", "id").distinct("patient_id").values_list("patient_id", "care_plan_id")
    )  # fmt: skip
    for number, (patient_id, course_id) in enumerate(later[1:8:3]):
        waiting.join(by=cast.team.desk, care_plan_id=course_id, now=timezone.now() - timedelta(days=number, hours=6))
        series.state_times(
            by=cast.team.desk, patient_id=patient_id, weekdays=((0, 2), (1, 3), ())[number], parts=("morning",),
            now=timezone.now() - timedelta(days=number, hours=6),
        )  # fmt: skip


# --- questionnaires ---


def _depression(arc: str, baseline: int, session: int, own: random.Random) -> int:
    """PHQ-9 before the given session, on the arc that this person takes."""
    share = {
        "responds": (1.0, 0.78, 0.6, 0.47, 0.38, 0.32, 0.28), "slowly": (1.0, 0.93, 0.86, 0.77, 0.68, 0.6, 0.55),
        "none": (1.0, 0.97, 0.94, 0.95, 0.92, 0.94, 0.93), "worse": (1.0, 1.02, 1.06, 1.08, 1.1, 1.12, 1.12),
    }[arc or "none"]  # fmt: skip
    wave = own.gauss(0, 1.3) + (1.5 if session > 7 and session % 2 else 0)
    return max(0, min(27, round(baseline * share[min(session, len(share)) - 1] + wave)))


def _followed(walk: Walk) -> tuple[str, ...]:
    """What is asked before each session: mood and anxiety, and the scale of the illness."""
    return ("phq-9", "gad-7", "pcl-5") if walk.tale.battery == "ptsd" else ("phq-9", "gad-7")


def _totals(phq: int, own: random.Random) -> dict[str, int]:
    """Totals that go together, for the scales of the demo."""
    return {
        "phq-9": phq, "gad-7": max(0, min(21, round(phq * 0.72 + own.gauss(0, 1.5)))),
        "pcl-5": max(0, min(80, round(phq * 2.6 + own.gauss(0, 3)))), "audit-c": own.choice((0, 0, 1, 1, 2, 3)),
    }  # fmt: skip


def _battery(cast: Cast, walk: Walk) -> None:
    """The questionnaires with which an indication begins, as one sitting on the day on which the story was sent."""
    at = walk.at("sent", timedelta(minutes=25))
    battery = cast.batteries[walk.tale.battery]
    sitting = Sitting.objects.create(
        clinic=cast.clinic, patient=walk.patient, indication=battery.indication, rule_id=battery.rule.id,
        rule_version=battery.rule.version, rule_hash=battery.rule.hash, due_at=at + timedelta(days=3),
        requested_at=walk.at("invited", timedelta(minutes=30)), requested_by=cast.members["nurse"][0],
    )  # fmt: skip
    _measure(cast, walk, walk.tale.phq, at, tuple(each.id for each in battery.asked), sitting)
    cast.write()


def _measure(
    cast: Cast, walk: Walk, phq: int, at: datetime, scales: Sequence[str], sitting: Sitting | None = None
) -> None:
    """Asked, answered and scored: every scale of one occasion at once."""
    own, patient = walk.own, walk.patient
    dark = 2 if phq >= 20 and own.random() < 0.4 else 1 if phq >= 15 and own.random() < 0.45 else 0
    totals = _totals(phq, own)
    asked = [scale(each) for each in scales]
    given = [_answers(each, totals[each.id], dark if each.id == "phq-9" else None, own) for each in asked]
    requests = [
        MeasureRequest(
            clinic=cast.clinic, patient=patient, scale_id=each.id, sitting=sitting,
            due_at=sitting.due_at if sitting else at + timedelta(days=1),
            requested_at=sitting.requested_at if sitting else at - timedelta(days=2),
            requested_by=cast.members["nurse"][0],
        )
        for each in asked
    ]  # fmt: skip
    results = [_scored(each, answers) for each, answers in zip(asked, given, strict=True)]
    responses = [
        QuestionnaireResponse(
            clinic=cast.clinic, patient=patient, request=request, scale_id=each.id, scale_version=str(each.version),
            scale_hash=each.hash, family=each.family, language=patient.language, started_at=at - timedelta(minutes=4),
            completed_at=at, score=Decimal(result.total), band=result.band.code if result.band else "",
            safety_positive=bool(result.safety), findings=list(result.findings),
            parts={code: float(value) for code, value in result.parts.items()},
        )
        for each, request, result in zip(asked, requests, results, strict=True)
    ]  # fmt: skip
    cast.add(*requests, *responses)
    cast.add(*(
        Answer(clinic=cast.clinic, patient=patient, response=response, link_id=link_id, value=value, answered_at=at)
        for response, answers in zip(responses, given, strict=True)
        for link_id, value in answers.items()
    ))  # fmt: skip
    for response, answers, result in zip(responses, given, results, strict=True):
        if result.safety:
            _flag(cast, patient, response, result.safety, answers, at, own)


def _scored(asked: Scale, answers: dict[str, int | None]) -> Score:
    result = asked.score(answers)
    assert not isinstance(result, Refusal), (asked.id, result)
    return result


def _answers(asked: Scale, total: int, last_at_most: int | None, own: random.Random) -> dict[str, int | None]:
    """``total`` spread over the scored items; the last one (thoughts of death) held at ``last_at_most``."""
    items = [item for item in asked.items if item.scored]
    most = [max(item.values) for item in items]
    if last_at_most is not None:
        most[-1] = last_at_most
    values = dict(zip((item.link_id for item in items), _spread(total, most, own), strict=True))
    given: dict[str, int | None] = {}
    for item in asked.items:  # an item without points says how hard it all makes life
        given[item.link_id] = values.get(item.link_id, min(max(item.values), round(total / 8)))
    return given


def _spread(total: int, most: Sequence[int], own: random.Random) -> list[int]:
    values = [0] * len(most)
    for _ in range(min(total, sum(most))):
        values[own.choice([index for index, value in enumerate(values) if value < most[index]])] += 1
    return values


def _flag(
    cast: Cast, patient: Patient, response: QuestionnaireResponse, items: tuple[str, ...],
    answers: dict[str, int | None], at: datetime, own: random.Random,
) -> None:  # fmt: skip
    flag = Flag(
        clinic=cast.clinic, patient=patient, kind="suicidal_thoughts", raised_at=at, response=response,
        detail=", ".join(f"{response.scale_id} {item} = {answers[item]}" for item in items),
    )  # fmt: skip
    cast.add(flag)
    if timezone.now() - at < timedelta(days=1):
        return  # the newest still wait for somebody
    who = cast.members["therapist"][0] if own.random() < 0.5 else cast.members["prescriber"][0]
    steps = (
        ("seen", "", 25), ("contacted", "Phoned. Passive thoughts, no plan, no means at hand. Partner is at home.", 70),
        ("closed", "Safety plan gone through again together; next visit kept. Will call if it changes.", 95),
    )  # fmt: skip
    cast.add(*(
        FlagAnswer(
            clinic=cast.clinic, patient=patient, flag=flag, kind=kind, note=note, at=at + timedelta(minutes=after),
            by=who, by_name=str(who), outcome="safety_plan" if kind == "closed" else "",
        )
        for kind, note, after in steps
    ))  # fmt: skip


def _ask(cast: Cast, patient: Patient, due_at: datetime, scales: Sequence[str]) -> None:
    MeasureRequest.objects.bulk_create(
        MeasureRequest(
            clinic=cast.clinic, patient=patient, scale_id=scale_id, due_at=due_at, requested_at=timezone.now(),
            requested_by=cast.members["nurse"][0],
        )
        for scale_id in scales
    )  # fmt: skip


# --- a session that is over ---


def session(cast: Cast, appointment: Appointment, own: random.Random, ending: str, *, sparse: bool) -> None:
    """From the arrival to the door, as it was written down that day."""
    begins = appointment.during.lower
    arrived = begins + timedelta(minutes=own.randint(-8, 6))
    if ending == "did_not_attend":
        encounter = open_encounter(cast, appointment, begins)
        words = cast.say(("No answer on the phone.", "No contesta el teléfono."))
        missed = Entered("did_not_attend", begins + timedelta(minutes=30), words)
        doses.enter(cast, encounter, [missed], cast.members["front_desk"][0])
        return
    encounter = open_encounter(cast, appointment, arrived)
    nurse, other = own.sample(cast.members["nurse"], 2)
    dose_at = arrived + timedelta(minutes=own.randint(18, 28))
    drawn = doses.prepare(cast, encounter, dose_at, nurse, other, own)
    given = doses.give(drawn, doses.infusion(cast, ending, own), own)
    leaves = given.over_at + timedelta(minutes=own.randint(84, 92))
    entered = [
        Entered("arrived", arrived), Entered("checked", dose_at - timedelta(minutes=5)), *given.states,
        Entered("ready_to_leave", leaves - timedelta(minutes=3)), Entered("left", leaves),
    ]  # fmt: skip
    doses.enter(cast, encounter, entered, nurse)
    episode = own.choices(("normal", "hypertensive", "desaturation"), (84, 12, 4))[0]
    vitals(cast, encounter, dose_at, leaves, episode, own.randint(1, 10**6), _every_s(begins, sparse=sparse), nurse)
    doses.note(drawn, own, desaturates=episode == "desaturation", until=leaves)
    ready_checks(cast, encounter, leaves - timedelta(minutes=4), nurse)
    cast.add(Discharge(
        clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, companion=appointment.companion,
        companion_name=appointment.companion.name if appointment.companion else "",
        criteria={
            "padss": 10, "aldrete": 10, "escort_present": True,
            "minutes_since_dose_end": (leaves - given.over_at).seconds // 60,
        },
        at=leaves, by=nurse,
    ))  # fmt: skip


def _every_s(begins: datetime, *, sparse: bool) -> int:
    """How often a reading was kept: by the minute of late, thinner further back, so that a start stays short."""
    return 600 if sparse else 60 if timezone.now() - begins < _REMEMBERED else 180


def open_encounter(cast: Cast, appointment: Appointment, at: datetime) -> Encounter:
    """The session of an appointment, with its protocol frozen into it."""
    rule = book().rule(appointment.care_plan.protocol_id)
    return Encounter.objects.create(
        clinic=cast.clinic, patient_id=appointment.patient_id, care_plan=appointment.care_plan,
        appointment=appointment, chair=appointment.chair, protocol_id=rule.id, protocol_version=str(rule.version),
        protocol_hash=rule.hash, opened_at=at,
    )  # fmt: skip


def ready_checks(cast: Cast, encounter: Encounter, at: datetime, nurse: Membership) -> None:
    """Every item of discharge, Aldrete, PADSS and the companion."""
    items = [item.id for item in protocol.read(book().rule(encounter.protocol_id)).discharge]
    cast.add(*(
        CheckResult(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, item_id=item, outcome="passed",
            value="10" if item in SCALES else "", at=at, by=nurse,
        )
        for item in (*items, *SCALES, "companion_here")
    ))  # fmt: skip


def monitor_readings(
    session: alarm_store.Session, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    device_id: int | None,
) -> Iterator[judging.NewReading]:  # fmt: skip
    """What a monitor would have sent from five minutes before the dose: rates, saturation, and each cuff once."""
    t, cuff_t = 0.0, -1.0
    begins = dose_at - timedelta(seconds=BASELINE_S)
    while begins + timedelta(seconds=t) <= until:
        sample = readings(episode, seed, t)
        at = begins + timedelta(seconds=t)
        for code, value, unit in (("hr", sample.hr, "/min"), ("spo2", sample.spo2, "%"), ("rr", sample.rr, "/min")):
            if value is not None:
                yield judging.NewReading(session, code, value, unit, at, at, at, judging.MONITOR, device_id)
        if sample.cuff is not None and sample.cuff.t > cuff_t:
            cuff_t = sample.cuff.t
            cuff_at = begins + timedelta(seconds=cuff_t)
            for code, value in (
                ("nibp_sys", sample.cuff.sys),
                ("nibp_dia", sample.cuff.dia),
                ("nibp_map", sample.cuff.map),
            ):
                yield judging.NewReading(
                    session, code, value, "mm[Hg]", cuff_at, cuff_at, cuff_at, judging.MONITOR, device_id
                )
        t += every_s


def vitals(
    cast: Cast, encounter: Encounter, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    nurse: Membership,
) -> None:  # fmt: skip
    """Readings through the real door, judged by the clinic's rules; what rose was acknowledged and recovered."""
    session = alarm_store.Session(cast.clinic.pk, encounter.pk, encounter.patient_id, encounter.protocol_id)
    device_id = cast.device.pk if cast.device else None
    all_readings = list(monitor_readings(session, dose_at, until, episode, seed, every_s, device_id))
    before = [one for one in all_readings if one.effective_at < dose_at]
    after = [one for one in all_readings if one.effective_at >= dose_at]
    with transaction.atomic(), connection.cursor() as wrapped:
        cursor = wrapped.cursor
        ingest.record_batch(cursor, before, dose_at)
        # The second lot comes at once, hours after the first: nobody was silent in between.
        CurrentVital.objects.filter(encounter=encounter).update(baseline=_own_value(), silent_after=None)
        outcome = ingest.record_batch(cursor, after, until)
        seen = [
            (
                s,
                rule,
                Happening(
                    Event.ACKNOWLEDGED, happening.at + timedelta(seconds=35), happening.priority, happening.reason
                ),
            )
            for s, rule, happening in outcome.happenings
            if happening.event is Event.RAISED
        ]
        alarm_store.insert_events(cursor, seen, by_id=nurse.pk)
    cast.watched.append(encounter)


def _own_value() -> object:
    from django.db.models import F

    return F("value")
