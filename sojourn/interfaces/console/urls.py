from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sojourn.interfaces.console.home.views")),
    path("", include("sojourn.interfaces.console.patients.views")),
    path("", include("sojourn.interfaces.console.intake.views")),
    path("", include("sojourn.interfaces.console.messages.views")),
    path("", include("sojourn.interfaces.console.candidacy.views")),
    path("", include("sojourn.interfaces.console.candidacy.clearances")),
    path("", include("sojourn.interfaces.console.plans.courses")),
    path("", include("sojourn.interfaces.console.plans.views")),
    path("", include("sojourn.interfaces.console.consents.views")),
    path("", include("sojourn.interfaces.console.scheduling.urls")),
    path("", include("sojourn.interfaces.console.clinic.urls")),
    path("", include("sojourn.interfaces.console.audit.urls")),
    path("", include("sojourn.interfaces.console.measures.views")),
    path("", include("sojourn.interfaces.console.measures.own_scales")),
    path("", include("sojourn.interfaces.console.flags.urls")),
    path("", include("sojourn.interfaces.console.record.urls")),
    path("", include("sojourn.interfaces.console.sessions.urls")),
    path("", include("sojourn.interfaces.console.monitors.urls")),
    path("", include("sojourn.interfaces.console.rules.urls")),
    path("", include("sojourn.interfaces.console.first_start.urls")),
    path("", include("sojourn.interfaces.console.board.urls")),
    path("", include("sojourn.interfaces.console.concentration.urls")),
]
