"""What people do with monitors and readings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.alarms import judging
from sojourn.care.alarms.actions import expect_no_more
from sojourn.care.alarms.store import Session, session_of
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import current_state
from sojourn.care.vitals import ingest
from sojourn.care.vitals.models import Device, DeviceAssociation, ListenerPort
from sojourn.care.vitals.reading import in_own_unit
from sojourn.clinical.protocol import PRESENT
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS, pressure_fault
from sojourn.foundation.accounts.actor import Actor, current_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, NoLock, action, row, rows, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day, local
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import DeviceScope, SessionScope, clinic_rows, one_row


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="reading.typed")
def take_readings(
    *,
    by: Actor,
    encounter_id: int,
    values: Mapping[str, float],
    measured_at: datetime | None = None,
    before_arrival: bool = False,
    now: datetime | None = None,
) -> judging.BatchOutcome:
    """Chart values that a person read or counted: ``values`` by vital code, each in its own unit.

    They go through the monitors' door: stored, judged, announced. Implausible values are kept and marked, and so is a
    pressure whose lower number is not below the upper one. A reading from before the patient arrived is charted at its
    time once somebody says that it is one (``before_arrival``); it raises no alarm. Refused: unknown-vital, nothing,
    future, past (more than 12 hours ago), before-arrival, before-birth, not-running.
    """
    now = now or timezone.now()
    measured_at = measured_at or now
    _must_be_readings(values, measured_at, now)
    encounter = one_row(Encounter, encounter_id).get()
    early = measured_at < encounter.opened_at
    if early:
        _must_be_said(encounter, measured_at, before_arrival)
    elif now - measured_at > timedelta(hours=12):
        raise ActionRefused(_("The time of the reading is more than 12 hours ago. Correct it."), codes=("past",))
    if current_state(SessionScope(encounter_id)).state not in PRESENT:
        raise ActionRefused(_("This session is not running; readings cannot be added."), codes=("not-running",))
    session = session_of(encounter)
    crossed = _crossed(values)
    readings = [
        _typed(session, code, float(value), measured_at, now, by, crossed=code in crossed, judged=not early)
        for code, value in values.items()
    ]
    with connection.cursor() as cursor:
        outcome = ingest.record_batch(cursor.cursor, readings, now)  # psycopg's own cursor, in this transaction
    record(by, "reading.typed", encounter, codes=sorted(values))
    return outcome


def _must_be_readings(values: Mapping[str, float], measured_at: datetime, now: datetime) -> None:
    """Refused: unknown-vital, nothing, future."""
    unknown = sorted(set(values) - set(VITALS))
    if unknown:
        raise ActionRefused(_("Unknown vital sign: %(code)s.") % {"code": ", ".join(unknown)}, codes=("unknown-vital",))
    if not values:
        raise ActionRefused(_("Enter at least one value."), codes=("nothing",))
    if measured_at > now + timedelta(minutes=1):
        raise ActionRefused(_("The time of the reading is in the future. Correct it."), codes=("future",))


def _typed(
    session: Session, code: str, value: float, measured_at: datetime, now: datetime, by: Actor, *, crossed: bool,
    judged: bool,
) -> judging.NewReading:  # fmt: skip
    """A value as a person typed it, kept and marked where it is not plausible."""
    own = VITALS[code].unit.code
    kept, doubt = in_own_unit(code, value, own)
    return judging.NewReading(
        session, code, kept, own, measured_at, now, measured_at, judging.TYPED, by_id=by.membership_id,
        doubt=doubt or ("crossed" if crossed else ""), judged=judged,
    )  # fmt: skip


def _must_be_said(encounter: Encounter, measured_at: datetime, before_arrival: bool) -> None:
    if clinic_day(measured_at, current_actor()) < encounter.patient.birth_date:
        raise ActionRefused(_("The day of the reading is before the patient's date of birth."), codes=("before-birth",))
    if not before_arrival:
        words = _(
            "Was this measured before the patient arrived? It says %(measured)s; the patient arrived %(arrived)s."
        )
        said = {
            "measured": date_format(local(measured_at, current_actor()), _("j F Y, H:i")),
            "arrived": date_format(local(encounter.opened_at, current_actor()), _("j F Y, H:i")),
        }
        raise ActionRefused(words % said, codes=("before-arrival",))


def _crossed(values: Mapping[str, float]) -> frozenset[str]:
    """The codes of pressures whose lower number is not below the upper one."""
    pairs = [pair for pair in zip(SYSTOLIC, DIASTOLIC, strict=True) if set(pair) <= set(values)]
    wrong = [(upper, lower) for upper, lower in pairs if pressure_fault(values[upper], values[lower])]
    return frozenset(code for pair in wrong for code in pair)


@action("monitor.register", locks=NoLock("the database keeps one monitor of an identifier"), audit="monitor.added")
def add_device(
    *, by: Actor, name: str, key: str, maker: str = "", address: str = "", now: datetime | None = None
) -> Device:
    """Add a monitor by the identifier that its messages carry ("kind:value"), and the address from which it was heard
    ("" where it was not: its first message says it). Refused: known-key."""
    try:
        with transaction.atomic():
            device = Device.objects.create(
                clinic_id=by.own_clinic_id,
                name=name,
                key=key,
                maker=maker,
                address=address,
                added_at=now or timezone.now(),
            )
    except IntegrityError as error:
        raise ActionRefused(_("A monitor with this identifier exists already."), codes=("known-key",)) from error
    record(by, "monitor.added", device, key=key)
    return device


@action("monitor.manage", locks=NoLock("the database keeps one clinic of a port"), audit="monitor.port_given")
def give_port(*, by: Actor, port: int, now: datetime | None = None) -> ListenerPort:
    """Give the clinic a port of the listener: what speaks to it is this clinic's, whatever it says. The machine's owner
    decides it (``sojourn port``). Refused: taken."""
    try:
        with transaction.atomic():
            found = ListenerPort.objects.create(clinic_id=by.own_clinic_id, port=port, added_at=now or timezone.now())
    except IntegrityError as error:
        raise ActionRefused(_("This port belongs to a clinic already."), codes=("taken",)) from error
    record(by, "monitor.port_given", found, port=port)
    return found


@action(
    "monitor.manage",
    locks=rows(ListenerPort, "port", where=lambda _by, asked: clinic_rows(ListenerPort).filter(port=asked["port"])),
    audit="monitor.port_dropped",
)
def drop_port(*, by: Actor, port: int) -> None:
    """Take a port from the clinic; its monitors stay its own. Refused: not-ours."""
    found = clinic_rows(ListenerPort).filter(port=port).first()
    if found is None:
        raise ActionRefused(_("This port does not belong to the clinic."), codes=("not-ours",))
    record(by, "monitor.port_dropped", found, port=port)
    found.delete()


@action("monitor.manage", locks=row(Device, "device_id"), audit="monitor.renamed")
def rename_device(*, by: Actor, device_id: int, name: str) -> Device:
    """Call a monitor otherwise. The same name again changes nothing. Refused: name-missing."""
    name = fitting(Device, "name", " ".join(name.split()))
    if not name:
        raise ActionRefused(_("Give the monitor a name."), codes=("name-missing",))
    device = one_row(Device, device_id).get()
    if device.name == name:
        return unchanged(device)
    device.name = name
    device.save(update_fields=["name"])
    record(by, "monitor.renamed", device, name=name)
    return device


@action("monitor.manage", locks=row(Device, "device_id"), audit="monitor.retired")
def retire_device(*, by: Actor, device_id: int, now: datetime | None = None) -> Device:
    """Take a monitor out of use; taken out before, it stays as it was. Refused while it is on a session."""
    device = one_row(Device, device_id).get()
    if device.retired_at is not None:
        return unchanged(device)
    if device.associations.filter(until_at=None).exists():
        raise ActionRefused(_("This monitor is on a session. Take it off first."), codes=("in-use",))
    device.retired_at = now or timezone.now()
    device.save(update_fields=["retired_at"])
    record(by, "monitor.retired", device)
    return device


@action(
    "monitor.associate",
    locks=(row(Encounter, "encounter_id"), row(Device, "device_id")),
    audit="monitor.put_on",
)
def put_on(*, by: Actor, device_id: int, encounter_id: int, now: datetime | None = None) -> DeviceAssociation:
    """Put a monitor on a patient in a running session. Refused where it is on another, or the session is over."""
    encounter = one_row(Encounter, encounter_id).get()
    device = one_row(Device, device_id).get(retired_at=None)
    if current_state(SessionScope(encounter_id)).state not in PRESENT:
        raise ActionRefused(_("This session is not running."), codes=("not-running",))
    current = DeviceScope(device.pk).rows(DeviceAssociation).filter(until_at=None).first()
    if current is not None:
        if current.encounter_id == encounter_id:
            return unchanged(current)
        raise ActionRefused(_("%(monitor)s is on another session.") % {"monitor": device.name}, codes=("in-use",))
    association = DeviceAssociation.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, device=device, encounter=encounter,
        from_at=now or timezone.now(), from_by_id=by.member,
    )  # fmt: skip
    record(by, "monitor.put_on", encounter, device=device.pk)
    announce(encounter)
    return association


def _session_of(_by: Actor, asked: Arguments) -> QuerySet[Encounter]:
    """The session that the monitor is on: who takes off another of its monitors waits, and sees which is the last."""
    return clinic_rows(Encounter).filter(associations__device_id=asked["device_id"], associations__until_at=None)


@action("monitor.associate", locks=rows(Encounter, "device_id", where=_session_of), audit="monitor.taken_off")
def take_off(*, by: Actor, device_id: int, now: datetime | None = None) -> None:
    """Take a monitor off its session. Its silence is then expected. Refused: not-on."""
    now = now or timezone.now()
    association = DeviceScope(device_id).rows(DeviceAssociation).filter(until_at=None).first()
    if association is None:
        raise ActionRefused(_("This monitor is on no session."), codes=("not-on",))
    association.until_at, association.until_by_id = now, by.membership_id
    association.save(update_fields=["until_at", "until_by"])
    encounter = association.encounter
    others = SessionScope(encounter.pk).rows(DeviceAssociation).filter(until_at=None).exists()
    one_row(Device, device_id).update(faults="")  # before the lock of its alarms, as the listeners do
    if not others:
        expect_no_more(encounter=encounter, now=now, by=by)
    record(by, "monitor.taken_off", encounter, device=device_id)
    announce(encounter)
