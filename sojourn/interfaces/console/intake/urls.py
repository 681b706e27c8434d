"""The addresses of the intake's pages in the clinic."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.intake import views

urlpatterns = [
    path("patients/<int:patient_id>/intake/", views.intake, name="intake"),
    path("patients/<int:patient_id>/story/", views.intake),  # its address before
    path("patients/<int:patient_id>/intake/<slug:topic>/", views.question, name="intake_question"),
    path("patients/<int:patient_id>/intake/<slug:topic>/add/", views.add, name="intake_add"),
    path("patients/<int:patient_id>/intake/<slug:topic>/<uuid:line_id>/", views.line, name="intake_line"),
]
