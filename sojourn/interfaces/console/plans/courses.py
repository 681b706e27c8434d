"""End a course of treatment. It begins with the signature under its plan (see plans.py)."""

from __future__ import annotations

from datetime import date
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sojourn.care.booking import queries as booking
from sojourn.care.plan import actions
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_today
from sojourn.interfaces.console.patients.views import closed, day_words, tell

_DAY = {"type": "date"}


class EndForm(forms.Form):
    ended_on = forms.DateField(label=gettext_lazy("Ended on"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))


_END_FIELDS = {"ended-before-begun": "ended_on", "ends-in-future": "ended_on"}


@allowed("course.end")
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, course_id: int) -> HttpResponse:
    """End a course; what is still booked in it is shown, so that it can be cancelled."""
    asked = cast(Request, request)
    course = get_object_or_404(CarePlan.objects.select_related("patient"), pk=course_id)
    if gate := closed(asked, course.patient):
        return gate
    today: date = page_today()
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
    return render(request, "console/plans/course_end.html", context, status=status)


urlpatterns = [
    path("patients/courses/<int:course_id>/end/", end, name="course_end"),
]
