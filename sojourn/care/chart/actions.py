"""Opening, signing and adding to a session's record. The rows belong to treatment; here they meet what was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from sojourn.care.chart.content import content_hash
from sojourn.care.chart.queries import session_record
from sojourn.care.chart.record import SessionRecord
from sojourn.care.encounter.models import Encounter
from sojourn.care.session import actions as session_actions
from sojourn.care.session.models import RecordSignature
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import Overtaken
from sojourn.foundation.action import NoLock, action, row, unchanged
from sojourn.foundation.audit.actions import record as write_audit
from sojourn.foundation.scope import SessionScope, one_row


@action("session.read", locks=NoLock("looking changes nothing"), audit="record.opened")
def open_record(*, by: Actor, record: SessionRecord, form: Literal["page", "pdf"]) -> SessionRecord:
    """Note that ``by`` read the record, on the page or as a PDF."""
    write_audit(by, "record.opened", Encounter(pk=record.encounter_id, patient_id=record.patient.id), form=form)
    return record


@action("session.sign", locks=row(Encounter, "encounter_id"), through=(session_actions.sign,))
def sign_record(*, by: Actor, encounter_id: int, seen_hash: str, now: datetime | None = None) -> RecordSignature:
    """Sign the record that the signer saw, named by its content hash.

    The session is held while it is compared, so nothing slips in between. A second click finds the first signature.
    Raises Overtaken where the record has changed since it was read, Refused while the session runs.
    """
    record = session_record(SessionScope(encounter_id), now=now)
    stored = content_hash(record)
    if stored != seen_hash:
        raise Overtaken(
            _("This record has changed since you opened it. Nothing is signed; read it again."), codes=("changed",)
        )
    mine = [each for each in record.signatures if each.by and each.by.id == by.membership_id]
    newest = next(reversed(mine), None)
    if newest and newest.in_audit and newest.content_hash == stored:
        return unchanged(one_row(RecordSignature, newest.id).get())
    return session_actions.sign(by=by, encounter_id=encounter_id, content_hash=stored, now=now)
