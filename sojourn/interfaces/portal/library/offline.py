"""What lets an article that was opened be read without a connection."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from sojourn.foundation.accounts.access import public
from sojourn.interfaces.portal.library.frames import MAY_STAY
from sojourn.interfaces.portal.pages import TO_KEEP
from sojourn.interfaces.portal.session.views import STATIC

FILES = (*STATIC, "built/library.js")


@public
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps articles. Only a patient's page registers it: a stranger's device is left alone."""
    files, instead = [static(name) for name in FILES], reverse("portal:offline")
    version = hashlib.sha256("\n".join((*files, instead, "3")).encode()).hexdigest()[:12]
    kept = {"files": files, "instead": instead, "version": version, "index": reverse("library:index"),
            "may_stay": MAY_STAY, "to_keep": TO_KEEP}  # fmt: skip
    text = render_to_string("portal/library/sw.js", kept)
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")
