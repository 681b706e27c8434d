from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sojourn.interfaces.console.home.views")),
    path("", include("sojourn.interfaces.console.patients.urls")),
    path("", include("sojourn.interfaces.console.intake.views")),
    path("", include("sojourn.interfaces.console.messages.views")),
    path("", include("sojourn.interfaces.console.candidacy.urls")),
    path("", include("sojourn.interfaces.console.plans.courses")),
    path("", include("sojourn.interfaces.console.plans.views")),
    path("", include("sojourn.interfaces.console.consents.views")),
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
    path("", include("sojourn.interfaces.console.measures.views")),
    path("", include("sojourn.interfaces.console.measures.own_scales")),
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
