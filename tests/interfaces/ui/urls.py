"""The gallery alone, for tests that need no signed-in person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def idle(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/gallery_portal.html", {"idle_seconds": 300, "idle_url": "/here/", "idle_out": "/out/"})


urlpatterns = [
    path("ui/", include("sojourn.foundation.ui.urls")),
    path("idle/", idle),
    path("here/", lambda _request: HttpResponse(status=204), name="still_here"),
    path("out/", lambda request: render(request, "ui/gallery_plain.html")),
]
