"""The link of a day: it opens the page of the days around an appointment without a sign-in, on one device.

It shows no name, drug, score or earlier word; it can add and call (interfaces/escort/day.py).
"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.coordination import day_link
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import DayLink
from sojourn.care.coordination.queries import DayView
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import LINK, NoLock, action, either, part, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import AppointmentScope, one_row

_APPOINTMENT = row(Appointment, "appointment_id")


@action(either("own.visits", "appointment.book"), locks=_APPOINTMENT, audit="day_link.sent")
def send(*, by: Actor, appointment_id: int, now: datetime | None = None) -> DayLink:
    """Send the patient the link of an appointment's days, to their own address and nowhere else. One that was sent
    before opens nothing from then on. Refused: cancelled, over, no-address."""
    now = now or timezone.now()
    visit = one_row(Appointment, appointment_id).select_related("patient").get()
    if visit.status != AppointmentStatus.BOOKED:
        raise ActionRefused(_("This appointment is cancelled."), codes=("cancelled",))
    if now >= visit.during.upper + day_link.CLOSES_AFTER:
        raise ActionRefused(_("The days after this appointment are over."), codes=("over",))
    if not visit.patient.email:
        raise ActionRefused(_("There is no e-mail address to send it to."), codes=("no-address",))
    AppointmentScope(visit.pk).rows(DayLink).filter(ended_at=None).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    link = DayLink.objects.create(
        clinic_id=visit.clinic_id,
        patient_id=visit.patient_id,
        appointment=visit,
        token_hash=hash_of(token),
        sent_at=now,
    )
    clinic = visit.clinic
    letters.post(
        letters.write(
            visit.patient.email, "day_link", visit.patient.language or clinic.language,
            clinic=clinic.name, phone=clinic.phone, link=address(Page.DAY, token),
        )
    )  # fmt: skip
    record(by, "day_link.sent", link)
    return link


@action(either("own.visits", "appointment.book"), locks=_APPOINTMENT, audit="day_link.ended")
def end(*, by: Actor, appointment_id: int, now: datetime | None = None) -> DayLink | None:
    """Take the link back, as when the phone is lost; None where none opens anything."""
    link = AppointmentScope(appointment_id).rows(DayLink).filter(ended_at=None).first()
    if link is None:
        return unchanged(None)
    link.ended_at = now or timezone.now()
    link.save(update_fields=["ended_at"])
    record(by, "day_link.ended", link)
    return link


@part(locks=_APPOINTMENT, audit="day_link.opened")
def note_device(*, by: Actor, appointment_id: int, link_id: int, device: str, now: datetime) -> DayLink:
    """The first device that says so has it. Refused: elsewhere."""
    link = AppointmentScope(appointment_id).rows(DayLink).get(pk=link_id)
    if link.device_hash == hash_of(device):
        return unchanged(link)
    if link.device_hash:
        raise ActionRefused(_("This link was opened on another device."), codes=("elsewhere",))
    link.device_hash, link.opened_at = hash_of(device), now
    link.save(update_fields=["device_hash", "opened_at"])
    record(by, "day_link.opened", link)
    return link


@action(LINK, locks=NoLock("a link does not see the appointment: it is locked where the device is noted"),
        through=(note_device,))  # fmt: skip
def open_here(*, by: Actor, device: str, now: datetime | None = None) -> DayLink:
    """From now on the link opens on this device alone. ``device``: what the browser was given. ``by`` asks with the
    link's ``token_hash``. Refused: unknown, elsewhere, early, over, ended, cancelled."""
    now = now or timezone.now()
    view, guest = opened(by.token_hash, device, now, but=("unopened", "open"))
    with acting_as(guest):
        return note_device(by=guest, appointment_id=view.appointment.pk, link_id=view.link.pk, device=device, now=now)


def opened(token_hash: str, device: str, now: datetime, but: tuple[str, ...] = ("open",)) -> tuple[DayView, Actor]:
    """What the link opens, and who then asks: nobody who is named. Refused: unknown, and every other standing than
    ``but``."""
    view = coordination_queries.day_view(token_hash)
    if view is None:
        raise ActionRefused(_("This link opens nothing."), codes=("unknown",))
    standing = view.standing(hash_of(device) if device else "", now)
    if standing not in but:
        raise ActionRefused(_("This link does not open here any more."), codes=(standing,))
    return view, guest_of(view)


def guest_of(view: DayView) -> Actor:
    """Who asks where the link is all that is known of them."""
    return Actor(
        clinic_id=view.link.clinic_id, patient_id=view.link.patient_id, role="guest", name=_("Somebody by link")
    )
