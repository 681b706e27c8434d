"""The library, under /library/: anybody's, before any sign-in."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.portal.library import evidence, law, offline, views

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("at/<slug:clinic_slug>/", views.at_clinic, name="at_clinic"),
    path("at/<slug:clinic_slug>/<slug:slug>/", views.at_clinic, name="at_clinic_article"),
    path("evidence/", evidence.search, name="evidence"),
    path("evidence/<str:entry_id>/", evidence.entry, name="entry"),
    path("law/", law.places, name="law"),
    path("law/<slug:place>/", law.place, name="place"),
    path("sw.js", offline.service_worker, name="service_worker"),
    path("<slug:slug>/", views.article, name="article"),
]
