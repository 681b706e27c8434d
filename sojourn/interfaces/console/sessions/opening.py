"""The session that an address names."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone

from sojourn.care.encounter.models import Encounter
from sojourn.care.session import snapshot
from sojourn.care.session.snapshot import SessionSnapshot


def session_or_404(encounter_id: int) -> SessionSnapshot:
    """The session as it stands now, or the page that says there is none. One query."""
    try:
        return snapshot.load(encounter_id, timezone.now())
    except Encounter.DoesNotExist:
        raise Http404 from None
