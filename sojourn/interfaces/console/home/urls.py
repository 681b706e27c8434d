"""The address of the clinic's first page."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.home import views

urlpatterns = [path("", views.home, name="home")]
