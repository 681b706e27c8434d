"""The addresses of candidacy's pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.candidacy import clearances, views

urlpatterns = [
    path("candidacy/", views.candidacies, name="candidacies"),
    path("candidacy/waiting/", views.waiting, name="candidacies_waiting"),
    path("candidacy/overrides/<int:override_id>/", views.second, name="override_second"),
    path("candidacy/facts/<int:fact_id>/strike/", views.strike, name="fact_strike"),
    path("patients/<int:patient_id>/candidacy/", views.candidacy, name="candidacy"),
    path("patients/<int:patient_id>/candidacy/decide/", views.decide, name="candidacy_decide"),
    path("patients/<int:patient_id>/candidacy/facts/", views.enter, name="candidacy_enter"),
    path("patients/<int:patient_id>/candidacy/report/", views.take_report, name="candidacy_report"),
    path("patients/<int:patient_id>/candidacy/override/", views.override, name="candidacy_override"),
    path("candidacy/clearances/<int:clearance_id>/strike/", clearances.strike, name="clearance_strike"),
    path(
        "patients/<int:patient_id>/candidacy/clearances/<slug:finding>/<slug:kind>/",
        clearances.record,
        name="clearance",
    ),
]
