"""The clinic's monitors: which there are, on whom, how their clocks go, and what they sent that could not be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.patients import queries as patients
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import claiming_actions
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device, DeviceAssociation, InboundMessage, NotUsed, Stranger, StrangerMessage
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.audit.actions import record
from sojourn.interfaces.console.monitors.presenters import (
    AddressLine,
    NotUsedLine,
    address_line,
    fault_sentences,
    not_used_lines,
    stranger_lines,
    unclaimed_lines,
)
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.words import skew_word

FAULTS_SHOWN = 200
_UNKNOWN = re.compile(r"unknown monitor (?P<key>.{1,120}?); kept, not charted", re.S)
_KIND = re.compile(r"(?P<kind>[a-z_]{3,24}): (?P<reason>.+)", re.S)

# What the reader's kinds of fault mean (interfaces/devices names them; the console does not know that folder).
KINDS: dict[str, StrPromise] = {
    "empty": gettext_lazy("An empty message came in."),
    "no_header": gettext_lazy("The message does not begin with its header (MSH)."),
    "no_type": gettext_lazy("The header does not say what kind of message it is."),
    "separators": gettext_lazy("The header names no usable separators."),
    "unsupported_type": gettext_lazy("Another kind of message than results (ORU^R01) came in."),
    "batch": gettext_lazy("A batch file without any message came in."),
    "query": gettext_lazy("A monitor asked for its patient on a line that may not ask."),
    "several_messages": gettext_lazy("Two messages came in one frame."),
    "several_patients": gettext_lazy("One message speaks of several patients."),
    "several_beds": gettext_lazy("One message speaks of several beds."),
    "too_many": gettext_lazy("One message holds too many values."),
    "garbage": gettext_lazy("Bytes came in that are no message."),
    "truncated": gettext_lazy("A message broke off before its end."),
    "unframed": gettext_lazy("A message came without its frame."),
    "oversize": gettext_lazy("A message is too long."),
    "reader_failed": gettext_lazy("Sojourn could not read a message. The bytes were kept."),
}
_SENTENCES: tuple[tuple[str, StrPromise], ...] = (
    ("unknown monitor", gettext_lazy("A monitor that the clinic does not know sent this.")),
    (
        "the message does not say which monitor sent it",
        gettext_lazy("The message does not say which monitor sent it. Set an identifier on the monitor."),
    ),
    (
        "the monitor names another patient",
        gettext_lazy("The monitor names another patient than the session it is on. Look at the name on the monitor."),
    ),
)


class DeviceForm(forms.Form):
    """A monitor, as its messages name it."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("As people call it: Bay 3, Mindray 2")
    )
    key = forms.CharField(
        label=gettext_lazy("Identifier in its messages"), max_length=120,
        help_text=gettext_lazy("Kind and value with a colon between, as in bed:BAY3. Easier: let the monitor send "
                               "something and add it from the list of unknown monitors."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )  # fmt: skip
    maker = forms.CharField(label=gettext_lazy("Maker"), max_length=60, required=False)

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).strip()
        kind, colon, value = key.partition(":")
        if not colon or not kind.strip() or not value.strip():
            raise forms.ValidationError(_("Write the kind, a colon and the value, as in bed:BAY3."), code="no-kind")
        return key


@dataclass(frozen=True, slots=True)
class Line:
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


@dataclass(frozen=True, slots=True)
class FaultLine:
    """Messages with one fault from one sender."""

    words: str
    detail: str
    peer: str
    count: int
    newest_at: datetime
    url: str


def fault_words(fault: str) -> tuple[str, str]:
    """A fault as a sentence for people, and what else it says."""
    for begin, words in _SENTENCES:
        if fault.startswith(begin):
            found = _UNKNOWN.match(fault)
            return str(words), found["key"] if found else ""
    kind = _KIND.fullmatch(fault)
    if kind is not None and kind["kind"] in KINDS:
        return str(KINDS[kind["kind"]]), kind["reason"]
    return fault, ""


def fault_lines(faults: Iterable[InboundMessage]) -> list[FaultLine]:
    """One line for each fault and sender (without the port, which changes), the newest first."""
    found: dict[tuple[str, str], list[InboundMessage]] = {}
    for each in faults:
        found.setdefault((each.fault, each.peer.rpartition(":")[0] or each.peer), []).append(each)
    lines = []
    for (fault, peer), ones in found.items():
        words, detail = fault_words(fault)
        newest = max(ones, key=lambda each: each.received_at)
        url = reverse("console:monitor_message", args=[newest.pk])
        lines.append(FaultLine(words, detail, peer, len(ones), newest.received_at, url))
    return sorted(lines, key=lambda line: line.newest_at, reverse=True)


def refused_lines(senders: Iterable[vitals_queries.Sender]) -> list[FaultLine]:
    """What could not be read or belongs to no monitor of ours, by kind and sender. (What an upgrade has listed without
    a reason was used when it came.)"""
    lines = []
    for each in senders:
        if not each.stranger.reason:
            continue
        row, newest = each.stranger, each.newest_message_id
        words, detail = fault_words(row.reason)
        url = reverse("console:stranger_message", args=[newest]) if newest else ""
        lines.append(FaultLine(words, detail, row.host, row.count, row.last_at, url))
    return lines


def _line(
    device: Device, association: DeviceAssociation | None, request: Request, hidden: frozenset[int],
    not_used: Sequence[NotUsed],
) -> Line:  # fmt: skip
    on = on_url = ""
    if association is not None:
        chair = association.encounter.chair.name
        secret = association.patient_id in hidden or not request.asker.may("session.read")
        on = chair if secret else _("%(name)s, %(chair)s") % {"name": association.patient.name, "chair": chair}
        on_url = "" if secret else address("console:session", association.encounter_id)
    return Line(
        device.pk, device.name, device.maker, device.key, device.last_seen_at, skew_word(device.clock_skew_s), on,
        on_url, reverse("console:monitor_retire", args=[device.pk]),
        reverse("console:monitor_rename", args=[device.pk]), address_line(device),
        reverse("console:monitor_line", args=[device.pk]), tuple(fault_sentences(device)),
        tuple(not_used_lines(not_used)),
    )  # fmt: skip


def _page(request: Request, *, form: DeviceForm | None = None, refused: Refused | None = None) -> HttpResponse:
    now = timezone.now()
    devices = list(Device.objects.filter(retired_at=None).order_by("name", "pk"))
    on = {
        row.device_id: row
        for row in DeviceAssociation.objects.select_related("patient", "encounter__chair").filter(until_at=None)
    }
    hidden = patients.withheld(request.asker, [row.patient for row in on.values()], now)
    senders, nobodys = vitals_queries.strangers(request.asker.here, now)
    not_used = vitals_queries.not_used([device.pk for device in devices], now)
    known = fault_lines(vitals_queries.message_faults(FAULTS_SHOWN))
    manages = request.asker.may("monitor.manage")
    context = {
        "lines": [_line(each, on.get(each.pk), request, hidden, not_used.get(each.pk, [])) for each in devices],
        "faults": sorted([*known, *refused_lines(senders)], key=lambda each: each.newest_at, reverse=True),
        "strangers": stranger_lines([each.stranger for each in senders], devices),
        "unclaimed": len(unclaimed_lines(nobodys)),
        "registers": request.asker.may("monitor.register"),
        "manages": manages,
        "form": (form or DeviceForm()) if manages else None,
        "reasons": [{"href": "", "text": str(each)} for each in refused.reasons] if refused else [],
    }
    status = 409 if refused else 422 if form is not None and form.errors else 200
    return render(request, "console/monitors/list.html", context, status=status)


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
        device = vitals_actions.add_device(by=request.asker, **form.cleaned_data)
    except Refused as refused:
        return _page(request, form=form, refused=refused)
    messages.success(request, _("%(name)s is added. A nurse can put it on a patient.") % {"name": device.name})
    return redirect("console:monitors")


def _done(request: Request, work: Callable[[], Device], words: str) -> HttpResponse:
    """Do something about a monitor, and say so on the list; or say there why not."""
    try:
        device = work()
    except Refused as refused:
        return _page(request, refused=refused)
    messages.success(request, words % {"name": device.name})
    return redirect("console:monitors")


@allowed("monitor.register")
@require_POST
def register(request: Request, stranger_id: int) -> HttpResponse:
    """Add an unknown monitor of the clinic's port, with one press."""
    get_object_or_404(Stranger, pk=stranger_id, clinic_id=request.asker.here)
    name = request.POST.get("name", "")
    return _done(
        request, lambda: claiming_actions.register(by=request.asker, stranger_id=stranger_id, name=name),
        _("%(name)s is added. A nurse can put it on a patient."),
    )  # fmt: skip


@allowed("monitor.register")
@require_POST
def rekey(request: Request, device_id: int) -> HttpResponse:
    """Give a monitor the closer name under which it speaks, with one press."""
    device = get_object_or_404(Device, pk=device_id, retired_at=None)
    stranger_id = int(request.POST.get("stranger", "0") or 0)
    return _done(
        request, lambda: claiming_actions.rekey(by=request.asker, device_id=device.pk, stranger_id=stranger_id),
        _("%(name)s is known by its closer name now."),
    )  # fmt: skip


@allowed("monitor.register")
@require_POST
def confirm_line(request: Request, device_id: int) -> HttpResponse:
    """Say that a monitor speaks from this address."""
    device = get_object_or_404(Device, pk=device_id, retired_at=None)
    host = request.POST.get("address", "")
    return _done(
        request, lambda: claiming_actions.confirm_line(by=request.asker, device_id=device.pk, host=host),
        _("The address of %(name)s is confirmed."),
    )  # fmt: skip


def _unclaimed_page(request: Request, refused: Refused | None = None) -> HttpResponse:
    _ours, rows = vitals_queries.strangers(request.asker.here, timezone.now())
    unreadable = [vitals_queries.Sender(row, None) for row in rows if row.fault or not row.name]
    context = {
        "strangers": unclaimed_lines(rows),
        "faults": refused_lines(unreadable),
        "reasons": [{"href": "", "text": str(each)} for each in refused.reasons] if refused else [],
    }
    return render(request, "console/monitors/unclaimed.html", context, status=409 if refused else 200)


@allowed("monitor.register")
@require_GET
def unclaimed(request: Request) -> HttpResponse:
    """What speaks to this installation and belongs to no clinic yet. Nothing of a patient is shown."""
    return _unclaimed_page(request)


@allowed("monitor.register")
@require_POST
def claim(request: Request, stranger_id: int) -> HttpResponse:
    """Take a monitor that belongs to no clinic: who stands before it can read the end of its name."""
    get_object_or_404(Stranger, pk=stranger_id)
    try:
        device = claiming_actions.claim(
            by=request.asker,
            stranger_id=stranger_id,
            code=request.POST.get("code", ""),
            name=request.POST.get("name", ""),
        )
    except Refused as refused:
        return _unclaimed_page(request, refused)
    messages.success(request, _("%(name)s is added. A nurse can put it on a patient.") % {"name": device.name})
    return redirect("console:monitors")


@allowed("monitor.manage")
@require_POST
def rename(request: Request, device_id: int) -> HttpResponse:
    """Call a monitor as people do now; what it sends and has measured stays its own."""
    device = get_object_or_404(Device, pk=device_id, retired_at=None)
    try:
        vitals_actions.rename_device(by=request.asker, device_id=device.pk, name=request.POST.get("name", ""))
    except Refused as refused:
        return _page(request, refused=refused)
    return redirect("console:monitors")


@allowed("monitor.manage")
@require_POST
def retire(request: Request, device_id: int) -> HttpResponse:
    """Take a monitor out of use; what it has measured stays. A second press changes nothing."""
    device = get_object_or_404(Device, pk=device_id)
    if device.retired_at is None:
        try:
            vitals_actions.retire_device(by=request.asker, device_id=device_id)
        except Refused as refused:
            return _page(request, refused=refused)
        messages.success(request, _("%(name)s is out of use.") % {"name": device.name})
    return redirect("console:monitors")


# ---------------------------------------------------------------- the bytes of a message

_NAMES = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
    "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message: text as it was sent, or the name of something that cannot be seen. ``ends_line``: a
    carriage return, which ends a segment."""

    text: str
    hidden: bool = False
    ends_line: bool = False


def visible(raw: bytes) -> list[Piece]:
    """Bytes as text in which nothing hides: control characters by their names, other odd bytes as 0xNN."""
    pieces: list[Piece] = []
    plain: list[str] = []

    def name(text: str, *, ends_line: bool = False) -> None:
        if plain:
            pieces.append(Piece("".join(plain)))
            plain.clear()
        pieces.append(Piece(text, True, ends_line))

    for each in raw.decode("utf-8", "surrogateescape"):
        code = ord(each)
        if code < len(_NAMES):
            name(_NAMES[code], ends_line=each == "\r")
        elif code == 0x7F:
            name("DEL")
        elif 0xDC80 <= code <= 0xDCFF:
            name(f"0x{code - 0xDC00:02X}")
        elif each.isprintable():
            plain.append(each)
        else:
            name(f"U+{code:04X}")
    if plain:
        pieces.append(Piece("".join(plain)))
    return pieces


@allowed("monitor.manage")
@require_GET
def message(request: Request, message_id: int) -> HttpResponse:
    """A message that could not be used, to the byte. It may name a patient, so opening it is audited."""
    found = InboundMessage.objects.filter(pk=message_id).exclude(fault="").first()
    if found is None:
        raise Http404
    return _bytes(request, found)


@allowed("monitor.manage")
@require_GET
def stranger_message(request: Request, kept_id: int) -> HttpResponse:
    """The same of a sender on the clinic's port that is no monitor of ours."""
    found = get_object_or_404(StrangerMessage, pk=kept_id, clinic_id=request.asker.here)
    return _bytes(request, found)


def _bytes(asked: Request, found: InboundMessage | StrangerMessage) -> HttpResponse:
    record(asked.asker, "monitor.message_opened", found)
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


urlpatterns = [
    path("monitors/", monitors, name="monitors"),
    path("monitors/add/", add, name="monitor_add"),
    path("monitors/unclaimed/", unclaimed, name="monitors_unclaimed"),
    path("monitors/unclaimed/<int:stranger_id>/claim/", claim, name="monitor_claim"),
    path("monitors/unknown/<int:stranger_id>/add/", register, name="monitor_register"),
    path("monitors/unknown/messages/<int:kept_id>/", stranger_message, name="stranger_message"),
    path("monitors/<int:device_id>/key/", rekey, name="monitor_rekey"),
    path("monitors/<int:device_id>/line/", confirm_line, name="monitor_line"),
    path("monitors/<int:device_id>/rename/", rename, name="monitor_rename"),
    path("monitors/<int:device_id>/retire/", retire, name="monitor_retire"),
    path("monitors/messages/<int:message_id>/", message, name="monitor_message"),
]
