"""The hour in the chair, as the product's own steps would have written it down: the scale and the checklist, the dose
drawn up and read by two people, the pump, what somebody suffered under and what was given against it, and the waste.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID, uuid4

from django.utils import translation
from django.utils.translation import gettext as _

from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import medicine_actions, snapshot
from sojourn.care.session.event_kinds import KINDS, WHY_STOPPED
from sojourn.care.session.models import (
    CheckResult,
    DoseCheck,
    DoseEvent,
    GivenMedicine,
    MedicationAdministration,
    SessionEvent,
    Waste,
    WasteWitness,
)
from sojourn.care.session.road import stands_against
from sojourn.care.session.snapshot import Against
from sojourn.clinical import protocol
from sojourn.clinical.administration import Delivered
from sojourn.clinical.administration.charted import drawn_mg
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.config.demo.cast import Cast
from sojourn.config.demo.people import CALM, DISCOMFORTS, Discomfort
from sojourn.config.demo.tales import Words
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.scope import CourseScope, PatientScope, SessionScope

_HUNDREDTH = Decimal("0.01")
_COUNTS_FOR_WEEKS = ("suicide_risk", "pregnancy_test")  # rules evidence.suicide_risk and evidence.pregnancy_test
LABORATORY_AFTER: Final = timedelta(days=150)  # before the clinic's rule (evidence.laboratory) asks for it
_LOT_KEEPS = 18  # months from the month in which the pharmacy brought it


# ---------------------------------------------------------------- how a pump runs


@dataclass(frozen=True, slots=True)
class PumpStep:
    """What somebody does at the pump, so many minutes after the start. ``rate`` is a share of the first rate; ``read``
    where what is left was read off as well."""

    kind: str
    minute: int
    rate: Decimal | None = None
    read: bool = False


# One after the other over all sessions of a clinic: most run through.
_IN_TURN: Final = {5: "paused", 11: "slower", 17: "read off"}
_TURN: Final = 24
TOO_MUCH: Final[Words] = ("Asked to stop: too much, too fast.", "Pidió parar: demasiado, demasiado rápido.")


def infusion(cast: Cast, ending: str, own: random.Random) -> tuple[PumpStep, ...]:
    """How the next one of a clinic runs: what is done after the start. Whatever is not stopped runs until it is in."""
    cast.infusions += 1
    if ending == "stopped_early":
        return (PumpStep("stop", 18, read=True),)
    kind, minute, minutes = _IN_TURN.get(cast.infusions % _TURN), own.randint(11, 22), own.randint(3, 6)
    if kind is None:
        return ()
    if kind == "slower":
        return (PumpStep("rate", minute + 4, rate=Decimal("0.8")),)
    again = PumpStep("resume", minute + minutes, rate=Decimal(1))
    return PumpStep("pause", minute, read=kind == "read off"), again


@dataclass(frozen=True, slots=True)
class Drawn:
    """What two people read off vial, syringe and pump, of the plan in force: the columns that all rows share."""

    cast: Cast
    encounter: Encounter
    version: PlanVersion
    basis: dict[str, Any]
    at: datetime  # the start
    nurse: Membership
    other: Membership

    @property
    def of_session(self) -> dict[str, Any]:
        return {
            "clinic": self.cast.clinic, "patient_id": self.encounter.patient_id, "encounter": self.encounter,
        }  # fmt: skip

    @property
    def dose(self) -> dict[str, Any]:
        """Drug, amount and vial."""
        version = self.version
        lot, expires_on = _lot(self.cast, self.at)
        return {
            **self.of_session, "drug": version.drug, "route": version.route, "dose_mg": self.mg,
            "drawn_mg": drawn_mg(self.mg, version.stock_mg_per_ml, self.drawn_ml), "lot": lot, "expires_on": expires_on,
            "stock_mg_per_ml": version.stock_mg_per_ml, "total_ml": self.bag_ml, "rate_ml_per_h": self.rate,
        }  # fmt: skip

    @property
    def mg(self) -> Decimal:
        assert self.version.dose_mg is not None
        return self.version.dose_mg

    @property
    def drawn_ml(self) -> Decimal:
        assert self.version.stock_mg_per_ml is not None
        return self.mg / self.version.stock_mg_per_ml

    @property
    def bag_ml(self) -> Decimal:
        assert self.version.total_ml is not None
        return self.version.total_ml

    @property
    def minutes(self) -> Decimal:
        assert self.version.over_min is not None
        return self.version.over_min

    @property
    def rate(self) -> Decimal:
        """Millilitres an hour."""
        return (self.bag_ml / self.minutes * 60).quantize(_HUNDREDTH)


def _lot(cast: Cast, at: datetime) -> tuple[str, date]:
    """The vials of one month are of one lot, which keeps until the end of a month."""
    day = clinic_day(at, cast.clinic)
    month = day.year * 12 + day.month + _LOT_KEEPS  # the month after the last, counted from zero
    return f"KT{day:%y%m}{cast.clinic.slug[0].upper()}", date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


# ---------------------------------------------------------------- before the dose


def prepare(
    cast: Cast, encounter: Encounter, dose_at: datetime, nurse: Membership, other: Membership, own: random.Random
) -> Drawn:
    """Weighed, asked, the dose drawn up by one and read by another: all that the start of a dose asks."""
    weigh_and_check(cast, encounter, dose_at - timedelta(minutes=6), nurse, own)
    drawn = _drawn(cast, encounter, dose_at, nurse, other)
    for who, minutes in ((nurse, 4), (other, 3)):
        cast.add(
            DoseCheck(
                **drawn.dose, drawn_ml=drawn.drawn_ml, over_min=drawn.minutes, at=dose_at - timedelta(minutes=minutes),
                by=who,
            )
        )  # fmt: skip
    return drawn


def weigh_and_check(
    cast: Cast, encounter: Encounter, at: datetime, nurse: Membership, own: random.Random, *,
    items: Sequence[str] = (),
) -> None:  # fmt: skip
    """The items of the checklist that readings do not answer (all, or those named); the weight as a fact too, with what
    is asked or tested anew on the day of a session."""
    known = [
        each for each in protocol.read(released_rulebook().rule(encounter.protocol_id)).checklist if not each.vitals
    ]
    reached = [each for each in known if not items or each.id in items]
    kg = _weight(cast, encounter, at, own)
    cast.add(*(
        CheckResult(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, item_id=item.id, outcome="passed",
            value=f"{kg} kg" if item.id == "weight" else "", at=at - timedelta(seconds=20 * (len(reached) - number)),
            by=nurse,
        )
        for number, item in enumerate(reached)
    ))  # fmt: skip
    if any(item.id == "weight" for item in reached):
        with translation.override(cast.clinic.language):
            _keep(cast, encounter, at, nurse, {"weight_kg": float(kg)}, _("Weighed in the session"))
    _keep(cast, encounter, at - timedelta(minutes=1), nurse, _asked_anew(cast, encounter.patient_id))


def _asked_anew(cast: Cast, patient_id: int) -> dict[str, Any]:
    """What counts for some weeks only is assessed or tested again on the day of a session, with the same outcome."""
    if patient_id not in cast.asked_anew:
        known = PatientScope(patient_id).rows(ClinicalFact).filter(name__in=_COUNTS_FOR_WEEKS)
        cast.asked_anew[patient_id] = dict(known.order_by("observed_on", "id").values_list("name", "value"))
    return cast.asked_anew[patient_id]


def test_again(cast: Cast, patient_id: int, at: datetime, nurse: Membership) -> None:
    """The laboratory has tested again what it tested long ago, with the same outcome."""
    day = clinic_day(at, cast.clinic)
    newest = {
        each.name: each
        for each in PatientScope(patient_id).rows(ClinicalFact).filter(told_by="imported").order_by("observed_on", "id")
    }
    cast.add(*(
        ClinicalFact(
            clinic=cast.clinic, patient_id=patient_id, name=each.name, value=each.value, observed_on=day,
            told_by="imported", source_note=each.source_note, entered_at=at, entered_by=nurse,
            entered_by_name=nurse.name,
        )
        for each in newest.values()
        if day - each.observed_on > LABORATORY_AFTER
    ))  # fmt: skip


def _weight(cast: Cast, encounter: Encounter, at: datetime, own: random.Random) -> Decimal:
    """About the weight of the plan: scales show a little less or more from day to day."""
    weight = _against(cast, encounter, at).version.weight_kg  # type: ignore[union-attr]
    assert weight is not None
    return (weight + Decimal(own.randint(-7, 7)) / 10).quantize(Decimal("0.1"))


def _keep(
    cast: Cast, encounter: Encounter, at: datetime, nurse: Membership, values: dict[str, Any], note: str = ""
) -> None:
    """Facts of the day, as entering them writes them."""
    day = clinic_day(at, cast.clinic)
    cast.add(*(
        ClinicalFact(
            clinic=cast.clinic, patient_id=encounter.patient_id, name=name, value=value, observed_on=day,
            told_by="clinician", source_note=note, entered_at=at, entered_by=nurse, entered_by_name=nurse.name,
        )
        for name, value in values.items()
    ))  # fmt: skip


def _drawn(cast: Cast, encounter: Encounter, at: datetime, nurse: Membership, other: Membership) -> Drawn:
    against = _against(cast, encounter, at)
    assert against.version is not None
    return Drawn(cast, encounter, against.version, dict(against.basis), at, nurse, other)


def _against(cast: Cast, encounter: Encounter, at: datetime) -> Against:
    """What a dose rests on, asked of the road itself: once for each course, since its next dose rests on the same
    decision, agreements and rules."""
    if encounter.care_plan_id not in cast.standing:
        session = snapshot.load(SessionScope(encounter.pk), at)
        cast.standing[encounter.care_plan_id] = stands_against(session, "start_dose")
    return cast.standing[encounter.care_plan_id]


def planned_anew(cast: Cast, course_id: int, at: datetime) -> None:
    """The next doses of the course rest on the version that is in force at that moment."""
    if course_id in cast.standing:
        version, before = plan_queries.in_force(CourseScope(course_id), at), cast.standing[course_id]
        assert version is not None
        cast.standing[course_id] = replace(
            before, version=version, basis={**before.basis, "plan_version": version.pk}
        )  # fmt: skip


# ---------------------------------------------------------------- the dose


@dataclass(frozen=True, slots=True)
class Given:
    """``states`` that the dose took the session through, and when the last of it was over."""

    states: tuple[Entered, ...]
    over_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that a session entered."""

    state: str
    at: datetime
    reason: str = ""
    basis: dict[str, Any] | None = None


_STATES: Final = {"pause": "paused", "resume": "dosing", "rate": "dosing", "stop": "stopped_early"}
_ASKS_THE_ROAD: Final = frozenset({"start", "resume"})


def start(drawn: Drawn) -> tuple[MedicationAdministration, Entered]:
    """The dose is begun, and the pump with it."""
    row = MedicationAdministration(
        **drawn.dose, duration_min=drawn.minutes, plan_version=drawn.version, started_at=drawn.at,
        given_by=drawn.nurse, checked_by=drawn.other, checked_at=drawn.at - timedelta(minutes=3), recorded_at=drawn.at,
    )  # fmt: skip
    drawn.cast.add(row, _event(drawn, row, "start", drawn.at, rate_ml_per_h=drawn.rate))
    return row, Entered("dosing", drawn.at, basis=drawn.basis)


def give(drawn: Drawn, steps: Sequence[PumpStep], own: random.Random) -> Given:
    """The dose from its start until all of it is in or it is stopped; what was left is thrown away before a witness."""
    row, begun = start(drawn)
    states, rate, since, left = [begun], Fraction(drawn.rate), drawn.at, Fraction(drawn.bag_ml)
    for step in steps:
        at = drawn.at + timedelta(minutes=step.minute)
        left -= rate * Fraction((at - since).seconds, 3600)
        read = _read_off(left) if step.read else None
        left = left if read is None else Fraction(read)
        rate = Fraction(drawn.rate * step.rate) if step.rate else Fraction(0)
        since = at
        drawn.cast.add(_event(
            drawn, row, step.kind, at, rate_ml_per_h=drawn.rate * step.rate if step.rate else None,
            remaining_ml=read,
        ))  # fmt: skip
        states.append(Entered(_STATES[step.kind], at, basis=drawn.basis if step.kind in _ASKS_THE_ROAD else None))
    if rate:  # it runs until the bag is empty, and somebody comes to the pump a little later
        over_at = since + timedelta(seconds=round(left / rate * 3600) + own.randint(5, 40))
        drawn.cast.add(_event(drawn, row, "end", over_at))
        states.append(Entered("observing", over_at))
        return Given(tuple(states), over_at)
    _stopped(drawn, since, left)
    states.append(Entered("observing", since + timedelta(seconds=40)))
    return Given(tuple(states), since + timedelta(seconds=40))


def finish(cast: Cast, encounter: Encounter, now: datetime, nurse: Membership, other: Membership) -> Given:
    """A dose that an earlier run of the demo left as it stood: it ended when the bag was empty; a paused one is stopped
    and its rest thrown away before a witness. What it then takes the session through."""
    session = snapshot.load(SessionScope(encounter.pk), now)
    if session.state not in UNDER_WAY:
        over_at = session.dose_ended_at or encounter.opened_at + timedelta(minutes=60)
        stopped = session.state is State.STOPPED_EARLY
        return Given((Entered("observing", session.current.at),) if stopped else (), over_at)
    found, dose = session.delivered, session.dose
    assert dose is not None
    if not session.steps or not isinstance(found, Delivered):  # of an earlier version: it ran evenly over its minutes
        over_at = dose.started_at + timedelta(minutes=float(dose.duration_min))
        return Given((Entered("observing", over_at),), over_at)
    common = {"clinic": cast.clinic, "patient_id": encounter.patient_id, "encounter": encounter}
    emptied = found.emptied_at
    over_at = emptied or session.steps[-1].at + timedelta(minutes=2)
    cast.add(DoseEvent(
        **common, dose_id=dose.id, kind="end" if emptied else "stop", at=over_at, recorded_at=over_at, by=nurse
    ))  # fmt: skip
    if emptied:
        return Given((Entered("observing", over_at),), over_at)
    assert session.line is not None
    rest = (dose.drawn_mg or dose.dose_mg) - session.line.given_mg - session.line.wasted_mg
    if rest > 0:
        waste = Waste(**common, mg=rest, key=uuid4(), at=over_at, by=nurse)
        witness = WasteWitness(
            clinic=cast.clinic, patient_id=encounter.patient_id, waste=waste, at=over_at, by=other
        )  # fmt: skip
        cast.add(waste, witness)
    return Given((Entered("stopped_early", over_at), Entered("observing", over_at)), over_at)


def _event(drawn: Drawn, row: MedicationAdministration, kind: str, at: datetime, **values: Any) -> DoseEvent:
    return DoseEvent(**drawn.of_session, dose=row, kind=kind, at=at, recorded_at=at, by=drawn.nurse, **values)


def _read_off(left_ml: Fraction) -> Decimal:
    """What the display says: tenths, and a tenth less than by the clock, since pumps and clocks differ a little."""
    return Decimal(round(left_ml * 10) - 1) / 10


def _stopped(drawn: Drawn, at: datetime, left_ml: Fraction) -> None:
    """Why, in words; and what the bag still held is thrown away by one and witnessed by the other."""
    given = Fraction(drawn.mg) * (1 - left_ml / Fraction(drawn.bag_ml))
    rest = drawn.dose["drawn_mg"] - (Decimal(given.numerator) / given.denominator).quantize(_HUNDREDTH, ROUND_HALF_UP)
    waste = Waste(
        **drawn.of_session, mg=rest, how=drawn.cast.say(("Into the drug waste.", "A los residuos de medicamentos.")),
        key=_key(drawn, 1), at=at + timedelta(minutes=6), by=drawn.nurse,
    )  # fmt: skip
    drawn.cast.add(
        SessionEvent(
            **drawn.of_session, kind=WHY_STOPPED, note=drawn.cast.say(TOO_MUCH), at=at + timedelta(minutes=1),
            recorded_at=at + timedelta(minutes=1), by=drawn.nurse,
        ),
        waste,
        WasteWitness(
            clinic=drawn.cast.clinic, patient_id=drawn.encounter.patient_id, waste=waste,
            at=at + timedelta(minutes=8), by=drawn.other,
        ),
    )  # fmt: skip


def _key(drawn: Drawn, number: int) -> UUID:
    """The form's own key, of which each is sent once."""
    return UUID(int=drawn.encounter.pk * 10 + number)


def enter(cast: Cast, encounter: Encounter, entered: Sequence[Entered], by: Membership, after: int = 0) -> None:
    """The session entered these states, one after the other; ``after`` is how many it has been in already."""
    cast.add(*(
        SessionState(
            clinic=cast.clinic, patient_id=encounter.patient_id, encounter=encounter, seq=after + number,
            state=each.state, at=each.at, by=by, reason=each.reason, basis=each.basis or {},
        )
        for number, each in enumerate(entered, start=1)
    ))  # fmt: skip


# ---------------------------------------------------------------- beside it


def note(drawn: Drawn, own: random.Random, *, desaturates: bool, until: datetime) -> None:
    """What was noted while it ran: a quiet thing, and with some a discomfort, graded, with what was done and how it
    went; oxygen where the saturation fell."""
    kind, words = own.choice(CALM)
    _note(drawn, kind, drawn.at + timedelta(minutes=own.randint(8, 36)), note=drawn.cast.say(words))
    if own.random() < 0.55:
        suffer(drawn, own.choice(DISCOMFORTS), drawn.at + timedelta(minutes=own.randint(9, 30)), until)
    if desaturates:
        _by_hand(drawn, "Oxygen", "inhaled", drawn.at + timedelta(minutes=own.randint(20, 24)), 2)


def suffer(drawn: Drawn, found: Discomfort, at: datetime, until: datetime) -> None:
    """A discomfort; and what became of it, if that has been asked by ``until``."""
    event = _note(drawn, found.kind, at, grade=found.grade, measure=drawn.cast.say(found.measure))
    if found.medicine:
        _by_hand(drawn, found.medicine, "iv", at + timedelta(minutes=3), 3)
    asked = at + timedelta(minutes=found.asked_after)
    if asked < until:
        drawn.cast.add_after(_session_event(drawn, found.kind, asked, effect=found.effect, about=event))


def _note(drawn: Drawn, kind: str, at: datetime, **values: Any) -> SessionEvent:
    event = _session_event(drawn, kind, at, **values)
    drawn.cast.add(event)
    return event


def _session_event(drawn: Drawn, kind: str, at: datetime, **values: Any) -> SessionEvent:
    return SessionEvent(
        **drawn.of_session, kind=KINDS[kind].code, at=at, recorded_at=at + timedelta(seconds=20), by=drawn.nurse,
        **values,
    )  # fmt: skip


def _by_hand(drawn: Drawn, name: str, route: str, at: datetime, number: int) -> None:
    """Another medicine, with what the clinic's rules say of it. No amount: none is invented."""
    known = shipped.medicine(name)
    drawn.cast.add(GivenMedicine(
        **drawn.of_session, name=name, ingredient=known.name if known.known else "", amount=None, unit="", route=route,
        warned=_warned(drawn, name), key=_key(drawn, number), given_at=at, recorded_at=at, by=drawn.nurse,
    ))  # fmt: skip


def _warned(drawn: Drawn, name: str) -> list[dict[str, Any]]:
    if name not in drawn.cast.warned:
        found = medicine_actions.warnings(drawn.encounter, name)
        drawn.cast.warned[name] = [medicine_actions.plain(each) for each in found]
    return drawn.cast.warned[name]
