"""Begin and end a course of treatment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sojourn.care.booking import queries as booking
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions, queries
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console.patients import closed, day_words, tell

_DAY = {"type": "date"}


class CourseForm(forms.Form):
    """What for, by which protocol, how much and how often."""

    protocol_id = forms.ChoiceField(label=gettext_lazy("Protocol"), widget=forms.RadioSelect)
    indication = forms.CharField(
        label=gettext_lazy("Indication"), max_length=120,
        help_text=gettext_lazy("What the course is for, for example: major depressive disorder"),
    )  # fmt: skip
    dose_mg = forms.DecimalField(
        label=gettext_lazy("Planned dose"), max_digits=7, decimal_places=2, min_value=Decimal("0.01"),
        help_text=gettext_lazy("Milligrams of base, not of the salt"),
    )  # fmt: skip
    planned_sessions = forms.IntegerField(label=gettext_lazy("Sessions planned"), min_value=1, max_value=200)
    intention = forms.CharField(
        label=gettext_lazy("Intention"), required=False, widget=forms.Textarea,
        help_text=gettext_lazy("What the patient hopes for, in the patient's words"),
    )  # fmt: skip
    started_on = forms.DateField(label=gettext_lazy("Begins on"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))

    def __init__(self, *args: Any, clinic_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["protocol_id"].choices = [  # type: ignore[attr-defined]
            (each.id, _("%(title)s (%(minutes)d minutes in the chair)")
             % {"title": _(each.rule.title), "minutes": queries.minutes_of(each)})
            for each in queries.protocols_of(clinic_id)
        ]  # fmt: skip


class EndForm(forms.Form):
    ended_on = forms.DateField(label=gettext_lazy("Ended on"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))


_FIELDS = {
    "protocol-unknown": "protocol_id", "course-running": "protocol_id", "indication-missing": "indication",
    "dose-not-positive": "dose_mg", "no-sessions": "planned_sessions", "before-birth": "started_on",
}  # fmt: skip
_END_FIELDS = {"ended-before-begun": "ended_on", "ends-in-future": "ended_on"}


@allowed("course.create")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Begin a course."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    initial = {"started_on": timezone.localdate()}
    form, status = CourseForm(request.POST or None, initial=initial, clinic_id=asked.asker.here), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.begin(by=asked.asker, patient_id=patient_id, **form.cleaned_data)
                return redirect("console:patient", patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELDS)
    context = {"patient": patient, "name": patient.name, "form": form}
    return render(request, "console/courses/form.html", context, status=status)


@allowed("course.create")
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, course_id: int) -> HttpResponse:
    """End a course; what is still booked in it is shown, so that it can be cancelled."""
    asked = cast(Request, request)
    course = get_object_or_404(CarePlan.objects.select_related("patient"), pk=course_id)
    if gate := closed(asked, course.patient):
        return gate
    today: date = timezone.localdate()
    form, status = EndForm(request.POST or None, initial={"ended_on": today}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.end(by=asked.asker, course_id=course_id, **form.cleaned_data)
                return redirect("console:patient", course.patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _END_FIELDS)
    now = timezone.now()
    context = {
        "patient": course.patient,
        "name": course.patient.name,
        "course": course,
        "since": day_words(course.started_on),
        "booked": [
            each
            for each in booking.of_patient(course.patient_id)
            if each.care_plan_id == course_id and each.status == "booked" and each.during.lower > now
        ],
        "form": form,
    }
    return render(request, "console/courses/end.html", context, status=status)


urlpatterns = [
    path("patients/<int:patient_id>/courses/new/", add, name="course_add"),
    path("patients/courses/<int:course_id>/end/", end, name="course_end"),
]
