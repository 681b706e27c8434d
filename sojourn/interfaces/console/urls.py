from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sojourn.interfaces.console.home.urls")),
    path("", include("sojourn.interfaces.console.patients.urls")),
    path("", include("sojourn.interfaces.console.intake.urls")),
    path("", include("sojourn.interfaces.console.messages.urls")),
    path("", include("sojourn.interfaces.console.candidacy.urls")),
    path("", include("sojourn.interfaces.console.plans.urls")),
    path("", include("sojourn.interfaces.console.consents.urls")),
    path("", include("sojourn.interfaces.console.scheduling.appointments")),
    path("", include("sojourn.interfaces.console.scheduling.chairs")),
    path("", include("sojourn.interfaces.console.scheduling.calendar")),
    path("", include("sojourn.interfaces.console.scheduling.day_before")),
    path("", include("sojourn.interfaces.console.scheduling.series")),
    path("", include("sojourn.interfaces.console.scheduling.ride_home")),
    path("", include("sojourn.interfaces.console.scheduling.waiting_list")),
    path("", include("sojourn.interfaces.console.clinic.hours")),
    path("", include("sojourn.interfaces.console.clinic.staff")),
    path("", include("sojourn.interfaces.console.clinic.place")),
    path("", include("sojourn.interfaces.console.audit.views")),
    path("", include("sojourn.interfaces.console.measures.urls")),
    path("", include("sojourn.interfaces.console.flags.views")),
    path("", include("sojourn.interfaces.console.flags.duty")),
    path("", include("sojourn.interfaces.console.record.views")),
    path("", include("sojourn.interfaces.console.sessions.urls")),
    path("", include("sojourn.interfaces.console.monitors.views")),
    path("", include("sojourn.interfaces.console.rules.views")),
    path("", include("sojourn.interfaces.console.first_start.views")),
    path("", include("sojourn.interfaces.console.board.views")),
    path("", include("sojourn.interfaces.console.concentration.views")),
]
