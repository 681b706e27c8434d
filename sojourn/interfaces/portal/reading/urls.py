"""Asking about what one reads, under /library/."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.portal.reading import views

app_name = "reading"
urlpatterns = [
    path("voices/", views.voices, name="voices"),
    path("<slug:slug>/ask/", views.ask, name="ask"),
    path("<slug:slug>/clear/", views.clear, name="clear"),
    path("<slug:slug>/answers/", views.answers, name="answers"),
]
