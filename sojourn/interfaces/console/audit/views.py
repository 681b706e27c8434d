"""The auditor's page: who did what to which record, as sentences, and whether the chain is whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.roles import role, roles
from sojourn.foundation.audit import export_actions
from sojourn.foundation.audit import queries as audit_queries
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.audit.signed_queries import signed_otherwise
from sojourn.foundation.audit.wording import sentences
from sojourn.foundation.clock import page_today, page_zone
from sojourn.foundation.scope import PatientScope, among, clinic_rows, rows_of
from sojourn.interfaces.console.audit.details import sentence
from sojourn.interfaces.console.fields import set_choices

PAGE_SIZE = 50
PATIENTS_MEANT = 50  # a filter that means more patients than this is asked to be narrower


class Filter(forms.Form):
    """What to look for. Everything may be empty."""

    patient = forms.CharField(label=gettext_lazy("Patient, by name or number"), required=False, max_length=80)
    person = forms.TypedChoiceField(label=gettext_lazy("Person"), required=False, coerce=int, empty_value=None)
    action = forms.ChoiceField(label=gettext_lazy("What was done"), required=False)
    day = forms.DateField(
        label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinic_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = {member.person_id: str(member) for member in accounts_queries.staff(clinic_id)}
        set_choices(
            self,
            "person",
            [
                ("", _("Anybody")),
                *sorted(people.items(), key=lambda each: each[1]),
            ],
        )
        set_choices(
            self,
            "action",
            [
                ("", _("Anything")),
                *sorted(
                    ((code, _headline(code)) for code in sentences() if not code.startswith("person.sign_in_failed")),
                    key=lambda each: each[1],
                ),
            ],
        )

    def narrow(self, rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The rows that the filter means. One query at most, for the patient."""
        asked: Mapping[str, Any] = self.cleaned_data
        if asked["patient"]:
            rows = among(rows, PatientScope, _patients_meant(asked["patient"]))
        if asked["person"]:
            rows = rows.filter(person_id=asked["person"])
        if asked["action"]:
            rows = rows.filter(action=asked["action"])
        if asked["day"]:
            midnight = datetime.combine(asked["day"], time.min, page_zone())
            after = datetime.combine(asked["day"] + timedelta(days=1), time.min, page_zone())
            rows = rows.filter(at__gte=midnight, at__lt=after)
        return rows

    def address(self, **change: object) -> str:
        """The filter as the tail of an address."""
        values = {**self.data.dict(), **change} if hasattr(self.data, "dict") else change
        kept = {name: value for name, value in values.items() if name in self.fields and value not in (None, "")}
        return f"?{urlencode(kept)}" if kept else "?"


def _headline(code: str) -> str:
    """An action's sentence without its names, for the filter's list."""
    said = sentence(code, who="…", patient="…", detail={}).rstrip(".").strip("… ")
    return said[:1].upper() + said[1:]


def _patients_meant(text: str) -> list[int]:
    found = Q(record_number__iexact=text.strip())
    named = Q()
    for word in text.split():
        named &= Q(given_name__icontains=word) | Q(family_name__icontains=word)
    return list(clinic_rows(Patient).filter(found | named).values_list("pk", flat=True)[:PATIENTS_MEANT])


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit as it is read."""

    seq: int
    at: datetime
    text: str
    why: str
    details: tuple[tuple[str, str], ...]
    hash: str


def _who(row: AuditEvent) -> str:
    if not row.name:
        return str(_("Somebody")) if row.person_id else str(_("Sojourn"))
    label = roles()[row.role].label if row.role in roles() else ""
    return f"{row.name} ({label})" if label else row.name


def _lines(rows: Iterable[AuditEvent]) -> list[AuditRow]:
    """Rows as sentences; one query for the patients' names."""
    rows = list(rows)
    ids = {row.patient_id for row in rows if row.patient_id}
    names = {
        patient.pk: f"{patient.name} ({patient.record_number})"
        for patient in (rows_of(Patient, PatientScope, ids) if ids else ())
    }
    return [
        AuditRow(
            row.seq,
            row.at,
            sentence(row.action, who=_who(row), patient=names.get(row.patient_id or 0, ""), detail=row.detail),
            str(row.detail.get("reason", "")),
            tuple((key, _plain(value)) for key, value in sorted(row.detail.items()) if key != "reason"),
            row.hash,
        )
        for row in rows
    ]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@allowed("audit.read")
@require_GET
def audit(request: Request) -> HttpResponse:
    """Newest first, fifty a page, narrowed as asked. ``verify=1`` walks the clinic's chain, and holds what was signed
    against it."""
    clinic_id = request.actor.own_clinic_id
    form = Filter(request.GET, clinic_id=clinic_id)
    lines: list[AuditRow] = []
    older = ""
    if form.is_valid():
        rows = form.narrow(audit_queries.events())
        if before := form.cleaned_data["before"]:
            rows = rows.filter(seq__lt=before)
        found = list(rows[: PAGE_SIZE + 1])
        lines = _lines(found[:PAGE_SIZE])
        older = form.address(before=lines[-1].seq) if len(found) > PAGE_SIZE else ""
    context = {
        "form": form,
        "lines": lines,
        "older": older,
        "newest": form.address(before="") if form.is_valid() and form.cleaned_data["before"] else "",
        "verdict": audit_queries.verify_clinic(clinic_id) if request.GET.get("verify") else None,
        "otherwise": signed_otherwise(clinic_id) if request.GET.get("verify") else (),
        "narrowed": any(request.GET.get(name) for name in ("patient", "person", "action", "day")),
        "filters": {name: request.GET.get(name, "") for name in ("patient", "person", "action", "day")},
        "limit": export_actions.EXPORT_LIMIT,
    }
    return render(request, "console/audit/audit.html", context, status=200 if form.is_valid() else 422)


_COLUMNS = (
    "number", "at_utc", "who", "role", "action", "sentence", "record_number", "entity", "entity_id", "detail", "hash",
)  # fmt: skip


@allowed("audit.read")
@require_POST
def export(request: Request) -> HttpResponse:
    """The same rows as a CSV file, newest first. That somebody took them away is itself a row."""
    form = Filter(request.POST, clinic_id=request.actor.own_clinic_id)
    if not form.is_valid():
        return render(request, "console/audit/audit.html", {"form": form, "lines": []}, status=422)
    rows = export_actions.export(by=request.actor, events=form.narrow(audit_queries.events()))
    numbers = dict(
        rows_of(Patient, PatientScope, {row.patient_id for row in rows if row.patient_id}).values_list(
            "pk", "record_number"
        )
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for row, line in zip(rows, _lines(rows), strict=True):
        writer.writerow(
            _harmless(value)
            for value in (
                row.seq, row.at.isoformat(), row.name, str(role(row.role).label) if row.role in roles() else row.role,
                row.action, line.text, numbers.get(row.patient_id or 0, ""), row.entity, row.entity_id or "",
                json.dumps(row.detail, ensure_ascii=False, sort_keys=True), row.hash,
            )
        )  # fmt: skip
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"audit-{page_today().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _harmless(value: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one; an apostrophe keeps it a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
