"""The record of a session: read, signed, added to, and as a PDF."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sojourn.care.chart import actions
from sojourn.care.chart.queries import session_record
from sojourn.care.chart.record import SessionRecord, verify_signature
from sojourn.care.patients.models import Patient
from sojourn.care.treatment import actions as treatment
from sojourn.care.treatment.models import Encounter
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.printing import setting
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients import closed
from sojourn.interfaces.console.record_paper import document
from sojourn.interfaces.console.record_shown import Shown, drawn_lines, gap_of

_BATCH = timedelta(minutes=2)  # the same addendum again within this is a second click


class AddendumForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Addendum"),
        help_text=gettext_lazy("What was signed stays as it is; this stands beside it with your name and the time."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def said(refused: Refused) -> tuple[str, ...]:
    return tuple(str(each) for each in refused.reasons)


def _found(request: Request, encounter_id: int) -> SessionRecord | HttpResponse:
    """The record; 404 for another clinic's; the locked door where the patient's record is restricted."""
    try:
        found = session_record(encounter_id)
    except Encounter.DoesNotExist:
        raise Http404 from None
    gate = closed(request, Patient(pk=found.patient.id, restricted=found.patient.restricted))
    return gate or found


def _page(
    request: Request, found: SessionRecord, *, reasons: tuple[str, ...] = (), form: AddendumForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    actions.open_record(by=request.asker, record=found, form="page")
    verified = verify_signature(found)
    shown = Shown(found, verified)
    may_sign = request.asker.may("session.sign") and found.over
    mine = found.signature is not None and found.signature.by is not None and (
        found.signature.by.id == request.asker.membership_id
    )  # fmt: skip
    context = {
        "shown": shown,
        "record": found,
        "verified": verified,
        "strip": _strip(shown),
        "may_sign": may_sign and not (mine and verified.standing == "unchanged"),
        "may_add": may_sign and found.signature is not None,
        "form": form or AddendumForm(),
        "errors": [{"href": "", "text": each} for each in reasons],
        "patient_url": address("console:patient", found.patient.id) if request.asker.may("patient.find") else "",
        "session_url": address("console:session", found.encounter_id),
    }
    return render(request, "console/record/record.html", context, status=status)


@allowed("session.read")
@require_GET
def record(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """The whole session on one page."""
    asked = cast(Request, request)
    found = _found(asked, encounter_id)
    return found if isinstance(found, HttpResponse) else _page(asked, found)


@allowed("session.sign")
@require_POST
def sign(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """Sign what was seen. The hash of it comes with the form; a record that has changed since is refused."""
    asked = cast(Request, request)
    found = _found(asked, encounter_id)
    if isinstance(found, HttpResponse):
        return found
    try:
        actions.sign_record(by=asked.asker, encounter_id=encounter_id, seen_hash=request.POST.get("seen", ""))
    except Refused as refused:
        return _page(asked, session_record(encounter_id), reasons=said(refused), status=409)
    messages.success(request, _("Signed."))
    return redirect("console:record", encounter_id)


@allowed("session.sign")
@require_POST
def addendum(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """Add to a signed record."""
    asked = cast(Request, request)
    found = _found(asked, encounter_id)
    if isinstance(found, HttpResponse):
        return found
    form = AddendumForm(request.POST)
    form.is_valid()
    text = form.cleaned_data.get("text", "").strip()
    newest = found.addenda[-1] if found.addenda else None
    again = newest is not None and newest.by is not None and (
        (newest.text, newest.by.id) == (text, asked.asker.membership_id) and found.composed_at - newest.at < _BATCH
    )  # fmt: skip
    if not again:
        try:
            treatment.add_addendum(by=asked.asker, encounter_id=encounter_id, text=text)
        except Refused as refused:
            return _page(asked, found, reasons=said(refused), form=form, status=409)
    return redirect(reverse("console:record", args=[encounter_id]) + "#addenda")


@allowed("session.read")
@require_GET
def record_pdf(request: HttpRequest, encounter_id: int) -> HttpResponse:
    """The record as a PDF, in the reader's language."""
    asked = cast(Request, request)
    found = _found(asked, encounter_id)
    if isinstance(found, HttpResponse):
        return found
    actions.open_record(by=asked.asker, record=found, form="pdf")
    data = setting.pdf(document(asked.clinic, Shown(found, verify_signature(found))))
    answer = HttpResponse(data, content_type="application/pdf")
    name = f"session-{found.patient.record_number}-{timezone.localtime(found.opened_at):%Y-%m-%d}.pdf"
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "-.") else "_" for each in name)
    answer["Content-Disposition"] = f'inline; filename="{safe}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


# ---------------------------------------------------------------- the chart on the page


def _strip(shown: Shown) -> dict[str, Any] | None:
    """Small lines on one time axis (StripSpec of charts.ts); None where nothing was measured."""
    begins, ends = shown.ends()
    rows: list[dict[str, Any]] = []
    for codes, label, unit in drawn_lines():
        given = [shown.pulse()] if codes == ("hr",) else [code for code in codes if code in shown.record.series]
        lines = [points for code in given if code and (points := shown.lines_of(code))]
        if lines:
            values = [value for points in lines for _at, value in points]
            low, high = min(values), max(values)
            rows.append({
                "key": codes[0], "label": label, "unit": _("%(low)s to %(high)s %(unit)s") % {
                    "low": formats.number_format(round(low)), "high": formats.number_format(round(high)), "unit": unit},
                "low": low - _room(low, high), "high": high + _room(low, high),
                "lines": lines, "gap": None if codes[0] in SYSTOLIC else max(gap_of(each) for each in lines),
            })  # fmt: skip
    if not rows:
        return None
    marks = [{"at": each.at.timestamp(), "label": each.number, "kind": each.kind} for each in shown.marks]
    for dose in shown.record.doses:
        words = f"{shown.doses[0].drug} {shown.doses[0].mg} mg" if len(shown.record.doses) == 1 else shown.doses[0].drug
        marks.append({"at": dose.started_at.timestamp(), "label": words, "kind": "dose"})
    if shown.record.dose_ended_at:
        marks.append({"at": shown.record.dose_ended_at.timestamp(), "label": _("end"), "kind": "dose"})
    return {
        "rows": rows, "marks": sorted(marks, key=lambda each: float(each["at"])), "height": 76,
        "zone": timezone.get_current_timezone_name(), "x_min": begins.timestamp(), "x_max": ends.timestamp(),
    }  # fmt: skip


def _room(low: float, high: float) -> float:
    return max(1.0, (high - low) * 0.08)


_ONE = "sessions/<int:encounter_id>/"

urlpatterns = [
    path(f"{_ONE}record/", record, name="record"),
    path(f"{_ONE}record/sign/", sign, name="record_sign"),
    path(f"{_ONE}record/addendum/", addendum, name="record_addendum"),
    path(f"{_ONE}record.pdf", record_pdf, name="record_pdf"),
]
