"""The clinic's monitors: which there are, on whom, how their clocks go, and what they sent that could not be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sojourn.care.patients import queries as patients_queries
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import claiming_actions, message_actions
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device, DeviceAssociation, InboundMessage, NotUsed, Stranger, StrangerMessage
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import clinic_rows, one_row
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.monitors.faults import fault_lines, fault_words, refused_lines
from sojourn.interfaces.console.monitors.forms import ClaimForm, DeviceForm, LineForm
from sojourn.interfaces.console.monitors.presenters import (
    AddressLine,
    NotUsedLine,
    address_line,
    fault_sentences,
    not_used_lines,
    stranger_lines,
    unclaimed_lines,
)
from sojourn.interfaces.console.monitors.raw import visible
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.words import skew_word
from sojourn.interfaces.shared.pages import POST, ClinicPage, clinic_page, opens

FAULTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """A monitor of the list."""

    id: int
    name: str
    maker: str
    key: str
    seen_at: datetime | None
    clock: str
    on: str
    on_url: str
    retire_url: str
    rename_url: str
    line: AddressLine
    line_url: str
    faults: tuple[str, ...] = ()
    not_used: tuple[NotUsedLine, ...] = ()


def _line(
    device: Device, association: DeviceAssociation | None, request: Request, hidden: frozenset[int],
    not_used: Sequence[NotUsed],
) -> MonitorRow:  # fmt: skip
    on = on_url = ""
    if association is not None:
        chair = association.encounter.chair.name
        secret = association.patient_id in hidden or not request.actor.may("session.read")
        on = chair if secret else _("%(name)s, %(chair)s") % {"name": association.patient.name, "chair": chair}
        on_url = "" if secret else address("console:session", association.encounter_id)
    return MonitorRow(
        device.pk, device.name, device.maker, device.key, device.last_seen_at, skew_word(device.clock_skew_s), on,
        on_url, reverse("console:monitor_retire", args=[device.pk]),
        reverse("console:monitor_rename", args=[device.pk]), address_line(device),
        reverse("console:monitor_line", args=[device.pk]), tuple(fault_sentences(device)),
        tuple(not_used_lines(not_used)),
    )  # fmt: skip


def _page(request: Request, *, form: DeviceForm | None = None, refused: ActionRefused | None = None) -> HttpResponse:
    now = timezone.now()
    devices = list(clinic_rows(Device).filter(retired_at=None).order_by("name", "pk"))
    patients_on = clinic_rows(DeviceAssociation).select_related("patient", "encounter__chair").filter(until_at=None)
    on = {row.device_id: row for row in patients_on}
    hidden = patients_queries.withheld(request.actor, [row.patient for row in on.values()], now)
    senders, nobodys = vitals_queries.strangers(now)
    not_used = vitals_queries.not_used([device.pk for device in devices], now)
    known = fault_lines(vitals_queries.message_faults(FAULTS_SHOWN))
    manages = request.actor.may("monitor.manage")
    context = {
        "lines": [_line(each, on.get(each.pk), request, hidden, not_used.get(each.pk, [])) for each in devices],
        "faults": sorted([*known, *refused_lines(senders)], key=lambda each: each.newest_at, reverse=True),
        "strangers": stranger_lines([each.stranger for each in senders], devices),
        "unclaimed": len(unclaimed_lines(nobodys)),
        "registers": request.actor.may("monitor.register"),
        "manages": manages,
        "form": (form or DeviceForm()) if manages else None,
        "reasons": _reasons(refused),
    }
    return render(request, "console/monitors/list.html", context, status=_status(form, refused))


def _status(form: DeviceForm | None, refused: ActionRefused | None) -> int:
    if refused:
        return 409
    return 422 if form is not None and form.errors else 200


def _reasons(refused: ActionRefused | None) -> list[dict[str, str]]:
    """For the summary at the top of a page."""
    return [{"href": "", "text": str(each)} for each in refused.reasons] if refused else []


@allowed("monitor.read", "monitor.manage")
@require_GET
def monitors(request: Request) -> HttpResponse:
    """Every monitor in use, unknown ones, and messages with faults."""
    return _page(request)


@allowed("monitor.manage")
@require_POST
def add(request: Request) -> HttpResponse:
    """Add a monitor: typed, or with one press from the unknown ones."""
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    try:
        device = vitals_actions.add_device(by=request.actor, **form.cleaned_data)
    except ActionRefused as refused:
        return _page(request, form=form, refused=refused)
    messages.success(request, _("%(name)s is added. A nurse can put it on a patient.") % {"name": device.name})
    return redirect("console:monitors")


def _done(request: Request, work: Callable[[], Device], words: str) -> HttpResponse:
    """Do something about a monitor, and say so on the list; or say there why not."""
    try:
        device = work()
    except ActionRefused as refused:
        return _page(request, refused=refused)
    messages.success(request, words % {"name": device.name})
    return redirect("console:monitors")


def _device(scope: ClinicPage, device_id: int) -> Device:
    return one_row(Device, device_id).get()


def _in_use(scope: ClinicPage, device_id: int) -> Device:
    return one_row(Device, device_id).get(retired_at=None)


def _stranger(scope: ClinicPage, stranger_id: int) -> Stranger:
    return one_row(Stranger, stranger_id).get()


def _own_stranger(scope: ClinicPage, stranger_id: int) -> Stranger:
    """One on the clinic's own port."""
    return one_row(Stranger, stranger_id).get(clinic_id=scope.clinic.pk)


@clinic_page("monitor.register", methods=POST)
@opens(_own_stranger)
def register(request: Request, scope: ClinicPage, stranger: Stranger) -> HttpResponse:
    """Add an unknown monitor of the clinic's port, with one press."""
    name = read(ClaimForm(request.POST))["name"]
    return _done(
        request, lambda: claiming_actions.register(by=scope.actor, stranger_id=stranger.pk, name=name),
        _("%(name)s is added. A nurse can put it on a patient."),
    )  # fmt: skip


@clinic_page("monitor.register", methods=POST)
@opens(_in_use)
def rekey(request: Request, scope: ClinicPage, device: Device) -> HttpResponse:
    """Give a monitor the closer name under which it speaks, with one press."""
    stranger_id = read(LineForm(request.POST))["stranger"] or 0
    return _done(
        request, lambda: claiming_actions.rekey(by=scope.actor, device_id=device.pk, stranger_id=stranger_id),
        _("%(name)s is known by its closer name now."),
    )  # fmt: skip


@clinic_page("monitor.register", methods=POST)
@opens(_in_use)
def confirm_line(request: Request, scope: ClinicPage, device: Device) -> HttpResponse:
    """Say that a monitor speaks from this address."""
    host = read(LineForm(request.POST))["address"]
    return _done(
        request, lambda: claiming_actions.confirm_line(by=scope.actor, device_id=device.pk, host=host),
        _("The address of %(name)s is confirmed."),
    )  # fmt: skip


def _unclaimed_page(request: Request, refused: ActionRefused | None = None) -> HttpResponse:
    _ours, rows = vitals_queries.strangers(timezone.now())
    unreadable = [vitals_queries.Sender(row, None) for row in rows if row.fault or not row.name]
    context = {
        "strangers": unclaimed_lines(rows),
        "faults": refused_lines(unreadable),
        "reasons": _reasons(refused),
    }
    return render(request, "console/monitors/unclaimed.html", context, status=409 if refused else 200)


@allowed("monitor.register")
@require_GET
def unclaimed(request: Request) -> HttpResponse:
    """What speaks to this installation and belongs to no clinic yet. Nothing of a patient is shown."""
    return _unclaimed_page(request)


@clinic_page("monitor.register", methods=POST)
@opens(_stranger)
def claim(request: Request, scope: ClinicPage, stranger: Stranger) -> HttpResponse:
    """Take a monitor that belongs to no clinic: who stands before it can read the end of its name."""
    typed = read(ClaimForm(request.POST))
    try:
        device = claiming_actions.claim(
            by=scope.actor, stranger_id=stranger.pk, code=typed["code"], name=typed["name"]
        )  # fmt: skip
    except ActionRefused as refused:
        return _unclaimed_page(request, refused)
    messages.success(request, _("%(name)s is added. A nurse can put it on a patient.") % {"name": device.name})
    return redirect("console:monitors")


@clinic_page("monitor.manage", methods=POST)
@opens(_in_use)
def rename(request: Request, scope: ClinicPage, device: Device) -> HttpResponse:
    """Call a monitor as people do now; what it sends and has measured stays its own."""
    try:
        name = read(ClaimForm(request.POST))["name"]
        vitals_actions.rename_device(by=scope.actor, device_id=device.pk, name=name)
    except ActionRefused as refused:
        return _page(request, refused=refused)
    return redirect("console:monitors")


@clinic_page("monitor.manage", methods=POST)
@opens(_device)
def retire(request: Request, scope: ClinicPage, device: Device) -> HttpResponse:
    """Take a monitor out of use; what it has measured stays. A second press changes nothing."""
    if device.retired_at is None:
        try:
            vitals_actions.retire_device(by=scope.actor, device_id=device.pk)
        except ActionRefused as refused:
            return _page(request, refused=refused)
        messages.success(request, _("%(name)s is out of use.") % {"name": device.name})
    return redirect("console:monitors")


def _faulty(scope: ClinicPage, message_id: int) -> InboundMessage:
    return one_row(InboundMessage, message_id).exclude(fault="").get()


def _kept(scope: ClinicPage, kept_id: int) -> StrangerMessage:
    return one_row(StrangerMessage, kept_id).get(clinic_id=scope.clinic.pk)


@clinic_page("monitor.manage")
@opens(_faulty)
def message(request: Request, scope: ClinicPage, found: InboundMessage) -> HttpResponse:
    """A message that could not be used, to the byte. It may name a patient, so opening it is audited."""
    return _bytes(request, found)


@clinic_page("monitor.manage")
@opens(_kept)
def stranger_message(request: Request, scope: ClinicPage, found: StrangerMessage) -> HttpResponse:
    """The same of a sender on the clinic's port that is no monitor of ours."""
    return _bytes(request, found)


def _bytes(asked: Request, found: InboundMessage | StrangerMessage) -> HttpResponse:
    message_actions.open_message(by=asked.actor, message=found)
    words, detail = fault_words(found.fault)
    raw = bytes(found.raw)
    context: dict[str, Any] = {
        "message": found,
        "words": words,
        "detail": detail,
        "size": len(raw),
        "pieces": visible(raw[:65536]),
        "cut": len(raw) > 65536,
    }
    return render(asked, "console/monitors/message.html", context)
