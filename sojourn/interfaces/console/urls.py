from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sojourn.interfaces.console.home")),
    path("", include("sojourn.interfaces.console.patients")),
    path("", include("sojourn.interfaces.console.intake")),
    path("", include("sojourn.interfaces.console.messages")),
    path("", include("sojourn.interfaces.console.candidacy")),
    path("", include("sojourn.interfaces.console.courses")),
    path("", include("sojourn.interfaces.console.plans")),
    path("", include("sojourn.interfaces.console.consents")),
    path("", include("sojourn.interfaces.console.appointments")),
    path("", include("sojourn.interfaces.console.chairs")),
    path("", include("sojourn.interfaces.console.calendar")),
    path("", include("sojourn.interfaces.console.eve")),
    path("", include("sojourn.interfaces.console.series")),
    path("", include("sojourn.interfaces.console.way_home")),
    path("", include("sojourn.interfaces.console.waiting")),
    path("", include("sojourn.interfaces.console.hours")),
    path("", include("sojourn.interfaces.console.people")),
    path("", include("sojourn.interfaces.console.audit")),
    path("", include("sojourn.interfaces.console.measures")),
    path("", include("sojourn.interfaces.console.own_scales")),
    path("", include("sojourn.interfaces.console.flags")),
    path("", include("sojourn.interfaces.console.duty")),
    path("", include("sojourn.interfaces.console.record")),
    path("", include("sojourn.interfaces.console.sessions.urls")),
    path("", include("sojourn.interfaces.console.monitors")),
    path("", include("sojourn.interfaces.console.rules")),
    path("", include("sojourn.interfaces.console.first_start")),
    path("", include("sojourn.interfaces.console.board")),
    path("", include("sojourn.interfaces.console.concentration")),
]
