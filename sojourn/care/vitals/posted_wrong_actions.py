"""What a person answers when a monitor took a value back as posted wrong: whose it was."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.alarms.actions import acknowledge
from sojourn.care.alarms.models import AlarmState
from sojourn.care.alarms.store import session_of
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.vitals import faults, ingest
from sojourn.care.vitals.models import PostedWrong, Whose
from sojourn.clinical.alarms import MONITOR_SIGNAL, Phase
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import SessionScope, one_row

_ALARM = faults.RULES[faults.WRONG]


@action("monitor.associate", locks=row(Encounter, "encounter_id"), audit="monitor.whose_answered")
def answer_whose(
    *, by: Actor, encounter_id: int, device_id: int, answer: str, upto: int, now: datetime | None = None
) -> int:
    """Say whose the values were that this monitor took back as posted wrong, of those that the page showed (their
    numbers end at ``upto``); how many. The value stays struck either way: a monitor that was on somebody else is then
    taken off by the same person. Refused: not-an-answer, answered."""
    now = now or timezone.now()
    if answer not in Whose.values:
        raise ActionRefused(_("Say whose the value was."), codes=("not-an-answer",))
    encounter = one_row(Encounter, encounter_id).get()
    waiting = SessionScope(encounter.pk).rows(PostedWrong).filter(device_id=device_id, answered_at=None, pk__lte=upto)
    count = waiting.update(answer=answer, answered_at=now, answered_by_id=by.member)
    if not count:
        raise ActionRefused(_("Somebody has answered this already."), codes=("answered",))
    record(by, "monitor.whose_answered", encounter, device=device_id, answer=answer, values=count)
    _end_alarm(by, encounter, now)
    announce(encounter)
    return count


def _end_alarm(by: Actor, encounter: Encounter, now: datetime) -> None:
    """Who has answered has seen the alarm: it is over, unless another monitor's question still waits."""
    if SessionScope(encounter.pk).rows(PostedWrong).filter(answered_at=None).exists():
        return
    rows = SessionScope(encounter.pk).rows(AlarmState).filter(rule_id=_ALARM)
    if rows.filter(phase__in=(Phase.RAISED, Phase.ESCALATED)).exists() and by.may("session.alarm"):
        acknowledge(by=by, encounter_id=encounter.pk, rule_id=_ALARM, code=MONITOR_SIGNAL, now=now)
    with connection.cursor() as cursor:
        ingest.record_batch(cursor.cursor, [], now, faulty=[session_of(encounter)])
