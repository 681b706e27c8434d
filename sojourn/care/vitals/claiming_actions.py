"""What people say of monitors: that one is theirs, that it speaks from here, that it measures this patient."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.alarms import judging
from sojourn.care.alarms.store import session_of
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter
from sojourn.care.vitals import faults, ingest, whose
from sojourn.care.vitals.actions import add_device
from sojourn.care.vitals.models import (
    Device,
    DeviceAssociation,
    HeldReading,
    MessageDecision,
    PatientConfirmed,
    Stranger,
)
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, NoLock, action, row, rows
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import SessionScope, clinic_rows, one_row


@action(
    "monitor.register",
    locks=NoLock("the database keeps one monitor of an identifier"),
    through=(add_device,),
)
def register(*, by: Actor, stranger_id: int, name: str, now: datetime | None = None) -> Device:
    """Add a monitor that has spoken on the clinic's port, under the closest name it gives itself. Refused: gone,
    name-missing, known-key."""
    stranger = one_row(Stranger, stranger_id).filter(clinic_id=by.own_clinic_id, fault="").exclude(name="").first()
    if stranger is None:
        raise ActionRefused(_("This monitor is not waiting any more."), codes=("gone",))
    return add_device(by=by, name=_named(name), key=stranger.name, address=stranger.host, now=now)


def _own_unheard(_by: Actor, asked: Arguments) -> QuerySet[Device]:
    """The clinic's own monitor of this name that nobody has heard, since another clinic has one of its name too: from
    now on its address tells the two apart."""
    names = one_row(Stranger, asked["stranger_id"]).values("name")
    return clinic_rows(Device).filter(key__in=names, retired_at=None, address="")


@action(
    "monitor.register",
    locks=(row(Stranger, "stranger_id"), rows(Device, "stranger_id", where=_own_unheard)),
    audit="monitor.claimed",
)
def claim(*, by: Actor, stranger_id: int, code: str, name: str, now: datetime | None = None) -> Device:
    """Add a monitor that belongs to no clinic yet. Who stands before it can read the end of its name, which the page
    does not show. Refused: gone, name-missing, wrong-code, known-key."""
    stranger = one_row(Stranger, stranger_id).filter(clinic_id=None, fault="").exclude(name="").first()
    if stranger is None:
        raise ActionRefused(_("This monitor is not waiting any more."), codes=("gone",))
    if whose.folded(code) != whose.folded(whose.masked(stranger.name)[1]):
        raise ActionRefused(
            _("That is not how its name ends. Read it at the bedside: on the monitor's screen or its label."),
            codes=("wrong-code",),
        )
    device = _own_unheard(by, {"stranger_id": stranger.pk}).first()
    if device is not None:
        device.address = stranger.host
        device.save(update_fields=["address"])
    else:
        device = add_device(by=by, name=_named(name), key=stranger.name, address=stranger.host, now=now)
    try:
        with transaction.atomic():
            one_row(Stranger, stranger.pk).update(clinic_id=by.own_clinic_id)
    except IntegrityError:
        pass  # the clinic has a line for it already, from its own port
    record(by, "monitor.claimed", device)
    return device


def _named(name: str) -> str:
    name = fitting(Device, "name", " ".join(name.split()))
    if not name:
        raise ActionRefused(_("Give the monitor a name."), codes=("name-missing",))
    return name


@action("monitor.register", locks=row(Device, "device_id"), audit="monitor.rekeyed")
def rekey(*, by: Actor, device_id: int, stranger_id: int) -> Device:
    """Give a monitor the closer name under which it speaks, in the place of one that was too wide. Refused: gone,
    not-the-same, known-key."""
    stranger = one_row(Stranger, stranger_id).filter(clinic_id=by.own_clinic_id, fault="").first()
    device = one_row(Device, device_id).get(retired_at=None)
    if stranger is None or not stranger.name:
        raise ActionRefused(_("This monitor is not waiting any more."), codes=("gone",))
    if not whose.too_wide(device.key, stranger.keys.split("\n"), stranger.gateway_keys.split("\n")):
        raise ActionRefused(_("That is another monitor. Add it as a new one."), codes=("not-the-same",))
    before, device.key = device.key, stranger.name
    try:
        with transaction.atomic():
            device.save(update_fields=["key"])
    except IntegrityError as error:
        raise ActionRefused(_("A monitor with this identifier exists already."), codes=("known-key",)) from error
    record(by, "monitor.rekeyed", device, key=device.key, before=before)
    return device


@action("monitor.register", locks=row(Device, "device_id"), audit="monitor.line_confirmed")
def confirm_line(*, by: Actor, device_id: int, host: str, now: datetime | None = None) -> Device:
    """Say that a monitor speaks from this address now. Refused: not-heard, where nothing came from it."""
    device = one_row(Device, device_id).get(retired_at=None)
    if not host or host not in (device.address, device.other_address):
        raise ActionRefused(_("Nothing has come from this address."), codes=("not-heard",))
    device.address, device.address_confirmed_at = host, now or timezone.now()
    device.other_address, device.other_address_at = "", None
    device.save(update_fields=["address", "address_confirmed_at", "other_address", "other_address_at"])
    record(by, "monitor.line_confirmed", device, address=host)
    return device


@action(
    "monitor.associate",
    locks=(row(Encounter, "encounter_id"), row(Device, "device_id")),
    audit="monitor.patient_confirmed",
)
def confirm_patient(*, by: Actor, device_id: int, encounter_id: int, now: datetime | None = None) -> int:
    """Say that what this monitor sends under another number is of the patient whom it is on; how many values that were
    held are charted by it. Refused: not-on, not-running, nothing-held."""
    now = now or timezone.now()
    encounter = one_row(Encounter, encounter_id).get()
    if not SessionScope(encounter.pk).rows(DeviceAssociation).filter(device_id=device_id, until_at=None).exists():
        raise ActionRefused(_("This monitor is not on this patient."), codes=("not-on",))
    held = list(
        SessionScope(encounter.pk)
        .rows(HeldReading)
        .filter(device_id=device_id)
        .exclude(identifier__in=_confirmed(encounter, device_id))
        .order_by("id")
    )
    if not held:
        raise ActionRefused(_("Nothing of this monitor is waiting for you."), codes=("nothing-held",))
    for identifier in sorted({each.identifier for each in held}):
        PatientConfirmed.objects.create(
            clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, device_id=device_id, encounter=encounter,
            identifier=identifier, at=now, by_id=by.member,
        )  # fmt: skip
    _chart(encounter, held, now, by)
    record(by, "monitor.patient_confirmed", encounter, device=device_id, values=len(held))
    announce(encounter)
    return len(held)


def _confirmed(encounter: Encounter, device_id: int) -> list[str]:
    rows = SessionScope(encounter.pk).rows(PatientConfirmed).filter(device_id=device_id)
    return list(rows.values_list("identifier", flat=True))


def _chart(encounter: Encounter, held: list[HeldReading], now: datetime, by: Actor) -> None:
    """Chart what was held, once; its messages count as used, and a resend of them charts nothing again."""
    session = session_of(encounter)
    readings = [
        judging.NewReading(
            session, each.code, each.value, each.unit, each.effective_at, each.received_at, each.measured_at,
            judging.MONITOR, each.device_id, each.message_id, status=each.status, doubt=each.doubt,
            source=each.source,
        )
        for each in held
    ]  # fmt: skip
    _forget_fault(held[0].device_id)
    with connection.cursor() as cursor:
        ingest.record_batch(cursor.cursor, readings, now, faulty=[session])
    MessageDecision.objects.bulk_create(
        [
            MessageDecision(
                clinic_id=by.own_clinic_id, message_id=message_id, encounter_id=encounter.pk, decided_at=now
            )
            for message_id in sorted({each.message_id for each in held})
        ],
        ignore_conflicts=True,
    )


def _forget_fault(device_id: int) -> None:
    device = one_row(Device, device_id).get()
    device.faults = faults.without(device.faults, faults.PATIENT)
    device.save(update_fields=["faults"])
