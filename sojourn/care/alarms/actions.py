"""What people do with alarms, and what ends them."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.alarms import store as alarm_store
from sojourn.care.alarms.models import MONITOR_OFF, SESSION_OVER, AlarmEventKind, AlarmState, CurrentVital
from sojourn.care.alarms.rules import acting_rules
from sojourn.care.alarms.store import alarms_of, session_of
from sojourn.care.encounter.announcing import notify
from sojourn.care.encounter.models import Encounter
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmReason, Event, Happening, NothingToAcknowledge, Phase, Why
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, part, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import SessionScope, one_row


@action("session.alarm", locks=alarms_of("encounter_id"), audit="alarm.acknowledged")
def acknowledge(
    *, by: Actor, encounter_id: int, rule_id: str, code: str, note: str = "", now: datetime | None = None
) -> None:
    """A person has seen the alarm and takes it. Refused where nothing waits; Overtaken where another was quicker."""
    now = now or timezone.now()
    encounter = one_row(Encounter, encounter_id).get()
    session = session_of(encounter)
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        state = alarm_store.load_states(cursor, [encounter_id]).get((encounter_id, rule_id, code))
        rule = acting_rules(cursor, [encounter.clinic_id])[encounter.clinic_id].rule(session.protocol_id, rule_id, code)
        if state is None or rule is None:
            raise ActionRefused(_("There is no such alarm in this session."), codes=("no-alarm",))
        judgement = alarms.acknowledge(rule, state, by.name, now)
        if isinstance(judgement, NothingToAcknowledge):
            if judgement.acknowledged_by:
                raise Overtaken(
                    _("%(name)s has already acknowledged this alarm.") % {"name": judgement.acknowledged_by},
                    codes=("already-acknowledged",),
                )
            raise ActionRefused(_("This alarm is not waiting for anybody any more."), codes=("not-open",))
        row = SessionScope(encounter_id).rows(AlarmState).get(rule_id=rule_id, code=code)
        row.phase, row.deadline_at = judgement.state.phase.value, judgement.state.deadline
        row.acknowledged_at, row.acknowledged_by_name = now, by.name
        row.save(update_fields=["phase", "deadline_at", "acknowledged_at", "acknowledged_by_name"])
        alarm_store.insert_events(
            cursor,
            [(session, rule, happening) for happening in judgement.happenings],
            by_id=by.membership_id,
            note=note,
        )
        notify(cursor, session.clinic_id, session.encounter_id)
    record(by, "alarm.acknowledged", encounter, rule=rule_id, code=code)


@part(locks=alarms_of("encounter"), audit="alarm.ended")
def end_alarms(encounter: Encounter, now: datetime, by: Actor, *, only_silence: bool) -> None:
    """End the open alarms of a session that is over; with ``only_silence`` those that waited for a monitor."""
    session = session_of(encounter)
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        acting = acting_rules(cursor, [encounter.clinic_id])[encounter.clinic_id]
        states = SessionScope(encounter.pk).rows(AlarmState)
        over = []
        ended = []
        for row in states:
            rule = acting.rule(session.protocol_id, row.rule_id, row.code)
            if rule is None or (only_silence and rule.silence is None and rule.vital != alarms.MONITOR_SIGNAL):
                continue
            if row.phase in {Phase.RAISED, Phase.ACKNOWLEDGED, Phase.ESCALATED}:
                reason = AlarmReason(Why.WITHIN_LIMITS, rule.rule_id, rule.version, row.code, None, None, None)
                ended.append((session, rule, Happening(Event.RECOVERED, now, alarms.Priority(row.priority), reason)))
            over.append(row.pk)
        states.filter(pk__in=over).update(phase=Phase.QUIET.value, deadline_at=None)
        note = MONITOR_OFF if only_silence else SESSION_OVER
        alarm_store.insert_events(cursor, ended, by_id=by.membership_id, note=note, kind=AlarmEventKind.ENDED.value)
    if ended:
        record(by, "alarm.ended", encounter, alarms=len(ended))
    else:
        unchanged(None)


@part(locks=alarms_of("encounter"), through=(end_alarms,))
def expect_no_more(*, encounter: Encounter, now: datetime, by: Actor) -> None:
    """No monitor is expected to go on: deadlines of silence end, and silence alarms end with them."""
    end_alarms(encounter, now, by, only_silence=True)
    SessionScope(encounter.pk).rows(CurrentVital).update(silent_after=None)


def set_baseline(*, encounter: Encounter) -> None:
    """Keep the newest believed values since the arrival as the patient's own, for rules that speak of a rise over
    them."""
    with connection.cursor() as cursor:
        alarm_store.lock(cursor.cursor, [encounter.pk])
        cursor.execute(
            "UPDATE alarms_currentvital SET baseline = value WHERE encounter_id = %s AND doubt = ''"
            " AND effective_at >= %s",
            [encounter.pk, encounter.opened_at],
        )
