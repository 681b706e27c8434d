"""The addresses of the questionnaires' pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.measures import own_scales, views

urlpatterns = [
    path("patients/<int:patient_id>/measures/", views.measures, name="measures"),
    path("patients/<int:patient_id>/measures/ask/", views.ask, name="ask_measure"),
    path("patients/<int:patient_id>/measures/battery/", views.ask_battery, name="ask_battery"),
    path("patients/<int:patient_id>/measures/<slug:scale_id>/paper/", views.paper, name="paper_measure"),
    path("patients/<int:patient_id>/measures/<slug:scale_id>/score/", views.enter_score, name="enter_score"),
    path("measures/requests/<int:request_id>/withdraw/", views.withdraw, name="withdraw_measure"),
    path("measures/responses/<int:response_id>/", views.response, name="response"),
    path("measures/own/", own_scales.own_scales, name="own_scales"),
    path("measures/own/<slug:code>/retire/", own_scales.retire_own_scale, name="retire_own_scale"),
]
