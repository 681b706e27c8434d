"""A paper as the answer of a page."""

from __future__ import annotations

from django.http import HttpResponse


def pdf_answer(data: bytes, filename: str) -> HttpResponse:
    """A PDF that is shown in the browser and kept by no cache. ``filename``: what it is called where it is saved."""
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{filename}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
