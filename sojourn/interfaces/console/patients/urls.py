"""The addresses of the patients' pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.patients import previewing, views

urlpatterns = [
    path("patients/", views.find, name="patients"),
    path("patients/new/", views.add, name="patient_add"),
    path("patients/<int:patient_id>/", views.patient, name="patient"),
    path("patients/<int:patient_id>/edit/", views.edit, name="patient_edit"),
    path("patients/<int:patient_id>/scores/", views.patient_measures, name="patient_measures"),
    path("patients/<int:patient_id>/people/new/", views.person_add, name="person_add"),
    path("patients/<int:patient_id>/access/", views.access, name="patient_access"),
    path("patients/<int:patient_id>/today/", previewing.preview, name="patient_today"),
    path("patients/people/<int:person_id>/", views.person_edit, name="person_edit"),
    path("patients/people/<int:person_id>/end/", views.person_end, name="person_end"),
]
