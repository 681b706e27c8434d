"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from sojourn import __version__
from sojourn.config.page_owner import owner_of
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import with_actor


def page(request: HttpRequest) -> dict[str, Any]:
    asked = with_actor(request)
    actor = getattr(asked, "actor", None)
    if actor is None:
        return {"demo": settings.DEMO, "version": __version__}
    staff = bool(actor.role) and accounts_queries.is_staff(actor.role)
    return {
        "demo": settings.DEMO,
        "version": __version__,
        "actor": actor,
        "page_owner": owner_of(request),
        "clinic": asked.clinic,
        "memberships": asked.memberships,
        "staff": staff,
        "idle_seconds": settings.SESSION_IDLE_S["staff" if staff else "patient"] if actor.role else None,
    }
