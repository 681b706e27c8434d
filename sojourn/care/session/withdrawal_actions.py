"""The patient says no: for today, or by taking an agreement back. Either stops a dose that runs, at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.consent import actions as consent
from sojourn.care.consent import texts
from sojourn.care.consent.models import ConsentWithdrawal
from sojourn.care.encounter.models import SessionState
from sojourn.care.encounter.queries import protocol_of, running
from sojourn.care.session.step_actions import advance_session
from sojourn.clinical.protocol import BY_NAME
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused


@transaction.atomic
def say_no(*, by: Asker, patient_id: int, reason: str = "", now: datetime | None = None) -> SessionState:
    """The patient does not want it to go on today. Their running session stops. Refused: no-session.

    Said by the patient on their own screen, or written down by whoever heard it.
    """
    now = now or timezone.now()
    for session in _stoppable(patient_id):
        return advance_session(by=by, encounter_id=session, transition="say_no", reason=reason, now=now)
    raise Refused(_("No session is running that could be stopped."), codes=("no-session",))


@transaction.atomic
def withdraw_consent(*, by: Asker, consent_id: int, reason: str = "", now: datetime | None = None) -> ConsentWithdrawal:
    """An agreement is taken back, and a session that rests on it stops in the same transaction."""
    now = now or timezone.now()
    row = consent.withdraw(by=by, consent_id=consent_id, reason=reason, now=now)
    document = texts.newest().get(row.consent.document_id)
    for session in _stoppable(row.patient_id, document):
        advance_session(
            by=by, encounter_id=session, transition="say_no", reason=_("An agreement was withdrawn."), now=now
        )
    return row


def _stoppable(patient_id: int, document: texts.Source | None = None) -> list[int]:
    """The sessions of a patient that can still be said no to; with ``document`` those that it is needed for."""
    found = []
    for session in running().filter(patient_id=patient_id):
        if session.state not in BY_NAME["say_no"].origins:  # type: ignore[attr-defined]
            continue
        own = protocol_of(session)
        if document is None or document.needed_for(texts.way_of(own.route, own.drug)):
            found.append(session.pk)
    return found
