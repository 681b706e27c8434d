"""Pages that a link opens, without an account: the escort's, the days around a visit, an earlier time."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.escort import day, earlier, ride_home

app_name = "escort"
urlpatterns = [
    path("ride-home/<str:token>/", ride_home.ride_home, name="ride_home"),
    path("way-home/<str:token>/", ride_home.ride_home),  # as letters said it before
    path("day/<str:token>/", day.day, name="day"),
    path("earlier/<str:token>/", earlier.earlier, name="earlier"),
]
