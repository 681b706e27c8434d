"""Begin the clock of a flag: by when it must be answered, who is asked first, who is told next. Parts of other actions.

Whoever raises a flag may be the patient, who sees neither the list nor the hours: they are read as the system actor.
"""

from __future__ import annotations

from datetime import datetime

from sojourn.care.safety import duty_queries
from sojourn.care.safety.clocks import adopted, open_hours, teller
from sojourn.care.safety.models import Flag, FlagClock, FlagTurn, Purpose, Reach, Severity
from sojourn.clinical import deadlines
from sojourn.clinical.deadlines import Deadlines, Ladder
from sojourn.foundation import jobs
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership


def begin_taking(flag: Flag, severity: Severity, at: datetime, first: Membership | None = None) -> FlagClock:
    """Ask somebody to take the flag: ``first``, or whoever stands first on the list. Where nobody is named, or no
    deadline is adopted, every clinical member is told at once."""
    with acting_as(teller(flag.clinic_id)):
        asked = first if first is not None and duty_queries.answers_flags(first) else duty_queries.duty().first_but()
        found = adopted(flag.clinic_id, severity, at)
        ladder = None
        if found is not None and asked is not None:
            ladder = deadlines.until_taken(found, at, open_hours(flag.clinic, at))
        clock = _clock(flag, Purpose.TAKE, at, asked, found, ladder)
        tell(clock, Reach.OWNER if ladder is not None else Reach.ALL, at)
        return clock


def begin_acting(flag: Flag, severity: Severity, at: datetime, owner: Membership) -> FlagClock | None:
    """Whoever took the flag has until then to reach the patient. None where no deadline is adopted."""
    with acting_as(teller(flag.clinic_id)):
        found = adopted(flag.clinic_id, severity, at)
        if found is None:
            return None
        ladder = deadlines.until_acted(found, at, open_hours(flag.clinic, at))
        return _clock(flag, Purpose.ACT, at, owner, found, ladder)


def tell(clock: FlagClock, reach: Reach, at: datetime) -> FlagTurn:
    """A circle of people is told, by the jobs process, once this transaction has committed."""
    turn = FlagTurn.objects.create(
        clinic_id=clock.clinic_id, patient_id=clock.patient_id, flag_id=clock.flag_id, clock=clock, reach=reach, at=at
    )
    jobs.defer("safety.tell", once=f"safety.tell {turn.pk}", clinic_id=turn.clinic_id, turn_id=turn.pk)
    return turn


def _clock(
    flag: Flag, purpose: Purpose, at: datetime, asked: Membership | None, found: Deadlines | None, ladder: Ladder | None
) -> FlagClock:
    rule = found.rule if found is not None and ladder is not None else None
    return FlagClock.objects.create(
        clinic_id=flag.clinic_id,
        patient_id=flag.patient_id,
        flag=flag,
        purpose=purpose,
        asked=asked,
        begins_at=at,
        backup_at=ladder.backup_at if ladder is not None else None,
        everybody_at=ladder.everybody_at if ladder is not None else None,
        all_at=ladder.all_at if ladder is not None else at,
        rule_id=rule.id if rule is not None else "",
        rule_version=rule.version if rule is not None else None,
        rule_hash=rule.hash if rule is not None else "",
    )
