"""The evening before: what changed in the medicines of those who come next, so that it is known before they sit down.

By the same rules as at the chair (see medicines_since). Six statements, however many come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.intake import medicine_history
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.dose import protocol_way
from sojourn.care.plan.models import PlanVersion
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment
from sojourn.care.session import queries as session_queries
from sojourn.care.session.medicines_since import MedicinesSince, medicines_since

# How far ahead the next day with sessions is looked for: over a weekend and a holiday.
_LOOKS_AHEAD = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class EveLine:
    """One appointment of the next day with sessions, and what its patient's medicines say."""

    appointment: Appointment
    drug: str
    route: str
    medicines: MedicinesSince


@dataclass(frozen=True, slots=True)
class Eve:
    """The next day with sessions. ``day`` None where nobody is booked in the days that were looked at."""

    day: date | None
    lines: tuple[EveLine, ...]

    @property
    def changed(self) -> tuple[EveLine, ...]:
        """Those with something to look at, the ones that hold the dose first."""
        found = [each for each in self.lines if each.medicines]
        return tuple(sorted(found, key=lambda each: not each.medicines.reasons))


def eve(clinic_id: int, zone: ZoneInfo, today: date) -> Eve:
    """The next day with sessions after ``today``, and what each patient's medicines say. Six queries at most."""
    booked = scheduling_queries.between(today + timedelta(days=1), today + _LOOKS_AHEAD, zone)
    if not booked:
        return Eve(None, ())
    day = min(_day_of(each, zone) for each in booked)
    rows = [each for each in booked if _day_of(each, zone) == day]
    return Eve(day, tuple(_lines(clinic_id, rows)))


def _day_of(appointment: Appointment, zone: ZoneInfo) -> date:
    day: date = appointment.during.lower.astimezone(zone).date()
    return day


def _lines(clinic_id: int, rows: list[Appointment]) -> Iterable[EveLine]:
    people = [each.patient_id for each in rows]
    rules = candidacy_queries.rules(clinic_id).interactions
    lists = medicine_history.histories(people)
    decided = candidacy_queries.latest_of(people)
    signed = plan_queries.in_force_of([each.care_plan_id for each in rows])
    dosed = session_queries.last_doses(people)
    for each in rows:
        version = signed.get(each.care_plan_id)
        drug, route = _way(each, version)
        since = medicines_since(
            lists[each.patient_id], rules, drug=drug, route=route, decision=decided.get(each.patient_id),
            plan_signed_at=version.signed_at if version else None, last_dose_at=dosed.get(each.patient_id),
        )  # fmt: skip
        yield EveLine(each, drug, route, since)


def _way(appointment: Appointment, version: PlanVersion | None) -> tuple[str, str]:
    """Drug and route of the plan in force; without one, of the course's protocol."""
    if version is not None:
        return version.drug, version.route
    route, drug = protocol_way(appointment.care_plan.protocol_id)
    return drug, route
