"""The signatures under past sessions."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from sojourn.care.chart.queries import content_hash, session_records
from sojourn.care.encounter.models import Encounter
from sojourn.care.session.models import RecordSignature
from sojourn.config.demo.cast import Cast
from sojourn.config.demo.clinic_settings import demo_maker
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.action import NoLock, action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import clinic_rows

_UNSIGNED = timedelta(days=2)  # the newest wait for somebody, as in a real clinic


_BATCH = 40


def sign_past(cast: Cast, *, days: int | None = None) -> int:
    """Sign the records of past sessions but the newest, as the prescriber did later that day. Ask as the system actor.

    ``days``: only sessions of so many days back. The hash is the record's own, so each reads as unchanged.
    """
    now = timezone.now()
    sessions = clinic_rows(Encounter).filter(opened_at__lt=now - _UNSIGNED, signatures=None)
    if days is not None:
        sessions = sessions.filter(opened_at__gte=now - timedelta(days=days))
    waiting = list(sessions.order_by("id").values_list("id", flat=True))
    signed = 0
    for begin in range(0, len(waiting), _BATCH):
        records = session_records(waiting[begin : begin + _BATCH])
        rows = [
            RecordSignature(
                clinic=cast.clinic, patient_id=each.patient.id, encounter_id=each.encounter_id,
                content_hash=content_hash(each), at=each.ended_at + timedelta(minutes=37),
                by=cast.members["prescriber"][each.encounter_id % len(cast.members["prescriber"])],
            )
            for each in records.values()
            if each.ended_at is not None
        ]  # fmt: skip
        write_signatures(by=demo_maker(cast.actor("prescriber")), rows=rows)
        signed += len(rows)
    return signed


@action("demo.make", locks=NoLock("the demo is made by one process at a time"), audit="session.signed")
def write_signatures(*, by: Actor, rows: list[RecordSignature]) -> None:
    """Write the signatures, and in the audit what was signed, as the room's action does."""
    if not rows:
        return unchanged(None)
    for each in RecordSignature.objects.bulk_create(rows):
        session = Encounter(pk=each.encounter_id, patient_id=each.patient_id)
        record(actor_of(each.by), "session.signed", session, content_hash=each.content_hash)
    return None
