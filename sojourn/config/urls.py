"""Every address of the web side. Live streams and /healthz are answered before Django (config/asgi.py)."""

from __future__ import annotations

from django.urls import include, path

from sojourn.config import views

gallery = [
    path("", views.gallery, name="gallery"),
    path("layout/<slug:name>/", views.gallery_layout, name="layout"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("nowhere/", views.nowhere, name="nowhere"),
    path("as/<int:membership_id>/", views.switch, name="switch"),
    path("here/", views.still_here, name="still_here"),
    path("language/", views.set_language, name="set_language"),
    path("", include("sojourn.interfaces.entry.urls")),  # before allauth: it closes what we do not offer
    path("accounts/", include("allauth.urls")),
    path("outbox/", views.outbox, name="outbox"),
    path("ui/", include((gallery, "ui"))),
    path("clinic/", include("sojourn.interfaces.console.urls")),
    path("library/", include("sojourn.interfaces.portal.reading.urls")),
    path("today/", include("sojourn.interfaces.portal.urls")),
    path("sync/", include("sojourn.interfaces.sync.urls")),
    path("library/", include("sojourn.interfaces.portal.library.urls")),
    path("", include("sojourn.interfaces.escort.urls")),
]

handler400 = "sojourn.config.errors.bad_request"
handler403 = "sojourn.config.errors.forbidden"
handler404 = "sojourn.config.errors.not_found"
handler500 = "sojourn.config.errors.server_error"
