"""The addresses of the plans' pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.plans import courses, views

_ONE = "patients/plans/<int:plan_id>/"

urlpatterns = [
    path("patients/<int:patient_id>/plan/", views.plan, name="plan"),
    path("patients/<int:patient_id>/plan/draft/", views.draft, name="plan_draft"),
    path(_ONE, views.one, name="plan_version"),
    path(f"{_ONE}edit/", views.edit, name="plan_edit"),
    path(f"{_ONE}needs/", views.needs, name="plan_needs"),
    path(f"{_ONE}discard/", views.discard, name="plan_discard"),
    path(f"{_ONE}check/", views.check, name="plan_check"),
    path(f"{_ONE}sign/", views.sign, name="plan_sign"),
    path("patients/plans/<int:plan_id>.pdf", views.paper, name="plan_pdf"),
    path("patients/courses/<int:course_id>/end/", courses.end, name="course_end"),
]
