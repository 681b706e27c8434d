"""Addresses of the gallery."""

from django.urls import path

from sojourn.foundation.ui import gallery

app_name = "ui"
urlpatterns = [
    path("", gallery.gallery, name="gallery"),
    path("layout/<slug:name>/", gallery.layout, name="layout"),
]
