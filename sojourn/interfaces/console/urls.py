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
    path("", include("sojourn.interfaces.console.scheduling.urls")),
    path("", include("sojourn.interfaces.console.clinic.urls")),
    path("", include("sojourn.interfaces.console.audit.urls")),
    path("", include("sojourn.interfaces.console.measures.urls")),
    path("", include("sojourn.interfaces.console.flags.urls")),
    path("", include("sojourn.interfaces.console.record.urls")),
    path("", include("sojourn.interfaces.console.sessions.urls")),
    path("", include("sojourn.interfaces.console.monitors.urls")),
    path("", include("sojourn.interfaces.console.rules.urls")),
    path("", include("sojourn.interfaces.console.library.urls")),
    path("", include("sojourn.interfaces.console.first_start.urls")),
    path("", include("sojourn.interfaces.console.board.urls")),
    path("", include("sojourn.interfaces.console.concentration.urls")),
    path("", include("sojourn.interfaces.console.reading.urls")),
]
