"""Pages that a link opens, without an account: the companion's, and an earlier time for whoever waits."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.escort import earlier, way_home

app_name = "escort"
urlpatterns = [
    path("way-home/<str:token>/", way_home.way_home, name="way_home"),
    path("earlier/<str:token>/", earlier.earlier, name="earlier"),
]
