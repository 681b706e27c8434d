"""The addresses of a session's record."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.record.views import addendum, record, record_pdf, sign

_ONE = "sessions/<int:encounter_id>/"

urlpatterns = [
    path(f"{_ONE}record/", record, name="record"),
    path(f"{_ONE}record/sign/", sign, name="record_sign"),
    path(f"{_ONE}record/addendum/", addendum, name="record_addendum"),
    path(f"{_ONE}record.pdf", record_pdf, name="record_pdf"),
]
