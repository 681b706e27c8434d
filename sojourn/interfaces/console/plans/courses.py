"""End a course of treatment. It begins with the signature under its plan (see plans.py)."""

from __future__ import annotations

from datetime import date

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.shared.days import day_words
from sojourn.interfaces.shared.pages import FORM, PatientPage, form_action, patient_row_page, sent

_DAY = {"type": "date"}


class EndForm(forms.Form):
    ended_on = forms.DateField(label=gettext_lazy("Ended on"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))


_END_FIELDS = {"ended-before-begun": "ended_on", "ends-in-future": "ended_on"}


def _course(course_id: int) -> CarePlan:
    return one_row(CarePlan, course_id).select_related("patient").get()


@patient_row_page(_course, "course.end", methods=FORM)
def end(request: Request, scope: PatientPage, course: CarePlan) -> HttpResponse:
    """End a course; what is still booked in it is shown, so that it can be cancelled."""
    today: date = page_today()

    def act(form: EndForm) -> HttpResponse:
        plan_actions.end(by=scope.actor, course_id=course.pk, **form.cleaned_data)
        return redirect("console:patient", course.patient_id)

    def show(form: EndForm, status: int) -> HttpResponse:
        context = {
            "patient": scope.patient,
            "name": scope.patient.name,
            "course": course,
            "since": day_words(course.started_on),
            "booked": [
                each
                for each in scheduling_queries.of_patient(PatientScope(course.patient_id))
                if each.care_plan_id == course.pk and each.status == "booked" and each.during.lower > scope.now
            ],
            "form": form,
        }
        return render(request, "console/plans/course_end.html", context, status=status)

    return form_action(EndForm(sent(request), initial={"ended_on": today}), act, show, fields=_END_FIELDS)
