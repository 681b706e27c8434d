"""Reminders: planned with the booking, sent once at their time, dropped with a cancelled appointment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import Channel, Reminder, ReminderPreference
from sojourn.care.coordination.reminding import NIGHT, due_at
from sojourn.care.patients import not_now
from sojourn.care.scheduling import placing
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation import jobs
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.mail import letters, sms
from sojourn.foundation.scope import AppointmentScope, PatientScope, clinic_rows, one_row
from sojourn.foundation.timing import PersonsClock, Quiet


def _clock(chosen: ReminderPreference | None, zone: ZoneInfo) -> PersonsClock:
    """The patient's own, where they have said so; else the clinic's ``zone``."""
    if chosen is None:
        return PersonsClock(zone, NIGHT)
    return PersonsClock(ZoneInfo(chosen.zone), Quiet(chosen.quiet_from, chosen.quiet_until))


def plan(appointment: Appointment, zone: ZoneInfo, now: datetime) -> list[Reminder]:
    """Plan the reminders of an appointment as it stands; those of another beginning fall. A part of booking."""
    starts_at = appointment.during.lower
    AppointmentScope(appointment.pk).rows(Reminder).filter(sent_at=None, dropped_at=None).exclude(
        starts_at=starts_at
    ).update(dropped_at=now)
    chosen = coordination_queries.reminder_preference(PatientScope(appointment.patient_id))
    if chosen is not None and chosen.channel == Channel.NONE:
        drop(appointment, now)
        return []
    clock = _clock(chosen, zone)
    due = {hours: due_at(starts_at, hours, clock, now) for hours in scheduling_queries.rules().remind_hours}
    planned = [_planned(appointment, hours, at) for hours, at in due.items() if at is not None]
    return [each for each in planned if each.sent_at is None]


def _planned(appointment: Appointment, hours: int, due: datetime) -> Reminder:
    """One reminder, which waits for its time now unless it has been sent."""
    reminder, made = clinic_rows(Reminder).get_or_create(
        appointment=appointment,
        starts_at=appointment.during.lower,
        hours_before=hours,
        defaults={"clinic_id": appointment.clinic_id, "patient_id": appointment.patient_id, "due_at": due},
    )
    again = reminder.due_at != due or reminder.dropped_at is not None
    if reminder.sent_at is not None or not (made or again):
        return reminder
    if again:
        reminder.due_at, reminder.dropped_at = due, None
        reminder.save(update_fields=["due_at", "dropped_at"])
    jobs.defer("booking.remind", at=due, clinic_id=appointment.clinic_id, reminder_id=reminder.pk)
    return reminder


def drop(appointment: Appointment, now: datetime) -> None:
    """Nobody is reminded of this appointment any more. A part of cancelling."""
    AppointmentScope(appointment.pk).rows(Reminder).filter(sent_at=None, dropped_at=None).update(dropped_at=now)


@action(
    "reminder.send",
    locks=row(Reminder, "reminder_id"),
    audit=("reminder.sent", "reminder.put_off", "reminder.dropped"),
)
def send(*, by: Actor, reminder_id: int, now: datetime | None = None) -> bool:
    """Send one reminder if it is due and still true; whether it went. Sending twice sends once.

    ``by`` is the system actor. The letter and the mark that it was sent are one transaction.
    """
    now = now or timezone.now()
    reminder = one_row(Reminder, reminder_id).select_related("appointment__patient").get()
    appointment = reminder.appointment
    if reminder.sent_at is not None or reminder.dropped_at is not None or reminder.due_at > now:
        return unchanged(False)
    if not _still_true(reminder, now):
        return _drop_one(by, reminder, now)
    chosen = coordination_queries.reminder_preference(PatientScope(reminder.patient_id))
    clock = _clock(chosen, reminder.clinic.zone)
    if (until := clock.awake(now)) > now:
        # The house was away when it was due.
        return _put_off(by, reminder, until, now)
    channel = _by(chosen, appointment)
    if channel is None:
        return _drop_one(by, reminder, now)
    reminder.sent_at, reminder.sent_by_channel = now, channel
    reminder.save(update_fields=["sent_at", "sent_by_channel"])
    _tell(appointment, reminder.clinic, clock.zone, channel, f"reminder-{reminder.pk}")
    record(by, "reminder.sent", reminder, channel=channel, hours_before=reminder.hours_before)
    return True


def _still_true(reminder: Reminder, now: datetime) -> bool:
    """Whether the appointment stands, still ahead, at the beginning that the reminder is of."""
    appointment = reminder.appointment
    stands = appointment.status == AppointmentStatus.BOOKED and appointment.during.lower == reminder.starts_at
    return stands and reminder.starts_at > now


def _drop_one(by: Actor, reminder: Reminder, now: datetime) -> bool:
    """It is not sent any more; False, as ``send`` says it."""
    reminder.dropped_at = now
    reminder.save(update_fields=["dropped_at"])
    record(by, "reminder.dropped", reminder, hours_before=reminder.hours_before)
    return False


def _put_off(by: Actor, reminder: Reminder, until: datetime, now: datetime) -> bool:
    """Wait for the end of the quiet hours, or drop the reminder where that is too late; False."""
    if until >= reminder.starts_at:
        return _drop_one(by, reminder, now)
    reminder.due_at = until
    reminder.save(update_fields=["due_at"])
    jobs.defer("booking.remind", at=until, clinic_id=reminder.clinic_id, reminder_id=reminder.pk)
    record(by, "reminder.put_off", reminder, until=until, hours_before=reminder.hours_before)
    return False


def _by(chosen: ReminderPreference | None, appointment: Appointment) -> str | None:
    """The way to reach the patient: as chosen, by e-mail where text messages cannot go, None where nothing can."""
    wanted = chosen.channel if chosen else Channel.EMAIL
    if wanted == Channel.NONE:
        return None
    if wanted == Channel.SMS and sms.can_send() and appointment.patient.phone:
        return str(Channel.SMS)
    return str(Channel.EMAIL) if appointment.patient.email else None


def _tell(appointment: Appointment, clinic: Clinic, zone: ZoneInfo, channel: str, key: str) -> None:
    """Words that any eye may meet: an appointment, the clinic, a time with its zone. Nothing of why."""
    patient = appointment.patient
    with translation.override(patient.language or clinic.language):
        local = appointment.during.lower.astimezone(zone)
        when = formats.date_format(local, _("l j F Y, H:i"))
        if zone.key != clinic.time_zone:
            when = f"{when} ({zone.key.replace('_', ' ')})"
        if channel == Channel.SMS:
            text = _("Appointment: %(when)s, %(clinic)s.") % {"when": when, "clinic": clinic.name}
            sms.post(patient.phone, text, key, until=appointment.during.lower)
            return
    letters.post(
        letters.write(
            patient.email, "reminder", patient.language or clinic.language,
            name=patient.given_name, clinic=clinic.name, phone=clinic.phone, address=clinic.address, when=when,
        ),
        until=appointment.during.lower,
    )  # fmt: skip


# What is ahead is planned anew: an appointment that is moved meanwhile would lose the reminders of its new time.
@action("own.visits", locks=placing.BOOKING, audit="reminder.preferred")
def prefer(
    *, by: Actor, zone: str, channel: str, quiet_from: time, quiet_until: time, now: datetime | None = None
) -> ReminderPreference:
    """How the patient wants to be reminded; what is ahead is planned anew. Refused: zone-unknown, channel-unknown,
    no-text-messages; not-now, except for no reminders at all."""
    if by.patient_id is None:
        raise ActionRefused(_("Only the patient chooses this."), codes=("not-a-patient",))
    now = now or timezone.now()
    if channel != Channel.NONE:
        not_now.must_be_later(by=by, at=now)
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ActionRefused(_("Choose a time zone from the list."), codes=("zone-unknown",)) from error
    if channel not in Channel.values:
        raise ActionRefused(_("Choose how we may reach you."), codes=("channel-unknown",))
    if channel == Channel.SMS and not sms.can_send():
        raise ActionRefused(_("This clinic cannot send text messages yet."), codes=("no-text-messages",))
    preference, _made = clinic_rows(ReminderPreference).update_or_create(
        patient_id=by.patient_id,
        defaults={
            "clinic_id": by.own_clinic_id, "zone": zone, "channel": channel, "quiet_from": quiet_from,
            "quiet_until": quiet_until, "changed_at": now,
        },
    )  # fmt: skip
    for appointment in (
        PatientScope(by.patient_id)
        .rows(Appointment)
        .filter(status=AppointmentStatus.BOOKED, during__startswith__gt=now)
    ):
        plan(appointment, there, now)
    record(by, "reminder.preferred", preference, channel=channel)
    return preference


def sender(clinic_id: int) -> Actor:
    """The system actor as it sends reminders, letters to escorts and offers in one clinic."""
    return replace(system_actor(clinic_id), permissions=frozenset({"reminder.send"}))
