"""What people do with monitors, readings and alarms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.monitoring import ledger, queries
from sojourn.care.monitoring.messages import in_own_unit
from sojourn.care.monitoring.models import (
    MONITOR_OFF,
    SESSION_OVER,
    AlarmEventKind,
    AlarmState,
    Device,
    DeviceAssociation,
    Signal,
)
from sojourn.care.monitoring.rules import acting_rules
from sojourn.care.treatment import actions as treatment
from sojourn.care.treatment.models import Encounter, SessionState
from sojourn.clinical import alarms
from sojourn.clinical.alarms import Event, Happening, NothingToAcknowledge, Phase, Reason, Why
from sojourn.clinical.protocol import FINAL, PRESENT, State
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.audit.actions import record
from sojourn.foundation.rulebook.queries import acting_rules as adopted_rules


def session_of(encounter: Encounter) -> ledger.Session:
    """The session as the ledger knows it."""
    return ledger.Session(encounter.clinic_id, encounter.pk, encounter.patient_id, encounter.protocol_id)


@transaction.atomic
def take_readings(
    *,
    by: Asker,
    encounter_id: int,
    values: Mapping[str, float],
    measured_at: datetime | None = None,
    now: datetime | None = None,
) -> ledger.Outcome:
    """Chart values that a person read or counted: ``values`` by vital code, each in its own unit.

    They go through the monitors' door: stored, judged, announced. Implausible values are kept and marked. Refused
    for an unknown vital sign, a time in the future or before the day, or a session that is over.
    """
    by.must("session.observe")
    now = now or timezone.now()
    measured_at = measured_at or now
    unknown = sorted(set(values) - set(VITALS))
    if unknown:
        raise Refused(_("Unknown vital sign: %(code)s.") % {"code": ", ".join(unknown)}, codes=("unknown-vital",))
    if not values:
        raise Refused(_("Enter at least one value."), codes=("nothing",))
    if measured_at > now + timedelta(minutes=1):
        raise Refused(_("The time of the reading lies ahead. Correct it."), codes=("future",))
    if now - measured_at > timedelta(hours=12):
        raise Refused(_("The time of the reading is more than 12 hours ago. Correct it."), codes=("past",))
    encounter, newest = treatment.lock_session(encounter_id, None)
    if newest.state not in PRESENT:
        raise Refused(_("This session is not running; readings cannot be added."), codes=("not-running",))
    session = session_of(encounter)
    readings = []
    for code, value in values.items():
        own = VITALS[code].unit.code
        kept, doubt = in_own_unit(code, float(value), own)
        readings.append(
            ledger.NewReading(
                session,
                code,
                kept,
                own,
                measured_at,
                now,
                measured_at,
                ledger.TYPED,
                by_id=by.membership_id,
                doubt=doubt,
            )
        )
    with connection.cursor() as cursor:
        outcome = ledger.take(cursor.cursor, readings, now)  # psycopg's own cursor, in this transaction
    record(by, "reading.typed", encounter, codes=sorted(values))
    return outcome


@transaction.atomic
def acknowledge(
    *, by: Asker, encounter_id: int, rule_id: str, code: str, note: str = "", now: datetime | None = None
) -> None:
    """A person has seen the alarm and takes it. Refused where nothing waits; Overtaken where another was quicker."""
    by.must("session.alarm")
    now = now or timezone.now()
    encounter = Encounter.objects.get(pk=encounter_id)
    session = session_of(encounter)
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        ledger.lock(cursor, [encounter_id])
        state = ledger.load_states(cursor, [encounter_id]).get((encounter_id, rule_id, code))
        rule = acting_rules(cursor, [encounter.clinic_id])[encounter.clinic_id].rule(session.protocol_id, rule_id, code)
        if state is None or rule is None:
            raise Refused(_("There is no such alarm in this session."), codes=("no-alarm",))
        judgement = alarms.acknowledge(rule, state, by.name, now)
        if isinstance(judgement, NothingToAcknowledge):
            if judgement.acknowledged_by:
                raise Overtaken(
                    _("%(name)s has already acknowledged this alarm.") % {"name": judgement.acknowledged_by},
                    codes=("already-acknowledged",),
                )
            raise Refused(_("This alarm is not waiting for anybody any more."), codes=("not-open",))
        row = AlarmState.objects.get(encounter_id=encounter_id, rule_id=rule_id, code=code)
        row.phase, row.deadline_at = judgement.state.phase.value, judgement.state.deadline
        row.acknowledged_at, row.acknowledged_by_name = now, by.name
        row.save(update_fields=["phase", "deadline_at", "acknowledged_at", "acknowledged_by_name"])
        ledger.insert_events(
            cursor,
            [(session, rule, happening) for happening in judgement.happenings],
            by_id=by.membership_id,
            note=note,
        )
        tell(cursor, session)
    record(by, "alarm.acknowledged", encounter, rule=rule_id, code=code)


@transaction.atomic
def take_step(
    *,
    by: Asker,
    encounter_id: int,
    transition: str,
    seen: int | None = None,
    overrides: Collection[str] = (),
    reason: str = "",
    started_at: datetime | None = None,
    note: str = "",
    now: datetime | None = None,
) -> SessionState:
    """Move a session on by one step of the transition table, judged by its readings, checks and alarms.

    ``seen`` is the number of the state that the person looked at. Raises Overtaken, StepRefused or Refused. The
    dose is charted in the step that starts it, the discharge in the step that lets the patient go.
    """
    now = now or timezone.now()
    encounter, newest = treatment.lock_session(encounter_id, seen)
    facts = replace(treatment.facts_of(encounter, newest, now), reason=reason)
    adopted = encounter.protocol_id in adopted_rules(encounter.clinic_id)
    facts = queries.facts_with_readings(facts, encounter, now, adopted=adopted)
    row = treatment.step(
        by=by, encounter=encounter, newest=newest, transition=transition, facts=facts, overrides=overrides,
        reason=reason, now=now,
    )  # fmt: skip
    if transition == "complete_checks":
        set_baseline(encounter=encounter)
    elif transition == "start_dose":
        treatment.give_dose(by=by, encounter=encounter, started_at=started_at or now, now=now, note=note)
    elif transition in {"leave", "leave_without_dose"}:
        treatment.write_discharge(by=by, encounter=encounter, facts=facts, now=now)
    if State(row.state) in FINAL:
        end_session(encounter=encounter, now=now, by=by)
    announce(encounter)
    return row


def tell(cursor: object, session: ledger.Session) -> None:
    """Announce that a session has news other than readings."""
    cursor.execute("SELECT pg_notify(%s, %s)", (ledger.CHANNEL, f"{session.clinic_id}:{session.encounter_id}"))  # type: ignore[attr-defined]


def announce(encounter: Encounter) -> None:
    """Announce a change of a session to the live pages, at this transaction's commit."""
    with connection.cursor() as cursor:
        tell(cursor, session_of(encounter))


@transaction.atomic
def add_device(*, by: Asker, name: str, key: str, maker: str = "", now: datetime | None = None) -> Device:
    """Add a monitor by the identifier that its messages carry ("kind:value")."""
    by.must("monitor.manage")
    try:
        with transaction.atomic():
            device = Device.objects.create(
                clinic_id=by.here, name=name, key=key, maker=maker, added_at=now or timezone.now()
            )
    except IntegrityError as error:
        raise Refused(_("A monitor with this identifier exists already."), codes=("known-key",)) from error
    record(by, "monitor.added", device, key=key)
    return device


@transaction.atomic
def rename_device(*, by: Asker, device_id: int, name: str) -> Device:
    """Call a monitor otherwise. The same name again changes nothing. Refused: name-missing."""
    by.must("monitor.manage")
    name = " ".join(name.split())[:60]
    if not name:
        raise Refused(_("Give the monitor a name."), codes=("name-missing",))
    device = Device.objects.select_for_update(no_key=True).get(pk=device_id)
    if device.name != name:
        device.name = name
        device.save(update_fields=["name"])
        record(by, "monitor.renamed", device, name=name)
    return device


@transaction.atomic
def retire_device(*, by: Asker, device_id: int, now: datetime | None = None) -> Device:
    """Take a monitor out of use. Refused while it is on a session."""
    by.must("monitor.manage")
    device = Device.objects.select_for_update().get(pk=device_id)
    if device.associations.filter(until_at=None).exists():
        raise Refused(_("This monitor is on a session. Take it off first."), codes=("in-use",))
    device.retired_at = now or timezone.now()
    device.save(update_fields=["retired_at"])
    record(by, "monitor.retired", device)
    return device


@transaction.atomic
def put_on(*, by: Asker, device_id: int, encounter_id: int, now: datetime | None = None) -> DeviceAssociation:
    """Put a monitor on a patient in a running session. Refused where it is on another, or the session is over."""
    by.must("monitor.associate")
    encounter, newest = treatment.lock_session(encounter_id, None)
    device = Device.objects.select_for_update(no_key=True).get(pk=device_id, retired_at=None)
    if newest.state not in PRESENT:
        raise Refused(_("This session is not running."), codes=("not-running",))
    current = DeviceAssociation.objects.filter(device=device, until_at=None).first()
    if current is not None:
        if current.encounter_id == encounter_id:
            return current
        raise Refused(_("%(monitor)s is on another session.") % {"monitor": device.name}, codes=("in-use",))
    association = DeviceAssociation.objects.create(
        clinic_id=by.here, patient_id=encounter.patient_id, device=device, encounter=encounter,
        from_at=now or timezone.now(), from_by_id=by.member,
    )  # fmt: skip
    record(by, "monitor.put_on", encounter, device=device.pk)
    announce(encounter)
    return association


@transaction.atomic
def take_off(*, by: Asker, device_id: int, now: datetime | None = None) -> None:
    """Take a monitor off its session. Its silence is then expected."""
    by.must("monitor.associate")
    now = now or timezone.now()
    association = DeviceAssociation.objects.select_for_update().filter(device_id=device_id, until_at=None).first()
    if association is None:
        raise Refused(_("This monitor is on no session."), codes=("not-on",))
    association.until_at, association.until_by_id = now, by.membership_id
    association.save(update_fields=["until_at", "until_by"])
    encounter = association.encounter
    others = DeviceAssociation.objects.filter(encounter=encounter, until_at=None).exists()
    if not others:
        expect_no_more(encounter=encounter, now=now, by=by)
    record(by, "monitor.taken_off", encounter, device=device_id)
    announce(encounter)


def expect_no_more(*, encounter: Encounter, now: datetime, by: Asker) -> None:
    """No monitor is expected to go on: deadlines of silence end, and silence alarms end with them."""
    _end_alarms(encounter, now, by, only_silence=True)
    Signal.objects.filter(encounter=encounter).update(silent_after=None)


def end_session(*, encounter: Encounter, now: datetime, by: Asker) -> None:
    """The patient has left: monitors come off, no reading is expected, open alarms end and say so."""
    DeviceAssociation.objects.filter(encounter=encounter, until_at=None).update(
        until_at=now, until_by_id=by.membership_id
    )
    _end_alarms(encounter, now, by, only_silence=False)  # takes the ledger's lock, as writers of signals must
    Signal.objects.filter(encounter=encounter).update(silent_after=None)


def _end_alarms(encounter: Encounter, now: datetime, by: Asker, *, only_silence: bool) -> None:
    session = session_of(encounter)
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        ledger.lock(cursor, [encounter.pk])
        acting = acting_rules(cursor, [encounter.clinic_id])[encounter.clinic_id]
        ended = []
        for row in AlarmState.objects.filter(encounter=encounter).exclude(phase=Phase.QUIET):
            rule = acting.rule(session.protocol_id, row.rule_id, row.code)
            if rule is None or (only_silence and rule.silence is None):
                continue
            if row.phase in {Phase.RAISED, Phase.ACKNOWLEDGED, Phase.ESCALATED}:
                reason = Reason(Why.WITHIN_LIMITS, rule.rule_id, rule.version, row.code, None, None, None)
                ended.append((session, rule, Happening(Event.RECOVERED, now, alarms.Priority(row.priority), reason)))
            AlarmState.objects.filter(pk=row.pk).update(phase=Phase.QUIET.value, deadline_at=None)
        note = MONITOR_OFF if only_silence else SESSION_OVER
        ledger.insert_events(cursor, ended, by_id=by.membership_id, note=note, kind=AlarmEventKind.ENDED.value)


def set_baseline(*, encounter: Encounter) -> None:
    """Keep the newest believed values as the patient's own, for rules that speak of a rise over them."""
    with connection.cursor() as cursor:
        ledger.lock(cursor.cursor, [encounter.pk])
        cursor.execute(
            "UPDATE monitoring_signal SET baseline = value WHERE encounter_id = %s AND doubt = ''",
            [encounter.pk],
        )
