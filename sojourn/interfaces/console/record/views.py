"""The record of a session: read, signed, added to, and as a PDF."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.chart import actions as chart_actions
from sojourn.care.chart.content import verify_signature
from sojourn.care.chart.queries import session_record
from sojourn.care.chart.record import SessionRecord
from sojourn.care.patients.models import Patient
from sojourn.care.session import actions as session_actions
from sojourn.care.session import snapshot
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_local
from sojourn.foundation.printing import figure, setting
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.record.figure import figure_of
from sojourn.interfaces.console.record.paper import document
from sojourn.interfaces.console.record.presenters import RecordView
from sojourn.interfaces.console.sessions.minute import strip_alone
from sojourn.interfaces.console.sessions.standing import unseen
from sojourn.interfaces.shared.pages import POST, PatientPage, patient_row_page
from sojourn.interfaces.shared.sessions import session_or_404


class AddendumForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Addendum"),
        help_text=gettext_lazy("What was signed stays as it is; this is added with your name and the time."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def said(refused: ActionRefused) -> tuple[str, ...]:
    return tuple(str(each) for each in refused.reasons)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A session's record, and whose it is."""

    record: SessionRecord

    @property
    def patient(self) -> Patient:
        return Patient(pk=self.record.patient.id, restricted=self.record.patient.restricted)


def _recorded(encounter_id: int) -> Recorded:
    """The record of the session of an address. Raises Encounter.DoesNotExist."""
    return Recorded(session_record(SessionScope(encounter_id)))


def _as_seen(request: Request, found: SessionRecord) -> SessionRecord:
    """The record without the entries of a dose that whoever reads is still to check unseen."""
    if found.doses or found.over or not found.prepared:
        return found
    hidden = unseen(snapshot.load(SessionScope(found.encounter_id), found.composed_at), request.actor)
    return replace(found, prepared=tuple(each for each in found.prepared if each.id not in hidden)) if hidden else found


def _page(
    request: Request, found: SessionRecord, *, reasons: tuple[str, ...] = (), form: AddendumForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    chart_actions.open_record(by=request.actor, record=found, form="page")
    verified = verify_signature(found)
    shown = RecordView(found, verified)
    may_sign = request.actor.may("session.sign") and found.over
    stands = _is_mine(request, found) and verified.standing == "unchanged"
    drawn = figure_of(shown)
    context = {
        "shown": shown,
        "record": found,
        "verified": verified,
        "wide": _drawing(shown, drawn, figure.WIDE),
        "narrow": _drawing(shown, drawn, figure.NARROW),
        "facts": (shown.facts[:5], shown.facts[5:]),
        "may_sign": may_sign and not stands,
        "may_add": may_sign and found.signature is not None,
        "form": form or AddendumForm(),
        "errors": [{"href": "", "text": each} for each in reasons],
        "patient_url": address("console:patient", found.patient.id) if request.actor.may("patient.find") else "",
        "session_url": address("console:session", found.encounter_id),
        **({} if found.over else strip_alone(request, session_or_404(found.encounter_id))),
    }
    return render(request, "console/record/record.html", context, status=status)


def _is_mine(request: Request, found: SessionRecord) -> bool:
    """Whether the newest signature is the actor's own."""
    by = found.signature.by if found.signature is not None else None
    return by is not None and by.id == request.actor.membership_id


@patient_row_page(_recorded, "session.read")
def record(request: Request, scope: PatientPage, recorded: Recorded) -> HttpResponse:
    """The whole session on one page."""
    return _page(request, _as_seen(request, recorded.record))


@patient_row_page(_recorded, "session.sign", methods=POST)
def sign(request: Request, scope: PatientPage, recorded: Recorded) -> HttpResponse:
    """Sign what was seen. The hash of it comes with the form; a record that has changed since is refused."""
    encounter_id = recorded.record.encounter_id
    try:
        chart_actions.sign_record(by=request.actor, encounter_id=encounter_id, seen_hash=request.POST.get("seen", ""))
    except ActionRefused as refused:
        return _page(request, session_record(SessionScope(encounter_id)), reasons=said(refused), status=409)
    messages.success(request, _("Signed."))
    return redirect("console:record", encounter_id)


@patient_row_page(_recorded, "session.sign", methods=POST)
def addendum(request: Request, scope: PatientPage, recorded: Recorded) -> HttpResponse:
    """Add to a signed record."""
    found = _as_seen(request, recorded.record)
    form = AddendumForm(request.POST)
    form.is_valid()
    text = form.cleaned_data.get("text", "")
    try:
        session_actions.add_addendum(by=request.actor, encounter_id=found.encounter_id, text=text)
    except ActionRefused as refused:
        return _page(request, found, reasons=said(refused), form=form, status=409)
    return redirect(reverse("console:record", args=[found.encounter_id]) + "#addenda")


@patient_row_page(_recorded, "session.read")
def record_pdf(request: Request, scope: PatientPage, recorded: Recorded) -> HttpResponse:
    """The record as a PDF, in the reader's language."""
    found = _as_seen(request, recorded.record)
    chart_actions.open_record(by=request.actor, record=found, form="pdf")
    data = setting.pdf(document(request.clinic, RecordView(found, verify_signature(found))))
    answer = HttpResponse(data, content_type="application/pdf")
    name = f"session-{found.patient.record_number}-{page_local(found.opened_at):%Y-%m-%d}.pdf"
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "-.") else "_" for each in name)
    answer["Content-Disposition"] = f'inline; filename="{safe}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _drawing(shown: RecordView, drawn: figure.Figure, width: int) -> SafeString | None:
    """The figure as SVG in the page's own colours, every text in it escaped. None where nothing was measured."""
    if not drawn.panels:
        return None
    words = figure.svg(drawn, font="inherit", palette=figure.PAGE, width=width, label=shown.vitals_summary)
    return mark_safe(words)  # noqa: S308 - every text in it went through html.escape in foundation/printing/figure.py
