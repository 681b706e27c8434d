"""Our own doors. Mounted before allauth's, so that what we do not offer is closed here."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.entry import views

app_name = "entry"
urlpatterns = [
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("accounts/second-factor/", views.second_factor, name="second_factor"),
    path("accounts/unconfirmed/", views.unconfirmed, name="unconfirmed"),
    path("accounts/sessions/<int:session_id>/end/", views.end_device, name="end_device"),
    # An address is changed by the clinic, who knows the person; nobody signs up, or in by a mailed code.
    path("accounts/email/", views.closed),
    path("accounts/signup/", views.closed),
    path("accounts/confirm-email/", views.closed),
    path("accounts/confirm-email/<str:token>/", views.closed),
    path("accounts/login/code/confirm/", views.closed),
    path("accounts/password/set/", views.closed),
]
