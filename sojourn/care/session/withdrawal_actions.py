"""The patient says no: for today, or by taking an agreement back. Either stops a dose that runs, at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentWithdrawal
from sojourn.care.consent.queries import reading_language
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import protocol_of, running
from sojourn.care.safety.words_actions import heed
from sojourn.care.session import actions as session_actions
from sojourn.care.session.step_actions import advance_session
from sojourn.clinical.protocol import BY_NAME
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, action, either, rows, unchanged
from sojourn.foundation.scope import PatientScope, among, one_row


def _here(_by: Actor, asked: Arguments) -> QuerySet[Encounter]:
    return PatientScope(asked["patient_id"]).within(running())


def _here_of_consent(_by: Actor, asked: Arguments) -> QuerySet[Encounter]:
    return among(running(), PatientScope, one_row(Consent, asked["consent_id"]).values("patient_id"))


@action(
    either("own.read", "session.observe"),
    locks=rows(Encounter, "patient_id", where=_here),
    through=(advance_session, session_actions.patient_calls),
)
def say_no(*, by: Actor, patient_id: int, reason: str = "", now: datetime | None = None) -> SessionState:
    """The patient does not want it to go on today. Their running session stops. Refused: no-session.

    Said by the patient on their own screen, or written down by whoever heard it.
    """
    now = now or timezone.now()
    for session in _stoppable(PatientScope(patient_id)):
        with _words_of_the_clinic(by):
            words = " ".join(each for each in (_("The patient said no."), reason.strip()) if each)
        return _stop(by, session, words, now)
    raise ActionRefused(_("No session is running that could be stopped."), codes=("no-session",))


@action(
    either("own.sign", "consent.withdraw"),
    locks=rows(Encounter, "consent_id", where=_here_of_consent),
    through=(consent_actions.withdraw, heed, advance_session, session_actions.patient_calls),
)
def withdraw_consent(*, by: Actor, consent_id: int, reason: str = "", now: datetime | None = None) -> ConsentWithdrawal:
    """An agreement is taken back, and a session that rests on it stops in the same transaction."""
    now = now or timezone.now()
    taken_back = consent_actions.withdraw(by=by, consent_id=consent_id, reason=reason, now=now)
    if by.patient_id is not None:
        about = f"withdrawal:{taken_back.pk}"
        heed(by=by, patient_id=taken_back.patient_id, text=taken_back.reason, about=about, now=now)
    document = texts.newest().get(taken_back.consent.document_id)
    for session in _stoppable(PatientScope(taken_back.patient_id), document):
        with _words_of_the_clinic(by):
            title = document.title[reading_language()] if document else taken_back.consent.document_id
            words = _("The patient took an agreement back: %(title)s.") % {"title": title}
        _stop(by, session, words, now)
    return taken_back if taken_back.withdrawn_at == now else unchanged(taken_back)


def _stop(by: Actor, session: int, words: str, now: datetime) -> SessionState:
    """Stop it. A patient who did it alone also calls: the pump obeys only a hand."""
    stopped = advance_session(by=by, encounter_id=session, transition="say_no", reason=words, now=now)
    if by.may("own.read"):
        session_actions.patient_calls(by=by, encounter_id=session, now=now)
    return stopped


@contextmanager
def _words_of_the_clinic(by: Actor) -> Iterator[None]:
    """What the record keeps is in the clinic's language, whatever the patient's screen speaks."""
    with translation.override(Clinic.objects.values_list("language", flat=True).get(pk=by.own_clinic_id)):
        yield


def _stoppable(of: PatientScope, document: texts.Source | None = None) -> list[int]:
    """The sessions of a patient that can still be said no to; with ``document`` those that it is needed for."""
    found = []
    for session in of.within(running()):
        if session.state not in BY_NAME["say_no"].origins:  # type: ignore[attr-defined]
            continue
        own = protocol_of(session)
        if document is None or document.needed_for(texts.way_of(own.route, own.drug)):
            found.append(session.pk)
    return found
