"""The clinic's hours, its days unlike others, and its own numbers for booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import BookingRules, HoursOnDay, WorkingHours
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import clinic_rows, one_row

MOST_CHAIRS, LONGEST_TURNOVER, FURTHEST_REMINDER, LONGEST_HEAD_START = 20, 240, 24 * 30, 24 * 60
# A week that is stated twice at once is not there twice, and a day is taken back once.
HOURS = turn("hours")


@action(
    "booking.rules",
    locks=NoLock("each decision is a row of its own, and the newest acts"),
    audit="booking.rules_decided",
)
def decide_rules(
    *,
    by: Actor,
    chairs_per_nurse: int | None,
    turnover_minutes: int,
    remind_hours: Sequence[int],
    head_start_minutes: int,
    now: datetime | None = None,
) -> BookingRules:
    """Adopt the clinic's own numbers; they act from now on and bear the name of whoever decides.

    ``chairs_per_nurse`` has no published source: None keeps it unadopted. What is booked already stays. Refused:
    chairs-per-nurse, turnover, remind-hours, head-start.
    """
    reasons: dict[str, str] = {}
    if chairs_per_nurse is not None and not 1 <= chairs_per_nurse <= MOST_CHAIRS:
        reasons["chairs-per-nurse"] = _("A nurse looks after 1 to %(n)d chairs.") % {"n": MOST_CHAIRS}
    if not 0 <= turnover_minutes <= LONGEST_TURNOVER:
        reasons["turnover"] = _("Making a chair ready takes 0 to %(n)d minutes.") % {"n": LONGEST_TURNOVER}
    wanted = sorted(set(remind_hours), reverse=True)
    if len(wanted) > 4 or any(not 1 <= each <= FURTHEST_REMINDER for each in wanted):
        reasons["remind-hours"] = _("Give at most four reminders, each 1 to %(n)d hours before.") % {
            "n": FURTHEST_REMINDER
        }
    if not 0 <= head_start_minutes <= LONGEST_HEAD_START:
        reasons["head-start"] = _("The head start is 0 to %(n)d minutes.") % {"n": LONGEST_HEAD_START}
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))
    row = BookingRules.objects.create(
        clinic_id=by.own_clinic_id,
        chairs_per_nurse=chairs_per_nurse,
        turnover_minutes=turnover_minutes,
        remind_hours=wanted,
        head_start_minutes=head_start_minutes,
        decided_at=now or timezone.now(),
        decided_by_id=by.member,
    )
    record(
        by,
        "booking.rules_decided",
        row,
        chairs_per_nurse=chairs_per_nurse,
        turnover_minutes=turnover_minutes,
        remind_hours=wanted,
        head_start_minutes=head_start_minutes,
    )
    return row


def _member(by: Actor, member_id: int | None) -> Membership | None:
    """Whose hours are kept; None for the clinic's own. Refused: not-staff."""
    if member_id is None:
        return None
    here = one_row(Membership, member_id).filter(clinic_id=by.own_clinic_id)
    member = here.filter(role__in=scheduling_queries.ATTENDING).first()
    if member is None:
        raise ActionRefused(_("Hours are kept for nurses, therapists and prescribers."), codes=("not-staff",))
    return member


def _must_be_in_order(stretches: Sequence[tuple[time, time]]) -> None:
    """Refused: hours-order, hours-overlap."""
    until: time | None = None
    for begins, ends in sorted(stretches):
        if begins >= ends:
            raise ActionRefused(_("The hours must begin before they end."), codes=("hours-order",))
        if until is not None and begins < until:
            raise ActionRefused(_("Two stretches of one day overlap."), codes=("hours-overlap",))
        until = ends


@action("hours.manage", locks=HOURS, audit="hours.set")
def set_week(
    *, by: Actor, week: Mapping[int, Sequence[tuple[time, time]]], member_id: int | None = None
) -> list[WorkingHours]:
    """State the ordinary week of a person, or the clinic's opening hours without ``member_id``; the one before is
    replaced. Refused: hours-order, hours-overlap, not-staff."""
    member = _member(by, member_id)
    for stretches in week.values():
        _must_be_in_order(stretches)
    scheduling_queries.hours_of(member_id, WorkingHours).delete()
    rows = WorkingHours.objects.bulk_create(
        WorkingHours(clinic_id=by.own_clinic_id, member=member, weekday=day, begins=begins, ends=ends)
        for day, stretches in week.items()
        for begins, ends in stretches
    )
    record(by, "hours.set", member, days=sorted({row.weekday for row in rows}))
    return rows


@action(
    "hours.manage",
    locks=NoLock("the database keeps one statement of a day, and the later one stands"),
    audit="hours.day_set",
)
def set_day(
    *,
    by: Actor,
    on: date,
    begins: time | None = None,
    ends: time | None = None,
    why: str = "",
    member_id: int | None = None,
) -> HoursOnDay:
    """A day unlike the week: other hours, or none. It replaces what was said of that day. Refused: hours-order,
    not-staff."""
    member = _member(by, member_id)
    if (begins is None) != (ends is None) or (begins is not None and ends is not None and begins >= ends):
        raise ActionRefused(
            _("Give both a beginning and an end in order, or neither for a day off."), codes=("hours-order",)
        )
    row, _made = clinic_rows(HoursOnDay).update_or_create(
        clinic_id=by.own_clinic_id, member=member, on=on,
        defaults={"begins": begins, "ends": ends, "why": fitting(HoursOnDay, "why", " ".join(why.split()))},
    )  # fmt: skip
    record(by, "hours.day_set", row, on=on, closed=begins is None)
    return row


@action("hours.manage", locks=HOURS, audit="hours.day_unset")
def unset_day(*, by: Actor, on: date, member_id: int | None = None) -> None:
    """The day is as its week again. Unsetting twice changes nothing."""
    row = scheduling_queries.hours_of(member_id, HoursOnDay).filter(on=on).first()
    if row is None:
        unchanged(None)
        return
    record(by, "hours.day_unset", row, on=on)
    row.delete()
