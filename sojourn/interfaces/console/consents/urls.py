"""The addresses of the agreements' pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.consents import views

urlpatterns = [
    path("consents/", views.consents, name="consents"),
    path("consents/adopt/", views.adopt, name="consents_adopt"),
    path("consents/place/", views.place, name="consents_place"),
    path("consents/texts/<str:text_id>/", views.text, name="consent_text"),
    path("consents/questions/<int:question_id>/", views.answer, name="consent_answer"),
    path("consents/<int:consent_id>/", views.consent, name="consent"),
    path("consents/<int:consent_id>/countersign/", views.countersign, name="consent_countersign"),
    path("consents/<int:consent_id>/withdraw/", views.withdraw, name="consent_withdraw"),
    path("consents/<int:consent_id>/copy.pdf", views.consent_pdf, name="consent_pdf"),
    path("patients/<int:patient_id>/consents/", views.patient_consents, name="patient_consents"),
    path("patients/<int:patient_id>/consents/ask/", views.ask, name="consent_ask"),
]
