"""A patient asks for somebody with a button where no session runs: no board shows it, so a flag does."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from sojourn.care.safety.models import FlagKind, FlagSource, Severity
from sojourn.care.safety.queries import open_with
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.foundation.accounts.asker import Asker

SOMEONE: Final = gettext_noop("I need someone")


@transaction.atomic
def ask_for_someone(*, by: Asker, patient_id: int, now: datetime | None = None) -> None:
    """Raise the flag of "I need someone", pressed outside a session, as on a screen that stayed open after one. Silent
    where such a flag is open already. Within a session the call itself is heard (``session.actions.patient_calls``)."""
    by.must("own.read")
    now = now or timezone.now()
    if open_with(patient_id, FlagKind.ASKED_FOR_HELP, SOMEONE):
        return
    raise_flag(
        by=by, patient_id=patient_id, kind=FlagKind.ASKED_FOR_HELP, severity=Severity.URGENT,
        source=FlagSource.BUTTON, about=f"button:{now:%Y%m%d%H%M}", detail=SOMEONE, now=now,
    )  # fmt: skip
