"""What the offline door says about itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sojourn.foundation.accounts.access import public
from sojourn.interfaces.sync import openapi


@public
@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """The commands, in OpenAPI 3.1."""
    return JsonResponse(openapi.document())
