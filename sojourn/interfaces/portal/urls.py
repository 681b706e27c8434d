"""The patient's pages, under /today/."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.portal import answering, help, medicine, progress, record, today

app_name = "portal"
urlpatterns = [
    path("", today.today, name="today"),
    path("measures/<int:request_id>/", answering.intro, name="measure"),
    path("measures/<int:request_id>/<int:number>/", answering.question, name="question"),
    path("measures/<int:request_id>/<int:number>/help/", answering.help_first, name="help_first"),
    path("measures/<int:request_id>/review/", answering.review, name="review"),
    path("measures/<int:request_id>/sent/", answering.sent, name="sent"),
    path("progress/", progress.progress, name="progress"),
    path("medicine/", medicine.medicine, name="medicine"),
    path("record/", record.record, name="record"),
    path("help/", help.help_now, name="help"),
    path("here/", help.here, name="here"),
    path("manifest.webmanifest", help.manifest, name="manifest"),
    path("sw.js", help.service_worker, name="service_worker"),
]
