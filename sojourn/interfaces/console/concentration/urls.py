"""The addresses of the dose explorer and of a session's expected concentration."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.concentration.views import explorer, explorer_pdf, overlay

urlpatterns = [
    path("patients/<int:patient_id>/concentration/", explorer, name="concentration"),
    path("patients/<int:patient_id>/concentration.pdf", explorer_pdf, name="concentration_pdf"),
    path("sessions/<int:encounter_id>/concentration/", overlay, name="session_concentration"),
]
