"""The patient's pages, under /today/."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.portal import answering, consent, help, medicine, progress, record, today

app_name = "portal"
urlpatterns = [
    path("", today.today, name="today"),
    path("measures/<int:request_id>/", answering.intro, name="measure"),
    path("measures/<int:request_id>/<int:number>/", answering.question, name="question"),
    path("measures/<int:request_id>/<int:number>/help/", answering.help_first, name="help_first"),
    path("measures/<int:request_id>/review/", answering.review, name="review"),
    path("measures/<int:request_id>/sent/", answering.sent, name="sent"),
    path("agreements/", consent.agreements, name="agreements"),
    path("agreements/read/<slug:document_id>/<int:number>/", consent.read, name="agreement_read"),
    path("agreements/read/<slug:document_id>/sign/", consent.sign, name="agreement_sign"),
    path("agreements/<int:consent_id>/", consent.agreement, name="agreement"),
    path("agreements/<int:consent_id>/copy.pdf", consent.agreement_pdf, name="agreement_pdf"),
    path("agreements/<int:consent_id>/withdraw/", consent.withdraw, name="agreement_withdraw"),
    path("progress/", progress.progress, name="progress"),
    path("medicine/", medicine.medicine, name="medicine"),
    path("record/", record.record, name="record"),
    path("help/", help.help_now, name="help"),
    path("here/", help.here, name="here"),
    path("manifest.webmanifest", help.manifest, name="manifest"),
    path("sw.js", help.service_worker, name="service_worker"),
]
