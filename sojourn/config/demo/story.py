"""History from a seed: who came, what was booked, given, measured and answered over the last months."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from sojourn.care.booking.models import Appointment, Chair
from sojourn.care.chart.queries import content_hash, session_records
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.monitoring import ledger
from sojourn.care.monitoring.models import AlarmState, Device, Signal
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety.models import Flag, FlagAnswer
from sojourn.care.treatment.models import (
    CheckResult,
    Discharge,
    DoseCheck,
    Encounter,
    MedicationAdministration,
    RecordSignature,
    SessionEvent,
    SessionState,
)
from sojourn.clinical import protocol
from sojourn.clinical.alarms import Event, Happening
from sojourn.clinical.scales import Refusal
from sojourn.config.demo import people
from sojourn.config.demo.people import DemoClinic
from sojourn.config.virtual_monitor import BASELINE_S, readings
from sojourn.foundation.accounts.asker import Asker, as_asker
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.queries import asker_of, house
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook import actions as rulebook
from sojourn.foundation.rulebook.load import book
from sojourn.foundation.rulebook.queries import standings
from sojourn.foundation.rulebook.scales import scale

PROTOCOL = "iv_racemic_40min"
INDUCTION_DAYS = (0, 3, 7, 10, 14, 17)
SLOTS = (time(8, 30), time(11, 45), time(15, 0))
SITTING = timedelta(minutes=150)

# How the forty stand on the way: stage, and the arc of their depression.
STAGES = (
    ("asked", ""), ("asked", ""), ("asked", ""), ("asked", ""),
    *(("planned", "") for _ in range(5)),
    *(("induction", arc) for arc in ("responds", "slowly", "responds", "none", "responds", "slowly", "responds",
                                     "none", "responds", "worse")),
    *(("after", arc) for arc in ("responds", "responds", "slowly", "none", "responds", "slowly")),
    *(("maintenance", arc) for arc in ("responds", "responds", "slowly", "responds", "responds", "slowly",
                                       "responds", "responds", "slowly")),
    ("ended", "none"), ("ended", "worse"), ("ended", "none"), ("ended", "responds"),
    ("stopped", "slowly"), ("absent", "slowly"),
)  # fmt: skip


@dataclass
class Cast:
    """A demo clinic with its people and chairs."""

    clinic: Clinic
    members: dict[str, list[Membership]]
    chairs: list[Chair]
    device: Device | None = None
    taken: set[tuple[int, datetime]] = field(default_factory=set)  # chairs, and patients by their negative number

    def asker(self, role: str, number: int = 0) -> Asker:
        return asker_of(self.members[role][number])


def make_clinic(demo: DemoClinic, *, scale: int, seed: int) -> None:
    """Make the clinic, its people, rules, patients and their history. The caller holds the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with as_asker(house(clinic_id, "Demo")) as by:
        cast = _cast(demo, clinic_id)
        record(by, "demo.made", cast.clinic, seed=seed, scale=scale)
    with as_asker(cast.asker("prescriber")) as prescriber:
        waiting = {each.newest.id: each.newest.hash for each in standings(cast.clinic.pk) if each.waits}
        rulebook.adopt_set(by=prescriber, shown=waiting, signature=prescriber.name)
    for number in range(demo.patients * scale):
        with as_asker(house(clinic_id, "Demo")):
            _patient(demo, cast, number, random.Random(f"{demo.slug}-{seed}-{number}"), sparse=scale > 1)
    with as_asker(house(clinic_id, "Demo")):
        sign_past(cast, days=30 if scale > 1 else None)


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


def _person(email: str, encoded: str, language: str) -> Person:
    return Person.objects.create(email=email, password=encoded, demo=True, language=language)


def _cast(demo: DemoClinic, clinic_id: int) -> Cast:
    clinic = Clinic.objects.create(
        id=clinic_id, name=demo.name, slug=demo.slug, time_zone=demo.time_zone, language=demo.language,
        jurisdiction=demo.jurisdiction, address=demo.address, phone=demo.phone,
        crisis_name="988 Suicide & Crisis Lifeline", crisis_phone="988",
    )  # fmt: skip
    encoded = make_password(people.PASSWORD)
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
            )
        )
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


# --- one patient ---


def _patient(demo: DemoClinic, cast: Cast, number: int, own: random.Random, *, sparse: bool) -> None:
    stage, arc = (
        STAGES[number % len(STAGES)] if demo.patients >= len(STAGES) else STAGES[(number * 5 + 4) % len(STAGES)]
    )
    now = timezone.now()
    zone = cast.clinic.zone
    weeks = {"asked": 0, "planned": 0, "induction": 2, "after": 5, "maintenance": own.randint(18, 34), "ended": 14,
             "stopped": 3, "absent": 3}[stage]  # fmt: skip
    begins = now.astimezone(zone).date() - timedelta(weeks=weeks, days=own.randint(2, 9))
    patient = _who(demo, cast, number, own, begins)
    if stage == "asked":
        _ask(cast, patient, now + timedelta(days=own.randint(1, 5)))
        return
    companion = RelatedPerson.objects.create(
        clinic=cast.clinic, patient=patient, name=f"{own.choice(people.GIVEN[own.choice(('female', 'male'))])} "
        f"{patient.family_name}", relationship=own.choice(people.RELATIONS),
        phone=f"+1 303 555 0{own.randint(100, 199)}", email="", created_at=_at(begins, time(10), zone),
    )  # fmt: skip
    weight = own.randint(52, 104)
    plan = CarePlan.objects.create(
        clinic=cast.clinic, patient=patient, title="Induction", indication=own.choice(people.INDICATIONS),
        protocol_id=PROTOCOL, dose_mg=Decimal(round(weight * 0.5 * 2) / 2).quantize(Decimal("0.1")),
        planned_sessions=6,
        intention=own.choice(people.INTENTIONS), started_on=begins,
        ended_on=begins + timedelta(days=45) if stage == "ended" else None,
        created_at=_at(begins, time(11), zone), created_by=cast.members["prescriber"][0],
    )  # fmt: skip
    baseline = own.randint(15, 23)
    _measure(cast, patient, baseline, _at(begins, time(9), zone), own)
    if stage == "planned":
        _book(cast, plan, companion, now.astimezone(zone).date() + timedelta(days=own.randint(1, 9)))
        _ask(cast, patient, now + timedelta(days=2))
        return
    days = _session_days(stage, begins, now.date(), own)
    _sessions(cast, plan, companion, stage, arc, baseline, days, own, sparse=sparse)
    today = now.astimezone(zone).date()
    if stage in {"after", "ended"}:
        for week in range(1, 4):
            day = days[5] + timedelta(weeks=week)
            if day < today:
                _measure(cast, patient, _depression(arc, baseline, 7, own), _at(day, time(18), zone), own)
    if stage == "maintenance":
        _book(cast, plan, companion, today + timedelta(days=own.randint(2, 20)))
    if stage != "ended" and own.random() < 0.6:
        _ask(cast, patient, now + timedelta(days=own.randint(0, 4)))


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
    cast: Cast, plan: CarePlan, companion: RelatedPerson, stage: str, arc: str, baseline: int, days: list[date],
    own: random.Random, *, sparse: bool,
) -> None:  # fmt: skip
    """What of the course has happened, and the next sitting booked."""
    today = timezone.now().astimezone(cast.clinic.zone).date()
    for index, day in enumerate(days):
        if day >= today:
            _book(cast, plan, companion, max(day, today + timedelta(days=1)))
            return
        ending = {("stopped", 1): "stopped_early", ("absent", 2): "did_not_attend"}.get((stage, index), "left")
        appointment = _book(cast, plan, companion, day)
        if index:
            score = _depression(arc, baseline, index + 1, own)
            before = appointment.during.lower - timedelta(hours=own.randint(3, 20))
            _measure(cast, plan.patient, score, before, own)
        _session(cast, appointment, own, ending, sparse=sparse)


def _who(demo: DemoClinic, cast: Cast, number: int, own: random.Random, begins: date) -> Patient:
    sex = own.choices(("female", "male", "other"), (58, 38, 4))[0]
    given = people.GIVEN[sex][number % len(people.GIVEN[sex])]
    family = people.FAMILY[(number * 7 + 3) % len(people.FAMILY)]
    patient = Patient.objects.create(
        clinic=cast.clinic, record_number=f"{demo.prefix}-{number + 1:05d}", given_name=given, family_name=family,
        birth_date=date(own.randint(1956, 2003), own.randint(1, 12), own.randint(1, 28)), sex=sex,
        email=f"{given}.{family}.{number}@example.com".lower(), phone=f"+1 303 555 0{own.randint(100, 199)}",
        language="es" if demo.language == "es" or own.random() < 0.15 else "en",
        restricted=number == 17, created_at=_at(begins - timedelta(days=6), time(14), cast.clinic.zone),
        created_by=cast.members["front_desk"][0],
    )  # fmt: skip
    if number == _SIGNED_IN_PATIENT:
        person = _person(f"patient@{demo.domain}", make_password(people.PASSWORD), demo.language)
        Membership.objects.create(
            clinic=cast.clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
        )
    return patient


_SIGNED_IN_PATIENT = 9  # the first of those in their induction: she is the one in the chair today


def _at(day: date, clock: time, zone: object) -> datetime:
    return datetime.combine(day, clock, zone)  # type: ignore[arg-type]


def _book(cast: Cast, plan: CarePlan, companion: RelatedPerson | None, day: date) -> Appointment:
    """The first free chair and slot from ``day`` on; clinics rest at the weekend."""
    while True:
        if day.weekday() < 5:
            for slot in SLOTS:
                for chair in cast.chairs:
                    begins = _at(day, slot, cast.clinic.zone)
                    if not cast.taken & {(chair.pk, begins), (-plan.patient_id, begins)}:
                        cast.taken |= {(chair.pk, begins), (-plan.patient_id, begins)}
                        return book_at(cast, plan, companion, chair, begins)
        day += timedelta(days=1)


def book_at(cast: Cast, plan: CarePlan, companion: RelatedPerson | None, chair: Chair, begins: datetime) -> Appointment:
    """Book one sitting from ``begins``."""
    return Appointment.objects.create(
        clinic=cast.clinic, patient_id=plan.patient_id, care_plan=plan, chair=chair,
        during=DateTimeTZRange(begins, begins + SITTING),
        companion=companion, booked_at=min(begins, timezone.now()) - timedelta(days=3),
        booked_by=cast.members["front_desk"][0],
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


def _spread(total: int, items: int, own: random.Random, last_at_most: int) -> list[int]:
    """``total`` over items of 0 to 3, the last one (thoughts of death) held lower than the rest."""
    values = [0] * items
    while sum(values) < total:
        index = own.randrange(items)
        most = last_at_most if index == items - 1 else 3
        if values[index] < most:
            values[index] += 1
        elif all(v == 3 for v in values[:-1]) and values[-1] >= most:
            break
    return values


def _measure(cast: Cast, patient: Patient, phq: int, at: datetime, own: random.Random) -> None:
    dark = 2 if phq >= 20 and own.random() < 0.4 else 1 if phq >= 15 and own.random() < 0.45 else 0
    gad = max(0, min(21, round(phq * 0.72 + own.gauss(0, 1.5))))
    for scale_id, total, last in (("phq-9", phq, dark), ("gad-7", gad, 3)):
        asked = scale(scale_id)
        scored = [item.link_id for item in asked.scored]
        answers: dict[str, int | None] = dict(
            zip(scored, _spread(min(total, 3 * (len(scored) - 1) + last), len(scored), own, last), strict=True)
        )
        for item in asked.items:
            if item.link_id not in answers:
                answers[item.link_id] = min(3, max(0, round(total / 8)))
        result = asked.score(answers)
        assert not isinstance(result, Refusal)
        request = MeasureRequest.objects.create(
            clinic=cast.clinic, patient=patient, scale_id=scale_id, due_at=at + timedelta(days=1),
            requested_at=at - timedelta(days=2), requested_by=cast.members["nurse"][0],
        )  # fmt: skip
        response = QuestionnaireResponse.objects.create(
            clinic=cast.clinic, patient=patient, request=request, scale_id=scale_id, scale_version=str(asked.version),
            scale_hash=asked.hash, language=patient.language, started_at=at - timedelta(minutes=4),
        )  # fmt: skip
        Answer.objects.bulk_create(
            Answer(clinic=cast.clinic, patient=patient, response=response, link_id=link_id, value=value, answered_at=at)
            for link_id, value in answers.items()
        )
        if result.safety:
            _flag(cast, patient, response, result.safety, answers, at, own)
        response.completed_at, response.score = at, Decimal(result.total)
        response.band = result.band.code if result.band else ""
        response.safety_positive = bool(result.safety)
        response.save()


def _flag(
    cast: Cast, patient: Patient, response: QuestionnaireResponse, items: tuple[str, ...],
    answers: dict[str, int | None], at: datetime, own: random.Random,
) -> None:  # fmt: skip
    flag = Flag.objects.create(
        clinic=cast.clinic, patient=patient, kind="suicidal_thoughts", raised_at=at, response=response,
        detail=", ".join(f"{response.scale_id} {item} = {answers[item]}" for item in items),
    )  # fmt: skip
    if timezone.now() - at < timedelta(days=1):
        return  # the newest still wait for somebody
    who = cast.members["therapist"][0] if own.random() < 0.5 else cast.members["prescriber"][0]
    steps = (
        ("seen", "", 25), ("contacted", "Phoned. Passive thoughts, no plan, no means at hand. Partner is at home.", 70),
        ("closed", "Safety plan gone through again together; next visit kept. Will call if it changes.", 95),
    )  # fmt: skip
    FlagAnswer.objects.bulk_create(
        FlagAnswer(
            clinic=cast.clinic, patient=patient, flag=flag, kind=kind, note=note, at=at + timedelta(minutes=after),
            by=who,
        )
        for kind, note, after in steps
    )  # fmt: skip


def _ask(cast: Cast, patient: Patient, due_at: datetime) -> None:
    for scale_id in ("phq-9", "gad-7"):
        MeasureRequest.objects.create(
            clinic=cast.clinic, patient=patient, scale_id=scale_id, due_at=due_at, requested_at=timezone.now(),
            requested_by=cast.members["nurse"][0],
        )  # fmt: skip


# --- a session that is over ---


def _session(cast: Cast, appointment: Appointment, own: random.Random, ending: str, *, sparse: bool) -> None:
    begins = appointment.during.lower
    arrived = begins + timedelta(minutes=own.randint(-8, 6))
    if ending == "did_not_attend":
        encounter = open_encounter(cast, appointment, begins)
        missed = ("did_not_attend", begins + timedelta(minutes=30), "No answer on the phone.")
        states(cast, encounter, [missed], cast.members["front_desk"][0])
        return
    encounter = open_encounter(cast, appointment, arrived)
    nurse, other = own.sample(cast.members["nurse"], 2)
    dose_at = arrived + timedelta(minutes=own.randint(18, 28))
    stops = ending == "stopped_early"
    dose_ends = dose_at + timedelta(minutes=18 if stops else 40)
    leaves = dose_ends + timedelta(minutes=own.randint(82, 96))
    entered = [
        ("arrived", arrived, ""), ("checked", dose_at - timedelta(minutes=5), ""), ("dosing", dose_at, ""),
        *([("stopped_early", dose_ends, "Asked to stop: too much, too fast.")] if stops else []),
        ("observing", dose_ends, ""), ("ready_to_leave", leaves - timedelta(minutes=3), ""), ("left", leaves, ""),
    ]  # fmt: skip
    states(cast, encounter, entered, nurse)
    checks(cast, encounter, dose_at - timedelta(minutes=6), nurse)
    dose(cast, encounter, dose_at, nurse, other, own)
    episode = own.choices(("normal", "hypertensive", "desaturation"), (84, 12, 4))[0]
    vitals(cast, encounter, dose_at, leaves, episode, own.randint(1, 10**6), 600 if sparse else 60, nurse)
    noted = [
        (kind, note, dose_at + timedelta(minutes=own.randint(8, 36))) for kind, note in own.sample(people.EVENTS, 2)
    ]
    SessionEvent.objects.bulk_create(
        SessionEvent(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, kind=kind, note=note, at=at,
            recorded_at=at, by=nurse,
        )
        for kind, note, at in noted
    )  # fmt: skip
    ready_checks(cast, encounter, leaves - timedelta(minutes=4), nurse)
    Discharge.objects.create(
        clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, companion=appointment.companion,
        companion_name=appointment.companion.name if appointment.companion else "",
        criteria={"padss": 10, "escort_present": True, "minutes_since_dose_end": (leaves - dose_ends).seconds // 60},
        at=leaves, by=nurse,
    )  # fmt: skip


def open_encounter(cast: Cast, appointment: Appointment, at: datetime) -> Encounter:
    """The session of an appointment, with its protocol frozen into it."""
    rule = book().rule(appointment.care_plan.protocol_id)
    return Encounter.objects.create(
        clinic=cast.clinic, patient_id=appointment.patient_id, care_plan=appointment.care_plan,
        appointment=appointment, chair=appointment.chair, protocol_id=rule.id, protocol_version=str(rule.version),
        protocol_hash=rule.hash, opened_at=at,
    )  # fmt: skip


def states(
    cast: Cast, encounter: Encounter, entered: list[tuple[str, datetime, str]], by: Membership, after: int = 0
) -> None:
    """The session entered these states, one after the other; ``after`` is how many it has been in already."""
    SessionState.objects.bulk_create(
        SessionState(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, seq=after + number, state=name,
            at=at, by=by, reason=reason,
        )
        for number, (name, at, reason) in enumerate(entered, start=1)
    )  # fmt: skip


def checks(cast: Cast, encounter: Encounter, at: datetime, nurse: Membership) -> None:
    """Every item of the pre-flight checklist that readings do not answer."""
    items = protocol.read(book().rule(encounter.protocol_id)).checklist
    CheckResult.objects.bulk_create(
        CheckResult(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, item_id=item.id, outcome="passed",
            at=at - timedelta(seconds=20 * number), by=nurse,
        )
        for number, item in enumerate(items)
        if not item.vitals
    )  # fmt: skip


def ready_checks(cast: Cast, encounter: Encounter, at: datetime, nurse: Membership) -> None:
    """Every item of discharge, PADSS and the companion."""
    items = [item.id for item in protocol.read(book().rule(encounter.protocol_id)).discharge]
    CheckResult.objects.bulk_create(
        CheckResult(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, item_id=item, outcome="passed",
            value="10" if item == "padss" else "", at=at, by=nurse,
        )
        for item in (*items, "padss", "companion_here")
    )  # fmt: skip


def dose(
    cast: Cast, encounter: Encounter, at: datetime, nurse: Membership, other: Membership, own: random.Random
) -> None:
    """Prepared by one, checked by another, given."""
    rule = protocol.read(book().rule(encounter.protocol_id))
    common = {
        "clinic": cast.clinic, "patient_id": encounter.patient_id, "encounter": encounter, "drug": rule.drug,
        "route": rule.route, "dose_mg": encounter.care_plan.dose_mg, "lot": f"KT{at:%y%m}{own.randint(10, 99)}",
    }  # fmt: skip
    DoseCheck.objects.bulk_create(
        DoseCheck(**common, at=at - timedelta(minutes=minutes), by=who) for who, minutes in ((nurse, 4), (other, 3))
    )
    MedicationAdministration.objects.create(
        **common, duration_min=Decimal(rule.dose_minutes), expires_on=at.date() + timedelta(days=400), started_at=at,
        given_by=nurse, checked_by=other, checked_at=at - timedelta(minutes=3), recorded_at=at,
    )  # fmt: skip


def monitor_readings(
    session: ledger.Session, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    device_id: int | None,
) -> Iterator[ledger.NewReading]:  # fmt: skip
    """What a monitor would have sent from five minutes before the dose: rates, saturation, and each cuff once."""
    t, cuff_t = 0.0, -1.0
    begins = dose_at - timedelta(seconds=BASELINE_S)
    while begins + timedelta(seconds=t) <= until:
        sample = readings(episode, seed, t)
        at = begins + timedelta(seconds=t)
        for code, value, unit in (("hr", sample.hr, "/min"), ("spo2", sample.spo2, "%"), ("rr", sample.rr, "/min")):
            if value is not None:
                yield ledger.NewReading(session, code, value, unit, at, at, at, ledger.MONITOR, device_id)
        if sample.cuff is not None and sample.cuff.t > cuff_t:
            cuff_t = sample.cuff.t
            cuff_at = begins + timedelta(seconds=cuff_t)
            for code, value in (
                ("nibp_sys", sample.cuff.sys),
                ("nibp_dia", sample.cuff.dia),
                ("nibp_map", sample.cuff.map),
            ):
                yield ledger.NewReading(
                    session, code, value, "mm[Hg]", cuff_at, cuff_at, cuff_at, ledger.MONITOR, device_id
                )
        t += every_s


def vitals(
    cast: Cast, encounter: Encounter, dose_at: datetime, until: datetime, episode: str, seed: int, every_s: int,
    nurse: Membership,
) -> None:  # fmt: skip
    """Readings through the real door, judged by the clinic's rules; what rose was acknowledged and recovered."""
    session = ledger.Session(cast.clinic.pk, encounter.pk, encounter.patient_id, encounter.protocol_id)
    device_id = cast.device.pk if cast.device else None
    all_readings = list(monitor_readings(session, dose_at, until, episode, seed, every_s, device_id))
    before = [one for one in all_readings if one.effective_at < dose_at]
    after = [one for one in all_readings if one.effective_at >= dose_at]
    with transaction.atomic(), connection.cursor() as wrapped:
        cursor = wrapped.cursor
        ledger.take(cursor, before, dose_at)
        Signal.objects.filter(encounter=encounter).update(baseline=_own_value())
        outcome = ledger.take(cursor, after, until)
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
        ledger.insert_events(cursor, seen, by_id=nurse.pk)
        Signal.objects.filter(encounter=encounter).update(silent_after=None)
        AlarmState.objects.filter(encounter=encounter).update(phase="quiet", deadline_at=None)


def _own_value() -> object:
    from django.db.models import F

    return F("value")
