"""The offline door, under /sync/. Its commands are let in by ``door.Door`` before an address is looked for."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.sync import views

app_name = "sync"
urlpatterns = [path("openapi.json", views.description, name="description")]
