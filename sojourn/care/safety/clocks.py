"""What the clock of a flag hangs on: the deadlines that a clinic has adopted, and when it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sojourn.care.safety.models import Severity
from sojourn.care.scheduling import hours
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.clinical import deadlines
from sojourn.clinical.deadlines import Deadlines, Stretch
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.rulebook import queries as rulebook_queries

# How far ahead the hours are read; a deadline that they do not reach is counted around the clock.
_HORIZON = timedelta(days=60)


def teller(clinic_id: int) -> Actor:
    """The system actor, as it tells people of flags."""
    return replace(system_actor(clinic_id), permissions=frozenset({"flag.tell"}))


def adopted(clinic_id: int, severity: Severity, at: datetime) -> Deadlines | None:
    """The deadlines of a severity that a prescriber of the clinic has adopted. One query."""
    acting = rulebook_queries.acting_rules(clinic_id, at, rulebook_queries.ids_of(deadlines.KIND))
    return deadlines.by_severity(acting.values()).get(severity)


def open_hours(clinic: Clinic, at: datetime) -> Sequence[Stretch] | None:
    """When the clinic is open from ``at`` on; None where it has not stated its week. One query."""
    zone = clinic.zone
    first, last = at.astimezone(zone).date() - timedelta(days=1), (at + _HORIZON).astimezone(zone).date()
    stated = scheduling_queries.times(first, last)[None]
    if not stated.said:
        return None
    return hours.spans(hours.days_between(first, last), stated.week, stated.exceptions, zone)
