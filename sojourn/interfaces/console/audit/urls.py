"""The addresses of the audit."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.audit.views import audit, export

urlpatterns = [
    path("audit/", audit, name="audit"),
    path("audit/export.csv", export, name="audit_export"),
]
