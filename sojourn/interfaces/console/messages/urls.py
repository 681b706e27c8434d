"""The addresses of the messages' pages."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.messages import views

urlpatterns = [
    path("messages/", views.inbox, name="messages"),
    path("messages/waiting/", views.waiting, name="messages_waiting"),
    path("patients/<int:patient_id>/messages/", views.thread, name="thread"),
]
