"""The addresses of the monitors."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.monitors.views import (
    add,
    claim,
    confirm_line,
    message,
    monitors,
    register,
    rekey,
    rename,
    retire,
    stranger_message,
    unclaimed,
)

urlpatterns = [
    path("monitors/", monitors, name="monitors"),
    path("monitors/add/", add, name="monitor_add"),
    path("monitors/unclaimed/", unclaimed, name="monitors_unclaimed"),
    path("monitors/unclaimed/<int:stranger_id>/claim/", claim, name="monitor_claim"),
    path("monitors/unknown/<int:stranger_id>/add/", register, name="monitor_register"),
    path("monitors/unknown/messages/<int:kept_id>/", stranger_message, name="stranger_message"),
    path("monitors/<int:device_id>/key/", rekey, name="monitor_rekey"),
    path("monitors/<int:device_id>/line/", confirm_line, name="monitor_line"),
    path("monitors/<int:device_id>/rename/", rename, name="monitor_rename"),
    path("monitors/<int:device_id>/retire/", retire, name="monitor_retire"),
    path("monitors/messages/<int:message_id>/", message, name="monitor_message"),
]
